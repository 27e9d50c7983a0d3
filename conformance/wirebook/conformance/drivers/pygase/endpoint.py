"""A UDP socket of the suite, each datagram of which is recorded.

What may live here: sockets and the recorder. What the octets mean is for others.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, Self

from wirebook.conformance.recorder import Recorder

Address = tuple[str, int]

_BUFFER = 65536
_RECEIVE_SPACE = 4 * 1024 * 1024
_TRIES = 50
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
    for _ in range(_TRIES):
        created = socket.socket(family, socket.SOCK_DGRAM)
        try:
            created.setblocking(False)
            created.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_SPACE)
            created.bind(local or (_own_host(family, remote), 0))
        except BaseException:
            created.close()
            raise
        address: Address = created.getsockname()[:2]
        if local or address not in _used:
            _used.add(address)
            return created
        created.close()
    raise OSError("no UDP port is left that has not been used before")


def _own_host(family: int, remote: tuple[Any, ...]) -> str:
    """Return the address that datagrams to the remote one leave from."""
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect(remote)
        host: str = asked.getsockname()[0]
        return host
