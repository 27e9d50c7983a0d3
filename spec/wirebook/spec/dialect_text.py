"""The construct pieces for messages that are text: JSON and base64.

What may live here: pieces of the dialect, as in `dialect`, that read and write text; no protocol's
names and figures.
"""

# As in `dialect`:
# mypy: disallow-subclassing-any=False
# ruff: noqa: ARG002

from __future__ import annotations

import base64
import json
import re
from typing import Any as Untyped

from wirebook.spec.checks import Breach, Check, Rules, path_text
from wirebook.spec.dialect import Context, Leaf, Stream, WholeValue
from wirebook.spec.dissection import SHOWN
from wirebook.spec.dissection import Field as Seen
from wirebook.spec.json_text import Part, Reader, Run, encode
from wirebook.spec.shapes import Shape, doc_of, ignores

_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_STRUCTURE = {Part.KEY: ":key", Part.COMMA: ":comma", Part.CLOSE: ":end", Part.SPACE: ":space"}


class JsonText(WholeValue):
    """Exactly one JSON text of a given shape, up to the end of the input.

    `sent_rules` says which requirement each check serves where a sender makes it.
    """

    def __init__(self, shape: Shape, *, rules: Rules, sent_rules: Rules) -> None:
        super().__init__(shape, None, rules, sent_rules)

    def _reader(self, octets: bytes) -> Reader:
        return Reader(octets)

    def _encode(self, obj: object) -> bytes:
        return encode(obj)

    def _seen(self, run: Run, start: int, base: str) -> Seen:
        where, doc = path_text(base, run.keys), doc_of(self.shape, run.keys)
        structural = run.part is not Part.VALUE
        if run.part is Part.OPEN:
            where += ":object" if run.value == {} else ":array"
        elif structural:
            where, doc = where + _STRUCTURE[run.part], ""
        return Seen(
            start + run.offset,
            run.length,
            where,
            run.value,
            _show(run),
            doc,
            structural,
            ignores(self.shape, run.keys),
        )


class Base64(Leaf):
    """Octets as base64, in the standard alphabet and with padding.

    As many as `size` says, or else all up to the end of the input, which are at least `least`.
    """

    def __init__(self, size: int | None = None, *, least: int = 0) -> None:
        super().__init__()
        self.octets = size
        self.least = least
        self.size = None if size is None else 4 * -(-size // 3)
        """The octets of the text."""

    def _parse(self, stream: Stream, context: Context, path: str) -> bytes:
        offset = stream.tell()
        text = stream.read() if self.size is None else stream.read(self.size)
        matched = _BASE64.match(text)
        end = matched.end() if matched else 0
        if end < len(text):
            raise Breach(Check.BASE64, "no base64 with padding", offset=offset + end)
        data = base64.b64decode(text, validate=True)
        self._check_size(len(data), offset)
        return data

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        if not isinstance(obj, bytes):
            raise Breach(Check.TYPE, f"{type(obj).__name__} instead of octets")
        self._check_size(len(obj), 0)
        stream.write(base64.b64encode(obj))
        return obj

    def _check_size(self, size: int, offset: int) -> None:
        least = self.least if self.octets is None else self.octets
        if size < least:
            raise Breach(Check.SHORT, f"{size} octets instead of {least}", offset=offset)
        if self.octets is not None and size > least:
            raise Breach(Check.LONG, f"{size} octets instead of {least}", offset=offset)


def _show(run: Run) -> str:
    """Return the run in short, as it is written in JSON."""
    match run.part:
        case Part.OPEN:
            return "object" if run.value == {} else "array"
        case Part.COMMA | Part.CLOSE | Part.SPACE:
            return ""
    text: Untyped = json.dumps(run.value, ensure_ascii=False)
    return str(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
