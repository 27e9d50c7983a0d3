"""The conformance application of the book: a game that shows what a server does inside.

What may live here: what the chapter of that name lists, and nothing else.
"""

from __future__ import annotations

from typing import Any, Final

from wirebook.reference.pgnet.examples import ExampleGame
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.passwords import LEAST_COST
from wirebook.reference.pgnet.server import Server

ADMIN_PASSWORD: Final = "wirebook-admin"  # noqa: S105 - the book publishes it


class IntendedFailure(Exception):
    """What a scripted game raises."""


class ConformanceGame(ExampleGame):
    """The example game, which does what its script says besides."""

    def handle_game_packet(self, packet: Packet) -> Response:
        """Fail, dismiss the user, answer rubbish, or do as the example does."""
        match packet.message:
            case "script.fail":
                raise IntendedFailure(packet.message)
            case "script.leave":
                return Response("Goodbye.", disconnecting=True)
            case "script.rubbish":
                return "rubbish"  # type: ignore[return-value]  # the point of it
        return super().handle_game_packet(packet)

    def handle_heartbeat(self, packet: Packet) -> Response:
        """Fail if that is wanted."""
        if packet.payload.get("fail") is True:
            raise IntendedFailure("heartbeat")
        return super().handle_heartbeat(packet)


def server(**options: Any) -> Server:
    """Return the application, ready to run; the options are those of `Server`.

    Passwords cost next to nothing, so that the suite is quick.
    """
    options.setdefault("admin_password", ADMIN_PASSWORD)
    return Server(ConformanceGame, password_cost=LEAST_COST, **options)


def example(**options: Any) -> Server:
    """Return the example game with passwords that are worth something."""
    return Server(ExampleGame, **options)
