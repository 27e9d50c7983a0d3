"""The conformance application on a server of PGNet 0.2.1.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
example game that comes with the original, what a scripted game does besides, and the start and end
of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import signal
import sys
from pathlib import Path
from typing import Any

# By name, because checkers would take the folder of the book's prose, `spec/pgnet`, for it.
pgnet: Any = importlib.import_module("pgnet")
# The original's top level does not have to name it: a module is there once it is imported.
examples: Any = importlib.import_module("pgnet.examples")

ADMIN_PASSWORD = "wirebook-admin"  # noqa: S105 - the book names it

Game: Any = examples.ExampleGame


class ScriptedGame(Game):  # type: ignore[misc]
    """The example game of the original, which also fails and dismisses when it is told to."""

    def handle_game_packet(self, packet: Any) -> Any:
        """Do what the script says; all else is the example's."""
        if packet.message == "script.fail":
            raise RuntimeError("the game fails as it was asked to")
        if packet.message == "script.leave":
            return pgnet.Response("Good-bye.", disconnecting=True)
        if packet.message == "script.rubbish":
            return "not a response"
        return super().handle_game_packet(packet)

    def handle_heartbeat(self, packet: Any) -> Any:
        """Fail if the payload says so."""
        if packet.payload.get("fail") is True:
            raise RuntimeError("the heartbeat fails as it was asked to")
        return super().handle_heartbeat(packet)


async def serve(port: int, save_file: Path | None) -> int:
    """Serve until the server is shut down, or told to end by a signal; give its exit code."""
    server = pgnet.Server(
        ScriptedGame, port=port, admin_password=ADMIN_PASSWORD, save_file=save_file
    )
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, server.shutdown)
    return int(await server.async_run())


def main() -> None:
    """Run the application."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--save-file", type=Path)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(serve(arguments.port, arguments.save_file)))


if __name__ == "__main__":
    main()
