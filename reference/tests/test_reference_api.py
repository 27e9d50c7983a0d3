"""The documented classes that need no network: numbers, events, states, packages, stores, steps."""

import asyncio
import logging
from typing import Any

import pytest

from tests.helpers_reference import covers
from wirebook.reference.pygase import TO_DELETE, GameState, GameStateStore, GameStateUpdate
from wirebook.reference.pygase.connection import (
    ClientPackage,
    Header,
    Package,
    ProtocolIDMismatchError,
    ServerPackage,
)
from wirebook.reference.pygase.errors import (
    LocalProtocolError,
    Malformed,
    NotConnected,
    PyGaSeError,
    RemoteProtocolError,
    Unencodable,
)
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.gamestate import GameStatus
from wirebook.reference.pygase.machine import GameStateMachine
from wirebook.reference.pygase.utils import (
    LockedRessource,
    NamedEnum,
    Sqn,
    get_available_ip_addresses,
)

HEADER = Header(3, 2, "1" + "0" * 31)


def test_sequence_numbers_wrap() -> None:
    """Adding goes on with 1 after the last number, and the result is a sequence number."""
    assert Sqn(65535) + 1 == 1
    assert isinstance(1 + Sqn(65535), Sqn)
    assert Sqn(2) + 65535 == 2


@pytest.mark.parametrize("value", [-1, 65536])
def test_sequence_numbers_have_a_range(value: int) -> None:
    """Negative and too large numbers are refused."""
    with pytest.raises(ValueError, match="sequence number"):
        Sqn(value)


def test_sequence_numbers_can_have_another_size() -> None:
    """With one byte the last number is 255; the cores do not care."""
    Sqn.set_bytesize(1)
    try:
        assert (Sqn.get_max_sequence(), Sqn(255) + 1) == (255, 1)
        assert Sqn(7).to_sqn_bytes() == b"\x07"
    finally:
        Sqn.set_bytesize(2)
    assert Sqn.from_sqn_bytes(Sqn(258).to_sqn_bytes()) == 258


def test_named_enums_count_for_themselves() -> None:
    """Names get values from 0 on in each enum; unknown ones are refused."""

    class Weather(NamedEnum):
        pass

    Weather.register("rain")
    Weather.register("sun")
    assert [Weather.get("rain"), Weather.get(1), GameStatus.get(1)] == [0, "sun", "Active"]
    wrong: Any
    for wrong, error in (("snow", ValueError), (2, IndexError), (-1, IndexError), (1.5, TypeError)):
        with pytest.raises(error):
            Weather.get(wrong)


def test_locked_resource_is_locked_inside_with() -> None:
    """The lock is held inside of the block only."""
    locked = LockedRessource([1])
    with locked as inside:
        assert inside == [1]
        assert locked.lock.locked()
    assert not locked.lock.locked()


def test_addresses_include_the_loopback() -> None:
    """This machine has at least one address."""
    assert "127.0.0.1" in get_available_ip_addresses()


def test_events_travel_and_compare() -> None:
    """An event comes back equal, its tuples as lists."""
    event = Event("E", 1, [2], name="x")
    assert Event.from_bytes(event.to_bytes()) == event
    assert event != Event("E", 1)
    assert Event.from_bytes(Event("E", (1,)).to_bytes()).handler_args == [[1]]


def test_errors_have_one_root_and_two_sides() -> None:
    """What the program does wrong and what the peer does wrong are told apart, with the rule."""
    with pytest.raises(LocalProtocolError) as ours:
        Event("E", 1e300).to_bytes()
    with pytest.raises(RemoteProtocolError) as theirs:
        Event.from_bytes(b"\xc1")
    assert (ours.value.requirement, theirs.value.requirement) == ("PGS-MSG-002", "PGS-MSG-009")
    assert isinstance(ours.value, PyGaSeError)
    assert isinstance(theirs.value, PyGaSeError)


def test_handlers_may_be_functions_or_coroutines() -> None:
    """`handle` awaits either, with the event's arguments and the ones added."""
    handlers = UniversalEventHandler()

    async def later(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return args, kwargs

    handlers.register_event_handler("NOW", lambda *args, **kwargs: (args, kwargs))
    handlers.register_event_handler("LATER", later)
    for event_type in ("NOW", "LATER"):
        result = asyncio.run(handlers.handle(Event(event_type, 1, a=2, b=3), b=4))
        assert result == ((1,), {"a": 2, "b": 4})
    with pytest.raises(TypeError):
        handlers.register_event_handler("E", 5)  # type: ignore[arg-type]  # the point of the test


def test_states_take_updates() -> None:
    """A newer update changes the state, an older one does not."""
    state = GameState(2, 1, a=1, m={"x": 1})
    state += GameStateUpdate(3, m={"x": TO_DELETE, "y": 2}, a=TO_DELETE)
    assert vars(state) == {"m": {"y": 2}, "game_status": 1, "time_order": 3}
    state = state + GameStateUpdate(3, a=9)
    assert "a" not in vars(state)
    assert not state.is_paused()


@covers("PGS-MRG-010")
def test_updates_add_up_either_way() -> None:
    """The newer one counts, whichever comes first."""
    older, newer = (
        GameStateUpdate(65535, a=1, m={"x": 1}),
        GameStateUpdate(1, a=2, m={"y": TO_DELETE}),
    )
    for total in (older + newer, newer + older):
        assert vars(total) == {"a": 2, "m": {"x": 1, "y": TO_DELETE}, "time_order": 1}


def test_updates_and_states_travel() -> None:
    """Both come back equal, with their time order as a sequence number."""
    update = GameStateUpdate.from_bytes(GameStateUpdate(3, a=1).to_bytes())
    assert (update, type(update.time_order)) == (GameStateUpdate(3, a=1), Sqn)
    assert GameState.from_bytes(GameState(3, a=1).to_bytes()) == GameState(3, a=1)


def test_packages_come_back_equal() -> None:
    """Each kind of package is read as what was written."""
    packages = (
        Package(HEADER, [Event("E", 1)]),
        ClientPackage(HEADER, 7, [Event("E", 1)]),
        ServerPackage(HEADER, GameStateUpdate(7, a=1), [Event("E", 1)]),
    )
    for package in packages:
        assert type(package).from_datagram(package.to_datagram()) == package
        assert package.get_bytesize() == len(package.to_datagram())
    assert Package(HEADER) != ClientPackage(HEADER, 0)


def test_header_is_twelve_octets() -> None:
    """The bit of the previous sequence comes first."""
    octets = HEADER.to_bytearray()
    assert octets == bytearray.fromhex("ffd0fab9 0003 0002 80000000")
    assert Header.deconstruct_datagram(bytes(octets) + b"x") == (HEADER, b"x")
    assert HEADER.destructure() == (3, 2, "1" + "0" * 31)


def test_packages_do_not_outgrow_a_datagram() -> None:
    """Too much is refused when converting, and when adding to a package once converted."""
    package = Package(HEADER, [Event("E", "x" * 1500)])
    package.to_datagram()
    with pytest.raises(OverflowError):
        package.add_event(Event("E", "x" * 1500))
    assert len(package.events) == 1
    fresh = Package(HEADER, [Event("E", "x" * 1500)])
    fresh.add_event(Event("E", "x" * 1500))
    with pytest.raises(OverflowError):
        fresh.to_datagram()


@pytest.mark.parametrize("octets", [b"", b"\0" * 20, b"\xff\xd0\xfa"])
def test_other_octets_are_no_package(octets: bytes) -> None:
    """The documented error says that these are not of this protocol."""
    with pytest.raises(ProtocolIDMismatchError):
        Package.from_datagram(octets)


def test_broken_packages_raise_what_the_original_raises() -> None:
    """A refusal is a ValueError and a TypeError, and names its requirement."""
    with pytest.raises(Malformed) as refused:
        ClientPackage.from_datagram(ClientPackage(HEADER, 1, [Event("E")]).to_datagram()[:-1])
    assert isinstance(refused.value, ValueError)
    assert isinstance(refused.value, TypeError)
    assert refused.value.requirement == "PGS-BOD-002"


def test_store_takes_states_only() -> None:
    """Anything else is refused with the documented error."""
    with pytest.raises(TypeError):
        GameStateStore(5)  # type: ignore[arg-type]  # the point of the test


def test_store_keeps_the_latest_updates() -> None:
    """The state follows the updates, of which the last hundred are kept."""
    store = GameStateStore(GameState(a=0))
    for step in range(1, 150):
        store.push_update(GameStateUpdate(step, a=step))
    assert store.get_game_state().a == store.get_gamestate().a == 149
    assert [update.time_order for update in store.get_update_cache()] == list(range(50, 150))


def test_store_refuses_what_cannot_be_sent() -> None:
    """An update that no client could read changes nothing."""
    store = GameStateStore(GameState(a=0))
    with pytest.raises(Unencodable):
        store.push_update(GameStateUpdate(1, a=object()))
    assert vars(store.get_game_state()) == {"a": 0, "game_status": 0, "time_order": 0}


def stepped(machine: GameStateMachine, *events: Event) -> None:
    """Let the machine take one step with events."""
    for event in events:
        machine._push_event(event)
    asyncio.run(machine._step(0.02, {}))


def machine_of(store: Any, step: Any) -> GameStateMachine:
    """Return a machine that takes such steps."""
    machine = GameStateMachine(store)
    machine.time_step = step  # type: ignore[method-assign]  # as documented
    return machine


@covers("PGS-EVT-024", "PGS-SYN-008")
def test_steps_count_and_merge() -> None:
    """A step adds one to the time order, and merges what it and the handlers return."""
    store = GameStateStore(GameState(65535, hp=100, m={"a": 1}))
    machine = machine_of(store, lambda _, dt: {"m": {"dt": dt}})
    machine.register_event_handler("HIT", lambda by, game_state, **_: {"hp": game_state.hp - by})
    stepped(machine, *(Event("HIT", 10, client_address=("h", 1)) for _ in range(2)))
    state = store.get_game_state()
    assert (state.time_order, state.hp, state.m) == (1, 80, {"a": 1, "dt": 0.02})


@covers("PGS-EVT-024")
def test_handlers_of_the_game_are_told_state_time_and_client() -> None:
    """In each step they get the state as it is, the time since the last one, and the address."""
    told = []

    def hit(by: int, game_state: GameState, dt: float, client_address: Any) -> dict[str, Any]:
        told.append((by, game_state.n, dt, client_address))
        return {"n": game_state.n + 1}

    machine = machine_of(GameStateStore(GameState(n=0)), lambda *_: {})
    machine.register_event_handler("HIT", hit)
    for number in range(2):
        stepped(machine, Event("HIT", number, client_address=("h", number)))
    assert told == [(0, 0, 0.02, ("h", 0)), (1, 1, 0.02, ("h", 1))]


@covers("PGS-EVT-023")
def test_failing_steps_and_handlers_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What fails is told to the operator; the rest of the step counts."""

    def fail(**_: Any) -> None:
        raise ValueError("on purpose")

    store = GameStateStore(GameState(n=0))
    machine = machine_of(store, lambda *_: {"n": {1, 2}})
    machine.register_event_handler("FAIL", fail)
    machine.register_event_handler("ADD", lambda game_state, **_: {"n": game_state.n + 1})
    machine.register_event_handler("CHEAT", lambda **_: {"time_order": 7})
    with caplog.at_level(logging.ERROR, "wirebook.pygase"):
        stepped(machine, Event("FAIL"), Event("ADD"), Event("CHEAT"), Event("UNKNOWN"))
    assert (store.get_game_state().n, store.get_game_state().time_order) == (1, 1)
    assert [record.message for record in caplog.records] == [
        "the time step failed",
        "the game loop's handler for 'FAIL' events failed",
        "the game loop's handler for 'CHEAT' events failed",
    ]


def test_changes_in_place_are_changes() -> None:
    """A game that changes nested values where they are is synchronised all the same."""

    def step(game_state: Any, dt: float) -> dict[str, Any]:
        game_state.players["a"]["hp"] -= 1
        return {"players": game_state.players}

    store = GameStateStore(GameState(1, players={"a": {"hp": 3}}))
    stepped(machine_of(store, step))
    assert b"hp\x02" in store.update_for(1).octets


def test_a_map_deleted_and_set_in_one_step_is_exact() -> None:
    """Even the update in the cache deletes the old keys of a map that was replaced."""
    store = GameStateStore(GameState(m={"old": 1}))
    machine = machine_of(store, lambda *_: {"m": TO_DELETE})
    machine.register_event_handler("SET", lambda **_: {"m": {"new": 2}})
    stepped(machine, Event("SET"))
    assert store.get_game_state().m == {"new": 2}
    assert store.get_update_cache()[-1].m == {"old": TO_DELETE, "new": 2}


def test_steps_are_to_be_implemented() -> None:
    """A machine without a step says so."""
    with pytest.raises(NotImplementedError):
        GameStateMachine(GameStateStore()).time_step(GameState(), 0.0)


def test_client_that_never_connected_says_so() -> None:
    """Everything that needs a connection fails alike."""
    from wirebook.reference.pygase import Client

    client = Client()
    for call in (client.disconnect, client.access_game_state, lambda: client.dispatch_event("E")):
        with pytest.raises(NotConnected):
            call()
