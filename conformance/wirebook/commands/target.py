"""`wirebook target …`: the implementations that the suite can set up by itself.

What may live here: listing, installing and finding built-in targets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError, did_you_mean

if TYPE_CHECKING:
    from wirebook.conformance.targets.description import Target

app = typer.Typer(
    help="Built-in implementations under test.", rich_markup_mode=None, add_completion=False
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@app.command("list")
def list_targets(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the built-in targets.

    \b
    Example:
      wirebook target list
    """
    rows = [_row(target) for target in _all()]
    if as_json:
        console.print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("name", "book", "roles", "features", "environment"):
        table.add_column(title, header_style="dim", overflow="fold")
    for row in rows:
        table.add_row(*(" ".join(v) if isinstance(v, list) else str(v) for v in row.values()))
    Console().print(table)


@app.command("install")
def install_target(name: NameArgument) -> None:
    """Make the environment of a built-in target; otherwise its first check makes it.

    \b
    Example:
      wirebook target install pygase-0.3.1
    """
    from wirebook.conformance.targets import install

    wanting = [target for target in _named(name) if target.install]
    if not wanting:
        console.say(f"{name} needs no environment of its own")
    for target in wanting:
        print(install.ensure(target, console.say))


@app.command("path")
def target_path(name: NameArgument) -> None:
    """Print where the description of a built-in target is, to copy and change it.

    \b
    Example:
      cp -r "$(dirname "$(wirebook target path pygase-0.3.1)")" my-target
    """
    for target in _named(name):
        print(target.origin)


def _all() -> tuple[Target, ...]:
    from wirebook.conformance.targets import builtin
    from wirebook.spec import books

    return builtin.all_targets(books.names())


def _named(name: str) -> list[Target]:
    targets = _all()
    found = [target for target in targets if target.name == name]
    if not found:
        names = {target.name for target in targets}
        raise CommandError(f'unknown target "{name}"', hint=did_you_mean(name, names))
    return found


def _row(target: Target) -> dict[str, str | list[str]]:
    from wirebook.conformance.targets import install

    environment = "not needed"
    if target.install:
        there = install.interpreter(target) is not None
        environment = str(install.environment(target)) if there else "not installed"
    return {
        "name": target.name,
        "book": target.protocol,
        "roles": list(target.roles),
        "features": list(target.features or ()),
        "environment": environment,
    }
