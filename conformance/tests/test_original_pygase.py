"""The suite finds what is known to be wrong with the original package, in every run.

Only the cases that show a defect are run, once as they are and once with the target's own
expectations. What is known of the whole is in the target's `expected.toml`.
"""

from __future__ import annotations

import json
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.original

SECONDS = 300
FOUND = {"fail", "crash"}


@dataclass(frozen=True, slots=True)
class Defect:
    """A known defect and a case that has to show it."""

    what: str
    requirement: str
    case: str
    """The case's name, with its parameter if one of several is meant."""

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


DEFECTS = (
    Defect("a duplicate", "PGS-WIN-003", "duplicates_change_no_acks[of-the-newest]"),
    Defect("too late", "PGS-WIN-004", "does_not_ack_packages_that_are_too_late[by-40]"),
    Defect("an entry past the end", "PGS-BOD-002", "discards_entries_past_the_end[half-a-length]"),
    Defect(
        "no whole value",
        "PGS-BOD-003",
        "discards_entries_that_are_not_one_value[first-octet-only]",
    ),
    Defect("an event that is no map", "PGS-EVT-001", "discards_other_keys[array]"),
    Defect("an event without type", "PGS-EVT-001", "discards_other_keys[no-type]"),
    Defect("above 2048 octets", "PGS-DGM-003", "discards_large_datagrams[3000]"),
    Defect("shut_me_down", "PGS-SHD-003", "heeds_no_shut_me_down[stranger]"),
    Defect("a failing handler", "PGS-EVT-023", "survives_handlers_that_fail[in-the-server]"),
    Defect("a failing step", "PGS-EVT-023", "survives_steps_that_fail[in-the-step]"),
    Defect("acks after a gap", "PGS-WIN-001", "keeps_what_was_received_before_a_gap[of-two]"),
    Defect("the 32nd ack bit", "PGS-ACK-003", "acked_by_bit[32]"),
    Defect("a client far behind", "PGS-SYN-006", "sends_everything_to_a_client_far_behind"),
    Defect("a state too large", "PGS-SYN-010", "serves_everybody_when_the_state_has_become_small"),
    Defect(
        "a truncated header",
        "PGS-HDR-003",
        "opens_no_connection_for_truncated_packages[half-a-sequence]",
    ),
    Defect("keyword arguments", "PGS-EVT-014", "sends_keyword_arguments[one]"),
    Defect("reflected packages", "PGS-SEC-001", "answers_one_package_with_one"),
    Defect("reflected octets", "PGS-SEC-002", "answers_one_package_with_one"),
)
CHOSEN = " or ".join(sorted({defect.case for defect in DEFECTS}))


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the suite that has ended."""

    status: int
    output: str
    cases: tuple[dict[str, Any], ...]

    def named(self, name: str) -> dict[str, Any]:
        """Return the result of the case with this name."""
        (found,) = (case for case in self.cases if case["id"].rpartition("/")[2] == name)
        return found


def check(report: Path, *options: str) -> Run:
    command = [
        str(Path(sysconfig.get_path("scripts"), "wirebook")),
        *("check", "pygase", "--target", "pygase-0.3.1", "--jobs", "2", "-k", CHOSEN),
        *("--report", str(report), *options),
    ]
    ended = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    summary = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    return Run(ended.returncode, ended.stdout, tuple(summary["cases"]))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The chosen cases, without expectations."""
    return check(tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_defect_is_found(run: Run, defect: Defect) -> None:
    """A case that cites the requirement says that the original breaks it."""
    result = run.named(defect.case)
    assert result["verdict"] in FOUND
    assert defect.requirement in result["requirements"]


def test_defects_make_the_run_fail(run: Run) -> None:
    """The suite says by its exit status that the original does not conform."""
    assert run.status == 1, run.output


def test_run_goes_on_after_every_crash(run: Run) -> None:
    """The server is started again, so that each case has a verdict of its own, and no other."""
    names = {case["id"].rpartition("/")[2] for case in run.cases}
    verdicts = [case["verdict"] for case in run.cases]
    assert names >= {defect.case for defect in DEFECTS}
    assert verdicts.count("crash") > 5
    assert set(verdicts) <= FOUND


def test_defects_are_expected(tmp_path: Path) -> None:
    """With the expectations that come with the target, the same run ends well."""
    run = check(tmp_path, "--expect", "builtin")
    assert run.status == 0, run.output
    assert {case["verdict"] for case in run.cases} == {"xfail"}
