"""A client on bad networks: losses, duplicates, late datagrams, silence for a while.

What may live here: cases that play schedules of their own, whatever the network of the run is. What
the network loses here is lost for good; the raw server sends nothing again that a server would not.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.cases.pygase.network_scripts import (
    BAD,
    DOUBLING,
    LOSING,
    OPENING,
    cut_off,
    drawn,
    late,
    reached,
    spoilt,
    window_of,
)
from wirebook.conformance.drivers.pygase.model import (
    TO_DELETE,
    acked_by,
    after,
    merge,
    same,
)
from wirebook.conformance.drivers.pygase.pace import BAD as SLOW
from wirebook.conformance.drivers.pygase.pace import GOOD
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.drivers.pygase.raw_server_arrivals import Arrival
from wirebook.conformance.drivers.pygase.raw_server_loop import INTERVAL
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.network import CaseNetwork, Script
from wirebook.conformance.verdicts import Inconclusive, Violation

PATIENCE = 6.0
"""Seconds for what may have to be sent several times."""
HELD_UP = 0.060
"""Seconds: a loop of ours that was later than this is no measure of what the client does."""

Behind = Callable[[Script], None]
"""Has the client connect to the raw server by a network that plays a script."""

again = pytest.mark.parametrize("turn", range(2))
"""Another schedule each time."""


@pytest.fixture
def behind(network: CaseNetwork, client: ClientUnderTest) -> Behind:
    """Give what has the client connect on a bad network; the raw server then goes on by itself."""

    def connect(script: Script) -> None:
        network.play(script)
        client.open()
        client.server.serving = True

    return connect


@requires("PGS-SYN-021", "PGS-SYN-023", "PGS-SYN-020", "PGS-MRG-001")
def test_state_is_in_step_in_the_end(
    client: ClientUnderTest, raw_server: RawServer, behind: Behind, rng: random.Random
) -> None:
    """After the last change, the client holds the server's state, whatever was lost before it."""
    behind(drawn(rng, BAD))
    raw_server.serving = False
    changes: dict[int, dict[str, Any]] = {}
    order, state = 0, dict[str, Any]()
    for order in range(1, 81):
        changes[order] = {f"at {order % 5}": order, f"at {(order + 2) % 5}": TO_DELETE}
        state = merge(state, changes[order])
        _send_changes(raw_server, changes)
        raw_server.pump(INTERVAL)
    end = raw_server.now() + PATIENCE
    while raw_server.reported != order and raw_server.now() < end:
        _send_changes(raw_server, changes)
        raw_server.pump(INTERVAL)
    if raw_server.reported != order:
        raise Violation(f"expected a report of time order {order}, got {raw_server.reported}")
    held = client.attributes()
    if not same(held, state):
        raise Violation(f"expected the state {state}, got {held}")


@requires("PGS-WIN-003", "PGS-EVT-020", "PGS-WIN-005")
def test_handles_each_event_once(
    client: ClientUnderTest, raw_server: RawServer, behind: Behind, rng: random.Random
) -> None:
    """However often and late its package comes, an event is handled once, if it comes at all."""
    client.handle("NUMBER")
    behind(drawn(rng, DOUBLING))
    sent = {}
    for number in range(60):
        sent[raw_server.send(Event("NUMBER", [number]))] = number
        raw_server.pump(0.02)
    raw_server.pump(0.15)
    arrived = sorted(sent[one] for one in set(reached(raw_server.line)) & set(sent))

    def handled() -> list[int]:
        return [event.args[0] for event in client.received("NUMBER")]

    client.until(
        lambda: len(handled()) >= len(arrived),
        lambda: (
            f"expected every event that arrived to be handled, but not "
            f"{sorted(set(arrived) - set(handled()))}"
        ),
    )
    raw_server.pump(0.1)
    if sorted(handled()) != arrived:
        twice = sorted({one for one in handled() if handled().count(one) > 1})
        raise Violation(f"expected each event to be handled once, got {twice} more than once")


@requires("PGS-EVT-013", "PGS-EVT-012", "PGS-ACK-004", "PGS-ACK-005")
def test_retries_until_the_event_has_arrived(
    client: ClientUnderTest, raw_server: RawServer, behind: Behind, rng: random.Random
) -> None:
    """With retries, an event comes through losses, and its ack callback runs once."""
    tags = [f"tag {number}" for number in range(8)]
    behind(drawn(rng, LOSING))
    raw_server.until(lambda: len(raw_server.arrivals) > OPENING, PATIENCE, lambda: "no packages")
    for tag in tags:
        client.dispatch(Event("TAGGED", [tag]), retries=9, tag=tag)
        raw_server.pump(0.03)
    client.until(
        lambda: all(client.acked(tag) for tag in tags),
        lambda: f"expected every ack callback to run, not for {_without_ack(client, tags)}",
        seconds=PATIENCE,
        prompt=False,
    )
    raw_server.pump(0.2)
    for tag in tags:
        client.check_acked(tag, 1, "after the event has arrived")


@requires("PGS-ACK-002", "PGS-ACK-001", "PGS-WIN-001", "PGS-WIN-002", "PGS-WIN-003")
@again
def test_acks_what_has_arrived(
    raw_server: RawServer, behind: Behind, rng: random.Random, turn: int
) -> None:
    """Acks name nothing that was lost, and in the end all that has come."""
    del turn
    behind(drawn(rng, BAD))
    raw_server.pump(1.5)
    raw_server.serving = False
    raw_server.pump(0.15)
    last = raw_server.expect_next(2)[-1]
    arrived = set(reached(raw_server.line))
    for arrival in raw_server.arrivals:
        if unfounded := acked_by(arrival.ack, arrival.bits) - arrived:
            raise Violation(
                f"expected acks of what has arrived only, got {sorted(unfounded)} in {arrival}"
            )
    right = window_of(raw_server.line)
    if (last.ack, last.bits) != (right.ack, right.bits):
        raise Violation(f"expected ack {right.ack} bits {right.bits:032b} in the end, got {last}")


@requires("PGS-TIM-002", "PGS-TIM-001", "PGS-CON-002")
@slow
def test_stands_a_short_silence(
    client: ClientUnderTest, raw_server: RawServer, behind: Behind
) -> None:
    """A network that is gone for two seconds ends no connection: it goes on where it was."""
    behind(cut_off(0.4, 2.6))
    raw_server.pump(2.5)
    client.check_status("Connected", "after two seconds of silence")
    before = raw_server.arrivals[-1].sequence
    client.dispatch(Event("TAGGED", ["after"]), retries=2, tag="after")
    client.until(
        lambda: client.acked("after"),
        lambda: "expected an ack of an event after the silence",
        prompt=False,
    )
    _check_goes_on(raw_server.arrivals, before)


@requires("PGS-CON-002")
@slow
def test_gives_up_after_a_long_silence(
    client: ClientUnderTest, raw_server: RawServer, behind: Behind
) -> None:
    """When its time-out is over, a client sends nothing more, although the network is back."""
    behind(cut_off(0.3, 5.7))
    raw_server.pump(5.6)
    client.wait_status("Disconnected", "5.3 s after the last package arrived")
    sent = len(raw_server.arrivals)
    raw_server.pump(0.6)
    if len(raw_server.arrivals) > sent:
        raise Violation(f"expected silence after the time-out, got {raw_server.arrivals[-1]}")


@requires("PGS-ERR-001", "PGS-HDR-002", "PGS-WIN-006")
def test_discards_what_was_damaged(
    client: ClientUnderTest, raw_server: RawServer, behind: Behind, rng: random.Random
) -> None:
    """A datagram whose protocol id is damaged counts as lost, and the connection lives on."""
    behind(spoilt(rng, 16))
    raw_server.until(lambda: raw_server.sequence > OPENING + 52, PATIENCE, lambda: "too slow")
    newest = raw_server.sequence
    raw_server.expect(lambda one: one.ack >= newest, f"an ack of package {newest}")
    spoilt_ones = set(range(1, newest)) - set(reached(raw_server.line))
    named = {one for arrival in raw_server.arrivals for one in acked_by(arrival.ack, arrival.bits)}
    if wrong := named & spoilt_ones:
        raise Violation(f"expected no ack of a damaged package, got {sorted(wrong)}")
    client.check_status("Connected", "after damaged packages")


@requires("PGS-CGA-002", "PGS-CGA-004", "PGS-CGA-005")
@slow
def test_slows_down_on_a_slow_network_and_recovers(
    raw_server: RawServer, behind: Behind, rng: random.Random
) -> None:
    """While packages take long and some are lost, half as many are sent, and then all again."""
    behind(late(rng, 0.4, OPENING + 100))
    _until_rate(raw_server, 4.0, lambda rate: rate < (GOOD + SLOW) / 2, "20 on a slow network")
    _until_rate(raw_server, 8.0, lambda rate: rate > 0.85 * GOOD, "40 when it is fast again")


@requires("PGS-TIM-001", "PGS-CGA-002")
def test_takes_no_loss_for_latency(
    raw_server: RawServer, behind: Behind, rng: random.Random
) -> None:
    """A third of the packages is lost, none is slow: the rate stays as it is."""
    behind(drawn(rng, LOSING))
    raw_server.pump(0.6)
    _until_rate(raw_server, 3.0, lambda rate: rate > 0.85 * GOOD, "40 while a third is lost")


def _send_changes(server: RawServer, changes: dict[int, dict[str, Any]]) -> None:
    """Send what has changed since the state that the client has reported."""
    update: dict[str, Any] = {}
    for order in range(server.reported + 1, len(changes) + 1):
        update |= changes[order]
    server.send(update={**update, "time_order": len(changes)}, told=False)


def _without_ack(client: ClientUnderTest, tags: list[str]) -> str:
    return ", ".join(tag for tag in tags if not client.acked(tag))


def _until_rate(server: RawServer, within: float, fits: Callable[[float], bool], what: str) -> None:
    """Measure the rate until it fits."""
    end = time.monotonic() + within
    while True:
        rate = server.rate(0.5)
        if fits(rate.per_second):
            return
        if time.monotonic() >= end:
            break
    if rate.lag > HELD_UP:
        raise Inconclusive(f"the suite itself was held up for {rate.lag * 1000:.0f} ms")
    raise Violation(f"expected {what} packages per second, got {rate}")


def _check_goes_on(arrivals: list[Arrival], before: int) -> None:
    if not any(one.package and one.sequence == after(before) for one in arrivals):
        raise Violation(f"expected the connection to go on after package {before}, it began anew")
