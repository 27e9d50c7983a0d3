"""`wirebook decode`: octets to fields.

What may live here: the options, reading what they name, and the table. What octets mean is found
out in `decoding.py`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wirebook.commands import console
from wirebook.commands.keys import KeyOption, content, is_file, read_keys
from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.verdicts import ExitStatus

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from wirebook.conformance.decoding import Decoder, Findings, Reading
    from wirebook.conformance.shelf import Reader

_OCTETS_SHOWN = 16


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
    as_text: Annotated[
        bool, typer.Option("--text", help="Take what is given as text, not as hex.")
    ] = False,
    given_keys: KeyOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what octets mean, field by field.

    \b
    Examples:
      wirebook decode "ffd0fab9 0001 0000 00000000 0000"
      wirebook decode ffd0fab90001000000000000 --book pygase --message client-package
      wirebook decode capture.pcap --json
      wirebook decode capture.pcap --key client.key

    What a capture has of no book is passed over.
    The exit status is 1 if something could not be read to its end.
    """
    from wirebook.conformance.decoding import Decoder

    decoder = Decoder(_readers(book, message), message=message, keys=read_keys(given_keys or ()))
    findings = _find(decoder, source, book, as_text)
    if as_json:
        console.print_json([_to_json(reading) for reading in findings.readings])
    else:
        _show(findings, bool(given_keys))
    for problem in findings.problems:
        console.complain(problem)
    broken = any(
        reading.dissection.error or (reading.sealed and given_keys) for reading in findings.readings
    )
    unread = broken or findings.problems
    raise typer.Exit(int(ExitStatus.VIOLATIONS if unread else ExitStatus.CONFORMS))


def _readers(name: str, message: str) -> tuple[Reader, ...]:
    from wirebook.conformance.shelf import readers
    from wirebook.spec import books

    names = (console.known_book(name),) if name else books.names()
    if not message:
        return readers(names)
    found = {one: books.get(one).messages for one in names}
    having = [one for one, messages in found.items() if message in messages]
    if not having:
        known = [known for messages in found.values() for known in messages]
        raise CommandError(f'unknown message "{message}"', hint=did_you_mean(message, known))
    return readers(having)


def _find(decoder: Decoder, source: str, book: str, as_text: bool) -> Findings:
    from wirebook.conformance import capture
    from wirebook.conformance.decoding import Findings

    if source == "-":
        data = sys.stdin.buffer.read()
    else:
        data = content(Path(source)) if is_file(source) else source.encode()
    if capture.is_capture(data):
        return decoder.captured(data)
    octets = data.strip() if as_text else _from_hex(data)
    readings = decoder.octets(octets)
    if not readings:
        raise CommandError(
            f"these {len(octets)} octets begin like no message of {book or 'any book'}",
            hint="name the message with --message to see why",
            status=ExitStatus.VIOLATIONS,
        )
    return Findings(readings)


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


def _to_json(reading: Reading) -> dict[str, Any]:
    error = reading.dissection.error
    return {
        "source": reading.piece.title,
        "book": reading.book,
        "message": reading.message,
        "others": list(reading.others),
        "hex": reading.piece.data.hex(),
        "box": reading.box.hex() or None,
        "sealed": reading.sealed,
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


def _show(findings: Findings, keys_given: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    screen = Console(highlight=False)
    for reading in findings.readings:
        _show_reading(screen, reading, keys_given)
    if findings.passed_over:
        text = f"{findings.passed_over} others are of no book"
        screen.print(Text(text, style="dim"))


def _show_reading(screen: Console, reading: Reading, keys_given: bool) -> None:
    from rich.text import Text

    from wirebook.conformance.report.text import visible

    data = reading.piece.data
    heading = Text(f"{reading.book} {reading.message}", style="bold")
    heading.append(f", {len(data)} octets", style="not bold")
    if reading.box:
        heading.append(f", decrypted from {len(reading.box)}", style="not bold")
    if reading.others:
        heading.append(f" (or {', '.join(reading.others)})", style="not bold dim")
    if reading.piece.title:
        heading = Text.assemble(Text(reading.piece.title, style="dim"), "\n", heading)
    screen.print(heading)
    if reading.sealed:
        screen.print(Text(_SEALED[keys_given], style="yellow"))
        screen.print()
        return
    screen.print(_table(reading))
    error = reading.dissection.error
    if error is not None:
        text = f"{error.requirement}: {error.reason}, at octet {error.offset}"
        screen.print(Text(visible(text), style="bold red"))
    screen.print()


_SEALED = {
    True: "encrypted, and none of the given keys opens it",
    False: "encrypted; --key FILE opens it with the private key of either side",
}


def _table(reading: Reading) -> Table:
    from rich.table import Table
    from rich.text import Text

    from wirebook.conformance.report.text import visible

    data = reading.piece.data
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("octets", justify="right", header_style="dim", style="dim")
    table.add_column("hex", header_style="dim", overflow="fold", max_width=24)
    table.add_column("field", header_style="dim", style="cyan", no_wrap=True)
    table.add_column("value", header_style="dim", overflow="fold")
    table.add_column("meaning", header_style="dim", style="dim")
    for field in reading.dissection.fields:
        last = field.offset + field.length - 1
        place = f"{field.offset}–{last}" if field.length > 1 else str(field.offset)
        octets = data[field.offset : field.offset + field.length]
        shown = octets[:_OCTETS_SHOWN].hex(" ", 2) + ("…" if len(octets) > _OCTETS_SHOWN else "")
        cells = (place, shown, field.path, field.text, field.doc)
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table
