"""What the cases of the server's role have in hand: clients that have come so far or so far.

What may live here: fixtures and their types. What the clients do is the drivers' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.spec.packetmq.states import State


class MakePlayer(Protocol):
    """Makes a client that is connected, and takes the server to a state of the handshake."""

    def __call__(self, state: State | None = None, *, receive_space: int = 0) -> Player:
        """Make one; without a state it has neither sent nor waited for anything."""


@pytest.fixture
def players(link: Link) -> Iterator[MakePlayer]:
    """Give a maker of clients, which are closed after the case."""
    with ExitStack() as stack:

        def make(state: State | None = None, *, receive_space: int = 0) -> Player:
            made = stack.enter_context(Player(link, receive_space=receive_space))
            made.reach(state)
            return made

        yield make


@pytest.fixture
def newcomer(players: MakePlayer) -> Player:
    """Give a client that is connected and has neither sent nor waited for anything."""
    return players()


@pytest.fixture
def player(players: MakePlayer) -> Player:
    """Give a client whose connection is active and confirmed."""
    return players(State.CONFIRMED)


@pytest.fixture
def witness(players: MakePlayer) -> Player:
    """Give another such client, by which a case sees that the server works."""
    return players(State.CONFIRMED)
