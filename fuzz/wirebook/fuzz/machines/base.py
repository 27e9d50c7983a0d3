"""What every machine is built on: rules that are written down, and a subject that can be anything.

A machine plays the peers of one implementation and judges what it says by a small model. It knows
the implementation as a `Subject` only, so that the same machine runs on a core, in virtual time,
and on a live target. What may live here: what is the same for all books.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeVar, cast

import hypothesis
from hypothesis import strategies
from hypothesis.stateful import RuleBasedStateMachine, rule

from wirebook.conformance.corpus import Step
from wirebook.fuzz import signatures

Rule = TypeVar("Rule", bound=Callable[..., None])


class Broken(AssertionError):
    """The subject did what the book forbids, or did not do what it demands."""

    def __init__(self, requirement: str, claim: str, detail: str = "") -> None:
        super().__init__(f"{requirement}: {claim}" + (f" ({detail})" if detail else ""))
        self.requirement = requirement
        """The ID of the requirement."""
        self.claim = claim
        """What is wrong, in words that are the same each time."""
        self.detail = detail
        """The figures of this time."""

    def __reduce__(self) -> tuple[type[Broken], tuple[str, str, str]]:
        """Let it pass between processes."""
        return Broken, (self.requirement, self.claim, self.detail)


def signature_of(error: Exception) -> str:
    """Return what makes a failure of a machine the same as another one."""
    if isinstance(error, Broken):
        return f"{error.requirement}: {error.claim}"
    return signatures.of_exception(error)


class Subject(Protocol):
    """What all subjects have; each book's machines ask for more."""

    live: bool
    """Whether time is the real one, and the subject a process or a thread."""
    steps: list[Step]
    """What was done on the wire, to be played again without the machine."""

    def now(self) -> float:
        """Return the time in seconds."""

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that is due in it."""

    def alive(self) -> bool:
        """Tell whether it is still there."""

    def output(self) -> str:
        """Return its last output, or its traceback."""

    def close(self) -> None:
        """Give everything back; a target goes on for the next machine."""


class Machine(RuleBasedStateMachine):
    """Peers of a subject, and what the book lets them expect of it.

    Rules are methods marked with `step`, whose arguments are numbers, words, octets and lists of
    them: what was done can be written down, and done again without Hypothesis.
    """

    book: ClassVar[str]
    role: ClassVar[str]
    """The role of the subject."""

    def __init__(self, subject: Any) -> None:
        super().__init__()
        self.subject = subject
        self.script: list[tuple[str, dict[str, Any]]] = []
        self.known: frozenset[str] = frozenset()
        """Signatures of failures that are known: whatever comes to one leads nowhere."""
        self.seen: set[str] = set()
        """States, and states with the class of the response, that were come by."""
        self.error: Exception | None = None
        """What it has raised."""

    def settle(self) -> None:
        """Take what the subject has said, and raise Broken if the book does not allow it."""

    def play(self, name: str, arguments: Mapping[str, Any]) -> None:
        """Do one step of a script."""
        getattr(self, name)(**{key: _from_json(value) for key, value in arguments.items()})

    def teardown(self) -> None:
        """End it."""
        self.subject.close()


def step(**arguments: strategies.SearchStrategy[Any]) -> Callable[[Rule], Any]:
    """Make a method a rule of its machine: it is written down, and followed by `settle`."""

    def mark(method: Rule) -> Any:
        @functools.wraps(method)
        def run(machine: Machine, **given: Any) -> None:
            written = {key: _to_json(value) for key, value in given.items()}
            machine.script.append((method.__name__, written))
            try:
                method(machine, **given)
                machine.settle()
            except Exception as error:
                if signature_of(error) in machine.known:
                    hypothesis.reject()
                machine.error = error
                raise

        return cast(Any, rule)(**arguments)(run)

    return mark


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return [_to_json(item) for item in value] if isinstance(value, list | tuple) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return [_from_json(item) for item in value] if isinstance(value, list) else value
