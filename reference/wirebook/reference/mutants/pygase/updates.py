"""Mutants of the updates that a server sends: what is in them, and for whom.

What may live here: the contents of updates, by what a client has reported. What is wrong for a
client some steps behind is in `history`; what is done when they do not fit into a package, in
`fitting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.codec import ClientFields, pack_checked
from wirebook.reference.pygase.core import history
from wirebook.reference.pygase.core.history import History, Update
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.utils import Sqn

_Map = Mapping[Any, Any]


@mutant(
    "PGS-M260",
    "PGS-SYN-001",
    "A server takes the time order of a late package for the client's present one.",
    role="server",
)
def late_reports_count() -> None:
    """Take it from every package that is accepted."""

    @override(ServerPeer, "receive")
    def receive(
        original: Callable[..., bool], peer: ServerPeer, fields: ClientFields, *others: Any
    ) -> bool:
        acked = original(peer, fields, *others)
        peer.reported = fields.time_order
        return acked


@mutant(
    "PGS-M261",
    "PGS-SYN-001",
    "A server takes notice only of the first time order that a client reports.",
    role="server",
)
def first_report_counts() -> None:
    """Keep it, once it is not 0."""

    @override(ServerPeer, "receive")
    def receive(original: Callable[..., bool], peer: ServerPeer, *arguments: Any) -> bool:
        first = peer.reported
        acked = original(peer, *arguments)
        peer.reported = first or peer.reported
        return acked


@mutant(
    "PGS-M262",
    "PGS-SYN-002",
    "The full state that a server sends lacks the game status.",
    role="server",
)
def full_state_without_status() -> None:
    """Leave it out where the client holds nothing."""

    @override(History, "_update")
    def _update(original: Callable[..., _Map], known: History, old: int, *others: Any) -> _Map:
        update = dict(original(known, old, *others))
        if not old:
            del update["game_status"]
        return update


@mutant(
    "PGS-M263",
    "PGS-SYN-002",
    "The full state that a server sends lacks the attributes that are empty maps.",
    role="server",
)
def full_state_without_empty_maps() -> None:
    """Leave them out where the client holds nothing."""

    @override(History, "_update")
    def _update(original: Callable[..., _Map], known: History, old: int, *others: Any) -> _Map:
        update = original(known, old, *others)
        return update if old else {name: value for name, value in update.items() if value != {}}


@mutant(
    "PGS-M269",
    "PGS-SYN-004",
    "A server sends everything to a client that is more than 60 steps behind.",
    role="server",
)
def sixty_steps() -> None:
    """Lower the limit."""
    set_value(history, "_CHANGES_UP_TO", 60)


@mutant("PGS-M270", "PGS-SYN-004", "A server sends every attribute in every update.", role="server")
def always_everything() -> None:
    """Take nobody for somebody who needs the changes only."""
    set_value(history, "_CHANGES_UP_TO", 0)


@mutant(
    "PGS-M271",
    "PGS-SYN-005",
    "A server that has nothing new to say repeats the game status.",
    role="server",
)
def repeats_the_status() -> None:
    """Say it wherever there is nothing else."""

    def of_newest(known: History) -> _Map:
        return {"game_status": known._versions[known.newest].state.get("game_status", 0)}

    @override(History, "_update")
    def _update(original: Callable[..., _Map], known: History, *versions: int) -> _Map:
        return original(known, *versions) or of_newest(known)

    @override(History, "update_for")
    def update_for(
        original: Callable[..., Update], known: History, reported: int, *others: Any
    ) -> Update:
        if not reported or reported != known.newest:
            return original(known, reported, *others)
        return Update(pack_checked({**of_newest(known), "time_order": reported}), reported, True)


@mutant(
    "PGS-M276", "PGS-SYN-008", "The step after time order 65535 has time order 0.", role="server"
)
def counts_from_zero() -> None:
    """Count modulo 65536."""

    @override(Sqn, "__add__")
    def add(_: Callable[..., Sqn], number: Sqn, other: int) -> Sqn:
        return Sqn((int(number) + int(other)) % 65536)


@mutant(
    "PGS-M277",
    "PGS-SYN-009",
    "A server sends the game status with the full state and never again.",
    role="server",
)
def status_stays() -> None:
    """Leave it out of changes."""

    @override(History, "_update")
    def _update(original: Callable[..., _Map], known: History, old: int, *others: Any) -> _Map:
        update = dict(original(known, old, *others))
        if old:
            update.pop("game_status", None)
        return update
