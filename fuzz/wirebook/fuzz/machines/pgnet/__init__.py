"""Machines for PGNet: the users, the admin and the operator of a server; the server of a client.

What may live here: which machine goes with which subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from wirebook.conformance.drivers.pgnet import probe
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.server import ServerHandle
from wirebook.fuzz.machines.base import Machine
from wirebook.fuzz.machines.pgnet.client import ClientMachine
from wirebook.fuzz.machines.pgnet.client_core import ClientCoreSubject
from wirebook.fuzz.machines.pgnet.client_live import ClientLiveSubject
from wirebook.fuzz.machines.pgnet.server import ServerMachine
from wirebook.fuzz.machines.pgnet.server_core import ServerCoreSubject
from wirebook.fuzz.machines.pgnet.server_live import ServerLiveSubject, tidy

__all__ = ["machines"]

_EVERY_FEATURE: Final = frozenset({"persistence", "admin", "scripted-game"})
"""What an address stands for."""
_CROWDED: Final = 100
"""Machines after which a server may have as many games as it takes."""


@contextmanager
def machines(role: str, target: Mapping[str, Any] | None) -> Iterator[Callable[[], Machine]]:
    """Yield what makes machines for a role: on the reference's core, or on a target."""
    if target is None:
        if role == "server":
            yield lambda: ServerMachine(ServerCoreSubject())
        else:
            yield lambda: ClientMachine(ClientCoreSubject())
    elif role == "server":
        with _servers(Target.from_json(target)) as make:
            yield make
    else:
        with _clients(Target.from_json(target)) as make:
            yield make


@contextmanager
def _servers(target: Target) -> Iterator[Callable[[], Machine]]:
    handle = ServerHandle(target, probe)
    features = _EVERY_FEATURE if target.features is None else frozenset(target.features)
    made = 0

    def make() -> Machine:
        nonlocal made
        handle.ensure()
        if made:
            tidy(handle, features)
        made += 1
        subject = ServerLiveSubject(handle, features)
        subject.crowded = made > _CROWDED and "admin" not in features
        return ServerMachine(subject)

    try:
        yield make
    finally:
        handle.stop()


@contextmanager
def _clients(target: Target) -> Iterator[Callable[[], Machine]]:
    handles: list[ClientHandle] = []

    def make() -> Machine:
        if not handles or not handles[-1].alive():
            handles.append(ClientHandle(target))
        return ClientMachine(ClientLiveSubject(handles[-1]))

    try:
        yield make
    finally:
        for handle in handles:
            handle.close()
