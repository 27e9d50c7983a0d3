"""The question "are you there", as PyGaSe can ask it.

What may live here: the probe that the engine uses to tell whether a server is ready or dead.
"""

from __future__ import annotations

import select
import time

from wirebook.conformance.drivers.pygase.endpoint import Address, Endpoint
from wirebook.conformance.drivers.pygase.packages import client_package, read_server_package
from wirebook.spec.books import Malformed


def probe(address: Address, timeout: float) -> float:
    """Return the seconds until a server answers a valid package; raise TimeoutError if it doesn't.

    The package comes from a fresh address and acks nothing, so the server never has a validated
    connection to it: the probe is nobody's host client.
    """
    with Endpoint(address) as endpoint:
        began = time.monotonic()
        endpoint.send(client_package(1), "client-package")
        while (left := began + timeout - time.monotonic()) > 0:
            select.select([endpoint], [], [], left)
            arrived = endpoint.receive("server-package")
            if arrived is None:
                continue
            data, source, at = arrived
            if endpoint.is_remote(source) and _answers(data, at):
                return at - began
    raise TimeoutError(f"no answer from {address[0]}:{address[1]} within {timeout:g} s")


def _answers(data: bytes, at: float) -> bool:
    try:
        return read_server_package(data, at).acks(1)
    except Malformed:
        return False
