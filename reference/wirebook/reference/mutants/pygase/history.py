"""Mutants of the history that a server keeps, and of the updates that it makes of it.

What may live here: what is wrong with an update for a client that is some steps behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase.core import history, merging, stamps
from wirebook.reference.pygase.core.history import History, Update, empty_update
from wirebook.reference.pygase.core.merging import TO_DELETE, is_deletion
from wirebook.reference.pygase.core.sequence import difference, newer
from wirebook.reference.pygase.core.server_peer import ServerPeer
from wirebook.reference.pygase.core.stamps import Stamps, everything

_Map = Mapping[Any, Any]


def _is_far(old: int, new: int) -> bool:
    return bool(old) and difference(new, old) > history._CHANGES_UP_TO


def _differences(old: _Map, new: _Map) -> dict[Any, Any]:
    changed: dict[Any, Any] = {key: TO_DELETE for key in old if key not in new}
    for key, value in new.items():
        was = old.get(key)
        if key in old and was is value:
            continue
        if isinstance(was, dict) and isinstance(value, dict):
            changed[key] = _differences(was, value)
        else:
            changed[key] = value
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
    set_value(history, "_CHANGES_UP_TO", history.REMEMBERED)


@mutant(
    "PGS-M278",
    "PGS-SYN-006",
    "A server sends no deletions to a client that is more than 900 steps behind.",
    role="server",
)
def shorter_memory() -> None:
    """Forget the states before."""
    set_value(history, "REMEMBERED", 900)


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
