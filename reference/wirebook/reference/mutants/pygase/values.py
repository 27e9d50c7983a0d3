"""Walks through values of MessagePack, for mutants that look for some or change them.

What may live here: functions of plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return the value with its scalars changed."""
    if isinstance(value, dict):
        return {changed(key, change): changed(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [changed(one, change) for one in value]
    return change(value)


def keys(value: Any) -> Iterator[Any]:
    """Yield all keys of the maps in a value."""
    if isinstance(value, list | dict):
        if isinstance(value, dict):
            yield from value
        for part in value.values() if isinstance(value, dict) else value:
            yield from keys(part)


def scalars(value: Any) -> Iterator[Any]:
    """Yield all scalars in a value, keys among them."""
    if isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from scalars(part)
    elif isinstance(value, list):
        for part in value:
            yield from scalars(part)
    else:
        yield value
