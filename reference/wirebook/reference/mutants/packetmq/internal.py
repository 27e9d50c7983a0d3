"""Mutants of the internal packets.

What may live here: their contents, as they are sent and as they are read. What they lead to is in
`handshake.py` and `softquits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.packetmq import codec
from wirebook.reference.packetmq.core import internal
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.errors import Malformed
from wirebook.spec.packetmq.states import (
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    INTERNAL,
    SOFTQUIT,
    VERSION,
    Input,
    Reason,
)

_NIL = b"\xc0"


@mutant("PMQ-M041", "PMQ-MSG-011", "The reason of a softquit is sent as bin.")
def reason_as_bin() -> None:
    """Encode it so."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        original(reason)
        return codec.frame(SOFTQUIT, codec.pack({"reason": reason.encode()}))


@mutant("PMQ-M042", "PMQ-MSG-011", "The names in the id map are sent as bin.")
def names_as_bin() -> None:
    """Encode them so."""

    @override(internal, "build_pubids")
    def build_pubids(_: Callable[..., bytes], adaptive: bool, ids: Mapping[str, int]) -> bytes:
        in_bin = {name.encode(): number for name, number in ids.items()}
        return codec.frame(HANDSHAKE_PUBIDS, codec.pack({"adapt": adaptive, "idmap": in_bin}))


@mutant("PMQ-M043", "PMQ-INT-001", "A `handshake_init` with another member is malformed.")
def only_version() -> None:
    """Want it alone."""

    @override(internal, "version_of")
    def version_of(original: Callable[..., int], value: Any) -> int:
        if type(value) is dict and len(value) > 1:
            raise Malformed("PMQ-INT-003", "there is more than the version")
        return original(value)


@mutant("PMQ-M044", "PMQ-INT-001", "A `handshake_pubids` with another member is malformed.")
def only_ids() -> None:
    """Want its two members alone."""

    @override(internal, "pubids_of")
    def pubids_of(original: Callable[..., Any], value: Any) -> Any:
        if type(value) is dict and len(value) > len(("adapt", "idmap")):
            raise Malformed("PMQ-INT-008", "there is more than the policy and the id map")
        return original(value)


@mutant("PMQ-M045", "PMQ-INT-002", "`handshake_init` says which program it comes from.")
def says_more() -> None:
    """Give it another member."""
    value = {"version": VERSION, "program": "wirebook"}
    set_value(internal, "INIT", codec.frame(HANDSHAKE_INIT, codec.pack(value)))


@mutant("PMQ-M046", "PMQ-INT-002", "A softquit says when it was sent.")
def softquit_says_more() -> None:
    """Give it another member."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        original(reason)
        return codec.frame(SOFTQUIT, codec.pack({"reason": reason, "at": 0}))


@mutant("PMQ-M047", "PMQ-INT-003", "A version of true is taken for 1.")
def true_is_1() -> None:
    """Take a boolean for an integer."""

    @override(internal, "version_of")
    def version_of(original: Callable[..., int], value: Any) -> int:
        version = value.get("version") if type(value) is dict else None
        return original({"version": int(version)} if type(version) is bool else value)


@mutant("PMQ-M048", "PMQ-INT-003", "A `handshake_init` without a version speaks the own one.")
def no_version() -> None:
    """Take it for granted."""

    @override(internal, "version_of")
    def version_of(original: Callable[..., int], value: Any) -> int:
        return original({"version": VERSION, **value} if type(value) is dict else value)


@mutant("PMQ-M049", "PMQ-INT-004", "Where the application gives no reason, the softquit has nil.")
def nil_for_no_reason() -> None:
    """Send it instead."""

    @override(internal, "build_softquit")
    def build_softquit(original: Callable[..., bytes], reason: str) -> bytes:
        if reason == Reason.UNKNOWN.value:
            return codec.frame(SOFTQUIT, codec.pack({"reason": None}))
        return original(reason)


@mutant("PMQ-M050", "PMQ-INT-005", "A softquit without a reason is told as one without a softquit.")
def no_reason_at_all() -> None:
    """Tell none."""

    @override(internal, "read_reason")
    def read_reason(original: Callable[..., str], payload: bytes) -> str | None:
        reason = original(payload)
        return None if reason == Reason.UNKNOWN.value else reason


@mutant("PMQ-M051", "PMQ-INT-005", "A softquit that cannot be read is answered as malformed.")
def malformed_softquit() -> None:
    """Treat it as any other packet."""

    @override(internal, "read_reason")
    def read_reason(original: Callable[..., str], payload: bytes) -> str:
        codec.unpack(payload)
        return original(payload)


@mutant("PMQ-M052", "PMQ-INT-006", "The id map has no internal packets.")
def no_internal_packets() -> None:
    """Leave them out of what is sent."""

    @override(internal, "build_pubids")
    def build_pubids(
        original: Callable[..., bytes], adaptive: bool, ids: Mapping[str, int]
    ) -> bytes:
        return original(adaptive, {name: ids[name] for name in ids if name not in INTERNAL})


@mutant("PMQ-M053", "PMQ-INT-006", "The id map lacks the packet that was registered last.")
def one_too_few() -> None:
    """Leave it out of what is sent."""

    @override(internal, "build_pubids")
    def build_pubids(
        original: Callable[..., bytes], adaptive: bool, ids: Mapping[str, int]
    ) -> bytes:
        return original(adaptive, dict(list(ids.items())[:-1]))


@mutant("PMQ-M054", "PMQ-INT-008", "An id map may have ids above 65535.")
def ids_too_great() -> None:
    """Look at the types only."""

    @override(internal, "_is_id_map")
    def is_id_map(_: Callable[..., bool], ids: Mapping[Any, Any]) -> bool:
        return all(type(name) is str and type(ids[name]) is int for name in ids)


@mutant("PMQ-M055", "PMQ-INT-008", "In an id map, true stands for the id 1.")
def true_is_an_id() -> None:
    """Take booleans for integers."""

    @override(internal, "_is_id_map")
    def is_id_map(original: Callable[..., bool], ids: Mapping[Any, Any]) -> bool:
        return original(
            {name: int(ids[name]) if type(ids[name]) is bool else ids[name] for name in ids}
        )


@mutant("PMQ-M056", "PMQ-INT-008", "A policy may be any value; nil is enforcing.")
def any_policy() -> None:
    """Ask whether it is true, as Python does."""

    @override(internal, "pubids_of")
    def pubids_of(original: Callable[..., Any], value: Any) -> Any:
        if type(value) is dict and "adapt" in value:
            value = {**value, "adapt": bool(value["adapt"])}
        return original(value)


@mutant("PMQ-M057", "PMQ-INT-009", "`handshake_finish` is sent with true for its payload.")
def finish_true() -> None:
    """Send it so."""
    set_value(internal, "FINISH", codec.frame(HANDSHAKE_FINISH, codec.pack(True)))


@mutant("PMQ-M058", "PMQ-INT-010", "A `handshake_finish` with anything but nil is malformed.")
def finish_needs_nil() -> None:
    """Look at it."""

    @override(Connection, "_take")
    def take(original: Callable[..., None], one: Any, packet_id: int, payload: bytes) -> None:
        if packet_id == HANDSHAKE_FINISH and payload != _NIL:
            one._step(Input.MALFORMED)
        else:
            original(one, packet_id, payload)
