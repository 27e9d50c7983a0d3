"""Cases: what a server has to live through, and whom it has to serve meanwhile.

What may live here: cases that send much, or nothing, or rubbish.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable

import pytest

from wirebook.conformance.cases.pgnet.pgnet_server_fixtures import Visit
from wirebook.conformance.drivers.pgnet import frames
from wirebook.conformance.drivers.pgnet.raw_client import RawClient, control, entered
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    GAME_DIR,
    HEARTBEAT,
    JOIN_GAME,
    Json,
    granted,
    request,
)
from wirebook.conformance.drivers.pgnet.stream import PATIENCE, expect, pump
from wirebook.conformance.marks import exact_network, feature, requires
from wirebook.conformance.verdicts import Violation

ROUNDS = 40
FLOODS = 4
FLOODED_FOR = 0.6
LARGE = "x" * 60_000
LOGINS = 40


def rubbish(rng: random.Random) -> bytes:
    """Return octets without any meaning."""
    return rng.randbytes(rng.randrange(0, 300))


def rubbish_json(rng: random.Random) -> bytes:
    """Return a JSON object without any meaning."""
    values = ["1", '"x"', "null", "[]", "{}", "true", '{"pubkey": "x"}', "-0.0e1", '"\\u0000"']
    names = ["message", "payload", "created_on", "username", "x", ""]
    chosen = rng.sample(names, rng.randrange(len(names)))
    members = ", ".join(f'"{name}": {rng.choice(values)}' for name in chosen)
    return f"{{{members}}}".encode()


def changed(data: bytes, rng: random.Random) -> bytes:
    """Return octets of which some are changed, cut out or put in."""
    octets = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(octets))
        what = rng.randrange(3)
        if what == 0:
            octets[at] = rng.randrange(256)
        elif what == 1:
            del octets[at : at + rng.randrange(1, 4)]
        else:
            octets[at:at] = rng.randbytes(rng.randrange(1, 4))
    return bytes(octets)


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "octets": rubbish,
    "base64": lambda rng: base64.b64encode(rubbish(rng)),
    "json": rubbish_json,
    "nearly-json": lambda rng: changed(request("hello", {"a": [1, "x"]}), rng),
}


@requires("PGN-ERR-002")
@pytest.mark.parametrize("stage", ["opened", "traded", "in a box", "frames", "http"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_survives_rubbish(visit: Visit, rng: random.Random, kind: str, stage: str) -> None:
    """A server lives on whatever it is sent; the others are served all the while."""
    witness = visit.player()
    for _ in range(ROUNDS // 4):
        data = KINDS[kind](rng)
        if stage == "http":
            stranger = RawClient(visit.link)
        else:
            stranger = visit.opened() if stage in ("opened", "frames") else visit.traded()
        with stranger:
            if stage in ("http", "frames"):
                stranger.note(f"{len(data)} octets instead of what comes next")
                stranger.write(data)
            elif stage == "in a box":
                stranger.send_json(data)
            else:
                stranger.send_text(data, opcode=rng.choice([frames.TEXT, frames.BINARY]))
            granted(witness.ask("hello"), "for a request to the game")
            stranger.pump(stranger.reacted, 0.01)
    control(witness)
    visit.user()


@requires("PGN-ERR-002", "PGN-ERR-003", "PGN-ARG-001")
def test_survives_rubbish_as_arguments(visit: Visit, user: RawClient, rng: random.Random) -> None:
    """Whatever a user asks for is answered, and the connection lasts."""
    names = [CREATE_GAME, JOIN_GAME, HEARTBEAT, GAME_DIR, "__pgnet__.leave_game", "hello", ""]
    values: list[object] = [None, True, 0, -1, 1e308, "", "x" * 1000, "Game 1", [], {}, [[{}]]]
    for _ in range(ROUNDS * 4):
        payload: Json = {
            rng.choice(["name", "password", "x", ""]): rng.choice(values)
            for _ in range(rng.randrange(3))
        }
        response = user.ask(rng.choice(names), payload)
        if isinstance(response.game, str):
            visit.to_end(response.game)
        if response.status not in (0, 2) or response.disconnecting:
            raise Violation(f"expected status 0 or 2 for {payload}, got {response}")
    control(user)


def flooder(visit: Visit, game: str = "") -> RawClient:
    """Return a user in a game whose messages are too many to be recorded."""
    client = visit.keep(entered(visit.link.unrecorded(), visit.new_name()))
    granted(client.ask(JOIN_GAME, {"name": game or visit.new_game()}), "for join_game")
    return client


def send_quietly(client: RawClient, *requests: bytes) -> None:
    """Send requests without a trace in the record."""
    for clear in requests:
        client.write(frames.frame(frames.TEXT, client.seal(clear)))


def flood(witness: RawClient, flooders: list[RawClient], act: Callable[[RawClient], None]) -> None:
    """Check that a witness is served, and newcomers too, while others do as much as they can."""
    slowest, served = 0.0, 0
    end = time.monotonic() + FLOODED_FOR
    while time.monotonic() < end:
        for client in flooders:
            if client.usable and not client.closed:
                act(client)
        asked = time.monotonic()
        witness.post("hello")
        seconds = witness.link.deadline(PATIENCE)
        if not pump([witness, *flooders], lambda: witness.waiting or witness.closed, seconds):
            raise Violation(f"expected the others to be served, got no response in {seconds:.1f} s")
        granted(witness.next_response("the response"), "for a request to the game")
        slowest, served = max(slowest, time.monotonic() - asked), served + 1
        for client in flooders:
            client.forget()
    witness.note(f"{served} requests were answered meanwhile, the slowest in {slowest:.3f} s")


@requires("PGN-LIM-004", "PGN-ERR-002")
@pytest.mark.parametrize("what", ["requests", "large requests", "pings", "unasked pongs"])
def test_serves_others_during_a_flood(visit: Visit, what: str) -> None:
    """Users are served while others send as fast as they can."""
    witness = visit.player()
    flooders = [flooder(visit) for _ in range(FLOODS)]
    witness.note(f"{FLOODS} connections send {what} as fast as they can; they are not recorded")

    def act(client: RawClient) -> None:
        if client.unsent > 1_000_000:
            return
        if what == "pings":
            client.write(frames.frame(frames.PING, b"x" * 100) * 50)
        elif what == "unasked pongs":
            client.write(frames.frame(frames.PONG) * 100)
        elif what == "large requests":
            send_quietly(client, *[request(HEARTBEAT, {"x": LARGE})] * 3)
        else:
            send_quietly(client, *[request(HEARTBEAT)] * 20)

    flood(witness, flooders, act)
    control(visit.user())


@requires("PGN-LIM-004", "PGN-ERR-002")
def test_serves_others_while_some_do_not_read(visit: Visit) -> None:
    """Users are served while others ask for much and do not read the answers."""
    witness, talker = visit.player(), visit.player()
    game = str(control(talker).game)
    for number in range(10):
        granted(talker.ask(f"{number} {LARGE}"), "for a long message to the game")
    deaf = [flooder(visit, game) for _ in range(FLOODS)]
    for client in deaf:
        client.reading = False
    witness.note(f"{FLOODS} users send heartbeats and do not read; they are not recorded")

    def act(client: RawClient) -> None:
        if client.unsent < 100_000:
            send_quietly(client, *[request(HEARTBEAT)] * 20)

    flood(witness, deaf, act)
    newcomer = visit.user()
    granted(newcomer.ask(JOIN_GAME, {"name": game}), "for join_game of a newcomer")


@requires("PGN-SEC-005", "PGN-LIM-004")
@exact_network("many clients open one after the other, and the first may not wait for the last")
def test_serves_users_while_others_log_in(visit: Visit) -> None:
    """Users are served while many logins wait for their passwords to be checked."""
    witness = visit.player()
    names = [visit.new_name() for _ in range(LOGINS)]
    clients = [visit.traded() for _ in names]
    for name, client in zip(names, clients, strict=True):
        client.post("handshake", {"username": name, "password": "a password"})
    for _ in range(10):
        granted(witness.ask("hello"), "for a request to the game while others log in")
    expect(
        [witness, *clients],
        lambda: all(client.waiting or client.closed for client in clients),
        "an answer to each login",
        10.0,
    )
    for client in clients:
        granted(client.next_response("the response to the login"), "for a login")


@requires("PGN-ERR-002")
def test_many_half_open_connections(visit: Visit, user: RawClient) -> None:
    """Connections that stop in the middle of the opening do not shut anybody out."""
    for number in range(40):
        stranger = visit.keep(RawClient(visit.link))
        if number % 5 == 1:
            stranger.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        elif number % 5 == 2:
            stranger.open()
        elif number % 5 == 3:
            stranger.open()
            stranger.trade()
            stranger.write(b"\x81")
        elif number % 5 == 4:
            stranger.open()
            stranger.send_frame(frames.TEXT, b'{"message": ', final=False)
    control(user)
    control(visit.user())


@requires("PGN-ERR-002", "PGN-CON-004")
def test_many_connections_that_break_off(visit: Visit, user: RawClient) -> None:
    """Users who come and go, politely or not, leave everything as it was."""
    name = visit.new_name()
    for number in range(20):
        client = visit.user(name)
        visit.open_game(client)
        client.post("hello")
        if number % 3 == 0:
            client.leave()
        elif number % 3 == 1:
            client.drop()
        else:
            client.abort()
    control(visit.user(name))
    control(user)


@requires("PGN-ERR-002", "PGN-LIM-004")
@feature("scripted-game")
def test_game_that_fails_all_the_time(visit: Visit) -> None:
    """A game that fails as fast as it can is no trouble for the others."""
    witness, bad = visit.player(), flooder(visit)
    witness.note("One connection makes its game fail as fast as it can; it is not recorded")

    def act(client: RawClient) -> None:
        if client.unsent < 100_000:
            send_quietly(client, *[request("script.fail")] * 10)

    flood(witness, [bad], act)
    control(visit.user())
