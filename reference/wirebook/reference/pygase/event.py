"""The documented events and the table of their handlers.

What may live here: `Event` and `UniversalEventHandler`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from wirebook.reference.pygase import codec
from wirebook.reference.pygase.utils import Sendable

__all__ = ["Event", "UniversalEventHandler"]

Handler = Callable[..., Any]


class Event(Sendable):
    """A named message with positional and keyword arguments."""

    def __init__(self, event_type: str, *args: Any, **kwargs: Any) -> None:
        self.type = event_type
        self.handler_args = list(args)
        self.handler_kwargs = kwargs

    def to_bytes(self) -> bytes:
        """Return the event as it travels; raise an error if it cannot be sent."""
        return codec.build_event(self.type, self.handler_args, self.handler_kwargs)

    @classmethod
    def from_bytes(cls, bytepack: bytes) -> Event:
        """Return the event that the octets are."""
        return cls.from_wire(codec.parse_event(bytepack))

    @classmethod
    def from_wire(cls, fields: codec.WireEvent) -> Event:
        """Return the event of parsed fields; any keyword is allowed in them."""
        event = cls(fields.type, *fields.args)
        event.handler_kwargs = dict(fields.kwargs)
        return event


class UniversalEventHandler:
    """Handler functions by the type of event."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def register_event_handler(self, event_type: str, event_handler_function: Handler) -> None:
        """Let a function or coroutine handle the events of a type."""
        if not callable(event_handler_function):
            kind = type(event_handler_function).__name__
            raise TypeError(f"{kind!r} object is not callable")
        self._handlers[event_type] = event_handler_function

    async def handle(self, event: Event, **kwargs: Any) -> Any:
        """Call the handler of an event with its arguments and `kwargs`, and return its result."""
        result = self.call(event, **kwargs)
        return await result if isawaitable(result) else result

    def call(self, event: Event, **kwargs: Any) -> Any | Awaitable[Any]:
        """Call the handler of an event; its result is to be awaited if it is a coroutine."""
        handler = self._handlers[event.type]
        return handler(*event.handler_args, **{**event.handler_kwargs, **kwargs})

    def has_event_type(self, event_type: str) -> bool:
        """Tell whether there is a handler for events of a type."""
        return event_type in self._handlers
