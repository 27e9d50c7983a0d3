"""The peers of a server: opening connections, asking, and comparing answers with the model.

What may live here: what the rules of the server's machine are made of; the rules themselves are in
the modules whose names end with `_rules`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from wirebook.conformance.drivers.pgnet.responses import CREATED_ON, request
from wirebook.fuzz.machines.base import Broken, Machine
from wirebook.fuzz.machines.pgnet.connections import Connection
from wirebook.fuzz.machines.pgnet.messages import Json, Secret, read_response
from wirebook.fuzz.machines.pgnet.requests import CLAIMED, Requests
from wirebook.fuzz.machines.pgnet.subjects import Ended, ServerSubject
from wirebook.fuzz.machines.pgnet.world import ADMIN_PASSWORD, Outcome, User, World
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.states import PREFIX, CloseCode, ServerInput, ServerState, Text

CONNECTIONS: Final = 7
"""Connections at the same time."""
_REASONS: Final = {str(text) for text in Text}
_CLASSES: Final = ("ok", "bad", "refused")
_LONGEST_STEP: Final = 1.0


class ServerPlay(Machine):
    """Peers of a server."""

    book: ClassVar[str] = "pgnet"
    role: ClassVar[str] = "server"
    subject: ServerSubject

    def __init__(self, subject: ServerSubject) -> None:
        super().__init__(subject)
        self.world = World(subject.limits)
        self.requests = Requests(self.world, subject)
        if "admin" in subject.features:
            self.world.users[book.ADMIN] = User(ADMIN_PASSWORD, "PGN-OPN-003")
        self.world.save()
        self.connections: list[Connection] = []
        """Those that are open, oldest first."""
        self.logins: list[tuple[bytes, bytes, str]] = []
        """Of each login: the own private key, the server's key, and the box."""
        self.secrets: dict[tuple[bytes, bytes], Secret] = {}
        """What goes with each pair of keys, a private and a public one."""
        self.hurrying = False
        """Whether requests are sent without waiting for responses."""
        self.restarted = False
        """Whether the server need not be started again."""
        self.unsettled_until = 0.0
        """Until when the server may not have seen that connections have ended."""

    @property
    def settled(self) -> bool:
        """Whether the server has surely seen which connections have ended."""
        return self.subject.now() >= self.unsettled_until

    # Whom a rule is about.

    def pick(self, who: int, *states: ServerState) -> Connection | None:
        """Return one of the connections in these states, or in any; None if there is none."""
        found = [one for one in self.connections if one.state in states or not states]
        found = [one for one in found if one.asleep is None]
        return found[who % len(found)] if found else None

    def pick_user(self, who: int) -> Connection | None:
        """Return one of the connections that are logged in."""
        return self.pick(who, ServerState.LOBBY, ServerState.GAME, ServerState.DELETED)

    def admin(self) -> Connection | None:
        """Return the admin's connection, which is opened if need be; None if that cannot be."""
        for one in self.connections:
            if one.name == book.ADMIN:
                return one if one.asleep is None else None
        return self.enter(book.ADMIN, "") if book.ADMIN in self.world.users else None

    def enter(self, name: str, password: str) -> Connection | None:
        """Open a connection and log in with the right password, or with this one if new."""
        connection = self.open()
        if connection is None or not self.trade(connection):
            return None
        user = self.world.users.get(name)
        right = password if user is None else user.password
        payload = {"username": name, "password": right, "invite_code": ""}
        return connection if self.log_in(connection, payload) else None

    # What the peers do.

    def open(self) -> Connection | None:
        """Open a connection; None if there are too many."""
        if len(self.connections) >= CONNECTIONS:
            return None
        began = self.subject.now()
        number = self.subject.connect()
        connection = Connection(number, self.subject.random(book.KEY_SIZE))
        limits = self.world.limits
        if limits is not None and len(self.connections) >= limits.connections:
            connection.step(ServerInput.TOO_MANY)
            self.expect_end(connection, "PGN-LIM-001", CloseCode.TOO_MANY)
            return None
        connection.wait_from(began, self.subject.now())
        self.connections.append(connection)
        self.note(connection)
        return connection

    def trade(self, connection: Connection, clear: bytes = b"") -> bool:
        """Trade keys, with any request that has the connection's key."""
        offer = {"pubkey": tunnel.encode_key(tunnel.public_key_of(connection.private_key))}
        self.subject.steps.append({"do": "trade", "peer": connection.peer})
        began = self.subject.now()
        self.subject.send(connection.peer, (clear or request("key_trade", offer)).decode())
        text = self.answer(connection, "PGN-KEY-002")
        response = read_response(text)
        key = response["payload"].get("pubkey")
        if response["status"] or response["disconnecting"]:
            raise Broken("PGN-KEY-002", "a usable key is refused", text[:200])
        if not tunnel.usable(key):
            raise Broken("PGN-KEY-002", "the server has no usable key", text[:200])
        connection.server_key = tunnel.decode_key(key) or b""
        pair = connection.private_key, connection.server_key
        connection.secret = self.secrets.setdefault(pair, Secret(*pair))
        self.step(connection, ServerInput.KEY, began)
        return True

    def log_in(self, connection: Connection, payload: Json) -> bool:
        """Log in with any payload; tell whether that was accepted."""
        began = self.subject.now()
        self.post(connection, request("handshake", payload), login=True)
        return self.logged_in(connection, payload, began)

    def logged_in(
        self, connection: Connection, payload: Json, began: float, response: Json | None = None
    ) -> bool:
        """Take the response to a login that was sent, unless it was received already."""
        outcomes = self.world.logins(payload, self.subject.now())
        connection.step(ServerInput.LOGIN)
        if response is None:
            response = self.response(connection, "PGN-RSP-001")
        if self._comes_too_early(outcomes, response):
            return self._try_again(connection, payload)
        taken = response["status"] and response["message"] == Text.ALREADY_CONNECTED
        if taken and outcomes[0].given is ServerInput.ADMITTED:
            claim = "the name of a user whose connection has ended is not freed"
            raise Broken("PGN-CON-004", claim, payload["username"])
        outcome = self.chosen(outcomes, response)
        if outcome.given is ServerInput.ADMITTED:
            connection.name = payload["username"]
            if response["disconnecting"]:
                raise Broken("PGN-OPN-003", "a login is accepted with disconnecting")
        elif response["status"] != 1 or not response["disconnecting"]:
            raise Broken("PGN-OPN-004", "a login is refused in another way", str(response))
        elif outcome.text and response["message"] in _REASONS - {outcome.text}:
            claim = f"a login is refused for another reason than {outcome.text}"
            raise Broken("PGN-OPN-005", claim, response["message"])
        outcome.effect()
        self.step(connection, outcome.given, began)
        if outcome.given is ServerInput.NOT_ADMITTED:
            self.expect_end(connection, "PGN-RSP-005", CloseCode.NORMAL)
            return False
        self.compare_game(connection, response)
        return True

    def ask(
        self,
        connection: Connection,
        word: str,
        payload: Json | None = None,
        clear: bytes = b"",
        broken: str = "PGN-RSP-001",
    ) -> Json | None:
        """Send a request, in a shape of its own if given, and judge the response."""
        message = PREFIX + word if word in _WORDS else word
        began = self.subject.now()
        self.post(connection, clear or request(message, payload))
        return self.answered(connection, message, payload or {}, began, broken)

    def answered(
        self,
        connection: Connection,
        message: str,
        payload: Json,
        began: float,
        broken: str = "PGN-RSP-001",
        response: Json | None = None,
    ) -> Json | None:
        """Take the response to a request that was sent; None if the user was deleted."""
        if response is None:
            response = self.response(connection, broken)
        if connection.state is ServerState.DELETED:
            if not response["disconnecting"] or response["status"]:
                raise Broken("PGN-ADM-009", "a user to be deleted is not dismissed", str(response))
            connection.step(ServerInput.REQUEST)
            self.expect_end(connection, "PGN-RSP-005", CloseCode.NORMAL)
            return None
        connection.step(ServerInput.REQUEST)
        outcomes = self.requests.outcomes(connection.name, message, payload)
        if message == PREFIX + "game_dir" and not self.settled:
            response = self._asked_again(connection, outcomes[0], response)
        outcome = self.chosen(outcomes, response)
        if response["disconnecting"]:
            broken = "PGN-GAM-004" if message.startswith("script.") else "PGN-RSP-001"
            raise Broken(broken, "a response has disconnecting", str(response))
        outcome.check(response)
        outcome.effect()
        self.step(connection, outcome.given, began)
        self.reconcile()
        self.compare_game(connection, response)
        return response

    def post(self, connection: Connection, clear: bytes, *, login: bool = False) -> None:
        """Send a request in a box."""
        self.did("seal", connection, clear)
        self.expect_nothing(connection)
        connection.busy = True
        text = self.secret(connection).seal(clear, self.subject.random(book.NONCE_SIZE))
        connection.sent.append(text)
        if login:
            self.logins.append((connection.private_key, connection.server_key, text))
        self.subject.send(connection.peer, text)

    def did(self, what: str, connection: Connection, octets: bytes) -> None:
        """Write a step on the wire down."""
        peer = connection.peer
        self.subject.steps.append({"do": what, "peer": peer, "hex": octets.hex()})

    def expect_nothing(self, connection: Connection) -> None:
        """Check that no message has come that was not asked for."""
        if not self.subject.waiting(connection.peer) or self.hurrying:
            return
        text = self._opened(connection, self.subject.receive(connection.peer, 0.0) or "")
        if connection.busy:
            raise Broken("PGN-RSP-001", "a request is answered twice", text)
        raise Broken("PGN-RSP-002", "a message comes that nobody has asked for", text)

    def secret(self, connection: Connection) -> Secret:
        """Return the secret of a connection that has traded keys."""
        if connection.secret is None:
            raise ValueError("no keys were traded")
        return connection.secret

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.subject.steps.append({"do": "wait", "seconds": min(seconds, _LONGEST_STEP)})
        self.subject.advance(seconds)

    # What the server says.

    def answer(self, connection: Connection, broken: str) -> str:
        """Return the next message, which has to come."""
        text = self.subject.receive(connection.peer, self.subject.patience)
        if text is None:
            ended = self.subject.ended(connection.peer)
            if ended is not None:
                claim = f"a request is answered by an end with code {ended.code}"
                raise Broken(broken, claim, connection.state.value)
            raise Broken(broken, "a request is not answered", connection.state.value)
        return text

    def response(self, connection: Connection, broken: str) -> Json:
        """Return the next response in the tunnel, which has to come."""
        text = self.answer(connection, broken)
        clear = self.secret(connection).open(text)
        connection.received.append(text)
        response = read_response(clear)
        kind = "dismissed" if response["disconnecting"] else _CLASSES[response["status"]]
        self.seen.add(f"{connection.state.value}:{kind}")
        return response

    def chosen(self, outcomes: Sequence[Outcome], response: Json) -> Outcome:
        """Return the outcome that a response stands for; raise Broken if there is none."""
        for outcome in outcomes:
            logins = outcome.given in (ServerInput.ADMITTED, ServerInput.NOT_ADMITTED)
            if outcome.status == response["status"]:
                return outcome
            if logins and bool(outcome.status) == bool(response["status"]):
                return outcome
        raise Broken(outcomes[0].requirement, outcomes[0].claim, str(response)[:300])

    def compare_game(self, connection: Connection, response: Json) -> None:
        """Compare the game in a response with that of the model."""
        expected = self.world.sessions[connection.name]
        if response["game"] != expected:
            detail = f"{response['game']!r}, {expected!r}"
            raise Broken("PGN-RSP-004", "a response has another game", detail)

    def expect_end(self, connection: Connection, broken: str, code: int) -> None:
        """Check that the server ends a connection with a close code, and nothing else."""
        ended = self.subject.ended(connection.peer, self.subject.patience)
        if self.subject.waiting(connection.peer):
            text = self.subject.receive(connection.peer, 0.0) or ""
            claim = f"there is an answer where close code {code:d} has to come"
            raise Broken(broken, claim, self._opened(connection, text))
        if ended is None:
            raise Broken(broken, f"the connection is not closed with code {code:d}")
        if ended.code != code:
            raise Broken(broken, f"the close code is {ended.code} instead of {code:d}")
        self.seen.add(f"{connection.state.value}:close {code:d}")
        self.over(connection)

    # What the model makes of it.

    def step(self, connection: Connection, given: ServerInput, began: float) -> None:
        """Go on by the table after an answer, and let the next time limit begin."""
        connection.step(given)
        connection.wait_from(began, self.subject.now())
        self.note(connection)

    def note(self, connection: Connection) -> None:
        """Take note of a state that was seen."""
        self.seen.add(connection.state.value)

    def over(self, connection: Connection) -> None:
        """Have a connection end in the model."""
        if connection in self.connections:
            self.connections.remove(connection)
        if connection.name in self.world.sessions:
            self.world.end(connection.name)
            if self.subject.live:
                self.unsettled_until = self.subject.now() + self.subject.patience

    def reconcile(self) -> None:
        """Have the connections take part in what a request did to other users."""
        for one in self.connections:
            if not one.logged_in:
                continue
            if one.name in self.world.doomed and one.state is not ServerState.DELETED:
                one.step(ServerInput.DELETION)
            if one.state is ServerState.GAME and self.world.sessions[one.name] is None:
                one.step(ServerInput.DESTROYED)

    def _comes_too_early(self, outcomes: Sequence[Outcome], response: Json) -> bool:
        """Tell whether a login is refused because an end of a connection was not seen yet."""
        accepted = outcomes[0].given is ServerInput.ADMITTED
        return accepted and bool(response["status"]) and not self.settled

    def _try_again(self, connection: Connection, payload: Json) -> bool:
        self.subject.ended(connection.peer, self.subject.patience)
        self.connections.remove(connection)
        self.subject.advance(self.subject.slack / 10)
        again = self.open()
        return again is not None and self.trade(again) and self.log_in(again, payload)

    def _asked_again(self, connection: Connection, outcome: Outcome, response: Json) -> Json:
        """Return a list of games that is as expected, or the last one that could be had."""
        while not self.settled:
            try:
                outcome.check(response)
            except Broken:
                self.subject.advance(self.subject.slack / 10)
                self.post(connection, request(PREFIX + "game_dir"))
                response = self.response(connection, "PGN-RSP-001")
            else:
                break
        return response

    def _opened(self, connection: Connection, text: str) -> str:
        return text[:200] if connection.secret is None else str(connection.secret.open(text))[:200]


_WORDS: Final = {name.removeprefix(PREFIX) for name in book.REQUESTS}


def shaped(message: str, payload: Any, shape: int) -> tuple[bytes, str]:
    """Return a valid request in one of many shapes, and what is broken if it is not taken."""
    plain = {"message": message, "payload": payload, "created_on": CREATED_ON, "username": None}
    changed: list[tuple[Json, str]] = [
        (plain, "PGN-RSP-001"),
        ({**plain, "username": CLAIMED}, "PGN-REQ-005"),
        ({**plain, "username": [CLAIMED]}, "PGN-REQ-005"),
        ({**plain, "created_on": "yesterday"}, "PGN-REQ-006"),
        ({**plain, "created_on": None}, "PGN-REQ-006"),
        ({**plain, "version": 2, "status": 0}, "PGN-REQ-002"),
        ({"message": message, **({"payload": payload} if payload else {})}, "PGN-REQ-004"),
    ]
    if shape % (len(changed) + 1) == len(changed):
        return b" \t\n" + json.dumps(plain, ensure_ascii=False).encode() + b"\r\n ", "PGN-JSN-002"
    value, broken = changed[shape % (len(changed) + 1)]
    return json.dumps(value).encode(), broken


SHAPES: Final = 8


def closed_in_time(connection: Connection, ended: Ended, slack: float) -> bool:
    """Tell whether a connection may end because of its time limit."""
    return ended.code == CloseCode.VIOLATION and ended.at >= connection.earliest - slack
