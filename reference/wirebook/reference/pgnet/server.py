"""The documented server: users, a lobby, and games, behind one port.

What may live here: `Server`. Its rules are in `core`, its sockets in `listening`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from wirebook.reference.pgnet import save_file as files
from wirebook.reference.pgnet.core.limits import Limits
from wirebook.reference.pgnet.core.server import Saved, ServerCore, Surroundings
from wirebook.reference.pgnet.desk import Desk
from wirebook.reference.pgnet.errors import AlreadyRunning, UnknownUser, UnusableSaveFile
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.listening import Listening
from wirebook.reference.pgnet.messages import Packet, Response
from wirebook.reference.pgnet.operator_log import Complaints, logger, readable, traffic
from wirebook.reference.pgnet.passwords import Cost, keep
from wirebook.reference.pgnet.tunnel import Key
from wirebook.spec.pgnet.states import ADMIN, KEY_SIZE, PORT, PREFIX

__all__ = ["Server"]

_INVITE_CODE_OCTETS: Final = 16
_SECRET_REQUESTS: Final = {PREFIX + word for word in ("create_game", "join_game", "create_invite")}
"""Requests whose payloads or responses have passwords and invite codes."""


class Server:
    """Runs the games of one class for all users who log in.

    Whoever wants to be admin needs the `admin_password`; without one, nobody can be. With a
    `save_file`, users and persistent games are there again at the next start.
    """

    def __init__(
        self,
        game: type[Game],
        /,
        *,
        listen_globally: bool = False,
        port: int = PORT,
        admin_password: str | None = None,
        registration_enabled: bool = True,
        require_user_password: bool = False,
        on_connection: Callable[[str, bool], Any] | None = None,
        verbose_logging: bool = False,
        save_file: str | Path | None = None,
        host: str | None = None,
        private_key: bytes | None = None,
        limits: Limits | None = None,
        password_cost: Cost | None = None,
    ) -> None:
        """Set up a server; nothing is listened to yet.

        `port` 0 takes a free one. `host` is an address to listen on instead of localhost or all.
        `private_key` has 32 octets; without it there is a new one at each start. Raises OSError if
        the save file cannot be read. A save file that is broken is kept aside.
        """
        self.on_connection = on_connection
        """Called with a user's name, and whether they came or went."""
        self._complaints = Complaints()
        self._cost = password_cost or Cost()
        self._save_file = None if save_file is None else Path(save_file)
        self._host = host or (None if listen_globally else "localhost")
        self._wanted_port = port
        self._limits = limits or Limits()
        self._core = ServerCore(
            game,
            Key(secrets.token_bytes(KEY_SIZE) if private_key is None else private_key),
            Surroundings(
                random=secrets.token_bytes,
                make_invite_code=partial(secrets.token_hex, _INVITE_CODE_OCTETS),
                failed=self._complaints.failed,
                tell_connection=self._tell_connection,
                trace=_trace,
            ),
            limits=self._limits,
            admin_password=keep(admin_password or "", self._cost),
            registration=registration_enabled,
            require_password=require_user_password,
            can_save=save_file is not None,
        )
        self._core.verbose = verbose_logging
        self._stop: asyncio.Future[int] | None = None
        self._listening: Listening | None = None
        self._savings: set[asyncio.Task[bool]] = set()
        self._save_lock = asyncio.Lock()
        if not admin_password and self._host != "localhost":
            logger.warning("no admin password is set: nobody can be admin")
        self._load()

    def __repr__(self) -> str:
        """Say where it listens."""
        where = self._host or "all addresses"
        return f"<{type(self).__qualname__} on {where}, port {self.port or self._wanted_port}>"

    @property
    def pubkey(self) -> str:
        """The public key, in base64, for clients that want to be sure of the server."""
        return self._core.pubkey

    @property
    def port(self) -> int | None:
        """The port that it listens on, or None if it does not run."""
        return None if self._listening is None else self._listening.port

    @property
    def registration_enabled(self) -> bool:
        """Whether it takes in users whom it does not know."""
        return self._core.registry.registration

    @registration_enabled.setter
    def registration_enabled(self, enabled: bool) -> None:
        self._core.registry.registration = enabled

    @property
    def verbose_logging(self) -> bool:
        """Whether it logs all requests and responses, without what is secret in them."""
        return self._core.verbose

    @verbose_logging.setter
    def verbose_logging(self, enabled: bool) -> None:
        self._core.verbose = enabled

    async def async_run(self, *, on_start: Callable[[], Any] | None = None) -> int:
        """Serve until `shutdown`; return the exit code that it was given.

        `on_start` is called once it listens. Raises OSError if it cannot listen, and RuntimeError
        if it runs already.
        """
        if self._stop is not None:
            raise AlreadyRunning("the server runs already")
        loop = asyncio.get_running_loop()
        stop: asyncio.Future[int] = loop.create_future()
        self._stop = stop
        self._save_lock = asyncio.Lock()  # of this event loop
        desk = Desk(self._limits.password_checks, self._limits.password_queue)
        self._listening = Listening(self._core, desk, self._cost, self._save, self.shutdown)
        try:
            await self._listening.open(self._host, self._wanted_port)
            logger.info("serving: %r", self)
            self._core.start(loop.time())
            timers = asyncio.ensure_future(self._run_timers())
            try:
                if on_start is not None:
                    on_start()
                result = await stop
            finally:
                timers.cancel()
                await self._listening.close()
                if self._save_file is not None:  # PGN-SAV-001
                    await self._save()
        finally:
            desk.close()
            self._stop = None
            self._listening = None
        logger.info("the server has stopped with exit code %d", result)
        return result

    def shutdown(self, result: int = 0, /) -> None:
        """Stop the server; `async_run` returns the `result` when everything is closed."""
        if self._stop is not None and not self._stop.done():
            self._stop.set_result(result)

    def delete_user(self, username: str) -> None:
        """Delete a user, at once or with their next request. The admin stays.

        Raises UnknownUser, a LookupError, if there is none of this name.
        """
        if username == ADMIN:
            logger.warning("the admin cannot be deleted")
        elif username not in self._core.registry.users:
            raise UnknownUser(f"no user is called {username!r}", requirement="PGN-ADM-007")
        else:
            self._core.registry.delete(username)

    async def _run_timers(self) -> None:
        loop = asyncio.get_running_loop()
        while (due := self._core.next_timer()) is not None:
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._core.handle_timer(loop.time()):
                await self._save()

    async def _save(self) -> bool:
        """Save everything, and tell whether that worked; nobody can interrupt it."""
        saving = asyncio.ensure_future(self._save_in_turn())
        self._savings.add(saving)
        saving.add_done_callback(self._savings.discard)
        return await asyncio.shield(saving)

    async def _save_in_turn(self) -> bool:
        async with self._save_lock:
            if self._save_file is None:
                return False
            try:
                await asyncio.to_thread(_write, self._save_file, self._core.saved())
            except Exception:
                self._complaints.failed(f"saving to {str(self._save_file)!r}")
                return False
            return True

    def _load(self) -> None:
        if self._save_file is None or (octets := files.read(self._save_file)) is None:
            return
        try:
            saved, clear = files.decode(octets)
        except UnusableSaveFile as error:  # PGN-SAV-006
            aside = files.set_aside(self._save_file)
            logger.error("the save file is not usable (%s): it is now %s", error, aside)
            return
        self._core.restore(saved)
        for name, password in clear.items():  # PGN-SAV-003
            room = self._core.rooms.get(name)
            if room is not None:
                room.password = keep(password, self._cost)
        logger.info("loaded %d users, %d games", len(saved.users), len(saved.games))

    def _tell_connection(self, username: str, connected: bool) -> None:
        logger.info("%s: %s", readable(username), "logged in" if connected else "gone")
        if self.on_connection is not None:
            try:
                self.on_connection(username, connected)
            except Exception:
                self._complaints.failed("on_connection")


def _write(path: Path, saved: Saved) -> None:
    files.write(path, files.encode(saved))


def _trace(username: str, packet: Packet, response: Response) -> None:
    """Log a request and its response, without what is secret in them (PGN-SEC-006)."""
    if packet.message in _SECRET_REQUESTS:
        traffic.info("%s: %s -> status %d", username, packet.message, response.status)
        return
    traffic.info(
        "%s: %s %s -> status %d, %s %s",
        readable(username),
        readable(packet.message),
        readable(packet.payload),
        response.status,
        readable(response.message),
        readable(response.payload),
    )
