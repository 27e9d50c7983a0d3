"""The few construct pieces that all schemas are written in.

A schema is a `Message` around a `Layout` of named `Field`s; each has one line of doc, and says
which requirement each of its checks serves. Parsing either takes the whole input or raises a
`Breach` that knows the requirement and the offset; building either gives octets that parse again or
raises a `Breach`. There are no lambdas here, and nothing calls `.compile()`, which would accept
malformed input. What may live here: pieces that more than one book needs, or that one book needs
twice; no protocol's names and figures. The shapes of the values inside a body are in `shapes`.
"""

# construct has no types, so each of its classes is Any to mypy:
# mypy: disallow-subclassing-any=False
# What it calls in a subclass is private by name, and always gets a context and a path:
# ruff: noqa: ARG002, SLF001

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any as Untyped

import construct

from wirebook.spec.checks import Breach, Check, Rules, path_text
from wirebook.spec.dissection import Field as Seen
from wirebook.spec.dissection import show
from wirebook.spec.messagepack import STRICT, Part, Profile, Reader, Run, encode
from wirebook.spec.shapes import Shape, doc_of

Stream = io.BytesIO
Context = Untyped


class Leaf(construct.Construct):
    """A piece that is one field on the wire."""

    def show(self, value: Untyped) -> str:
        """Return the value in short."""
        return show(value)


class Uint(Leaf):
    """An unsigned integer of `size` octets in network byte order."""

    def __init__(self, size: int, *, least: int = 0, most: int | None = None) -> None:
        super().__init__()
        self.size = size
        self.least = least
        self.most = 256**size - 1 if most is None else most

    def _parse(self, stream: Stream, context: Context, path: str) -> int:
        offset = stream.tell()
        value = int.from_bytes(_take(stream, self.size))
        self._check_range(value, offset)
        return value

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        if type(obj) is not int:
            raise Breach(Check.TYPE, f"{type(obj).__name__} instead of an integer")
        self._check_range(obj, 0)
        stream.write(obj.to_bytes(self.size))
        return obj

    def _sizeof(self, context: Context, path: str) -> int:
        return self.size

    def _check_range(self, value: int, offset: int) -> None:
        if not self.least <= value <= self.most:
            reason = f"{value} is not within {self.least} to {self.most}"
            raise Breach(Check.RANGE, reason, offset=offset)


class Bits(Uint):
    """An unsigned integer that is read bit by bit."""

    def show(self, value: Untyped) -> str:
        """Return the bits, the most significant one first."""
        return f"{value:0{8 * self.size}b}"


class Magic(Leaf):
    """Octets that never change; a value to build from may leave them out."""

    def __init__(self, octets: bytes) -> None:
        super().__init__()
        self.octets = octets
        self.size = len(octets)
        self.flagbuildnone = True

    def _parse(self, stream: Stream, context: Context, path: str) -> bytes:
        offset = stream.tell()
        found = _take(stream, self.size)
        if found != self.octets:
            reason = f"{found.hex(' ')} instead of {self.octets.hex(' ')}"
            raise Breach(Check.CONSTANT, reason, offset=offset)
        return found

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        if obj is not None and obj != self.octets:
            raise Breach(Check.CONSTANT, f"{show(obj)} instead of {self.octets.hex(' ')}")
        stream.write(self.octets)
        return self.octets

    def _sizeof(self, context: Context, path: str) -> int:
        return self.size


class Word(Leaf):
    """One of a few ASCII words, up to the end of the input."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words

    def _parse(self, stream: Stream, context: Context, path: str) -> str:
        offset = stream.tell()
        found = stream.read()
        for word in self.words:
            if found == word.encode("ascii"):
                return word
        raise Breach(Check.CONSTANT, f"none of {', '.join(self.words)}", offset=offset)

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        if not isinstance(obj, str) or obj not in self.words:
            raise Breach(Check.CONSTANT, f"{show(obj)} is none of {', '.join(self.words)}")
        stream.write(obj.encode("ascii"))
        return obj


class Field(construct.Renamed):
    """A named part of a layout: what it is for, and which requirement each check of it serves."""

    def __init__(
        self,
        name: str,
        piece: construct.Construct,
        doc: str,
        rules: Rules | None = None,
        cites: Sequence[str] = (),
    ) -> None:
        super().__init__(piece, newname=name, newdocs=doc)
        self.rules: Rules = rules or {}
        self.cites = tuple(cites)
        """Requirements about the field that no check of the schema serves."""

    def _parse(self, stream: Stream, context: Context, path: str) -> object:
        path = _join(path, self.name)
        offset = stream.tell()
        try:
            value: object = self.subcon._parse(stream, context, path)
        except Breach as breach:
            breach.attribute(self.rules)
            raise
        if isinstance(self.subcon, Leaf):
            length, text = stream.tell() - offset, self.subcon.show(value)
            note(context, Seen(offset, length, path, value, text, self.docs))
        return value

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        path = _join(path, self.name)
        try:
            return self.subcon._build(obj, stream, context, path)
        except Breach as breach:
            breach.attribute(self.rules)
            breach.where = breach.where or path
            raise


class Layout(construct.Struct):
    """Fields one after the other. Its value is a plain dict, and has no other keys."""

    def __init__(self, *fields: Field, rules: Rules | None = None) -> None:
        super().__init__(*fields)
        self.rules: Rules = rules or {}

    def _parse(self, stream: Stream, context: Context, path: str) -> dict[str, object]:
        try:
            parsed = super()._parse(stream, context, path)
        except Breach as breach:
            breach.attribute(self.rules)
            raise
        return {field.name: parsed[field.name] for field in self.subcons}

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        if not isinstance(obj, dict):
            raise Breach(Check.TYPE, f"{type(obj).__name__} instead of a dict")
        names = {field.name for field in self.subcons}
        needed = {field.name for field in self.subcons if not field.flagbuildnone}
        if missing := sorted(needed - obj.keys()):
            raise Breach(Check.MISSING, f"no {', '.join(missing)}")
        if unknown := sorted(str(key) for key in obj.keys() - names):
            raise Breach(Check.UNKNOWN, f"unknown {', '.join(unknown)}")
        return super()._build(obj, stream, context, path)


class Block(construct.Subconstruct):
    """A piece with its length in front, in `size` octets; the piece takes all of them."""

    def __init__(
        self,
        size: int,
        piece: construct.Construct,
        doc: str,
        *,
        least: int = 0,
        most: int | None = None,
    ) -> None:
        super().__init__(piece)
        self.prefix = Uint(size)
        self.doc = doc
        self.least = least
        self.most = self.prefix.most if most is None else most

    def _parse(self, stream: Stream, context: Context, path: str) -> object:
        offset = stream.tell()
        length = self.prefix._parse(stream, context, path)
        note(
            context,
            Seen(offset, self.prefix.size, path + ":length", length, str(length), self.doc, True),
        )
        if length < self.least:
            reason = f"{length} octets announced instead of at least {self.least}"
            raise Breach(Check.UNDERRUN, reason, offset=offset)
        if length > self.most:
            reason = f"{length} octets announced instead of at most {self.most}"
            raise Breach(Check.LONG, reason, offset=offset)
        start = stream.tell()
        data = stream.read(length)
        if len(data) < length:
            reason = f"{length} octets announced, {len(data)} there"
            raise Breach(Check.OVERRUN, reason, offset=offset)
        inside = construct.core.BytesIOWithOffsets(data, stream, start)
        return self.subcon._parse(inside, context, path)

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        inside = io.BytesIO()
        self.subcon._build(obj, inside, context, path)
        data = inside.getvalue()
        if len(data) > self.most and self.most < self.prefix.most:
            reason = f"{len(data)} octets instead of at most {self.most}"
            raise Breach(Check.TOO_LARGE, reason)
        self.prefix._build(len(data), stream, context, path)
        stream.write(data)
        return obj


class UntilEof(construct.Subconstruct):
    """A piece again and again, up to the end of the input; one that is cut off is a breach."""

    def _parse(self, stream: Stream, context: Context, path: str) -> list[object]:
        found: list[object] = []
        while not construct.stream_iseof(stream):
            found.append(self.subcon._parse(stream, context, f"{path}[{len(found)}]"))
        return found

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        if not isinstance(obj, list):
            raise Breach(Check.TYPE, f"{type(obj).__name__} instead of a list")
        for index, item in enumerate(obj):
            self.subcon._build(item, stream, context, f"{path}[{index}]")
        return obj


class WholeValue(construct.Construct):
    """Exactly one value of a notation of its own, up to the end of the input, of a given shape.

    `sent` and `sent_rules` are what a sender keeps to where a receiver is more generous.
    """

    def __init__(self, shape: Shape, sent: Shape | None, rules: Rules, sent_rules: Rules) -> None:
        super().__init__()
        self.shape = shape
        self.sent = sent or shape
        self.rules = rules
        self.sent_rules = sent_rules

    def _reader(self, octets: bytes) -> Untyped:
        """Return what reads the notation: `read`, `runs` and `offset_of`."""
        raise NotImplementedError

    def _encode(self, obj: object) -> bytes:
        """Return a value in the notation, or raise Breach."""
        raise NotImplementedError

    def _seen(self, run: Untyped, start: int, base: str) -> Seen:
        """Return what a run of the reader is to somebody who looks at the octets."""
        raise NotImplementedError

    def _parse(self, stream: Stream, context: Context, path: str) -> object:
        start = stream.tell()
        reader = self._reader(stream.read())
        try:
            value = reader.read()
            self._check_shape(value, reader)
        except Breach as breach:
            breach.attribute(self.rules)
            breach.offset += start
            raise
        finally:
            for run in reader.runs if traced(context) else ():
                note(context, self._seen(run, start, _base(path)))
        return value

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        try:
            data = self._encode(obj)
            self.sent.check(obj, ())
        except Breach as breach:
            breach.attribute(self.sent_rules)
            breach.where = path_text(_base(path), breach.keys)
            raise
        stream.write(data)
        return obj

    def _check_shape(self, value: object, reader: Untyped) -> None:
        try:
            self.shape.check(value, ())
        except Breach as breach:
            breach.offset = reader.offset_of(breach.keys, key=breach.about_key)
            raise


def _base(path: str) -> str:
    return "" if path.startswith("(") else path


class MessagePack(WholeValue):
    """Exactly one MessagePack value of a given shape, up to the end of the input."""

    def __init__(
        self,
        shape: Shape,
        *,
        rules: Rules,
        profile: Profile = STRICT,
        sent: Shape | None = None,
        sent_rules: Rules | None = None,
    ) -> None:
        super().__init__(shape, sent, rules, rules if sent_rules is None else sent_rules)
        self.profile = profile

    def _reader(self, octets: bytes) -> Reader:
        return Reader(octets, self.profile)

    def _encode(self, obj: object) -> bytes:
        return encode(obj, self.profile)

    def _seen(self, run: Run, start: int, base: str) -> Seen:
        where, doc = path_text(base, run.keys), doc_of(self.sent, run.keys)
        if run.part is Part.VALUE or (run.part is Part.HEAD and not run.count):
            return Seen(start + run.offset, run.length, where, run.value, show(run.value), doc)
        if run.part is Part.KEY:
            where, text = f"{where}:key", show(run.value)
            return Seen(start + run.offset, run.length, where, run.value, text, "", True)
        kind = "map" if run.value == {} else "array"
        where, text = f"{where}:{kind}", f"{kind} of {run.count}"
        return Seen(start + run.offset, run.length, where, run.count, text, doc, True)


class Message(construct.Subconstruct):
    """The outermost piece: a message from its first octet to its last, within its size.

    Without a `most`, a length inside limits it.
    """

    def __init__(
        self,
        doc: str,
        piece: construct.Construct,
        *,
        least: int,
        most: int | None,
        rules: Rules,
        datagram: bool = True,
    ) -> None:
        super().__init__(piece)
        self.doc = doc
        self.least = least
        self.most = most
        self.rules = rules
        self.datagram = datagram
        """Whether it travels on its own; the others are parts of messages."""

    def _parse(self, stream: Stream, context: Context, path: str) -> object:
        data = stream.read()
        inside = io.BytesIO(data)
        try:
            self._check_size(data)
        except Breach as breach:
            breach.attribute(self.rules)
            with suppress(Breach):  # for the dissection: what is there can still be named
                self.subcon._parse(inside, context, path)
            raise
        try:
            value: object = self.subcon._parse(inside, context, path)
            if left := len(data) - inside.tell():
                reason = f"{left} octets left over"
                raise Breach(Check.LEFT_OVER, reason, offset=inside.tell())
        except Breach as breach:
            breach.attribute(self.rules)
            raise
        return value

    def _build(self, obj: object, stream: Stream, context: Context, path: str) -> object:
        inside = io.BytesIO()
        try:
            self.subcon._build(obj, inside, context, path)
            if self.most is not None and (size := inside.tell()) > self.most:
                raise Breach(Check.TOO_LARGE, f"{size} octets instead of at most {self.most}")
        except Breach as breach:
            breach.attribute(self.rules)
            raise
        stream.write(inside.getvalue())
        return obj

    def _check_size(self, data: bytes) -> None:
        if len(data) < self.least:
            reason = f"{len(data)} octets instead of at least {self.least}"
            raise Breach(Check.SHORT, reason, offset=len(data))
        if self.most is not None and len(data) > self.most:
            reason = f"{len(data)} octets instead of at most {self.most}"
            raise Breach(Check.LONG, reason, offset=self.most)


def _take(stream: Stream, size: int) -> bytes:
    offset = stream.tell()
    data = stream.read(size)
    if len(data) < size:
        reason = f"{len(data)} of {size} octets"
        raise Breach(Check.SHORT, reason, offset=offset + len(data))
    return data


def _join(path: str, name: str) -> str:
    return name if path.startswith("(") else f"{path}.{name}"


def traced(context: Context) -> bool:
    """Tell whether a dissection is made."""
    return context._params.get("trace") is not None


def note(context: Context, field: Seen) -> None:
    """Add a field to the dissection, if one is made."""
    trace = context._params.get("trace")
    if trace is not None:
        trace.append(field)
