"""Live targets: which handle belongs to a role, and machines that share it.

What may live here: starting a target once, and a subject for each machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from wirebook.conformance.drivers.pygase import probe
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.server import ServerHandle
from wirebook.fuzz.machines.base import Machine
from wirebook.fuzz.machines.pygase.client import ClientMachine
from wirebook.fuzz.machines.pygase.client_live import LiveClient
from wirebook.fuzz.machines.pygase.server import ServerMachine
from wirebook.fuzz.machines.pygase.server_live import LiveServer


@contextmanager
def running(role: str, data: Mapping[str, Any]) -> Iterator[Callable[[], Machine]]:
    """Yield a function that makes machines for a target, which is started when it is needed."""
    target = Target.from_json(data)
    if role == "server":
        server = ServerHandle(target, probe)
        try:
            yield lambda: ServerMachine(LiveServer(server))
        finally:
            server.stop()
        return
    clients: list[ClientHandle] = []

    def machine() -> Machine:
        if clients and not clients[-1].alive():
            clients.pop().close()
        if not clients:
            clients.append(ClientHandle(target))
        return ClientMachine(LiveClient(clients[-1]))

    try:
        yield machine
    finally:
        for client in clients:
            client.close()
