"""PyGaSe's observable rules: each is seen broken, and nothing is said of what may be in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers_sessions import (
    INTERVAL,
    Sent,
    capture,
    changed,
    of,
    pygase_session,
    transfer,
    transfers,
)
from wirebook.conformance import passive
from wirebook.conformance.passive import Ledger

KEPT = Path(__file__).parent / "captures" / "pygase-0.3.1-behind-losses.pcap"
EVENT: dict[str, Any] = {"type": "E", "handler_args": [], "handler_kwargs": {}}
# 13 octets of update with a float of 64 bits in it.
WIDE = bytes.fromhex("82aa74696d655f6f7264657200a178cb3ff8000000000000")


def judged(packages: list[Sent]) -> Ledger:
    return passive.judge("pygase", capture(transfers(packages)))


def found(packages: list[Sent]) -> set[tuple[str, str]]:
    return {(one.role, one.requirement) for one in judged(packages).breaches}


# Sessions in which all is well


@pytest.mark.parametrize(
    "session",
    [
        pygase_session(),
        pygase_session(lost=(5, 6, 20)),
        pygase_session(lost_behind=(5, 6, 20)),
        pygase_session(100, lost=range(10, 50)),
        pygase_session(100, lost_behind=range(10, 50)),
        pygase_session(100, first=65500)[20:],
        pygase_session()[11:],
        pygase_session()[12:],
        pygase_session()[:31],
        of("client", pygase_session(40)),
        [
            replace(one, at=one.at + (0.011 if n == 20 else 0))
            for n, one in enumerate(pygase_session())
        ],
    ],
    ids=[
        "whole",
        "losses",
        "losses-behind",
        "gap-beyond-the-window",
        "gap-behind",
        "wrap",
        "from-the-middle",
        "from-the-middle-client-first",
        "to-the-middle",
        "one-side-only",
        "late",
    ],
)
def test_nothing_is_said_of_a_good_session(session: list[Sent]) -> None:
    """Losses, a capture that begins or ends in the middle and wrapping numbers are no breaches."""
    assert found(session) == set()


def test_numbers_that_wrap_are_no_new_session() -> None:
    """Sequence 1 after 65535 goes on with the connection."""
    session = pygase_session(100, first=65500)
    assert judged(session[20:]).held()["PGS-WIN-001"] > 1000
    assert "begun anew" not in " ".join(one.text for one in judged(session).open)


def test_packages_may_pass_in_another_order() -> None:
    """What comes late or twice is judged by its sequence, not by its place."""
    session = pygase_session()
    client, server = of("client", session), of("server", session)
    client[10], client[11] = client[11], client[10]
    server[20], server[21] = server[21], server[20]
    mixed = [one for pair in zip(client, server, strict=True) for one in pair]
    # Neither side has had the other's any earlier, so that only the order of one side is another.
    moved = [replace(one, at=0.0) for one in [*client[:12], *mixed]]
    assert not {rule for _, rule in found(moved)} & {"PGS-WIN-001", "PGS-SEQ-001"}


def test_session_that_begins_in_the_middle_says_what_is_open() -> None:
    """What names packages from before the capture is told, not judged."""
    entries = [one.text for one in judged(pygase_session()[12:]).open]
    assert "acks of the server of what came before the capture" in entries


def test_other_traffic_is_passed_over() -> None:
    """Datagrams of another protocol are counted and left alone."""
    other = transfer(0.0, "client", b"\x12\x34\x01\x00\x00\x01", client="127.0.0.1:6000")
    ledger = passive.judge("pygase", capture([other, *transfers(pygase_session(5))]))
    assert (len(ledger.sessions), ledger.passed_over, ledger.breaches) == (1, 1, [])


def test_client_that_begins_anew_is_another_session() -> None:
    """Sequence 1 once more, on the same ports, is no number used twice."""
    session = pygase_session(20)
    again = [replace(one, at=one.at + 3) for one in pygase_session(20)]
    again[0] = replace(again[0], events=[EVENT])
    assert found(session + again) == set()


# Each rule, broken


Spoil = Callable[[list[Sent]], list[Sent]]


def acks(place: int, role: str, ack: int, bits: int) -> Spoil:
    def spoil(session: list[Sent]) -> list[Sent]:
        return changed(session, of(role, session)[place], ack=ack, bits=bits)

    return spoil


def with_(place: int, role: str, **changes: Any) -> Spoil:
    return lambda session: changed(session, of(role, session)[place], **changes)


def last_of_client(data: bytes) -> Spoil:
    """The client ends with something else, which nobody answers."""

    def spoil(session: list[Sent]) -> list[Sent]:
        return changed(session[:-1], session[-2], data=data)

    return spoil


def doubled(session: list[Sent]) -> list[Sent]:
    one = of("server", session)[10]
    other = replace(one, at=one.at + 0.001, events=[EVENT])
    return sorted([*session, other], key=lambda each: each.at)


def deaf(role: str) -> Spoil:
    """The other side falls silent, and this one goes on for ten seconds."""

    def spoil(session: list[Sent]) -> list[Sent]:
        last = of(role, session)[-1]
        going_on = [
            replace(last, at=last.at + n * INTERVAL, sequence=last.sequence + n)
            for n in range(1, 400)
        ]
        return session + going_on

    return spoil


def hasty(session: list[Sent]) -> list[Sent]:
    """The client sends twice as many packages as it may."""
    own = of("client", session)
    last = own[-1]
    more = [
        replace(last, at=last.at + n * INTERVAL / 4, sequence=last.sequence + n)
        for n in range(1, 500)
    ]
    answers = [replace(of("server", session)[-1], at=last.at + n) for n in range(1, 7)]
    answers = [replace(one, sequence=one.sequence + n) for n, one in enumerate(answers, 1)]
    return sorted([*session, *more, *answers], key=lambda each: each.at)


def reflecting(count: int, size: int) -> Spoil:
    """A server answers one package of a client that says nothing more."""

    def spoil(session: list[Sent]) -> list[Sent]:
        first = of("client", session)[0]
        events = [{**EVENT, "type": "E" * size}] if size else []
        answers = [Sent(0.01 * (n + 1), "server", n + 1, 1, 0, events=events) for n in range(count)]
        return [first, *answers]

    return spoil


def answering_rubbish(session: list[Sent]) -> list[Sent]:
    data = of("client", session)[0].built() + b"\x00\x09"
    return [Sent(0, "client", 1, 0, 0, data=data), Sent(0.01, "server", 1, 0, 0)]


def acking_rubbish(session: list[Sent]) -> list[Sent]:
    """A package that had to be discarded is acked all the same."""
    one = of("client", session)[10]
    return changed(session, one, data=one.built() + b"\x00\x09")


def wide(session: list[Sent]) -> list[Sent]:
    one = of("server", session)[-1]
    data = one.built()[:12] + len(WIDE).to_bytes(2) + WIDE
    return changed(session, one, data=data)


@pytest.mark.parametrize(
    ("spoil", "role", "requirement"),
    [
        (acks(11, "server", 12, 0x7FE00000), "server", "PGS-WIN-001"),
        (acks(11, "client", 11, 0xBFC00000), "client", "PGS-ACK-002"),
        (acks(11, "server", 8, 0xFE000000), "server", "PGS-ACK-001"),
        (acks(11, "server", 14, 0x3FFE0000), "server", "PGS-ACK-001"),
        (acks(11, "server", 0, 0), "server", "PGS-ACK-001"),
        (with_(0, "client", bits=1), "client", "PGS-ACK-002"),
        (with_(39, "server", sequence=60, ack=40, bits=0xFFFFFFFF), "server", None),
        (
            last_of_client(bytes.fromhex("ffd0fab9" + "00" * 10)),
            "client",
            "PGS-HDR-004",
        ),
        (doubled, "server", "PGS-SEQ-001"),
        (with_(39, "client", events=[EVENT] * 6), "client", "PGS-BOD-004"),
        (with_(39, "server", events=[EVENT] * 6), "server", "PGS-BOD-004"),
        (with_(39, "server", data=b"\xff\xd0\xfa\xb9" + bytes(2045)), "server", "PGS-DGM-002"),
        (last_of_client(b"hello, world!!!!"), "client", "PGS-HDR-002"),
        (wide, "server", "PGS-MSG-001"),
        (acking_rubbish, "client", "PGS-BOD-002"),
        (acking_rubbish, "server", "PGS-WIN-006"),
        (hasty, "client", "PGS-TIM-001"),
        (deaf("client"), "client", "PGS-CON-002"),
        (deaf("server"), "server", "PGS-CON-009"),
        (reflecting(3, 0), "server", "PGS-SEC-001"),
        (reflecting(1, 40), "server", "PGS-SEC-002"),
        (reflecting(1, 0), "server", None),
        (answering_rubbish, "server", "PGS-CON-008"),
        (with_(20, "client", time_order=7000), "client", "PGS-SYN-020"),
        (with_(20, "client", time_order=7), "client", "PGS-SYN-021"),
        (with_(20, "client", time_order=0), "client", "PGS-SYN-021"),
        (with_(3, "server", attributes={"x": 1}), "server", "PGS-SYN-002"),
    ],
)
def test_breach_is_found(spoil: Spoil, role: str, requirement: str | None) -> None:
    """Whoever breaks a rule is named, with the rule; the other side is not."""
    breaches = found(spoil(pygase_session()))
    if requirement is None:
        assert not {rule for side, rule in breaches if side == role}
    else:
        assert (role, requirement) in breaches
    if spoil is not acking_rubbish:
        assert {side for side, _ in breaches} <= {
            role,
            "client" if spoil is answering_rubbish else role,
        }


def test_breach_names_its_packet() -> None:
    """The number is that of the packet in the capture, from 1."""
    session = pygase_session()
    one = of("server", session)[10]
    spoilt = changed(session, one, events=[EVENT] * 6)
    (breach,) = judged(spoilt).breaches
    assert breach.packet == session.index(one) + 1
    assert breach.session == "127.0.0.1:5000 → 127.0.0.1:4711"


def test_one_lost_bit_is_told_once() -> None:
    """A sequence that is forgotten stays forgotten; that is one breach, not thirty."""
    session = pygase_session(60)
    forgetful = [
        replace(one, bits=one.bits & ~(1 << (32 - (one.ack - 10))))
        if one.role == "server" and 11 <= one.ack <= 42
        else one
        for one in session
    ]
    breaches = judged(forgetful).breaches
    assert [one.requirement for one in breaches] == ["PGS-WIN-001"]
    assert "no longer 10" in breaches[0].text


def test_kept_capture_of_the_original_shows_its_defect() -> None:
    """The original behind a lossy network: the bit of what came before a gap is missing."""
    ledger = passive.judge("pygase", KEPT.read_bytes())
    window = [one for one in ledger.breaches if one.requirement == "PGS-WIN-001"]
    assert {one.role for one in window} == {"client", "server"}
    assert window[0].packet == 8
    assert "acks 4 and no longer 1, which it acked in packet 5" in window[0].text
    assert {one.requirement for one in ledger.breaches} == {"PGS-WIN-001", "PGS-SEC-002"}
