"""Cases: how long a server waits, and what it does when a connection ends.

What may live here: the time limits of the opening, and the ways in which a connection ends.
"""

from __future__ import annotations

import time

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    GAME_DIR,
    HEARTBEAT,
    JOIN_GAME,
    expect_game,
    granted,
    request,
)
from wirebook.conformance.drivers.pgnet.stream import pump
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.pgnet.limits import OPENING_TIME_LIMIT

EARLY = 0.2
LATE = 1.0
"""Seconds by which a server may be too early or too late."""
STEP = 0.25
IN_TIME = 3.0
"""Seconds that a client may take for a request of the opening."""


class Waiting:
    """A connection in the opening that does not send its next request, or not in time."""

    def __init__(self, client: RawClient, habit: str, began: float) -> None:
        self.client, self.habit, self.began = client, habit, began
        self._sent = 0

    def act(self) -> None:
        """Do what the connection does instead of sending the request."""
        if self.client.closed:
            return
        if self.habit == "pings":
            self.client.send_frame(frames.PING, b"still here")
        elif self.habit == "sends a frame at a time":
            opcode = frames.CONTINUATION if self._sent else frames.TEXT
            self.client.send_frame(opcode, b" ", final=False)
            self._sent += 1
        elif self.habit == "sends an octet at a time":
            self.client.write(b" " if self._sent else frames.frame(frames.TEXT, claim=1000))
            self._sent += 1

    def check(self) -> None:
        """Check that the server has closed the connection, when it should have."""
        closed = self.client.closed
        who = f"of a client that {self.habit} {self.stage}"
        if closed is None:
            raise Violation(f"expected close code 1008 after 5 s {who}, got nothing")
        if self.client.waiting or closed.code != 1008:
            raise Violation(f"expected close code 1008 after 5 s {who}, got {closed}")
        passed = closed.at - self.began
        if not OPENING_TIME_LIMIT - EARLY <= passed <= OPENING_TIME_LIMIT + LATE:
            raise Violation(f"expected close code 1008 after 5 s {who}, got it in {passed:.2f} s")

    @property
    def stage(self) -> str:
        """How far the connection has come."""
        return "before the login" if self.client.server_key else "before the key trade"


HABITS = ["is silent", "pings", "sends a frame at a time", "sends an octet at a time"]


@slow
@requires("PGN-CON-002", "PGN-ERR-001")
@pytest.mark.parametrize("stage", ["key trade", "login"])
def test_time_limit_of_the_opening(visit: Visit, stage: str) -> None:
    """A request of the opening that has not come within 5 s ends the connection with code 1008."""
    witness = visit.user()
    waiting = []
    for habit in HABITS:
        client = visit.opened() if stage == "key trade" else visit.traded()
        waiting.append(Waiting(client, habit, time.monotonic()))
    clients = [one.client for one in waiting]
    end = time.monotonic() + visit.link.deadline(OPENING_TIME_LIMIT + LATE)
    late = 0.0
    while time.monotonic() < end and not all(client.closed for client in clients):
        for one in waiting:
            one.act()
        asked = time.monotonic()
        pump(clients, lambda: all(client.closed for client in clients), STEP)
        late = max(late, time.monotonic() - asked - STEP)
    if late > LATE / 2:
        raise Inconclusive(f"our own loop was late by {late:.1f} s")
    for one in waiting:
        one.check()
    control(witness)


@slow
@requires("PGN-CON-002", "PGN-OPN-003")
def test_time_of_each_request(visit: Visit) -> None:
    """Each of the two requests has 5 s of its own: 3 s for each are in time."""
    client = visit.opened()
    for what in ("key trade", "login"):
        pump([client], lambda: client.closed, IN_TIME)
        if client.closed:
            raise Violation(f"expected 5 s for the {what}, got {client.closed} in {IN_TIME} s")
        if what == "key trade":
            client.trade()
    granted(client.log_in(visit.new_name()), "for a login 3 s after the key trade")
    control(client)


ENDS = [
    "close 1000",
    "close 1001",
    "close 4000",
    "close without a code",
    "close and reset",
    "end of the stream",
    "reset",
    "reset in the middle of a request",
    "violation",
    "broken frame",
]


def end(client: RawClient, how: str) -> None:
    """End a connection in one of many ways."""
    client.note(f"The connection ends: {how}")
    if how.startswith(("close 1", "close 4")):
        client.leave(int(how.removeprefix("close ")))
    elif how == "close without a code":
        client.send_frame(frames.CLOSE)
        client.drop()
    elif how == "close and reset":
        client.send_close()
        client.abort()
    elif how == "end of the stream":
        client.drop()
    elif how == "reset":
        client.abort()
    elif how == "reset in the middle of a request":
        octets = frames.message(client.seal(request(GAME_DIR)))
        client.post("hello")
        client.write(octets[: len(octets) // 2])
        client.abort()
    elif how == "violation":
        client.send_text(b"no box")
        client.expect_closed("after a violation", 1007)
    else:
        client.send_frame(0x7)
        client.expect(lambda: client.closed, "the end of a connection with a broken frame")
        client.drop()


@requires("PGN-CON-004", "PGN-OPN-008")
@pytest.mark.parametrize("how", ENDS)
def test_user_whose_connection_ends(visit: Visit, how: str) -> None:
    """Whoever loses the connection is out of the game, and may come back at once."""
    witness, player = visit.user(), visit.player()
    game = str(control(player).game)
    granted(witness.ask(JOIN_GAME, {"name": game}), "for join_game")
    end(player, how)
    again = visit.user(player.name)
    expect_game(control(again), None, "in a new connection")
    listed = granted(witness.ask(GAME_DIR), "for game_dir").payload["games"][game]
    if listed["users"] != 1:
        raise Violation(f"expected one user in the game after the other has gone, got {listed}")
    granted(again.ask(JOIN_GAME, {"name": game}), "for join_game")
    granted(witness.ask(HEARTBEAT), "for a heartbeat")


@requires("PGN-CON-004")
@pytest.mark.parametrize("stage", ["opened", "traded", "login under way"])
def test_connection_that_ends_in_the_opening(visit: Visit, stage: str) -> None:
    """A connection that ends in the opening leaves nothing behind."""
    name = visit.new_name()
    for _ in range(5):
        client = visit.opened() if stage == "opened" else visit.traded()
        if stage == "login under way":
            client.post("handshake", {"username": name})
        client.abort()
    control(visit.user(name))
