"""Cases: a client lives through whatever its servers send, and whatever its own callbacks do.

What may live here: rubbish in bulk, the same again for the same seed; servers that do not read;
failing callbacks.
"""

from __future__ import annotations

import random

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, made, received
from wirebook.conformance.drivers.packetmq.player import ORDER, bring_to, join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import (
    ECHO,
    ITEM,
    about,
    control,
    control_elsewhere,
)
from wirebook.conformance.marks import requires

ROUNDS = 40
MANY = 40
UNREAD, UNREAD_OCTETS = 30, 65_000


@requires("PMQ-ERR-001")
def test_random_octets(client: SteeredClient, rng: random.Random) -> None:
    """Random octets in any state, ended in any way, harm no other connection."""
    control_elsewhere(client)
    for number in range(ROUNDS):
        with about(client, f"round {number}"):
            line = bring_to(client, rng.choice(ORDER))
            octets = rng.randbytes(rng.choice((1, 3, 4, 5, 6, 40, 4000)))
            line.send(rng.choice((b"", b"\x00\x00\x00\x28", b"\x00\x00\x00\x28\x00\x02")) + octets)
            rng.choice((line.reset, line.half_close))()
            client.wait_lost(line)
    control_elsewhere(client)


@requires("PMQ-ERR-001", "PMQ-ERR-002")
def test_damaged_frames(client: SteeredClient, rng: random.Random) -> None:
    """Frames of a handshake with octets changed, left out or put in harm no other connection."""
    control_elsewhere(client)
    whole = [frames.init(), frames.pubids(adapt=False, ids=frames.SERVER_IDS), frames.finish()]
    for number in range(ROUNDS):
        damaged = bytearray(b"".join([*whole, frames.say(frames.ITEM, {"a": [1, 2.5]})]))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        with about(client, f"round {number}"):
            line = client.connect()
            line.send(bytes(damaged), message="")
            line.half_close()
            client.wait_lost(line)
    control_elsewhere(client)


@requires("PMQ-EXC-004")
def test_failing_callback(client: SteeredClient) -> None:
    """A callback that fails costs no packet behind it, and no connection."""
    client.fail(ITEM)
    line = join(client)
    line.send_all(frames.say(frames.ITEM, number) for number in range(3))
    line.say(frames.ECHO, "another kind")
    line.say(frames.ITEM, 3)
    items = [received(ITEM, number) for number in range(4)]
    client.wait_notified(line, made(), *items[:3], received(ECHO, "another kind"), items[3])
    control(client, line)
    control_elsewhere(client)


@requires("PMQ-ERR-001")
def test_server_that_does_not_read(client: SteeredClient, raw_server: RawServer) -> None:
    """A server that reads nothing holds up nobody but itself, and gets it all in the end."""
    line = join(client)
    line.reading = False
    for number in range(UNREAD):
        client.send(ECHO, [number, bytes(UNREAD_OCTETS)], line)
    control_elsewhere(client)
    line.say(frames.ITEM, "still read by the client")
    client.wait_notified(line, made(), received(ITEM, "still read by the client"))
    line.reading = True
    raw_server.expect(line, frames.ECHO, count=UNREAD, seconds=client.patience())


@requires("PMQ-ERR-001", "PMQ-IDS-001")
def test_many_connections(client: SteeredClient) -> None:
    """A client has many connections at once, and each has packets of its own."""
    lines = [join(client) for _ in range(MANY)]
    for line in lines:
        line.say(frames.ITEM, line.number)
    for line in lines:
        client.wait_notified(line, made(), received(ITEM, line.number))
    control(client, lines[0])
    control(client, lines[-1])
