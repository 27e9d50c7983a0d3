"""The documented API, walked name by name against the table of what the documents say."""

import ast
import builtins
import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import wirebook.reference.pygase
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

DOCUMENTED = json.loads(Path(__file__).with_name("documented_pygase.json").read_text())
NAMES = [
    pytest.param(module, name, facts, id=f"{module}.{name}")
    for module, names in DOCUMENTED["modules"].items()
    for name, facts in names.items()
]
CALLS = [
    pytest.param(module, name, text, id=f"{module}.{name}")
    for module, names in DOCUMENTED["modules"].items()
    for name, facts in names.items()
    for name, text in [
        *([(name, facts["call"])] if "call" in facts else []),
        *((f"{name}.{method}", call) for method, call in facts.get("methods", {}).items()),
    ]
]
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


def find(module: str, name: str) -> Any:
    """Return what a dotted name of a module stands for."""
    found: Any = import_module(f"wirebook.reference.pygase.{module}")
    for part in name.split("."):
        found = getattr(found, part)
    return found


def parameters(text: str) -> list[tuple[str, str, object]]:
    """Return name, kind and default of the parameters that a documented call has."""
    arguments = ast.parse(f"def f{text}: pass").body[0].args  # type: ignore[attr-defined]
    plain = [(argument.arg, "plain") for argument in arguments.args]
    required = len(plain) - len(arguments.defaults)
    defaults = [inspect.Parameter.empty] * required
    defaults += [ast.literal_eval(default) for default in arguments.defaults]
    found: list[tuple[str, str, object]] = [
        (*pair, default) for pair, default in zip(plain, defaults, strict=True)
    ]
    if arguments.vararg:
        found.append((arguments.vararg.arg, "*", inspect.Parameter.empty))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append((argument.arg, "keyword", ast.literal_eval(default)))
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, "**", inspect.Parameter.empty))
    return found


def actual(function: Any) -> list[tuple[str, str, object]]:
    """Return name, kind and default of the parameters that a function has."""
    kinds: dict[object, str] = {
        inspect.Parameter.POSITIONAL_OR_KEYWORD: "plain",
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    return [
        (parameter.name, kinds[parameter.kind], parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]


@pytest.mark.parametrize("name", DOCUMENTED["package"])
def test_package_has_the_documented_names(name: str) -> None:
    """What the documentation imports from the package itself is there, and listed."""
    assert name in wirebook.reference.pygase.__all__
    assert hasattr(wirebook.reference.pygase, name)


@pytest.mark.parametrize(("module", "name", "facts"), NAMES)
def test_documented_name_is_there(module: str, name: str, facts: dict[str, Any]) -> None:
    """Classes, functions, errors and values are in the documented module, of the right kind."""
    found = find(module, name)
    if "value" in facts:
        assert found == bytes.fromhex(facts["value"])
    if "is" in facts:
        assert issubclass(found, vars(builtins)[facts["is"]])
    if "names" in facts:
        assert [found.get(found.get(value)) for value in facts["names"]] == facts["names"]
    for attribute in facts.get("attributes", ()):
        assert hasattr(INSTANCES[name], attribute)


@pytest.mark.parametrize(("module", "name", "text"), CALLS)
def test_documented_call_works(module: str, name: str, text: str) -> None:
    """Parameters have the documented names, kinds, order and defaults; more are optional."""
    have, want = actual(find(module, name)), parameters(text)
    for parameter in have:
        if parameter not in want:
            assert parameter[1] == "keyword"
            assert parameter[2] is not inspect.Parameter.empty
    assert [parameter for parameter in have if parameter in want] == want


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
