"""Cases: what a client does when its server takes its time.

What may live here: timers, which run for seconds. Several connections wait at once, so that few
cases do.
"""

from __future__ import annotations

import time

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, lost, made, received
from wirebook.conformance.drivers.packetmq.player import bring_to, join
from wirebook.conformance.drivers.packetmq.raw_server import PATIENCE, RawServer
from wirebook.conformance.drivers.packetmq.raw_server_line import Line
from wirebook.conformance.drivers.packetmq.verify_client import ITEM, control, control_elsewhere
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Inconclusive, Violation
from wirebook.spec.packetmq.states import FAREWELL_PERIOD, HANDSHAKE_DEADLINE, Reason, State

EARLY, LATE = 0.25, 1.25
"""Seconds by which a timer may be off: no system is exact, and a client may look only so often."""
WORST_LAG = 0.5
PROBE_SECONDS = 0.03
BETWEEN_NOISE_SECONDS = 0.5


def check_time(server: RawServer, seconds: float, nominal: float, what: str) -> None:
    """Check that something took the time it should; give up if our own loop may be to blame."""
    if nominal - EARLY <= seconds <= nominal + LATE:
        return
    if server.lag > WORST_LAG:
        raise Inconclusive(f"{what} after {seconds:.2f} s, but our own loop was held up")
    raise Violation(f"expected {what} after {nominal:.1f} s, got it after {seconds:.2f} s")


@slow
@requires("PMQ-HSK-012", "PMQ-LST-001", "PMQ-LST-005")
def test_handshake_deadline(client: SteeredClient, raw_server: RawServer) -> None:
    """A client leaves connections that are not confirmed after 5.0 s, in whichever state."""
    waiting = [bring_to(client, state) for state in (State.CONN_MADE, State.IDCHECK, State.ACTIVE)]
    halfway = bring_to(client, State.CONN_MADE)
    halfway.send_cut(frames.init()[:-1], 4)
    busy = bring_to(client, State.CONN_MADE)
    confirmed = join(client)
    raw_server.lag = 0.0
    everyone = (*waiting, halfway, busy)
    seconds = client.patience(HANDSHAKE_DEADLINE + LATE)
    raw_server.until(
        lambda: all(is_left(line, noisy=line is busy) for line in everyone),
        seconds,
        lambda: f"expected a softquit within {seconds:.1f} s, got {'; '.join(map(str, everyone))}",
    )
    for line in everyone:
        packet = raw_server.expect(line, frames.SOFTQUIT)
        check_time(raw_server, packet.at - line.at, HANDSHAKE_DEADLINE, "a softquit")
        if line.reason != Reason.TIMEOUT:
            raise Violation(f"expected {Reason.TIMEOUT}, got {packet}")
        client.wait_notified(line, lost(Reason.TIMEOUT))
    control(client, confirmed)


def is_left(line: Line, *, noisy: bool) -> bool:
    """Tell whether the client has taken its leave; if not, say what it ignores, now and then."""
    left = bool(line.of_kind(frames.SOFTQUIT) or line.ended)
    if noisy and not left and time.monotonic() - line.sent_at > BETWEEN_NOISE_SECONDS:
        line.send(frames.say(7, None) + frames.finish())
    return left


@slow
@requires("PMQ-SFQ-003", "PMQ-SFQ-002")
def test_farewell_period(client: SteeredClient, raw_server: RawServer) -> None:
    """A client closes 5.0 s after its softquit if the server has not, whatever comes meanwhile."""
    told, violated, silent = [join(client) for _ in range(3)]
    for line in (told, silent):
        client.softquit(line, "reason.bye")
    violated.say(999)
    said = [
        raw_server.expect(line, frames.SOFTQUIT, seconds=client.patience())
        for line in (told, violated, silent)
    ]
    raw_server.lag = 0.0
    seconds = client.patience(FAREWELL_PERIOD + LATE)
    raw_server.until(
        lambda: probe(raw_server, told) & probe(raw_server, violated),
        seconds,
        lambda: f"expected the client to close within {seconds:.1f} s, it did not",
    )
    for line, softquit in zip((told, violated), said, strict=False):
        check_time(raw_server, line.ended_at - softquit.at, FAREWELL_PERIOD, "a close")
    missed = "expected a connection to be closed on which nothing comes, it was not"
    raw_server.until(lambda: probe(raw_server, silent), PATIENCE, lambda: missed)
    control_elsewhere(client)


def probe(server: RawServer, line: Line) -> bool:
    """Tell whether the client has closed in both directions: then what we send is answered by RST.

    A client may end its own direction at once, so that FIN says nothing of when it closes.
    """
    if line.ended != "rst":
        line.say(frames.ITEM, "after the softquit")
        server.pump(PROBE_SECONDS)
    return line.ended == "rst"


@slow
@requires("PMQ-LIM-005", "PMQ-FRM-002")
def test_slow_frame(client: SteeredClient, raw_server: RawServer) -> None:
    """A frame that takes longer than any timer to arrive is a frame, and closes nothing."""
    line = join(client)
    whole = frames.say(frames.ITEM, [1, "slow"])
    begun = frames.LENGTH_OCTETS + 1
    line.send(whole[:begun], message="")
    for cut in range(begun, len(whole)):
        raw_server.pump((HANDSHAKE_DEADLINE + 1.0) / (len(whole) - begun))
        line.send(whole[cut : cut + 1], message="")
    client.wait_notified(line, made(), received(ITEM, [1, "slow"]))
    control(client, line)
