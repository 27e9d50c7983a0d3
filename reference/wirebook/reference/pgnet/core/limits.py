"""What peers may cost a server: the limits of the book, as arguments with safe defaults.

What may live here: the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

from wirebook.spec.pgnet import states as book


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server."""

    connections: int = book.CONNECTIONS_MOST
    """Connections; those beyond are closed with code 1013 (PGN-LIM-001)."""
    users: int = book.USERS_MOST
    """Users; registration is refused beyond (PGN-LIM-002)."""
    games: int = book.GAMES_MOST
    """Games; opening another is refused (PGN-LIM-002)."""
    password_checks: int = book.CHECKS_MOST
    """Passwords that are hashed or checked at the same time."""
    password_queue: int = book.CHECKS_WAITING_MOST
    """Passwords that wait for that; logins beyond are refused."""
