"""The requests of administration.

What may live here: what only the admin may do. That it is the admin who asks was seen to before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wirebook.reference.pgnet.core.names import is_user_name
from wirebook.reference.pgnet.core.outcomes import Outcome, Pause, SaveNow
from wirebook.reference.pgnet.core.registry import Registry, Session
from wirebook.reference.pgnet.core.rooms import Rooms
from wirebook.reference.pgnet.messages import Response, refusal
from wirebook.spec.pgnet.states import ADMIN, PREFIX, SLEEP_MOST, ServerInput


class Host(Protocol):
    """What of the server itself the admin sees and changes."""

    @property
    def pubkey(self) -> str:
        """The public key of the server."""

    @property
    def can_save(self) -> bool:
        """Whether there is anything to save to."""

    verbose: bool
    """Whether all messages are logged."""

    def request_shutdown(self) -> None:
        """End the server, once what is owed has been sent."""


class Administration:
    """The handlers of these requests, by name."""

    def __init__(
        self,
        host: Host,
        registry: Registry,
        rooms: Rooms,
        make_invite_code: Callable[[], str],
    ) -> None:
        self._host = host
        self._registry = registry
        self._rooms = rooms
        self._make_invite_code = make_invite_code
        self.handlers: dict[str, Callable[..., Outcome]] = {
            PREFIX + "shutdown": self._shutdown,
            PREFIX + "set_registration": self._set_registration,
            PREFIX + "create_invite": self._create_invite,
            PREFIX + "delete_user": self._delete_user,
            PREFIX + "destroy_game": self._destroy_game,
            PREFIX + "save": self._save,
            PREFIX + "set_verbose": self._set_verbose,
            PREFIX + "debug": self._debug,
            PREFIX + "sleep": self._sleep,
        }

    def _shutdown(self, _: Session) -> Response:
        self._host.request_shutdown()  # PGN-ADM-002
        return Response("Shutting down.")

    def _set_registration(self, _: Session, set_as: bool) -> Response:
        self._registry.registration = set_as
        return Response(f"Registration is {'on' if set_as else 'off'}.")

    def _create_invite(self, _: Session, username: str) -> Response:
        if username and not is_user_name(username):  # PGN-ADM-005
            return refusal("Username not allowed.")
        code = self._make_invite_code()
        self._registry.invite_codes[code] = username
        return Response(f"Created invite code: {code}", {"invite_code": code})  # PGN-ADM-006

    def _delete_user(self, _: Session, username: str) -> Response:
        if username not in self._registry.users or username == ADMIN:  # PGN-ADM-007
            return refusal("There is no such user to be deleted.")
        self._registry.delete(username)
        return Response(f"Deleted user: {username!r}.")

    def _destroy_game(self, _: Session, name: str) -> Response:
        room = self._rooms.get(name)
        if room is None:  # PGN-ADM-010
            return refusal("There is no such game.")
        self._rooms.remove(room)  # PGN-ADM-011
        for username in sorted(room.users):
            session = self._registry.sessions[username]
            session.game = None
            session.happen(ServerInput.DESTROYED)
            room.leave(username)
        return Response(f"Destroyed game: {name!r}.")

    def _save(self, _: Session) -> Outcome:
        if not self._host.can_save:  # PGN-ADM-012
            return refusal("There is no save file.")
        return SaveNow(lambda done: Response("Saved.") if done else refusal("Saving failed."))

    def _set_verbose(self, _: Session, set_as: bool) -> Response:
        self._host.verbose = set_as
        return Response(f"Verbose logging is {'on' if set_as else 'off'}.")

    def _debug(self, _: Session) -> Response:
        return Response(  # PGN-ADM-014
            "The payload tells about the server.",
            {
                "pubkey": self._host.pubkey,
                "users": sorted(self._registry.users),
                "connected_users": sorted(self._registry.sessions),
                "games": [room.listing() for room in self._rooms],
                "registration": self._registry.registration,
                "verbose": self._host.verbose,
            },
        )

    def _sleep(self, _: Session, seconds: float) -> Outcome:
        if seconds < 0:  # PGN-ADM-015
            return refusal("The time is negative.")
        capped = min(seconds, SLEEP_MOST)
        return Pause(capped, lambda: Response(f"Slept for {capped} seconds."))
