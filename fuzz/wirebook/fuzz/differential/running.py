"""Working off a lot: inputs to all readers, and what they do not agree on.

What may live here: what is the same for all books and all kinds of readers.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice

from wirebook.conformance.corpus import Finding
from wirebook.fuzz.differential import on_target
from wirebook.fuzz.differential.inputs import inputs
from wirebook.fuzz.differential.readers import (
    SCHEMA,
    Read,
    class_of,
    fits,
    in_process,
    judged,
    messages_of,
    module_of,
    requirements_of,
)
from wirebook.fuzz.differential.readings import Disagreement, disagreement
from wirebook.fuzz.differential.shrinking import shrink
from wirebook.fuzz.lots import Harvest, Lot


def work(lot: Lot) -> Harvest:
    """Give the octets of a lot to all readers, and shrink what these do not agree on."""
    if lot.target is not None:
        return on_target.work(lot)
    began = time.monotonic()
    readers = in_process(lot.book)
    seen: set[str] = set()
    found: dict[str, Finding] = {}
    number = 0
    for message, data in islice(
        inputs(lot.book, messages_of(lot.book, lot.role), lot.seed), lot.inputs
    ):
        number += 1
        readings = {name: read(message, data) for name, read in readers.items()}
        seen.add(f"{message}:{class_of(readings[SCHEMA])}")
        parted = disagreement(message, readings)
        if parted and parted.signature not in {*found, *lot.known}:
            end = began + lot.seconds
            found[parted.signature] = _finding(lot, message, data, parted, readers, end)
        if time.monotonic() - began > lot.seconds:
            break
    return Harvest(
        lot,
        inputs=number,
        seconds=time.monotonic() - began,
        seen=frozenset(seen),
        findings=tuple(found.values()),
    )


def _finding(
    lot: Lot,
    message: str,
    data: bytes,
    parted: Disagreement,
    readers: Mapping[str, Read],
    end: float,
) -> Finding:
    def shows(octets: bytes) -> bool:
        if time.monotonic() > end or not fits(lot.book, message, octets):
            return False
        again = judged(readers, message, octets)
        return again is not None and again.signature == parted.signature

    shortest = shrink(data, shows)
    last = judged(readers, message, shortest) or parted
    return Finding(
        book=lot.book,
        role=lot.role,
        way="differential",
        signature=parted.signature,
        what=last.what,
        requirements=requirements_of(lot.book, parted),
        steps=module_of(lot.book).steps(message, shortest),
        message=message,
        seed=lot.seed,
        output=last.output,
    )
