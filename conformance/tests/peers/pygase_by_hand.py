"""A PyGaSe server written from the book alone, with mistakes that can be switched on.

The suite is tested on it: without a mistake every case passes, with one a case finds it. It shares
no code with the reference, the schemas or the suite, only the page; `MISTAKES` names the rules it
can break. Run it as `pygase_by_hand.py --port N [--mistake NAME]`.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import socket
import struct
import time
from typing import Any

import msgpack

Address = tuple[str, int]
DELETE = bytes.fromhex("d281e5ba")
MISTAKES = {
    "gap": "PGS-WIN-001",  # the previously newest sequence is not marked after a gap
    "bit-32": "PGS-ACK-003",  # the 32nd ack bit is not read
    "duplicate": "PGS-WIN-003",  # a duplicate is handled again
    "modulus": "PGS-SEQ-003",  # differences are folded at 65536
    "bad-is-received": "PGS-WIN-006",  # a malformed package is acked
    "float-64": "PGS-MSG-001",  # floats are sent with 64 bits
    "partial": "PGS-SYN-006",  # a client far behind gets the last changes only
    "two-ends": "PGS-SYN-003",  # a value that changed and changed back counts as unchanged
    "amplify": "PGS-SEC-001",  # unvalidated peers get packages all the time
    "kept-alive": "PGS-TIM-002",  # any datagram restarts the connection time-out
    "seven-events": "PGS-BOD-004",  # up to seven events in a package
    "forged-address": "PGS-EVT-022",  # the client's own client_address is believed
    "late-report": "PGS-SYN-001",  # the time order of a late package counts
    "no-kwargs": "PGS-EVT-014",  # keyword arguments are not sent
    "shut-me-down": "PGS-SHD-003",  # anyone may stop the server
    "roaming": "PGS-CON-006",  # what is newer is a known client's, wherever it comes from
}
mistake = ""


def newer(a: int, b: int) -> int:
    """Return the difference a - b, folded; positive if a is newer."""
    modulus = 65536 if mistake == "modulus" else 65535
    difference = a - b
    if difference > 32767:
        return difference - modulus
    return difference + modulus if difference < -32767 else difference


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(item) for item in value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def unique(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("the same key twice")
    return found


def no_extension(*_: object) -> None:
    raise ValueError("extension type")


def parse(data: bytes) -> tuple[int, int, int, int, list[dict[str, Any]]]:
    """Read a client package; raise ValueError (or its like) for anything else."""
    if len(data) > 2048 or len(data) < 14 or data[:4] != b"\xff\xd0\xfa\xb9":
        raise ValueError("not a package")
    sequence, ack, bits, time_order = struct.unpack(">HHIH", data[4:14])
    if not sequence:
        raise ValueError("sequence 0")
    events, rest = [], data[14:]
    while rest:
        (length,) = struct.unpack(">H", rest[:2])
        if length > len(rest) - 2:
            raise ValueError("past the end")
        event = msgpack.unpackb(
            rest[2 : 2 + length],
            strict_map_key=False,
            object_pairs_hook=unique,
            ext_hook=no_extension,
            timestamp=0,
        )
        rest = rest[2 + length :]
        if isinstance(event, msgpack.Timestamp) or has_timestamp(event) or depth(event) > 32:
            raise ValueError("outside of the profile")
        if set(event) != {"type", "handler_args", "handler_kwargs"} or not (
            isinstance(event["type"], str)
            and isinstance(event["handler_args"], list)
            and isinstance(event["handler_kwargs"], dict)
            and all(isinstance(key, str) for key in event["handler_kwargs"])
        ):
            raise ValueError("not an event")
        events.append(event)
    return sequence, ack, bits, time_order, events


def has_timestamp(value: Any) -> bool:
    if isinstance(value, dict):
        return any(has_timestamp(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(map(has_timestamp, value))
    return isinstance(value, msgpack.Timestamp)


def pack(value: Any) -> bytes:
    return bytes(msgpack.packb(value, use_single_float=mistake != "float-64"))


def merged(state: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    result = dict(state)
    for key, value in update.items():
        if isinstance(value, dict):
            old = result.get(key)
            result[key] = merged(old if isinstance(old, dict) else {}, value)
        elif value == DELETE:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def changes(olds: list[dict[str, Any]], new: dict[str, Any], *, everything: bool) -> dict[str, Any]:
    """Return the update that turns each of the old states into the new one."""
    olds = list({id(old): old for old in olds}.values())
    update: dict[str, Any] = {key: DELETE for old in olds for key in old if key not in new}
    for key, value in new.items():
        if isinstance(value, dict):
            maps = [old[key] for old in olds if isinstance(old.get(key), dict)]
            whole = everything or len(maps) < len(olds)
            inner = changes(maps, value, everything=whole)
            if inner or whole:
                update[key] = inner
        elif everything or any(
            key not in old or type(old[key]) is not type(value) or old[key] != value for old in olds
        ):
            update[key] = value
    return update


class Connection:
    """What the server knows of one client."""

    def __init__(self, address: Address, now: float) -> None:
        self.address = address
        self.sequence = self.ack = self.bits = self.time_order = 0
        self.first_sent = 0
        self.validated, self.alive = False, True
        self.received = self.next_send = now
        self.last_check = self.quality_changed = self.milestone = now
        self.credit, self.octets = 0, 0
        self.latency, self.quality, self.interval, self.throttle = 0.0, "good", 1 / 40, 1.0
        self.queue: list[dict[str, Any]] = []
        self.pending: dict[int, tuple[float, list[dict[str, Any]]]] = {}

    def window(self, sequence: int) -> str:
        """Take a sequence into the window; return its kind."""
        if not self.ack:
            self.ack = sequence
            return "newest"
        distance = newer(sequence, self.ack)
        if distance > 0:
            mark = 0 if mistake == "gap" and distance > 1 else 1 << 32
            self.bits = ((mark | self.bits) >> distance) & 0xFFFFFFFF
            self.ack = sequence
            return "newest"
        if distance < -32:
            return "too late"
        bit = 1 << (32 + distance)
        if distance == 0 or self.bits & bit:
            return "duplicate"
        self.bits |= bit
        return "late"

    def acked(self, ack: int, bits: int, now: float) -> list[dict[str, Any]]:
        """Return the events that this ack confirms."""
        events: list[dict[str, Any]] = []
        if not ack:
            return events
        reach = 31 if mistake == "bit-32" else 32
        for back in range(reach + 1):
            number = (ack - back - 1) % 65535 + 1
            if (not back or bits >> (32 - back) & 1) and number in self.pending:
                sent, carried = self.pending.pop(number)
                self.latency += 0.1 * (now - sent - self.latency)
                events += carried
                self.validated = True
        return events

    def check_quality(self, now: float) -> None:
        self.last_check = now
        if self.quality == "good" and self.latency > 0.25:
            self.quality, self.interval = "bad", 1 / 20
            if now - self.quality_changed < self.throttle:
                self.throttle = min(2 * self.throttle, 60.0)
            self.quality_changed = now
        elif self.quality == "good" and now - self.milestone > self.throttle:
            self.interval, self.milestone = 1 / 40, now
            self.throttle = max(self.throttle / 2, 1.0)
        elif self.quality == "bad" and self.latency < 0.25:
            self.quality, self.quality_changed, self.milestone = "good", now, now


class Server:
    """The whole server with the conformance application."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.connections: dict[Address, Connection] = {}
        self.host: Address | None = None
        self.state: dict[str, Any] = {"greeting": "conformance", "counts": {}, "game_status": 1}
        self.time_order, self.history = 1, {1: self.state}
        self.steps: list[dict[str, Any]] = []
        self.counts: dict[str, int] = {}
        self.running = True

    def run(self) -> None:
        next_step = time.monotonic()
        while self.running:
            if select.select([self.socket], [], [], 0.002)[0]:
                data, address = self.socket.recvfrom(65536)
                self.receive(data, address, time.monotonic())
            now = time.monotonic()
            if now >= next_step:
                next_step = max(next_step + 0.02, now)
                self.step()
            for connection in list(self.connections.values()):
                self.tick(connection, now)

    def receive(self, data: bytes, address: Address, now: float) -> None:
        connection = self.connections.get(address)
        if connection and mistake == "kept-alive":
            connection.received = now
        if data == b"shutdown" and connection and connection.alive and address == self.host:
            self.running = False
        if data == b"shut_me_down" and mistake == "shut-me-down":
            self.running = False
        try:
            sequence, ack, bits, time_order, events = parse(data)
        except (ValueError, TypeError, struct.error, RecursionError, msgpack.UnpackException):
            if connection and mistake == "bad-is-received" and len(data) >= 12:
                connection.window(struct.unpack(">H", data[4:6])[0])
            return
        if not connection and mistake == "roaming" and sequence > 1:
            older = [one for one in self.connections.values() if newer(sequence, one.ack) > 0]
            connection = older[-1] if older else None
        if connection and not connection.alive and newer(sequence, connection.ack) <= 0:
            connection = None
        if not connection:
            connection = self.connections[address] = Connection(address, now)
        kind = connection.window(sequence)
        if kind == "too late" or (kind == "duplicate" and mistake != "duplicate"):
            return
        connection.received, connection.alive = now, True
        connection.credit, connection.octets = connection.credit + 1, connection.octets + len(data)
        if kind == "newest" or mistake == "late-report":
            connection.time_order = time_order
            connection.first_sent = 0 if time_order else connection.first_sent
        for event in connection.acked(ack, bits, now):
            if event["type"] == "WATCHED":
                self.send(connection, "ACKED", event["handler_args"], {})
        if connection.validated and not self.host:
            self.host = address
        for event in events:
            # A handler that fails costs its own event only.
            with contextlib.suppress(LookupError, TypeError, ValueError, AttributeError):
                self.handle(connection, event)

    def handle(self, connection: Connection, event: dict[str, Any]) -> None:
        args, kwargs = event["handler_args"], event["handler_kwargs"]
        address = list(connection.address)
        if mistake == "forged-address":
            address = kwargs.get("client_address", address)
        match event["type"]:
            case "ECHO":
                kwargs.pop("client_address", None)
                self.send(connection, "ECHO", args, {} if mistake == "no-kwargs" else kwargs)
            case "WHOAMI":
                self.send(connection, "YOU_ARE", address, {})
            case "COUNT":
                self.counts[args[0]] = self.counts.get(args[0], 0) + 1
                self.steps.append({"counts": {args[0]: self.counts[args[0]]}})
            case "UPDATE":
                self.steps.append(dict(args[0]))
            case "FILL":
                self.steps.append({"fill": "x" * args[0] if args[0] else DELETE})
            case "BURST":
                for number in range(args[0]):
                    self.send(connection, "BURST", [number], {})
            case "BROADCAST":
                for other in self.connections.values():
                    self.send(other, "BROADCAST", args, {})
            case "WATCH":
                self.send(connection, "WATCHED", args[:1], {}, retries=args[1])

    def send(self, to: Connection, name: str, args: Any, kwargs: Any, retries: int = 0) -> None:
        event = {"type": name, "handler_args": list(args), "handler_kwargs": kwargs}
        if len(packed := pack(event)) > 2017:
            raise ValueError("too large for any package")
        to.queue.append({**event, "retries": retries, "packed": packed})

    def step(self) -> None:
        update: dict[str, Any] = {}
        for contribution in self.steps:
            update = {**update, **contribution}
            self.state = merged(self.state, contribution)
        self.steps = []
        self.time_order = self.time_order % 65535 + 1
        self.history[self.time_order] = self.state
        self.history.pop((self.time_order - 1002) % 65535 + 1, None)

    def update_for(self, connection: Connection, room: int) -> bytes:
        reported = connection.time_order
        behind = newer(self.time_order, reported)
        known = self.history.get(reported) if reported and 0 <= behind <= 1000 else None
        orders = [(self.time_order - back - 1) % 65535 + 1 for back in range(min(behind, 100))]
        if behind == 0 and known is not None:
            orders = [reported]
        for order in orders if known is not None and behind <= 100 else [self.time_order]:
            everything = known is None or behind > 100
            since = connection.first_sent if known is None else reported
            steps = range(max(newer(order, since), 0)) if since else range(0)
            orders_before = [(order - back - 2) % 65535 + 1 for back in steps]
            olds = [self.history[one] for one in orders_before if one in self.history]
            if mistake == "partial" and len(olds) > 100:
                olds, everything = olds[:100], False
            if mistake == "two-ends":
                olds = olds[-1:]
            update = changes(olds, self.history[order], everything=everything)
            if len(packed := pack({**update, "time_order": order})) <= room:
                connection.first_sent = connection.first_sent or order
                return packed
        return pack({"time_order": reported})

    def tick(self, connection: Connection, now: float) -> None:
        if now - connection.received > 10.0:
            self.connections.pop(connection.address, None)
        if now - connection.received > 5.0:
            connection.alive = False
        for number, (sent, events) in list(connection.pending.items()):
            if now - sent > 1.0:
                del connection.pending[number]
                connection.queue += [
                    {**event, "retries": event["retries"] - 1}
                    for event in events
                    if event["retries"]
                ]
        if now - connection.last_check >= 0.5:
            connection.check_quality(now)
        if not connection.alive or now < connection.next_send:
            return
        connection.next_send = max(connection.next_send + connection.interval, now)
        minimal = not connection.validated and mistake != "amplify"
        if minimal and (connection.credit < 1 or connection.octets < 9):
            return
        self.send_package(connection, now, minimal=minimal)

    def send_package(self, connection: Connection, now: float, *, minimal: bool) -> None:
        most, block = 7 if mistake == "seven-events" else 5, b""
        carried: list[dict[str, Any]] = []
        while connection.queue and len(carried) < most and not minimal:
            packed = connection.queue[0]["packed"]
            if len(block) + len(packed) > 2017:
                break
            block += struct.pack(">H", len(packed)) + packed
            carried.append(connection.queue.pop(0))
        room = 2048 - 14 - len(block)
        update = pack({"time_order": 0}) if minimal else self.update_for(connection, room)
        connection.sequence = connection.sequence % 65535 + 1
        header = (connection.sequence, connection.ack, connection.bits, len(update))
        data = b"\xff\xd0\xfa\xb9" + struct.pack(">HHIH", *header) + update + block
        connection.pending[connection.sequence] = (now, carried)
        if minimal:
            connection.credit, connection.octets = connection.credit - 1, connection.octets - 9
        # There may be no way to an address that somebody has made up.
        with contextlib.suppress(OSError):
            self.socket.sendto(data, connection.address)


def main() -> None:
    """Run the server until it is told to stop."""
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
