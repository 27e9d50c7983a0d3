"""What both sides share: the two messages, games, keys, and the line that a connection is.

Nothing is looked at twice here: what Python's JSON reader takes is a message, and what cannot be
one raises whatever it happens to raise.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Self

from nacl import bindings
from websockets.asyncio.connection import Connection as WebSocket
from websockets.exceptions import ConnectionClosed

DEFAULT_PORT = 38929
PREFIX = "__pgnet__."
HEARTBEAT = f"{PREFIX}heartbeat_update"
ADMIN = "admin"
NONCE_OCTETS = 24
PATIENCE = 5.0

logger = logging.getLogger("pgnet")


class Status(IntEnum):
    OK = 0
    BAD = 1
    UNEXPECTED = 2


class Gone(Exception):
    """The connection is over, or is to end, in an orderly way."""


class Message:
    """What requests and responses have in common."""

    created_on: str | None
    payload: dict[str, Any]

    def __post_init__(self) -> None:
        self.created_on = self.created_on or datetime.now().astimezone().isoformat()

    def serialize(self) -> str:
        return json.dumps(vars(self))

    @classmethod
    def deserialize(cls, raw_data: str, /) -> Self:
        try:
            members = json.loads(raw_data)
        except Exception as error:
            raise TypeError("this is no JSON") from error
        return cls(**members)

    @property
    def debug_repr(self) -> str:
        return f"{self!r} with {self.payload}"


@dataclass
class Packet(Message):
    message: str
    payload: dict[str, Any] = field(default_factory=dict, repr=False)
    created_on: str | None = None
    username: str | None = field(default=None, repr=False)


@dataclass
class Response(Message):
    message: str
    payload: dict[str, Any] = field(default_factory=dict, repr=False)
    status: int = Status.OK
    created_on: str | None = None
    disconnecting: bool = field(default=False, repr=False)
    game: str | None = field(default=None, repr=False)


class Game:
    """What an application makes its games from."""

    persistent: bool = False
    heartbeat_rate: float = 10

    def __init__(self, name: str, save_string: str | None = None) -> None:
        pass

    def user_joined(self, username: str) -> None:
        pass

    def user_left(self, username: str) -> None:
        pass

    def handle_packet(self, packet: Packet) -> Response:
        heartbeat = packet.message == HEARTBEAT
        return self.handle_heartbeat(packet) if heartbeat else self.handle_game_packet(packet)

    def handle_game_packet(self, _packet: Packet) -> Response:
        return Response("This game takes no packets.", status=Status.UNEXPECTED)

    def handle_heartbeat(self, _packet: Packet) -> Response:
        return Response("This game has no news.")

    def get_save_string(self) -> str:
        return ""

    def get_lobby_info(self) -> str:
        return ""

    def update(self) -> None:
        pass


class Key:
    """A key pair."""

    def __init__(self) -> None:
        public, self.private = bindings.crypto_box_keypair()
        self.pubkey = base64.b64encode(public).decode()

    def shared_with(self, pubkey: str) -> bytes:
        return bindings.crypto_box_beforenm(base64.b64decode(pubkey), self.private)


class Line:
    """One connection: messages in clear, and in boxes from the moment that there is a secret."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.secret = b""

    async def send(self, message: Message) -> None:
        text = message.serialize()
        if self.secret:
            nonce = os.urandom(NONCE_OCTETS)
            box = bindings.crypto_box_afternm(text.encode(), nonce, self.secret)
            text = base64.b64encode(nonce + box).decode()
        try:
            await self.websocket.send(text)
        except ConnectionClosed as error:
            raise Gone("The connection was closed.") from error

    async def receive(self, seconds: float = PATIENCE) -> str:
        """Return the text of the next message; nobody asks whether it came before."""
        try:
            text = await asyncio.wait_for(self.websocket.recv(), seconds)
        except TimeoutError as error:
            raise Gone("The other side took too long.") from error
        except ConnectionClosed as error:
            raise Gone("The connection was closed.") from error
        if not isinstance(text, str):
            raise TypeError("a message has to be text")
        if self.secret:
            octets = base64.b64decode(text)
            nonce, box = octets[:NONCE_OCTETS], octets[NONCE_OCTETS:]
            text = bindings.crypto_box_open_afternm(box, nonce, self.secret).decode()
        return text


def user_name_allowed(name: str) -> bool:
    return bool(re.fullmatch("[A-Za-z0-9]{3,20}", name)) and ADMIN not in name.lower()


def game_name_allowed(name: str) -> bool:
    allowed = re.fullmatch("[A-Za-z0-9][A-Za-z0-9 ]{1,48}[A-Za-z0-9]", name)
    return bool(allowed) and ADMIN not in name.lower()


def enable_logging(enable: bool = True, /) -> None:
    logger.disabled = not enable
