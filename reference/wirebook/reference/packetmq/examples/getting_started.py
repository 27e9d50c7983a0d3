"""A first program: a server that echoes, and a client that asks it.

It makes the calls of the original's documentation and no others: a program for the original looks
just like it, but for the import line. What may live here: this one example.
"""
# ruff: noqa: N802, ARG002

from threading import Event
from typing import Any

from wirebook.reference import packetmq
from wirebook.reference.packetmq import packet

PORT = 45678


class Answer(packet.Packet):
    """What the server sends back."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.arrived = Event()

    def onReceive(self, packet: Any, fromid: Any, to: Any, *args: Any, **kwargs: Any) -> None:
        """Keep it."""
        self.answers.append(packet)
        self.arrived.set()


class AskingClient(packetmq.Client):
    """A client that asks as soon as it can."""

    def on_connMade(self, conn: Any) -> None:
        """Ask."""
        self.sendPacket({"question": "are you there?"}, "example:ask", conn)


def main(port: int = PORT) -> list[Any]:
    """Ask once, and return the answers."""
    server_registry = packetmq.PacketRegistry(False)
    server_registry.addPacket("example:ask", packet.EchoPacket("example:answer"), 17)
    server_registry.addPacket("example:answer", packet.Packet(), 18)
    server = packetmq.Server(server_registry)
    server.listen(port)

    answer = Answer()
    client_registry = packetmq.PacketRegistry(True)
    client_registry.addPacket("example:ask", packet.Packet(), 17)
    client_registry.addPacket("example:answer", answer, 18)
    client = AskingClient(client_registry)
    client.connect(("localhost", port))

    client.runAsync()  # runs the server, too
    answer.arrived.wait(10.0)
    client.softquit(0, "example.done")
    client.stop()
    return answer.answers


if __name__ == "__main__":
    print(main())
