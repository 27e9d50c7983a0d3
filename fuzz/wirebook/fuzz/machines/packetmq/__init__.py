"""The machines of PacketMQ: peers of a server, servers of a client, and the book as their model.

What may live here: which machine belongs to a role, and which subject to a target.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wirebook.conformance.targets.tail import Tail, TailHandler
from wirebook.fuzz.machines.base import Machine
from wirebook.fuzz.machines.packetmq.client import ClientMachine
from wirebook.fuzz.machines.packetmq.core import CoreClient, CoreServer
from wirebook.fuzz.machines.packetmq.live import live_subjects
from wirebook.fuzz.machines.packetmq.server import ServerMachine

__all__ = ["ClientMachine", "ServerMachine", "machines"]


@contextmanager
def machines(role: str, target: Mapping[str, Any] | None) -> Iterator[Callable[[], Machine]]:
    """Give a function that makes machines for a role, each with a subject of its own.

    `target` is what `Target.to_json` gives; without one, the subject is the reference in virtual
    time. A target is started once, and every machine has connections of its own.
    """
    machine: Callable[[Any], Machine] = ServerMachine if role == "server" else ClientMachine
    if target is not None:
        with live_subjects(role, target) as subject:
            yield lambda: machine(subject())
        return
    tail = Tail()
    with _logging_to(tail):
        core: Callable[[Tail], Any] = CoreServer if role == "server" else CoreClient
        yield lambda: machine(core(tail))


@contextmanager
def _logging_to(tail: Tail) -> Iterator[None]:
    """Keep what the reference tells its operator, where it would go to the terminal."""
    handler = TailHandler(tail)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
