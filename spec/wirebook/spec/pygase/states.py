"""The state tables of PyGaSe, which the reference runs on and the book's figures are made from.

Theory of operation. A table sees one input at a time and knows nothing of octets, clocks or
windows: whoever drives it has already classified what happened. One datagram can be two inputs of
a server connection: first what it is to the window (NEWEST, LATE or STALE) or that it is none
(MALFORMED), and then, if it was accepted and acks a package of the server, ACK. A check of
congestion avoidance is one input, which `congestion_input` classifies. What may live here: tables,
the enumerations they are made of, the figures of the timers, and that classification.
"""

from __future__ import annotations

from enum import Enum, unique

from wirebook.spec.states import Illegal, StateTable, Transition

INTERVAL_GOOD = 1 / 40
"""Seconds between two packages while quality is good."""
INTERVAL_BAD = 1 / 20
"""Seconds between two packages while quality is bad."""
PACKAGE_TIMEOUT = 1.0
"""Seconds after which a package that is not acked is lost."""
CONNECTION_TIMEOUT = 5.0
"""Seconds without an accepted package after which a connection is disconnected."""
RESUMPTION_PERIOD = 5.0
"""Seconds after which a disconnected server connection is forgotten."""
CHECK_INTERVAL = 0.5
"""Seconds between two checks of congestion avoidance."""
LATENCY_THRESHOLD = 0.25
"""Seconds of latency above which quality is bad, and below which it is good."""
LATENCY_WEIGHT = 0.1
"""The share that a new round-trip time has in the latency."""
THROTTLE_LEAST = 1.0
"""The least throttle time in seconds, which is also the first."""
THROTTLE_MOST = 60.0
"""The greatest throttle time in seconds."""


@unique
class ClientState(Enum):
    """The connection status of a client."""

    DISCONNECTED = "Disconnected"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"


@unique
class ClientInput(Enum):
    """What can happen to a client."""

    CONNECT = "connect is called"
    ACCEPTED = "a package of the server is accepted"
    DISCARDED = "a datagram is discarded"
    TIMEOUT = "5.0 s without an accepted package"
    DISCONNECT = "disconnect is called"


@unique
class ClientAction(Enum):
    """What a client does about it."""

    NOTHING = "nothing"
    START = "begin anew and start sending"
    HANDLE = "restart the connection time-out and handle the package"
    STOP = "stop sending"


CLIENT_CONNECTION: StateTable[ClientState, ClientInput, ClientAction] = StateTable(
    name="connection-client",
    title="Connection status of a client",
    states=ClientState,
    inputs=ClientInput,
    initial=ClientState.DISCONNECTED,
    rows={
        (ClientState.DISCONNECTED, ClientInput.CONNECT): Transition(
            ClientAction.START, ClientState.CONNECTING, ("PGS-CON-001", "PGS-CON-003")
        ),
        (ClientState.DISCONNECTED, ClientInput.ACCEPTED): Illegal("there is no window to take it"),
        (ClientState.DISCONNECTED, ClientInput.DISCARDED): Transition(
            ClientAction.NOTHING, ClientState.DISCONNECTED, ("PGS-ERR-001",)
        ),
        (ClientState.DISCONNECTED, ClientInput.TIMEOUT): Illegal("the timer does not run"),
        (ClientState.DISCONNECTED, ClientInput.DISCONNECT): Transition(
            ClientAction.NOTHING, ClientState.DISCONNECTED
        ),
        (ClientState.CONNECTING, ClientInput.CONNECT): Illegal("a client disconnects first"),
        (ClientState.CONNECTING, ClientInput.ACCEPTED): Transition(
            ClientAction.HANDLE, ClientState.CONNECTED, ("PGS-CON-001", "PGS-TIM-002")
        ),
        (ClientState.CONNECTING, ClientInput.DISCARDED): Transition(
            ClientAction.NOTHING, ClientState.CONNECTING, ("PGS-CON-004", "PGS-TIM-002")
        ),
        (ClientState.CONNECTING, ClientInput.TIMEOUT): Transition(
            ClientAction.STOP, ClientState.DISCONNECTED, ("PGS-CON-002",)
        ),
        (ClientState.CONNECTING, ClientInput.DISCONNECT): Transition(
            ClientAction.STOP, ClientState.DISCONNECTED, ("PGS-CON-005",)
        ),
        (ClientState.CONNECTED, ClientInput.CONNECT): Illegal("a client disconnects first"),
        (ClientState.CONNECTED, ClientInput.ACCEPTED): Transition(
            ClientAction.HANDLE, ClientState.CONNECTED, ("PGS-CON-001", "PGS-TIM-002")
        ),
        (ClientState.CONNECTED, ClientInput.DISCARDED): Transition(
            ClientAction.NOTHING, ClientState.CONNECTED, ("PGS-CON-004", "PGS-TIM-002")
        ),
        (ClientState.CONNECTED, ClientInput.TIMEOUT): Transition(
            ClientAction.STOP, ClientState.DISCONNECTED, ("PGS-CON-002",)
        ),
        (ClientState.CONNECTED, ClientInput.DISCONNECT): Transition(
            ClientAction.STOP, ClientState.DISCONNECTED, ("PGS-CON-005",)
        ),
    },
)


@unique
class ServerState(Enum):
    """The status of one address and port on the server."""

    UNKNOWN = "unknown"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    UNVALIDATED = "Disconnected, not validated"
    DISCONNECTED = "Disconnected, validated"


@unique
class ServerInput(Enum):
    """What can happen to one address and port on the server."""

    MALFORMED = "a datagram that is not a client package"
    NEWEST = "a newest package"
    LATE = "a late package"
    STALE = "a duplicate, or a package that is too late"
    ACK = "an accepted package acks one of the server's"
    TIMEOUT = "5.0 s without an accepted package"
    FORGET = "5.0 s disconnected"
    EVICT = "given up for a new connection, at the limit"


@unique
class ServerAction(Enum):
    """What the server does about it."""

    NOTHING = "nothing"
    OPEN = "open a connection, limits permitting, and accept the package"
    ACCEPT = "accept the package"
    VALIDATE = "validate the connection"
    SUSPEND = "stop sending"
    RESUME = "resume sending and accept the package"
    REPLACE = "forget the connection, open a new one and accept the package"
    FORGET = "forget the connection"


SERVER_CONNECTION: StateTable[ServerState, ServerInput, ServerAction] = StateTable(
    name="connection-server",
    title="Connection status of a server connection",
    states=ServerState,
    inputs=ServerInput,
    initial=ServerState.UNKNOWN,
    rows={
        (ServerState.UNKNOWN, ServerInput.MALFORMED): Transition(
            ServerAction.NOTHING, ServerState.UNKNOWN, ("PGS-CON-008",)
        ),
        (ServerState.UNKNOWN, ServerInput.NEWEST): Transition(
            ServerAction.OPEN, ServerState.CONNECTING, ("PGS-CON-006", "PGS-SEQ-004")
        ),
        (ServerState.UNKNOWN, ServerInput.LATE): Illegal("a first package is newest"),
        (ServerState.UNKNOWN, ServerInput.STALE): Illegal("a first package is newest"),
        (ServerState.UNKNOWN, ServerInput.ACK): Illegal("the server has sent nothing"),
        (ServerState.UNKNOWN, ServerInput.TIMEOUT): Illegal("the timer does not run"),
        (ServerState.UNKNOWN, ServerInput.FORGET): Illegal("the timer does not run"),
        (ServerState.UNKNOWN, ServerInput.EVICT): Illegal("there is no connection"),
        (ServerState.CONNECTING, ServerInput.MALFORMED): Transition(
            ServerAction.NOTHING, ServerState.CONNECTING, ("PGS-ERR-001", "PGS-TIM-002")
        ),
        (ServerState.CONNECTING, ServerInput.NEWEST): Transition(
            ServerAction.ACCEPT, ServerState.CONNECTING, ("PGS-WIN-001", "PGS-TIM-002")
        ),
        (ServerState.CONNECTING, ServerInput.LATE): Transition(
            ServerAction.ACCEPT, ServerState.CONNECTING, ("PGS-WIN-002", "PGS-TIM-002")
        ),
        (ServerState.CONNECTING, ServerInput.STALE): Transition(
            ServerAction.NOTHING, ServerState.CONNECTING, ("PGS-WIN-003", "PGS-WIN-004")
        ),
        (ServerState.CONNECTING, ServerInput.ACK): Transition(
            ServerAction.VALIDATE, ServerState.CONNECTED, ("PGS-SEC-001", "PGS-SHD-005")
        ),
        (ServerState.CONNECTING, ServerInput.TIMEOUT): Transition(
            ServerAction.SUSPEND, ServerState.UNVALIDATED, ("PGS-CON-009",)
        ),
        (ServerState.CONNECTING, ServerInput.FORGET): Illegal("the timer does not run"),
        (ServerState.CONNECTING, ServerInput.EVICT): Transition(
            ServerAction.FORGET, ServerState.UNKNOWN, ("PGS-LIM-002",)
        ),
        (ServerState.CONNECTED, ServerInput.MALFORMED): Transition(
            ServerAction.NOTHING, ServerState.CONNECTED, ("PGS-ERR-001", "PGS-TIM-002")
        ),
        (ServerState.CONNECTED, ServerInput.NEWEST): Transition(
            ServerAction.ACCEPT, ServerState.CONNECTED, ("PGS-WIN-001", "PGS-TIM-002")
        ),
        (ServerState.CONNECTED, ServerInput.LATE): Transition(
            ServerAction.ACCEPT, ServerState.CONNECTED, ("PGS-WIN-002", "PGS-TIM-002")
        ),
        (ServerState.CONNECTED, ServerInput.STALE): Transition(
            ServerAction.NOTHING, ServerState.CONNECTED, ("PGS-WIN-003", "PGS-WIN-004")
        ),
        (ServerState.CONNECTED, ServerInput.ACK): Transition(
            ServerAction.NOTHING, ServerState.CONNECTED
        ),
        (ServerState.CONNECTED, ServerInput.TIMEOUT): Transition(
            ServerAction.SUSPEND, ServerState.DISCONNECTED, ("PGS-CON-009",)
        ),
        (ServerState.CONNECTED, ServerInput.FORGET): Illegal("the timer does not run"),
        (ServerState.CONNECTED, ServerInput.EVICT): Illegal(
            "a validated connection is never given up"
        ),
        (ServerState.UNVALIDATED, ServerInput.MALFORMED): Transition(
            ServerAction.NOTHING, ServerState.UNVALIDATED, ("PGS-CON-008",)
        ),
        (ServerState.UNVALIDATED, ServerInput.NEWEST): Transition(
            ServerAction.RESUME, ServerState.CONNECTING, ("PGS-CON-010",)
        ),
        (ServerState.UNVALIDATED, ServerInput.LATE): Transition(
            ServerAction.REPLACE, ServerState.CONNECTING, ("PGS-CON-011",)
        ),
        (ServerState.UNVALIDATED, ServerInput.STALE): Transition(
            ServerAction.REPLACE, ServerState.CONNECTING, ("PGS-CON-011",)
        ),
        (ServerState.UNVALIDATED, ServerInput.ACK): Illegal("accepting it has resumed already"),
        (ServerState.UNVALIDATED, ServerInput.TIMEOUT): Illegal("the timer does not run"),
        (ServerState.UNVALIDATED, ServerInput.FORGET): Transition(
            ServerAction.FORGET, ServerState.UNKNOWN, ("PGS-CON-012",)
        ),
        (ServerState.UNVALIDATED, ServerInput.EVICT): Transition(
            ServerAction.FORGET, ServerState.UNKNOWN, ("PGS-LIM-002",)
        ),
        (ServerState.DISCONNECTED, ServerInput.MALFORMED): Transition(
            ServerAction.NOTHING, ServerState.DISCONNECTED, ("PGS-CON-008",)
        ),
        (ServerState.DISCONNECTED, ServerInput.NEWEST): Transition(
            ServerAction.RESUME, ServerState.CONNECTED, ("PGS-CON-010",)
        ),
        (ServerState.DISCONNECTED, ServerInput.LATE): Transition(
            ServerAction.REPLACE, ServerState.CONNECTING, ("PGS-CON-011",)
        ),
        (ServerState.DISCONNECTED, ServerInput.STALE): Transition(
            ServerAction.REPLACE, ServerState.CONNECTING, ("PGS-CON-011",)
        ),
        (ServerState.DISCONNECTED, ServerInput.ACK): Illegal("accepting it has resumed already"),
        (ServerState.DISCONNECTED, ServerInput.TIMEOUT): Illegal("the timer does not run"),
        (ServerState.DISCONNECTED, ServerInput.FORGET): Transition(
            ServerAction.FORGET, ServerState.UNKNOWN, ("PGS-CON-012",)
        ),
        (ServerState.DISCONNECTED, ServerInput.EVICT): Illegal(
            "a validated connection is never given up"
        ),
    },
)


@unique
class Quality(Enum):
    """What a side thinks of its connection."""

    GOOD = "good"
    BAD = "bad"


@unique
class CongestionInput(Enum):
    """What a check finds; each check finds exactly one of these."""

    ABOVE_SOON = "latency above 0.25 s, last change less than the throttle time ago"
    ABOVE = "latency above 0.25 s, last change longer ago"
    AT_DUE = "latency 0.25 s, last milestone more than the throttle time ago"
    AT = "latency 0.25 s, last milestone more recent"
    BELOW_DUE = "latency below 0.25 s, last milestone more than the throttle time ago"
    BELOW = "latency below 0.25 s, last milestone more recent"


@unique
class CongestionAction(Enum):
    """What the side does about it."""

    NOTHING = "nothing"
    SLOW_DOWN = "interval 1/20 s"
    SLOW_DOWN_AND_DOUBLE = "interval 1/20 s; double the throttle time, up to 60 s"
    RECOVER = "this moment is the last milestone"
    SPEED_UP = (
        "interval 1/40 s; halve the throttle time, down to 1.0 s; this moment is the last milestone"
    )


CONGESTION: StateTable[Quality, CongestionInput, CongestionAction] = StateTable(
    name="congestion",
    title="Congestion avoidance",
    states=Quality,
    inputs=CongestionInput,
    initial=Quality.GOOD,
    rows={
        (Quality.GOOD, CongestionInput.ABOVE_SOON): Transition(
            CongestionAction.SLOW_DOWN_AND_DOUBLE, Quality.BAD, ("PGS-CGA-002", "PGS-CGA-003")
        ),
        (Quality.GOOD, CongestionInput.ABOVE): Transition(
            CongestionAction.SLOW_DOWN, Quality.BAD, ("PGS-CGA-002",)
        ),
        (Quality.GOOD, CongestionInput.AT_DUE): Transition(
            CongestionAction.SPEED_UP, Quality.GOOD, ("PGS-CGA-005",)
        ),
        (Quality.GOOD, CongestionInput.AT): Transition(CongestionAction.NOTHING, Quality.GOOD),
        (Quality.GOOD, CongestionInput.BELOW_DUE): Transition(
            CongestionAction.SPEED_UP, Quality.GOOD, ("PGS-CGA-005",)
        ),
        (Quality.GOOD, CongestionInput.BELOW): Transition(CongestionAction.NOTHING, Quality.GOOD),
        (Quality.BAD, CongestionInput.ABOVE_SOON): Transition(
            CongestionAction.NOTHING, Quality.BAD
        ),
        (Quality.BAD, CongestionInput.ABOVE): Transition(CongestionAction.NOTHING, Quality.BAD),
        (Quality.BAD, CongestionInput.AT_DUE): Transition(CongestionAction.NOTHING, Quality.BAD),
        (Quality.BAD, CongestionInput.AT): Transition(CongestionAction.NOTHING, Quality.BAD),
        (Quality.BAD, CongestionInput.BELOW_DUE): Transition(
            CongestionAction.RECOVER, Quality.GOOD, ("PGS-CGA-004",)
        ),
        (Quality.BAD, CongestionInput.BELOW): Transition(
            CongestionAction.RECOVER, Quality.GOOD, ("PGS-CGA-004",)
        ),
    },
)


def congestion_input(
    *, latency: float, since_change: float, since_milestone: float, throttle_time: float
) -> CongestionInput:
    """Return what a check finds; the times are in seconds."""
    if latency > LATENCY_THRESHOLD:
        soon = since_change < throttle_time
        return CongestionInput.ABOVE_SOON if soon else CongestionInput.ABOVE
    due = since_milestone > throttle_time
    if latency < LATENCY_THRESHOLD:
        return CongestionInput.BELOW_DUE if due else CongestionInput.BELOW
    return CongestionInput.AT_DUE if due else CongestionInput.AT


TABLES = {table.name: table for table in (CLIENT_CONNECTION, SERVER_CONNECTION, CONGESTION)}
"""The tables of the book by the names that its prose uses."""
