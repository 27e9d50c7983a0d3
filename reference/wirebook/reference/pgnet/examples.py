"""The documented examples: a game that keeps a log, and a client that joins one at once.

What may live here: these two.
"""

from __future__ import annotations

from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response

_SHOWN = 10
"""Lines that a heartbeat tells."""
_KEPT = 1 << 22
"""Characters that are kept, in whole lines."""


class ExampleGame(Game):
    """A log to which everybody adds lines."""

    persistent = True
    heartbeat_rate = 10

    def __init__(self, name: str, save_string: str | None = None) -> None:
        """Begin with an empty log, or the saved one."""
        self.name = name
        self.log: list[str] = save_string.splitlines() if save_string else []
        self._size = sum(map(len, self.log))

    def handle_game_packet(self, packet: Packet) -> Response:
        """Add what a user says."""
        self.log.append(f"{packet.username} says: {packet.message!r}")
        self._size += len(self.log[-1])
        while self._size > _KEPT:
            self._size -= len(self.log.pop(0))
        return Response("Message added.")

    def handle_heartbeat(self, packet: Packet) -> Response:  # noqa: ARG002 - nothing is asked
        """Tell the last lines."""
        return Response("The last lines.", {"log": self.log[-_SHOWN:]})

    def get_save_string(self) -> str:
        """Save all lines."""
        return "\n".join(self.log)

    def get_lobby_info(self) -> str:
        """Tell how long the log is."""
        return f"{len(self.log)} lines"


class ExampleClient(Client):
    """A client that joins a game of its own as soon as it is connected."""

    example_game = "ExampleGame"

    def on_connection(self, connected: bool) -> None:
        """Join the game, which is opened if it is not there."""
        if connected:
            self.join_game(self.example_game)
