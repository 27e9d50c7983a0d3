"""What the cases of the client's role have in hand: a raw server, and the client under test.

What may live here: fixtures. How a client is steered is in the driver's `controls.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from wirebook.conformance.drivers.packetmq.controls import SteeredClient
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.network import CaseNetwork
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.client import ClientHandle


@pytest.fixture
def raw_server(exchange: Recorder, network: CaseNetwork) -> Iterator[RawServer]:
    """Give a raw server that records everything."""
    with RawServer(exchange, network.offer) as server:
        yield server


@pytest.fixture
def client(
    raw_server: RawServer, target_client: ClientHandle, deadline: Callable[[float], float]
) -> SteeredClient:
    """Give the client under test, not yet connected to the raw server."""
    return SteeredClient(target_client, raw_server, deadline)
