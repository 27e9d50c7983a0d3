"""Cases: how a client opens a connection: the key trade and the login.

What may live here: the first two requests and what the client makes of the answers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import PASSWORD, ClientUnderTest
from wirebook.conformance.drivers.pgnet.raw_server import RawServer
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

SILENCE_SECONDS = 0.3
LOW_ORDER_POINTS = {
    "zero": bytes(32),
    "one": b"\x01" + bytes(31),
    "of-order-8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "of-order-8-too": bytes.fromhex(
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"
    ),
    "p-minus-1": bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    "p": bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
}
MISSING = object()


def unusable(key: str) -> dict[str, Any]:
    """Return what is no usable public key, made from one that is."""
    octets = base64.b64decode(key)
    return {
        "missing": MISSING,
        "null": None,
        "number": 1,
        "array": [key],
        "object": {"key": key},
        "true": True,
        "empty": "",
        "not-base64": "this is no key at all, but 44 characters !!!",
        "hexadecimal": octets.hex(),
        "31-octets": base64.b64encode(octets[:31]).decode(),
        "33-octets": base64.b64encode(octets + b"\0").decode(),
        "without-padding": key.rstrip("="),
        "other-alphabet": base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode(),
        "space-behind": f"{key} ",
        **{
            f"low-order-{name}": base64.b64encode(point).decode()
            for name, point in LOW_ORDER_POINTS.items()
        },
    }


UNUSABLE = tuple(unusable(base64.b64encode(bytes(range(32))).decode()))


@requires("PGN-KEY-001", "PGN-CLI-001")
def test_key_trade(client: ClientUnderTest) -> None:
    """The first request has the client's public key, and no more comes before the answer."""
    connection = client.connect("alice", password=PASSWORD, invite_code="the-code")
    arrival = connection.next("the key trade")
    connection.take_key(arrival)
    if set(arrival.payload) != {"pubkey"}:
        raise Violation(f"expected nothing but pubkey in the payload, got {arrival.payload}")
    connection.expect_nothing(SILENCE_SECONDS, "before the server's key")


@requires("PGN-KEY-001", "PGN-SEC-001")
def test_nothing_secret_in_clear(client: ClientUnderTest) -> None:
    """Neither the name nor the password nor the code of the user is in the first request."""
    connection = client.connect("Zaphod42", password=PASSWORD, invite_code="the-code")
    text = connection.next("the key trade").text.decode()
    for secret in ("Zaphod42", PASSWORD, "the-code"):
        if secret in text:
            raise Violation("expected no details of the user in clear, got one")


@pytest.mark.parametrize(
    "details",
    [{}, {"password": PASSWORD}, {"invite_code": "abc"}, {"password": "x", "invite_code": "名"}],
    ids=["name-only", "password", "code", "both"],
)
@requires("PGN-OPN-001")
def test_login(client: ClientUnderTest, details: dict[str, str]) -> None:
    """The second request has name, password and code, empty ones as empty strings."""
    connection = client.connect("Alice7", **details)
    connection.trade_keys()
    login = connection.next("the login")
    wanted = {"username": "Alice7", "password": "", "invite_code": "", **details}
    got = {name: login.payload.get(name, MISSING) for name in wanted}
    if got != wanted:
        missing = [name for name in wanted if got[name] != wanted[name]]
        raise Violation(f"expected the members of a login, got other values for {missing}")
    connection.respond("Authenticated.")
    client.wait_connected("after the response to the login")


@requires("PGN-CLI-004")
def test_connected_after_the_login_only(client: ClientUnderTest) -> None:
    """A client is connected from the response to its login on, and not before."""
    connection = client.connect()
    connection.trade_keys()
    connection.next("the login")
    if client.status().get("connected") or client.notified("connection"):
        raise Violation("expected the client not to be connected before its login is accepted")
    connection.respond("Whatever.")
    client.wait_connected("after the response to the login")
    client.exchange(connection)
    told = [one.get("connected") for one in client.notified("connection")]
    if told != [True]:
        raise Violation(f"expected the application to be told once, got {told}")


@pytest.mark.parametrize("disconnecting", [True, False], ids=["disconnecting", "status-alone"])
@pytest.mark.parametrize("status", [1, 2])
@requires("PGN-CLI-004", "PGN-CLI-005")
def test_refused_login(client: ClientUnderTest, status: int, disconnecting: bool) -> None:
    """A client whose login is refused is not connected, ends the connection, and can try again."""
    client.starts_over("bob")
    connection = client.connect("alice", password="wrong")  # noqa: S106 - it is
    connection.trade_keys()
    connection.next("the login")
    connection.respond("No.", status=status, disconnecting=disconnecting)
    connection.expect_ending("a refused login")
    client.wait_disconnected("a refused login")
    if any(one.get("connected") for one in client.notified("connection")):
        raise Violation("expected the client never to be connected, and it was")
    client.starts_over()


@requires("PGN-CLI-005")
def test_refused_key(client: ClientUnderTest) -> None:
    """A client whose key is refused ends the connection, and sends no login."""
    client.starts_over("bob")
    connection = client.connect()
    connection.next("the key trade")
    connection.respond("No.", status=1, disconnecting=True, clear=True)
    connection.expect_ending("a refused key")
    client.starts_over()


@pytest.mark.parametrize("what", UNUSABLE)
@requires("PGN-KEY-004", "PGN-ERR-001")
def test_unusable_key(client: ClientUnderTest, raw_server: RawServer, what: str) -> None:
    """A server without a usable public key is left, and gets no login."""
    client.starts_over("bob")
    connection = client.connect()
    connection.next("the key trade")
    offered = unusable(raw_server.public_key)[what]
    payload = {} if offered is MISSING else {"pubkey": offered}
    connection.respond("key_trade", payload, clear=True)
    connection.expect_ending("a key that is not usable", 1008)
    client.starts_over()


@pytest.mark.parametrize("like", ["own", "other", "longer"])
@requires("PGN-KEY-005", "PGN-SEC-001", "PGN-ERR-001")
def test_pinned_key(client: ClientUnderTest, raw_server: RawServer, like: str) -> None:
    """A client that expects a key of the server's takes that one and no other."""
    changes: dict[str, Callable[[str], str]] = {
        "own": lambda key: key,
        "other": lambda key: key.swapcase(),
        "longer": lambda key: f"{key}x",
    }
    pinned = changes[like](raw_server.public_key)
    if like == "own":
        client.exchange(client.open("alice", pubkey=pinned))
        return
    client.starts_over("bob")
    connection = client.connect("alice", pubkey=pinned, password=PASSWORD)
    connection.trade_keys()
    connection.expect_ending("another key than the one it was given", 1008)
    client.starts_over()


@requires("PGN-SEC-006")
def test_no_secrets_in_the_output(client: ClientUnderTest) -> None:
    """Neither password nor invite code nor the payload of the login shows in what is written."""
    secrets = {"password": "correct-horse-7531", "invite_code": "battery-staple-9642"}
    client.exchange(client.open("alice", **secrets))
    client.connect("bob", **secrets)
    connection = client.server.connections[-1]
    connection.trade_keys()
    connection.next("the login")
    connection.respond("No.", status=1, disconnecting=True)
    connection.expect_ending("a refused login")
    client.starts_over()
    written = client.adapter.output()
    for name, secret in secrets.items():
        if secret in written:
            raise Violation(f"expected no {name} in the client's output, got one")
