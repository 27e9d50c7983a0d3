"""Whole runs of the engine: exit statuses, events, choosing cases, and what must not disturb it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GOOD = """
@requires("TOY-A-001")
def test_good(target_server):
    assert talk(target_server, b"hello") == b"hello"
"""
BAD = """
@requires("TOY-A-003")
def test_bad(target_server):
    raise Violation("expected silence")
"""
RUDE = """
@requires("TOY-A-002")
def test_rude(target_server):
    raise Violation("expected a smile")
"""
VAGUE = """
@requires("TOY-A-001")
def test_vague(target_server):
    raise Inconclusive("it was too dark")
"""
BROKEN = """
@requires("TOY-A-001")
def test_broken(target_server):
    raise OSError("no more files")
"""
RANDOM = """
@requires("TOY-A-001")
def test_dice(rng):
    raise Inconclusive(str(rng.getrandbits(64)))

@requires("TOY-A-001")
def test_coin(rng):
    raise Inconclusive(str(rng.getrandbits(64)))
"""


@pytest.fixture
def port(toys: Path) -> Iterator[int]:
    """Give the port of a toy server that is nobody's child here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        free: int = own.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, str(toys / "server.py"), str(free)], stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    server.stdout.readline()
    yield free
    server.kill()
    server.communicate()


@pytest.mark.parametrize(
    ("source", "strict", "status"),
    [
        (GOOD, False, 0),
        (GOOD + BAD, False, 1),
        (GOOD + RUDE, False, 0),
        (GOOD + RUDE, True, 1),
        (GOOD + VAGUE, False, 0),
        (GOOD + VAGUE, True, 1),
        (GOOD + BROKEN, False, 3),
        (BAD + BROKEN, False, 3),
    ],
)
def test_exit_status(workspace: Any, source: str, strict: bool, status: int) -> None:
    """The verdicts decide on the exit status."""
    workspace.write_cases(source)
    assert workspace.run(strict=strict).status == status


def test_events_come_in_order(workspace: Any) -> None:
    """Reports get the start, the number of cases, each case, and the end, and are closed."""
    workspace.write_cases(GOOD + BAD)
    kinds = [event["event"] for event in workspace.run().events]
    assert kinds == [
        "Opened",
        "RunStarted",
        "CasesCollected",
        "CaseFinished",
        "CaseFinished",
        "RunFinished",
        "Closed",
    ]


def test_cases_run_in_the_order_of_the_files(workspace: Any) -> None:
    """Without jobs, cases run by file name and in the order in which they are written."""
    workspace.write_cases(BAD + GOOD, topic="b")
    workspace.write_cases(RUDE, topic="a")
    assert list(workspace.run().cases) == [
        "toy/server_a/rude",
        "toy/server_b/bad",
        "toy/server_b/good",
    ]


def test_jobs_change_no_verdict(workspace: Any) -> None:
    """A parallel run finds what a serial one finds."""
    workspace.write_cases(GOOD + BAD + RUDE + VAGUE)
    assert workspace.run(jobs=2).verdicts == workspace.run().verdicts


def test_jobs_count_the_cases_once(workspace: Any) -> None:
    """Workers that collect the same cases do not multiply their number."""
    workspace.write_cases(GOOD + BAD + RUDE)
    counts = [e["count"] for e in workspace.run(jobs=2).events if e["event"] == "CasesCollected"]
    assert counts == [3]


def test_randomness_is_that_of_the_seed(workspace: Any) -> None:
    """The same seed gives a case the same randomness, whatever else runs."""
    workspace.write_cases(RANDOM)
    whole = workspace.run(seed=5).cases
    alone = workspace.run(seed=5, only=["toy/server_basic/coin"], jobs=2).cases
    name = "toy/server_basic/coin"
    assert alone[name]["reason"] == whole[name]["reason"]


def test_seeds_differ(workspace: Any) -> None:
    """Another seed gives other randomness."""
    workspace.write_cases(RANDOM)
    name = "toy/server_basic/coin"
    assert workspace.run(seed=5).cases[name]["reason"] != workspace.run().cases[name]["reason"]


@pytest.mark.parametrize(
    ("keyword", "chosen"),
    [
        ("bad", ["toy/server_basic/bad"]),
        ("not bad", ["toy/server_basic/good"]),
        ("toy/server_basic/good", ["toy/server_basic/good"]),
        ("TOY-A-003", ["toy/server_basic/bad"]),
    ],
)
def test_keyword_chooses_by_name_id_and_requirement(
    workspace: Any, keyword: str, chosen: list[str]
) -> None:
    """-k looks at the names of cases, their IDs and the requirements they cite."""
    workspace.write_cases(GOOD + BAD)
    assert list(workspace.run(keyword=keyword).cases) == chosen


@pytest.mark.parametrize("jobs", [1, 2])
def test_keyword_that_matches_nothing_is_misuse(workspace: Any, jobs: int) -> None:
    """A run without a case says so in one line, with status 2."""
    workspace.write_cases(GOOD)
    run = workspace.run(keyword="unheard_of", jobs=jobs)
    assert (run.status, run.stderr) == (2, 'problem: no case matches -k "unheard_of"\n')


def test_keyword_that_is_no_expression_is_misuse(workspace: Any) -> None:
    """An expression that cannot be read is refused before anything starts."""
    workspace.write_cases(GOOD)
    run = workspace.run(keyword="good and (")
    assert run.status == 2
    assert run.stderr.startswith('usage: -k "good and (" is not an expression')


def test_unknown_book_is_misuse(workspace: Any) -> None:
    """A book that does not exist is refused with a hint."""
    run = workspace.run(books=["toi"])
    assert (run.status, run.stderr) == (2, 'usage: unknown book "toi" (did you mean "toy"?)\n')


def test_book_that_the_target_does_not_speak_is_misuse(workspace: Any) -> None:
    """A target that speaks another protocol is refused with a hint."""
    run = workspace.run(books=["other"])
    assert run.status == 2
    assert 'target "toy" speaks toy, not other' in run.stderr


def test_role_that_the_target_lacks_is_misuse(workspace: Any) -> None:
    """A role that is not described cannot be checked."""
    text = workspace.target.read_text()
    workspace.write_target(text[: text.index("[client]")])
    run = workspace.run(role="client")
    assert run.status == 2
    assert "toy has no client to check" in run.stderr


def test_role_restricts_the_cases(workspace: Any) -> None:
    """With a role, only its cases run."""
    workspace.write_cases(GOOD)
    workspace.write_cases(VAGUE.replace("target_server", "target_client"), role="client")
    assert list(workspace.run(role="client").cases) == ["toy/client_basic/vague"]


def test_address_gets_the_cases_of_the_server(workspace: Any, port: int) -> None:
    """A server that somebody else started is checked in that role alone."""
    workspace.write_cases(GOOD)
    workspace.write_cases(VAGUE.replace("target_server", "target_client"), role="client")
    run = workspace.run(target="", server=f"127.0.0.1:{port}", books=["toy"])
    assert run.verdicts == {"toy/server_basic/good": "pass"}


def test_address_cannot_be_started_anew(workspace: Any, port: int) -> None:
    """A case that needs a fresh server is unsupported on an address."""
    workspace.write_cases(GOOD.replace("@requires", "@fresh_target\n@requires"))
    run = workspace.run(target="", server=f"127.0.0.1:{port}", books=["toy"])
    assert run.verdicts == {"toy/server_basic/good": "unsupported"}


def test_address_that_dies_ends_the_run(workspace: Any, port: int) -> None:
    """The crash of a server that nobody starts again is a finding; the other cases do not run."""
    killer = GOOD.replace("talk(", "tell(").replace(' == b"hello"', " is None")
    text = workspace.target.read_text()
    workspace.write_target(
        text[: text.index("[server]")]
        + f'[server]\naddress = "127.0.0.1:{port}"\nstart_seconds = 0.5\n'
    )
    workspace.write_cases(killer.replace('b"hello"', 'b"die"'), topic="a")
    workspace.write_cases(GOOD + BAD, topic="b")
    run = workspace.run()
    assert (run.status, run.verdicts) == (1, {"toy/server_a/good": "crash"})
    assert run.finished["problems"] == [f"2 cases did not run: nothing answers on 127.0.0.1:{port}"]


def test_port_that_nobody_listens_on_is_unreachable(workspace: Any, free_port: int) -> None:
    """Without an answer there is one line and status 4."""
    workspace.write_cases(GOOD)
    run = workspace.run(target="", server=f"127.0.0.1:{free_port}", books=["toy"])
    line = f"nothing answers on 127.0.0.1:{free_port}"
    assert (run.status, run.stderr) == (
        4,
        f"problem: 127.0.0.1:{free_port} (toy): {line}\n",
    )


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        port: int = own.getsockname()[1]
    return port


def test_command_that_exits_at_once_is_unreachable(workspace: Any) -> None:
    """A server that does not stay gets status 4, with its last line of output."""
    workspace.write_cases(GOOD)
    workspace.write_target(
        'name = "toy"\nprotocol = "toy"\n[server]\n'
        'command = ["{python}", "-c", "print(1); raise SystemExit(\'no licence\')"]\n'
    )
    run = workspace.run()
    assert (run.status, run.stderr) == (
        4,
        "problem: toy (toy): the server's command ended with status 1: no licence\n",
    )


def test_client_that_exits_at_once_is_unreachable(workspace: Any) -> None:
    """A client that does not stay gets status 4, with its last line of output."""
    workspace.write_cases(VAGUE.replace("target_server", "target_client"), role="client")
    workspace.write_target(
        'name = "toy"\nprotocol = "toy"\n[client]\n'
        'command = ["{python}", "-c", "raise SystemExit(\'no licence\')"]\n'
    )
    run = workspace.run()
    assert (run.status, run.stderr) == (
        4,
        "problem: toy (toy): the client's command ended with status 1: no licence\n",
    )


def test_unreachable_target_still_gets_reports(workspace: Any) -> None:
    """The reports of a run that could not begin say why."""
    workspace.write_cases(GOOD)
    workspace.write_target('name="toy"\nprotocol="toy"\n[server]\ncommand=["no-such-program"]\n')
    run = workspace.run()
    assert run.events[0] == {"event": "Opened", "any_case": False}
    assert run.finished["problems"] == ['toy (toy): there is no program "no-such-program"']


def test_case_module_that_cannot_be_imported_is_a_failure_of_the_suite(workspace: Any) -> None:
    """A broken case module gets status 3 and is named."""
    workspace.write_cases(GOOD)
    workspace.write_cases("import no_such_module\n", topic="broken")
    run = workspace.run()
    assert run.status == 3
    assert "test_server_broken.py failed: ModuleNotFoundError" in run.stderr


def test_case_module_with_a_wrong_name_is_misuse(workspace: Any) -> None:
    """A module without a role in its name would never run, so it is refused."""
    workspace.write_cases(GOOD, role="servant")
    assert "a case module is named test_ROLE_TOPIC.py" in workspace.run().stderr


def test_worker_that_dies_costs_only_its_case(workspace: Any) -> None:
    """A case that takes its process along is an error; the others have their verdicts."""
    workspace.write_cases(
        GOOD + BAD + '@requires("TOY-A-001")\ndef test_exits():\n    import os; os._exit(1)\n'
    )
    assert workspace.run(jobs=2).verdicts == {
        "toy/server_basic/good": "pass",
        "toy/server_basic/bad": "fail",
        "toy/server_basic/exits": "error",
    }


def test_settings_of_the_user_do_not_interfere(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, conftests and options of pytest where the user stands play no part in a run."""
    workspace.write_cases(GOOD)
    (workspace.folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (workspace.folder / "conftest.py").write_text("raise RuntimeError('not asked for')\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option-either")
    assert workspace.run(jobs=2).verdicts == {"toy/server_basic/good": "pass"}


def test_fixtures_of_a_book_are_found(workspace: Any) -> None:
    """A conftest beside the cases belongs to them."""
    workspace.write_cases(
        '@requires("TOY-A-001")\ndef test_asks(answer):\n    assert answer == 42\n'
    )
    (workspace.folder / "cases" / "toy" / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef answer():\n    return 42\n"
    )
    assert workspace.run().verdicts == {"toy/server_basic/asks": "pass"}


def test_only_runs_the_named_cases(workspace: Any) -> None:
    """A replay runs just the case that it names, with its parameter."""
    workspace.write_cases(
        '@requires("TOY-A-001")\n@pytest.mark.parametrize("n", [1, 2])\ndef test_n(n):\n    pass\n'
    )
    assert list(workspace.run(only=["toy/server_basic/n[2]"]).cases) == ["toy/server_basic/n[2]"]


def test_only_with_an_unknown_case_is_misuse(workspace: Any) -> None:
    """A replay of a case that does not exist says so."""
    workspace.write_cases(GOOD)
    run = workspace.run(only=["toy/server_basic/gone"])
    assert (run.status, run.stderr) == (2, "problem: no case is named toy/server_basic/gone\n")


def test_server_that_does_not_start_again_ends_the_run(workspace: Any, toys: Path) -> None:
    """A server that comes up only once is unreachable from then on."""
    once = workspace.folder / "once"
    code = (
        f"import pathlib, runpy, sys; sys.argv[0] = 'toy'\n"
        f"starts = pathlib.Path({str(once)!r})\n"
        f"count = len(starts.read_text()) if starts.exists() else 0\n"
        f"starts.write_text('x' * (count + 1))\n"
        f"count < 2 or sys.exit('worn out')\n"
        f"runpy.run_path({str(toys / 'server.py')!r}, run_name='__main__')"
    )
    workspace.write_target(
        'name = "toy"\nprotocol = "toy"\n[server]\n'
        f"command = [\"{{python}}\", \"-c\", '''{code}''', \"{{port}}\"]\n"
    )
    workspace.write_cases(
        GOOD + GOOD.replace("_good", "_fresh").replace("@requires", "@fresh_target\n@requires")
    )
    run = workspace.run()
    assert (run.status, run.verdicts) == (4, {"toy/server_basic/good": "pass"})
    assert "the server's command ended with status 1: worn out" in run.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_exit_first(workspace: Any, jobs: int) -> None:
    """A run that is to end at the first violation ends there, and fails."""
    more = "".join(GOOD.replace("test_good", f"test_good_{number}") for number in range(400))
    workspace.write_cases(BAD + more)
    run = workspace.run(exit_first=True, jobs=jobs)
    assert run.status == 1
    assert run.verdicts["toy/server_basic/bad"] == "fail"
    assert len(run.verdicts) < 400
