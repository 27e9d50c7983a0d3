"""Cases: how the connections of a client end, and what its application is told of it.

What may live here: softquits in both directions, the end of the stream, resets. What takes seconds
is in `test_packetmq_client_timers.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import (
    SteeredClient,
    lost,
    made,
    received,
    unused_address,
)
from wirebook.conformance.drivers.packetmq.player import ORDER, advance, bring_to, join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.drivers.packetmq.verify_client import (
    ECHO,
    ITEM,
    check_sends,
    control,
    control_elsewhere,
    expect_leave,
    expect_nothing_after_softquit,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.packetmq.states import Reason, State

BYE = "reason.bye"
WAITING, WAITING_OCTETS = 40, 50_000
"""Packets that wait to be sent: more than a socket takes, less than the limit of 4 MiB."""
BEHIND = {"little": 100, "much": 300_000}
"""Octets behind a violation: few enough to be read with it, or too many."""

REASONS = {
    "dotted": "reason.of.ours",
    "empty": "",
    "without-dots": "no dots, but spaces",
    "not-ascii": "Grüße 😀",
    "long": "x" * 3000,
}

in_every_state = pytest.mark.parametrize(
    "state", ORDER, ids=[state.name.lower().replace("_", "-") for state in ORDER]
)


def told_so_far(state: State) -> list[tuple[str]]:
    """Return what the application has been told in a state."""
    return [made()] if state is State.CONFIRMED else []


def expect_closed(client: SteeredClient, server: RawServer, line: Line) -> None:
    """Check that the client closes, and that it has not answered with a softquit."""
    server.expect_end(line, client.patience())
    if frames.SOFTQUIT in line.kinds:
        raise Violation(f"expected no softquit, got {line}")


@in_every_state
@requires("PMQ-LST-005", "PMQ-LST-001", "PMQ-SFQ-001", "PMQ-INT-004")
def test_softquit(client: SteeredClient, state: State) -> None:
    """A client that takes leave sends the reason, tells its application, and then nothing."""
    line = bring_to(client, state)
    client.softquit(line, BYE)
    expect_leave(client, line, BYE)
    control_elsewhere(client)
    client.wait_notified(line, *told_so_far(state), lost(BYE))


@pytest.mark.parametrize("reason", [None, *REASONS.values()], ids=["none", *REASONS])
@requires("PMQ-LST-005", "PMQ-INT-004", "PMQ-LST-001")
def test_reason_of_softquit(client: SteeredClient, reason: str | None) -> None:
    """The reason of the application is sent as it is, and `reason.unknown` if it gives none."""
    line = join(client)
    client.softquit(line, reason)
    expect_leave(client, line, Reason.UNKNOWN if reason is None else reason)


@requires("PMQ-SFQ-001", "PMQ-EXC-005")
def test_sends_nothing_after_softquit(client: SteeredClient, raw_server: RawServer) -> None:
    """A client that has taken leave sends nothing more, whatever its application asks for."""
    line = join(client)
    client.softquit(line, BYE)
    raw_server.expect(line, frames.SOFTQUIT, seconds=client.patience())
    client.try_to_send(ECHO, 1, line)
    line.say(frames.FINISH)
    line.say(frames.ITEM, 1)
    control_elsewhere(client)
    expect_nothing_after_softquit(line)


@requires("PMQ-SFQ-002", "PMQ-SFQ-001", "PMQ-LST-001")
def test_drops_what_comes_after_its_softquit(client: SteeredClient) -> None:
    """Whatever comes after the client's softquit, good or bad, is dropped unread."""
    for data in (
        frames.say(frames.ITEM, 1),
        frames.say(999, 1),
        frames.packet(frames.ITEM, b"\xc1"),
        frames.frame(b"", claim=1 << 31) + bytes(1000),
        frames.softquit("reason.other"),
        frames.finish(),
    ):
        line = join(client)
        client.softquit(line, BYE)
        line.send(data)
        expect_leave(client, line, BYE)
        control_elsewhere(client)
        client.wait_notified(line, made(), lost(BYE))


@pytest.mark.parametrize("octets", list(BEHIND.values()), ids=list(BEHIND))
@requires("PMQ-SFQ-004", "PMQ-ERR-002", "PMQ-SFQ-002")
def test_softquit_arrives(client: SteeredClient, raw_server: RawServer, octets: int) -> None:
    """The softquit after a violation arrives behind all that waits, whatever comes meanwhile."""
    line = let_wait(client)
    line.send(frames.say(999, 1) + bytes(octets))
    control_elsewhere(client)
    line.reading = True
    raw_server.expect(line, frames.SOFTQUIT, seconds=client.patience())
    expect_leave(client, line, Reason.UNKNOWN_PACKET)
    check_waiting(line)


def let_wait(client: SteeredClient) -> Line:
    """Have packets wait to be sent in the client, because the server does not read."""
    line = join(client, address=client.server.listen(narrow=True))
    line.reading = False
    for number in range(WAITING):
        client.send(ECHO, [number, bytes(WAITING_OCTETS)], line)
    return line


def take_slowly(client: SteeredClient, line: Line) -> None:
    """Take what waits a little at a time, and have the client do something else in between.

    A client may stop reading while much waits. It comes to the server's end only now, and has to
    do so before everything has gone.
    """
    for _ in range(WAITING):
        line.sip(WAITING_OCTETS)
        control_elsewhere(client)


def check_waiting(line: Line) -> None:
    """Check that all that waited has come."""
    numbers = [packet.value[0] for packet in line.of_kind(frames.ECHO)]
    if numbers != list(range(WAITING)):
        raise Violation(f"expected {WAITING} packets before the end, got {len(numbers)}")


@in_every_state
@requires("PMQ-SFQ-005", "PMQ-SFQ-006", "PMQ-LST-001")
def test_server_takes_leave(client: SteeredClient, raw_server: RawServer, state: State) -> None:
    """A client that gets a softquit closes, answers nothing, and tells its application why."""
    line = bring_to(client, state)
    line.send(frames.softquit(BYE))
    client.wait_notified(line, *told_so_far(state), lost(BYE))
    expect_closed(client, raw_server, line)
    control_elsewhere(client)
    client.wait_notified(line, *told_so_far(state), lost(BYE))


@pytest.mark.parametrize("reason", list(REASONS.values()), ids=list(REASONS))
@requires("PMQ-LST-006", "PMQ-LST-001")
def test_reason_of_server(client: SteeredClient, raw_server: RawServer, reason: str) -> None:
    """A reason that the client does not know is a text for its application."""
    line = join(client)
    line.send(frames.softquit(reason))
    client.wait_notified(line, made(), lost(reason))
    expect_closed(client, raw_server, line)


@requires("PMQ-LST-001", "PMQ-SFQ-002", "PMQ-SFQ-006")
def test_both_take_leave(client: SteeredClient, raw_server: RawServer) -> None:
    """When both sides take leave at once, the application is told once."""
    for _ in range(5):
        line = join(client)
        line.send(frames.softquit("reason.server"))
        if error := client.try_to_softquit(line, BYE):
            client.server.note(f"The client had been left before: {error}")
        told = client.wait_lost(line)
        line.half_close()
        raw_server.expect_end(line, client.patience())
        control_elsewhere(client)
        if told not in ("reason.server", BYE):
            raise Violation(f"expected the reason of one of the softquits, got {told}")
        client.wait_notified(line, made(), lost(told))


def say_softquit(_: SteeredClient, line: Line) -> None:
    """Have the server take its leave."""
    line.send(frames.softquit(BYE))


def say_softquit_and_more(client: SteeredClient, line: Line) -> None:
    """Have the server take its leave, and say more after the client has read that."""
    line.send(frames.softquit(BYE))
    control_elsewhere(client)
    line.say(frames.ITEM, "nobody reads this")


def end_stream(_: SteeredClient, line: Line) -> None:
    """Have the server end its stream without a softquit."""
    line.half_close()


ENDINGS: Mapping[str, Callable[[SteeredClient, Line], None]] = {
    "softquit": say_softquit,
    "softquit-and-more": say_softquit_and_more,
    "end-of-stream": end_stream,
}


@pytest.mark.parametrize("end", list(ENDINGS.values()), ids=list(ENDINGS))
@requires("PMQ-SFQ-005", "PMQ-LST-003")
def test_what_waits_is_sent(
    client: SteeredClient, raw_server: RawServer, end: Callable[[SteeredClient, Line], None]
) -> None:
    """What waits to be sent when the server ends is sent as far as the server takes it."""
    line = let_wait(client)
    end(client, line)
    control_elsewhere(client)
    if lost(Reason.OVERFLOW) in client.notified(line):
        raise Inconclusive("the client's limit is too small for anything to wait")
    take_slowly(client, line)
    line.reading = True
    raw_server.expect_end(line, client.patience())
    check_waiting(line)


@in_every_state
@requires("PMQ-LST-003", "PMQ-LST-001")
def test_end_of_stream(client: SteeredClient, raw_server: RawServer, state: State) -> None:
    """When the server ends its stream, the client closes and says that there was no softquit."""
    line = bring_to(client, state)
    line.half_close()
    client.wait_notified(line, *told_so_far(state), lost(None))
    expect_closed(client, raw_server, line)
    control_elsewhere(client)
    client.wait_notified(line, *told_so_far(state), lost(None))


@requires("PMQ-LST-003", "PMQ-EXC-001")
def test_frames_before_the_end(client: SteeredClient, raw_server: RawServer) -> None:
    """Whole frames before the end of the stream count; one that is not whole does not."""
    whole = [frames.say(frames.ITEM, number) for number in range(3)]
    for cut in (0, 1, 4, 6, len(whole[0]) - 1):
        line = join(client)
        line.send(b"".join(whole) + whole[0][:cut])
        line.half_close()
        items = [received(ITEM, number) for number in range(3)]
        client.wait_notified(line, made(), *items, lost(None))
        expect_closed(client, raw_server, line)


@in_every_state
@requires("PMQ-LST-004", "PMQ-LST-001", "PMQ-ERR-001")
def test_reset(client: SteeredClient, state: State) -> None:
    """When a connection is reset, the application is told so, and the others go on."""
    other = join(client)
    line = bring_to(client, state)
    line.reset()
    client.wait_notified(line, *told_so_far(state), lost(None))
    control(client, other)
    control_elsewhere(client)
    client.wait_notified(line, *told_so_far(state), lost(None))


@requires("PMQ-LST-001")
def test_nobody_there(client: SteeredClient) -> None:
    """A connection that could not be made is lost without a reason, and the next one works."""
    number = client.begin_to_connect(unused_address())
    client.wait_notified_of(number, lost(None))
    control_elsewhere(client)
    client.wait_notified_of(number, lost(None))


@pytest.mark.parametrize("adapt", [True, False], ids=["adaptive", "enforcing"])
@requires("PMQ-EXC-005")
def test_refuses_to_send_before_active(client: SteeredClient, adapt: bool) -> None:
    """A packet of the application is refused to the caller until the client is active."""
    if not adapt:
        client.register(adapt=False)
    for state in (State.CONN_MADE, State.IDCHECK):
        line = bring_to(client, state)
        if client.try_to_send(ECHO, 1, line) is None:
            raise Violation(f"expected a packet to be refused in the state {state.value}")
        said = len(line.packets)
        advance(client, line, state, State.ACTIVE)
        if any(packet.id not in frames.INTERNAL.values() for packet in line.packets[said:]):
            raise Violation(f"expected no packet of the application before active, got {line}")
        # Active, though unconfirmed, is active.
        check_sends(client, line, 1)
        advance(client, line, State.ACTIVE, State.CONFIRMED)
        control(client, line)
