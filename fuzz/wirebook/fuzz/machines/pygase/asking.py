"""The events of the conformance application: what is asked, and what has to come of it.

What may live here: making events from small numbers, and what the application's chapter of the book
says that they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wirebook.conformance.drivers.pygase.model import single
from wirebook.conformance.drivers.pygase.packages import FULL_EVENT, SMALLEST
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.connections import Connection
from wirebook.fuzz.machines.pygase.flaws import ODDITIES, TO_DELETE
from wirebook.fuzz.machines.pygase.octets import Package, Said, event
from wirebook.fuzz.machines.pygase.subjects import ServerSubject
from wirebook.fuzz.machines.pygase.versions import Versions

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 127, 128, -33, 65536, 2**63, 1.5, -0.25, "", "ü" * 20, b"", b"\xff\x00",
    [], [1, [2, [3]]], {}, {"k": {"l": 1}}, {5: "five", None: 0, b"b": 1.5}, TO_DELETE, "x" * 300,
)  # fmt: skip
CHANGES: tuple[Mapping[str, Any], ...] = (
    {"a": 1}, {"a": True}, {"a": 1.0}, {"a": 2}, {"a": TO_DELETE}, {"m": {"x": 1}},
    {"m": {"y": 2, "x": TO_DELETE}}, {"m": TO_DELETE}, {"m": 7}, {"m": {"z": {"q": 1}}},
    {"m": {"z": {"q": TO_DELETE, "r": 1}}}, {"m": {"z": 5}}, {"m": {"z": TO_DELETE}},
    {"l": [1, TO_DELETE]}, {"l": [2]}, {"l": {"m": [1]}}, {"game_status": 0}, {"game_status": 1},
    {"e": {}}, {"e": TO_DELETE}, {"m": {}}, {"b": b"\x00", "s": "s"}, {"b": TO_DELETE}, {},
)  # fmt: skip
SIZES = (0, 10, 600, 1200, 1900, 2100, 3000)
_LARGE = (500, 900, 1990, FULL_EVENT, FULL_EVENT + 1, FULL_EVENT + 15)
_MOST = 2048 - SMALLEST
_TOO_LARGE = FULL_EVENT


@dataclass(frozen=True, slots=True)
class Asked:
    """An event for the server."""

    octets: bytes
    effect: Callable[[Asking, Connection, float], None]
    """What it has to lead to, once it is handled."""
    answer: str = ""
    """What would show that it was handled."""


@dataclass(slots=True)
class Asking:
    """All that was asked of a server, and what shows whether it counted."""

    versions: Versions
    subject: ServerSubject
    validated: bool = False
    """Whether any client ever was."""
    _count: int = 0
    _sent: dict[bytes, tuple[Asked, ...]] = field(default_factory=dict)
    _poison: dict[str, str] = field(default_factory=dict)
    """The answers that must not come, with the requirement that says so."""
    _everybody: Mapping[int, Connection] = field(default_factory=dict)

    def choose(self, what: int, count: int) -> tuple[Asked, ...]:
        """Return events by number, as many as there is room for."""
        chosen, room = [], _MOST
        for number in range(what, what + count):
            asked = self._make(number)
            room -= 2 + len(asked.octets)
            if room < 0:
                break
            chosen.append(asked)
        return tuple(chosen)

    def change(self, number: int) -> Asked:
        """Return an event that changes the state."""
        return self._update(CHANGES[number % len(CHANGES)])

    def poison(self) -> Asked:
        """Return an event that is to be part of a spoilt package."""
        return self._echo([self._token(), "poison"])

    def remembered(self, data: bytes, events: Iterable[Asked]) -> tuple[Asked, ...]:
        """Return the events of a datagram that is sent for the first time, or once more."""
        return self._sent.setdefault(data, tuple(events))

    def discarded(self, events: Iterable[Asked], requirement: str) -> None:
        """Note that events must not be handled."""
        for asked in events:
            self._poison.setdefault(asked.answer, requirement)

    def accepted(
        self,
        connection: Connection,
        events: Iterable[Asked],
        named: list[int],
        now: float,
        everybody: Mapping[int, Connection],
    ) -> None:
        """Note that a package was accepted: what it acks, and what its events ask for."""
        self._everybody = everybody
        replies = connection.replies
        for name in replies.acked(named, now):
            replies.expect(
                f"ack of {name}", "ACKED", [name], {}, now,
                requirement="PGS-EVT-012",
                optional=replies.watched[name].loose or replies.doubtful(name, now),
            )  # fmt: skip
        for asked in events:
            self._poison.pop(asked.answer, None)
            asked.effect(self, connection, now)

    def take(self, connection: Connection, said: Said, package: Package) -> None:
        """Judge an event of the server."""
        replies = connection.replies
        name = str(said.values[0]) if said.values else ""
        if said.type == "WATCHED" and name in replies.watched:
            if not replies.watched[name].sequence and not replies.take(said):
                raise Broken("PGS-EVT-010", "sends events in another order")
            replies.sent(name, package.sequence, package.at)
        elif not replies.take(said):
            raise self._unexpected(connection, said, name)
        elif said.type == "ACKED":
            replies.watched[name].told = True

    def _unexpected(self, connection: Connection, said: Said, name: str) -> Broken:
        detail = f"{said.type}{said.values!r}"[:200]
        answer = f"{said.type} {name}"
        if said.type == "ACKED":
            watched = connection.replies.watched.get(name)
            if watched is None or watched.told:
                return Broken("PGS-EVT-012", "runs an ack callback once more", detail)
            return Broken("PGS-ACK-006", "runs an ack callback without a valid ack", detail)
        if answer in self._poison:
            return Broken(self._poison[answer], "handles an event of a discarded package", detail)
        for queue in connection.replies.queues.values():
            for due in queue:
                if due.key == (said.type, said.args, said.kwargs):
                    return Broken("PGS-EVT-010", "sends events in another order", detail)
                if due.key[0] == said.type and said.type in ("ECHO", "YOU_ARE"):
                    return Broken(due.requirement, "answers an event with other values", detail)
        if said.type == "BROADCAST":
            return Broken("PGS-EVT-014", "sends an event for all clients once more", detail)
        return Broken("PGS-EVT-020", "sends an event that nothing asked for", detail)

    def _token(self) -> int:
        self._count += 1
        return 1000 + self._count

    def _make(self, number: int) -> Asked:
        """Return the event of a number."""
        makers = (
            lambda: self._echo([self._token(), VALUES[number % len(VALUES)]]),
            lambda: self._count_up(f"{'nop'[number % 3]}{self.subject.tag}"),
            lambda: self._update(CHANGES[number * 7 % len(CHANGES)]),
            lambda: self._echo([self._token()], {"k": 1, "client_address": ["forged", 1]}),
            lambda: self._update(CHANGES[(number * 5 + 3) % len(CHANGES)]),
            lambda: self.watch(number % 4),
            self._who_am_i,
            lambda: self._update(CHANGES[(number * 11 + 7) % len(CHANGES)]),
            lambda: self._odd(number),
            lambda: self._broadcast([self._token(), number]),
            self._nobody,
            lambda: self._burst(number % 13),
            lambda: self._fail("server" if number % 2 else "step"),
            lambda: self._fill(SIZES[number % len(SIZES)]),
            lambda: self._large(_LARGE[number % len(_LARGE)]),
        )
        return makers[number % len(makers)]()

    def _echo(self, args: list[Any], kwargs: Mapping[str, Any] | None = None) -> Asked:
        back = {key: one for key, one in (kwargs or {}).items() if key != "client_address"}

        def effect(_: Asking, connection: Connection, now: float) -> None:
            cause = "PGS-EVT-022" if kwargs else "PGS-EVT-020"
            connection.replies.expect(connection.peer, "ECHO", args, back, now, requirement=cause)

        return Asked(event("ECHO", args, kwargs), effect, f"ECHO {args[0]}")

    def _odd(self, number: int) -> Asked:
        token = self._token()
        odd = ODDITIES[number // 15 % len(ODDITIES)](b"\xcd" + token.to_bytes(2))

        # PGS-MSG-001: what comes in 64 bits goes back in 32.
        args = [single(one) if isinstance(one, float) else one for one in odd.args]

        def effect(_: Asking, connection: Connection, now: float) -> None:
            connection.replies.expect(connection.peer, "ECHO", args, {}, now)

        return Asked(odd.octets, effect, f"ECHO {token}")

    def _large(self, octets: int) -> Asked:
        token = self._token()
        padding = octets - len(event("ECHO", [token, "x" * 300])) + 300
        args = [token, "x" * padding]

        def effect(_: Asking, connection: Connection, now: float) -> None:
            if octets <= _TOO_LARGE:
                connection.replies.expect(
                    connection.peer, "ECHO", args, {}, now, requirement="PGS-EVT-011"
                )

        return Asked(event("ECHO", args), effect, f"ECHO {token}")

    def _who_am_i(self) -> Asked:
        def effect(asking: Asking, connection: Connection, now: float) -> None:
            address = list(asking.subject.address(connection.peer))
            connection.replies.expect(
                connection.peer, "YOU_ARE", address, {}, now, requirement="PGS-EVT-022"
            )

        return Asked(event("WHOAMI", []), effect)

    def _nobody(self) -> Asked:
        def effect(_: Asking, __: Connection, ___: float) -> None:
            """It is dropped."""

        return Asked(event("NOBODY", [self._token()]), effect)

    def _fail(self, where: str) -> Asked:
        def effect(_: Asking, __: Connection, ___: float) -> None:
            """The handler fails, and nothing else."""

        return Asked(event("RAISE", [where]), effect)

    def _burst(self, count: int) -> Asked:
        def effect(_: Asking, connection: Connection, now: float) -> None:
            for number in range(count):
                connection.replies.expect(connection.peer, "BURST", [number], {}, now)

        return Asked(event("BURST", [count]), effect)

    def _broadcast(self, args: list[Any]) -> Asked:
        def effect(asking: Asking, connection: Connection, now: float) -> None:
            for other in asking._everybody.values():
                other.replies.expect(
                    connection.peer, "BROADCAST", args, {}, now,
                    requirement="PGS-EVT-014",
                    optional=not other.connected,
                )  # fmt: skip

        return Asked(event("BROADCAST", args), effect, f"BROADCAST {args[0]}")

    def watch(self, retries: int) -> Asked:
        """Return an event that asks for one with retries, and for word of its ack."""
        name = f"w{self._token()}"

        def effect(_: Asking, connection: Connection, now: float) -> None:
            connection.replies.expect(connection.peer, "WATCHED", [name], {}, now)
            connection.replies.watch(name, retries)

        return Asked(event("WATCH", [name, retries]), effect, f"WATCHED {name}")

    def _count_up(self, name: str) -> Asked:
        def effect(asking: Asking, _: Connection, now: float) -> None:
            counters = asking.versions.counters
            counters[name] = counters.get(name, 0) + 1
            asking.versions.change({"counts": {name: counters[name]}}, now)

        return Asked(event("COUNT", [name]), effect)

    def _update(self, changes: Mapping[str, Any]) -> Asked:
        cause = "PGS-SYN-009" if "game_status" in changes else "PGS-EVT-024"

        def effect(asking: Asking, _: Connection, now: float) -> None:
            asking.versions.change(changes, now, cause)

        return Asked(event("UPDATE", [changes]), effect)

    def _fill(self, octets: int) -> Asked:
        def effect(asking: Asking, _: Connection, now: float) -> None:
            asking.versions.change({"fill": "x" * octets if octets else TO_DELETE}, now)

        return Asked(event("FILL", [octets]), effect)
