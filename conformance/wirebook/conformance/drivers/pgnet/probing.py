"""The question "are you there", as PGNet can ask it.

What may live here: the probe that the engine uses to tell whether a server is ready or dead.
"""

from __future__ import annotations

import time

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.raw_client import opened
from wirebook.conformance.drivers.pgnet.stream import Address
from wirebook.conformance.verdicts import TargetDied, Violation


def probe(address: Address, timeout: float) -> float:
    """Return the seconds that a key trade takes; raise TimeoutError if the server does not answer.

    The connection ends before it has logged anybody in, so that it leaves nothing behind.
    """
    began = time.monotonic()
    link = Link(address, deadline=lambda _: max(0.0, began + timeout - time.monotonic()))
    try:
        with opened(link) as client:
            client.trade()
            return time.monotonic() - began
    except (Violation, TargetDied) as error:
        if time.monotonic() - began < timeout:
            raise ConnectionError(str(error)) from None
        raise TimeoutError(f"no answer from {address[0]}:{address[1]} in {timeout:g} s") from None
