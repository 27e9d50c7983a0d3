"""A PacketMQ client written from the book alone, with mistakes that can be switched on.

The suite is tested on it, as on the server beside this file, whose frames, MessagePack and loop it
shares. `MISTAKES` names the rules that it can break. Run it in the folder above `tests` as
`python -m tests.peers.packetmq_client_by_hand [--mistake NAME]`; it speaks the control protocol.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import selectors
import socket
import sys
import time
from typing import Any

import msgpack

from tests.peers import packetmq_by_hand as by_hand
from tests.peers.packetmq_by_hand import (
    ACTIVE,
    CONFIRMED,
    CONN_MADE,
    IDCHECK,
    INTERNAL,
    LEFT,
    MALFORMED,
    UNKNOWN,
    Bad,
    Ext,
    Pairs,
    Peer,
    Server,
    frame,
    raw_frame,
    read_payload,
)

MISTAKES = {
    "length": "PMQ-FRM-001",  # the length counts itself
    "cut": "PMQ-FRM-002",  # what is left of a read in the middle of a frame is thrown away
    "one-a-read": "PMQ-FRM-002",  # of several frames in one read, only the first is seen
    "99998": "PMQ-FRM-004",  # the largest frame is refused
    "waits": "PMQ-FRM-005",  # the content of a frame that is too long is waited for
    "empty-frame": "PMQ-FRM-006",  # frames without an id are ignored
    "id-of-4-octets": "PMQ-PID-001",  # ids take four octets
    "finish-is-4": "PMQ-PID-002",  # handshake_finish has another id
    "any-id": "PMQ-PID-003",  # the registry takes every id
    "again": "PMQ-PID-004",  # the registry takes a name again
    "any-name": "PMQ-PID-005",  # the registry takes every name
    "bare": "PMQ-MSG-001",  # a text is not packed
    "trailing": "PMQ-MSG-002",  # octets behind the value are ignored
    "no-extensions": "PMQ-MSG-003",  # extension values are malformed
    "reserved-octet": "PMQ-MSG-004",  # c1 is read as nil
    "utf8": "PMQ-MSG-005",  # a str may be any octets
    "same-key": "PMQ-MSG-006",  # the last of two members with the same key counts
    "depth-31": "PMQ-MSG-008",  # values of depth 32 are refused
    "depth-33": "PMQ-MSG-009",  # values of depth 33 are taken
    "sends-bin": "PMQ-MSG-011",  # the texts of internal packets are sent as bin
    "bin-keys": "PMQ-MSG-012",  # the bins of a peer for Python 2 are not read as text
    "bin-is-text": "PMQ-MSG-013",  # the bins of the application become texts
    "strict": "PMQ-INT-001",  # unknown members are malformed
    "more": "PMQ-INT-002",  # handshake_init has a member more
    "true-is-1": "PMQ-INT-003",  # a boolean passes for a version
    "no-reason": "PMQ-INT-005",  # a softquit without a reason is malformed
    "id-map": "PMQ-INT-006",  # the internal packets are not in the id map
    "sorted": "PMQ-INT-007",  # the id map is in the order of the names
    "any-id-map": "PMQ-INT-008",  # ids may be of any type
    "finish-true": "PMQ-INT-009",  # handshake_finish has true for its payload
    "finish-nil": "PMQ-INT-010",  # a handshake_finish has to have nil
    "shy": "PMQ-HSK-001",  # the server has to speak first
    "mute": "PMQ-HSK-002",  # the id map is sent only after the server's
    "any-version": "PMQ-HSK-003",  # every version is as good as the own
    "any-policy": "PMQ-HSK-004",  # the policy of the server does not matter
    "compares": "PMQ-HSK-005",  # an enforcing client compares the names
    "any-names": "PMQ-HSK-006",  # an adaptive client does not compare the names
    "finish-anyway": "PMQ-HSK-007",  # the handshake is finished after a softquit
    "ordered": "PMQ-HSK-008",  # names are compared in their order
    "finish-alone": "PMQ-HSK-009",  # handshake_finish makes active in any state
    "early": "PMQ-HSK-010",  # application packets are looked into before active
    "at-once": "PMQ-HSK-011",  # the application is told before the server has finished
    "patient": "PMQ-HSK-012",  # a handshake may take for ever
    "sends-on": "PMQ-SFQ-001",  # the application sends after a softquit
    "reads-on": "PMQ-SFQ-002",  # packets are handled after the softquit
    "stays": "PMQ-SFQ-003",  # a server that does not close is never left
    "abrupt": "PMQ-SFQ-004",  # the socket is closed right behind the softquit, whatever comes
    "hasty": "PMQ-SFQ-005",  # what waits to be sent is lost when a softquit comes
    "polite": "PMQ-SFQ-006",  # a softquit is answered with one
    "adopts": "PMQ-IDS-001",  # the ids of a server go into the registry
    "any-ids": "PMQ-IDS-002",  # every id map is taken over
    "newest-first": "PMQ-EXC-001",  # the packets of one read are handled backwards
    "unknown": "PMQ-EXC-002",  # an unknown id is ignored
    "reserved-id": "PMQ-EXC-003",  # ids from 4 to 15 are unknown
    "callback": "PMQ-EXC-004",  # a callback that fails takes the connection with it
    "sends-early": "PMQ-EXC-005",  # packets go out before the connection is active
    "twice": "PMQ-LST-001",  # the application is told twice
    "refused": "PMQ-LST-001",  # the application is not told that nobody was there
    "half": "PMQ-LST-003",  # the end of the server's stream ends everything at once
    "reset": "PMQ-LST-004",  # a reset ends the client
    "one-reason": "PMQ-LST-005",  # a softquit of the application never tells the reason
    "dotted": "PMQ-LST-006",  # a reason without a dot is none
    "rubbish": "PMQ-ERR-001",  # a bad length ends the client
    "no-word": "PMQ-ERR-002",  # a violation closes the connection without a softquit
    "vague": "PMQ-ERR-003",  # what is malformed is softquit with another reason
    "behind": "PMQ-ERR-004",  # packets behind a violation are handled
    "slow": "PMQ-LIM-005",  # an unfinished frame has 5 s
}
OWN = {name: number + 100 for name, number in by_hand.OWN.items()}
mistake = ""


class Told(list[list[Any]]):
    """What the application is told, written as notifications."""

    def append(self, happening: list[Any]) -> None:
        event, number, *rest = happening
        reason = rest[0] if rest else None
        if mistake == "dotted" and reason is not None and "." not in reason:
            reason = UNKNOWN
        more = {"reason": reason} if rest else {}
        write({"event": event, "connection": number, **more})


class Line(Peer):
    """One connection of the client."""

    def __init__(self, server: Client, own: socket.socket, number: int) -> None:
        self.client = server
        self.ids = dict(server.packets)
        self.heard = mistake != "shy"
        super().__init__(server, own, number)

    def send(self, data: bytes) -> None:
        packet, payload = int.from_bytes(data[4:6]), data[6:]
        if packet == 0 and not self.heard:
            return
        if mistake == "more" and packet == 0:
            data = frame(0, {"version": 1, "more": 1})
        if mistake == "sends-bin" and packet < 3:
            data = frame(packet, in_bin(msgpack.unpackb(payload)))
        if mistake == "finish-is-4" and packet == 3:
            data = raw_frame(4, payload)
        if mistake == "id-of-4-octets":
            data = raw_frame(0, data[4:])
        if mistake == "length":
            data = len(data).to_bytes(4) + data[4:]
        super().send(data)

    def leave(self, reason: str, *, wanted: bool = False) -> None:
        if mistake == "rubbish" and reason == "reason.framing":
            raise SystemExit("a bad length")
        if mistake == "no-word" and not wanted:
            self.lost(reason)
            self.closing = True
            self.since = time.monotonic()
        elif mistake == "vague" and reason == MALFORMED:
            super().leave(UNKNOWN)
        else:
            super().leave(reason)

    def readable(self) -> None:
        if not self.heard:
            self.heard = True
            self.send(frame(0, {"version": 1}))
        super().readable()

    def internal(self, packet: int, value: Any) -> None:
        members = dict(value) if isinstance(value, Pairs) else {}
        known = {0: {"version"}, 1: {"reason"}, 2: {"adapt", "idmap"}, 3: set(members)}[packet]
        if mistake == "strict" and set(members) - known:
            raise Bad(MALFORMED)
        if packet == 0:
            if mistake == "any-version" and type(members.get("version")) is int:
                value = Pairs([("version", 1)])
            if self.state == CONN_MADE and mistake != "mute":
                self.check_version(dict(value) if isinstance(value, Pairs) else {})
                self.state = IDCHECK
                self.send_ids()
            else:
                self.check_shape_of_init(members)
                if mistake == "mute" and self.state == CONN_MADE:
                    self.state = IDCHECK
        elif packet == 1:
            super().internal(packet, value)
        elif packet == 2:
            ids = self.checked_ids(members)
            if self.state == IDCHECK:
                if mistake == "mute":
                    self.send_ids()
                self.agree(bool(members.get("adapt")), ids)
        elif mistake == "finish-nil" and value is not None:
            raise Bad(MALFORMED)
        elif mistake != "at-once" or self.state < ACTIVE:
            super().internal(packet, value)

    def check_shape_of_init(self, members: dict[Any, Any]) -> None:
        version = members.get("version")
        if type(version) is not int and not (mistake == "true-is-1" and version is True):
            raise Bad(MALFORMED)

    def check_version(self, members: dict[Any, Any]) -> None:
        self.check_shape_of_init(members)
        if members["version"] != 1:
            raise Bad("reason.versionmismatch")

    def send_ids(self) -> None:
        listed = dict(self.client.packets) if mistake == "id-map" else self.client.registry
        pairs = sorted(listed.items()) if mistake == "sorted" else listed.items()
        self.send(frame(2, {"adapt": self.client.adapt, "idmap": dict(pairs)}))

    def checked_ids(self, members: dict[Any, Any]) -> Pairs:
        adapt, ids = members.get("adapt"), members.get("idmap")
        if mistake == "any-id-map" and isinstance(ids, Pairs) and type(adapt) is bool:
            return Pairs((key, number) for key, number in ids if type(number) is int)
        if not (type(adapt) is bool and isinstance(ids, Pairs)) or not all(
            isinstance(key, str) and type(number) is int and 0 <= number <= 65535
            for key, number in ids
        ):
            raise Bad(MALFORMED)
        return ids

    def agree(self, adapts: bool, ids: Pairs) -> None:
        if adapts == self.client.adapt and mistake != "any-policy":
            raise Bad("reason.sameadaptivepolicy")
        if self.client.adapt:
            self.adopt(ids)
        elif mistake == "compares" and {name for name, _ in ids} != set(self.client.registry):
            raise Bad("reason.nonequalpackets")
        if self.state == LEFT:
            return
        self.state = ACTIVE
        self.send(frame(3, True if mistake == "finish-true" else None))
        if mistake == "at-once":
            self.state = CONFIRMED
            self.server.history.append(["made", self.number])

    def adopt(self, ids: Pairs) -> None:
        names, numbers = [name for name, _ in ids], [number for _, number in ids]
        spoilt = any(
            number != INTERNAL[name] if name in INTERNAL else number < 16 for name, number in ids
        )
        if (spoilt or len(set(numbers)) < len(numbers)) and mistake != "any-ids":
            raise Bad(MALFORMED)
        own = list(self.client.registry)
        equal = names == own if mistake == "ordered" else set(names) == set(own)
        if not equal and mistake != "any-names":
            if mistake == "finish-anyway":
                self.leave("reason.nonequalpackets")
                self.send(frame(3, None))
                return
            raise Bad("reason.nonequalpackets")
        self.ids = {name: number for name, number in ids if name in self.client.packets}
        if mistake == "adopts":
            self.client.packets = self.ids

    def application(self, packet: int, payload: bytes) -> None:
        if self.state < ACTIVE and mistake != "early":
            return
        name = {number: name for name, number in self.ids.items()}.get(packet, "")
        if not name and mistake == "unknown":
            return
        if not name:
            raise Bad("reason.unknownpacket")
        value = read_payload(payload, text=mistake == "bin-is-text")
        if mistake == "no-extensions" and isinstance(value, Ext):
            raise Bad(MALFORMED)
        received = {"event": "received", "connection": self.number, "type": name}
        write({**received, "payload": to_typed(value)})
        if name in self.client.failing:
            print(f"connection {self.number}: {name} fails", file=sys.stderr)
            if mistake == "callback":
                self.server.drop(self)


class Client(Server):
    """The adapter: a server's loop whose listening socket is the standard input."""

    def __init__(self) -> None:
        self.listening = sys.stdin.buffer  # type: ignore[assignment] # both have a descriptor
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listening, selectors.EVENT_READ)
        self.requests = b""
        self.begin(OWN, True)
        write({"event": "ready", "protocol": "packetmq", "version": 1})

    def begin(self, packets: dict[str, int], adapt: bool) -> None:
        self.packets, self.adapt = dict(packets), adapt
        self.history = Told()
        self.failing: set[str] = set()
        self.peers: dict[int, Peer] = {}
        self.lines: dict[int, Line] = {}
        self.pending: set[Peer] = set()
        self.count = 0

    @property
    def registry(self) -> dict[str, int]:
        """The packets with the internal ones."""
        return INTERNAL | self.packets

    def accept(self) -> None:
        read = os.read(0, 1 << 20)
        if not read:
            raise SystemExit
        *lines, self.requests = (self.requests + read).split(b"\n")
        for line in lines:
            request = json.loads(line)
            try:
                getattr(self, f"do_{request['do']}".replace(" ", "_"))(request)
            except (ValueError, LookupError, AttributeError) as error:
                write({"id": request["id"], "ok": False, "error": str(error)})
            else:
                write({"id": request["id"], "ok": True})
            if request["do"] == "quit":
                raise SystemExit

    def do_quit(self, _: Any) -> None:
        """Do nothing; the loop ends behind the reply."""

    def do_register(self, request: Any) -> None:
        packets: dict[str, int] = {}
        for name, number in request["packets"]:
            if not 16 <= number <= 65535 and mistake != "any-id":
                raise ValueError(f"bad id {number}")
            taken = name in INTERNAL or name in packets or number in packets.values()
            if taken and mistake != "again":
                raise ValueError(f"{name} {number} is there already")
            if not re.fullmatch(r"[!-9;-~ ]+:[!-9;-~ ]+", name) and mistake != "any-name":
                raise ValueError(f"bad name {name!r}")
            packets[name] = number
        for peer in list(self.peers.values()):
            peer.told = True
            self.drop(peer)
        self.begin(packets, request["adapt"])

    def do_connect(self, request: Any) -> None:
        number, self.count = self.count, self.count + 1
        try:
            own = socket.create_connection((request["host"], request["port"]))
        except OSError:
            if mistake != "refused":
                self.history.append(["lost", number, None])
            return
        own.setblocking(False)
        self.lines[number] = self.peers[own.fileno()] = Line(self, own, number)

    def do_send(self, request: Any) -> None:
        line = self.lines[request["to"]] if request.get("to") is not None else self.first()
        active = line.state in (ACTIVE, CONFIRMED) and not line.told
        if not active and mistake not in ("sends-early", "sends-on"):
            raise ValueError("not active")
        payload = pack(from_typed(request["payload"]))
        if mistake == "bare" and isinstance(request["payload"], str):
            payload = request["payload"].encode()
        line.send(raw_frame(line.ids[request["type"]], payload))

    def do_softquit(self, request: Any) -> None:
        line = self.lines[request["to"]]
        if line.told:
            raise ValueError("lost already")
        reason = request.get("reason")
        line.leave(UNKNOWN if reason is None else reason, wanted=True)

    def do_fail(self, request: Any) -> None:
        self.failing.add(request["type"])

    def first(self) -> Line:
        return next(line for line in self.lines.values() if line.state == CONFIRMED)


def write(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def in_bin(value: Any) -> Any:
    if isinstance(value, dict):
        return {in_bin(key): in_bin(item) for key, item in value.items()}
    return value.encode() if isinstance(value, str) else value


def pack(value: Any) -> bytes:
    packer = msgpack.Packer()
    if isinstance(value, list):
        return bytes(packer.pack_array_header(len(value))) + b"".join(map(pack, value))
    if isinstance(value, dict):
        head = bytes(packer.pack_map_header(len(value)))
        return head + b"".join(pack(key) + pack(item) for key, item in value.items())
    if isinstance(value, Ext):
        return bytes([0xC7, len(value) - 1]) + value
    return bytes(packer.pack(value))


def to_typed(value: Any) -> Any:
    if isinstance(value, Ext):
        return {"$ext": [int.from_bytes(value[:1], signed=True), value[1:].hex()]}
    if isinstance(value, Pairs):
        if all(isinstance(key, str) and not key.startswith("$") for key, _ in value):
            return {key: to_typed(item) for key, item in value}
        return {"$map": [[to_typed(key), to_typed(item)] for key, item in value]}
    if isinstance(value, list):
        return [to_typed(item) for item in value]
    if isinstance(value, bytes):
        return {"$bin": value.hex()}
    if isinstance(value, float):
        return {"$float": value if value - value == 0 else str(value)}
    if type(value) is int and abs(value) > 2**53:
        return {"$int": str(value)}
    return value


def from_typed(value: Any) -> Any:
    if isinstance(value, list):
        return [from_typed(item) for item in value]
    if not isinstance(value, dict):
        return value
    match list(value.items()):
        case [("$float", content)]:
            return float(content)
        case [("$bin", content)]:
            return bytes.fromhex(content)
        case [("$int", content)]:
            return int(content)
        case [("$ext", [code, octets])]:
            return Ext(code.to_bytes(1, signed=True) + bytes.fromhex(octets))
        case [("$map", pairs)]:
            return {from_typed(key): from_typed(item) for key, item in pairs}
    return {key: from_typed(item) for key, item in value.items()}


def main() -> None:
    """Serve requests until there are no more."""
    global mistake  # noqa: PLW0603 - one switch for the whole program, set once
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--mistake", choices=["", *MISTAKES], default="")
    mistake = by_hand.mistake = arguments.parse_args().mistake
    Client().run()


if __name__ == "__main__":
    main()
