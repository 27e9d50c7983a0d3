"""Subjects on the network: a server through real connections, a client through its control.

What may live here: the sockets, the real time and the processes behind a subject. A target is
started once and goes on for the next machine; each machine has connections of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames, probe
from wirebook.conformance.drivers.packetmq.controls import (
    Notification,
    SteeredClient,
    unused_address,
)
from wirebook.conformance.drivers.packetmq.raw_client import End, RawClient
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.drivers.packetmq.waiting import pump
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Inconclusive, TargetDied, Violation
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.packetmq.subjects import Bounds, Flaw, Packet
from wirebook.spec.books import Malformed

__all__ = ["LiveClient", "LiveServer", "live_subjects"]

_PATIENCE = 3.0
_LATENCIES = 20
_BETWEEN_PIECES = 0.002
_GONE = 0.3
"""Seconds for a reset to come back, once something was sent to where nobody is."""


@contextmanager
def live_subjects(role: str, target: Mapping[str, Any]) -> Iterator[Callable[[], Any]]:
    """Give a function that makes subjects of a target, which is started when it is needed."""
    described = Target.from_json(target)
    with ExitStack() as stack:
        if role == "server":
            server = ServerHandle(described, probe)
            stack.callback(server.stop)
            yield lambda: LiveServer(server)
        else:
            clients = _Clients(described)
            stack.callback(clients.close)
            yield lambda: LiveClient(clients.handle())


class _Clients:
    """The adapter of a target, started anew once it has ended."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._handle: ClientHandle | None = None

    def handle(self) -> ClientHandle:
        """Return one that lives."""
        if self._handle is None or not self._handle.alive():
            self.close()
            self._handle = ClientHandle(self._target)
        return self._handle

    def close(self) -> None:
        """End it."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class _Live:
    """What both roles have in common: real time."""

    live = True
    early, late = 0.3, 1.5
    bounds = Bounds()

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._taken: dict[int, tuple[int, int]] = {}

    def now(self) -> float:
        """Return the time of the clock that everything is stamped with."""
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.steps.append({"do": "wait", "seconds": seconds})
        self._pump(lambda: False, seconds)

    def wait(self, until: Callable[[], object]) -> bool:
        """Wait for something that comes at once from a subject that works."""
        return self._pump(until, _PATIENCE + self._latency() * _LATENCIES)

    def _latency(self) -> float:
        return 0.0

    def _pump(self, until: Callable[[], object], seconds: float) -> bool:
        raise NotImplementedError


class LiveServer(_Live):
    """A server that runs."""

    def __init__(self, handle: ServerHandle) -> None:
        super().__init__()
        handle.ensure()
        self._handle = handle
        self._mark = handle.mark()
        self._link = Link(handle.address, alive=handle.alive)
        self._streams: list[RawClient] = []
        self._reset: set[int] = set()

    def alive(self) -> bool:
        """Tell whether the server lives."""
        return self._handle.alive() if not self._handle.external else True

    def output(self) -> str:
        """Return what the server has written since this machine began."""
        return self._handle.output(self._mark)

    def close(self) -> None:
        """Close all connections."""
        for stream in self._streams:
            stream.close()

    def connect(self) -> int:
        """Connect."""
        try:
            stream = RawClient(self._link)
        except (Violation, TargetDied) as error:
            raise Broken("PMQ-ERR-001", "it takes no connection", str(error)) from None
        stream.recorded = False
        self._streams.append(stream)
        peer = len(self._streams) - 1
        self.steps.append({"do": "send", "peer": peer, "hex": ""})
        return peer

    def send(self, peer: int, octets: bytes) -> None:
        """Send octets by themselves."""
        self.steps.append({"do": "send", "peer": peer, "hex": octets.hex()})
        stream = self._streams[peer]
        stream.send_unrecorded(octets)
        self._pump(lambda: not stream.unsent, _BETWEEN_PIECES)

    def end(self, peer: int) -> None:
        """End our direction."""
        self.steps.append({"do": "end", "peer": peer})
        self._streams[peer].finish_sending()

    def reset(self, peer: int) -> None:
        """Abort the connection, once what was sent has been read."""
        self._pump(lambda: False, 10 * _BETWEEN_PIECES)
        self.steps.append({"do": "reset", "peer": peer})
        self._reset.add(peer)
        self._streams[peer].reset()

    def hold(self, peer: int, held: bool) -> None:
        """Take nothing of what comes, or go on taking it."""
        stream = self._streams[peer]
        stream.reading = not held

    def heard(self, peer: int) -> list[Packet | Flaw]:
        """Return what has come."""
        stream = self._streams[peer]
        if peer in self._reset:
            return []
        stream.drain()
        packets, flaws = self._taken.get(peer, (0, 0))
        self._taken[peer] = len(stream.packets), len(stream.malformed)
        return [
            *stream.packets[packets:],
            *(Flaw(stream.heard_at, *flaw) for flaw in stream.malformed[flaws:]),
        ]

    def ended(self, peer: int) -> str:
        """Tell how the server has ended its direction."""
        stream = self._streams[peer]
        return "" if stream.end is End.OPEN else stream.end.value

    def closed(self, peer: int) -> bool:
        """Tell whether the server takes nothing more; a reset that answers shows it."""
        stream = self._streams[peer]
        if peer in self._reset or stream.end is End.RST or stream.refused:
            return True
        if stream.end is End.OPEN:
            return False
        if stream.fileno() < 0 or peer in self._ended_by_us():
            return True  # both directions are ended, and that is all that TCP shows
        end = time.monotonic() + _GONE
        while not stream.refused and time.monotonic() < end:
            stream.send_unrecorded(frames.finish())
            time.sleep(_BETWEEN_PIECES)
        return stream.refused

    def _ended_by_us(self) -> set[int]:
        return {int(step["peer"]) for step in self.steps if step["do"] == "end"}

    def _latency(self) -> float:
        return self._handle.latency

    def _pump(self, until: Callable[[], object], seconds: float) -> bool:
        streams = [one for at, one in enumerate(self._streams) if at not in self._reset]
        if not streams:
            time.sleep(0.0 if until() else seconds)
            return bool(until())
        try:
            return pump(streams, until, seconds)
        except TargetDied as error:
            raise Broken("PMQ-ERR-001", "it dies", self.output()[-300:]) from error


class LiveClient(_Live):
    """A client that runs, and the raw server that it connects to."""

    def __init__(self, handle: ClientHandle) -> None:
        super().__init__()
        self._handle = handle
        self._server = RawServer()
        self._elsewhere = RawServer()
        """What is connected to, and left before anybody knows."""
        self._client = SteeredClient(handle, self._server)
        self._lines: dict[int, Line] = {}
        self._reset: set[int] = set()

    def alive(self) -> bool:
        """Tell whether the adapter lives."""
        return self._handle.alive()

    def output(self) -> str:
        """Return what the adapter has written."""
        return self._handle.output()

    def close(self) -> None:
        """Close all connections; the adapter goes on."""
        self._server.close()
        self._elsewhere.close()

    def register(self, packets: Mapping[str, int], adapt: bool) -> None:
        """Have a new client."""
        self._lines.clear()
        self._reset.clear()
        self._taken.clear()
        self._asked(self._client.register, packets, adapt=adapt)

    def connect(self) -> int:
        """Have it connect."""
        line: Line = self._asked(self._client.connect)
        self._lines[line.number] = line
        return line.number

    def begin_to_connect(self, reachable: bool) -> int:
        """Have it begin to connect."""
        address = self._elsewhere.address if reachable else unused_address()
        number: int = self._asked(self._client.begin_to_connect, address)
        return number

    def ask_to_send(self, peer: int, name: str, payload: Any) -> str | None:
        """Have it send a packet."""
        error: str | None = self._asked(self._client.try_to_send, name, payload, _numbered(peer))
        return error

    def ask_to_leave(self, peer: int, reason: str | None) -> str | None:
        """Have it take leave."""
        error: str | None = self._asked(self._client.try_to_softquit, _numbered(peer), reason)
        return error

    def fail(self, name: str) -> None:
        """Have a callback fail."""
        self._asked(self._client.fail, name)

    def say_at_loss(self, payload: Any) -> bool:  # noqa: ARG002 - what others can do
        """The control protocol has nothing for it."""
        return False

    def notified(self, peer: int) -> list[Notification]:
        """Return what the application was told."""
        found: list[Notification] = self._asked(self._client.notified_of, peer)
        return found

    def send(self, peer: int, octets: bytes) -> None:
        """Send octets by themselves."""
        self.steps.append({"do": "send", "peer": peer, "hex": octets.hex()})
        if (line := self._lines.get(peer)) is not None:
            with suppress(Inconclusive):
                line.send(octets, message="")
            line.pause(_BETWEEN_PIECES)

    def end(self, peer: int) -> None:
        """End our direction."""
        self.steps.append({"do": "end", "peer": peer})
        if (line := self._lines.get(peer)) is not None:
            line.half_close()

    def reset(self, peer: int) -> None:
        """Abort the connection, once what was sent has been read."""
        self._pump(lambda: False, 10 * _BETWEEN_PIECES)
        self.steps.append({"do": "reset", "peer": peer})
        self._reset.add(peer)
        if (line := self._lines.get(peer)) is not None:
            line.reset()

    def hold(self, peer: int, held: bool) -> None:
        """Take nothing of what comes, or go on taking it."""
        if (line := self._lines.get(peer)) is not None:
            line.reading = not held

    def heard(self, peer: int) -> list[Packet | Flaw]:
        """Return what has come."""
        line = self._lines.get(peer)
        if line is None or peer in self._reset:
            return []
        line.receive()
        packets, flaws = self._taken.get(peer, (0, 0))
        self._taken[peer] = len(line.packets), int(bool(line.flaw))
        came: list[Packet | Flaw] = [*line.packets[packets:]]
        if line.flaw and not flaws:
            requirement = line.flaw.partition(":")[0]
            came.append(Flaw(self.now(), b"", Malformed(requirement, line.flaw, 0)))
        return came

    def ended(self, peer: int) -> str:
        """Tell how the client has ended its direction."""
        line = self._lines.get(peer)
        return "" if line is None else line.ended

    def closed(self, peer: int) -> bool:
        """Tell whether the client takes nothing more; a reset that answers shows it."""
        line = self._lines.get(peer)
        if line is None or peer in self._reset or line.ended == "rst":
            return True
        if not line.ended:
            return False
        if any(step["do"] == "end" and step["peer"] == peer for step in self.steps):
            return True  # both directions are ended, and that is all that TCP shows
        end = time.monotonic() + _GONE
        while line.ended != "rst" and time.monotonic() < end:
            line.send(frames.finish(), message="")
            time.sleep(_BETWEEN_PIECES)
        return line.ended == "rst"

    def _asked(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except TargetDied as error:
            raise Broken("PMQ-ERR-001", "it dies", self.output()[-300:]) from error
        except Violation as violation:
            claim = "the client does not do as it is told"
            raise Broken("PMQ-ERR-001", claim, str(violation)) from violation

    def _pump(self, until: Callable[[], object], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            if not self._handle.alive():
                raise Broken("PMQ-ERR-001", "it dies", self.output()[-300:])
            self._server.pump(min(left, 0.01))
        return True


class _Numbered:
    """Stands for a connection by its number, which is all that a request needs."""

    def __init__(self, number: int) -> None:
        self.number = number


def _numbered(peer: int) -> Any:
    return _Numbered(peer)
