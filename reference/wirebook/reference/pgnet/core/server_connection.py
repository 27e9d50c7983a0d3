"""One connection of a server.

Theory of operation. The state is stepped through the book's table. A request is taken, and handed
to the registry (a login) or to the lobby; what becomes of it is either a response, or an errand:
something slow that whoever drives this does, to come back with what follows. Meanwhile nothing is
read (PGN-LIM-003) and no time limit runs. Then the outcome is classified, which is the table's
second input, and the response is sent. What may live here: the opening, the tunnel, the order of
requests and responses, and the close codes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from wirebook.reference.pgnet.codec import parse_request
from wirebook.reference.pgnet.core.outcomes import Outcome
from wirebook.reference.pgnet.core.registry import Login, Session, refused
from wirebook.reference.pgnet.errors import RemoteProtocolError, Unencodable
from wirebook.reference.pgnet.messages import Packet, Response, refusal
from wirebook.reference.pgnet.tunnel import Tunnel
from wirebook.spec.pgnet.states import (
    HEARTBEAT,
    IDLE_TIME_LIMIT,
    OPENING_TIME_LIMIT,
    PREFIX,
    REQUESTS,
    SERVER_CONNECTION,
    CloseCode,
    ServerAction,
    ServerInput,
    ServerState,
    Text,
)

if TYPE_CHECKING:
    from wirebook.reference.pgnet.core.server import ServerCore

_OPENING = (ServerState.AWAITING_KEY, ServerState.AWAITING_LOGIN)
_LEAVE = PREFIX + "leave_game"
_FAILED = "That failed."


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request of a user."""

    session: Session
    packet: Packet

    @property
    def what(self) -> str:
        """Its beginning, for the operator."""
        return f"{self.packet.message[:50]!a}"


class ServerConnection:
    """A connection, from when its WebSocket is open."""

    def __init__(self, server: ServerCore, address: str, now: float) -> None:
        self.state: ServerState = SERVER_CONNECTION.initial
        self.address = address
        """Where the peer is, without its port."""
        self.errand: Outcome | None = None
        """What has to be done before the request can be answered; then call `resume`."""
        self.close_code: CloseCode | None = None
        """Set when the WebSocket is to be closed, after the texts to send have been sent."""
        self.reason = ""
        """Why, for the operator."""
        self._server = server
        self._texts: list[str] = []
        self._tunnel: Tunnel | None = None
        self._session: Session | None = None
        self._login: Login | None = None
        """The login that is being judged."""
        self._asked: _Asked | None = None
        """The request that is being handled."""
        self._in_game = False
        self._deadline: float | None = now + OPENING_TIME_LIMIT
        self._shutting_down = False

    @property
    def username(self) -> str | None:
        """Who is logged in."""
        return None if self._session is None else self._session.name

    @property
    def busy(self) -> bool:
        """Whether a response is owed; nothing is to be read meanwhile."""
        return self._login is not None or self._asked is not None

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self.state is ServerState.CLOSED

    def receive_text(self, text: str, now: float) -> None:
        """Take a message; not while it is busy."""
        try:
            packet = self._read(text)
        except RemoteProtocolError as error:
            self.receive_violation(error.close_code, str(error))
            return
        self._deadline = None
        if self._session is not None:
            self._handle(_Asked(self._session, packet), now)
        elif self.state is ServerState.AWAITING_KEY:  # PGN-CON-001
            self._trade_keys(packet, now)
        else:
            self._step(ServerInput.LOGIN)
            self._login = Login(self.address, packet.payload, now, self._step)
            self.resume(partial(self._server.registry.judge, self._login), now)

    def receive_violation(self, close_code: int, reason: str) -> None:
        """Take note of a message that breaks a rule of the WebSocket, or of any."""
        self._step(ServerInput.VIOLATION)
        self._close(CloseCode(close_code), reason)

    def receive_end(self) -> None:
        """Take note that the WebSocket has ended."""
        self._step(ServerInput.LOST)
        self._release()

    def resume(self, go_on: Callable[[], Outcome], now: float) -> None:
        """Go on after an errand; what fails is refused (PGN-GAM-003)."""
        self.errand = None
        if self._login is not None:
            self._login.now = now
            outcome = self._tried(go_on, "a login", refused(_FAILED))
            if isinstance(outcome, Response):
                self._answer_login(self._login, outcome, now)
        elif self._asked is not None:
            outcome = self._tried(go_on, self._asked.what, refusal(_FAILED))
            if isinstance(outcome, Response):
                self._answer_request(self._asked, outcome, now)

    def refuse_as_too_many(self) -> None:
        """End it because there are too many connections (PGN-LIM-001)."""
        self._step(ServerInput.TOO_MANY)
        self._close(CloseCode.TOO_MANY, "too many connections")

    def shut_down(self) -> None:
        """End it, as soon as no response is owed (PGN-CON-005)."""
        self._shutting_down = True
        if not self.busy and not self.closed:
            self._step(ServerInput.SHUTDOWN)
            self._close(CloseCode.GOING_AWAY, "shutting down")

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        return self._deadline

    def handle_timer(self, now: float) -> None:
        """Close it if its time is over (PGN-CON-002, PGN-CON-003)."""
        if self._deadline is not None and self._deadline <= now:
            self._step(ServerInput.TIMEOUT)
            self._close(CloseCode.VIOLATION, "silence")

    def texts_to_send(self) -> list[str]:
        """Hand over the messages that wait to be sent."""
        texts, self._texts = self._texts, []
        return texts

    def _read(self, text: str) -> Packet:
        data: str | bytes = text
        if self._tunnel is not None:
            is_login = self.state is ServerState.AWAITING_LOGIN
            data = self._tunnel.open(text, self._server.login_nonces if is_login else None)
        return Packet(**parse_request(data))

    def _tried(self, go_on: Callable[[], Outcome], what: str, failed: Response) -> Outcome:
        try:
            outcome = go_on()
        except Exception:
            self._server.failed(what)
            return failed
        if not isinstance(outcome, Response):
            self.errand = outcome
        return outcome

    def _trade_keys(self, packet: Packet, now: float) -> None:
        server = self._server
        secret = server.key.shared_with(packet.payload.get("pubkey"))
        if secret is None:  # PGN-KEY-003
            self._step(ServerInput.NO_KEY)
            self._send(refused(Text.NO_KEY), now)
            self._close(CloseCode.NORMAL, "no usable key")
            return
        self._step(ServerInput.KEY)
        self._send(Response(Text.KEY_TRADE, {"pubkey": server.key.pubkey}), now)
        self._tunnel = Tunnel(secret, server.random)

    def _handle(self, asked: _Asked, now: float) -> None:
        if self._step(ServerInput.REQUEST) is ServerAction.DISMISS_USER:  # PGN-ADM-009
            self._send(Response(Text.USER_DELETED, disconnecting=True), now)
            self._close(CloseCode.NORMAL, "the user was deleted")
            return
        self._asked = asked
        self.resume(partial(self._server.lobby.handle, asked.session, asked.packet), now)

    def _answer_login(self, login: Login, response: Response, now: float) -> None:
        self._login = None
        self._session = login.session
        if self._session is None:
            self._step(ServerInput.NOT_ADMITTED)
            self._send(response, now)
            self._close(CloseCode.NORMAL, f"login refused: {response.message}")
            return
        self._step(ServerInput.ADMITTED)
        self._server.tell_connection(self._session.name, True)
        self._send(response, now)

    def _answer_request(self, asked: _Asked, response: Response, now: float) -> None:
        self._asked = None
        game = asked.session.game
        response = self._as_sent(asked.session, response)
        try:
            text = response.serialize()
            given = self._classified(asked, response)
        except Unencodable:  # PGN-GAM-005
            self._server.failed(f"the answer to {asked.what}")
            response = replace(refusal(_FAILED), game=game)
            text = response.serialize()
            given = ServerInput.FAILED
        self._step(self._moved(asked) or given)
        self._server.trace(asked.session.name, asked.packet, response)
        self._send_text(text, now)

    def _as_sent(self, session: Session, response: Response) -> Response:
        """Return a copy that says where the user is; what games say is not passed on."""
        return replace(response, game=session.game, disconnecting=False)  # PGN-RSP-004, PGN-GAM-004

    def _moved(self, asked: _Asked) -> ServerInput | None:
        """Return the input that says how the request has changed where the user is."""
        was_in_game, self._in_game = self._in_game, asked.session.game is not None
        if self._in_game == was_in_game:
            return None
        if self._in_game:
            return ServerInput.ENTERED
        left = asked.packet.message == _LEAVE
        return ServerInput.LEFT if left else ServerInput.GAME_DISMISSED

    def _classified(self, asked: _Asked, response: Response) -> ServerInput:
        message = asked.packet.message
        of_the_server = message in REQUESTS and message != HEARTBEAT
        if self._in_game and not of_the_server:
            return ServerInput.GAME_ANSWERED
        return ServerInput.REFUSED if response.status else ServerInput.ANSWERED

    def _step(self, given: ServerInput) -> ServerAction:
        row = SERVER_CONNECTION.step(self.state, given)
        self.state = row.next_state
        if given is ServerInput.DESTROYED:
            self._in_game = False
        return row.action

    def _send(self, response: Response, now: float) -> None:
        if self._session is not None:
            response.game = self._session.game
        self._send_text(response.serialize(), now)

    def _send_text(self, text: str, now: float) -> None:
        self._texts.append(text if self._tunnel is None else self._tunnel.seal(text))
        limit = OPENING_TIME_LIMIT if self.state in _OPENING else IDLE_TIME_LIMIT
        self._deadline = now + limit
        if self._shutting_down:
            self.shut_down()

    def _close(self, code: CloseCode, reason: str) -> None:
        self.close_code = code
        self.reason = reason
        self._release()

    def _release(self) -> None:
        """Take the user out of their game and free their name (PGN-CON-004)."""
        self._deadline = None
        self.errand = self._asked = None
        if self._login is not None:
            self._login.abandoned = True
            self._login = None
        if self._session is not None and self._session.live:
            self._server.lobby.leave(self._session)
            self._server.registry.end(self._session)
            self._server.tell_connection(self._session.name, False)
        self._server.forget(self)
