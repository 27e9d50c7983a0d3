"""One side of a connection, stepped through the book's table.

Theory of operation. Whoever runs it feeds octets, the end of the stream and the time, and calls
`advance` while `has_work`: each call deals with one packet at most, so that its owner decides how
long one peer keeps the others waiting, and so that whatever the application does about a packet
comes before the next one. When a connection ends, the application is told first; the call of
`advance` after that takes the leave. What may live here: what both sides do, which is the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from wirebook.reference.packetmq.codec import FrameReader, frame, unpack, unpack_internal
from wirebook.reference.packetmq.core import ids
from wirebook.reference.packetmq.core.happenings import (
    Carrier,
    Happening,
    Lost,
    Made,
    PacketReceived,
)
from wirebook.reference.packetmq.core.internal import (
    FINISH,
    INIT,
    build_pubids,
    build_softquit,
    read_pubids,
    read_reason,
    read_version,
)
from wirebook.reference.packetmq.core.limits import Limits
from wirebook.reference.packetmq.errors import Malformed, NotActive
from wirebook.spec.packetmq.states import (
    APPLICATION_LEAST,
    FAREWELL_PERIOD,
    HANDSHAKE,
    HANDSHAKE_DEADLINE,
    HANDSHAKE_FINISH,
    HANDSHAKE_INIT,
    HANDSHAKE_PUBIDS,
    REASONS,
    SOFTQUIT,
    VERSION,
    Action,
    Input,
    State,
)
from wirebook.spec.states import Transition

_ENDED: Final = (State.SOFTQUITTED, State.CLOSED)


# Packets are sent and received more often than anything else, and do not change the state: the
# table is asked once.
_SENDING: Final = tuple(
    state for state in State if HANDSHAKE.step(state, Input.SEND).action is Action.SEND
)
_HANDLING: Final = tuple(
    state for state in State if HANDSHAKE.step(state, Input.PACKET_KNOWN).action is Action.HANDLE
)


class Connection:
    """A connection with one peer.

    `registered` has the names and ids of the own registry, without the internal packets, and
    `adaptive` tells whether the peer's ids are taken over. Raises PacketTooLarge if there are more
    names than a frame can tell.
    """

    def __init__(
        self, registered: Mapping[str, int], *, adaptive: bool, limits: Limits | None = None
    ) -> None:
        self.state: State = HANDSHAKE.initial
        self.adaptive = adaptive
        self.ids = ids.Ids(registered)
        """The ids in use: the own ones, or those taken over from the peer."""
        self.offered: tuple[bool, dict[str, int]] | None = None
        """Whether the peer adapts, and its id map, once it has told."""
        self.carrier = Carrier.OPEN
        self._limits = limits or Limits()
        self._pubids = build_pubids(adaptive, self.ids.with_internal())
        self._reader = FrameReader()
        self._packets: deque[tuple[int, bytes]] = deque()
        self._violation = False
        self._at_end = False
        self._happenings: deque[Happening] = deque()
        self._out: list[bytes] = []
        self._waiting = 0
        self._made = False
        self._told = False
        self._ending: Transition[State, Action] | None = None
        """How the connection ends once the application has been told."""
        self._softquit = b""
        self._due: float | None = None

    @property
    def is_ending(self) -> bool:
        """Whether the application has been told that the connection is lost, or is about to be."""
        return self._told

    @property
    def waiting(self) -> int:
        """How many octets wait to be handed over by `data_to_send`."""
        return self._waiting

    @property
    def kept(self) -> int:
        """How many octets of the peer's stream are kept for a frame that is not complete."""
        return self._reader.kept

    def made(self, now: float, *, too_many: bool = False) -> None:
        """Begin, now that the TCP connection is made; or refuse it if there are too many."""
        if self._made:
            return
        self._made = True
        self._due = now + HANDSHAKE_DEADLINE
        self._step(Input.TOO_MANY if too_many else Input.MADE)

    def receive_data(self, data: bytes) -> None:
        """Take octets of the peer."""
        if self._told or self._violation:
            return  # PMQ-SFQ-002, PMQ-ERR-004
        packets, violation = self._reader.feed(data)
        self._packets.extend(packets)
        self._violation = violation is not None

    def receive_end(self) -> None:
        """Take the end of the peer's stream."""
        self._at_end = True

    def reset(self) -> None:
        """Take it that the TCP connection is gone, or was never made."""
        self._drop_input()
        self._drop_output()
        self._step(Input.RESET)
        self._ending = None
        self.state = State.CLOSED
        self.carrier = Carrier.ABORT
        self._due = None

    def send(self, packet_id: int, payload: bytes) -> None:
        """Send a packet of the application; raise NotActive if there is nobody to send it to."""
        framed = frame(packet_id, payload)
        if self.state not in _SENDING or self.carrier is not Carrier.OPEN:
            raise NotActive(f"the connection is {self.state.value}", requirement="PMQ-EXC-005")
        self._put(framed)
        self.note_backlog(0)

    def note_backlog(self, octets: int) -> None:
        """Take how many octets were handed over and still wait to be sent (PMQ-LIM-003)."""
        if self._waiting + octets > self._limits.octets_to_send and self.state not in _ENDED:
            self._step(Input.OVERFLOW)

    def leave(self, reason: str) -> None:
        """Take leave of the peer; once the connection ends, it does so for the first reason."""
        if self._told:
            return
        softquit = build_softquit(reason)
        if not self._made:
            self._tell(reason)
            self.reset()
            return
        self._softquit = softquit
        self._step(Input.LEAVE, reason)

    @property
    def has_work(self) -> bool:
        """Whether there is something for `advance` to do."""
        return bool(
            self._happenings
            or self._ending is not None
            or self._packets
            or (not self._told and (self._violation or self._at_end))
            or (self._at_end and self.carrier is Carrier.FAREWELL)
        )

    def advance(self, now: float) -> Happening | None:
        """Do the next thing; return what the application has to know of it, if anything."""
        if not self._happenings:
            if self._ending is not None:
                self._end(self._ending, now)
            elif self._packets:
                self._take(*self._packets.popleft())
            elif self._violation and not self._told:
                self._step(Input.FRAMING)
            elif self._at_end:
                self._step(Input.END)
                if self.carrier is Carrier.FAREWELL:
                    self.carrier = Carrier.CLOSE
        return self._happenings.popleft() if self._happenings else None

    def data_to_send(self) -> bytes:
        """Hand over the octets that wait to be sent."""
        data = b"".join(self._out)
        self._drop_output()
        return data

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        return self._due

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        if self._due is None or now < self._due or self._ending is not None:
            return
        if self.state is State.CLOSED:
            self.carrier = Carrier.ABORT  # it would not take what it was to get
            self._due = None
        elif self.state is State.SOFTQUITTED:
            self._step(Input.FAREWELL_OVER)  # PMQ-SFQ-003
            self.carrier = Carrier.ABORT
            self._due = None
        else:
            self._due = None
            self._step(Input.DEADLINE)  # PMQ-HSK-012

    def _take(self, packet_id: int, payload: bytes) -> None:
        """Take a packet: its state and id first, then its payload, then what that contains."""
        try:
            if packet_id >= APPLICATION_LEAST:
                self._take_application_packet(packet_id, payload)
            elif packet_id == HANDSHAKE_INIT:
                same = read_version(payload) == VERSION
                self._step(Input.INIT_SAME if same else Input.INIT_OTHER)
            elif packet_id == HANDSHAKE_PUBIDS:
                self._take_pubids(payload)
            elif packet_id == HANDSHAKE_FINISH:
                unpack_internal(payload)  # PMQ-INT-010
                self._step(Input.FINISH)
            elif packet_id == SOFTQUIT:
                self._step(Input.SOFTQUIT, read_reason(payload))
            else:
                self._step(Input.RESERVED)  # PMQ-EXC-003
        except Malformed:
            self._step(Input.MALFORMED)

    def _take_application_packet(self, packet_id: int, payload: bytes) -> None:
        name = self.ids.by_id.get(packet_id)
        if name is None:
            self._step(Input.PACKET_UNKNOWN)
        elif self.state not in _HANDLING:
            self._step(Input.PACKET_KNOWN)  # PMQ-HSK-010: the payload is not read
        else:
            value = unpack(payload)
            self._happenings.append(PacketReceived(packet_id, name, value, payload))

    def _take_pubids(self, payload: bytes) -> None:
        self.offered = adaptive, id_map = read_pubids(payload)
        if adaptive is self.adaptive:
            given = Input.PUBIDS_SAME_POLICY
        elif adaptive:
            given = Input.PUBIDS_ADAPTIVE
        elif not ids.usable(id_map):
            given = Input.PUBIDS_UNUSABLE
        elif not self.ids.has_same_names(id_map):
            given = Input.PUBIDS_OTHER_NAMES
        else:
            given = Input.PUBIDS_EQUAL_NAMES
        if self._step(given) is Action.ADOPT:
            self.ids = ids.of_application(id_map)  # PMQ-HSK-008

    def _step(self, given: Input, reason: str | None = None) -> Action:
        row = HANDSHAKE.step(self.state, given)
        match row.action:
            case Action.SEND_INIT:
                self._put(INIT)
            case Action.SEND_PUBIDS:
                self._put(self._pubids)
            case Action.SEND_FINISH | Action.ADOPT:
                self._put(FINISH)
            case Action.CONFIRM:
                self._due = None
                self._happenings.append(Made())
            case Action.LEAVE | Action.FLUSH:
                self._lose(row, reason)
                return row.action
            case Action.LOSE:
                self._tell(None)
            case Action.ABORT:
                self._drop_input()
                self._drop_output()
                self._tell(REASONS[Action.ABORT].value)
                self._ending = None
                self.carrier = Carrier.ABORT
                self._due = None
            case action if action in REASONS:
                reason = REASONS[action].value
                self._softquit = build_softquit(reason)
                self._lose(row, reason)
                return row.action
        self.state = row.next_state
        return row.action

    def _lose(self, row: Transition[State, Action], reason: str | None) -> None:
        """End the connection as the row says, after the application has been told."""
        self._drop_input()
        self._ending = row
        self._tell(reason)

    def _end(self, row: Transition[State, Action], now: float) -> None:
        """Do what was put off until the application had been told (PMQ-LST-002)."""
        self._ending = None
        self.state = row.next_state
        self._due = now + FAREWELL_PERIOD
        if row.action is not Action.FLUSH:
            self._put(self._softquit)
        # PMQ-SFQ-004, PMQ-SFQ-005: while the peer may still send, to close could mean a reset.
        self.carrier = Carrier.CLOSE if self._at_end else Carrier.FAREWELL

    def _tell(self, reason: str | None) -> None:
        if not self._told:  # PMQ-LST-001
            self._told = True
            self._happenings.append(Lost(reason))

    def _put(self, octets: bytes) -> None:
        self._out.append(octets)
        self._waiting += len(octets)

    def _drop_input(self) -> None:
        self._packets.clear()
        self._violation = False

    def _drop_output(self) -> None:
        self._out.clear()
        self._waiting = 0
