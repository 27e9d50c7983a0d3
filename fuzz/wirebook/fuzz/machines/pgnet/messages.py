"""What travels, as the machines read and write it: keys, boxes, requests and responses.

The book's own reader explains every octet and takes its time for it; a machine reads thousands of
messages a second. What may live here: quick reading that takes nothing but what the book allows.
"""

from __future__ import annotations

import binascii
import json
import re
from typing import Any, Final

from nacl import bindings
from nacl.exceptions import CryptoError

from wirebook.fuzz.machines.base import Broken
from wirebook.spec.pgnet import states as book

Json = dict[str, Any]

_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_RESPONSE: Final = {
    "message": (str,),
    "payload": (dict,),
    "status": (int,),
    "created_on": (str, type(None)),
    "disconnecting": (bool,),
    "game": (str, type(None)),
}
_REQUEST: Final = {
    "message": (str,),
    "payload": (dict,),
    "created_on": (str, type(None)),
    "username": (object,),
}


class Secret:
    """What the two ends of a tunnel share, and the nonces that were used under it."""

    def __init__(self, private_key: bytes, public_key: bytes) -> None:
        self._shared: bytes = bindings.crypto_box_beforenm(public_key, private_key)
        self.nonces: set[bytes] = set()

    def seal(self, clear: bytes, nonce: bytes) -> str:
        """Return the text of a box."""
        self.nonces.add(nonce)
        box = bindings.crypto_box_afternm(clear, nonce, self._shared)
        return binascii.b2a_base64(nonce + box, newline=False).decode()

    def open(self, text: str) -> bytes:
        """Return what a box of the subject has in it; raise Broken if it is none."""
        if not _BASE64.fullmatch(text):
            raise Broken("PGN-TUN-001", "a message is not base64 with padding", text[:80])
        octets = binascii.a2b_base64(text)
        nonce, box = octets[: book.NONCE_SIZE], octets[book.NONCE_SIZE :]
        if len(box) < book.BOX_LEAST:
            raise Broken("PGN-TUN-001", "a message is too short for a box", text[:80])
        try:
            clear: bytes = bindings.crypto_box_open_afternm(box, nonce, self._shared)
        except CryptoError:
            raise Broken("PGN-TUN-001", "a box does not open", text[:80]) from None
        if nonce in self.nonces:
            raise Broken("PGN-TUN-002", "a nonce is used twice", nonce.hex())
        self.nonces.add(nonce)
        return clear


def read_response(clear: bytes | str) -> Json:
    """Return the members of a response of a server, or raise Broken."""
    value = _read(clear)
    if value.keys() != _RESPONSE.keys():
        raise Broken("PGN-RSP-003", "a response has other members", ", ".join(value))
    for name, types in _RESPONSE.items():
        if not isinstance(value[name], types):
            raise Broken("PGN-RSP-003", f"{name} is of another type", repr(value[name])[:80])
    if isinstance(value["status"], bool) or value["status"] not in (0, 1, 2):
        raise Broken("PGN-RSP-003", "a status is none", repr(value["status"])[:80])
    return value


def read_request(clear: bytes | str) -> Json:
    """Return the members of a request of a client, those that are missing too, or raise Broken."""
    value: Json = {"payload": {}, "created_on": None, "username": None, **_read(clear)}
    if value.keys() != _REQUEST.keys():
        raise Broken("PGN-REQ-001", "a request has other members", ", ".join(value))
    for name, types in _REQUEST.items():
        if not isinstance(value[name], types):
            raise Broken("PGN-JSN-001", f"{name} is of another type", repr(value[name])[:80])
    return value


def _read(clear: bytes | str) -> Json:
    try:
        text = clear if isinstance(clear, str) else clear.decode()
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Broken("PGN-JSN-001", "a message is not JSON", f"{error}: {clear[:80]!r}") from None
    if not isinstance(value, dict):
        raise Broken("PGN-JSN-001", "a message is no object", f"{clear[:80]!r}")
    return value


def _members(pairs: list[tuple[str, Any]]) -> Json:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a member comes twice")
    return value


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")
