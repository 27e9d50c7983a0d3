"""The documented API over real sockets: blocking calls, threads and coroutines."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from tests.helpers_reference import covers, eventually
from wirebook.reference.pygase import Backend, Client, GameState, GameStateStore, Server
from wirebook.reference.pygase.connection import (
    ClientConnection,
    ConnectionStatus,
    ServerConnection,
)
from wirebook.reference.pygase.core.limits import Limits
from wirebook.reference.pygase.errors import LocalProtocolError, QueueFull
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.examples import getting_started

CONNECTED = ConnectionStatus.get("Connected")
DISCONNECTED = ConnectionStatus.get("Disconnected")


def count_up(game_state: GameState, dt: float) -> dict[str, Any]:
    """Change something in every step."""
    return {"n": game_state.n + 1, "dt": dt}


@pytest.fixture
def backend() -> Iterator[Backend]:
    """A game that runs."""
    game = Backend(GameState(n=0), count_up)
    thread = game.run_in_thread("127.0.0.1", 0)
    yield game
    game.shutdown()
    thread.join(10.0)
    assert not thread.is_alive()


@pytest.fixture
def client(backend: Backend) -> Iterator[Client]:
    """A client that is connected to the game."""
    player = Client()
    thread = player.connect_in_thread(port_of(backend.server))
    player.wait_until(lambda state: state.time_order > 0, timeout=10.0)
    yield player
    player.disconnect()
    thread.join(10.0)
    assert not thread.is_alive()


def port_of(server: Server) -> int:
    """Return the port of a server that runs."""
    assert server.port is not None
    return server.port


def connection_of(client: Client) -> ClientConnection:
    """Return the connection of a client that has one."""
    assert client.connection is not None
    return client.connection


def received(client: Client, event_type: str) -> list[Any]:
    """Return a list that collects the arguments of events from now on."""
    seen: list[Any] = []
    client.register_event_handler(event_type, lambda *args, **kwargs: seen.append((args, kwargs)))
    return seen


def test_getting_started() -> None:
    """The first game of the documentation runs as it stands there."""
    assert sorted(getting_started.main()) == ["Hit!", "Missed."]


def test_state_follows(client: Client) -> None:
    """The client's copy goes on changing, and says that the game is active."""
    client.wait_until(lambda state: state.n > 5, timeout=10.0)
    with client.access_game_state() as state:
        assert not state.is_paused()
        assert 0.0 < state.dt < 5.0


@covers("PGS-EVT-014", "PGS-EVT-022")
def test_events_go_both_ways(backend: Backend, client: Client) -> None:
    """Positional and keyword arguments arrive; the server's handlers learn who it was."""
    asked: list[Any] = []

    def ask(*args: Any, client_address: Any, **kwargs: Any) -> None:
        asked.append((args, kwargs))
        backend.server.dispatch_event("TOLD", *args, target_client=client_address, **kwargs)

    backend.server.register_event_handler("ASK", ask)
    told = received(client, "TOLD")
    client.dispatch_event("ASK", 1, "two", name=[3])
    eventually(lambda: told)
    assert told == asked == [((1, "two"), {"name": [3]})]


@covers("PGS-EVT-012")
def test_acks_call_back(backend: Backend, client: Client) -> None:
    """The client's callback gets nothing, the server's the connection; coroutines are awaited."""
    acked: list[Any] = []

    async def on_ack(connection: ServerConnection) -> None:
        await asyncio.sleep(0)
        acked.append(connection.remote_address)

    client.dispatch_event("E", ack_callback=lambda: acked.append("client"))
    eventually(lambda: acked == ["client"])
    backend.server.dispatch_event("E", retries=2, ack_callback=on_ack)
    eventually(lambda: len(acked) == 2)
    assert acked[1] in backend.server.connections


@covers("PGS-EVT-023")
def test_failing_handlers_are_contained(
    backend: Backend, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Functions and coroutines may fail; the operator is told, and everything goes on."""

    def fail(**_: Any) -> None:
        raise ValueError("on purpose")

    async def fail_later(**_: Any) -> None:
        await asyncio.sleep(0)
        raise ValueError("on purpose")

    handled: list[str] = []
    backend.server.register_event_handler("FAIL", fail)
    backend.server.register_event_handler("FAIL_LATER", fail_later)
    backend.server.register_event_handler("WORK", lambda **_: handled.append("work"))
    with caplog.at_level(logging.ERROR, "wirebook.pygase"):
        for event_type in ("FAIL", "FAIL_LATER", "UNKNOWN", "WORK"):
            client.dispatch_event(event_type)
        eventually(lambda: handled)
    assert [record.message for record in caplog.records] == [
        "the handler for 'FAIL' events failed",
        "the handler for 'FAIL_LATER' events failed",
    ]
    (peer,) = [connection.peer for connection in backend.server.connections.values()]
    assert peer.waiting == 0


@covers("PGS-EVT-020")
def test_handlers_of_a_connection_take_turns(backend: Backend, client: Client) -> None:
    """A coroutine holds up the next handler of its connection until it is done."""
    log: list[str] = []

    async def slow(**_: Any) -> None:
        log.append("slow begins")
        await asyncio.sleep(0.05)
        log.append("slow ends")

    backend.server.register_event_handler("SLOW", slow)
    backend.server.register_event_handler("FAST", lambda **_: log.append("fast"))
    client.dispatch_event("SLOW")
    client.dispatch_event("FAST")
    eventually(lambda: "fast" in log)
    assert log == ["slow begins", "slow ends", "fast"]


def test_game_may_keep_the_state_locked(backend: Backend, client: Client) -> None:
    """The connection goes on sending and receiving while the game holds the lock."""
    connection = connection_of(client)
    with client.access_game_state() as state:
        before, sent, seen = state.n, connection.local_sequence, connection.remote_sequence
        eventually(lambda: connection.local_sequence > sent + 10)
        eventually(lambda: connection.remote_sequence > seen + 10)
        assert state.n == before
    client.wait_until(lambda state: state.n > before, timeout=10.0)


def test_waiting_has_an_end(client: Client) -> None:
    """Conditions that are not met, and functions that find nothing, end in TimeoutError."""
    with pytest.raises(TimeoutError):
        client.wait_until(lambda state: state.n < 0, timeout=0.05)
    with pytest.raises(TimeoutError):
        client.try_to(lambda state: state.missing, timeout=0.05)
    with pytest.raises(TimeoutError):
        client.try_to(lambda state: {}[state.n], timeout=0.05)
    assert client.try_to(lambda state: state.n) >= 0
    with pytest.raises(ZeroDivisionError):
        client.try_to(lambda _: 1 // 0)


@covers("PGS-ERR-001")
def test_noise_does_no_harm(backend: Backend, client: Client) -> None:
    """Datagrams of every wrong kind leave the server and its clients alone."""
    address = ("127.0.0.1", port_of(backend.server))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        for data in (b"", b"\0", b"shut_me_down", b"shutdown", bytes(2049), b"\xff\xd0\xfa\xb9\0"):
            noise.sendto(data, address)
        noise.sendto(bytes.fromhex("ffd0fab9 0001 0000 00000000 0000 0001c1"), address)
    sent = connection_of(client).remote_sequence
    eventually(lambda: connection_of(client).remote_sequence > sent + 5)
    assert len(backend.server.connections) == 1


@covers("PGS-SHD-001", "PGS-SHD-006")
def test_host_client_shuts_down() -> None:
    """`disconnect(shutdown_server=True)` of the first client ends `run`."""
    game = Backend(GameState(n=0), count_up)
    serving = Thread(target=game.run, args=("localhost", 0))
    serving.start()
    port = eventually(lambda: game.server.port)
    player = Client()
    thread = player.connect_in_thread(port)
    eventually(lambda: game.server.host_client)
    player.disconnect(shutdown_server=True)
    for ending in (serving, thread):
        ending.join(10.0)
        assert not ending.is_alive()
    assert game.game_state_store.get_game_state().is_paused()


@covers("PGS-SHD-004")
def test_server_stops_and_remembers(backend: Backend, client: Client) -> None:
    """A server that runs again on its port goes on with the clients it had."""
    port, addresses = port_of(backend.server), set(backend.server.connections)
    backend.server.shutdown()
    assert (backend.server.port, backend.server.hostname) == (None, None)
    assert {connection.status for connection in backend.server.connections.values()} == {
        DISCONNECTED
    }
    told = received(client, "BACK")
    thread = backend.server.run_in_thread(port, "127.0.0.1", backend.game_state_machine)
    eventually(lambda: [c.status for c in backend.server.connections.values()] == [CONNECTED])
    assert set(backend.server.connections) == addresses
    backend.server.dispatch_event("BACK")
    eventually(lambda: told)
    assert connection_of(client).status == CONNECTED
    backend.server.shutdown()
    thread.join(10.0)


def test_server_may_be_shut_down_by_its_own_handler(backend: Backend, client: Client) -> None:
    """A handler that shuts the server down does not wait for itself."""
    backend.server.register_event_handler("STOP", lambda **_: backend.server.shutdown())
    client.dispatch_event("STOP")
    eventually(lambda: backend.server.port is None)


def test_address_in_use_is_the_callers_error(backend: Backend) -> None:
    """A server that cannot listen says so to whoever started it."""
    with pytest.raises(OSError, match=r"."):
        Server(GameStateStore()).run_in_thread(port_of(backend.server), "127.0.0.1")
    with pytest.raises(LocalProtocolError):
        backend.server.run(0)
    other = Backend(GameState(n=0), count_up)
    with pytest.raises(OSError, match=r"."):
        other.run("127.0.0.1", port_of(backend.server))
    assert other.game_state_machine.stop()


def test_blocking_forms() -> None:
    """`run` and `connect` block until they are told to end."""
    server, player = Server(GameStateStore()), Client()
    serving = Thread(target=server.run)
    serving.start()
    port = eventually(lambda: server.port)
    playing = Thread(target=player.connect, args=(port,))
    playing.start()
    eventually(lambda: player.connection and player.connection.status == CONNECTED)
    player.disconnect()
    playing.join(10.0)
    assert connection_of(player).status == DISCONNECTED
    server.shutdown()
    serving.join(10.0)
    assert not serving.is_alive()


def test_coroutine_forms() -> None:
    """In an event loop everything that blocks can be awaited, all in one thread."""

    async def play() -> list[int]:
        game, player = Backend(GameState(n=0), count_up), Client()
        seen: list[int] = []
        loop = asyncio.create_task(game.game_state_machine.run_game_loop(0.01))
        serving = asyncio.create_task(game.server.run(0, "localhost", game.game_state_machine))
        await asyncio.to_thread(eventually, lambda: game.server.port)
        playing = asyncio.create_task(player.connect(port_of(game.server)))
        await asyncio.to_thread(
            eventually, lambda: player.connection and player.connection.status == CONNECTED
        )
        player.register_event_handler("E", seen.append)
        game.server.dispatch_event("E", 1)
        await asyncio.to_thread(eventually, lambda: seen)
        await player.disconnect()
        await asyncio.create_task(game.server.shutdown())
        assert await game.game_state_machine.stop()
        await asyncio.gather(loop, serving, playing)
        return seen

    assert asyncio.run(play()) == [1]


def test_documented_server_loop() -> None:
    """`ServerConnection.loop` runs a server, as the documentation has it."""

    async def serve() -> None:
        server = Server(GameStateStore())
        loop = asyncio.create_task(ServerConnection.loop("localhost", 0, server, None))
        await asyncio.to_thread(eventually, lambda: server.port)
        await server.shutdown()
        await loop

    asyncio.run(serve())


def test_connections_can_be_used_without_a_client(backend: Backend) -> None:
    """A connection object alone exchanges events and state."""
    handlers, acked = UniversalEventHandler(), []
    connection = ClientConnection(("127.0.0.1", port_of(backend.server)), handlers)
    assert connection.status == DISCONNECTED
    connection.dispatch_event(Event("E"), lambda: acked.append(True))
    thread = Thread(target=connection.loop)
    thread.start()
    eventually(lambda: acked)
    with connection.game_state_context as state:
        assert state.time_order >= 0
    assert (len(connection.ack_bitfield), connection.quality) == (32, "good")
    assert 0.0 < connection.latency < 5.0
    connection.shutdown()
    thread.join(10.0)
    assert not thread.is_alive()


def test_lost_events_call_back(backend: Backend) -> None:
    """An event that nobody acks before the connection ends is reported to its sender."""
    lost: list[bool] = []
    connection = ClientConnection(("127.0.0.1", 9), UniversalEventHandler())
    connection.dispatch_event(Event("E"), timeout_callback=lambda: lost.append(True))
    thread = Thread(target=connection.loop)
    thread.start()
    eventually(lambda: lost)
    connection.shutdown()
    thread.join(10.0)


def test_other_stores_do() -> None:
    """An object with the three documented methods is a store."""

    class Store:
        def __init__(self) -> None:
            self.state = GameState(1, a=[1])

        def get_game_state(self) -> GameState:
            return self.state

        def get_update_cache(self) -> list[Any]:
            return []

        def push_update(self, update: Any) -> None:
            self.state += update

    store = Store()
    server, player = Server(store), Client()
    serving = server.run_in_thread()
    playing = player.connect_in_thread(port_of(server))
    assert player.try_to(lambda state: state.a, timeout=10.0) == [1]
    from wirebook.reference.pygase import GameStateUpdate

    store.push_update(GameStateUpdate(2, a=[2], b=True))
    player.wait_until(lambda state: state.a == [2] and state.b is True, timeout=10.0)
    player.disconnect()
    server.shutdown()
    for thread in (serving, playing):
        thread.join(10.0)


def test_limits_are_arguments() -> None:
    """A server takes limits of its own, and an event for a full queue fails at the call."""
    server, player = Server(GameStateStore(), limits=Limits(events_to_send=1)), Client()
    serving = server.run_in_thread()
    playing = player.connect_in_thread(port_of(server))
    address = eventually(lambda: next(iter(server.connections), None))
    with server.lock:
        server.dispatch_event("E", target_client=address)
        with pytest.raises(QueueFull):
            server.dispatch_event("E", target_client=address)
    player.disconnect()
    server.shutdown()
    for thread in (serving, playing):
        thread.join(10.0)


def test_ipv6() -> None:
    """Client and server also find each other over IPv6."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    server, player = Server(GameStateStore(GameState(5, a=1))), Client()
    try:
        serving = server.run_in_thread(0, "::1")
    except OSError:
        pytest.skip("no IPv6 loopback address")
    playing = player.connect_in_thread(port_of(server), "::1")
    assert player.try_to(lambda state: state.a, timeout=10.0) == 1
    assert [address[0] for address in server.connections] == ["::1"]
    player.disconnect()
    server.shutdown()
    for thread in (serving, playing):
        thread.join(10.0)
