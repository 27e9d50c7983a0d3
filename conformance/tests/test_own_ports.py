"""The suite's own UDP ports: fresh ones, and never those of another process of the suite."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from wirebook.conformance.drivers.pygase import own_ports
from wirebook.conformance.drivers.pygase.own_ports import COUNT, FIRST, SLICE, OwnPorts


@pytest.fixture
def pair() -> Iterator[tuple[OwnPorts, OwnPorts]]:
    """Give the ports of two processes, as far as claims are concerned."""
    # Not the address of the suite's own claims: other tests run at the same time.
    both = OwnPorts("127.0.0.77"), OwnPorts("127.0.0.77")
    yield both
    for one in both:
        one.release()


def test_no_port_twice(pair: tuple[OwnPorts, OwnPorts]) -> None:
    """Ports that are taken one after the other differ, beyond the end of a slice, too."""
    taken = [pair[0].take() for _ in range(3 * SLICE)]
    assert len(set(taken)) == len(taken)
    assert all(FIRST <= port < FIRST + COUNT for port in taken)


def test_no_port_of_another_process(pair: tuple[OwnPorts, OwnPorts]) -> None:
    """Two processes take different ports, until the range is exhausted."""
    ours, theirs = ({one.take() for _ in range(10 * SLICE)} for one in pair)
    assert not ours & theirs


def test_ports_come_back(pair: tuple[OwnPorts, OwnPorts], monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that no server can remember any more is taken again, the oldest first."""
    first, *_ = [pair[0].take() for _ in range(SLICE - 1)]
    monkeypatch.setattr(own_ports, "REMEMBERED", -1.0)
    assert pair[0].take() == first


def test_exhausted_range(pair: tuple[OwnPorts, OwnPorts]) -> None:
    """When all is claimed, there are still ports to try."""
    for _ in range(COUNT):
        pair[0].take()
    assert FIRST <= pair[1].take() < FIRST + COUNT


def test_fork_has_its_own(pair: tuple[OwnPorts, OwnPorts], monkeypatch: pytest.MonkeyPatch) -> None:
    """A forked process does not go on with the ports of its parent."""
    before = {pair[0].take() for _ in range(SLICE // 2)}
    with contextlib.ExitStack() as of_the_parent:
        for claim in pair[0]._claims:
            of_the_parent.enter_context(claim.dup())
        monkeypatch.setattr(os, "getpid", lambda: -1)
        after = {pair[0].take() for _ in range(SLICE // 2)}
    assert not {port // SLICE for port in before} & {port // SLICE for port in after}
