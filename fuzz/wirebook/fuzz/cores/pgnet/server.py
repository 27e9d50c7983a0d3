"""A server of PGNet as a subject: logins, a lobby, games, an admin, and errands that take time.

Passwords are not hashed, and what waits does so in virtual time; everything else is the server's
own. What may live here: the peers and what an event loop does for a server.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from functools import partial
from typing import Final

from wirebook.fuzz.cores import WAIT, Action, Chance, check_rest, check_sent
from wirebook.fuzz.cores.pgnet.messages import EXTRA
from wirebook.fuzz.cores.pgnet.sealing import PEER_PUBKEY, SUBJECT_KEY, Sealer, opened, randomness
from wirebook.fuzz.machines.base import Broken
from wirebook.reference.pgnet.conformance_app import (
    ADMIN_PASSWORD,
    ConformanceGame,
    IntendedFailure,
)
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.outcomes import CheckPassword, KeepPassword, Pause, SaveNow
from wirebook.reference.pgnet.core.server import ServerCore, Surroundings
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import Unencodable
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.tunnel import Key
from wirebook.spec.pgnet.states import ADMIN, CloseCode, ServerState, Text

ROBUST: Final = "PGN-ERR-001"
_LIMITS: Final = Limits(connections=12, users=16, games=4)
_TICK: Final = 0.002
_LIVE: Final = 8
_USERS: Final = (*(f"User{number}" for number in range(1, 19)), ADMIN)
_SLOW_ONE: Final = 4
"""The errands of one connection in so many take some time, during which others go on."""
_SLOWNESS: Final = 0.011
_KNOWN: Final = 0.5
"""From here on, a request is one that the server knows: others often end the connection."""
_SAMPLED: Final = 32
_ENDLESS: Final = 100


class _Connection:
    """A connection, and what an event loop keeps for it."""

    def __init__(self, core: ServerConnection, sealer: Sealer) -> None:
        self.core = core
        self.sealer = sealer
        self.inbox: deque[str] = deque()
        """Messages that came while a response was owed."""
        self.ready_at: float | None = None
        """When its errand is done."""
        self.has_tunnel = False
        self.last = ""
        """The last message in a box that was sent to it, for a replay."""

    def seal(self, octets: bytes) -> str:
        """Return a message for it."""
        self.last = self.sealer.seal(octets)
        return self.last


class Server:
    """A server, and connections from the same address."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.now = 0.0
        self._swallowed: BaseException | None = None
        self._status = ""
        self._sealer = Sealer()
        self._codes = 0
        self.core = ServerCore(
            ConformanceGame,
            Key(SUBJECT_KEY),
            Surroundings(
                random=randomness(),
                make_invite_code=self._make_invite_code,
                failed=self._failed,
                tell_connection=lambda *_: None,
                trace=self._trace,
            ),
            limits=_LIMITS,
            admin_password=_kept(ADMIN_PASSWORD),
            can_save=True,
        )
        self.core.verbose = True
        self.core.start(self.now)
        self._connections: dict[int, _Connection] = {}
        self._opened = -1
        self._sent = 0

    def aim(self, message: str, octets: bytes, chance: Chance) -> Action:
        """Send it in a box where boxes are read; else do what leads there more often than not."""
        numbers = [*self._connections]
        if not numbers or (len(numbers) < _LIVE and chance() < 0.1):
            number = self._opened + 1
            if chance() < 0.9:
                return "log in", number, _USERS[int(chance() * len(_USERS))].encode()
            return "send", number, _as_text(octets)
        number = numbers[int(chance() * len(numbers))]
        one = self._connections[number]
        chosen = chance()
        if one.core.state is ServerState.AWAITING_KEY and chosen < 0.7:
            return "trade", number, b""
        if one.core.state is ServerState.AWAITING_LOGIN and chosen < 0.5:
            return "log in", number, _USERS[int(chance() * len(_USERS))].encode()
        if chosen > 0.995:
            return "reset", number, b""
        if chosen > 0.98 and one.last:
            at = int(chance() * len(one.last) * 2)
            tampered = one.last[:at] + "A" + one.last[at + 1 :]
            return "send", number, (one.last if at >= len(one.last) else tampered).encode()
        if chosen > 0.95 or message == "box":
            return "send", number, _as_text(octets)
        if chosen > _KNOWN:
            _, octets = EXTRA["server"][int(chance() * len(EXTRA["server"]))]
        return "seal", number, octets

    def do(self, action: Action) -> None:
        """Take a message or the end of a connection, or let time pass; then do what is due."""
        what, number, octets = action
        if what == WAIT:
            self.now += number / 1000
        else:
            self.now += _TICK
            self._receive(what, number, octets)
        core = self.core
        due = core.next_timer()
        if due is not None and due <= self.now:
            if core.handle_timer(self.now):
                core.saved()
            check_rest(core.next_timer(), self.now, ROBUST)
        for other in [*self._connections]:
            self._go_on(other)
        if core.shutdown_requested:
            self._begin_anew()
        self._check()

    def _receive(self, what: str, number: int, octets: bytes) -> None:
        if number > self._opened:
            self._opened = number
            connection = self.core.connect(f"peer{number % 3}", self.now)
            self._connections[number] = _Connection(connection, self._sealer)
        one = self._connections.get(number)
        if one is None:
            return
        if what in ("end", "reset"):
            one.core.receive_end()
            return
        if what in ("trade", "seal", "log in") and not one.has_tunnel:
            one.has_tunnel = True
            self._hand_over(one, _request(Text.KEY_TRADE, pubkey=PEER_PUBKEY))
        if what == "seal":
            self._hand_over(one, one.seal(octets))
        elif what == "log in":
            name = octets.decode()
            password = ADMIN_PASSWORD if name == ADMIN else ""
            login = _request("handshake", username=name, password=password, invite_code="")
            self._hand_over(one, one.seal(login.encode()))
        elif what == "send":
            self._hand_over(one, octets.decode("utf-8", "replace"))

    def _hand_over(self, one: _Connection, text: str) -> None:
        one.inbox.append(text)
        self._read(one)

    def _read(self, one: _Connection) -> None:
        """Let it read what waits, until a response is owed."""
        core = one.core
        while one.inbox and not core.busy and not core.closed:
            before = core.state
            self._status = ""
            core.receive_text(one.inbox.popleft(), self.now)
            self._note(before, core)
            self._carry_out(one)

    def _carry_out(self, one: _Connection) -> None:
        """Do its errand: at once, or when its time has come."""
        core = one.core
        for _ in range(_ENDLESS):
            errand = core.errand
            if errand is None:
                one.ready_at = None
                return
            if one.ready_at is None:
                number_is_slow = core.address.endswith("1")
                one.ready_at = self.now + (_SLOWNESS if number_is_slow else 0.0)
                if isinstance(errand, Pause):
                    one.ready_at += errand.seconds
            if one.ready_at > self.now:
                return
            one.ready_at = None
            before = core.state
            if isinstance(errand, KeepPassword):
                core.resume(partial(errand.then, _kept(errand.password)), self.now)
            elif isinstance(errand, CheckPassword):
                right = errand.kept == _kept(errand.password)
                core.resume(partial(errand.then, right), self.now)
            elif isinstance(errand, SaveNow):
                self.core.saved()
                core.resume(partial(errand.then, True), self.now)
            elif isinstance(errand, Pause):
                core.resume(errand.then, self.now)
            self._note(before, core)
        raise Broken(ROBUST, "the errands of one request do not end")

    def _go_on(self, number: int) -> None:
        """Do what is due for a connection, and take what it sends."""
        one = self._connections[number]
        core = one.core
        if core.errand is not None:
            self._carry_out(one)
        due = core.next_timer()
        if due is not None and due <= self.now:
            core.handle_timer(self.now)
            check_rest(core.next_timer(), self.now, ROBUST)
        self._read(one)
        for text in core.texts_to_send():
            self._sent += 1
            if self._sent % _SAMPLED == 0:
                clear = text.encode() if text.startswith("{") else opened(text)
                check_sent("pgnet", "response", clear)
        if core.closed or core.close_code is not None:
            if not core.closed:
                raise Broken(ROBUST, "has a close code and is not closed")
            del self._connections[number]

    def _check(self) -> None:
        core = self.core
        if self._swallowed is not None:
            error, self._swallowed = self._swallowed, None
            raise error
        if len(core.connections) != len(self._connections):
            raise Broken("PGN-CON-004", "keeps a connection that has ended")
        if len(core.registry.users) > _LIMITS.users + 1:
            raise Broken("PGN-LIM-002", "has more users than its limit")
        if len(core.rooms) > _LIMITS.games:
            raise Broken("PGN-LIM-002", "has more games than its limit")
        if len(core.registry.sessions) > len(core.connections):
            raise Broken("PGN-CON-004", "has a user whose connection has ended")

    def _begin_anew(self) -> None:
        """Do what the admin wants: end everything, and start once more."""
        core = self.core
        core.shut_down()
        for one in self._connections.values():
            if not one.core.closed:
                one.core.receive_end()
        self._connections.clear()
        core.start(self.now)

    def _note(self, before: ServerState, core: ServerConnection) -> None:
        state = before.name.lower()
        if core.close_code is not None:
            self.seen.add(f"{state}:close-{CloseCode(core.close_code).value}")
        elif self._status:
            self.seen.add(f"{state}:{self._status}")
        if core.state is not before:
            self.seen.add(core.state.name.lower())

    def _trace(self, _: str, __: Packet, response: Response) -> None:
        self._status = ("ok", "bad", "unexpected")[response.status]

    def _failed(self, _: str) -> None:
        """Take note of what the server keeps to itself, if it is no failure of a game."""
        error = sys.exc_info()[1]
        if not isinstance(error, IntendedFailure | Unencodable):
            self._swallowed = error

    def _make_invite_code(self) -> str:
        self._codes += 1
        return f"{self._codes:032x}"


def _kept(password: str) -> str | None:
    return f"kept {password}" if password else None


def _request(message: str, **payload: object) -> str:
    return json.dumps({"message": message, "payload": payload})


def _as_text(octets: bytes) -> bytes:
    """Return octets as a text message can have them."""
    return octets.decode("utf-8", "replace").encode()
