"""The figures of PGNet: sizes, times, close codes, and what is allowed as a name.

What may live here: numbers and patterns that the book fixes, or gives as a default.
"""

from __future__ import annotations

import re
from enum import IntEnum

PORT = 38929
"""The default port of a server."""

MESSAGE_MOST = 1_048_576
"""The most octets of a message, as it travels (PGN-WSB-006, PGN-WSB-007)."""
DEPTH_MOST = 32
"""How deep a message may be nested (PGN-JSN-007, PGN-JSN-008)."""

KEY_SIZE = 32
"""The octets of a public or private key."""
NONCE_SIZE = 24
"""The octets of a nonce."""
BOX_LEAST = 16
"""The octets of a box with nothing in it: the MAC."""
NONCES_REMEMBERED = 65_536
"""The nonces of a connection that a receiver has to remember at least (PGN-TUN-005)."""

OPENING_TIME_LIMIT = 5.0
"""Seconds that a server waits for each of the first two requests (PGN-CON-002)."""
IDLE_TIME_LIMIT = 3600.0
"""Seconds that a server waits for the next request of a user (PGN-CON-003)."""
RESPONSE_TIME_LIMIT = 5.0
"""Seconds that a client waits for a response (PGN-CLI-003)."""
UPDATE_INTERVAL = 0.1
"""Seconds between two updates of a game (PGN-GAM-006)."""
AUTOSAVE_INTERVAL = 300.0
"""Seconds between two savings at most (PGN-SAV-001)."""
SLEEP_DEFAULT = 1.0
"""Seconds that `sleep` takes without its argument."""
SLEEP_MOST = 5.0
"""Seconds that `sleep` takes at most (PGN-ADM-016)."""

HEARTBEAT_RATE_DEFAULT = 10.0
"""Heartbeats per second if the response does not say (PGN-HBT-002)."""
HEARTBEAT_RATE_MOST = 100.0
"""Heartbeats per second that a client believes; above 0 (PGN-HBT-002)."""

ATTEMPTS_MOST = 10
"""Logins of one name from one address that may go wrong (PGN-SEC-002)."""
ATTEMPTS_PERIOD = 60.0
"""Seconds within which they count (PGN-SEC-002)."""
INVITE_CODE_BITS_LEAST = 80
"""Bits of randomness in an invite code (PGN-INV-003)."""

CONNECTIONS_MOST = 1024
"""Connections of a server, by default (PGN-LIM-001)."""
USERS_MOST = 100_000
"""Users of a server, by default (PGN-LIM-002)."""
GAMES_MOST = 1000
"""Games of a server, by default (PGN-LIM-002)."""
CHECKS_MOST = 2
"""Passwords checked at the same time, by default."""
CHECKS_WAITING_MOST = 256
"""Logins that wait for that, by default."""


class CloseCode(IntEnum):
    """Why a side closes the WebSocket."""

    NORMAL = 1000
    """After a response with `disconnecting` true; a client that leaves."""
    GOING_AWAY = 1001
    """The server shuts down."""
    UNSUPPORTED = 1003
    """A binary message."""
    UNREADABLE = 1007
    """A message that cannot be read."""
    VIOLATION = 1008
    """A box that does not open or comes twice, a bad key, silence, a message out of turn."""
    TOO_LARGE = 1009
    """A message of more than 1 MiB."""
    MISTAKE = 1011
    """A mistake of the implementation."""
    TOO_MANY = 1013
    """Too many connections."""


CLOSE_CODES: dict[str, CloseCode] = {
    "PGN-WSB-004": CloseCode.UNSUPPORTED,
    "PGN-WSB-005": CloseCode.UNREADABLE,
    "PGN-WSB-007": CloseCode.TOO_LARGE,
    "PGN-JSN-002": CloseCode.UNREADABLE,
    "PGN-JSN-003": CloseCode.UNREADABLE,
    "PGN-JSN-004": CloseCode.UNREADABLE,
    "PGN-JSN-005": CloseCode.UNREADABLE,
    "PGN-JSN-006": CloseCode.UNREADABLE,
    "PGN-JSN-008": CloseCode.UNREADABLE,
    "PGN-REQ-003": CloseCode.UNREADABLE,
    "PGN-RSP-007": CloseCode.UNREADABLE,
    "PGN-TUN-003": CloseCode.UNREADABLE,
    "PGN-TUN-004": CloseCode.VIOLATION,
    "PGN-TUN-005": CloseCode.VIOLATION,
    "PGN-TUN-006": CloseCode.VIOLATION,
    "PGN-KEY-004": CloseCode.VIOLATION,
    "PGN-KEY-005": CloseCode.VIOLATION,
    "PGN-CON-002": CloseCode.VIOLATION,
    "PGN-CON-003": CloseCode.VIOLATION,
    "PGN-CLI-002": CloseCode.VIOLATION,
    "PGN-CLI-003": CloseCode.VIOLATION,
    "PGN-LIM-001": CloseCode.TOO_MANY,
}
"""The close code that each rule names (PGN-ERR-001)."""

_ADMIN_INSIDE = re.compile(r"admin", re.IGNORECASE | re.ASCII)
_USER_NAME = re.compile(r"[A-Za-z0-9]{3,20}")
_GAME_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ]{1,48}[A-Za-z0-9]")


def user_name_allowed(name: str) -> bool:
    """Return whether a new user may have this name (PGN-USR-002)."""
    return _allowed(_USER_NAME, name)


def game_name_allowed(name: str) -> bool:
    """Return whether a new game may have this name (PGN-LOB-002)."""
    return _allowed(_GAME_NAME, name)


def _allowed(pattern: re.Pattern[str], name: str) -> bool:
    return pattern.fullmatch(name) is not None and _ADMIN_INSIDE.search(name) is None
