"""PyGaSe from outside: the sessions in a capture, and which side of each is the client.

What may live here: putting datagrams into sessions. What the rules are is in `pygase_rules.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from wirebook.conformance.capture import Contents, Datagram
from wirebook.conformance.drivers.pygase.model import acked_by, difference
from wirebook.conformance.passive.ledger import Ledger
from wirebook.spec import books
from wirebook.spec.dissection import Malformed

PROTOCOL_ID = bytes.fromhex("ff d0 fa b9")
HEADER = struct.Struct(">4sHHI")
_FLOAT_64, _FLOAT_64_SIZE = b"\xcb", 9
_COPY_SECONDS = 2.0
_LOOKED_AT = 40
"""How many datagrams of a pair tell which side is the client."""
_BOOK = books.get("pygase")
_MESSAGES = {"client": "client-package", "server": "server-package"}


@dataclass(slots=True)
class Package:
    """A datagram that begins as a package does, with its header whole."""

    datagram: Datagram
    sequence: int
    ack: int
    bits: int
    value: dict[str, Any] | None = None
    """What it says, if it is well-formed."""
    error: Malformed | None = None
    wide_floats: bool = False
    """Whether it has a float of 64 bits."""
    place: int = 0
    """Its sequence, counted on where the numbers begin again."""

    @property
    def number(self) -> int:
        """The number of the packet that carried it."""
        return self.datagram.number

    @property
    def time(self) -> float:
        """When it was seen."""
        return self.datagram.time

    def named(self) -> list[int]:
        """Return the sequences that it says were received, the newest first."""
        named = acked_by(self.ack, self.bits) if self.ack else frozenset()
        return sorted(named, key=lambda one: difference(self.ack, one))


@dataclass(slots=True)
class Session:
    """What went back and forth between a client and a server while neither began anew."""

    name: str
    client: list[Package] = field(default_factory=list)
    server: list[Package] = field(default_factory=list)
    begun_anew: bool = False
    """Whether another session between the same two went before."""
    first_time: float = 0.0

    def of(self, role: str) -> list[Package]:
        """Return the packages of one side, in the order of the capture."""
        return self.client if role == "client" else self.server


def examine(contents: Contents, ledger: Ledger, keys: Sequence[bytes]) -> None:  # noqa: ARG001
    """Judge the sessions of a capture."""
    from wirebook.conformance.passive import pygase_rules

    pairs: dict[frozenset[str], list[Datagram]] = {}
    for datagram in contents.datagrams:
        ends = frozenset((datagram.source, datagram.destination))
        pairs.setdefault(ends, []).append(datagram)
    for datagrams in pairs.values():
        if not any(one.data.startswith(PROTOCOL_ID) for one in datagrams):
            ledger.passed_over += len(datagrams)
            continue
        client = _client(datagrams)
        server = next(
            (e for one in datagrams for e in (one.source, one.destination) if e != client), client
        )
        name = f"{client} → {server}"
        ledger.sessions.append(name)
        if any(one.cut for one in datagrams):
            ledger.leave_open(name, "datagrams that the capture has cut off")
        for session in _sessions(name, client, [one for one in datagrams if not one.cut], ledger):
            pygase_rules.judge(session, ledger)


def _client(datagrams: Sequence[Datagram]) -> str:
    """Return the end that sends client packages: nothing but the bodies tells."""
    telling = [one for one in datagrams if len(one.data) >= HEADER.size][:_LOOKED_AT]
    first = datagrams[0].source
    ends = dict.fromkeys((first, datagrams[0].destination))

    def fitting(client: str) -> int:
        return sum(
            _BOOK.dissect(_MESSAGES["client" if one.source == client else "server"], one.data).error
            is None
            for one in telling
        )

    return max(ends, key=fitting)  # in doubt, the one that was first


def _sessions(
    name: str, client: str, datagrams: Iterable[Datagram], ledger: Ledger
) -> Iterator[Session]:
    session = Session(name)
    newest: dict[str, Package] = {}
    for datagram in datagrams:
        role = "client" if datagram.source == client else "server"
        if not datagram.data.startswith(PROTOCOL_ID) or len(datagram.data) < HEADER.size:
            _stray(name, role, datagram, ledger)
            continue
        package = _read(datagram, role)
        last = newest.get(role)
        if last is not None and _begins_anew(package, last, session.of(role)):
            yield session
            session = Session(name, begun_anew=True)
            newest = {}
            last = None
        session.first_time = session.first_time or package.time
        if last is None:
            package.place = package.sequence
        else:
            package.place = last.place + difference(package.sequence, last.sequence)
        if package.error is None and (last is None or package.place > last.place):
            newest[role] = package
        session.of(role).append(package)
    yield session


def _begins_anew(package: Package, last: Package, earlier: Sequence[Package]) -> bool:
    if package.sequence != 1 or package.error is not None:
        return False
    if difference(1, last.sequence) > 0:  # the numbers have wrapped
        return False
    # The network may deliver a first package twice, but not long after.
    recent = (one for one in earlier if package.time - one.time < _COPY_SECONDS)
    return all(package.datagram.data != one.datagram.data for one in recent)


def _stray(name: str, role: str, datagram: Datagram, ledger: Ledger) -> None:
    if role == "client" and datagram.data == b"shutdown":
        ledger.looked("PGS-SHD-006", role)
        return
    if datagram.data == b"shut_me_down":
        ledger.leave_open(name, "shut_me_down, which an original may send to itself")
        return
    error = _read(datagram, role).error if datagram.data else None
    requirement = error.requirement if error else "PGS-HDR-003"
    text = f"the {role} sends {len(datagram.data)} octets that are no package"
    ledger.broken(requirement, role, datagram.number, name, text)


def _read(datagram: Datagram, role: str) -> Package:
    data = datagram.data
    found = HEADER.unpack_from(data) if len(data) >= HEADER.size else (b"", 0, 0, 0)
    package = Package(datagram, *found[1:])
    try:
        package.value = _BOOK.parse(_MESSAGES[role], data)
    except Malformed as malformed:
        package.error = malformed
    else:
        # Field by field takes as long again, and most packages have no such octet at all.
        package.wide_floats = _FLOAT_64 in data and any(
            isinstance(one.value, float) and one.length == _FLOAT_64_SIZE
            for one in _BOOK.dissect(_MESSAGES[role], data).fields
        )
    return package
