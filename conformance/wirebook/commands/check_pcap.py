"""`wirebook check BOOK --pcap FILE`: a session that somebody else has had, judged by a capture.

What may live here: the option, what it shuts out, and the listing. The rules are in
`wirebook.conformance.passive`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.conformance.passive.ledger import Breach, Ledger
    from wirebook.conformance.report.sources import Requirements

_SHOWN = 5
"""How many places are listed in which one side breaks one requirement."""

PcapOption = Annotated[
    Path | None,
    typer.Option(
        "--pcap",
        metavar="FILE",
        help="Start nothing, and judge what went over the wire in this capture (pcap or pcapng) "
        "as far as looking on can tell. --role, --strict and --json go with it, and --key.",
    ),
]


def refuse(given: Mapping[str, object]) -> None:
    """Say in one line which of the given options mean nothing where a capture is judged."""
    for name, value in given.items():
        if value:
            raise CommandError(
                f"--pcap and {name} cannot go together",
                hint="a capture is judged as it is; nothing is started",
            )


def judge(
    books: Sequence[str],
    path: Path,
    *,
    role: str,
    keys: Sequence[bytes],
    strict: bool,
    as_json: bool,
) -> int:
    """Judge a capture, show what was found, and return the exit status."""
    from wirebook.conformance import passive
    from wirebook.conformance.report.sources import requirements_of_the_books

    if len(books) != 1:
        raise CommandError(
            "--pcap takes one book", hint=f"wirebook check BOOK --pcap {path}, with its name"
        )
    ledger = passive.judge(console.known_book(books[0]), passive.load(path), keys)
    texts = requirements_of_the_books()
    breaches = ledger.breaches_of(role)
    mandatory = [one for one in breaches if strict or _level(one, texts).startswith("MUST")]
    status = ExitStatus.VIOLATIONS if mandatory else ExitStatus.CONFORMS
    if not ledger.sessions:
        status = ExitStatus.USAGE
    if as_json:
        console.print_json(_to_json(ledger, role, path, status, texts))
    elif ledger.sessions:
        _show(ledger, role, path, status, texts)
    for problem in ledger.problems:
        console.complain(f"{path}: {problem}")
    if not ledger.sessions:
        console.complain(f"no session of {ledger.book} is in {path}")
    return int(status)


def _level(breach: Breach, texts: Requirements) -> str:
    known = texts.get(breach.requirement)
    return known.level if known else "MUST"


def _to_json(
    ledger: Ledger, role: str, path: Path, status: ExitStatus, texts: Requirements
) -> dict[str, Any]:
    return {
        "capture": str(path),
        "book": ledger.book,
        "sessions": ledger.sessions,
        "violations": [
            {
                "requirement": one.requirement,
                "level": _level(one, texts),
                "role": one.role,
                "packet": one.packet,
                "session": one.session,
                "text": one.text,
            }
            for one in ledger.breaches_of(role)
        ],
        "held": ledger.held(role),
        "not_judged": [{"session": one.session, "text": one.text} for one in ledger.open],
        "passed_over": ledger.passed_over,
        "problems": ledger.problems,
        "status": int(status),
    }


def _show(ledger: Ledger, role: str, path: Path, status: ExitStatus, texts: Requirements) -> None:
    from rich.console import Console
    from rich.text import Text

    from wirebook.conformance.report.text import first_sentence, number_of, one_line

    interactive = sys.stdout.isatty()
    screen = Console(
        force_terminal=interactive,
        no_color=bool(os.environ.get("NO_COLOR")) or not interactive,
        highlight=False,
        markup=False,
        emoji=False,
    )

    def line(text: str = "", style: str = "") -> None:
        screen.print(Text(text, style=style), soft_wrap=True)

    line(f"Looking at {one_line(str(path))} by {ledger.book}", "bold")
    for session in ledger.sessions[:_SHOWN]:
        line(f"  {one_line(session)}")
    if len(ledger.sessions) > _SHOWN:
        line(f"  … and {number_of(len(ledger.sessions) - _SHOWN, 'session')} more", "dim")
    breaches = ledger.breaches_of(role)
    for requirement, found in groupby(breaches, key=lambda one: one.requirement):
        places = list(found)
        known = texts.get(requirement)
        word = "BROKEN" if _level(places[0], texts).startswith("MUST") else "NOT FOLLOWED"
        line()
        line(f"{word} {requirement}", "bold red")
        if known:
            line(f"  {first_sentence(known.text)}")
        for one in places[:_SHOWN]:
            line(f"  packet {one.packet}: {one_line(one.text)}")
        if len(places) > _SHOWN:
            line(f"  … and {number_of(len(places) - _SHOWN, 'place')} more", "dim")
    held = ledger.held(role)
    if held:
        line()
        line("Held, as far as can be seen", "bold")
        for requirement, times in held.items():
            line(f"  {requirement}  {number_of(times, 'time')}")
    if ledger.open:
        line()
        line("Not judged", "bold")
        for text, entries in groupby(
            sorted(ledger.open, key=lambda one: one.text), key=lambda one: one.text
        ):
            several = len(list(entries))
            line(f"  {one_line(text)}" + (f" ({several} sessions)" if several > 1 else ""))
    broken = len({one.requirement for one in breaches})
    line()
    if broken:
        line(f"{number_of(broken, 'requirement')} broken, {len(held)} held.", "bold red")
    else:
        line(f"Nothing is broken, {number_of(len(held), 'requirement')} held.", "bold green")
    line(
        f"{number_of(len(ledger.sessions), 'session')}, {ledger.passed_over} others passed over, "
        f"exit status {int(status)} ({status.name.lower()})"
    )
