"""Working off a lot on a running server: does it take what the schema takes?

What may live here: batches of questions, and making sure of what they bring.
"""

from __future__ import annotations

import time
from itertools import islice

from wirebook.conformance.corpus import Finding
from wirebook.fuzz.differential.asking import AskedTarget
from wirebook.fuzz.differential.inputs import inputs
from wirebook.fuzz.differential.readers import (
    SCHEMA,
    Read,
    class_of,
    fits,
    in_process,
    module_of,
    requirements_of,
)
from wirebook.fuzz.differential.readings import Disagreement, disagreement
from wirebook.fuzz.differential.shrinking import shrink
from wirebook.fuzz.lots import Harvest, Lot

_TRIES = 120
_DEADLY_TRIES = 20
"""How often a target is asked to make what was found short."""


class _Asking:
    """A lot on its way."""

    def __init__(self, lot: Lot, asked: AskedTarget) -> None:
        self._lot = lot
        self._asked = asked
        self._message = asked.questions.MESSAGE
        self._schema: Read = in_process(lot.book)[SCHEMA]
        self._inputs = inputs(lot.book, (self._message,), lot.seed)
        self._end = time.monotonic() + lot.seconds
        self.number = 0
        self.seen: set[str] = set()
        self.found: dict[str, Finding] = {}

    def run(self) -> None:
        """Ask until the inputs or the seconds are used up."""
        while not self._over() and (batch := self._batch()):
            self.number += len(batch)
            for data, parted in zip(batch, self.partings(batch), strict=False):
                if parted and self._is_new(parted) and self._again(data, parted):
                    self.found[parted.signature] = self._finding(data, parted)
                if self._over():
                    return

    def _batch(self) -> list[bytes]:
        left = self._lot.inputs - self.number
        size = min(left, self._asked.questions.AT_A_TIME)
        return [data for _, data in islice(self._inputs, size)]

    def partings(self, batch: list[bytes]) -> list[Disagreement | None]:
        """Return how the schema and the target part over each of some octets."""
        found = []
        for data, answer in zip(batch, self._asked.read(batch, self._end), strict=False):
            expected = self._asked.questions.shown(self._schema(self._message, data))
            self.seen.add(f"{self._message}:{class_of(expected)}")
            readings = {SCHEMA: expected, self._asked.name: answer}
            found.append(disagreement(self._message, readings))
        return found

    def _again(self, data: bytes, parted: Disagreement) -> bool:
        """Tell whether octets that are asked alone show the same; a slow answer is no finding."""
        if self._over() or not fits(self._lot.book, self._message, data):
            return False
        again = self.partings([data])[0]
        return again is not None and again.signature == parted.signature

    def _finding(self, data: bytes, parted: Disagreement) -> Finding:
        tries = _DEADLY_TRIES if parted.failed else _TRIES
        shortest = shrink(data, lambda octets: self._again(octets, parted), tries)
        last = parted if parted.failed else self.partings([shortest])[0] or parted
        return Finding(
            book=self._lot.book,
            role=self._lot.role,
            way="differential",
            signature=parted.signature,
            what=last.what,
            requirements=requirements_of(self._lot.book, parted),
            steps=module_of(self._lot.book).steps(self._message, shortest),
            message=self._message,
            target=self._asked.name,
            seed=self._lot.seed,
            output=last.output,
        )

    def _is_new(self, parted: Disagreement) -> bool:
        return parted.signature not in {*self.found, *self._lot.known}

    def _over(self) -> bool:
        return time.monotonic() > self._end


def work(lot: Lot) -> Harvest:
    """Ask a server about the octets of a lot.

    What a client takes shows to its own application only, so nothing is asked of one.
    """
    began = time.monotonic()
    if lot.target is None or lot.role != "server":
        return Harvest(lot, inputs=0, seconds=0.0)
    with AskedTarget(lot.book, lot.target) as asked:
        asking = _Asking(lot, asked)
        asking.run()
    return Harvest(
        lot,
        inputs=asking.number,
        seconds=time.monotonic() - began,
        seen=frozenset(asking.seen),
        findings=tuple(asking.found.values()),
    )


def parting(lot: Lot, data: bytes) -> str:
    """Return how the schema and the lot's target part over octets, or nothing if they agree."""
    if lot.target is None:
        raise ValueError("there is no target to ask")
    with AskedTarget(lot.book, lot.target) as asked:
        (found,) = _Asking(lot, asked).partings([data])
    return found.signature if found else ""
