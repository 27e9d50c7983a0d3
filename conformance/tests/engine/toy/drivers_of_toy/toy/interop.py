"""Plays of a toy client with a toy server, for every way in which a play can end."""

import socket
from collections.abc import Iterator

from wirebook.conformance.interop import ask, until
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import Unsupported, Violation


def play(client: ClientHandle, server: ServerHandle, features: frozenset[str]) -> Iterator[str]:
    yield "ping"
    assert ask(client, {"do": "ping", "value": 7})["pong"] == 7
    if "echo" in features:
        yield "echo"
        assert talk(server, b"hello") == b"hello"


def refused(client: ClientHandle, _: ServerHandle, __: frozenset[str]) -> Iterator[str]:
    yield "strange"
    ask(client, {"do": "something strange"})


def waiting(client: ClientHandle, _: ServerHandle, __: frozenset[str]) -> Iterator[str]:
    yield "patience"
    until(lambda: len(client.messages) > 99, "hundred messages", timeout=0.05)


def fatal(_: ClientHandle, server: ServerHandle, __: frozenset[str]) -> Iterator[str]:
    yield "poison"
    tell(server, b"die")
    server.wait_ended(5)
    raise Violation("no answer")


def clumsy(_: ClientHandle, __: ServerHandle, ___: frozenset[str]) -> Iterator[str]:
    yield "stumble"
    raise LookupError("no such thing")


def deadly(client: ClientHandle, _: ServerHandle, __: frozenset[str]) -> Iterator[str]:
    yield "farewell"
    client.send({"do": "die"})
    client.wait_ended(5)


def hushing(_: ClientHandle, server: ServerHandle, __: frozenset[str]) -> Iterator[str]:
    yield "hush"
    tell(server, b"hush")


def impossible(_: ClientHandle, __: ServerHandle, ___: frozenset[str]) -> Iterator[str]:
    yield "possible"
    yield "impossible"
    raise Unsupported("no such feature here")


def talk(server: ServerHandle, data: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(5)
        own.sendto(data, server.address)
        return own.recv(2048)


def tell(server: ServerHandle, data: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(data, server.address)
