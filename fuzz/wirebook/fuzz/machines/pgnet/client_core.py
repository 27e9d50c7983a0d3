"""The core of the reference's client as a subject: no socket, no adapter, and its own time.

What may live here: what stands in for the shells around that core.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pgnet.subjects import Ended, Told
from wirebook.fuzz.machines.pgnet.virtual import VirtualSubject
from wirebook.fuzz.signatures import of_exception
from wirebook.reference.pgnet.core import happenings
from wirebook.reference.pgnet.core.client_connection import ClientConnection, Credentials
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import PREFIX


class ClientCoreSubject(VirtualSubject):
    """The reference's client core."""

    def __init__(self) -> None:
        super().__init__()
        self._connection: ClientConnection | None = None
        self._sent: deque[tuple[float, str]] = deque()
        self._told: list[Told] = []
        self._heartbeat: dict[str, Any] = {}
        self._ended: Ended | None = None

    def close(self) -> None:
        """Forget it."""
        self._connection = None

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self._now + seconds
        while (connection := self._connection) is not None:
            due = connection.next_timer()
            if due is None or due > end:
                break
            self._now = max(self._now, due)
            self._go_on()
        self._now = end

    def connect(self, who: Told) -> bool:
        """Connect; the WebSocket is open at once."""
        credentials = Credentials(
            who["username"], who["password"], who["invite_code"], who["pubkey"]
        )
        self._connection = ClientConnection(credentials, self.random)
        self._sent.clear()
        self._ended = None
        self._guard(partial(self._connection.opened, self._now))
        return True

    def do(self, request: Told) -> bool:
        """Do what the application asks for."""
        connection = self._connection
        word = request["do"]
        if word == "heartbeat":
            self._heartbeat = request["payload"]
            return True
        if connection is None:
            return False
        if word == "disconnect":
            self._guard(connection.disconnect)
        elif word == "flush":
            self._guard(connection.flush)
        elif word == "send":
            packet = Packet(request["message"], request["payload"])
            self._guard(partial(connection.request, packet, request["tag"]))
        else:
            names = [name for name in ("name", "password") if request.get(name)]
            packet = Packet(PREFIX + word, {name: request[name] for name in names})
            self._guard(partial(connection.request, packet, request["tag"], first=True))
        return True

    def receive(self, seconds: float) -> tuple[float, str] | None:  # noqa: ARG002
        """Return the next message of the client, if there is one."""
        return self._sent.popleft() if self._sent else None

    def send(self, text: str) -> None:
        """Send a text message to the client."""
        if self._connection is not None and self._ended is None:
            self._guard(partial(self._connection.receive_text, text, self._now))

    def send_octets(self, octets: bytes, *, text: bool) -> bool:
        """Send octets as a message: what the WebSocket would find is told to the core."""
        if not text:
            code = 1003
        elif len(octets) > book.MESSAGE_MOST:
            code = 1009
        else:
            return False
        if self._connection is not None and self._ended is None:
            self._guard(partial(self._connection.receive_violation, code, "by the WebSocket"))
        return True

    def ended(self, seconds: float = 0.0) -> Ended | None:  # noqa: ARG002
        """Tell how the client has ended the connection."""
        return self._ended

    def drop(self, how: str) -> None:
        """End the connection."""
        if self._connection is not None:
            self._guard(partial(self._connection.receive_end, how))
        self._ended = self._ended or Ended(self._now, 0)

    def told(self) -> list[Told]:
        """Return the notifications that are new."""
        told, self._told = self._told, []
        return told

    def status(self) -> Told:
        """Return whether the client is connected, and its game."""
        if self._connection is None:
            return {"connected": False, "game": None}
        return {"connected": self._connection.connected, "game": self._connection.game}

    def _guard(self, act: partial[Any] | Any) -> None:
        try:
            act()
            self._go_on()
        except Exception as error:
            raise Broken("PGN-ERR-002", f"the core raises: {of_exception(error)}") from error

    def _go_on(self) -> None:
        """Do what the shells of the core do: timers, telling, sending, closing."""
        connection = self._connection
        if connection is None:
            return
        while True:
            connection.handle_timer(self._now)
            for happening in connection.happenings():
                self._tell(connection, happening)
            texts = connection.texts_to_send(self._now)
            self._sent.extend((self._now, text) for text in texts)
            if not texts:
                break
        if connection.over and self._ended is None and connection.close_code is not None:
            self._ended = Ended(self._now, int(connection.close_code))

    def _tell(self, connection: ClientConnection, happening: happenings.Happening) -> None:
        match happening:
            case happenings.Connected():
                self._told.append({"event": "connection", "connected": True})
            case happenings.Disconnected(_, was_connected):
                if was_connected:
                    self._told.append({"event": "connection", "connected": False})
            case happenings.GameChanged(game):
                self._told.append({"event": "game", "game": game})
            case happenings.ResponseReceived(tag, response):
                named = {"event": "heartbeat"} if tag is None else {"event": "response", "tag": tag}
                self._told.append({**named, "response": _described(response)})
            case happenings.HeartbeatDue():
                packet = Packet(book.HEARTBEAT, dict(self._heartbeat))
                connection.request(packet, heartbeat=True)


def _described(response: Response) -> Told:
    return {
        "message": response.message,
        "payload": response.payload,
        "status": response.status,
        "disconnecting": response.disconnecting,
        "game": response.game,
    }
