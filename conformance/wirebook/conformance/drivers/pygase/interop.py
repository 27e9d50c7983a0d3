"""A short game between any client and any server of PyGaSe, by the conformance application.

What may live here: the steps of that game. The suite speaks to the client's adapter only; all that
goes over the wire is between the two targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from wirebook.conformance.control import Message
from wirebook.conformance.interop import PATIENCE, ask, until
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.server import ServerHandle

GAME_STATE = "game-state"
_RETRIES = 3
_HANDLED = ("ECHO", "BROADCAST", "WATCHED", "ACKED")


def play(client: ClientHandle, server: ServerHandle, features: frozenset[str]) -> Iterator[str]:
    """Connect, exchange events and acks, share a game state, and disconnect."""
    yield "connect"
    for event_type in _HANDLED:
        ask(client, {"do": "handle", "type": event_type})
    ask(client, {"do": "connect", "host": server.host, "port": server.port})
    until(lambda: _status(client) == "Connected", "connection")

    yield "echo"
    # Without keyword arguments: an original that takes them cannot send them.
    values = [1, "two", {"$float": 2.5}, {"$bin": "00ff"}, None, [True, {"three": -3}]]
    _dispatch(client, "ECHO", *values)
    _expect_event(client, "ECHO", values)

    yield "broadcast"
    _dispatch(client, "BROADCAST", "to all")
    _expect_event(client, "BROADCAST", ["to all"])

    yield "ack"
    _dispatch(client, "ECHO", "acked", tag="interop")
    client.wait(lambda message: message.get("tag") == "interop", PATIENCE, "ack")

    yield "server ack"
    _dispatch(client, "WATCH", "interop", _RETRIES)
    _expect_event(client, "WATCHED", ["interop"])
    _expect_event(client, "ACKED", ["interop"])

    if GAME_STATE in features:
        yield from _share_a_state(client)

    yield "disconnect"
    ask(client, {"do": "disconnect", "shutdown_server": False})
    until(lambda: _status(client) == "Disconnected", "end of the connection")


def _share_a_state(client: ClientHandle) -> Iterator[str]:
    yield "state"
    until(lambda: _state(client).get("greeting") == "conformance", "greeting in the state")
    for number in (1, 2):
        _dispatch(client, "COUNT", "interop")
        until(partial(_counted, client, number), f"count of {number} in the state")

    yield "update"
    board = {"a": [1, {"$float": 0.5}], "b": {"c": "d"}}
    _dispatch(client, "UPDATE", {"board": board})
    until(lambda: _state(client).get("board") == board, "update of the state")
    _dispatch(client, "FILL", 100)
    until(lambda: _state(client).get("fill") == 100 * "x", "filling in the state")
    _dispatch(client, "FILL", 0)
    until(lambda: "fill" not in _state(client), "deletion in the state")


def _dispatch(client: ClientHandle, event_type: str, *args: Any, tag: str = "") -> None:
    request: Message = {"do": "dispatch", "type": event_type, "args": list(args), "kwargs": {}}
    ask(client, {**request, "retries": _RETRIES, **({"tag": tag} if tag else {})})


def _expect_event(client: ClientHandle, event_type: str, args: list[Any]) -> None:
    wanted = {"event": "received", "type": event_type, "args": args}
    client.wait(lambda message: wanted.items() <= message.items(), PATIENCE, event_type)


def _counted(client: ClientHandle, number: int) -> bool:
    counts = _state(client).get("counts")
    return isinstance(counts, dict) and counts.get("interop") == number


def _state(client: ClientHandle) -> Message:
    state = ask(client, {"do": "state"}).get("state")
    return state if isinstance(state, dict) else {}


def _status(client: ClientHandle) -> object:
    return ask(client, {"do": "status"}).get("status")
