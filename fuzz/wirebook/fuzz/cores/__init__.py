"""The cores of the reference as subjects of octets: in this process, in virtual time.

Theory of operation. A subject is a core with everything around it played: peers, the application,
the clock. It is told one action after the other, does what an event loop would do about each, and
checks what is cheap to check: that nothing is raised, that timers come to rest, that what is kept
stays within the limits. It has no randomness of its own, so the same actions have the same effect
on a fresh one; `aim` is given chance, and says which action makes the best of some octets, such as
a sequence that is the next one. What may live here: what all books' subjects have in common, and
the one door to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final, Protocol, TypeAlias, runtime_checkable

from wirebook.conformance.corpus import Step
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.mutations import Mutator
from wirebook.spec import books

Action: TypeAlias = tuple[str, int, bytes]
"""What is done, the number of the peer that does it, and octets; of a wait, the milliseconds."""
Chance: TypeAlias = Callable[[], float]
"""Gives a number from 0 up to 1."""

WAIT: Final = "wait"
_LULL: Final = 0.0003
"""How often there is silence for so long that everything that can time out does."""
_LULL_SECONDS: Final = (4, 11)
_PAUSE: Final = 0.005
_PAUSES: Final = (2, 13, 25, 50, 100, 200, 500, 1000)


@runtime_checkable
class Subject(Protocol):
    """A core, and what is around it."""

    seen: set[str]
    """States, and states with the class of the response, that were seen."""

    def aim(self, message: str, octets: bytes, chance: Chance) -> Action:
        """Return an action that gives octets to the core, changed so that more of them count."""

    def do(self, action: Action) -> None:
        """Do one action, and raise what the core raises, or Broken."""


class Making(Protocol):
    """What a module of a book has."""

    MESSAGES: dict[str, tuple[str, ...]]
    """By role, the messages that it takes."""
    EXTRA: dict[str, tuple[tuple[str, bytes], ...]]
    """By role, messages that its application knows what to do with."""
    ROBUST: str
    """The requirement that nothing a peer sends is the end of it."""

    @staticmethod
    def subject(role: str) -> Subject:
        """Return a fresh subject."""


def of(book: str) -> Making:
    """Return the module of a book."""
    module: Making = import_module(f"{__package__}.{book}")  # type: ignore[assignment]
    return module


def mutator(book: str, role: str, seed: int) -> Mutator:
    """Return what makes inputs for a role."""
    making = of(book)
    return Mutator(book, making.MESSAGES[role], seed, making.EXTRA[role])


class Timetable:
    """Chooses when to wait, and for how long."""

    def __init__(self) -> None:
        self._lull = 0

    def next(self, chance: Chance) -> Action | None:
        """Return a wait, or None if it is not the time for one."""
        if self._lull:
            self._lull -= 1
            return (WAIT, 1000, b"")
        chosen = chance()
        if chosen > _PAUSE:
            return None
        if chosen < _LULL:
            least, most = _LULL_SECONDS
            self._lull = least + int(chance() * (most - least))
        return (WAIT, _PAUSES[int(chance() * len(_PAUSES))], b"")


def steps_of(actions: Sequence[Action]) -> tuple[Step, ...]:
    """Return actions in the form that findings have."""
    return tuple(_step(*action) for action in actions)


def actions_of(steps: Sequence[Step]) -> list[Action]:
    """Return the actions that the steps of a finding are."""
    return [_action(step) for step in steps]


def _step(what: str, number: int, octets: bytes) -> Step:
    if what == WAIT:
        return {"do": what, "seconds": number / 1000}
    if what == "log in":
        return {"do": what, "peer": number, "user": octets.decode()}
    if what in ("trade", "end", "reset"):
        return {"do": what, "peer": number}
    return {"do": what, "peer": number, "hex": octets.hex()}


def _action(step: Step) -> Action:
    what = str(step["do"])
    if what == WAIT:
        return what, round(float(step["seconds"]) * 1000), b""
    octets = bytes.fromhex(str(step.get("hex", ""))) or str(step.get("user", "")).encode()
    return what, int(step["peer"]), octets


def check_sent(book: str, message: str, octets: bytes) -> None:
    """Raise Broken if octets that a core has sent are not what the schema says."""
    try:
        books.get(book).parse(message, octets)
    except books.Malformed as malformed:
        raise Broken(
            malformed.requirement, f"sends a malformed {message}", f"{malformed}: {octets.hex()}"
        ) from None


def check_rest(due: float | None, now: float, requirement: str) -> None:
    """Raise Broken if a timer is due that was handled just now."""
    if due is not None and due <= now:
        raise Broken(requirement, "a timer that was handled stays due", f"{due} at {now}")
