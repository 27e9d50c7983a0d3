"""The documented utilities: sequence numbers, named enums, locked objects, comparable objects.

What may live here: small classes that games use directly and that know nothing of connections.
"""

from __future__ import annotations

import contextlib
import socket
from threading import Lock
from types import TracebackType
from typing import Any, ClassVar, Generic, TypeVar

from wirebook.reference.pygase import codec
from wirebook.reference.pygase.errors import Malformed

__all__ = [
    "Comparable",
    "LockedResource",
    "LockedRessource",
    "NamedEnum",
    "Sendable",
    "Sqn",
    "get_available_ip_addresses",
]

R = TypeVar("R")
S = TypeVar("S", bound="Sendable")


class Comparable:
    """Equality by type and attributes."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]  # how Python marks what can change as unhashable


class Sendable(Comparable):
    """An object that travels as the map of its attributes."""

    def to_bytes(self) -> bytes:
        """Return the object as octets; raise an error for attributes that cannot be sent."""
        return codec.pack(self.__dict__)

    @classmethod
    def from_bytes(cls: type[S], bytepack: bytes) -> S:
        """Return an equal object made of the octets that `to_bytes` returned."""
        attributes = codec.unpack(bytepack)
        if type(attributes) is not dict or not all(type(name) is str for name in attributes):
            raise Malformed("PGS-BOD-003", f"these octets are no {cls.__name__}")
        made = cls.__new__(cls)
        made.__dict__.update(attributes)
        return made


class NamedEnum:
    """Names for integers, counted from 0 in each subclass as they are registered."""

    _names: ClassVar[list[str]] = []

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._names = []

    @classmethod
    def get(cls, name_or_value: str | int) -> Any:
        """Return the value of a name, or the name of a value."""
        if isinstance(name_or_value, str):
            if name_or_value not in cls._names:
                raise ValueError(f"{cls.__name__} has no {name_or_value!r}")
            return cls._names.index(name_or_value)
        if not isinstance(name_or_value, int):
            raise TypeError(f"a name or a value, not {name_or_value!r}")
        if not 0 <= name_or_value < len(cls._names):
            raise IndexError(f"{cls.__name__} has no value {name_or_value}")
        return cls._names[name_or_value]

    @classmethod
    def register(cls, name: str) -> None:
        """Give the next value to a name."""
        cls._names.append(name)


class Sqn(int):
    """A sequence number: 1 to 65535, going on with 1; 0 is *none* and older than all others."""

    _bytesize: ClassVar[int] = 2
    _max_sequence: ClassVar[int] = 65535

    def __new__(cls, value: int) -> Sqn:
        """Return the number; raise ValueError if it is negative or too large."""
        if isinstance(value, str):
            raise TypeError(f"a number, not {value!r}")
        number = int(value)  # of this very class, numbers would be compared as sequences are
        if number < 0:
            raise ValueError("sequence numbers are not negative")
        if number > cls._max_sequence:
            raise ValueError(f"{number} is more than the last sequence number, {cls._max_sequence}")
        return super().__new__(cls, number)

    @classmethod
    def set_bytesize(cls, bytesize: int) -> None:
        """Set the size of all sequence numbers, and with it the last one."""
        if bytesize < 1:
            raise ValueError("a sequence number has at least one byte")
        Sqn._bytesize = bytesize
        Sqn._max_sequence = 256**bytesize - 1

    @classmethod
    def get_max_sequence(cls) -> int:
        """Return the last sequence number, after which comes 1."""
        return cls._max_sequence

    def __add__(self, other: int) -> Sqn:
        total = int(self) + int(other)
        return Sqn((total - 1) % self._max_sequence + 1 if total > self._max_sequence else total)

    __radd__ = __add__

    def __sub__(self, other: int) -> int:
        raw = int(self) - int(other)
        half = (self._max_sequence - 1) // 2
        if raw > half:
            return raw - self._max_sequence
        return raw + self._max_sequence if raw < -half else raw

    def __lt__(self, other: int) -> bool:
        if not self or not other:
            return int(self) < int(other)
        return Sqn.__sub__(self, other) < 0

    def __gt__(self, other: int) -> bool:
        return int(self) != int(other) and not self < other

    def __le__(self, other: int) -> bool:
        return not self > other

    def __ge__(self, other: int) -> bool:
        return not self < other

    def to_sqn_bytes(self) -> bytes:
        """Return the number in as many bytes as sequence numbers have."""
        return self.to_bytes(self._bytesize, "big")

    @classmethod
    def from_sqn_bytes(cls, bytestring: bytes) -> Sqn:
        """Return the number that the bytes are."""
        return cls(int.from_bytes(bytestring, "big"))


class LockedRessource(Generic[R]):
    """An object and its lock: `with` takes the lock and gives the object."""

    def __init__(self, ressource: R) -> None:
        self.lock = Lock()
        self.ressource = ressource

    def __enter__(self) -> R:
        self.lock.acquire()
        return self.ressource

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.lock.release()


LockedResource = LockedRessource
"""The same with its spelling put right."""


def get_available_ip_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine, the loopback address first."""
    addresses = {"127.0.0.1": None}
    with contextlib.suppress(OSError):
        addresses |= dict.fromkeys(socket.gethostbyname_ex(socket.gethostname())[2])
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: connecting only makes the system choose the interface to go out by.
        probe.connect(("192.0.2.1", 9))
        addresses[probe.getsockname()[0]] = None
    return list(addresses)
