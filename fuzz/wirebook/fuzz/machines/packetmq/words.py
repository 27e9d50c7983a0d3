"""What peers say: the frames and payloads that the machines choose from.

What may live here: octets by kind, and the strategies that draw them. Frames that a side ignores,
handles or leaves for are kept apart, so that a connection lasts as long as a rule wants it to; what
each of them means in a state is the model's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import strategies as st

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import (
    APPLICATION,
    CLIENT_IDS,
    FINISH,
    INIT,
    INTERNAL,
    PUBIDS,
    SERVER_IDS,
    SOFTQUIT,
    packed,
    packet,
    say,
)
from wirebook.spec.extension import Ext

IdMap = Mapping[str, int]

_DEEPEST = 32

PAYLOADS: tuple[bytes, ...] = (
    *(packed(value) for value in (0, 1, -1, 127, 2**63, True, None, 1.0, 0.1, float("nan"))),
    *(packed(value) for value in ("", "x", "ü", "a" * 300, b"", b"x", b"text", bytes(300))),
    *(packed(value) for value in ([], [1, [2, [3]]], {}, {"k": {"l": b"m"}}, {1: 2, "1": 3})),
    *(packed(value) for value in (Ext(5, b"\x00"), Ext(7, bytes(300)))),
    b"\xd6\xff" + bytes(4),
    b"\x91\xd7\xff" + bytes(8),
    b"\xdb\x00\x00\x00\x01x",
    b"\xc7\x02\x05ab",
    b"\xcf" + bytes(7) + b"\x01",
    b"\x91" * (_DEEPEST - 1) + b"\x01",
    b"\x82\xcb\x7f\xf8" + bytes(6) + b"\x01\xcb\x7f\xf8" + bytes(6) + b"\x02",
)
"""Payloads that every receiver has to take."""

BAD_PAYLOADS: tuple[bytes, ...] = (
    b"",
    b"\xc1",
    b"\xc0\xc0",
    b"\x92\x01",
    b"\xa3ab",
    b"\xa1\xff",
    b"\x91\xa1\xff",
    b"\x82\x01\x01\x01\x02",
    b"\x82\x01\x01\xc3\x02",
    b"\x81\x90\x01",
    b"\x81\xd4\x05\x00\x01",
    b"\x91" * _DEEPEST + b"\x01",
    b"\x81\xa1k" * _DEEPEST + b"\xc0",
    b"\xdf\xff\xff\xff\xff",
    packed([1]) + b"\xc1",
)
"""Payloads that are malformed."""

BAD_LENGTHS: tuple[bytes, ...] = (
    bytes(4),
    b"\x00\x00\x00\x01",
    b"\x00\x00\x00\x01\x00",
    (frames.LENGTH_MOST + 1).to_bytes(4),
    b"\x7f\xff\xff\xff",
    b"\xff" * 4,
    b"GET / HTTP/1.1\r\n\r\n",
)
"""Lengths that no frame may have."""

INITS: tuple[bytes, ...] = (
    frames.init(),
    say(INIT, {b"version": 1}),
    say(INIT, {"version": 1, "other": [1]}),
    packet(INIT, b"\x81\xa7version\xd3" + bytes(7) + b"\x01"),
)
"""Each a `handshake_init` of this version."""
OTHER_INITS: tuple[bytes, ...] = tuple(
    say(INIT, {"version": version}) for version in (2, 0, -1, 2**40)
)
FINISHES: tuple[bytes, ...] = (
    frames.finish(),
    *(say(FINISH, value) for value in (True, {"a": 1}, "finish", b"x")),
)
SOFTQUITS: tuple[bytes, ...] = (
    *(frames.softquit(reason) for reason in ("reason.bye", "reason.unknown", "bye", "r" * 300)),
    *(frames.softquit(reason) for reason in ("reason.timeout", "ü\n", "", b"reason.bin")),
    *(frames.softquit(reason) for reason in (None, 7, b"\xff", ["reason.bye"])),
    say(SOFTQUIT, {b"reason": b"reason.bye"}),
    say(SOFTQUIT, {"reason": "reason.bye", "other": 1}),
    say(SOFTQUIT, {}),
    say(SOFTQUIT, None),
    packet(SOFTQUIT, b""),
    packet(SOFTQUIT, b"\xc1"),
    packet(SOFTQUIT, b"\x81\xa6reason"),
)
RESERVED: tuple[bytes, ...] = tuple(
    packet(number, octets) for number in (4, 9, 15) for octets in (b"\xc0", b"", b"\xc1", b"\x81")
)
_NO_VERSIONS: tuple[Any, ...] = (None, [], {}, {"version": True}, {"version": 1.0})
_NO_MAPS: tuple[Any, ...] = (None, {}, {"adapt": True}, {"idmap": {}})
BAD_INTERNAL: tuple[bytes, ...] = (
    *(say(INIT, value) for value in _NO_VERSIONS),
    say(INIT, {"version": "1"}),
    packet(INIT, b"\x82\xa7version\x01\xc4\x07version\x01"),
    *(packet(number, octets) for number in (INIT, PUBIDS, FINISH) for octets in (b"", b"\xc1")),
    *(say(PUBIDS, value) for value in _NO_MAPS),
    *(frames.pubids(adapt=adapt) for adapt in (None, 0, "true")),
    *(frames.pubids(adapt=adapt, ids={"a:b": 65536}) for adapt in (True, False)),
    *(frames.pubids(adapt=True, ids={"a:b": value}) for value in (-1, True, 1.0, None)),
    frames.pubids(adapt=True, ids={1: 17}),
    frames.pubids(adapt=False, ids={**SERVER_IDS, "conformance:echo": True}),
    say(PUBIDS, {"adapt": True, "idmap": []}),
)
"""Internal packets of another shape than they have to have."""
UNKNOWN_IDS = (16, 28, 40, 116, 117, 999, 65_535)
"""Ids that no name has, on most connections."""
STRANGERS: tuple[bytes, ...] = tuple(say(number, 1) for number in UNKNOWN_IDS)
EARLY: tuple[bytes, ...] = (
    *(packet(number, b"\xc1") for number in (17, 23, 117, 123)),
    *(say(number, 1) for number in (16, 17, 23, 117, 123, 65_535)),
    *(frames.finish(), frames.pubids(), frames.pubids(adapt=False, ids=SERVER_IDS)),
    *RESERVED,
)
"""What changes nothing before the handshake has begun."""


def _shifted(by: int) -> dict[str, int]:
    return {**INTERNAL, **{name: number + by for name, number in APPLICATION.items()}}


_reversed = dict(reversed(list(SERVER_IDS.items())))
_swapped = {**SERVER_IDS, "conformance:echo": 22, "conformance:item": 17}
GOOD_IDS: tuple[IdMap, ...] = (
    SERVER_IDS,
    _reversed,
    _shifted(100),
    _shifted(300),
    _swapped,
    _shifted(65_508),
    {**_shifted(100), "conformance:echo": 16, "conformance:echoed": 65_535},
)
"""Id maps with the names of the conformance application, which can be taken over."""
OTHER_IDS: tuple[IdMap, ...] = (
    INTERNAL,
    {},
    {**SERVER_IDS, "conformance:more": 99},
    {name: number for name, number in SERVER_IDS.items() if name != "conformance:fail"},
    {name: number for name, number in SERVER_IDS.items() if name != "packetmq:handshake_finish"},
    {**INTERNAL, **{f"x{name}": number for name, number in APPLICATION.items()}},
)
"""Id maps with other names."""
BAD_IDS: tuple[IdMap, ...] = (
    {**SERVER_IDS, "conformance:echo": 18},
    {**SERVER_IDS, "conformance:fail": 15},
    {**SERVER_IDS, "conformance:fail": 0},
    {**SERVER_IDS, "packetmq:handshake_finish": 7},
    {**SERVER_IDS, "packetmq:handshake_finish": 300},
    {**SERVER_IDS, "packetmq:softquit": 2, "packetmq:handshake_pubids": 1},
)
"""Id maps that cannot be taken over."""


def _maps(adapt: bool) -> tuple[bytes, ...]:
    every = (CLIENT_IDS, *GOOD_IDS, *OTHER_IDS, *BAD_IDS)
    more = {"adapt": adapt, "idmap": dict(SERVER_IDS), "other": None}
    in_bin = {b"adapt": adapt, b"idmap": {name.encode(): i for name, i in SERVER_IDS.items()}}
    return (
        *(frames.pubids(adapt=adapt, ids=ids) for ids in every),
        say(PUBIDS, more),
        say(PUBIDS, in_bin),
    )


ADAPTIVE: tuple[bytes, ...] = _maps(True)
ENFORCING: tuple[bytes, ...] = _maps(False)

REASONS: tuple[str | None, ...] = (None, "reason.bye", "reason.generic", "bye", "r" * 300)
"""Reasons that an application gives."""


def one_of(*words: Iterable[bytes]) -> st.SearchStrategy[bytes]:
    """Choose a word of some kinds; a single choice costs a machine the least."""
    return st.sampled_from(tuple(word for some in words for word in some))


slots = st.integers(0, 3)
"""One of the connections that a machine works with."""
payloads = st.sampled_from(PAYLOADS)
lengths = st.sampled_from((3, 4, 70_000, frames.LENGTH_MOST))
"""Lengths of frames."""
cuts = st.sampled_from(((), (), (1,), (2,), (3,), (4,), (5,), (20,), (4, 2), (1, 1, 1), (7, 30)))
"""Where octets are cut: how many there are in a piece before the rest."""
handshakes = one_of(INITS, ADAPTIVE, ENFORCING, FINISHES, OTHER_INITS)
"""Packets of the handshake; if all of them come too late or too early, they are ignored."""
VIOLATIONS = (BAD_LENGTHS, BAD_INTERNAL, STRANGERS)
violations = one_of(*VIOLATIONS)
