"""Mutants of the bodies of packages: the update, the event block, and its entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.codec import HEADER_SIZE, LENGTH_SIZE, WireEvent
from wirebook.reference.pygase.core import outbox
from wirebook.reference.pygase.errors import Malformed

_FIXED = HEADER_SIZE + LENGTH_SIZE


@mutant(
    "PGS-M070",
    "PGS-BOD-001",
    "An update that runs past the end is read as far as it goes.",
    role="client",
)
def update_ends_with_the_datagram() -> None:
    """Put the length right."""

    @override(codec, "parse_server_package")
    def parse(original: Callable[[bytes], Any], data: bytes) -> Any:
        left = len(data) - _FIXED
        if left >= 0 and int.from_bytes(data[HEADER_SIZE:_FIXED]) > left:
            data = data[:HEADER_SIZE] + left.to_bytes(2) + data[_FIXED:]
        return original(data)


@mutant("PGS-M071", "PGS-BOD-002", "An entry that runs past the end is read as far as it goes.")
def entry_ends_with_the_datagram() -> None:
    """Put the length of the last entry right."""

    @override(codec, "_parse_events")
    def parse(original: Callable[..., list[Any]], data: bytes, at: int) -> list[Any]:
        last = _last_entry(data, at)
        left = len(data) - last - LENGTH_SIZE
        if left >= 0 and int.from_bytes(data[last : last + LENGTH_SIZE]) > left:
            data = data[:last] + left.to_bytes(2) + data[last + LENGTH_SIZE :]
        return original(data, at)


@mutant(
    "PGS-M072", "PGS-BOD-002", "An entry that runs past the end is left out, and the others count."
)
def last_entry_is_left_out() -> None:
    """Stop in front of the bad entry."""

    @override(codec, "_parse_events")
    def parse(original: Callable[..., list[Any]], data: bytes, at: int) -> list[Any]:
        last = _last_entry(data, at)
        claimed = int.from_bytes(data[last : last + LENGTH_SIZE])
        past = len(data) - last >= LENGTH_SIZE and last + LENGTH_SIZE + claimed > len(data)
        return original(data[:last] if past else data, at)


@mutant("PGS-M073", "PGS-BOD-002", "A single octet behind the last entry is ignored.")
def half_a_length_is_ignored() -> None:
    """Stop in front of half a length."""

    @override(codec, "_parse_events")
    def parse(original: Callable[..., list[Any]], data: bytes, at: int) -> list[Any]:
        half = len(data) - _last_entry(data, at) == 1
        return original(data[:-1] if half else data, at)


@mutant(
    "PGS-M074", "PGS-BOD-003", "An octet that is left over behind the value of an event is ignored."
)
def left_over_is_ignored() -> None:
    """Read what is malformed without its last octet."""
    _read_otherwise("parse_event", lambda octets: octets[:-1])


@mutant("PGS-M075", "PGS-BOD-003", "An event that lacks its last octet is accepted.")
def incomplete_is_completed() -> None:
    """Complete the event with an empty map."""
    _read_otherwise("parse_event", lambda octets: octets + b"\x80")


@mutant("PGS-M076", "PGS-BOD-003", "An entry without octets is skipped.")
def none_at_all_is_skipped() -> None:
    """Read an event that nobody handles."""

    @override(codec, "parse_event")
    def parse(original: Callable[[bytes], WireEvent], octets: bytes) -> WireEvent:
        return original(octets) if octets else WireEvent("", [], {})


@mutant(
    "PGS-M077",
    "PGS-BOD-003",
    "An octet that is left over behind an update is ignored.",
    role="client",
)
def left_over_behind_updates_is_ignored() -> None:
    """Read what is malformed without its last octet."""
    _read_otherwise("parse_update", lambda octets: octets[:-1])


@mutant("PGS-M078", "PGS-BOD-004", "Up to six events travel in one package.")
def six_events() -> None:
    """Take one event more."""
    set_value(outbox, "EVENTS_PER_PACKAGE", 6)


@mutant("PGS-M079", "PGS-BOD-005", "A package with more than five events is discarded.")
def only_five_events() -> None:
    """Hold others to what senders do."""

    @override(codec, "_parse_events")
    def parse(original: Callable[..., list[Any]], data: bytes, at: int) -> list[Any]:
        events = original(data, at)
        if len(events) > outbox.EVENTS_PER_PACKAGE:
            raise Malformed("PGS-BOD-004", "a mutant does not want so many events")
        return events


def _last_entry(data: bytes, at: int) -> int:
    """Return where the last entry of an event block begins."""
    last = at
    while at < len(data):
        last, at = at, at + LENGTH_SIZE + int.from_bytes(data[at : at + LENGTH_SIZE])
    return last


def _read_otherwise(name: str, instead: Callable[[bytes], bytes]) -> None:
    """Read octets that are not one value as others."""

    @override(codec, name)
    def parse(original: Callable[[bytes], Any], octets: bytes) -> Any:
        try:
            return original(octets)
        except Malformed as malformed:
            if malformed.requirement != "PGS-BOD-003":
                raise
            return original(instead(octets))
