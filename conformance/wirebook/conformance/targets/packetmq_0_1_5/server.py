"""The conformance application on a server of PacketMQ 0.1.5.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
packets of the book's chapter *The conformance application*, written as a program for the original
would write them.
"""

from __future__ import annotations

import argparse
import importlib
from collections import deque
from collections.abc import Callable
from typing import Any

# By name, because checkers know neither the environment of the original nor this folder.
original: Any = importlib.import_module("original")
reactor: Any = importlib.import_module("twisted.internet.reactor")
packet: Any = original.packet
packetmq: Any = original.packetmq

HISTORY = 2000
"""How many happenings are kept."""


class Application(packetmq.Server):  # type: ignore[misc] # the package has no types
    """A server that answers the conformance packets."""

    def __init__(self) -> None:
        registry = packetmq.PacketRegistry(False)
        registry.registerDefaultPackets()
        answers: dict[str, Callable[[int, Any], None]] = {
            "conformance:echo": self._echo,
            "conformance:whoami": self._who_am_i,
            "conformance:burst": self._burst,
            "conformance:broadcast": self._broadcast,
            "conformance:history": self._tell_history,
            "conformance:leave": self._leave,
            "conformance:fail": self._fail,
        }
        for name, number in original.PACKETS.items():
            registry.addPacket(name, Answering(answers.get(name)), number)
        super().__init__(registry)
        self._active: set[int] = set()
        self._history: deque[list[Any]] = deque(maxlen=HISTORY)

    def on_connMade(self, conn: Any) -> None:  # noqa: N802 - the package's name
        """Note that a connection is made."""
        number = self.peerFileno(conn)
        self._active.add(number)
        self._history.append(["made", number])

    def lostConnection(self, conn: Any, reason: Any = None) -> None:  # noqa: N802
        """Note that a connection is lost."""
        number = self.peerFileno(conn)
        self._active.discard(number)
        self._history.append(["lost", number, original.reason_of(reason)])
        super().lostConnection(conn, reason)

    def _echo(self, peer: int, payload: Any) -> None:
        self.sendPacket(payload, "conformance:echoed", peer)

    def _who_am_i(self, peer: int, _: Any) -> None:
        self.sendPacket(peer, "conformance:you_are", peer)

    def _burst(self, peer: int, count: int) -> None:
        for number in range(count):
            self.sendPacket(number, "conformance:item", peer)

    def _broadcast(self, _: int, payload: Any) -> None:
        for peer in sorted(self._active):
            self.sendPacket(payload, "conformance:item", peer)

    def _tell_history(self, peer: int, _: Any) -> None:
        self.sendPacket(list(self._history), "conformance:happened", peer)

    def _leave(self, peer: int, reason: Any) -> None:
        if reason is None:
            self.softquit(peer)
        else:
            self.softquit(peer, reason)

    def _fail(self, _: int, __: Any) -> None:
        raise RuntimeError("a callback of the server fails as it was asked to")


class Answering(packet.Packet):  # type: ignore[misc] # the package has no types
    """A kind of packet whose payload is given to a function."""

    def __init__(self, answer: Callable[[int, Any], None] | None) -> None:
        super().__init__()
        self._answer = answer

    def onReceive(  # noqa: N802, D102 - the package's name
        self, packet: Any, fromid: Any, to: Any, *_: Any, **__: Any
    ) -> None:
        if self._answer is not None:
            self._answer(to.peerFileno(fromid), packet)


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    application = Application()
    # The package's own `listen` takes no host, and would listen to the whole network.
    reactor.listenTCP(arguments.port, application.factory, interface=arguments.host)
    application.run()


if __name__ == "__main__":
    main()
