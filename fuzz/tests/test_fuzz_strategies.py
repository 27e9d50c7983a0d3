"""What strategies draw: valid where it has to be, and broken in the way that it says."""

import random
from collections.abc import Iterator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

from wirebook.fuzz import strategies
from wirebook.fuzz.schemas import Dice, text_of
from wirebook.fuzz.schemas.observing import Observer
from wirebook.spec import books
from wirebook.spec.books import Malformed

EVERY = [(book, name) for book in books.names() for name in strategies.names(book, parts=True)]
DRAWS = 10_000
"""For each book: half of them valid, half of them almost."""

Drawn = TypeVar("Drawn")

steady = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def drawn_from(strategy: st.SearchStrategy[Drawn], count: int) -> Iterator[Drawn]:
    """Yield what Hypothesis draws from a strategy, the same each time."""
    found: list[Drawn] = []

    @seed(1)
    @settings(steady, max_examples=count)
    @given(strategy)
    def draw(thing: Drawn) -> None:
        found.append(thing)

    draw()
    return iter(found)


def refused(book: str, message: str, octets: bytes) -> bool:
    """Tell whether the schema refuses octets; any other exception is raised."""
    try:
        books.get(book).parse(message, octets)
    except Malformed:
        return True
    return False


@pytest.mark.parametrize(("book", "message"), EVERY)
def test_values_are_built_and_read_again(book: str, message: str) -> None:
    """The schema builds what senders send, to the octets of the strategy's own writer."""
    plan, opened = strategies.plan(book, message), books.get(book)
    dice = Dice(random.Random(message).randbytes)
    for _ in range(80):
        value = plan.varied(dice)
        octets = strategies.octets_of(plan.message, value)
        assert opened.build(message, value) == octets
        assert opened.build(message, opened.parse(message, octets)) == octets


@pytest.mark.parametrize(("book", "message"), EVERY)
def test_what_receivers_take_is_read(book: str, message: str) -> None:
    """Every encoding of everything that a receiver has to accept is read."""
    plan = strategies.plan(book, message, taken=True)
    dice = Dice(random.Random(message).randbytes)
    for _ in range(80):
        books.get(book).parse(message, plan.octets(dice, varied=True))


@pytest.mark.parametrize(("book", "message"), EVERY)
def test_the_largest_fits_and_one_more_does_not(book: str, message: str) -> None:
    """Parts grow up to the limits of the schema and not beyond."""
    plan = strategies.plan(book, message)
    for part in plan.growing:
        beyond = plan.grown.beyond(part)
        fitting = strategies.octets_of(plan.message, plan.grown.value(part))
        assert not refused(book, message, fitting)
        if beyond is not None:
            assert refused(book, message, strategies.octets_of(plan.message, beyond))


@pytest.mark.parametrize(("book", "message"), EVERY)
def test_faults_that_are_certain_are_refused(book: str, message: str) -> None:
    """Each fault of each part, one by one; no fault draws another exception than Malformed."""
    plan = strategies.plan(book, message)
    dice = Dice(random.Random(message).randbytes)
    for fault in (fault for faults in plan.faults.values() for fault in faults):
        for _ in range(1 if fault.size else 4):
            faulty = plan.faulty(fault, dice)
            if not refused(book, message, faulty.octets):
                assert not faulty.certain, faulty


@pytest.mark.parametrize("book", books.names())
def test_every_field_takes_its_extremes_and_something_invalid(book: str) -> None:
    """In 10 000 draws of a book, each part of each message has had its least, its most, a fault.

    What the extremes of a part are is said in `schemas.drawing`; they are read off the values.
    Hypothesis repeats itself, so that the octets for the dice come from elsewhere: the draws are
    independent, and the same with every version of it.
    """
    names = strategies.names(book, parts=True)
    missing = {name: lacking(book, name, -(-DRAWS // len(names) // 2)) for name in names}
    assert {name: lacks for name, lacks in missing.items() if lacks} == {}


def lacking(book: str, name: str, count: int) -> frozenset[tuple[object, ...]]:
    """Return what so many values, and as many faulty ones, of a message have not had."""
    plan, dice = strategies.plan(book, name), Dice(random.Random(1).randbytes)
    observer = Observer(plan)
    extremes: set[tuple[object, ...]] = set()
    for _ in range(count):
        extremes |= observer.extremes(plan.varied(dice))
    seen: set[tuple[object, ...]] = set()
    refusals = 0
    for _ in range(count):
        faulty = plan.near_valid(dice)
        seen.add(("a fault", faulty.fault))
        if refused(book, name, faulty.octets):
            seen.add((faulty.path, "invalid"))
            refusals += 1
        else:
            assert not faulty.certain, faulty
    assert refusals > 0.7 * count
    paths = {text_of(part.path) for part in plan.parts} | strategies.faults(book, name).keys()
    wanted: set[tuple[object, ...]] = {(path, "invalid") for path in paths}
    wanted |= {("a fault", fault.name) for faults in plan.faults.values() for fault in faults}
    return frozenset((plan.extremes() - extremes) | (wanted - seen))


@pytest.mark.parametrize("book", books.names())
def test_hypothesis_reaches_most_parts(book: str) -> None:
    """Drawn by Hypothesis, values have extremes and faults are spread over the parts as well."""
    name = strategies.names(book)[0]
    plan = strategies.plan(book, name)
    observer = Observer(plan)
    found = {
        extreme
        for value in drawn_from(strategies.values(book, name), 300)
        for extreme in observer.extremes(value)
    }
    assert len(found) > 0.6 * len(plan.extremes())
    paths = {faulty.path for faulty in drawn_from(strategies.near_valid(book, name), 300)}
    assert len(paths) > 0.6 * len(strategies.faults(book, name))


def test_streams_are_messages_in_segments() -> None:
    """Segments are cut anywhere, and are the whole messages together."""

    @settings(steady, max_examples=50)
    @given(strategies.streams("packetmq"))
    def check(segments: list[bytes]) -> None:
        stream = b"".join(segments)
        while stream:
            size = 4 + int.from_bytes(stream[:4])
            assert not refused("packetmq", "frame", stream[:size])
            stream = stream[size:]

    check()


def test_messages_are_named() -> None:
    """Each message is drawn with its name, and parts only where they are asked for."""
    book = "pygase"
    drawn = {name for name, _ in drawn_from(strategies.messages(book), 200)}
    assert drawn == set(strategies.names(book))
    assert "header" in strategies.names(book, parts=True)
    assert "header" not in drawn


def test_what_is_found_is_made_simple() -> None:
    """Hypothesis shrinks to one fault in the smallest message that can have it."""
    strategy = strategies.near_valid("pygase", "client-package")
    faulty = find(strategy, lambda found: found.fault == "bad-utf8" and found.certain)
    assert len(faulty.octets) < 60


def test_unknown_messages_are_refused() -> None:
    """A name that the book does not have is told, with those that it has."""
    with pytest.raises(LookupError, match="client-package"):
        strategies.values("pygase", "packet")
