"""JSON as the book has it: one text, no member twice, no number or string out of range.

The library's scanner does the work; what it lets through is caught by its hooks, or, where a quick
look says that it might be there, by a second look. What may live here: reading and writing values,
not knowing what they mean.
"""

from __future__ import annotations

import json
import re
from math import isinf
from typing import Any, Final

from wirebook.reference.pgnet.errors import Malformed, Unencodable
from wirebook.spec.pgnet.states import DEPTH_MOST

_SAFE_DIGITS: Final = 308
"""An int of so many characters is below the greatest number of binary64."""
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read(text: str | bytes) -> dict[str, Any]:
    """Return the object that a JSON text is, or raise Malformed."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        value = _DECODER.decode(text)
    except Malformed:
        raise
    except RecursionError:
        raise _too_deep() from None
    except UnicodeDecodeError as error:
        raise Malformed("PGN-WSB-005", f"not UTF-8: {error.reason}") from None
    except ValueError as error:
        raise Malformed("PGN-JSN-002", f"not JSON: {_reason(error)}") from None
    if not isinstance(value, dict):
        raise Malformed("PGN-JSN-003", "not an object")
    if _SURROGATE.search(text) and not _is_encodable(value):
        raise Malformed("PGN-JSN-005", "a string has an unpaired surrogate")
    if text.count("{") + text.count("[") > DEPTH_MOST and _is_too_deep(value):
        raise _too_deep()
    return value


def write(value: dict[str, Any]) -> str:
    """Return the JSON text of an object, or raise Unencodable if a receiver would not take it."""
    try:
        text = _ENCODER.encode(value)
        read(text.encode())
    except Malformed as error:  # not an object, for instance
        raise Unencodable(error.reason, "PGN-JSN-001") from None
    except RecursionError:
        raise Unencodable("nested too deep", "PGN-JSN-001") from None
    except (TypeError, ValueError) as error:
        raise Unencodable(f"not JSON: {error}", "PGN-JSN-001") from None
    return text


def _too_deep() -> Malformed:
    return Malformed("PGN-JSN-008", f"nested more than {DEPTH_MOST} deep")


def _reason(error: ValueError) -> str:
    """Return what is wrong with a text, without any of the text."""
    return getattr(error, "msg", type(error).__name__)


def _is_encodable(value: object) -> bool:
    try:
        _ENCODER.encode(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_too_deep(value: object) -> bool:
    level: list[Any] = [value]
    for _ in range(DEPTH_MOST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise Malformed("PGN-JSN-004", "an object has a member twice")
    return found


def _int(digits: str) -> int:
    if len(digits) > _SAFE_DIGITS:
        _float(digits)
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise _too_great()
    return value


def _too_great() -> Malformed:
    return Malformed("PGN-JSN-006", "a number is too great")


def _constant(name: str) -> object:
    raise Malformed("PGN-JSN-002", f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_int, parse_float=_float, parse_constant=_constant
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
