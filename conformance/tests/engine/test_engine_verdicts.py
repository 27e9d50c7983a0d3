"""Every verdict of the engine, on toys that deserve it."""

from __future__ import annotations

from typing import Any

import pytest

SERVER_CASES = '''
@requires("TOY-A-001")
def test_passes(target_server, exchange):
    """The server echoes.

    And there is more to say of it.
    """
    assert talk(target_server, b"hello", exchange) == b"hello"

@requires("TOY-A-001")
def test_breaks_a_must(target_server):
    assert talk(target_server, b"hello") == b"bye"

@requires("TOY-A-001")
def test_is_a_violation(target_server):
    raise Violation("expected a bow, got a nod")

@requires("TOY-A-002")
def test_breaks_a_should(target_server):
    raise Violation("expected a smile")

@requires("TOY-A-001", "TOY-A-002")
def test_breaks_one_of_both(target_server):
    raise Violation("expected a bow")

@requires("TOY-A-001")
def test_kills(target_server):
    tell(target_server, b"die")

@requires("TOY-A-001")
def test_comes_after_the_crash(target_server):
    assert talk(target_server, b"hello") == b"hello"

@requires("TOY-A-001")
def test_kills_and_notices(target_server):
    tell(target_server, b"die")
    assert talk(target_server, b"hello") == b"hello"

@requires("TOY-A-001")
def test_silences(target_server):
    tell(target_server, b"hush")

@requires("TOY-A-001")
def test_comes_after_the_silence(target_server):
    assert talk(target_server, b"hello") == b"hello"

@requires("TOY-A-001")
def test_says_that_the_target_died(target_server):
    raise TargetDied("no answer for a minute")

@requires("TOY-A-001")
@fresh_target
def test_is_the_first_peer(target_server):
    assert not target_server.probed

@requires("TOY-A-001")
@fresh_target
def test_ends_the_server_by_right(target_server):
    target_server.expect_end()
    tell(target_server, b"die")
    assert target_server.wait_ended(5)

@requires("TOY-A-001")
@feature("echo")
def test_declared_feature(target_server):
    assert talk(target_server, b"hello") == b"hello"

@requires("TOY-A-001")
@feature("dance")
def test_undeclared_feature(target_server):
    raise AssertionError("never runs")

@requires("TOY-A-001")
def test_cannot_run_here(target_server):
    pytest.skip("this machine has no drum")

@requires("TOY-A-001")
def test_does_not_get_there(target_server):
    raise Inconclusive("the window never opened")

@requires("TOY-A-001")
def test_has_a_mistake(target_server):
    1 / 0

@requires("TOY-A-001")
def test_hangs(target_server):
    ours, theirs = socket.socketpair()
    ours.recv(1)

def test_cites_nothing():
    pass

@requires("TOY-B-001")
def test_cites_the_unknown():
    pass

@pytest.fixture
def control(target_server):
    yield
    assert talk(target_server, b"control") == b"another"

@requires("TOY-A-001")
def test_control_fails_afterwards(control):
    pass

@requires("TOY-A-001")
def test_writes_output(target_server):
    talk(target_server, b"say cheese")
    assert False

@requires("TOY-A-001")
@pytest.mark.parametrize("word", ["one", "two"])
def test_parameter(target_server, word):
    assert word == "one"
'''
CLIENT_CASES = """
@requires("TOY-A-001")
def test_answers(target_client):
    assert target_client.request({"do": "ping", "value": 7}, 5)["pong"] == 7

@requires("TOY-A-001")
def test_notifies(target_client):
    target_client.send({"do": "notify", "value": 1})
    target_client.wait(lambda message: message["value"] == 1, 5)
    assert [message["value"] for message in target_client.messages] == [1]

@requires("TOY-A-001")
def test_never_notifies(target_client):
    target_client.wait(lambda message: True, 0.1, "a note")

@requires("TOY-A-001")
def test_dies(target_client):
    target_client.send({"do": "die"})
    target_client.wait_ended(5)

@requires("TOY-A-001")
def test_dies_when_asked(target_client):
    target_client.request({"do": "die"}, 5)

@requires("TOY-A-001")
def test_never_answers(target_client):
    target_client.request({"do": "ignore"}, 0.1)

@requires("TOY-A-001")
def test_quits(target_client):
    target_client.request({"do": "quit"}, 5)
    assert target_client.wait_ended(5)
"""


@pytest.fixture(scope="module")
def cases(shared_workspace: Any) -> dict[str, dict[str, Any]]:
    shared_workspace.write_cases(SERVER_CASES)
    shared_workspace.write_cases(CLIENT_CASES, role="client")
    found: dict[str, dict[str, Any]] = shared_workspace.run(jobs=2, case_seconds=4).cases
    return found


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("passes", "pass"),
        ("breaks_a_must", "fail"),
        ("is_a_violation", "fail"),
        ("breaks_a_should", "nonstrict"),
        ("breaks_one_of_both", "fail"),
        ("kills", "crash"),
        ("comes_after_the_crash", "pass"),
        ("kills_and_notices", "crash"),
        ("silences", "crash"),
        ("comes_after_the_silence", "pass"),
        ("says_that_the_target_died", "crash"),
        ("is_the_first_peer", "pass"),
        ("ends_the_server_by_right", "pass"),
        ("declared_feature", "pass"),
        ("undeclared_feature", "unsupported"),
        ("cannot_run_here", "unsupported"),
        ("does_not_get_there", "inconclusive"),
        ("has_a_mistake", "error"),
        ("hangs", "error"),
        ("cites_nothing", "error"),
        ("cites_the_unknown", "error"),
        ("control_fails_afterwards", "fail"),
        ("parameter[one]", "pass"),
        ("parameter[two]", "fail"),
    ],
)
def test_server_case_gets_its_verdict(
    cases: dict[str, dict[str, Any]], name: str, verdict: str
) -> None:
    """What a case raises, and what becomes of the server, decides on the verdict."""
    assert cases[f"toy/server_basic/{name}"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("answers", "pass"),
        ("notifies", "pass"),
        ("never_notifies", "fail"),
        ("dies", "crash"),
        ("dies_when_asked", "crash"),
        ("never_answers", "crash"),
        ("quits", "pass"),
    ],
)
def test_client_case_gets_its_verdict(
    cases: dict[str, dict[str, Any]], name: str, verdict: str
) -> None:
    """What a case raises, and what becomes of the adapter, decides on the verdict."""
    assert cases[f"toy/client_basic/{name}"]["verdict"] == verdict


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("is_a_violation", "expected a bow, got a nod"),
        ("breaks_a_must", "assert b'hello' == b'bye'"),
        ("kills", "the target ended with status 3: fatal: told to die"),
        ("silences", "the target stopped answering"),
        ("undeclared_feature", 'the target does not declare the feature "dance"'),
        ("cannot_run_here", "this machine has no drum"),
        ("has_a_mistake", "ZeroDivisionError: division by zero"),
        ("hangs", "the case took longer than 4 s"),
        ("cites_the_unknown", "the case cites TOY-B-001, which no book has"),
    ],
)
def test_reason_is_one_telling_line(
    cases: dict[str, dict[str, Any]], name: str, reason: str
) -> None:
    """The reason of a verdict says in one line what happened."""
    assert cases[f"toy/server_basic/{name}"]["reason"] == reason


def test_crash_keeps_what_the_case_found_before(cases: dict[str, dict[str, Any]]) -> None:
    """A crash outweighs the case's own finding, but does not hide it."""
    reason = cases["toy/server_basic/kills_and_notices"]["reason"]
    assert reason.startswith("the target ended with status 3: fatal: told to die (and before: ")


def test_crash_keeps_the_last_output(cases: dict[str, dict[str, Any]]) -> None:
    """The last output of a target that died is part of the evidence."""
    assert cases["toy/server_basic/kills"]["output"].endswith("fatal: told to die\n")


def test_output_is_that_of_the_case_alone(cases: dict[str, dict[str, Any]]) -> None:
    """The output kept for a case is what the server wrote while it ran."""
    assert cases["toy/server_basic/writes_output"]["output"] == "cheese\n"


def test_output_of_a_dead_client_is_kept(cases: dict[str, dict[str, Any]]) -> None:
    """The last output of a client that died is part of the evidence."""
    assert cases["toy/client_basic/dies"]["output"] == "client: told to die\n"


def test_title_is_the_first_line_of_the_docstring(cases: dict[str, dict[str, Any]]) -> None:
    """A case is titled with the first line of its docstring."""
    assert cases["toy/server_basic/passes"]["title"] == "The server echoes."


def test_chapter_is_that_of_the_first_requirement(cases: dict[str, dict[str, Any]]) -> None:
    """A case is listed under the chapter of the requirement it cites first."""
    assert cases["toy/server_basic/passes"]["chapter"] == "Manners"


def test_exchange_is_recorded_in_order(cases: dict[str, dict[str, Any]]) -> None:
    """What a driver reports as sent and received is part of the evidence."""
    exchange = cases["toy/server_basic/passes"]["exchange"]
    told = [(transfer["direction"], transfer["data"]) for transfer in exchange]
    assert told == [("to-target", b"hello".hex()), ("from-target", b"hello".hex())]


def test_detail_shows_where_the_case_failed(cases: dict[str, dict[str, Any]]) -> None:
    """The detail of a failure leads to the line of the case."""
    assert "test_server_basic.py" in cases["toy/server_basic/breaks_a_must"]["detail"]


def test_replay_line_names_case_seed_and_target(cases: dict[str, dict[str, Any]]) -> None:
    """Each result tells how to run just this case again, quoted for a shell."""
    replay = cases["toy/server_basic/parameter[two]"]["replay"]
    assert replay == "wirebook replay 'toy/server_basic/parameter[two]@0' --target toy"
