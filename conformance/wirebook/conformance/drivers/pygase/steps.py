"""The player of steps for PyGaSe: datagrams from any number of fresh addresses.

What may live here: what each step does on the wire. What to do is for others.
"""

from __future__ import annotations

import contextlib
import select
import time

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.endpoint import Endpoint
from wirebook.conformance.drivers.steps import Step, StepPlayer

__all__ = ["Player", "Step"]


class Player(StepPlayer):
    """Sends datagrams; each peer is an address that the server does not know before."""

    def __init__(self, link: Link, *, recorded: bool = True) -> None:
        super().__init__(link, recorded=recorded)
        self._endpoints: dict[int, Endpoint] = {}

    def send(self, peer: int, octets: bytes) -> None:
        """Send a datagram."""
        endpoint = self._endpoint(peer)
        with contextlib.suppress(OSError):  # what is too long for any datagram goes nowhere
            if self.recorded:
                endpoint.send(octets, "client-package")
            else:
                endpoint.send_unrecorded(octets)

    def end(self, peer: int) -> None:
        """Forget the address: what the peer does next comes from a fresh one."""
        if (endpoint := self._endpoints.pop(peer, None)) is not None:
            self._take(peer, endpoint)
            endpoint.close()

    def wait(self, seconds: float) -> None:
        """Let time pass, and take what comes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            select.select(list(self._endpoints.values()), [], [], left)
            self.take()

    def take(self) -> None:
        """Take what has arrived, without waiting."""
        for peer, endpoint in self._endpoints.items():
            self._take(peer, endpoint)

    def closed(self, peer: int) -> bool:  # noqa: ARG002 - there is nothing that could be closed
        """Tell that nothing is ever closed."""
        return False

    def close(self) -> None:
        """Give all sockets back."""
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()

    def _endpoint(self, peer: int) -> Endpoint:
        found = self._endpoints.get(peer)
        if found is None:
            found = Endpoint(self.link.address, self.link.exchange, line=self.link.line())
            self._endpoints[peer] = found
        return found

    def _take(self, peer: int, endpoint: Endpoint) -> None:
        while (arrived := endpoint.receive("server-package")) is not None:
            if endpoint.is_remote(arrived[1]):
                self._came.append((peer, arrived[0]))
