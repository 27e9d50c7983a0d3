"""Cases: the key trade.

What may live here: what is a usable key, and what is said to one that is not.
"""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import Json, Response, granted
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.pgnet import tunnel

P = 2**255 - 19
"""The prime of the curve."""
TOP_BIT = 1 << 255

LOW_ORDER = {
    "zero": 0,
    "one": 1,
    "of-order-8": 0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    "of-order-8-too": 0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    "minus-one": P - 1,
    "the-prime": P,
    "the-prime-and-one": P + 1,
}
"""The points, as numbers, for which X25519 gives zero whatever the private key (RFC 7748, 6.1)."""


def encoded(point: int) -> str:
    """Return how a key is written that is this number."""
    return base64.b64encode(point.to_bytes(32, "little")).decode()


def good_keys() -> Iterator[str]:
    """Yield keys that are usable, the same ones in every run."""
    for number in itertools.count(1):
        yield tunnel.encode_key(tunnel.public_key_of(number.to_bytes(32)))


GOOD = next(good_keys())
URL_SAFE = next(key for key in good_keys() if "+" in key or "/" in key)
UNUSABLE: dict[str, Any] = {
    "null": None,
    "number": 32,
    "true": True,
    "array": [GOOD],
    "octets-as-numbers": [1] * 32,
    "object": {"pubkey": GOOD},
    "empty": "",
    "a-word": "key",
    "31-octets": base64.b64encode(bytes(range(31))).decode(),
    "33-octets": base64.b64encode(bytes(range(33))).decode(),
    "64-octets": base64.b64encode(bytes(range(64))).decode(),
    "hexadecimal": bytes(range(32)).hex(),
    "url-safe": URL_SAFE.replace("+", "-").replace("/", "_"),
    "no-padding": GOOD.rstrip("="),
    "too-much-padding": GOOD + "=",
    "white-space": f" {GOOD}",
    "a-line-feed-behind": f"{GOOD}\n",
    "in-lines": f"{GOOD[:20]}\n{GOOD[20:]}",
    "something-behind": f"{GOOD}AAAA",
    "beyond-ascii": "ä" * 44,
    "nul": "\0" * 44,
    **{f"low-order-{name}": encoded(point) for name, point in LOW_ORDER.items()},
    **{f"low-order-{name}-top-bit": encoded(point | TOP_BIT) for name, point in LOW_ORDER.items()},
}


def check_no_key(client: RawClient, response: Response, what: str) -> None:
    """Check that a first request was answered as one without a usable key, in clear."""
    client.expect_turned_away(response, what)
    if "pubkey" in response.payload:
        raise Violation(f"expected no public key {what}, got {response}")
    if response.game is not None:
        raise Violation(f"expected no game {what}, got {response}")


@requires("PGN-KEY-003", "PGN-RSP-005", "PGN-ERR-003")
@pytest.mark.parametrize("name", list(UNUSABLE))
def test_no_usable_key(visit: Visit, user: RawClient, name: str) -> None:
    """A first request without a usable key gets status 1, and the server keeps its own key."""
    control(user)
    client = visit.opened()
    response = client.ask("key_trade", {"pubkey": UNUSABLE[name]})
    check_no_key(client, response, f"for a key that is {name}")
    control(user)
    visit.traded()


@requires("PGN-KEY-003", "PGN-RSP-005")
@pytest.mark.parametrize(
    "payload",
    [{}, {"PubKey": GOOD}, {"key": GOOD}, {"username": "alice", "password": ""}],
    ids=["nothing", "other-case", "another-name", "a-login"],
)
def test_no_key_at_all(visit: Visit, payload: Json) -> None:
    """So does one that has no `pubkey`."""
    client = visit.opened()
    check_no_key(client, client.ask("key_trade", payload), "without pubkey")


@requires("PGN-KEY-002")
def test_key_of_the_server(visit: Visit) -> None:
    """A usable key is answered with the server's own, status 0, in clear."""
    client = visit.opened()
    response = client.trade()
    if response.disconnecting or response.game is not None:
        raise Violation(f"expected no game and no disconnecting, got {response}")
    granted(client.log_in(visit.new_name()), "for a login")


@requires("PGN-KEY-002")
@pytest.mark.parametrize("name", ["basepoint", "small-private-key", "top-bit"])
def test_unusual_keys(visit: Visit, name: str) -> None:
    """Keys that look unusual are usable all the same."""
    private_key = {
        "basepoint": b"\1" + bytes(31),
        "small-private-key": b"\2" + bytes(31),
        "top-bit": os.urandom(31) + b"\xff",
    }[name]
    client = visit.opened(private_key=private_key)
    client.trade()
    granted(client.log_in(visit.new_name()), "for a login")


@requires("PGN-KEY-002", "PGN-OPN-003")
def test_several_connections_with_one_key(visit: Visit) -> None:
    """A client that keeps its key pair, as deployed clients do, is let in again."""
    private_key = os.urandom(32)
    for _ in range(3):
        client = visit.traded(private_key=private_key)
        granted(client.log_in(visit.new_name()), "for a login")
        control(client)
