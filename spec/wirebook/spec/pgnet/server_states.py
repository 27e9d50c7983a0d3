"""The state table of a server's connection.

Theory of operation. The table sees one input at a time and knows nothing of octets, boxes, users or
games: whoever drives it has already classified what happened. It is entered when the WebSocket is
open. A message that is a violation is VIOLATION and nothing else. Any other is KEY or NO_KEY in
AWAITING_KEY, LOGIN in AWAITING_LOGIN, and REQUEST later on; what becomes of it follows as a second
input once it is known, which may take time: ADMITTED or NOT_ADMITTED for a login, and one from
ANSWERED to GAME_DISMISSED for a request. Between the two nothing more is read (PGN-LIM-003) and no
time limit runs, but DELETION, DESTROYED and LOST can come. SHUTDOWN comes when no response is owed.

An action that answers sends one response. Every action that ends the connection first takes the
user out of their game and frees their name (PGN-CON-004), and deletes a user whose deletion was
requested (PGN-ADM-009). What may live here: the table and the enumerations it is made of.
"""

from __future__ import annotations

from enum import Enum, unique

from wirebook.spec.states import Illegal, StateTable, Transition


@unique
class ServerState(Enum):
    """How far a connection has come, on the server."""

    AWAITING_KEY = "awaiting key"
    AWAITING_LOGIN = "awaiting login"
    CHECKING = "checking login"
    LOBBY = "in the lobby"
    GAME = "in a game"
    DELETED = "being deleted"
    CLOSED = "closed"


@unique
class ServerInput(Enum):
    """What can happen to it."""

    KEY = "first request, usable key"
    NO_KEY = "first request, no usable key"
    LOGIN = "second request"
    ADMITTED = "login passes all checks"
    NOT_ADMITTED = "login has a reason against it"
    REQUEST = "later request"
    ANSWERED = "request is carried out by the server"
    REFUSED = "request is refused"
    FAILED = "game or handling of the request fails"
    ENTERED = "request takes the user into a game"
    LEFT = "request takes the user out of the game"
    GAME_ANSWERED = "game answers"
    GAME_DISMISSED = "game answers with `disconnecting` true"
    DELETION = "deletion of the user is requested"
    DESTROYED = "the user's game is destroyed"
    VIOLATION = "violation"
    TIMEOUT = "time limit without a request"
    SHUTDOWN = "the server is shut down"
    TOO_MANY = "too many connections"
    LOST = "connection ends"


@unique
class ServerAction(Enum):
    """What the server does about it."""

    NOTHING = "nothing"
    OFFER_KEY = "answer with the own key, in clear"
    REFUSE_KEY = "answer with status 1 and `disconnecting`, in clear; close 1000"
    CHECK = "check the login"
    ADMIT = "give the user the name; answer with status 0"
    NOT_ADMIT = "answer with status 1 and `disconnecting`; close 1000"
    HANDLE = "handle the request"
    ANSWER = "answer with status 0"
    REFUSE = "answer with status 2"
    ENTER = "take the user into the game; answer with `heartbeat_rate`"
    LEAVE = "take the user out of the game; answer with status 0"
    FORWARD = "send what the game answers"
    DISMISS = "take the user out of the game; send what the game answers, `disconnecting` false"
    DISMISS_USER = "answer with `disconnecting`; close 1000"
    REMEMBER = "delete the user when the connection ends"
    TAKE_OUT = "take the user out of the game"
    CLOSE_VIOLATION = "close with the code of the rule"
    CLOSE_SILENT = "close 1008"
    CLOSE_SHUTDOWN = "close 1001"
    CLOSE_TOO_MANY = "close 1013"
    RELEASE = "free the name, leave the game"


_S, _I, _A = ServerState, ServerInput, ServerAction
_Row = Transition[ServerState, ServerAction] | Illegal
_Ins = tuple[ServerInput, ...]

_OPENING = (_I.KEY, _I.NO_KEY, _I.LOGIN, _I.ADMITTED, _I.NOT_ADMITTED)
_OUTCOMES = (
    _I.ANSWERED,
    _I.REFUSED,
    _I.FAILED,
    _I.ENTERED,
    _I.LEFT,
    _I.GAME_ANSWERED,
    _I.GAME_DISMISSED,
)
_OF_A_USER = (_I.REQUEST, *_OUTCOMES, _I.DELETION, _I.DESTROYED)

_NO_USER = "nobody is logged in"
_OVER = "the opening is over"


def _go(
    action: ServerAction, to: ServerState, *cited: str
) -> Transition[ServerState, ServerAction]:
    return Transition(action, to, tuple(f"PGN-{short}" for short in cited))


def _never(reason: str, *inputs: ServerInput) -> dict[ServerInput, _Row]:
    return {given: Illegal(reason) for given in inputs}


_ENDS: dict[ServerInput, _Row] = {
    _I.VIOLATION: _go(_A.CLOSE_VIOLATION, _S.CLOSED, "ERR-001", "ERR-003", "CON-004"),
    _I.SHUTDOWN: _go(_A.CLOSE_SHUTDOWN, _S.CLOSED, "CON-005"),
    _I.LOST: _go(_A.RELEASE, _S.CLOSED, "CON-004"),
}
"""What ends a connection in every state."""

_SILENT_IN_OPENING = _go(_A.CLOSE_SILENT, _S.CLOSED, "CON-002")
_SILENT_USER = _go(_A.CLOSE_SILENT, _S.CLOSED, "CON-003", "CON-004")
_COUNTED = _never("it was counted when it began", _I.TOO_MANY)

_BY_STATE: dict[ServerState, dict[ServerInput, _Row]] = {
    _S.AWAITING_KEY: {
        _I.KEY: _go(_A.OFFER_KEY, _S.AWAITING_LOGIN, "CON-001", "KEY-002"),
        _I.NO_KEY: _go(_A.REFUSE_KEY, _S.CLOSED, "KEY-003", "RSP-005"),
        **_never("it is the first request", _I.LOGIN),
        **_never(_NO_USER, _I.ADMITTED, _I.NOT_ADMITTED, *_OF_A_USER),
        _I.TIMEOUT: _SILENT_IN_OPENING,
        _I.TOO_MANY: _go(_A.CLOSE_TOO_MANY, _S.CLOSED, "LIM-001"),
        **_ENDS,
    },
    _S.AWAITING_LOGIN: {
        **_never("it is the second request", _I.KEY, _I.NO_KEY),
        _I.LOGIN: _go(_A.CHECK, _S.CHECKING, "CON-001", "OPN-002", "OPN-005"),
        **_never("no login has come", _I.ADMITTED, _I.NOT_ADMITTED),
        **_never(_NO_USER, *_OF_A_USER),
        _I.TIMEOUT: _SILENT_IN_OPENING,
        **_COUNTED,
        **_ENDS,
    },
    _S.CHECKING: {
        **_never("nothing is read meanwhile", _I.KEY, _I.NO_KEY, _I.LOGIN),
        _I.ADMITTED: _go(_A.ADMIT, _S.LOBBY, "OPN-003", "OPN-008", "USR-001", "RSP-004"),
        _I.NOT_ADMITTED: _go(_A.NOT_ADMIT, _S.CLOSED, "OPN-004", "OPN-007", "RSP-005"),
        **_never("nobody is logged in yet", *_OF_A_USER),
        **_never("the time that the server takes does not count", _I.TIMEOUT),
        **_COUNTED,
        **_ENDS,
        **_never("the login is answered first", _I.SHUTDOWN),
    },
    _S.LOBBY: {
        **_never(_OVER, *_OPENING),
        _I.REQUEST: _go(_A.HANDLE, _S.LOBBY, "LIM-003"),
        _I.ANSWERED: _go(_A.ANSWER, _S.LOBBY, "RSP-001", "HLP-001", "LOB-001"),
        _I.REFUSED: _go(_A.REFUSE, _S.LOBBY, "ARG-001", "ARG-002", "ADM-001", "LOB-010", "GAM-002"),
        _I.FAILED: _go(_A.REFUSE, _S.LOBBY, "GAM-003"),
        _I.ENTERED: _go(_A.ENTER, _S.GAME, "LOB-005", "LOB-006", "LOB-008", "LOB-009"),
        **_never("the user is in no game", _I.LEFT, _I.GAME_ANSWERED, _I.GAME_DISMISSED),
        _I.DELETION: _go(_A.REMEMBER, _S.DELETED, "ADM-009"),
        **_never("the user is in no game", _I.DESTROYED),
        _I.TIMEOUT: _SILENT_USER,
        **_COUNTED,
        **_ENDS,
    },
    _S.GAME: {
        **_never(_OVER, *_OPENING),
        _I.REQUEST: _go(_A.HANDLE, _S.GAME, "LIM-003"),
        _I.ANSWERED: _go(_A.ANSWER, _S.GAME, "RSP-001", "HLP-001", "LOB-001"),
        _I.REFUSED: _go(_A.REFUSE, _S.GAME, "ARG-001", "ARG-002", "ADM-001", "LOB-003"),
        _I.FAILED: _go(_A.REFUSE, _S.GAME, "GAM-003", "GAM-005"),
        **_never("the user is in a game", _I.ENTERED),
        _I.LEFT: _go(_A.LEAVE, _S.LOBBY, "LOB-010", "LOB-011", "LOB-012"),
        _I.GAME_ANSWERED: _go(_A.FORWARD, _S.GAME, "GAM-001", "HBT-004"),
        _I.GAME_DISMISSED: _go(_A.DISMISS, _S.LOBBY, "GAM-004"),
        _I.DELETION: _go(_A.REMEMBER, _S.DELETED, "ADM-009"),
        _I.DESTROYED: _go(_A.TAKE_OUT, _S.LOBBY, "ADM-011"),
        _I.TIMEOUT: _SILENT_USER,
        **_COUNTED,
        **_ENDS,
    },
    _S.DELETED: {
        **_never(_OVER, *_OPENING),
        _I.REQUEST: _go(_A.DISMISS_USER, _S.CLOSED, "ADM-009", "RSP-005"),
        _I.ANSWERED: _go(_A.ANSWER, _S.DELETED, "RSP-001"),
        _I.REFUSED: _go(_A.REFUSE, _S.DELETED, "RSP-001"),
        _I.FAILED: _go(_A.REFUSE, _S.DELETED, "GAM-003"),
        _I.ENTERED: _go(_A.ENTER, _S.DELETED, "LOB-009"),
        _I.LEFT: _go(_A.LEAVE, _S.DELETED, "LOB-010"),
        _I.GAME_ANSWERED: _go(_A.FORWARD, _S.DELETED, "GAM-001"),
        _I.GAME_DISMISSED: _go(_A.DISMISS, _S.DELETED, "GAM-004"),
        _I.DELETION: _go(_A.NOTHING, _S.DELETED, "ADM-009"),
        _I.DESTROYED: _go(_A.TAKE_OUT, _S.DELETED, "ADM-011"),
        _I.TIMEOUT: _SILENT_USER,
        **_COUNTED,
        **_ENDS,
    },
    _S.CLOSED: {
        **{given: _go(_A.NOTHING, _S.CLOSED) for given in ServerInput},
        **_never("nothing is read any more", _I.KEY, _I.NO_KEY, _I.LOGIN, _I.REQUEST),
        **_never(_NO_USER, _I.DELETION, _I.DESTROYED),
        **_never("no time limit runs", _I.TIMEOUT),
        **_COUNTED,
    },
}

SERVER_CONNECTION: StateTable[ServerState, ServerInput, ServerAction] = StateTable(
    name="server-connection",
    title="A connection of a server",
    states=ServerState,
    inputs=ServerInput,
    initial=ServerState.AWAITING_KEY,
    rows={
        (state, given): _BY_STATE[state][given] for state in ServerState for given in ServerInput
    },
)
