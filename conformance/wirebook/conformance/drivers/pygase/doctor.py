"""Walks through the conformance application of a PyGaSe target, before any case runs.

What may live here: one look at the events of the application (but RAISE, which
implementations have been seen to die of) and at each request of the adapter.
Nothing here tests the protocol; a fault is one of the application or the adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wirebook.conformance.control import Message
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_server import PATIENCE, RawServer
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.server import ServerHandle

Step = tuple[bool, str]
GAME_STATE = "game-state"


def examine_server(server: ServerHandle) -> Iterator[Step]:
    """Say the application's events once; a wrong answer raises Violation."""
    features = server.target.features
    with Player(Link(server.address, alive=server.alive)) as player:
        player.join()
        yield True, "a client can connect"
        player.dispatch("ECHO", 1, "two")
        player.expect_event("ECHO", [1, "two"])
        yield True, "ECHO comes back with its arguments"
        player.dispatch("WHOAMI")
        player.expect_event("YOU_ARE", list(player.local))
        yield True, "WHOAMI tells the client's address"
        player.dispatch("BURST", 2)
        player.expect_event("BURST", [1])
        yield True, "BURST sends as many events as asked for"
        player.dispatch("BROADCAST", "all")
        player.expect_event("BROADCAST", ["all"])
        yield True, "BROADCAST reaches the client"
        player.dispatch("WATCH", "doctor", 0)
        player.expect_event("WATCHED", ["doctor"])
        player.expect_event("ACKED", ["doctor"])
        yield True, "WATCH tells of the ack"
        if features is None or GAME_STATE in features:
            yield from _examine_state(player)


def _examine_state(player: Player) -> Iterator[Step]:
    player.expect(lambda: player.state.get("greeting") == "conformance", "the greeting")
    yield True, "the state has the greeting"
    player.dispatch("COUNT", "doctor")
    player.expect(lambda: player.state.get("counts", {}).get("doctor"), "counts.doctor")
    yield True, "COUNT counts"
    player.dispatch("UPDATE", {"doctor": {"a": 1}})
    player.expect(lambda: player.state.get("doctor") == {"a": 1}, "the attribute doctor")
    yield True, "UPDATE changes the state"
    player.dispatch("FILL", 10)
    player.expect(lambda: player.state.get("fill") == "x" * 10, "ten x in fill")
    player.dispatch("FILL", 0)
    player.expect(lambda: "fill" not in player.state, "fill to be gone")
    yield True, "FILL fills and clears"


def examine_client(client: ClientHandle) -> Iterator[Step]:
    """Make each of the adapter's requests once; a wrong answer raises Violation."""
    with RawServer() as server:
        host, port = server.address
        yield _status(client) == "Disconnected", "the client begins as Disconnected"
        yield _ask(client, {"do": "connect", "host": host, "port": port}), "connect is carried out"
        server.expect(lambda _: True, "a first package of the client")
        server.serving = True
        connected = "the client is Connected when the server answers"
        _until(server, lambda: _status(client) == "Connected", connected)
        yield True, connected
        yield _ask(client, {"do": "handle", "type": "HELLO"}), "handle is carried out"
        server.send(Event("HELLO", [1], {"k": "v"}))
        received = {"event": "received", "type": "HELLO", "args": [1], "kwargs": {"k": "v"}}
        _until(server, lambda: _notified(client, received), "a notification of HELLO")
        yield True, "a registered handler notifies"
        event = {"do": "dispatch", "type": "HI", "args": [2], "kwargs": {}, "retries": 0}
        yield _ask(client, {**event, "tag": "t1"}), "dispatch is carried out"
        server.expect_event("HI")
        acked = {"event": "acked", "tag": "t1"}
        _until(server, lambda: _notified(client, acked), "a notification of the ack")
        yield True, "an event that is dispatched arrives, and its ack is notified"
        if client.target.features is None or GAME_STATE in client.target.features:
            server.send(update={"time_order": 1, "game_status": 1, "doctor": 1})
            _until(server, lambda: _state(client).get("doctor") == 1, "the state in the reply")
            yield True, "state tells the game state"
        leave = {"do": "disconnect", "shutdown_server": False}
        yield _ask(client, leave), "disconnect is carried out"
        _until(server, lambda: _status(client) == "Disconnected", "the status Disconnected")
        yield True, "the client is Disconnected then"


def _ask(client: ClientHandle, request: Message) -> bool:
    return client.request(request, PATIENCE).get("ok") is True


def _status(client: ClientHandle) -> object:
    return client.request({"do": "status"}, PATIENCE).get("status")


def _state(client: ClientHandle) -> Message:
    state = client.request({"do": "state"}, PATIENCE).get("state")
    return state if isinstance(state, dict) else {}


def _notified(client: ClientHandle, notification: Message) -> bool:
    return any(notification.items() <= message.items() for message in client.messages)


def _until(server: RawServer, condition: Callable[[], bool], what: str) -> None:
    server.until(lambda: condition() or None, PATIENCE, lambda: f"expected {what}")
