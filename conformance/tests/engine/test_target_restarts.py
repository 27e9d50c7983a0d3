"""Servers that save themselves: where to, and what is left after an end, polite or not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from wirebook.conformance.targets.description import Endpoint, Target
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, Unsupported

DRIVER = "drivers_of_toy.toy"


@pytest.fixture(autouse=True)
def drivers(monkeypatch: pytest.MonkeyPatch, toys: Path) -> None:
    monkeypatch.syspath_prepend(str(toys))


@pytest.fixture
def server(toys: Path) -> Iterator[ServerHandle]:
    handle = served(command=("{python}", str(toys / "saver.py"), "{port}", "{save_file}"))
    yield handle
    handle.stop()


@pytest.fixture
def embedded() -> Iterator[ServerHandle]:
    handle = served(embedded=f"{DRIVER}:saving_server", probe="probe")
    yield handle
    handle.stop()


def served(
    *, probe: str = "tcp_probe", command: tuple[str, ...] = (), **endpoint: str
) -> ServerHandle:
    described = Endpoint(command=command, **endpoint)  # type: ignore[arg-type]
    target = Target(name="saver", protocol="toy", features=(), server=described)
    return ServerHandle(target, find(f"{DRIVER}:{probe}"))


def say(server: ServerHandle, line: str) -> str:
    with socket.create_connection(server.address, 5) as own, own.makefile("rw") as stream:
        stream.write(f"{line}\n")
        stream.flush()
        return stream.readline().strip()


def test_stream_server_is_found_ready_by_its_port(server: ServerHandle) -> None:
    """Whoever listens for connections is there, whether it has been spoken to or not."""
    server.ensure(fresh=True)
    assert (server.probed, say(server, "one")) == (False, "one")


def test_restart_keeps_what_was_saved(server: ServerHandle) -> None:
    """A server that is ended politely has time to save, and finds its file again."""
    server.ensure()
    say(server, "one")
    before = server.save_file
    server.restart()
    assert (server.save_file, say(server, "two")) == (before, "one two")
    assert (server.alive(), server.end_expected) == (True, False)


def test_restart_without_files_begins_anew(server: ServerHandle) -> None:
    """What was saved is gone if it is not to be kept."""
    server.ensure()
    say(server, "one")
    server.restart(keep_files=False)
    assert say(server, "two") == "two"


def test_killed_server_has_saved_nothing(server: ServerHandle) -> None:
    """A server that is killed has no time; the file of the start before is still there."""
    server.ensure()
    say(server, "one")
    server.restart()
    say(server, "two")
    server.kill_hard()
    assert (server.alive(), server.how_ended()) == (
        False,
        "ended with SIGKILL: listening, knows ['one']",
    )
    server.restart()
    assert say(server, "three") == "one three"


def test_output_goes_on_over_a_restart(server: ServerHandle) -> None:
    """A case that starts its server again has the output of both in its report."""
    server.ensure()
    mark = server.mark()
    say(server, "one")
    server.restart()
    assert server.output() == "listening, knows []\nlistening, knows ['one']\n"
    assert server.output(mark) == "listening, knows ['one']\n"


def test_every_start_has_a_file_of_its_own(server: ServerHandle) -> None:
    """No start finds what another case has left, and nothing is left in the end."""
    server.ensure()
    before = server.save_file
    server.ensure(fresh=True)
    after = server.save_file
    server.stop()
    assert before is not None
    assert after is not None
    assert before != after
    assert (before.parent.exists(), after.parent.exists()) == (False, False)
    assert server.save_file is None


def test_server_that_does_not_come_back_is_dead(server: ServerHandle) -> None:
    """A server that cannot read what it has saved itself is a finding, not an unreachable one."""
    server.ensure()
    say(server, "poison")
    with pytest.raises(TargetDied, match=r"did not come back after its end: .*file is poisoned"):
        server.restart()


def test_server_without_files_is_restarted_too(toys: Path) -> None:
    """A restart needs no file."""
    server = served(command=("{python}", str(toys / "server.py"), "{port}"), probe="probe")
    server.ensure()
    server.restart()
    assert (server.alive(), server.save_file) == (True, None)
    server.stop()


def test_embedded_server_gets_a_file_if_it_takes_one(embedded: ServerHandle) -> None:
    """The function's own signature tells."""
    embedded.ensure()
    assert f"saving to {embedded.save_file}" in embedded.output()
    before = embedded.save_file
    embedded.restart()
    assert (embedded.save_file, embedded.alive()) == (before, True)


def test_embedded_server_cannot_be_killed(embedded: ServerHandle) -> None:
    """A thread cannot be taken away like a process."""
    embedded.ensure()
    with pytest.raises(Unsupported, match="no process of its own"):
        embedded.kill_hard()


def test_server_of_somebody_else_is_not_restarted() -> None:
    """An address cannot be started again by the suite."""
    with pytest.raises(Unsupported, match="this one is an address"):
        served(address="127.0.0.1:9").restart()
