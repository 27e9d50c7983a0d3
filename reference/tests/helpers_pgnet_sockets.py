"""Servers and raw clients on real WebSockets, for the tests of PGNet.

What may live here: helpers for tests that need an event loop and sockets.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sized
from contextlib import asynccontextmanager, suppress
from secrets import token_bytes
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from wirebook.reference.pgnet import Client, Server
from wirebook.reference.pgnet.passwords import LEAST_COST
from wirebook.reference.pgnet.tunnel import Key, Tunnel

PATIENCE = 20.0


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a test in an event loop, for a bounded time."""
    asyncio.run(asyncio.wait_for(main, 90.0))


async def until(condition: Callable[[], Any]) -> Any:
    """Return the first true result of a condition; fail if there is none in time."""
    async with asyncio.timeout(PATIENCE):
        while not (result := condition()):  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.005)
    return result


@asynccontextmanager
async def serving(*args: Any, **options: Any) -> AsyncIterator[Server]:
    """Run a server on a free port; see that it ends without a mistake."""
    options = {"port": 0, "password_cost": LEAST_COST, "host": "127.0.0.1", **options}
    server = Server(*args, **options)
    async with running(server):
        yield server


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    """Run a server that is there already."""
    started = asyncio.Event()
    task = asyncio.create_task(server.async_run(on_start=started.set))
    task.add_done_callback(lambda _: started.set())
    await started.wait()
    try:
        yield server
    finally:
        server.shutdown()
        await asyncio.wait_for(task, PATIENCE)


@asynccontextmanager
async def connected(client: Client) -> AsyncIterator[Client]:
    """Connect a client, and disconnect it in the end."""
    task = asyncio.create_task(client.async_connect())
    try:
        await until(lambda: client.connected or task.done())
        assert client.connected, client.status
        yield client
    finally:
        client.disconnect()
        await asyncio.wait_for(task, PATIENCE)


def player(server: Server, username: str = "alice", **options: Any) -> Client:
    """Return a client of a server."""
    return Client.remote(address="127.0.0.1", port=server.port or 0, username=username, **options)


class Raw:
    """A client that can say anything."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.tunnel: Tunnel | None = None

    async def trade_keys(self) -> dict[str, Any]:
        """Trade keys."""
        key = Key(token_bytes(32))
        answer = await self.say("key_trade", pubkey=key.pubkey)
        secret = key.shared_with(answer["payload"]["pubkey"])
        assert secret is not None
        self.tunnel = Tunnel(secret, token_bytes)
        return answer

    async def login(self, name: str, password: str = "") -> dict[str, Any]:
        """Log in."""
        return await self.say("handshake", username=name, password=password)

    async def say(self, message: str, /, **payload: Any) -> dict[str, Any]:
        """Send a request, and return its response."""
        await self.send(message, **payload)
        return await self.receive()

    async def send(self, message: str, /, **payload: Any) -> None:
        """Send a request."""
        await self.websocket.send(self.sealed(json.dumps({"message": message, "payload": payload})))

    def sealed(self, text: str) -> str:
        """Return a message as it travels."""
        return text if self.tunnel is None else self.tunnel.seal(text)

    async def receive(self) -> dict[str, Any]:
        """Return the next response."""
        async with asyncio.timeout(PATIENCE):
            text = await self.websocket.recv()
        assert isinstance(text, str)
        response: dict[str, Any] = json.loads(
            text if self.tunnel is None else self.tunnel.open(text)
        )
        return response

    async def close_code(self) -> int | None:
        """Wait for the end, and return the code with which the server closes."""
        with suppress(ConnectionClosed):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.websocket.recv()
        return self.websocket.close_code


@asynccontextmanager
async def raw(server: Server, name: str = "", **options: Any) -> AsyncIterator[Raw]:
    """Open a WebSocket, and log in if there is a name."""
    uri = f"ws://127.0.0.1:{server.port}/any/path"
    async with connect(uri, proxy=None, close_timeout=0.2, **options) as websocket:
        peer = Raw(websocket)
        if name:
            await peer.trade_keys()
            answer = await peer.login(name)
            assert answer["status"] == 0, answer
        yield peer


def has_so_many(things: Sized, number: int) -> bool:
    """Tell whether there are so many."""
    return len(things) == number
