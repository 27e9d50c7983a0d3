"""The vectors of PacketMQ: transcripts against schemas and table, and what its chapters promise.

A side that is fed a transcript is put together here from the schemas and the state table, in as few
lines as do: how frames become inputs is a reading of the book that no other part shares.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vectors.packetmq import octets
from wirebook.spec import books, vectors
from wirebook.spec.books import Malformed
from wirebook.spec.packetmq import stream
from wirebook.spec.packetmq.states import (
    APPLICATION_LEAST,
    HANDSHAKE,
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    INTERNAL,
    REASONS,
    SOFTQUIT,
    VERSION,
    Action,
    Input,
    Reason,
    State,
)
from wirebook.spec.vectors import Vector, same

SPEC = Path(__file__).parents[1]
FOLDER = SPEC / "wirebook" / "spec" / "packetmq" / "vectors"
PROSE = "\n\n".join(path.read_text(encoding="utf-8") for path in SPEC.glob("packetmq/*.md"))
MALFORMED = sorted(
    found["id"]
    for found in re.finditer(
        r"MUST treat [^\n]*\n\{ #(?P<id>[A-Z]+-[A-Z]+-\d+) [^}]*data-verify=\"[a-z ]*vector", PROSE
    )
)
BOOK = books.get("packetmq")
GROUPS = vectors.load("packetmq")


def transcripts(kind: str) -> list[Any]:
    """Return the transcripts of a kind."""
    return [
        pytest.param(test, id=test.id)
        for group in GROUPS
        if group.type == "transcript"
        for test in group.tests
        if test.detail["kind"] == kind
    ]


def message_of(frame: bytes) -> str:
    """Return the name of the schema that reads a frame, by its packet id."""
    number = int.from_bytes(frame[4:6])
    return octets.MESSAGES.get(
        number, "frame" if number < APPLICATION_LEAST else "application-packet"
    )


def read(chunks: list[bytes]) -> tuple[list[Any], str]:
    """Return the packets in a stream, and the reason of the violation that ends it, or ""."""
    packets, rest = [], b""
    for chunk in chunks:
        data = rest + chunk
        try:
            frames, rest = stream.split(data)
            broken = False
        except Malformed as malformed:
            frames, rest = stream.split(data[: malformed.offset])
            broken = True
        for frame in frames:
            try:
                packets.append(BOOK.parse(message_of(frame), frame)["content"])
            except Malformed:
                return packets, Reason.MALFORMED
        if broken:
            return packets, Reason.FRAMING
    return packets, ""


@pytest.mark.parametrize("test", transcripts("stream"))
def test_stream_transcript(test: Vector) -> None:
    """In its chunks, as a whole and octet by octet, a stream has the same packets and end."""
    chunks = [bytes.fromhex(chunk) for chunk in test.detail["chunks"]]
    whole = b"".join(chunks)
    for cut in (chunks, [whole], [bytes([octet]) for octet in whole]):
        packets, violation = read(cut)
        assert same(packets, test.detail["packets"])
        assert violation == test.detail.get("violation", "")


class Side:
    """One side of a connection: the table, with every frame classified for it."""

    def __init__(self, *, adapt: bool, packets: list[Any]) -> None:
        self.adapt = adapt
        self.own = INTERNAL | dict(packets)
        self.ids = set(self.own.values())
        self.state = HANDSHAKE.initial
        self.sent: list[Any] = []
        self.step(Input.MADE)

    def receive(self, data: bytes) -> None:
        """Take a frame, or what is none."""
        try:
            ((frame,), _) = stream.split(data)
        except Malformed:
            self.step(Input.FRAMING)
            return
        self.step(self.classify(frame), frame)

    def classify(self, frame: bytes) -> Input:
        """Return what a frame is to the table: length, state and id, payload, contents."""
        number = int.from_bytes(frame[4:6])
        active = self.state in (State.ACTIVE, State.CONFIRMED)
        if number >= APPLICATION_LEAST and (not active or number not in self.ids):
            return Input.PACKET_UNKNOWN
        if APPLICATION_LEAST > number > HANDSHAKE_FINISH:
            return Input.RESERVED
        if number == SOFTQUIT:
            return Input.SOFTQUIT
        try:
            payload = BOOK.parse(message_of(frame), frame)["content"]["payload"]
        except Malformed:
            return Input.MALFORMED
        if number == HANDSHAKE_INIT:
            return Input.INIT_SAME if payload["version"] == VERSION else Input.INIT_OTHER
        if number == HANDSHAKE_PUBIDS:
            return self.classify_ids(payload["adapt"], payload["idmap"])
        return Input.FINISH if number == HANDSHAKE_FINISH else Input.PACKET_KNOWN

    def classify_ids(self, adapt: bool, ids: dict[str, int]) -> Input:
        """Return what the peer's policy and id map are to this side."""
        if adapt is self.adapt:
            return Input.PUBIDS_SAME_POLICY
        if adapt:
            return Input.PUBIDS_ADAPTIVE
        wrong = [
            name
            for name, number in ids.items()
            if number != INTERNAL.get(name, max(number, APPLICATION_LEAST))
        ]
        if wrong or len(set(ids.values())) < len(ids):
            return Input.PUBIDS_UNUSABLE
        if ids.keys() != self.own.keys():
            return Input.PUBIDS_OTHER_NAMES
        return Input.PUBIDS_EQUAL_NAMES

    def step(self, given: Input, frame: bytes = b"") -> None:
        """Do what the table says."""
        row = HANDSHAKE.step(self.state, given)
        match row.action:
            case Action.SEND_INIT:
                self.send(HANDSHAKE_INIT, {"version": VERSION})
            case Action.SEND_PUBIDS:
                self.send(HANDSHAKE_PUBIDS, {"adapt": self.adapt, "idmap": self.own})
            case Action.SEND_FINISH:
                self.send(HANDSHAKE_FINISH, None)
            case Action.ADOPT:
                content = BOOK.parse("handshake-pubids", frame)["content"]
                self.ids = set(content["payload"]["idmap"].values())
                self.send(HANDSHAKE_FINISH, None)
            case action if row.next_state is State.SOFTQUITTED and action in REASONS:
                self.send(SOFTQUIT, {"reason": str(REASONS[action])})
        self.state = row.next_state

    def send(self, number: int, payload: object) -> None:
        """Note a packet, which the schema has to be able to send."""
        content = {"id": number, "payload": payload}
        BOOK.build(octets.MESSAGES[number], {"content": content})
        self.sent.append(content)


@pytest.mark.parametrize("test", transcripts("handshake"))
def test_handshake_transcript(test: Vector) -> None:
    """A side that runs the table sends what the transcript says, and ends in its state."""
    side = Side(**test.detail["side"])
    for data in test.detail["received"]:
        side.receive(bytes.fromhex(data))
    assert same(side.sent, test.detail["sent"])
    assert side.state.value == test.detail["state"]


@pytest.mark.parametrize("state", State)
def test_every_state_ends_a_transcript(state: State) -> None:
    """There is a transcript that ends in each of the states."""
    ends = [param.values[0].detail["state"] for param in transcripts("handshake")]
    assert state.value in ends


def test_transcripts_send_every_packet_and_reason_of_the_handshake() -> None:
    """Every internal packet is sent in some transcript, and every reason that a frame can cause."""
    sent = [
        packet for param in transcripts("handshake") for packet in param.values[0].detail["sent"]
    ]
    assert {packet["id"] for packet in sent} == set(INTERNAL.values())
    reasons = {packet["payload"]["reason"] for packet in sent if packet["id"] == SOFTQUIT}
    assert reasons == {
        str(reason)
        for action, reason in REASONS.items()
        if action not in (Action.LEAVE_TIMEOUT, Action.LEAVE_TOO_MANY, Action.ABORT)
    }


@pytest.mark.parametrize("name", MALFORMED)
def test_violation_has_a_vector(name: str) -> None:
    """Every violation of the wire format is the first reason of at least one reject test."""
    rejected = [test for group in GROUPS if group.type == "reject" for test in group.tests]
    assert [test.id for test in rejected if test.requirements[0] == name]


def test_captures_are_there() -> None:
    """All nineteen captured frames are decoded and encoded; those for Python 2 are decoded."""
    document = json.loads((FOLDER / "captured-0.1.5.json").read_text(encoding="utf-8"))
    names = {
        kind: [
            test["id"]
            for group in document["groups"]
            if group["type"] == kind
            for test in group["tests"]
        ]
        for kind in ("decode", "encode", "transcript")
    }
    assert document["origin"] == "captured"
    assert len([name for name in names["decode"] if "python-2" in name]) == 3
    assert {kind: len(found) for kind, found in names.items()} == {
        "decode": 22,
        "encode": 19,
        "transcript": 4,
    }


def test_octets_agree_with_the_encoder_of_this_folder() -> None:
    """What is written by hand in an encode test is what the hand-made encoder makes of it."""
    for path in sorted(FOLDER.glob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8"))["groups"]:
            for test in group["tests"]:
                if group["type"] == "encode" and "hex" in test:
                    content = test["value"]["content"]
                    payload = octets.untyped(content["payload"])
                    assert octets.packet(content["id"], payload).hex() == test["hex"], test["id"]
