"""The core of the reference's server as a subject: no socket, no thread, and its own time.

What may live here: what stands in for the shells around that core. Errands are run at once, except
those that are held back to let others come in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from wirebook.fuzz.machines.base import Broken
from wirebook.fuzz.machines.pgnet.subjects import Ended, Limits, Names
from wirebook.fuzz.machines.pgnet.virtual import VirtualSubject
from wirebook.fuzz.signatures import of_exception
from wirebook.reference.pgnet import passwords, save_file
from wirebook.reference.pgnet.conformance_app import ADMIN_PASSWORD, ConformanceGame
from wirebook.reference.pgnet.core import limits as core_limits
from wirebook.reference.pgnet.core import server as core_server
from wirebook.reference.pgnet.core.outcomes import CheckPassword, KeepPassword, Pause, SaveNow
from wirebook.reference.pgnet.core.server_connection import ServerConnection
from wirebook.reference.pgnet.tunnel import Key
from wirebook.spec.pgnet import states as book

_FINE: Final = 10.0
"""Seconds up to which every update of the games is made."""
_COARSE: Final = 5.0
"""Seconds between two updates in longer times."""
_LIMITS: Final = Limits(connections=6, users=7, games=5)
_PASSING: Final = "Passing"
"""What the names of games begin with that are not persistent."""
_FAILING: Final = "Failing"
"""What the names of games begin with whose updates fail."""
_NAMES: Final = Names(
    ("admin", "ann", "Ann", "1st", "carl", "x" * 20),
    ("Game 1", "game 1", "Two  spaces", "Passing one", "Failing one", "a" * 50),
)


class _Game(ConformanceGame):
    """The conformance application's game; what it is depends on its name."""

    def __init__(self, name: str, save_string: str | None = None) -> None:
        super().__init__(name, save_string)
        self.updates = 0
        self.persistent = not name.startswith(_PASSING)

    def update(self) -> None:
        self.updates += 1
        if self.name.startswith(_FAILING):
            raise RuntimeError("an update fails")


@dataclass(slots=True)
class _Peer:
    connection: ServerConnection
    arrived: deque[Callable[[], None]] = field(default_factory=deque)
    """What has come and was not read yet."""
    sent: deque[str] = field(default_factory=deque)
    """What the server has sent and nobody has received yet."""
    ended: Ended | None = None
    pause: tuple[float, Callable[[], Any]] | None = None
    """When an errand is over, and how to go on."""


class ServerCoreSubject(VirtualSubject):
    """The reference's server core."""

    features = frozenset({"persistence", "admin", "scripted-game"})
    names = _NAMES
    limits: Limits | None = _LIMITS
    crowded = False
    can_crash = True

    def __init__(self) -> None:
        super().__init__()
        self._peers: dict[int, _Peer] = {}
        self._saved: bytes | None = None
        self._held: list[int] | None = None
        """Whose errands wait, while they are held back."""
        self._games: list[_Game] = []
        self._core = self._begin()

    def close(self) -> None:
        """Forget it."""
        self._peers.clear()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self._now + seconds
        coarse = None if seconds <= _FINE else self._now + _COARSE
        while True:
            due, act = min(self._due(coarse), key=lambda pair: pair[0], default=(end + 1, None))
            if act is None or due > end:
                break
            self._now = max(self._now, due)
            if coarse is not None and self._now >= coarse:
                coarse = self._now + _COARSE
            self._guard(act)
        self._now = end

    def connect(self) -> int:
        """Open a WebSocket."""
        number = len(self._peers)
        self._peers[number] = _Peer(self._core.connect("127.0.0.1", self._now))
        self._go_on(number)
        return number

    def send(self, peer: int, text: str) -> None:
        """Send a text message."""
        one = self._peers[peer]
        one.arrived.append(lambda: one.connection.receive_text(text, self._now))
        self._go_on(peer)

    def send_octets(self, peer: int, octets: bytes, *, text: bool) -> bool:
        """Send octets as a message: what the WebSocket would find is told to the core."""
        if not text:
            code = 1003
        elif len(octets) > book.MESSAGE_MOST:
            code = 1009
        else:
            return False
        one = self._peers[peer]
        one.arrived.append(lambda: one.connection.receive_violation(code, "by the WebSocket"))
        self._go_on(peer)
        return True

    def receive(self, peer: int, seconds: float) -> str | None:  # noqa: ARG002 - nothing is late
        """Return the next message, if there is one."""
        sent = self._peers[peer].sent
        return sent.popleft() if sent else None

    def waiting(self, peer: int) -> int:
        """Return how many messages were not received yet."""
        return len(self._peers[peer].sent)

    def ended(self, peer: int, seconds: float = 0.0) -> Ended | None:  # noqa: ARG002
        """Tell how the server has ended a connection."""
        return self._peers[peer].ended

    def poll(self) -> None:
        """Do nothing: all has come."""

    def leave(self, peer: int, how: str) -> None:  # noqa: ARG002 - the core sees no difference
        """End a connection."""
        one = self._peers[peer]
        if not one.connection.closed:
            self._guard(one.connection.receive_end)
        one.ended = one.ended or Ended(self._now, 0)
        one.pause = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold errands back."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for number in held:
                self._go_on(number)

    def shut_down(self) -> None:
        """End the server, which sends what it owes, and saves."""
        self._guard(self._core.shut_down)
        for number in self._peers:
            self._go_on(number)
        late = [one.pause[0] for one in self._peers.values() if one.pause is not None]
        if late:
            self.advance(max(late) - self._now)
        self._save()

    def crash(self) -> None:
        """End the server."""
        for one in self._peers.values():
            one.ended = one.ended or Ended(self._now, 0)

    def start(self) -> None:
        """Start another one with what is saved."""
        self._core = self._begin()

    def persistent(self, game: str) -> bool:
        """Tell whether a game goes on."""
        return not game.startswith(_PASSING)

    def info(self, lines: int) -> str | None:
        """Return what the game says of itself."""
        return f"{lines} lines"

    def updates(self, game: str) -> int | None:
        """Return how many updates the last game of a name has had."""
        counts = [one.updates for one in self._games if one.name == game]
        return counts[-1] if counts else None

    def _begin(self) -> core_server.ServerCore:
        self._games = []
        core = core_server.ServerCore(
            self._make_game,
            Key(self.random(book.KEY_SIZE)),
            core_server.Surroundings(
                random=self.random,
                make_invite_code=lambda: self.random(16).hex(),
                failed=lambda _: None,
                tell_connection=lambda *_: None,
                trace=lambda *_: None,
            ),
            limits=core_limits.Limits(_LIMITS.connections, _LIMITS.users, _LIMITS.games),
            admin_password=passwords.keep(ADMIN_PASSWORD, passwords.LEAST_COST),
            can_save=True,
        )
        if self._saved is not None:
            core.restore(save_file.decode(self._saved)[0])
        core.start(self._now)
        return core

    def _make_game(self, name: str, save_string: str | None = None) -> _Game:
        game = _Game(name, save_string)
        self._games.append(game)
        return game

    def _due(self, coarse: float | None) -> Iterator[tuple[float, Callable[[], Any]]]:
        if (due := coarse or self._core.next_timer()) is not None:
            yield due, self._handle_timer
        for number, one in self._peers.items():
            if one.pause is not None:
                yield one.pause[0], partial(self._end_pause, number)
            elif not one.connection.closed and (due := one.connection.next_timer()) is not None:
                yield due, partial(self._time_out, number)

    def _handle_timer(self) -> None:
        if self._core.handle_timer(self._now):
            self._save()

    def _end_pause(self, number: int) -> None:
        one = self._peers[number]
        if one.pause is not None:
            then, one.pause = one.pause[1], None
            one.connection.resume(then, self._now)
        self._go_on(number)

    def _time_out(self, number: int) -> None:
        self._peers[number].connection.handle_timer(self._now)
        self._go_on(number)

    def _go_on(self, number: int) -> None:
        """Do for a connection what its shell does: errands, sending, reading, closing."""
        one = self._peers[number]
        connection = one.connection
        while True:
            if self._core.shutdown_requested and not connection.busy:
                one.sent.extend(connection.texts_to_send())
                self._core.shutdown_requested = False
                self._guard(self._core.shut_down)
                for other in self._peers:
                    self._go_on(other)
            one.sent.extend(connection.texts_to_send())
            if connection.closed:
                if one.ended is None and connection.close_code is not None:
                    one.ended = Ended(self._now, int(connection.close_code))
                return
            if connection.errand is not None:
                if self._held is not None:
                    self._held.append(number)
                    return
                if one.pause is not None or not self._guard(partial(self._carry_out, one)):
                    return
            elif one.arrived and not connection.busy:
                self._guard(one.arrived.popleft())
            else:
                return

    def _carry_out(self, one: _Peer) -> None:
        """Do something slow; a pause is only begun."""
        connection, errand = one.connection, one.connection.errand
        match errand:
            case KeepPassword(password, then):
                kept = passwords.keep(password, passwords.LEAST_COST)
                connection.resume(partial(then, kept), self._now)
            case CheckPassword(kept_before, password, then_right):
                right = passwords.proves(kept_before, password)
                connection.resume(partial(then_right, right), self._now)
            case Pause(seconds, then_on):
                one.pause = self._now + seconds, then_on
            case SaveNow(then_done):
                self._save()
                connection.resume(partial(then_done, True), self._now)

    def _save(self) -> None:
        self._saved = save_file.encode(self._core.saved())

    def _guard(self, act: Callable[[], Any]) -> bool:
        try:
            act()
        except Broken:
            raise
        except Exception as error:
            raise Broken("PGN-ERR-002", f"the core raises: {of_exception(error)}") from error
        return True
