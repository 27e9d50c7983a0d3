"""The server of a client: taking requests, answering, and comparing what the client tells.

What may live here: what the rules of the client's machine are made of; the rules are in `client`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from wirebook.conformance.drivers.pgnet.responses import CREATED_ON
from wirebook.fuzz.machines.base import Broken, Machine
from wirebook.fuzz.machines.pgnet.messages import Json, Secret, read_request
from wirebook.fuzz.machines.pgnet.subjects import ClientSubject, Ended, Told
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.states import (
    CLIENT_CONNECTION,
    ClientInput,
    ClientState,
    CloseCode,
)

_EVENTS: Final = {
    "connection": "PGN-CLI-004",
    "game": "PGN-CLI-006",
    "response": "PGN-CLI-005",
    "heartbeat": "PGN-CLI-005",
}
"""What is broken by an event that does not come, or comes for nothing."""
_UNDER_WAY: Final = (ClientState.AWAITING_KEY, ClientState.AWAITING_LOGIN, ClientState.WAITING)
_POLL: Final = 0.01
_EPSILON: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that the application wants to be sent."""

    tag: str
    fits: Callable[[Json], bool]
    """Tells whether it is what a request of the client is."""
    in_turn: bool
    """Whether it has its place behind all others of its kind."""
    sure: bool
    """Whether it has to be sent; a client may drop what comes before it is connected."""


class ClientPlay(Machine):
    """The server of a client, and its application."""

    book: ClassVar[str] = "pgnet"
    role: ClassVar[str] = "client"
    subject: ClientSubject

    def __init__(self, subject: ClientSubject) -> None:
        super().__init__(subject)
        self.private_key = subject.random(book.KEY_SIZE)
        self.pubkey: str = tunnel.encode_key(tunnel.public_key_of(self.private_key))
        self.state = ClientState.DISCONNECTED
        self.secret: Secret | None = None
        self.client_key = b""
        self.keys: set[bytes] = set()
        """Public keys that the client has had."""
        self.who: Told = {}
        self.game: str | None = None
        self.rate = book.HEARTBEAT_RATE_DEFAULT
        self.heartbeat: Json = {}
        """What heartbeats tell."""
        self.queue: list[Asked] = []
        self.under_way: Asked | None = None
        """What was sent last and is not answered; None stands for a heartbeat."""
        self.sent_at = 0.0
        self.sent: list[str] = []
        """The boxes that the client was sent."""
        self.received: list[str] = []
        """The boxes that have come of it."""
        self.tags = 0

    @property
    def connected(self) -> bool:
        """Whether the client is connected, towards its application."""
        return self.state in (ClientState.IDLE, ClientState.WAITING)

    def step(self, given: ClientInput) -> None:
        """Go on by the table."""
        self.state = CLIENT_CONNECTION.step(self.state, given).next_state
        self.seen.add(self.state.value)

    # What the server says.

    def response(self, **members: Any) -> Json:
        """Return a response as a server that follows the book writes it, with members changed."""
        plain = {
            "message": "OK",
            "payload": {},
            "status": 0,
            "created_on": CREATED_ON,
            "disconnecting": False,
            "game": self.game,
        }
        return {**plain, **members}

    def say(self, value: Json | str) -> None:
        """Send a response, in a box if keys were traded."""
        self._look_before_speaking()
        clear = (value if isinstance(value, str) else json.dumps(value)).encode()
        if self.secret is None:
            self.say_text(clear.decode())
            return
        self.subject.steps.append({"do": "seal", "peer": 0, "hex": clear.hex()})
        text = self.secret.seal(clear, self.subject.random(book.NONCE_SIZE))
        self.sent.append(text)
        self.subject.send(text)

    def say_text(self, text: str) -> None:
        """Send a message as it is."""
        self._look_before_speaking()
        self.subject.steps.append({"do": "send", "peer": 0, "hex": text.encode().hex()})
        self.subject.send(text)

    # What the client says.

    def take(self, seconds: float) -> Json | None:
        """Return the next request; None if none comes in time."""
        arrival = self.subject.receive(seconds)
        if arrival is None:
            return None
        self.sent_at, text = arrival
        if self.secret is None:
            return read_request(text)
        if text in self.received:
            raise Broken("PGN-TUN-002", "a box comes twice", text[:80])
        self.received.append(text)
        return read_request(self.secret.open(text))

    def must_take(self, broken: str, claim: str) -> Json:
        """Return the next request, which has to come."""
        request = self.take(self.subject.patience)
        if request is None:
            ended = self.subject.ended()
            raise Broken(broken, claim, f"{self.state.value}, {ended}")
        return request

    def take_next(self) -> None:
        """Take what the client sends when it comes to be idle, if there is something to send."""
        if self.state is not ClientState.IDLE:
            return
        if not any(asked.sure for asked in self.queue):
            request = self.take(0.0)
            if request is not None:
                self._sent(request)
            return
        request = self.must_take("PGN-CLI-001", "a request that waits is not sent")
        self._sent(request)

    def _look_before_speaking(self) -> None:
        """See that nothing was sent before the response."""
        if self.state in _UNDER_WAY:
            self.look_for_heartbeats()

    def look_for_heartbeats(self) -> None:
        """Take what comes by itself: heartbeats, and nothing else."""
        while (request := self.take(0.0)) is not None:
            self._sent(request)

    def _sent(self, request: Json) -> None:
        if self.state is not ClientState.IDLE:
            claim = "a request is sent before the one before is answered"
            raise Broken("PGN-CLI-001", claim, f"{self.state.value}: {request}")
        if request["message"] == book.HEARTBEAT:
            if self.game is None:
                raise Broken("PGN-HBT-003", "a heartbeat comes in no game", str(request))
            if request["payload"] != self.heartbeat:
                raise Broken("PGN-HBT-001", "a heartbeat tells something else", str(request))
            self.under_way = None
        else:
            self.under_way = self._found(request)
        self.step(ClientInput.REQUEST)

    def _found(self, request: Json) -> Asked:
        """Return what was asked for and is sent now; take it out of the queue."""
        skipped: list[Asked] = []
        for asked in self.queue:
            if not asked.fits(request):
                skipped.append(asked)
                continue
            if asked.in_turn and any(other.in_turn and other.sure for other in skipped):
                raise Broken("PGN-CLI-001", "requests are sent in another order", str(request))
            self.queue.remove(asked)
            return asked
        claim = "a request is sent that nobody has asked for"
        raise Broken("PGN-CLI-007" if not self.queue else "PGN-CLI-001", claim, str(request))

    # What the client tells its application.

    def hear(self, *expected: Told, optional: tuple[Told, ...] = ()) -> None:
        """Wait for notifications, in any order; others may not come, but for optional ones."""
        missing, allowed = list(expected), list(optional)
        until = self.subject.now() + self.subject.patience
        while True:
            for told in self.subject.told():
                if told in missing:
                    missing.remove(told)
                elif told in allowed:
                    allowed.remove(told)
                else:
                    broken = _EVENTS.get(str(told.get("event")), "PGN-CLI-004")
                    claim = f"the application is told of a {told.get('event')} that is none"
                    raise Broken(broken, claim, f"{told}; {missing}")
            if not missing:
                return
            if self.subject.now() >= until:
                break
            self.subject.advance(_POLL)
        event = missing[0]["event"]
        claim = f"the application is not told of a {event}"
        raise Broken(_EVENTS[event], claim, str(missing))

    def compare_status(self, broken: str = "PGN-CLI-004") -> None:
        """Compare whether the client is connected, and its game, with the model."""
        expected = {"connected": self.connected, "game": self.game}
        until = self.subject.now() + self.subject.patience
        while (found := self.subject.status()) != expected:
            if self.subject.now() >= until:
                if found.get("connected") == self.connected:
                    broken = "PGN-CLI-006" if self.connected else "PGN-CLI-007"
                raise Broken(broken, "the client is in another state", f"{found}, {expected}")
            self.subject.advance(_POLL)

    # How it ends.

    def expect_end(self, broken: str, *codes: int) -> Ended:
        """Check that the client ends the connection, with one of the close codes."""
        until = self.subject.now() + self.subject.patience
        while (ended := self.subject.ended(_POLL)) is None and self.subject.now() < until:
            pass
        arrival = self.subject.receive(0.0)
        late = self.subject.live and self.game is not None  # it may be a heartbeat
        if arrival is not None and not late:
            claim = "a request comes where the connection has to end"
            raise Broken(broken, claim, arrival[1][:200])
        if ended is None:
            raise Broken(broken, "the client does not end the connection", self.state.value)
        if ended.code not in codes:
            claim = f"the close code is {ended.code} instead of {codes[-1]:d}"
            of_a_rule = codes[0] == 1000 or broken == "PGN-TUN-005"
            raise Broken(broken if of_a_rule else "PGN-ERR-001", claim, self.state.value)
        self.seen.add(f"{self.state.value}:close {ended.code}")
        return ended

    def over(self, given: ClientInput, *expected: Told, optional: tuple[Told, ...] = ()) -> None:
        """Have the connection end in the model, and the application told."""
        told = list(expected)
        if self.connected:
            told.append({"event": "connection", "connected": False})
        else:
            optional = (*optional, {"event": "connection", "connected": False})
        if self.game is not None:
            told.append({"event": "game", "game": None})
        self.step(given)
        self.game, self.secret, self.under_way = None, None, None
        self.queue.clear()
        self.hear(*told, optional=optional)
        self.compare_status()

    def settle(self) -> None:
        """See whether the client has ended the connection, or says something by itself."""
        if not self.subject.alive():
            raise Broken("PGN-ERR-002", "the client has ended", self.subject.output()[-300:])
        if self.state is ClientState.DISCONNECTED:
            self.hear()
            return
        if self.state is not ClientState.OPENING:
            self.look_for_heartbeats()
        ended, now, slack = self.subject.ended(), self.subject.now(), self.subject.slack
        late = self.sent_at + book.RESPONSE_TIME_LIMIT
        if ended is None:
            if self.state in _UNDER_WAY and now > late + slack + _EPSILON:
                claim = "a client waits too long for a response"
                raise Broken("PGN-CLI-003", claim, f"{self.state.value}, {now - late} s")
            self.hear()
            return
        if self.state not in _UNDER_WAY or ended.at < late - slack - _EPSILON:
            claim = "a client ends the connection for nothing"
            if ended.code == CloseCode.VIOLATION and self.state in _UNDER_WAY:
                claim = "a client does not wait long enough for a response"
            raise Broken("PGN-CLI-003", claim, f"{self.state.value}, {ended}")
        if ended.code != CloseCode.VIOLATION:
            claim = f"after a time-out the close code is {ended.code}"
            raise Broken("PGN-CLI-003", claim, self.state.value)
        if not self.subject.live and ended.at > late + _EPSILON:
            claim = "a client waits too long for a response"
            raise Broken("PGN-CLI-003", claim, f"{self.state.value}, {ended.at - late} s")
        self.seen.add(f"{self.state.value}:time limit")
        self.over(ClientInput.TIMEOUT)
