"""What the cases of the client's role have in hand: a raw server, and the client under test.

What may live here: fixtures, and the client as the cases steer it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from wirebook.conformance.drivers.pgnet.raw_server import PATIENCE, RawConnection, RawServer
from wirebook.conformance.network import CaseNetwork
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.verdicts import TargetDied, Violation

Json = dict[str, Any]
T = TypeVar("T")

_POLL_SECONDS = 0.005
PASSWORD = "p\u00e4ss-w\u00f6rd 1"  # noqa: S105 - nobody's
TAGS = itertools.count(1)


@dataclass(slots=True)
class ClientUnderTest:
    """The client, steered by its adapter, and the raw server that it is to connect to."""

    adapter: ClientHandle
    server: RawServer
    stretched: Callable[[float], float]
    """Stretches a time-out for a slow target."""
    heard: int = field(default=0)
    """How many notifications earlier connections have left behind."""

    def connect(self, username: str = "alice", **details: str) -> RawConnection:
        """Have the client connect to the raw server; return the connection."""
        self.heard = len(self.adapter.messages)
        self.server.note("The client is told to connect.")
        host, port = self.server.address
        asked = {"do": "connect", "host": host, "port": port, "username": username, **details}
        self._request({"password": "", "invite_code": "", "pubkey": "", **asked})
        return self.server.next()

    def open(self, username: str = "alice", **details: str) -> RawConnection:
        """Have the client connect, and take it in, so that it is connected and in no game."""
        connection = self.connect(username, **details)
        connection.open()
        self.wait_connected("after the response to the login")
        return connection

    def open_game(self, *, rate: object = 10, name: str = "Game 1") -> RawConnection:
        """Have the client connect and open a game, with this heartbeat rate in the response."""
        connection = self.open()
        self.ask({"do": "create_game", "name": name})
        connection.next("the request to open a game")
        connection.game = name
        connection.respond("Created.", {} if rate is None else {"heartbeat_rate": rate})
        self.wait_game(name, "after the response that names it")
        return connection

    def ask(self, request: Json, *, tag: str | None = None) -> None:
        """Have the adapter carry out a request, which it must not refuse."""
        self._request(request if tag is None else {**request, "tag": tag})

    def send(self, message: str = "hello", payload: Json | None = None) -> str:
        """Have the client queue a request; return the tag of its response."""
        tag = f"t{next(TAGS)}"
        self.ask({"do": "send", "message": message, "payload": payload or {}}, tag=tag)
        return tag

    def exchange(self, connection: RawConnection) -> None:
        """Check that a request goes to the server and its response comes back: it works."""
        tag = self.send()
        connection.next("the request that the client was told to send")
        connection.respond(f"answer to {tag}")
        response = self.wait_response(tag, "after the response")
        if response.get("message") != f"answer to {tag}":
            raise Violation(f"expected the response to the request, got {response}")

    def starts_over(self, username: str = "carol") -> None:
        """Check that the client can connect again and works."""
        self.exchange(self.open(username))

    def awaiting(self) -> tuple[RawConnection, str]:
        """Have the client connect, work, and wait for a response; return its tag."""
        connection = self.open()
        self.exchange(connection)
        tag = self.send("awaiting")
        connection.next("the request that the client was told to send")
        return connection, tag

    def ends(self, connection: RawConnection, tag: str, what: str, *codes: int) -> None:
        """Check that the client ends the connection because of what it was sent as a response.

        Its application must not be given that as a response, and it must work again afterwards.
        """
        connection.expect_ending(what, *codes)
        self.wait_disconnected(what)
        if self.responses(tag):
            raise Violation(f"{what}: expected the application not to be given it, and it was")
        self.starts_over()

    def notified(self, event: str) -> list[Json]:
        """Return the notifications of one kind since the last `connect`."""
        heard = self.adapter.messages[self.heard :]
        return [message for message in heard if message.get("event") == event]

    def responses(self, tag: str) -> list[Json]:
        """Return the responses that were notified with this tag."""
        found = (one for one in self.notified("response") if one.get("tag") == tag)
        return [one["response"] for one in found]

    def wait_response(self, tag: str, what: str) -> Json:
        """Wait until the response with this tag is notified; return it."""
        return self.until(
            lambda: next(iter(self.responses(tag)), None),
            lambda: f"{what}: expected the client's application to be given it",
        )

    def status(self) -> Json:
        """Return what the client says of itself."""
        return self._request({"do": "status"})

    def wait_connected(self, what: str) -> None:
        """Wait until the client says that it is connected."""
        self._wait_status("connected", True, what)

    def wait_disconnected(self, what: str) -> None:
        """Wait until the client says that it is not connected."""
        self._wait_status("connected", False, what)

    def wait_game(self, game: str | None, what: str) -> None:
        """Wait until the client says that it is in this game, or in none."""
        self._wait_status("game", game, what)

    def until(
        self,
        condition: Callable[[], T | None],
        missed: Callable[[], str],
        *,
        seconds: float = PATIENCE,
    ) -> T:
        """Wait for something; an adapter that ends is a dead target."""
        end = time.monotonic() + self.stretched(seconds)
        while True:
            if found := condition():
                return found
            if not self.adapter.alive():
                raise TargetDied(f"the client adapter {self.adapter.how_ended()}")
            if time.monotonic() >= end:
                raise Violation(missed())
            time.sleep(_POLL_SECONDS)

    def _wait_status(self, name: str, value: object, what: str) -> None:
        self.until(
            lambda: self.status().get(name, "missing") == value,
            lambda: f"{what}: expected {name} to be {value!r}, got {self.status().get(name)!r}",
        )

    def _request(self, request: Json) -> Json:
        reply = self.adapter.request(request, self.stretched(PATIENCE))
        if not reply.get("ok"):
            raise Violation(f"the client refused to {request['do']}: {reply.get('error')}")
        return reply


@pytest.fixture
def raw_server(
    exchange: Recorder, deadline: Callable[[float], float], network: CaseNetwork
) -> Iterator[RawServer]:
    """Give a raw server that records everything."""
    with RawServer(exchange, deadline) as server:
        server.address = network.offer(server.address)
        yield server


@pytest.fixture
def client(
    raw_server: RawServer, target_client: ClientHandle, deadline: Callable[[float], float]
) -> ClientUnderTest:
    """Give the client under test, not yet connected to the raw server."""
    return ClientUnderTest(target_client, raw_server, deadline)
