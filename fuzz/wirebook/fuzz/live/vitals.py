"""What a process takes of the machine: memory, descriptors, processor time.

What may live here: reading `/proc`. Where a machine has none, nothing is known, and nothing is said
about growth.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NANO = 1e-9
_SPIN_SECONDS, _PARTS = 0.8, 6
_RESTING, _BUSY = 0.5, 0.85


@dataclass(frozen=True, slots=True)
class Vitals:
    """What all processes of a target take together at a moment."""

    octets: int
    """Octets of memory."""
    descriptors: int
    """Open files, sockets and pipes."""


def read(guard: int) -> Vitals:
    """Return what the descendants of a process take; what cannot be read counts nothing."""
    octets = descriptors = 0
    for process in _descendants(guard):
        with contextlib.suppress(OSError):
            octets += int(Path(process, "statm").read_text().split()[1]) * _PAGE
            descriptors += sum(1 for _ in Path(process, "fd").iterdir())
    return Vitals(octets, descriptors)


def spins(guard: int) -> bool:
    """Tell whether some thread of the descendants wants to run all the time.

    Waiting for a processor counts as wanting, so that a busy machine makes no difference. What is
    at rest is seen to be so in a fraction of the time.
    """
    before, began = _wanted(guard), time.monotonic()
    share = 0.0
    for _ in range(_PARTS):
        time.sleep(_SPIN_SECONDS / _PARTS)
        now, passed = _wanted(guard), time.monotonic() - began
        more = (wanted - before.get(thread, wanted) for thread, wanted in now.items())
        share = max(more, default=0.0) / passed
        if share < _RESTING:
            return False
    return share > _BUSY


def first_child(guard: int) -> int | None:
    """Return the process that the guard has started."""
    children = _children(_PROC / str(guard))
    return int(children[0].name) if children else None


def _wanted(guard: int) -> dict[str, float]:
    wanted = {}
    for process in _descendants(guard):
        for thread in process.glob("task/*"):
            with contextlib.suppress(OSError, ValueError):
                ran, waited, _ = Path(thread, "schedstat").read_text().split()
                wanted[str(thread)] = (int(ran) + int(waited)) * _NANO
    return wanted


def _descendants(guard: int) -> list[Path]:
    found = _children(_PROC / str(guard))
    for process in found:  # which grows as it is gone through
        found.extend(_children(process))
    return found


def _children(process: Path) -> list[Path]:
    found = []
    for thread in process.glob("task/*"):
        with contextlib.suppress(OSError):
            numbers = Path(thread, "children").read_text().split()
            found += [_PROC / number for number in numbers]
    return found
