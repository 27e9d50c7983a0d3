"""Servers with real WebSockets, as their operator has them: exit codes, saving, the log."""
# The passwords here protect nothing.
# ruff: noqa: S106

import asyncio
import json
import logging
from functools import partial
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.helpers_pgnet import PersistentLog
from tests.helpers_pgnet_sockets import (
    connected,
    has_so_many,
    player,
    raw,
    run,
    running,
    serving,
    until,
)
from tests.helpers_reference import covers
from wirebook.reference.pgnet import (
    ExampleGame,
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
