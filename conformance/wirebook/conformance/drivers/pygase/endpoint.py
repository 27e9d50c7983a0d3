"""A UDP socket of the suite, each datagram of which is recorded.

What may live here: sockets and the recorder. What the octets mean is for others.
"""

from __future__ import annotations

import contextlib
import errno
import secrets
import socket
import time
from typing import Any, Self

from wirebook.conformance.recorder import Recorder

Address = tuple[str, int]

_BUFFER = 65536
_RECEIVE_SPACE = 4 * 1024 * 1024
_FIRST_PORT, _PORTS = 10_000, 10_000
_TRIES = 200
# A server remembers a connection for ten seconds and more, so a port that was used once would not
# be a fresh identity the second time.
_used: set[Address] = set()


class Endpoint:
    """An unconnected socket with a port that nobody in this process has used before."""

    def __init__(
        self, remote: Address, exchange: Recorder | None = None, *, local: Address | None = None
    ) -> None:
        self.exchange = exchange or Recorder()
        family, _, _, _, name = socket.getaddrinfo(*remote, type=socket.SOCK_DGRAM)[0]
        self.remote: tuple[Any, ...] = name
        """The address of the target."""
        self._socket = _bound(family, name, local)
        self.local: Address = self._socket.getsockname()[:2]
        """Our own address."""

    def send(self, data: bytes, message: str) -> None:
        """Send a datagram to the target; `message` names the schema to show it with."""
        self.exchange.sent(data, message=message, local=self.local, remote=self.remote)
        self._socket.sendto(data, self.remote)

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
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bound(family: int, remote: tuple[Any, ...], local: Address | None) -> socket.socket:
    """Return a socket on a port that no socket of this process has had before.

    The port lies below the range that systems hand out on their own: a server goes on sending to
    it after it is closed, and that must not reach a client under test that has been given it.
    """
    host = _own_host(family, remote)
    for _ in range(_TRIES):
        address = local or (host, _FIRST_PORT + secrets.randbelow(_PORTS))
        if not local and address in _used:
            continue
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
            _used.add(address)
            return created
    raise OSError("no UDP port is left that has not been used before")


def _own_host(family: int, remote: tuple[Any, ...]) -> str:
    """Return the address that datagrams to the remote one leave from."""
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect(remote)
        host: str = asked.getsockname()[0]
        return host
