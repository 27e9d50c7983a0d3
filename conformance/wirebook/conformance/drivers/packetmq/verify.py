"""What the cases of the server's role claim, each with its proof that the server works meanwhile.

What may live here: positive controls around a claim, and the claims that many cases make: that the
server ignores something, takes its leave for a reason, or closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.raw_client import End, RawClient
from wirebook.conformance.drivers.packetmq.stages import Player, token
from wirebook.conformance.drivers.packetmq.waiting import PATIENCE
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import State

_BETWEEN_QUESTIONS = 0.02


@contextmanager
def unharmed(witness: Player) -> Iterator[None]:
    """Check that the server serves another connection before and after something."""
    witness.check_echo()
    yield
    witness.check_echo()


def expect_leave(client: RawClient, reason: str, *, how: tuple[End, ...] = ()) -> None:
    """Check that the server takes its leave with a reason, and says nothing more.

    Once the softquit is there the client ends its own direction, so that the server has to close.
    `how` says which ends will do; by default any, once the softquit has arrived.
    """
    client.expect_packet(frames.SOFTQUIT, what=f"softquit {reason}")
    said = client.received(frames.SOFTQUIT)[0]
    given = said.value.get("reason") if isinstance(said.value, dict) else None
    if given != reason:
        raise Violation(f"expected softquit {reason}, got {said}")
    client.finish_sending()
    client.expect_end(*how)
    expect_nothing_after_softquit(client)


def expect_nothing_after_softquit(client: RawClient) -> None:
    """Check that a softquit was the last thing that the server said (PMQ-SFQ-001)."""
    if client.malformed:
        raise Violation(f"expected well-formed frames only, got {client.outcome()}")
    if client.packets[-1].id != frames.SOFTQUIT or len(client.received(frames.SOFTQUIT)) > 1:
        after = client.packets[client.packets.index(client.received(frames.SOFTQUIT)[0]) + 1 :]
        raise Violation(f"expected nothing after a softquit, got {', '.join(map(str, after))}")


def expect_close(client: RawClient) -> None:
    """Check that the server closes with FIN and takes no leave (PMQ-SFQ-005, PMQ-SFQ-006)."""
    client.expect_end(End.FIN)
    if client.received(frames.SOFTQUIT):
        raise Violation(f"expected a close without a softquit, got {client.outcome()}")


_REST_OF_HANDSHAKE: Mapping[State | None, bytes] = {
    State.CONN_MADE: frames.init() + frames.pubids() + frames.finish(),
    State.IDCHECK: frames.pubids() + frames.finish(),
    State.ACTIVE: frames.finish(),
}


def check_violation(player: Player, witness: Player, reason: str, *octets: bytes) -> None:
    """Check that octets make the server take its leave, handling what came before, not behind.

    Everything travels in one piece: an echo, if the connection is active, the octets, what is left
    of the handshake, an echo and a broadcast. A server that sees no violation answers the second
    echo; the broadcast would reach the witness, the only place where its effect could show.
    """
    before, behind = token(), token()
    mark, heard = len(player.packets), len(witness.packets)
    with unharmed(witness):
        player.send(
            frames.say(frames.ECHO, before) if player.active else b"",
            *octets,
            _REST_OF_HANDSHAKE.get(player.state, b""),
            frames.say(frames.ECHO, behind),
            frames.say(frames.BROADCAST, behind),
        )
        _expect_no_answer(player, behind, reason)
        expect_leave(player, reason)
    # PMQ-ERR-004
    said = [one for one in player.packets[mark:] if one.id != frames.ITEM]
    expected = [(frames.ECHOED, before)] if player.active else []
    if [(one.id, one.value) for one in said[:-1]] != expected:
        wanted = "an echo and a softquit" if expected else "a softquit only"
        raise Violation(f"expected {wanted}, got {', '.join(map(str, said))}")
    if behind in [one.value for one in witness.received(frames.ITEM, heard)]:
        raise Violation("expected nothing behind a violation to be handled, got its effect")


def _expect_no_answer(player: Player, behind: int, reason: str) -> None:
    """Wait for the server's reaction; an answer to what came behind shows that there is none."""

    def answered() -> bool:
        return any(one.value == behind for one in player.received(frames.ECHOED))

    player.expect(lambda: player.over or player.left or answered(), f"softquit {reason}")
    if answered():
        raise Violation(
            f"expected softquit {reason}, got an answer to the packet behind: it was ignored"
        )


def check_ignored(player: Player, witness: Player, *octets: bytes) -> None:
    """Check that octets change nothing: no answer comes, and the connection goes on as before.

    The player goes on with the handshake from where it is; the server must not have moved.
    """
    with unharmed(witness):
        state, mark = player.state, len(player.packets)
        if player.active:
            player.check_echo()
            mark = len(player.packets)
        player.send(*octets)
        if state is State.CONFIRMED:
            player.check_echo()
        else:
            player.reach(State.CONFIRMED)
        check_no_more_than(player, mark, state)


_REST = {
    State.CONN_MADE: [frames.PUBIDS, frames.FINISH],
    State.IDCHECK: [frames.FINISH],
    State.ACTIVE: [],
    State.CONFIRMED: [],
}


def check_no_more_than(player: Player, mark: int, state: State | None) -> None:
    """Check that the server has said since a mark what the handshake has left, and one echo."""
    expected = [*(_REST[state] if state else []), frames.ECHOED]
    # An item is what others have had broadcast meanwhile.
    said = [one.id for one in player.packets[mark:] if one.id != frames.ITEM]
    if said != expected or player.malformed:
        names = ", ".join(map(frames.name_of, said))
        wanted = ", ".join(map(frames.name_of, expected))
        raise Violation(f"expected {wanted} and nothing else, got {names}")


def until_told(
    witness: Player, condition: Callable[[list[list[Any]]], object], what: str
) -> list[list[Any]]:
    """Ask for the history until it meets a condition, and return it."""
    end = time.monotonic() + witness.link.deadline(PATIENCE)
    while not condition(told := witness.history()):
        if time.monotonic() > end:
            raise Violation(f"expected the application to be told {what}, got {told[-6:]}")
        witness.pump(lambda: False, _BETWEEN_QUESTIONS)
    return told


def expect_lost(witness: Player, number: int, reason: str | None) -> list[list[Any]]:
    """Check that the application is told of a loss with this reason; return all about it.

    Whatever it is told first counts, so that nobody waits for a reason that does not come.
    """

    def of_it(told: list[list[Any]]) -> list[list[Any]]:
        return [one for one in told if one[1:2] == [number]]

    told = until_told(
        witness,
        lambda told: any(one[0] == "lost" for one in of_it(told)),
        f"that connection {number} is lost",
    )
    (lost, *_) = [one for one in of_it(told) if one[0] == "lost"]
    if lost != ["lost", number, reason]:
        raise Violation(
            f"expected the application to be told that connection {number} is lost with "
            f"{reason!r:.60}, got {lost!r:.100}"
        )
    return of_it(told)


def check_softquit(player: Player, witness: Player, octets: bytes, reason: str) -> None:
    """Check that a softquit's payload closes the connection, and is told with that reason."""
    number = player.number()
    with unharmed(witness):
        player.send(frames.packet(frames.SOFTQUIT, octets))
        expect_close(player)
        expect_lost(witness, number, reason)
