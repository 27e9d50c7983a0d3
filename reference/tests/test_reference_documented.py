"""The documented API, walked name by name against the table of what the documents say."""

import builtins
from typing import Any

import pytest

import wirebook.reference.pygase
from tests.helpers_documented import Documented, actual, check_call, parameters
from wirebook.reference.pygase import Client, GameState, GameStateStore, GameStateUpdate, Server
from wirebook.reference.pygase.backend import Backend, GameStateMachine
from wirebook.reference.pygase.connection import (
    ClientConnection,
    ClientPackage,
    Connection,
    Header,
    Package,
    ServerConnection,
    ServerPackage,
)
from wirebook.reference.pygase.event import Event, UniversalEventHandler
from wirebook.reference.pygase.utils import LockedRessource, Sqn

DOCUMENTED = Documented("pygase")
HEADER = Header(1, 0, "0" * 32)
HANDLER = UniversalEventHandler()
ADDRESS = ("127.0.0.1", 4711)
INSTANCES = {
    "Header": HEADER,
    "Package": Package(HEADER),
    "ClientPackage": ClientPackage(HEADER, 1),
    "ServerPackage": ServerPackage(HEADER, GameStateUpdate(1)),
    "Connection": Connection(ADDRESS, HANDLER),
    "ClientConnection": ClientConnection(ADDRESS, HANDLER),
    "ServerConnection": ServerConnection(ADDRESS, HANDLER, GameStateStore(), Sqn(0)),
    "Server": Server(GameStateStore()),
    "GameStateMachine": GameStateMachine(GameStateStore()),
    "Backend": Backend(GameState(), lambda *_: {}),
    "Client": Client(),
    "Event": Event("E"),
    "GameState": GameState(),
    "GameStateUpdate": GameStateUpdate(1),
    "LockedRessource": LockedRessource([]),
    "LockedResource": LockedRessource([]),
}


@pytest.mark.parametrize("name", DOCUMENTED.package)
def test_package_has_the_documented_names(name: str) -> None:
    """What the documentation imports from the package itself is there, and listed."""
    assert name in wirebook.reference.pygase.__all__
    assert hasattr(wirebook.reference.pygase, name)


@pytest.mark.parametrize(("module", "name", "facts"), DOCUMENTED.names())
def test_documented_name_is_there(module: str, name: str, facts: dict[str, Any]) -> None:
    """Classes, functions, errors and values are in the documented module, of the right kind."""
    found = DOCUMENTED.find(module, name)
    if "value" in facts:
        assert found == bytes.fromhex(facts["value"])
    if "is" in facts:
        assert issubclass(found, vars(builtins)[facts["is"]])
    if "names" in facts:
        assert [found.get(found.get(value)) for value in facts["names"]] == facts["names"]
    for attribute in facts.get("attributes", ()):
        assert hasattr(INSTANCES[name], attribute)


@pytest.mark.parametrize(("module", "name", "text"), DOCUMENTED.calls())
def test_documented_call_works(module: str, name: str, text: str) -> None:
    """Parameters have the documented names, kinds, order and defaults; more are optional."""
    check_call(actual(DOCUMENTED.find(module, name)), parameters(text))


def test_documented_defaults_are_the_documented_ones() -> None:
    """Time-out, size, status and numbers start out as documented."""
    assert (Package.timeout, Package.max_size) == (1.0, 2048)
    connection = INSTANCES["Connection"]
    assert isinstance(connection, Connection)
    assert (connection.local_sequence, connection.remote_sequence) == (0, 0)
    assert (connection.ack_bitfield, connection.quality) == ("0" * 32, "good")
    server = INSTANCES["Server"]
    assert isinstance(server, Server)
    assert (server.hostname, server.port, server.host_client, server.connections) == (
        None,
        None,
        None,
        {},
    )
