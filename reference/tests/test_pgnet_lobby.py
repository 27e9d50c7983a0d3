"""What users and the admin ask: arguments, the lobby, games, administration."""
# The passwords here protect nothing.
# ruff: noqa: ARG002, S106

from typing import Any

import pytest

from tests.helpers_pgnet import Log, Peer, PersistentLog, World
from tests.helpers_reference import covers
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.spec.pgnet.states import REQUESTS, Text

ARGUMENTS = {
    request.name.removeprefix("__pgnet__."): request
    for request in REQUESTS.values()
    if not request.any_payload
}


def in_game(world: World, name: str = "alice") -> Peer:
    """Return a user who has opened a game."""
    peer = world.user(name)
    assert peer.ask("/create_game", name="Game 1")["status"] == 0
    return peer


@pytest.mark.parametrize("word", ARGUMENTS)
def test_arguments(word: str) -> None:
    """Unknown arguments, and those of another type, are refused without any effect."""
    world = World()
    admin = world.admin()
    values: dict[str, list[Any]] = {
        "str": [1, None, True, ["x"], {}],
        "bool": [0, 1, None, "true", 1.0],
        "float": ["1", None, True, [1]],
    }
    wrong: list[dict[str, Any]] = [{"unknown": 1}, {"name ": "x"}]
    for name, kind in ARGUMENTS[word].arguments.items():
        wrong += [{name: value} for value in values[kind]]
    for payload in wrong:
        answer = admin.ask(f"/{word}", **payload)
        assert (answer["status"], answer["disconnecting"]) == (2, False), payload
    assert not world.server.shutdown_requested
    assert not len(world.server.rooms)
    assert not world.saves


@pytest.mark.parametrize("word", [word for word, row in ARGUMENTS.items() if row.admin])
def test_administration_is_for_the_admin(word: str) -> None:
    """All others are refused, whatever the arguments are."""
    world = World()
    alice = world.user("alice")
    payloads: list[dict[str, Any]] = [{}, {"x": 1}, {"set_as": True, "username": "alice"}]
    for payload in payloads:
        assert alice.ask(f"/{word}", **payload)["status"] == 2
    assert (world.server.registry.registration, world.server.verbose) == (True, False)
    assert not world.server.shutdown_requested


def test_help() -> None:
    """Every request but the heartbeat is listed with its arguments."""
    payload = World().user("alice").ask("/help")["payload"]
    assert len(payload) == 14
    assert payload["__pgnet__.create_game"] == {"name": "str", "password": "str"}
    assert payload["__pgnet__.sleep"] == {"seconds": "float"}
    assert payload["__pgnet__.set_verbose"] == {"set_as": "bool"}


def test_creating_games() -> None:
    """Names are checked, and a user is in one game at most."""
    world = World()
    alice, bob = world.user("alice"), world.user("bob")
    for name in ("", "ab", " ab", "admin game", "x" * 51, "a/b"):
        assert alice.ask("/create_game", name=name)["status"] == 2
    answer = alice.ask("/create_game", name="Game 1")
    assert (answer["status"], answer["game"]) == (0, "Game 1")
    assert answer["payload"] == {"heartbeat_rate": 10}
    assert alice.ask("/create_game", name="Game 2")["status"] == 2
    assert alice.ask("/join_game", name="Game 2")["status"] == 2
    assert bob.ask("/create_game", name="Game 1")["status"] == 2
    assert bob.ask("/join_game", name="Game 1")["game"] == "Game 1"
    assert Log.instances[0].lines == ["+alice", "+bob"]


def test_joining_opens_games() -> None:
    """A game that is not there is opened with the password."""
    world = World()
    alice, bob = world.user("alice"), world.user("bob")
    assert alice.ask("/join_game", name="Game 1", password="x")["game"] == "Game 1"
    assert bob.ask("/join_game", name="Game 1")["status"] == 2
    assert bob.ask("/join_game", name="x")["status"] == 2


def test_passwords_of_games() -> None:
    """A password opens the game for everybody, and for nobody without it."""
    world = World(PersistentLog)
    alice, bob = world.user("alice"), world.user("bob")
    alice.ask("/create_game", name="Game 1", password="sec")
    assert bob.ask("/join_game", name="Game 1", password="sec")["game"] == "Game 1"
    for peer in (alice, bob):
        assert peer.ask("/leave_game")["game"] is None
        for wrong in ({}, {"password": ""}, {"password": "Sec"}):
            answer = peer.ask("/join_game", name="Game 1", **wrong)
            assert (answer["status"], answer["game"]) == (2, None)
    bob.ask("/create_game", name="Game 2")
    assert alice.ask("/join_game", name="Game 2", password="any")["game"] == "Game 2"


def test_game_directory() -> None:
    """Every game is told with its name, users, password and what it says of itself."""

    class Told(Log):
        def get_lobby_info(self) -> str:
            return {"Game 1": "fun", "Game 2": 5}.get(self.name, 1 // 0)  # type: ignore[return-value]

    world = World(Told)
    world.user("alice").ask("/create_game", name="Game 1", password="x")
    world.user("bob").ask("/create_game", name="Game 2")
    assert world.user("carol").ask("/game_dir")["payload"] == {
        "games": {
            "Game 1": {"name": "Game 1", "users": 1, "password_protected": True, "info": ""},
            "Game 2": {"name": "Game 2", "users": 1, "password_protected": False, "info": ""},
        }
    }


@covers("PGN-LOB-011")
@pytest.mark.parametrize("how", ["leave_game", "leave", "lost", "violation"])
def test_games_end_with_their_last_user(how: str) -> None:
    """A game that is not persistent ends with whoever leaves it last, in whatever way."""
    world = World()
    alice = in_game(world)
    bob = world.user("bob")
    bob.ask("/join_game", name="Game 1")
    bob.ask("/leave_game")
    assert len(world.server.rooms) == 1
    if how == "leave_game":
        assert alice.ask("/leave_game")["status"] == 0
    elif how == "leave":
        alice.ask("leave")
    elif how == "lost":
        alice.lose()
    else:
        alice.send_raw("no box")
    assert len(world.server.rooms) == 0
    assert Log.instances[0].lines[-1] == "-alice"
    bob.ask("/join_game", name="Game 1")
    assert Log.instances[1].lines == ["+bob"]


def test_persistent_games_stay() -> None:
    """A persistent game is there when somebody comes again."""
    world = World(PersistentLog)
    in_game(world).lose()
    assert len(world.server.rooms) == 1
    world.user("bob").ask("/join_game", name="Game 1")
    assert Log.instances[0].lines == ["+alice", "-alice", "+bob"]


def test_leaving_needs_a_game() -> None:
    """Who is in no game cannot leave it."""
    assert World().user("alice").ask("/leave_game")["status"] == 2


@covers("PGN-LIM-002")
def test_too_many_games() -> None:
    """Opening a game is refused when there are too many."""
    world = World(limits=Limits(games=2))
    peers = [world.user(f"user{number}") for number in range(3)]
    statuses = [
        peer.ask("/join_game", name=f"Game {number}", password="x" * number)["status"]
        for number, peer in enumerate(peers)
    ]
    assert statuses == [0, 0, 2]


def test_requests_for_games() -> None:
    """What the server does not know goes to the game, with the name of the user."""
    world = World()
    alice = in_game(world)
    answer = alice.say({"message": "move", "payload": {"x": [1]}, "username": "eve"})
    assert (answer["message"], answer["payload"]) == ("noted", {"seen": {"x": [1]}})
    assert alice.ask("/unknown", any=1)["message"] == "noted"
    assert Log.instances[0].lines[1:] == ["alice: move", "alice: __pgnet__.unknown"]
    answer = alice.ask("/heartbeat_update", any={"thing": 1})
    assert answer["payload"]["asked"] == {"any": {"thing": 1}}


def test_requests_without_a_game() -> None:
    """In no game they are refused, with what can be asked."""
    world = World()
    alice, admin = world.user("alice"), world.admin()
    for message in ("move", "/unknown", "/heartbeat_update", ""):
        answer = alice.ask(message)
        assert (answer["message"], answer["status"]) == (Text.NO_GAME, 2)
    assert len(answer["payload"]["commands"]) == 6
    assert len(admin.ask("move")["payload"]["commands"]) == 15


@covers("PGN-GAM-005")
@pytest.mark.parametrize(
    "word", ["no-json", "nan", "surrogate", "large", "bad-status", "rubbish", "fail"]
)
def test_games_that_answer_badly(word: str) -> None:
    """What no client could read is not sent: the request is refused, and all goes on."""
    world = World()
    alice = in_game(world)
    answer = alice.ask(word)
    assert (answer["status"], answer["payload"], answer["game"]) == (2, {}, "Game 1")
    assert alice.ask("move")["status"] == 0
    assert len(world.failures) == (0 if word == "rubbish" else 1)


class Failing(Game):
    """A game in which everything fails that is asked of it."""

    persistent = True
    fails = True

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name not in ("fails", "handle_packet"):
            raise ValueError("on purpose")
        return super().__getattribute__(name)


def test_games_in_which_everything_fails() -> None:
    """Such a game cannot be entered, and does no harm to others."""
    world = World(Failing)
    alice = world.user("alice")
    assert alice.ask("/create_game", name="Game 1")["status"] == 2
    assert not len(world.server.rooms)

    class Entered(Failing):
        def user_joined(self, username: str) -> None:
            pass

        def __getattribute__(self, name: str) -> Any:
            if name == "user_joined":
                return object.__getattribute__(self, name)
            return super().__getattribute__(name)

    world = World(Entered)
    alice = world.user("alice")
    answer = alice.ask("/create_game", name="Game 1")
    assert (answer["status"], answer["payload"]) == (0, {"heartbeat_rate": 10})
    for message in ("move", "/heartbeat_update"):
        assert alice.ask(message)["status"] == 2
    assert alice.ask("/game_dir")["payload"]["games"]["Game 1"]["info"] == ""
    world.run(1.0)
    assert world.server.saved().games == ()
    assert alice.ask("/leave_game")["status"] == 0


def test_games_that_cannot_be_made() -> None:
    """A class that raises makes no game."""

    class Unmade(Game):
        def __init__(self, name: str, save_string: str | None = None) -> None:
            raise ValueError("on purpose")

    world = World(Unmade)
    assert world.user("alice").ask("/create_game", name="Game 1")["status"] == 2
    assert not len(world.server.rooms)
    assert world.failures == ["a new game 'Game 1'"]


@pytest.mark.parametrize(
    "rate", [0, -1, 101, float("nan"), float("inf"), "10", None, True, 10**400]
)
def test_heartbeat_rates_are_numbers(rate: Any) -> None:
    """What is no rate is told as the usual one."""

    class Rated(Log):
        heartbeat_rate = rate

    assert World(Rated).user("alice").ask("/create_game", name="Game 1")["payload"] == {
        "heartbeat_rate": 10
    }


def test_the_answer_of_a_game_may_be_used_again() -> None:
    """A game's response is not changed by sending it."""
    shared = Response("bye", disconnecting=True)

    class Shared(PersistentLog):
        def handle_game_packet(self, packet: Packet) -> Response:
            return shared

    world = World(Shared)
    alice = in_game(world)
    assert alice.ask("move")["disconnecting"] is False
    assert (shared.disconnecting, shared.game) == (True, None)


@covers("PGN-GAM-006")
def test_updates_of_games() -> None:
    """Each game is updated every 0.1 s, also if another one fails."""

    class Updated(Log):
        def update(self) -> None:
            super().update()
            if self.name == "Game 1":
                raise ValueError("on purpose")

    world = World(Updated)
    in_game(world)
    world.user("bob").ask("/create_game", name="Game 2")
    world.run(2.05)
    assert [game.updates for game in Log.instances] == [20, 20]
    assert len(world.failures) == 20


@covers("PGN-GAM-006")
def test_updates_that_were_missed_are_not_made_up_for() -> None:
    """A server that stood still goes on at the usual rate."""
    world = World()
    in_game(world)
    world.now += 5.0
    world.server.handle_timer(world.now)
    world.run(1.05)
    assert Log.instances[0].updates == 11


def test_registration_and_verbose() -> None:
    """The admin turns both on and off."""
    world = World()
    admin = world.admin()
    for on in (False, True, False):
        assert admin.ask("/set_registration", set_as=on)["status"] == 0
        assert world.server.registry.registration == on
        assert admin.ask("/set_verbose", set_as=on)["status"] == 0
        assert world.server.verbose == on
    assert [packet.message for _, packet, _ in world.traces] == [
        "__pgnet__.set_verbose",
        "__pgnet__.set_registration",
    ]


def test_invitations() -> None:
    """Codes are for a name that is allowed, or for any."""
    world = World()
    admin = world.admin()
    for name in ("admin", "x", "not allowed"):
        assert admin.ask("/create_invite", username=name)["status"] == 2
    answer = admin.ask("/create_invite")
    assert answer["payload"] == {"invite_code": "code-1"}
    assert answer["message"].endswith("code-1")
    assert admin.ask("/create_invite", username="bob")["payload"] == {"invite_code": "code-2"}
    assert world.server.registry.invite_codes == {"code-1": "", "code-2": "bob"}


def test_deleting_users() -> None:
    """Users who are there can be deleted, and the admin cannot."""
    world = World()
    admin = world.admin()
    world.user("alice").lose()
    for name in ("admin", "nobody", ""):
        assert admin.ask("/delete_user", username=name)["status"] == 2
    assert admin.ask("/delete_user", username="alice")["status"] == 0
    assert "alice" not in world.server.registry.users


def test_destroying_needs_a_game() -> None:
    """A game that is not there cannot be destroyed."""
    assert World().admin().ask("/destroy_game", name="Game 1")["status"] == 2


def test_saving() -> None:
    """Saving is refused where there is nothing to save to, and when it fails."""
    assert World().admin().ask("/save")["status"] == 2
    world = World(can_save=True)
    admin = world.admin()
    assert admin.ask("/save")["status"] == 0
    assert world.saves == 1
    world.carries_out = False
    admin.send('{"message": "__pgnet__.save"}')
    errand: Any = admin.core.errand
    admin.core.resume(lambda: errand.then(False), world.now)
    assert admin.take()[0]["status"] == 2


def test_debug_tells_no_secrets() -> None:
    """No password, code or message of anybody is in it."""
    world = World()
    world.user("alice", "secret1").ask("/create_game", name="Game 1", password="secret2")
    admin = world.admin()
    code = admin.ask("/create_invite")["payload"]["invite_code"]
    admin.ask("secret3")
    answer = admin.ask("/debug")
    assert answer["status"] == 0
    for secret in ("secret", code, "argon2", "admin-password"):
        assert secret not in str(answer)
    assert answer["payload"]["connected_users"] == ["admin", "alice"]


def test_sleeping() -> None:
    """Some time, at most five seconds, and never less than none."""
    world = World()
    admin = world.admin()
    for payload, seconds in (({}, 1.0), ({"seconds": 0}, 0), ({"seconds": 0.5}, 0.5)):
        before = world.now
        assert admin.ask("/sleep", **payload)["status"] == 0
        assert world.now - before == seconds
    before = world.now
    assert admin.ask("/sleep", seconds=10**300)["status"] == 0
    assert world.now - before == 5.0
    for negative in (-1, -0.001):
        assert admin.ask("/sleep", seconds=negative)["status"] == 2


def test_shutdown_is_answered() -> None:
    """The admin's wish is noted and answered."""
    world = World()
    assert world.admin().ask("/shutdown")["status"] == 0
    assert world.server.shutdown_requested
