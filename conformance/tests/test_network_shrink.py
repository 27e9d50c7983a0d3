"""How a schedule that breaks something is made small."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pygase import probe
from wirebook.conformance.drivers.pygase.model import acked_by
from wirebook.conformance.drivers.pygase.player import Player
from wirebook.conformance.network import (
    Carrier,
    Direction,
    Entry,
    Rates,
    Script,
    UdpRelay,
    draw,
    shrink,
)
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.server import ServerHandle

ENTRIES = 200
FEW = 5
BAD = Rates(loss=0.2, duplication=0.3, reordering=0.25, hold=0.02)
BETWEEN = 0.001
AHEAD = 20
OPENING = 4


@pytest.mark.parametrize("culprits", [(0,), (199,), (17, 18), (3, 100, 180), (1, 50, 51, 120, 199)])
def test_it_finds_the_entries_that_matter(culprits: tuple[int, ...]) -> None:
    """Whatever they are, and with far fewer runs than there are entries in most cases."""
    shrunk = shrink(range(ENTRIES), lambda entries: set(culprits) <= set(entries), most_runs=1000)
    assert shrunk.entries == culprits
    assert shrunk.minimal


def test_any_one_of_many_is_enough() -> None:
    """Where several entries break it, one is left."""
    shrunk = shrink(range(ENTRIES), lambda entries: any(one % 7 == 0 for one in entries))
    assert len(shrunk.entries) == 1
    assert shrunk.runs <= 20


def test_what_breaks_by_itself_needs_no_entry() -> None:
    """That is tried first."""
    shrunk = shrink(range(ENTRIES), lambda _: True)
    assert shrunk.entries == ()
    assert shrunk.runs == 1


def test_it_ends_when_the_runs_are_over() -> None:
    """And says that it might have gone further."""
    chosen = set(random.Random(1).sample(range(ENTRIES), 40))
    shrunk = shrink(range(ENTRIES), lambda entries: chosen <= set(entries), most_runs=15)
    assert shrunk.runs == 15
    assert not shrunk.minimal
    assert chosen <= set(shrunk.entries)


def test_it_ends_when_the_time_is_over() -> None:
    """Nothing is tried then."""
    shrunk = shrink(range(ENTRIES), lambda _: True, most_seconds=0.0)
    assert (len(shrunk.entries), shrunk.runs, shrunk.minimal) == (ENTRIES, 0, False)


@pytest.fixture(scope="module")
def mutant() -> Iterator[ServerHandle]:
    """Give the reference with one rule broken: it discards late packages (PGS-WIN-002)."""
    module = "wirebook.reference.pygase"
    words = ("-m", module, "--mutant", "PGS-M005", "server", "--host", "{host}", "--port", "{port}")
    endpoint = Endpoint(command=(sys.executable, *words))
    handle = ServerHandle(Target("mutant", "pygase", None, server=endpoint), probe)
    handle.ensure()
    yield handle
    handle.stop()


def _script_of(count: int) -> Script:
    drawn = draw(Carrier.UDP, 5, BAD, 2 * count).entries
    entries = [one for one in drawn if one.direction is Direction.TO]
    return Script(Carrier.UDP, tuple(one for one in entries if one.place.first >= OPENING)[:count])


def _has_acked(player: Player, sequence: int) -> bool:
    """Tell whether the server has acked a sequence, or a newer one."""
    return sequence <= 0 or any(one.ack >= sequence for one in player.accepted[-1:])


def _is_broken(server: ServerHandle, entries: tuple[Entry, ...]) -> bool:
    """Tell whether the server never acks a package that reaches it under these entries."""
    script = Script(Carrier.UDP, entries)
    last = int(_script_of(ENTRIES).entries[-1].place.first) + 1
    course = script.half(Direction.TO).course()
    fates = [course.next(0, 0.0) for _ in range(last)]
    reaching = {number + 1 for number, fate in enumerate(fates) if fate.delays}
    with UdpRelay(server.address, script) as relay, Player(Link(relay.address)) as player:
        player.playing = False
        newest = 0
        for sequence in range(1, last + 1):
            player.send()
            newest = sequence if sequence in reaching else newest
            player.pump_for(BETWEEN)
            # On a busy machine the server must not get more at a time than its acks can name.
            player.pump(partial(_has_acked, player, newest - AHEAD), 1.0)

        def acked() -> set[int]:
            named = [acked_by(package.ack, package.bits) for package in player.accepted]
            return {sequence for sequences in named for sequence in sequences}

        player.pump(lambda: max(reaching) in acked(), 1.0)
        player.expect_packages(2)
        return not reaching <= acked()


def test_a_schedule_that_breaks_a_mutant_shrinks_to_a_few_entries(mutant: ServerHandle) -> None:
    """Of 200 entries, at most 5 are left, and they still break it."""
    script = _script_of(ENTRIES)
    assert len(script.entries) == ENTRIES
    assert _is_broken(mutant, script.entries)
    shrunk = shrink(script.entries, lambda entries: _is_broken(mutant, entries))
    assert 0 < len(shrunk.entries) <= FEW, shrunk
    replayed = Script.parse(str(script.with_entries(shrunk.entries)))
    assert _is_broken(mutant, replayed.entries), replayed
