"""`wirebook bench fuzz`: how many inputs the fuzzer tries, and that it does so for ever.

The loop that is measured is the one that campaigns run, with mutation, decoding, the core, timers
and checks; its guided part, which takes one input in a hundred, is not. Rates are by the time of
the processor, so that what else the machine does counts as little as can be. What may live here:
the rows.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from typing import Final

from wirebook.commands.benches.rows import Row, figure
from wirebook.fuzz import cores, live
from wirebook.fuzz.lots import Lot
from wirebook.fuzz.octets import Run
from wirebook.spec import books

_INPUTS: Final = 40_000
_INPUTS_TARGET: Final = 15_000
"""Inputs a second through PyGaSe's codec and core, on one processor core."""
_LIVE_TARGET: Final = 2_000
"""Datagrams a second to a live server, with a look now and then whether it lives."""
_LIVE_SECONDS: Final = 3.0
_WARM: Final = 100_000
_LONG: Final = 400_000
_GROWTH_MOST: Final = 10.0
"""Percent."""
_PATIENCE: Final = 3600.0


def rows(rounds: int) -> Iterator[Row]:
    """Measure, and yield each row when it is there."""
    yield _memory()
    yield _rate("pygase", "server", rounds, _INPUTS_TARGET)
    yield _rate("pygase", "client", rounds)
    for book in books.names():
        if book != "pygase":
            for role in ("server", "client"):
                yield _rate(book, role, rounds)
    found = [live.rate(book="pygase", seconds=_LIVE_SECONDS) for _ in range(rounds)]
    yield Row("PyGaSe server, live over UDP: datagrams/s", figure(found), target=_LIVE_TARGET)


def _rate(book: str, role: str, rounds: int, target: float | None = None) -> Row:
    """Measure the loop, and the mutator alone as what it cannot exceed."""
    found, alone = [], []
    for number in range(rounds):
        run = Run(Lot(book, role, "octets", number, _INPUTS), time.monotonic() + _PATIENCE)
        began = time.process_time()
        run.loop(_INPUTS)
        found.append(run.inputs / (time.process_time() - began))
        if run.findings:
            raise RuntimeError(f"the reference is broken: {', '.join(run.findings)}")
        mutator = cores.mutator(book, role, number)
        began = time.process_time()
        for _ in range(_INPUTS):
            mutator.next()
        alone.append(_INPUTS / (time.process_time() - began))
    what = f"{books.get(book).title} {role}, in this process: inputs/s"
    return Row(what, figure(found), ceiling=figure(alone), target=target)


def _memory() -> Row:
    """Measure what the memory of the process grows by while the loop goes on."""
    run = Run(Lot("pygase", "server", "octets", 0, _LONG), time.monotonic() + _PATIENCE)
    run.loop(_WARM)
    before = _memory_most()
    run.loop(_WARM + _LONG)
    growth = 100 * (_memory_most() / before - 1)
    what = f"memory after {_LONG:_} more inputs: growth in %".replace("_", " ")
    return Row(what, figure([growth]), target=_GROWTH_MOST, at_most=True)


def _memory_most() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
