"""`wirebook decode` on what travels in streams and in boxes: hex, captures and keys."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from wirebook import cli
from wirebook.conformance.report.pcap import capture
from wirebook.conformance.verdicts import Transfer
from wirebook.spec.pgnet import tunnel

SUITE, TARGET = "127.0.0.1:1", "127.0.0.1:2"
CLIENT, SERVER = bytes(range(32)), bytes(range(50, 82))
NONCE = bytes(24)
REQUEST = b'{"message": "hush", "payload": {}}'
FRAME = bytes.fromhex("00000003 0010 c0")


def key_trade(private: bytes) -> bytes:
    offered = tunnel.encode_key(tunnel.public_key_of(private))
    return json.dumps({"message": "key_trade", "payload": {"pubkey": offered}}).encode()


BOX = tunnel.seal(REQUEST, NONCE, CLIENT, tunnel.public_key_of(SERVER)).encode()


@pytest.fixture
def conversation(tmp_path: Path) -> str:
    """Write a capture of a key trade and one box."""
    sent = [
        ("to-target", key_trade(CLIENT)),
        ("from-target", key_trade(SERVER)),
        ("to-target", BOX),
    ]
    transfers = [
        Transfer(0.0, direction, data.hex(), "", SUITE, TARGET, "websocket")
        for direction, data in sent
    ]
    path = tmp_path / "conversation.pcap"
    path.write_bytes(capture(transfers, began=0.0) or b"")
    return str(path)


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "client.key"
    path.write_text(tunnel.encode_key(CLIENT) + "\n")
    return str(path)


def decoded(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert cli.run(["decode", "--json", *arguments]) == status
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("private", [CLIENT, SERVER], ids=["client", "server"])
def test_capture_is_opened_with_one_private_key(
    conversation: str, private: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Either side's will do; the other side's public key is in the capture."""
    *_, last = decoded(capsys, conversation, "--key", tunnel.encode_key(private))
    assert (last["book"], last["message"]) == ("pgnet", "request")
    assert (bytes.fromhex(last["hex"]), bytes.fromhex(last["box"])) == (REQUEST, BOX)


def test_key_may_be_in_a_file(
    conversation: str, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key need not stand on a command line, where others can see it."""
    assert cli.run(["decode", conversation, "--key", key_file]) == 0
    shown = capsys.readouterr()
    assert f"pgnet request, {len(REQUEST)} octets, decrypted from {len(BOX)}" in shown.out
    assert tunnel.encode_key(CLIENT) not in shown.out + shown.err


def test_box_without_a_key_says_how_to_give_one(
    conversation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be opened is no mistake as long as no key was given."""
    assert cli.run(["decode", conversation]) == 0
    shown = capsys.readouterr().out
    assert "encrypted; --key FILE opens it with the private key of either side" in shown


def test_wrong_key_opens_nothing(conversation: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The reader learns that the key is the wrong one."""
    wrong = base64.b64encode(bytes(31) + b"\x01").decode()
    *_, last = decoded(capsys, conversation, "--key", wrong, status=1)
    assert (last["sealed"], last["box"]) == (True, None)


def test_box_alone_takes_the_public_key_too(
    key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text is taken as it is, without hex."""
    public = tunnel.encode_key(tunnel.public_key_of(SERVER))
    keys = ("--key", key_file, "--key", public)
    (reading,) = decoded(capsys, "--text", BOX.decode(), *keys)
    assert bytes.fromhex(reading["hex"]) == REQUEST
    (reading,) = decoded(capsys, BOX.hex(), *keys)
    assert bytes.fromhex(reading["hex"]) == REQUEST


@pytest.mark.parametrize("given", ["c2hvcnQ=", "no base64 at all!", ""])
def test_key_that_is_none_is_not_repeated(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was meant to be a key is not shown, in case it is one."""
    assert cli.run(["decode", "00", "--key", given]) == 2
    error = capsys.readouterr().err
    assert "neither the base64 of 32 octets nor a file with it" in error
    assert not given or given not in error


def test_frames_of_a_stream_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both in hex and in a capture, however they were cut."""
    assert [one["hex"] for one in decoded(capsys, (FRAME * 2).hex())] == [FRAME.hex()] * 2
    transfers = [
        Transfer(0.0, "to-target", part.hex(), "", SUITE, TARGET, "tcp")
        for part in (FRAME[:2], FRAME[2:] + FRAME)
    ]
    path = tmp_path / "frames.pcap"
    path.write_bytes(capture(transfers, began=0.0) or b"")
    readings = decoded(capsys, str(path), "--book", "packetmq")
    assert [one["hex"] for one in readings] == [FRAME.hex()] * 2
    assert {one["book"] for one in readings} == {"packetmq"}
    assert readings[0]["source"] == f"6: {SUITE} → {TARGET}"


def test_broken_capture_shows_what_there_is(
    conversation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that ends early is read as far as it goes, with status 1."""
    path = Path(conversation)
    path.write_bytes(path.read_bytes()[:-3])
    assert cli.run(["decode", conversation, "--json"]) == 1
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)) >= 2
    assert "the file ends early" in captured.err
