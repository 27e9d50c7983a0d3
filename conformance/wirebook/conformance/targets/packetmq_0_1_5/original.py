"""The package PacketMQ 0.1.5, made to work on Python 3.

Runs in the environment of the original and imports nothing of the suite. What may live here: the
one function that has to be replaced, and the names of the conformance application's packets.
"""

from __future__ import annotations

import importlib
from typing import Any

# By name, because checkers would take the folder of the book's prose, `spec/packetmq`, for it.
packetmq: Any = importlib.import_module("packetmq")
packet: Any = importlib.import_module("packetmq.packet")
packetprotocol: Any = importlib.import_module("packetmq.packetprotocol")
_umsgpack: Any = importlib.import_module("umsgpack")

PACKETS = {
    "conformance:echo": 17,
    "conformance:echoed": 18,
    "conformance:whoami": 19,
    "conformance:you_are": 20,
    "conformance:burst": 21,
    "conformance:item": 22,
    "conformance:broadcast": 23,
    "conformance:history": 24,
    "conformance:happened": 25,
    "conformance:leave": 26,
    "conformance:fail": 27,
}
"""The packets of the conformance application, with the ids of the server."""


def _decoded(_: Any, payload: Any, *__: Any, **___: Any) -> Any:
    return _umsgpack.unpackb(payload) if isinstance(payload, bytes) else payload


# The package takes what TCP gives for text that is ready to use, as it was in Python 2.
packet.BasePacket.dataDecoded = _decoded


def reason_of(given: Any) -> str | None:
    """Return the softquit's reason that the package has told; its other reasons are failures."""
    return given if isinstance(given, str) else None
