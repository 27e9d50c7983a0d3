"""Requests and responses as they travel, read and written by hand.

What may live here: the members of the two messages, their types and defaults. How JSON is read is
in `strict_json`, what a box is in `tunnel`.
"""

from __future__ import annotations

from typing import Any, Final

from wirebook.reference.pgnet import strict_json
from wirebook.reference.pgnet.errors import Malformed, Unencodable
from wirebook.spec.pgnet.states import BOX_LEAST, MESSAGE_MOST, NONCE_SIZE

MOST_TEXT: Final = MESSAGE_MOST // 4 * 3 - NONCE_SIZE - BOX_LEAST
"""Octets of the largest text that fits into a message inside of a box."""

_STATUSES: Final = range(3)


def parse_request(text: str | bytes) -> dict[str, Any]:
    """Return message, payload, created_on and username of a request, or raise Malformed."""
    found = strict_json.read(text)
    message = found.get("message")
    payload = found.get("payload", {})
    created_on = found.get("created_on")
    if not isinstance(message, str):
        raise Malformed("PGN-REQ-003", "a request has a str message")
    if not isinstance(payload, dict):
        raise Malformed("PGN-REQ-003", "the payload of a request is an object")
    if not isinstance(created_on, str | None):
        raise Malformed("PGN-REQ-003", "the created_on of a request is a str or null")
    username = found.get("username")  # PGN-REQ-005: it may be anything
    return {
        "message": message,
        "payload": payload,
        "created_on": created_on,
        "username": username if isinstance(username, str) else None,
    }


def parse_response(text: str | bytes) -> dict[str, Any]:
    """Return the members of a response, those that are missing too, or raise Malformed."""
    found = strict_json.read(text)
    members = {
        "message": found.get("message"),
        "payload": found.get("payload", {}),
        "status": found.get("status", 0),
        "created_on": found.get("created_on"),
        "disconnecting": found.get("disconnecting", False),
        "game": found.get("game"),
    }
    if (fault := _fault_of_response(members)) is not None:
        raise Malformed("PGN-RSP-007", fault)
    return members


def build_request(members: dict[str, Any]) -> str:
    """Return the text of a request, or raise Unencodable."""
    if not isinstance(members["message"], str):
        raise Unencodable("a request has a str message", "PGN-REQ-003")
    if not isinstance(members["payload"], dict):
        raise Unencodable("the payload of a request is a dict", "PGN-REQ-003")
    if not isinstance(members["created_on"], str | None):
        raise Unencodable("the created_on of a request is a str or None", "PGN-REQ-003")
    return _write(members)


def build_response(members: dict[str, Any]) -> str:
    """Return the text of a response, or raise Unencodable."""
    if (fault := _fault_of_response(members)) is not None:
        raise Unencodable(fault, "PGN-RSP-007")
    return _write(members)


def _fault_of_response(members: dict[str, Any]) -> str | None:
    if not isinstance(members["message"], str):
        return "a response has a str message"
    if not isinstance(members["payload"], dict):
        return "the payload of a response is an object"
    status = members["status"]
    if not isinstance(status, int) or isinstance(status, bool) or status not in _STATUSES:
        return "the status of a response is 0, 1 or 2"
    if not isinstance(members["created_on"], str | None):
        return "the created_on of a response is a str or null"
    if not isinstance(members["disconnecting"], bool):
        return "the disconnecting of a response is a bool"
    if not isinstance(members["game"], str | None):
        return "the game of a response is a str or null"
    return None


def _write(members: dict[str, Any]) -> str:
    text = strict_json.write(members)
    if len(text.encode()) > MOST_TEXT:
        raise Unencodable(f"more than {MOST_TEXT} octets of JSON", "PGN-WSB-007")
    return text
