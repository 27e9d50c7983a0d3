"""Servers and clients with real WebSockets: the documented ways, and peers that do otherwise."""
# The passwords here protect nothing.

import asyncio
import socket
from functools import partial
from typing import Any

import pytest

from tests.helpers_pgnet import PersistentLog
from tests.helpers_pgnet_sockets import connected, player, run, serving, until
from wirebook.reference.pgnet import (
    Client,
    ExampleClient,
    ExampleGame,
    Game,
    Packet,
    Response,
    Server,
)
from wirebook.reference.pgnet.errors import AlreadyRunning, Unencodable


def game_of(client: Client) -> str | None:
    """Return the game that a client is in."""
    return client.game


def is_in_no_game(client: Client) -> bool:
    """Tell whether a client is in no game."""
    return client.game is None


def note(order: list[str], word: str, _: Response) -> None:
    """Note that a response has come."""
    order.append(word)


def test_a_local_client_brings_its_server_and_ends_it() -> None:
    """The steps of the documented script: connect, send twice, disconnect."""

    async def main() -> None:
        responses: list[Response] = []
        client = ExampleClient.local(game=ExampleGame, username="player", port=0)
        task = asyncio.create_task(client.async_connect())
        await until(lambda: client.game)
        client.send(Packet("Hello world!"), responses.append)
        client.send(Packet("Goodbye."), responses.append)
        await until(lambda: len(responses) == 2)
        client.disconnect()
        await asyncio.wait_for(task, 10.0)
        assert [response.message for response in responses] == ["Message added."] * 2
        assert client._server is not None
        assert client._server.port is None
        assert not client.connected

    run(main())


def test_several_local_clients_in_one_loop() -> None:
    """Each has a server of its own, and none disturbs another."""

    async def main() -> None:
        clients = [
            ExampleClient.local(game=ExampleGame, username="player", port=0) for _ in range(3)
        ]
        tasks = [asyncio.create_task(client.async_connect()) for client in clients]
        for client in clients:
            await until(partial(game_of, client))
        assert len({client._server.port for client in clients if client._server}) == 3
        clients[0].disconnect()
        await tasks[0]
        assert [client.connected for client in clients] == [False, True, True]
        for client in clients[1:]:
            client.disconnect()
        await asyncio.gather(*tasks)

    run(main())


def test_a_local_client_whose_server_cannot_start() -> None:
    """The status says why."""

    async def main() -> None:
        async with serving(ExampleGame, host="localhost") as server:
            client = Client.local(game=ExampleGame, username="player", port=server.port or 0)
            await asyncio.wait_for(client.async_connect(), 10.0)
            assert client.status.startswith("Disconnected")
            assert not client.connected

    run(main())


def test_a_local_client_that_is_not_wanted_any_more() -> None:
    """Disconnecting ends it also while its server starts."""

    async def main() -> None:
        client = Client.local(game=ExampleGame, username="player", port=0)
        task = asyncio.create_task(client.async_connect())
        await asyncio.sleep(0)
        client.disconnect()
        await asyncio.wait_for(task, 10.0)
        assert not client.connected

    run(main())


def test_server_factories_get_the_documented_arguments() -> None:
    """A factory can set what it likes."""
    made: list[dict[str, Any]] = []

    def factory(game: type[Game], /, **options: Any) -> Server:
        made.append(options)
        return Server(game, port=0, **options)

    async def main() -> None:
        client = Client.local(game=ExampleGame, username="player", server_factory=factory)
        async with connected(client):
            assert "player" in repr(client)

    run(main())
    assert made == [
        {"listen_globally": False, "registration_enabled": True, "require_user_password": False}
    ]


def test_events_can_be_overridden_or_assigned() -> None:
    """Both ways see connection, status, games and heartbeats."""

    class Watching(Client):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.seen: list[object] = []

        def on_connection(self, connected: bool) -> None:
            self.seen.append(connected)

        def on_game(self, game_name: str | None) -> None:
            self.seen.append(game_name)

    async def main() -> None:
        async with serving(ExampleGame) as server:
            watching = Watching.remote(address="127.0.0.1", port=server.port or 0, username="alice")
            assigned: Any = player(server, "bob")
            seen: list[object] = []
            statuses: list[str] = []
            beats: list[Response] = []
            assigned.on_connection = seen.append
            assigned.on_game = seen.append
            assigned.on_status = statuses.append
            assigned.on_heartbeat = beats.append
            assigned.heartbeat_payload = lambda: {"k": 1}
            for client in (watching, assigned):
                async with connected(client):
                    client.join_game("Game 1")
                    await until(partial(game_of, client))
                    if client is assigned:
                        await until(lambda: len(beats) > 1)
                    client.leave_game()
                    await until(partial(is_in_no_game, client))
            for events in (watching.seen, seen):
                assert events == [True, "Game 1", None, False]
            assert statuses[-1] == assigned.status == "Disconnected: disconnected"
            assert beats[0].payload == {"log": []}

    run(main())


def test_what_is_assigned_may_fail_or_be_none(caplog: pytest.LogCaptureFixture) -> None:
    """A callback that raises is logged, and the connection goes on."""

    def fail(*_: object) -> Any:
        raise ValueError("on purpose")

    async def main() -> None:
        async with serving(ExampleGame) as server:
            client: Any = player(server)
            client.on_connection = client.on_game = client.on_heartbeat = fail
            client.heartbeat_payload = fail
            client.on_status = None
            responses: list[Response] = []
            async with connected(client):
                client.create_game("Game 1", callback=fail)
                client.send(Packet("x"), responses.append)
                await until(lambda: responses)
                await until(lambda: "heartbeat_payload failed" in caplog.text)
                client.heartbeat_payload = lambda: {"x": {1}}
                client.send(Packet("y"), responses.append)
                await until(lambda: len(responses) == 2)
                assert client.connected

    run(main())


def test_queue() -> None:
    """Requests go one by one; those of the lobby first; a flush drops what waits."""

    async def main() -> None:
        async with serving(PersistentLog) as server, connected(player(server)) as client:
            order: list[str] = []
            for word in ("a", "b"):
                client.send(Packet(word), partial(note, order, word))
            client.create_game("Game 1", callback=lambda _: order.append("game"))
            await until(lambda: len(order) == 3)
            assert order in (["game", "a", "b"], ["a", "game", "b"])
            client.get_game_dir(lambda response: order.append(str(response.payload)))
            client.flush_queue()
            client.send(Packet("c"), lambda _: order.append("c"))
            await until(lambda: "c" in order)
            assert len(order) == 4
            with pytest.raises(Unencodable):
                client.send(Packet("x", {"x": object()}))

    run(main())


def test_sending_while_disconnected_is_nothing() -> None:
    """It is dropped, with a line in the log."""

    async def main() -> None:
        async with serving(ExampleGame) as server:
            client = player(server)
            client.send(Packet("x"))
            client.flush_queue()
            client.disconnect()
            assert (client.connected, client.game, client.status) == (False, None, "New client.")

    run(main())


def test_a_client_connects_again() -> None:
    """Once at a time, as often as it likes, with other keys."""

    async def main() -> None:
        async with serving(ExampleGame) as server:
            client = player(server)
            for _ in range(3):
                async with connected(client):
                    with pytest.raises(AlreadyRunning):
                        await client.async_connect()

    run(main())


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("al", {}, "Username not allowed."),
        ("alice", {"verify_server_pubkey": "x"}, "unverified public key"),
        ("alice", {"invite_code": "x"}, "Incorrect username or invite code."),
    ],
)
def test_refused_clients(name: str, options: dict[str, str], reason: str) -> None:
    """The status says why."""

    async def main() -> None:
        async with serving(ExampleGame) as server:
            client = player(server, name, **options)
            seen: list[bool] = []
            client.on_connection = seen.append  # type: ignore[assignment, method-assign]
            await client.async_connect()
            assert client.status == f"Disconnected: {reason}"
            assert seen == []

    run(main())


def test_nobody_at_the_address() -> None:
    """The attempt ends, and says so; it can also be called off."""

    async def main() -> None:
        async with serving(ExampleGame) as server:
            port = server.port or 0
        client = Client.remote(address="127.0.0.1", port=port, username="alice")
        await client.async_connect()
        assert client.status.startswith("Disconnected: no server at 127.0.0.1")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            client = Client.remote(address="127.0.0.1", port=port, username="alice")
            task = asyncio.create_task(client.async_connect())
            await until(lambda: client.status.startswith("Connecting"))
            client.disconnect()
            await asyncio.wait_for(task, 10.0)
            assert client.status == "Disconnected: disconnected"
            task = asyncio.create_task(client.async_connect())
            await until(lambda: client.status.startswith("Connecting"))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())
