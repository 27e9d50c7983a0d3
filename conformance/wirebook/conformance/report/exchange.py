"""A case's exchange as a reader sees it: what was sent as fields and octets, remarks, and gaps.

What may live here: what is shown of an exchange and what is left out, as plain data. No HTML.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from wirebook.conformance.report.sources import DecodedField, DecodedMessage, Dissect
from wirebook.conformance.report.text import number_of, one_line
from wirebook.conformance.verdicts import CaseResult, Transfer, Verdict


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is shown of an exchange."""

    ends: int
    """Units from the beginning and from the end of a long exchange."""
    around_notes: int
    """Transfers before and after a remark."""
    octets: int
    """Of a longer unit only the beginning is shown."""
    fields: int
    longest_read: int
    """Longer units are shown as octets only."""


FULL = Amount(ends=12, around_notes=2, octets=512, fields=200, longest_read=sys.maxsize)
BRIEF = Amount(ends=2, around_notes=1, octets=256, fields=60, longest_read=2048)
"""Of a case that passed, or that failed as others like it: they are most of the page."""

NOTES_WITH_SURROUNDINGS = 20
OCTETS_PER_LINE = 16
_GIST_FIELDS = 6
_LONGEST_IN_GIST = 16
_LONGEST_VALUE = 160


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One decoded field."""

    offset: int
    length: int
    path: str
    text: str
    doc: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What was sent at once: a datagram, a frame or segment of a stream, a WebSocket message."""

    number: int
    at: float
    to_target: bool
    noun: str
    """What it is called, by its transport."""
    message: str
    length: int
    """In octets, of what the fields describe."""
    encrypted: int
    """How many octets of ciphertext carried it; 0 if it was sent in clear."""
    local: str
    remote: str
    gist: str
    """The first few values, to tell units apart at a glance."""
    fields: tuple[FieldRow, ...]
    fields_left_out: int
    dump: str
    """The octets in hex and as text."""
    octets_left_out: int
    flaw: str
    """Why it is not valid, or why it could not be read."""


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a stream."""

    at: float
    by_target: bool
    how: str
    local: str
    remote: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of the case's."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Units that are not shown."""

    count: int


_DissectByBook = Callable[[str, bytes], DecodedMessage]

Item = Unit | Close | Note | Gap


def items(result: CaseResult, dissect: Dissect, *, brief: bool = False) -> tuple[Item, ...]:
    """Return what is shown of the result's exchange: less of one that passed, or if told so."""
    amount = BRIEF if brief or result.verdict is Verdict.PASS else FULL
    return tuple(_items(result, dissect, amount))


def noun(transfer: Transfer) -> str:
    """Return what the transfer is called, by what carried it."""
    if transfer.transport == "tcp":
        return "frame" if transfer.message else "segment"
    return "message" if transfer.transport == "websocket" else "datagram"


def contents(result: CaseResult) -> str:
    """Return how much was sent, in words: `3 datagrams`, `2 frames, 1 segment`."""
    nouns = Counter(noun(transfer) for transfer in result.exchange if transfer.carries)
    return ", ".join(number_of(count, name) for name, count in nouns.items())


def hex_dump(data: bytes) -> str:
    """Return the octets as lines of offset, hex and text."""
    return "\n".join(
        f"{start:04x}  {line.hex(' '):{3 * OCTETS_PER_LINE - 1}}  {_printable(line)}"
        for start in range(0, len(data), OCTETS_PER_LINE)
        for line in [data[start : start + OCTETS_PER_LINE]]
    )


def _printable(data: bytes) -> str:
    return "".join(chr(octet) if 0x20 <= octet < 0x7F else "·" for octet in data)


def _items(result: CaseResult, dissect: Dissect, amount: Amount) -> Iterator[Item]:
    shown = _shown(result.exchange, amount)
    number = 0
    left_out = 0
    for index, transfer in enumerate(result.exchange):
        if not transfer.carries:
            if left_out:
                yield Gap(left_out)
                left_out = 0
            yield _remark(transfer)
            continue
        number += 1
        if index not in shown:
            left_out += 1
            continue
        if left_out:
            yield Gap(left_out)
            left_out = 0
        yield _unit(number, transfer, amount, partial(dissect, result.book))


def _shown(exchange: Sequence[Transfer], amount: Amount) -> set[int]:
    """Return the indices of the units to show."""
    units = [index for index, item in enumerate(exchange) if item.carries]
    shown = {*units[: amount.ends], *units[-amount.ends :]}
    notes = [index for index, item in enumerate(exchange) if not item.carries]
    for note in notes[:NOTES_WITH_SURROUNDINGS]:
        shown.update(range(note - amount.around_notes, note + amount.around_notes + 1))
    return _without_small_gaps(shown, units)


def _without_small_gaps(shown: set[int], units: Sequence[int]) -> set[int]:
    """Show single left-out units too: a line about it would take as much room."""
    filled = set(shown)
    for before, index, after in zip(units, units[1:], units[2:], strict=False):
        if before in shown and after in shown:
            filled.add(index)
    return filled


def _remark(transfer: Transfer) -> Close | Note:
    if transfer.direction == "note":
        return Note(transfer.at, one_line(transfer.message, longest=2000))
    return Close(
        at=transfer.at,
        by_target=transfer.by == "target",
        how=one_line(transfer.message),
        local=one_line(transfer.local),
        remote=one_line(transfer.remote),
    )


def _unit(number: int, transfer: Transfer, amount: Amount, dissect: _DissectByBook) -> Unit:
    data = bytes.fromhex(transfer.clear or transfer.data)
    message = transfer.message if len(data) <= amount.longest_read else ""
    fields, flaw = _read(message, data, dissect)
    return Unit(
        number=number,
        at=transfer.at,
        to_target=transfer.direction == "to-target",
        noun=noun(transfer),
        message=one_line(transfer.message, longest=60),
        length=len(data),
        encrypted=len(transfer.data) // 2 if transfer.clear else 0,
        local=one_line(transfer.local),
        remote=one_line(transfer.remote),
        gist=_gist(fields),
        fields=tuple(_row(item) for item in fields[: amount.fields]),
        fields_left_out=max(0, len(fields) - amount.fields),
        dump=hex_dump(data[: amount.octets]),
        octets_left_out=max(0, len(data) - amount.octets),
        flaw=flaw,
    )


def _read(
    message: str, data: bytes, dissect: _DissectByBook
) -> tuple[tuple[DecodedField, ...], str]:
    if not message:
        return (), ""  # a part of a stream, or nothing that the book has a name for
    try:
        dissection = dissect(message, data)
    except Exception as error:  # evidence without fields is better than none
        return (), one_line(f"not decoded: {type(error).__name__}: {error}")
    if dissection.error is None:
        return dissection.fields, ""
    flaw = dissection.error
    where = f"at offset {flaw.offset}: {flaw.reason}"
    return dissection.fields, one_line(f"not valid by {flaw.requirement} {where}")


def _row(item: DecodedField) -> FieldRow:
    return FieldRow(
        offset=item.offset,
        length=item.length,
        path=one_line(item.path),
        text=one_line(item.text, longest=_LONGEST_VALUE),
        doc=one_line(item.doc),
    )


def _gist(fields: Iterable[DecodedField]) -> str:
    """Return the first values that are plain and short, each after the last part of its name."""
    parts = [
        f"{item.path.rpartition('.')[2]} {item.text}"
        for item in fields
        if isinstance(item.value, int | str)
        and not item.structural
        and len(item.text) <= _LONGEST_IN_GIST
    ]
    return one_line(" · ".join(parts[:_GIST_FIELDS]))
