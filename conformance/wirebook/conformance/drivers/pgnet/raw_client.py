"""A client that does nothing by itself: it sends what it is told to and keeps what it gets.

What may live here: keys, boxes, requests, responses and waiting for them. The WebSocket underneath
is in `websocket.py`.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.responses import (
    GAME_DIR,
    Json,
    Response,
    granted,
    read_response,
    request,
    short,
    turned_away,
)
from wirebook.conformance.drivers.pgnet.stream import PATIENCE
from wirebook.conformance.drivers.pgnet.websocket import Closed, Incoming, WebSocket
from wirebook.conformance.verdicts import Violation
from wirebook.spec.books import Malformed
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.limits import KEY_SIZE, NONCE_SIZE

ADMIN = "admin"
ADMIN_PASSWORD = "wirebook-admin"  # noqa: S105 - the conformance application's
KEY_TRADE = "key_trade"
LOGIN = "handshake"


class RawClient(WebSocket):
    """One connection to a server, from its handshake to its end."""

    def __init__(self, link: Link, *, source: str = "", private_key: bytes | None = None) -> None:
        super().__init__(link, source=source)
        self.private_key = private_key or os.urandom(KEY_SIZE)
        self.public_key = tunnel.public_key_of(self.private_key)
        self.server_key: bytes | None = None
        """The server's public key, from the key trade on."""
        self.name = ""
        """The user that is logged in."""
        self.password = ""
        self.responses: list[Response] = []
        """Every response so far, oldest first."""
        self.malformed: list[tuple[Incoming, str]] = []
        """Every message that is no response, with what is wrong with it."""
        self.boxes: list[bytes] = []
        """The texts of all boxes that we have sent."""
        self._inbox: deque[Response] = deque()

    # What goes out.

    def seal(self, clear: bytes, nonce: bytes | None = None) -> bytes:
        """Return the text of a box for the server."""
        if self.server_key is None:
            raise AssertionError("the case has not traded keys")
        chosen = os.urandom(NONCE_SIZE) if nonce is None else nonce
        return tunnel.seal(clear, chosen, self.private_key, self.server_key).encode()

    def send_text(
        self,
        text: bytes,
        *,
        clear: bytes = b"",
        opcode: int = frames.TEXT,
        cuts: tuple[int, ...] = (),
    ) -> None:
        """Send a WebSocket message as it is; `clear` is what it opens to, if it is a box."""
        kind = "request" if opcode == frames.TEXT else ""
        self.link.exchange.sent(
            text,
            message=kind,
            local=self.local,
            remote=self.remote,
            transport="websocket",
            clear=clear,
        )
        self.send_message(text, opcode=opcode, cuts=cuts)

    def send_json(self, clear: bytes, *, cuts: tuple[int, ...] = ()) -> None:
        """Send octets as the content of a message: in a box, if keys were traded."""
        if self.server_key is None:
            self.send_text(clear, cuts=cuts)
            return
        text = self.seal(clear)
        self.boxes.append(text)
        self.send_text(text, clear=clear, cuts=cuts)

    def post(self, message: str, payload: Json | None = None, **members: Any) -> None:
        """Send a request without waiting for the response."""
        self.send_json(request(message, payload, **members))

    def prepare(self, message: str, payload: Json | None = None) -> Callable[[], None]:
        """Return what sends a request, which is sealed already: so several come together."""
        clear = request(message, payload)
        text = self.seal(clear)
        octets = frames.message(text, opcode=frames.TEXT)

        def send() -> None:
            self.write(octets)
            self.boxes.append(text)
            self.link.exchange.sent(
                text,
                message="request",
                local=self.local,
                remote=self.remote,
                transport="websocket",
                clear=clear,
            )

        return send

    # What comes in.

    def took(self, message: Incoming) -> None:
        """Read a message, and keep the response or what is wrong with it."""
        clear, opened = message.data, self.server_key is None
        try:
            if self.server_key is not None:
                clear = tunnel.open_box(message.data, self.private_key, self.server_key)
                opened = True
            if not message.text:
                raise Malformed("PGN-WSB-002", "a binary message", 0)
            response = read_response(message.at, message.data, clear)
        except Malformed as malformed:
            self.malformed.append((message, malformed.reason))
        else:
            self.responses.append(response)
            self._inbox.append(response)
        self.link.exchange.received(
            message.data,
            message="response" if opened and message.text else "",
            local=self.local,
            remote=self.remote,
            transport="websocket",
            clear=clear if opened and clear != message.data else b"",
        )

    def reacted(self) -> bool:
        """Tell whether anything has come back, be it the end of the connection."""
        return bool(self.responses or self.malformed or self.closed)

    def forget(self) -> None:
        """Forget all responses so far."""
        self.responses.clear()
        self._inbox.clear()

    @property
    def waiting(self) -> int:
        """How many responses have come that nobody has asked for yet."""
        return len(self._inbox)

    def next_response(self, what: str = "a response", within: float = PATIENCE) -> Response:
        """Return the next response, which has to come in time."""
        self.expect(lambda: self._inbox or self.malformed or self.closed, what, within)
        if not self._inbox:
            raise Violation(f"expected {what}, got {self.summary()}")
        return self._inbox.popleft()

    def expect_closed(self, what: str, *codes: int, within: float = PATIENCE) -> Closed:
        """Wait until the server closes, with one of the codes if given, and without an answer."""
        expected = f"close code {' or '.join(map(str, codes))} {what}" if codes else what
        self.expect(lambda: self.closed or self._inbox, expected, within)
        if self._inbox:
            raise Violation(f"expected {expected}, got a response: {self._inbox[0]}")
        if self.closed is None or (codes and self.closed.code not in codes):
            raise Violation(f"expected {expected}, got {self.closed}")
        return self.closed

    def summary(self) -> str:
        """Say what came last, for the reason of a verdict."""
        if self.malformed:
            message, reason = self.malformed[-1]
            shown = short(message.data.decode(errors="replace"))
            return f"a message that is no response ({reason}): {shown}"
        return super().summary()

    # What a client does on the way.

    def offer(self) -> Json:
        """Return the payload of our key trade."""
        return {"pubkey": tunnel.encode_key(self.public_key)}

    def trade(self, message: str = KEY_TRADE, **members: Any) -> Response:
        """Trade keys, as a client that follows the book."""
        self.post(message, self.offer(), **members)
        return self.take_key(self.next_response("the server's key"))

    def take_key(self, response: Response) -> Response:
        """Take the server's key out of its response to our offer; from now on, box everything."""
        granted(response, "for the key trade")
        offered = response.payload.get("pubkey")
        if not tunnel.usable(offered):
            raise Violation(f"expected a usable public key in the key trade, got {response}")
        self.server_key = tunnel.decode_key(offered)
        return response

    def log_in(self, name: str, password: str = "", invite_code: str = "") -> Response:
        """Log in, and return the response whatever it says."""
        self.name, self.password = name, password
        login = {"username": name, "password": password, "invite_code": invite_code}
        return self.log_in_with(login)

    def log_in_with(self, payload: Json) -> Response:
        """Send any payload as the login, and return the response."""
        self.post(LOGIN, payload)
        return self.next_response("the response to the login")

    def ask(self, message: str, payload: Json | None = None, **members: Any) -> Response:
        """Send a request and return its response."""
        self.post(message, payload, **members)
        return self.next_response(f"the response to {message}")

    def expect_turned_away(self, response: Response, what: str) -> Response:
        """Check that the opening was refused and the connection closed as it has to be."""
        turned_away(response, what)
        self.expect_closed(f"after the response with disconnecting {what}", 1000)
        return response


def opened(
    link: Link, *, source: str = "", private_key: bytes | None = None, path: str = "/"
) -> RawClient:
    """Return a client whose WebSocket is open."""
    client = RawClient(link, source=source, private_key=private_key)
    try:
        client.open(path)
    except BaseException:
        client.close()
        raise
    return client


def traded(link: Link, *, source: str = "", private_key: bytes | None = None) -> RawClient:
    """Return a client that has traded keys."""
    client = opened(link, source=source, private_key=private_key)
    try:
        client.trade()
    except BaseException:
        client.close()
        raise
    return client


def entered(
    link: Link, name: str, password: str = "", *, source: str = "", patience: float = PATIENCE
) -> RawClient:
    """Return a client that is logged in, trying again while the name is still connected.

    A server may take a moment to see that the connection before has ended.
    """
    response: list[Response] = []

    def attempt() -> RawClient | None:
        client = traded(link, source=source)
        try:
            answer = client.log_in(name, password)
            response.append(answer)
            if not answer.status:
                return client
            client.close()
        except BaseException:
            client.close()
            raise
        return None

    client = retried(attempt, link.deadline(patience))
    if client is None:
        raise Violation(f"expected {name} to be logged in, got {response[-1]}")
    return client


def control(client: RawClient) -> Response:
    """Check that a connection that is logged in works."""
    return granted(client.ask(GAME_DIR), "for game_dir, a request that is always allowed")


def retried(attempt: Callable[[], RawClient | None], seconds: float) -> RawClient | None:
    """Make attempts, ever more slowly, until one gives something or time is over."""
    end, pause = time.monotonic() + seconds, 0.005
    while (made := attempt()) is None and time.monotonic() < end:
        time.sleep(pause)
        pause = min(2 * pause, 0.2)
    return made
