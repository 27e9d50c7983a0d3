"""What the cases of the client's role have in hand: a raw server, and the client under test.

What may live here: fixtures, and the client as the cases steer it. Waiting for the client always
means that the raw server goes on meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from wirebook.conformance.drivers.pygase.model import same
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.raw_server import PATIENCE, RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Arrival
from wirebook.conformance.network import CaseNetwork
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.verdicts import TargetDied, Violation
from wirebook.spec.vectors import VectorError, from_typed, to_typed

SHOWN_CHARACTERS = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClientUnderTest:
    """The client, steered by its adapter, and the raw server that it is to connect to."""

    adapter: ClientHandle
    server: RawServer
    stretched: Callable[[float], float]
    """Stretches a time-out for a slow target."""

    def connect(self) -> Arrival:
        """Have the client connect to the raw server; return its first datagram."""
        self.server.begin()
        self.server.note("The client is told to connect.")
        host, port = self.server.address
        self._request({"do": "connect", "host": host, "port": port})
        return self.server.expect(lambda _: True, "a first package of the client")

    def open(self) -> None:
        """Have the client connect, and answer it once, so that it is connected."""
        self.connect()
        sequence = self.server.send()
        self.server.expect_acks(sequence, 0, "after the first package")

    def dispatch(self, event: Event, *, retries: int = 0, tag: str | None = None) -> None:
        """Have the client dispatch an event, which it must not refuse."""
        error = self.try_to_dispatch(event, retries=retries, tag=tag)
        if error is not None:
            raise Violation(f"expected the client to dispatch {event.type}, got: {error}")

    def try_to_dispatch(
        self, event: Event, *, retries: int = 0, tag: str | None = None
    ) -> str | None:
        """Have the client dispatch an event; return the error if it refuses to."""
        request: dict[str, Any] = {
            "do": "dispatch",
            "type": event.type,
            "args": [to_typed(value) for value in event.args],
            "kwargs": {name: to_typed(value) for name, value in event.kwargs.items()},
            "retries": retries,
        }
        if tag is not None:
            request["tag"] = tag
        if tag is not None or retries:
            self.server.note(f"The client is told to dispatch {event}, with {retries} retries.")
        reply = self.adapter.request(request, self.stretched(PATIENCE))
        return None if reply.get("ok") else str(reply.get("error") or "no reason given")

    def handle(self, *event_types: str, fail: bool = False) -> None:
        """Register handlers that notify, and fail if so told."""
        for event_type in event_types:
            self._request({"do": "handle", "type": event_type, **({"fail": True} if fail else {})})

    def state(self) -> dict[str, Any]:
        """Return the game state that the client holds."""
        state: dict[str, Any] = _plain(self._request({"do": "state"})["state"])
        return state

    def attributes(self) -> dict[str, Any]:
        """Return the game state without what the protocol itself has in it."""
        own = ("time_order", "game_status")
        return {name: value for name, value in self.state().items() if name not in own}

    def status(self) -> str:
        """Return the connection status."""
        return str(self._request({"do": "status"})["status"])

    def disconnect(self, *, shutdown_server: bool = False) -> None:
        """Have the client disconnect."""
        self.server.note("The client is told to disconnect.")
        self._request({"do": "disconnect", "shutdown_server": shutdown_server})

    def received(self, *event_types: str) -> list[Event]:
        """Return the events that handlers were given so far, of these types or of all."""
        events = [
            Event(message["type"], _plain(message["args"]), _plain(message["kwargs"]))
            for message in self.adapter.messages
            if message.get("event") == "received"
        ]
        return [one for one in events if not event_types or one.type in event_types]

    def acked(self, tag: str) -> int:
        """Return how often the ack callback with this tag has run."""
        notified = {"event": "acked", "tag": tag}
        return sum(notified.items() <= one.items() for one in self.adapter.messages)

    def wait_received(self, *events: Event, what: str = "") -> None:
        """Wait until handlers were given exactly these events, of all events, in this order."""

        def missed() -> str:
            expected = f"expected {_listed(events)} to be handled, got {_listed(self.received())}"
            return f"{what}: {expected}" if what else expected

        self.until(lambda: len(self.received()) >= len(events), missed)
        if not same([one.value() for one in self.received()], [one.value() for one in events]):
            raise Violation(missed())

    def wait_acked(self, tag: str, what: str) -> None:
        """Wait until the ack callback with this tag has run, once."""

        def missed() -> str:
            return f"{what}: expected the ack callback to run once, ran {self.acked(tag)} times"

        self.until(lambda: self.acked(tag) >= 1, missed)
        self.check_acked(tag, 1, what)

    def check_acked(self, tag: str, times: int, what: str) -> None:
        """Check how often the ack callback with this tag has run."""
        ran = self.acked(tag)
        if ran != times:
            raise Violation(f"{what}: expected the ack callback to run {times} times, ran {ran}")

    def wait_status(self, status: str, what: str) -> None:
        """Wait until the client has this status."""
        self.until(
            self._polled(lambda: self.status() == status),
            lambda: f"{what}: expected the status {status}, got {self.status()}",
        )

    def check_status(self, status: str, what: str) -> None:
        """Check that the client has this status now."""
        got = self.status()
        if got != status:
            raise Violation(f"{what}: expected the status {status}, got {got}")

    def wait_state(self, attributes: dict[str, Any], time_order: int, what: str) -> None:
        """Wait until the client holds exactly these attributes at this time order."""

        def holds() -> bool:
            return self.state().get("time_order") == time_order

        def missed() -> str:
            state = self.state()
            return f"{what}: expected the state {attributes} at {time_order}, got {state}"

        self.until(self._polled(holds), missed)
        if not same(self.attributes(), attributes):
            raise Violation(missed())

    def until(
        self,
        condition: Callable[[], T | None],
        missed: Callable[[], str],
        *,
        seconds: float = PATIENCE,
        prompt: bool = True,
    ) -> T:
        """Wait, the raw server going on meanwhile; an adapter that ends is a dead target."""

        def alive() -> T | None:
            if not self.adapter.alive():
                raise TargetDied(f"the client adapter {self.adapter.how_ended()}")
            return condition()

        return self.server.until(alive, self.stretched(seconds), missed, prompt=prompt)

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        reply = self.adapter.request(request, self.stretched(PATIENCE))
        if not reply.get("ok"):
            raise Violation(f"the client refused to {request['do']}: {reply.get('error')}")
        return reply

    def _polled(self, condition: Callable[[], bool]) -> Callable[[], bool]:
        """Make the condition cheap: ask only so often."""
        turn = 0

        def asked() -> bool:
            nonlocal turn
            turn += 1
            return turn % 4 == 1 and condition()

        return asked


def _plain(typed: Any) -> Any:
    try:
        return from_typed(typed)
    except (VectorError, TypeError, ValueError) as error:
        shown = json.dumps(typed)[:SHOWN_CHARACTERS]
        raise Violation(f"expected values of the protocol only, got {shown} ({error})") from error


def _listed(events: tuple[Event, ...] | list[Event]) -> str:
    return ", ".join(map(str, events)) or "none"


@pytest.fixture
def raw_server(exchange: Recorder, network: CaseNetwork) -> Iterator[RawServer]:
    """Give a raw server that records everything."""
    with RawServer(exchange, network.line) as server:
        yield server


@pytest.fixture
def client(
    raw_server: RawServer, target_client: ClientHandle, deadline: Callable[[float], float]
) -> ClientUnderTest:
    """Give the client under test, not yet connected to the raw server."""
    return ClientUnderTest(target_client, raw_server, deadline)
