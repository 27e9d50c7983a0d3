"""Mutants of guessing and secrets.

What may live here: keys that are known beforehand, attempts, the admin's password, logs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import server
from wirebook.reference.pgnet.core import attempts
from wirebook.reference.pgnet.core.attempts import Attempts
from wirebook.reference.pgnet.core.client_connection import ClientConnection, Credentials
from wirebook.reference.pgnet.core.registry import Login, Registry
from wirebook.reference.pgnet.core.server import ServerCore
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.operator_log import logger
from wirebook.reference.pgnet.passwords import LEAST_COST, keep
from wirebook.spec.pgnet.states import PREFIX, Text

Original = Callable[..., Any]


@mutant("PGN-M389", "PGN-SEC-001", "A client logs in whatever key the server has.", role="client")
def any_key_will_do() -> None:
    """Forget the one that it was given."""

    @override(ClientConnection, "__init__")
    def init(
        original: Original, connection: ClientConnection, credentials: Credentials, random: Any
    ) -> None:
        original(connection, replace(credentials, pubkey=""), random)


@mutant(
    "PGN-M390",
    "PGN-SEC-001",
    "A client sends its password together with its own key, in clear.",
    role="client",
)
def password_in_the_key_trade() -> None:
    """Put it into the first request."""
    passwords: dict[int, str] = {}

    @override(ClientConnection, "__init__")
    def init(
        original: Original, connection: ClientConnection, credentials: Credentials, random: Any
    ) -> None:
        passwords[id(connection)] = credentials.password
        original(connection, credentials, random)

    @override(ClientConnection, "_transmit")
    def transmit(original: Original, connection: ClientConnection, text: str, now: float) -> None:
        if connection._tunnel is None:
            packet = Packet.deserialize(text)
            packet.payload["password"] = passwords[id(connection)]
            text = packet.serialize()
        original(connection, text, now)


@mutant("PGN-M391", "PGN-SEC-002", "Passwords can be tried without a limit.", role="server")
def any_number_of_attempts() -> None:
    """Never say that it is too many."""

    @override(Attempts, "are_too_many")
    def are_too_many(_: Original, __: Attempts, *___: Any) -> bool:
        return False


@mutant(
    "PGN-M392",
    "PGN-SEC-002",
    "Attempts count by name alone: anybody can lock out anybody.",
    role="server",
)
def attempts_by_name() -> None:
    """Leave the address out."""

    @override(attempts, "_key")
    def key(original: Original, name: str, _: str) -> Any:
        return original(name, "")


@mutant(
    "PGN-M393",
    "PGN-SEC-002",
    "Attempts count by address alone: one locks out all of a house.",
    role="server",
)
def attempts_by_address() -> None:
    """Leave the name out."""

    @override(attempts, "_key")
    def key(original: Original, _: str, address: str) -> Any:
        return original("", address)


@mutant("PGN-M394", "PGN-SEC-002", "Eleven attempts are allowed.", role="server")
def one_more_attempt() -> None:
    """Count one more."""
    set_value(attempts, "ATTEMPTS_MOST", 11)


@mutant(
    "PGN-M395",
    "PGN-SEC-002",
    "A login that is accepted makes the failed attempts undone.",
    role="server",
)
def success_clears() -> None:
    """Forget them."""

    @override(Registry, "_accept")
    def accept(original: Original, registry: Registry, login: Login) -> Any:
        failed = registry._attempts._failed
        failed.pop(attempts._key(login.username, login.address), None)
        return original(registry, login)


@mutant("PGN-M396", "PGN-SEC-002", "Wrong invite codes are not counted.", role="server")
def codes_do_not_count() -> None:
    """Count passwords only."""

    @override(Registry, "_fail")
    def fail(original: Original, registry: Registry, login: Login, text: str) -> Any:
        response = original(registry, login, text)
        if text == Text.WRONG_INVITE:
            failed = registry._attempts._failed
            failed[attempts._key(login.username, login.address)].pop()
        return response


@mutant(
    "PGN-M378",
    "PGN-SEC-002",
    "A login as somebody who is connected counts as a failed attempt.",
    role="server",
)
def other_refusals_count() -> None:
    """Count it, so that others can lock out who plays."""

    @override(Registry, "judge")
    def judge(original: Original, registry: Registry, login: Login) -> Any:
        outcome = original(registry, login)
        if isinstance(outcome, Response) and outcome.message == Text.ALREADY_CONNECTED:
            registry._attempts.fail(login.username, login.address, login.now)
        return outcome


@mutant("PGN-M397", "PGN-SEC-004", "Without an admin password, it is `admin`.", role="server")
def admin_by_default() -> None:
    """Do as the originals do."""

    @override(ServerCore, "__init__")
    def init(original: Original, core: ServerCore, *arguments: Any, **named: Any) -> None:
        if named.get("admin_password") is None:
            named["admin_password"] = keep("admin", LEAST_COST)
        original(core, *arguments, **named)


@mutant("PGN-M398", "PGN-SEC-006", "A verbose server logs the passwords of games.", role="server")
def logs_passwords_of_games() -> None:
    """Hide the payload of no request."""
    set_value(server, "_SECRET_REQUESTS", frozenset())


@mutant("PGN-M379", "PGN-SEC-006", "A verbose server logs new invite codes.", role="server")
def logs_invite_codes() -> None:
    """Hide only requests with passwords."""
    invites = f"{PREFIX}create_invite"
    set_value(server, "_SECRET_REQUESTS", server._SECRET_REQUESTS - {invites})


@mutant(
    "PGN-M380",
    "PGN-SEC-006",
    "A server logs what is in a login that is refused for its password or code.",
    role="server",
)
def logs_wrong_passwords() -> None:
    """Tell the operator who tries what."""

    @override(Registry, "_fail")
    def fail(original: Original, registry: Registry, login: Login, text: str) -> Any:
        logger.warning("%s %s", text, login.payload)
        return original(registry, login, text)


@mutant("PGN-M399", "PGN-SEC-006", "A client logs its login.", role="client")
def logs_the_login() -> None:
    """Log each request that it sends."""

    @override(ClientConnection, "_transmit")
    def transmit(original: Original, connection: ClientConnection, text: str, now: float) -> None:
        logger.warning("sending %s", text)
        original(connection, text, now)
