"""Walks through the conformance application of a PGNet target, before any case runs.

What may live here: one look at what the application does, by its features. Nothing here tests the
protocol; a fault is one of the application. The client's half is in `doctor_client.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.doctor_client import examine_client
from wirebook.conformance.drivers.pgnet.raw_client import (
    ADMIN,
    ADMIN_PASSWORD,
    entered,
    traded,
)
from wirebook.conformance.drivers.pgnet.responses import (
    CREATE_GAME,
    DEBUG,
    DELETE_USER,
    DESTROY_GAME,
    HEARTBEAT,
    JOIN_GAME,
    LEAVE_GAME,
    OK,
    UNEXPECTED,
)
from wirebook.conformance.drivers.pgnet.stream import PATIENCE
from wirebook.conformance.targets.server import ServerHandle

__all__ = ["examine_client", "examine_server"]

Step = tuple[bool, str]


def examine_server(server: ServerHandle) -> Iterator[Step]:
    """Log in, play and leave, and have a look at each feature; a wrong answer raises Violation."""
    features = server.target.features
    link = Link(server.address, alive=server.alive)
    token = secrets.token_hex(6)
    name, game = f"doctor{token}", f"Doctor {token}"
    with traded(link) as client:
        yield True, "keys can be traded"
        yield client.log_in(name).status == OK, "a new user is registered, without a password"
        created = client.ask(CREATE_GAME, {"name": game})
        yield created.status == OK and created.game == game, "a game can be opened"
        yield created.payload.get("heartbeat_rate") == 10, "its heartbeat rate is 10"
        said = client.ask("hello")
        yield said.message == "Message added.", 'a message is answered by "Message added."'
        log = client.ask(HEARTBEAT).payload.get("log")
        yield log == [f"{name} says: 'hello'"], "a heartbeat brings the log, with what was said"
        yield client.ask(LEAVE_GAME).status == OK, "the game can be left"
        back = client.ask(JOIN_GAME, {"name": game})
        yield back.game == game, "it is persistent: it can be joined again"
        client.leave()
    if features is None or "scripted-game" in features:
        yield from _examine_script(link, name, game)
    if features is None or "admin" in features:
        yield from _examine_admin(link, name, game)
    if features is not None and "persistence" in features:
        yield server.save_file is not None, "the command takes the path of a save file"


def _examine_script(link: Link, name: str, game: str) -> Iterator[Step]:
    for message, payload, what in (
        ("script.fail", {}, "script.fail makes the game fail"),
        (HEARTBEAT, {"fail": True}, "so does a heartbeat with fail"),
        ("script.rubbish", {}, "script.rubbish returns what is no response"),
    ):
        with entered(link, name) as client:
            client.ask(JOIN_GAME, {"name": game})
            client.post(message, payload)
            client.pump(lambda: client.waiting or client.closed, link.deadline(PATIENCE))
            # What a server makes of the failure is the business of cases (PGN-GAM-003).
            refused = client.waiting and client.next_response().status == UNEXPECTED
            yield bool(refused or client.closed), what
            client.leave()
    with entered(link, name) as client:
        client.ask(JOIN_GAME, {"name": game})
        gone = client.ask("script.leave").game is None
        yield gone, "script.leave takes the user out of the game"
        client.leave()


def _examine_admin(link: Link, name: str, game: str) -> Iterator[Step]:
    with entered(link, ADMIN, ADMIN_PASSWORD) as admin:
        yield admin.ask(DEBUG).status == OK, "the admin is let in by the password of the book"
        yield admin.ask(DESTROY_GAME, {"name": game}).status == OK, "the game can be destroyed"
        yield admin.ask(DELETE_USER, {"username": name}).status == OK, "the user can be deleted"
        admin.leave()
