"""The frames that the transcripts of handshakes are put together from.

Here live the two registries that meet in them, and the frames of a peer, by short names.
"""

from typing import Any

from vectors.packetmq import octets as o

OWN = [("app:echo", 40), ("app:note", 41)]
THEIRS = [("app:echo", 17), ("app:note", 18)]
ADAPTIVE: dict[str, Any] = {"adapt": True, "packets": [list(packet) for packet in OWN]}
ENFORCING: dict[str, Any] = {"adapt": False, "packets": [list(packet) for packet in THEIRS]}

Packet = tuple[int, Any]

# What a side sends.
SAYS_INIT: Packet = (o.INIT, {"version": 1})
SAYS_FINISH: Packet = (o.FINISH, None)
ADAPTS: Packet = (o.PUBIDS, o.pubids(True, o.idmap(*OWN)))
ENFORCES: Packet = (o.PUBIDS, o.pubids(False, o.idmap(*THEIRS)))


def leaves(reason: str) -> Packet:
    """Return the softquit with a reason of the protocol."""
    return o.SOFTQUIT, {"reason": f"reason.{reason}"}


# What its peer sends.
INIT = o.packet(*SAYS_INIT)
FINISH = o.packet(*SAYS_FINISH)
BYE = o.packet(*leaves("bye"))


def init(version: int) -> bytes:
    """Return `handshake_init` with a version."""
    return o.packet(o.INIT, {"version": version})


def offers(adapt: bool, *packets: tuple[str, int], **other: Any) -> bytes:
    """Return `handshake_pubids`; `other` are members that nobody knows."""
    return o.packet(o.PUBIDS, o.pubids(adapt, o.idmap(*packets)) | other)


def ids(adapt: bool, ids_of_all: dict[str, int]) -> bytes:
    """Return `handshake_pubids` with an id map in which nothing is taken for granted."""
    return o.packet(o.PUBIDS, o.pubids(adapt, ids_of_all))


def raw(number: int, payload: str) -> bytes:
    """Return a frame whose payload is given in hex."""
    return o.frame(number, bytes.fromhex(payload))


FROM_ENFORCING = offers(False, *THEIRS)
FROM_ADAPTIVE = offers(True, *OWN)
