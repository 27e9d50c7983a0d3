"""Mutants of merging: what applying an update, or adding it to another, does to the values.

What may live here: maps, and nothing of packages or time orders but that of a sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase.core import merging
from wirebook.reference.pygase.core.merging import is_deletion
from wirebook.reference.pygase.gamestate import GameStateUpdate

_Map = Mapping[Any, Any]
_Merge = Callable[[_Map, _Map], dict[Any, Any]]


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def _deletions(update: _Map) -> set[Any]:
    return {key for key, value in update.items() if is_deletion(value)}


@mutant(
    "PGS-M300",
    "PGS-MRG-001",
    "A map of the update takes the place of the state's map.",
    role="client",
)
def maps_replace() -> None:
    """Merge it into an empty map."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        kept = {key: value for key, value in state.items() if not _is_map(update.get(key))}
        return original(kept, update)


@mutant(
    "PGS-M301",
    "PGS-MRG-001",
    "Maps are merged down to the second level, and replaced below.",
    role="client",
)
def deep_maps_replace() -> None:
    """Count the levels."""
    level = [0]

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        level[0] += 1
        try:
            return original({} if level[0] > 2 else state, update)
        finally:
            level[0] -= 1


@mutant(
    "PGS-M302", "PGS-MRG-002", "An array of the update is appended to the state's.", role="client"
)
def arrays_grow() -> None:
    """Put the old elements before the new ones."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        result = original(state, update)
        for key, value in update.items():
            old = state.get(key)
            if isinstance(value, list) and isinstance(old, list):
                result[key] = old + value
        return result


@mutant(
    "PGS-M303",
    "PGS-MRG-002",
    "A map of the state stays where the update has a single value for its key.",
    role="client",
)
def maps_stay() -> None:
    """Overlook such values."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        heeded = {
            key: value
            for key, value in update.items()
            if _is_map(value) or is_deletion(value) or not _is_map(state.get(key))
        }
        return original(state, heeded)


@mutant(
    "PGS-M304", "PGS-MRG-003", "TO_DELETE inside of a map is stored like a value.", role="client"
)
def stored_inside_of_maps() -> None:
    """Remove keys at the top level only."""
    level = [0]

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        level[0] += 1
        try:
            result = original(state, update)
        finally:
            level[0] -= 1
        if level[0]:
            result.update({key: update[key] for key in _deletions(update) if key in state})
        return result


@mutant("PGS-M305", "PGS-MRG-003", "TO_DELETE sets a key to nil.", role="client")
def deleted_is_nil() -> None:
    """Keep the key."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        result = original(state, update)
        result.update({key: None for key in _deletions(update) if key in state})
        return result


@mutant(
    "PGS-M306",
    "PGS-MRG-004",
    "TO_DELETE is stored for a key that the state does not have.",
    role="client",
)
def stored_for_missing_keys() -> None:
    """Remove only what is there."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        result = original(state, update)
        if state:  # PGS-MRG-005 is about what is new altogether
            result.update({key: update[key] for key in _deletions(update) if key not in state})
        return result


@mutant(
    "PGS-M307",
    "PGS-MRG-005",
    "A map for a key that the state has no map for is stored as it is, TO_DELETE and all.",
    role="client",
)
def new_maps_are_stored() -> None:
    """Merge only where there are two maps."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        result = original(state, update)
        for key, value in update.items():
            if _is_map(value) and not _is_map(state.get(key)):
                result[key] = value
        return result


@mutant(
    "PGS-M308",
    "PGS-MRG-005",
    "A map is dropped where the state has another kind of value.",
    role="client",
)
def maps_only_into_maps() -> None:
    """Keep what is there."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        heeded = {
            key: value
            for key, value in update.items()
            if not _is_map(value) or key not in state or _is_map(state[key])
        }
        return original(state, heeded)


@mutant("PGS-M309", "PGS-MRG-006", "TO_DELETE is removed from arrays.", role="client")
def removed_from_arrays() -> None:
    """Leave out such elements."""

    @override(merging, "merged")
    def merged(original: _Merge, state: _Map, update: _Map) -> dict[Any, Any]:
        result = original(state, update)
        for key, value in update.items():
            if isinstance(value, list):
                result[key] = [element for element in value if not is_deletion(element)]
        return result


@mutant(
    "PGS-M310",
    "PGS-MRG-010",
    "In a sum the older update counts where both have a value for a key.",
    role="server",
)
def older_counts() -> None:
    """Put its values back."""

    @override(merging, "added")
    def added(
        original: Callable[..., dict[Any, Any]], older: _Map, newer: _Map, *base: Any
    ) -> dict[Any, Any]:
        total = original(older, newer, *base)
        kept = {k: value for k, value in older.items() if k != "time_order" and not _is_map(value)}
        return {**total, **kept}


@mutant("PGS-M311", "PGS-MRG-010", "A sum carries the older time order.", role="server")
def older_time_order() -> None:
    """Take the time order of the one that is older."""

    @override(GameStateUpdate, "__add__")
    def add(original: Callable[..., Any], one: GameStateUpdate, other: Any) -> Any:
        total = original(one, other)
        if isinstance(other, GameStateUpdate):
            total.time_order = min(one, other).time_order
        return total


@mutant("PGS-M312", "PGS-MRG-010", "In a sum the maps of the newer update replace.", role="server")
def maps_are_not_added() -> None:
    """Add one level only."""

    @override(merging, "added")
    def added(
        _: Callable[..., dict[Any, Any]], older: _Map, newer: _Map, *__: Any
    ) -> dict[Any, Any]:
        return {**older, **newer}
