"""The parts of live fuzzing by themselves: names of failures, steering, shrinking, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from wirebook.conformance.corpus import Step
from wirebook.fuzz.live.ending import SEVERAL, Ending, Failure
from wirebook.fuzz.live.inputs import Play, source
from wirebook.fuzz.live.search import Search
from wirebook.fuzz.live.stand import Limits
from wirebook.fuzz.live.steering import Steering

DIED = "ended with status 1: last line"

_IN_LIBRARY = """\
something else
Traceback (most recent call last):
  File "/opt/env/lib/python3.11/site-packages/curio/kernel.py", line 828, in run
    return kernel.run(corofunc, *args)
  File "/opt/env/lib/python3.11/site-packages/game/connection.py", line {line}, in receive
    decode(data)
  File "/opt/env/lib/python3.11/site-packages/umsgpack/__init__.py", line 9{line}, in _unpack
    raise Broken
umsgpack.{name}: 17 octets
last line
"""
_OWN = """\
Traceback (most recent call last):
  File "/srv/game/server.py", line 3, in <module>
    main()
  File "/srv/game/codec.py", line 12, in read
    return octets[4]
{error}
"""


@pytest.mark.parametrize("name", ["InvalidString", "ReservedCode"])
def test_error_in_a_library_is_one(name: str) -> None:
    """However a library fails, the place that has not expected it is the same."""
    output = _IN_LIBRARY.format(line=len(name), name=name)
    failure = Ending("game").of_end(output, DIED)
    assert failure.signature == "error in umsgpack at connection.receive"


@pytest.mark.parametrize(
    ("error", "kind"),
    [("IndexError: 4", "error"), ("TypeError: x", "error"), ("game.Twice: 3", "Twice")],
)
def test_own_errors(error: str, kind: str) -> None:
    """What does not fit in at a place is one failure; errors that were made for it are others."""
    signature = Ending().of_end(_OWN.format(error=error), DIED).signature
    assert signature == f"{kind} at codec.read < server.<module>"


@pytest.mark.parametrize(
    ("output", "how", "signature"),
    [
        ("", "ended with SIGSEGV and no output", "ended with SIGSEGV and no output"),
        (
            _OWN.format(error="ValueError"),
            "ended with status 0: bye 5",
            "ended with status N: bye N",
        ),
        (_OWN[:60] + "\n" + _OWN.format(error="ValueError"), DIED, SEVERAL),
    ],
)
def test_other_ends(output: str, how: str, signature: str) -> None:
    """Without a traceback that is the end, how the process ended is all that there is to say."""
    assert Ending().of_end(output, how).signature == signature


def test_steering_turns_away() -> None:
    """What breaks the target comes less, what it bears is cleared, and other lots are told."""
    steering = Steering(1)
    kinds = ("family: bad", "family: good", "other: fine")
    for _ in range(10):
        steering.borne(["family: good", "other: fine"])
        steering.blame(["family: bad", "family: good"])
        steering.blame(["family: bad"])
    weights = [steering.weight(kind) for kind in kinds]
    assert weights == sorted(weights)
    told = Steering(2, steering.gained())
    assert [told.weight(kind) for kind in kinds] == weights
    assert not told.gained()
    made = iter(range(10_000))
    drawn = Counter(told.draw(lambda: Play(kinds[next(made) % 3], ())).label for _ in range(300))
    assert drawn["family: bad"] < drawn["family: good"] < drawn["other: fine"]


@dataclass
class FakeStand:
    """A stand whose target ends if a rule holds of the steps."""

    rule: Callable[[Sequence[Step]], bool]
    limits: Limits = field(default_factory=Limits)
    used: bool = False
    late: bool = False
    trials: int = 0

    def ensure(self, *, fresh: bool = False) -> bool:
        self.used = self.used and not fresh
        return fresh

    def trial(self, steps: Sequence[Step], kind: str, **_: float) -> Failure | None:
        self.trials += 1
        broken = self.rule(steps)
        self.used = not broken
        return Failure(kind, "it", "It ended.") if broken else None

    def culprit(self, steps: Sequence[Step], _: float) -> int | None:
        found = [end for end in range(1, len(steps) + 1) if self.rule(steps[:end])]
        return found[0] if found else None


def _sent(peer: int, octets: bytes) -> Step:
    return {"do": "send", "peer": peer, "hex": octets.hex()}


def _search(rule: Callable[[Sequence[Step]], bool], history: Sequence[Step]) -> list[Step]:
    search = Search(FakeStand(rule), Failure("end", "it", ""), float("inf"))  # type: ignore[arg-type]
    return search.shortest(history, len(history))


def _has(steps: Sequence[Step], octet: bytes) -> bool:
    return any(octet in bytes.fromhex(str(step["hex"])) for step in steps)


def test_search_finds_the_pair() -> None:
    """Of very many steps only those are left that it takes, with the octets that it takes."""
    history = [_sent(number % 7, bytes([number % 90] * 5)) for number in range(300)]
    history[40] = _sent(3, b"some \xc1 octet")
    history[200] = _sent(5, b"and \xc2 another")
    found = _search(lambda steps: _has(steps, b"\xc1") and _has(steps, b"\xc2"), history)
    assert found == [_sent(0, b"\xc1"), _sent(1, b"\xc2")]


def test_search_gives_up_what_does_not_happen_again() -> None:
    """What cannot be done again is no finding."""
    assert not _search(lambda _: False, [_sent(0, b"x")] * 20)


@pytest.mark.parametrize("book", ["packetmq", "pgnet", "pygase"])
def test_source_is_seeded(book: str) -> None:
    """The same seed gives the same plays, and all kinds of them come."""
    one, other = source(book, 3), source(book, 3)
    plays = [one.next() for _ in range(400)]
    assert [play.label for play in plays] == [other.next().label for _ in range(400)]
    assert {"valid", "mutated"} < {play.label.partition(":")[0] for play in plays}
    assert all(play.steps for play in plays)
