"""Mutants of JSON as the book has it.

What may live here: what is taken for a JSON text, and how one is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import codec, strict_json, tunnel
from wirebook.reference.pgnet.errors import Malformed
from wirebook.spec.pgnet.states import DEPTH_MOST

_HOOKS: dict[str, Any] = {
    "object_pairs_hook": strict_json._object,
    "parse_int": strict_json._int,
    "parse_float": strict_json._float,
    "parse_constant": strict_json._constant,
}


def _decode_with(*, strict: bool = True, **changed: Any) -> None:
    """Have JSON scanned with some of the hooks changed."""
    hooks = {name: hook for name, hook in (_HOOKS | changed).items() if hook is not None}
    set_value(strict_json, "_DECODER", json.JSONDecoder(strict=strict, **hooks))


@mutant("PGN-M015", "PGN-JSN-001", "Boxes have their JSON in Latin-1 where that has the letters.")
def latin_1() -> None:
    """Write one octet for each letter."""

    @override(tunnel.Tunnel, "seal")
    def seal(_: Callable[..., str], made: tunnel.Tunnel, text: str) -> str:
        try:
            octets = text.encode("latin-1")
        except UnicodeEncodeError:
            octets = text.encode()
        nonce = made._prefix + made._counter.to_bytes(8, "big")
        made._counter += 1
        return tunnel.seal(octets, nonce, made._secret)


@mutant("PGN-M016", "PGN-JSN-001", "A message begins with a byte order mark if it is not ASCII.")
def byte_order_mark() -> None:
    """Put it in front."""

    @override(codec, "_write")
    def write(original: Callable[[Any], str], members: Any) -> str:
        text = original(members)
        return text if text.isascii() else f"\ufeff{text}"


@mutant("PGN-M017", "PGN-JSN-002", "`NaN` and `Infinity` are numbers.")
def not_a_number() -> None:
    """Leave them to the library, which reads them."""
    _decode_with(parse_constant=None)


@mutant("PGN-M018", "PGN-JSN-002", "What stands behind the JSON text is not looked at.")
def something_behind() -> None:
    """Stop reading at the end of the first text."""

    @override(strict_json, "read")
    def read(original: Callable[..., Any], text: str | bytes) -> Any:
        whole = text.decode() if isinstance(text, bytes) and _is_utf8(text) else text
        if isinstance(whole, str) and whole.startswith("{"):
            try:
                _, end = json.JSONDecoder().raw_decode(whole)
            except ValueError:
                return original(text)
            return original(whole[:end])
        return original(text)


@mutant("PGN-M019", "PGN-JSN-002", "Strings may have bare control characters.")
def control_characters() -> None:
    """Have the library let them through."""
    _decode_with(strict=False)


@mutant("PGN-M029", "PGN-JSN-002", "A byte order mark is skipped.")
def byte_order_mark_is_skipped() -> None:
    """Take it away."""

    @override(strict_json, "read")
    def read(original: Callable[..., Any], text: str | bytes) -> Any:
        if isinstance(text, bytes):
            return original(text.removeprefix("\ufeff".encode()))
        return original(text.removeprefix("\ufeff"))


@mutant("PGN-M020", "PGN-JSN-003", "A JSON value that is no object is taken for the `message`.")
def no_object() -> None:
    """Make an object of it."""

    @override(strict_json, "read")
    def read(original: Callable[..., Any], text: str | bytes) -> Any:
        try:
            return original(text)
        except Malformed as error:
            if error.requirement != "PGN-JSN-003":
                raise
            return {"message": str(json.loads(text))}


@mutant("PGN-M021", "PGN-JSN-004", "Of members that come twice the last one counts.")
def last_one_counts() -> None:
    """Make a dictionary of them."""
    _decode_with(object_pairs_hook=None)


@mutant("PGN-M022", "PGN-JSN-004", "Only the members of the message itself may not come twice.")
def twice_deeper() -> None:
    """Look at objects that have a message."""

    def twice(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(members)
        return strict_json._object(members) if "message" in found else found

    _decode_with(object_pairs_hook=twice)


@mutant("PGN-M023", "PGN-JSN-005", "Unpaired surrogates are let through.")
def unpaired_surrogates() -> None:
    """Look for none."""
    set_value(strict_json, "_SURROGATE", re.compile(r"(?!)"))


@mutant("PGN-M024", "PGN-JSN-006", "Numbers that are too great are infinite.")
def infinite() -> None:
    """Read numbers with a fraction or an exponent as the library does."""
    _decode_with(parse_float=None)


@mutant("PGN-M025", "PGN-JSN-006", "Integers may be of any size.")
def endless_integers() -> None:
    """Read numbers without a fraction as the library does."""
    _decode_with(parse_int=None)


@mutant("PGN-M026", "PGN-JSN-007", "A message that is nested 32 deep is nested too deep.")
def deep_is_too_deep() -> None:
    """Draw the limit one level above."""
    set_value(strict_json, "DEPTH_MOST", DEPTH_MOST - 1)


@mutant("PGN-M027", "PGN-JSN-008", "A message may be nested 33 deep.")
def one_deeper() -> None:
    """Draw the limit one level below."""
    set_value(strict_json, "DEPTH_MOST", DEPTH_MOST + 1)


@mutant("PGN-M028", "PGN-JSN-008", "A message may be nested as deep as the library can read it.")
def any_depth() -> None:
    """Draw no limit."""
    set_value(strict_json, "DEPTH_MOST", 1 << 40)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
