"""The documented packages: objects that are turned into datagrams and back.

Games do not need them, and the cores do without them: `codec` reads and writes datagrams directly.
What may live here: the header and the three kinds of package, for those who build or take apart
single datagrams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.window import SIZE as WINDOW_SIZE
from wirebook.reference.pygase.errors import PackageTooLarge, ProtocolIDMismatchError, Unencodable
from wirebook.reference.pygase.event import Event
from wirebook.reference.pygase.gamestate import GameStateUpdate
from wirebook.reference.pygase.utils import Comparable, Sqn

__all__ = ["PROTOCOL_ID", "ClientPackage", "Header", "Package", "ServerPackage"]

PROTOCOL_ID = codec.PROTOCOL_ID

P = TypeVar("P", bound="Package")


class Header(Comparable):
    """The header of a package."""

    def __init__(self, sequence: int, ack: int, ack_bitfield: str) -> None:
        self.sequence = Sqn(sequence)
        self.ack = Sqn(ack)
        self.ack_bitfield = ack_bitfield
        """32 characters, `1` for received and `0` for not; the first is the sequence before ack."""

    def to_bytearray(self) -> bytearray:
        """Return the 12 octets of the header."""
        return bytearray(codec.build_plain_package(*self.numbers()))

    def destructure(self) -> tuple[Sqn, Sqn, str]:
        """Return `(sequence, ack, ack_bitfield)`."""
        return self.sequence, self.ack, self.ack_bitfield

    @classmethod
    def deconstruct_datagram(cls, datagram: bytes) -> tuple[Header, bytes]:
        """Return the header of a datagram, and its payload."""
        if datagram[: len(PROTOCOL_ID)] != PROTOCOL_ID:
            raise ProtocolIDMismatchError
        return cls.from_numbers(*codec.parse_header(datagram)), datagram[codec.HEADER_SIZE :]

    @classmethod
    def from_numbers(cls, sequence: int, ack: int, ack_bits: int) -> Header:
        """Return the header with its ack bits given as a number."""
        return cls(sequence, ack, bitfield_text(ack_bits))

    def numbers(self) -> tuple[int, int, int]:
        """Return the header with its ack bits as a number."""
        return self.sequence, self.ack, bitfield_number(self.ack_bitfield)


class Package(Comparable):
    """A package without state: a header and events."""

    timeout: ClassVar[float] = 1.0
    """Seconds after which a package that is not acked is lost."""
    max_size: ClassVar[int] = codec.MAX_DATAGRAM
    """The octets of the largest datagram."""
    _timeout: ClassVar[float] = timeout
    _max_size: ClassVar[int] = max_size

    def __init__(self, header: Header, events: list[Event] | None = None) -> None:
        self.header = header
        self._events = list(events or ())
        self._converted = False

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._parts() == vars(other) | {"_converted": None}

    __hash__ = None

    @property
    def events(self) -> list[Event]:
        """The events in the package."""
        return list(self._events)

    def add_event(self, event: Event) -> None:
        """Add an event; raise OverflowError if a package already converted becomes too large."""
        size = codec.LENGTH_SIZE + len(event.to_bytes()) if self._converted else 0
        if size and self.get_bytesize() + size > self.max_size:
            raise PackageTooLarge(
                f"no room for {size} more octets in a package of {self.max_size}",
                requirement="PGS-DGM-002",
            )
        self._events.append(event)

    def get_bytesize(self) -> int:
        """Return the size of the datagram."""
        return len(self.to_datagram())

    def to_datagram(self) -> bytes:
        """Return the datagram; raise OverflowError if it would be too large."""
        datagram = self._build(self.header.numbers(), [event.to_bytes() for event in self._events])
        self._converted = True
        return datagram

    @classmethod
    def from_datagram(cls: type[P], datagram: bytes) -> P:
        """Return the package that a datagram is."""
        _check_id(datagram)
        fields = codec.parse_plain_package(datagram)
        return cls(_header(fields), _events(fields.events))

    def _build(self, header: tuple[int, int, int], events: list[bytes]) -> bytes:
        return codec.build_plain_package(*header, events)

    def _parts(self) -> dict[str, Any]:
        return vars(self) | {"_converted": None}


class ClientPackage(Package):
    """A package of a client: it says which state the client has."""

    def __init__(self, header: Header, time_order: int, events: list[Event] | None = None) -> None:
        super().__init__(header, events)
        self.time_order = Sqn(time_order)

    def _build(self, header: tuple[int, int, int], events: list[bytes]) -> bytes:
        return codec.build_client_package(*header, self.time_order, events)

    @classmethod
    def from_datagram(cls, datagram: bytes) -> ClientPackage:
        """Return the package that a datagram is."""
        _check_id(datagram)
        fields = codec.parse_client_package(datagram)
        return cls(_header(fields), fields.time_order, _events(fields.events))


class ServerPackage(Package):
    """A package of a server: it brings an update of the state."""

    def __init__(
        self,
        header: Header,
        game_state_update: GameStateUpdate,
        events: list[Event] | None = None,
    ) -> None:
        super().__init__(header, events)
        self.game_state_update = game_state_update

    def _build(self, header: tuple[int, int, int], events: list[bytes]) -> bytes:
        return codec.build_server_package(*header, self.game_state_update.to_bytes(), events)

    @classmethod
    def from_datagram(cls, datagram: bytes) -> ServerPackage:
        """Return the package that a datagram is."""
        _check_id(datagram)
        fields = codec.parse_server_package(datagram)
        update = GameStateUpdate.from_wire(fields.update)
        return cls(_header(fields), update, _events(fields.events))


def bitfield_text(ack_bits: int) -> str:
    """Return ack bits as the documented attributes have them."""
    return f"{ack_bits:0{WINDOW_SIZE}b}"


def bitfield_number(ack_bitfield: str) -> int:
    """Return the number of ack bits that are given as text."""
    if len(ack_bitfield) != WINDOW_SIZE or not set(ack_bitfield) <= {"0", "1"}:
        raise Unencodable(f"ack bits are {WINDOW_SIZE} characters 0 or 1, not {ack_bitfield!r}")
    return int(ack_bitfield, 2)


def _check_id(datagram: bytes) -> None:
    """Raise the documented error first, even for a datagram that is too short for a header."""
    if datagram[: len(PROTOCOL_ID)] != PROTOCOL_ID:
        raise ProtocolIDMismatchError


def _header(fields: codec.PlainFields | codec.ClientFields | codec.ServerFields) -> Header:
    return Header.from_numbers(fields.sequence, fields.ack, fields.ack_bits)


def _events(events: Sequence[codec.WireEvent]) -> list[Event]:
    return [Event.from_wire(event) for event in events]
