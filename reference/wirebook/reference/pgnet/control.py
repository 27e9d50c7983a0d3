"""The client adapter: the control protocol of the book's conformance application.

What may live here: requests in, replies and notifications out, one JSON object a line.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.errors import LocalProtocolError
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.threads import ClientThread
from wirebook.reference.steering import Steered


class _Controlled(Client):
    """A client that notifies an adapter."""

    adapter: Adapter

    def on_connection(self, connected: bool) -> None:
        self.adapter.write({"event": "connection", "connected": connected})

    def on_game(self, game_name: str | None) -> None:
        self.adapter.write({"event": "game", "game": game_name})

    def on_heartbeat(self, heartbeat: Response) -> None:
        self.adapter.write({"event": "heartbeat", "response": _described(heartbeat)})

    def heartbeat_payload(self) -> dict[str, Any]:
        return self.adapter.heartbeat


class Adapter(Steered):
    """A client that is steered by lines of JSON."""

    def __init__(self, output: TextIO) -> None:
        super().__init__(output, "pgnet")
        self._thread = ClientThread()
        self.heartbeat: dict[str, Any] = {}
        """What heartbeats tell."""
        self.requests = {
            "connect": self._connect,
            "send": self._send,
            "create_game": self._create_or_join,
            "join_game": self._create_or_join,
            "leave_game": self._leave_game,
            "game_dir": self._game_dir,
            "heartbeat": self._set_heartbeat,
            "flush": self._flush,
            "status": self._status,
            "disconnect": self._disconnect,
        }

    def run(self, lines: TextIO) -> None:
        """Answer requests until they end; end the loop then."""
        try:
            super().run(lines)
        finally:
            self._thread.close()

    def _connect(self, request: dict[str, Any]) -> dict[str, Any]:
        client = _Controlled.remote(
            address=request["host"],
            port=request["port"],
            username=request["username"],
            password=request.get("password", ""),
            invite_code=request.get("invite_code", ""),
            verify_server_pubkey=request.get("pubkey", ""),
        )
        client.adapter = self
        self._thread.connect(client)
        return {}

    def _send(self, request: dict[str, Any]) -> dict[str, Any]:
        packet = Packet(request["message"], request.get("payload", {}))
        self._call(lambda client: client.send(packet, self._callback(request)))
        return {}

    def _create_or_join(self, request: dict[str, Any]) -> dict[str, Any]:
        def ask(client: Client) -> None:
            method = getattr(client, request["do"])
            password = request.get("password")
            method(request["name"], password=password, callback=self._callback(request))

        self._call(ask)
        return {}

    def _leave_game(self, request: dict[str, Any]) -> dict[str, Any]:
        self._call(lambda client: client.leave_game(callback=self._callback(request)))
        return {}

    def _game_dir(self, request: dict[str, Any]) -> dict[str, Any]:
        callback = self._callback(request) or (lambda _: None)
        self._call(lambda client: client.get_game_dir(callback))
        return {}

    def _set_heartbeat(self, request: dict[str, Any]) -> dict[str, Any]:
        self.heartbeat = request["payload"]
        return {}

    def _flush(self, _: dict[str, Any]) -> dict[str, Any]:
        self._call(Client.flush_queue)
        return {}

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        client = self._thread.client
        if client is None:
            return {"connected": False, "game": None}
        return {"connected": client.connected, "game": client.game}

    def _disconnect(self, _: dict[str, Any]) -> dict[str, Any]:
        self._thread.disconnect()
        return {}

    def _call(self, function: Callable[[Client], None]) -> None:
        client = self._thread.client
        if client is None:
            raise LocalProtocolError("connect first")
        self._thread.call(partial(function, client))

    def _callback(self, request: dict[str, Any]) -> Callable[[Response], None] | None:
        if "tag" not in request:
            return None
        tag = request["tag"]
        return lambda response: self.write(
            {"event": "response", "tag": tag, "response": _described(response)}
        )


def _described(response: Response) -> dict[str, Any]:
    return {
        "message": response.message,
        "payload": response.payload,
        "status": response.status,
        "disconnecting": response.disconnecting,
        "game": response.game,
    }
