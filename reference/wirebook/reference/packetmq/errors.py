"""The errors of PacketMQ: one root, split by whose fault it is, each with the requirement's ID.

`LocalProtocolError` is a mistake of the program that uses this package, `RemoteProtocolError` one
of the peer. Each also derives from the built-in error that callers of the original would catch.
What may live here: exception classes.
"""

from __future__ import annotations

from wirebook.reference.faults import CitedError


class PacketMQError(CitedError):
    """The root of all errors of this package."""


class LocalProtocolError(PacketMQError):
    """This program asked for something that the protocol does not have."""


class RemoteProtocolError(PacketMQError):
    """The peer sent something that the protocol does not have."""


class Malformed(RemoteProtocolError, ValueError):
    """Octets that are not what they should be; they are a violation."""

    def __init__(self, requirement: str, reason: str) -> None:
        super().__init__(reason, requirement=requirement)
        self.reason = reason


class Unencodable(LocalProtocolError, ValueError, TypeError):
    """A value that cannot be sent."""

    def __init__(self, reason: str, requirement: str = "") -> None:
        super().__init__(reason, requirement=requirement)
        self.reason = reason


class PacketTooLarge(Unencodable, OverflowError):
    """A packet that does not fit into a frame."""


class NotActive(LocalProtocolError, ConnectionError):
    """Packets of the application can only be sent while a connection is active."""


class Refused(LocalProtocolError, ValueError, AssertionError):
    """A registry does not take a packet with such a name or id."""


class UnknownPacket(LocalProtocolError, KeyError):
    """The registry, or the peer, has no such packet."""

    __str__ = LocalProtocolError.__str__  # a KeyError would show the message in quotes


class UnknownPeer(LocalProtocolError, KeyError):
    """There is no such connection."""

    __str__ = LocalProtocolError.__str__
