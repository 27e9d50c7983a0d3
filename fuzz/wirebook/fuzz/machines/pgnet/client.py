"""The machine of clients of PGNet: its rules.

What may live here: what the server of a client and its application do, and time.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Final

from hypothesis import strategies

from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.pgnet.client_play import Asked, ClientPlay
from wirebook.fuzz.machines.pgnet.messages import Json, Secret
from wirebook.fuzz.machines.pgnet.subjects import Told
from wirebook.fuzz.machines.pgnet.violation_rules import CONTENTS, nonce_of
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.states import PREFIX, ClientInput, ClientState, CloseCode

_PASSWORDS: Final = ("", "sesame-41", "open-s\u00e9same 42")
_GAMES: Final = (None, "Game 1", "Game 2", "game 1")
_PINS: Final = ("", "", "right", "wrong", "lower")
_SHAPES: Final = 6
_RATES: Final[tuple[Any, ...]] = (..., 10, 1, 2.5, 20, 100, 0, -1, 101, "20", True, None, 1e6)
"""Heartbeat rates that a response says; the first says none."""
_BAD_KEYS: Final[tuple[Any, ...]] = (
    ...,
    None,
    7,
    "",
    tunnel.encode_key(bytes(32)),
    tunnel.encode_key(b"k" * 32).rstrip("="),
    tunnel.encode_key(b"k" * 31),
    tunnel.encode_key(b"\xff" * 32).replace("/", "_"),
)
_BAD_RESPONSES: Final[tuple[Json, ...]] = (
    {"message": ...},
    {"message": 7},
    {"message": None},
    {"payload": None},
    {"payload": []},
    {"status": 3},
    {"status": -1},
    {"status": True},
    {"status": "0"},
    {"status": None},
    {"created_on": 7},
    {"disconnecting": None},
    {"disconnecting": 1},
    {"disconnecting": "true"},
    {"game": 7},
    {"game": {}},
)
_UNREADABLE: Final = [one for one in CONTENTS if one[0] != "PGN-REQ-003"]
_BOXES: Final = 6
"""The highest number of a box that is none."""
_MOMENTS: Final = strategies.sampled_from((0.05, 0.1, 0.45, 1.0, 2.5))
_TIMES: Final = strategies.sampled_from((4.9, 5.0, 5.1, 61.0))
_EPSILON: Final = 1e-6
_GAME: Final = strategies.integers(0, len(_GAMES) - 1)
_SHAPE: Final = strategies.integers(0, _SHAPES - 1)


class ClientMachine(ClientPlay):
    """The server of a client, and its application."""

    @step(password=strategies.integers(0, 2), pin=strategies.integers(0, len(_PINS) - 1))
    def connect(self, password: int, pin: int) -> None:
        """Connect, and take the client's key (PGN-KEY-001)."""
        if self.state is ClientState.DISCONNECTED:
            self._connect(password, pin)

    @step(shape=_SHAPE)
    def offer_key(self, shape: int) -> None:
        """Answer the key trade with a usable key."""
        if self.state is ClientState.AWAITING_KEY:
            self._offer_key(shape)

    @step(game=_GAME, shape=_SHAPE)
    def admit(self, game: int, shape: int) -> None:
        """Accept the login."""
        if self.state is ClientState.AWAITING_LOGIN:
            self._admit(game, shape)

    @step(password=strategies.integers(0, 2), game=_GAME, shape=_SHAPE)
    def open(self, password: int, game: int, shape: int) -> None:
        """Do the whole opening as a server that takes everybody in."""
        self._open(password, game, shape)

    @step(
        kinds=strategies.lists(strategies.integers(0, 4), min_size=1, max_size=5),
        game=_GAME,
        answered=strategies.integers(0, 5),
        shape=_SHAPE,
    )
    def converse(self, kinds: list[int], game: int, answered: int, shape: int) -> None:
        """Have the application ask for several things, and answer some of them."""
        self._open()
        for kind in kinds:
            self._ask(kind)
        for _ in range(answered):
            if self.state is ClientState.WAITING:
                self._answer(_shaped(self.response(game=_GAMES[game]), shape))

    @step(kind=strategies.integers(0, len(_BAD_KEYS) - 1), disconnecting=strategies.booleans())
    def offer_no_key(self, kind: int, disconnecting: bool) -> None:
        """Answer the key trade without a usable key (PGN-KEY-004)."""
        if self.state is not ClientState.AWAITING_KEY:
            return
        key = _BAD_KEYS[kind]
        payload = {} if key is ... else {"pubkey": key}
        status = 1 if disconnecting else 0
        self.say(self.response(payload=payload, status=status, disconnecting=disconnecting))
        self.expect_end("PGN-KEY-004", CloseCode.VIOLATION)
        self.over(ClientInput.BAD_KEY)

    @step(status=strategies.integers(0, 2), disconnecting=strategies.booleans())
    def not_admit(self, status: int, disconnecting: bool) -> None:
        """Refuse the login (PGN-CLI-005)."""
        if self.state is not ClientState.AWAITING_LOGIN or not (status or disconnecting):
            return
        self.say(self.response(message="No.", status=status, disconnecting=disconnecting))
        self.expect_end("PGN-CLI-005", CloseCode.NORMAL)
        self.over(ClientInput.DISMISSED)

    @step(kind=strategies.integers(0, 4))
    def ask(self, kind: int) -> None:
        """Have the application ask for something."""
        self._ask(kind)

    @step(payload=strategies.integers(0, 2))
    def tell_with_heartbeats(self, payload: int) -> None:
        """Have the application say what heartbeats are to tell."""
        self.look_for_heartbeats()
        chosen: Json = ({}, {"k": 1}, {"k": [None, {"x": "\u00e9"}]})[payload]
        if self.heartbeat == chosen or (self.subject.live and self.game is not None):
            return
        if self.state is ClientState.WAITING:
            return  # one may wait to be sent, with what was to be told before
        self.subject.do({"do": "heartbeat", "payload": chosen})
        self.heartbeat = chosen

    @step(
        status=strategies.integers(0, 2),
        game=strategies.integers(-1, 3),
        rate=strategies.integers(0, len(_RATES) - 1),
        shape=_SHAPE,
        disconnecting=strategies.sampled_from((False,) * 9 + (True,)),
    )
    def answer(self, status: int, game: int, rate: int, shape: int, disconnecting: bool) -> None:
        """Answer the request that is under way."""
        if self.state is not ClientState.WAITING:
            return
        payload: Json = {"k": [1, "\u00fc"]}
        if _RATES[rate] is not ...:
            payload["heartbeat_rate"] = _RATES[rate]
        name = self.game if game < 0 else _GAMES[game]
        plain = self.response(
            payload=payload, status=status, game=name, disconnecting=disconnecting
        )
        self._answer(_shaped(plain, shape))

    @step(rate=strategies.integers(0, len(_RATES) - 1), seconds=strategies.sampled_from((1.2, 2.0)))
    def beat(self, rate: int, seconds: float) -> None:
        """Let the client into a game, answer its heartbeats at once, and count them."""
        self._open()
        if self.state is ClientState.IDLE and not self.queue:
            self._ask(0)
        if self.state is not ClientState.WAITING or self.queue:
            return
        payload = {} if _RATES[rate] is ... else {"heartbeat_rate": _RATES[rate]}
        other = "Game 2" if self.game == "Game 1" else "Game 1"
        self._answer(self.response(payload=payload, game=other))
        if not self.connected:
            return
        began, count = self.subject.now(), 0
        pause = 0.004 if self.rate > 10 else 0.02
        while self.subject.now() < began + seconds:
            self.subject.advance(pause)
            self.look_for_heartbeats()
            if self.state is ClientState.WAITING:
                count += 1
                self._answer(self.response())
        passed = self.subject.now() - began
        most, least = 1.05 * self.rate * passed + 1, 0.8 * self.rate * passed - 1
        if self.subject.live:  # the machine has other things to do, too
            least = 0.0 if self.rate > 10 else least / 2
        if not least <= count <= most:
            broken = "PGN-HBT-001"
            if _RATES[rate] is ... or not _is_rate(_RATES[rate]):
                broken = "PGN-HBT-002"
            claim = f"too {'few' if count < least else 'many'} heartbeats come"
            raise Broken(broken, claim, f"{count} in {passed:.2f} s at {self.rate}")

    @step(rubbish=strategies.booleans(), game=_GAME)
    def say_unasked(self, rubbish: bool, game: int) -> None:
        """Send a response without a request (PGN-CLI-002)."""
        if self.state is not ClientState.IDLE or (self.subject.live and self.game is not None):
            return
        if rubbish:
            self.say_text("rubbish")
        else:
            self.say(self.response(game=_GAMES[game]))
        self.expect_end("PGN-CLI-002", CloseCode.VIOLATION)
        self.over(ClientInput.UNASKED)

    @step(kind=strategies.integers(0, len(_BAD_RESPONSES) + len(_UNREADABLE) - 1))
    def answer_badly(self, kind: int) -> None:
        """Answer with what is no JSON, not in the profile, or of another type (PGN-RSP-007)."""
        if not self._waits():
            return
        if kind < len(_BAD_RESPONSES):
            value = {**self.response(game="Game 2"), **_BAD_RESPONSES[kind]}
            self.say({name: one for name, one in value.items() if one is not ...})
            self._violated("PGN-RSP-007", CloseCode.UNREADABLE)
        else:
            broken, text = _UNREADABLE[kind - len(_BAD_RESPONSES)]
            self.say(text)
            self._violated(broken, book.CLOSE_CODES[broken])

    @step(kind=strategies.integers(0, 9), which=strategies.integers(0, 5))
    def answer_with_no_box(self, kind: int, which: int) -> None:
        """Answer with what is no box, does not open, came before, or is no text."""
        if not self._waits():
            return
        if kind > _BOXES or self.secret is None:
            self._answer_in_octets(kind)
            return
        text = self.secret.seal(json.dumps(self.response()).encode(), self.subject.random(24))
        first = "B" if text[-6] == "A" else "A"
        own = self.sent[which % len(self.sent)] if self.sent else ""
        theirs = self.received[which % len(self.received)] if self.received else ""
        renewed = self.secret.seal(b"{}", nonce_of(theirs)) if theirs else ""
        changed, broken = (
            (text[:-6] + first + text[-5:], "PGN-TUN-004"),
            (text[:-3], "PGN-TUN-003"),
            (text[:48], "PGN-TUN-003"),
            (json.dumps(self.response()), "PGN-TUN-003"),
            (own, "PGN-TUN-005"),
            (theirs, "PGN-TUN-005"),
            (renewed, "PGN-TUN-005"),
        )[kind]
        if changed:
            self.say_text(changed)
            self._violated(broken, book.CLOSE_CODES[broken])

    @step()
    def flush(self) -> None:
        """Have the application drop the requests that are queued."""
        self.subject.do({"do": "flush"})
        self.queue.clear()

    @step()
    def disconnect(self) -> None:
        """Have the application disconnect (PGN-CLI-008)."""
        self.subject.do({"do": "disconnect"})
        if self.state is not ClientState.DISCONNECTED:
            self.expect_end("PGN-CLI-008", CloseCode.NORMAL)
            self.over(ClientInput.DISCONNECT)

    @step(how=strategies.sampled_from(("close", "fin", "rst")))
    def drop(self, how: str) -> None:
        """End the connection (PGN-CLI-007)."""
        if self.state is not ClientState.DISCONNECTED:
            self.subject.steps.append({"do": "end" if how != "rst" else "reset", "peer": 0})
            self.subject.drop(how)
            self.over(ClientInput.LOST)
            self._forget_sent()

    @step(seconds=strategies.one_of(_MOMENTS, _TIMES))
    def wait(self, seconds: float) -> None:
        """Let time pass, perhaps so much that a time limit is over."""
        self._pass_time(seconds)

    def _open(self, password: int = 0, game: int = 0, shape: int = 0) -> None:
        if self.state is ClientState.DISCONNECTED:
            self._connect(password, 0)
        if self.state is ClientState.AWAITING_KEY:
            self._offer_key(shape)
        if self.state is ClientState.AWAITING_LOGIN:
            self._admit(game, shape)

    def _connect(self, password: int, pin: int) -> None:
        other = tunnel.encode_key(tunnel.public_key_of(bytes(32)))
        pins = {"right": self.pubkey, "wrong": other, "lower": self.pubkey.swapcase()}
        self.who = {
            "username": "alice",
            "password": _PASSWORDS[password],
            "invite_code": "code-4711" if password == 2 else "",
            "pubkey": pins.get(_PINS[pin], ""),
        }
        self.step(ClientInput.CONNECT)
        if not self.subject.connect(self.who):
            raise Broken("PGN-ERR-002", "the client does not connect")
        self.step(ClientInput.OPENED)
        self.sent, self.received, self.secret = [], [], None
        request = self.must_take("PGN-KEY-001", "the key trade does not come")
        key = tunnel.decode_key(request["payload"].get("pubkey"))
        if key is None or not tunnel.usable(request["payload"]["pubkey"]):
            raise Broken("PGN-KEY-001", "the key trade has no usable key", str(request))
        if request["payload"].keys() != {"pubkey"} or request["username"]:
            raise Broken("PGN-KEY-001", "the key trade tells more than the key", str(request))
        if key in self.keys:
            raise Broken("PGN-TUN-007", "a client has the same key again")
        self.keys.add(key)
        self.client_key = key

    def _offer_key(self, shape: int) -> None:
        payload = {"pubkey": self.pubkey, "more": 1}
        self.say(_shaped(self.response(message="key_trade", payload=payload), shape))
        if self.who["pubkey"] not in ("", self.pubkey):
            self.expect_end("PGN-KEY-005", CloseCode.VIOLATION)
            self.over(ClientInput.BAD_KEY)
            return
        self._open_tunnel()

    def _admit(self, game: int, shape: int) -> None:
        value = _shaped(self.response(message="Authenticated.", game=_GAMES[game]), shape)
        self.say(value)
        self.step(ClientInput.LOGIN)
        told = [{"event": "connection", "connected": True}]
        self._hear_game(value, told)
        self.compare_status()
        self.take_next()

    def _ask(self, kind: int) -> None:
        self.tags += 1
        request, message, payload = _request(kind, f"t{self.tags}")
        if any(asked.fits({"message": message, "payload": payload}) for asked in self.queue):
            return  # nobody could tell which of the two is sent
        fits = partial(_fits, message, payload)
        taken = self.subject.do(request)
        if self.state is ClientState.DISCONNECTED:
            return  # it is dropped
        self.queue.append(Asked(request["tag"], fits, kind == 0, self.connected and taken))
        self.take_next()

    def _answer_in_octets(self, kind: int) -> None:
        broken, text, octets = (
            ("PGN-WSB-004", False, b'{"message": "a"}'),
            ("PGN-WSB-005", True, b'{"message": "\xff"}'),
            ("PGN-WSB-007", True, b" " * (book.MESSAGE_MOST + 1)),
        )[kind % 3]
        if self.subject.send_octets(octets, text=text):
            self._violated(broken, book.CLOSE_CODES[broken])

    def _pass_time(self, seconds: float) -> None:
        self.subject.steps.append({"do": "wait", "seconds": min(seconds, 1.0)})
        self.subject.advance(seconds)

    def _open_tunnel(self) -> None:
        self.step(ClientInput.KEY)
        self.secret = Secret(self.private_key, self.client_key)
        login = self.must_take("PGN-OPN-001", "the login does not come")
        expected = {name: self.who[name] for name in book.LOGIN_ARGUMENTS}
        if login["payload"] != expected:
            raise Broken("PGN-OPN-001", "the login has other members", str(login["payload"]))

    def _waits(self) -> bool:
        """See to it that a response is awaited, if that can be; tell whether it is."""
        if self.state in (ClientState.DISCONNECTED, ClientState.IDLE):
            self._open()
            self._ask(0)
        awaiting = ClientState.AWAITING_KEY, ClientState.AWAITING_LOGIN, ClientState.WAITING
        return self.state in awaiting

    def _violated(self, broken: str, code: int) -> None:
        self.expect_end(broken, code)
        self.over(ClientInput.VIOLATION)

    def _answer(self, value: Json) -> None:
        """Answer the request that is under way, and hear what the application is told."""
        self.say(value)
        told: list[Told] = []
        asked, self.under_way = self.under_way, None
        named: Told = {"event": "heartbeat"}
        if asked is not None:
            named = {"event": "response", "tag": asked.tag}
        told.append({**named, "response": _described(value)})
        if value.get("disconnecting"):
            self.expect_end("PGN-CLI-005", CloseCode.NORMAL)
            self.over(ClientInput.DISMISSED, *told)
            return
        self.seen.add(f"{self.state.value}:answered")
        self.step(ClientInput.RESPONSE)
        self._hear_game(value, told)
        self.take_next()
        self.compare_status("PGN-CLI-006")

    def _hear_game(self, value: Json, told: list[Told]) -> None:
        game = value.get("game")
        if game != self.game:
            told.append({"event": "game", "game": game})
            self.game = game
            said = value.get("payload", {}).get("heartbeat_rate")
            self.rate = said if _is_rate(said) else book.HEARTBEAT_RATE_DEFAULT
        self.hear(*told)

    def _forget_sent(self) -> None:
        """Forget what came before the connection ended."""
        while self.subject.receive(0.0) is not None:
            pass


def _is_rate(rate: Any) -> bool:
    number = isinstance(rate, int | float) and not isinstance(rate, bool)
    return number and 0 < rate <= book.HEARTBEAT_RATE_MOST


def _shaped(value: Json, shape: int) -> Json:
    """Return a response in another shape that means the same (PGN-RSP-006)."""
    defaults: Json = {"payload": {}, "status": 0, "disconnecting": False, "game": None}
    match shape:
        case 1:
            return {**value, "version": 2, "username": 7}
        case 2:
            return {name: one for name, one in value.items() if one != defaults.get(name, ...)}
        case 3:
            return {**value, "created_on": "yesterday"}
        case 4:
            return {name: one for name, one in value.items() if name != "created_on"}
        case 5:
            return {**value, "created_on": None}
    return value


def _described(value: Json) -> Told:
    return {
        "message": value["message"],
        "payload": value.get("payload", {}),
        "status": value.get("status", 0),
        "disconnecting": value.get("disconnecting", False),
        "game": value.get("game"),
    }


def _request(kind: int, tag: str) -> tuple[Told, str, Json]:
    """Return what the application asks for, and the message and payload that come of it."""
    if kind == 0:
        message, payload = f"hello {tag}", {"k": [1, {"x": None}], "tag": tag}
        return {"do": "send", "message": message, "payload": payload, "tag": tag}, message, payload
    word = ("", "create_game", "join_game", "leave_game", "game_dir")[kind]
    request: Told = {"do": word, "tag": tag}
    payload = {}
    if kind in (1, 2):
        payload = {"name": f"Game {tag}"}
        if kind == 2:
            payload["password"] = _PASSWORDS[1]
        request |= payload
    return request, PREFIX + word, payload


def _fits(message: str, payload: Json, request: Json) -> bool:
    found = {name: value for name, value in request["payload"].items() if value != ""}
    return bool(request["message"] == message and found == payload)
