"""`wirebook serve` and `wirebook connect`: the reference, to try things on.

What may live here: their options. What they do is in the reference of each book, found by name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

import typer

from wirebook.commands import console, options
from wirebook.commands.options import OptionsOption
from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.targets.address import parse_address
from wirebook.conformance.verdicts import ExitStatus


def serve(
    book: Annotated[str, typer.Argument(metavar="BOOK", show_default=False)],
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 for any free port.")
    ] = 0,
    application: Annotated[
        str,
        typer.Option(
            "--app", metavar="NAME", help="What to run: a name of the book's, or module:name."
        ),
    ] = "conformance",
    mutant: Annotated[
        str,
        typer.Option("--mutant", metavar="ID", help="Break one rule; see wirebook mutants."),
    ] = "",
    given: OptionsOption = None,
) -> None:
    """Run the reference server with the book's conformance application, or another one.

    \b
    Examples:
      wirebook serve pygase --port 4711
      wirebook serve pygase --host 0.0.0.0 --port 4711
      wirebook serve pygase --mutant PGS-M001
      wirebook serve pygase -o help
    """
    serve_forever = console.part_of(book, "app", "serve_forever")
    if options.wants_help(given or ()):
        print(options.describe(serve_forever))
        return
    chosen = options.read(given or (), serve_forever)
    if mutant:
        _break(book, mutant)
    doing = f"listen on {host}:{port}"
    with _explained(doing), contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
        serve_forever(host, port, application, console.say, **chosen)


def connect(
    book: Annotated[str, typer.Argument(metavar="BOOK", show_default=False)],
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", show_default=False)] = "",
    given: OptionsOption = None,
) -> None:
    """Connect to a server with the reference client, and talk to it.

    \b
    Examples:
      wirebook connect pygase 127.0.0.1:4711
      wirebook connect pygase -o help
    """
    interactive = console.part_of(book, "app", "interactive")
    if options.wants_help(given or ()):
        print(options.describe(interactive))
        return
    if not address:
        raise CommandError("where to?", hint=f"wirebook connect {book} HOST:PORT")
    host, port = parse_address(address)
    chosen = options.read(given or (), interactive)
    with _explained(f"talk to {address}"), contextlib.suppress(KeyboardInterrupt):
        interactive(host, port, **chosen)


def _break(book: str, identifier: str) -> None:
    from wirebook.reference import mutants

    try:
        broken = mutants.apply(book, identifier)
    except LookupError as error:
        hint = did_you_mean(identifier, [one.id for one in mutants.mutants(book)])
        raise CommandError(str(error), hint=hint) from error
    console.say(f"{broken.id} breaks {broken.requirement}: {broken.sentence}")


@contextlib.contextmanager
def _explained(doing: str) -> Iterator[None]:
    """Turn what an application raises into one line."""
    try:
        yield
    except (LookupError, ValueError) as error:
        raise CommandError(str(error.args[0] if error.args else error)) from error
    except OSError as error:
        if error.filename:
            raise CommandError(f"cannot open {error.filename}: {error.strerror}") from error
        raise CommandError(
            f"cannot {doing}: {error.strerror or error}", status=ExitStatus.UNREACHABLE
        ) from error
