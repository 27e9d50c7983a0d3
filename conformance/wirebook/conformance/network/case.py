"""The network of one case: perfect, as bad as `--network` has it, or as the case itself wants it.

What may live here: which script is played, and the lines and relays that play it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from wirebook.conformance.network.line import Line
from wirebook.conformance.network.relay import Address
from wirebook.conformance.network.script import Carrier, Direction, Script
from wirebook.conformance.network.tcp import TcpRelay

STREAM_SLACK_SECONDS = 3.0
DATAGRAM_SLACK_SECONDS = 0.3
"""How much longer to wait for what has to pass a bad network."""


Draw = Callable[[Carrier], Script | None]
"""Gives the script of a case, once it is known what carries its exchange."""


class CaseNetwork:
    """What lies between the suite and the target while one case runs.

    `drawn` gives what `--network` plays. A `forced` script is played instead of whatever would be
    otherwise: that is how a schedule is shrunk, and played again.
    """

    def __init__(self, drawn: Draw | None = None, forced: Script | None = None) -> None:
        self.script: Script | None = None
        """What is played; None on a perfect network, and before anything is connected."""
        self._drawn = drawn
        self._forced = forced
        self._forgiving = True
        self._relays: dict[Address, TcpRelay] = {}
        self._lines: list[Line] = []
        self._stack = ExitStack()

    def play(self, script: Script) -> Script:
        """Play a script of the case's own, whatever `--network` says; return what is played.

        It is to be called before anything is connected. Nothing that the script loses is sent
        again by the suite.
        """
        self.script = self._chosen(script)
        self._forgiving, self._drawn = False, None
        # What was reached before, by whoever needs no bad network, stays as it is.
        self._relays = {}
        return self.script

    def line(self) -> Line | None:
        """Return the way to the target for one socket of datagrams; None if it is perfect."""
        script = self._script_for(Carrier.UDP)
        if script is None:
            return None
        self._lines.append(Line(script, forgiving=self._forgiving))
        return self._lines[-1]

    def reach(self, address: Address, *, target_connects: bool = False) -> Address:
        """Return the address at which a stream's listener is reached through the network.

        That is the target, or a raw server that the target connects to.
        """
        script = self._script_for(Carrier.TCP)
        if script is None:
            return address
        if address not in self._relays:
            relay = TcpRelay(address, script, target_connects=target_connects)
            self._relays[address] = self._stack.enter_context(relay)
        return self._relays[address].address

    def offer(self, address: Address) -> Address:
        """Return the address at which the target reaches a raw server through the network."""
        return self.reach(address, target_connects=True)

    @property
    def slack(self) -> float:
        """Seconds that a wait is longer than on a perfect network."""
        if self.script is None:
            return 0.0
        tcp = self.script.carrier is Carrier.TCP
        return STREAM_SLACK_SECONDS if tcp else DATAGRAM_SLACK_SECONDS

    @property
    def played(self) -> Script | None:
        """What is played, without the entries for what has not been sent so far."""
        if self.script is None:
            return None
        reached = dict.fromkeys(Direction, -1)
        for line in self._lines:
            for direction, course in line.courses.items():
                reached[direction] = max(reached[direction], course.reached)
        for relay in self._relays.values():
            for direction, stream in relay.courses:
                reached[direction] = max(reached[direction], stream.reached)
        return self.script.with_entries(
            entry
            for entry in self.script.entries
            if entry.place.seconds or entry.place.first <= reached[entry.direction]
        )

    def close(self) -> None:
        """End the relays."""
        self._stack.close()

    def _script_for(self, carrier: Carrier) -> Script | None:
        if self.script is None and self._drawn is not None:
            script, self._drawn = self._drawn(carrier), None
            self.script = script and self._chosen(script)
        return self.script if self.script and self.script.carrier is carrier else None

    def _chosen(self, script: Script) -> Script:
        forced = self._forced
        return forced if forced and forced.carrier is script.carrier else script
