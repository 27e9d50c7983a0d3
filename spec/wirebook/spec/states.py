"""The type of a state table, and its rendering as a Markdown table.

A table is plain data: a dict (state, input) -> Transition, or Illegal for a pair that only a
mistake of the program can bring about. The figure in the book, the pairs that the suite provokes
and the machine that the reference runs all come from this one dict. What may live here: the type,
its checks and what can be read off it; no protocol, and nothing that knows what an action does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

S = TypeVar("S", bound=Enum)
I = TypeVar("I", bound=Enum)  # noqa: E741 - the input of an automaton, as in (S, I, A)
A = TypeVar("A", bound=Enum)


@dataclass(frozen=True, slots=True)
class Transition(Generic[S, A]):
    """What happens on an input in a state."""

    action: A
    """What the machine does."""
    next_state: S
    """The state it is in afterwards."""
    requirements: tuple[str, ...] = ()
    """The requirements that say so."""


@dataclass(frozen=True, slots=True)
class Illegal:
    """A pair that cannot happen unless the program makes a mistake."""

    reason: str


class IllegalInput(ValueError):
    """An input was given in a state whose table calls the pair illegal."""


class IncompleteTable(ValueError):
    """A table lacks rows, or has a state that no path leads to."""


@dataclass(frozen=True, slots=True)
class StateTable(Generic[S, I, A]):
    """A complete table: each state with each input has exactly one row."""

    name: str
    """The name that the prose's markers use."""
    title: str
    states: type[S]
    inputs: type[I]
    initial: S
    rows: Mapping[tuple[S, I], Transition[S, A] | Illegal]

    def __post_init__(self) -> None:
        pairs = [(state, given) for state in self.states for given in self.inputs]
        missing = [f"{s.name} × {i.name}" for s, i in pairs if (s, i) not in self.rows]
        if missing:
            raise IncompleteTable(f"{self.name} has no row for {', '.join(missing)}")
        unreachable = [state.name for state in self.states if state not in self._reachable()]
        if unreachable:
            raise IncompleteTable(f"{self.name} never gets to {', '.join(unreachable)}")

    def step(self, state: S, given: I) -> Transition[S, A]:
        """Return the transition of `given` in `state`."""
        row = self.rows[state, given]
        if isinstance(row, Illegal):
            raise IllegalInput(f"{self.title}: {given.value} in {state.value}: {row.reason}")
        return row

    @property
    def illegal(self) -> tuple[tuple[S, I], ...]:
        """The pairs that only a mistake brings about."""
        return tuple(pair for pair, row in self.rows.items() if isinstance(row, Illegal))

    @property
    def requirements(self) -> frozenset[str]:
        """Every requirement that a row cites."""
        legal = (row for row in self.rows.values() if isinstance(row, Transition))
        return frozenset(cited for row in legal for cited in row.requirements)

    def markdown(self, link: Callable[[str], str] = str) -> str:
        """Return the table in Markdown; `link` turns a requirement's ID into a link.

        Inputs with the same outcome in a state share a line.
        """
        lines = ["| state | input | action | next state | requirements |", "|---|---|---|---|---|"]
        together: dict[tuple[S, Transition[S, A] | Illegal], list[str]] = {}
        for (state, given), row in self.rows.items():
            together.setdefault((state, row), []).append(given.value)
        for (state, row), inputs in together.items():
            cells = [state.value, "; ".join(inputs)]
            if isinstance(row, Illegal):
                cells += [f"*illegal*: {row.reason}", "–", ""]
            else:
                cited = ", ".join(link(requirement) for requirement in row.requirements)
                cells += [row.action.value, row.next_state.value, cited]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def changes(self) -> dict[tuple[S, S], tuple[I, ...]]:
        """Return the changes of state, from and to, with the inputs that bring each about."""
        found: dict[tuple[S, S], tuple[I, ...]] = {}
        for (state, given), row in self.rows.items():
            if isinstance(row, Transition) and row.next_state is not state:
                change = state, row.next_state
                found[change] = (*found.get(change, ()), given)
        return found

    def _reachable(self) -> set[S]:
        found, fresh = {self.initial}, [self.initial]
        while fresh:
            state = fresh.pop()
            for given in self.inputs:
                row = self.rows[state, given]
                if isinstance(row, Transition) and row.next_state not in found:
                    found.add(row.next_state)
                    fresh.append(row.next_state)
        return found
