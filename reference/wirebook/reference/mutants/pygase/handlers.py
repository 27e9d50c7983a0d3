"""Mutants of handling events: in the server, in the game loop, and in a client.

What may live here: what becomes of an event from its package until its handler has returned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from inspect import isawaitable
from typing import Any
from weakref import WeakSet

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pygase import machine
from wirebook.reference.pygase.codec import WireEvent
from wirebook.reference.pygase.connection import Connection, ServerConnection
from wirebook.reference.pygase.core.happenings import EventReceived, Happening
from wirebook.reference.pygase.core.peer import Fields, Peer
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.machine import GameStateMachine
from wirebook.reference.pygase.serial import Serial


def _hand_over(choose: Callable[[Any], Any]) -> None:
    """Hand over what is chosen of the events of each package."""

    @override(Peer, "_hand_over")
    def _hand_over(original: Callable[..., None], peer: Peer, fields: Fields) -> None:
        original(peer, fields._replace(events=choose(fields.events)))


@mutant(
    "PGS-M240",
    "PGS-EVT-020",
    "A server handles the events of a package from the last to the first.",
    role="server",
)
def last_event_first_in_a_server() -> None:
    """Turn their order round."""
    _hand_over(lambda events: events[::-1])


@mutant(
    "PGS-M241",
    "PGS-EVT-020",
    "A client handles the events of a package from the last to the first.",
    role="client",
)
def last_event_first_in_a_client() -> None:
    """Turn their order round."""
    _hand_over(lambda events: events[::-1])


@mutant(
    "PGS-M242", "PGS-EVT-020", "A server handles only the first event of a package.", role="server"
)
def first_event_only() -> None:
    """Leave out the others."""
    _hand_over(lambda events: events[:1])


@mutant("PGS-M243", "PGS-EVT-020", "A client gives handlers no keyword arguments.", role="client")
def no_keywords_for_handlers() -> None:
    """Leave them out of each event."""

    @override(Event, "from_wire")
    def from_wire(original: Callable[..., Event], cls: type[Event], fields: WireEvent) -> Event:
        return original(cls, fields._replace(kwargs={}))


@mutant("PGS-M244", "PGS-EVT-020", "A server hands each event to its handler twice.", role="server")
def handled_twice() -> None:
    """Repeat the events of each package."""
    _hand_over(lambda events: [event for event in events for _ in range(2)])


@mutant(
    "PGS-M253",
    "PGS-EVT-020",
    "A receiver does not wait for the handler of an event before it hands over the next one.",
)
def all_at_once() -> None:
    """Let coroutines run by themselves."""
    running: set[Any] = set()

    @override(Serial, "submit")
    def submit(
        original: Callable[..., None],
        serial: Serial,
        what: str,
        function: Callable[[], Any],
        *done: Callable[[], None],
    ) -> None:
        def begin() -> None:
            result = function()
            if isawaitable(result):
                running.add(asyncio.ensure_future(result))

        original(serial, what, begin, *done)


@mutant(
    "PGS-M245",
    "PGS-EVT-021",
    "A receiver drops the event after one that no handler is registered for, too.",
)
def drops_one_more() -> None:
    """Skip whatever comes next on the connection."""
    skipping: WeakSet[Connection] = WeakSet()

    def known(connection: Connection, event_type: str) -> bool:
        handlers = [connection.event_handler]
        if isinstance(connection.event_wire, GameStateMachine):
            handlers.append(connection.event_wire._handlers)
        return any(one.has_event_type(event_type) for one in handlers)

    @override(Connection, "take")
    def take(original: Callable[..., None], connection: Connection, happening: Happening) -> None:
        if isinstance(happening, EventReceived):
            if connection in skipping:
                skipping.discard(connection)
                connection._handled()
                return
            if not known(connection, happening.event.type):
                skipping.add(connection)
        original(connection, happening)


@mutant(
    "PGS-M246",
    "PGS-EVT-022",
    "A server believes a client that says it is somebody else.",
    role="server",
)
def believes_the_client() -> None:
    """Fill in the address only where there is none."""

    @override(ServerConnection, "_handle")
    def _handle(_: Callable[..., Any], connection: ServerConnection, event: Event) -> Any:
        event.handler_kwargs.setdefault("client_address", connection.remote_address)
        return Connection._handle(connection, event)


@mutant(
    "PGS-M247",
    "PGS-EVT-022",
    "A server tells the handlers of the first client's address in place of each client's own.",
    role="server",
)
def first_address() -> None:
    """Remember the first address for all."""
    first: list[Any] = []

    @override(ServerConnection, "_handle")
    def _handle(_: Callable[..., Any], connection: ServerConnection, event: Event) -> Any:
        first.append(connection.remote_address)
        event.handler_kwargs["client_address"] = first[0]
        return Connection._handle(connection, event)


@mutant(
    "PGS-M248", "PGS-EVT-023", "After a handler has failed, its connection handles no more events."
)
def deaf_after_a_failure() -> None:
    """Close the line of calls in which one has failed."""
    closed: WeakSet[Serial] = WeakSet()

    @override(Serial, "submit")
    def submit(
        original: Callable[..., None],
        serial: Serial,
        what: str,
        function: Callable[[], Any],
        *done: Callable[[], None],
    ) -> None:
        def guarded() -> Any:
            if serial in closed:
                return None
            try:
                return function()
            except Exception:
                closed.add(serial)
                raise

        original(serial, what, guarded, *done)


@mutant(
    "PGS-M249",
    "PGS-EVT-023",
    "The game loop takes no more steps after a handler in it has failed.",
    role="server",
)
def game_ends_with_a_failure() -> None:
    """Skip every step from then on."""
    broken: set[int] = set()

    @override(UniversalEventHandler, "call")
    def call(
        original: Callable[..., Any], handlers: UniversalEventHandler, event: Event, **options: Any
    ) -> Any:
        try:
            return original(handlers, event, **options)
        except Exception:
            broken.add(id(handlers))
            raise

    @override(GameStateMachine, "_step")
    async def _step(
        original: Callable[..., Any], machine: GameStateMachine, dt: float, changes: Any
    ) -> None:
        if id(machine._handlers) not in broken:
            await original(machine, dt, changes)


@mutant("PGS-M250", "PGS-EVT-024", "Only the last event of each step is handled.", role="server")
def last_event_of_a_step() -> None:
    """Keep room for one."""

    @override(GameStateMachine, "_push_event")
    def _push_event(original: Callable[..., None], machine: GameStateMachine, event: Event) -> None:
        machine._events.clear()
        original(machine, event)


@mutant(
    "PGS-M251",
    "PGS-EVT-024",
    "What the handlers of the game loop return does not get into the update.",
    role="server",
)
def returns_are_lost() -> None:
    """Throw away what they return, and nothing else."""

    @override(machine, "_handling")
    def _handling(original: Callable[..., Callable[[], Any]], *arguments: Any) -> Callable[[], Any]:
        call = original(*arguments)

        def handled() -> Any:
            call()

        return handled


@mutant(
    "PGS-M252",
    "PGS-EVT-024",
    "Of several changes of a map in one step, the last one counts alone.",
    role="server",
)
def last_change_counts() -> None:
    """Put the later one in the place of the earlier one, whole."""

    def latest(older: Mapping[Any, Any], newer: Mapping[Any, Any], *_: Any) -> dict[Any, Any]:
        return {**older, **newer}

    set_value(machine, "added", latest)


@mutant(
    "PGS-M254",
    "PGS-EVT-024",
    "The handlers of the game loop are not told which client an event came from.",
    role="server",
)
def nobodys_events() -> None:
    """Leave the address out."""

    @override(GameStateMachine, "_push_event")
    def _push_event(original: Callable[..., None], machine: GameStateMachine, event: Event) -> None:
        event.handler_kwargs["client_address"] = None
        original(machine, event)


@mutant(
    "PGS-M255",
    "PGS-EVT-024",
    "The handlers of the game loop are told how long the game has run.",
    role="server",
)
def time_since_the_beginning() -> None:
    """Give them that in place of the time since the last step."""
    ran = [0.0]

    @override(machine, "_handling")
    def _handling(
        original: Callable[..., Any], handlers: Any, event: Event, state: Any, dt: float
    ) -> Any:
        ran[0] += dt
        return original(handlers, event, state, ran[0])
