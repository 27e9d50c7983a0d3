"""Whether a receiver accepts a plain value, by the neutral form of its shape.

What may live here: that question, for the bodies of messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wirebook.fuzz.schemas.nodes import Json, Notation


def conforms(form: Json, value: Any, notation: Notation) -> bool:
    """Tell whether a value has a shape."""
    value = read_as(value, notation)
    if form.get("nullable") and value is None:
        return True
    match form["type"]:
        case "any":
            return True
        case "nil":
            return value is None
        case "bool":
            return isinstance(value, bool)
        case "str":
            return isinstance(value, str)
        case "int":
            return _is_integer(form, value)
        case "array":
            return isinstance(value, list) and all(
                conforms(form["items"], item, notation) for item in value
            )
        case "map":
            return isinstance(value, dict) and all(
                isinstance(read_as(key, notation), str) and conforms(form["values"], item, notation)
                for key, item in value.items()
            )
    return isinstance(value, dict) and _is_record(form, value, notation)


def read_as(value: Any, notation: Notation) -> Any:
    """Return a scalar as its receiver reads it: a bin may be a text."""
    if notation.bin_as_text and isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return value


def _is_integer(form: Json, value: Any) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    least, most = form["least"], form["most"]
    return (least is None or value >= least) and (most is None or value <= most)


def _is_record(form: Json, value: Mapping[Any, Any], notation: Notation) -> bool:
    members = {read_as(key, notation): item for key, item in value.items()}
    if not form["any_keys"] and not all(isinstance(key, str) for key in members):
        return False
    for key in form["keys"]:
        if key["name"] in members:
            if not conforms(key, members.pop(key["name"]), notation):
                return False
        elif key["required"]:
            return False
    others = form["others"]
    if others is None:
        return not members
    return all(conforms(others, item, notation) for item in members.values())
