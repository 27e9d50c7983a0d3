"""Streams in captures: put in order again, whatever the network did, and WebSocket in them."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterable
from itertools import pairwise

import pytest

from wirebook.conformance.capture import Stream, read
from wirebook.conformance.capture.layers import Segment
from wirebook.conformance.capture.streams import reassemble
from wirebook.conformance.report.pcap import capture
from wirebook.conformance.verdicts import Transfer

HERE, THERE = "127.0.0.1:1", "127.0.0.1:2"
DATA = bytes(range(200))
UPGRADE = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUPGRADE:  WebSocket \r\n\r\n"
ANSWER = b"HTTP/1.1 101 Fine\r\nupgrade: websocket\r\n%b\r\n"


def pieces(*cuts: tuple[int, int], start: int = 1) -> list[Segment]:
    """Return segments with parts of DATA; the number of each is its place in the list."""
    return [
        Segment(number, 0.0, HERE, THERE, (start + begin) % (1 << 32), DATA[begin:end])
        for number, (begin, end) in enumerate(cuts, 1)
    ]


def opening(sequence: int, source: str = HERE, destination: str = THERE) -> Segment:
    return Segment(0, 0.0, source, destination, sequence % (1 << 32), b"", opens=True)


def stream_of(segments: Iterable[Segment]) -> Stream:
    (stream,) = reassemble(segments)
    return stream


@pytest.mark.parametrize(
    "cuts",
    [
        [(0, 50), (50, 200)],
        [(0, 50), (0, 50), (50, 200)],
        [(0, 50), (100, 200), (50, 100)],
        [(0, 50), (30, 120), (100, 200)],
        [(0, 50), (100, 150), (100, 200), (40, 130)],
        [(0, 50), (100, 200), (100, 150), (50, 100)],
        [(0, 50), (150, 200), (60, 150), (20, 200)],
        [(50, 200), (0, 50)],
    ],
    ids=["in-order", "again", "late", "overlapping", "grown", "shrunk", "enclosing", "last-first"],
)
@pytest.mark.parametrize("start", [1, 2**32 - 60], ids=["low", "wrapping"])
def test_octets_are_put_in_order(cuts: list[tuple[int, int]], start: int) -> None:
    """Whatever comes twice, late or in other cuts, the stream is the same."""
    stream = stream_of([opening(start - 1), *pieces(*cuts, start=start)])
    assert (bytes(stream.data), stream.lost) == (DATA, 0)


@pytest.mark.parametrize("seed", range(20))
def test_any_shuffle_gives_the_same_stream(seed: int) -> None:
    """Random cuts in random order, some of them twice."""
    rng = random.Random(seed)
    marks = sorted({0, len(DATA), *(rng.randrange(len(DATA)) for _ in range(12))})
    cuts = list(pairwise(marks))
    cuts += [(max(0, begin - 5), min(len(DATA), end + 5)) for begin, end in cuts[::3]]
    rng.shuffle(cuts)
    assert bytes(stream_of([opening(0), *pieces(*cuts)]).data) == DATA


def test_stream_knows_which_packet_completed_what() -> None:
    """The packet that filled a gap is the one that brought what was behind it."""
    stream = stream_of([opening(0), *pieces((0, 50), (100, 200), (50, 100))])
    assert [stream.completed(end) for end in (1, 50, 51, 200, 999)] == [1, 1, 3, 3, 3]


def test_gap_ends_the_stream() -> None:
    """What follows a gap cannot be read, and how much is missing is known."""
    stream = stream_of([opening(0), *pieces((0, 50), (80, 100), (150, 200))])
    assert (bytes(stream.data), stream.lost) == (DATA[:50], 30)


def test_capture_may_begin_in_the_middle() -> None:
    """Without the handshake, the first segment is where the stream begins."""
    assert bytes(stream_of(pieces((50, 100), (100, 200))).data) == DATA[50:]


def test_both_directions_are_one_connection() -> None:
    """They share a number, and a new handshake on the same ports makes another connection."""
    there = Segment(3, 0.0, THERE, HERE, 501, b"back")
    first = [opening(0), opening(500, THERE, HERE), *pieces((0, 10)), there]
    streams = reassemble([*first, *(opening(9000), *pieces((0, 5), start=9001))])
    assert [stream.connection for stream in streams[:2]] == [streams[0].connection] * 2
    assert streams[2].connection != streams[0].connection
    assert [len(stream.data) for stream in streams] == [10, 4, 5]


def frame(data: bytes, opcode: int = 1, *, first: int = 0x80, key: bytes = b"") -> bytes:
    head = bytes((first | opcode,))
    if len(data) < 126:
        head += bytes((len(data) | 0x80 * bool(key),))
    else:
        head += bytes((126 | 0x80 * bool(key),)) + len(data).to_bytes(2)
    if key:
        data = bytes(octet ^ key[index % 4] for index, octet in enumerate(data))
    return head + key + data


def websocket(client: bytes, server: bytes = b"", extensions: bytes = b"") -> list[list[bytes]]:
    """Return the messages of both sides of a connection that is read from a capture."""
    answer = ANSWER % extensions
    transfers = [
        Transfer(0.0, direction, data.hex(), "", HERE, THERE, "tcp")
        for direction, data in (("to-target", UPGRADE + client), ("from-target", answer + server))
    ]
    data = capture(transfers, began=0.0)
    assert data is not None
    contents = read(data)
    assert contents.streams == ()
    assert not any(one.problem for side in contents.websockets for one in side.messages)
    return [[one.data for one in side.messages] for side in contents.websockets]


def test_messages_of_both_sides_are_found() -> None:
    """Clients mask, servers do not."""
    both = websocket(frame(b"ask", key=b"\x01\x02\x03\x04"), frame(b"answer" * 30))
    assert both == [[b"ask"], [b"answer" * 30]]


def test_fragments_are_put_together() -> None:
    """A message may come in several frames, with control frames in between."""
    parts = (
        frame(b"one ", first=0),
        frame(b"ping", 9),
        frame(b"two ", 0, first=0),
        frame(b"three", 0),
        frame(b"next"),
    )
    assert websocket(b"".join(parts))[0] == [b"one two three", b"next"]


def test_frame_that_is_not_whole_is_left_out() -> None:
    """A capture may end at any time."""
    assert websocket(frame(b"whole") + frame(b"half")[:-1])[0] == [b"whole"]


def test_nothing_follows_a_close() -> None:
    """What comes after a close frame is no message."""
    assert websocket(frame(b"one") + frame(b"", 8) + frame(b"two"))[0] == [b"one"]


@pytest.mark.parametrize("fresh", [True, False])
def test_deflated_messages_are_inflated(fresh: bool) -> None:
    """With permessage-deflate, messages may refer to the ones before, unless agreed otherwise."""
    deflater = zlib.compressobj(wbits=-15)
    sent = b""
    for text in (b"the same text", b"the same text, again"):
        if fresh:
            deflater = zlib.compressobj(wbits=-15)
        data = deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)
        sent += frame(data.removesuffix(b"\0\0\xff\xff"), first=0xC0, key=b"abcd")
    agreed = b"; client_no_context_takeover" if fresh else b""
    extensions = b"Sec-WebSocket-Extensions: permessage-deflate%b\r\n" % agreed
    plain = frame(b"not deflated", key=b"abcd")
    both = websocket(sent + plain, extensions=extensions)
    assert both[0] == [b"the same text", b"the same text, again", b"not deflated"]


@pytest.mark.parametrize(
    "broken",
    [frame(b"x", first=0x90), frame(b"\xff\xff\xff", first=0xC0), b"\x81\x7f" + b"\xff" * 8],
    ids=["reserved-bit", "no-deflate", "too-long"],
)
def test_what_is_no_websocket_is_told(broken: bytes) -> None:
    """Octets that make no sense as frames end the reading with a reason."""
    extensions = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    with pytest.raises(AssertionError):
        websocket(frame(b"fine") + broken, extensions=extensions)


def test_other_http_is_a_plain_stream() -> None:
    """Not every request asks for WebSocket."""
    sent = Transfer(0.0, "to-target", b"GET / HTTP/1.1\r\n\r\n".hex(), "", HERE, THERE, "tcp")
    data = capture([sent], began=0.0)
    assert data is not None
    contents = read(data)
    assert (len(contents.streams), contents.websockets) == (1, ())


def test_cut_segment_leaves_a_gap() -> None:
    """A capture that kept only the beginning of packets says how much is missing."""
    sent = [Transfer(0.0, "to-target", DATA.hex(), "", HERE, THERE, "tcp")] * 2
    data = capture(sent, began=0.0)
    assert data is not None
    records, position, kept = [data[:24]], 24, 100
    while position < len(data):
        length = struct.unpack_from("<I", data, position + 8)[0]
        times, packet = data[position : position + 8], data[position + 16 : position + 16 + length]
        cut = packet[:kept]
        records.append(times + struct.pack("<II", len(cut), length) + cut)
        position += 16 + length
    (stream,) = read(b"".join(records)).streams
    assert (bytes(stream.data), stream.lost) == (DATA[:60], 140)
