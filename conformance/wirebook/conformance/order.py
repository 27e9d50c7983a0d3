"""In which order the cases begin.

What may live here: spreading the slow cases over the processes of a run. With `worksteal`, xdist
gives every worker an equal share of the cases, one share after the other, and a worker that has
finished takes over what lies at the end of another's share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Case = TypeVar("Case")


def dealt(cases: Sequence[Case], is_slow: Callable[[Case], bool], workers: int) -> list[Case]:
    """Return the cases so that each worker begins with its part of the slow ones.

    What is left for the end, and taken over, are cases that no one has to wait for.
    """
    slow = [case for case in cases if is_slow(case)]
    others = [case for case in cases if not is_slow(case)]
    ordered: list[Case] = []
    for worker in range(workers):
        share = -(-(len(cases) - len(ordered)) // (workers - worker))
        own = slow[worker::workers]
        filling = max(0, share - len(own))
        ordered += own + others[:filling]
        others = others[filling:]
    return ordered + others
