"""What the cases of all books have in hand that inject: hosts of their own, and an injector.

What may live here: the fixtures that put the server under test on one host, the clients of a case
on another and the injector on a third, and what this machine lacks for that. A case module takes
`scene` and `target_server` over as names of its own; then all fixtures of its book that ask for the
server get this one, and all sockets of the case are the client's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from wirebook.conformance import hosts
from wirebook.conformance.hosts import LOOPBACK_TARGET, NoHosts, Site
from wirebook.conformance.rawsockets import Tap
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, TargetUnreachable, Unsupported

if TYPE_CHECKING:
    from wirebook.conformance.inject import Flow, Injector

__all__ = ["Scene", "scene", "target_server"]

_STILL_THERE_SECONDS = 3.0
_PLACEHOLDER = "{host}"


@dataclass(frozen=True, slots=True)
class Scene:
    """The hosts of a case, with a server on one and an injector on another."""

    site: Site
    server: ServerHandle
    injector: Injector
    tap: Tap
    """Copies of what passes the client's interface."""
    exchange: Recorder

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens."""
        return self.server.address

    def flow(self, local: tuple[object, ...]) -> Flow:
        """Return what the tap tells of the TCP connection of one of the case's sockets."""
        client = str(local[0]), int(str(local[1]))
        passed = self.injector.others(self.tap.packets())
        return self.injector.flow(passed, client, self.address)

    def note(self, text: str) -> None:
        """Leave a remark in the record of the exchange."""
        self.exchange.note(text)

    def measured(self, text: str) -> None:
        """Put a figure into the report, whatever the verdict."""
        self.exchange.measured(text)


@pytest.fixture
def scene(
    request: pytest.FixtureRequest, own_server: ServerHandle, exchange: Recorder
) -> Iterator[Scene]:
    """Give a server on a host of its own; the case itself runs on the client's host."""
    make_injector = load()
    fresh = request.node.get_closest_marker("fresh_target") is not None
    with ExitStack() as stack:
        site = stack.enter_context(served(own_server, fresh=fresh))
        stack.enter_context(site.client.inside())
        # Before any client is there: the tap sees every connection from its beginning.
        tap = stack.enter_context(Tap(site.client, own_server.port))
        injector = stack.enter_context(make_injector(site.attacker, exchange))
        exchange.note(f"The hosts are {described(site)}.")
        yield Scene(site, own_server, injector, tap, exchange)
        if not fresh:
            _check_still_there(own_server)


@pytest.fixture
def target_server(scene: Scene) -> ServerHandle:
    """Give the server of the scene to all fixtures that want the server under test."""
    return scene.server


def load() -> type[Injector]:
    """Return the injector, or raise Unsupported where scapy is missing."""
    try:
        from wirebook.conformance.inject import Injector
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "scapy":
            raise
        raise Unsupported(
            'by this machine: scapy is not installed (pip install "wirebook[inject]")'
        ) from error
    return Injector


def served(server: ServerHandle, *, fresh: bool = False) -> Site:
    """Start the server on the best hosts that can be had, and return them.

    A fresh server has not been spoken to. Raises Unsupported where there are no hosts, with the
    reason.
    """
    if server.external:
        if fresh:
            raise Unsupported("the case needs a newly started server, and this one is an address")
        return _with_somebody_elses(server)
    endpoint = server.target.server
    anywhere = bool(endpoint and (endpoint.embedded or _PLACEHOLDER in "".join(endpoint.command)))
    reasons = []
    for make in (hosts.several, hosts.one) if anywhere else (hosts.one,):
        try:
            site = make()
        except NoHosts as error:
            reasons.append(str(error))
            break
        try:
            with site.target.inside():
                server.host = site.target.address
                server.ensure(fresh=fresh)
        except TargetUnreachable as error:
            site.close()
            reasons.append(f"it does not start at {server.host}: {error}")
        except BaseException:
            site.close()
            raise
        else:
            return site
    return _on_this_machine(server, "; ".join(reasons), fresh=fresh)


def described(site: Site) -> str:
    """Say in words what the hosts are."""
    if not site.on_loopback:
        return "three network namespaces, with links to the target's"
    where = "a network namespace" if site.isolated else "this machine"
    return f"one, on the loopback interface of {where}: the attacker is on the path"


def _with_somebody_elses(server: ServerHandle) -> Site:
    if server.host != LOOPBACK_TARGET:
        raise Unsupported(f"the case injects, and {server.host} is not {LOOPBACK_TARGET}")
    return _on_this_machine(server, "the server is an address")


def _on_this_machine(server: ServerHandle, why: str, *, fresh: bool = False) -> Site:
    if reason := hosts.no_raw_sockets():
        raise Unsupported(f"by this machine: {why}; and on loopback, {reason}")
    server.host = LOOPBACK_TARGET
    server.ensure(fresh=fresh)
    return hosts.this_machine()


def _check_still_there(server: ServerHandle) -> None:
    if server.end_expected or not server.alive():
        return  # the engine sees to that
    if not server.answers(_STILL_THERE_SECONDS):
        raise TargetDied("stopped answering")
