"""The test vectors of a book: loading, validation, and values that JSON lacks.

A file of vectors has a book, an origin and groups; a group has a type and tests, each of which
cites requirements. What may live here: what every user of the vectors needs to read them; running
them against something is the tests' business.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirebook.spec.extension import Ext

TYPES = ("decode", "encode", "reject", "arithmetic", "crypto", "transcript")
"""The types of groups."""
RESULTS = ("valid", "invalid", "acceptable")
"""What a test can expect of a receiver."""
ORIGINS = ("captured", "independent", "schema")
"""Where vectors can come from."""

_PLAIN_MOST = 2**53
_NEEDED = {
    ("decode", "valid"): ("hex", "value"),
    ("decode", "acceptable"): ("hex", "value"),
    ("encode", "valid"): ("value",),
    ("encode", "invalid"): ("value",),
    ("reject", "invalid"): ("hex",),
    ("arithmetic", "valid"): ("op", "a", "b", "value"),
    ("crypto", "valid"): ("kind",),
    ("crypto", "invalid"): ("kind",),
    ("transcript", "valid"): ("kind",),
}
"""The members that a test of a type and result has to have; other pairs make no sense."""

_TRANSCRIPTS = {
    "window": ("received", "effects", "ack", "ack_bitfield"),
    "merge": ("state", "updates", "value"),
    "sum": ("updates", "value"),
    "session": ("client_private_key", "server_private_key", "messages"),
    "stream": ("chunks", "packets"),
    "handshake": ("side", "received", "sent", "state"),
}
"""The members that a transcript of a kind has to have."""

_CRYPTO = {
    "key": ("value",),
    "open": ("hex", "private_key", "public_key"),
    "receive": ("hex", "private_key", "public_key", "read_as"),
    "seal": ("hex", "private_key", "public_key", "nonce", "value"),
}
"""The members that a test of cryptography of a kind has to have."""

_KINDS = {"transcript": _TRANSCRIPTS, "crypto": _CRYPTO}


class VectorError(ValueError):
    """A file of vectors breaks the format."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One test of a group."""

    id: str
    requirements: tuple[str, ...]
    comment: str
    result: str
    """One of `RESULTS`."""
    data: bytes
    """The octets of `hex`; empty where the type has none."""
    value: Any
    """The plain value; None where the type has none."""
    spans: tuple[tuple[int, int, str], ...]
    """Offset, length and path of fields."""
    detail: Mapping[str, Any]
    """The other members, with plain values: `op`, `a`, `b`, `kind`, `received`, `updates` …"""


@dataclass(frozen=True, slots=True)
class Group:
    """Tests of one type."""

    book: str
    file: str
    """Name of the file, without its folder."""
    origin: str
    type: str
    message: str
    """Name of the schema; "" where the type needs none."""
    comment: str
    tests: tuple[Vector, ...]


def load(book: str) -> tuple[Group, ...]:
    """Return all groups of a book, file by file, or raise VectorError."""
    groups: list[Group] = []
    seen: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / book / "vectors").glob("*.json")):
        for group in read(path):
            if group.book != book:
                raise VectorError(f"{path.name}: belongs to {group.book}, not to {book}")
            for test in group.tests:
                if test.id in seen:
                    raise VectorError(f"{path.name}: {test.id} is also in {seen[test.id]}")
                seen[test.id] = path.name
            groups.append(group)
    return tuple(groups)


def read(path: Path) -> Iterator[Group]:
    """Yield the groups of one file, or raise VectorError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise VectorError(f"{path.name}: {error}") from None
    where = path.name
    origin = _choice(document, "origin", ORIGINS, where)
    for number, group in enumerate(_member(document, "groups", where)):
        place = f"{where}: group {number}"
        kind = _choice(group, "type", TYPES, place)
        yield Group(
            book=_member(document, "book", where),
            file=where,
            origin=origin,
            type=kind,
            message=_member(group, "message", place) if kind in TYPES[:3] else "",
            comment=group.get("comment", ""),
            tests=tuple(_test(test, kind, place) for test in _member(group, "tests", place)),
        )


def from_typed(value: Any) -> Any:
    """Return the plain value that a typed JSON value stands for."""
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
            return Ext(content[0], bytes.fromhex(content[1]))
        if tag == "$map":
            return {from_typed(key): from_typed(item) for key, item in content}
        if tag.startswith("$"):
            raise VectorError(f"unknown typed value {tag}")
    return {key: from_typed(item) for key, item in value.items()}


def to_typed(value: Any) -> Any:
    """Return the typed JSON value that stands for a plain value."""
    if isinstance(value, float):
        return {"$float": value if math.isfinite(value) else str(value)}
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, Ext):
        return {"$ext": [value.code, value.data.hex()]}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _PLAIN_MOST:
        return {"$int": str(value)}
    if isinstance(value, list):
        return [to_typed(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_typed(item) for key, item in value.items()}
        return {"$map": [[to_typed(key), to_typed(item)] for key, item in value.items()]}
    return value


def same(a: Any, b: Any) -> bool:
    """Return whether two plain values are one: NaN is NaN, but 1 is neither 1.0 nor true."""
    return _canonical(a) == _canonical(b)


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        members = sorted(f"{_canonical(key)}:{_canonical(item)}" for key, item in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_canonical, value))}]"
    return json.dumps(to_typed(value))


def _test(test: Any, kind: str, place: str) -> Vector:
    name = _member(test, "id", place)
    place = f"{place}: {name}"
    requirements = tuple(_member(test, "requirements", place))
    if not requirements:
        raise VectorError(f"{place}: cites no requirement")
    result = _choice(test, "result", RESULTS, place)
    if (kind, result) not in _NEEDED:
        raise VectorError(f"{place}: a test of type {kind} cannot be {result}")
    for needed in _NEEDED[kind, result]:
        _member(test, needed, place)
    if kind in _KINDS:
        kinds = _KINDS[kind]
        for needed in kinds[_choice(test, "kind", tuple(kinds), place)]:
            _member(test, needed, place)
    known = {"id", "requirements", "comment", "result", "hex", "value", "spans"}
    try:
        return Vector(
            id=name,
            requirements=requirements,
            comment=test.get("comment", ""),
            result=result,
            data=bytes.fromhex(test.get("hex", "")),
            value=from_typed(test.get("value")),
            spans=tuple((offset, length, path) for offset, length, path in test.get("spans", ())),
            detail={key: from_typed(item) for key, item in test.items() if key not in known},
        )
    except (TypeError, ValueError) as error:
        raise VectorError(f"{place}: {error}") from None


def _member(holder: Any, key: str, place: str) -> Any:
    if not isinstance(holder, dict) or key not in holder:
        raise VectorError(f"{place}: has no {key!r}")
    return holder[key]


def _choice(holder: Any, key: str, choices: tuple[str, ...], place: str) -> str:
    chosen = _member(holder, key, place)
    if chosen not in choices:
        raise VectorError(f"{place}: {key} is {chosen!r}, not one of {', '.join(choices)}")
    return str(chosen)
