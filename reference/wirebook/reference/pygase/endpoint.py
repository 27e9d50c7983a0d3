"""A UDP socket, a core and a clock, put together in an asyncio event loop.

There is one reader, one timer and no task, however many connections the core has. What may live
here: input and output. What a datagram means is the core's business, and what is to be done about
a happening that of whoever owns the endpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from threading import RLock
from time import monotonic
from typing import Any, Final, Protocol

from wirebook.reference.pygase.codec import MAX_DATAGRAM
from wirebook.reference.pygase.core.happenings import Happening
from wirebook.reference.pygase.core.peer import Address

_BATCH: Final = 64
"""Datagrams read before timers get their turn."""
_READ_SIZE: Final = 2 * MAX_DATAGRAM
"""More than the largest package, so that a larger datagram shows (PGS-DGM-003)."""
_BUFFER: Final = 1 << 20


class Core(Protocol):
    """What the cores of both sides have in common."""

    def receive_datagram(self, data: bytes, address: Address, now: float) -> None:
        """Take a datagram."""

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""

    def handle_timer(self, now: float) -> None:
        """Do what is due."""

    def datagrams_to_send(self) -> list[tuple[bytes, Address]]:
        """Hand over the datagrams that wait to be sent."""

    def happenings(self) -> list[Happening]:
        """Hand over what happened."""


class Endpoint:
    """Runs a core over a socket, until it is told to stop."""

    def __init__(
        self,
        sock: socket.socket,
        core: Core,
        lock: RLock,
        on_happening: Callable[[Happening], None],
    ) -> None:
        self._socket = sock
        self._core = core
        self._lock = lock
        """Held while the core is used: other threads dispatch events."""
        self._on_happening = on_happening
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Run until stopped; then send what the core has left, and close the socket."""
        self._loop.add_reader(self._socket, self._read)
        try:
            self._turn()
            await self._stopped.wait()
        finally:
            self._loop.remove_reader(self._socket)
            if self._timer is not None:
                self._timer.cancel()
            with self._lock:
                self._send(self._core.datagrams_to_send())
            self._socket.close()

    def stop(self) -> None:
        """Stop; can be called from any thread, and more than once."""
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._stopped.set)

    def _read(self) -> None:
        now = monotonic()
        with self._lock:
            for _ in range(_BATCH):
                try:
                    data, address = self._socket.recvfrom(_READ_SIZE)
                except OSError:  # nothing left, or word of an earlier datagram that got nowhere
                    break
                self._core.receive_datagram(data, _plain(address), now)
        self._turn()

    def _turn(self) -> None:
        """Do what is due, send what is to be sent, and tell what happened."""
        if self._stopped.is_set():
            return
        try:
            with self._lock:
                self._core.handle_timer(monotonic())
                datagrams = self._core.datagrams_to_send()
                happenings = self._core.happenings()
        finally:
            self._set_timer()
        self._send(datagrams)
        for happening in happenings:
            self._on_happening(happening)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        with self._lock:
            due = self._core.next_timer()
        if due is not None:
            delay = max(0.0, due - monotonic())
            self._timer = self._loop.call_later(delay, self._turn)

    def _send(self, datagrams: list[tuple[bytes, Address]]) -> None:
        for data, address in datagrams:
            # What the system cannot send now is lost, as it may be anywhere on its way.
            with contextlib.suppress(OSError):
                self._socket.sendto(data, address)


def resolve(hostname: str, port: int) -> tuple[socket.AddressFamily, Address]:
    """Return the address of a name, an IPv4 one if it has one; raise OSError if it has none."""
    return pick(socket.getaddrinfo(hostname, port, type=socket.SOCK_DGRAM))


def pick(found: Sequence[tuple[Any, ...]]) -> tuple[socket.AddressFamily, Address]:
    """Return the address that `resolve` would choose of what `getaddrinfo` found."""
    family, *_, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, _plain(address)


def open_socket(family: socket.AddressFamily, local: Address | None = None) -> socket.socket:
    """Return a socket that does not block, bound to a local address if one is given."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if local is not None:
            sock.bind(local)
    except OSError:
        sock.close()
        raise
    return sock


def _plain(address: object) -> Address:
    """Return host and port; a scope, which only local IPv6 addresses have, goes into the host."""
    assert isinstance(address, tuple)  # noqa: S101 - what sockets return; for the type checker
    host, port, *rest = address
    return (f"{host}%{rest[1]}" if rest and rest[1] else str(host)), int(port)
