"""What the cases of the server's role have in hand: clients of all sorts, and names of their own.

What may live here: fixtures and their types. What the clients do is the drivers' business.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase.endpoint import Address
from wirebook.conformance.drivers.pygase.model import TO_DELETE
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.drivers.pygase.raw_client import RawClient


class MakePlayer(Protocol):
    """Makes a client that plays, from an address of its own; it has not sent anything yet."""

    def __call__(self, *, first_sequence: int = 1, local: Address | None = None) -> Player:
        """Make one."""


class MakeStranger(Protocol):
    """Makes a client that does nothing by itself, from an address of its own."""

    def __call__(self) -> RawClient:
        """Make one."""


@pytest.fixture
def players(link: Link) -> Iterator[MakePlayer]:
    """Give a maker of players, which are closed after the case."""
    with ExitStack() as stack:

        def make(*, first_sequence: int = 1, local: Address | None = None) -> Player:
            made = Player(link, first_sequence=first_sequence, local=local)
            return stack.enter_context(made)

        yield make


@pytest.fixture
def strangers(link: Link) -> Iterator[MakeStranger]:
    """Give a maker of raw clients, which are closed after the case."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(RawClient(link))


@pytest.fixture
def player(players: MakePlayer) -> Player:
    """Give a client whose connection is validated."""
    made = players()
    made.join()
    return made


@pytest.fixture
def gamer(players: MakePlayer) -> Player:
    """Give a client that holds the game state."""
    made = players()
    made.join_game()
    return made


@pytest.fixture
def key(link: Link, rng: random.Random) -> Iterator[str]:
    """Give the name of an attribute that no other case uses, and delete it in the end."""
    name = f"k{rng.getrandbits(64):016x}"
    yield name
    # The server is shared: what cases leave behind would not fit into a package in the end.
    with Player(link) as cleaner:
        cleaner.dispatch("UPDATE", {name: TO_DELETE, "counts": {name: TO_DELETE}})
