"""Every finding of the corpus, tried again: whatever it broke, the reference bears it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from wirebook.conformance.corpus import Finding, Step, built_in, load_all
from wirebook.fuzz import replaying
from wirebook.fuzz.live.stand import Stand
from wirebook.fuzz.live.targets import target_of
from wirebook.fuzz.lots import Lot
from wirebook.spec import books

CORPUS = {
    f"{book}/{finding.name}": finding
    for book in books.names()
    for finding in load_all(built_in(), book)
}

Serve = Callable[[str], Stand]


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Give a function that starts the reference server of a book, once."""
    stands: dict[str, Stand] = {}
    with contextlib.ExitStack() as stack:

        def of(book: str) -> Stand:
            if book not in stands:
                lot = Lot(book, "server", "live", seed=1, inputs=1)
                stands[book] = stack.enter_context(Stand(target_of(lot)))
            return stands[book]

        yield of


@pytest.mark.parametrize("name", CORPUS)
def test_breaks_nothing_any_more(name: str, serve: Serve) -> None:
    """What is of the reference's own code is tried on that; what has steps, on its server, too."""
    finding = CORPUS[name]
    tried = False
    if replaying.in_process(finding):
        assert replaying.still_breaks(finding) == ""
        tried = True
    if finding.steps and finding.role == "server":
        failure = serve(finding.book).trial(finding.steps, "end", linger=0.1)
        assert failure is None, failure
        tried = True
    assert tried, "there is no way to try it"


def test_a_finding_without_a_way_is_refused() -> None:
    """What nobody knows how to try is told."""
    finding = Finding("pygase", "client", "live", "x", "It dies.", ())
    with pytest.raises(ValueError, match="is played by its steps"):
        replaying.still_breaks(finding)


def test_octets_are_tried_on_the_core() -> None:
    """A finding of octets that holds says nothing."""
    step: Step = {"do": "send", "peer": 0, "hex": "ffd0fab9000100000000000000000001c1"}
    finding = Finding("pygase", "server", "octets", "x", "It dies.", (), steps=(step,))
    assert replaying.still_breaks(finding) == ""
