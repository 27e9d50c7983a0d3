"""Cases: what is in the messages of a client, and what it makes of those it is sent.

What may live here: JSON, requests and responses as such. Boxes are in `test_pgnet_client_tunnel`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from wirebook.conformance.cases.pgnet.json_inputs import (
    RESPONSE,
    Frame,
    JsonInput,
    accepted,
    breaches,
)
from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pgnet.raw_server import Arrival
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

MEMBERS = {"message", "payload", "created_on", "username"}
BREACHES = list(breaches(RESPONSE))
ACCEPTED = list(accepted(RESPONSE))
WRONG_TYPES: dict[str, Any] = {
    "message-number": {"message": 1},
    "message-null": {"message": None},
    "message-object": {"message": {}},
    "payload-array": {"payload": []},
    "payload-str": {"payload": "x"},
    "payload-null": {"payload": None},
    "status-str": {"status": "0"},
    "status-fraction": {"status": 0.5},
    "status-null": {"status": None},
    "status-bool": {"status": True},
    "status-three": {"status": 3},
    "status-negative": {"status": -1},
    "created_on-number": {"created_on": 1},
    "disconnecting-str": {"disconnecting": "no"},
    "disconnecting-number": {"disconnecting": 0},
    "disconnecting-null": {"disconnecting": None},
    "game-number": {"game": 1},
    "game-array": {"game": ["Game 1"]},
}


def against(requirement: str) -> pytest.MarkDecorator:
    """Give a case the breaches of one requirement, one after the other."""
    found = [one for one in BREACHES if one.requirement == requirement]
    return pytest.mark.parametrize("given", found, ids=[one.name for one in found])


def check_left(client: ClientUnderTest, given: JsonInput) -> None:
    """Check that a box that opens to this is a violation."""
    connection, tag = client.awaiting()
    connection.send_json(given.octets)
    client.ends(connection, tag, given.name, 1007)


def check_request(arrival: Arrival) -> None:
    """Check the members of a request that a client has sent."""
    if unknown := arrival.value.keys() - MEMBERS:
        raise Violation(f"expected no members but {sorted(MEMBERS)}, got {sorted(unknown)}")


@requires("PGN-REQ-001")
def test_no_unknown_members(client: ClientUnderTest) -> None:
    """No request of a client has a member that requests don't have, from the first one on."""
    connection = client.connect()
    check_request(connection.trade_keys())
    check_request(connection.next("the login"))
    connection.respond("Authenticated.")
    client.wait_connected("after the response to the login")
    for request in (
        {"do": "send", "message": "hello", "payload": {"a": 1}},
        {"do": "game_dir"},
        {"do": "create_game", "name": "Game 1", "password": "x"},
    ):
        client.ask(request)
        check_request(connection.next())
        connection.game = "Game 1" if request["do"] == "create_game" else None
        connection.respond("OK", {"heartbeat_rate": 20})
    check_request(connection.next_heartbeat())


@requires("PGN-REQ-007")
def test_created_on(client: ClientUnderTest) -> None:
    """Requests say when they were made, in the form of ISO 8601, with an offset."""
    connection = client.connect()
    arrivals = [connection.open()]
    client.wait_connected("after the response to the login")
    client.send()
    arrivals.append(connection.next())
    for arrival in arrivals:
        created_on = arrival.value.get("created_on")
        try:
            made = datetime.fromisoformat(str(created_on))
        except ValueError:
            raise Violation(f"expected a time of ISO 8601, got {created_on!r}") from None
        if made.tzinfo is None:
            raise Violation(f"expected a time with an offset, got {created_on!r}")


@pytest.mark.parametrize("created_on", ["", "yesterday", "2026-11-20", None, "9" * 1000])
@requires("PGN-REQ-006")
def test_created_on_is_not_looked_at(client: ClientUnderTest, created_on: str | None) -> None:
    """A response counts whatever it says about the time at which it was made."""
    connection, tag = client.awaiting()
    connection.respond(created_on=created_on)
    client.wait_response(tag, f"a response with created_on {created_on!r:.20}")
    client.exchange(connection)


@against("PGN-JSN-002")
@requires("PGN-JSN-002", "PGN-TUN-008", "PGN-ERR-001", "PGN-ERR-003")
def test_no_json(client: ClientUnderTest, given: JsonInput) -> None:
    """What is not one JSON text is a violation."""
    check_left(client, given)


@against("PGN-JSN-003")
@requires("PGN-JSN-003", "PGN-TUN-008", "PGN-ERR-001", "PGN-ERR-003")
def test_no_object(client: ClientUnderTest, given: JsonInput) -> None:
    """JSON that is no object is a violation."""
    check_left(client, given)


@against("PGN-JSN-004")
@requires("PGN-JSN-004", "PGN-TUN-008", "PGN-ERR-001", "PGN-ERR-003")
def test_member_twice(client: ClientUnderTest, given: JsonInput) -> None:
    """An object with the same member twice, at any depth, is a violation."""
    check_left(client, given)


@against("PGN-JSN-005")
@requires("PGN-JSN-005", "PGN-TUN-008", "PGN-ERR-001", "PGN-ERR-003")
def test_unpaired_surrogate(client: ClientUnderTest, given: JsonInput) -> None:
    """A string with an unpaired surrogate is a violation."""
    check_left(client, given)


@against("PGN-JSN-006")
@requires("PGN-JSN-006", "PGN-TUN-008", "PGN-ERR-001", "PGN-ERR-003")
def test_number_too_large(client: ClientUnderTest, given: JsonInput) -> None:
    """A number beyond binary64 is a violation."""
    check_left(client, given)


@against("PGN-JSN-008")
@requires("PGN-JSN-008", "PGN-TUN-008", "PGN-ERR-001", "PGN-ERR-003")
def test_nested_too_deep(client: ClientUnderTest, given: JsonInput) -> None:
    """A message that is nested more than 32 deep is a violation."""
    check_left(client, given)


@pytest.mark.parametrize(
    "name",
    ["empty", "a-word", "cut-off", "message-is-array", "twice-message", "nan", "surrogate-high"],
)
@requires("PGN-JSN-002", "PGN-JSN-003", "PGN-JSN-004", "PGN-JSN-005", "PGN-KEY-004")
def test_breaches_in_clear(client: ClientUnderTest, name: str) -> None:
    """The response to the key trade is held to the same rules, and no login follows."""
    client.starts_over("bob")
    connection = client.connect()
    connection.next("the key trade")
    pubkey = json.dumps(client.server.public_key)
    frame = Frame('{"message": "key_trade", "payload": {"pubkey": ' + pubkey + ', "k": ', "}}")
    octets = next(one.octets for one in breaches(frame) if one.name == name)
    connection.send_text(octets)
    connection.expect_ending(name, 1007)
    client.starts_over()


@pytest.mark.parametrize("given", ACCEPTED, ids=[one.name for one in ACCEPTED])
@requires("PGN-JSN-002", "PGN-JSN-005", "PGN-JSN-006", "PGN-JSN-007")
def test_other_ways_to_write(client: ClientUnderTest, given: JsonInput) -> None:
    """All of JSON is accepted, in whatever way it is written."""
    connection, tag = client.awaiting()
    connection.send_json(given.octets)
    client.wait_response(tag, given.name)
    client.exchange(connection)


@requires("PGN-TUN-008", "PGN-ERR-003")
def test_box_that_is_no_utf8(client: ClientUnderTest) -> None:
    """What a box opens to has to be UTF-8."""
    connection, tag = client.awaiting()
    connection.send_json(RESPONSE.good.encode().replace(b"hello", b"hell\xff"))
    client.ends(connection, tag, "a box that is not UTF-8", 1007)


@requires("PGN-RSP-006")
def test_unknown_members_are_ignored(client: ClientUnderTest) -> None:
    """Members that a response does not have in this book change nothing."""
    connection, tag = client.awaiting()
    connection.respond("fine", {"k": 1}, username="mallory", extra={"a": [1]})
    response = client.wait_response(tag, "a response with unknown members")
    if response["message"] != "fine" or response["payload"] != {"k": 1}:
        raise Violation(f"expected the response without them, got {response}")
    client.exchange(connection)


@pytest.mark.parametrize("left_out", ["payload", "status", "created_on", "disconnecting", "game"])
@requires("PGN-RSP-007")
def test_defaults(client: ClientUnderTest, left_out: str) -> None:
    """A response without a member that has a default is one with the default."""
    connection, tag = client.awaiting()
    members = {"message": "m", "payload": {}, "status": 0, "disconnecting": False, "game": None}
    members.pop(left_out, None)
    connection.send_json(json.dumps(members).encode())
    response = client.wait_response(tag, f"a response without {left_out}")
    wanted = {"message": "m", "payload": {}, "status": 0, "disconnecting": False, "game": None}
    if {name: response.get(name) for name in wanted} != wanted:
        raise Violation(f"expected the defaults, got {response}")
    client.exchange(connection)


@requires("PGN-RSP-007", "PGN-ERR-001")
def test_without_message(client: ClientUnderTest) -> None:
    """A response without a message is a violation."""
    connection, tag = client.awaiting()
    connection.send_json(b'{"payload": {}, "status": 0}')
    client.ends(connection, tag, "a response without a message", 1007)


@pytest.mark.parametrize("changed", WRONG_TYPES.values(), ids=list(WRONG_TYPES))
@requires("PGN-RSP-007", "PGN-ERR-001", "PGN-ERR-003")
def test_wrong_types(client: ClientUnderTest, changed: dict[str, Any]) -> None:
    """A response with a member of another type than the book's is a violation."""
    connection, tag = client.awaiting()
    members = {"message": "m", "payload": {}, "status": 0, "disconnecting": False, "game": None}
    connection.send_json(json.dumps({**members, **changed}).encode())
    client.ends(connection, tag, f"a response with {changed}", 1007)
