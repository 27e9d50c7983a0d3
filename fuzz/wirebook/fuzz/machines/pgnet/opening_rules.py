"""Rules of the server's machine: connections, key trades, logins.

What may live here: what happens before a user is logged in.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies

from wirebook.conformance.drivers.pgnet.responses import request
from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.pgnet.connections import Connection
from wirebook.fuzz.machines.pgnet.messages import Json, read_response
from wirebook.fuzz.machines.pgnet.play import SHAPES, ServerPlay, shaped
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.states import CloseCode, ServerInput, ServerState

WHO: Final = strategies.integers(0, 6)
NAME: Final = strategies.integers(0, 5)
PASSWORDS: Final = ("", "sesame-41", "open-s\u00e9same 42", " sesame-41", "Sesame-41")
PASSWORD: Final = strategies.integers(0, len(PASSWORDS) - 1)
NOT_ALLOWED: Final = (
    "ab",
    "y" * 21,
    "y" * 32,
    "adminX",
    "xAdMiN9",
    "per cent",
    "\u00e9lan",
    "name\n",
    "\u0660\u0661\u0662",
    "an_n",
)
_NO_KEYS: Final[tuple[Json, ...]] = (
    {},
    {"pubkey": None},
    {"pubkey": 7},
    {"pubkey": ""},
    {"pubkey": tunnel.encode_key(bytes(32))},
    {"pubkey": tunnel.encode_key(b"\x01" + bytes(31))},
    {"pubkey": tunnel.encode_key(b"k" * 32).rstrip("=")},
    {"pubkey": tunnel.encode_key(b"\xff" * 32).replace("/", "_")},
    {"pubkey": tunnel.encode_key(b"k" * 31)},
    {"Pubkey": tunnel.encode_key(b"k" * 32)},
)
_FORMS: Final = 12
"""The highest number of a form of a login."""


class OpeningRules(ServerPlay):
    """What happens before a user is logged in."""

    @step()
    def connect(self) -> None:
        """Open a connection, and do nothing more."""
        self.open()

    @step(who=WHO, shape=strategies.integers(0, SHAPES - 1), name=strategies.integers(0, 2))
    def trade_keys(self, who: int, shape: int, name: int) -> None:
        """Trade keys, in any shape and under any name (PGN-CON-001)."""
        connection = self.pick(who, ServerState.AWAITING_KEY) or self.open()
        if connection is None:
            return
        offer = {"pubkey": tunnel.encode_key(tunnel.public_key_of(connection.private_key))}
        message = ("key_trade", "", "__pgnet__.help")[name]
        self.trade(connection, shaped(message, offer, shape)[0])

    @step(who=WHO, kind=strategies.integers(0, len(_NO_KEYS) - 1))
    def trade_no_key(self, who: int, kind: int) -> None:
        """Offer something that is no usable key (PGN-KEY-003)."""
        connection = self.pick(who, ServerState.AWAITING_KEY) or self.open()
        if connection is None:
            return
        clear = request("key_trade", _NO_KEYS[kind])
        self.did("send", connection, clear)
        self.subject.send(connection.peer, clear.decode())
        response = read_response(self.answer(connection, "PGN-KEY-003"))
        refused = response["status"] == 1 and response["disconnecting"]
        if not refused or "pubkey" in response["payload"]:
            claim = "a key that is not usable is not refused as it has to be"
            raise Broken("PGN-KEY-003", claim, str(response))
        connection.step(ServerInput.NO_KEY)
        self.expect_end(connection, "PGN-RSP-005", CloseCode.NORMAL)

    @step(user=NAME, password=PASSWORD)
    def come(self, user: int, password: int) -> None:
        """Log a user in, as it has to be done."""
        name = self.subject.names.users[user]
        if name == book.ADMIN and not {"admin"} & self.subject.features:
            return
        if name not in self.world.sessions:
            self.enter(name, PASSWORDS[password])

    @step(
        user=NAME,
        password=PASSWORD,
        code=strategies.integers(0, 3),
        form=strategies.integers(0, _FORMS),
    )
    def try_login(self, user: int, password: int, code: int, form: int) -> None:
        """Log in somehow, perhaps as somebody who is connected, or with what is wrong."""
        connection = self._traded()
        if connection is None:
            return
        name = self.subject.names.users[user]
        if name == book.ADMIN and (self.subject.live or "admin" not in self.subject.features):
            return
        payload: Json = {
            "username": name,
            "password": PASSWORDS[password],
            "invite_code": self._code(code, name),
        }
        self.log_in(connection, _formed(payload, form))

    @step(name=strategies.integers(0, len(NOT_ALLOWED) - 1), code=strategies.integers(0, 1))
    def try_name(self, name: int, code: int) -> None:
        """Try to register with a name that is not allowed."""
        connection = self._traded()
        if connection is not None:
            tried = NOT_ALLOWED[name]
            codes = sorted(key for key, bound in self.world.invites.items() if not bound)
            word = codes[0] if codes and code else ""
            self.log_in(connection, {"username": tried, "password": "", "invite_code": word})

    @step(user=NAME, times=strategies.integers(1, 11), code=strategies.booleans())
    def guess(self, user: int, times: int, code: bool) -> None:
        """Fail to log in several times (PGN-SEC-002)."""
        name = self.subject.names.users[user]
        if name == book.ADMIN and self.subject.live:
            return  # others need the admin
        payload: Json = {"username": name, "password": "a guess"}
        if name not in self.world.users:
            if not code:
                return
            payload["invite_code"] = "a guess"
        for _ in range(times):
            connection = self._traded()
            if connection is None:
                return
            self.log_in(connection, payload)

    @step(user=NAME, other=NAME, password=PASSWORD, code=strategies.integers(0, 3))
    def come_together(self, user: int, other: int, password: int, code: int) -> None:
        """Send two logins at the same time, of the same name or with the same code."""
        names = [self.subject.names.users[one] for one in (user, other)]
        if book.ADMIN in names or not self.settled:
            return
        if any(name in self.world.sessions for name in names):
            return
        pair = [self._traded(), self.open()]
        first, second = pair
        if first is None or second is None or not self.trade(second):
            return
        payloads = []
        for name in names:
            known = self.world.users.get(name)
            word = PASSWORDS[password] if known is None else known.password
            payloads.append(
                {"username": name, "password": word, "invite_code": self._code(code, name)}
            )
        began = self.subject.now()
        with self.subject.together():
            for connection, payload in zip((first, second), payloads, strict=True):
                self.post(connection, request("handshake", payload), login=True)
        responses = [self.response(one, "PGN-RSP-001") for one in (first, second)]
        # Who came first is the server's affair: who is let in, was first.
        came = zip((first, second), payloads, responses, strict=True)
        for connection, payload, response in sorted(came, key=lambda one: bool(one[2]["status"])):
            self.logged_in(connection, payload, began, response)

    def _traded(self) -> Connection | None:
        """Return a connection that waits for its login."""
        found = self.pick(0, ServerState.AWAITING_LOGIN)
        if found is not None:
            return found
        connection = self.pick(0, ServerState.AWAITING_KEY) or self.open()
        return connection if connection is not None and self.trade(connection) else None

    def _code(self, kind: int, name: str) -> str:
        """Return an invite code: none, one that fits, one for somebody else, or a spent one."""
        invites = self.world.invites
        fitting = sorted(code for code, bound in invites.items() if bound in ("", name))
        bound = sorted(code for code, owner in invites.items() if owner not in ("", name))
        choices: tuple[list[str], ...] = ([], fitting, bound, sorted(self.world.spent))
        return choices[kind][0] if choices[kind] else ""


def _formed(payload: Json, form: int) -> Json:
    """Return a login in a form that may be wrong."""
    match form:
        case 1:
            del payload["password"]
        case 2:
            del payload["invite_code"]
        case 3:
            payload["username"] = ""
        case 4:
            del payload["username"]
        case 5:
            payload["username"] = 7
        case 6:
            payload["password"] = None
        case 7:
            payload["invite_code"] = 7
        case 8:
            payload["version"] = 1
        case 9:
            payload["invite_code"] = "0" * 32
        case 10:
            payload |= {"username": 7, "password": 7}
    return payload
