"""A short game between any client and any server of PacketMQ, by the conformance application.

What may live here: the steps of that game. The suite speaks to the client's adapter only; all that
goes over the wire is between the two targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wirebook.conformance.control import Message
from wirebook.conformance.interop import PATIENCE, ask
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Violation

_ITEMS = 100
_REASON = "reason.interop"


def play(client: ClientHandle, server: ServerHandle, features: frozenset[str]) -> Iterator[str]:
    """Connect twice, exchange packets in both directions, and take leave from both sides."""
    del features  # the book has none
    yield "connect"
    for number in (0, 1):
        ask(client, {"do": "connect", "host": server.host, "port": server.port})
        _expect(client, {"event": "made", "connection": number}, "connection")

    yield "echo"
    # Not as a payload of its own: an original cannot send a text that is one.
    values = ["two", {"$float": 2.5}, {"$bin": "00ff"}, None, [True, {"three": -3}], 2**40]
    _send(client, "echo", values, to=0)
    _expect_packet(client, "echoed", values, to=0)

    yield "burst"
    _send(client, "burst", _ITEMS, to=0)
    _expect_packet(client, "item", _ITEMS - 1, to=0)
    items = [one["payload"] for one in client.messages if one.get("type") == "conformance:item"]
    if items != list(range(_ITEMS)):
        raise Violation(f"expected {_ITEMS} items in their order, got {len(items)}")

    yield "whoami"
    numbers = [_ask_number(client, to=number) for number in (0, 1)]
    if numbers[0] == numbers[1]:
        raise Violation(f"expected two connections with numbers of their own, got {numbers}")

    yield "broadcast"
    _send(client, "broadcast", ["to all"], to=1)
    for number in (0, 1):
        _expect_packet(client, "item", ["to all"], to=number)

    yield "large"
    octets = {"$bin": "ab" * 60_000}
    _send(client, "echo", [octets], to=0)
    _expect_packet(client, "echoed", [octets], to=0)

    yield "leave"
    ask(client, {"do": "softquit", "to": 0, "reason": _REASON})
    _expect(client, {"event": "lost", "connection": 0}, "end of the first connection")
    _send(client, "echo", [1], to=1)
    _expect_packet(client, "echoed", [1], to=1)

    yield "be left"
    _send(client, "leave", None, to=1)
    _expect(client, {"event": "lost", "connection": 1}, "end of the second connection")


def _send(client: ClientHandle, name: str, payload: Any, *, to: int) -> None:
    ask(client, {"do": "send", "type": f"conformance:{name}", "payload": payload, "to": to})


def _expect(client: ClientHandle, wanted: Message, what: str) -> Message:
    return client.wait(lambda message: wanted.items() <= message.items(), PATIENCE, what)


def _expect_packet(client: ClientHandle, name: str, payload: Any, *, to: int) -> None:
    wanted: Message = {"event": "received", "type": f"conformance:{name}", "connection": to}
    _expect(client, {**wanted, "payload": payload}, name)


def _ask_number(client: ClientHandle, *, to: int) -> Any:
    _send(client, "whoami", None, to=to)
    wanted: Message = {"event": "received", "type": "conformance:you_are", "connection": to}
    return _expect(client, wanted, "number of the connection")["payload"]
