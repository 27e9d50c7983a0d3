"""Mutants of the registry.

What may live here: which names and ids it takes. It shows on a client, which is told what to
register.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.packetmq import registry
from wirebook.reference.packetmq.registry import PacketRegistry


@mutant("PMQ-M015", "PMQ-PID-003", "The registry takes the id 65536.", role="client")
def an_id_too_many() -> None:
    """Count to it."""
    set_value(registry, "MAX_PACKET_ID", registry.MAX_PACKET_ID + 1)


@mutant("PMQ-M016", "PMQ-PID-003", "The registry takes the id 15.", role="client")
def an_internal_id() -> None:
    """Begin with it."""
    set_value(registry, "MIN_PACKET_ID", registry.MIN_PACKET_ID - 1)


@mutant("PMQ-M017", "PMQ-PID-003", "The registry refuses the id 65535.", role="client")
def an_id_too_few() -> None:
    """End before it."""
    set_value(registry, "MAX_PACKET_ID", registry.MAX_PACKET_ID - 1)


@mutant("PMQ-M018", "PMQ-PID-004", "The registry takes two names with the same id.", role="client")
def same_id_twice() -> None:
    """Forget whose it was."""

    @override(PacketRegistry, "addPacket")
    def add_packet(
        original: Callable[..., None], one: Any, name: str, packet: Any, number: int, *rest: bool
    ) -> None:
        one._names.pop(number, None)
        original(one, name, packet, number, *rest)


@mutant("PMQ-M019", "PMQ-PID-004", "A name that is there gets a new id.", role="client")
def same_name_twice() -> None:
    """Forget the old one."""

    @override(PacketRegistry, "addPacket")
    def add_packet(
        original: Callable[..., None], one: Any, name: str, packet: Any, number: int, *rest: bool
    ) -> None:
        if name in one._ids and number not in one._names:
            del one._names[one._ids.pop(name)]
        original(one, name, packet, number, *rest)


@mutant("PMQ-M020", "PMQ-PID-005", "A name may have several colons.", role="client")
def several_colons() -> None:
    """Look at the first one only."""

    @override(registry, "_check_name")
    def check_name(original: Callable[..., None], name: Any) -> None:
        first, colon, rest = str(name).partition(":")
        original(first + colon + (rest.replace(":", "") or rest))


@mutant("PMQ-M021", "PMQ-PID-005", "A name may have letters that are not ASCII.", role="client")
def any_letters() -> None:
    """Let every letter pass for one of them."""

    @override(registry, "_check_name")
    def check_name(original: Callable[..., None], name: Any) -> None:
        original("".join("x" if sign.isalpha() else sign for sign in str(name)))


@mutant("PMQ-M022", "PMQ-PID-005", "A name needs no application.", role="client")
def no_application() -> None:
    """Let what stands before the colon be empty."""

    @override(registry, "_check_name")
    def check_name(original: Callable[..., None], name: Any) -> None:
        original(f"x{name}" if str(name).startswith(":") else name)
