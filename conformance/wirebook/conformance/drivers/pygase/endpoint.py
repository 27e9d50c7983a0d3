"""A UDP socket of the suite, each datagram of which is recorded.

What may live here: sockets and the recorder. What the octets mean is for others.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from typing import Any, Self

from wirebook.conformance.drivers.pygase.own_ports import OWN
from wirebook.conformance.network import Line
from wirebook.conformance.recorder import Recorder

Address = tuple[str, int]

_BUFFER = 65536
_RECEIVE_SPACE = 4 * 1024 * 1024
_TRIES = 200


class Endpoint:
    """An unconnected socket with a port that no server remembers."""

    def __init__(
        self,
        remote: Address,
        exchange: Recorder | None = None,
        *,
        local: Address | None = None,
        line: Line | None = None,
    ) -> None:
        self.exchange = exchange or Recorder()
        self.line = line
        """The way through the network; None if it is perfect."""
        family, _, _, _, name = socket.getaddrinfo(*remote, type=socket.SOCK_DGRAM)[0]
        self.remote: tuple[Any, ...] = name
        """The address of the target."""
        self._socket = _bound(family, name, local)
        self.local: Address = self._socket.getsockname()[:2]
        """Our own address."""

    def send(self, data: bytes, message: str, *, told: bool = True) -> None:
        """Send a datagram to the target; `message` names the schema to show it with.

        `told` says that a case wants it sent, and that it is not what a peer sends by itself.
        """

        def transmit(arriving: bytes) -> None:
            self.exchange.sent(arriving, message=message, local=self.local, remote=self.remote)
            self._socket.sendto(arriving, self.remote)

        if self.line is None:
            transmit(data)
        elif befell := self.line.send(data, transmit, time.monotonic(), told=told):
            self.exchange.note(f"The datagram that {self.local[1]} sends now {befell}.")

    def hears(self, size: int, at: float, *, kept: bool) -> tuple[float, ...]:
        """Return after how many seconds each copy of an arrived datagram comes to the peer."""
        if self.line is None:
            return (0.0,)
        delays = self.line.hears(size, at, kept=kept)
        if not delays:
            self.exchange.note(f"{self.local[1]} takes no notice of this: the network loses it.")
        return delays

    def flush(self, now: float) -> None:
        """Send what the network has held back for long enough."""
        if self.line is not None:
            self.line.flush(now)

    def due(self) -> float | None:
        """Return when the network lets the next datagram go that it holds back."""
        return None if self.line is None else self.line.due()

    def send_unrecorded(self, data: bytes) -> None:
        """Send one of very many datagrams, which a note in the record stands for."""
        # A full send buffer drops it, as the network would.
        with contextlib.suppress(BlockingIOError):
            self._socket.sendto(data, self.remote)

    def receive(self, message: str) -> tuple[bytes, tuple[Any, ...], float] | None:
        """Return a datagram that has arrived, with its source and the time, or None."""
        try:
            data, source = self._socket.recvfrom(_BUFFER)
        except BlockingIOError:
            return None
        now = time.monotonic()
        self.exchange.received(data, message=message, local=self.local, remote=source)
        return data, source, now

    def is_remote(self, source: tuple[Any, ...]) -> bool:
        """Tell whether an address is the target's."""
        return source[:2] == self.remote[:2]

    def fileno(self) -> int:
        """Return the descriptor, for `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket; what is still on its way arrives first."""
        with contextlib.suppress(OSError):
            self.flush(float("inf"))
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bound(family: int, remote: tuple[Any, ...], local: Address | None) -> socket.socket:
    """Return a socket on a port that is a fresh identity, since no server remembers it."""
    host = _own_host(family, remote)
    for _ in range(_TRIES):
        address = local or (host, OWN.take())
        created = socket.socket(family, socket.SOCK_DGRAM)
        try:
            created.setblocking(False)
            created.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_SPACE)
            created.bind(address)
        except OSError as error:
            created.close()
            if local or error.errno != errno.EADDRINUSE:
                raise
        else:
            return created
    raise OSError("no UDP port is free")


def _own_host(family: int, remote: tuple[Any, ...]) -> str:
    """Return the address that datagrams to the remote one leave from."""
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect(remote)
        host: str = asked.getsockname()[0]
        return host
