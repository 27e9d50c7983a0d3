"""`wirebook interop`: every client plays with every server, and a matrix tells how it went.

What may live here: the options, and the matrix. What a match is, is in the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from wirebook.commands import console
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.conformance.interop import Match

_STYLES = {"ok": "green", "unsupported": "dim", "unreachable": "bold yellow"}
_FAILED = "bold red"


def interop(
    books: Annotated[
        list[str] | None, typer.Argument(metavar="BOOK", help="The books to play by; all.")
    ] = None,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME|FILE",
            help="Who takes part; may be given several times. Without it: the reference and the "
            "built-in targets that are installed. One alone meets the reference.",
        ),
    ] = None,
    pythons: Annotated[
        list[str] | None,
        typer.Option(
            "--target-python",
            metavar="[NAME=]PATH",
            help="An interpreter that has what the target NAME, or every target, needs: no "
            "environment is made then.",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=1, max=64, metavar="N", help="Matches at a time."),
    ] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the matches as JSON on standard output.")
    ] = False,
) -> None:
    """Let every client play with every server, and show who gets along with whom.

    \b
    Examples:
      wirebook interop
      wirebook interop pygase --target my-server.toml
      wirebook interop pygase --target reference --target pygase-0.3.1 --jobs 2

    A play is a few steps that touch each part of the book: connect, send there and back,
    disconnect. Where one fails, the matrix names it.

    \b
    Exit status:
      0  all get along
      1  a step failed
      2  the command makes no sense
      4  a target cannot be reached
    """
    from wirebook.conformance import entrants
    from wirebook.conformance.interop import matches
    from wirebook.conformance.library import open_library

    chosen = entrants.pairings(
        open_library(),
        books=books or (),
        names=targets or (),
        pythons=pythons or (),
        say=console.say,
    )
    played = []
    for match in matches(chosen, jobs):
        played.append(match)
        console.say(
            f"{len(played)}/{len(chosen)} {match.book}: client {match.client}, "
            f"server {match.server}: {match.outcome}, {match.seconds:.1f} s"
        )
    if as_json:
        console.print_json([match.to_json() for match in played])
    else:
        _show(played)
    raise typer.Exit(int(_status(played)))


def _status(played: Sequence[Match]) -> ExitStatus:
    if any(match.unreachable for match in played):
        return ExitStatus.UNREACHABLE
    failed = any(match.failed for match in played)
    return ExitStatus.VIOLATIONS if failed else ExitStatus.CONFORMS


def _show(played: Sequence[Match]) -> None:
    from rich.console import Console
    from rich.text import Text

    from wirebook.conformance.report.text import one_line

    screen = Console(highlight=False)
    for book, of_book in groupby(played, key=lambda match: match.book):
        group = list(of_book)
        screen.print()
        screen.print(Text(book, style="bold"))
        _show_matrix(group)
        for match in group:
            if match.outcome != "ok":
                who = f"client {match.client}, server {match.server}: {match.outcome}"
                screen.print(Text(f"  {who}: {one_line(match.reason)}"), soft_wrap=True)


def _show_matrix(group: Sequence[Match]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    clients = dict.fromkeys(match.client for match in group)
    servers = dict.fromkeys(match.server for match in group)
    found = {(match.client, match.server): match.outcome for match in group}
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("client \\ server", header_style="dim", no_wrap=True)
    for server in servers:
        table.add_column(server, header_style="dim")
    for client in clients:
        outcomes = [found.get((client, server), "") for server in servers]
        cells = [Text(one, style=_STYLES.get(one, _FAILED)) for one in outcomes]
        table.add_row(client, *cells)
    Console(highlight=False, markup=False).print(table)
