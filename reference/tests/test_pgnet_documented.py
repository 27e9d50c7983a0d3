"""The documented API, walked name by name, and the documented defaults and behaviour."""

import dataclasses
import enum
import logging
from typing import Any

import pytest

from tests.helpers_documented import Documented, actual, check_call, parameters
from wirebook.reference import pgnet
from wirebook.reference.pgnet import Client, Game, Packet, Response, Server, Status

DOCUMENTED = Documented("pgnet")
INSTANCES: dict[str, Any] = {
    "Game": Game("Game 1"),
    "Client": Client.remote(address="127.0.0.1", username="alice"),
    "Server": Server(Game),
    "Packet": Packet("hello"),
    "Response": Response("hello"),
}


@pytest.mark.parametrize("name", DOCUMENTED.package)
def test_package_has_the_documented_names(name: str) -> None:
    """What the documentation finds in the package itself is there, and listed."""
    assert name in pgnet.__all__
    assert hasattr(pgnet, name)


@pytest.mark.parametrize(("module", "name", "facts"), DOCUMENTED.names())
def test_documented_name_is_there(module: str, name: str, facts: dict[str, Any]) -> None:
    """Classes and values are where the documentation has them, and of the right kind."""
    found = DOCUMENTED.find(module, name)
    if "same" in facts:
        assert found is DOCUMENTED.find("", facts["same"])
    if "value" in facts:
        assert found == facts["value"]
    if facts.get("is") == "enum.IntEnum":
        assert issubclass(found, enum.IntEnum)
        assert {member.name: member.value for member in found} == facts["values"]
    elif "is" in facts:
        assert issubclass(found, DOCUMENTED.find("", facts["is"]))
    for attribute in facts.get("attributes", ()):
        assert hasattr(INSTANCES[name], attribute)


@pytest.mark.parametrize(("module", "name", "text"), DOCUMENTED.calls())
def test_documented_call_works(module: str, name: str, text: str) -> None:
    """Parameters have the documented names, kinds, order and defaults; more are optional."""
    check_call(actual(DOCUMENTED.find(module, name)), parameters(text))


def test_messages_are_dataclasses() -> None:
    """As documented, down to which fields a `repr` shows."""
    for kind, shown in ((Packet, "message created_on"), (Response, "message status created_on")):
        fields = dataclasses.fields(kind)
        assert [field.name for field in fields if field.repr] == shown.split()
    assert Packet("a").payload is not Packet("a").payload


def test_documented_defaults_of_games() -> None:
    """A game that overrides nothing has no news, refuses packets, and saves nothing."""
    game = Game("Game 1", save_string="x")
    assert (game.persistent, game.heartbeat_rate) == (False, 10)
    assert game.handle_packet(Packet("move")).status == Status.UNEXPECTED
    assert game.handle_packet(Packet("__pgnet__.heartbeat_update")).status == Status.OK
    assert (game.get_save_string(), game.get_lobby_info()) == ("", "")
    game.user_joined("alice")
    game.user_left("alice")
    game.update()


def test_documented_defaults_of_clients_and_servers() -> None:
    """Nothing is connected, and registration is on."""
    client, server = INSTANCES["Client"], INSTANCES["Server"]
    assert (client.connected, client.game, client.heartbeat_payload()) == (False, None, {})
    assert (server.registration_enabled, server.verbose_logging) == (True, False)
    assert (server.on_connection, len(server.pubkey), server.port) == (None, 44, None)
    assert Server(Game, private_key=bytes(32)).pubkey == Server(Game, private_key=bytes(32)).pubkey
    assert Server(Game).pubkey != server.pubkey


def test_logging_can_be_turned_off_and_on() -> None:
    """The whole package is silent, or not."""
    logger = logging.getLogger("wirebook.pgnet")
    level = logger.level
    try:
        pgnet.enable_logging(False)
        assert logger.disabled
        pgnet.enable_logging()
        assert not logger.disabled
        assert logger.isEnabledFor(logging.DEBUG)
    finally:
        logger.disabled = False
        logger.setLevel(level)
