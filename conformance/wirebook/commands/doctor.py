"""`wirebook doctor`: is a target fit to be checked?

What may live here: going through what every target has to do, and what a book adds to that. A fault
here is one of the adapter or the description, not of the protocol.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from wirebook.commands import console
from wirebook.conformance.verdicts import ExitStatus, TargetDied, TargetUnreachable

if TYPE_CHECKING:
    from wirebook.conformance.targets.client import ClientHandle
    from wirebook.conformance.targets.description import Target
    from wirebook.conformance.targets.server import ServerHandle

_ENDING_SECONDS = 2.5

Step = tuple[bool, str]
"""Whether all is well, and what was looked at."""


def doctor(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="A built-in name or a TOML file.", show_default=False
        ),
    ],
    python: Annotated[
        str,
        typer.Option("--target-python", metavar="PATH", help="What {python} stands for."),
    ] = "",
) -> None:
    """See whether a target starts, answers and ends as the suite needs it.

    \b
    Examples:
      wirebook doctor my-server.toml
      wirebook doctor reference

    The exit status is 0 if all is well, 1 if something is not, 4 if the target does not start.
    """
    from wirebook.conformance import choices
    from wirebook.conformance.library import open_library
    from wirebook.conformance.targets import install

    library = open_library()
    options = choices.Options(target=target, python=python)
    faults = 0
    for described in choices.targets(options, library):
        ready = choices.with_python(described, options)
        if ready.install and not ready.python:
            ready = replace(ready, python=str(install.ensure(ready, console.say)))
        features = ", ".join(ready.features or ()) or "none"
        print(f"{ready.name}: {ready.protocol}, features: {features}")
        for fine, text in _examine(ready, library.probe(ready.protocol), library.drivers):
            faults += not fine
            print(f"  {'ok  ' if fine else 'FAIL'}  {text}", flush=True)
    raise typer.Exit(int(ExitStatus.VIOLATIONS if faults else ExitStatus.CONFORMS))


def _examine(target: Target, probe: str, drivers: str) -> Iterator[Step]:
    from wirebook.conformance.targets.client import ClientHandle
    from wirebook.conformance.targets.embedded import find
    from wirebook.conformance.targets.server import ServerHandle

    if target.server:
        server = ServerHandle(target, find(probe))
        try:
            yield from _examine_server(server, _of_book(drivers, target.protocol, "server"))
        finally:
            server.stop()
    if target.client:
        began = time.monotonic()
        with ClientHandle(target) as client:
            yield True, f"the client is ready after {time.monotonic() - began:.2f} s"
            yield from _examine_client(client, _of_book(drivers, target.protocol, "client"))


def _examine_server(
    server: ServerHandle, of_book: Callable[[ServerHandle], Iterator[Step]]
) -> Iterator[Step]:
    began = time.monotonic()
    server.ensure()
    where = f"{server.host}:{server.port}"
    yield True, f"the server answers on {where} after {time.monotonic() - began:.2f} s"
    yield True, f"its latency is {server.latency * 1000:.1f} ms"
    yield from _unless_dead(of_book(server))
    yield server.alive(), "the server still lives"
    if not server.external:
        server.stop()
        server.ensure(fresh=True)
        yield True, "it ends and starts again"


def _examine_client(
    client: ClientHandle, of_book: Callable[[ClientHandle], Iterator[Step]]
) -> Iterator[Step]:
    # No adapter knows this request, so it has to say so instead of dying or keeping silent.
    yield from _unless_dead(_refusals(client))
    yield from _unless_dead(of_book(client))
    yield not client.strays, _strays(client.strays)
    try:
        client.send({"do": "quit"})
    except TargetDied as error:
        yield False, str(error)
        return
    yield client.wait_ended(_ENDING_SECONDS), 'the client ends after {"do": "quit"}'


def _refusals(client: ClientHandle) -> Iterator[Step]:
    reply = client.request({"do": "no such request"}, timeout=2.0)
    refused = reply.get("ok") is False and isinstance(reply.get("error"), str)
    yield refused, 'the client answers an unknown request with "ok": false and an "error"'


def _unless_dead(steps: Iterator[Step]) -> Iterator[Step]:
    try:
        yield from steps
    except (TargetDied, TargetUnreachable, AssertionError) as error:
        yield False, str(error)


def _strays(strays: tuple[str, ...]) -> str:
    if not strays:
        return "the client writes nothing to its output but the control protocol"
    return f"the client writes to its output what is not of the control protocol: {strays[0]!r}"


def _of_book(drivers: str, book: str, role: str) -> Callable[..., Iterator[Step]]:
    """Return what the book's driver has to say of an adapter, if it has anything."""
    try:
        module = importlib.import_module(f"{drivers}.{book}.doctor")
    except ModuleNotFoundError:
        return lambda _: iter(())
    examine: Callable[..., Iterator[Step]] = getattr(module, f"examine_{role}")
    return examine
