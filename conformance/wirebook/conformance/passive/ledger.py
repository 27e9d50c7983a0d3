"""What looking on has found: which rules held how often, which were broken where, and what is open.

What may live here: the book-keeping. Which rules there are is known to the module of each book.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

ROLES = ("client", "server")


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that was broken, and where it shows."""

    requirement: str
    role: str
    """Of the side that broke it."""
    packet: int
    """The number of the packet, as other tools count."""
    session: str
    text: str
    """What is wrong, in one line."""


@dataclass(frozen=True, slots=True)
class Open:
    """What could not be judged, and why."""

    session: str
    text: str


@dataclass(slots=True)
class Ledger:
    """Everything that was found in a capture."""

    book: str
    sessions: list[str] = field(default_factory=list)
    """Each session: its two ends, client first."""
    problems: list[str] = field(default_factory=list)
    """What is wrong with the capture itself."""
    passed_over: int = 0
    """How many datagrams and streams are of another protocol."""
    _looked: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Each once, in the order in which they were found.
    _breaches: dict[Breach, None] = field(default_factory=dict)
    _open: dict[Open, None] = field(default_factory=dict)

    @property
    def breaches(self) -> list[Breach]:
        """Every rule that was broken, and where."""
        return list(self._breaches)

    @property
    def open(self) -> list[Open]:
        """Everything that could not be judged."""
        return list(self._open)

    def looked(self, requirement: str, role: str, times: int = 1) -> None:
        """Count that it was seen whether a side holds a rule."""
        self._looked[requirement, role] += times

    def broken(self, requirement: str, role: str, packet: int, session: str, text: str) -> None:
        """Note a breach; the same again in the same packet counts once."""
        self.looked(requirement, role, 0)
        breach = Breach(requirement, role, packet, session, text)
        self._breaches.setdefault(breach)

    def leave_open(self, session: str, text: str) -> None:
        """Note what cannot be judged."""
        self._open.setdefault(Open(session, text))

    def breaches_of(self, role: str = "") -> list[Breach]:
        """Return the breaches of one role or of both, by requirement and packet."""
        found = [one for one in self.breaches if role in ("", one.role)]
        return sorted(found, key=lambda one: (one.requirement, one.packet, one.text))

    def held(self, role: str = "") -> dict[str, int]:
        """Return how often each rule was looked at that nobody broke, in the order of the IDs."""
        broken = {one.requirement for one in self.breaches_of(role)}
        counts: Counter[str] = Counter()
        for (requirement, side), times in self._looked.items():
            if requirement not in broken and role in ("", side):
                counts[requirement] += times
        return {name: counts[name] for name in sorted(counts) if counts[name]}
