"""Walks through the conformance application of a PacketMQ target, before any case runs.

What may live here: one look at each packet of the application, but `conformance:fail`, of which an
implementation has been seen to drop the connection. Nothing here tests the protocol; a fault is one
of the application. The client's half is in `doctor_client.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.doctor_client import examine_client
from wirebook.conformance.drivers.packetmq.stages import Player
from wirebook.conformance.drivers.packetmq.verify import until_told
from wirebook.conformance.targets.server import ServerHandle

__all__ = ["examine_client", "examine_server"]

Step = tuple[bool, str]
VALUES: list[Any] = [None, True, 1.5, [1, {"a": b"\xff"}], 2**60, {1: 2}, [[], {}]]
REASON = "reason.doctor"


def examine_server(server: ServerHandle) -> Iterator[Step]:
    """Say each packet of the application once; a wrong answer raises Violation."""
    link = Link(server.address, alive=server.alive)
    with Player(link) as player, Player(link) as other:
        player.join()
        other.join()
        yield True, "clients can connect"
        told = player.received(frames.PUBIDS)[0].value
        right = told == {"adapt": False, "idmap": frames.SERVER_IDS}
        yield right, "the server enforces, and has the packets of the book with their ids"
        for value in VALUES:
            player.say(frames.ECHO, value)
            player.expect_value(frames.ECHOED, value)
        yield True, "echo comes back with its payload"
        number = player.number()
        yield number != other.number(), "whoami tells the connection's number"
        player.say(frames.BURST, 3)
        for item in range(3):
            player.expect_value(frames.ITEM, item)
        yield True, "burst sends as many items as asked for"
        other.say(frames.BROADCAST, ["to", "all"])
        for each in (player, other):
            each.expect_value(frames.ITEM, ["to", "all"])
        yield True, "broadcast reaches every client"
        yield player.told_of(number) == [["made", number]], "the history has what was made"
        player.say(frames.LEAVE, REASON)
        said = player.expect_packet(frames.SOFTQUIT).value
        yield said == {"reason": REASON}, "leave takes leave with the reason"
        player.finish_sending()
        until_told(
            other,
            lambda told: ["lost", number, REASON] in told,
            f"that connection {number} is lost with {REASON}",
        )
        yield True, "the history has what was lost, and why"
