"""Mutants of the MessagePack profile: values that are written or read otherwise."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

import msgpack

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.mutants.pygase.values import changed, keys, scalars
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.errors import Malformed

_SINGLE = struct.Struct(">f")
_BITS = struct.Struct(">I")


@mutant("PGS-M080", "PGS-MSG-001", "Floats are sent in 64 bits.")
def floats_in_64_bits() -> None:
    """Write them as Python has them."""

    @override(codec, "pack_checked")
    def pack(original: Callable[[object], bytes], value: object) -> bytes:
        original(value)  # refuses what it always has
        packed: bytes = msgpack.packb(value)
        return packed


@mutant("PGS-M081", "PGS-MSG-001", "Floats are cut to 32 bits instead of rounded.")
def floats_are_cut() -> None:
    """Round towards zero."""
    _write(lambda value: _cut(value) if isinstance(value, float) else value)


@mutant(
    "PGS-M082", "PGS-MSG-002", "A finite float beyond the range of 32 bits is sent as infinity."
)
def overflow_is_infinite() -> None:
    """Make it infinite beforehand, and do not look for such floats."""

    def to_infinity(value: Any) -> Any:
        single = (
            not isinstance(value, float) or not math.isfinite(value) or codec.fits_single(value)
        )
        return value if single else math.copysign(math.inf, value)

    _write(to_infinity)

    @override(codec, "_has_overflow")
    def has_overflow(_original: Callable[[object], bool], _value: object) -> bool:
        return False


@mutant("PGS-M083", "PGS-MSG-003", "A package with infinities or NaN is discarded.")
def only_finite_floats() -> None:
    """Discard floats that are no numbers."""
    _discard(lambda value, _: isinstance(value, float) and not math.isfinite(value), "PGS-MSG-003")


@mutant(
    "PGS-M084", "PGS-MSG-003", "A package with a float that does not fit into 32 bits is discarded."
)
def only_single_floats() -> None:
    """Discard floats that only the longer format has."""
    _discard(
        lambda value, _: isinstance(value, float) and math.isfinite(value) and _cut(value) != value,
        "PGS-MSG-003",
    )


@mutant("PGS-M085", "PGS-MSG-004", "A bin that is valid UTF-8 arrives as a str.")
def bins_arrive_as_strs() -> None:
    """Decode every bin that can be decoded."""

    @override(codec, "unpack")
    def unpack(original: Callable[[bytes], Any], octets: bytes) -> Any:
        return changed(original(octets), _decoded)


@mutant("PGS-M086", "PGS-MSG-004", "An empty bin is sent as an empty str.")
def empty_bins_are_strs() -> None:
    """Write a str instead."""
    _write(lambda value: "" if value == b"" else value)


@mutant(
    "PGS-M087",
    "PGS-MSG-005",
    "A package with an integer in a longer format than it needs is discarded.",
)
def only_shortest_integers() -> None:
    """Discard what is longer than it need be, but for floats and the lengths of strs."""

    @override(codec, "unpack")
    def unpack(original: Callable[[bytes], Any], octets: bytes) -> Any:
        value = original(octets)
        if not any(type(one) is float for one in scalars(value)):
            shortest: bytes = msgpack.packb(value)
            if len(octets) > len(shortest):
                raise Malformed("PGS-MSG-005", "a mutant wants the shortest format")
        return value


@mutant("PGS-M088", "PGS-MSG-007", "A tuple is sent as a map of its elements by their numbers.")
def tuples_are_maps() -> None:
    """Write another kind of value."""

    @override(codec, "pack")
    def pack(original: Callable[[object], bytes], value: object) -> bytes:
        return original(_tuples_as_maps(value))


@mutant("PGS-M089", "PGS-MSG-008", "Extension types of the application are taken as bin.")
def extensions_are_bins() -> None:
    """Take the octets of an extension type with a code from 0 on."""

    @override(codec, "_refuse_extension")
    def refuse(original: Callable[..., Any], code: int, octets: bytes) -> Any:
        return octets if code >= 0 else original(code, octets)


@mutant("PGS-M090", "PGS-MSG-008", "Timestamps are accepted.")
def timestamps_are_accepted() -> None:
    """Do not look for them."""
    set_value(codec, "_ALL_BUT_EXTENSIONS", bytes(range(256)))


@mutant("PGS-M091", "PGS-MSG-009", "The reserved octet c1 is read as nil.")
def reserved_is_nil() -> None:
    """Read what is malformed once more, with nil."""
    _read_again("PGS-MSG-009", lambda octets: codec.unpack(octets.replace(b"\xc1", b"\xc0")))


@mutant("PGS-M092", "PGS-MSG-010", "In a str that is not valid UTF-8, the bad octets are replaced.")
def bad_utf8_is_replaced() -> None:
    """Read what is malformed once more, without being strict."""
    _read_again("PGS-MSG-010", lambda octets: _unpack(octets, "replace"))


@mutant("PGS-M093", "PGS-MSG-010", "Surrogates are accepted in a str, as if they were UTF-8.")
def surrogates_are_accepted() -> None:
    """Read what is malformed once more, with surrogates."""

    def read(octets: bytes) -> Any:
        try:
            return _unpack(octets, "surrogatepass")
        except UnicodeDecodeError:
            raise Malformed("PGS-MSG-010", "a str is not valid UTF-8") from None

    _read_again("PGS-MSG-010", read)


@mutant("PGS-M094", "PGS-MSG-011", "Of a key that a map has twice, the last value counts.")
def last_value_counts() -> None:
    """Accept every map that has keys."""
    _accept_keys("PGS-MSG-011", dict)


@mutant("PGS-M095", "PGS-MSG-011", "Numbers and booleans of equal value are different keys.")
def numbers_differ_by_type() -> None:
    """Accept keys that are equal but of several types."""

    def read(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
        if len({(type(key), key) for key, _ in pairs}) < len(pairs):
            raise Malformed("PGS-MSG-011", "a map has the same key twice")
        return dict(pairs)

    _accept_keys("PGS-MSG-011", read)


@mutant(
    "PGS-M096", "PGS-MSG-012", "A package with a map that has a key other than a str is discarded."
)
def only_str_keys() -> None:
    """Discard all other keys."""
    _discard(lambda value, is_key: is_key and type(value) is not str, "PGS-MSG-012")


@mutant("PGS-M097", "PGS-MSG-012", "A package with a map that has nil as a key is discarded.")
def no_nil_keys() -> None:
    """Discard one kind of key."""
    _discard(lambda value, is_key: is_key and value is None, "PGS-MSG-012")


@mutant("PGS-M098", "PGS-MSG-013", "An array or a map as a key is turned into text.")
def containers_as_keys() -> None:
    """Accept every map."""
    _accept_keys(
        "PGS-MSG-013",
        lambda pairs: {
            str(key) if isinstance(key, list | dict) else key: value for key, value in pairs
        },
    )


@mutant("PGS-M099", "PGS-MSG-014", "A package with an event or an update of depth 32 is discarded.")
def depth_31() -> None:
    """Accept a depth of 31 at most."""
    set_value(codec, "MAX_DEPTH", 31)


@mutant("PGS-M100", "PGS-MSG-015", "A depth of 33 is accepted.")
def depth_33() -> None:
    """Accept one level more."""
    set_value(codec, "MAX_DEPTH", 33)


@mutant("PGS-M101", "PGS-MSG-015", "Depth is not limited.")
def depth_400() -> None:
    """Accept what can be sent back."""
    set_value(codec, "MAX_DEPTH", 400)


def _write(change: Callable[[Any], Any]) -> None:
    """Write other values in the place of scalars."""

    @override(codec, "pack_checked")
    def pack(original: Callable[[object], bytes], value: object) -> bytes:
        return original(changed(value, change))


def _discard(bad: Callable[[Any, bool], bool], requirement: str) -> None:
    """Discard packages with a scalar that there is nothing wrong with."""

    @override(codec, "unpack")
    def unpack(original: Callable[[bytes], Any], octets: bytes) -> Any:
        value = original(octets)
        if any(bad(one, False) for one in scalars(value)) or any(bad(k, True) for k in keys(value)):
            raise Malformed(requirement, "a mutant does not want it")
        return value


def _read_again(requirement: str, read: Callable[[bytes], Any]) -> None:
    """Read in another way what breaks a requirement."""

    @override(codec, "unpack")
    def unpack(original: Callable[[bytes], Any], octets: bytes) -> Any:
        try:
            return original(octets)
        except Malformed as malformed:
            if malformed.requirement != requirement:
                raise
            return read(octets)


def _accept_keys(
    requirement: str, read: Callable[[Sequence[tuple[Any, Any]]], dict[Any, Any]]
) -> None:
    """Read in another way maps whose keys break a requirement."""

    @override(codec, "_map")
    def read_map(
        original: Callable[..., dict[Any, Any]], pairs: Sequence[tuple[Any, Any]]
    ) -> dict[Any, Any]:
        try:
            return original(pairs)
        except Malformed as malformed:
            if malformed.requirement != requirement:
                raise
            return read(pairs)


def _unpack(octets: bytes, unicode_errors: str) -> Any:
    return msgpack.unpackb(
        octets,
        strict_map_key=False,
        object_pairs_hook=codec._map,
        ext_hook=codec._refuse_extension,
        unicode_errors=unicode_errors,
    )


def _tuples_as_maps(value: Any) -> Any:
    if isinstance(value, tuple):
        return {number: _tuples_as_maps(one) for number, one in enumerate(value)}
    if isinstance(value, dict):
        return {key: _tuples_as_maps(one) for key, one in value.items()}
    return [_tuples_as_maps(one) for one in value] if isinstance(value, list) else value


def _decoded(value: Any) -> Any:
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _cut(value: float) -> float:
    """Return the float of 32 bits that is nearest towards zero."""
    if not math.isfinite(value):
        return value
    rounded: float = _SINGLE.unpack(_SINGLE.pack(value))[0]
    if abs(rounded) <= abs(value):
        return rounded
    cut: float = _SINGLE.unpack(_BITS.pack(_BITS.unpack(_SINGLE.pack(value))[0] - 1))[0]
    return cut
