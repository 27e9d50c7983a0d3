"""JSON as it may be written: as the books' senders do, in any other way, or broken.

What may live here: values and trees to octets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from wirebook.fuzz.schemas.messagepack import Into
from wirebook.fuzz.schemas.trees import Pick

_NONE = object()
"""The key of an item."""
_SPACES = (b"", b" ", b"\n", b"\t", b"\r\n  ")


class Writer:
    """Writes values; with a `pick`, in any of the ways that a receiver has to accept."""

    def __init__(self, out: bytearray, pick: Pick | None, into: Into) -> None:
        self._out = out
        self._pick = pick
        self._into = into

    def write(self, value: Any) -> None:
        """Write a value or a tree."""
        if isinstance(value, dict):
            self._many(b"{", value.items(), b"}")
        elif isinstance(value, list):
            self._many(b"[", ((_NONE, item) for item in value), b"]")
        elif isinstance(value, str):
            self._text(value)
        elif value is None or isinstance(value, bool | int | float):
            self._out += number_of(value)
        elif not self._into(self._out, value, self.write):
            raise TypeError(f"a {type(value).__name__} has no place in JSON")

    def _many(self, opened: bytes, items: Iterable[tuple[Any, Any]], closed: bytes) -> None:
        out = self._out
        out += opened
        for index, (key, item) in enumerate(items):
            if index:
                out += b"," + self._space()
            if key is not _NONE:
                self.write(key)
                out += b":" + self._space()
            self.write(item)
        if self._pick:
            out += self._space()
        out += closed

    def _space(self) -> bytes:
        return _SPACES[self._pick(len(_SPACES))] if self._pick else b" "

    def _text(self, value: str) -> None:
        way = self._pick(4) if self._pick else 0
        if way < 2:
            self._out += json.dumps(value, ensure_ascii=way == 0).encode()
        elif way == 2:
            self._out += json.dumps(value).replace("/", "\\/").encode()
        else:
            self._out += escaped(value)


def number_of(value: float | None) -> bytes:
    """Return what JSON has for a number or a literal; NaN and infinities are not checked for."""
    return json.dumps(value).encode()


def escaped(value: str) -> bytes:
    """Return a string of nothing but escapes."""
    units = value.encode("utf-16-be", "surrogatepass")
    text = "".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2))
    return f'"{text}"'.encode()
