"""Rules of the server's machine: violations, replays, and connections that are lost.

What may live here: what ends a connection.
"""

from __future__ import annotations

import base64
from typing import Final

from hypothesis import strategies

from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.responses import request
from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.pgnet.connections import Connection
from wirebook.fuzz.machines.pgnet.opening_rules import WHO
from wirebook.fuzz.machines.pgnet.play import ServerPlay
from wirebook.spec.pgnet import states as book
from wirebook.spec.pgnet.states import CloseCode, ServerInput

_PLAIN: Final = '{"message": "hello", "payload": {}}'
_DEPTH: Final = book.DEPTH_MOST

CONTENTS: Final[tuple[tuple[str, str], ...]] = (
    ("PGN-JSN-002", "hello"),
    ("PGN-JSN-002", ""),
    ("PGN-JSN-002", _PLAIN + "}"),
    ("PGN-JSN-002", _PLAIN + " " + _PLAIN),
    ("PGN-JSN-002", "\ufeff" + _PLAIN),
    ("PGN-JSN-002", '{"message": "a", "payload": {"k": NaN}}'),
    ("PGN-JSN-002", '{"message": "a", "payload": {"k": -Infinity}}'),
    ("PGN-JSN-002", "{'message': 'a'}"),
    ("PGN-JSN-002", '{"message": "a",}'),
    ("PGN-JSN-002", '{"message": "a\nb"}'),
    ("PGN-JSN-002", '{"message": "a", "payload": {"k": 01}}'),
    ("PGN-JSN-003", '["hello"]'),
    ("PGN-JSN-003", '"hello"'),
    ("PGN-JSN-003", "null"),
    ("PGN-JSN-004", '{"message": "a", "message": "b"}'),
    ("PGN-JSN-004", '{"message": "a", "payload": {"k": {"a": 1, "a": 1}}}'),
    ("PGN-JSN-005", '{"message": "\\ud800"}'),
    ("PGN-JSN-005", '{"message": "a", "payload": {"\\udc00": 1}}'),
    ("PGN-JSN-006", '{"message": "a", "payload": {"k": 1e309}}'),
    ("PGN-JSN-006", '{"message": "a", "payload": {"k": -1' + "0" * 309 + "}}"),
    (
        "PGN-JSN-008",
        '{"message": "a", "payload": {"k": ' + "[" * (_DEPTH - 1) + "]" * (_DEPTH - 1) + "}}",
    ),
    ("PGN-JSN-008", '{"message": "a", "payload": {"k": ' + "[" * 2000 + "]" * 2000 + "}}"),
    ("PGN-REQ-003", '{"payload": {}}'),
    ("PGN-REQ-003", '{"message": 7}'),
    ("PGN-REQ-003", '{"message": null, "payload": {}}'),
    ("PGN-REQ-003", '{"message": "a", "payload": []}'),
    ("PGN-REQ-003", '{"message": "a", "payload": null}'),
    ("PGN-REQ-003", '{"message": "a", "payload": "k"}'),
    ("PGN-REQ-003", '{"message": "a", "created_on": 7}'),
    ("PGN-REQ-003", '{"message": "a", "payload": {}, "created_on": {}}'),
)
"""Contents that are violations (close code 1007), with what they break."""
_EFFECTIVE: Final[tuple[tuple[str, str], ...]] = (
    ("PGN-REQ-003", '{"message": "said in vain", "created_on": 7}'),
    ("PGN-REQ-003", '{"message": "__pgnet__.leave_game", "created_on": []}'),
    ("PGN-REQ-003", '{"message": "__pgnet__.help", "created_on": true}'),
    ("PGN-REQ-003", '{"payload": {"username": "ann", "password": "", "invite_code": ""}}'),
)
"""Requests that are violations, and would have an effect if they were not."""
_BOXES: Final = 7
"""The highest number of a box that is none."""


class ViolationRules(ServerPlay):
    """What ends a connection."""

    @step(who=WHO, kind=strategies.integers(0, len(CONTENTS) + len(_EFFECTIVE) - 1))
    def break_content(self, who: int, kind: int) -> None:
        """Send a content that is no request, in a box if keys were traded (PGN-ERR-003)."""
        broken, text = (*CONTENTS, *_EFFECTIVE)[kind]
        connection = self.pick(who)
        if connection is None:
            return
        if connection.secret is None:
            self._send(connection, text)
        else:
            self.post(connection, text.encode())
        self._violated(connection, broken, book.CLOSE_CODES[broken])

    @step(who=WHO, depth=strategies.integers(1, _DEPTH - 2), word=strategies.booleans())
    def go_to_the_limit(self, who: int, depth: int, word: bool) -> None:
        """Send a payload that is nested as deep as may be (PGN-JSN-007)."""
        user = self.pick_user(who)
        if user is None:
            return
        nested: object = {} if word else []
        for _ in range(depth - 1):
            nested = [nested]
        payload = {"k": nested}
        self.ask(user, "deep", payload, request("deep", payload), "PGN-JSN-007")

    @step(who=WHO, kind=strategies.integers(0, 10))
    def break_message(self, who: int, kind: int) -> None:
        """Send what is no box or does not open, is binary, too large, or not UTF-8."""
        connection = self.pick(who)
        if connection is None:
            return
        if kind > _BOXES or connection.secret is None:
            self._break_octets(connection, kind)
            return
        nonce = self.subject.random(book.NONCE_SIZE)
        text = connection.secret.seal(request("hello"), nonce)
        first = "B" if text[-6] == "A" else "A"
        changed, broken = (
            (text[:-6] + first + text[-5:], "PGN-TUN-004"),
            (("A" if text[0] != "A" else "B") + text[1:], "PGN-TUN-004"),
            (text[:-3], "PGN-TUN-003"),
            (text.replace("A", "-").replace("B", "_") + "-", "PGN-TUN-003"),
            (text[:20] + "\n" + text[20:], "PGN-TUN-003"),
            (text[:48], "PGN-TUN-003"),
            ("", "PGN-TUN-003"),
            (request("hello").decode(), "PGN-TUN-003"),
        )[kind]
        self._send(connection, changed)
        self._violated(connection, broken, book.CLOSE_CODES[broken])

    @step(
        who=WHO,
        which=strategies.integers(0, 5),
        own=strategies.booleans(),
        same=strategies.booleans(),
    )
    def replay(self, who: int, which: int, own: bool, same: bool) -> None:
        """Send a box again, or only its nonce, be it one's own or the server's (PGN-TUN-005)."""
        connection = self.pick(who)
        if connection is None or connection.secret is None:
            return
        boxes = connection.sent if own else connection.received
        if not boxes:
            return
        text = boxes[which % len(boxes)]
        if not same:
            text = connection.secret.seal(request("hello"), nonce_of(text))
        self._send(connection, text)
        self._violated(connection, "PGN-TUN-005", CloseCode.VIOLATION)

    @step(which=strategies.integers(0, 20), same=strategies.booleans())
    def replay_login(self, which: int, same: bool) -> None:
        """Send a login again on another connection, or only its nonce (PGN-TUN-006)."""
        if not self.logins:
            return
        private_key, server_key, text = self.logins[which % len(self.logins)]
        connection = self.open()
        if connection is None:
            return
        if same:
            connection.private_key = private_key
        self.trade(connection)
        if connection.server_key != server_key or connection.secret is None:
            return
        if not same:
            payload = {"username": "nobody", "password": "", "invite_code": "0" * 32}
            text = connection.secret.seal(request("handshake", payload), nonce_of(text))
        self._send(connection, text)
        self._violated(connection, "PGN-TUN-006", CloseCode.VIOLATION)

    @step(who=WHO, how=strategies.sampled_from(("close", "fin", "rst")))
    def lose(self, who: int, how: str) -> None:
        """End a connection, politely or not (PGN-CON-004)."""
        found = [*self.connections]
        if not found:
            return
        connection = found[who % len(found)]
        ending = {"do": "end" if how != "rst" else "reset", "peer": connection.peer}
        self.subject.steps.append(ending)
        self.subject.leave(connection.peer, how)
        connection.step(ServerInput.LOST)
        self.over(connection)

    def _break_octets(self, connection: Connection, kind: int) -> None:
        broken, text, octets = (
            ("PGN-WSB-004", False, b'{"message": "a"}'),
            ("PGN-WSB-005", True, b'{"message": "\xff"}'),
            ("PGN-WSB-007", True, b" " * (book.MESSAGE_MOST + 1)),
        )[kind % 3]
        if not self.subject.send_octets(connection.peer, octets, text=text):
            return
        if len(octets) < book.MESSAGE_MOST:
            self.subject.steps.append(_frame(connection.peer, octets, text=text))
        self._violated(connection, broken, book.CLOSE_CODES[broken])

    def _send(self, connection: Connection, text: str) -> None:
        self.did("send", connection, text.encode())
        self.subject.send(connection.peer, text)

    def _violated(self, connection: Connection, broken: str, code: int) -> None:
        state = connection.state
        ended = self.subject.ended(connection.peer, self.subject.patience)
        silent = not self.subject.waiting(connection.peer)
        if silent and ended is not None and ended.code != code:
            claim = f"{broken} is closed for with code {ended.code} instead of {code:d}"
            raise Broken("PGN-ERR-001", claim, state.value)
        self.expect_end(connection, broken, code)
        connection.step(ServerInput.VIOLATION)


def nonce_of(text: str) -> bytes:
    """Return the nonce of a box."""
    return base64.b64decode(text)[: book.NONCE_SIZE]


def _frame(peer: int, octets: bytes, *, text: bool) -> dict[str, str | int]:
    opcode = frames.TEXT if text else frames.BINARY
    return {"do": "frame", "peer": peer, "hex": frames.message(octets, opcode=opcode).hex()}
