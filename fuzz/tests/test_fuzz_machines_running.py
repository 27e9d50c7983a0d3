"""Running machines: what is found is shrunk, known the next time, and told if it comes and goes."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import strategies

from wirebook.conformance.corpus import Step
from wirebook.fuzz.lots import Lot, work
from wirebook.fuzz.machines import Broken, Machine, replay, step


class Counter:
    """A subject that counts."""

    live = False

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.count = 0

    def now(self) -> float:
        return 0.0

    def advance(self, seconds: float) -> None:
        """Nothing is ever due."""

    def alive(self) -> bool:
        return True

    def output(self) -> str:
        return "a count"

    def close(self) -> None:
        """Nothing is held."""


class Counting(Machine):
    """Adds to a count that must stay small."""

    book, role = "toy", "server"
    outliving: list[int] | None = None
    """A count that outlives the subject, where there is one."""

    @step(by=strategies.integers(0, 3), said=strategies.binary(max_size=3))
    def add(self, by: int, said: bytes) -> None:
        self.subject.steps.append({"do": "send", "peer": 0, "hex": said.hex()})
        self.subject.count += by
        if self.outliving is not None:
            self.outliving.append(by)

    def settle(self) -> None:
        if self.subject.count >= 7:
            raise Broken("TOY-ONE-001", "too many", str(self.subject.count))


class Outliving(Counting):
    """The same, on a subject that keeps something for the next one."""

    def settle(self) -> None:
        if self.outliving is not None and len(self.outliving) == 30:
            raise Broken("TOY-ONE-002", "too often")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[[type[Counting]], None]:
    """Give the book of toys its machine."""

    def give(kind: type[Counting]) -> None:
        @contextmanager
        def machines(role: str, target: object) -> Iterator[Callable[[], Machine]]:
            yield lambda: kind(Counter())

        module = types.ModuleType("wirebook.fuzz.machines.toy")
        monkeypatch.setattr(module, "machines", machines, raising=False)
        monkeypatch.setitem(sys.modules, module.__name__, module)

    return give


def test_found_shrunk_and_played_again(toy: Callable[[type[Counting]], None]) -> None:
    """Three steps are enough for a count of seven; the script shows it without Hypothesis."""
    toy(Counting)
    (finding,) = work(Lot("toy", "server", "machine", 5, 1600)).findings
    assert finding.signature == "TOY-ONE-001: too many"
    assert finding.requirements == ("TOY-ONE-001",)
    assert sum(arguments["by"] for _, arguments in finding.script) == 7
    assert len(finding.script) == len(finding.steps) == 3
    with pytest.raises(Broken, match="too many"):
        replay(lambda: Counting(Counter()), finding.script)


def test_known_is_not_found_again(toy: Callable[[type[Counting]], None]) -> None:
    """What leads to a known failure is given up, and others have their chance."""
    toy(Counting)
    known = frozenset({"TOY-ONE-001: too many"})
    harvest = work(Lot("toy", "server", "machine", 5, 400, known=known))
    assert harvest.findings == ()
    assert harvest.inputs > 0


def test_examples_begin_the_next_lot(toy: Callable[[type[Counting]], None]) -> None:
    """What failed in one lot is tried first in another one."""
    toy(Counting)
    first = work(Lot("toy", "server", "machine", 5, 1600))
    second = work(Lot("toy", "server", "machine", 6, 1600, examples=first.examples))
    assert second.findings[0].script == first.findings[0].script
    assert second.inputs < first.inputs


def test_what_comes_and_goes_is_told(
    toy: Callable[[type[Counting]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A core whose state outlives it does not do the same each time: that is a finding, too."""
    monkeypatch.setattr(Outliving, "outliving", [])
    toy(Outliving)
    (finding,) = work(Lot("toy", "server", "machine", 5, 1600)).findings
    assert finding.signature == "TOY-ONE-002: too often"
