"""Shrinking: what of a long history it takes to break a subject once more.

Theory of operation. The last actions are tried alone, twice as many each time, until it breaks
again; then actions are left out, many and then few at a time, until none can be; then the octets
of each. What may live here: finding less that has the same effect, whatever the actions are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from wirebook.fuzz.cores import WAIT, Action

Item = TypeVar("Item")
Breaks = Callable[[Sequence[Action]], bool]
"""Tells whether actions break a fresh subject in the way in question."""

_ATTEMPTS: Final = 3000
_IDLE: Final[Action] = (WAIT, 25, b"")
_ENDS_MOST: Final = 256
"""How many ends of some octets are tried, one after the other."""


class Shrinker:
    """Finds less; it stops, with what it has, when `goes_on` says so or it has tried a lot."""

    def __init__(self, breaks: Breaks, goes_on: Callable[[], bool]) -> None:
        self._breaks = breaks
        self._goes_on = goes_on
        self._left = _ATTEMPTS

    def shrink(self, history: Sequence[Action]) -> list[Action] | None:
        """Return as few and short actions as it finds; None if not even all of them do it."""
        actions = self._tail(history)
        if actions is None:
            return None
        actions = self._idle(self._fewer(actions, self._try))
        for at in range(len(actions)):
            actions = self._shorter(actions, at)
        return actions

    def _idle(self, actions: list[Action]) -> list[Action]:
        """Wait instead of what is done only to let time pass, in one go if that will do."""
        changed = False
        for at in range(len(actions)):
            idle = [*actions[:at], _IDLE, *actions[at + 1 :]]
            if actions[at][0] != WAIT and self._try(idle):
                actions, changed = idle, True
        return self._fewer(actions, self._try) if changed else actions

    def _shorter(self, actions: list[Action], at: int) -> list[Action]:
        """Shorten the octets of one action."""
        before, (what, number, octets), after = actions[:at], actions[at], actions[at + 1 :]

        def with_these(shorter: list[int]) -> list[Action]:
            return [*before, (what, number, bytes(shorter)), *after]

        def enough(shorter: list[int]) -> bool:
            return self._try(with_these(shorter))

        # Lengths forbid to leave out a part of what they count, but all that is behind may go.
        ends = range(min(len(octets), _ENDS_MOST))
        short = next((end for end in ends if enough(list(octets[:end]))), len(octets))
        return with_these(self._fewer(list(octets[:short]), enough))

    def _tail(self, history: Sequence[Action]) -> list[Action] | None:
        """Return so many of the last actions that it breaks."""
        size = 1
        while size < len(history):
            if self._breaks(history[-size:]):
                return [*history[-size:]]
            size *= 2
        return [*history] if self._breaks(history) else None

    def _fewer(self, items: list[Item], enough: Callable[[list[Item]], bool]) -> list[Item]:
        """Leave out what can be, in runs that get shorter."""
        size = len(items)
        while size and items:
            begin, left_out = 0, False
            while begin < len(items):
                rest = items[:begin] + items[begin + size :]
                if enough(rest):
                    items, left_out = rest, True
                else:
                    begin += size
            if size == 1 and not left_out:
                break
            size = min(size // 2 or 1, len(items))
        return items

    def _try(self, actions: Sequence[Action]) -> bool:
        self._left -= 1
        return self._left > 0 and self._goes_on() and self._breaks(actions)
