"""The handles of servers and clients: starting, measuring, restarting, and the control protocol."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, TargetUnreachable, Violation

DRIVER = "drivers_of_toy.toy"


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    monkeypatch.syspath_prepend(str(toys))


@pytest.fixture
def target(toys: Path) -> Target:
    return Target(
        name="toy",
        protocol="toy",
        features=(),
        server=Endpoint(command=("{python}", str(toys / "server.py"), "{port}")),
        client=Endpoint(command=("{python}", str(toys / "client.py"))),
    )


@pytest.fixture
def server(target: Target) -> Iterator[ServerHandle]:
    handle = ServerHandle(target, find(f"{DRIVER}:probe"))
    yield handle
    handle.stop()


@pytest.fixture
def client(target: Target) -> Iterator[ClientHandle]:
    with ClientHandle(target) as handle:
        yield handle


def serving(**endpoint: Any) -> ServerHandle:
    target = Target(name="toy", protocol="toy", features=(), server=Endpoint(**endpoint))
    return ServerHandle(target, find(f"{DRIVER}:probe"))


def steering(*command: str, **endpoint: Any) -> ClientHandle:
    described = Endpoint(command=command, **endpoint)
    return ClientHandle(Target(name="toy", protocol="toy", features=(), client=described))


def test_server_is_started_when_it_is_needed(server: ServerHandle) -> None:
    """A handle starts nothing before somebody ensures that the server lives."""
    assert not server.alive()
    server.ensure()
    assert server.alive()


def test_latency_is_measured(server: ServerHandle) -> None:
    """A server that was started has a measured latency."""
    server.ensure()
    assert 0 < server.latency < 1


def test_living_server_is_left_alone(server: ServerHandle) -> None:
    """Ensuring a server that lives does not start another."""
    server.ensure()
    port = server.port
    server.ensure()
    assert server.port == port


def test_fresh_server_has_seen_nobody(server: ServerHandle) -> None:
    """A fresh start replaces a living server with one that the suite has not spoken to."""
    server.ensure()
    port = server.port
    server.ensure(fresh=True)
    assert (server.port != port, server.probed) == (True, False)


def test_server_that_is_ready_by_its_output(toys: Path) -> None:
    """A server that says when it is ready is waited for."""
    server = serving(
        command=("{python}", str(toys / "server.py"), "{port}"), ready="^listen", start_seconds=10
    )
    server.ensure()
    server.stop()


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        (
            {"command": ("{python}", "-c", "raise SystemExit('no licence')")},
            "the server's command ended with status 1: no licence",
        ),
        (
            {
                "command": ("{python}", "-c", "print('busy'); import time; time.sleep(60)"),
                "start_seconds": 0.5,
            },
            r"the server's command did not answer on port \d+ within 0.5 s; its last output: busy",
        ),
        ({"embedded": "no.such.module:serve"}, "cannot import no.such.module"),
        ({"embedded": f"{DRIVER}:no_such_function"}, "has no no_such_function"),
        ({"embedded": f"{DRIVER}:failing_server"}, "failed: RuntimeError: no luck today"),
    ],
)
def test_server_that_does_not_come_up_is_unreachable(
    endpoint: dict[str, Any], message: str
) -> None:
    """Why a server cannot be reached is said in one line."""
    server = serving(**endpoint)
    with pytest.raises(TargetUnreachable, match=message):
        server.ensure()
    assert not server.alive()


def test_requests_get_their_own_replies(client: ClientHandle) -> None:
    """Replies are matched by their ids, whatever order they are asked for in."""
    first = client.send({"do": "ping", "value": 1})
    assert client.request({"do": "ping", "value": 2})["pong"] == 2
    assert client.request({"do": "ping", "value": 3, "id": first + 10})["pong"] == 3


def test_notifications_are_kept_in_order(client: ClientHandle) -> None:
    """Notifications pile up, oldest first, without the greeting."""
    for value in (1, 2, 3):
        client.send({"do": "notify", "value": value})
    client.wait(lambda message: message["value"] == 3, 5)
    assert [message["value"] for message in client.messages] == [1, 2, 3]


def test_waiting_finds_what_is_already_there(client: ClientHandle) -> None:
    """A notification that came before the waiting counts."""
    client.request({"do": "notify", "value": 1})
    assert client.wait(lambda message: message["value"] == 1, 0)["value"] == 1


def test_waiting_in_vain_is_a_violation(client: ClientHandle) -> None:
    """A notification that does not come is a finding about the target."""
    with pytest.raises(Violation, match=r"no event from the client in 0.05 s"):
        client.wait(lambda _: True, 0.05, "event")


def test_lines_outside_the_protocol_are_set_aside(client: ClientHandle) -> None:
    """What is no message disturbs nothing, and can be looked at."""
    assert client.request({"do": "babble"})["ok"]
    assert client.strays == ("this is not JSON", '["nor is this a message"]')


def test_request_without_reply_counts_as_death(client: ClientHandle) -> None:
    """An adapter that never answers has stopped for good."""
    with pytest.raises(TargetDied, match=r"did not answer ignore in 0\.1 s"):
        client.request({"do": "ignore"}, 0.1)


def test_death_during_a_request_is_told_with_the_last_line(client: ClientHandle) -> None:
    """An adapter that ends instead of answering is told with its status and last output."""
    with pytest.raises(TargetDied, match="ended with status 4: client: told to die"):
        client.request({"do": "die"})


def test_request_to_the_dead_is_death(client: ClientHandle) -> None:
    """Nothing can be asked of an adapter that has ended."""
    client.send({"do": "die"})
    client.wait_ended(10)
    with pytest.raises(TargetDied):
        client.request({"do": "ping"})


def test_closing_ends_the_adapter(target: Target) -> None:
    """The end of its input is enough to end an adapter."""
    client = ClientHandle(target)
    client.close()
    assert not client.alive()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit('no licence')", "ended with status 1: no licence"),
        (
            "print('Hello!', flush=True); input()",
            'did not say that it is ready in 0.5 s; it wrote "Hello!"',
        ),
        (
            'print(\'{"event": "ready", "protocol": "chess", "version": 1}\', flush=True)',
            "speaks chess 1, not toy 1",
        ),
    ],
)
def test_client_that_does_not_come_up_is_unreachable(code: str, message: str) -> None:
    """Why a client cannot be steered is said in one line."""
    with pytest.raises(TargetUnreachable, match=message.replace("(", r"\(")):
        steering(sys.executable, "-c", code, start_seconds=0.5 if "input" in code else 10)


def test_embedded_client_speaks_through_pipes() -> None:
    """An embedded adapter is steered like any other."""
    described = Endpoint(embedded=f"{DRIVER}:embedded_client")
    target = Target(name="toy", protocol="toy", features=(), client=described)
    with ClientHandle(target) as client:
        assert client.request({"do": "anything"})["embedded"]


@pytest.fixture
def embedded() -> Iterator[ServerHandle]:
    server = serving(embedded=f"{DRIVER}:echo_server")
    server.ensure()
    yield server
    server.stop()


def tell(server: ServerHandle, data: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(data, server.address)


def test_embedded_server_is_started_and_ended(embedded: ServerHandle) -> None:
    """A server in our own process is reached like any other, and ended."""
    assert embedded.alive()
    embedded.stop()
    assert not embedded.alive()


def test_what_an_embedded_server_logs_is_its_output(embedded: ServerHandle) -> None:
    """Log records stand for the output that a process would have."""
    assert "WARNING toy: echoing probe\n" in embedded.output()


def test_what_ends_an_embedded_server_is_its_output(
    embedded: ServerHandle, wait_for: Callable[[Callable[[], object]], None]
) -> None:
    """The traceback of a thread that dies is kept, and its last line tells the end."""
    tell(embedded, b"die")
    wait_for(lambda: not embedded.alive())
    assert embedded.how_ended() == "stopped answering: RuntimeError: told to die"


def test_embedded_server_that_never_answers_is_unreachable() -> None:
    """An embedded server has to answer, not just to return."""
    server = serving(embedded=f"{DRIVER}:silent_server")
    with pytest.raises(TargetUnreachable, match=r"nothing answers on 127\.0\.0\.1:1"):
        server.ensure()
