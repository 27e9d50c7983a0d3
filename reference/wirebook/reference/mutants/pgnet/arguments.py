"""Mutants of the arguments of requests, and of the list of them.

What may live here: what a server makes of a payload, except that of a heartbeat, and `help`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.core import lobby
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.outcomes import Outcome
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.messages import Packet, Response, refusal
from wirebook.spec.pgnet.states import HEARTBEAT, REQUESTS, Request

Members = dict[str, Any]


def _with_payload(change: Callable[[Request, Members], Members]) -> None:
    """Have the payload of requests that are no heartbeat changed before it is looked at."""

    @override(Lobby, "handle")
    def handle(
        original: Callable[..., Outcome], made: Lobby, session: Session, packet: Packet
    ) -> Outcome:
        request = REQUESTS.get(packet.message)
        if request is not None and request.name != HEARTBEAT:
            packet.payload = change(request, packet.payload)
        return original(made, session, packet)


def _without_unknown(of: Callable[[Request], bool]) -> None:
    """Leave out the arguments that some requests do not have."""

    def known(request: Request, payload: Members) -> Members:
        if not of(request):
            return payload
        return {name: value for name, value in payload.items() if name in request.arguments}

    _with_payload(known)


@mutant("PGN-M061", "PGN-ARG-001", "The requests of users ignore unknown arguments.", role="server")
def unknown_arguments() -> None:
    """Leave them out."""
    _without_unknown(lambda request: not request.admin)


@mutant(
    "PGN-M062",
    "PGN-ARG-001",
    "Requests of administration that have arguments ignore unknown ones.",
    role="server",
)
def unknown_arguments_of_the_admin() -> None:
    """Leave them out there."""
    _without_unknown(lambda request: request.admin and bool(request.arguments))


@mutant("PGN-M119", "PGN-ARG-001", "A heartbeat with a payload is refused.", role="server")
def heartbeat_with_a_payload() -> None:
    """Treat it as a request without arguments."""

    @override(Lobby, "handle")
    def handle(
        original: Callable[..., Outcome], made: Lobby, session: Session, packet: Packet
    ) -> Outcome:
        if packet.message == HEARTBEAT and packet.payload:
            return refusal("A heartbeat has no arguments.")
        return original(made, session, packet)


def _let_through(allowed: Callable[[str, object], bool]) -> None:
    """Allow values of other types as arguments, by the name of the type that they should have."""

    @override(lobby, "_fault")
    def fault(
        original: Callable[..., str | None], request: Request, name: str, value: object
    ) -> str | None:
        kind = request.arguments.get(name)
        return None if kind and allowed(kind, value) else original(request, name, value)


@mutant("PGN-M063", "PGN-ARG-002", "True and false are numbers.", role="server")
def bool_is_a_number() -> None:
    """Let them through."""
    _let_through(lambda kind, value: kind == "float" and isinstance(value, bool))


@mutant("PGN-M064", "PGN-ARG-002", "Anything is true or false.", role="server")
def truth_of_anything() -> None:
    """Let it through."""
    _let_through(lambda kind, _: kind == "bool")


@mutant("PGN-M065", "PGN-ARG-002", "An argument that is null counts as left out.", role="server")
def null_is_left_out() -> None:
    """Leave it out."""

    def given(_: Request, payload: Members) -> Members:
        return {name: value for name, value in payload.items() if value is not None}

    _with_payload(given)


@mutant("PGN-M066", "PGN-ARG-002", "A number is turned into a string.", role="server")
def number_is_text() -> None:
    """Turn it where a string should be."""

    def turned(request: Request, payload: Members) -> Members:
        return {
            name: str(value)
            if request.arguments.get(name) == "str" and isinstance(value, int | float)
            else value
            for name, value in payload.items()
        }

    _with_payload(turned)


def _help_with(change: Callable[[Members], object]) -> None:
    @override(Lobby, "_help")
    def answer(original: Callable[..., Response], made: Lobby, session: Session) -> Response:
        response = original(made, session)
        change(response.payload)
        return response


@mutant("PGN-M067", "PGN-HLP-001", "`help` leaves out administration.", role="server")
def help_for_users() -> None:
    """Take its requests out."""

    def take_out(payload: Members) -> None:
        for name in list(payload):
            if REQUESTS[name].admin:
                del payload[name]

    _help_with(take_out)


@mutant("PGN-M068", "PGN-HLP-001", "`help` lists the heartbeat.", role="server")
def help_with_the_heartbeat() -> None:
    """Put it there."""
    _help_with(lambda payload: payload.setdefault(HEARTBEAT, {}))


@mutant("PGN-M069", "PGN-HLP-001", "`help` calls numbers `number`.", role="server")
def help_with_other_types() -> None:
    """Use another word than the book."""

    def rename(payload: Members) -> None:
        for arguments in payload.values():
            for name, kind in arguments.items():
                arguments[name] = "number" if kind == "float" else kind

    _help_with(rename)
