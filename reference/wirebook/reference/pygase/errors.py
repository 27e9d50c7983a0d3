"""The errors of PyGaSe: one root, split by whose fault it is, each with the requirement's ID.

`LocalProtocolError` is a mistake of the program that uses this package, `RemoteProtocolError` one
of the peer. Each also derives from the built-in error that callers of the original would catch.
What may live here: exception classes.
"""

from __future__ import annotations

from wirebook.reference.faults import CitedError


class PyGaSeError(CitedError):
    """The root of all errors of this package."""


class LocalProtocolError(PyGaSeError):
    """This program asked for something that the protocol does not have."""


class RemoteProtocolError(PyGaSeError):
    """The peer sent something that the protocol does not have."""


class Malformed(RemoteProtocolError, ValueError, TypeError):
    """Octets that are not what they should be; the datagram is discarded.

    The original raises ValueError for some of them and TypeError for others.
    """

    def __init__(self, requirement: str, reason: str) -> None:
        super().__init__(reason, requirement=requirement)
        self.reason = reason


class ProtocolIDMismatchError(Malformed):
    """Octets that do not begin with the protocol ID."""

    def __init__(
        self, requirement: str = "PGS-HDR-002", reason: str = "not a PyGaSe package"
    ) -> None:
        super().__init__(requirement, reason)


class DuplicateSequenceError(RemoteProtocolError, ConnectionError):
    """A package with a sequence that was received before.

    Kept for programs that name it: a duplicate is discarded without a word (PGS-WIN-003).
    """


class Unencodable(LocalProtocolError, ValueError, TypeError):
    """A value that cannot be sent."""

    def __init__(self, reason: str, requirement: str = "") -> None:
        super().__init__(reason, requirement=requirement)
        self.reason = reason


class PackageTooLarge(LocalProtocolError, OverflowError):
    """A package, or an event, that does not fit into 2048 octets."""


class QueueFull(LocalProtocolError):
    """Too many events wait to be sent to a peer already."""


class UnknownClient(LocalProtocolError, KeyError):
    """The server has no connection with that address."""


class NotConnected(LocalProtocolError, AttributeError):
    """The client has not been asked to connect yet."""
