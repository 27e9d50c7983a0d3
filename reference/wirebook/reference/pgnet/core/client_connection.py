"""One connection of a client.

Theory of operation. The state is stepped through the book's table. The key trade and the login are
sent by the connection itself; requests wait in a queue, and the next one is sent when the response
to the one before has come. A heartbeat is a request like others, but there is never a second one
(PGN-HBT-001). What may live here: what only clients do.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from wirebook.reference.pgnet.codec import parse_response
from wirebook.reference.pgnet.core.happenings import (
    Connected,
    Disconnected,
    GameChanged,
    Happening,
    HeartbeatDue,
    ResponseReceived,
)
from wirebook.reference.pgnet.core.rooms import heartbeat_rate
from wirebook.reference.pgnet.errors import RemoteProtocolError
from wirebook.reference.pgnet.messages import Packet, Response, Status
from wirebook.reference.pgnet.tunnel import Key, RandomOctets, Tunnel
from wirebook.spec.pgnet.states import (
    CLIENT_CONNECTION,
    KEY_SIZE,
    RESPONSE_TIME_LIMIT,
    ClientAction,
    ClientInput,
    ClientState,
    CloseCode,
    Text,
)

_OPENING = (ClientState.AWAITING_KEY, ClientState.AWAITING_LOGIN)
_DROP = ClientAction.DROP
_UNDER_WAY = (*_OPENING, ClientState.WAITING)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to log in, and where."""

    username: str
    password: str = field(default="", repr=False)
    invite_code: str = field(default="", repr=False)
    pubkey: str = ""
    """The public key that the server has to have; any, if it is empty."""


@dataclass(frozen=True, slots=True)
class _Queued:
    text: str = field(repr=False)
    context: object
    is_heartbeat: bool


class ClientConnection:
    """A connection, from the wish to connect to its end."""

    def __init__(self, credentials: Credentials, random: RandomOctets) -> None:
        """Begin to connect; the next is to open a WebSocket. Raises Unencodable."""
        self.state: ClientState = CLIENT_CONNECTION.initial
        self.game: str | None = None
        """The game that the user is in."""
        self.close_code: CloseCode | None = None
        """Set when the WebSocket is to be closed, after the texts to send have been sent."""
        self._expected_key = credentials.pubkey
        self._random = random
        self._login = Packet(
            "handshake",
            {  # PGN-OPN-001
                "username": credentials.username,
                "password": credentials.password,
                "invite_code": credentials.invite_code,
            },
        ).serialize()
        self._key = Key(random(KEY_SIZE))  # PGN-TUN-007
        self._tunnel: Tunnel | None = None
        self._queue: deque[_Queued] = deque()
        self._under_way: _Queued | None = None
        self._texts: list[str] = []
        self._happenings: list[Happening] = []
        self._was_connected = False
        self._deadline: float | None = None
        self._heartbeat_interval = 0.0
        self._heartbeat_at: float | None = None
        self._step(ClientInput.CONNECT)

    @property
    def connected(self) -> bool:
        """Whether the login was accepted and the connection lives (PGN-CLI-004)."""
        return self.state in (ClientState.IDLE, ClientState.WAITING)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state is ClientState.DISCONNECTED

    def opened(self, now: float) -> None:
        """Take note that the WebSocket is open, and send the public key."""
        self._step(ClientInput.OPENED)
        trade = Packet(Text.KEY_TRADE, {"pubkey": self._key.pubkey})  # PGN-KEY-001
        self._transmit(trade.serialize(), now)

    def receive_text(self, text: str, now: float) -> None:
        """Take a message."""
        if self.over:
            return
        if self.state not in _UNDER_WAY:
            self._step(ClientInput.UNASKED)  # PGN-CLI-002
            self._close(CloseCode.VIOLATION, "the server sent what nobody had asked for")
            return
        try:
            data = text if self._tunnel is None else self._tunnel.open(text)
            response = Response(**parse_response(data))
        except RemoteProtocolError as error:
            self.receive_violation(error.close_code, str(error))
            return
        self._deadline = None
        match self.state:
            case ClientState.AWAITING_KEY:
                self._take_key(response, now)
            case ClientState.AWAITING_LOGIN if response.status == Status.OK:
                self._take(response, ClientInput.LOGIN, now)
            case ClientState.AWAITING_LOGIN:
                self._dismiss(response)
            case _:
                self._take(response, ClientInput.RESPONSE, now)

    def receive_violation(self, close_code: int, reason: str) -> None:
        """Take note of a message that breaks a rule of the WebSocket, or of any."""
        if not self.over:
            self._step(ClientInput.VIOLATION)
            self._close(CloseCode(close_code), f"the server broke a rule: {reason}")

    def receive_end(self, reason: str) -> None:
        """Take note that the WebSocket has ended, or could not be opened."""
        if not self.over:
            self._step(ClientInput.LOST)
            self._release(reason)

    def request(
        self,
        packet: Packet,
        context: object = None,
        *,
        first: bool = False,
        heartbeat: bool = False,
    ) -> bool:
        """Queue a request, before all others if it is to be `first`; return False if it is dropped.

        Raises Unencodable if it cannot be sent.
        """
        queued = _Queued(packet.serialize(), context, heartbeat)
        if self.state is not ClientState.IDLE and self._step(ClientInput.REQUEST) is _DROP:
            return False
        if heartbeat and self.game is None:  # PGN-HBT-003
            return False
        if first:
            self._queue.appendleft(queued)
        else:
            self._queue.append(queued)
        return True

    def flush(self) -> None:
        """Drop the requests that are queued."""
        self._queue.clear()

    def disconnect(self) -> None:
        """End the connection (PGN-CLI-008)."""
        if not self.over:
            self._step(ClientInput.DISCONNECT)
            self._close(CloseCode.NORMAL, "disconnected")

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        times = [time for time in (self._deadline, self._heartbeat_at) if time is not None]
        return min(times, default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        if self._deadline is not None and self._deadline <= now:
            self._step(ClientInput.TIMEOUT)  # PGN-CLI-003
            self._close(CloseCode.VIOLATION, "the server did not answer in time")
        elif self._heartbeat_at is not None and self._heartbeat_at <= now:
            self._heartbeat_at += self._heartbeat_interval
            if self._heartbeat_at <= now:  # what was missed is not made up for
                self._heartbeat_at = now + self._heartbeat_interval
            if not self._heartbeat_waits():  # PGN-HBT-001
                self._happenings.append(HeartbeatDue())

    def texts_to_send(self, now: float) -> list[str]:
        """Hand over the messages that wait to be sent."""
        if self.state is ClientState.IDLE and self._queue:
            self._step(ClientInput.REQUEST)  # PGN-CLI-001
            self._under_way = self._queue.popleft()
            self._transmit(self._under_way.text, now)
        texts, self._texts = self._texts, []
        return texts

    def happenings(self) -> list[Happening]:
        """Hand over what happened since the last call."""
        happenings, self._happenings = self._happenings, []
        return happenings

    def _heartbeat_waits(self) -> bool:
        under_way = self._under_way is not None and self._under_way.is_heartbeat
        return under_way or any(queued.is_heartbeat for queued in self._queue)

    def _transmit(self, text: str, now: float) -> None:
        self._texts.append(text if self._tunnel is None else self._tunnel.seal(text))
        self._deadline = now + RESPONSE_TIME_LIMIT

    def _take_key(self, response: Response, now: float) -> None:
        pubkey = response.payload.get("pubkey")
        secret = self._key.shared_with(pubkey)
        # PGN-KEY-004, PGN-KEY-005
        if secret is None or (self._expected_key and pubkey != self._expected_key):
            self._step(ClientInput.BAD_KEY)
            reason = "the server has no usable key" if secret is None else "unverified public key"
            if response.disconnecting:  # PGN-CLI-005
                self._hand_over(response)
                reason = response.message
            self._close(CloseCode.VIOLATION, reason)
        elif response.disconnecting:
            self._dismiss(response)
        else:
            self._step(ClientInput.KEY)
            self._tunnel = Tunnel(secret, self._random)
            self._transmit(self._login, now)

    def _take(self, response: Response, given: ClientInput, now: float) -> None:
        if response.disconnecting:
            self._dismiss(response)
            return
        if self._step(given) is ClientAction.CONNECTED:
            self._happenings.append(Connected())
        if response.game != self.game:  # PGN-CLI-006
            self._change_game(response, now)
        self._hand_over(response)

    def _dismiss(self, response: Response) -> None:
        self._step(ClientInput.DISMISSED)  # PGN-CLI-005
        self._hand_over(response)
        self._close(CloseCode.NORMAL, response.message)

    def _hand_over(self, response: Response) -> None:
        if self._under_way is not None:
            self._happenings.append(ResponseReceived(self._under_way.context, response))
            self._under_way = None

    def _change_game(self, response: Response, now: float) -> None:
        self.game = response.game
        self._heartbeat_at = None
        self._queue = deque(queued for queued in self._queue if not queued.is_heartbeat)
        if self.game is not None:  # PGN-HBT-001, PGN-HBT-002
            self._heartbeat_interval = 1 / heartbeat_rate(response.payload.get("heartbeat_rate"))
            self._heartbeat_at = now + self._heartbeat_interval
        self._happenings.append(GameChanged(self.game))

    def _step(self, given: ClientInput) -> ClientAction:
        was_connected = self.connected
        row = CLIENT_CONNECTION.step(self.state, given)
        self.state = row.next_state
        self._was_connected = was_connected
        return row.action

    def _close(self, code: CloseCode, reason: str) -> None:
        self.close_code = code
        self._release(reason)

    def _release(self, reason: str) -> None:
        """Drop what was not sent, and be in no game (PGN-CLI-007)."""
        self._queue.clear()
        self._under_way = None
        self._deadline = self._heartbeat_at = None
        if self.game is not None:
            self.game = None
            self._happenings.append(GameChanged(None))
        self._happenings.append(Disconnected(reason, self._was_connected))
