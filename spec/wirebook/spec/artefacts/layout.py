"""The layout of a figure of states: where lines leave and enter their boxes, and run between them.

The states stand in one column. A change to an earlier state leaves its box on the left, and one to
a later state on the right; its label stands on the line where it leaves, and all changes to one
state on one side share the lane that leads there. Every line that leaves or enters a box has a
height of its own and every lane its own place, so that no text can meet a box, a lane or another
text. What may live here: heights, widths and lanes, in pixels; how they are drawn is for `figures`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

LINE = 17
"""The height of a line of text."""
LETTER = 7.4
"""The width that a letter of a label takes at most, on average, in any of the fonts."""
LANE = 16
"""The width of a lane."""
_ENTRY = 22
"""The height that the line of an entry takes."""
_BETWEEN = 14
"""The room from one label to the next."""
_AIR = 44
"""The room beside labels, with that for the first lane."""

Change = tuple[int, int]
"""The numbers of two states, from and to."""


@dataclass(slots=True)
class Side:
    """What happens on one side of the column."""

    outward: int
    """-1 on the left, 1 on the right."""
    labels: dict[Change, list[list[str]]]
    """The inputs of each change, each as its lines."""
    exits: dict[Change, int] = field(default_factory=dict)
    """How high each change leaves its box."""
    entries: dict[int, int] = field(default_factory=dict)
    """How high the lane to a state enters its box."""

    def height(self, state: int) -> int:
        """Return the room that the lines of a box take."""
        return sum(_ENTRY if row is None else self._tall(row) for row in self._rows(state))

    def place(self, state: int, top: int) -> None:
        """Set the heights of the lines of a box."""
        for row in self._rows(state):
            if row is None:
                self.entries[state] = top + _ENTRY // 2
                top += _ENTRY
            else:
                top += self._tall(row)
                self.exits[row] = top - _BETWEEN // 2

    def width(self) -> int:
        """Return the room that labels and lanes take beside the boxes."""
        lines = [line for label in self.labels.values() for lines in label for line in lines]
        if not lines:
            return 0
        text = math.ceil(max(len(line) for line in lines) * LETTER)
        return text + _AIR + max(self.lanes().values()) * LANE

    def lanes(self) -> dict[int, int]:
        """Return the lane that leads to each state, from 0 for the innermost; long ones outside."""
        spans = {}
        for target, entry in self.entries.items():
            ends = [entry, *(high for change, high in self.exits.items() if change[1] == target)]
            spans[target] = min(ends), max(ends)
        found: dict[int, int] = {}
        for target in sorted(spans, key=lambda state: spans[state][1] - spans[state][0]):
            first, last = spans[target]
            met = [found[t] for t in found if spans[t][0] <= last and first <= spans[t][1]]
            found[target] = max(met, default=-1) + 1
        return found

    def _rows(self, state: int) -> list[Change | None]:
        """Return what leaves the box from top to bottom, and None where the lane enters it.

        In this order lines need not cross beside the box: the lane comes from where the changes do
        not go, and of these the one to the farthest state is next to it.
        """
        leaving = [change for change in self.labels if change[0] == state]
        leaving.sort(key=lambda change: -change[1])
        entry = [None] if any(change[1] == state for change in self.labels) else []
        return [*entry, *leaving] if self.outward > 0 else [*leaving, *entry]

    def _tall(self, change: Change) -> int:
        return sum(map(len, self.labels[change])) * LINE + _BETWEEN
