"""Walks through the requests of a PacketMQ client's adapter, before any case runs.

What may live here: one look at each request and notification of the control protocol. Nothing here
tests the protocol; a fault is one of the adapter.
"""

from __future__ import annotations

from collections.abc import Iterator

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import (
    SteeredClient,
    lost,
    made,
    received,
    unused_address,
)
from wirebook.conformance.drivers.packetmq.player import join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import ECHO, ITEM, check_sends, control
from wirebook.conformance.targets.client import ClientHandle
from wirebook.spec.extension import Ext

Step = tuple[bool, str]

VALUES = [None, True, 1.5, [1, {"a": b"\xff"}], 2**60, {1: 2}, {"$k": 1}, Ext(5, b"\x00\xff")]
"""Values of every type that the adapter has to write and read in JSON."""


def examine_client(adapter: ClientHandle) -> Iterator[Step]:
    """Make each of the adapter's requests once; a wrong answer raises Violation."""
    with RawServer() as server:
        client = SteeredClient(adapter, server)
        line = join(client)
        yield True, "connect is carried out, and the client notifies that the connection is made"
        own = line.of_kind(frames.PUBIDS)[0].value
        right = own == {"adapt": True, "idmap": frames.CLIENT_IDS}
        yield right, "without a register the client adapts, with ids 100 greater than the server's"
        control(client, line)
        yield True, "send sends, and a packet of the server is notified"
        for value in VALUES:
            check_sends(client, line, value)
            line.say(frames.ITEM, value)
        heard = client.notified(line)[1][2]
        told = [made(), received(ITEM, heard), *(received(ITEM, value) for value in VALUES)]
        client.wait_notified(line, *told)
        yield True, "values of every type are read and written, also those that JSON lacks"
        client.send(ECHO, [1])
        server.expect(line, frames.ECHO, count=len(VALUES) + 2)
        yield True, "send without a connection goes to the first connected server"
        client.fail(ITEM)
        line.say(frames.ITEM, [2])
        client.until(
            lambda: received(ITEM, [2]) in client.notified(line),
            lambda: "expected a notification by the callback that is to fail, got none",
        )
        yield True, "a callback that is to fail notifies before it does"
        yield from _examine_endings(client)


def _examine_endings(client: SteeredClient) -> Iterator[Step]:
    client.register({"app:one": 16}, adapt=False)
    line = join(client)
    own = line.of_kind(frames.PUBIDS)[0].value
    right = own == {"adapt": False, "idmap": {**frames.INTERNAL, "app:one": 16}}
    yield right, "register begins anew with the packets and the policy that it names"
    number = client.begin_to_connect(unused_address())
    client.wait_notified_of(number, lost(None))
    yield True, "a connect that fails is notified as lost"
    client.softquit(line, "reason.doctor")
    client.server.expect(line, frames.SOFTQUIT)
    yield line.reason == "reason.doctor", "softquit is carried out, with its reason"
    yield client.wait_lost(line) == "reason.doctor", "and notified as lost, with the reason"
