"""Updates: applying them, adding them, and telling values apart.

What may live here: functions of plain maps, which never change their arguments. States and
updates are maps with str keys; `time_order` is none of their business.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign
from typing import Any, Final

TO_DELETE: Final = b"\xd2\x81\xe5\xba"
"""The bin that removes the key it is assigned to."""

_MISSING: Final = object()


def is_deletion(value: object) -> bool:
    """Tell whether a member's value is TO_DELETE; a str never is (PGS-MRG-006)."""
    return isinstance(value, bytes) and value == TO_DELETE


def merged(state: Mapping[Any, Any], update: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the state with the update applied; what did not change is shared."""
    result = dict(state)
    for key, value in update.items():
        if isinstance(value, dict):
            # PGS-MRG-001. PGS-MRG-005: into an empty map, so that no deletion is stored.
            old = result.get(key)
            result[key] = merged(old if isinstance(old, dict) else {}, value)
        elif is_deletion(value):
            result.pop(key, None)  # PGS-MRG-003, PGS-MRG-004
        else:
            result[key] = value  # PGS-MRG-002
    return result


def added(
    older: Mapping[Any, Any], newer: Mapping[Any, Any], base: Mapping[Any, Any] | None = None
) -> dict[Any, Any]:
    """Return the sum of two updates (PGS-MRG-010).

    With `base`, the state that the older one is for, the sum is exact (PGS-SYN-003): a map that
    was deleted or replaced, and is now set again, deletes the keys that the base has there.
    """
    total = dict(older)
    for key, value in newer.items():
        if not isinstance(value, dict):
            total[key] = value
            continue
        old = total.get(key, _MISSING)
        below = base.get(key) if base is not None else None
        below = below if isinstance(below, dict) else None
        if isinstance(old, dict):
            total[key] = added(old, value, below)
        elif old is _MISSING:
            total[key] = added({}, value, below)
        else:
            total[key] = added(dict.fromkeys(below or (), TO_DELETE), value)
    return total


def alike(a: object, b: object) -> bool:
    """Tell whether two values are the same on the wire: `True`, `1` and `1.0` are three."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and all(
            key in b and alike(value, b[key]) for key, value in a.items()
        )
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        both_nan = a != a and b != b
        return both_nan or (a == b and copysign(1.0, a) == copysign(1.0, b))
    return a == b
