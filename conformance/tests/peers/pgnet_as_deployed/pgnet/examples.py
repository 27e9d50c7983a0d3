"""The example game, which keeps a log of what was said."""

from __future__ import annotations

from .util import Game, Packet, Response

SHOWN = 10


class ExampleGame(Game):
    persistent = True

    def __init__(self, name: str, save_string: str | None = None) -> None:
        super().__init__(name, save_string)
        self.lines = save_string.split("\n") if save_string else []

    def handle_game_packet(self, packet: Packet) -> Response:
        self.lines.append(f"{packet.username} says: {packet.message!r}")
        return Response("Message added.")

    def handle_heartbeat(self, _packet: Packet) -> Response:
        return Response("Log of the game.", {"log": self.lines[-SHOWN:]})

    def get_save_string(self) -> str:
        return "\n".join(self.lines)

    def get_lobby_info(self) -> str:
        return f"{len(self.lines)} messages"
