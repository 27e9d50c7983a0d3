"""Arithmetic of sequences and the receive window, alone and against models that need no bits."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.helpers_reference import WindowModel, covers
from wirebook.reference.pygase.core.sequence import add, difference, newer, successor
from wirebook.reference.pygase.core.window import Arrival, Window, acknowledges
from wirebook.reference.pygase.utils import Sqn

sequences = st.integers(min_value=1, max_value=65535)


@covers("PGS-SEQ-002")
def test_after_the_last_sequence_comes_one() -> None:
    """The successor of 65535 is 1, and 0 is never a successor."""
    assert successor(65535) == 1
    assert successor(0) == 1


@given(a=sequences, n=st.integers(min_value=0, max_value=200_000))
def test_adding_is_counting(a: int, n: int) -> None:
    """Adding n is taking the successor n times."""
    assert add(a, n) == (a - 1 + n) % 65535 + 1


@given(a=sequences, n=st.integers(min_value=-32767, max_value=32767))
def test_difference_undoes_adding(a: int, n: int) -> None:
    """What was added within half of all sequences is the difference."""
    assert difference(add(a, n % 65535), a) == n


@given(a=sequences, b=sequences)
def test_of_two_sequences_one_is_newer(a: int, b: int) -> None:
    """Of two different sequences exactly one is newer."""
    assert newer(a, b) != newer(b, a) or a == b


@given(a=sequences)
def test_anything_is_newer_than_none(a: int) -> None:
    """0 is older than every sequence."""
    assert newer(a, 0)
    assert not newer(0, a)


@given(a=st.integers(0, 65535), b=st.integers(0, 65535))
def test_documented_class_agrees(a: int, b: int) -> None:
    """`Sqn` compares and subtracts as the core does."""
    assert (Sqn(a) > Sqn(b)) == newer(a, b)
    assert (Sqn(a) >= Sqn(b)) == (newer(a, b) or a == b)
    assert Sqn(a) - Sqn(b) == difference(a, b)


def take(window: Window, sequence: int) -> Arrival:
    """Judge a sequence, and accept it if it is to be accepted."""
    arrival = window.judge(sequence)
    if arrival in (Arrival.NEWEST, Arrival.LATE):
        window.accept(sequence)
    return arrival


@given(
    start=sequences,
    steps=st.lists(st.integers(-40, 40) | st.integers(-32767, 32767), max_size=60),
)
def test_window_is_the_set_of_what_was_accepted(start: int, steps: list[int]) -> None:
    """Whatever arrives, the window judges and acks like a set of everything accepted."""
    window, model = Window(), WindowModel()
    sequence = start
    for step in [0, *steps]:
        sequence = add(sequence, step % 65535)
        assert take(window, sequence) == model.take(sequence)
        assert window.ack == model.newest
        assert f"{window.bits:032b}" == model.bits()


@covers("PGS-WIN-001", "PGS-WIN-002", "PGS-WIN-003", "PGS-WIN-004")
@pytest.mark.parametrize(
    ("arriving", "ack", "bits"),
    [
        ([1, 2, 3, 6], 6, "00111"),
        ([1, 2, 3, 6, 4], 6, "01111"),
        ([1, 2, 3, 6, 4, 4], 6, "01111"),
        ([1, 2, 3, 6, 4, 4, 39, 6], 39, ""),
        ([1, 33], 33, "0" * 31 + "1"),
        ([1, 34], 34, ""),
        ([65534, 65535, 1], 1, "11"),
    ],
)
def test_window_of_the_worked_example(arriving: Iterable[int], ack: int, bits: str) -> None:
    """The window acks what the worked example of the book says."""
    window = Window()
    for sequence in arriving:
        take(window, sequence)
    assert (window.ack, f"{window.bits:032b}") == (ack, bits.ljust(32, "0"))


@covers("PGS-ACK-003")
@given(ack=sequences, bits=st.integers(0, 2**32 - 1), back=st.integers(0, 40))
def test_all_bits_count(ack: int, bits: int, back: int) -> None:
    """An ack names its own sequence and those of the 32 before it whose bit is set."""
    named = back == 0 or (back <= 32 and f"{bits:032b}"[back - 1] == "1")
    assert acknowledges(ack, bits, add(ack, 65535 - back)) == named


@covers("PGS-ACK-007")
@example(bits=2**32 - 1, sequence=65535)
@given(bits=st.integers(0, 2**32 - 1), sequence=sequences)
def test_bits_without_an_ack_name_nothing(bits: int, sequence: int) -> None:
    """While ack is 0, its bits are ignored."""
    assert not acknowledges(0, bits, sequence)
