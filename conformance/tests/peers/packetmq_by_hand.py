"""A PacketMQ server written from the book alone, with mistakes that can be switched on.

The suite is tested on it: without a mistake every case passes, with one a case finds it. It shares
no code with the reference, the schemas or the suite, only the page; `MISTAKES` names the rules it
can break. Run it as `packetmq_by_hand.py --port N [--mistake NAME]`.
"""

from __future__ import annotations

import argparse
import contextlib
import selectors
import socket
import struct
import time
from typing import Any

import msgpack

MISTAKES = {
    "cut": "PMQ-FRM-002",  # what is left of a read in the middle of a frame is thrown away
    "one-a-read": "PMQ-FRM-002",  # of several frames in one read, only the first is seen
    "99998": "PMQ-FRM-004",  # the largest frame is refused
    "waits": "PMQ-FRM-005",  # the content of a frame that is too long is waited for
    "empty-frame": "PMQ-FRM-006",  # frames without an id are ignored
    "trailing": "PMQ-MSG-002",  # octets behind the value are ignored
    "reserved-octet": "PMQ-MSG-004",  # c1 is read as nil
    "utf8": "PMQ-MSG-005",  # a str may be any octets
    "same-key": "PMQ-MSG-006",  # the last of two members with the same key counts
    "depth-31": "PMQ-MSG-008",  # values of depth 32 are refused
    "depth-33": "PMQ-MSG-009",  # values of depth 33 are taken
    "bin-keys": "PMQ-MSG-012",  # the bins of a peer for Python 2 are not read as text
    "bin-is-text": "PMQ-MSG-013",  # the bins of the application become texts
    "true-is-1": "PMQ-INT-003",  # a boolean passes for a version
    "no-reason": "PMQ-INT-005",  # a softquit without a reason is malformed
    "bad-softquit": "PMQ-SFQ-006",  # a softquit that cannot be read is answered with one
    "id-map": "PMQ-INT-006",  # the internal packets are not in the id map
    "any-policy": "PMQ-HSK-004",  # an enforcing peer is as good as an adaptive one
    "finish-alone": "PMQ-HSK-009",  # handshake_finish makes active in any state
    "early": "PMQ-HSK-010",  # application packets are handled before the connection is active
    "patient": "PMQ-HSK-012",  # a handshake may take for ever
    "talks-on": "PMQ-SFQ-001",  # the handshake goes on after a softquit
    "reads-on": "PMQ-SFQ-002",  # packets are handled after the softquit
    "stays": "PMQ-SFQ-003",  # a peer that does not close is never left
    "abrupt": "PMQ-SFQ-004",  # the socket is closed right behind the softquit, whatever comes
    "hasty": "PMQ-SFQ-005",  # what waits to be sent is lost when a softquit comes
    "polite": "PMQ-SFQ-006",  # a softquit is answered with one
    "adopts": "PMQ-IDS-001",  # the ids of a client replace the server's own, for everybody
    "newest-first": "PMQ-EXC-001",  # the packets of one read are handled backwards
    "unknown": "PMQ-EXC-002",  # an unknown id closes without a softquit
    "reserved-id": "PMQ-EXC-003",  # ids from 4 to 15 are unknown
    "callback": "PMQ-EXC-004",  # a callback that fails takes the connection with it
    "broadcast": "PMQ-EXC-005",  # a broadcast reaches connections that are not active
    "twice": "PMQ-LST-001",  # the application is told twice
    "half": "PMQ-LST-003",  # the end of the peer's stream ends everything at once
    "reset": "PMQ-LST-004",  # a reset ends the server
    "one-reason": "PMQ-LST-005",  # a softquit of the application never tells the reason
    "behind": "PMQ-ERR-004",  # packets behind a violation are handled
    "blocks": "PMQ-LIM-004",  # the server waits for a peer that does not read
    "slow": "PMQ-LIM-005",  # an unfinished frame has 5 s
}
mistake = ""
INTERNAL = {
    "packetmq:handshake_init": 0,
    "packetmq:softquit": 1,
    "packetmq:handshake_pubids": 2,
    "packetmq:handshake_finish": 3,
}
NAMES = ["echo", "echoed", "whoami", "you_are", "burst", "item", "broadcast", "history"]
NAMES += ["happened", "leave", "fail"]
OWN = {f"conformance:{name}": number for number, name in enumerate(NAMES, 17)}
MALFORMED, UNKNOWN = "reason.malformed", "reason.unknown"
CONN_MADE, IDCHECK, ACTIVE, CONFIRMED, LEFT = range(5)
FULL = 1 << 18


class Bad(Exception):
    """A violation; its argument is the reason."""


class Pairs(list[tuple[Any, Any]]):
    """A map, as it came."""


class Ext(bytes):
    """An extension value."""


def read_value(data: bytes, at: int, depth: int, *, text: bool) -> tuple[Any, int]:
    """Read one value; return it and where it ends."""
    if depth > {"depth-31": 31, "depth-33": 33}.get(mistake, 32) or at >= len(data):
        raise Bad(MALFORMED)
    head, at = data[at], at + 1

    def take(size: int) -> bytes:
        nonlocal at
        if size > len(data) - at:
            raise Bad(MALFORMED)
        at += size
        return data[at - size : at]

    def many(count: int) -> list[Any]:
        nonlocal at
        found = []
        for _ in range(count):
            value, at = read_value(data, at, depth + 1, text=text)
            found.append(value)
        return found

    def number(form: str) -> Any:
        return struct.unpack(form, take(struct.calcsize(form)))[0]

    if head < 0x80 or head >= 0xE0:
        return head - 256 * (head >= 0xE0), at
    if head == 0xC0 or (head == 0xC1 and mistake == "reserved-octet"):
        return None, at
    if head in (0xC2, 0xC3):
        return head == 0xC3, at
    if 0xCA <= head <= 0xD3:
        return number(">" + "fdBHIQbhiq"[head - 0xCA]), at
    if head in (0xC7, 0xC8, 0xC9) or 0xD4 <= head <= 0xD8:
        size = 1 << head - 0xD4 if head >= 0xD4 else number(">" + "BHI"[head - 0xC7])
        return Ext(take(1 + size)), at
    if head in (0xC4, 0xC5, 0xC6):
        octets = take(number(">" + "BHI"[head - 0xC4]))
        with contextlib.suppress(UnicodeDecodeError):
            return (octets.decode() if text and mistake != "bin-keys" else octets), at
        return octets, at
    if 0xA0 <= head < 0xC0 or head in (0xD9, 0xDA, 0xDB):
        octets = take(head - 0xA0 if head < 0xC0 else number(">" + "BHI"[head - 0xD9]))
        try:
            return octets.decode("utf-8", "replace" if mistake == "utf8" else "strict"), at
        except UnicodeDecodeError:
            raise Bad(MALFORMED) from None
    if 0x90 <= head < 0xA0 or head in (0xDC, 0xDD):
        items = many(head - 0x90 if head < 0xA0 else number(">" + "HI"[head - 0xDC]))
        return items, at
    if head < 0x90 or head in (0xDE, 0xDF):
        flat = many(2 * (head - 0x80 if head < 0x90 else number(">" + "HI"[head - 0xDE])))
        pairs = Pairs(zip(flat[::2], flat[1::2], strict=True))
        seen = set()
        for key, _ in pairs:
            if isinstance(key, list | Ext):
                raise Bad(MALFORMED)
            kind = "number" if isinstance(key, int | float) else type(key).__name__
            if (kind, key) in seen and mistake != "same-key":
                raise Bad(MALFORMED)
            seen.add((kind, key))
        return pairs, at
    raise Bad(MALFORMED)


def read_payload(data: bytes, *, text: bool) -> Any:
    value, end = read_value(data, 0, 1, text=text)
    if end < len(data) and mistake != "trailing":
        raise Bad(MALFORMED)
    return value


def frame(packet: int, value: Any) -> bytes:
    return raw_frame(packet, msgpack.packb(value))


def raw_frame(packet: int, octets: bytes) -> bytes:
    return struct.pack(">IH", 2 + len(octets), packet) + octets


class Peer:
    """What the server knows of one client."""

    def __init__(self, server: Server, own: socket.socket, number: int) -> None:
        self.server, self.socket, self.number = server, own, number
        self.state, self.made = CONN_MADE, False
        self.stream, self.out = b"", b""
        self.now = self.since = self.frame_since = time.monotonic()
        self.eof = self.closing = self.half_closed = self.told = False
        self.send(frame(0, {"version": 1}))

    def send(self, data: bytes) -> None:
        self.out += data
        if mistake == "blocks":
            self.socket.setblocking(True)
            self.socket.sendall(self.out)
            self.socket.setblocking(False)
            self.out = b""

    def lost(self, reason: str | None) -> None:
        if not self.told or mistake == "twice":
            self.server.history.append(["lost", self.number, reason])
        self.told = True

    def leave(self, reason: str) -> None:
        if self.state != LEFT:
            self.lost(reason)
            self.state, self.since = LEFT, time.monotonic()
            told = UNKNOWN if mistake == "one-reason" else reason
            self.send(frame(1, {"reason": told}))
            if mistake == "abrupt":
                self.flush()
                self.server.drop(self)

    def flush(self) -> None:
        try:
            while self.out:
                self.out = self.out[self.socket.send(self.out[:65536]) :]
        except BlockingIOError:
            return
        except OSError:
            self.gone()
            return
        if self.eof and (self.closing or not self.stream):
            self.server.drop(self)
        elif self.closing and not self.half_closed:
            # Closing with octets unread would be a reset, and lose what was sent last.
            self.half_closed = True
            self.socket.shutdown(socket.SHUT_WR)

    def gone(self) -> None:
        if mistake == "reset":
            raise SystemExit("reset")
        self.lost(None)
        self.server.drop(self)

    def readable(self) -> None:
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            self.gone()
            return
        if not data:
            self.eof = True
            if mistake == "half":
                self.out = self.stream = b""
        if self.state == LEFT and mistake not in ("talks-on", "reads-on"):
            self.stream = b""
        elif not self.closing:
            self.stream += data
        self.work()

    def work(self) -> None:
        """Handle the frames that are there, as long as the answers are taken."""
        packets: list[tuple[int, bytes]] = []
        while len(packets) < 256 and len(self.out) < FULL and not self.closing:
            self.frame_since = time.monotonic() if len(self.stream) < 4 else self.frame_since
            try:
                content = self.next_frame()
            except Bad as bad:
                self.leave(str(bad))
                break
            if content is None:
                break
            packets.append((struct.unpack(">H", content[:2])[0], content[2:]))
            if mistake != "newest-first":
                self.take(*packets[-1])
            if mistake == "one-a-read":
                self.stream = b""
        if mistake == "newest-first":
            for packet in reversed(packets):
                self.take(*packet)
        if self.closing or (self.state == LEFT and mistake not in ("talks-on", "reads-on")):
            self.stream = b""
        if mistake == "cut":
            self.stream = b""
        self.server.pending.discard(self)
        if len(packets) == 256 or len(self.out) >= FULL:
            self.server.pending.add(self)
        elif self.eof:
            self.stream = b""
            self.lost(None)
        self.flush()

    def next_frame(self) -> bytes | None:
        if len(self.stream) < 4:
            return None
        (length,) = struct.unpack(">I", self.stream[:4])
        if length > 99_999 - (mistake == "99998") and mistake != "waits":
            raise Bad("reason.framing")
        if len(self.stream) < 4 + length and length >= 2:
            return None
        content, self.stream = self.stream[4 : 4 + length], self.stream[4 + length :]
        if length < 2:
            if mistake == "empty-frame":
                return self.next_frame()
            raise Bad("reason.framing")
        return content

    def take(self, packet: int, payload: bytes) -> None:
        if (self.state == LEFT and mistake not in ("talks-on", "reads-on")) or self.closing:
            return
        if self.state == LEFT and mistake == "talks-on" and packet > 3:
            return
        try:
            if packet > 15:
                self.application(packet, payload)
            elif packet <= 3:
                self.internal(packet, self.read_internal(packet, payload))
            elif mistake == "reserved-id":
                raise Bad("reason.unknownpacket")
        except Bad as bad:
            self.leave(str(bad))
            if mistake == "behind":
                self.state = CONFIRMED

    def read_internal(self, packet: int, payload: bytes) -> Any:
        try:
            return read_payload(payload, text=True)
        except Bad:
            if packet != 1 or mistake == "bad-softquit":
                raise
            return None

    def internal(self, packet: int, value: Any) -> None:
        members = dict(value) if isinstance(value, Pairs) else {}
        if packet == 0:
            version = members.get("version")
            if type(version) is not int and not (mistake == "true-is-1" and version is True):
                raise Bad(MALFORMED)
            if self.state == CONN_MADE or mistake == "talks-on":
                if version != 1:
                    raise Bad("reason.versionmismatch")
                self.state = max(IDCHECK, self.state)
                listed = OWN if mistake == "id-map" else INTERNAL | OWN
                self.send(frame(2, {"adapt": False, "idmap": listed}))
        elif packet == 1:
            reason = members.get("reason")
            if not isinstance(reason, str) and mistake == "no-reason":
                raise Bad(MALFORMED)
            self.lost(reason if isinstance(reason, str) else UNKNOWN)
            if mistake == "polite":
                self.send(frame(1, {"reason": UNKNOWN}))
            self.out = b"" if mistake == "hasty" else self.out
            self.closing, self.since = True, time.monotonic()
        elif packet == 2:
            adapt, ids = members.get("adapt"), members.get("idmap")
            if not (type(adapt) is bool and isinstance(ids, Pairs)) or not all(
                isinstance(key, str) and type(number) is int and 0 <= number <= 65535
                for key, number in ids
            ):
                raise Bad(MALFORMED)
            if self.state == IDCHECK:
                if not adapt and mistake != "any-policy":
                    raise Bad("reason.sameadaptivepolicy")
                if mistake == "adopts":
                    OWN.update((name, number) for name, number in ids if name in OWN)
                self.state = ACTIVE
                self.send(frame(3, None))
        elif self.state == ACTIVE or (mistake == "finish-alone" and self.state < ACTIVE):
            self.state = CONFIRMED
            self.server.history.append(["made", self.number])

    def application(self, packet: int, payload: bytes) -> None:
        if self.state < ACTIVE and mistake != "early":
            return
        name = {number: name for name, number in OWN.items()}.get(packet, "")
        if not name and mistake == "unknown":
            self.lost(None)
            self.closing = True
            return
        if not name:
            raise Bad("reason.unknownpacket")
        value = read_payload(payload, text=mistake == "bin-is-text")
        if mistake == "bin-is-text" and isinstance(value, str):
            payload = msgpack.packb(value)
        try:
            self.handle(name.partition(":")[2], value, payload)
        except (TypeError, ValueError) as error:
            print(f"connection {self.number}: {name}: {error}", flush=True)
            if mistake == "callback":
                self.server.drop(self)

    def handle(self, name: str, value: Any, payload: bytes) -> None:
        answer = {key.partition(":")[2]: number for key, number in OWN.items()}
        if name == "echo":
            self.send(raw_frame(answer["echoed"], payload))
        elif name == "whoami":
            self.send(frame(answer["you_are"], self.number))
        elif name == "burst":
            self.send(b"".join(frame(answer["item"], n) for n in range(value)))
        elif name == "broadcast":
            for peer in list(self.server.peers.values()):
                if peer.state in (ACTIVE, CONFIRMED) or mistake == "broadcast":
                    peer.send(raw_frame(answer["item"], payload))
                    peer.flush()
        elif name == "history":
            self.send(frame(answer["happened"], self.server.history[-2000:]))
        elif name == "leave":
            self.leave(value if value is not None else UNKNOWN)
        elif name == "fail":
            raise ValueError("asked to fail")

    def tick(self, now: float) -> None:
        late, unfinished = now > self.since + 5.0, len(self.stream) > 3
        if self.closing or self.state == LEFT:
            if late and mistake != "stays":
                self.server.drop(self)
        elif self.state < CONFIRMED and late and mistake != "patient":
            self.leave("reason.timeout")
        elif mistake == "slow" and unfinished and now > self.frame_since + 5.0:
            self.server.drop(self)


class Server:
    """The whole server with the conformance application."""

    def __init__(self, host: str, port: int) -> None:
        self.listening = socket.create_server((host, port), backlog=512)
        self.listening.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listening, selectors.EVENT_READ)
        self.peers: dict[int, Peer] = {}
        self.pending: set[Peer] = set()
        self.history: list[list[Any]] = []
        self.count = 0

    def run(self) -> None:
        next_tick = 0.0
        while True:
            busy = any(len(peer.out) < FULL for peer in self.pending)
            for key, mask in self.selector.select(0 if busy else 0.05):
                peer = self.peers.get(key.fd)
                if key.fileobj is self.listening:
                    self.accept()
                elif peer and mask & selectors.EVENT_WRITE:
                    peer.flush()
                elif peer:
                    peer.readable()
            for peer in [one for one in self.pending if len(one.out) < FULL]:
                peer.work()
            now = time.monotonic()
            if now > next_tick:
                next_tick = now + 0.05
                for peer in list(self.peers.values()):
                    peer.tick(now)
            for peer in list(self.peers.values()):
                peer.flush()
            self.watch()

    def watch(self) -> None:
        for descriptor, peer in list(self.peers.items()):
            reads = not peer.eof and peer not in self.pending
            mask = selectors.EVENT_READ * reads | selectors.EVENT_WRITE * bool(peer.out)
            known = self.selector.get_map().get(descriptor)
            if known and known.events != mask:
                self.selector.unregister(descriptor)
            if mask and (not known or known.events != mask):
                self.selector.register(peer.socket, mask)

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            own, _ = self.listening.accept()
            own.setblocking(False)
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peers[own.fileno()] = Peer(self, own, self.count)
            self.count += 1

    def drop(self, peer: Peer) -> None:
        peer.lost(None)
        self.pending.discard(peer)
        if self.peers.pop(peer.socket.fileno(), None):
            with contextlib.suppress(KeyError):
                self.selector.unregister(peer.socket)
            peer.socket.close()


def main() -> None:
    """Run the server until it is killed."""
    global mistake  # noqa: PLW0603 - one switch for the whole program, set once
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--mistake", choices=["", *MISTAKES], default="")
    chosen = arguments.parse_args()
    mistake = chosen.mistake
    Server(chosen.host, chosen.port).run()


if __name__ == "__main__":
    main()
