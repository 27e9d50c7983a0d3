"""The values of MessagePack that JSON lacks, as the control protocol writes them.

Runs in the environment of the original and imports nothing of the suite. What may live here: values
in both directions, with the package's own type for extension values.
"""

from __future__ import annotations

import importlib
from typing import Any

# By name, because checkers do not know the environment of the original.
umsgpack: Any = importlib.import_module("umsgpack")

EXACT_INTEGERS = 2**53


def to_typed(value: Any) -> Any:
    """Return the JSON value that stands for a value of the protocol."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= EXACT_INTEGERS else {"$int": str(value)}
    if isinstance(value, float):
        finite = value - value == 0
        return {"$float": value if finite else str(value)}
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, umsgpack.Ext):
        return {"$ext": [value.type, value.data.hex()]}
    if isinstance(value, list):
        return [to_typed(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_typed(item) for key, item in value.items()}
        return {"$map": [[to_typed(key), to_typed(item)] for key, item in value.items()]}
    # Whatever else the original lets through is no value of the protocol; say what it was.
    return {"$unknown": repr(value)}


def from_typed(value: Any) -> Any:
    """Return the value of the protocol that a JSON value stands for."""
    if isinstance(value, list):
        return [from_typed(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, content),) = value.items()
        if tag == "$float":
            return float(content)
        if tag == "$bin":
            return bytes.fromhex(content)
        if tag == "$int":
            return int(content)
        if tag == "$ext":
            return umsgpack.Ext(content[0], bytes.fromhex(content[1]))
        if tag == "$map":
            return {from_typed(key): from_typed(item) for key, item in content}
    return {key: from_typed(item) for key, item in value.items()}
