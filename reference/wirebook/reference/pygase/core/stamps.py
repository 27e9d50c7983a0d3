"""When each part of a state last changed, and the updates that follow from it.

A client reports a version of the state while newer ones are on their way to it. Its update has to
lead from each of them to the newest, so the difference of two versions is not enough: what changed
and changed back in between has to be said as well. That is just what the stamps know. What may
live here: functions of snapshots, which share what did not change, and of stamps, which do too.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, Final, NamedTuple

from wirebook.reference.pygase.core.merging import TO_DELETE

_MISSING: Final = object()


class Stamp(NamedTuple):
    """When the value of a key changed; times are counted in versions, and do not wrap."""

    changed: float
    """When the value was last set, removed, or replaced as a whole."""
    latest: float
    """When anything inside of it last changed."""
    below: Stamps
    """The stamps of the keys of its map, and of those that are gone from it."""


Stamps = Mapping[Any, Stamp]
"""The stamps of the keys of a map; a key without one has not changed for a long time."""

NEVER: Final = -inf
_OLD: Final = Stamp(NEVER, NEVER, {})


def stamped(
    stamps: Stamps, old: Mapping[Any, Any], new: Mapping[Any, Any], now: float, horizon: float
) -> Stamps:
    """Return the stamps of the new version of a map; `horizon` is the oldest time that matters."""
    if old is new:
        return stamps
    result = {key: stamp for key, stamp in stamps.items() if stamp.latest >= horizon}
    for key in {**old, **new}:
        was, value = old.get(key, _MISSING), new.get(key, _MISSING)
        if was is value:
            continue
        before = result.get(key, _OLD)
        old_map = was if isinstance(was, dict) else {}
        new_map = value if isinstance(value, dict) else {}
        below = stamped(before.below, old_map, new_map, now, horizon)
        both = isinstance(was, dict) and isinstance(value, dict)
        result[key] = Stamp(before.changed if both else now, now, below)
    return result


def changes(state: Mapping[Any, Any], stamps: Stamps, since: float) -> dict[Any, Any]:
    """Return the update to a state for whoever has its version of a time, or a later one."""
    update: dict[Any, Any] = {}
    for key, stamp in stamps.items():
        if stamp.latest <= since:
            continue
        value = state.get(key, TO_DELETE)
        if not isinstance(value, dict):
            update[key] = value
        elif stamp.changed > since:
            update[key] = everything(value, stamp.below, since)
        else:
            update[key] = changes(value, stamp.below, since)
    return update


def everything(state: Mapping[Any, Any], stamps: Stamps, since: float) -> dict[Any, Any]:
    """Return the update that says all of a state, and deletes what has gone from it since."""
    update: dict[Any, Any] = {}
    for key, value in state.items():
        if isinstance(value, dict):
            update[key] = everything(value, stamps.get(key, _OLD).below, since)
        else:
            update[key] = value
    for key, stamp in stamps.items():
        if key not in state and stamp.changed > since:
            update[key] = TO_DELETE
    return update
