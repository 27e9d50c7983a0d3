"""The machine of servers of PGNet: all rules together, and what has to hold after each of them.

What may live here: time, and what is looked at after every step.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies

from wirebook.fuzz.machines.base import Broken, step
from wirebook.fuzz.machines.pgnet.admin_rules import AdminRules
from wirebook.fuzz.machines.pgnet.connections import Connection
from wirebook.fuzz.machines.pgnet.lobby_rules import LobbyRules
from wirebook.fuzz.machines.pgnet.opening_rules import OpeningRules
from wirebook.fuzz.machines.pgnet.play import closed_in_time
from wirebook.fuzz.machines.pgnet.violation_rules import ViolationRules
from wirebook.spec.pgnet.states import UPDATE_INTERVAL, ServerInput, ServerState

_MOMENTS: Final = strategies.sampled_from((0.05, 0.1, 0.45, 1.0, 2.5))
_TIMES: Final = strategies.sampled_from((4.9, 4.9, 5.1, 30.0, 61.0, 301.0, 1801.0, 3599.0, 3600.0))
_EPSILON: Final = 1e-6


class ServerMachine(OpeningRules, LobbyRules, AdminRules, ViolationRules):
    """The peers of a server, its admin and its operator."""

    @step(seconds=strategies.one_of(_MOMENTS, _TIMES))
    def wait(self, seconds: float) -> None:
        """Let time pass, perhaps so much that time limits are over."""
        self.pass_time(seconds)

    @step(seconds=_TIMES)
    def stay(self, seconds: float) -> None:
        """Have all users say that they are there, then let time pass."""
        for connection in list(self.connections):
            if connection.logged_in and connection.asleep is None:
                self.ask(connection, "game_dir")
        self.pass_time(seconds)

    @step(seconds=strategies.sampled_from((1.0, 3.0)))
    def watch_updates(self, seconds: float) -> None:
        """Count the updates of the games for a while (PGN-GAM-006)."""
        before = {name: self.subject.updates(name) for name in self.world.games}
        self.pass_time(seconds)
        self.settle()
        for name, count in before.items():
            after = self.subject.updates(name)
            if count is None or after is None or name not in self.world.games:
                continue
            if abs(after - count - seconds / UPDATE_INTERVAL) > 1:
                detail = f"{after - count} in {seconds} s"
                raise Broken("PGN-GAM-006", "a game has too many or too few updates", detail)

    def settle(self) -> None:
        """Look at every connection: who has answered, who was closed, and why."""
        if not self.subject.alive():
            raise Broken("PGN-ERR-002", "the server has ended", self.subject.output()[-300:])
        self.subject.poll()
        for connection in list(self.connections):
            if connection.asleep is not None:
                self._wake(connection, *connection.asleep)
            self._look_at(connection)

    def _wake(self, connection: Connection, asked: float, seconds: float) -> None:
        now, slack = self.subject.now(), self.subject.slack
        came = bool(self.subject.waiting(connection.peer))
        if not came and self.subject.ended(connection.peer) is not None:
            return  # which is looked at in a moment
        if came and now < asked + seconds - _EPSILON:
            raise Broken("PGN-ADM-016", "sleep is answered too early", f"{now - asked}, {seconds}")
        if not came and now > asked + seconds + slack + _EPSILON:
            raise Broken(
                "PGN-ADM-016", "sleep is not answered in time", f"{now - asked}, {seconds}"
            )
        if came:
            connection.asleep = None
            given = {"seconds": seconds}
            self.answered(connection, "__pgnet__.sleep", given, asked + seconds)

    def _look_at(self, connection: Connection) -> None:
        if connection not in self.connections:
            return
        self.expect_nothing(connection)
        connection.busy = False
        ended, now, slack = (
            self.subject.ended(connection.peer),
            self.subject.now(),
            self.subject.slack,
        )
        opening = connection.state in (ServerState.AWAITING_KEY, ServerState.AWAITING_LOGIN)
        broken = "PGN-CON-002" if opening else "PGN-CON-003"
        if ended is None:
            if connection.asleep is None and now > connection.latest + slack + _EPSILON:
                detail = f"{connection.state.value}, {now - connection.latest} s"
                raise Broken(broken, "a connection is not closed after its time limit", detail)
            return
        if not closed_in_time(connection, ended, slack + _EPSILON):
            detail = (
                f"{connection.state.value}, {connection.earliest - ended.at} s before the limit"
            )
            if ended.code == 1008:
                raise Broken(broken, "a connection is closed before its time limit", detail)
            claim = f"a connection is closed with code {ended.code} for nothing"
            raise Broken("PGN-ERR-002", claim, detail)
        if not self.subject.live and ended.at > connection.latest + _EPSILON:
            detail = f"{connection.state.value}, {ended.at - connection.latest} s"
            raise Broken(broken, "a connection is not closed after its time limit", detail)
        self.seen.add(f"{connection.state.value}:time limit")
        connection.step(ServerInput.TIMEOUT)
        self.over(connection)
