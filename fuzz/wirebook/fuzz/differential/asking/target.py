"""A server under test as one more reader, asked about many octets at a time.

What may live here: what is the same for all books, above all a server that dies of a question.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Protocol, Self

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.library import open_library
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.targets.server import ServerHandle
from wirebook.fuzz import signatures
from wirebook.fuzz.differential.readings import Reading

_ALIVE_SECONDS = 2.0


class Questions(Protocol):
    """The module of a book: how its servers are asked."""

    MESSAGE: str
    """The message that the octets are of."""
    AT_A_TIME: int
    """About how many octets a server is asked at once."""

    def ask(self, link: Link, batch: Sequence[bytes]) -> list[Reading]:
        """Ask a server what it makes of octets, each on its own."""

    def shown(self, reading: Reading) -> Reading:
        """Return what a server can show of what a reader makes of octets."""


def questions(book: str) -> Questions:
    """Return the questions of a book."""
    module: Any = importlib.import_module(f"{__package__}.{book}")
    found: Questions = module
    return found


class AskedTarget:
    """A server that runs, and is started again when a question was its end."""

    def __init__(self, book: str, target: Mapping[str, Any]) -> None:
        described = Target.from_json(target)
        self.name = described.name
        self.questions = questions(book)
        self._server = ServerHandle(described, find(open_library().probe(book)))

    def __enter__(self) -> Self:
        self._server.ensure()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def read(self, batch: Sequence[bytes], end: float) -> list[Reading]:
        """Return what the server makes of octets, or of the first of them.

        Where it does not survive many at once, it is asked again, one by one, until time is over.
        """
        self._server.ensure()
        mark = self._server.mark()
        link = Link(self._server.address, alive=self._server.alive)
        readings = self.questions.ask(link, batch)
        if self._server.settle() and self._server.answers(_ALIVE_SECONDS):
            return readings
        output = self._server.output(mark)
        stopped = self._server.alive()
        self._server.stop()
        if len(batch) > 1:
            singly = takewhile(lambda _: time.monotonic() < end, batch)
            return [reading for one in singly for reading in self.read([one], end)]
        failed = "it stops answering" if stopped else signatures.of_output(output)
        return [Reading(False, failed=failed, output=output)]
