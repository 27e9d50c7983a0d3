"""The suite finds what is known to be wrong with the original package, in every run.

The package is in no registry, so its stand-in takes its place. Only the cases that show a defect
are run, once as they are and once with the target's own expectations; what is known of the whole is
in the target's `expected.toml`. The target's adapters are tried on the reference as well, which has
the same documented names.
"""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests import helpers_pgnet_interpreters as interpreters
from tests.helpers_original import FOUND, Defect, Run, check

TARGET = "pgnet-0.2.1"
SECONDS = 120

DEFECTS = (
    Defect("a game with a password", "PGN-LOB-008", "server_lobby/password_for_who_opened_it"),
    Defect("help on join_game", "PGN-HLP-001", "server_arguments/help[user]"),
    Defect("no JSON", "PGN-JSN-002", "server_json/no_message[a-word-box]"),
    Defect("no object", "PGN-JSN-003", "server_json/no_message[message-is-number-box]"),
    Defect("an unknown member", "PGN-REQ-002", "server_requests/unknown_members[a-dunder]"),
    Defect("a binary message", "PGN-WSB-004", "server_websocket/binary_has_no_effect"),
    Defect("a username that is no string", "PGN-OPN-004", "server_login/no_username[number]"),
    Defect("a failing game", "PGN-GAM-003", "server_games/game_that_fails[message]"),
    Defect("a failing heartbeat", "PGN-GAM-003", "server_games/game_that_fails[heartbeat]"),
    Defect("sleep for less than nothing", "PGN-ADM-015", "sleep_of_negative_time[-0.001]"),
    Defect("sleep for all", "PGN-ADM-017", "server_admin/sleep_delays_nobody"),
    Defect("codes in texts alone", "PGN-ADM-004", "server_arguments/invite_without_a_name"),
    Defect("codes of 16 bits", "PGN-INV-003", "server_users/codes_cannot_be_guessed"),
    Defect("unlimited attempts", "PGN-SEC-002", "right_password_after_too_many"),
    Defect("quick hashes", "PGN-SAV-003", "server_persistence/same_passwords_look_different"),
    Defect("printed passwords", "PGN-SEC-006", "server_admin/start_tells_no_password"),
    Defect("a box twice", "PGN-TUN-005", "server_tunnel/own_box_replayed[0]"),
    Defect("a login twice", "PGN-TUN-006", "server_tunnel/refused_login_replayed"),
    Defect("an unusable key", "PGN-KEY-003", "server_keys/no_usable_key[31-octets]"),
    Defect("secrets in debug", "PGN-ADM-014", "server_admin/debug_tells_no_secrets"),
    Defect("a broken save file", "PGN-SAV-006", "broken_file_is_kept_aside[cut-off]"),
    Defect("deleting nobody", "PGN-ADM-007", "server_deletion/no_such_user[nobody12345]"),
    Defect("a box twice to a client", "PGN-TUN-005", "client_tunnel/replayed_response[0]"),
    Defect("one key pair", "PGN-TUN-007", "client_tunnel/new_keys_for_each_connection"),
    Defect("an unknown member to a client", "PGN-RSP-006", "unknown_members_are_ignored"),
    Defect("an unusable key to a client", "PGN-KEY-004", "client_opening/unusable_key[31-octets]"),
    Defect("another key than expected", "PGN-KEY-005", "client_opening/pinned_key[other]"),
    Defect("nobody asked", "PGN-CLI-002", "client_connection/message_without_a_request"),
    Defect("a game that is left", "PGN-CLI-007", "client_connection/disconnect[game]"),
    Defect("a rate of zero", "PGN-HBT-002", "client_heartbeat/default_rate[zero]"),
    Defect("heartbeats that pile up", "PGN-HBT-001", "heartbeats_do_not_pile_up"),
)
COMPRESSION = Defect(
    "compression", "PGN-WSB-008", "server_websocket/no_compression[permessage-deflate]"
)
ALL = (*DEFECTS, COMPRESSION)
SAMPLE = """
    server_lobby or server_shutdown or game_that_fails or what_the_game_is_told or save_file
    or client_opening/login or client_connection/game or client_connection/disconnect
    or new_keys_for_each_connection or client_heartbeat/rate or payload_and_response
"""


def wirebook(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sysconfig.get_path("scripts"), "wirebook")), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module", params=["stand-in", "reference"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter that has a package `pgnet`."""
    make = interpreters.stand_in if request.param == "stand-in" else interpreters.alias
    return str(make(tmp_path_factory.mktemp("interpreter")))


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(interpreters.stand_in(tmp_path_factory.mktemp("interpreter")))


@pytest.fixture(scope="module")
def run(stand_in: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The chosen cases, without expectations."""
    folder = tmp_path_factory.mktemp("plain")
    return check("pgnet", TARGET, ALL, folder, "--target-python", stand_in)


def test_doctor_finds_the_adapters_well(python: str) -> None:
    """The target's adapters offer the conformance application through the documented names."""
    ended = wirebook("doctor", TARGET, "--target-python", python)
    assert ended.returncode == 0, ended.stdout


def test_reference_conforms_as_the_original(tmp_path: Path) -> None:
    """Steered by the adapters of the original, the reference passes: they hide and add nothing."""
    python = str(interpreters.alias(tmp_path))
    ended = wirebook(
        *("check", "pgnet", "--target", TARGET, "--target-python", python),
        *("-k", " ".join(SAMPLE.split()), "--jobs", "2"),
    )
    assert ended.returncode == 0, ended.stdout


@pytest.mark.original
@pytest.mark.parametrize("defect", DEFECTS, ids=str)
def test_defect_is_found(run: Run, defect: Defect) -> None:
    """A case that cites the requirement says that the original breaks it."""
    result = run.result(defect)
    assert result["verdict"] in FOUND
    assert defect.requirement in result["requirements"]


@pytest.mark.original
def test_compression_is_found(run: Run) -> None:
    """What the book only advises against is found, and told as such."""
    assert run.result(COMPRESSION)["verdict"] == "nonstrict"


@pytest.mark.original
def test_defects_make_the_run_fail(run: Run) -> None:
    """The suite says by its exit status that the original does not conform."""
    assert run.status == 1, run.output


@pytest.mark.original
def test_run_has_no_other_verdicts(run: Run) -> None:
    """Whatever the original does, the suite itself does not fail of it, and goes on."""
    assert len(run.cases) == len({defect.case for defect in ALL})
    assert set(run.verdicts) <= {*FOUND, "nonstrict"}


@pytest.mark.original
def test_defects_are_expected(stand_in: str, tmp_path: Path) -> None:
    """With the expectations that come with the target, the same run ends well."""
    options = ("--target-python", stand_in, "--expect", "builtin")
    run = check("pgnet", TARGET, ALL, tmp_path, *options)
    assert run.status == 0, run.output
    assert set(run.verdicts) == {"xfail"}
