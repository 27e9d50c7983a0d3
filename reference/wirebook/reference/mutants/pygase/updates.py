"""Mutants of the updates that a server sends: what is in them, and for whom.

What may live here: the contents of updates, by what a client has reported. What is done when they
do not fit into a package is in `fitting`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.codec import ClientFields, pack_checked
from wirebook.reference.pygase.core import history, merging, stamps
from wirebook.reference.pygase.core.history import History, Update, empty_update
from wirebook.reference.pygase.core.merging import TO_DELETE, is_deletion
from wirebook.reference.pygase.core.sequence import difference, newer
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.stamps import Stamps, everything
from wirebook.reference.pygase.utils import Sqn

_Map = Mapping[Any, Any]


def _is_far(old: int, new: int) -> bool:
    return bool(old) and difference(new, old) > history._CHANGES_UP_TO


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


def _differences(old: _Map, new: _Map) -> dict[Any, Any]:
    changed: dict[Any, Any] = {key: TO_DELETE for key in old if key not in new}
    for key, value in new.items():
        was = old.get(key)
        if key in old and was is value:
            continue
        both = isinstance(was, dict) and isinstance(value, dict)
        changed[key] = _differences(was, value) if both else value  # type: ignore[arg-type]
    return changed


@mutant(
    "PGS-M264",
    "PGS-SYN-003",
    "An update is the difference of the reported state and the newest one, "
    "whatever was sent in between.",
    role="server",
)
def compares_the_two_ends() -> None:
    """Compare two snapshots, which share what did not change."""

    @override(History, "_update")
    def _update(
        original: Callable[..., _Map], known: History, old: int, new: int, sent_since: int
    ) -> _Map:
        if not old or _is_far(old, new):
            return original(known, old, new, sent_since)
        return _differences(known._versions[old].state, known._versions[new].state)


@mutant(
    "PGS-M265",
    "PGS-SYN-003",
    "A map that was deleted and set again keeps its old keys at the client.",
    role="server",
)
def old_keys_stay() -> None:
    """Send such a map as it is, without deletions."""
    inside: list[bool] = []

    @override(stamps, "changes")
    def changes(original: Callable[..., Any], *arguments: Any) -> Any:
        inside.append(True)
        try:
            return original(*arguments)
        finally:
            inside.pop()

    @override(stamps, "everything")
    def everything(original: Callable[..., Any], state: _Map, known: Stamps, since: float) -> Any:
        return original(state, {} if inside else known, since)


@mutant("PGS-M266", "PGS-SYN-003", "A server does not send what has been deleted.", role="server")
def no_deletions() -> None:
    """Leave the deletions out of changes."""

    @override(stamps, "changes")
    def changes(original: Callable[..., dict[Any, Any]], *arguments: Any) -> dict[Any, Any]:
        update = original(*arguments)
        return {key: value for key, value in update.items() if not is_deletion(value)}


@mutant(
    "PGS-M267",
    "PGS-SYN-003",
    "A server forgets that a newcomer may have applied a full state already.",
    role="server",
)
def newcomers_have_nothing() -> None:
    """Ask for the update of somebody who was sent nothing."""

    @override(ServerPeer, "_update_in")
    def _update_in(_: Callable[..., Update], peer: ServerPeer, room: int) -> Update:
        return peer._states.update_for(peer.reported, room)


@mutant(
    "PGS-M268",
    "PGS-SYN-003",
    "A server takes 1 and true for the same value, and does not send the change.",
    role="server",
)
def equal_is_the_same() -> None:
    """Compare numbers as numbers."""

    @override(merging, "alike")
    def alike(original: Callable[..., bool], a: object, b: object) -> bool:
        numbers = isinstance(a, int | float) and isinstance(b, int | float)
        return a == b if numbers else original(a, b)


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
    "PGS-M272",
    "PGS-SYN-006",
    "A server sends no deletions to a client that is more than 100 steps behind.",
    role="server",
)
def far_behind_without_deletions() -> None:
    """Send it the state as it is."""

    @override(History, "_update")
    def _update(
        original: Callable[..., _Map], known: History, old: int, new: int, sent_since: int
    ) -> _Map:
        if _is_far(old, new):
            return everything(known._versions[new].state, {}, 0)
        return original(known, old, new, sent_since)


@mutant(
    "PGS-M273",
    "PGS-SYN-006",
    "A server sends changes only to a client that is more than 100 steps behind.",
    role="server",
)
def far_behind_without_the_rest() -> None:
    """Take up to 1000 steps for few."""
    set_value(history, "_CHANGES_UP_TO", history._REMEMBERED)


@mutant(
    "PGS-M278",
    "PGS-SYN-006",
    "A server sends no deletions to a client that is more than 900 steps behind.",
    role="server",
)
def shorter_memory() -> None:
    """Forget the states before."""
    set_value(history, "_REMEMBERED", 900)


@mutant(
    "PGS-M274",
    "PGS-SYN-007",
    "A server sends nothing new to a client that reports a time order from the future.",
    role="server",
)
def future_is_in_step() -> None:
    """Wait until the state has come as far."""

    @override(History, "update_for")
    def update_for(
        original: Callable[..., Update], known: History, reported: int, *others: Any
    ) -> Update:
        if known.newest and newer(reported, known.newest):
            return Update(empty_update(reported), reported, complete=True)
        return original(known, reported, *others)


@mutant(
    "PGS-M275",
    "PGS-SYN-007",
    "A server sends only the newest time order to a client that is more than 1000 steps behind.",
    role="server",
)
def long_ago_is_in_step() -> None:
    """Say that there is nothing new."""

    @override(History, "update_for")
    def update_for(
        original: Callable[..., Update], known: History, reported: int, *others: Any
    ) -> Update:
        unknown = reported and reported not in known._versions
        if unknown and newer(known.newest, reported):
            return Update(empty_update(known.newest), known.newest, complete=True)
        return original(known, reported, *others)


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
