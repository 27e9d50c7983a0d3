"""The documented base of all games.

What may live here: `Game`.
"""

from __future__ import annotations

from wirebook.reference.pgnet.messages import Packet, Response, refusal
from wirebook.spec.pgnet.states import HEARTBEAT, HEARTBEAT_RATE_DEFAULT


class Game:
    """One game of a server, which makes an instance for each that is opened.

    A method that raises is refused to the user who caused the call, and logged; the server and the
    other games go on.
    """

    persistent: bool = False
    """Whether it goes on while nobody is in it, and is saved."""
    heartbeat_rate: float = HEARTBEAT_RATE_DEFAULT
    """How many times per second a client should ask for news, up to 100."""

    def __init__(self, name: str, save_string: str | None = None) -> None:
        """Begin a game, or go on with a saved one, which gets its save string."""

    def user_joined(self, username: str) -> None:
        """Learn that a user has come in."""

    def user_left(self, username: str) -> None:
        """Learn that a user has left, in whatever way."""

    def handle_packet(self, packet: Packet) -> Response:
        """Answer a request of a user; the two methods for heartbeats and others are called here."""
        if packet.message == HEARTBEAT:
            return self.handle_heartbeat(packet)
        return self.handle_game_packet(packet)

    def handle_game_packet(self, packet: Packet) -> Response:  # noqa: ARG002 - to be overridden
        """Answer a request of a user. Override it: this one refuses."""
        return refusal(f"{type(self).__name__} does not handle packets.")

    def handle_heartbeat(self, packet: Packet) -> Response:  # noqa: ARG002 - to be overridden
        """Answer a request for news. Override it: this one has none."""
        return Response(f"{type(self).__name__} has no news.")

    def get_save_string(self) -> str:
        """Return what is to be saved of a persistent game; nothing is, if it is empty."""
        return ""

    def get_lobby_info(self) -> str:
        """Return what the lobby tells of the game to whoever looks for one."""
        return ""

    def update(self) -> None:
        """Go on a little; called ten times per second."""
