"""The state table of a client's connection.

Theory of operation. The table sees one input at a time and knows nothing of octets, boxes or
callbacks: whoever drives it has already classified what happened. A message that comes is exactly
one input: VIOLATION if it breaks a rule of the wire format; UNASKED if no request is under way;
BAD_KEY if it is the first and has no usable key, or not the expected one; DISMISSED if its
`disconnecting` is true, or if it answers the login with another status than 0; and else KEY, LOGIN
or RESPONSE, as the state has it. The queue of requests is the driver's: when a connection comes to
IDLE, it gives REQUEST for the first one in the queue. A heartbeat that is due is a REQUEST, unless
the one before has not been answered (PGN-HBT-001); then it is no input.

Every action that ends the connection also drops the queue, leaves the game (PGN-CLI-007) and tells
the application, if it was connected (PGN-CLI-004). BAD_KEY hands over the response if its
`disconnecting` is true (PGN-CLI-005). What may live here: the table and the enumerations it is made
of.
"""

from __future__ import annotations

from enum import Enum, unique

from wirebook.spec.states import Illegal, StateTable, Transition


@unique
class ClientState(Enum):
    """How far a connection has come, on the client."""

    DISCONNECTED = "disconnected"
    OPENING = "opening"
    AWAITING_KEY = "awaiting key"
    AWAITING_LOGIN = "awaiting login"
    IDLE = "connected, idle"
    WAITING = "connected, request under way"


@unique
class ClientInput(Enum):
    """What can happen to it."""

    CONNECT = "connect is called"
    OPENED = "WebSocket is open"
    KEY = "usable and expected key"
    BAD_KEY = "no usable key, or not the expected one"
    LOGIN = "login has status 0"
    RESPONSE = "response"
    DISMISSED = "response with `disconnecting` true, or login with another status"
    UNASKED = "message without a request"
    VIOLATION = "violation"
    REQUEST = "there is a request to send"
    TIMEOUT = "5.0 s without the response"
    DISCONNECT = "disconnect is called"
    LOST = "connection cannot be opened, or ends"


@unique
class ClientAction(Enum):
    """What the client does about it."""

    NOTHING = "nothing"
    OPEN = "make a key pair, open the WebSocket"
    SEND_KEY = "send the public key, in clear"
    SEND_LOGIN = "send the login"
    CONNECTED = "tell the application that it is connected"
    SEND = "send the request"
    QUEUE = "queue the request"
    DROP = "drop the request"
    HAND_OVER = "hand over the response"
    HAND_OVER_AND_CLOSE = "hand over the response, close 1000"
    CLOSE_VIOLATION = "close with the code of the rule"
    CLOSE_KEY = "close 1008"
    CLOSE_UNASKED = "close 1008, hand over nothing"
    CLOSE_SILENT = "close 1008, without the response"
    CLOSE = "close 1000"
    RELEASE = "drop the queue, be in no game"


_S, _I, _A = ClientState, ClientInput, ClientAction
_Row = Transition[ClientState, ClientAction] | Illegal


def _go(
    action: ClientAction, to: ClientState, *cited: str
) -> Transition[ClientState, ClientAction]:
    return Transition(action, to, tuple(f"PGN-{short}" for short in cited))


def _never(reason: str, *inputs: ClientInput) -> dict[ClientInput, _Row]:
    return {given: Illegal(reason) for given in inputs}


_BEGUN = _never("a client disconnects first", _I.CONNECT)
_ENDS: dict[ClientInput, _Row] = {
    _I.DISMISSED: _go(_A.HAND_OVER_AND_CLOSE, _S.DISCONNECTED, "CLI-005", "CLI-007"),
    _I.VIOLATION: _go(_A.CLOSE_VIOLATION, _S.DISCONNECTED, "ERR-001", "ERR-003", "CLI-007"),
    _I.TIMEOUT: _go(_A.CLOSE_SILENT, _S.DISCONNECTED, "CLI-003", "CLI-007"),
    _I.DISCONNECT: _go(_A.CLOSE, _S.DISCONNECTED, "CLI-008", "CLI-007"),
    _I.LOST: _go(_A.RELEASE, _S.DISCONNECTED, "CLI-007"),
}
"""What ends a connection while a response is awaited."""
_ASKED = _never("a request is under way", _I.UNASKED)

_BY_STATE: dict[ClientState, dict[ClientInput, _Row]] = {
    _S.DISCONNECTED: {
        _I.CONNECT: _go(_A.OPEN, _S.OPENING, "TUN-007"),
        **_never("there is no connection", *(set(ClientInput) - {_I.CONNECT})),
        _I.REQUEST: _go(_A.DROP, _S.DISCONNECTED, "CLI-007"),
        _I.DISCONNECT: _go(_A.NOTHING, _S.DISCONNECTED),
        _I.LOST: _go(_A.NOTHING, _S.DISCONNECTED),
    },
    _S.OPENING: {
        **_BEGUN,
        _I.OPENED: _go(_A.SEND_KEY, _S.AWAITING_KEY, "KEY-001"),
        **_never(
            "nothing is received before it is open",
            _I.KEY,
            _I.BAD_KEY,
            _I.LOGIN,
            _I.RESPONSE,
            _I.DISMISSED,
            _I.UNASKED,
            _I.VIOLATION,
        ),
        _I.REQUEST: _go(_A.QUEUE, _S.OPENING, "CLI-001"),
        **_never("no request is under way", _I.TIMEOUT),
        _I.DISCONNECT: _ENDS[_I.DISCONNECT],
        _I.LOST: _ENDS[_I.LOST],
    },
    _S.AWAITING_KEY: {
        **_BEGUN,
        **_never("it is open", _I.OPENED),
        _I.KEY: _go(_A.SEND_LOGIN, _S.AWAITING_LOGIN, "OPN-001", "SEC-001"),
        _I.BAD_KEY: _go(_A.CLOSE_KEY, _S.DISCONNECTED, "KEY-004", "KEY-005", "SEC-001", "CLI-007"),
        **_never("it is the response to the key trade", _I.LOGIN, _I.RESPONSE),
        _I.REQUEST: _go(_A.QUEUE, _S.AWAITING_KEY, "CLI-001"),
        **_ASKED,
        **_ENDS,
    },
    _S.AWAITING_LOGIN: {
        **_BEGUN,
        **_never("it is open", _I.OPENED),
        **_never("it is the response to the login", _I.KEY, _I.BAD_KEY, _I.RESPONSE),
        _I.LOGIN: _go(_A.CONNECTED, _S.IDLE, "CLI-004", "CLI-006"),
        _I.REQUEST: _go(_A.QUEUE, _S.AWAITING_LOGIN, "CLI-001"),
        **_ASKED,
        **_ENDS,
    },
    _S.IDLE: {
        **_BEGUN,
        **_never("it is open", _I.OPENED),
        **_never(
            "no request is under way", _I.KEY, _I.BAD_KEY, _I.LOGIN, _I.RESPONSE, _I.DISMISSED
        ),
        _I.UNASKED: _go(_A.CLOSE_UNASKED, _S.DISCONNECTED, "CLI-002", "CLI-007"),
        _I.VIOLATION: _ENDS[_I.VIOLATION],
        _I.REQUEST: _go(_A.SEND, _S.WAITING, "CLI-001", "HBT-001"),
        **_never("no request is under way", _I.TIMEOUT),
        _I.DISCONNECT: _ENDS[_I.DISCONNECT],
        _I.LOST: _ENDS[_I.LOST],
    },
    _S.WAITING: {
        **_BEGUN,
        **_never("it is open", _I.OPENED),
        **_never("the opening is over", _I.KEY, _I.BAD_KEY, _I.LOGIN),
        _I.RESPONSE: _go(_A.HAND_OVER, _S.IDLE, "CLI-001", "CLI-006"),
        _I.REQUEST: _go(_A.QUEUE, _S.WAITING, "CLI-001", "HBT-001"),
        **_ASKED,
        **_ENDS,
    },
}

CLIENT_CONNECTION: StateTable[ClientState, ClientInput, ClientAction] = StateTable(
    name="client-connection",
    title="A connection of a client",
    states=ClientState,
    inputs=ClientInput,
    initial=ClientState.DISCONNECTED,
    rows={
        (state, given): _BY_STATE[state][given] for state in ClientState for given in ClientInput
    },
)
