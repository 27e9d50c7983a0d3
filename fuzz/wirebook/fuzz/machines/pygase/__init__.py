"""The machines for PyGaSe: servers and clients, on the cores of the reference or on a live target.

What may live here: which subject belongs to which machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wirebook.fuzz.machines.base import Machine


@contextmanager
def machines(role: str, target: Mapping[str, Any] | None) -> Iterator[Callable[[], Machine]]:
    """Yield a function that makes machines, each with fresh identities."""
    if target is not None:
        from wirebook.fuzz.machines.pygase.live import running

        with running(role, target) as make:
            yield make
    elif role == "server":
        from wirebook.fuzz.machines.pygase.server import ServerMachine
        from wirebook.fuzz.machines.pygase.server_core import CoreServer

        yield lambda: ServerMachine(CoreServer())
    else:
        from wirebook.fuzz.machines.pygase.client import ClientMachine
        from wirebook.fuzz.machines.pygase.client_core import CoreClient

        yield lambda: ClientMachine(CoreClient())
