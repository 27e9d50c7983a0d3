"""The peers' ends of tunnels: one key pair for all of them, and nonces that never come twice.

What may live here: keys that are no secret, and making and opening boxes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import blake2b
from itertools import count
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from wirebook.fuzz.machines.base import Broken
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.limits import KEY_SIZE, NONCE_SIZE

SUBJECT_KEY: Final = bytes(range(1, KEY_SIZE + 1))
"""The private key of the subject."""
_PEER_KEY: Final = bytes(range(101, 101 + KEY_SIZE))
PEER_PUBKEY: Final = tunnel.encode_key(tunnel.public_key_of(_PEER_KEY))
"""What the peers say their public key is."""
_SECRET: Final[bytes] = bindings.crypto_box_beforenm(tunnel.public_key_of(SUBJECT_KEY), _PEER_KEY)
_PREFIX: Final = b"peer" + bytes(NONCE_SIZE - 12)


class Sealer:
    """Seals for all peers."""

    def __init__(self) -> None:
        self._nonces = count(1)

    def seal(self, octets: bytes) -> str:
        """Return the message that is a box with these octets."""
        nonce = _PREFIX + next(self._nonces).to_bytes(8)
        box: bytes = bindings.crypto_box_afternm(octets, nonce, _SECRET)
        return base64.b64encode(nonce + box).decode("ascii")


def opened(text: str) -> bytes:
    """Return what is in a box of the subject, or raise Broken."""
    octets = base64.b64decode(text)
    try:
        data: bytes = bindings.crypto_box_open_afternm(
            octets[NONCE_SIZE:], octets[:NONCE_SIZE], _SECRET
        )
    except (CryptoError, ValueError):
        raise Broken("PGN-TUN-001", "sends what is no box after the key trade", text) from None
    return data


def randomness() -> Callable[[int], bytes]:
    """Return a source of octets that gives the same ones each time, and the subject its key."""
    serial = count()

    def random(octets: int) -> bytes:
        if octets == KEY_SIZE:
            return SUBJECT_KEY
        return blake2b(next(serial).to_bytes(8), digest_size=octets).digest()

    return random
