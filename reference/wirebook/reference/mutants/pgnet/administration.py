"""Mutants of administration.

What may live here: the requests of the admin but `sleep` and those that delete, which have modules
of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet.core import administration, names
from wirebook.reference.pgnet.core.administration import Administration
from wirebook.reference.pgnet.core.lobby import Lobby
from wirebook.reference.pgnet.core.outcomes import SaveNow
from wirebook.reference.pgnet.core.registry import Session
from wirebook.reference.pgnet.core.server import ServerCore
from wirebook.reference.pgnet.messages import Packet, Response, Status, refusal
from wirebook.spec.pgnet.states import ADMIN, PREFIX

Original = Callable[..., Any]


def _for_everybody(word: str, *, refuse: bool = False) -> None:
    """Carry a request of users out; answer as if it were refused, if that is wanted."""

    @override(Lobby, "handle")
    def handle(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        answer = original(lobby, session, packet)
        if packet.message != PREFIX + word or session.name == ADMIN:
            return answer
        outcome = lobby._handlers[packet.message](session, **packet.payload)
        return answer if refuse else outcome


def _answer(method: str, change: Callable[[Response], object]) -> None:
    """Change the response of a request that is carried out."""

    @override(Administration, method)
    def handler(original: Original, *arguments: Any, **named: Any) -> Any:
        outcome = original(*arguments, **named)
        if isinstance(outcome, Response):
            change(outcome)
        return outcome


def _refuse(response: Response) -> None:
    response.status = Status.UNEXPECTED


@mutant("PGN-M301", "PGN-ADM-001", "Every user may send `debug`.", role="server")
def debug_for_everybody() -> None:
    """Do not ask who it is."""
    _for_everybody("debug")


@mutant("PGN-M302", "PGN-ADM-001", "Every user may send `create_invite`.", role="server")
def invites_for_everybody() -> None:
    """Do not ask who it is."""

    @override(Lobby, "handle")
    def handle(original: Original, lobby: Lobby, session: Session, packet: Packet) -> Any:
        if packet.message == f"{PREFIX}create_invite":
            return lobby._handlers[packet.message](session, username="")
        return original(lobby, session, packet)


@mutant(
    "PGN-M303",
    "PGN-ADM-001",
    "`set_registration` of a user is refused, but has its effect.",
    role="server",
)
def refused_too_late() -> None:
    """Look who it is when all is done."""
    _for_everybody("set_registration", refuse=True)


@mutant("PGN-M304", "PGN-ADM-002", "`shutdown` is answered, and the server goes on.", role="server")
def never_ends() -> None:
    """Forget it."""

    @override(ServerCore, "request_shutdown")
    def request_shutdown(_: Original, __: ServerCore) -> None:
        return


@mutant(
    "PGN-M305",
    "PGN-ADM-002",
    "`shutdown` is answered with status 2, although the server ends.",
    role="server",
)
def ends_without_thanks() -> None:
    """Answer as if it were refused."""
    _answer("_shutdown", _refuse)


@mutant(
    "PGN-M306",
    "PGN-ADM-003",
    "`set_registration` turns registration off only, never on.",
    role="server",
)
def registration_stays_off() -> None:
    """Do nothing when it is to be on."""

    @override(Administration, "_set_registration")
    def set_registration(
        original: Original, admin: Administration, session: Session, set_as: bool
    ) -> Any:
        return original(admin, session, set_as and admin._registry.registration)


@mutant(
    "PGN-M307",
    "PGN-ADM-003",
    "`set_registration` turns registration over, whatever is asked for.",
    role="server",
)
def registration_turns_over() -> None:
    """Turn it over."""

    @override(Administration, "_set_registration")
    def set_registration(
        original: Original, admin: Administration, session: Session, _: bool
    ) -> Any:
        return original(admin, session, not admin._registry.registration)


@mutant(
    "PGN-M308", "PGN-ADM-004", "The new code is in the text of the response only.", role="server"
)
def code_in_the_text() -> None:
    """Leave it out of the payload."""
    _answer("_create_invite", lambda response: response.payload.clear())


@mutant("PGN-M309", "PGN-ADM-004", "The new code is in an array in the payload.", role="server")
def codes_in_an_array() -> None:
    """Put it into an array."""

    def change(response: Response) -> None:
        if "invite_code" in response.payload:
            response.payload["invite_code"] = [response.payload["invite_code"]]

    _answer("_create_invite", change)


@mutant(
    "PGN-M310",
    "PGN-ADM-005",
    "There are invite codes for names that are not allowed.",
    role="server",
)
def codes_for_any_name() -> None:
    """Do not look at the name."""
    set_value(administration, "is_user_name", lambda _: True)


@mutant("PGN-M311", "PGN-ADM-005", "There are invite codes for `admin`.", role="server")
def codes_for_the_admin() -> None:
    """Allow this name."""
    allowed = names.is_user_name
    set_value(administration, "is_user_name", lambda name: name == ADMIN or allowed(name))


@mutant(
    "PGN-M313",
    "PGN-ADM-012",
    "`save` is answered with status 0 although it has failed.",
    role="server",
)
def failures_are_saved() -> None:
    """Do not look how it went."""

    @override(Administration, "_save")
    def save(original: Original, admin: Administration, session: Session) -> Any:
        outcome = original(admin, session)
        return SaveNow(lambda _: Response("Saved.")) if isinstance(outcome, SaveNow) else outcome


@mutant(
    "PGN-M314",
    "PGN-ADM-012",
    "`save` is answered with status 0 before anything is saved.",
    role="server",
)
def saves_later() -> None:
    """Leave it to the next autosave."""

    @override(Administration, "_save")
    def save(original: Original, admin: Administration, session: Session) -> Any:
        return Response("Saved.") if admin._host.can_save else original(admin, session)


@mutant("PGN-M315", "PGN-ADM-012", "`save` is refused although it has worked.", role="server")
def saves_and_complains() -> None:
    """Say that it failed."""

    @override(Administration, "_save")
    def save(original: Original, admin: Administration, session: Session) -> Any:
        outcome = original(admin, session)
        failed = SaveNow(lambda _: refusal("Saving failed."))
        return failed if isinstance(outcome, SaveNow) else outcome


@mutant("PGN-M316", "PGN-ADM-013", "`set_verbose` is refused.", role="server")
def always_quiet() -> None:
    """Refuse it."""
    _answer("_set_verbose", _refuse)


@mutant(
    "PGN-M317", "PGN-ADM-013", "`set_verbose` is refused if it is set so already.", role="server"
)
def once_is_enough() -> None:
    """Refuse it the second time."""

    @override(Administration, "_set_verbose")
    def set_verbose(
        original: Original, admin: Administration, session: Session, set_as: bool
    ) -> Any:
        if admin._host.verbose is set_as:
            return refusal("It is so already.")
        return original(admin, session, set_as)


def _debug(more: Callable[[Administration], Any]) -> None:
    @override(Administration, "_debug")
    def debug(original: Original, admin: Administration, session: Session) -> Any:
        response: Response = original(admin, session)
        response.payload["more"] = more(admin)
        return response


@mutant("PGN-M318", "PGN-ADM-014", "`debug` shows the invite codes.", role="server")
def debug_shows_codes() -> None:
    """Show them."""
    _debug(lambda admin: list(admin._registry.invite_codes))


@mutant("PGN-M319", "PGN-ADM-014", "`debug` shows what is kept of passwords.", role="server")
def debug_shows_hashes() -> None:
    """Show them."""
    _debug(lambda admin: {name: str(kept) for name, kept in admin._registry.users.items()})


@mutant(
    "PGN-M320",
    "PGN-ADM-014",
    "`debug` shows what games would save, with what was said in them.",
    role="server",
)
def debug_shows_messages() -> None:
    """Show them."""
    _debug(lambda admin: [room.save_string() for room in admin._rooms])
