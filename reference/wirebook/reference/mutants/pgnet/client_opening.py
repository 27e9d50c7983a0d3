"""Mutants of the opening, as a client sees it, and of what a client makes of bad messages.

What may live here: the key trade, the login, and violations of a server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.core.happenings import Connected
from wirebook.reference.pgnet.errors import Malformed
from wirebook.reference.pgnet.messages import Response
from wirebook.reference.pgnet.tunnel import Tunnel
from wirebook.spec.pgnet.states import ClientInput, ClientState, CloseCode


@mutant("PGN-M155", "PGN-KEY-001", "The key trade has the name of the user, too.", role="client")
def name_in_clear() -> None:
    """Write it into the payload."""

    @override(ClientConnection, "_transmit")
    def transmit(
        original: Callable[..., None], connection: ClientConnection, text: str, now: float
    ) -> None:
        if connection._tunnel is None:
            members, login = json.loads(text), json.loads(connection._login)
            members["payload"]["username"] = login["payload"]["username"]
            text = json.dumps(members)
        original(connection, text, now)


@mutant(
    "PGN-M156",
    "PGN-KEY-004",
    "A server without a usable key is closed for with 1000.",
    role="client",
)
def leaves_politely() -> None:
    """Leave as if the application had asked for it."""

    @override(ClientConnection, "_take_key")
    def take_key(original: Callable[..., None], connection: ClientConnection, *rest: Any) -> None:
        original(connection, *rest)
        if connection.close_code is CloseCode.VIOLATION and not connection._expected_key:
            connection.close_code = CloseCode.NORMAL


def _with_key(change: Callable[[ClientConnection, Response], object]) -> None:
    """Have the response to the key trade changed before a client looks at it."""

    @override(ClientConnection, "_take_key")
    def take_key(
        original: Callable[..., None], connection: ClientConnection, response: Response, now: float
    ) -> None:
        change(connection, response)
        original(connection, response, now)


@mutant("PGN-M157", "PGN-KEY-004", "The server's key may lack its padding.", role="client")
def key_without_padding() -> None:
    """Add it."""

    def add(_: ClientConnection, response: Response) -> None:
        pubkey = response.payload.get("pubkey")
        if isinstance(pubkey, str):
            response.payload["pubkey"] = pubkey + "=" * (-len(pubkey) % 4)

    _with_key(add)


@mutant(
    "PGN-M158",
    "PGN-KEY-005",
    "The key that a client was given beforehand is not looked at.",
    role="client",
)
def not_expected() -> None:
    """Forget it."""

    def forget(connection: ClientConnection, _: Response) -> None:
        connection._expected_key = ""

    _with_key(forget)


@mutant(
    "PGN-M159",
    "PGN-KEY-005",
    "Upper and lower case of the key that was given beforehand are the same.",
    role="client",
)
def expected_in_any_case() -> None:
    """Compare them so."""

    def compare(connection: ClientConnection, response: Response) -> None:
        pubkey = str(response.payload.get("pubkey"))
        if connection._expected_key.lower() == pubkey.lower():
            connection._expected_key = pubkey

    _with_key(compare)


@mutant("PGN-M160", "PGN-OPN-001", "A login leaves out what is empty.", role="client")
def empty_members() -> None:
    """Take it out."""

    @override(ClientConnection, "__init__")
    def begin(original: Callable[..., None], connection: ClientConnection, *rest: Any) -> None:
        original(connection, *rest)
        members = json.loads(connection._login)
        members["payload"] = {name: value for name, value in members["payload"].items() if value}
        connection._login = json.dumps(members)


@mutant(
    "PGN-M161", "PGN-ERR-001", "What a client cannot read it closes for with 1008.", role="client"
)
def another_code_for_the_unreadable() -> None:
    """Make no difference between the two."""

    @override(ClientConnection, "receive_violation")
    def receive_violation(
        original: Callable[..., None], connection: ClientConnection, code: int, reason: str
    ) -> None:
        unreadable = code == Malformed.close_code
        original(connection, CloseCode.VIOLATION if unreadable else code, reason)


@mutant(
    "PGN-M162",
    "PGN-ERR-002",
    "A client that has lost a connection in the opening does not connect again.",
    role="client",
)
def gives_up() -> None:
    """Return at once."""
    lost: list[ClientConnection] = []

    @override(ClientConnection, "receive_end")
    def receive_end(
        original: Callable[..., None], connection: ClientConnection, reason: str
    ) -> None:
        if not connection.over and not connection.connected:
            lost.append(connection)
        original(connection, reason)

    @override(Client, "async_connect")
    async def async_connect(original: Callable[..., Any], client: Client) -> None:
        if not lost:
            await original(client)


@mutant(
    "PGN-M165",
    "PGN-CLI-003",
    "A client waits for ever for the response to its login.",
    role="client",
)
def patient_at_the_login() -> None:
    """Set no time limit."""

    @override(ClientConnection, "_transmit")
    def transmit(
        original: Callable[..., None], connection: ClientConnection, text: str, now: float
    ) -> None:
        original(connection, text, now)
        if connection.state is ClientState.AWAITING_LOGIN:
            connection._deadline = None


@mutant(
    "PGN-M166",
    "PGN-CLI-004",
    "A client counts as connected after its connection has ended.",
    role="client",
)
def connected_for_ever() -> None:
    """Remember that it was."""
    were: set[Client] = set()

    @override(Client, "connected")
    def connected(original: Callable[..., bool], client: Client) -> bool:
        if original(client):
            were.add(client)
        return client in were


@mutant(
    "PGN-M167",
    "PGN-CLI-004",
    "A client whose login is refused is connected for a moment.",
    role="client",
)
def connected_for_a_moment() -> None:
    """Tell the application so."""

    @override(ClientConnection, "_dismiss")
    def dismiss(
        original: Callable[..., None], connection: ClientConnection, response: Response
    ) -> None:
        if connection.state is ClientState.AWAITING_LOGIN:
            connection._happenings.append(Connected())
        original(connection, response)


@mutant(
    "PGN-M168",
    "PGN-CLI-005",
    "Only a response to the login with `disconnecting` true refuses it.",
    role="client",
)
def status_of_the_login() -> None:
    """Do not look at its status."""

    @override(ClientConnection, "_dismiss")
    def dismiss(
        original: Callable[..., None], connection: ClientConnection, response: Response
    ) -> None:
        if connection.state is ClientState.AWAITING_LOGIN and not response.disconnecting:
            connection._take(response, ClientInput.LOGIN, 0.0)
        else:
            original(connection, response)


@mutant(
    "PGN-M169",
    "PGN-KEY-005",
    "A client that finds another key than the expected one has sent its login by then.",
    role="client",
)
def login_for_anybody() -> None:
    """Seal it for the key that is offered."""

    @override(ClientConnection, "_take_key")
    def take_key(
        original: Callable[..., None], connection: ClientConnection, response: Response, now: float
    ) -> None:
        pubkey = response.payload.get("pubkey")
        secret = connection._key.shared_with(pubkey)
        original(connection, response, now)
        if secret is not None and connection.over and pubkey != connection._expected_key:
            tunnel = Tunnel(secret, connection._random)
            connection._texts.append(tunnel.seal(connection._login))
