"""The original package and the reference talk to each other, and to a peer as Python 2 has it.

Each session plays once for all tests of its pair: three clients of one side, a server of the other,
and everything that either side has to say. What an original is known not to tell its application
is left out where the original is the one that would have to tell.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from wirebook.conformance.control import Message
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames, probe
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, lost, made, received
from wirebook.conformance.drivers.packetmq.player import bring_to
from wirebook.conformance.drivers.packetmq.raw_client import End
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.targets import builtin, install
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.server import ServerHandle
from wirebook.spec import vectors
from wirebook.spec.packetmq.states import State

pytestmark = pytest.mark.original

PATIENCE = 20.0
CLIENTS = 3
ITEMS = 200
BYE = "reason.bye"
PAYLOADS: list[Any] = [
    None,
    True,
    -5,
    {"$int": str(2**64 - 1)},
    {"$float": 2.5},
    {"$float": "inf"},
    {"$bin": "00ff"},
    {"$ext": [5, "00ff"]},
    [],
    [1, [2, ["three", {"$float": 4.0}]]],
    {"x": 1, "y": {"$float": 2.5}, "ключ": {"deep": [None, {"$bin": ""}]}},
    {"$map": [[1, "one"], [{"$bin": "6b"}, 2]]},
    [{"$bin": "ab" * 90_000}],
]
"""What is sent to the server, which sends it back; a text by itself is more than originals send."""


def original() -> Target:
    (target,) = builtin.resolve("packetmq-0.1.5", ["packetmq"], ["packetmq"])
    return replace(target, python=str(install.ensure(target, lambda _: None)))


def reference() -> Target:
    (target,) = builtin.resolve("reference", ["packetmq"], ["packetmq"])
    return target


@dataclass(frozen=True, slots=True)
class Talk:
    """What is left of a session for the tests to look at."""

    client: str
    """The name of the client's implementation."""
    echoes: list[Any]
    items: list[Any]
    numbers: list[int]
    """What the server calls the connections of the clients."""
    broadcasts: list[list[Any]]
    """For each client, what everybody was sent."""
    left: list[Message]
    """What the clients were told of the end of their connections, in their order."""
    history: list[list[Any]]
    """What the server's application was told by then."""


@pytest.fixture(scope="module", params=["original client", "reference client"])
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    """One session of the original and the reference, each in one of the roles."""
    ours_serves = request.param == "original client"
    client, server = (original(), reference()) if ours_serves else (reference(), original())
    handle = ServerHandle(server, probe)
    handle.ensure()
    players = [ClientHandle(client) for _ in range(CLIENTS + 1)]
    try:
        yield play(handle, players, client.name)
    finally:
        for player in players:
            player.close()
        handle.stop()


def play(server: ServerHandle, players: list[ClientHandle], name: str) -> Talk:
    *clients, observer = players
    for player in players:
        ask(player, do="connect", host=server.host, port=server.port)
        player.wait(lambda one: one["event"] == "made", PATIENCE)
    first = clients[0]
    for payload in PAYLOADS:
        send(first, "echo", payload)
    echoes = received_by(first, "echoed", len(PAYLOADS))
    send(first, "burst", ITEMS)
    items = received_by(first, "item", ITEMS)
    for number, client in enumerate(clients):
        send(client, "whoami", None)
        received_by(client, "you_are", 1)
        send(client, "broadcast", [number])
        received_by(observer, "item", number + 1)
    broadcasts = [received_by(one, "item", CLIENTS, since=ITEMS) for one in clients[:1]]
    broadcasts += [received_by(one, "item", CLIENTS) for one in clients[1:]]
    # One takes leave itself, one is left, and one only goes.
    ask(clients[0], do="softquit", to=0, reason=BYE)
    send(clients[1], "leave", None)
    left = [client.wait(lambda one: one["event"] == "lost", PATIENCE) for client in clients[:2]]
    clients[2].close()
    numbers = [received_by(client, "you_are", 1)[0] for client in clients]
    return Talk(name, echoes, items, numbers, broadcasts, left, history_of(observer, set(numbers)))


def ask(client: ClientHandle, **request: Any) -> None:
    reply = client.request(request, PATIENCE)
    assert reply["ok"], reply


def send(client: ClientHandle, kind: str, payload: Any) -> None:
    ask(client, do="send", type=f"conformance:{kind}", payload=payload, to=0)


def received_by(client: ClientHandle, kind: str, count: int, since: int = 0) -> list[Any]:
    """Return the payloads of the packets of a kind, once there are so many behind the first."""

    def payloads() -> list[Any]:
        wanted = {"event": "received", "type": f"conformance:{kind}"}
        return [one["payload"] for one in client.messages if wanted.items() <= one.items()][since:]

    client.wait(lambda _: len(payloads()) >= count, PATIENCE, kind)
    return payloads()


def history_of(observer: ClientHandle, numbers: set[int]) -> list[list[Any]]:
    """Return what the server's application was told, once these connections are lost."""
    end, asked = time.monotonic() + PATIENCE, 0
    while True:
        send(observer, "history", None)
        asked += 1
        history: list[list[Any]] = received_by(observer, "happened", asked)[-1]
        if {one[1] for one in history if one[0] == "lost"} >= numbers:
            return history
        assert time.monotonic() < end, history


def test_every_payload_comes_back(talk: Talk) -> None:
    """Values of every kind go there and back, with the ids that the client has taken over."""
    assert talk.echoes == PAYLOADS


def test_packets_keep_their_order(talk: Talk) -> None:
    """Many packets at a time arrive one after the other."""
    assert talk.items[:ITEMS] == list(range(ITEMS))


def test_connections_are_told_apart(talk: Talk) -> None:
    """Several clients have numbers of their own."""
    assert len(set(talk.numbers)) == CLIENTS


def test_everybody_gets_what_is_for_all(talk: Talk) -> None:
    """A packet for all reaches every client, whoever asked for it."""
    assert talk.broadcasts == [[[number] for number in range(CLIENTS)]] * CLIENTS


def test_softquits_reach_the_clients(talk: Talk) -> None:
    """Whoever takes leave, the client's application is told of it, and why if it can be."""
    reasons = [message["reason"] for message in talk.left]
    # The original does not tell its application the reason of its peer.
    assert reasons == [BYE, "reason.unknown" if talk.client == "reference" else None]


def test_softquits_reach_the_server(talk: Talk) -> None:
    """The server's application is told of every connection that is made and lost, and why."""
    told = [[one for one in talk.history if one[1] == number] for number in talk.numbers]
    ours_serves = talk.client != "reference"
    first = BYE if ours_serves else None
    assert told[0] == [["made", talk.numbers[0]], ["lost", talk.numbers[0], first]]
    assert told[1][:2] == [
        ["made", talk.numbers[1]],
        ["lost", talk.numbers[1], "reason.unknown"],
    ]
    assert told[2] == [["made", talk.numbers[2]], ["lost", talk.numbers[2], None]]


def in_bin(value: Any) -> Any:
    """Return a value as a peer for Python 2 packs it: no text, only octets."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [in_bin(item) for item in value]
    if isinstance(value, dict):
        return {in_bin(key): in_bin(item) for key, item in value.items()}
    return value


def old(packet_id: int, value: Any) -> bytes:
    """Return the frame of a peer for Python 2."""
    return frames.say(packet_id, in_bin(value))


def test_old_frames_are_those_that_were_captured() -> None:
    """What these tests take for the frames of Python 2 is octet for octet what was captured."""
    captured = {
        test.data
        for group in vectors.load("packetmq")
        if group.origin == "captured"
        for test in group.tests
    }
    idmap = {**frames.INTERNAL, "app:echo": 40}
    assert old(frames.INIT, {"version": 1}) in captured
    assert old(frames.PUBIDS, {"adapt": True, "idmap": idmap}) in captured
    assert old(frames.SOFTQUIT, {"reason": "reason.versionmismatch"}) in captured


def test_old_client_with_our_server() -> None:
    """A client for Python 2 goes through the handshake, exchanges packets and takes its leave."""
    handle = ServerHandle(reference(), probe)
    handle.ensure()
    try:
        with Player(Link(handle.address)) as witness, Player(Link(handle.address)) as peer:
            witness.join()
            peer.expect_packet(frames.INIT)
            peer.send(old(frames.INIT, {"version": 1}))
            peer.expect_packet(frames.PUBIDS)
            peer.send(old(frames.PUBIDS, {"adapt": True, "idmap": dict(frames.CLIENT_IDS)}))
            peer.expect_packet(frames.FINISH)
            peer.send(frames.finish(), old(frames.ECHO, {"text": "as octets"}))
            peer.expect_value(frames.ECHOED, {b"text": b"as octets"})
            number = peer.number()
            peer.send(old(frames.SOFTQUIT, {"reason": BYE}))
            peer.expect_end(End.FIN)
            assert witness.told_of(number) == [["made", number], ["lost", number, BYE]]
    finally:
        handle.stop()


def test_old_server_with_our_client() -> None:
    """A server for Python 2 goes through the handshake, exchanges packets and takes its leave."""
    with RawServer() as server, ClientHandle(reference()) as adapter:
        client = SteeredClient(adapter, server)
        line = bring_to(client, State.CONN_MADE)
        line.send(old(frames.INIT, {"version": 1}))
        server.expect(line, frames.PUBIDS)
        line.send(old(frames.PUBIDS, {"adapt": False, "idmap": dict(frames.SERVER_IDS)}))
        server.expect(line, frames.FINISH)
        line.send_all([frames.finish(), old(frames.ITEM, ["text"])])
        line.send(old(frames.SOFTQUIT, {"reason": BYE}))
        client.wait_notified(line, made(), received("conformance:item", [b"text"]), lost(BYE))
        server.expect_end(line)
