"""Mutants of the updates of games.

What may live here: what games get without any request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet.core import server
from wirebook.reference.pgnet.core.rooms import Rooms
from wirebook.spec.pgnet.states import UPDATE_INTERVAL

Original = Callable[..., Any]


@mutant("PGN-M275", "PGN-GAM-006", "Games get their update every 0.2 s.", role="server")
def slow_updates() -> None:
    """Wait twice as long."""
    set_value(server, "UPDATE_INTERVAL", 0.2)


@mutant(
    "PGN-M276",
    "PGN-GAM-006",
    "If the update of a game fails, those after it get none.",
    role="server",
)
def failing_updates_end_the_round() -> None:
    """Stop at the first that fails."""

    @override(Rooms, "__iter__")
    def iterate(original: Original, rooms: Rooms) -> Any:
        failures: list[str] = []
        for room in original(rooms):
            tell = room._failed

            def failed(what: str, tell: Any = tell) -> None:
                failures.append(what)
                tell(what)

            room._failed = failed
            try:
                yield room
            finally:
                room._failed = tell
            if failures:
                return


@mutant(
    "PGN-M277",
    "PGN-GAM-006",
    "A server that stood still makes up for the updates it missed.",
    role="server",
)
def makes_up_for_updates() -> None:
    """Give one update for each interval that has passed."""

    @override(server.ServerCore, "handle_timer")
    def handle_timer(original: Original, core: server.ServerCore, now: float) -> Any:
        due = core._next_update
        result = original(core, now)
        while due is not None and (due := due + UPDATE_INTERVAL) <= now:
            for room in core.rooms:
                room.update()
        return result
