"""The drivers' own reading of PyGaSe against the vectors, the cases' inputs against the schema."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from wirebook.conformance.cases.pygase.inputs import BLOCKS
from wirebook.conformance.drivers.pygase import model
from wirebook.conformance.drivers.pygase.model import TO_DELETE, Window, merge, same
from wirebook.conformance.drivers.pygase.packages import (
    BOOK,
    FULL_EVENT,
    Event,
    client_package,
    entry,
    filler,
    packed,
    raw_event,
    raw_header,
    read_server_package,
    server_package,
)
from wirebook.spec import vectors
from wirebook.spec.books import Malformed


def chosen(group_type: str, kind: str) -> list[vectors.Vector]:
    return [
        test
        for group in vectors.load("pygase")
        for test in group.tests
        if group.type == group_type and test.detail.get("kind", "") == kind
    ]


@pytest.mark.parametrize("test", chosen("arithmetic", ""), ids=lambda test: test.id)
def test_arithmetic_agrees_with_the_vectors(test: vectors.Vector) -> None:
    """Sums, differences and comparisons of sequences are those of the book."""
    operations: dict[str, Callable[[int, int], object]] = {
        "add": model.after,
        "difference": model.difference,
        "newer": model.is_newer,
    }
    operation = operations[test.detail["op"]]
    assert operation(test.detail["a"], test.detail["b"]) == test.value


@pytest.mark.parametrize("test", chosen("transcript", "window"), ids=lambda test: test.id)
def test_window_agrees_with_the_vectors(test: vectors.Vector) -> None:
    """Sequences have the effects that the book gives them, and leave its ack and bits."""
    window = Window()
    effects = [kind.value for kind in window.take_all(test.detail["received"])]
    assert effects == test.detail["effects"]
    assert (window.ack, f"{window.bits:032b}") == (test.detail["ack"], test.detail["ack_bitfield"])


@pytest.mark.parametrize("test", chosen("transcript", "merge"), ids=lambda test: test.id)
def test_merge_agrees_with_the_vectors(test: vectors.Vector) -> None:
    """Updates turn a state into the one of the book."""
    state: dict[Any, Any] = test.detail["state"]
    for update in test.detail["updates"]:
        # Which updates apply is decided by their time order, before anything is merged.
        if model.is_newer(update["time_order"], state.get("time_order", 0)):
            state = merge(state, update)
    assert same(state, test.value)


def test_merge_leaves_its_arguments_alone() -> None:
    """A state that a case holds on to does not change under its hands."""
    state = {"m": {"x": 1}}
    merged = merge(state, {"m": {"x": TO_DELETE, "y": {"z": 1}}})
    assert merged == {"m": {"y": {"z": 1}}}
    assert state == {"m": {"x": 1}}


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, 1.0), ("a", b"a"), ([1], [True]), ({1: 2}, {True: 2}), ({}, [])],
)
def test_values_of_other_types_are_not_the_same(one: Any, other: Any) -> None:
    """What Python takes for equal is not the same to the protocol."""
    assert same(one, one)
    assert not same(one, other)
    assert not same({"k": one}, {"k": other})


def test_not_a_number_is_the_same_as_itself() -> None:
    """A NaN that comes back is what was sent."""
    assert same([math.nan], [math.nan])


def test_packages_of_the_drivers_are_well_formed() -> None:
    """What the drivers build themselves is what the schemas build."""
    event = Event("ECHO", [1, "x"], {"k": 0.5})
    by_hand = raw_header(7, 3, 1 << 31) + (9).to_bytes(2) + entry(packed(event.value()))
    assert client_package(7, ack=3, bits=1 << 31, time_order=9, events=[event]) == by_hand
    assert BOOK.parse("client-package", raw_header(1) + bytes(2) + filler(2034))


def test_filler_has_the_size_asked_for() -> None:
    """An entry that fills a package does so to the octet."""
    assert [len(filler(octets)) for octets in (100, 300, 2034)] == [100, 300, 2034]


def test_entries_of_a_server_package_are_found() -> None:
    """The octets of the single events are those that went in."""
    events = [Event("A", [1]), Event("B", ["x" * 300], {"k": b"y"})]
    data = server_package(1, update={"time_order": 5, "m": {"k": [1]}}, events=events)
    package = read_server_package(data, 0.0)
    assert package.entries() == tuple(packed(event.value()) for event in events)
    assert list(package.events) == events


def test_largest_event_fits_beside_an_update_that_says_nothing() -> None:
    """The book's figure for the room of an event is the one that the cases use."""
    empty = len(raw_event(args=b"\x91\xda" + bytes(2)))
    event = Event("ECHO", ["x" * (FULL_EVENT - empty)])
    assert len(server_package(1, update={"time_order": 65535}, events=[event])) == 2048


BAD_BLOCKS = {
    f"{requirement}-{name}": (requirement, block)
    for requirement, blocks in BLOCKS.items()
    for name, block in blocks.items()
}


@pytest.mark.parametrize(("requirement", "block"), BAD_BLOCKS.values(), ids=list(BAD_BLOCKS))
def test_bad_inputs_break_what_they_are_listed_for(requirement: str, block: bytes) -> None:
    """What cases want discarded is malformed by the book's schema, for the reason they give."""
    with pytest.raises(Malformed) as caught:
        BOOK.parse("client-package", raw_header(1) + bytes(2) + block)
    assert caught.value.requirement == requirement
