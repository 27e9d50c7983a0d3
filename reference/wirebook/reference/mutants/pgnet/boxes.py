"""Mutants of the tunnel.

What may live here: boxes, base64 around them, keys, and what a box opens to. Nonces that are used
twice are in `nonces`.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nacl import bindings

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet import strict_json, tunnel
from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.errors import Malformed, NotAuthentic
from wirebook.reference.pgnet.tunnel import RandomOctets
from wirebook.spec.pgnet.states import BOX_LEAST, KEY_SIZE, NONCE_SIZE


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
