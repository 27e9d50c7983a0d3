"""The fixture `link` of every book: the way from a case to the server under test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.server import ServerHandle


@pytest.fixture
def link(
    target_server: ServerHandle, exchange: Recorder, deadline: Callable[[float], float]
) -> Link:
    """Give what a client has to know of the server under test."""
    if target_server.external:
        # Only an answer shows that such a server lives; the engine asks for one after the case.
        return Link(target_server.address, exchange, deadline=deadline)
    return Link(target_server.address, exchange, target_server.alive, deadline)
