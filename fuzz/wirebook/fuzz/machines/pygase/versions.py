"""What a server may say of its game state, whatever it chooses to keep of it.

The application's part is known: which states there were, in which order. When a step takes place is
not, so the model learns it from the updates, all of which have to agree. What may live here: the
states of the conformance application, and the judgement of updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wirebook.conformance.drivers.pygase.model import after, difference, is_newer, merge
from wirebook.conformance.drivers.pygase.packages import packed
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.octets import Frozen, Package, freeze

CHANGES_UP_TO = 100
REMEMBERED = 1000
SMALL = 1500
"""Octets of a state that fits into a package together with whatever deletions go with it."""
STEP = 0.02
_NEAR_THE_END = 65000
_SLIP = 1e-6
_NOTHING = 0
"""The number of the state that has no attributes at all."""


@dataclass(slots=True)
class Version:
    """A state that the application was in."""

    at: float
    """When its cause was sent to the server."""
    state: dict[str, Any]
    number: int
    """The same for equal states."""
    small: bool
    cause: str
    """The requirement that an update breaks that does not get here in time."""


@dataclass(slots=True)
class Client:
    """What one client may hold."""

    offered: dict[int, int] = field(default_factory=dict)
    """The states that it was sent, and the newest time order of each."""
    reported: int = 0
    """The newest time order that it has reported: it holds nothing older, whatever it says."""
    waits: bool = False
    """Whether its last update had to make room for events."""


class Versions:
    """The states of the application, and which time orders they have had."""

    def __init__(self, state: Mapping[str, Any], now: float, grace: float) -> None:
        self.grace = grace
        self.counters: dict[str, int] = {}
        self.known: dict[int, int] = {}
        """What a time order stands for, as far as some update has shown it."""
        self.newest = 0
        """The newest time order seen."""
        self.all: list[Version] = []
        self._numbers: dict[Frozen, int] = {freeze({}): _NOTHING}
        self._values: list[dict[str, Any]] = [{}]
        self._merged: dict[tuple[int, Frozen], int] = {}
        self._reached = 0
        self._append(dict(state), now, "PGS-SYN-002")

    def change(self, changes: Mapping[str, Any], now: float, cause: str = "PGS-EVT-024") -> None:
        """Note what a handler of the game loop returns."""
        self._append(merge(self.all[-1].state, changes), now, cause)

    @property
    def small(self) -> bool:
        """Whether the latest states all fit into a package."""
        return all(version.small for version in self.all[self._reached :])

    def report(self, client: Client, reported: int) -> None:
        """Note what a client has reported; what cannot be is no news of what it holds."""
        if is_newer(reported, client.reported) and not is_newer(reported, self.newest):
            client.reported = reported

    def take(self, package: Package, client: Client, reported: int, *, served: bool) -> None:
        """Judge the update in a package for a client that has reported a time order.

        `served` says that the client has been validated for long enough to be sent the state.
        """
        order, update = package.time_order, package.update
        if order == reported:
            if update:
                raise Broken("PGS-SYN-005", "says more than the time order to whom it is no news")
            self._check_idle(package, client, reported, served=served)
            return
        if order == 0 and not update and not served:
            return
        if order == 0:
            cause = "PGS-SYN-008" if self.newest > _NEAR_THE_END else "PGS-SYN-010"
            raise Broken(cause, "sends an update with time order 0 to who has a state")
        base = self._base(order, reported)
        self._check_extent(update, order, reported, base)
        self._learn(package, reported, self._result(update, order, reported, base, client))
        self._check_fresh(package, client, served=served)
        client.offered[self.known[order]] = order

    def _base(self, order: int, reported: int) -> int | None:
        """Return the state that an update is for, nothing for a full one; None if not known."""
        if not reported or not is_newer(order, reported):
            return _NOTHING
        if difference(order, reported) > REMEMBERED:
            return _NOTHING
        return self.known.get(reported)

    def _result(
        self,
        update: dict[str, Any],
        order: int,
        reported: int,
        base: int | None,
        client: Client,
    ) -> int:
        """Return what every state that the client may hold becomes; they must be the same."""
        may_hold = {} if base is None else {base: reported}
        for state, offered in client.offered.items():
            if is_newer(offered, reported) and is_newer(offered, client.reported):
                may_hold.setdefault(state, offered)
        if not may_hold:
            return self.known.get(order, self.all[-1].number)
        results = {self._apply(state, update): offered for state, offered in may_hold.items()}
        if len(results) > 1:
            raise Broken(
                "PGS-SYN-003",
                "an update leads to another state for who has applied one before",
                f"from {sorted(results.values())} to {order}",
            )
        return next(iter(results))

    def _apply(self, state: int, update: dict[str, Any]) -> int:
        if not update:
            return state
        key = state, freeze(update)
        if key not in self._merged:
            self._merged[key] = self._number(merge(self._values[state], update))
        return self._merged[key]

    def _learn(self, package: Package, reported: int, result: int) -> None:
        """Compare the state of a time order with the application's."""
        order = package.time_order
        if self.known.setdefault(order, result) != result:
            raise Broken(
                "PGS-SYN-003",
                "two updates to the same time order lead to two states",
                self._differences(result, self._values[self.known[order]]),
            )
        if any(version.number == result for version in self.all):
            return
        wanted, state = self.all[-1].state, self._values[result]
        behind = difference(order, reported) if reported and is_newer(order, reported) else 0
        cause = self.all[-1].cause
        if behind > CHANGES_UP_TO:
            cause = "PGS-SYN-007" if behind > REMEMBERED else "PGS-SYN-006"
        elif not wanted.keys() <= state.keys():
            cause = "PGS-SYN-003" if reported else "PGS-SYN-002"
        elif _more(state, wanted):
            cause = "PGS-SYN-003"
        raise Broken(
            cause, "the state is none of the application's", self._differences(result, wanted)
        )

    def _check_fresh(self, package: Package, client: Client, *, served: bool) -> None:
        """Check that an update leads to a state that is not too old."""
        result, small = self.known[package.time_order], self.small
        if is_newer(package.time_order, self.newest):
            self.newest = package.time_order
            matching = (
                number
                for number in range(self._reached, len(self.all))
                if self.all[number].number == result
            )
            self._reached = next(matching, self._reached)
        elif small and served and not self.grace and package.time_order != self.newest:
            if not self._excused(package, client):
                raise Broken("PGS-SYN-003", "an update leads to a state that is not the newest")
            return
        if not (small and served):
            return
        latest = len(self.all) - 1
        while latest > self._reached and (
            self.all[latest].at + STEP + self.grace + _SLIP >= package.at
        ):
            latest -= 1
        if all(version.number != result for version in self.all[latest:]):
            if self._excused(package, client):
                return
            version = self.all[latest]
            raise Broken(
                version.cause,
                "a change is not in the updates after the next step",
                self._differences(result, version.state),
            )
        client.waits = False

    def _excused(self, package: Package, client: Client) -> bool:
        """Tell whether an update may have had to make room for events, as it may once."""
        if client.waits and package.events:
            raise Broken("PGS-SYN-012", "events keep an update waiting for more than one package")
        client.waits = bool(package.events)
        return client.waits

    def _check_idle(self, package: Package, client: Client, reported: int, *, served: bool) -> None:
        """Check that nothing is sent only where there is nothing, or no room for it."""
        if not served or self.grace or not self.small:
            return
        if reported == self.newest:
            client.waits = False
            return
        if self._excused(package, client):
            return
        if not reported:
            raise Broken("PGS-SYN-002", "does not send the full state to who has none")
        if self.newest and is_newer(reported, self.newest):
            if difference(reported, self.newest) > REMEMBERED:
                raise Broken("PGS-SYN-007", "does not send the state to who has an impossible one")
            self.newest = reported
        elif self.newest and is_newer(self.newest, reported):
            behind = difference(self.newest, reported)
            cause = "PGS-SYN-007" if behind > REMEMBERED else "PGS-SYN-003"
            raise Broken(cause, "does not send what is new")

    def _check_extent(
        self, update: dict[str, Any], order: int, reported: int, base: int | None
    ) -> None:
        """Check that an update has all attributes, or only those that have changed."""
        full = base == _NOTHING
        behind = 0 if full else difference(order, reported)
        if full or behind > CHANGES_UP_TO:
            cause = "PGS-SYN-006"
            if full:
                cause = "PGS-SYN-007" if reported else "PGS-SYN-002"
            kept = set(self.all[-1].state)
            for version in self.all[self._reached :]:
                kept &= version.state.keys()
            if missing := sorted(kept - update.keys()):
                raise Broken(cause, "a full update lacks attributes", f"{missing}")
            return
        if base is None or not update:
            return
        first = next((n for n, one in enumerate(self.all) if one.number == base), None)
        if first is None:
            return
        for key in update:
            seen = {freeze(one.state.get(key, ...)) for one in self.all[first:]}
            if len(seen) == 1:
                raise Broken(
                    "PGS-SYN-004",
                    "an update says what has not changed",
                    f"{key}, {behind} steps",
                )

    def _append(self, state: dict[str, Any], now: float, cause: str) -> None:
        small = len(packed(state)) < SMALL
        self.all.append(Version(now, state, self._number(state), small, cause))

    def _number(self, state: dict[str, Any]) -> int:
        number = self._numbers.setdefault(freeze(state), len(self._values))
        if number == len(self._values):
            self._values.append(state)
        return number

    def _differences(self, result: int, wanted: Mapping[str, Any]) -> str:
        state = self._values[result]
        keys = {
            key
            for key in state.keys() | wanted.keys()
            if freeze(state.get(key, ...)) != freeze(wanted.get(key, ...))
        }
        return ", ".join(
            f"{key} is {str(state.get(key))[:60]} instead of {str(wanted.get(key))[:60]}"
            for key in sorted(map(str, keys))
        )


def back(order: int, steps: int) -> int:
    """Return the time order so many steps before another one."""
    return after(order, -steps)


def _more(state: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> bool:
    """Tell whether a state has keys at any level that it should not have."""
    return any(
        key not in wanted
        or (
            isinstance(value, Mapping)
            and isinstance(wanted[key], Mapping)
            and _more(value, wanted[key])
        )
        for key, value in state.items()
    )
