"""The conformance application of the book: a game that shows what a server does inside.

What may live here: the events of the chapter of that name, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from wirebook.reference.pygase.backend import Backend
from wirebook.reference.pygase.event import Event
from wirebook.reference.pygase.gamestate import TO_DELETE, GameState

_MOST_OCTETS: Final = 1 << 20


class IntendedFailure(Exception):
    """What `RAISE` raises."""


def backend() -> Backend:
    """Return the application, ready to run."""
    counters: dict[Any, int] = {}

    def count(name: Any, **_: Any) -> dict[str, Any]:
        counters[name] = counters.get(name, 0) + 1
        return {"counts": {name: counters[name]}}

    def update(changes: dict[str, Any], **_: Any) -> dict[str, Any]:
        return changes

    def fill(octets: int, **_: Any) -> dict[str, Any]:
        if octets > _MOST_OCTETS:
            raise ValueError(f"{octets} octets are more than {_MOST_OCTETS}")
        return {"fill": "x" * octets if octets else TO_DELETE}

    def fail_in_step(where: str, **_: Any) -> None:
        if where == "step":
            raise IntendedFailure(where)

    def stand_still(*_: Any) -> dict[str, Any]:
        return {}

    application = Backend(
        GameState(greeting="conformance", counts={}),
        stand_still,
        {"COUNT": count, "UPDATE": update, "FILL": fill, "RAISE": fail_in_step},
    )
    server = application.server

    def reply(client: Any, event_type: str, *args: Any, **options: Any) -> None:
        server.send(Event(event_type, *args), target_client=client, **options)

    def echo(*args: Any, client_address: Any, **kwargs: Any) -> None:
        event = Event("ECHO", *args)
        event.handler_kwargs = kwargs
        server.send(event, target_client=client_address)

    def whoami(client_address: Any) -> None:
        reply(client_address, "YOU_ARE", *client_address)

    def burst(n: int, client_address: Any) -> None:
        for number in range(n):
            reply(client_address, "BURST", number)

    def broadcast(*args: Any, **_: Any) -> None:
        server.send(Event("BROADCAST", *args))

    def watch(name: Any, retries: int, client_address: Any) -> None:
        reply(
            client_address,
            "WATCHED",
            name,
            retries=retries,
            ack_callback=lambda connection: reply(connection.remote_address, "ACKED", name),
        )

    def fail(where: str, **_: Any) -> None:
        if where == "server":
            raise IntendedFailure(where)

    handlers: dict[str, Callable[..., None]] = {
        "ECHO": echo,
        "WHOAMI": whoami,
        "BURST": burst,
        "BROADCAST": broadcast,
        "WATCH": watch,
        "RAISE": fail,
    }
    for event_type, handler in handlers.items():
        server.register_event_handler(event_type, handler)
    return application
