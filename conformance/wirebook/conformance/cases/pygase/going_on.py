"""What cases have in common that tell a server to stop although it must not.

What may live here: telling a server that obeys from one that crashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, Violation


@contextmanager
def must_go_on(server: ServerHandle) -> Iterator[None]:
    """Check that the server goes on; one that does as it was told has not crashed."""
    server.expect_end()
    try:
        yield
    except TargetDied as died:
        raise Violation(f"expected the server to discard the datagram, but {died}") from died
    server.end_expected = False
