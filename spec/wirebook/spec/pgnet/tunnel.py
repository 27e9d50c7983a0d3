"""The tunnel of PGNet: boxes and keys, over libsodium.

What may live here: pure functions between a message and its box, and between a key and its text.
Nothing here keeps a key, makes one up, or says one aloud.
"""

from __future__ import annotations

import base64
import json
import re

from nacl import bindings
from nacl.exceptions import CryptoError

from wirebook.spec import books
from wirebook.spec.dissection import Malformed
from wirebook.spec.pgnet.limits import BOX_LEAST, KEY_SIZE, NONCE_SIZE

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BOOK = books.get("pgnet")
_ANY_SCALAR = bytes(KEY_SIZE)


def open_box(text: str | bytes, private_key: bytes, public_key: bytes) -> bytes:
    """Return the octets in a message of the tunnel.

    `private_key` is the recipient's and `public_key` the sender's, or the other way round. Raises
    Malformed with PGN-TUN-003 if the text is no box, and with PGN-TUN-004 if it does not open.
    """
    octets = text.encode() if isinstance(text, str) else text
    nonce, box = split(octets)
    try:
        opened: bytes = bindings.crypto_box_open(box, nonce, public_key, private_key)
    except CryptoError:
        raise Malformed("PGN-TUN-004", "the box does not open", 0) from None
    return opened


def split(text: str | bytes) -> tuple[bytes, bytes]:
    """Return nonce and box of a message of the tunnel, or raise Malformed with PGN-TUN-003."""
    octets = text.encode() if isinstance(text, str) else text
    value = _BOOK.parse("box", octets)
    return value["nonce"], value["box"]


def seal(data: bytes, nonce: bytes, private_key: bytes, public_key: bytes) -> str:
    """Return `data` as a message of the tunnel.

    `private_key` is the sender's and `public_key` the recipient's; `nonce` has 24 octets.
    """
    box: bytes = bindings.crypto_box(data, nonce, public_key, private_key)
    return base64.b64encode(nonce + box).decode("ascii")


def usable(public_key_text: object) -> bool:
    """Return whether something offered as a public key is one (PGN-KEY-003, PGN-KEY-004)."""
    key = decode_key(public_key_text)
    if key is None:
        return False
    try:
        bindings.crypto_scalarmult(_ANY_SCALAR, key)  # fails if the shared secret would be zero
    except CryptoError:
        return False
    return True


def decode_key(text: object) -> bytes | None:
    """Return the 32 octets of a key that is written as it has to be, else None."""
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        return None
    key = base64.b64decode(text)
    return key if len(key) == KEY_SIZE else None


def encode_key(key: bytes) -> str:
    """Return how a key of 32 octets is written."""
    return base64.b64encode(key).decode("ascii")


def public_key_of(private_key: bytes) -> bytes:
    """Return the public key that belongs to a private key."""
    key: bytes = bindings.crypto_scalarmult_base(private_key)
    return key


def offered_key(data: bytes) -> bytes | None:
    """Return the public key that a message in clear offers, or None if it offers none."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    payload = message.get("payload") if isinstance(message, dict) else None
    text = payload.get("pubkey") if isinstance(payload, dict) else None
    return decode_key(text) if usable(text) else None


def is_box(data: bytes) -> bool:
    """Return whether a message is encrypted, as far as its form tells."""
    try:
        nonce, box = split(data)
    except Malformed:
        return False
    return len(nonce) == NONCE_SIZE and len(box) >= BOX_LEAST
