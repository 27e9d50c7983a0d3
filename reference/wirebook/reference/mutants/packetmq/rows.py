"""Other rows in the state table of a connection.

What may live here: how a mutant reacts to an input in another way than the book's table says. The
table itself belongs to the book, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from wirebook.reference.mutants.bank import set_value
from wirebook.reference.packetmq.core import connection
from wirebook.spec.packetmq.states import Action, Input, State
from wirebook.spec.states import Transition

Row: TypeAlias = Transition[State, Action]

BEFORE_ACTIVE = (State.CONN_MADE, State.IDCHECK)
ACTIVE = (State.ACTIVE, State.CONFIRMED)
CONNECTED = (*BEFORE_ACTIVE, *ACTIVE)


def react(
    *states: State,
    to: Input,
    by: Action,
    next_state: State | None = None,
    like: Input | None = None,
) -> None:
    """React to an input in some states by an action, in the same state if no next one is given.

    With `like`, the next state is the one that this input leads to.
    """
    before: Any = vars(connection)["HANDSHAKE"]
    rows: dict[tuple[State, Input], Row] = {}
    for state in states:
        after = before.step(state, like).next_state if like else next_state or state
        rows[state, to] = Transition(by, after)
    set_value(connection, "HANDSHAKE", _Table(before, rows))


class _Table:
    """A state table, some rows of which are other ones."""

    def __init__(self, before: Any, rows: Mapping[tuple[State, Input], Row]) -> None:
        self.initial: State = before.initial
        self._before = before
        self._rows = rows

    def step(self, state: State, given: Input) -> Row:
        """Return the transition of an input in a state."""
        row: Row = self._rows.get((state, given)) or self._before.step(state, given)
        return row
