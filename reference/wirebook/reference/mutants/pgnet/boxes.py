"""Mutants of the tunnel.

What may live here: nonces, boxes, base64 around them, and what was there before.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nacl import bindings

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import strict_json, tunnel
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import Malformed, NotAuthentic
from wirebook.reference.pgnet.tunnel import EveryNonce, RandomOctets, RecentNonces, Tunnel
from wirebook.spec.pgnet.states import BOX_LEAST, KEY_SIZE, NONCE_SIZE, ServerState

_FEW = 16


@mutant("PGN-M030", "PGN-TUN-001", "Boxes are sent without padding.")
def no_padding() -> None:
    """Take it away."""

    @override(tunnel, "seal")
    def seal(original: Callable[..., str], *arguments: Any) -> str:
        return original(*arguments).rstrip("=")


@mutant("PGN-M031", "PGN-TUN-001", "Boxes are sent in the alphabet for URLs.")
def other_alphabet() -> None:
    """Change the two letters."""

    @override(tunnel, "seal")
    def seal(original: Callable[..., str], *arguments: Any) -> str:
        return original(*arguments).replace("+", "-").replace("/", "_")


@mutant("PGN-M032", "PGN-TUN-001", "The MAC stands behind the ciphertext.")
def mac_behind() -> None:
    """Move it in what is sent."""

    @override(tunnel, "seal")
    def seal(original: Callable[..., str], *arguments: Any) -> str:
        octets = tunnel.decode(original(*arguments))
        nonce, box = octets[:NONCE_SIZE], octets[NONCE_SIZE:]
        return tunnel.encode(nonce + box[BOX_LEAST:] + box[:BOX_LEAST])


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


@mutant("PGN-M035", "PGN-TUN-003", "Letters that base64 does not have are skipped.")
def loose_base64() -> None:
    """Read it as lenient libraries do."""

    @override(tunnel, "unseal")
    def unseal(original: Callable[..., Any], message: str, secret: bytes) -> Any:
        letters = re.sub("[^A-Za-z0-9+/=]", "", message)
        with suppress(ValueError):
            message = tunnel.encode(binascii.a2b_base64(letters))
        return original(message, secret)


@mutant("PGN-M036", "PGN-TUN-003", "Boxes may lack their padding.")
def padding_may_lack() -> None:
    """Add it where it is not."""

    @override(tunnel, "unseal")
    def unseal(original: Callable[..., Any], message: str, secret: bytes) -> Any:
        return original(message + "=" * (-len(message) % 4), secret)


@mutant("PGN-M037", "PGN-TUN-003", "Fewer than 40 octets are treated as a box that does not open.")
def too_short() -> None:
    """Name the other reason."""

    @override(tunnel, "unseal")
    def unseal(original: Callable[..., Any], message: str, secret: bytes) -> Any:
        try:
            return original(message, secret)
        except Malformed as error:
            if error.reason.endswith("are no box"):
                raise NotAuthentic("PGN-TUN-004", "a box that does not open") from None
            raise


@mutant("PGN-M038", "PGN-TUN-004", "The MAC of a box is not looked at.")
def any_mac() -> None:
    """Encrypt the ciphertext once more, which decrypts it."""

    @override(tunnel, "unseal")
    def unseal(original: Callable[..., Any], message: str, secret: bytes) -> Any:
        try:
            return original(message, secret)
        except NotAuthentic:
            octets = tunnel.decode(message)
            nonce, ciphertext = octets[:NONCE_SIZE], octets[NONCE_SIZE + BOX_LEAST :]
            return nonce, bindings.crypto_box_afternm(ciphertext, nonce, secret)[BOX_LEAST:]


@mutant("PGN-M039", "PGN-TUN-004", "A box that does not open is closed for with 1007.")
def another_code() -> None:
    """Take it for one that cannot be read."""

    @override(tunnel, "unseal")
    def unseal(original: Callable[..., Any], message: str, secret: bytes) -> Any:
        try:
            return original(message, secret)
        except NotAuthentic as error:
            raise Malformed("PGN-TUN-004", error.reason) from None


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


@mutant("PGN-M045", "PGN-TUN-007", "A client has one key pair for all connections.", role="client")
def one_key_pair() -> None:
    """Keep what the first one was made of."""
    kept: list[bytes] = []

    @override(ClientConnection, "__init__")
    def begin(
        original: Callable[..., None],
        connection: ClientConnection,
        credentials: Any,
        random: RandomOctets,
    ) -> None:
        def first_key(octets: int) -> bytes:
            if octets != KEY_SIZE:
                return random(octets)
            if not kept:
                kept.append(random(octets))
            return kept[0]

        original(connection, credentials, first_key)


@mutant("PGN-M046", "PGN-TUN-008", "What a box opens to need not be UTF-8.")
def box_without_utf8() -> None:
    """Take other octets for the replacement character."""

    @override(strict_json, "read")
    def read(original: Callable[..., Any], text: str | bytes) -> Any:
        return original(text.decode(errors="replace") if isinstance(text, bytes) else text)


@mutant("PGN-M047", "PGN-TUN-008", "What a box opens to may have members twice.")
def box_with_members_twice() -> None:
    """Let the last of them count, where it comes out of a box."""

    @override(strict_json, "read")
    def read(original: Callable[..., Any], text: str | bytes) -> Any:
        try:
            return original(text)
        except Malformed as error:
            if isinstance(text, str) or error.requirement != "PGN-JSN-004":
                raise
            return json.loads(text)
