"""Servers and clients with real WebSockets: the documented ways, and peers that do otherwise."""
# The passwords here protect nothing.
# ruff: noqa: S106

import asyncio
import json
import logging
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.helpers_pgnet import PersistentLog
from tests.helpers_pgnet_sockets import connected, player, raw, run, running, serving, until
from tests.helpers_reference import covers
from wirebook.reference.pgnet import (
    Client,
    ExampleClient,
    ExampleGame,
    Game,
    LocalProtocolError,
    Packet,
    Response,
    Server,
)
from wirebook.reference.pgnet.conformance_app import ConformanceGame
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.errors import AlreadyRunning, Unencodable, UnknownUser
from wirebook.reference.pgnet.passwords import LEAST_COST, Cost


def game_of(client: Client) -> str | None:
    """Return the game that a client is in."""
    return client.game


def is_in_no_game(client: Client) -> bool:
    """Tell whether a client is in no game."""
    return client.game is None


def has_so_many(things: list[Response], number: int) -> bool:
    """Tell whether there are so many."""
    return len(things) == number


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


def test_server_attributes() -> None:
    """Registration, logging and the callback can be changed while it runs."""

    async def main() -> None:
        seen: list[tuple[str, bool]] = []
        async with serving(
            ExampleGame,
            registration_enabled=False,
            on_connection=lambda *event: seen.append(event),
        ) as server:
            client = player(server)
            await client.async_connect()
            assert client.status == "Disconnected: Registration blocked."
            server.registration_enabled = True
            server.verbose_logging = True
            pinned = player(server, verify_server_pubkey=server.pubkey)
            async with connected(pinned):
                server.delete_user("alice")
                server.delete_user("admin")
                with pytest.raises(UnknownUser):
                    server.delete_user("nobody")
                responses: list[Response] = []
                pinned.send(Packet("x"), responses.append)
                await until(lambda: not pinned.connected)
                assert (responses[0].message, responses[0].disconnecting) == ("User deleted.", True)
            await until(lambda: len(seen) == 2)
            assert seen == [("alice", True), ("alice", False)]
            server.on_connection = lambda *_: 1 // 0
            async with connected(player(server, "bob")):
                assert "127.0.0.1" in repr(server)

    run(main())


def test_exit_codes() -> None:
    """`async_run` returns what `shutdown` was given, and 0 for the request of the admin."""

    async def main() -> None:
        server = Server(
            ExampleGame,
            port=0,
            admin_password="pw",
            password_cost=LEAST_COST,
        )
        for result in (0, -1, 7):
            task = asyncio.create_task(server.async_run())
            await until(lambda: server.port)
            with pytest.raises(AlreadyRunning):
                await server.async_run()
            server.shutdown(result)
            server.shutdown(99)
            assert await task == result
            assert server.port is None
        task = asyncio.create_task(server.async_run())
        await until(lambda: server.port)
        async with connected(player(server, "admin", password="pw")) as admin:
            admin.send(Packet("__pgnet__.shutdown"))
            assert await task == 0
            await until(lambda: not admin.connected)
            assert admin.status == "Disconnected: closed by the server (1001)"

    run(main())


def test_a_port_that_is_taken() -> None:
    """It is an OSError."""

    async def main() -> None:
        async with serving(ExampleGame) as server:
            other = Server(ExampleGame, host="127.0.0.1", port=server.port or 0)
            with pytest.raises(OSError, match=r"."):
                await other.async_run()
            assert other.port is None

    run(main())


@covers("PGN-SAV-001")
def test_saving_at_shutdown_and_when_asked(tmp_path: Path) -> None:
    """A server saves when it ends, in whatever way, and when the admin wants it."""
    path = tmp_path / "state.json"

    def users() -> list[str]:
        return [user["name"] for user in json.loads(path.read_bytes())["users"]]

    async def main() -> None:
        options = {"save_file": path, "admin_password": "pw"}
        async with serving(ExampleGame, **options) as server:
            async with connected(player(server, "alice")):
                responses: list[Response] = []
                async with connected(player(server, "admin", password="pw")) as admin:
                    admin.send(Packet("__pgnet__.save"), responses.append)
                    await until(lambda: responses)
                assert (responses[0].status, users()) == (0, ["alice"])
            async with connected(player(server, "bob")) as bob:
                bob.create_game("Game 1")
                bob.send(Packet("hello"))
                await until(lambda: bob.game)
        assert users() == ["alice", "bob"]
        server = Server(ExampleGame, port=0, save_file=path, password_cost=LEAST_COST)
        task = asyncio.create_task(server.async_run())
        await until(lambda: server.port)
        async with connected(player(server, "carol")):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert users() == ["alice", "bob", "carol"]

    run(main())


def test_saving_that_fails_is_refused(tmp_path: Path) -> None:
    """The admin learns that it did not work."""
    folder = tmp_path / "file"
    folder.write_text("")

    async def main() -> None:
        options = {"save_file": tmp_path / "state.json", "admin_password": "pw"}
        async with serving(ExampleGame, **options) as server:
            server._save_file = folder / "state.json"
            async with connected(player(server, "admin", password="pw")) as admin:
                responses: list[Response] = []
                admin.send(Packet("__pgnet__.save"), responses.append)
                await until(lambda: responses)
                assert responses[0].status == 2

    run(main())


def test_a_warning_without_an_admin_password(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever listens globally is told that there is no admin."""
    Server(ExampleGame)
    assert not caplog.records
    Server(ExampleGame, listen_globally=True)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_verbose_servers_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    """Requests are logged while a server is verbose, however high the level of the log is."""

    async def main() -> None:
        async with serving(ExampleGame) as server, connected(player(server)) as client:
            for verbose, word in ((False, "before"), (True, "meanwhile"), (False, "afterwards")):
                server.verbose_logging = verbose
                responses: list[Response] = []
                client.send(Packet(word), responses.append)
                await until(lambda: responses)  # noqa: B023 - it is waited for here

    run(main())
    shown = [word for word in ("before", "meanwhile", "afterwards") if word in caplog.text]
    assert shown == ["meanwhile"]


@covers("PGN-SEC-006")
def test_no_secret_is_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """However verbose the logs are, they have no password, code or key."""
    secrets = {"pw-user", "pw-admin", "pw-wrong", "pw-game", "pw-other", "code-wrong"}

    async def main() -> None:
        async with serving(
            ConformanceGame,
            admin_password="pw-admin",
            verbose_logging=True,
            save_file=tmp_path / "state.json",
        ) as server:
            admin = player(server, "admin", password="pw-admin")
            alice = player(server, "alice", password="pw-user")
            async with connected(admin), connected(alice):
                responses: list[Response] = []
                admin.send(Packet("__pgnet__.create_invite"), responses.append)
                alice.create_game("Game 1", password="pw-game")
                alice.send(Packet("hello", {"shown": 1}), responses.append)
                alice.send(Packet("script.fail"), responses.append)
                await until(lambda: len(responses) == 3)
                code = next(r.payload["invite_code"] for r in responses if r.payload)
                admin.join_game("Game 1", password="pw-other", callback=responses.append)
                await until(lambda: len(responses) == 4)
                secrets.add(code)
                for wrong in ({"password": "pw-wrong"}, {"invite_code": "code-wrong"}):
                    await player(
                        server, "bob" if "invite_code" in wrong else "alice", **wrong
                    ).async_connect()
                carol = player(server, "carol", invite_code=code)
                async with connected(carol):
                    print(server, alice, admin, carol, repr(server._core))
            async with raw(server) as peer:
                await peer.trade_keys()
                await peer.websocket.send('{"password": "pw-other"}')
                assert await peer.close_code() == 1007

    with caplog.at_level(logging.DEBUG):
        run(main())
    ours = [record for record in caplog.records if record.name.startswith("wirebook")]
    shown = "\n".join(map(caplog.handler.format, ours)) + "".join(capfd.readouterr())
    assert "'shown': 1" in shown
    assert "alice" in shown
    assert [secret for secret in secrets if secret in shown] == []


@covers("PGN-INV-003")
def test_invite_codes_are_hard_to_guess() -> None:
    """Each has 128 bits of a good source, and no two are alike."""
    registry = (server := Server(ExampleGame, admin_password="pw"))._core.registry
    handlers = server._core.lobby._handlers
    session = Session("admin", lambda _: None)
    for _ in range(1000):
        handlers["__pgnet__.create_invite"](session, username="")
    codes = [bytes.fromhex(code) for code in registry.invite_codes]
    assert len(codes) == 1000
    assert {len(code) for code in codes} == {16}
    ones = [sum(code[bit // 8] >> bit % 8 & 1 for code in codes) for bit in range(128)]
    assert all(350 < count < 650 for count in ones)


def test_errors_are_of_one_root() -> None:
    """What the program does wrong is told apart from what the peer does wrong."""
    assert issubclass(Unencodable, LocalProtocolError)
    assert not issubclass(ConnectionClosed, LocalProtocolError)
    assert Cost().operations > LEAST_COST.operations
    assert Limits().connections == 1024


def test_a_server_that_was_there_runs_again() -> None:
    """Users and games outlive a stop of the same object."""

    async def main() -> None:
        server = Server(PersistentLog, host="127.0.0.1", port=0, password_cost=LEAST_COST)
        responses: list[Response] = []
        for number in (1, 2):
            async with running(server), connected(player(server)) as client:
                client.join_game("Game 1", callback=responses.append)
                await until(partial(has_so_many, responses, number))
        assert [response.message for response in responses] == [
            "Created new game: 'Game 1'.",
            "Joined game: 'Game 1'.",
        ]

    run(main())
