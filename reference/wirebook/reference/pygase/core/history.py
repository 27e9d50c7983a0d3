"""What a server knows of its game state: the last thousand versions, and the updates from them.

A client says which version it holds; the update for it is the difference of two snapshots, which
is right by itself, whatever happened in between (PGS-SYN-003). Clients that hold the same version
get the same octets, encoded once. What may live here: which update a client is given, and no
connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from wirebook.reference.pygase.codec import HEADER_SIZE, LENGTH_SIZE, MAX_DATAGRAM, pack_checked
from wirebook.reference.pygase.core.merging import changes, replacement
from wirebook.reference.pygase.core.sequence import MAX_SEQUENCE, add, difference, newer
from wirebook.reference.pygase.core.snapshots import snapshot

FULL_ROOM: Final = MAX_DATAGRAM - HEADER_SIZE - LENGTH_SIZE
"""The octets that an update has in a package without events."""
_CHANGES_UP_TO: Final = 100
_REMEMBERED: Final = 1000
_TRIED_AT_ONCE: Final = 64
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


class StateSource(Protocol):
    """Where a server gets its updates from."""

    def update_for(self, reported: int, room: int = FULL_ROOM) -> Update:
        """Return the best update for a client that holds `reported` and has `room` octets."""
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
        self._versions: dict[int, Mapping[str, Any]] = {}
        """Snapshots by time order, the oldest first."""
        self._octets: dict[tuple[int, int], bytes | None] = {}
        """Updates by the versions they lead from and to; None for one that fits no package."""
        self._searches: dict[int, dict[int, _Search]] = {}
        """By the version that a client holds, and the room."""

    def record(self, time_order: int, state: Mapping[str, Any]) -> None:
        """Take a snapshot of the attributes as the newest version.

        Raises Unencodable for a state that cannot be sent; the newest version stays what it was.
        """
        taken = snapshot(state, self._versions.get(self.newest, {}))
        if self.newest and not newer(time_order, self.newest):
            self._versions.clear()  # the owner has begun anew
            self._searches.clear()
        self._octets.clear()
        self.newest = time_order
        if not time_order:
            return  # PGS-SYN-021: no client would ever apply it
        self._versions[time_order] = taken
        while difference(time_order, oldest := next(iter(self._versions))) > _REMEMBERED:
            del self._versions[oldest]
            self._searches.pop(oldest, None)

    def state(self, time_order: int) -> Mapping[str, Any] | None:
        """Return a version, if it is remembered."""
        return self._versions.get(time_order)

    def update_for(self, reported: int, room: int = FULL_ROOM) -> Update:
        """Return the best update for a client that holds `reported` and has `room` octets."""
        if not self.newest or reported == self.newest:
            return Update(empty_update(reported), reported, complete=True)  # PGS-SYN-005
        octets = self._between(reported, self.newest)
        if octets is not None and len(octets) <= room:
            return Update(octets, self.newest, complete=True)
        found = self._search(reported, room)
        octets = self._between(reported, found) if found is not None else None
        if found is None or octets is None:
            return Update(empty_update(reported), reported, complete=False)  # PGS-SYN-010
        return Update(octets, found, complete=False)

    def _between(self, old: int, new: int) -> bytes | None:
        """Return the update from one version to another, or None if it fits no package."""
        if old not in self._versions:
            old = 0
        if (old, new) not in self._octets:
            octets = pack_checked({**self._update(old, new), "time_order": new})
            self._octets[old, new] = octets if len(octets) <= FULL_ROOM else None
        return self._octets[old, new]

    def _update(self, old: int, new: int) -> Mapping[str, Any]:
        state = self._versions[new]
        if not old:
            return state  # PGS-SYN-002, PGS-SYN-007
        if difference(new, old) <= _CHANGES_UP_TO:
            return changes(self._versions[old], state)  # PGS-SYN-004
        return replacement(self._versions[old], state)  # PGS-SYN-006

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
