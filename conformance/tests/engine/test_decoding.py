"""From octets to messages: streams that are cut, boxes that are opened, books that are told apart.

The books here are toys, one for each carrier; a box is its octets turned round, behind the sum of
the two keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from wirebook.conformance.capture import CaptureError
from wirebook.conformance.decoding import Decoder, Findings
from wirebook.conformance.report.pcap import capture
from wirebook.conformance.shelf import Reader, readers
from wirebook.conformance.verdicts import Transfer
from wirebook.spec.dissection import Dissection, Field, Malformed

SUITE, TARGET = "127.0.0.1:1", "127.0.0.1:2"
CLIENT_PRIVATE, CLIENT_PUBLIC, SERVER_PRIVATE, SERVER_PUBLIC = b"\x01", b"\x11", b"\x02", b"\x12"


@dataclass(frozen=True)
class ToyBook:
    """A book with one message, which begins with the book's letter and ends with a full stop."""

    name: str
    letter: bytes

    def guess(self, data: bytes) -> tuple[str, ...]:
        return ("saying",) if self.letter in data[:3] or data[:1] == b"#" else ()

    def dissect(self, message: str, data: bytes) -> Dissection:
        fields = (Field(0, len(data), message, data, data.decode("latin-1"), ""),)
        if data.endswith(b"."):
            return Dissection(fields)
        return Dissection(fields, Malformed("TOY-A-001", "no full stop", len(data)))


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Cut frames that begin with their length in one octet; 255 is no length."""
    frames, start = [], 0
    while start < len(data):
        if data[start] == 255:
            raise Malformed("TOY-A-002", "too long", start)
        end = start + 1 + data[start]
        if end > len(data):
            break
        frames.append(data[start:end])
        start = end
    return frames, data[start:]


class ToyTunnel:
    """Boxes that only look like cryptography."""

    def is_box(self, data: bytes) -> bool:
        return data.startswith(b"#")

    def offered_key(self, data: bytes) -> bytes | None:
        return data[-2:-1] if data.startswith(b"w key ") else None

    def open_box(self, text: str, private_key: bytes, public_key: bytes) -> bytes:
        if ord(text[1]) != shared(private_key, public_key):
            raise Malformed("TOY-A-003", "does not open", 0)
        return text[:1:-1].encode()


def shared(private: bytes, public: bytes) -> int:
    return private[0] + (public[0] & 0x0F) + 64


def box(text: bytes) -> bytes:
    return b"#" + bytes((shared(CLIENT_PRIVATE, SERVER_PUBLIC),)) + text[::-1]


UDP = Reader(ToyBook("udp-book", b"u"), "UDP")
TCP = Reader(ToyBook("tcp-book", b"t"), "TCP", split)
WEB = Reader(ToyBook("web-book", b"w"), "WebSocket", None, ToyTunnel())
ALL = (UDP, TCP, WEB)
HELLO = (b"w key " + CLIENT_PUBLIC + b".", b"w key " + SERVER_PUBLIC + b".")


def frame(text: bytes) -> bytes:
    return bytes((len(text),)) + text


def sent(data: bytes, transport: str = "udp", direction: str = "to-target") -> Transfer:
    return Transfer(0.0, direction, data.hex(), "", SUITE, TARGET, transport)


def decoded(*transfers: Transfer, keys: tuple[bytes, ...] = ()) -> Findings:
    data = capture(transfers, began=0.0)
    assert data is not None
    return Decoder(ALL, keys=keys).captured(data)


def texts(findings: Findings) -> list[tuple[str, bytes]]:
    return [(reading.book, reading.piece.data) for reading in findings.readings]


def test_each_carrier_has_its_books() -> None:
    """A datagram is no message of a book that travels in streams."""
    findings = decoded(sent(b"u 1."), sent(b"t 2."), sent(b"w 3.", "websocket"), sent(b"?"))
    assert texts(findings) == [("udp-book", b"u 1."), ("web-book", b"w 3.")]
    assert findings.passed_over == 2


def test_streams_are_cut_into_messages() -> None:
    """Messages may be split and joined in segments as they please."""
    data = frame(b"t one.") + frame(b"t two.")
    findings = decoded(sent(data[:3], "tcp"), sent(data[3:9], "tcp"), sent(data[9:], "tcp"))
    assert texts(findings) == [("tcp-book", frame(b"t one.")), ("tcp-book", frame(b"t two."))]
    assert [reading.piece.title for reading in findings.readings] == [
        f"6: {SUITE} → {TARGET}",
        f"8: {SUITE} → {TARGET}",
    ]


def test_rest_of_a_stream_is_shown_as_broken() -> None:
    """A frame of which the end is missing is the last message."""
    findings = decoded(sent(frame(b"t one.") + frame(b"t two.")[:-1], "tcp"))
    assert [reading.dissection.error is None for reading in findings.readings] == [True, False]


def test_stream_is_read_up_to_what_cannot_be_cut() -> None:
    """A length that none may have ends the reading, and what is there is shown."""
    findings = decoded(sent(frame(b"t one.") + b"\xfft two", "tcp"))
    assert texts(findings) == [("tcp-book", frame(b"t one.")), ("tcp-book", b"\xfft two")]


def test_stream_of_no_book_is_passed_over() -> None:
    """Whatever else there is on the network is one thing each."""
    findings = decoded(sent(b"\x16\x03\x01 something else", "tcp"))
    assert (findings.readings, findings.passed_over) == ((), 1)


def test_messages_come_in_the_order_of_the_capture() -> None:
    """Not one connection after the other."""
    findings = decoded(sent(b"w 1.", "websocket"), sent(b"u 2."), sent(b"w 3.", "websocket"))
    assert [data for _, data in texts(findings)] == [b"w 1.", b"u 2.", b"w 3."]


@pytest.mark.parametrize("key", [CLIENT_PRIVATE, SERVER_PRIVATE], ids=["client", "server"])
def test_boxes_are_opened_with_the_private_key_of_either_side(key: bytes) -> None:
    """The other side's public key is in the capture."""
    transfers = (
        sent(HELLO[0], "websocket"),
        sent(HELLO[1], "websocket", "from-target"),
        sent(box(b"w hush."), "websocket"),
        sent(box(b"w hark."), "websocket", "from-target"),
    )
    # The toy's arithmetic makes both pairs of keys the same, as real pairs do.
    assert shared(CLIENT_PRIVATE, SERVER_PUBLIC) == shared(SERVER_PRIVATE, CLIENT_PUBLIC)
    findings = decoded(*transfers, keys=(key,))
    assert [data for _, data in texts(findings)] == [*HELLO, b"w hush.", b"w hark."]
    assert [bool(reading.box) for reading in findings.readings] == [False, False, True, True]
    assert not any(reading.sealed for reading in findings.readings)


@pytest.mark.parametrize("keys", [(), (b"\x09",)], ids=["none", "wrong"])
def test_boxes_stay_sealed_without_the_right_key(keys: tuple[bytes, ...]) -> None:
    """A box that does not open is shown as what it is."""
    sealed = box(b"w hush")
    findings = decoded(*(sent(data, "websocket") for data in (*HELLO, sealed)), keys=keys)
    assert [reading.sealed for reading in findings.readings] == [False, False, True]


def test_box_alone_needs_both_keys() -> None:
    """Without a capture, nobody has offered a key."""
    for keys in ((CLIENT_PRIVATE, SERVER_PUBLIC), (SERVER_PUBLIC, CLIENT_PRIVATE)):
        (reading,) = Decoder([WEB], keys=keys).octets(box(b"w hush."))
        assert (reading.piece.data, reading.box) == (b"w hush.", box(b"w hush."))
    (reading,) = Decoder([WEB], keys=(CLIENT_PRIVATE,)).octets(box(b"w hush w"))
    assert reading.sealed


def test_octets_may_be_several_messages() -> None:
    """What was copied from a stream is cut like a stream."""
    readings = Decoder(ALL).octets(frame(b"t one.") + frame(b"t two."))
    assert [reading.piece.data for reading in readings] == [frame(b"t one."), frame(b"t two.")]


def test_octets_are_of_the_book_that_they_fit() -> None:
    """Of several books that could be meant, the one without an error."""
    (reading,) = Decoder([UDP, Reader(ToyBook("other", b"u"), "UDP")]).octets(b"u.")
    assert reading.book == "udp-book"
    assert Decoder(ALL).octets(b"???") == ()


def test_named_message_is_not_guessed() -> None:
    """Whoever names the message learns why it is none."""
    (reading,) = Decoder([UDP], message="saying").octets(b"nothing")
    assert reading.dissection.error is not None


def test_gap_and_broken_file_are_told() -> None:
    """What could not be read is said."""
    data = capture([sent(b"u 1."), sent(b"u 2.")], began=0.0)
    assert data is not None
    findings = Decoder(ALL).captured(data[:-1])
    assert len(findings.readings) == 1
    assert findings.problems[0].startswith("the file ends early")
    with pytest.raises(CaptureError):
        Decoder(ALL).captured(b"no capture")


def test_books_say_how_they_are_read() -> None:
    """The modules beside a book's schemas are found by their names."""
    (pygase,) = readers(["pygase"])
    assert (pygase.name, pygase.carrier, pygase.split, pygase.tunnel) == (
        "pygase",
        "UDP",
        None,
        None,
    )
