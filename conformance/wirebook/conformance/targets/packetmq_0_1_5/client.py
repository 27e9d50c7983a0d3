"""A client of PacketMQ 0.1.5, steered by the control protocol on standard input and output.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
requests of the book's chapter *The conformance application* as calls of the documented client. The
values that JSON lacks are in `typed.py`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, TextIO

# By name, because checkers know neither the environment of the original nor this folder.
original: Any = importlib.import_module("original")
typed: Any = importlib.import_module("typed")
packet: Any = original.packet
packetmq: Any = original.packetmq
packetprotocol: Any = original.packetprotocol
reactor: Any = importlib.import_module("twisted.internet.reactor")
threads: Any = importlib.import_module("twisted.internet.threads")

PROTOCOL, VERSION = "packetmq", 1
OWN_IDS_FROM = 100
"""How much greater than the server's a client's own ids are."""

Message = dict[str, Any]
Notify = Callable[[Message], None]


class Connector(packetprotocol.ClientPacketFactory):  # type: ignore[misc] # no types there
    """Makes connections, and numbers them in the order in which they were begun."""

    def __init__(self, parent: Any, proto: Any) -> None:
        super().__init__(parent, proto)
        self.protocols: dict[int, Any] = {}
        self._begun = 0
        self._pending: list[tuple[Any, int]] = []

    def startedConnecting(self, connector: Any) -> None:  # noqa: N802, D102 - Twisted's name
        self._pending.append((connector, self._begun))
        self._begun += 1
        super().startedConnecting(connector)

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802, D102 - Twisted's name
        built = super().buildProtocol(addr)
        self.protocols[self._take(lambda one: one.getDestination().port == addr.port)] = built
        return built

    def clientConnectionFailed(self, connector: Any, _: Any) -> None:  # noqa: N802, D102
        # The package does not tell its application; whoever writes one asks Twisted.
        self.parent.failed(self._take(lambda one: one is connector))

    def number_of(self, protocol: Any) -> int:
        """Return the number of a connection."""
        return next(number for number, one in self.protocols.items() if one is protocol)

    def _take(self, wanted: Callable[[Any], bool]) -> int:
        found = next(pair for pair in self._pending if wanted(pair[0]))
        self._pending.remove(found)
        return found[1]


class Client(packetmq.Client):  # type: ignore[misc] # the package has no types
    """A client that notifies of everything its application is told."""

    def __init__(self, packets: dict[str, int], adapt: bool, notify: Notify) -> None:
        self.notify = notify
        registry = packetmq.PacketRegistry(adapt)
        registry.registerDefaultPackets()
        self.kinds = {name: Notifying(self, name) for name in packets}
        for name, number in packets.items():
            registry.addPacket(name, self.kinds[name], number)
        super().__init__(registry, factory=Connector)

    def on_connMade(self, conn: Any) -> None:  # noqa: N802 - the package's name
        """Notify that a connection is made."""
        self.notify({"event": "made", "connection": self.number_of(conn)})

    def lostConnection(self, conn: Any, reason: Any = None) -> None:  # noqa: N802
        """Notify that a connection is lost."""
        self._notify_lost(self.number_of(conn), original.reason_of(reason))
        super().lostConnection(conn, reason)

    def failed(self, number: int) -> None:
        """Notify that a connection could not be made."""
        self._notify_lost(number, None)

    def number_of(self, conn: Any) -> int:
        """Return the number of a connection."""
        number: int = self.factory.number_of(self.peerObj(conn))
        return number

    def peer(self, number: int) -> Any:
        """Return the connection with a number."""
        if number not in self.factory.protocols:
            raise LookupError(f"there is no connection {number}")
        return self.factory.protocols[number]

    def drop(self) -> None:
        """End all connections, and be silent about it."""
        self.notify = lambda _: None
        for protocol in self.factory.protocols.values():
            if protocol.transport is not None:
                protocol.transport.abortConnection()

    def _notify_lost(self, number: int, reason: str | None) -> None:
        self.notify({"event": "lost", "connection": number, "reason": reason})


class Notifying(packet.Packet):  # type: ignore[misc] # the package has no types
    """A kind of packet whose callback notifies, and fails if told so."""

    def __init__(self, client: Client, type_: str) -> None:
        super().__init__()
        self._client, self._type = client, type_
        self.fails = False

    def onReceive(  # noqa: N802, D102 - the package's name
        self, packet: Any, fromid: Any, *_: Any, **__: Any
    ) -> None:
        number = self._client.number_of(fromid)
        received = {"event": "received", "connection": number, "type": self._type}
        self._client.notify({**received, "payload": typed.to_typed(packet)})
        if self.fails:
            raise RuntimeError("a callback of the client fails as it was asked to")


class Adapter:
    """Carries out requests on one client, and writes replies and notifications."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._writing = threading.Lock()
        self._clients: list[Client] = []  # a client that nobody holds any more ends the reactor
        self._begin(
            {name: OWN_IDS_FROM + number for name, number in original.PACKETS.items()}, True
        )

    def run(self, requests: Iterable[bytes]) -> None:
        """Answer requests until there are no more, or one says to quit."""
        self._write({"event": "ready", "protocol": PROTOCOL, "version": VERSION})
        for line in requests:
            request = json.loads(line)
            if request["do"] == "quit":
                self._write({"id": request["id"], "ok": True})
                return
            try:
                threads.blockingCallFromThread(reactor, self._carry_out, request)
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                self._write({"id": request["id"], "ok": False, "error": text})
            else:
                self._write({"id": request["id"], "ok": True})

    def _carry_out(self, request: Message) -> None:
        known: dict[str, Callable[[Message], None]] = {
            "register": self._register,
            "connect": self._connect,
            "send": self._send,
            "softquit": self._softquit,
            "fail": self._fail,
        }
        known[request["do"]](request)

    def _register(self, request: Message) -> None:
        before = self._clients[-1]
        self._begin(dict(request["packets"]), request["adapt"])
        before.drop()

    def _begin(self, packets: dict[str, int], adapt: bool) -> None:
        self._clients.append(Client(packets, adapt, self._write))

    def _connect(self, request: Message) -> None:
        self._clients[-1].connect((request["host"], request["port"]))

    def _send(self, request: Message) -> None:
        client, payload = self._clients[-1], typed.from_typed(request["payload"])
        if request.get("to") is None:
            client.sendPacket(payload, request["type"])
        else:
            client.sendPacket(payload, request["type"], client.peer(request["to"]))

    def _softquit(self, request: Message) -> None:
        client = self._clients[-1]
        reason = {} if request.get("reason") is None else {"reason": request["reason"]}
        client.softquit(client.peer(request["to"]), **reason)

    def _fail(self, request: Message) -> None:
        self._clients[-1].kinds[request["type"]].fails = True

    def _write(self, message: Message) -> None:
        with self._writing:
            self._output.write(json.dumps(message, allow_nan=False) + "\n")
            self._output.flush()


def main() -> None:
    """Serve requests beside the reactor, and end at the end of the input."""
    adapter = Adapter(sys.stdout)

    def serve() -> None:
        adapter.run(sys.stdin.buffer)
        os._exit(0)

    reactor.callWhenRunning(threading.Thread(target=serve, daemon=True).start)
    reactor.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
