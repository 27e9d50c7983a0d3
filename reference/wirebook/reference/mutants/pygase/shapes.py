"""Mutants that take what is no event, or no update, for one, or the other way round.

What may live here: the shape of events and of updates, as a receiver reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.codec import WireEvent
from wirebook.reference.pygase.errors import Malformed

_KEYS = ("type", "handler_args", "handler_kwargs")
_Parse = Callable[[bytes], Any]


def _is_event(value: object) -> bool:
    return type(value) is dict and set(value) == set(_KEYS)


@mutant("PGS-M201", "PGS-EVT-001", "A server overlooks further keys of an event.", role="server")
def further_keys() -> None:
    """Leave them out, and take what is left."""

    @override(codec, "parse_event")
    def parse_event(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if type(value) is dict and set(value) > set(_KEYS):
            octets = codec.pack({key: value[key] for key in _KEYS})
        return original(octets)


@mutant(
    "PGS-M202",
    "PGS-EVT-001",
    "A client takes an event without keyword arguments for one with none of them.",
    role="client",
)
def missing_key() -> None:
    """Put the missing key in."""

    @override(codec, "parse_event")
    def parse_event(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if type(value) is dict and set(value) == set(_KEYS[:2]):
            octets = codec.pack({**value, "handler_kwargs": {}})
        return original(octets)


@mutant(
    "PGS-M203", "PGS-EVT-002", "A server takes a number for the type of an event.", role="server"
)
def number_as_type() -> None:
    """Read it as text."""

    @override(codec, "parse_event")
    def parse_event(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if _is_event(value) and type(value["type"]) is int:
            octets = codec.pack({**value, "type": str(value["type"])})
        return original(octets)


@mutant(
    "PGS-M204",
    "PGS-EVT-002",
    "A client takes a map for the positional arguments of an event.",
    role="client",
)
def map_as_arguments() -> None:
    """Take its values."""

    @override(codec, "parse_event")
    def parse_event(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if _is_event(value) and type(value["handler_args"]) is dict:
            octets = codec.pack({**value, "handler_args": list(value["handler_args"].values())})
        return original(octets)


@mutant(
    "PGS-M205",
    "PGS-EVT-002",
    "A server does not look whether the names of keyword arguments are text.",
    role="server",
)
def names_of_any_type() -> None:
    """Look only at those that are."""

    @override(codec, "parse_event")
    def parse_event(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if not _is_event(value) or type(value["handler_kwargs"]) is not dict:
            return original(octets)
        kwargs = value["handler_kwargs"]
        good = {name: member for name, member in kwargs.items() if type(name) is str}
        event: WireEvent = original(codec.pack({**value, "handler_kwargs": good}))
        return event._replace(kwargs=kwargs)


def _only_in_this_order(original: _Parse, octets: bytes) -> Any:
    value = codec.unpack(octets)
    if _is_event(value) and tuple(value) != _KEYS:
        raise Malformed("PGS-EVT-003", "the keys of an event have an order")
    return original(octets)


@mutant(
    "PGS-M206",
    "PGS-EVT-003",
    "A server discards events whose keys are in another order than its own.",
    role="server",
)
def order_of_keys_for_a_server() -> None:
    """Ask for the order in which the reference writes them."""
    override(codec, "parse_event")(_only_in_this_order)


@mutant(
    "PGS-M207",
    "PGS-EVT-003",
    "A client discards events whose keys are in another order than its own.",
    role="client",
)
def order_of_keys_for_a_client() -> None:
    """Ask for the order in which the reference writes them."""
    override(codec, "parse_event")(_only_in_this_order)


@mutant(
    "PGS-M208",
    "PGS-UPD-001",
    "A client leaves out attributes whose names are no text, and applies the rest.",
    role="client",
)
def names_that_are_no_text() -> None:
    """Take the update as if they were not there."""

    @override(codec, "parse_update")
    def parse_update(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if type(value) is dict:
            octets = codec.pack({k: member for k, member in value.items() if type(k) is str})
        return original(octets)


@mutant(
    "PGS-M209",
    "PGS-UPD-002",
    "A client takes an update without a time order for one with time order 0.",
    role="client",
)
def without_time_order() -> None:
    """Put a 0 in its place."""

    @override(codec, "parse_update")
    def parse_update(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if type(value) is dict and "time_order" not in value:
            octets = codec.pack({**value, "time_order": 0})
        return original(octets)


@mutant(
    "PGS-M210",
    "PGS-UPD-002",
    "A client takes the lower 16 bits of a time order that has more.",
    role="client",
)
def large_time_order() -> None:
    """Cut it to size."""

    @override(codec, "parse_update")
    def parse_update(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if type(value) is dict and type(value.get("time_order")) is int:
            octets = codec.pack({**value, "time_order": value["time_order"] & 0xFFFF})
        return original(octets)


@mutant(
    "PGS-M211", "PGS-UPD-003", "A client takes any other game status for active.", role="client"
)
def any_game_status() -> None:
    """Let everything but 0 be 1."""

    @override(codec, "parse_update")
    def parse_update(original: _Parse, octets: bytes) -> Any:
        value = codec.unpack(octets)
        if type(value) is dict and value.get("game_status", 0) != 0:
            octets = codec.pack({**value, "game_status": 1})
        return original(octets)


@mutant("PGS-M212", "PGS-UPD-003", "A client discards the updates of a paused game.", role="client")
def no_paused_game() -> None:
    """Refuse game status 0."""

    @override(codec, "parse_update")
    def parse_update(original: _Parse, octets: bytes) -> Any:
        update = original(octets)
        if update.get("game_status") == 0:
            raise Malformed("PGS-UPD-003", "game_status is 1")
        return update
