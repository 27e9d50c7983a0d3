"""PGNet's messages as the reference reads them.

What may live here: which message a role reads, how the codec reads it, and how it is sent.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Mapping
from random import Random
from typing import Any

from wirebook.conformance.corpus import Step
from wirebook.fuzz.differential import soups
from wirebook.reference.pgnet import codec, tunnel
from wirebook.reference.pgnet.errors import Malformed, NotAuthentic
from wirebook.spec.pgnet.limits import NONCE_SIZE
from wirebook.spec.pgnet.wire import meaning

REFUSED: tuple[type[Exception], ...] = (Malformed, UnicodeDecodeError)
"""What the codec raises for octets that it refuses."""

MESSAGES: Mapping[str, tuple[str, ...]] = {
    "request": ("server",),
    "response": ("client",),
    "box": ("server", "client"),
}
"""The roles that read each message."""

SURVIVAL = "PGN-ERR-002"
"""The requirement that whoever dies of octets breaks."""
LIMITED: tuple[str, ...] = ()
"""The messages whose limit the codec knows."""

_TEXTS = (b'"a"', b'""', b'"\\u0061"', b"null", b"1")
_OBJECTS = (b"{}", b'{"a":1}', b'{"a":{"b":[null]}}', b"null", b"[]", b'""')
_MEMBERS: Mapping[str, Mapping[bytes, tuple[bytes, ...]]] = {
    "request": {
        b'"message"': (b'"hello"', *_TEXTS),
        b'"payload"': _OBJECTS,
        b'"created_on"': _TEXTS,
        b'"username"': _TEXTS,
    },
    "response": {
        b'"message"': _TEXTS,
        b'"payload"': _OBJECTS,
        b'"status"': (
            b"0",
            b"1",
            b"2",
            b"3",
            b"-1",
            b"1.0",
            b"true",
            b"null",
            b"1e0",
            b"-0",
            b'"0"',
        ),
        b'"created_on"': _TEXTS,
        b'"disconnecting"': (b"true", b"false", b"0", b"null", b'"true"'),
        b'"game"': _TEXTS,
    },
}
_NAMES = (*dict.fromkeys((*_MEMBERS["request"], *_MEMBERS["response"])), b'"x"', b'"\\u006dessage"')
_ANY_SECRET = bytes(32)


def read(message: str, data: bytes) -> dict[str, Any]:
    """Return what the codec makes of octets."""
    if message == "box":
        return _box(data.decode())
    parse = codec.parse_request if message == "request" else codec.parse_response
    return meant(message, parse(data))


def meant(message: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return what is compared of a value: what its receiver makes of it."""
    return value if message == "box" else meaning(message, value)


def steps(message: str, data: bytes) -> tuple[Step, ...]:
    """Return how octets are sent; they are those of the last step."""
    if message == "box":
        return (
            {"do": "trade", "peer": 0},
            {"do": "send", "peer": 0, "hex": data.hex()},
        )
    user = f"u{hashlib.sha256(data).hexdigest()[:12]}"
    return (
        {"do": "log in", "peer": 0, "user": user},
        {"do": "seal", "peer": 0, "hex": data.hex()},
    )


def soup(random: Random, message: str) -> bytes:
    """Return octets of a message that may be right."""
    if message == "box":
        return _soup_of_base64(random)
    if random.random() < 0.4:
        return soups.json_text(random, names=_NAMES)
    members = [
        name
        + b":"
        + (soups.mostly(random, values) if random.random() < 0.9 else soups.json_text(random))
        for name, values in _MEMBERS[message].items()
        if random.random() < 0.8
    ]
    if random.random() < 0.5:
        members.append(random.choice(_NAMES) + b":" + soups.json_text(random))
    random.shuffle(members)
    return b"{" + b",".join(members) + b"}"


def _soup_of_base64(random: Random) -> bytes:
    text = bytearray(base64.b64encode(random.randbytes(random.randint(38, 70))))
    for _ in range(random.choice((0, 0, 1, 2))):
        at = random.randrange(len(text))
        match random.randrange(3):
            case 0:
                text[at : at + 1] = random.choice(
                    (b"=", b"-", b"_", b" ", b"\n", b"\xff", b"A", b"")
                )
            case 1:
                text[-1:] = random.choice((b"B", b"==", b"", b"=\n", b"\0"))
            case _:
                text[at:at] = random.choice((b"=", b"\r\n", b"\xc3\xbc", b"\xef\xbc\xa1"))
    return bytes(text)


def octets(_: str, sent: bytes) -> bytes:
    """Return the octets of a message from what `steps` has sent last."""
    return sent


def _box(text: str) -> dict[str, Any]:
    with contextlib.suppress(NotAuthentic):  # it is a box, if not one for us
        tunnel.unseal(text, _ANY_SECRET)
    octets = tunnel.decode(text)
    return {"nonce": octets[:NONCE_SIZE], "box": octets[NONCE_SIZE:]}
