"""A server on bad networks: streams that are cut, joined, held up, slow, and reset.

What may live here: cases that play schedules of their own, whatever the network of the run is.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.cases.stream_scripts import MakeScript, on_bad_streams, reset_at
from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control, entered, traded
from wirebook.conformance.drivers.pgnet.responses import GAME_DIR, granted
from wirebook.conformance.marks import requires
from wirebook.conformance.network import CaseNetwork, Direction
from wirebook.conformance.verdicts import Violation

REQUESTS = 5
MANY = 200


@pytest.fixture
def near_link(link: Link) -> Link:
    """Give the way to the server by a perfect network."""
    return replace(link, reach=lambda address: address)


@pytest.fixture
def near(near_link: Link, visit: Visit) -> Iterator[RawClient]:
    """Give a user with a perfect network, by whom a case sees that the server works."""
    with entered(near_link, visit.new_name()) as made:
        yield made


@requires("PGN-RSP-001", "PGN-WSB-003", "PGN-CON-001", "PGN-ERR-002")
@on_bad_streams
def test_answers_what_arrives_in_any_way(
    network: CaseNetwork, visit: Visit, near: RawClient, rng: random.Random, make_script: MakeScript
) -> None:
    """The opening and requests are answered in turn, however their octets arrive."""
    network.play(make_script(rng))
    client = visit.user()
    control(near)
    for _ in range(REQUESTS):
        client.post(GAME_DIR, {})
    for number in range(REQUESTS):
        granted(client.next_response(f"response {number + 1}"), f"for request {number + 1}")
    control(near)


@requires("PGN-CON-004", "PGN-ERR-002")
@pytest.mark.parametrize("direction", Direction)
def test_frees_the_name_after_a_reset_in_the_middle(
    network: CaseNetwork,
    visit: Visit,
    near: RawClient,
    near_link: Link,
    rng: random.Random,
    direction: Direction,
) -> None:
    """A connection that is reset in the middle of a message ends, and its name is free."""
    network.play(reset_at(rng.randrange(3000, 3300), direction))
    client = visit.user()
    for _ in range(MANY):
        client.post(GAME_DIR, {})
        if client.pump(lambda: client.ended, 0.01):
            break
    control(near)
    with entered(near_link, client.name) as back:
        control(back)


@requires("PGN-ERR-002", "PGN-CON-004")
@pytest.mark.parametrize("at", [1, 60, 250, 420])
def test_stands_a_reset_in_the_opening(
    network: CaseNetwork, link: Link, near: RawClient, at: int
) -> None:
    """A connection that is reset in the opening leaves the server to the others."""
    network.play(reset_at(at, Direction.TO))
    with contextlib.suppress(Violation), traded(link) as client:
        client.log_in("nobody")
    control(near)
