"""The original package and the reference play with each other over a bad network.

Each session plays once for all tests of its pair: a client behind a relay that loses, reorders and
duplicates by a fixed schedule, beside an observer of the same kind with a perfect line. The
original ends when it is sent a duplicate, so only what goes to the reference is duplicated.
"""

from __future__ import annotations

import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance.control import Message
from wirebook.conformance.drivers.pygase import probe
from wirebook.conformance.network import Schedule, UdpRelay
from wirebook.conformance.targets import builtin, install
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.server import ServerHandle

pytestmark = pytest.mark.original

ROUNDS = 12
RETRIES = 9
PATIENCE = 20.0
PACKAGE_INTERVAL = 0.025
SEED = 21


@dataclass(frozen=True, slots=True)
class Played:
    """What is left of a session for the tests to look at."""

    network: dict[str, int]
    """What the relay did to the datagrams."""
    duplicates_to: str
    """The direction in which datagrams were duplicated."""
    notifications: tuple[Message, ...]
    """Everything that the client behind the relay notified of."""
    pairs_of_states: tuple[tuple[dict[str, Any], dict[str, Any]], ...]
    """After each change: the state behind the relay, and the observer's."""


def original() -> Target:
    (target,) = builtin.resolve("pygase-0.3.1", ["pygase"], ["pygase"])
    return replace(target, python=str(install.ensure(target, lambda _: None)))


def reference() -> Target:
    (target,) = builtin.resolve("reference", ["pygase"], ["pygase"])
    wirebook = str(Path(sysconfig.get_path("scripts"), "wirebook"))
    command = (wirebook, "serve", "pygase", "--host", "{host}", "--port", "{port}")
    served = Endpoint(command=command)
    return replace(target, server=served)


@pytest.fixture(scope="module", params=["original client", "reference client"])
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    """One session of the original and the reference, each in one of the roles."""
    ours_serves = request.param == "original client"
    client, server = (original(), reference()) if ours_serves else (reference(), original())
    to_original = Schedule.random(SEED, loss=0.1, reordering=0.1)
    to_ours = Schedule.random(SEED + 1, loss=0.1, reordering=0.1, duplication=0.1)
    handle = ServerHandle(server, probe)
    handle.ensure()
    try:
        with (
            UdpRelay(
                handle.address,
                to_target=to_ours if ours_serves else to_original,
                from_target=to_original if ours_serves else to_ours,
            ) as relay,
            ClientHandle(client) as player,
            ClientHandle(client) as observer,
        ):
            connect(player, relay.address)
            connect(observer, handle.address)
            states = tuple(play_rounds(player, observer))
            yield Played(
                network=dict(relay.counts),
                duplicates_to="to-target" if ours_serves else "from-target",
                notifications=player.messages,
                pairs_of_states=states,
            )
    finally:
        handle.stop()


def connect(client: ClientHandle, address: tuple[str, int]) -> None:
    for event_type in ("WATCHED", "ACKED", "BROADCAST"):
        client.request({"do": "handle", "type": event_type})
    host, port = address
    client.request({"do": "connect", "host": host, "port": port})
    wait_until(lambda: "greeting" in attributes_of(client))


def play_rounds(
    player: ClientHandle, observer: ClientHandle
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Change the state from both sides of the relay, and give the states once they have settled."""
    for number in range(ROUNDS):
        name = f"round {number}"
        dispatch(player, "WATCH", name, RETRIES)
        dispatch(player, "COUNT", name)
        dispatch(observer, "UPDATE", {"board": {name: [number, {"$float": number / 2}]}})
        for tag in ("WATCH", "COUNT"):
            player.wait(partial(is_notification, "acked", "tag", f"{tag} {name}"), PATIENCE)
        player.wait(partial(is_notification, "received", "args", [name]), PATIENCE)
        wait_until(partial(has_round, player, name))
        wait_until(partial(has_round, observer, name))
        yield attributes_of(player), attributes_of(observer)


def dispatch(client: ClientHandle, event_type: str, *args: Any) -> None:
    tag = f"{event_type} {args[0]}"
    request = {"type": event_type, "args": list(args), "retries": RETRIES, "tag": tag}
    reply = client.request({"do": "dispatch", **request})
    assert reply["ok"], reply


def attributes_of(client: ClientHandle) -> dict[str, Any]:
    reply = client.request({"do": "state"})
    state: dict[str, Any] = dict(reply.get("state") or {})
    state.pop("time_order", None)
    return state


def has_round(client: ClientHandle, name: str) -> bool:
    state = attributes_of(client)
    return name in state["counts"] and name in state.get("board", {})


def is_notification(event: str, key: str, value: object, message: Message) -> bool:
    return message.get("event") == event and message.get(key) == value


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"not within {PATIENCE} s"
        time.sleep(PACKAGE_INTERVAL)


def received(played: Played, event_type: str) -> set[str]:
    return {
        message["args"][0]
        for message in played.notifications
        if is_notification("received", "type", event_type, message)
    }


def test_the_network_was_bad(played: Played) -> None:
    """Datagrams were lost and delayed in both directions, and duplicated in one."""
    befallen = {what for what, times in played.network.items() if times}
    for direction in ("to-target", "from-target"):
        assert befallen >= {f"{direction} lost", f"{direction} delayed"}
    assert f"{played.duplicates_to} copied" in befallen


def test_state_stays_in_step(played: Played) -> None:
    """After each change, the client behind the bad network has the observer's state."""
    assert len(played.pairs_of_states) == ROUNDS
    for behind_the_relay, observed in played.pairs_of_states:
        assert behind_the_relay == observed


def test_every_event_to_the_server_is_acked(played: Played) -> None:
    """With retries, no loss keeps an event from being acked."""
    acked = {message["tag"] for message in played.notifications if message["event"] == "acked"}
    assert acked == {f"{kind} round {n}" for kind in ("WATCH", "COUNT") for n in range(ROUNDS)}


def test_every_event_to_the_client_arrives(played: Played) -> None:
    """With retries, no loss keeps an event of the server from its client."""
    assert received(played, "WATCHED") == {f"round {n}" for n in range(ROUNDS)}


def test_the_server_learns_of_acks(played: Played) -> None:
    """The server's ack callback runs, and says so in an event of its own, sent without retries."""
    assert len(received(played, "ACKED")) >= ROUNDS // 2
