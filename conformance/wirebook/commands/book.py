"""`wirebook book …`: the site that the books are read on, from a checkout of the sources.

What may live here: calling mkdocs. What a page says or looks like is nothing of this module's.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus

PAGES = Path("build", "pages")
"""Where the pages are assembled, under the folder of the sources."""

app = typer.Typer(help="The books as a site.", rich_markup_mode=None, add_completion=False)


@app.command()
def build(
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where to write the site.")
    ] = Path("site"),
) -> None:
    """Write the site into a folder, and see to it that no link of it is broken.

    \b
    Example:
      wirebook book build --output site
    """
    from wirebook.commands.site import links

    _mkdocs(_assembled(), "build", "--strict", "--site-dir", str(output.absolute()))
    problems = links.problems(output)
    for problem in problems:
        console.complain(problem)
    if problems:
        raise CommandError(
            f"{len(problems)} links of the site are broken", status=ExitStatus.VIOLATIONS
        )


@app.command()
def serve(
    address: Annotated[
        str, typer.Option("--address", metavar="HOST:PORT", help="Where to serve it.")
    ] = "127.0.0.1:8000",
) -> None:
    """Serve the site, and build it anew whenever a page changes.

    \b
    Example:
      wirebook book serve --address 127.0.0.1:8001
    """
    checkout = _assembled()
    _mkdocs(checkout, "serve", "--dev-addr", address)


def _assembled() -> Path:
    """Assemble the pages where mkdocs looks for them; return the folder of the sources."""
    from wirebook.commands.site import assemble

    folder = console.checkout()
    if folder is None or not (folder / "mkdocs.yml").exists():
        raise CommandError(
            "the site is built from a checkout of the project", hint="clone it and use it there"
        )
    assemble(folder, folder / PAGES)
    return folder


def _mkdocs(folder: Path, *arguments: str) -> None:
    if importlib.util.find_spec("mkdocs") is None:
        raise CommandError("mkdocs is not installed", hint='pip install "wirebook[book]"')
    command = [sys.executable, "-m", "mkdocs", *arguments]
    # What mkdocs says of its own future is nothing that a reader of ours can act on.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False)
    if done.returncode:
        raise CommandError(f"mkdocs ended with status {done.returncode}", status=ExitStatus.HARNESS)
