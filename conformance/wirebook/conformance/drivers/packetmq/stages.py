"""The way of a client through the handshake, step by step, so that a case can stop at any state.

What may live here: clients that follow the book as far as a case wants, and what an active one says
to the conformance application. Each step waits for what the server has to do in between.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.raw_client import RawClient
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.packetmq.states import State

# Tokens are integers: a text as a whole payload is more than every implementation can send.
_tokens = itertools.count(random.SystemRandom().randrange(1 << 20, 1 << 40) << 20)

ORDER = (State.CONN_MADE, State.IDCHECK, State.ACTIVE, State.CONFIRMED)
"""The states of the server on the way to a connection that works, in their order."""


def token() -> int:
    """Return a payload that nobody has sent before, in this process or any other."""
    return next(_tokens)


class Player(RawClient):
    """A client that goes through the handshake and talks to the conformance application."""

    state: State | None = None
    """The state that the server has been brought to; None before it has said anything."""
    ids: Mapping[Any, Any] = frames.CLIENT_IDS
    """What this client sends for its id map."""

    def reach(self, state: State | None) -> None:
        """Go on with the handshake until the server is in a state of `ORDER`, None for no step."""
        while self.state is not state:
            self._step()

    def join(self) -> None:
        """Go on with the handshake to its end."""
        self.reach(State.CONFIRMED)

    def _step(self) -> None:
        if self.state is None:
            self.expect_packet(frames.INIT)
            self.state = State.CONN_MADE
        elif self.state is State.CONN_MADE:
            self.send(frames.init())
            self.expect_packet(frames.PUBIDS)
            self.state = State.IDCHECK
        elif self.state is State.IDCHECK:
            self.send(frames.pubids(ids=self.ids))
            self.expect_packet(frames.FINISH)
            self.state = State.ACTIVE
        elif self.state is State.ACTIVE:
            self.send(frames.finish())
            # Nothing answers this packet; the echo behind it shows that it has been read.
            self.state = State.CONFIRMED
            self.check_echo()
        else:
            raise Inconclusive(f"no handshake leads on from {self.state.value}")

    @property
    def active(self) -> bool:
        """Whether the server handles application packets of this client."""
        return self.state in (State.ACTIVE, State.CONFIRMED)

    def say(self, packet_id: int, value: Any = None) -> None:
        """Send a packet of the application."""
        self.send(frames.say(packet_id, value))

    def check_echo(self) -> None:
        """Check that a packet goes to the server and its answer comes back."""
        sent = token()
        self.say(frames.ECHO, sent)
        self.expect_value(frames.ECHOED, sent)

    def echo(self, octets: bytes) -> Any:
        """Have a payload echoed that is given in octets; return what comes back."""
        mark = len(self.packets)
        self.send(frames.packet(frames.ECHO, octets))
        return self.expect_packet(frames.ECHOED, since=mark).value

    def number(self) -> int:
        """Return the number that this connection has on the server."""
        mark = len(self.packets)
        self.say(frames.WHOAMI)
        answered = self.expect_packet(frames.YOU_ARE, since=mark).value
        if type(answered) is not int:
            raise Violation(f"expected the number of the connection, got {answered!r}")
        return answered

    def history(self) -> list[list[Any]]:
        """Return what the server's application has been told, oldest first."""
        mark = len(self.packets)
        self.say(frames.HISTORY)
        told = self.expect_packet(frames.HAPPENED, since=mark).value
        if not (isinstance(told, list) and all(isinstance(one, list) and one for one in told)):
            raise Violation(f"expected a list of what happened, got {told!r:.80}")
        return told

    def told_of(self, number: int) -> list[list[Any]]:
        """Return what the server's application has been told of a connection."""
        return [one for one in self.history() if one[1:2] == [number]]
