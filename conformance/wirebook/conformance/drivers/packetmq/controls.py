"""The client under test as the cases steer it, and the raw server that it connects to.

What may live here: the requests and notifications of the control protocol (chapter *The conformance
application*), and waiting for them while the raw server goes on. The handshake is in `player.py`,
and what is expected of a client in `verify_client.py`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from wirebook.conformance.control import Message
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.raw_server import PATIENCE, RawServer
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.drivers.values import same
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.verdicts import TargetDied, Violation
from wirebook.spec.vectors import VectorError, from_typed, to_typed

OWN_PACKETS: Mapping[str, int] = {name: frames.CLIENT_IDS[name] for name in frames.APPLICATION}
"""The registry that a client has without being told: the packets, with ids of its own."""

SHOWN, SHOWN_CHARACTERS = 4, 200
_LATENCIES = 8

Notification = tuple[Any, ...]
"""`("made",)`, `("lost", reason)` or `("received", type, payload)`."""

T = TypeVar("T")


def made() -> Notification:
    """Return the notification that a connection is made."""
    return ("made",)


def lost(reason: str | None) -> Notification:
    """Return the notification that a connection is lost."""
    return ("lost", None if reason is None else str(reason))


def received(kind: str, payload: Any) -> Notification:
    """Return the notification that a packet was received."""
    return ("received", kind, payload)


class SteeredClient:
    """A client, told by requests what to do, and heard by its notifications."""

    def __init__(
        self,
        adapter: ClientHandle,
        server: RawServer,
        stretched: Callable[[float], float] = lambda seconds: seconds,
    ) -> None:
        self.adapter, self.server = adapter, server
        self.adapt = True
        """Whether the client is adaptive, as it is without being told."""
        self._stretched = stretched
        self.latency = 0.0
        """Seconds that the client took for an answer, at most; 0 before the first handshake."""
        self.witness: Line | None = None
        """A connection that nothing bad is done to."""
        self._begun = 0
        self._forgotten = 0

    def patience(self, seconds: float = PATIENCE) -> float:
        """Return how long to wait for what takes so many seconds on a fast target."""
        return self._stretched(seconds) + _LATENCIES * self.latency

    # Requests

    def register(self, packets: Mapping[str, int] = OWN_PACKETS, *, adapt: bool = True) -> None:
        """Have a new client with this registry; the numbers of connections begin anew."""
        error = self.try_to_register(packets.items(), adapt=adapt)
        if error is not None:
            raise Violation(f"expected the client to register {len(packets)} packets, got: {error}")

    def try_to_register(
        self, packets: Iterable[tuple[str, int]], *, adapt: bool = True
    ) -> str | None:
        """Have a new client with this registry; return the error if it is refused."""
        listed = [list(pair) for pair in packets]
        self.server.note(f"The client registers {len(listed)} packets, {_policy(adapt)}.")
        # What the old client still has to say belongs to no connection of the new one.
        error = self._try({"do": "register", "adapt": adapt, "packets": listed})
        if error is None:
            self.adapt, self.witness = adapt, None
            self._begun, self._forgotten = 0, len(self.adapter.messages)
        return error

    def begin_to_connect(self, address: tuple[str, int] | None = None) -> int:
        """Have the client begin to connect; return what number it gives the connection."""
        host, port = address or self.server.address
        self.server.note(f"The client is told to connect to {host}:{port}.")
        self._demand({"do": "connect", "host": host, "port": port})
        self._begun += 1
        return self._begun - 1

    def connect(self, address: tuple[str, int] | None = None) -> Line:
        """Have the client connect to the raw server; return the connection."""
        number, accepted = self.begin_to_connect(address), len(self.server.lines)
        line = self.until(
            lambda: self.server.lines[accepted:] or None,
            lambda: "expected the client to connect, it did not",
        )[0]
        line.number = number
        return line

    def send(self, kind: str, payload: Any = None, to: Line | None = None) -> None:
        """Have the client send a packet, which it must not refuse."""
        error = self.try_to_send(kind, payload, to)
        if error is not None:
            raise Violation(f"expected the client to send {kind} {payload!r:.60}, got: {error}")

    def try_to_send(self, kind: str, payload: Any = None, to: Line | None = None) -> str | None:
        """Have the client send a packet; return the error if it refuses to."""
        request = {"do": "send", "type": kind, "payload": to_typed(payload)}
        return self._try(request if to is None else {**request, "to": to.number})

    def softquit(self, to: Line, reason: str | None = None) -> None:
        """Have the client take leave of a connection, with a reason or without."""
        error = self.try_to_softquit(to, reason)
        if error is not None:
            raise Violation(f"expected the client to take its leave, got: {error}")

    def try_to_softquit(self, to: Line, reason: str | None = None) -> str | None:
        """Have the client take leave; return the error if it refuses to."""
        self.server.note("The client is told to take its leave.")
        request: Message = {"do": "softquit", "to": to.number}
        return self._try(request if reason is None else {**request, "reason": reason})

    def fail(self, kind: str) -> None:
        """Have the callback for a kind of packet fail from now on."""
        self._demand({"do": "fail", "type": kind})

    # Notifications

    def notified(self, line: Line) -> list[Notification]:
        """Return what the client's application was told about a connection."""
        return self.notified_of(line.number)

    def notified_of(self, number: int) -> list[Notification]:
        """Return what the client's application was told about a connection, by its number."""
        told = self.adapter.messages[self._forgotten :]
        return [_read(one) for one in told if one.get("connection") == number]

    def wait_notified(self, line: Line, *expected: Notification, what: str = "") -> None:
        """Wait until the application was told exactly this about a connection, in this order."""
        self.wait_notified_of(line.number, *expected, what=what)

    def wait_notified_of(
        self, number: int, *expected: Notification, what: str = "", seconds: float = PATIENCE
    ) -> None:
        """Wait for the same on the connection with a number."""

        def missed() -> str:
            told = _listed(self.notified_of(number))
            missed = f"expected the application to be told {_listed(expected)}, got {told}"
            return f"{what}: {missed}" if what else missed

        self.until(lambda: len(self.notified_of(number)) >= len(expected), missed, seconds=seconds)
        if not same(list(map(list, self.notified_of(number))), list(map(list, expected))):
            raise Violation(missed())

    def wait_lost(self, line: Line, *, seconds: float = PATIENCE) -> str | None:
        """Wait until the application is told that a connection is lost, and return the reason."""

        def find() -> list[Notification]:
            return [one for one in self.notified(line) if one[0] == "lost"]

        self.until(
            find,
            lambda: "expected the application to be told of the loss, it was not",
            seconds=seconds,
        )
        reason: str | None = find()[0][1]
        return reason

    def until(
        self,
        condition: Callable[[], T | None],
        missed: Callable[[], str],
        *,
        seconds: float = PATIENCE,
    ) -> T:
        """Wait, the raw server going on meanwhile; an adapter that ends is a dead target."""

        def alive() -> T | None:
            if not self.adapter.alive():
                raise TargetDied(f"the client adapter {self.adapter.how_ended()}")
            return condition()

        return self.server.until(alive, self.patience(seconds), missed)

    def _demand(self, request: Message) -> None:
        error = self._try(request)
        if error is not None:
            raise Violation(f"the client refused to {request['do']}: {error}")

    def _try(self, request: Message) -> str | None:
        reply = self.adapter.request(request, self.patience())
        return None if reply.get("ok") else str(reply.get("error") or "no reason given")


def unused_address() -> tuple[str, int]:
    """Return an address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address: tuple[str, int] = listening.getsockname()
        return address


def _read(message: Message) -> Notification:
    match message["event"]:
        case "made":
            return made()
        case "lost":
            return lost(message.get("reason"))
        case "received":
            return received(message.get("type", ""), _plain(message.get("payload")))
        case other:
            raise Violation(f"expected notifications of the control protocol, got {other!r}")


def _plain(typed: Any) -> Any:
    try:
        return from_typed(typed)
    except (VectorError, TypeError, ValueError) as error:
        shown = json.dumps(typed)[:SHOWN_CHARACTERS]
        raise Violation(f"expected values of the protocol only, got {shown} ({error})") from error


def _listed(notifications: Sequence[Notification]) -> str:
    words = [f"{one[0]} {' '.join(map(repr, one[1:]))}".strip() for one in notifications]
    shown = ", ".join(words[-SHOWN:])[-SHOWN_CHARACTERS:]
    return f"… {shown}" if len(words) > SHOWN else shown or "nothing"


def _policy(adapt: bool) -> str:
    return "adaptive" if adapt else "enforcing"
