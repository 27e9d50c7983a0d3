"""A server that does nothing wrong: the way of a client through the handshake, step by step.

What may live here: bringing a client to any state of the book's table. Each step waits for what the
client has to do in between, and the policy of the server is always the one that the client is not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, made
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.spec.packetmq.states import State

ORDER = (State.CONN_MADE, State.IDCHECK, State.ACTIVE, State.CONFIRMED)
"""The states of the client on the way to a connection that works, in their order."""


def bring_to(
    client: SteeredClient,
    state: State,
    *,
    ids: Mapping[str, int] = frames.SERVER_IDS,
    address: tuple[str, int] | None = None,
) -> Line:
    """Have the client connect, and go through the handshake until it is in this state.

    `ids` are the server's, which an adaptive client takes over.
    """
    line = client.connect(address)
    client.server.expect(line, frames.INIT, seconds=client.patience())
    advance(client, line, State.CONN_MADE, state, ids=ids)
    return line


def join(
    client: SteeredClient,
    ids: Mapping[str, int] = frames.SERVER_IDS,
    *,
    address: tuple[str, int] | None = None,
) -> Line:
    """Have the client connect, and go through the handshake to its end."""
    return bring_to(client, State.CONFIRMED, ids=ids, address=address)


def advance(
    client: SteeredClient,
    line: Line,
    now: State,
    state: State,
    *,
    ids: Mapping[str, int] = frames.SERVER_IDS,
) -> None:
    """Go on with the handshake from one state of the client to another one."""
    for step in ORDER[ORDER.index(now) + 1 : ORDER.index(state) + 1]:
        began = time.monotonic()
        if step is State.IDCHECK:
            line.send(frames.init())
            client.server.expect(line, frames.PUBIDS, seconds=client.patience())
        elif step is State.ACTIVE:
            line.ids = dict(ids if client.adapt else line.of_kind(frames.PUBIDS)[0].value["idmap"])
            line.send(frames.pubids(adapt=not client.adapt, ids=ids))
            client.server.expect(line, frames.FINISH, seconds=client.patience())
        else:
            line.send(frames.finish())
            client.wait_notified(line, made(), what="after the handshake")
        client.latency = max(client.latency, time.monotonic() - began)
