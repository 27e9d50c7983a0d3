"""What a client has to be, to say and to hand to its application.

What may live here: its status by the book's table, its state by the rules of merging, and the
events in both directions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from wirebook.conformance.drivers.pygase.model import is_newer, merge
from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pygase.octets import (
    Frozen,
    Package,
    event,
    freeze,
    read_client_package,
)
from wirebook.fuzz.machines.pygase.pace import LONGEST_SILENCE
from wirebook.fuzz.machines.pygase.replies import Replies
from wirebook.fuzz.machines.pygase.subjects import Arrived, ClientSubject
from wirebook.fuzz.machines.pygase.traffic import Mark, Traffic
from wirebook.spec.pygase.states import (
    CLIENT_CONNECTION,
    CONNECTION_TIMEOUT,
    ClientInput,
    ClientState,
)
from wirebook.spec.vectors import from_typed, to_typed

SHUTDOWN = b"shutdown"
_SLIP = 1e-6


@dataclass(frozen=True, slots=True)
class Handed:
    """An event for the client."""

    octets: bytes
    what: tuple[str, list[Any], dict[str, Any]] | None
    """What the application is told of it; None if nobody handles it."""
    name: str

    @classmethod
    def of(cls, event_type: str, args: list[Any], kwargs: dict[str, Any]) -> Handed:
        """Return an event that somebody handles."""
        what = (event_type, args, kwargs)
        return cls(event(event_type, args, kwargs), what, f"{event_type} {args[0]}")


class Client:
    """The model of the client under test."""

    def __init__(self, subject: ClientSubject) -> None:
        self.subject = subject
        self.status = ClientState.DISCONNECTED
        self.heard_at = 0.0
        self.order = 0
        self.state: dict[str, Any] = {}
        self.connections = 0
        self.has_connected = False
        self.ended_at = 0.0
        self._shutdowns = 0
        self._token = subject.first_token
        self._poison: dict[str, str] = {}
        self._begin()

    def token(self) -> int:
        """Return a number that no event had before."""
        self._token = self._token % 65000 + 1
        return self._token

    def connect(self) -> None:
        """Let it connect."""
        self._step(ClientInput.CONNECT)
        self.connections += 1
        self.order, self.state = 0, {}
        self._begin()
        self._ask({"do": "connect", "host": "127.0.0.1", "port": 0})
        self.heard_at = self.subject.now()

    def disconnect(self, *, shut_down: bool) -> None:
        """Let it disconnect."""
        self._step(ClientInput.DISCONNECT)
        self.ended_at = self.subject.now()
        self._shutdowns += shut_down
        self._ask({"do": "disconnect", "shutdown_server": shut_down})
        self._end()

    def dispatch(self, value: Any, retries: int) -> str:
        """Let it send an event; return the tag of its ack."""
        token = self.token()
        self._dispatch(token, [token, value], retries)
        return str(token)

    def dispatch_large(self, octets: int, *, fits: bool) -> None:
        """Let it send an event of this many octets."""
        token = self.token()
        padding = octets - len(event("E", [token, "x" * 300], {"token": token})) + 300
        args = [token, "x" * padding]
        if fits:
            self._dispatch(token, args, 0)
            return
        reply = self.subject.ask({**self._request(token, args, 0)})
        if reply.get("ok"):
            raise Broken("PGS-EVT-011", "takes an event that is too large for any package")

    def poison(self, requirement: str) -> bytes:
        """Return an event for a package that must be discarded."""
        token = self.token()
        self._poison[f"HELLO {token}"] = requirement
        return event("HELLO", [token, "poison"])

    def discard(self, sequence: int, requirement: str, given: ClientInput) -> None:
        """Note that it is sent a package that it has to discard."""
        self._step(given)
        self.traffic.discard(sequence, requirement)

    def discard_events(self, events: Iterable[Handed], requirement: str) -> None:
        """Note that events must not be handled, unless they were before."""
        for one in events:
            self._poison.setdefault(one.name, requirement)

    def accept(
        self,
        sequence: int,
        ack: int,
        bits: int,
        events: Iterable[Handed],
        update: dict[str, Any],
    ) -> None:
        """Note that it is sent a package that it has to accept."""
        now = self.subject.now()
        self._step(ClientInput.ACCEPTED)
        self.heard_at = now
        order = update["time_order"]
        if is_newer(order, self.order):
            self._cause = "PGS-SYN-021" if self.order else "PGS-SYN-022"
            changes = {key: value for key, value in update.items() if key != "time_order"}
            self.order, self.state = order, merge(self.state, changes)
        else:
            self._cause = "PGS-SYN-021"
        self.traffic.accept(now, sequence, self.order)
        self.traffic.marks[-1] = replace(self.traffic.marks[-1], time_order=self.order)
        for name in self.replies.acked(self.traffic.named(ack, bits, now), now):
            if not self.replies.doubtful(name, now):
                self._acks[name] = now
        for one in events:
            if one.what is not None:
                event_type, args, kwargs = one.what
                key = event_type, freeze(args), freeze(kwargs)
                self._handed.append((now, key))
                self._poison.setdefault(one.name, "PGS-EVT-020")

    def absorb(self) -> None:
        """Judge what has come, and let its timer run."""
        for arrived in self.subject.take():
            self._take(arrived)
        for message in self.subject.notifications():
            self._hear(message)
        now = self.subject.now()
        if self.status is not ClientState.DISCONNECTED:
            self.check()
            if self.heard_at + CONNECTION_TIMEOUT <= now:
                self._step(ClientInput.TIMEOUT)
                self.ended_at = self.heard_at + CONNECTION_TIMEOUT
                self._end()

    def check(self) -> None:
        """Raise Broken if it has said or done too little until now."""
        now, grace = self.subject.now(), self.subject.grace
        if not self.subject.alive():
            raise Broken("PGS-ERR-001", "is not there any more", self.subject.output()[-300:])
        if self._handed and now - self._handed[0][0] >= grace + _SLIP:
            raise Broken("PGS-EVT-020", "does not hand an event over", str(self._handed[0][1])[:99])
        for since in self._acks.values():
            if now - since >= grace + _SLIP:
                raise Broken("PGS-EVT-012", "does not run the ack callback of an acked event")
        if self._shutdowns and now - self.ended_at >= grace + _SLIP:
            raise Broken("PGS-SHD-006", "does not send `shutdown` although it is asked to")
        if self.status is ClientState.DISCONNECTED:
            return
        until = min(now, self.heard_at + CONNECTION_TIMEOUT)
        last = max(self.traffic.last_at, self._began)
        if until - last > LONGEST_SILENCE + 2 * grace:
            early = last - self.heard_at > 1.0
            raise Broken("PGS-CON-002" if early else "PGS-TIM-001", "falls silent")
        self.replies.check(now, self._began)

    def look(self) -> None:
        """Ask for the status and the state, and wait for them in real time."""
        end = self.subject.now() + self.subject.grace
        while (wrong := self._wrong()) is not None:
            if self.subject.now() >= end:
                raise wrong
            self.subject.advance(0.05)
            self.absorb()

    def _wrong(self) -> Broken | None:
        reply = self.subject.ask({"do": "status"})
        status = reply.get("status")
        if status != self.status.value:
            cause = "PGS-CON-001"
            if self.status is ClientState.DISCONNECTED:
                cause = "PGS-CON-002"
            elif status == "Disconnected":
                cause = "PGS-ERR-001"
            return Broken(cause, f"is {status} instead of {self.status.value}")
        if self.status is not ClientState.CONNECTED:
            return None
        found = from_typed(self.subject.ask({"do": "state"}).get("state", {}))
        order = found.pop("time_order", 0)
        if order != self.order:
            return Broken(self._cause, "holds another time order", f"{order}, not {self.order}")
        wanted = dict(self.state)
        if "game_status" not in wanted:
            found.pop("game_status", None)
        if freeze(found) != freeze(wanted):
            detail = f"{found!r} instead of {wanted!r}"[:300]
            return Broken(self._merging(found, wanted), "holds another state", detail)
        return None

    def _merging(self, found: dict[Any, Any], wanted: dict[Any, Any]) -> str:
        """Return the rule of merging that a difference is about."""
        for key in found.keys() | wanted.keys():
            one, other = found.get(key, ...), wanted.get(key, ...)
            if freeze(one) == freeze(other):
                continue
            if isinstance(one, dict) and isinstance(other, dict):
                return self._merging(one, other) if one and other else "PGS-MRG-001"
            if other is ...:
                return "PGS-MRG-004" if freeze(one) == _DELETED else "PGS-MRG-003"
            if isinstance(other, dict):
                return "PGS-MRG-005"
            return "PGS-MRG-006" if isinstance(other, list) and one is not ... else "PGS-MRG-002"
        return "PGS-MRG-001"

    def _begin(self) -> None:
        now = self._began = self.subject.now()
        self.traffic = Traffic(now, self.subject.grace)
        self.replies = Replies(self.subject.grace)
        self._handed: deque[tuple[float, tuple[str, Frozen, Frozen]]] = deque()
        self._acks: dict[str, float] = {}
        self._cause = "PGS-SYN-020"

    def _end(self) -> None:
        self.replies = Replies(self.subject.grace)
        if self.subject.grace:  # whether the last events were handed over, nobody can tell
            self._handed.clear()
            self._acks.clear()

    def _step(self, given: ClientInput) -> None:
        self.status = CLIENT_CONNECTION.step(self.status, given).next_state

    def _ask(self, request: dict[str, Any]) -> None:
        reply = self.subject.ask(request)
        if not reply.get("ok"):
            raise Broken("PGS-ERR-001", f"cannot {request['do']}", str(reply.get("error")))

    def _request(self, token: int, args: list[Any], retries: int) -> dict[str, Any]:
        return {
            "do": "dispatch",
            "type": "E",
            "args": to_typed(args),
            "kwargs": {"token": token},
            "retries": retries,
            "tag": str(token),
        }

    def _dispatch(self, token: int, args: list[Any], retries: int) -> None:
        self.replies.expect(0, "E", args, {"token": token}, self.subject.now())
        self.replies.watch(str(token), retries)
        self._ask(self._request(token, args, retries))

    def _take(self, arrived: Arrived) -> None:
        if arrived.data == SHUTDOWN:
            if not self._shutdowns:
                raise Broken("PGS-SHD-006", "sends `shutdown` without being asked to")
            self._shutdowns -= 1
            return
        if self._shutdowns and arrived.data.startswith(SHUTDOWN[:4]):
            raise Broken("PGS-SHD-006", "sends another text than `shutdown`")
        late = arrived.at - self.ended_at
        if self.status is ClientState.DISCONNECTED:
            if late > self.subject.grace:
                cause = "PGS-CON-005" if late < 1.0 else "PGS-CON-002"
                raise Broken(cause, "sends although it is disconnected")
            return
        package = read_client_package(arrived.data, arrived.at)
        if arrived.at - (self.heard_at + CONNECTION_TIMEOUT) > self.subject.grace + _SLIP:
            raise Broken("PGS-CON-002", "sends on for too long")
        first = not self.traffic.newest
        try:
            mark = self.traffic.take(package)
        except Broken as broken:
            if first and self.connections > 1:
                raise Broken("PGS-CON-003", "does not begin anew", str(broken)) from broken
            raise
        self.traffic.congestion.run(arrived.at - _SLIP)
        exact = not self.subject.grace
        self.traffic.pace.add(arrived.at, self.traffic.congestion, exact=exact)
        self._check_reported(package, mark, first=first)
        for said in package.events:
            name = str(said.values[0]) if said.values else ""
            watched = self.replies.watched.get(name)
            if watched is None:
                raise Broken("PGS-EVT-010", "sends an event that was not dispatched")
            if not watched.sequence and not self.replies.take(said):
                raise Broken("PGS-EVT-010", "sends events in another order, or changed")
            self.replies.sent(name, package.sequence, package.at)

    def _check_reported(self, package: Package, mark: Mark, *, first: bool) -> None:
        if package.time_order == mark.time_order:
            return
        cause = self._cause
        if first and self.connections > 1:
            cause = "PGS-CON-003"
        elif not package.time_order:
            cause = "PGS-SYN-020"
        detail = f"{package.time_order} instead of {mark.time_order}"
        raise Broken(cause, "reports another time order", detail)

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("event") == "acked":
            name = message["tag"]
            if name not in self._acks:
                known = self.replies.watched.get(name)
                if known is not None and self.replies.doubtful(name, self.subject.now()):
                    return
                acked = known is not None and known.acked_at is not None
                if self.subject.grace and known is None:
                    return
                raise Broken(
                    "PGS-EVT-012" if acked else "PGS-ACK-006",
                    "runs an ack callback " + ("once more" if acked else "without a valid ack"),
                )
            del self._acks[name]
            return
        args, kwargs = from_typed(message["args"]), from_typed(message["kwargs"])
        key = message["type"], freeze(args), freeze(kwargs)
        if self._handed and self._handed[0][1] == key:
            self._handed.popleft()
            return
        if any(one == key for _, one in self._handed):
            raise Broken("PGS-EVT-020", "hands events over in another order, or leaves one out")
        name = f"{message['type']} {args[0]}" if args else ""
        if self.subject.grace and self.status is ClientState.DISCONNECTED:
            return
        raise Broken(
            self._poison.get(name, "PGS-EVT-020"),
            "hands over an event that it has not accepted so",
            f"{message['type']}{args!r}"[:200],
        )


_DELETED = freeze(bytes.fromhex("d281e5ba"))
