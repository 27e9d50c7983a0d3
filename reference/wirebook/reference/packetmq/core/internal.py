"""The contents of the internal packets: reading what a peer sends, and building one's own.

What may live here: the shapes of these payloads; what they lead to is the connection's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wirebook.reference.packetmq.codec import frame, pack, unpack_internal
from wirebook.reference.packetmq.errors import Malformed, Unencodable
from wirebook.spec.packetmq.states import (
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    ID_MOST,
    SOFTQUIT,
    VERSION,
    Reason,
)

INIT: Final = frame(HANDSHAKE_INIT, pack({"version": VERSION}))
FINISH: Final = frame(HANDSHAKE_FINISH, pack(None))  # PMQ-INT-009


def build_pubids(adaptive: bool, id_map: Mapping[str, int]) -> bytes:
    """Return the frame with an id map."""
    return frame(HANDSHAKE_PUBIDS, pack({"adapt": adaptive, "idmap": dict(id_map)}))


def build_softquit(reason: str) -> bytes:
    """Return the frame with which to take leave, or raise Unencodable."""
    if not isinstance(reason, str):
        raise Unencodable(f"a reason is a str, not {reason!r}", "PMQ-INT-004")
    return frame(SOFTQUIT, pack({"reason": reason}))


def read_version(payload: bytes) -> int:
    """Return the version that a peer speaks, or raise Malformed."""
    return version_of(unpack_internal(payload))


def read_reason(payload: bytes) -> str:
    """Return the reason of a softquit, which is unknown if there is none that is a text."""
    try:
        value = unpack_internal(payload)
    except Malformed:
        value = None
    reason = value.get("reason") if type(value) is dict else None
    return reason if type(reason) is str else Reason.UNKNOWN.value  # PMQ-INT-005


def read_pubids(payload: bytes) -> tuple[bool, dict[str, int]]:
    """Return whether a peer adapts, and its id map; or raise Malformed."""
    return pubids_of(unpack_internal(payload))


def version_of(value: Any) -> int:
    """Return the version in the value of a `handshake_init`, or raise Malformed."""
    version = value.get("version") if type(value) is dict else None
    if type(version) is not int:
        raise Malformed("PMQ-INT-003", "handshake_init has a map with an integer version")
    return version


def pubids_of(value: Any) -> tuple[bool, dict[str, int]]:
    """Return policy and id map in the value of a `handshake_pubids`, or raise Malformed."""
    if type(value) is dict:
        adaptive, id_map = value.get("adapt"), value.get("idmap")
        if type(adaptive) is bool and type(id_map) is dict and _is_id_map(id_map):
            return adaptive, id_map
    raise Malformed("PMQ-INT-008", "handshake_pubids has a map with adapt and idmap")


def _is_id_map(id_map: dict[Any, Any]) -> bool:
    return all(
        type(name) is str and type(number) is int and 0 <= number <= ID_MOST
        for name, number in id_map.items()
    )
