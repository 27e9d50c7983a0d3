"""The client of PGNet 0.2.1, steered by the control protocol on standard input and output.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
requests of the book's chapter *The conformance application* as calls of the documented client.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

# By name, because checkers would take the folder of the book's prose, `spec/pgnet`, for it.
pgnet: Any = importlib.import_module("pgnet")
Base: Any = pgnet.Client

PROTOCOL, VERSION = "pgnet", 1
END_SECONDS = 1.0

Message = dict[str, Any]


class NotifyingClient(Base):  # type: ignore[misc]
    """A client of the original that notifies of what its application is told."""

    payload_of_heartbeats: Message = {}  # noqa: RUF012 - replaced, never changed

    def on_connection(self, connected: bool) -> None:
        """Notify."""
        write({"event": "connection", "connected": connected})

    def on_game(self, game_name: str | None) -> None:
        """Notify."""
        write({"event": "game", "game": game_name})

    def on_heartbeat(self, heartbeat: Any) -> None:
        """Notify."""
        write({"event": "heartbeat", "response": members(heartbeat)})

    def heartbeat_payload(self) -> Message:
        """Return what the adapter was told to send."""
        return self.payload_of_heartbeats


class Adapter:
    """Carries out requests on one client after the other.

    As applications do, it keeps a client that is to connect again as the same user.
    """

    def __init__(self) -> None:
        self._client: Any = None
        self._arguments: Message = {}
        self._connection: asyncio.Task[bool] | None = None
        self._payload_of_heartbeats: Message = {}

    async def run(self) -> None:
        """Answer requests until there are no more, or one says to quit."""
        write({"event": "ready", "protocol": PROTOCOL, "version": VERSION})
        lines = lines_of_stdin()
        while line := await lines.get():
            request = json.loads(line)
            if request["do"] == "quit":
                write({"id": request["id"], "ok": True})
                return
            try:
                reply = await self._carry_out(request)
            except Exception as error:
                reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
            write({"id": request["id"], "ok": True, **reply})

    async def _carry_out(self, request: Message) -> Message:
        do = request["do"]
        if do == "connect":
            await self._connect(request)
            return {}
        if do == "heartbeat":
            self._payload_of_heartbeats = request["payload"]
            if self._client is not None:
                self._client.payload_of_heartbeats = request["payload"]
            return {}
        client = self._client
        if do == "status":
            if client is None:
                return {"connected": False, "game": None}
            return {"connected": client.connected, "game": client.game}
        if do == "disconnect":
            if client is not None:
                client.disconnect()
            return {}
        if client is None or not client.connected:
            raise RuntimeError("not connected")
        self._call(client, request)
        return {}

    def _call(self, client: Any, request: Message) -> None:
        tag, name = request.get("tag"), request.get("name")
        answered = None if tag is None else answer_notifier(tag)
        match request["do"]:
            case "send":
                packet = pgnet.Packet(request["message"], request.get("payload", {}))
                client.send(packet, answered)
            case "create_game":
                client.create_game(name, password=request.get("password"), callback=answered)
            case "join_game":
                client.join_game(name, password=request.get("password"), callback=answered)
            case "leave_game":
                client.leave_game(callback=answered)
            case "game_dir":
                client.get_game_dir(answered)
            case "flush":
                client.flush_queue()
            case unknown:
                raise ValueError(f"no request {unknown!r}")

    async def _connect(self, request: Message) -> None:
        arguments = {
            "address": request["host"],
            "port": request["port"],
            "username": request["username"],
            "password": request.get("password", ""),
            "invite_code": request.get("invite_code", ""),
            "verify_server_pubkey": request.get("pubkey", ""),
        }
        if not await self._left() or arguments != self._arguments:
            self._client = NotifyingClient.remote(**arguments)
            self._client.payload_of_heartbeats = self._payload_of_heartbeats
        self._arguments = arguments
        self._connection = asyncio.create_task(stay_connected(self._client))

    async def _left(self) -> bool:
        """End the last connection; tell whether it came to an end that its client knows of."""
        if self._connection is None:
            return False
        self._client.disconnect()
        await asyncio.wait({self._connection}, timeout=END_SECONDS)
        return not self._connection.cancel() and self._connection.result()


async def stay_connected(client: Any) -> bool:
    """Stay connected until the end; what ends it abnormally goes to the standard error."""
    try:
        await client.async_connect()
    except Exception:
        traceback.print_exc()
        return False
    return True


def answer_notifier(tag: str) -> Callable[[Any], None]:
    """Return a callback that notifies of a response."""
    return lambda response: write({"event": "response", "tag": tag, "response": members(response)})


def members(response: Any) -> Message:
    """Return what the notification of a response has."""
    return {
        "message": response.message,
        "payload": response.payload,
        "status": int(response.status),
        "disconnecting": bool(response.disconnecting),
        "game": response.game,
    }


def lines_of_stdin() -> asyncio.Queue[str]:
    """Return a queue of the lines of the standard input; an empty one is the end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=read, daemon=True).start()
    return lines


def write(message: Message) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve requests, and end at the end of the input whatever the original's tasks do."""
    asyncio.run(Adapter().run())
    os._exit(0)


if __name__ == "__main__":
    main()
