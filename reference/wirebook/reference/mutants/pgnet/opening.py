"""Mutants of the opening, as a server sees it: the key trade and the login.

What may live here: usable keys, and what a server says to the first two requests. What a login
leaves behind is in `logins`, in which order reasons against it are looked for in `reasons`.
"""

from __future__ import annotations

from collections.abc import Callable

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pgnet import tunnel
from wirebook.reference.pgnet.core import registry
from wirebook.reference.pgnet.core.outcomes import Outcome
from wirebook.reference.pgnet.core.registry import Login, Registry
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.errors import NotAuthentic
from wirebook.reference.pgnet.messages import Packet, Response, Status
from wirebook.reference.pgnet.tunnel import Key
from wirebook.spec.pgnet.states import KEY_SIZE, LOGIN_ARGUMENTS, Text


def _trade_with(change: Callable[[ServerConnection, Packet], object]) -> None:
    """Have the first request changed before a server looks at it."""

    @override(ServerConnection, "_trade_keys")
    def trade_keys(
        original: Callable[..., None], connection: ServerConnection, packet: Packet, now: float
    ) -> None:
        change(connection, packet)
        original(connection, packet, now)


@mutant("PGN-M090", "PGN-KEY-002", "A public key is usable only once.", role="server")
def used_keys() -> None:
    """Forget one that came before."""
    seen: set[str] = set()

    def forget(_: ServerConnection, packet: Packet) -> None:
        pubkey = str(packet.payload.get("pubkey"))
        if pubkey in seen:
            packet.payload = {}
        seen.add(pubkey)

    _trade_with(forget)


@mutant(
    "PGN-M091", "PGN-KEY-003", "Points for which X25519 gives zero are usable keys.", role="server"
)
def low_order() -> None:
    """Go on with a secret that everybody knows."""

    @override(Key, "shared_with")
    def shared_with(original: Callable[..., bytes | None], key: Key, pubkey: object) -> object:
        secret = original(key, pubkey)
        if secret is not None or not isinstance(pubkey, str):
            return secret
        try:
            return bytes(KEY_SIZE) if len(tunnel.decode(pubkey)) == KEY_SIZE else None
        except ValueError:
            return None


@mutant("PGN-M092", "PGN-KEY-003", "A key without its padding is usable.", role="server")
def key_without_padding() -> None:
    """Add it."""

    def add(_: ServerConnection, packet: Packet) -> None:
        pubkey = packet.payload.get("pubkey")
        if isinstance(pubkey, str):
            packet.payload["pubkey"] = pubkey + "=" * (-len(pubkey) % 4)

    _trade_with(add)


@mutant(
    "PGN-M093",
    "PGN-KEY-003",
    "A server tells its key to clients without a usable one, too.",
    role="server",
)
def key_for_everybody() -> None:
    """Put it into the response."""

    @override(ServerConnection, "_send")
    def send(
        original: Callable[..., None], connection: ServerConnection, response: Response, now: float
    ) -> None:
        if response.message == Text.NO_KEY:
            response.payload = {"pubkey": connection._server.pubkey}
        original(connection, response, now)


@mutant(
    "PGN-M094",
    "PGN-KEY-003",
    "A first request whose `pubkey` is no string is a violation.",
    role="server",
)
def key_of_another_type() -> None:
    """Look at its type."""

    def look(_: ServerConnection, packet: Packet) -> None:
        if not isinstance(packet.payload.get("pubkey", ""), str):
            raise NotAuthentic("PGN-KEY-003", "a key of another type")

    @override(ServerConnection, "_read")
    def read(original: Callable[..., Packet], connection: ServerConnection, text: str) -> Packet:
        packet = original(connection, text)
        if connection._tunnel is None:
            look(connection, packet)
        return packet


@mutant("PGN-M095", "PGN-OPN-002", "A login has to have a `password`.", role="server")
def password_is_needed() -> None:
    """Read null where there is none."""

    @override(Login, "password")
    def password(_: Callable[[Login], object], login: Login) -> object:
        return login.payload.get("password")


@mutant("PGN-M096", "PGN-OPN-002", "A login has to have an `invite_code`.", role="server")
def invite_code_is_needed() -> None:
    """Read null where there is none."""

    @override(Login, "invite_code")
    def invite_code(_: Callable[[Login], object], login: Login) -> object:
        return login.payload.get("invite_code")


@mutant(
    "PGN-M097", "PGN-OPN-003", "The login of a known user is answered with status 2.", role="server"
)
def known_user() -> None:
    """Tell known from new."""

    @override(Registry, "_judge_known")
    def judge_known(original: Callable[..., Outcome], users: Registry, login: Login) -> Outcome:
        outcome = original(users, login)
        if isinstance(outcome, Response) and outcome.status == Status.OK:
            outcome.status = Status.UNEXPECTED
        return outcome


@mutant(
    "PGN-M106",
    "PGN-OPN-003",
    "A login with more than the book's members is refused.",
    role="server",
)
def members_of_a_login() -> None:
    """Look for others."""

    @override(Registry, "judge")
    def judge(original: Callable[..., Outcome], users: Registry, login: Login) -> Outcome:
        if login.payload.keys() - set(LOGIN_ARGUMENTS):
            return registry.refused("An unknown member.")
        return original(users, login)


def _refuse_with(change: Callable[[Response], object]) -> None:
    """Have responses to refused logins changed."""

    @override(registry, "refused")
    def refused(original: Callable[[str], Response], text: str) -> Response:
        response = original(text)
        if text != Text.NO_KEY:
            change(response)
        return response


@mutant("PGN-M098", "PGN-OPN-004", "A refused login is answered with status 2.", role="server")
def refused_with_another_status() -> None:
    """Say that it is unexpected."""

    def unexpected(response: Response) -> None:
        response.status = Status.UNEXPECTED

    _refuse_with(unexpected)


@mutant(
    "PGN-M099",
    "PGN-OPN-004",
    "The response to a refused login has `disconnecting` false.",
    role="server",
)
def refused_without_disconnecting() -> None:
    """Leave it at its default."""

    def stay(response: Response) -> None:
        response.disconnecting = False

    _refuse_with(stay)


@mutant(
    "PGN-M100",
    "PGN-OPN-004",
    "A login whose `username` is no string is a violation.",
    role="server",
)
def username_of_another_type() -> None:
    """Look at its type."""

    @override(ServerConnection, "_read")
    def read(original: Callable[..., Packet], connection: ServerConnection, text: str) -> Packet:
        packet = original(connection, text)
        in_login = connection._tunnel is not None and connection._session is None
        if in_login and not isinstance(packet.payload.get("username", ""), str):
            raise NotAuthentic("PGN-OPN-004", "a username of another type")
        return packet
