"""What the cases of the client's role claim, each with its proof that the client works meanwhile.

What may live here: positive controls around a claim, and the claims that many cases make: that the
client ignores something, or takes its leave for a reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, lost, made, received
from wirebook.conformance.drivers.packetmq.player import advance, join
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.drivers.values import same
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import State

ITEM, ECHO = "conformance:item", "conformance:echo"
TOKENS = itertools.count(1000)
"""Payloads that nobody has sent before; integers, because every implementation can send them."""


@contextmanager
def about(client: SteeredClient, what: str) -> Iterator[None]:
    """Say in the record and in the reason of a verdict which of several inputs it is about."""
    client.server.note(f"Now for {what}.")
    try:
        yield
    except Violation as violation:
        raise Violation(f"{what}: {violation}") from None


def control(client: SteeredClient, line: Line) -> int:
    """Check that packets go both ways on a connection; return the payload that they had."""
    token, heard = next(TOKENS), len(client.notified(line))
    line.say(line.ids[ITEM], token)
    client.until(
        lambda: received(ITEM, token) in client.notified(line)[heard:],
        lambda: f"expected {ITEM} {token} to be received, got {client.notified(line)[heard:]}",
    )
    check_sends(client, line, token)
    return token


def check_sends(client: SteeredClient, line: Line, payload: Any) -> None:
    """Check that a packet of the client arrives with the id of this connection."""
    count = len(line.packets)
    client.send(ECHO, payload, line)
    packet_id = line.ids[ECHO]
    client.until(lambda: line.packets[count:] or line.flaw, lambda: f"expected {ECHO}, got {line}")
    line.check()
    packet = line.packets[count]
    if packet.id != packet_id or not same(packet.value, payload):
        raise Violation(f"expected packet {packet_id} with {payload!r:.60}, got {packet}")


def control_elsewhere(client: SteeredClient) -> None:
    """Check that packets go both ways on another connection, the same one each time."""
    if client.witness is None:
        client.witness = join(client)
    control(client, client.witness)


def expect_leave(client: SteeredClient, line: Line, reason: str) -> None:
    """Check that the client takes its leave with a reason, tells it, and says nothing more.

    Once the softquit is there the server ends its own direction, so that the client has to close.
    """
    client.server.expect(line, frames.SOFTQUIT, seconds=client.patience())
    if line.reason != reason:
        said = line.of_kind(frames.SOFTQUIT)[0]
        raise Violation(f"expected a softquit with {reason}, got {said}")
    told = client.wait_lost(line)
    if told != reason:
        raise Violation(f"expected the application to be told {reason}, got {told}")
    line.half_close()
    client.server.expect_end(line, client.patience())
    expect_nothing_after_softquit(line)


def expect_refusal(client: SteeredClient, line: Line, reason: str) -> None:
    """Check that the client takes its leave, and has not finished the handshake (PMQ-HSK-007)."""
    expect_leave(client, line, reason)
    if frames.FINISH in line.kinds:
        raise Violation(f"expected no handshake_finish for a server that is left, got {line}")


def expect_nothing_after_softquit(line: Line) -> None:
    """Check that a softquit was the last thing that the client has said."""
    line.check()
    after = line.kinds[line.kinds.index(frames.SOFTQUIT) + 1 :]
    if after:
        raise Violation(f"expected nothing after a softquit, got {_named(after)}")


def check_violation(client: SteeredClient, line: Line, reason: str, *octets: bytes) -> None:
    """Check that octets make the client take its leave, handling what came before, not behind.

    Everything travels in one piece: a packet if the client is active, the octets, and a packet.
    """
    told = client.notified(line)
    active = frames.FINISH in line.kinds
    first, last, item = next(TOKENS), next(TOKENS), line.ids[ITEM]
    line.send_all([frames.say(item, first) if active else b"", *octets, frames.say(item, last)])
    expect_leave(client, line, reason)
    control_elsewhere(client)
    # PMQ-ERR-004, PMQ-LST-001
    handled = [received(ITEM, first)] if active else []
    client.wait_notified(line, *told, *handled, lost(reason))


_REST = {
    State.CONN_MADE: [frames.PUBIDS, frames.FINISH],
    State.IDCHECK: [frames.FINISH],
    State.ACTIVE: [],
    State.CONFIRMED: [],
}
"""What the client still has to say in each state until the handshake is over."""


def check_ignored(client: SteeredClient, line: Line, state: State, *octets: bytes) -> None:
    """Check that octets change nothing: the handshake goes on as if they had not come.

    `state` is the one that the client is in; it is brought to an active connection from there.
    """
    if state is State.CONFIRMED:
        control(client, line)
    said, told = len(line.packets), client.notified(line)
    line.send_all(octets)
    advance(client, line, state, State.CONFIRMED)
    token = control(client, line)
    expected = [*_REST[state], line.ids[ECHO]]
    if line.kinds[said:] != expected:
        raise Violation(f"expected {_named(expected)}, got {_named(line.kinds[said:])}")
    begun = [] if state is State.CONFIRMED else [made()]
    client.wait_notified(line, *told, *begun, received(ITEM, token))


def _named(kinds: list[int]) -> str:
    return ", ".join(map(frames.name_of, kinds)) or "nothing"
