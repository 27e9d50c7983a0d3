"""Connections of a server: opening, violations, time limits, limits, shutdown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_pgnet import RANDOM, SERVER_KEY, Log, Peer, PersistentLog, World
from tests.helpers_reference import covers
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.outcomes import Pause
from wirebook.reference.pgnet.tunnel import Key, Tunnel
from wirebook.spec.pgnet.states import ServerState, Text


def test_opening() -> None:
    """Keys, login, and then the lobby, whatever the requests are called."""
    world = World()
    peer = world.peer()
    trade = peer.trade_keys()
    assert (trade["message"], trade["payload"]) == ("key_trade", {"pubkey": SERVER_KEY.pubkey})
    answer = peer.login("alice")
    assert list(answer) == ["message", "payload", "status", "created_on", "disconnecting", "game"]
    assert (answer["message"], answer["status"], answer["game"]) == ("Authenticated.", 0, None)
    assert (peer.core.state, peer.core.username) == (ServerState.LOBBY, "alice")
    assert world.connections == [("alice", True)]


@pytest.mark.parametrize("pubkey", [None, 1, "", "x", "A" * 43 + "=", "A" * 44])
def test_unusable_keys(pubkey: object) -> None:
    """Without a usable key there is no key in return."""
    peer = World().peer()
    answer = peer.say({"message": "key_trade", "payload": {"pubkey": pubkey}})
    assert (answer["message"], answer["status"]) == ("Missing public key string.", 1)
    assert (answer["payload"], answer["disconnecting"], peer.close_code) == ({}, True, 1000)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1007),
        ("{}", 1007),
        ("x" * 50, 1007),
        ('{"message": "a", "payload": {}}', 1007),
        ("A" * 200, 1008),
    ],
)
@pytest.mark.parametrize("stage", ["login", "lobby", "game"])
def test_violations_end_connections(text: str, code: int, stage: str) -> None:
    """Once in the tunnel, what is no box, or does not open, ends the connection and frees all."""
    world = World()
    peer = world.peer()
    peer.trade_keys()
    if stage != "login":
        peer.login("alice")
    if stage == "game":
        peer.ask("/create_game", name="Game 1")
    assert peer.send_raw(text) == []
    assert peer.close_code == code
    assert not world.server.connections
    assert not world.server.registry.sessions
    assert not len(world.server.rooms)
    assert world.user("alice")


def test_violations_in_a_box() -> None:
    """What a box opens to is judged like any message."""
    for text in ("", "[]", '{"message": 1}', '{"message": "a", "message": "a"}'):
        peer = World().user("alice")
        assert peer.send(text) == []
        assert peer.close_code == 1007


def test_replayed_boxes() -> None:
    """A box that came, or was sent, ends the connection if it comes again."""
    world = World()
    for own in (False, True):
        peer = world.user("alice")
        assert peer.tunnel is not None
        box = peer.tunnel.seal('{"message": "/help"}')
        peer.core.receive_text(box, world.now)
        (answer,) = peer.core.texts_to_send()
        peer.core.receive_text(answer if own else box, world.now)
        assert (peer.close_code, peer.take()) == (1008, [])


def test_replayed_logins() -> None:
    """A whole connection that was recorded cannot be played again."""
    world = World()
    client = Key(RANDOM(32))
    trade = json.dumps({"message": "key_trade", "payload": {"pubkey": client.pubkey}})
    secret = client.shared_with(SERVER_KEY.pubkey)
    assert secret is not None
    login = Tunnel(secret, RANDOM).seal(
        json.dumps({"message": "x", "payload": {"username": "alice", "password": "pw"}})
    )
    codes = []
    for _ in range(2):
        peer = world.peer()
        peer.send_raw(trade)
        peer.core.receive_text(login, world.now)
        world.carry_out(peer.core)
        codes.append((peer.close_code, peer.core.state))
        if not peer.core.closed:
            peer.lose()
    assert codes == [(None, ServerState.LOBBY), (1008, ServerState.CLOSED)]


def test_silence_in_the_opening() -> None:
    """Five seconds for the key, and five for the login, counted from the response to the key."""
    world = World()
    silent, slow = world.peer(), world.peer()
    world.run(4.9)
    slow.trade_keys()
    assert silent.close_code is None
    world.run(0.2)
    assert silent.close_code == 1008
    assert slow.close_code is None
    world.run(4.6)
    assert slow.close_code is None
    world.run(0.3)
    assert slow.close_code == 1008


@covers("PGN-CON-003")
def test_silence_of_a_user() -> None:
    """An hour without a request ends a connection; a request makes it another hour."""
    world = World()
    silent, other = world.user("alice"), world.user("bob")
    world.server._next_update = None  # a game update every 0.1 s would take its time
    world.run(3599.0)
    assert other.ask("/help")["status"] == 0
    world.run(2.0)
    assert (silent.close_code, other.close_code) == (1008, None)
    assert list(world.server.registry.sessions) == ["bob"]
    world.run(3598.0)
    assert other.close_code == 1008


def test_time_of_the_server_does_not_count() -> None:
    """While a login is checked, no time limit runs."""
    world = World()
    world.carries_out = False
    peer = world.peer()
    peer.trade_keys()
    peer.send('{"message": "", "payload": {"username": "alice", "password": "x"}}')
    world.run(6.0)
    assert peer.core.next_timer() is None
    world.carry_out(peer.core)
    assert peer.take()[0]["status"] == 0


@covers("PGN-LIM-001")
def test_too_many_connections() -> None:
    """Those beyond the limit are closed at once, and the others do not notice."""
    world = World(limits=Limits(connections=2))
    first, second, third = world.user("alice"), world.peer(), world.peer()
    assert (first.close_code, second.close_code, third.close_code) == (None, None, 1013)
    second.lose()
    assert world.user("carol").ask("/help")["status"] == 0
    assert first.ask("/help")["status"] == 0


@covers("PGN-LIM-003")
def test_one_request_at_a_time() -> None:
    """A connection is busy until its request has been answered."""
    world = World()
    admin, alice = world.admin(), world.user("alice")
    world.carries_out = False
    assert admin.send('{"message": "__pgnet__.sleep", "payload": {"seconds": 3}}') == []
    assert admin.core.busy
    assert isinstance(admin.core.errand, Pause)
    assert alice.ask("/help")["status"] == 0
    world.carry_out(admin.core)
    assert admin.take()[0]["status"] == 0
    assert not admin.core.busy


def test_deletion_with_the_next_request() -> None:
    """A connected user is told with the next request, and gone when the connection ends."""
    world = World()
    admin, alice, bob = world.admin(), world.user("alice"), world.user("bob")
    for name in ("alice", "bob"):
        assert admin.ask("/delete_user", username=name)["status"] == 0
    answer = alice.ask("/create_game", name="Game 1")
    assert (answer["message"], answer["status"]) == ("User deleted.", 0)
    assert (answer["disconnecting"], alice.close_code) == (True, 1000)
    assert not len(world.server.rooms)
    peer = world.peer()
    peer.trade_keys()
    assert peer.login("bob")["message"] == Text.USER_DELETED
    bob.lose()
    assert set(world.server.registry.users) == {"admin"}
    assert world.user("bob", "another")


def test_destroyed_games() -> None:
    """Everybody in a destroyed game is in none afterwards, the admin too."""
    world = World()
    admin, alice = world.admin(), world.user("alice")
    alice.ask("/create_game", name="Game 1")
    admin.ask("/join_game", name="Game 1")
    answer = admin.ask("/destroy_game", name="Game 1")
    assert (answer["status"], answer["game"]) == (0, None)
    assert alice.ask("/help")["game"] is None
    assert Log.instances[0].lines[-2:] == ["-admin", "-alice"]
    assert alice.ask("move")["message"] == Text.NO_GAME


def test_dismissed_users() -> None:
    """A game sends a user away, and the user stays connected."""
    world = World(PersistentLog)
    alice = world.user("alice")
    alice.ask("/create_game", name="Game 1")
    answer = alice.ask("leave")
    assert (answer["message"], answer["disconnecting"], answer["game"]) == ("Goodbye.", False, None)
    assert Log.instances[0].lines[-1] == "-alice"
    assert alice.ask("/join_game", name="Game 1")["game"] == "Game 1"


def test_shutdown() -> None:
    """Idle connections end at once, and the others when they have their response."""
    world = World()
    idle, opening, admin = world.user("alice"), world.peer(), world.admin()
    world.carries_out = False
    admin.send('{"message": "__pgnet__.sleep"}')
    world.server.shut_down()
    assert (idle.close_code, opening.close_code) == (1001, 1001)
    assert admin.close_code is None
    world.carry_out(admin.core)
    assert admin.take()[0]["message"].startswith("Slept")
    assert admin.close_code == 1001
    assert world.peer().close_code == 1001


def test_shutdown_during_a_login() -> None:
    """A login that is being checked is answered first."""
    world = World()
    world.carries_out = False
    peer = world.peer()
    peer.trade_keys()
    peer.send('{"message": "", "payload": {"username": "alice", "password": "pw"}}')
    world.server.shut_down()
    assert peer.close_code is None
    world.carry_out(peer.core)
    assert peer.take()[0]["status"] == 0
    codes = [peer.close_code]
    assert codes == [1001]


def test_connections_that_end_during_an_errand() -> None:
    """Nobody is registered, and nothing is opened, for a peer that has gone."""
    world = World()
    alice, bob = world.user("alice"), world.peer()
    bob.trade_keys()
    world.carries_out = False
    create = {"message": "__pgnet__.create_game", "payload": {"name": "Game 1", "password": "x"}}
    alice.send(json.dumps(create))
    bob.send('{"message": "", "payload": {"username": "bob", "password": "pw"}}')
    errands = [(peer, peer.core.errand) for peer in (alice, bob)]
    for peer, errand in errands:
        peer.lose()
        assert errand is not None
        world.done(errand)()
        peer.core.resume(world.done(errand), world.now)
    assert not len(world.server.rooms)
    assert "bob" not in world.server.registry.users
    assert not world.server.registry.sessions


def test_what_fails_is_refused() -> None:
    """A mistake in the handling of a request costs nobody the connection."""
    world = World()
    alice = world.user("alice")
    world.server.rooms._rooms = None  # type: ignore[assignment]  # a mistake
    assert alice.ask("/game_dir")["status"] == 2
    assert world.failures == ["'__pgnet__.game_dir'"]
    assert alice.ask("/help")["status"] == 0


ACTIONS = st.sampled_from(
    [
        ("/create_game", {"name": "Game 1"}),
        ("/create_game", {"name": "Game 2", "password": "x"}),
        ("/join_game", {"name": "Game 1"}),
        ("/join_game", {"name": "Game 2", "password": "x"}),
        ("/join_game", {"name": "Game 2", "password": "y"}),
        ("/leave_game", {}),
        ("/destroy_game", {"name": "Game 1"}),
        ("/delete_user", {"username": "alice"}),
        ("/heartbeat_update", {"x": 1}),
        ("/help", {"x": 1}),
        ("/game_dir", {}),
        ("/debug", {}),
        ("/save", {}),
        *((word, {}) for word in ("move", "leave", "fail", "rubbish", "no-json", "large")),
    ]
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["alice", "bob", "admin"]), ACTIONS | st.just("lose")), max_size=30
)


@given(steps=STEPS, persistent=st.booleans())
def test_the_table_holds_whatever_users_do(
    steps: list[tuple[str, object]], persistent: bool
) -> None:
    """Every request has one response; state, response and game agree on who is where."""
    world = World(PersistentLog if persistent else Log)
    peers: dict[str, Peer] = {}
    for name, action in steps:
        if name not in peers or peers[name].core.closed:
            peers[name] = world.user(name, "admin-password" if name == "admin" else "")
        peer = peers[name]
        if action == "lose":
            peer.lose()
            continue
        assert isinstance(action, tuple)
        answer = peer.ask(action[0], **action[1])
        rooms = {room.name for room in world.server.rooms if name in room.users}
        if not peer.core.closed:
            assert rooms == ({answer["game"]} - {None})
            if peer.core.state is not ServerState.DELETED:
                assert (peer.core.state is ServerState.GAME) == bool(rooms)
    for room in world.server.rooms:
        assert room.users or persistent
