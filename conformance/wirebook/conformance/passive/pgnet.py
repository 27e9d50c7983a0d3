"""PGNet from outside: what both sides of the WebSockets in a capture say, and in which order.

What may live here: the connections, and the rules for what is seen of a message without a key. What
is in the boxes is judged in `pgnet_messages.py`, as far as keys were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wirebook.conformance.capture import Closing, Contents, WebSocket, deflates
from wirebook.conformance.passive.ledger import Ledger
from wirebook.spec.dissection import Malformed
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.limits import MESSAGE_MOST, CloseCode

CLIENT, SERVER = "client", "server"
CODES = {*CloseCode, 1002}
"""What a side may close with: the book's codes, and RFC 6455's own for frames that are none."""


@dataclass(slots=True)
class Message:
    """A WebSocket message, and what is in its box where a key opens it."""

    number: int
    role: str
    data: bytes
    text: bool
    clear: bytes | None = None
    """What it says, if that can be read."""


@dataclass(slots=True)
class Connection:
    """Both sides of a WebSocket."""

    name: str
    messages: list[Message] = field(default_factory=list)
    """Of both sides, in the order in which they passed."""
    closings: dict[str, tuple[int, Closing]] = field(default_factory=dict)
    """The close frame of each side, after its packet's number."""

    def of(self, role: str) -> list[Message]:
        """Return the messages of one side."""
        return [one for one in self.messages if one.role == role]


class Looking:
    """Notes for one connection what its sides hold and break."""

    def __init__(self, ledger: Ledger, connection: Connection) -> None:
        self._ledger = ledger
        self._name = connection.name

    def looked(self, role: str, *requirements: str) -> None:
        """Count that it was seen whether a side holds rules."""
        for requirement in requirements:
            self._ledger.looked(requirement, role)

    def broken(self, requirement: str, role: str, number: int, text: str) -> None:
        """Note a breach."""
        self._ledger.broken(requirement, role, number, self._name, f"the {role} {text}")

    def leave_open(self, text: str) -> None:
        """Note what cannot be judged."""
        self._ledger.leave_open(self._name, text)


def examine(contents: Contents, ledger: Ledger, keys: Sequence[bytes]) -> None:
    """Judge the connections of a capture."""
    from wirebook.conformance.passive import pgnet_messages

    pairs: dict[int, list[WebSocket]] = {}
    for websocket in contents.websockets:
        pairs.setdefault(websocket.stream.connection, []).append(websocket)
    ledger.passed_over += len(contents.streams)
    public_keys: dict[bytes, tuple[int, str]] = {}
    for both in pairs.values():
        connection = _connection(both)
        first = next(iter(connection.of(CLIENT)), None)
        if first is not None and not first.data.lstrip().startswith(b"{"):
            ledger.passed_over += len(both)
            continue
        ledger.sessions.append(connection.name)
        looking = Looking(ledger, connection)
        for websocket in both:
            _upgrade(websocket, looking)
            if websocket.stream.lost:
                looking.leave_open("what comes after octets that the capture does not have")
        _form(connection, looking)
        _turns(connection, looking)
        _nonces(connection, looking)
        _closings(connection, looking)
        _fresh_key(connection, public_keys, looking)
        pgnet_messages.judge(connection, looking, keys)


def _connection(both: Sequence[WebSocket]) -> Connection:
    answers = [one for one in both if _is_server(one)]
    client = answers[0].stream.destination if answers else both[0].stream.source
    server = answers[0].stream.source if answers else both[0].stream.destination
    connection = Connection(f"{client} → {server}")
    for websocket in both:
        role = SERVER if _is_server(websocket) else CLIENT
        stream = websocket.stream
        for message in websocket.messages:
            if not message.problem:
                number = stream.completed(message.end)
                connection.messages.append(Message(number, role, message.data, message.text))
        if websocket.closing is not None:
            closing = websocket.closing
            connection.closings[role] = stream.completed(closing.end), closing
    connection.messages.sort(key=lambda one: one.number)
    return connection


def _is_server(websocket: WebSocket) -> bool:
    return websocket.stream.data.startswith(b"HTTP/")


def _upgrade(websocket: WebSocket, looking: Looking) -> None:
    role = SERVER if _is_server(websocket) else CLIENT
    looking.looked(role, "PGN-WSB-008")
    if deflates(bytes(websocket.stream.data)):
        verb = "accepts" if role == SERVER else "offers"
        number = websocket.stream.arrivals[0][1]
        looking.broken("PGN-WSB-008", role, number, f"{verb} permessage-deflate")
    for message in websocket.messages:
        if message.problem:
            looking.leave_open(message.problem)


def _form(connection: Connection, looking: Looking) -> None:
    """Look at each message for itself, as far as can be without a key."""
    traded = {CLIENT: False, SERVER: False}
    for message in connection.messages:
        role, number = message.role, message.number
        looking.looked(role, "PGN-WSB-002", "PGN-WSB-006")
        if not message.text:
            looking.broken("PGN-WSB-002", role, number, "sends a binary message")
        if len(message.data) > MESSAGE_MOST:
            text = f"sends a message of {len(message.data)} octets"
            looking.broken("PGN-WSB-007", role, number, text)
        if traded[role]:
            looking.looked(role, "PGN-TUN-001")
            if not tunnel.is_box(message.data):
                text = "sends a message after the key trade that is no box"
                looking.broken("PGN-TUN-001", role, number, text)
        else:
            message.clear = message.data
        traded[role] = True


def _turns(connection: Connection, looking: Looking) -> None:
    """Hold the client to one request at a time, and the server to one response for each."""
    waiting = 0
    for message in connection.messages:
        if message.role == CLIENT:
            looking.looked(CLIENT, "PGN-CLI-001")
            if waiting:
                text = "sends a request while another is under way"
                looking.broken("PGN-CLI-001", CLIENT, message.number, text)
            waiting += 1
        else:
            looking.looked(SERVER, "PGN-RSP-001", "PGN-RSP-002")
            if not waiting:
                text = "sends a message that answers no request"
                looking.broken("PGN-RSP-002", SERVER, message.number, text)
            waiting = max(0, waiting - 1)


def _nonces(connection: Connection, looking: Looking) -> None:
    seen: dict[bytes, int] = {}
    for message in connection.messages:
        if message.clear is not None:
            continue
        try:
            nonce, _ = tunnel.split(message.data)
        except Malformed:
            continue
        looking.looked(message.role, "PGN-TUN-002")
        if nonce in seen:
            text = f"uses the nonce of packet {seen[nonce]} again"
            looking.broken("PGN-TUN-002", message.role, message.number, text)
        seen.setdefault(nonce, message.number)


def _closings(connection: Connection, looking: Looking) -> None:
    """Look at the side that closes; the other only echoes."""
    first = sorted((number, role) for role, (number, _) in connection.closings.items())[:1]
    for number, role in first:
        code = connection.closings[role][1].code
        looking.looked(role, "PGN-ERR-001")
        if code is not None and code not in CODES:
            text = f"closes with code {code}, which the book does not name"
            looking.broken("PGN-ERR-001", role, number, text)


def _fresh_key(
    connection: Connection, known: dict[bytes, tuple[int, str]], looking: Looking
) -> None:
    """Hold clients to a key pair of their own for each connection."""
    first = next(iter(connection.of(CLIENT)), None)
    key = tunnel.offered_key(first.data) if first is not None else None
    if first is None or key is None:
        return
    looking.looked(CLIENT, "PGN-TUN-007")
    if key in known:
        text = f"offers the public key of packet {known[key][0]} again, of another connection"
        looking.broken("PGN-TUN-007", CLIENT, first.number, text)
    known.setdefault(key, (first.number, connection.name))
