"""Mutations: the same for a seed, of every kind, and near enough to what is valid."""

from __future__ import annotations

from collections import Counter

import pytest

from wirebook.fuzz import cores, pools
from wirebook.fuzz.mutations import Mutator
from wirebook.spec import books

PACKAGES = ("client-package",)
KINDS = {
    "a bound",
    "a run again",
    "a run removed",
    "again",
    "an octet set",
    "another length",
    "another value",
    "as it is",
    "bits flipped",
    "cut off",
    "extended",
    "inserted",
    "late",
    "spliced",
}


def drawn(seed: int, count: int = 3000) -> list[tuple[str, bytes, str]]:
    mutator = Mutator("pygase", PACKAGES, seed)
    return [mutator.next() for _ in range(count)]


def is_valid(octets: bytes) -> bool:
    try:
        books.get("pygase").parse("client-package", octets)
    except books.Malformed:
        return False
    return True


def test_a_seed_gives_the_same_inputs_each_time() -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_every_kind_of_mutation_happens() -> None:
    assert {label for _, _, label in drawn(1)} == KINDS


def test_some_inputs_are_valid_and_some_are_not() -> None:
    found = Counter(
        (label == "as it is", is_valid(octets)) for _, octets, label in drawn(3, count=400)
    )
    assert found[True, True] > 20
    assert found[False, True] > 10
    assert found[False, False] > 100


def test_a_length_is_mended_around_a_value_that_has_grown() -> None:
    """Else nothing behind the framing would ever see another value."""
    grown = [
        octets
        for _, octets, label in drawn(4)
        if label in ("another value", "inserted") and is_valid(octets)
    ]
    originals = {entry.octets for entry in pools.of("pygase", PACKAGES).entries}
    sizes = {len(octets) for octets in originals}
    assert any(len(octets) not in sizes for octets in grown)


def test_what_is_added_is_mutated_too() -> None:
    mutator = Mutator("pygase", PACKAGES, 5)
    mutator.add("client-package", b"something of its own")
    assert any(
        octets == b"something of its own" for _, octets, _ in (mutator.next() for _ in range(200))
    )


@pytest.mark.parametrize("book", books.names())
@pytest.mark.parametrize("role", ["server", "client"])
def test_the_pool_knows_numbers_and_values(book: str, role: str) -> None:
    pool = pools.of(book, cores.of(book).MESSAGES[role], cores.of(book).EXTRA[role])
    assert pool.sound
    assert len(pool.sound) < len(pool.entries)
    assert any(entry.values for entry in pool.sound)
    assert all(
        0 <= offset <= offset + length <= len(entry.octets)
        for entry in pool.entries
        for offset, length in (*entry.numbers, *entry.values)
    )


def test_lengths_count_the_octets_behind_them() -> None:
    whole = [entry for entry in pools.of("pygase", PACKAGES).sound if entry.lengths]
    assert whole
    for entry in whole:
        for offset, width, content in entry.lengths:
            assert int.from_bytes(entry.octets[offset : offset + width]) == content
            assert offset + width + content <= len(entry.octets)
