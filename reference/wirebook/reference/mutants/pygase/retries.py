"""Mutants of acks and losses of events: who is told, and what is sent again.

What may live here: what becomes of an event once its package has been sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase.core.happenings import EventAcked, EventLost
from wirebook.reference.pygase.core.outbox import Flight, Outgoing, Sent
from wirebook.reference.pygase.core.peer import Peer


@mutant(
    "PGS-M227",
    "PGS-EVT-012",
    "A server runs an ack callback when the event is sent.",
    role="server",
)
def acked_when_sent() -> None:
    """Report the ack with the package that carries the event, and no more."""

    @override(Peer, "_launch")
    def _launch(
        original: Callable[..., None],
        peer: Peer,
        datagram: bytes,
        events: list[Outgoing],
        now: float,
    ) -> None:
        for event in events:
            if event.context is not None:
                peer._happenings.append(EventAcked(peer, event.context))
        original(peer, datagram, [replace(event, context=None) for event in events], now)


@mutant("PGS-M228", "PGS-EVT-012", "A client runs an ack callback twice.", role="client")
def acked_twice() -> None:
    """Report every ack again."""

    @override(Peer, "_accept")
    def _accept(original: Callable[..., bool], peer: Peer, *arguments: Any) -> bool:
        known = len(peer._happenings)
        acked = original(peer, *arguments)
        news = list(peer._happenings)[known:]
        peer._happenings.extend(one for one in news if isinstance(one, EventAcked))
        return acked


@mutant("PGS-M229", "PGS-EVT-012", "A server never runs an ack callback.", role="server")
def never_acked() -> None:
    """Keep acks from those who asked for them."""

    @override(Peer, "_accept")
    def _accept(original: Callable[..., bool], peer: Peer, *arguments: Any) -> bool:
        acked = original(peer, *arguments)
        left = [one for one in peer._happenings if not isinstance(one, EventAcked)]
        peer._happenings.clear()
        peer._happenings.extend(left)
        return acked


@mutant(
    "PGS-M237",
    "PGS-EVT-012",
    "A client runs an ack callback also when the event is lost.",
    role="client",
)
def lost_is_acked() -> None:
    """Report an ack in place of a loss."""

    @override(Peer, "_retry")
    def _retry(original: Callable[..., None], peer: Peer, sent: Sent) -> None:
        known = len(peer._happenings)
        original(peer, sent)
        for place, one in list(enumerate(peer._happenings))[known:]:
            if isinstance(one, EventLost):
                peer._happenings[place] = EventAcked(one.peer, one.context)


def _with_retries(
    change: Callable[[int], int],
) -> Callable[..., None]:
    def dispatch(
        original: Callable[..., None], peer: Peer, event: bytes, *, retries: int = 0, **options: Any
    ) -> None:
        original(peer, event, retries=change(retries), **options)

    return dispatch


@mutant(
    "PGS-M230",
    "PGS-EVT-013",
    "A server sends an event with n retries n + 2 times.",
    role="server",
)
def one_try_too_many() -> None:
    """Count the first try among none."""
    override(Peer, "dispatch")(_with_retries(lambda retries: retries + 1 if retries else 0))


@mutant("PGS-M231", "PGS-EVT-013", "A client sends no event again.", role="client")
def no_retries() -> None:
    """Forget how many were asked for."""
    override(Peer, "dispatch")(_with_retries(lambda _: 0))


@mutant("PGS-M232", "PGS-EVT-013", "A client sends an event with n retries n times.", role="client")
def one_try_too_few() -> None:
    """Count the first try among the retries."""
    override(Peer, "dispatch")(_with_retries(lambda retries: max(0, retries - 1)))


@mutant("PGS-M239", "PGS-EVT-013", "A client sends an event again and again.", role="client")
def endless_retries() -> None:
    """Give every lost event as many retries as it had."""

    @override(Peer, "_retry")
    def _retry(original: Callable[..., None], peer: Peer, sent: Sent) -> None:
        events = tuple(
            replace(event, retries=event.retries + 1) if event.retries else event
            for event in sent.events
        )
        original(peer, Sent(sent.at, events))


@mutant(
    "PGS-M233",
    "PGS-EVT-013",
    "A server sends an event again although it was acked, as long as retries are left.",
    role="server",
)
def acked_and_sent_again() -> None:
    """Let what has landed be lost a second after it was sent, without a callback."""

    @override(Flight, "land")
    def land(original: Callable[..., list[Sent]], flight: Flight, *ack: int) -> list[Sent]:
        landed = original(flight, *ack)
        for number, sent in enumerate(landed):
            events = tuple(replace(event, context=None) for event in sent.events if event.retries)
            if events:
                # No ack names such a sequence.
                flight._packages[-1_000_000 - number - len(flight)] = Sent(sent.at, events)
        return landed
