"""A server as a process or a thread, spoken to through sockets in real time.

What may live here: this subject.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Sequence
from typing import Any

from wirebook.conformance.drivers.pygase.endpoint import Endpoint
from wirebook.conformance.drivers.pygase.packages import FULL_STATE_KEY
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetUnreachable
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.asking import CHANGES
from wirebook.fuzz.machines.pygase.flaws import TO_DELETE
from wirebook.fuzz.machines.pygase.octets import client_package, event, read_server_package
from wirebook.fuzz.machines.pygase.subjects import Arrived, Steps

GRACE = 2.0
"""Seconds that a server on a busy machine may be behind."""
_PUMP = 0.004
_PATIENCE = 5.0
_SETTLED = 0.15
_LARGEST = 60_000


class LiveServer(Steps):
    """A server under test, for one machine after the other."""

    live = True
    grace = GRACE
    most_connections = 0
    host_taken = True
    """The first that is ever validated is the observer of the first machine."""

    def __init__(self, server: ServerHandle) -> None:
        super().__init__()
        server.ensure()
        self._server = server
        self._begun = server.mark()
        self._endpoints: dict[int, Endpoint] = {}
        self._arrived: list[Arrived] = []
        self._observer = Endpoint(server.address)
        self.tag = f"@{self._observer.local[1]}"
        try:
            self.state = self._observed()
        except BaseException:
            self._observer.close()
            raise

    def now(self) -> float:
        """Return the time."""
        return time.monotonic()

    def address(self, peer: int) -> tuple[str, int]:
        """Return the host and port of an address."""
        return self._endpoint(peer).local

    def begin(self, time_order: int) -> bool:  # noqa: ARG002 - as the protocol has it
        """Leave the state as it is."""
        return False

    def send(self, peer: int, data: bytes) -> None:
        """Send a datagram, and give the server a moment."""
        self.sent(peer, data)
        if len(data) < _LARGEST:
            self._endpoint(peer).send_unrecorded(data)
        self._pump(_PUMP)

    def take(self) -> Sequence[Arrived]:
        """Return what has come since the last call."""
        self._read()
        arrived, self._arrived = self._arrived, []
        return arrived

    def advance(self, seconds: float) -> None:
        """Wait, and read all the while."""
        self.waited(seconds)
        self._pump(seconds)

    def alive(self) -> bool:
        """Tell whether the process or thread is there; one of somebody else's shows by silence."""
        return self._server.external or self._server.alive()

    def output(self) -> str:
        """Return what it has written since the machine began."""
        return self._server.output(self._begun)

    def close(self) -> None:
        """Clear the state for the next machine, and give the sockets back."""
        for endpoint in self._endpoints.values():
            endpoint.close()
        with contextlib.suppress(OSError):
            names = {key for changes in CHANGES for key in changes if key != "game_status"}
            changes: dict[str, Any] = dict.fromkeys(names, TO_DELETE)
            changes["counts"] = {f"{name}{self.tag}": TO_DELETE for name in "nop"}
            events = [event("FILL", [0]), event("UPDATE", [{**changes, "game_status": 1}])]
            self._observer.send_unrecorded(client_package(3, 0, 0, 0, events))
        self._observer.close()

    def _pump(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            select.select(list(self._endpoints.values()), [], [], left)
            self._read()

    def _read(self) -> None:
        for peer, endpoint in self._endpoints.items():
            while (arrived := endpoint.receive("server-package")) is not None:
                data, source, at = arrived
                if not endpoint.is_remote(source):
                    raise Broken("PGS-CON-007", "sends from another address", f"{source}")
                self._arrived.append(Arrived(peer, at, data))

    def _endpoint(self, peer: int) -> Endpoint:
        if peer not in self._endpoints:
            self._endpoints[peer] = Endpoint(self._server.address)
        return self._endpoints[peer]

    def _observed(self) -> dict[str, Any]:
        """Return the state as a client gets it that reports none; once it has come to rest."""
        self._observer.send_unrecorded(client_package(1, 0, 0, 0))
        end = time.monotonic() + _PATIENCE
        state: dict[str, Any] = {}
        answered = False
        while (left := end - time.monotonic()) > 0:
            select.select([self._observer], [], [], left)
            arrived = self._observer.receive("server-package")
            if arrived is None:
                continue
            package = read_server_package(arrived[0], arrived[2])
            if not answered:
                answered = True
                self._observer.send_unrecorded(client_package(2, package.sequence, 0, 0))
            if FULL_STATE_KEY in package.update:
                if not state:
                    end = min(end, time.monotonic() + _SETTLED)
                deleted = TO_DELETE
                state = {key: one for key, one in package.update.items() if one != deleted}
        if not state:
            raise TargetUnreachable("the server does not send its state")
        return state
