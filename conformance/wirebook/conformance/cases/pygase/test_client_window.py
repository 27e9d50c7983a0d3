"""Cases: the receive window of a client, as its acks and its handlers show it.

What may live here: sequences that a server sends, and what a client makes of them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import Window, after
from wirebook.conformance.drivers.pygase.packages import Event
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires


def check_window(client: ClientUnderTest, server: RawServer, sequences: Sequence[int]) -> None:
    """Send these sequences, then one newer than all of them; compare acks and handled events."""
    client.handle("N")
    client.connect()
    window, accepted = Window(), []
    for number, sequence in enumerate(sequences):
        event = Event("N", [sequence, number])
        server.send(event, sequence=sequence)
        if window.take(sequence).accepted:
            accepted.append(event)
    sent = ", ".join(map(str, sequences[-12:]))
    shown = f"after {'… ' if len(sequences) > 12 else ''}{sent}"
    server.expect_acks(window.ack, window.bits, shown)
    # Whatever was to be discarded has been read by the time this one is acked.
    last = after(window.ack)
    closing = Event("N", [last, len(sequences)])
    server.send(closing, sequence=last)
    window.take(last)
    server.expect_acks(window.ack, window.bits, f"{shown} and {last}")
    client.wait_received(*accepted, closing)


@pytest.mark.parametrize(
    "sequences",
    [
        pytest.param([1, 2, 3], id="in-order"),
        pytest.param([1, 3], id="gap-of-one"),
        pytest.param([1, 2, 3, 6], id="gap-of-two"),
        pytest.param([1, 2, 10, 11, 20], id="several-gaps"),
        pytest.param(list(range(1, 41)), id="more-than-32"),
        pytest.param([1, 33], id="gap-of-32"),
        pytest.param([1, 2, 34], id="gap-of-33"),
        pytest.param([1, 2, 3, 5000], id="gap-of-thousands"),
        pytest.param([1, 32768], id="as-far-as-can-be"),
    ],
)
@requires("PGS-WIN-001", "PGS-ACK-001", "PGS-ACK-002")
def test_newest(client: ClientUnderTest, raw_server: RawServer, sequences: list[int]) -> None:
    """A newest package moves the window and marks the previously newest one as received."""
    check_window(client, raw_server, sequences)


@pytest.mark.parametrize(
    "sequences",
    [
        pytest.param([2, 1], id="by-one"),
        pytest.param([6, 3, 4], id="into-a-gap"),
        pytest.param([4, 3, 2, 1], id="all-of-them"),
        pytest.param([8, 6, 7, 9, 5], id="before-and-after-a-newer-one"),
        pytest.param([33, 1], id="by-32"),
        pytest.param([40, 9, 8, 39], id="by-31-and-32"),
    ],
)
@requires("PGS-WIN-002", "PGS-WIN-005", "PGS-ACK-002")
def test_late(client: ClientUnderTest, raw_server: RawServer, sequences: list[int]) -> None:
    """A package that is 1 to 32 late is accepted, its event handled and its bit set."""
    check_window(client, raw_server, sequences)


@pytest.mark.parametrize(
    "sequences",
    [
        pytest.param([1, 1], id="of-the-newest"),
        pytest.param([1, 2, 3, 1, 2, 3], id="of-all"),
        pytest.param([3, 2, 2], id="of-a-late-one"),
        pytest.param([33, 1, 1], id="of-the-32nd"),
    ],
)
@requires("PGS-WIN-003", "PGS-ERR-001", "PGS-ERR-002")
def test_duplicate(client: ClientUnderTest, raw_server: RawServer, sequences: list[int]) -> None:
    """A duplicate is discarded, its event not handled, and the connection lives on."""
    check_window(client, raw_server, sequences)


@pytest.mark.parametrize(
    "sequences",
    [
        pytest.param([34, 1], id="by-33"),
        pytest.param([1, 2, 3, 6, 4, 4, 39, 6], id="the-example-of-the-book"),
        pytest.param([100, 101, 1, 67, 68], id="mixed-with-late-ones"),
        pytest.param([40000, 10000], id="by-thousands"),
        pytest.param([1, 32769], id="as-far-as-can-be"),
    ],
)
@requires("PGS-WIN-004", "PGS-WIN-006", "PGS-ERR-001", "PGS-ERR-002")
def test_too_late(client: ClientUnderTest, raw_server: RawServer, sequences: list[int]) -> None:
    """A package that is more than 32 late is discarded, and the connection lives on."""
    check_window(client, raw_server, sequences)


@pytest.mark.parametrize(
    "sequences",
    [
        pytest.param([65534, 65535, 1, 2], id="in-order"),
        pytest.param([65533, 3], id="gap"),
        pytest.param([1, 65535, 65534], id="late"),
        pytest.param([65535, 2, 1, 65535], id="late-and-duplicate"),
        pytest.param([10, 65501], id="too-late"),
        pytest.param([17, 65520], id="late-by-32"),
        pytest.param([1, 32769], id="one-too-far-ahead-is-older"),
    ],
)
@requires("PGS-SEQ-003", "PGS-WIN-001", "PGS-WIN-002")
def test_wrap(client: ClientUnderTest, raw_server: RawServer, sequences: list[int]) -> None:
    """After 65535 comes 1, and differences are folded at 65535."""
    check_window(client, raw_server, sequences)


@pytest.mark.parametrize("first", [2, 32768, 40000, 65535])
@requires("PGS-SEQ-004")
def test_any_first_sequence(client: ClientUnderTest, raw_server: RawServer, first: int) -> None:
    """The first package is the newest, whatever its sequence."""
    check_window(client, raw_server, [first])


@requires("PGS-WIN-001", "PGS-WIN-002", "PGS-WIN-003", "PGS-WIN-004", "PGS-ACK-002")
def test_random_sequences(
    client: ClientUnderTest, raw_server: RawServer, rng: random.Random
) -> None:
    """A long random mixture of newest, late, doubled and lost packages is acked exactly."""
    begin = rng.randrange(1, 65536)
    jumps = (0, 1, 2, 3, 5, 8, 13, -30, -36)
    sequences = [after(begin, step // 2 + rng.choice(jumps)) for step in range(100)]
    check_window(client, raw_server, sequences)
