"""The fixture `link` of every book: the way from a case to the server under test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.network import CaseNetwork
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.server import ServerHandle


@pytest.fixture
def link(
    target_server: ServerHandle,
    exchange: Recorder,
    deadline: Callable[[float], float],
    network: CaseNetwork,
) -> Link:
    """Give what a client has to know of the server under test."""
    link = Link(
        target_server.address,
        exchange,
        deadline=deadline,
        reach=network.reach,
        line=network.line,
    )
    if target_server.external:
        # Only an answer shows that such a server lives; the engine asks for one after the case.
        return link
    return replace(link, alive=target_server.alive)
