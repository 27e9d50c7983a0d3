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
    Defect(
        "an unknown id",
        "PMQ-EXC-002",
        "client_handshake/unknown_id[adaptive-confirmed-packet-unknown]",
    ),
    Defect("a reserved id", "PMQ-EXC-003", "reserved_id[adaptive-confirmed-reserved]"),
    Defect("a frame too short", "PMQ-FRM-006", "client_frames/length_too_small[0]"),
    Defect("a frame too long", "PMQ-FRM-005", "client_frames/length_too_great[100000]"),
    Defect("no whole value", "PMQ-MSG-002", "client_messagepack/not_one_value"),
    Defect("an init of another shape", "PMQ-INT-003", "client_internal/init_of_another_shape"),
    Defect("pubids of another shape", "PMQ-INT-008", "client_internal/pubids_of_another_shape"),
    Defect("names in another order", "PMQ-HSK-008", "client_ids/names_have_no_order"),
    Defect("a finish after a softquit", "PMQ-HSK-007", "client_ids/other_names[one-missing]"),
    Defect("more after a softquit", "PMQ-SFQ-001", "client_ids/other_names[one-missing]"),
    Defect(
        "a finish alone", "PMQ-HSK-009", "client_handshake/out_of_turn[adaptive-idcheck-finish]"
    ),
    Defect(
        "a finish to a server",
        "PMQ-HSK-009",
        "is_not_active_without_a_handshake[finish-and-pubids]",
    ),
    Defect("what waits at a softquit", "PMQ-SFQ-005", "what_waits_is_sent[softquit-and-more]"),
    Defect("what waits at the end", "PMQ-LST-003", "what_waits_is_sent[end-of-stream]"),
    Defect("id 65536", "PMQ-PID-003", "client_ids/refuses_ids[65536]"),
    Defect("no handshake deadline", "PMQ-HSK-012", "client_timers/handshake_deadline"),
    Defect("ids in the registry", "PMQ-IDS-001", "client_ids/registry_stays_as_it_is"),
    Defect("internal ids remapped", "PMQ-IDS-002", "client_ids/unusable_ids[softquit-is-17]"),
    Defect("a loss told twice", "PMQ-LST-001", "client_leaving/softquit[confirmed]"),
    Defect("a reason kept back", "PMQ-LST-006", "client_leaving/reason_of_server[dotted]"),
    Defect("a text by itself", "PMQ-MSG-001", "client_messagepack/sends_texts"),
    Defect("a failing callback", "PMQ-EXC-004", "client_robustness/failing_callback"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The chosen cases, without expectations."""
    return check("packetmq", "packetmq-0.1.5", DEFECTS, tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_defect_is_found(run: Run, defect: Defect) -> None:
    """A case that cites the requirement says that the original breaks it."""
    check_found(run, defect)


def test_defects_make_the_run_fail(run: Run) -> None:
    """The suite says by its exit status that the original does not conform."""
    assert run.status == 1, run.output


def test_run_has_no_other_verdicts(run: Run) -> None:
    """Whatever the original does, the suite itself does not fail of it, and goes on."""
    assert len(run.cases) == len({defect.case for defect in DEFECTS})
    assert set(run.verdicts) <= FOUND


def test_defects_are_expected(tmp_path: Path) -> None:
    """With the expectations that come with the target, the same run ends well."""
    check_expected("packetmq", "packetmq-0.1.5", DEFECTS, tmp_path)
