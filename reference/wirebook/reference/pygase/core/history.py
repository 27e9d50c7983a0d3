"""What a server knows of its game state: the last thousand versions, and the updates from them.

A client says which version it holds; the update for it says what has changed since, and so leads
from that version and from each later one to the newest (PGS-SYN-003): what the client says is old
news, and what was sent to it since may have arrived. Clients that hold the same version get the
same octets, encoded once. What may live here: which update a client is given, and no connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final, NamedTuple, Protocol

from wirebook.reference.pygase.codec import HEADER_SIZE, LENGTH_SIZE, MAX_DATAGRAM, pack_checked
from wirebook.reference.pygase.core.sequence import MAX_SEQUENCE, add, difference, newer
from wirebook.reference.pygase.core.snapshots import snapshot
from wirebook.reference.pygase.core.stamps import Stamps, changes, everything, stamped

FULL_ROOM: Final = MAX_DATAGRAM - HEADER_SIZE - LENGTH_SIZE
"""The octets that an update has in a package without events."""
_CHANGES_UP_TO: Final = 100
REMEMBERED: Final = 1000
"""How many versions before the newest one are kept."""
_TRIED_AT_ONCE: Final = 32
"""How many versions one call looks at in search of an update that fits; the next goes on."""
_ROOMS: Final = 8
"""How many rooms the search for one version is remembered for."""


@dataclass(frozen=True, slots=True)
class Update:
    """The update for one client, in the room that it was asked for."""

    octets: bytes
    time_order: int
    """The version that it leads to; the client's own if it is an empty update."""
    complete: bool
    """Whether that is the newest version."""


class _Version(NamedTuple):
    """A version of the state."""

    serial: int
    """Its number in this history, which does not wrap."""
    state: Mapping[str, Any]
    stamps: Stamps


_NOTHING: Final = _Version(0, {}, {})
_NOT_YET: Final = inf


class StateSource(Protocol):
    """Where a server gets its updates from."""

    def update_for(self, reported: int, room: int = FULL_ROOM, sent_since: int = 0) -> Update:
        """Return the best update for a client that reports `reported` and has `room` octets.

        `sent_since` is the oldest version that was sent to it and that it may have instead, or 0.
        """
        ...


@dataclass(slots=True)
class _Search:
    """How far the search for an update that fits has come, for one version and one room."""

    tried_up_to: int
    """Versions up to this one have been tried, down to …"""
    tried_down_to: int
    found: int | None = None


def empty_update(time_order: int) -> bytes:
    """Return the update that says nothing but a time order."""
    return pack_checked({"time_order": time_order})


class History:
    """The versions of a game state, and the updates between them."""

    def __init__(self) -> None:
        self.newest = 0
        """The newest time order; 0 while there is no state."""
        self._versions: dict[int, _Version] = {}
        """By time order, the oldest first."""
        self._octets: dict[tuple[int, int, int], bytes | None] = {}
        """Updates by the versions they are for and lead to; None for one that fits no package."""
        self._searches: dict[int, dict[int, _Search]] = {}
        """By the version that a client holds, and the room."""

    def record(self, time_order: int, state: Mapping[str, Any]) -> None:
        """Take a snapshot of the attributes as the newest version.

        Raises Unencodable for a state that cannot be sent; the newest version stays what it was.
        """
        before = self._versions.get(self.newest, _NOTHING)
        taken = snapshot(state, before.state)
        if self.newest and not newer(time_order, self.newest):
            self._versions.clear()  # the owner has begun anew
            self._searches.clear()
        self._octets.clear()
        self.newest = time_order
        if not time_order:
            return  # PGS-SYN-021: no client would ever apply it
        serial = before.serial + 1
        stamps = stamped(before.stamps, before.state, taken, serial, serial - REMEMBERED)
        self._versions[time_order] = _Version(serial, taken, stamps)
        while difference(time_order, oldest := next(iter(self._versions))) > REMEMBERED:
            del self._versions[oldest]
            self._searches.pop(oldest, None)

    def update_for(self, reported: int, room: int = FULL_ROOM, sent_since: int = 0) -> Update:
        """Return the best update for a client that reports `reported` and has `room` octets.

        `sent_since` is the oldest version that was sent to it and that it may have instead, or 0.
        """
        if not self.newest or reported == self.newest:
            return Update(empty_update(reported), reported, complete=True)  # PGS-SYN-005
        octets = self._between(reported, self.newest, sent_since)
        if octets is not None and len(octets) <= room:
            return Update(octets, self.newest, complete=True)
        found = self._search(reported, room)
        octets = self._between(reported, found) if found is not None else None
        if found is None or octets is None:
            return Update(empty_update(reported), reported, complete=False)  # PGS-SYN-010
        return Update(octets, found, complete=False)

    def _between(self, old: int, new: int, sent_since: int = 0) -> bytes | None:
        """Return the update from one version to another, or None if it fits no package."""
        if old in self._versions:
            sent_since = 0  # newer than the version that the update is for anyway
        else:
            old = 0
        key = old, new, sent_since
        if key not in self._octets:
            octets = pack_checked({**self._update(*key), "time_order": new})
            self._octets[key] = octets if len(octets) <= FULL_ROOM else None
        return self._octets[key]

    def _update(self, old: int, new: int, sent_since: int) -> Mapping[str, Any]:
        to = self._versions[new]
        if old and difference(new, old) <= _CHANGES_UP_TO:
            return changes(to.state, to.stamps, self._versions[old].serial)  # PGS-SYN-004
        # PGS-SYN-002, PGS-SYN-006, PGS-SYN-007
        since = self._versions.get(old or sent_since)
        return everything(to.state, to.stamps, since.serial if since else _NOT_YET)

    def _search(self, reported: int, room: int) -> int | None:
        """Return the version before the newest one whose update fits, the newest such.

        Only for a client whose version is known: the others are served from the newest state.
        """
        if reported not in self._versions:
            return None
        searches = self._searches.setdefault(reported, {})
        search = searches.get(room)
        if search is None or difference(self.newest, search.tried_up_to) > _TRIED_AT_ONCE:
            if len(searches) >= _ROOMS:
                searches.clear()
            search = searches[room] = _Search(self.newest, self.newest)
        for back in range(1, difference(self.newest, search.tried_up_to)):
            if self._fits(reported, version := _before(self.newest, back), room):
                search.found = version
                break
        search.tried_up_to = self.newest
        for _ in range(_TRIED_AT_ONCE):
            version = _before(search.tried_down_to, 1)
            if search.found is not None or version == reported:
                break
            search.tried_down_to = version
            if self._fits(reported, version, room):
                search.found = version
        return search.found

    def _fits(self, old: int, new: int, room: int) -> bool:
        if new not in self._versions:
            return False
        octets = self._between(old, new)
        return octets is not None and len(octets) <= room


def _before(time_order: int, steps: int) -> int:
    return add(time_order, MAX_SEQUENCE - steps)
