"""Peers that flood, stall, or break the rules of the carrier: the others do not notice."""
# The passwords here protect nothing.
# ruff: noqa: ARG002, S106

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from threading import Event
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection as WebSocket
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from tests.helpers_pgnet import SERVER_KEY, PersistentLog
from tests.helpers_pgnet_sockets import PATIENCE, Raw, connected, player, raw, run, serving, until
from tests.helpers_reference import covers
from wirebook.reference.pgnet import Client, ExampleGame, Packet, Response, Server, listening
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.passwords import Cost, keep
from wirebook.reference.pgnet.tunnel import Tunnel
from wirebook.spec.pgnet.states import MESSAGE_MOST


async def works(client: Client) -> None:
    """Fail unless a client's request is answered."""
    responses: list[Response] = []
    client.send(Packet("__pgnet__.help"), responses.append)
    await until(lambda: responses)
    assert responses[0].status == 0


def test_messages_in_any_frames() -> None:
    """One octet a frame will do, also for many thousands of them, and empty ones between."""

    async def main() -> None:
        async with serving(PersistentLog) as server, raw(server, "alice") as peer:
            text = peer.sealed(json.dumps({"message": "__pgnet__.help", "payload": {}}))
            await peer.websocket.send(["", *text, ""])
            assert (await peer.receive())["status"] == 0
            long = peer.sealed(json.dumps({"message": "x" * 9000}))
            await peer.websocket.send(list(long))
            assert (await peer.receive())["status"] == 2

    run(main())


@pytest.mark.parametrize("more", [0, 4])
def test_largest_messages(more: int) -> None:
    """1 MiB is taken, and four octets more are not."""

    async def main() -> None:
        async with serving(PersistentLog) as server, raw(server, "alice") as peer:
            await peer.say("__pgnet__.create_game", name="Game 1")
            octets = MESSAGE_MOST // 4 * 3 - 40 + more // 4 * 3
            padded = json.dumps({"message": "move"}).ljust(octets)
            message = peer.sealed(padded)
            assert len(message) == MESSAGE_MOST + more
            await peer.websocket.send(message)
            if more:
                assert await peer.close_code() == 1009
            else:
                assert (await peer.receive())["message"] == "noted"

    run(main())


def test_binary_messages_and_bad_text() -> None:
    """Each ends its own connection with its own code, and frees the name."""

    async def main() -> None:
        async with serving(PersistentLog) as server, connected(player(server, "bob")) as bob:
            for data, text, code in ((b"{}", False, 1003), (b"\xff", True, 1007)):
                async with raw(server, "alice") as peer:
                    await peer.websocket.send(data, text=text)
                    assert await peer.close_code() == code
            async with raw(server, "alice"):
                await works(bob)

    run(main())


def test_broken_frames_free_the_name_at_once() -> None:
    """Even if the peer does not answer the close."""

    async def main() -> None:
        async with serving(PersistentLog) as server, raw(server, "alice") as peer:
            peer.websocket.transport.pause_reading()
            peer.websocket.transport.write(b"\xff\xff")
            await until(lambda: not server._core.registry.sessions)

    run(main())


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 500 + b"\r\n",
        b"",
    ],
)
def test_what_is_no_websocket(octets: bytes) -> None:
    """It gets an error of HTTP, or nothing, and the server goes on."""

    async def main() -> None:
        async with serving(PersistentLog) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(octets)
            if not octets:
                writer.write_eof()
            with suppress(ConnectionError):
                answer = await asyncio.wait_for(reader.read(), PATIENCE)
                assert not answer or b"HTTP/1.1 4" in answer
            writer.close()
            async with connected(player(server)) as client:
                await works(client)

    run(main())


def test_no_compression() -> None:
    """It is neither accepted nor offered."""

    async def main() -> None:
        offered: list[str] = []

        async def note(websocket: WebSocket) -> None:
            assert websocket.request is not None
            offered.extend(websocket.request.headers.get_all("Sec-WebSocket-Extensions"))

        async with serving(PersistentLog) as server, raw(server) as peer:
            assert peer.websocket.response is not None
            assert "Sec-WebSocket-Extensions" not in peer.websocket.response.headers
        async with serve(note, "127.0.0.1", 0) as other:
            port = next(iter(other.sockets)).getsockname()[1]
            await Client.remote(address="127.0.0.1", port=port, username="a").async_connect()
        assert offered == []

    run(main())


@covers("PGN-LIM-001")
def test_connections_beyond_the_limit() -> None:
    """They are closed with a code of their own; when one leaves, there is room."""

    async def main() -> None:
        async with (
            serving(PersistentLog, limits=Limits(connections=2)) as server,
            connected(player(server)) as alice,
            raw(server) as second,
        ):
            async with raw(server) as third:
                assert await third.close_code() == 1013
            await works(alice)
            await second.websocket.close()
            await until(lambda: len(server._core.connections) == 1)
            async with connected(player(server, "bob")) as bob:
                await works(bob)

    run(main())


def test_sockets_that_never_ask_for_a_websocket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far too many of them are dropped, and who plays does not notice."""
    monkeypatch.setattr(listening, "_IN_HANDSHAKE", 4)

    async def main() -> None:
        async with (
            serving(PersistentLog, limits=Limits(connections=2)) as server,
            connected(player(server)) as alice,
            AsyncExitStack() as stack,
        ):
            readers = []
            for _ in range(8):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                stack.callback(writer.close)
                readers.append(asyncio.ensure_future(reader.read(1)))
            await until(lambda: sum(reader.done() for reader in readers) == 3)
            await works(alice)
            for reading in readers:
                reading.cancel()
            dropped = await asyncio.gather(*readers, return_exceptions=True)
            assert sum(isinstance(end, ConnectionError) or end == b"" for end in dropped) == 3

    run(main())


@covers("PGN-LIM-003")
def test_floods() -> None:
    """Who sends without waiting is answered in turn, and others are answered meanwhile."""

    async def main() -> None:
        async with serving(PersistentLog) as server, raw(server, "flood") as peer:
            await peer.say("__pgnet__.create_game", name="Game 1")
            sent = 300

            async def flood() -> None:
                for number in range(sent):
                    await peer.send("move", number=number)

            flooding = asyncio.create_task(flood())
            async with connected(player(server)) as alice:
                for _ in range(20):
                    await works(alice)
            numbers = [(await peer.receive())["payload"]["seen"]["number"] for _ in range(sent)]
            await flooding
            assert numbers == list(range(sent))

    run(main())


def test_slow_readers() -> None:
    """Who does not read is not read from, and others are served."""

    class Large(PersistentLog):
        def handle_game_packet(self, packet: Packet) -> Response:
            return Response("x" * 500_000)

    async def main() -> None:
        async with serving(Large) as server:
            uri = f"ws://127.0.0.1:{server.port}"
            async with connect(uri, proxy=None, max_queue=1, close_timeout=0.1) as websocket:
                peer = Raw(websocket)
                await peer.trade_keys()
                await peer.login("slow")
                await peer.say("__pgnet__.create_game", name="Game 1")
                websocket.transport.pause_reading()
                for _ in range(100):
                    await peer.send("more")
                (connection,) = server._core.connections
                assert server._listening is not None
                theirs = server._listening._conversations[connection]
                await until(lambda: theirs.transport.get_write_buffer_size() > 32_768)
                async with connected(player(server)) as alice:
                    for _ in range(20):
                        await works(alice)
                assert theirs.transport.get_write_buffer_size() < 3_000_000
                websocket.transport.abort()
            await until(lambda: not server._core.registry.sessions)

    run(main())


def test_many_logins_while_users_play(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are checked beside the event loop; who plays is answered all the time."""
    go_on = Event()

    def slow(password: str, cost: Cost) -> str | None:
        assert go_on.wait(PATIENCE)
        return keep(password, cost)

    monkeypatch.setattr(listening, "keep", slow)

    async def main() -> None:
        async with (
            serving(PersistentLog, limits=Limits(password_queue=6)) as server,
            connected(player(server)) as alice,
            AsyncExitStack() as stack,
        ):
            peers = [await stack.enter_async_context(raw(server)) for _ in range(12)]
            for peer in peers:
                await peer.trade_keys()
            logins = [
                asyncio.create_task(peer.login(f"user{number}", "pw"))
                for number, peer in enumerate(peers)
            ]
            try:
                await until(lambda: sum(login.done() for login in logins) == 4)
                for _ in range(10):
                    await works(alice)
                assert sum(login.done() for login in logins) == 4
            finally:
                go_on.set()
            results = [answer["message"] for answer in await asyncio.gather(*logins)]
            assert results.count("Authenticated.") == 8
            assert results.count("Too many passwords wait to be checked.") == 4

    run(main())


def test_connections_that_go_while_their_password_is_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They leave nothing behind, and nobody waits for their password."""
    go_on = Event()

    def slow(password: str, cost: Cost) -> str | None:
        assert go_on.wait(PATIENCE)
        return keep(password, cost)

    monkeypatch.setattr(listening, "keep", slow)

    async def main() -> None:
        async with serving(PersistentLog) as server:
            try:
                async with AsyncExitStack() as stack:
                    peers = [await stack.enter_async_context(raw(server)) for _ in range(6)]
                    for number, peer in enumerate(peers):
                        await peer.trade_keys()
                        await peer.send("login", username=f"user{number}", password="pw")
                    await until(lambda: all(one.busy for one in server._core.connections))
                    for peer in peers:
                        peer.websocket.transport.abort()
                await until(lambda: not server._core.connections)
                assert not go_on.is_set()
                assert not server._core.registry.sessions
            finally:
                go_on.set()
            async with connected(player(server, password="pw")) as alice:
                await works(alice)
                assert list(server._core.registry.users) == ["alice"]

    run(main())


def test_sleep_delays_its_own_user_only() -> None:
    """The admin waits, and nobody else; a connection that ends meanwhile is free at once."""

    async def main() -> None:
        async with (
            serving(PersistentLog, admin_password="pw") as server,
            raw(server) as admin,
            connected(player(server)) as alice,
        ):
            await admin.trade_keys()
            await admin.login("admin", "pw")
            await admin.send("__pgnet__.sleep", seconds=0.3)
            for _ in range(3):
                await works(alice)
            assert (await admin.receive())["status"] == 0
            await admin.send("__pgnet__.sleep", seconds=5)
            await until(lambda: any(one.busy for one in server._core.connections))
            admin.websocket.transport.abort()
            await until(lambda: "admin" not in server._core.registry.sessions)

    run(main())


async def rogue(messages: list[Any], key_first: bool = True) -> tuple[int | None, Client]:
    """Let a client talk to a server that says these things; return how it closed."""
    codes: list[int | None] = []

    async def answer(websocket: WebSocket) -> None:
        raw_peer = Raw(websocket)  # type: ignore[arg-type]  # both have `send` and `recv`
        if key_first:
            trade = json.loads(await websocket.recv())
            secret = SERVER_KEY.shared_with(trade["payload"]["pubkey"])
            assert secret is not None
            payload = {"pubkey": SERVER_KEY.pubkey}
            await websocket.send(json.dumps({"message": "", "payload": payload}))
            raw_peer.tunnel = Tunnel(secret, bytes)
        with suppress(ConnectionClosed):
            for message in messages:
                await websocket.recv()
                if isinstance(message, dict):
                    await websocket.send(raw_peer.sealed(json.dumps(message)))
                elif isinstance(message, bytes):
                    await websocket.send(message, text=message != b"binary")
                else:
                    await websocket.send(message)
            while True:
                await websocket.recv()
        codes.append(websocket.close_code)

    async with serve(answer, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        client = Client.remote(address="127.0.0.1", port=port, username="alice")
        await asyncio.wait_for(client.async_connect(), PATIENCE)
        await until(lambda: codes)
    return codes[0], client


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"binary", 1003),
        (b"\xff", 1007),
        ("x" * (MESSAGE_MOST + 1), 1009),
        ("no box", 1007),
        ("A" * 100, 1008),
        ({"message": 1}, 1007),
        ({"message": "No.", "status": 1, "disconnecting": True}, 1000),
    ],
)
def test_servers_that_break_the_rules(message: Any, code: int) -> None:
    """A client closes with the code of the rule, and says why."""

    async def main() -> None:
        closed, client = await rogue([message])
        assert closed == code
        assert client.status.startswith("Disconnected: ")

    run(main())


def test_servers_without_admins_and_limits_of_one() -> None:
    """Small limits do no harm."""

    async def main() -> None:
        limits = Limits(password_checks=1, password_queue=1, users=2, games=1)
        async with serving(ExampleGame, limits=limits) as server:
            assert isinstance(server, Server)
            async with connected(player(server, password="pw")) as alice:
                await works(alice)

    run(main())
