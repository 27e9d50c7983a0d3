"""MessagePack as the books restrict it, read value by value so that every octet has an owner.

All decoding and encoding of values is done by the msgpack library; what is added here is where each
value stands, and the checks that the library leaves to its callers. Which requirement each of them
serves is said by a book's schemas. What may live here: the reader, the writer and their checks; no
shapes of bodies.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from enum import Enum, auto

import msgpack

from wirebook.spec.checks import Breach, Check
from wirebook.spec.extension import CODE_LEAST, CODE_MOST, Ext

DEPTH_LIMIT = 32
INT_LEAST, INT_MOST = -(2**63), 2**64 - 1

_RESERVED = 0xC1
_EXTENSION_LENGTHS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_EXTENSIONS = _EXTENSION_LENGTHS.keys() | _FIXED_EXTENSIONS.keys()
_ARRAYS = frozenset({*range(0x90, 0xA0), 0xDC, 0xDD})
_MAPS = frozenset({*range(0x80, 0x90), 0xDE, 0xDF})


@dataclass(frozen=True, slots=True)
class Profile:
    """What a book has decided where MessagePack leaves a choice."""

    extensions: bool = False
    """Whether extension types are values; else they are refused."""
    single_floats: bool = True
    """Whether floats are sent in 32 bits."""
    bin_as_text: bool = False
    """Whether a bin that is valid UTF-8 is read as the str of the same octets."""
    scalars_deep: bool = False
    """Whether a scalar has a depth of its own: of 1, as an empty array has."""


STRICT = Profile()
"""No extension types, floats of 32 bits, a bin is a bin, only arrays and maps have a depth."""


class Part(Enum):
    """What a run of octets is to the value that it belongs to."""

    VALUE = auto()
    """A scalar."""
    KEY = auto()
    """The key under which the next value stands."""
    HEAD = auto()
    """The type and count of an array or a map."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of octets with one meaning; the runs of a value cover it without gaps."""

    offset: int
    length: int
    part: Part
    keys: tuple[object, ...]
    """The way from the outermost value to this one."""
    value: object
    """The scalar, the key, or an empty container of the right type for a HEAD."""
    count: int = 0
    """The number of elements or members, for a HEAD."""


@dataclass(slots=True)
class Reader:
    """Reads exactly one value, and keeps the runs that it has seen even where it fails."""

    data: bytes
    profile: Profile = STRICT
    runs: list[Run] = field(default_factory=list)
    _unpacker: msgpack.Unpacker = field(init=False)

    def __post_init__(self) -> None:
        self._unpacker = msgpack.Unpacker(raw=False, use_list=True, strict_map_key=False)
        self._unpacker.feed(self.data)

    def read(self) -> object:
        """Return the value, or raise a Breach whose offset counts from the first octet."""
        value = self._value(())
        end = self._tell()
        if end < len(self.data):
            raise Breach(Check.VALUE, f"{len(self.data) - end} octets left over", offset=end)
        return value

    def offset_of(self, keys: tuple[object, ...], *, key: bool) -> int:
        """Return where the value at `keys` begins, or its key."""
        for run in self.runs:
            if run.keys == keys and (run.part is Part.KEY) is key:
                return run.offset
        return 0

    def _tell(self) -> int:
        offset: int = self._unpacker.tell()
        return offset

    def _value(self, keys: tuple[object, ...]) -> object:
        head = self._head(keys)
        if head in _ARRAYS:
            return self._array(keys)
        if head in _MAPS:
            return self._map(keys)
        return self._scalar(keys, Part.VALUE)

    def _head(self, keys: tuple[object, ...]) -> int:
        offset = self._tell()
        if offset >= len(self.data):
            raise _incomplete(offset, keys)
        head = self.data[offset]
        if head == _RESERVED:
            raise Breach(Check.RESERVED, "reserved octet c1", offset=offset, keys=keys)
        if head in _EXTENSIONS and not self.profile.extensions:
            raise Breach(Check.EXTENSION, "an extension type", offset=offset, keys=keys)
        deep = self.profile.scalars_deep or head in _ARRAYS or head in _MAPS
        if deep and len(keys) >= DEPTH_LIMIT:
            raise Breach(Check.DEPTH, f"deeper than {DEPTH_LIMIT}", offset=offset, keys=keys)
        return head

    def _array(self, keys: tuple[object, ...]) -> list[object]:
        count = self._count(keys, [])
        return [self._value((*keys, index)) for index in range(count)]

    def _map(self, keys: tuple[object, ...]) -> dict[object, object]:
        count = self._count(keys, {})
        members: dict[object, object] = {}
        for _ in range(count):
            offset = self._tell()
            head = self._head(keys)
            if head in _ARRAYS or head in _MAPS or head in _EXTENSIONS:
                reason = "an array, a map or an extension value as a key"
                raise Breach(Check.CONTAINER_KEY, reason, offset=offset, keys=keys)
            key = self._scalar(keys, Part.KEY)
            if key in members:  # so 1, 1.0 and true are one key
                raise Breach(Check.DUPLICATE, f"key {key!r} twice", offset=offset, keys=keys)
            members[key] = self._value((*keys, key))
        return members

    def _count(self, keys: tuple[object, ...], empty: list[object] | dict[object, object]) -> int:
        offset = self._tell()
        array = isinstance(empty, list)
        read = self._unpacker.read_array_header if array else self._unpacker.read_map_header
        try:
            count: int = read()
        except msgpack.OutOfData:
            raise _incomplete(offset, keys) from None
        length = self._tell() - offset
        self.runs.append(Run(offset, length, Part.HEAD, keys, empty, count))
        return count

    def _scalar(self, keys: tuple[object, ...], part: Part) -> object:
        offset = self._tell()
        try:
            extension = self.data[offset] in _EXTENSIONS
            value = self._extension() if extension else self._unpacker.unpack()
        except msgpack.OutOfData:
            raise _incomplete(offset, keys) from None
        except UnicodeDecodeError as error:
            raise Breach(
                Check.UTF8, f"invalid UTF-8: {error.reason}", offset=offset, keys=keys
            ) from None
        if self.profile.bin_as_text and isinstance(value, bytes):
            value = _text(value)
        at = (*keys, value) if part is Part.KEY else keys
        self.runs.append(Run(offset, self._tell() - offset, part, at, value))
        return value

    def _extension(self) -> Ext:
        """Return an extension value; the library would make a time of some."""
        (head,) = self._take(1)
        fixed = _FIXED_EXTENSIONS.get(head)
        size = int.from_bytes(self._take(_EXTENSION_LENGTHS[head])) if fixed is None else fixed
        code = int.from_bytes(self._take(1), signed=True)
        return Ext(code, self._take(size))

    def _take(self, size: int) -> bytes:
        data: bytes = self._unpacker.read_bytes(size)
        if len(data) < size:
            raise msgpack.OutOfData
        return data


def _text(octets: bytes) -> str | bytes:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets


def _incomplete(offset: int, keys: tuple[object, ...]) -> Breach:
    return Breach(Check.VALUE, "the value is incomplete", offset=offset, keys=keys)


def encode(value: object, profile: Profile = STRICT) -> bytes:
    """Return `value` in MessagePack, each part of it in the shortest format that there is."""
    return _Writer(profile).encode(value)


class _Writer:
    """Writes one value; a subclass of a type is refused, whatever it may mean."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._packer = msgpack.Packer(
            use_single_float=profile.single_floats, use_bin_type=True, autoreset=False
        )

    def encode(self, value: object) -> bytes:
        self._write(value, ())
        packed: bytes = self._packer.bytes()
        return packed

    def _write(self, value: object, keys: tuple[object, ...]) -> None:
        kind = type(value)
        deep = self._profile.scalars_deep or kind is list or kind is dict
        if deep and len(keys) >= DEPTH_LIMIT:
            raise Breach(Check.DEPTH, f"deeper than {DEPTH_LIMIT}", keys=keys)
        if isinstance(value, list) and kind is list:
            self._packer.pack_array_header(len(value))
            for index, item in enumerate(value):
                self._write(item, (*keys, index))
        elif isinstance(value, dict) and kind is dict:
            self._write_map(value, keys)
        elif isinstance(value, Ext) and self._profile.extensions:
            _check_extension(value, keys)
            self._packer.pack_ext_type(value.code, value.data)
        else:
            self._packer.pack(self._scalar(value, keys))

    def _write_map(self, value: dict[object, object], keys: tuple[object, ...]) -> None:
        self._packer.pack_map_header(len(value))
        sent = set()
        for key, item in value.items():
            if isinstance(key, Ext):
                reason = "an extension value as a key"
                raise Breach(Check.CONTAINER_KEY, reason, keys=(*keys, key), about_key=True)
            scalar = self._scalar(key, (*keys, key))
            if scalar in sent:  # two floats can be one once they are rounded
                raise Breach(Check.DUPLICATE, f"key {scalar!r} twice", keys=keys)
            sent.add(scalar)
            self._packer.pack(scalar)
            self._write(item, (*keys, key))

    def _scalar(self, value: object, keys: tuple[object, ...]) -> object:
        """Return `value` as its reader will see it."""
        kind = type(value)
        if value is None or kind is bool or kind is bytes:
            return value
        if isinstance(value, float) and kind is float:
            return _rounded(value, keys) if self._profile.single_floats else value
        if isinstance(value, int) and kind is int:
            if not INT_LEAST <= value <= INT_MOST:
                raise Breach(Check.RANGE, f"{value} is beyond 64 bits", keys=keys)
            return value
        if isinstance(value, str) and kind is str:
            try:
                value.encode()
            except UnicodeEncodeError:
                raise Breach(Check.UTF8, "a str that UTF-8 cannot encode", keys=keys) from None
            return value
        raise Breach(Check.TYPE, f"a {kind.__name__} has no place in MessagePack", keys=keys)


def _check_extension(value: Ext, keys: tuple[object, ...]) -> None:
    if type(value.code) is not int or type(value.data) is not bytes:
        raise Breach(Check.TYPE, "an extension value is a number and octets", keys=keys)
    if not CODE_LEAST <= value.code <= CODE_MOST:
        reason = f"extension {value.code} is not within {CODE_LEAST} to {CODE_MOST}"
        raise Breach(Check.RANGE, reason, keys=keys)


def _rounded(value: float, keys: tuple[object, ...]) -> float:
    """Return the nearest float of 32 bits, ties to even."""
    if not math.isfinite(value):
        return value
    try:
        (rounded,) = struct.unpack(">f", struct.pack(">f", value))
    except OverflowError:
        raise Breach(Check.FLOAT, f"{value!r} is beyond a 32-bit float", keys=keys) from None
    return float(rounded)
