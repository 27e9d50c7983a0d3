"""Playing what fuzzing has found on a server, step by step.

What may live here: which findings the suite plays, and what every book's player can do. What a step
means is the player's business, in the module `steps` of the book's drivers.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from wirebook.conformance.corpus.files import built_in, load_all
from wirebook.conformance.corpus.finding import Finding, Step
from wirebook.conformance.drivers.link import Link

_PLAYER = "wirebook.conformance.drivers.{book}.steps"
_LAST_WORD: Step = {"do": "wait", "seconds": 0.1}
"""Time for the target to read what was sent last, before anything else is sent to it."""


class Player(Protocol):
    """All the peers of a target, steered by steps."""

    def do(self, step: Step) -> None:
        """Do one step; a target that resets or refuses is no error."""

    def drain(self) -> list[tuple[int, bytes]]:
        """Return what has come from the target since the last time, by peer."""

    def close(self) -> None:
        """End all connections."""


def player_of(book: str, link: Link) -> Player:
    """Return the player of a book."""
    module = importlib.import_module(_PLAYER.format(book=book))
    player: Player = module.Player(link)
    return player


def played(book: str, role: str, folders: Iterable[Path] = ()) -> tuple[Finding, ...]:
    """Return what the suite plays of a book: the findings of its corpus and of others with steps.

    Of two findings of one name, that of the later folder is played.
    """
    found = {
        finding.name: finding
        for folder in (built_in(), *folders)
        for finding in load_all(folder, book)
        if finding.role == role and finding.steps
    }
    return tuple(found[name] for name in sorted(found))


def play(finding: Finding, link: Link, meanwhile: Callable[[], object]) -> None:
    """Do the steps of a finding; in between, and while the target reads, `meanwhile` is called."""
    link.exchange.note(f"{finding.way} found this on {finding.target}: {finding.what}")
    player = player_of(finding.book, link)
    try:
        for step in (*finding.steps, _LAST_WORD):
            player.do(step)
            player.drain()
            meanwhile()
    finally:
        player.close()
