"""Mutants of a server whose updates and events do not fit into one package.

What may live here: which update is sent instead, who is told, and who has to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase.core.history import History, Update, empty_update
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.reference.pygase.core.server_peer import ServerPeer

_Update = Callable[..., Update]


@mutant(
    "PGS-M280",
    "PGS-SYN-010",
    "A server whose update does not fit sends the empty one, though an older one would fit.",
    role="server",
)
def nothing_in_between() -> None:
    """Look for nothing."""

    @override(History, "_search")
    def _search(_: Callable[..., int | None], *__: Any) -> int | None:
        return None


@mutant(
    "PGS-M281",
    "PGS-SYN-010",
    "A server whose update does not fit sends the empty one with the newest time order.",
    role="server",
)
def empty_and_newest() -> None:
    """Say that there was nothing in what does not fit."""

    @override(History, "update_for")
    def update_for(original: _Update, known: History, reported: int, *others: Any) -> Update:
        update = original(known, reported, *others)
        if update.complete or update.time_order != reported:
            return update
        return Update(empty_update(known.newest), known.newest, complete=False)


@mutant(
    "PGS-M282",
    "PGS-SYN-010",
    "A server whose update does not fit sends the oldest one between that does.",
    role="server",
)
def oldest_in_between() -> None:
    """Look for it from the reported version on."""

    @override(History, "_search")
    def _search(
        _: Callable[..., int | None], known: History, reported: int, room: int
    ) -> int | None:
        versions = list(known._versions)
        if reported not in versions:
            return None
        after = versions[versions.index(reported) + 1 :]
        return next((one for one in after if known._fits(reported, one, room)), None)


@mutant(
    "PGS-M286",
    "PGS-SYN-010",
    "A server takes an update of more than 2000 octets for one that does not fit.",
    role="server",
)
def room_to_spare() -> None:
    """Leave some room in every package."""

    @override(History, "_between")
    def _between(original: Callable[..., bytes | None], *versions: Any) -> bytes | None:
        octets = original(*versions)
        return octets if octets is None or len(octets) <= 2000 else None


@mutant(
    "PGS-M283",
    "PGS-SYN-011",
    "A server does not tell its operator that an update fits into no package.",
    role="server",
)
def operator_is_not_told() -> None:
    """Forget it."""

    @override(ServerCore, "_tell_too_large")
    def _tell_too_large(
        _: Callable[..., None], __: ServerCore, peer: ServerPeer, ___: float
    ) -> None:
        peer.too_large = False


@mutant(
    "PGS-M284",
    "PGS-SYN-012",
    "An update waits as long as there are events.",
    role="server",
)
def events_always_first() -> None:
    """Forget that an update has waited."""

    @override(ServerPeer, "_contents")
    def _contents(original: Callable[..., Any], peer: ServerPeer) -> Any:
        peer._update_first = False
        return original(peer)


@mutant(
    "PGS-M285",
    "PGS-SYN-012",
    "Events wait as long as there are updates.",
    role="server",
)
def updates_always_first() -> None:
    """Treat every update as one that has waited."""

    @override(ServerPeer, "_contents")
    def _contents(original: Callable[..., Any], peer: ServerPeer) -> Any:
        peer._update_first = True
        return original(peer)
