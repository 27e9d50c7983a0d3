"""The messages of PGNet as their page has them: defaults, boxes, and keys to try them with.

What may live here: what several of the scripts need; nothing of the schemas or the reference.
"""

import base64
from typing import Any

from vectors.files import Group
from vectors.octets import typed
from vectors.pgnet import cryptobox

ALICE = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
BOB = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
ALICE_PUBLIC = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
BOB_PUBLIC = bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
NONCE = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
"""The keys and the nonce of NaCl's own test."""

MEMBERS: dict[str, dict[str, Any]] = {
    "request": {"message": None, "payload": {}, "created_on": None},
    "response": {
        "message": None,
        "payload": {},
        "status": 0,
        "created_on": None,
        "disconnecting": False,
        "game": None,
    },
}
"""The members that count to a receiver, with their defaults."""


def decode(
    group: Group,
    name: str,
    requirements: str,
    text: str | bytes,
    value: dict[str, Any],
    *,
    comment: str = "",
    spans: list[tuple[int, int, str]] | None = None,
) -> None:
    """Add a text with its value, and with what its receiver makes of that."""
    octets = text.encode() if isinstance(text, str) else text
    group.decode(name, requirements, octets, value, comment=comment, spans=spans)
    members = MEMBERS[group.message or ""]
    group.tests[-1]["means"] = typed({key: value.get(key, members[key]) for key in members})


def key_text(key: bytes) -> str:
    """Return how a key travels."""
    return base64.b64encode(key).decode()


def text_of(nonce: bytes, box: bytes) -> bytes:
    """Return how nonce and box travel."""
    return base64.b64encode(nonce + box)


def sealed(data: bytes, *, nonce: bytes = NONCE) -> bytes:
    """Return what Alice sends to Bob."""
    return text_of(nonce, cryptobox.box(data, nonce, ALICE, BOB_PUBLIC))
