"""The original, as its stand-in has it, and the reference play with each other.

Each session plays once for all tests of its pair: three users of one side, a server of the other,
and what the adapters can be asked for. What the original refuses everybody, joining a game with a
password, is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests import helpers_pgnet_interpreters as interpreters
from wirebook.conformance import interop
from wirebook.conformance.control import Message
from wirebook.conformance.drivers.pgnet import probe
from wirebook.conformance.targets import builtin
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.server import ServerHandle

PATIENCE = 20.0
USERS = ("alice", "bob", "carol")
PASSWORD = "p\u00e4ss-w\u00f6rd \u540d\u524d"  # noqa: S105 - nobody's
GAME = "Game 1"
PAYLOAD: Message = {"a": [1, -2.5, None, True, "名前", {"b": {}}], "name": "alice"}
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Session:
    """What is left of a session for the tests to look at."""

    client: str
    """The name of the clients' implementation."""
    lobby: list[Message]
    """The responses to a request for a game, and for the games, of a user who is in none."""
    entered: list[Message]
    """The responses that took the users into the game, in their order."""
    games: Message
    """The games while all users are in one."""
    said: list[Message]
    """The responses to what was said in the game."""
    lines: list[str]
    """The log as it ought to be."""
    logs: list[list[str]]
    """The log that each user's heartbeat brought last."""
    left: list[Message]
    """The responses to leaving the game, and to a request for a game after that."""
    alone: Message
    """The games when one user has left and one is disconnected."""
    back: list[Message]
    """The responses to a user who has come back with their password, and to who was invited."""
    told: list[list[object]]
    """What each user's application was told of connections and games, in its order."""


class Player:
    """A user at an adapter."""

    def __init__(self, client: ClientHandle, server: ServerHandle) -> None:
        self.client = client
        self._server = server
        self._tags = 0

    def connect(self, name: str, password: str = PASSWORD, code: str = "") -> None:
        """Begin to connect."""
        where: Message = {"host": self._server.host, "port": self._server.port}
        login: Message = {"username": name, "password": password, "invite_code": code}
        interop.ask(self.client, {"do": "connect", "pubkey": "", **where, **login}, PATIENCE)

    def enter(self, name: str, password: str = PASSWORD, code: str = "") -> None:
        """Connect, and wait until it is done."""
        self.connect(name, password, code)
        self.until(lambda: self.status()["connected"] is True, f"connection of {name}")

    def leave(self) -> None:
        """Disconnect, and wait until it is done."""
        interop.ask(self.client, {"do": "disconnect"}, PATIENCE)
        self.until(lambda: self.status()["connected"] is False, "end of the connection")

    def ask(self, do: str, **arguments: Any) -> Message:
        """Have the client make a request of the server; return the response."""
        self._tags += 1
        wanted = {"event": "response", "tag": f"t{self._tags}"}
        interop.ask(self.client, {"do": do, "tag": wanted["tag"], **arguments}, PATIENCE)
        told = self.client.wait(
            lambda message: wanted.items() <= message.items(), PATIENCE, f"response to {do}"
        )
        response: Message = told["response"]
        return response

    def say(self, message: str, payload: Message | None = None) -> Message:
        return self.ask("send", message=message, payload=payload or {})

    def status(self) -> Message:
        return interop.ask(self.client, {"do": "status"}, PATIENCE)

    def logs(self) -> list[list[str]]:
        """Return what the heartbeats have brought."""
        beats = [one["response"] for one in self.client.messages if one["event"] == "heartbeat"]
        return [one["payload"]["log"] for one in beats if "log" in one["payload"]]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        interop.until(condition, what, PATIENCE)


@pytest.fixture(scope="module", params=["original client", "reference client"])
def session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """One session of the two, each in one of the roles."""
    python = interpreters.stand_in(tmp_path_factory.mktemp("interpreter"))
    (original,) = builtin.resolve("pgnet-0.2.1", ["pgnet"], ["pgnet"])
    (reference,) = builtin.resolve("reference", ["pgnet"], ["pgnet"])
    pair = replace(original, python=str(python)), reference
    client, server = pair if request.param == "original client" else pair[::-1]
    handle = ServerHandle(server, probe)
    with contextlib.ExitStack() as stack:
        stack.callback(handle.stop)
        handle.ensure()
        adapters = [stack.enter_context(ClientHandle(client)) for _ in USERS]
        yield play(client.name, [Player(adapter, handle) for adapter in adapters])


def play(client: str, players: list[Player]) -> Session:
    alice, bob, carol = players
    for name, player in zip(USERS, players, strict=True):
        player.enter(name)
    lobby = [carol.say("hello"), carol.ask("game_dir")]
    entered = [alice.ask("create_game", name=GAME)]
    entered += [player.ask("join_game", name=GAME) for player in (bob, carol)]
    games = alice.ask("game_dir")["payload"]["games"]
    said, lines = [], []
    for number in range(ROUNDS):
        for name, player in zip(USERS[:2], players[:2], strict=True):
            said.append(player.say(f"number {number}", PAYLOAD))
            lines.append(f"{name} says: 'number {number}'")
    for player in players:
        player.until(lambda player=player: lines in player.logs(), "log in a heartbeat")  # type: ignore[misc]
    logs = [player.logs()[-1] for player in players]
    left = [carol.ask("leave_game"), carol.say("hello")]
    bob.leave()
    carol.until(lambda: listed(carol)["users"] == 1, "game without bob")
    alone = carol.ask("game_dir")["payload"]["games"]
    bob.enter("bob")
    back = [bob.ask("join_game", name=GAME)]
    carol.leave()
    carol.enter("admin", "wirebook-admin")
    assert carol.say("__pgnet__.set_registration", {"set_as": False})["status"] == 0
    # Deployed clients have the code from the text (PGN-ADM-006).
    code = carol.say("__pgnet__.create_invite", {"username": "dave"})["message"].split()[-1]
    carol.leave()
    carol.enter("dave", code=code)
    back.append(carol.ask("join_game", name=GAME))
    told = [told_of(player) for player in players]
    return Session(client, lobby, entered, games, said, lines, logs, left, alone, back, told)


def listed(player: Player) -> Message:
    game: Message = player.ask("game_dir")["payload"]["games"][GAME]
    return game


def outcomes(responses: list[Message]) -> list[tuple[int, str | None]]:
    return [(response["status"], response["game"]) for response in responses]


def told_of(player: Player) -> list[object]:
    """Return what the application was told: whether it is connected, or its game."""
    key = {"connection": "connected", "game": "game"}
    return [one[key[one["event"]]] for one in player.client.messages if one["event"] in key]


def test_lobby(session: Session) -> None:
    """Users of the one are let in by the other, and are told that they are in no game."""
    assert outcomes(session.lobby) == [(2, None), (0, None)]
    assert session.lobby[1]["payload"] == {"games": {}}


def test_all_are_in_one_game(session: Session) -> None:
    """One opens a game and the others join it, and the game is listed with all of them."""
    assert outcomes(session.entered) == [(0, GAME)] * len(USERS)
    assert [response["payload"]["heartbeat_rate"] for response in session.entered] == [10] * 3
    game = session.games[GAME]
    assert (game["name"], game["users"], game["password_protected"]) == (GAME, len(USERS), False)


def test_requests_reach_the_game(session: Session) -> None:
    """What users say arrives, in its order and with their names, whatever its payload."""
    assert outcomes(session.said) == [(0, GAME)] * 2 * ROUNDS
    assert {response["message"] for response in session.said} == {"Message added."}
    assert len(session.lines) == 2 * ROUNDS


def test_heartbeats_bring_the_news(session: Session) -> None:
    """Each user, also one who says nothing, learns what was said from the heartbeats."""
    assert session.logs == [session.lines] * len(USERS)


def test_leaving(session: Session) -> None:
    """Whoever leaves is in no game, and whoever is disconnected is not counted any more."""
    assert outcomes(session.left) == [(0, None), (2, None)]
    assert session.alone[GAME]["users"] == 1


def test_coming_back(session: Session) -> None:
    """A user comes back with their password, and a new one with an invite code."""
    assert outcomes(session.back) == [(0, GAME)] * 2


def test_applications_are_told(session: Session) -> None:
    """Each application is told once of everything that happened to its connection and game."""
    alice, bob, carol = session.told
    assert alice == [True, GAME]
    if session.client == "reference":
        assert sorted(bob[2:4], key=str) == [False, None]
        assert bob[4:] == [True, GAME]
    else:
        # It stays in its game when the connection ends, until a heartbeat tells it otherwise, if
        # one comes before it joins the next.
        assert bob[2:] in ([False, True], [False, True, None, GAME])
    assert carol == [True, GAME, None, False, True, False, True, GAME]
