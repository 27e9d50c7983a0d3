"""Mutants of nonces: those that are sent twice, and those that come twice.

What may live here: what a side makes of a nonce, and what it remembers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import tunnel
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import NotAuthentic
from wirebook.reference.pgnet.tunnel import EveryNonce, RandomOctets, RecentNonces, Tunnel
from wirebook.spec.pgnet.states import NONCE_SIZE, ServerState

_FEW = 16


@mutant("PGN-M033", "PGN-TUN-002", "Nonces come again after 16 boxes.")
def nonces_again() -> None:
    """Let the counter begin anew."""

    @override(Tunnel, "seal")
    def seal(original: Callable[..., str], made: Tunnel, text: str) -> str:
        made._counter %= _FEW
        return original(made, text)


@mutant("PGN-M034", "PGN-TUN-002", "Every connection begins with the same nonce.", role="server")
def nonces_count_from_zero() -> None:
    """Leave out what is random in them."""

    @override(Tunnel, "__init__")
    def begin(original: Callable[..., None], made: Tunnel, secret: bytes, _: RandomOctets) -> None:
        original(made, secret, bytes)


@mutant("PGN-M086", "PGN-TUN-002", "A box has the nonce of the box that it answers.")
def nonce_of_the_other_side() -> None:
    """Take the one that came last, if any came."""
    last: dict[Tunnel, bytes] = {}

    @override(Tunnel, "open")
    def open_box(original: Callable[..., bytes], made: Tunnel, message: str, *rest: Any) -> bytes:
        data = original(made, message, *rest)
        last[made] = tunnel.decode(message)[:NONCE_SIZE]
        return data

    @override(Tunnel, "seal")
    def seal(original: Callable[..., str], made: Tunnel, text: str) -> str:
        if made not in last:
            return original(made, text)
        return tunnel.seal(text.encode(), last[made], made._secret)


@mutant("PGN-M040", "PGN-TUN-005", "A box that was sent may come back.")
def reflected() -> None:
    """Know none of the nonces that were sent."""

    @override(Tunnel, "_is_own")
    def is_own(_: Callable[..., bool], __: Tunnel, ___: bytes) -> bool:
        return False


@mutant("PGN-M041", "PGN-TUN-005", "A box may come twice.")
def comes_twice() -> None:
    """Remember nothing that came."""

    @override(RecentNonces, "add")
    def add(_: Callable[..., bool], __: RecentNonces, ___: bytes) -> bool:
        return True


@mutant("PGN-M042", "PGN-TUN-005", "Only some hundred nonces are remembered.", role="server")
def short_memory() -> None:
    """Forget what is further back."""
    set_value(RecentNonces, "SPAN", 256)


@mutant("PGN-M048", "PGN-TUN-005", "A nonce may come again with another text.")
def nonce_with_another_text() -> None:
    """Remember whole messages instead of their nonces."""

    @override(Tunnel, "open")
    def open_box(original: Callable[..., bytes], made: Tunnel, message: str, *rest: Any) -> bytes:
        memory, made._memory = made._memory, RecentNonces()
        try:
            data = original(made, message, *rest)
        finally:
            made._memory = memory
        if not memory.add(message.encode()):
            raise NotAuthentic("PGN-TUN-005", "a replayed box")
        return data


@mutant("PGN-M043", "PGN-TUN-006", "The nonces of logins are not remembered.", role="server")
def logins_again() -> None:
    """Compare them with nothing."""

    @override(Tunnel, "open")
    def open_box(
        original: Callable[..., bytes], made: Tunnel, message: str, _: EveryNonce | None = None
    ) -> bytes:
        return original(made, message)


@mutant(
    "PGN-M044",
    "PGN-TUN-006",
    "Only the nonces of logins that succeed are remembered.",
    role="server",
)
def refused_logins_again() -> None:
    """Forget the others."""
    nonces: dict[ServerConnection, bytes] = {}

    @override(ServerConnection, "_read")
    def read(original: Callable[..., Any], connection: ServerConnection, text: str) -> Any:
        if connection.state is not ServerState.AWAITING_LOGIN or connection._tunnel is None:
            return original(connection, text)
        server = connection._server
        nonce, _ = tunnel.unseal(text, connection._tunnel._secret)
        if nonce in server.login_nonces:
            raise NotAuthentic("PGN-TUN-006", "a replayed login")
        nonces[connection] = nonce
        everywhere, server.login_nonces = server.login_nonces, EveryNonce()
        try:
            return original(connection, text)
        finally:
            server.login_nonces = everywhere

    @override(ServerConnection, "_answer_login")
    def answer_login(
        original: Callable[..., None], connection: ServerConnection, login: Any, *rest: Any
    ) -> None:
        nonce = nonces.pop(connection)
        if login.session is not None:
            connection._server.login_nonces.add(nonce)
        original(connection, login, *rest)


@mutant(
    "PGN-M049",
    "PGN-TUN-006",
    "The nonce of a login may come again under the key of another client.",
    role="server",
)
def logins_of_other_clients() -> None:
    """Remember it together with the secret."""

    class WithSecret(EveryNonce):
        def __init__(self, nonces: EveryNonce, secret: bytes) -> None:
            self._nonces = nonces
            self._secret = secret

        def add(self, nonce: bytes) -> bool:
            return self._nonces.add(nonce + self._secret)

    @override(Tunnel, "open")
    def open_box(
        original: Callable[..., bytes],
        made: Tunnel,
        message: str,
        before: EveryNonce | None = None,
    ) -> bytes:
        with_secret = None if before is None else WithSecret(before, made._secret)
        return original(made, message, with_secret)
