"""What the cases of the server's role have in hand: clients of all sorts, and names of their own.

What may live here: fixtures and what they give. What the clients do is the drivers' business.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.raw_client import (
    ADMIN,
    ADMIN_PASSWORD,
    RawClient,
    control,
    entered,
    opened,
    traded,
)
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    DESTROY_GAME,
    Response,
    expect_game,
    granted,
)
from wirebook.conformance.drivers.pgnet.stream import Address, pump
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, Unsupported, Violation

_CLEANING_SECONDS = 1.0
_A_FEW = 8
"""Games that cases leave for later ones to end: each time costs a login of the admin."""
_LEFT: dict[Address, list[str]] = {}
"""The games that are left on each server."""


class Visit:
    """All connections that one case makes, and the games that it opens.

    `leave` says how many games may be left on the server, which keeps persistent ones; with None,
    nobody cleans up.
    """

    def __init__(self, link: Link, *, leave: int | None) -> None:
        self.link = link
        self._clients: list[RawClient] = []
        self._games: list[str] = []
        self._leave = leave

    def new_name(self) -> str:
        """Return the name of a user whom the server does not know."""
        return f"u{secrets.token_hex(6)}"

    def new_game(self) -> str:
        """Return the name of a game that the server does not have."""
        return self.to_end(f"Game {secrets.token_hex(6)}")

    def to_end(self, game: str) -> str:
        """End a game when the case is over."""
        self._games.append(game)
        return game

    def opened(self, *, source: str = "", private_key: bytes | None = None) -> RawClient:
        """Return a client whose WebSocket is open."""
        return self.keep(opened(self.link, source=source, private_key=private_key))

    def traded(self, *, source: str = "", private_key: bytes | None = None) -> RawClient:
        """Return a client that has traded keys."""
        return self.keep(traded(self.link, source=source, private_key=private_key))

    def user(self, name: str = "", password: str = "", *, source: str = "") -> RawClient:
        """Return a client that is logged in: a new user, if there is no name."""
        return self.keep(entered(self.link, name or self.new_name(), password, source=source))

    def admin(self) -> RawClient:
        """Return a client that is logged in as the admin."""
        return self.user(ADMIN, ADMIN_PASSWORD)

    def player(self, game: str = "", password: str = "") -> RawClient:
        """Return a new user who has opened a game."""
        client = self.user()
        self.open_game(client, game, password)
        return client

    def open_game(self, client: RawClient, game: str = "", password: str = "") -> Response:
        """Have a user open a game, a new one if there is no name."""
        name = game or self.new_game()
        response = client.ask(CREATE_GAME, {"name": name, "password": password})
        return expect_game(granted(response, "for create_game"), name, "after create_game")

    def keep(self, client: RawClient) -> RawClient:
        """Close a client when the case is over."""
        self._clients.append(client)
        return client

    def move(self, server: ServerHandle) -> None:
        """Speak to the server at its new address, after it was started again."""
        self.link = replace(self.link, address=server.address)

    def see_off(self, seconds: float) -> None:
        """Let all clients answer a server that closes, and end their connections, as clients do."""
        pump(self._clients, lambda: not any(client.usable for client in self._clients), seconds)

    def end(self) -> None:
        """Close everything, and end the games once there are many."""
        for client in self._clients:
            client.close()
        if self._leave is None:
            return
        left = _LEFT.setdefault(self.link.address, [])
        left += self._games
        if len(left) <= self._leave or not self.link.alive():
            return
        try:
            with entered(
                self.link.unrecorded(), ADMIN, ADMIN_PASSWORD, patience=_CLEANING_SECONDS
            ) as admin:
                while left:
                    admin.ask(DESTROY_GAME, {"name": left.pop()})
        except (Violation, TargetDied, OSError):
            pass  # whether the server lets its games be ended is the business of cases


@pytest.fixture
def visit(
    request: pytest.FixtureRequest, target_server: ServerHandle, link: Link
) -> Iterator[Visit]:
    """Give a maker of clients, which are closed after the case."""
    features = target_server.target.features
    fresh = request.node.get_closest_marker("fresh_target") is not None
    leave: int | None = 0 if target_server.external else _A_FEW
    if fresh or (features is not None and "admin" not in features):
        leave = None
    made = Visit(link, leave=leave)
    yield made
    made.end()


@pytest.fixture
def user(visit: Visit) -> RawClient:
    """Give a new user in the lobby."""
    return visit.user()


@pytest.fixture
def player(visit: Visit) -> RawClient:
    """Give a new user in a game of their own."""
    return visit.player()


@pytest.fixture
def admin(visit: Visit, target_server: ServerHandle) -> RawClient:
    """Give the admin, in the lobby."""
    features = target_server.target.features
    if features is not None and "admin" not in features:
        raise Unsupported('the target does not declare the feature "admin"')
    return visit.admin()


def comes_back(visit: Visit, name: str, password: str = "") -> RawClient:
    """Check that a user whose connection has ended can log in again, and is served."""
    client = visit.user(name, password)
    expect_game(control(client), None, "in a new connection")
    return client
