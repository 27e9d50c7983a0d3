"""Cases: requests and responses of a client that is connected, and how its connection ends.

What may live here: turns, the game that the client is in, and endings of every kind.
"""

from __future__ import annotations

import pytest

from wirebook.conformance.cases.pgnet.pgnet_client_fixtures import ClientUnderTest
from wirebook.conformance.marks import requires, slow
from wirebook.conformance.verdicts import Violation

SILENCE_SECONDS = 0.3
RESPONSE_TIME_LIMIT = 5.0
SLACK_SECONDS = 1.5
"""How much later than at a time limit the end of a connection may be seen."""


@requires("PGN-CLI-001")
def test_one_request_under_way(client: ClientUnderTest) -> None:
    """The next request is sent when the response to the one before has come, in their order."""
    connection = client.open()
    tags = [client.send(f"request {number}") for number in range(4)]
    for number, tag in enumerate(tags):
        arrival = connection.next()
        if arrival.message != f"request {number}":
            raise Violation(f"expected request {number}, got {arrival.message}")
        connection.expect_nothing(SILENCE_SECONDS, "before the response")
        connection.respond(f"answer {number}")
        response = client.wait_response(tag, "after the response")
        if response["message"] != f"answer {number}":
            raise Violation(f"expected answer {number} for request {number}, got {response}")


@requires("PGN-CLI-002", "PGN-ERR-001", "PGN-ERR-003")
def test_message_without_a_request(client: ClientUnderTest) -> None:
    """A server that speaks without being asked is left."""
    connection = client.open()
    client.exchange(connection)
    connection.respond("nobody asked", game="Game 9")
    connection.expect_ending("a message without a request", 1008)
    client.wait_disconnected("a message without a request")
    if client.notified("game"):
        raise Violation("expected a message without a request to have no effect, got a game")
    client.starts_over()


@requires("PGN-CLI-002", "PGN-ERR-001")
def test_second_response(client: ClientUnderTest) -> None:
    """The second response to one request is a message without a request."""
    connection, tag = client.awaiting()
    connection.respond("first")
    client.wait_response(tag, "the first response")
    connection.respond("second")
    connection.expect_ending("a second response", 1008)
    client.starts_over()


@slow
@pytest.mark.parametrize("phase", ["key-trade", "login", "connected"])
@requires("PGN-CLI-003")
def test_response_time_limit(client: ClientUnderTest, phase: str) -> None:
    """A client that has waited 5.0 s for a response ends the connection."""
    if phase == "connected":
        connection = client.open()
        client.exchange(connection)
        client.send()
    else:
        client.starts_over("bob")
        connection = client.connect()
        if phase == "login":
            connection.trade_keys()
    asked = connection.next("the request that stays without a response")
    seconds = RESPONSE_TIME_LIMIT + SLACK_SECONDS
    ending = connection.expect_ending("no response for 5.0 s", seconds=seconds)
    waited = ending.at - asked.at
    if waited < RESPONSE_TIME_LIMIT - 0.2:
        raise Violation(f"expected the client to wait for 5.0 s, got an end after {waited:.2f} s")
    client.wait_disconnected("no response for 5.0 s")
    client.starts_over()


@slow
@requires("PGN-CLI-003")
def test_late_responses_are_in_time(client: ClientUnderTest) -> None:
    """A response that takes 4 s is a response."""
    connection, tag = client.awaiting()
    connection.expect_nothing(4.0, "before the response")
    connection.respond("late")
    client.wait_response(tag, "a response after 4 s")
    client.exchange(connection)


@pytest.mark.parametrize("status", [0, 1, 2])
@requires("PGN-CLI-005", "PGN-CLI-007")
def test_disconnecting(client: ClientUnderTest, status: int) -> None:
    """A response with disconnecting is handed to the application, and ends the connection."""
    connection = client.open()
    client.exchange(connection)
    tag = client.send("last")
    queued = client.send("never sent")
    connection.next()
    connection.respond("Bye.", {"k": 1}, status=status, disconnecting=True)
    response = client.wait_response(tag, "a response with disconnecting")
    if response["message"] != "Bye." or response["disconnecting"] is not True:
        raise Violation(f"expected the response as it came, got {response}")
    connection.expect_ending("a response with disconnecting")
    client.wait_disconnected("a response with disconnecting")
    if client.responses(queued):
        raise Violation("expected the queued request to be dropped, got a response")
    client.starts_over()


@requires("PGN-CLI-006")
def test_game(client: ClientUnderTest) -> None:
    """The game of the client is what the latest response says, whatever it answers."""
    connection = client.open()
    for game in (None, "Game 1", "Game 1", "Other", None, "Game 1"):
        connection.game = game
        client.exchange(connection)
        client.wait_game(game, f"after a response with game {game!r}")
    client.until(
        lambda: len(client.notified("game")) >= 4,
        lambda: f"expected 4 changes to be told, got {client.notified('game')}",
    )
    told = [one.get("game") for one in client.notified("game")]
    if told != ["Game 1", "Other", None, "Game 1"]:
        raise Violation(f"expected each change to be told once, got {told}")


@requires("PGN-CLI-006")
def test_game_of_a_refused_request(client: ClientUnderTest) -> None:
    """A response that refuses says as well in which game the client is."""
    connection = client.open_game()
    for game in (None, "Game 2"):
        tag = client.send()
        connection.next()
        connection.respond("No.", status=2, game=game)
        client.wait_response(tag, "a response with status 2")
        client.wait_game(game, f"after a response with status 2 and game {game!r}")
        connection.game = game
        client.exchange(connection)


@pytest.mark.parametrize("do", ["create_game", "join_game"])
@pytest.mark.parametrize("password", [None, "", "sesame"], ids=["none", "empty", "given"])
@requires("PGN-REQ-001")
def test_requests_of_the_lobby(client: ClientUnderTest, do: str, password: str | None) -> None:
    """Opening and joining a game name it, and have the password if one is given."""
    connection = client.open()
    asked = {"do": do, "name": "Game 1", **({} if password is None else {"password": password})}
    client.ask(asked, tag="lobby")
    arrival = connection.next()
    if arrival.message != f"__pgnet__.{do}":
        raise Violation(f"expected __pgnet__.{do}, got {arrival.message}")
    wanted = {"name": "Game 1", "password": password or ""}
    if {"password": "", **arrival.payload} != wanted:
        raise Violation("expected name and password in the payload, got others")
    connection.game = "Game 1"
    connection.respond("In.", {"heartbeat_rate": 10})
    client.wait_response("lobby", "after the response")
    client.wait_game("Game 1", "after the response")


@requires("PGN-REQ-001")
def test_other_requests_of_the_lobby(client: ClientUnderTest) -> None:
    """Asking for the games and leaving one have no arguments."""
    connection = client.open()
    for do in ("game_dir", "leave_game"):
        client.ask({"do": do}, tag=do)
        arrival = connection.next()
        if (arrival.message, arrival.payload) != (f"__pgnet__.{do}", {}):
            raise Violation(f"expected __pgnet__.{do} without arguments, got {arrival.value}")
        connection.respond("OK", {"games": {}} if do == "game_dir" else {})
        client.wait_response(do, "after the response")


@pytest.mark.parametrize("in_game", [False, True], ids=["lobby", "game"])
@requires("PGN-CLI-008", "PGN-CLI-007")
def test_disconnect(client: ClientUnderTest, in_game: bool) -> None:
    """A client that is asked to disconnect closes with code 1000, and is in no game then."""
    connection = client.open_game() if in_game else client.open()
    client.exchange(connection)
    client.ask({"do": "disconnect"})
    connection.expect_ending("asked to disconnect", 1000, quiet=False)
    client.wait_disconnected("asked to disconnect")
    client.wait_game(None, "asked to disconnect")
    told = [one.get("connected") for one in client.notified("connection")]
    if told != [True, False]:
        raise Violation(f"expected the application to be told of both, got {told}")
    client.starts_over()


@requires("PGN-CLI-008", "PGN-CLI-007")
def test_disconnect_before_the_response(client: ClientUnderTest) -> None:
    """So does one that waits for a response, and the requests behind that one are not sent."""
    connection, tag = client.awaiting()
    queued = client.send("never sent")
    client.ask({"do": "disconnect"})
    connection.expect_ending("asked to disconnect while a request is under way", 1000)
    client.wait_disconnected("asked to disconnect while a request is under way")
    if client.responses(tag) or client.responses(queued):
        raise Violation("expected no response after the end of the connection, got one")
    client.starts_over()


@pytest.mark.parametrize("under_way", [False, True], ids=["idle", "request-under-way"])
@pytest.mark.parametrize("how", ["1000", "1001", "1008", "1011", "4000", "fin", "rst"])
@requires("PGN-CLI-007", "PGN-CLI-004", "PGN-CLI-006", "PGN-ERR-002")
def test_ended_by_the_server(client: ClientUnderTest, how: str, under_way: bool) -> None:
    """However the server ends it: the client is disconnected, in no game, and works again."""
    connection = client.open_game(rate=1)
    client.exchange(connection)
    tags = []
    if under_way:
        tags = [client.send("without a response"), client.send("never sent")]
        connection.next()
    if how in ("fin", "rst"):
        connection.drop(reset=how == "rst")
    else:
        connection.close(int(how))
    client.wait_disconnected(f"ended by the server with {how}")
    client.wait_game(None, f"ended by the server with {how}")
    client.until(
        lambda: client.notified("game")[-1].get("game", "missing") is None,
        lambda: f"expected the application to be told of no game, got {client.notified('game')}",
    )
    if any(client.responses(tag) for tag in tags):
        raise Violation("expected no response to what the server has not answered, got one")
    client.starts_over()


@requires("PGN-CLI-007")
def test_flush(client: ClientUnderTest) -> None:
    """Requests that the application takes back before they are sent are not sent."""
    connection = client.open()
    first = client.send("first")
    connection.next()
    client.send("second")
    client.send("third")
    client.ask({"do": "flush"})
    connection.respond("one")
    client.wait_response(first, "the request under way")
    connection.expect_nothing(SILENCE_SECONDS, "after the queue was dropped")
    client.exchange(connection)
