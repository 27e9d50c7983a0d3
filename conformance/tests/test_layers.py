"""The scapy layers: every vector, the suite's own captures, streams, WebSocket and boxes."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Packet, Raw
from scapy.sendrecv import AsyncSniffer
from scapy.sessions import TCPSession
from scapy.utils import PcapReader, rdpcap, wrpcap

from wirebook.conformance import layers as package_of_layers
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.hosts import no_raw_sockets
from wirebook.conformance.layers import load, messages, websocket
from wirebook.conformance.report.pcap import capture
from wirebook.conformance.verdicts import Transfer
from wirebook.spec import books, neutral, vectors
from wirebook.spec.packetmq.stream import split
from wirebook.spec.pgnet import tunnel
from wirebook.spec.vectors import Group, Vector

LAYERS = load()
PACKAGE = bytes.fromhex("ffd0fab9000700000000000000000003")
INIT = bytes.fromhex("0000000c0000" + "81a776657273696f6e01")
ECHO = bytes.fromhex("0000000300112a")
REQUEST = b'{"message": "hello", "payload": {}}'
PRIVATE, OTHER = bytes(range(1, 33)), bytes(range(33, 65))


def with_octets(*types: str) -> Iterator[tuple[Group, Vector]]:
    for book in LAYERS:
        for group in vectors.load(book):
            for test in group.tests if group.type in types else ():
                if test.data and group.message in LAYERS[book]:
                    yield group, test


def forget(packet: Any) -> None:
    """Have a packet, and all that is in it, built anew."""
    while isinstance(packet, Packet) and packet:
        packet.raw_packet_cache = None
        for value in packet.fields.values():
            for one in value if isinstance(value, list) else [value]:
                forget(one)
        packet = packet.payload


def shown(packet: Packet) -> str:
    return packet.show(dump=True) or ""


def udp(data: bytes) -> Packet:
    return IP(bytes(IP(src="127.0.0.1", dst="127.0.0.2") / UDP(sport=10001, dport=20001) / data))


def segment(data: bytes, sequence: int = 1) -> Packet:
    head = TCP(sport=40001, dport=20001, flags="PA", seq=sequence)
    return IP(bytes(IP(src="127.0.0.1", dst="127.0.0.2") / head / data))


def test_every_book_has_layers() -> None:
    """A message that travels on its own has a class, in every book."""
    for book in books.names():
        travelling = [
            name for name, one in neutral.load(book)["messages"].items() if one["datagram"]
        ]
        assert list(LAYERS[book]) == travelling


def test_valid_vectors_come_back() -> None:
    """What a layer takes apart, it puts together again, octet for octet."""
    count = 0
    for group, test in with_octets("decode", "encode"):
        if test.result == "invalid":
            continue
        packet = LAYERS[group.book][group.message](test.data)
        assert type(packet).__name__ != "Unread", (group.book, test.id, packet)
        packet.show(dump=True)
        forget(packet)
        assert bytes(packet) == test.data, (group.book, test.id)
        count += 1
    assert count > 1000


def test_invalid_vectors_stay_raw_with_the_reason() -> None:
    """What a receiver has to refuse is Raw, and says which requirement is broken."""
    count = 0
    for group, test in with_octets("reject"):
        packet = LAYERS[group.book][group.message](test.data)
        assert isinstance(packet, Raw), (group.book, test.id)
        assert bytes(packet) == test.data
        prefix = books.get(group.book).prefix
        assert packet.reason.startswith(f"{prefix}-"), (test.id, packet.reason)
        assert packet.reason in shown(packet)
        count += 1
    assert count > 500


def test_values_are_shown_decoded() -> None:
    """A field of a body shows its value, not its octets."""
    package = LAYERS["pygase"]["client-package"](PACKAGE[:14] + bytes.fromhex("0001c0"))
    assert isinstance(package, Raw)
    event = {"type": "HI", "handler_args": [1, "two"], "handler_kwargs": {}}
    entries: Any = LAYERS["pygase"]["client-package"]().get_field("events")
    entry = entries.cls(value=event)
    made = LAYERS["pygase"]["client-package"](sequence=3, events=[entry])
    read = LAYERS["pygase"]["client-package"](bytes(made))
    assert read.events[0].value == event
    assert "'two'" in shown(read)


def test_lengths_are_counted() -> None:
    """A length that is not given is that of what stands behind it."""
    made = LAYERS["packetmq"]["application-packet"](id=17, payload_=42)
    assert bytes(made) == ECHO
    made = LAYERS["packetmq"]["application-packet"](content_length=9, id=17, payload_=42)
    assert bytes(made)[:4] == bytes([0, 0, 0, 9])


def test_datagrams_are_found_by_their_octets() -> None:
    """A package is found in a datagram whatever the ports; what is like none is left alone."""
    package = udp(PACKAGE[:14])
    assert package.haslayer("PyGaSe client-package")
    assert package["PyGaSe client-package"].sequence == 7
    assert type(udp(b"anything else")[UDP].payload) is Raw
    assert udp(PACKAGE[:9])[Raw].reason.startswith("PGS-HDR-003")
    assert udp(b"shutdown").haslayer("PyGaSe shutdown")


def test_segments_hold_several_frames() -> None:
    """Each whole frame of a segment is a layer, and what is left says what is missing."""
    packet = segment(INIT + ECHO + ECHO[:5])
    assert packet["PacketMQ handshake-init"].payload_ == {"version": 1}
    assert packet["PacketMQ application-packet"].payload_ == 42
    assert packet[Raw].load == ECHO[:5]
    assert packet[Raw].reason.startswith("PMQ-FRM-001")
    forget(packet[TCP].payload)
    assert bytes(packet[TCP].payload) == INIT + ECHO + ECHO[:5]


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_streams_are_put_together(size: int, tmp_path: Path) -> None:
    """Frames are found in a stream whatever segments it is cut into."""
    stream = INIT + ECHO * 3
    assert split(stream)[1] == b""
    cuts = [stream[at : at + size] for at in range(0, len(stream), size)]
    packets = [segment(cut, 1 + at * size) for at, cut in enumerate(cuts)]
    file = tmp_path / "cut.pcap"
    wrpcap(str(file), packets)
    session = TCPSession()
    with PcapReader(str(file)) as reader:
        read = [one for packet in reader if (one := session.process(packet)) is not None]
    found = [layer for packet in read for layer in walk(packet) if "PacketMQ" in str(layer.name)]
    assert b"".join(bytes(one)[: one.content_length + 4] for one in found) == stream


def walk(packet: Any) -> Iterator[Packet]:
    while packet:
        yield packet
        packet = packet.payload


@pytest.mark.parametrize("size", [0, 5, 125, 126, 127, 65535, 65536])
@pytest.mark.parametrize("masked", [True, False])
def test_websocket_frames_come_back(size: int, masked: bool) -> None:
    """Frames of every length are taken apart and put together again, with their mask."""
    octets = frames.frame(frames.TEXT, b"x" * size, masked=masked)
    assert websocket.is_frame(octets)
    read = websocket.Frame(octets)
    assert (read.length, bytes(read.payload)) == (size, b"x" * size)
    assert bytes(read) == octets
    made = websocket.Frame(masked=masked, mask=0x01020304) / Raw(b"x" * size)
    assert bytes(websocket.Frame(bytes(made)).payload) == b"x" * size


def test_requests_are_found_in_websocket_frames() -> None:
    """The content of a text message is a layer, behind a mask or not."""
    packet = segment(frames.message(REQUEST))
    assert packet["PGNet request"].request["message"] == "hello"
    assert segment(frames.message(b'{"message": 1}'))[Raw].reason.startswith("PGN-REQ")
    assert segment(frames.frame(frames.PING, b"hi")).haslayer("WebSocket frame")


def test_other_streams_are_left_alone() -> None:
    """HTTP is none of the books, and no WebSocket frame."""
    for text in (
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
    ):
        assert type(segment(text)[TCP].payload) is Raw


def test_boxes_are_opened_with_a_key() -> None:
    """A box is a layer of its own; with a key of either side, what is in it is one, too."""
    nonce = bytes(24)
    for private, public in ((PRIVATE, OTHER), (OTHER, PRIVATE)):
        offer = f'{{"message": "k", "payload": {{"pubkey": "{text_of(public)}"}}}}'
        segment(frames.message(offer.encode()))
        sealed = tunnel.seal(REQUEST, nonce, private, tunnel.public_key_of(public)).encode()
        closed = segment(frames.message(sealed))["PGNet box"]
        assert closed.nonce == nonce
        load(keys=[private])
        opened = segment(frames.message(sealed))["PGNet box"].opened
        assert opened.request["message"] == "hello"
        assert bytes(closed) == sealed


def text_of(private: bytes) -> str:
    return tunnel.encode_key(tunnel.public_key_of(private))


@pytest.mark.parametrize(
    ("transport", "data", "name"),
    [
        ("udp", PACKAGE[:14], "PyGaSe client-package"),
        ("tcp", INIT + ECHO, "PacketMQ application-packet"),
        ("websocket", REQUEST, "PGNet request"),
    ],
)
def test_captures_of_the_suite(transport: str, data: bytes, name: str, tmp_path: Path) -> None:
    """A capture that a report has is dissected as it is read."""
    ends = "127.0.0.1:50000", "127.0.0.2:40231"
    sent = Transfer(0.5, "to-target", data.hex(), "", *ends, transport)
    written = capture([sent], began=1000.0)
    assert written is not None
    file = tmp_path / "case.pcap"
    file.write_bytes(written)
    assert any(packet.haslayer(name) for packet in rdpcap(str(file)))


@pytest.mark.skipif(bool(no_raw_sockets()), reason=no_raw_sockets())
def test_live_traffic_is_dissected() -> None:
    """A sniffer sees the message in a datagram that passes."""
    name, ready = "PyGaSe client-package", threading.Event()
    token = bytes(LAYERS["pygase"]["client-package"](sequence=secrets.randbelow(65535) + 1))
    sniffer = AsyncSniffer(
        iface="lo",
        count=1,
        started_callback=ready.set,
        lfilter=lambda packet: packet.haslayer(name) and bytes(packet[name]) == token,
    )
    sniffer.start()
    assert ready.wait(20.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(token, ("127.0.0.1", 9))
    sniffer.join(20.0)
    assert [packet.haslayer(name) for packet in sniffer.results or ()] == [1]


def test_nothing_is_taken_from_scapy_before_it_is_wanted() -> None:
    """The package, and every case, can be imported where scapy is not installed."""
    modules = ["layers", *(f"cases.{b}.test_{b}_server_injection" for b in books.names())]
    lines = ["import sys", "sys.modules['scapy'] = None"]
    lines += [f"import wirebook.conformance.{one}" for one in modules]
    lines += ["from wirebook.conformance.layers import *", "try: load()"]
    lines += ["except ScapyMissing as error: print(error)"]
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert 'pip install "wirebook[inject]"' in run.stdout


def test_an_unknown_neutral_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers are not made from a form that may mean something else."""
    monkeypatch.setattr(neutral, "load", lambda _: {"version": 2})
    with pytest.raises(ValueError, match="version 2"):
        messages.classes("pygase")


def test_the_example_is_right() -> None:
    """What the package's docstring shows is what happens."""
    package = LAYERS["pygase"]["client-package"](sequence=7, time_order=3)
    assert bytes(package).hex() in (package_of_layers.__doc__ or "")
