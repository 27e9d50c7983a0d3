"""The state table of PacketMQ, which the reference runs on and the book's figure is made from.

Theory of operation. The table sees one input at a time and knows nothing of octets, clocks or
registries: whoever drives it has already classified what happened. A frame is exactly one input:
FRAMING or MALFORMED if it breaks a rule, and else what its id and its contents make of it; those of
a packet that its state ignores or drops are not looked into, so that any input of its kind will do.
Both sides run the same table, each for itself, from the moment when the TCP connection is made.

The next state holds once the action is done. An action that tells the application does so first:
what the application sends from its callback is an input, SEND, of the state before.
What may live here: the table, the enumerations it is made of, and the numbers and names that the
book fixes for packets, timers and reasons.
"""

from __future__ import annotations

from enum import Enum, StrEnum, unique

from wirebook.spec.states import Illegal, StateTable, Transition

VERSION = 1
"""The version of the protocol that the book describes."""

HANDSHAKE_DEADLINE = 5.0
"""Seconds after which a connection that is not active and confirmed is left (PMQ-HSK-012)."""
FAREWELL_PERIOD = 5.0
"""Seconds that the peer has for closing after a softquit was sent (PMQ-SFQ-003)."""

HANDSHAKE_INIT = 0
SOFTQUIT = 1
HANDSHAKE_PUBIDS = 2
HANDSHAKE_FINISH = 3
INTERNAL = {
    "packetmq:handshake_init": HANDSHAKE_INIT,
    "packetmq:softquit": SOFTQUIT,
    "packetmq:handshake_pubids": HANDSHAKE_PUBIDS,
    "packetmq:handshake_finish": HANDSHAKE_FINISH,
}
"""The internal packets by name, in the order of their ids (PMQ-PID-002)."""
APPLICATION_LEAST = 16
"""The least id of an application packet; all ids below are internal."""
ID_MOST = 65_535
"""The greatest packet id."""


@unique
class Reason(StrEnum):
    """The reasons of the protocol itself; applications may have others."""

    UNKNOWN = "reason.unknown"
    GENERIC = "reason.generic"
    VERSION_MISMATCH = "reason.versionmismatch"
    SAME_POLICY = "reason.sameadaptivepolicy"
    OTHER_NAMES = "reason.nonequalpackets"
    FRAMING = "reason.framing"
    MALFORMED = "reason.malformed"
    UNKNOWN_PACKET = "reason.unknownpacket"
    TIMEOUT = "reason.timeout"
    TOO_MANY = "reason.toomany"
    OVERFLOW = "reason.overflow"


@unique
class State(Enum):
    """The state of one side of a connection."""

    CONN_MADE = "connMade"
    IDCHECK = "idcheck"
    ACTIVE = "active, unconfirmed"
    CONFIRMED = "active, confirmed"
    SOFTQUITTED = "softquitted"
    CLOSED = "closed"


@unique
class Input(Enum):
    """What can happen to a connection."""

    MADE = "the TCP connection is made"
    TOO_MANY = "it is beyond the limit of connections"
    INIT_SAME = "handshake_init, own version"
    INIT_OTHER = "handshake_init, another version"
    PUBIDS_SAME_POLICY = "handshake_pubids, same policy"
    PUBIDS_ADAPTIVE = "handshake_pubids of an adaptive peer"
    PUBIDS_UNUSABLE = "handshake_pubids with ids that cannot be taken over"
    PUBIDS_OTHER_NAMES = "handshake_pubids with other names"
    PUBIDS_EQUAL_NAMES = "handshake_pubids with the same names"
    FINISH = "handshake_finish"
    SOFTQUIT = "softquit"
    RESERVED = "internal packet, id 4 to 15"
    PACKET_KNOWN = "application packet, known id"
    PACKET_UNKNOWN = "application packet, unknown id"
    FRAMING = "length above 99 999 or below 2"
    MALFORMED = "malformed payload"
    END = "end of the peer's stream"
    RESET = "reset"
    SEND = "the application sends a packet"
    LEAVE = "the application takes leave"
    OVERFLOW = "too much waits to be sent"
    DEADLINE = "5.0 s since it was made"
    FAREWELL_OVER = "5.0 s since the softquit"


@unique
class Action(Enum):
    """What the side does about it; where it tells the application, that the connection is lost."""

    SEND_INIT = "send `handshake_init`"
    SEND_PUBIDS = "send `handshake_pubids`"
    SEND_FINISH = "send `handshake_finish`"
    ADOPT = "take over the ids, send `handshake_finish`"
    CONFIRM = "tell the application that the connection is made"
    HANDLE = "handle the packet"
    SEND = "send the packet"
    REFUSE = "refuse it to the caller"
    IGNORE = "ignore it"
    DROP = "drop it unread"
    LEAVE = "tell the application, send a softquit with its reason"
    LEAVE_VERSION = "tell the application, send softquit `reason.versionmismatch`"
    LEAVE_POLICY = "tell the application, send softquit `reason.sameadaptivepolicy`"
    LEAVE_NAMES = "tell the application, send softquit `reason.nonequalpackets`"
    LEAVE_FRAMING = "tell the application, send softquit `reason.framing`"
    LEAVE_MALFORMED = "tell the application, send softquit `reason.malformed`"
    LEAVE_UNKNOWN_PACKET = "tell the application, send softquit `reason.unknownpacket`"
    LEAVE_TIMEOUT = "tell the application, send softquit `reason.timeout`"
    LEAVE_TOO_MANY = "tell the application, send softquit `reason.toomany`"
    FLUSH = "tell the application, send what waits, close"
    ABORT = "tell the application, abort"
    LOSE = "tell the application"
    CLOSE = "close"


REASONS = {
    Action.LEAVE_VERSION: Reason.VERSION_MISMATCH,
    Action.LEAVE_POLICY: Reason.SAME_POLICY,
    Action.LEAVE_NAMES: Reason.OTHER_NAMES,
    Action.LEAVE_FRAMING: Reason.FRAMING,
    Action.LEAVE_MALFORMED: Reason.MALFORMED,
    Action.LEAVE_UNKNOWN_PACKET: Reason.UNKNOWN_PACKET,
    Action.LEAVE_TIMEOUT: Reason.TIMEOUT,
    Action.LEAVE_TOO_MANY: Reason.TOO_MANY,
    Action.ABORT: Reason.OVERFLOW,
}
"""The reason that an action gives to the application, and in the softquit if it sends one."""

_Row = Transition[State, Action] | Illegal


def _stay(state: State, action: Action, *requirements: str) -> _Row:
    return Transition(action, state, requirements)


def _leave(action: Action, *requirements: str) -> _Row:
    return Transition(action, State.SOFTQUITTED, requirements)


def _end(action: Action, *requirements: str) -> _Row:
    return Transition(action, State.CLOSED, requirements)


_INITS = (Input.INIT_SAME, Input.INIT_OTHER)
_PUBIDS = (
    Input.PUBIDS_SAME_POLICY,
    Input.PUBIDS_ADAPTIVE,
    Input.PUBIDS_UNUSABLE,
    Input.PUBIDS_OTHER_NAMES,
    Input.PUBIDS_EQUAL_NAMES,
)
_PACKETS = (Input.PACKET_KNOWN, Input.PACKET_UNKNOWN)
_FROM_PEER = (
    *(*_INITS, *_PUBIDS, Input.FINISH, Input.SOFTQUIT, Input.RESERVED, *_PACKETS),
    *(Input.FRAMING, Input.MALFORMED),
)

_MADE_BEFORE = Illegal("it was made before")
_NO_DEADLINE = Illegal("the timer does not run")
_NO_FAREWELL = Illegal("no softquit was sent")
_NOTHING_SENT = Illegal("nothing is sent any more")


def _before_softquit(state: State) -> dict[Input, _Row]:
    """Return what all states have in common in which no softquit was sent yet."""
    return {
        Input.MADE: _MADE_BEFORE,
        Input.TOO_MANY: _MADE_BEFORE,
        **dict.fromkeys(
            (*_INITS, *_PUBIDS, Input.FINISH), _stay(state, Action.IGNORE, "PMQ-HSK-009")
        ),
        Input.SOFTQUIT: _end(
            Action.FLUSH, "PMQ-SFQ-005", "PMQ-SFQ-006", "PMQ-LST-001", "PMQ-INT-005"
        ),
        Input.RESERVED: _stay(state, Action.IGNORE, "PMQ-EXC-003"),
        **dict.fromkeys(_PACKETS, _stay(state, Action.DROP, "PMQ-HSK-010")),
        Input.FRAMING: _leave(
            Action.LEAVE_FRAMING, "PMQ-FRM-005", "PMQ-FRM-006", "PMQ-ERR-002", "PMQ-ERR-004"
        ),
        Input.MALFORMED: _leave(
            Action.LEAVE_MALFORMED, "PMQ-ERR-002", "PMQ-ERR-003", "PMQ-ERR-004"
        ),
        Input.END: _end(Action.FLUSH, "PMQ-LST-003", "PMQ-LST-001"),
        Input.RESET: _end(Action.LOSE, "PMQ-LST-004", "PMQ-LST-001"),
        Input.SEND: _stay(state, Action.REFUSE, "PMQ-EXC-005"),
        Input.LEAVE: _leave(Action.LEAVE, "PMQ-LST-001", "PMQ-LST-005"),
        Input.OVERFLOW: _end(Action.ABORT, "PMQ-LIM-003", "PMQ-LST-001"),
        Input.DEADLINE: _leave(Action.LEAVE_TIMEOUT, "PMQ-HSK-012"),
        Input.FAREWELL_OVER: _NO_FAREWELL,
    }


def _active(state: State) -> dict[Input, _Row]:
    """Return what both active states have in common."""
    return {
        **_before_softquit(state),
        Input.PACKET_KNOWN: _stay(state, Action.HANDLE, "PMQ-EXC-001"),
        Input.PACKET_UNKNOWN: _leave(Action.LEAVE_UNKNOWN_PACKET, "PMQ-EXC-002", "PMQ-ERR-002"),
        Input.SEND: _stay(state, Action.SEND),
    }


_ROWS: dict[State, dict[Input, _Row]] = {
    State.CONN_MADE: {
        **_before_softquit(State.CONN_MADE),
        Input.MADE: _stay(State.CONN_MADE, Action.SEND_INIT, "PMQ-HSK-001"),
        Input.TOO_MANY: _leave(Action.LEAVE_TOO_MANY, "PMQ-LIM-001"),
        Input.INIT_SAME: Transition(Action.SEND_PUBIDS, State.IDCHECK, ("PMQ-HSK-002",)),
        Input.INIT_OTHER: _leave(Action.LEAVE_VERSION, "PMQ-HSK-003", "PMQ-ERR-002"),
    },
    State.IDCHECK: {
        **_before_softquit(State.IDCHECK),
        Input.PUBIDS_SAME_POLICY: _leave(Action.LEAVE_POLICY, "PMQ-HSK-004", "PMQ-HSK-007"),
        Input.PUBIDS_ADAPTIVE: Transition(Action.SEND_FINISH, State.ACTIVE, ("PMQ-HSK-005",)),
        Input.PUBIDS_UNUSABLE: _leave(Action.LEAVE_MALFORMED, "PMQ-IDS-002", "PMQ-HSK-007"),
        Input.PUBIDS_OTHER_NAMES: _leave(Action.LEAVE_NAMES, "PMQ-HSK-006", "PMQ-HSK-007"),
        Input.PUBIDS_EQUAL_NAMES: Transition(
            Action.ADOPT, State.ACTIVE, ("PMQ-HSK-008", "PMQ-IDS-001")
        ),
    },
    State.ACTIVE: {
        **_active(State.ACTIVE),
        Input.FINISH: Transition(Action.CONFIRM, State.CONFIRMED, ("PMQ-HSK-011",)),
    },
    State.CONFIRMED: {
        **_active(State.CONFIRMED),
        Input.FINISH: _stay(State.CONFIRMED, Action.IGNORE, "PMQ-HSK-009", "PMQ-HSK-011"),
        Input.DEADLINE: _NO_DEADLINE,
    },
    State.SOFTQUITTED: {
        Input.MADE: _MADE_BEFORE,
        Input.TOO_MANY: _MADE_BEFORE,
        **dict.fromkeys(_FROM_PEER, _stay(State.SOFTQUITTED, Action.DROP, "PMQ-SFQ-002")),
        Input.END: _end(Action.CLOSE, "PMQ-SFQ-003", "PMQ-SFQ-004"),
        Input.RESET: _end(Action.CLOSE, "PMQ-LST-004"),
        Input.SEND: _stay(State.SOFTQUITTED, Action.REFUSE, "PMQ-SFQ-001"),
        Input.LEAVE: _stay(State.SOFTQUITTED, Action.IGNORE, "PMQ-SFQ-001"),
        Input.OVERFLOW: _NOTHING_SENT,
        Input.DEADLINE: _NO_DEADLINE,
        Input.FAREWELL_OVER: _end(Action.CLOSE, "PMQ-SFQ-003"),
    },
    State.CLOSED: {
        Input.MADE: _MADE_BEFORE,
        Input.TOO_MANY: _MADE_BEFORE,
        **dict.fromkeys(_FROM_PEER, _stay(State.CLOSED, Action.DROP)),
        Input.END: _stay(State.CLOSED, Action.IGNORE),
        Input.RESET: _stay(State.CLOSED, Action.IGNORE),
        Input.SEND: _stay(State.CLOSED, Action.REFUSE),
        Input.LEAVE: _stay(State.CLOSED, Action.IGNORE),
        Input.OVERFLOW: _NOTHING_SENT,
        Input.DEADLINE: _NO_DEADLINE,
        Input.FAREWELL_OVER: _NO_FAREWELL,
    },
}

HANDSHAKE: StateTable[State, Input, Action] = StateTable(
    name="handshake",
    title="One side of a connection",
    states=State,
    inputs=Input,
    initial=State.CONN_MADE,
    rows={(state, given): _ROWS[state][given] for state in State for given in Input},
)

TABLES = {HANDSHAKE.name: HANDSHAKE}
"""The tables of the book by the names that its prose uses."""
