"""Sessions for tests of the passive check: what both sides send, made by hand, as a capture.

What may live here: writing transfers as a pcap file, and a well-behaved PyGaSe session to spoil.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from wirebook.conformance.drivers.pygase.model import Window, after
from wirebook.conformance.report import pcap
from wirebook.conformance.verdicts import Transfer
from wirebook.spec import books

CLIENT, SERVER = "127.0.0.1:5000", "127.0.0.1:4711"
INTERVAL = 0.05

_BOOK = books.get("pygase")


def capture(transfers: Iterable[Transfer]) -> bytes:
    """Return the transfers as a capture; the suite's side is the client."""
    data = pcap.capture(transfers, began=1_700_000_000.0)
    assert data is not None
    return data


def transfer(
    at: float, role: str, data: bytes, *, transport: str = "udp", client: str = CLIENT
) -> Transfer:
    """Return what one side sends."""
    direction = "to-target" if role == "client" else "from-target"
    return Transfer(at, direction, data.hex(), "", client, SERVER, transport)


@dataclass(slots=True)
class Sent:
    """A package of a session, to be spoilt before it is built."""

    at: float
    role: str
    sequence: int
    ack: int
    bits: int
    time_order: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    data: bytes = b""
    """What is sent instead of all this."""

    def built(self) -> bytes:
        """Return its octets."""
        if self.data:
            return self.data
        header = {
            "protocol_id": bytes.fromhex("ffd0fab9"),
            "sequence": self.sequence,
            "ack": self.ack,
            "ack_bitfield": self.bits,
        }
        body: dict[str, Any] = {"header": header, "events": self.events}
        if self.role == "client":
            return _BOOK.build("client-package", {**body, "time_order": self.time_order})
        update = {"time_order": self.time_order, **self.attributes}
        return _BOOK.build("server-package", {**body, "update": update})


def pygase_session(
    steps: int = 40, *, lost: Iterable[int] = (), lost_behind: Iterable[int] = (), first: int = 1
) -> list[Sent]:
    """Return a session in which both sides do as they have to.

    Of the packages of the client, those of the steps in `lost` never came to where the capture was
    made, and those in `lost_behind` were lost after they had passed it.
    """
    windows = {"client": Window(), "server": Window()}
    sent: list[Sent] = []
    state = 0
    for step in range(steps):
        at = step * INTERVAL
        sequence = after(first, step)
        own = windows["client"]
        package = Sent(at, "client", sequence, own.ack, own.bits, time_order=state)
        if step not in lost:
            sent.append(package)
        if step not in lost and step not in lost_behind:
            windows["server"].take(sequence)
        own = windows["server"]
        answer = Sent(at + INTERVAL / 2, "server", sequence, own.ack, own.bits)
        if step > 2:
            answer.time_order = step
            answer.attributes = {"game_status": 1, "x": step}
            state = step
        sent.append(answer)
        windows["client"].take(sequence)
    return sent


def transfers(packages: Iterable[Sent]) -> Iterator[Transfer]:
    """Yield the packages as transfers."""
    for package in packages:
        yield transfer(package.at, package.role, package.built())


def of(role: str, packages: Iterable[Sent]) -> list[Sent]:
    """Return the packages of one side."""
    return [one for one in packages if one.role == role]


def changed(packages: list[Sent], one: Sent, **changes: Any) -> list[Sent]:
    """Return the packages with one of them changed."""
    return [replace(each, **changes) if each is one else each for each in packages]
