"""Sessions of PGNet clients: in the clear, in the tunnel, logged in, and what is wrong in them.

Theory of operation. A few connections are open at the same time, each before the key trade, behind
it, or logged in; some share a user name, one in a while is the admin. What comes next is a request
that the book allows there, a mutated one, sealed or in the clear, or raw WebSocket frames. What may
live here: what PGNet clients send.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from wirebook.conformance.corpus import Step
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet import responses as requests
from wirebook.conformance.drivers.pgnet.raw_client import ADMIN
from wirebook.fuzz.live.inputs import Arrived, Play, value
from wirebook.fuzz.live.inputs.sessions import Kinds, Session, Sessions
from wirebook.fuzz.mutations import Mutator
from wirebook.spec.pgnet.states import ServerState

_SESSIONS = 6
_LONGEST = 40
"""Plays of a session, at most."""
_USERS = 40
_STATES = tuple(
    state.value
    for state in (ServerState.AWAITING_KEY, ServerState.AWAITING_LOGIN, ServerState.LOBBY)
)
_SPARED = ("__pgnet__.shutdown", "__pgnet__.set_registration")
"""What an admin may ask for, and nothing could be fuzzed after."""

_ARGUMENTS: dict[str, Callable[[Random], dict[str, Any]]] = {
    requests.HELP: lambda _: {},
    requests.GAME_DIR: lambda _: {},
    requests.CREATE_GAME: lambda random: {"name": random.choice(("one", "two", "game 3"))},
    requests.JOIN_GAME: lambda random: {"name": random.choice(("one", "two", "game 3"))},
    requests.LEAVE_GAME: lambda _: {},
    requests.HEARTBEAT: lambda random: {"k": value(random, 1)},
    requests.CREATE_INVITE: lambda _: {"username": "guest"},
    requests.DELETE_USER: lambda _: {"username": "guest"},
    requests.DESTROY_GAME: lambda _: {"name": "two"},
    requests.SAVE: lambda _: {},
    requests.SET_VERBOSE: lambda random: {"set_as": random.choice((True, False))},
    requests.DEBUG: lambda _: {},
    requests.SLEEP: lambda random: {"seconds": random.choice((0, 0.01, -1))},
    "hello": lambda random: {"x": value(random)},
    "script.fail": lambda _: {},
    "script.leave": lambda _: {},
    "script.rubbish": lambda _: {},
}
_OPCODES = (*range(16),)


@dataclass(slots=True)
class _Session(Session):
    stage: int = 0
    user: str = ""


class Source(Sessions[_Session, Step]):
    """Plays of PGNet clients."""

    def __init__(self, seed: int) -> None:
        super().__init__(Mutator("pgnet", ("request",), seed), seed, _SESSIONS)

    def _kinds(self) -> Kinds[_Session, Step]:
        return {
            "valid": (50, self._valid),
            "wrong arguments": (8, self._wrong_arguments),
            "mutated": (25, self._mutated),
            "clear": (5, self._clear),
            "foreign": (4, self._from_elsewhere),
            "frame": (5, self._frame),
        }

    def next(self) -> Play:
        """Return a message of a session, its opening if it is new, and perhaps its end."""
        session = self._session()
        steps = _opening(session) if session.plays == 1 else []
        kind, what, step = self._made(session)
        steps.append(step)
        label = f"{kind}: {_STATES[session.stage]} {what}"
        if session.plays > _LONGEST or self._random.random() < 0.03:
            how = self._random.choice(("end", "reset"))
            label += f", {how}"
            steps.append({"do": how, "peer": session.peer})
            self._drop(session)
        return Play(label, tuple(steps))

    def take(self, arrived: Arrived, closed: Callable[[int], bool]) -> None:
        """Take in which sessions go on."""
        for peer, clear in arrived:
            if (session := self._by_peer.get(peer)) is not None:
                state, response = _seen_in(clear)
                state = state or _STATES[session.stage]
                self.seen |= {state, f"{state}:{response}"}
        for session in list(self._sessions):
            if closed(session.peer):
                self.seen.add(f"{_STATES[session.stage]}:closed")
                self._drop(session)

    def _opened(self, peer: int) -> _Session:
        stage = self._random.choice((0, 1, 2, 2, 2, 2))
        admin = stage == 2 and self._random.random() >= 0.9
        return _Session(peer, stage=stage, user=ADMIN if admin else f"user{peer % _USERS}")

    def _step(self, session: _Session, octets: bytes) -> Step:
        if session.user == ADMIN and _asks_for(octets) in _SPARED:
            octets = requests.request(requests.DEBUG)
        do = "seal" if session.stage else "send"
        return {"do": do, "peer": session.peer, "hex": octets.hex()}

    def _valid(self, session: _Session) -> tuple[str, Step]:
        message = self._random.choice(list(_ARGUMENTS))
        payload = _ARGUMENTS[message](self._random)
        return message, self._step(session, requests.request(message, payload))

    def _wrong_arguments(self, session: _Session) -> tuple[str, Step]:
        message = self._random.choice(list(_ARGUMENTS))
        names = (*_ARGUMENTS[message](self._random), "name", "password", "username", "seconds")
        payload = {self._random.choice(names): value(self._random)}
        return message, self._step(session, requests.request(message, payload))

    def _mutated(self, session: _Session) -> tuple[str, Step]:
        _, octets, label = self._mutator.next()
        return label, self._step(session, octets)

    def _clear(self, session: _Session) -> tuple[str, Step]:
        _, octets, label = self._mutator.next()
        return label, {"do": "send", "peer": session.peer, "hex": octets.hex()}

    def _from_elsewhere(self, session: _Session) -> tuple[str, Step]:
        """Make what a client never sends: a response, or a box that nobody can open."""
        random = self._random
        if random.random() < 0.5:
            octets = base64.b64encode(random.randbytes(random.choice((0, 39, 40, 41, 200))))
            return "box", {"do": "send", "peer": session.peer, "hex": octets.hex()}
        told = {"message": "x", "status": value(random, 1), "payload": value(random)}
        octets = json.dumps(told).encode()
        do = "seal" if session.stage else "send"
        return "response", {"do": do, "peer": session.peer, "hex": octets.hex()}

    def _frame(self, session: _Session) -> tuple[str, Step]:
        random = self._random
        opcode = random.choice(_OPCODES)
        payload = random.randbytes(random.choice((0, 1, 2, 5, 125, 126, 200)))
        claim = random.choice((None, None, 0, 127, 65536, 2**20 + 1, 2**63))
        octets = frames.frame(
            opcode,
            payload,
            final=random.random() < 0.8,
            masked=random.random() < 0.9,
            reserved=random.choice((0, 0, 0, 4, 1)),
            claim=claim,
        )
        return f"opcode {opcode}", {"do": "frame", "peer": session.peer, "hex": octets.hex()}


def _opening(session: _Session) -> list[Step]:
    if session.stage == 1:
        return [{"do": "trade", "peer": session.peer}]
    if session.stage == 2:
        return [{"do": "log in", "peer": session.peer, "user": session.user}]
    return []


def _asks_for(octets: bytes) -> str:
    try:
        told = json.loads(octets)
    except (ValueError, RecursionError):
        return ""
    return str(told.get("message")) if isinstance(told, dict) else ""


def _seen_in(clear: bytes) -> tuple[str, str]:
    """Return the state that a response tells, if any, and its class."""
    try:
        response = json.loads(clear)
        status, game = response["status"], response["game"]
    except (ValueError, KeyError, TypeError):
        return "", "unreadable"
    state = ServerState.GAME.value if game else ""
    return state, {0: "ok", 1: "bad", 2: "refused"}.get(status, "unreadable")
