"""Segments in the name of a user: what TCP keeps out, and what the tunnel does where TCP does not.

What may live here: cases with forged resets, ends, data and beginnings of connections, damaged
segments, and segments that pass twice. Somebody on the path can end a connection; what they put
into it has no effect, since they have no key.
"""

from __future__ import annotations

import os

import pytest

from wirebook.conformance.cases import injection
from wirebook.conformance.cases.injection import Scene
from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit, comes_back
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    LEAVE_GAME,
    granted,
    request,
)
from wirebook.conformance.drivers.pgnet.stream import pump
from wirebook.conformance.marks import exact_network, requires
from wirebook.conformance.verdicts import Unsupported, Violation
from wirebook.spec.pgnet import tunnel

pytestmark = exact_network("segments are forged in a connection, which a relay would cut in two")

scene = injection.scene
target_server = injection.target_server

GUESSES = 10
WATCHED_FOR = 0.3
HALF_OPEN = 300
OUTSIDE = {"behind": -100_000, "far-ahead": 100_000_000, "half-a-circle": 1 << 31}
"""Guesses that are outside of any window, in octets from the sequence that is due."""


def check_untouched(user: RawClient, witness: RawClient) -> None:
    """Check that a user's connection goes on, and another's."""
    pump([user, witness], lambda: user.closed or witness.closed, WATCHED_FOR)
    control(user)
    control(witness)


def end_by_reset(scene: Scene, visit: Visit, user: RawClient) -> None:
    """End a connection by a forged reset with the right number: what is forged does arrive."""
    scene.injector.segment(scene.flow(user.local), "R", what="a reset with the right number")
    comes_back(visit, user.name)


@requires("PGN-ERR-002", "PGN-CON-004")
@pytest.mark.parametrize("ahead", [*OUTSIDE.values(), 1000], ids=[*OUTSIDE, "in-the-window"])
def test_stands_off_path_resets(scene: Scene, visit: Visit, ahead: int) -> None:
    """A reset that does not have the very number that is due ends no connection."""
    user, witness = visit.user(), visit.user()
    check_untouched(user, witness)
    flow = scene.flow(user.local)
    for guess in range(GUESSES):
        scene.injector.segment(flow, "R", ahead=ahead + guess, what="a guessed reset")
    check_untouched(user, witness)
    end_by_reset(scene, visit, user)
    control(witness)


@requires("PGN-CON-004", "PGN-ERR-002")
@pytest.mark.parametrize("flags", ["R", "FA"], ids=["reset", "end"])
def test_frees_what_a_forged_end_leaves(scene: Scene, visit: Visit, flags: str) -> None:
    """A user whose connection somebody on the path has ended is out of the game and can return."""
    witness = visit.user()
    game = visit.new_game()
    user = visit.player(game)
    check_players(witness, game, 1)
    scene.injector.segment(scene.flow(user.local), flags, what="the end of the connection")
    pump([witness], lambda: witness.closed, WATCHED_FOR)
    comes_back(visit, user.name)
    check_players(witness, game, 0)


@requires("PGN-ERR-002", "PGN-ERR-003")
@pytest.mark.parametrize("ahead", OUTSIDE.values(), ids=OUTSIDE)
def test_reads_no_off_path_data(scene: Scene, visit: Visit, ahead: int) -> None:
    """Data outside of the window is not read, and the connection goes on."""
    user, witness = visit.user(), visit.user()
    check_untouched(user, witness)
    flow = scene.flow(user.local)
    for guess in range(GUESSES):
        data = frames.message(b"no box")
        scene.injector.segment(flow, "PA", ahead=ahead + guess, data=data, what="guessed data")
    check_untouched(user, witness)
    # With the right number it is the user's, and a violation.
    data = frames.message(b"no box")
    scene.injector.segment(scene.flow(user.local), "PA", data=data, what="data that is due")
    comes_back(visit, user.name)
    control(witness)


@requires("PGN-TUN-003", "PGN-TUN-004", "PGN-TUN-005", "PGN-ERR-003")
@pytest.mark.parametrize("what", ["in clear", "of another key", "used before"])
def test_does_nothing_forged(scene: Scene, visit: Visit, what: str) -> None:
    """A request that somebody on the path puts into a connection costs that connection, no more."""
    user, witness = visit.user(), visit.user()
    game = visit.new_game()
    asked = request(CREATE_GAME, {"name": game, "password": ""})
    if what == "used before":
        visit.open_game(user, game)
        granted(user.ask(LEAVE_GAME), "for leave_game")
        forged = user.boxes[-2]
    elif what == "in clear":
        forged = asked
    else:
        assert user.server_key is not None
        forged = tunnel.seal(asked, os.urandom(24), os.urandom(32), user.server_key).encode()
    check_players(witness, game, 0)
    data = frames.message(forged)
    scene.injector.segment(scene.flow(user.local), "PA", data=data, what=f"a request, {what}")
    pump([witness], lambda: witness.closed, WATCHED_FOR)
    check_players(witness, game, 0)
    comes_back(visit, user.name)
    control(witness)


@requires("PGN-RSP-001", "PGN-ERR-002")
@pytest.mark.parametrize("times", [1, 20])
def test_counts_once_what_passes_twice(scene: Scene, visit: Visit, times: int) -> None:
    """A segment that passes again, octet for octet, is no new request."""
    user, witness = visit.user(), visit.user()
    control(user)
    # The last packet of ours with data is the request, which may come again before its answer has
    # been acked, or after.
    packet = next(one for one in reversed(scene.tap.packets()) if goes(one, user))
    user.forget()
    scene.injector.again(packet, times)
    check_untouched(user, witness)
    if len(user.responses) != 1:
        raise Violation(f"expected one response to one request, got {len(user.responses)}")


@requires("PGN-ERR-002", "PGN-ERR-003")
@pytest.mark.parametrize("checksums", ["bad", "bad-ip"], ids=["tcp", "ip"])
def test_reads_nothing_damaged(scene: Scene, visit: Visit, checksums: str) -> None:
    """A segment with a wrong checksum is not read, though its number is the one that is due."""
    if checksums == "bad-ip" and not scene.injector.writes_ip_checksum:
        raise Unsupported("by this machine: on loopback, the system writes the checksum of IP")
    user, witness = visit.user(), visit.user()
    check_untouched(user, witness)
    flow, data = scene.flow(user.local), frames.message(b"no box")
    scene.injector.segment(flow, "PA", data=data, what="damaged data", checksums=checksums)
    scene.injector.segment(flow, "R", what="a damaged reset", checksums=checksums)
    check_untouched(user, witness)
    end_by_reset(scene, visit, user)


@requires("PGN-ERR-002")
@pytest.mark.parametrize("ahead", [0, 1000, 1 << 31], ids=["due", "in-the-window", "outside"])
def test_stands_forged_beginnings(scene: Scene, visit: Visit, ahead: int) -> None:
    """A SYN with the ports of a connection that stands changes nothing about it."""
    user, witness = visit.user(), visit.user()
    check_untouched(user, witness)
    flow = scene.flow(user.local)
    scene.injector.segment(flow, "S", ahead=ahead, acknowledged=0, what="another beginning")
    check_untouched(user, witness)
    end_by_reset(scene, visit, user)


@requires("PGN-ERR-002")
def test_half_open_connections_shut_nobody_out(scene: Scene, visit: Visit) -> None:
    """Beginnings of connections in the name of hosts that never answer keep no newcomer out."""
    user, witness = visit.user(), visit.user()
    scene.note(f"Injected: {HALF_OPEN} beginnings in the name of {scene.site.silent}.")
    for each in range(HALF_OPEN):
        scene.injector.beginning((scene.site.silent, 20_000 + each), scene.address)
    check_untouched(user, witness)
    control(visit.user())


def check_players(witness: RawClient, game: str, count: int) -> None:
    """Check how many are in a game; one that is not there has nobody."""
    games = granted(witness.ask(GAME_DIR), "for game_dir").payload["games"]
    found = games[game]["users"] if game in games else 0
    if found != count:
        raise Violation(f"expected {count} users in the game, got {found}")


def goes(packet: bytes, user: RawClient) -> bool:
    """Tell whether a packet carries data of a user."""
    head = (packet[0] & 0x0F) * 4
    port = int.from_bytes(packet[head : head + 2])
    return port == user.local[1] and len(packet) > head + (packet[head + 12] >> 4) * 4
