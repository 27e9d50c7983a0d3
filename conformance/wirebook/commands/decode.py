"""`wirebook decode`: octets to fields.

What may live here: reading hex and captures, choosing the book and the message, and the table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from wirebook.spec.books import Book, Dissection


@dataclass(frozen=True, slots=True)
class _Input:
    """Octets, with what is known of where they come from."""

    data: bytes
    title: str
    captured: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """Octets read as a message."""

    book: str
    message: str
    others: tuple[str, ...]
    """Other messages that the octets could be as well."""
    dissection: Dissection


def decode(
    source: Annotated[
        str,
        typer.Argument(
            metavar="HEX|FILE",
            help="Octets in hex, a file of them, a capture (pcap or pcapng), or - for standard "
            "input.",
            show_default=False,
        ),
    ],
    book: Annotated[
        str, typer.Option("--book", metavar="BOOK", help="The book to read it by.")
    ] = "",
    message: Annotated[
        str,
        typer.Option("--message", metavar="NAME", help="The message to read it as: no guessing."),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what octets mean, field by field.

    \b
    Examples:
      wirebook decode "ffd0fab9 0001 0000 00000000 0000"
      wirebook decode ffd0fab90001000000000000 --book pygase --message package
      wirebook decode capture.pcap --json

    Datagrams of a capture that are of no book are passed over.
    The exit status is 1 if something could not be read to its end.
    """
    books = _books(book, message)
    readings: list[tuple[_Input, _Reading]] = []
    passed_over = 0
    for one in _inputs(source):
        reading = _read(one.data, books, message)
        if reading is not None:
            readings.append((one, reading))
        elif one.captured:
            passed_over += 1
        else:
            names = ", ".join(each.name for each in books)
            raise CommandError(
                f"these {len(one.data)} octets begin like no message of {names}",
                hint="name the message with --message to see why",
                status=ExitStatus.VIOLATIONS,
            )
    if as_json:
        console.print_json([_to_json(one, reading) for one, reading in readings])
    else:
        _show(readings, passed_over)
    broken = any(reading.dissection.error for _, reading in readings)
    raise typer.Exit(int(ExitStatus.VIOLATIONS if broken else ExitStatus.CONFORMS))


def _books(name: str, message: str) -> tuple[Book, ...]:
    from wirebook.spec import books

    names = (console.known_book(name),) if name else books.names()
    found = tuple(books.get(one) for one in names)
    if not message:
        return found
    having = tuple(one for one in found if message in one.messages)
    if not having:
        from wirebook.conformance.errors import did_you_mean

        known = [known for one in found for known in one.messages]
        raise CommandError(f'unknown message "{message}"', hint=did_you_mean(message, known))
    return having


def _read(data: bytes, books: Sequence[Book], message: str) -> _Reading | None:
    found: list[_Reading] = []
    for book in books:
        guesses = (message,) if message else book.guess(data)
        if guesses:
            dissection = book.dissect(guesses[0], data)
            found.append(_Reading(book.name, guesses[0], guesses[1:], dissection))
    # Of several books, the one that the octets are a whole message of.
    return min(found, key=lambda reading: reading.dissection.error is not None, default=None)


def _inputs(source: str) -> Iterator[_Input]:
    from wirebook.conformance import capture

    if source == "-":
        data, title = sys.stdin.buffer.read(), ""
    elif _is_file(source):
        data, title = _content(Path(source)), source
    else:
        yield _Input(_from_hex(source.encode()), "")
        return
    if not capture.is_capture(data):
        yield _Input(_from_hex(data), title)
        return
    try:
        for number, datagram in enumerate(capture.datagrams(data), 1):
            cut = f", {datagram.cut} octets cut off" if datagram.cut else ""
            heading = f"{number}: {datagram.source} → {datagram.destination}{cut}"
            yield _Input(datagram.data, heading, captured=True)
    except capture.CaptureError as error:
        raise CommandError(f"{source}: {error}") from error


def _is_file(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # too long for a name: hex
        return False


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error


def _from_hex(text: bytes) -> bytes:
    digits = re.sub(rb"0x|[\s:,._-]", b"", text)
    wrong = re.search(rb"[^0-9a-fA-F]", digits)
    if wrong:
        shown = wrong.group().decode("latin-1")
        raise CommandError(
            f"neither hex nor a file nor a capture: {shown!r} is no hex digit",
            hint="is the path right?",
        )
    if len(digits) % 2:
        raise CommandError("an odd number of hex digits", hint="an octet has two")
    return bytes.fromhex(digits.decode())


def _to_json(one: _Input, reading: _Reading) -> dict[str, Any]:
    error = reading.dissection.error
    return {
        "source": one.title,
        "book": reading.book,
        "message": reading.message,
        "others": list(reading.others),
        "hex": one.data.hex(),
        "fields": [
            {
                "offset": field.offset,
                "length": field.length,
                "path": field.path,
                "text": field.text,
                "doc": field.doc,
            }
            for field in reading.dissection.fields
        ],
        "error": error
        and {"requirement": error.requirement, "reason": error.reason, "offset": error.offset},
    }


def _show(readings: Sequence[tuple[_Input, _Reading]], passed_over: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from wirebook.conformance.report.text import visible

    screen = Console(highlight=False)
    for one, reading in readings:
        heading = Text(f"{reading.book} {reading.message}", style="bold")
        heading.append(f", {len(one.data)} octets", style="not bold")
        if reading.others:
            heading.append(f" (or {', '.join(reading.others)})", style="not bold dim")
        if one.title:
            heading = Text.assemble(Text(one.title, style="dim"), "\n", heading)
        screen.print(heading)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("octets", justify="right", header_style="dim", style="dim")
        table.add_column("hex", header_style="dim", overflow="fold", max_width=24)
        table.add_column("field", header_style="dim", style="cyan", no_wrap=True)
        table.add_column("value", header_style="dim", overflow="fold")
        table.add_column("meaning", header_style="dim", style="dim")
        for field in reading.dissection.fields:
            last = field.offset + field.length - 1
            place = f"{field.offset}–{last}" if field.length > 1 else str(field.offset)
            octets = one.data[field.offset : field.offset + field.length]
            shown = octets[:16].hex(" ", 2) + ("…" if len(octets) > 16 else "")
            cells = (place, shown, field.path, field.text, field.doc)
            table.add_row(*(Text(visible(cell)) for cell in cells))
        screen.print(table)
        error = reading.dissection.error
        if error is not None:
            text = f"{error.requirement}: {error.reason}, at octet {error.offset}"
            screen.print(Text(visible(text), style="bold red"))
        screen.print()
    if passed_over:
        screen.print(Text(f"{passed_over} datagrams are of no book", style="dim"))
