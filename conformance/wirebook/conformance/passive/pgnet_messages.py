"""What the messages of PGNet say: the key trade in clear, and what keys open of the rest.

What may live here: the rules on requests and responses, and opening their boxes. A key is never
shown or kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wirebook.conformance.passive.pgnet import CLIENT, SERVER, Connection, Looking, Message
from wirebook.spec import books
from wirebook.spec.dissection import Malformed
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.limits import CloseCode
from wirebook.spec.pgnet.requests import LOGIN_ARGUMENTS

_BOOK = books.get("pgnet")
_SCHEMAS = {CLIENT: "request", SERVER: "response"}
_REQUEST = {"message", "payload", "created_on", "username"}
_RESPONSE = {"message", "payload", "status", "created_on", "disconnecting", "game"}
_OK, _BAD = 0, 1


def judge(connection: Connection, looking: Looking, keys: Sequence[bytes]) -> None:
    """Look at what the messages of a connection say."""
    _open(connection, looking, keys)
    values = [(message, _value(message, looking)) for message in connection.messages]
    _key_trade(connection, looking)
    _login([pair for pair in values if pair[0].role == CLIENT], looking)
    _answers([pair for pair in values if pair[0].role == SERVER], connection, looking)


def _open(connection: Connection, looking: Looking, keys: Sequence[bytes]) -> None:
    sealed = [one for one in connection.messages if one.clear is None]
    firsts = [next(iter(connection.of(role)), None) for role in (CLIENT, SERVER)]
    offered = [tunnel.offered_key(one.data) if one else None for one in firsts]
    private, public = next(
        (
            (key, offered[1 - place])
            for key in keys
            for place in (0, 1)
            if offered[place] == tunnel.public_key_of(key)
        ),
        (None, None),
    )
    if private is None or public is None:
        if sealed:
            looking.leave_open("what is in the boxes: --key FILE opens them")
        return
    for message in sealed:
        if not tunnel.is_box(message.data):
            continue  # told where forms are looked at
        looking.looked(message.role, "PGN-TUN-001")
        try:
            message.clear = tunnel.open_box(message.data.decode("ascii"), private, public)
        except Malformed:
            text = "sends a box that does not open"
            looking.broken("PGN-TUN-001", message.role, message.number, text)


def _value(message: Message, looking: Looking) -> dict[str, Any] | None:
    """Return what a message says, after a look at its form."""
    if message.clear is None:
        return None
    role, number = message.role, message.number
    looking.looked(role, "PGN-JSN-001")
    try:
        _BOOK.parse(_SCHEMAS[role], message.clear)
    except Malformed as malformed:
        text = f"sends what cannot be read: {malformed.reason}"
        looking.broken(malformed.requirement, role, number, text)
        return None
    value: dict[str, Any] = json.loads(message.clear)
    if role == CLIENT:
        looking.looked(role, "PGN-REQ-001")
        if others := sorted(value.keys() - _REQUEST):
            text = f"sends a member {others[0]!r}, which the book does not name"
            looking.broken("PGN-REQ-001", role, number, text)
    else:
        looking.looked(role, "PGN-RSP-003")
        if value.keys() != _RESPONSE:
            odd = min(value.keys() ^ _RESPONSE)
            verb = "sends" if odd in value else "leaves out"
            looking.broken("PGN-RSP-003", role, number, f"{verb} the member {odd!r}")
    looking.looked(role, "PGN-REQ-007")
    if not _is_time(value.get("created_on")):
        text = "gives no time with an offset from UTC in created_on"
        looking.broken("PGN-REQ-007", role, number, text)
    return value


def _key_trade(connection: Connection, looking: Looking) -> None:
    request = next(iter(connection.of(CLIENT)), None)
    if request is None:
        return
    looking.looked(CLIENT, "PGN-KEY-001")
    usable = tunnel.offered_key(request.data) is not None
    if not usable:
        text = "does not begin with a usable public key, in clear"
        looking.broken("PGN-KEY-001", CLIENT, request.number, text)
    response = next(iter(connection.of(SERVER)), None)
    value = _object(response.data) if response else None
    if response is None or response.number < request.number:
        return
    rule = "PGN-KEY-002" if usable else "PGN-KEY-003"
    looking.looked(SERVER, rule)
    offers = tunnel.offered_key(response.data) is not None
    if value is None:
        looking.broken(rule, SERVER, response.number, "does not answer the first request in clear")
    elif usable and not (offers and value.get("status") == _OK):
        # A full server, or one that goes down, may refuse.
        if not value.get("disconnecting"):
            text = "answers a usable public key with none of its own"
            looking.broken(rule, SERVER, response.number, text)
    elif not usable and (offers or value.get("status") != _BAD or not value.get("disconnecting")):
        text = "does not refuse a first request without a usable public key"
        looking.broken(rule, SERVER, response.number, text)


def _login(requests: Sequence[tuple[Message, dict[str, Any] | None]], looking: Looking) -> None:
    for message, value in requests[1:2]:
        if value is None:
            continue
        looking.looked(CLIENT, "PGN-OPN-001")
        payload = value.get("payload", {})
        wrong = [name for name in LOGIN_ARGUMENTS if not isinstance(payload.get(name), str)]
        if wrong:
            text = f"sends a login without a text for {wrong[0]!r}"
            looking.broken("PGN-OPN-001", CLIENT, message.number, text)


def _answers(
    responses: Sequence[tuple[Message, dict[str, Any] | None]],
    connection: Connection,
    looking: Looking,
) -> None:
    last: Message | None = None
    for place, (message, value) in enumerate(responses):
        looking.looked(SERVER, "PGN-RSP-005")
        if last is not None:
            text = f"sends more after the response in packet {last.number} that disconnects"
            looking.broken("PGN-RSP-005", SERVER, message.number, text)
            return
        if value is None:
            continue
        if place == 1:
            _login_answer(message, value, looking)
        if value.get("disconnecting") is True:
            last = message
    closing = connection.closings.get(SERVER)
    by_client = connection.closings.get(CLIENT, (closing[0] + 1, None))[0] if closing else 0
    if last is not None and closing is not None and closing[0] < by_client:
        code = closing[1].code
        if code != CloseCode.NORMAL:
            text = f"closes with code {code} after a response that disconnects"
            looking.broken("PGN-RSP-005", SERVER, closing[0], text)


def _login_answer(message: Message, value: dict[str, Any], looking: Looking) -> None:
    refused = value.get("status") != _OK
    looking.looked(SERVER, "PGN-OPN-004" if refused else "PGN-OPN-003")
    if refused and not (value.get("status") == _BAD and value.get("disconnecting")):
        text = "refuses a login without status 1 and disconnecting true"
        looking.broken("PGN-OPN-004", SERVER, message.number, text)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_time(text: object) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
