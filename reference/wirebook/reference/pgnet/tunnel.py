"""The tunnel: key pairs, boxes in base64, and the memory for what came before.

What may live here: everything that knows of keys and nonces. Private keys leave it never, not even
in a `repr`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from wirebook.reference.pgnet.errors import Malformed, NotAuthentic
from wirebook.spec.pgnet.states import BOX_LEAST, NONCE_SIZE, NONCES_REMEMBERED

RandomOctets = Callable[[int], bytes]
"""Gives so many octets from a good source of randomness."""

_COUNTER_OCTETS: Final = 8
_BASE64: Final = re.compile(
    r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII
)


class Key:
    """A key pair of X25519."""

    def __init__(self, private_key: bytes) -> None:
        self._private = private_key
        self.pubkey = encode(bindings.crypto_scalarmult_base(private_key))
        """The public key, in base64."""

    def shared_with(self, pubkey: object) -> bytes | None:
        """Return the secret shared with the owner of a public key; None if it is not usable."""
        try:
            public = decode(pubkey) if isinstance(pubkey, str) else b""
            return bindings.crypto_box_beforenm(public, self._private)
        except (ValueError, CryptoError):
            return None


class Tunnel:
    """Both directions of one connection after its key trade.

    Nonces that go out have a random part, made once, and a counter, so that they need no memory;
    those that come in are remembered.
    """

    __slots__ = ("_counter", "_memory", "_prefix", "_secret")

    def __init__(self, secret: bytes, random: RandomOctets) -> None:
        self._secret = secret
        self._prefix = random(NONCE_SIZE - _COUNTER_OCTETS)
        self._counter = 0
        self._memory = RecentNonces()

    def seal(self, text: str) -> str:
        """Return the message that carries a text (PGN-TUN-001)."""
        nonce = self._prefix + self._counter.to_bytes(_COUNTER_OCTETS, "big")
        self._counter += 1
        return seal(text.encode(), nonce, self._secret)

    def open(self, message: str, before: EveryNonce | None = None) -> bytes:
        """Return what a message carries; raise Malformed or NotAuthentic.

        `before` has the nonces that may not come, although they were used on other connections.
        """
        nonce, data = unseal(message, self._secret)
        if self._is_own(nonce) or not self._memory.add(nonce):
            raise NotAuthentic("PGN-TUN-005", "a replayed box")
        if before is not None and not before.add(nonce):
            raise NotAuthentic("PGN-TUN-006", "a replayed login")
        return data

    def _is_own(self, nonce: bytes) -> bool:
        own = nonce.startswith(self._prefix)
        return own and int.from_bytes(nonce[-_COUNTER_OCTETS:], "big") < self._counter


class EveryNonce:
    """A set of nonces that only grows, with 8 octets for each: a hash of it.

    A false alarm has a chance of 1 in 2 ** 64 for each nonce that is in the set.
    """

    __slots__ = ("_buckets", "_count")

    def __init__(self, buckets: int = 1024) -> None:
        self._buckets = [bytearray() for _ in range(buckets)]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, nonce: bytes) -> bool:
        mark = hash(nonce)
        octets = mark.to_bytes(8, "big", signed=True)
        bucket = self._buckets[mark % len(self._buckets)]
        at = bucket.find(octets)
        while at % 8 and at >= 0:
            at = bucket.find(octets, at + 1)
        return at >= 0

    def add(self, nonce: bytes) -> bool:
        """Add a nonce, and tell whether it is new."""
        if nonce in self:
            return False
        mark = hash(nonce)
        self._buckets[mark % len(self._buckets)] += mark.to_bytes(8, "big", signed=True)
        self._count += 1
        return True


class RecentNonces:
    """The last nonces of a peer: as many as PGN-TUN-005 asks for, and up to twice as many.

    Half of the 65 536 are the peer's, since each request has one response.
    """

    __slots__ = ("_newer", "_older")

    SPAN: Final = NONCES_REMEMBERED // 2
    _BUCKETS: Final = 64

    def __init__(self) -> None:
        self._newer = EveryNonce(self._BUCKETS)
        self._older: EveryNonce | None = None

    def add(self, nonce: bytes) -> bool:
        """Add a nonce, and tell whether it is new."""
        if self._older is not None and nonce in self._older:
            return False
        if not self._newer.add(nonce):
            return False
        if len(self._newer) == self.SPAN:
            self._older, self._newer = self._newer, EveryNonce(self._BUCKETS)
        return True


def seal(data: bytes, nonce: bytes, secret: bytes) -> str:
    """Return the message for a box with this nonce."""
    return encode(nonce + bindings.crypto_box_afternm(data, nonce, secret))


def unseal(message: str, secret: bytes) -> tuple[bytes, bytes]:
    """Return the nonce of a box and what it opens to; raise Malformed or NotAuthentic."""
    try:
        octets = decode(message)
    except ValueError:
        raise Malformed("PGN-TUN-003", "not base64") from None
    if len(octets) < NONCE_SIZE + BOX_LEAST:
        raise Malformed("PGN-TUN-003", f"{len(octets)} octets are no box")
    nonce = octets[:NONCE_SIZE]
    try:
        return nonce, bindings.crypto_box_open_afternm(octets[NONCE_SIZE:], nonce, secret)
    except CryptoError:
        raise NotAuthentic("PGN-TUN-004", "a box that does not open") from None


def encode(octets: bytes) -> str:
    """Return octets as base64 in the standard alphabet and with padding."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def decode(text: str) -> bytes:
    """Return the octets of base64 in the standard alphabet with padding, or raise ValueError."""
    if not _BASE64.fullmatch(text):
        raise ValueError("not base64 with padding in the standard alphabet")
    return binascii.a2b_base64(text)
