"""Machines on a mutant of the reference, each in a process of its own."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from wirebook.conformance.corpus import Finding
from wirebook.fuzz.lots import Lot, work


def findings_on(
    book: str,
    role: str,
    mutant: str,
    *,
    seed: int = 1,
    inputs: int = 20_000,
    seconds: float = 60.0,
    shrink: bool = True,
) -> tuple[Finding, ...]:
    """Return what the machine of a book and a role finds on a mutant; "" is the reference."""
    lot = Lot(book, role, "machine", seed, inputs, seconds=seconds, mutant=mutant, shrink=shrink)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        return pool.submit(work, lot).result().findings
