"""The book's test vectors, run against the codec and the core of the reference."""

from collections.abc import Iterable

import pytest

from tests.helpers_packetmq import Side
from tests.helpers_vectors import vectors_of
from wirebook.reference.packetmq import codec, messages
from wirebook.reference.packetmq.codec import FrameReader
from wirebook.reference.packetmq.core.internal import read_reason
from wirebook.reference.packetmq.errors import LocalProtocolError, Malformed
from wirebook.spec.vectors import Group, Vector, to_typed

of = vectors_of("packetmq")


@of("decode")
def test_decodes(group: Group, vector: Vector) -> None:
    """The octets are read as the value, down to the kind of each number."""
    assert to_typed(messages.parse(group.message, vector.data)) == to_typed(vector.value)


@of("reject")
def test_rejects(group: Group, vector: Vector) -> None:
    """The octets are refused, for the requirement that the vector names first."""
    with pytest.raises(Malformed) as refused:
        messages.parse(group.message, vector.data)
    assert refused.value.requirement == vector.requirements[0]


@of("encode")
def test_encodes(group: Group, vector: Vector) -> None:
    """The value becomes the octets, or is refused if it cannot be sent."""
    if vector.result == "invalid":
        with pytest.raises(LocalProtocolError) as refused:
            messages.build(group.message, vector.value)
        assert refused.value.requirement == vector.requirements[0]
        return
    assert messages.build(group.message, vector.value) == vector.data


@of("transcript", kind="stream")
def test_stream_transcript(group: Group, vector: Vector) -> None:
    """The packets are the same however the stream is cut, and so is its end."""
    chunks = [bytes.fromhex(chunk) for chunk in vector.detail["chunks"]]
    whole = b"".join(chunks)
    for cut in (chunks, [whole], [whole[at : at + 1] for at in range(len(whole))]):
        packets, violation = read(cut)
        expected = [(packet["id"], packet["payload"]) for packet in vector.detail["packets"]]
        assert to_typed([list(pair) for pair in packets]) == to_typed(
            [list(pair) for pair in expected]
        )
        assert violation == vector.detail.get("violation")


def read(chunks: Iterable[bytes]) -> tuple[list[tuple[int, object]], str | None]:
    """Return the packets of a stream, and the violation that ends it if one does."""
    reader = FrameReader()
    packets: list[tuple[int, object]] = []
    for chunk in chunks:
        cut, violation = reader.feed(chunk)
        for packet_id, payload in cut:
            try:
                packets.append((packet_id, codec.unpack(payload)))
            except Malformed:
                return packets, "reason.malformed"
        if violation is not None:
            return packets, "reason.framing"
    return packets, None


@of("transcript", kind="handshake")
def test_handshake_transcript(group: Group, vector: Vector) -> None:
    """A side sends just these packets, and ends in this state."""
    side = vector.detail["side"]
    run = Side(dict(side["packets"]), adaptive=side["adapt"])
    run.feed(*(bytes.fromhex(frame) for frame in vector.detail["received"]))
    sent = [{"id": packet_id, "payload": payload} for packet_id, payload in run.sent()]
    assert to_typed(sent) == to_typed(vector.detail["sent"])
    assert list(map(list, order(sent))) == list(map(list, order(vector.detail["sent"])))
    assert run.core.state.value == vector.detail["state"]


def order(sent: list[dict[str, object]]) -> list[list[str]]:
    """Return the names in the id maps in the order in which they were sent."""
    maps = (packet["payload"] for packet in sent if packet["id"] == 2)
    return [list(payload["idmap"]) for payload in maps]  # type: ignore[index]  # an id map has it


def test_a_softquit_without_a_readable_reason_is_one_for_unknown_reasons() -> None:
    """Whatever stands in it, a softquit is a softquit."""
    for payload in (b"\xc1", b"", b"\xc0", b"\x81\xa6reason\x01"):
        assert read_reason(payload) == "reason.unknown"
