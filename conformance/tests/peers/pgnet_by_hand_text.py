"""Which texts are requests, keys and names, for `pgnet_by_hand`, from the book alone.

What may live here: the profile of JSON, base64, and the tables of requests.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from typing import Any

from nacl import bindings, exceptions

Json = dict[str, Any]
BASE64 = re.compile(rb"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
NAME = re.compile(r"(?![\s\S]*admin)[A-Za-z0-9]{3,20}", re.IGNORECASE | re.ASCII)
GAME_NAME = re.compile(
    r"(?![\s\S]*admin)(?=[\s\S]{3,50}\Z)[A-Za-z0-9](?:[A-Za-z0-9 ]*[A-Za-z0-9])",
    re.IGNORECASE | re.ASCII,
)
USER_REQUESTS: dict[str, dict[str, str]] = {
    "help": {},
    "game_dir": {},
    "create_game": {"name": "str", "password": "str"},
    "join_game": {"name": "str", "password": "str"},
    "leave_game": {},
}
ADMIN_REQUESTS: dict[str, dict[str, str]] = {
    "shutdown": {},
    "set_registration": {"set_as": "bool"},
    "create_invite": {"username": "str"},
    "delete_user": {"username": "str"},
    "destroy_game": {"name": "str"},
    "save": {},
    "set_verbose": {"set_as": "bool"},
    "debug": {},
    "sleep": {"seconds": "float"},
}
DEFAULTS: Json = {"str": "", "bool": False, "float": 1}
KNOWN = {"message", "payload", "created_on", "username"}


class Breach(Exception):
    """A violation, with the close code that answers it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def parse(text: bytes, mistake: str) -> Json:
    """Return the members of a request; raise Breach for anything else."""

    def unique(pairs: list[tuple[str, Any]]) -> Json:
        if len(found := dict(pairs)) < len(pairs) and mistake != "duplicate-member":
            raise ValueError("the same member twice")
        return found

    try:
        value = json.loads(text.decode(), object_pairs_hook=unique, parse_constant=no_constant)
        check(value)
        if depth(value) > 32:
            raise ValueError("too deep")
    except (ValueError, RecursionError):
        raise Breach(1007) from None
    if not (
        isinstance(value, dict)
        and isinstance(value.get("message"), str)
        and isinstance(value.get("payload", {}), dict)
        and isinstance(value.get("created_on"), str | None)
        and (mistake != "unknown-member" or set(value) <= KNOWN)
    ):
        raise Breach(1007)
    return value


def decoded(text: bytes, mistake: str) -> bytes:
    """Return what base64 stands for; raise ValueError for anything else."""
    if mistake != "loose-base64" and not BASE64.fullmatch(text):
        raise ValueError("no base64")
    return base64.b64decode(text)


def usable(offered: Any, private: bytes, mistake: str) -> bytes | None:
    """Return the octets of a public key, or None."""
    if not isinstance(offered, str):
        return None
    try:
        key = decoded(offered.encode(), mistake)
        if mistake == "key-first" and len(key) == 32:
            return key
        # X25519 gives zero for a few points; the binding refuses them.
        bindings.crypto_box_beforenm(key, private)
        return key if any(bindings.crypto_scalarmult(private, key)) else None
    except (ValueError, TypeError, RuntimeError, exceptions.CryptoError):
        return None


def no_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0


def check(value: Any) -> None:
    """Raise ValueError for numbers and strings outside of the profile."""
    if isinstance(value, dict):
        for key, item in value.items():
            check(key)
            check(item)
    elif isinstance(value, list):
        for item in value:
            check(item)
    elif isinstance(value, str):
        value.encode()
    elif isinstance(value, int | float) and abs(value) > sys.float_info.max:
        raise ValueError("too large")
