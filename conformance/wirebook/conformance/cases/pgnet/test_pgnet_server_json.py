"""Cases: which JSON texts a server takes for messages, in clear and in boxes.

What may live here: the profile of JSON. The members of a request are the matter of another module.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pgnet.json_inputs import (
    REQUEST,
    Frame,
    JsonInput,
    accepted,
    breaches,
)
from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet.raw_client import RawClient
from wirebook.conformance.drivers.pgnet.responses import HEARTBEAT, Response, granted, short
from wirebook.conformance.drivers.pgnet.violations import Stage, expect_violation
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation

UNREADABLE = 1007
NOT_UTF8 = b'{"message": "\xff", "payload": {}}'


def bad(found: JsonInput, in_a_box: bool) -> object:
    """Return a case's parameter for an input that is a violation."""
    cited = [found.requirement, "PGN-ERR-001", "PGN-ERR-003"]
    if in_a_box:
        cited.insert(1, "PGN-TUN-008")
    where = "box" if in_a_box else "clear"
    return pytest.param(found.octets, in_a_box, id=f"{found.name}-{where}", marks=requires(*cited))


def at_the_key_trade(client: RawClient) -> Frame:
    """Return a key trade with a place for a value."""
    key = client.offer()["pubkey"]
    return Frame(f'{{"message": "k", "payload": {{"pubkey": "{key}", "k": ', "}}")


INPUTS = list(breaches(REQUEST))
BREACHES = [bad(found, in_a_box) for found in INPUTS for in_a_box in (False, True)]


@pytest.mark.parametrize(("octets", "in_a_box"), BREACHES)
def test_no_message(visit: Visit, octets: bytes, in_a_box: bool) -> None:
    """What is no JSON object, or outside of the profile, is a violation."""
    stage = Stage.LOGGED_IN if in_a_box else Stage.OPENED

    def act(client: RawClient) -> None:
        client.send_json(octets)

    what = f"a message that is {short(octets[:60].decode())}"
    expect_violation(visit.link, stage, visit.new_name(), act, what, UNREADABLE)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, id=found.name, marks=requires(found.requirement, "PGN-ERR-001"))
        for number, found in enumerate(INPUTS)
        if found.requirement in ("PGN-JSN-004", "PGN-JSN-005", "PGN-JSN-006", "PGN-JSN-008")
    ],
)
def test_key_trade_outside_of_the_profile(visit: Visit, number: int) -> None:
    """The profile holds for a key trade with a usable key as for any other message."""

    def act(client: RawClient) -> None:
        found = list(breaches(at_the_key_trade(client)))[number]
        client.send_json(found.octets)

    what = "a key trade outside of the profile of JSON"
    expect_violation(visit.link, Stage.OPENED, visit.new_name(), act, what, UNREADABLE)


@requires("PGN-WSB-005", "PGN-TUN-008", "PGN-ERR-001")
@pytest.mark.parametrize("stage", [Stage.TRADED, Stage.LOGGED_IN])
def test_box_without_utf8(visit: Visit, stage: Stage) -> None:
    """What is in a box has to be UTF-8 as well."""

    def act(client: RawClient) -> None:
        client.send_json(NOT_UTF8)

    what = "a box with text that is not UTF-8"
    expect_violation(visit.link, stage, visit.new_name(), act, what, UNREADABLE)


@requires("PGN-JSN-002", "PGN-TUN-008")
def test_box_with_nothing_in_it(visit: Visit) -> None:
    """A box with an empty text opens, but an empty text is no JSON."""
    what = "a box with nothing in it"
    expect_violation(
        visit.link,
        Stage.LOGGED_IN,
        visit.new_name(),
        lambda client: client.send_json(b""),
        what,
        UNREADABLE,
    )


@requires("PGN-JSN-002")
def test_byte_order_mark(visit: Visit) -> None:
    """A byte order mark is no white space."""

    def act(client: RawClient) -> None:
        client.send_json(b"\xef\xbb\xbf" + REQUEST.good.encode())

    expect_violation(
        visit.link, Stage.LOGGED_IN, visit.new_name(), act, "a byte order mark", UNREADABLE
    )


def good(found: JsonInput) -> object:
    """Return a case's parameter for an input that has to be accepted."""
    return pytest.param(found.octets, id=found.name, marks=requires(found.requirement))


@pytest.mark.parametrize("octets", [good(found) for found in accepted(REQUEST)])
def test_message_in_a_box(player: RawClient, octets: bytes) -> None:
    """What is JSON within the profile is accepted, however it is written."""
    player.send_json(octets)
    granted(player.next_response("the response to a request"), "for a request to the game")
    check_log(player.ask(HEARTBEAT), f"{player.name} says: 'hello'")


def check_log(response: Response, line: str) -> None:
    """Check that the last line of the game's log is this one."""
    granted(response, "for a heartbeat")
    log = response.payload.get("log")
    if not isinstance(log, list) or not log or log[-1] != line:
        raise Violation(f"expected the log of the game to end in {line!r}, got {response}")


CLEAR = [
    (number, found)
    for number, found in enumerate(accepted(REQUEST))
    if found.name != "other-order"  # which has no place for the key
]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, id=found.name, marks=requires(found.requirement))
        for number, found in CLEAR
    ],
)
def test_message_in_clear(visit: Visit, number: int) -> None:
    """So is a key trade in clear, whatever else is in its payload."""
    client = visit.opened()
    client.send_json(list(accepted(at_the_key_trade(client)))[number].octets)
    client.take_key(client.next_response("the server's key"))
    granted(client.log_in(visit.new_name()), "for a login")
