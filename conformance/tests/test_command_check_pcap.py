"""`wirebook check BOOK --pcap`: exit statuses, the listing, JSON, and what makes no sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers_sessions import capture, pygase_session, transfers
from tests.test_passive_streams import pgnet
from wirebook import cli
from wirebook.spec.pgnet import tunnel

KEPT = Path(__file__).parent / "captures" / "pygase-0.3.1-behind-losses.pcap"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.pcap"
    path.write_bytes(capture(transfers(pygase_session())))
    return path


def test_good_session_is_status_0(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is broken, and what was looked at is listed."""
    assert cli.run(["check", "pygase", "--pcap", str(good)]) == 0
    shown = capsys.readouterr().out
    assert "Nothing is broken" in shown
    assert "PGS-WIN-001" in shown


def test_breaches_are_status_1_with_packets_and_requirements(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each requirement is listed with its text and the packets that break it."""
    assert cli.run(["check", "pygase", "--pcap", str(KEPT)]) == 1
    shown = capsys.readouterr().out
    assert "BROKEN PGS-WIN-001\n  A receiver that accepts a newest package MUST shift" in shown
    assert "packet 8: the client acks 4 and no longer 1, which it acked in packet 5\n" in shown
    assert "places more" in shown
    assert "\x1b" not in shown


def test_one_side_can_be_judged_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """With a role, only that side counts."""
    assert cli.run(["check", "pygase", "--pcap", str(KEPT), "--role", "client", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["violations"]
    assert {one["role"] for one in found} == {"client"}
    assert {one["requirement"] for one in found} == {"PGS-WIN-001"}


def test_json_has_all_there_is(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script gets sessions, violations, what held and what is open."""
    assert cli.run(["check", "pygase", "--pcap", str(good), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sessions"] == ["127.0.0.1:5000 → 127.0.0.1:4711"]
    assert (found["violations"], found["not_judged"], found["status"]) == ([], [], 0)
    assert found["held"]["PGS-SEQ-001"] == 80


def test_should_counts_in_a_strict_run_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A SHOULD that is not followed is shown, and is a violation with --strict."""
    from tests.helpers_sessions import transfer

    said, _ = pgnet()
    odd = [said[0][1].replace(b"2026-11-20T10:00:00.123456+00:00", b"yesterday"), said[1][1]]
    path = tmp_path / "odd.pcap"
    roles = ("client", "server")
    path.write_bytes(
        capture(
            transfer(0, role, data, transport="websocket")
            for role, data in zip(roles, odd, strict=True)
        )
    )
    assert cli.run(["check", "pgnet", "--pcap", str(path)]) == 0
    assert "NOT FOLLOWED PGN-REQ-007" in capsys.readouterr().out
    assert cli.run(["check", "pgnet", "--pcap", str(path), "--strict"]) == 1


def test_keys_open_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key is taken from a file, as `wirebook decode` takes it, and is not shown."""
    from tests.helpers_sessions import transfer

    said, keys = pgnet()
    path, key = tmp_path / "session.pcap", tmp_path / "client.key"
    path.write_bytes(
        capture(
            transfer(number / 100, role, data, transport="websocket")
            for number, (role, data) in enumerate(said)
        )
    )
    key.write_text(tunnel.encode_key(keys[0]))
    assert cli.run(["check", "pgnet", "--pcap", str(path), "--key", str(key)]) == 0
    shown = capsys.readouterr().out
    assert "PGN-RSP-003" in shown
    assert tunnel.encode_key(keys[0]) not in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot read"), (b"", "is not a capture"), (b"GIF89a", "is not a capture")],
)
def test_unreadable_file_is_status_2(
    content: bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no capture is told in one line."""
    path = tmp_path / "x.pcap"
    if content is not None:
        path.write_bytes(content)
    assert cli.run(["check", "pygase", "--pcap", str(path)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert (captured.err.count("\n"), captured.out) == (1, "")


def test_capture_of_another_protocol_is_status_2(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no session of the book is, nothing was judged, and that is no conformance."""
    assert cli.run(["check", "packetmq", "--pcap", str(good)]) == 2
    assert "no session of packetmq is in" in capsys.readouterr().err


def test_truncated_capture_is_judged_as_far_as_it_goes(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A capture that was cut off says so, and what was there counts."""
    good.write_bytes(good.read_bytes()[:-7])
    assert cli.run(["check", "pygase", "--pcap", str(good)]) == 0
    captured = capsys.readouterr()
    assert "the file ends early" in captured.err
    assert "PGS-WIN-001" in captured.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "reference"], "--pcap and --target cannot go together"),
        (["--server", "127.0.0.1:1"], "--pcap and --server cannot go together"),
        (["-k", "window"], "--pcap and -k cannot go together"),
        (["--jobs", "2"], "--pcap and --jobs cannot go together"),
        (["--stability", "3"], "--pcap and --stability cannot go together"),
        (["--report", "out"], "--pcap and --report cannot go together"),
        (["--expect", "builtin"], "--pcap and --expect cannot go together"),
        (["packetmq"], "--pcap takes one book"),
        (["--key", "c2hvcnQ="], "a --key is neither"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_a_capture_shuts_out(
    options: list[str], message: str, good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options that start or choose something mean nothing where a capture is judged."""
    assert cli.run(["check", "pygase", "--pcap", str(good), *options]) == 2
    assert message in capsys.readouterr().err


def test_key_without_a_capture_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A key opens what a capture holds; a run needs none."""
    assert cli.run(["check", "pgnet", "--key", "x"]) == 2
    assert "--key opens what a capture holds" in capsys.readouterr().err
