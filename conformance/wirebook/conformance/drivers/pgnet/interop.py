"""A short game between any client and any server of PGNet, by the conformance application.

What may live here: the steps of that game. The suite speaks to the client's adapter only; all that
goes over the wire is between the two targets.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from functools import partial

from wirebook.conformance.control import Message
from wirebook.conformance.interop import PATIENCE, ask, until
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Violation

_PASSWORD = "p\u00e4ss-w\u00f6rd \u540d\u524d"  # noqa: S105 - nobody's
_ADMIN_PASSWORD = "wirebook-admin"  # noqa: S105 - the conformance application's
_tags = itertools.count(1)


def play(client: ClientHandle, server: ServerHandle, features: frozenset[str]) -> Iterator[str]:
    """Register, play with heartbeats, come back with the password, and administrate."""
    token = secrets.token_hex(5)
    name, game, closed = f"u{token}", f"Game {token}", f"Closed {token}"
    yield "register"
    _connect(client, server, name, _PASSWORD)

    yield "lobby"
    _expect(_request(client, {"do": "game_dir"}), 0, game=None)
    _expect(_send(client, "hello"), 2, game=None)

    yield "create"
    _expect(_request(client, {"do": "create_game", "name": game}), 0, game=game)
    until(partial(_is_in, client, game), "game in the status")
    listed = _expect(_request(client, {"do": "game_dir"}), 0, game=game)["payload"]
    if listed["games"].get(game, {}).get("users") != 1:
        raise Violation(f"expected the game with one user in the list of games, got {listed}")

    yield "play"
    _expect(_send(client, "hello", {"a": [1, -2.5, None, True, {"b": "名前"}]}), 0, game=game)
    line = f"{name} says: 'hello'"
    _heard(client, line)

    yield "heartbeat"
    ask(client, {"do": "heartbeat", "payload": {"k": [1, {"x": None}]}})
    _expect(_send(client, "again"), 0, game=game)
    _heard(client, f"{name} says: 'again'")

    yield "leave"
    _expect(_request(client, {"do": "leave_game"}), 0, game=None)
    until(partial(_is_in, client, None), "no game in the status")

    yield "join"
    _expect(_request(client, {"do": "join_game", "name": game}), 0, game=game)
    _expect(_request(client, {"do": "leave_game"}), 0, game=None)

    yield "come back"
    _disconnect(client)
    _connect(client, server, name, _PASSWORD)

    if "admin" in features:
        yield "admin"
        _disconnect(client)
        _connect(client, server, "admin", _ADMIN_PASSWORD)
        _expect(_send(client, "__pgnet__.debug"), 0, game=None)

    yield "password"
    create: Message = {"do": "create_game", "name": closed, "password": "sesame"}
    _expect(_request(client, create), 0, game=closed)
    _expect(_request(client, {"do": "leave_game"}), 0, game=None)
    join: Message = {"do": "join_game", "name": closed}
    _expect(_request(client, {**join, "password": "wrong"}), 2, game=None)
    _expect(_request(client, {**join, "password": "sesame"}), 0, game=closed)

    yield "disconnect"
    _disconnect(client)


def _connect(client: ClientHandle, server: ServerHandle, name: str, password: str) -> None:
    where: Message = {"host": server.host, "port": server.port}
    who: Message = {"username": name, "password": password, "invite_code": "", "pubkey": ""}
    ask(client, {"do": "connect", **where, **who})
    until(partial(_is_connected, client, True), "connection")


def _disconnect(client: ClientHandle) -> None:
    ask(client, {"do": "disconnect"})
    until(partial(_is_connected, client, False), "end of the connection")


def _send(client: ClientHandle, message: str, payload: Message | None = None) -> Message:
    return _request(client, {"do": "send", "message": message, "payload": payload or {}})


def _request(client: ClientHandle, request: Message) -> Message:
    """Have the client send a request, and return the response to it."""
    tag = f"interop {next(_tags)}"
    ask(client, {**request, "tag": tag})
    wanted = {"event": "response", "tag": tag}
    told = client.wait(lambda message: wanted.items() <= message.items(), PATIENCE, "response")
    response: Message = told["response"]
    return response


def _expect(response: Message, status: int, *, game: str | None) -> Message:
    if (response.get("status"), response.get("game")) != (status, game):
        raise Violation(f"expected status {status} and game {game!r}, got {response}")
    return response


def _heard(client: ClientHandle, line: str) -> None:
    """Wait for a heartbeat that brings a line of the log."""

    def brings(message: Message) -> bool:
        if message.get("event") != "heartbeat":
            return False
        log = message["response"].get("payload", {}).get("log")
        return isinstance(log, list) and line in log

    client.wait(brings, PATIENCE, f"heartbeat with {line!r}")


def _is_connected(client: ClientHandle, connected: bool) -> bool:
    return ask(client, {"do": "status"}).get("connected") is connected


def _is_in(client: ClientHandle, game: str | None) -> bool:
    return ask(client, {"do": "status"}).get("game") == game
