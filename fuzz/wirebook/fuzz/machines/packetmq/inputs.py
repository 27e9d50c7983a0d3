"""What comes to a side, read by the book's schemas: which input of the state table each frame is.

What may live here: cutting a stream into frames, and classifying these. What an input leads to is
the model's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import (
    BOOK,
    FINISH,
    FIRST_APPLICATION_ID,
    INIT,
    INTERNAL,
    LENGTH_MOST,
    LENGTH_OCTETS,
    PUBIDS,
    SOFTQUIT,
    VERSION,
)
from wirebook.spec.books import Malformed
from wirebook.spec.packetmq.states import Input, Reason

_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Given:
    """An input, with what there is to know of it."""

    input: Input
    value: Any = None
    """The payload; the reason of a softquit; the id map of `handshake_pubids`."""
    rule: str = ""
    """The requirement that makes it what it is, where the table does not name it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What a side knows when it reads a frame."""

    adaptive: bool
    active: bool
    names: Mapping[int, str]
    """The packets of the application by the ids of this connection."""
    own_names: frozenset[str]
    offered: frozenset[int] = frozenset()
    """The ids that the peer has told of, which an enforcing side does not go by."""


def cut(stream: bytes) -> tuple[list[bytes], bytes, str]:
    """Return the frames that a stream begins with, the rest, and the rule that the rest breaks."""
    found: list[bytes] = []
    at = 0
    while len(stream) - at >= LENGTH_OCTETS:
        length = int.from_bytes(stream[at : at + LENGTH_OCTETS])
        if length > LENGTH_MOST:
            return found, stream[at:], "PMQ-FRM-005"
        if length < _SHORTEST:
            return found, stream[at:], "PMQ-FRM-006"
        end = at + LENGTH_OCTETS + length
        if end > len(stream):
            break
        found.append(stream[at:end])
        at = end
    return found, stream[at:], ""


def classify(frame: bytes, reader: Reader) -> Given:
    """Return which input a whole frame is; checks are made in the order that the book names."""
    number = int.from_bytes(frame[LENGTH_OCTETS : LENGTH_OCTETS + 2])
    if number >= FIRST_APPLICATION_ID:
        return _application_packet(frame, number, reader)
    if number > FINISH:
        return Given(Input.RESERVED, rule="PMQ-EXC-003")
    if number == SOFTQUIT:
        return _softquit(frame)
    payload = _payload(frame)
    if isinstance(payload, Malformed):
        return Given(Input.MALFORMED, rule=payload.requirement)
    rule = _rule_of(frame)
    if number == INIT:
        same = payload["version"] == VERSION
        return Given(Input.INIT_SAME if same else Input.INIT_OTHER, rule=rule)
    if number == FINISH:
        return Given(Input.FINISH, rule=rule or ("PMQ-INT-010" if payload is not None else ""))
    assert number == PUBIDS  # noqa: S101 - the last one
    return _pubids(payload["adapt"], payload["idmap"], rule, reader)


def _application_packet(frame: bytes, number: int, reader: Reader) -> Given:
    name = reader.names.get(number)
    if name is None:
        return Given(Input.PACKET_UNKNOWN, rule="PMQ-IDS-001" if number in reader.offered else "")
    if not reader.active:
        return Given(Input.PACKET_KNOWN, (name, None))
    payload = _payload(frame)
    if isinstance(payload, Malformed):
        return Given(Input.MALFORMED, rule=payload.requirement)
    return Given(Input.PACKET_KNOWN, (name, payload), _rule_of_value(frame, payload))


def _softquit(frame: bytes) -> Given:
    payload = _payload(frame)
    reason = payload.get("reason") if isinstance(payload, dict) else None
    if isinstance(reason, str):
        known = reason in set(Reason)
        return Given(Input.SOFTQUIT, reason, _rule_of(frame) or ("" if known else "PMQ-LST-006"))
    return Given(Input.SOFTQUIT, Reason.UNKNOWN.value, "PMQ-INT-005")


def _pubids(adapts: bool, ids: dict[str, int], rule: str, reader: Reader) -> Given:
    if adapts is reader.adaptive:
        given = Input.PUBIDS_SAME_POLICY
    elif adapts:
        given = Input.PUBIDS_ADAPTIVE
    elif not _usable(ids):
        given = Input.PUBIDS_UNUSABLE
    elif ids.keys() != reader.own_names | INTERNAL.keys():
        given = Input.PUBIDS_OTHER_NAMES
    else:
        given = Input.PUBIDS_EQUAL_NAMES
    return Given(given, ids, rule)


def _usable(ids: Mapping[str, int]) -> bool:
    """Tell whether an id map can be taken over (PMQ-IDS-002)."""
    own = all(ids[name] == number for name, number in INTERNAL.items() if name in ids)
    others = [number for name, number in ids.items() if name not in INTERNAL]
    distinct = len(set(ids.values())) == len(ids)
    return own and distinct and all(number >= FIRST_APPLICATION_ID for number in others)


@lru_cache(maxsize=4096)
def _payload(frame: bytes) -> Any:
    """Return the payload of a frame, or what is wrong with it."""
    try:
        return BOOK.parse(frames.message_of(frame), frame)["content"]["payload"]
    except Malformed as malformed:
        # It is kept, and must not keep the frames that it came through with it.
        malformed.__cause__ = malformed.__context__ = None
        return malformed.with_traceback(None)


def _rule_of(frame: bytes) -> str:
    """Return what is remarkable about a well-formed internal packet."""
    octets = frame[LENGTH_OCTETS + 2 :]
    if any(bin_of_text in octets for bin_of_text in (b"\xc4\x07version", b"\xc4\x05adapt")):
        return "PMQ-MSG-012"
    if b"\xc4\x06reason" in octets or b"\xc4\x06idmap" in octets:
        return "PMQ-MSG-012"
    return "PMQ-INT-001" if b"\xa5other" in octets else ""


def _rule_of_value(frame: bytes, payload: Any) -> str:
    size = len(frame) - LENGTH_OCTETS
    if size in (_SHORTEST + 1, LENGTH_MOST):
        return "PMQ-FRM-004"
    return "PMQ-MSG-013" if isinstance(payload, bytes) else ""
