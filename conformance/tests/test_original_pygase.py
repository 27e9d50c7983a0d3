"""The suite finds what is known to be wrong with the original package, in every run.

Only the cases that show a defect are run, once as they are and once with the target's own
expectations. What is known of the whole is in the target's `expected.toml`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers_original import FOUND, Defect, Run, check, check_expected, check_found

pytestmark = pytest.mark.original

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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The chosen cases, without expectations."""
    return check("pygase", "pygase-0.3.1", DEFECTS, tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_defect_is_found(run: Run, defect: Defect) -> None:
    """A case that cites the requirement says that the original breaks it."""
    check_found(run, defect)


def test_defects_make_the_run_fail(run: Run) -> None:
    """The suite says by its exit status that the original does not conform."""
    assert run.status == 1, run.output


def test_run_goes_on_after_every_crash(run: Run) -> None:
    """The server is started again, so that each case has a verdict of its own, and no other."""
    assert len(run.cases) == len({defect.case for defect in DEFECTS})
    assert run.verdicts.count("crash") > 5
    assert set(run.verdicts) <= FOUND


def test_defects_are_expected(tmp_path: Path) -> None:
    """With the expectations that come with the target, the same run ends well."""
    check_expected("pygase", "pygase-0.3.1", DEFECTS, tmp_path)
