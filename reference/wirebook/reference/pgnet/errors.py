"""The errors of PGNet: one root, split by whose fault it is, each with the requirement's ID.

`LocalProtocolError` is a mistake of the program that uses this package, `RemoteProtocolError` one
of the peer. Each also derives from the built-in error that callers of the original would catch.
What may live here: exception classes. None of them may quote what a peer sent: it may be a secret.
"""

from __future__ import annotations

from wirebook.reference.faults import CitedError


class PGNetError(CitedError):
    """The root of all errors of this package."""


class LocalProtocolError(PGNetError):
    """This program asked for something that the protocol does not have."""


class RemoteProtocolError(PGNetError):
    """The peer broke a rule: a violation, after which the connection is closed."""

    close_code = 1008
    """The close code that goes with it."""

    def __init__(self, requirement: str, reason: str) -> None:
        super().__init__(reason, requirement=requirement)
        self.reason = reason


class Malformed(RemoteProtocolError, ValueError, TypeError):
    """A message that cannot be read. The original raises TypeError for some of them."""

    close_code = 1007


class NotAuthentic(RemoteProtocolError, ValueError):
    """A box that does not open or comes again, or a key that is not usable or not the right one."""


class Unencodable(LocalProtocolError, ValueError, TypeError):
    """A message that cannot be sent: not JSON as the book has it, or too large."""

    def __init__(self, reason: str, requirement: str = "") -> None:
        super().__init__(reason, requirement=requirement)
        self.reason = reason


class AlreadyRunning(LocalProtocolError, RuntimeError):
    """A client connects, or a server runs, only once at a time."""


class UnknownUser(LocalProtocolError, LookupError):
    """No user has this name."""


class UnusableSaveFile(PGNetError):
    """A save file that is not whole, or not of the book's form."""
