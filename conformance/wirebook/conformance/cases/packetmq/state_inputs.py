"""Octets for every input of the book's state table that a peer can give.

What may live here: whole frames by the inputs that they are, for cases that go through the table.
"""

from __future__ import annotations

from collections.abc import Mapping

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.frames import ECHOED, INIT, PUBIDS
from wirebook.spec.packetmq.states import Input

OTHER_IDS = {**frames.INTERNAL, "other:name": 17}
SAME_IDS_TWICE = {**frames.SERVER_IDS, "conformance:echo": 18}
INPUTS: Mapping[Input, Mapping[str, bytes]] = {
    Input.INIT_SAME: {"init": frames.init()},
    Input.INIT_OTHER: {
        "version-2": frames.init(2),
        "version-0": frames.init(0),
        "version-minus-1": frames.init(-1),
        "version-257": frames.init(257),
        "largest-version": frames.init(2**64 - 1),
        "least-version": frames.init(-(2**63)),
    },
    Input.PUBIDS_ADAPTIVE: {
        "adaptive": frames.pubids(),
        "adaptive-with-the-same-ids": frames.pubids(ids=frames.SERVER_IDS),
        "adaptive-with-other-names": frames.pubids(ids=OTHER_IDS),
        "adaptive-without-names": frames.pubids(ids={}),
        "adaptive-with-an-id-twice": frames.pubids(ids=SAME_IDS_TWICE),
        "adaptive-with-low-ids": frames.pubids(ids={**frames.INTERNAL, "a:b": 3, "c": 65535}),
    },
    Input.PUBIDS_SAME_POLICY: {
        "enforcing": frames.pubids(adapt=False),
        "enforcing-with-the-same-ids": frames.pubids(adapt=False, ids=frames.SERVER_IDS),
        "enforcing-with-other-names": frames.pubids(adapt=False, ids=OTHER_IDS),
        "enforcing-without-names": frames.pubids(adapt=False, ids={}),
        "enforcing-with-an-id-twice": frames.pubids(adapt=False, ids=SAME_IDS_TWICE),
    },
    Input.FINISH: {"finish": frames.finish()},
    Input.SOFTQUIT: {
        "softquit": frames.softquit(),
        "softquit-without-reason": frames.say(frames.SOFTQUIT, {}),
    },
    Input.RESERVED: {
        f"id-{number}{name}": frames.packet(number, octets)
        for number, name, octets in [
            *((number, "", frames.packed({"version": 2})) for number in range(4, 16)),
            *((number, "-malformed", b"\xc1\xff") for number in (4, 9, 15)),
            *((number, "-empty", b"") for number in (4, 15)),
        ]
    },
    Input.PACKET_KNOWN: {
        "echoed": frames.say(ECHOED, 1),
        "you-are": frames.say(frames.YOU_ARE, 1),
        "item": frames.say(frames.ITEM, 1),
    },
    Input.PACKET_UNKNOWN: {
        f"id-{number}": frames.say(number, 1)
        for number in (16, 28, 117, 118, 127, 255, 256, 4352, 32767, 32768, 65534, 65535)
    },
    Input.FRAMING: {
        "length-0": frames.frame(b""),
        "length-1": frames.frame(b"\x00"),
        "length-100000": (100_000).to_bytes(4),
    },
    Input.MALFORMED: {
        "init": frames.packet(INIT, b"\xc1"),
        "pubids": frames.packet(PUBIDS, b"\x81"),
        "finish": frames.packet(frames.FINISH, b""),
        "init-of-another-shape": frames.say(INIT, {}),
        "pubids-of-another-shape": frames.say(PUBIDS, {"adapt": True}),
    },
}
"""Octets for every input that a peer can give, by the name of the case."""
