"""The subjects: each thing that they check is broken once, and what they do can be done again."""

from __future__ import annotations

import random
from typing import Any

import pytest

from wirebook.fuzz import cores
from wirebook.fuzz.cores import Action, Timetable, pgnet, pygase
from wirebook.fuzz.cores import packetmq as packetmq_core
from wirebook.fuzz.machines.base import Broken
from wirebook.reference.packetmq.codec import FrameReader
from wirebook.reference.packetmq.core.connection import Connection
from wirebook.reference.packetmq.core.happenings import Made, PacketReceived
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.core.names import is_user_name
from wirebook.reference.pgnet.core.registry import Registry
from wirebook.reference.pgnet.core.rooms import Rooms
from wirebook.reference.pgnet.core.server import ServerCore as PGNetCore
from wirebook.reference.pgnet.tunnel import Tunnel
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.outbox import Flight, Outbox
from wirebook.reference.pygase.core.peer import Peer
from wirebook.reference.pygase.core.server import ServerCore
from wirebook.spec import books

ROLES = [(book, role) for book in books.names() for role in ("server", "client")]


def fed(book: str, role: str, *, seed: int = 1, actions: int = 4000) -> list[Action]:
    """Feed a fresh subject, and return what was done to it."""
    subject = cores.of(book).subject(role)
    mutator = cores.mutator(book, role, seed)
    chance = random.Random(seed).random
    timetable = Timetable()
    done: list[Action] = []
    for _ in range(actions):
        action = timetable.next(chance)
        if action is None:
            message, octets, _ = mutator.next()
            action = subject.aim(message, octets, chance)
        done.append(action)
        subject.do(action)
    return done


def broken(book: str, role: str, requirement: str, **more: int) -> None:
    with pytest.raises(Broken) as raised:
        fed(book, role, **more)
    assert raised.value.requirement == requirement


def returns(value: Any) -> Any:
    return lambda *_, **__: value


@pytest.mark.parametrize(("book", "role"), ROLES)
def test_actions_are_steps_and_steps_are_actions(book: str, role: str) -> None:
    actions = fed(book, role, actions=600)
    assert cores.actions_of(cores.steps_of(actions)) == actions
    assert all(
        step["do"] != "wait" or float(step["seconds"]) <= 1 for step in cores.steps_of(actions)
    )


@pytest.mark.parametrize(("book", "role"), ROLES)
def test_the_same_actions_have_the_same_effect(book: str, role: str) -> None:
    actions = fed(book, role, actions=600)
    seen = []
    for _ in range(2):
        subject = cores.of(book).subject(role)
        for action in actions:
            subject.do(action)
        seen.append(subject.seen)
    assert seen[0] == seen[1]
    assert seen[0]


def test_a_lull_is_longer_than_every_timeout() -> None:
    timetable, chance = Timetable(), random.Random(1).random
    longest = lull = 0
    for _ in range(20_000):
        action = timetable.next(chance)
        lull = 0 if action is None else lull + action[1]
        longest = max(longest, lull)
    assert longest > 10_000


def test_timers_that_stay_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServerCore, "handle_timer", returns(None))
    broken("pygase", "server", "PGS-ERR-001")


def test_too_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServerCore, "_make_room", returns(True))
    broken("pygase", "server", "PGS-LIM-001")


def test_too_many_events_to_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Peer, "_has_room", returns(True))
    broken("pygase", "server", "PGS-LIM-004")


def test_too_many_events_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Outbox, "check", returns(None))
    broken("pygase", "server", "PGS-LIM-003")


def test_packages_that_are_never_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flight, "lose", returns(()))
    monkeypatch.setattr(Flight, "next_loss", returns(None))
    monkeypatch.setattr(Flight, "land", returns([]))
    broken("pygase", "client", "PGS-ACK-005")


def test_packages_that_are_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygase, "_SAMPLED", 1)
    original = codec.build_client_package

    def build(sequence: int, *rest: Any) -> bytes:
        return original(0, *rest)

    monkeypatch.setattr("wirebook.reference.pygase.core.client.build_client_package", build)
    broken("pygase", "client", "PGS-HDR-004")


def test_datagrams_that_are_no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "wirebook.reference.pygase.core.client.build_client_package", returns(b"hello")
    )
    broken("pygase", "client", "PGS-DGM-002")


def test_octets_that_mean_something_else_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    original = FrameReader.feed

    def feed(reader: FrameReader, data: bytes) -> Any:
        return original(reader, data) if len(data) > 1 else ([], None)

    monkeypatch.setattr(FrameReader, "feed", feed)
    broken("packetmq", "server", "PMQ-FRM-002")


def test_a_backlog_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "note_backlog", returns(None))
    broken("packetmq", "server", "PMQ-LIM-003", actions=20_000)


def test_frames_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packetmq_core, "_KEPT_MOST", 10)
    broken("packetmq", "client", "PMQ-LIM-002")


def test_work_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "has_work", property(returns(True)))
    broken("packetmq", "client", "PMQ-ERR-001")


@pytest.mark.parametrize(
    ("happening", "requirement"),
    [(Made(), "PMQ-HSK-011"), (PacketReceived(17, "fuzz:item", 1, b"\1"), "PMQ-LST-001")],
)
def test_what_the_application_is_told_when_it_must_not_be(
    monkeypatch: pytest.MonkeyPatch, happening: Any, requirement: str
) -> None:
    original = Connection.advance

    def advance(connection: Connection, now: float) -> Any:
        found = original(connection, now)
        ends = connection.is_ending if requirement == "PMQ-LST-001" else True
        return happening if found is None and ends else found

    monkeypatch.setattr(Connection, "advance", advance)
    broken("packetmq", "server", requirement)


def test_frames_that_are_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packetmq_core, "_SAMPLED", 1)
    monkeypatch.setattr(Connection, "data_to_send", returns(b"\0\0\0\3\0\0\xc1"))
    broken("packetmq", "server", "PMQ-MSG-004")


def test_a_timer_of_a_stream_that_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "handle_timer", returns(None))
    broken("packetmq", "server", "PMQ-ERR-001", actions=20_000)


def test_users_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(registry: Registry, login: Any) -> Any:
        registry.users |= {f"user {number}": None for number in range(100)}
        assert not is_user_name("user 1")
        return original(registry, login)

    original = Registry.judge
    monkeypatch.setattr(Registry, "judge", judge)
    broken("pgnet", "server", "PGN-LIM-002")


def test_games_without_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rooms, "__len__", returns(100))
    broken("pgnet", "server", "PGN-LIM-002")


def test_connections_that_are_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PGNetCore, "forget", returns(None))
    broken("pgnet", "server", "PGN-CON-004")


def test_messages_that_are_no_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgnet.server, "_SAMPLED", 1)
    monkeypatch.setattr(Tunnel, "seal", lambda _, text: "A" * (len(text) // 4 * 4))
    broken("pgnet", "server", "PGN-TUN-001")


def test_requests_that_are_malformed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgnet.client, "_SAMPLED", 1)
    original = ClientConnection.texts_to_send

    def texts(client: ClientConnection, now: float) -> list[str]:
        return ["{}" for _ in original(client, now)]

    monkeypatch.setattr(ClientConnection, "texts_to_send", texts)
    broken("pgnet", "client", "PGN-REQ-003")


def test_a_client_that_is_wrong_about_having_been_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = ClientConnection._step

    def step(client: ClientConnection, given: Any) -> Any:
        action = original(client, given)
        client._was_connected = True
        return action

    monkeypatch.setattr(ClientConnection, "_step", step)
    broken("pgnet", "client", "PGN-CLI-004")


def test_a_timer_of_a_client_that_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientConnection, "handle_timer", returns(None))
    broken("pgnet", "client", "PGN-ERR-001")
