"""PacketMQ from outside: what both sides of the connections in a capture say, and in which order.

What may live here: cutting streams into frames, and the rules that can be seen from outside. What
passes at one place passes in the order in which it can have been a reaction: what a side sends
before its cause has passed cannot have been caused by it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgpack

from wirebook.conformance.capture import Contents, Stream
from wirebook.conformance.passive.ledger import Ledger
from wirebook.spec import books
from wirebook.spec.dissection import Malformed
from wirebook.spec.packetmq.states import (
    APPLICATION_LEAST,
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    INTERNAL,
    SOFTQUIT,
    VERSION,
)
from wirebook.spec.packetmq.stream import split

_BOOK = books.get("packetmq")
_MESSAGES = {number: name.partition(":")[2].replace("_", "-") for name, number in INTERNAL.items()}
_MEMBERS = {
    HANDSHAKE_INIT: {"version"},
    SOFTQUIT: {"reason"},
    HANDSHAKE_PUBIDS: {"adapt", "idmap"},
}
# What a receiver finds wrong, as the rule that the sender broke.
_SENDERS = {
    "PMQ-FRM-005": "PMQ-FRM-003",
    "PMQ-FRM-006": "PMQ-PID-001",
    "PMQ-MSG-002": "PMQ-MSG-001",
    **{f"PMQ-MSG-00{n}": "PMQ-MSG-010" for n in (4, 5, 6, 7, 9)},
}


@dataclass(slots=True)
class Frame:
    """A frame of a stream."""

    number: int
    """Of the packet that completed it."""
    data: bytes
    id: int
    value: Any = None
    error: Malformed | None = None


@dataclass(slots=True)
class Side:
    """What one side of a connection has sent."""

    role: str
    frames: list[Frame] = field(default_factory=list)
    broken: Malformed | None = None
    """Why nothing can be cut any more."""
    broken_at: int = 0
    whole: bool = True
    """Whether its beginning is in the capture."""

    @property
    def pubids(self) -> Frame | None:
        """The id map that counts: the first behind the handshake_init (PMQ-HSK-009)."""
        behind = itertools.dropwhile(lambda one: one.id != HANDSHAKE_INIT, self.frames)
        readable = (one for one in behind if one.error is None)
        return next((one for one in readable if one.id == HANDSHAKE_PUBIDS), None)


def examine(contents: Contents, ledger: Ledger, keys: Sequence[bytes]) -> None:  # noqa: ARG001
    """Judge the connections of a capture."""
    streams = sorted(contents.streams, key=lambda one: one.connection)
    for _, pair in itertools.groupby(streams, key=lambda one: one.connection):
        both = list(pair)
        sides = [
            _side(stream, role) for stream, role in zip(both, ("client", "server"), strict=False)
        ]
        name = f"{both[0].source} → {both[0].destination}"
        if not any(_is_packetmq(side) for side in sides):
            ledger.passed_over += len(both)
            continue
        ledger.sessions.append(name)
        for stream in both:
            if stream.lost:
                ledger.leave_open(name, "what comes after octets that the capture does not have")
        if not all(side.whole for side in sides):
            ledger.leave_open(name, "a connection that was made before the capture")
            continue
        sides += [Side(role) for role in ("client", "server")[len(sides) :]]
        for own, peer in (sides, sides[::-1]):
            _judge(own, peer, name, ledger)


def _side(stream: Stream, role: str) -> Side:
    side = Side(role, whole=stream.opened)
    data, end = bytes(stream.data), 0
    try:
        frames, _ = split(data)
    except Malformed as malformed:
        frames, _ = split(data[: malformed.offset])
        side.broken = malformed
        side.broken_at = stream.completed(malformed.offset + 4)
    for octets in frames:
        end += len(octets)
        side.frames.append(_frame(octets, stream.completed(end)))
    return side


def _frame(data: bytes, number: int) -> Frame:
    frame = Frame(number, data, int.from_bytes(data[4:6]))
    name = _MESSAGES.get(
        frame.id, "application-packet" if frame.id >= APPLICATION_LEAST else "frame"
    )
    try:
        frame.value = _BOOK.parse(name, data)["content"]["payload"]
    except Malformed as malformed:
        frame.error = malformed
    return frame


def _is_packetmq(side: Side) -> bool:
    """Tell whether a stream begins as one of this protocol does."""
    return bool(side.frames) and side.frames[0].id in (HANDSHAKE_INIT, SOFTQUIT)


def _judge(own: Side, peer: Side, session: str, ledger: Ledger) -> None:
    def broken(requirement: str, frame: Frame | int, text: str) -> None:
        number = frame if isinstance(frame, int) else frame.number
        ledger.broken(requirement, own.role, number, session, f"the {own.role} {text}")

    def looked(*requirements: str) -> None:
        for requirement in requirements:
            ledger.looked(requirement, own.role)

    for frame in own.frames:
        looked("PMQ-FRM-001", "PMQ-FRM-003", "PMQ-PID-001", "PMQ-MSG-001", "PMQ-MSG-010")
        _form(frame, looked, broken)
    if own.broken is not None:
        rule = _SENDERS.get(own.broken.requirement, own.broken.requirement)
        broken(rule, own.broken_at, f"sends no frame: {own.broken.reason}")
    _order(own, peer, looked, broken)
    _ids(own, peer, looked, broken)


_Looked = Callable[..., None]
_Broken = Callable[[str, "Frame | int", str], None]


def _form(frame: Frame, looked: _Looked, broken: _Broken) -> None:
    """Look at a frame for itself."""
    if frame.error is not None:
        rule = _SENDERS.get(frame.error.requirement, frame.error.requirement)
        broken(rule, frame, f"sends what cannot be read: {frame.error.reason}")
        return
    if HANDSHAKE_FINISH < frame.id < APPLICATION_LEAST:
        broken("PMQ-PID-003", frame, f"sends a packet with id {frame.id}, which is not in use")
        return
    if frame.id >= APPLICATION_LEAST:
        return
    looked("PMQ-MSG-011")
    if any(isinstance(one, bytes) for one in _texts(frame.data[6:])):
        broken("PMQ-MSG-011", frame, "sends a text of an internal packet as bin")
    if frame.id == HANDSHAKE_FINISH:
        looked("PMQ-INT-009")
        if frame.value is not None:
            broken("PMQ-INT-009", frame, "sends something in a handshake_finish")
        return
    looked("PMQ-INT-002")
    members = frame.value if isinstance(frame.value, dict) else {}
    others = [str(name) for name in members if name not in _MEMBERS[frame.id]]
    if others:
        broken("PMQ-INT-002", frame, f"sends a member {others[0]!r}, which the book does not name")
    if frame.id == SOFTQUIT:
        looked("PMQ-INT-004")
        if not isinstance(members.get("reason"), str):
            broken("PMQ-INT-004", frame, "gives no text for the reason of a softquit")
    if frame.id == HANDSHAKE_PUBIDS:
        _idmap(frame, looked, broken)


def _idmap(frame: Frame, looked: _Looked, broken: _Broken) -> None:
    idmap = frame.value["idmap"]
    looked("PMQ-INT-006", "PMQ-PID-003", "PMQ-PID-004", "PMQ-PID-005", "PMQ-INT-007")
    for name, number in INTERNAL.items():
        if idmap.get(name) != number:
            broken("PMQ-INT-006", frame, f"does not list {name} as {number}")
    application = {name: number for name, number in idmap.items() if name not in INTERNAL}
    for name, number in application.items():
        if number < APPLICATION_LEAST:
            broken("PMQ-PID-003", frame, f"gives {name!r} the id {number}")
        if not _is_name(name):
            broken("PMQ-PID-005", frame, f"has a packet named {name!r}")
    if len(set(idmap.values())) < len(idmap):
        broken("PMQ-PID-004", frame, "gives two packets one id")
    first = [name for name in list(idmap)[: len(INTERNAL)] if name in INTERNAL]
    ordered = sorted(first, key=lambda name: INTERNAL[name])
    if len(first) < len(INTERNAL) or first != ordered:
        broken("PMQ-INT-007", frame, "does not list the internal packets first, by their ids")


def _order(own: Side, peer: Side, looked: _Looked, broken: _Broken) -> None:
    """Hold a side to the order of the handshake, and to its leave."""
    sent: set[int] = set()
    left: Frame | None = None
    for frame in own.frames:
        before = [one for one in peer.frames if one.number < frame.number]
        had = {one.id: one for one in reversed(before) if one.error is None}
        if left is not None:
            looked("PMQ-SFQ-001")
            broken("PMQ-SFQ-001", frame, f"sends more after its softquit in packet {left.number}")
            return
        looked("PMQ-HSK-001")
        if not sent and frame.id not in (HANDSHAKE_INIT, SOFTQUIT):
            broken("PMQ-HSK-001", frame, "does not begin with handshake_init")
        if frame.id in (HANDSHAKE_INIT, HANDSHAKE_PUBIDS, HANDSHAKE_FINISH) and frame.id in sent:
            rule = {HANDSHAKE_INIT: "PMQ-HSK-001", HANDSHAKE_PUBIDS: "PMQ-HSK-009"}
            text = f"sends {_MESSAGES[frame.id]} a second time"
            broken(rule.get(frame.id, "PMQ-HSK-009"), frame, text)
        if frame.id == HANDSHAKE_PUBIDS:
            _pubids_in_turn(frame, had, looked, broken)
        if frame.id == HANDSHAKE_FINISH:
            _finish_in_turn(frame, own, peer, looked, broken)
        if frame.id >= APPLICATION_LEAST:
            looked("PMQ-EXC-005")
            if HANDSHAKE_FINISH not in sent:
                broken("PMQ-EXC-005", frame, f"sends packet {frame.id} before it is active")
        left = frame if frame.id == SOFTQUIT else None
        sent.add(frame.id)


def _pubids_in_turn(frame: Frame, had: dict[int, Frame], looked: _Looked, broken: _Broken) -> None:
    looked("PMQ-HSK-002", "PMQ-HSK-003")
    init = had.get(HANDSHAKE_INIT)
    if init is None:
        broken("PMQ-HSK-002", frame, "sends handshake_pubids before it has had a handshake_init")
    elif init.value["version"] != VERSION:
        text = f"goes on with a peer of version {init.value['version']}"
        broken("PMQ-HSK-003", frame, text)


def _finish_in_turn(frame: Frame, own: Side, peer: Side, looked: _Looked, broken: _Broken) -> None:
    mine, theirs = own.pubids, peer.pubids
    adaptive = mine is not None and mine.value["adapt"]
    rule = "PMQ-HSK-008" if adaptive else "PMQ-HSK-005"
    looked(rule, "PMQ-HSK-007")
    if theirs is None or theirs.number >= frame.number:
        broken(rule, frame, "sends handshake_finish before it has had a handshake_pubids")
    elif mine is None or mine.number > frame.number:
        broken(rule, frame, "sends handshake_finish without its own handshake_pubids")
    elif mine.value["adapt"] == theirs.value["adapt"]:
        both = "adapt" if adaptive else "enforce"
        broken("PMQ-HSK-007", frame, f"sends handshake_finish although both sides {both}")
    elif adaptive and set(mine.value["idmap"]) != set(theirs.value["idmap"]):
        broken("PMQ-HSK-007", frame, "sends handshake_finish to a peer with other names")


def _ids(own: Side, peer: Side, looked: _Looked, broken: _Broken) -> None:
    """Hold a side to the ids that the two have agreed on."""
    maps = [side.pubids for side in (own, peer)]
    known = [one for one in maps if one is not None]
    enforcing = [one for one in known if not one.value["adapt"]]
    if len(known) < 2 or len(enforcing) != 1:
        return
    ids = set(enforcing[0].value["idmap"].values())
    rule = "PMQ-INT-006" if enforcing[0] is maps[0] else "PMQ-IDS-001"
    for frame in own.frames:
        if frame.id >= APPLICATION_LEAST:
            looked(rule)
            if frame.id not in ids:
                broken(rule, frame, f"sends packet {frame.id}, which is in no id map")


def _texts(payload: bytes) -> Iterator[object]:
    """Yield the scalars of a payload, as MessagePack has them."""
    waiting = [msgpack.unpackb(payload, raw=False, strict_map_key=False)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        else:
            yield value


def _is_name(name: str) -> bool:
    application, colon, packet = name.partition(":")
    printable = name.isascii() and name.isprintable()
    return bool(application and colon and packet) and ":" not in packet and printable
