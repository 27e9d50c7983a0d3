"""Mutants of requests and their members.

What may live here: what a client writes into a request, and what a server reads out of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet import codec, strict_json
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.outcomes import Outcome
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.errors import Malformed
from wirebook.reference.pgnet.messages import Packet, refusal

_MEMBERS = {"message", "payload", "created_on", "username"}
Members = dict[str, Any]


def _with_members(change: Callable[[Members], object]) -> None:
    """Have the members of requests changed before they are looked at."""

    @override(codec, "parse_request")
    def parse_request(original: Callable[[str], Members], text: str | bytes) -> Members:
        members = strict_json.read(text)
        change(members)
        return original(strict_json.write(members))


@mutant("PGN-M050", "PGN-REQ-001", "Requests have a member `version` besides.", role="client")
def one_member_more() -> None:
    """Add it to what is written."""

    @override(codec, "build_request")
    def build_request(original: Callable[[Members], str], members: Members) -> str:
        return original({**members, "version": 1})


@mutant("PGN-M051", "PGN-REQ-002", "An unknown member of a request is a violation.", role="server")
def unknown_members() -> None:
    """Accept the four that there are."""

    def refuse(members: Members) -> None:
        if members.keys() - _MEMBERS:
            raise Malformed("PGN-REQ-002", "an unknown member")

    _with_members(refuse)


@mutant("PGN-M052", "PGN-REQ-003", "A request without `message` has an empty one.", role="server")
def no_message() -> None:
    """Put it there."""
    _with_members(lambda members: members.setdefault("message", ""))


@mutant(
    "PGN-M053", "PGN-REQ-003", "A `message` of another type is turned into a string.", role="server"
)
def any_message() -> None:
    """Turn it, if there is one."""

    def turn(members: Members) -> None:
        if "message" in members:
            members["message"] = str(members["message"])

    _with_members(turn)


@mutant(
    "PGN-M054",
    "PGN-REQ-003",
    "A `payload` that is no object is taken for an empty one.",
    role="server",
)
def any_payload() -> None:
    """Empty it."""

    def empty(members: Members) -> None:
        if not isinstance(members.get("payload", {}), dict):
            members["payload"] = {}

    _with_members(empty)


@mutant("PGN-M055", "PGN-REQ-003", "The `created_on` of a request may be anything.", role="server")
def any_created_on() -> None:
    """Look at it never."""
    _with_members(lambda members: members.pop("created_on", None))


@mutant("PGN-M056", "PGN-REQ-004", "A request without `payload` is a violation.", role="server")
def payload_is_needed() -> None:
    """Ask for it."""

    def ask(members: Members) -> None:
        if "payload" not in members:
            raise Malformed("PGN-REQ-004", "no payload")

    _with_members(ask)


@mutant(
    "PGN-M057",
    "PGN-REQ-005",
    "A request whose `username` is not that of the login is refused.",
    role="server",
)
def another_username() -> None:
    """Compare it."""

    @override(Lobby, "handle")
    def handle(
        original: Callable[..., Outcome], made: Lobby, session: Session, packet: Packet
    ) -> Outcome:
        if packet.username not in (None, session.name):
            return refusal("That is somebody else.")
        return original(made, session, packet)


@mutant("PGN-M058", "PGN-REQ-005", "The game is told the `username` of the request.", role="server")
def username_counts() -> None:
    """Keep it beside the request until the game is asked."""
    claimed: dict[int, str] = {}

    @override(Lobby, "handle")
    def handle(
        original: Callable[..., Outcome], made: Lobby, session: Session, packet: Packet
    ) -> Outcome:
        if packet.username:
            claimed[id(packet)] = packet.username
        try:
            return original(made, session, packet)
        finally:
            claimed.pop(id(packet), None)

    @override(Lobby, "_to_the_game")
    def to_the_game(
        original: Callable[..., Outcome], made: Lobby, session: Session, packet: Packet
    ) -> Outcome:
        packet.username = claimed.get(id(packet), packet.username)
        return original(made, session, packet)


@mutant(
    "PGN-M059",
    "PGN-REQ-005",
    "A `username` that is neither a string nor null is a violation.",
    role="server",
)
def username_of_another_type() -> None:
    """Ask for one of the two."""

    def ask(members: Members) -> None:
        if not isinstance(members.get("username"), str | None):
            raise Malformed("PGN-REQ-005", "a username of another type")

    _with_members(ask)


def _is_moment(text: object) -> bool:
    try:
        return text is None or datetime.fromisoformat(str(text)).tzinfo is not None
    except ValueError:
        return False


@mutant("PGN-M060", "PGN-REQ-006", "A `created_on` that is no date and time is a violation.")
def created_on_counts() -> None:
    """Read it, in requests and in responses."""

    def check(original: Callable[[str], Members], text: str) -> Members:
        members = original(text)
        if not _is_moment(members["created_on"]):
            raise Malformed("PGN-REQ-006", "no date and time")
        return members

    override(codec, "parse_request")(check)
    override(codec, "parse_response")(check)
