"""Passwords as they are kept: Argon2id strings, the hashes of the original, and None.

Hashing and checking is made to be slow: `Desk` does it in threads. What may live here: everything
that sees a password and is not the login itself.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, TypeAlias

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of a password costs."""

    operations: int = argon2id.OPSLIMIT_INTERACTIVE
    """Passes over the memory."""
    memory: int = argon2id.MEMLIMIT_INTERACTIVE
    """Octets of memory."""


LEAST_COST: Final = Cost(argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN)
"""For tests, where passwords protect nothing."""


@dataclass(frozen=True, slots=True)
class OldHash:
    """A password as the original keeps it: one round of SHA-256 of the salt and the password."""

    salt: str = field(repr=False)
    password: str = field(repr=False)
    """The hash, in hexadecimal."""


Kept: TypeAlias = str | OldHash | None
"""A password as it is kept; a str is an Argon2id string, None stands for the empty password."""

_ARGON2ID: Final = re.compile(
    r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,2}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{22,}",
    re.ASCII,
)


def is_argon2id(text: str) -> bool:
    """Tell whether a text is an Argon2id string, of a cost that can be borne."""
    return _ARGON2ID.fullmatch(text) is not None


def keep(password: str, cost: Cost) -> str | None:
    """Return what to keep of a password; slow."""
    if not password:
        return None
    made = argon2id.str(password.encode(), opslimit=cost.operations, memlimit=cost.memory)
    return made.decode("ascii").rstrip("\0")


def is_slow(kept: Kept, password: str) -> bool:
    """Tell whether `proves` takes its time."""
    return isinstance(kept, str) and bool(password)


def proves(kept: Kept, password: str) -> bool:
    """Tell whether a password is the one that is kept, in a time that tells no more."""
    # PGN-SEC-003
    match kept:
        case None:
            return not password
        case OldHash(salt, expected):
            found = sha256((salt + password).encode()).hexdigest()
            return hmac.compare_digest(found.encode(), expected.lower().encode())
        case _:
            try:
                return bool(password) and argon2id.verify(kept.encode(), password.encode())
            except CryptoError:
                return False
