"""PGNet's cores as subjects: a server with users and games, and clients one after the other.

What may live here: the server, the clients, and the ends of their tunnels that the peers hold.
"""

from __future__ import annotations

from typing import Final

from wirebook.fuzz.cores import Subject
from wirebook.fuzz.cores.pgnet.client import Clients
from wirebook.fuzz.cores.pgnet.messages import EXTRA
from wirebook.fuzz.cores.pgnet.server import ROBUST, Server

__all__ = ["EXTRA", "MESSAGES", "ROBUST", "Clients", "Server", "subject"]

MESSAGES: Final = {"server": ("request", "box"), "client": ("response", "box")}


def subject(role: str) -> Subject:
    """Return a fresh subject."""
    return Server() if role == "server" else Clients()
