"""Tries the adapter of a PGNet client before any case runs.

What may live here: each request of the control protocol once, with what has to come of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from wirebook.conformance.control import Message
from wirebook.conformance.drivers.pgnet.raw_server import PATIENCE, RawServer
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.verdicts import Violation

_POLL_SECONDS = 0.005

Step = tuple[bool, str]


def examine_client(client: ClientHandle) -> Iterator[Step]:
    """Make each of the adapter's requests once; a wrong answer raises Violation."""
    with RawServer() as server:
        yield _status(client, "connected") is False, "the client begins disconnected"
        host, port = server.address
        connect: Message = {"do": "connect", "host": host, "port": port, "username": "doctor"}
        details = {"password": "", "invite_code": "", "pubkey": server.public_key}
        yield _ask(client, {**connect, **details}), "connect is carried out"
        connection = server.next()
        login = connection.open()
        yield login.payload.get("username") == "doctor", "the client logs in by its name"
        _until(lambda: _status(client, "connected") is True, "connected to be true")
        _until(lambda: _told(client, "connection", connected=True), "a notification of it")
        yield True, "the client is connected after its login, and says so"
        yield (
            _ask(client, {"do": "send", "message": "hello", "payload": {"a": 1}, "tag": "t1"}),
            "send is carried out",
        )
        arrival = connection.next()
        yield (arrival.message, arrival.payload) == ("hello", {"a": 1}), "the request arrives"
        connection.respond("hello yourself", {"b": 2})
        _until(lambda: _told(client, "response", tag="t1"), "a notification of the response")
        yield True, "its response is notified"
        yield _ask(client, {"do": "heartbeat", "payload": {"k": 1}}), "heartbeat is carried out"
        game = {"do": "create_game", "name": "Game 1", "password": "sesame", "tag": "t2"}
        yield _ask(client, game), "create_game is carried out"
        connection.next()
        connection.game = "Game 1"
        connection.respond("Created.", {"heartbeat_rate": 20})
        _until(lambda: _told(client, "game", game="Game 1"), "a notification of the game")
        yield _status(client, "game") == "Game 1", "the client is in the game, and says so"
        yield connection.next_heartbeat().payload == {"k": 1}, "heartbeats have their payload"
        connection.respond("news", {"log": []})
        _until(lambda: _told(client, "heartbeat"), "a notification of the heartbeat's response")
        yield True, "the response to a heartbeat is notified"
        for do in ("game_dir", "leave_game", "join_game"):
            name = {"name": "Game 1"} if do == "join_game" else {}
            yield _ask(client, {"do": do, "tag": do, **name}), f"{do} is carried out"
            connection.next()
            connection.game = None if do == "leave_game" else connection.game
            connection.respond()
            _until(partial(_told, client, "response", tag=do), f"the response to {do}")
        # A heartbeat that was due before is answered before the next request comes: a client may
        # wait for the response before it disconnects.
        _ask(client, {"do": "send", "message": "last", "payload": {}})
        connection.next()
        connection.respond()
        yield _ask(client, {"do": "flush"}), "flush is carried out"
        yield _ask(client, {"do": "disconnect"}), "disconnect is carried out"
        connection.expect_ending("asked to disconnect", quiet=False)
        _until(lambda: _told(client, "connection", connected=False), "a notification of it")
        yield True, "the client is disconnected then, and says so"


def _ask(client: ClientHandle, request: Message) -> bool:
    return client.request(request, PATIENCE).get("ok") is True


def _status(client: ClientHandle, name: str) -> object:
    return client.request({"do": "status"}, PATIENCE).get(name)


def _told(client: ClientHandle, event: str, **members: object) -> bool:
    wanted = {"event": event, **members}
    return any(wanted.items() <= message.items() for message in client.messages)


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() >= end:
            raise Violation(f"expected {what}")
        time.sleep(_POLL_SECONDS)
