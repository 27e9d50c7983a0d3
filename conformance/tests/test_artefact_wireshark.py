"""The Wireshark dissectors, run by tshark on captures, show what `wirebook decode` shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from wirebook.conformance.decoding import Decoder
from wirebook.conformance.shelf import readers
from wirebook.spec import neutral
from wirebook.spec.artefacts import wireshark

CAPTURES = Path(__file__).parent / "captures"
SAMPLES = {
    "pygase": ("pygase-0.3.1-behind-losses.pcap", 24736),
    "packetmq": ("packetmq-reference-on-loopback.pcap", 28619),
    "pgnet": ("pgnet-reference-on-loopback.pcap", 35687),
}
"""A capture of each book, and the port of the server in it."""
TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed here")

_UNSEEN = re.compile(r":(?:comma|end|space)$")
"""What stands between the values of a JSON text, and is not shown by the dissectors."""
Shown = tuple[int, str, list[str]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may read: tshark runs no Lua for root, and so runs as nobody."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("book", SAMPLES)
def test_shows_the_same_fields(book: str, folder: Path) -> None:
    """Every message of the capture has the same fields, values and texts in both."""
    name, port = SAMPLES[book]
    capture = folder / name
    capture.write_bytes((CAPTURES / name).read_bytes())
    by_tshark = _by_tshark(book, capture, port)
    assert by_tshark == _by_decode(book, capture)
    assert len(by_tshark) > 10


def test_names_what_is_malformed(folder: Path) -> None:
    """A datagram that breaks the form is marked, up to where it breaks it."""
    octets = bytes.fromhex("ffd0fab9 0001 0000 00000000 0000 0005 83")
    capture = folder / "broken.txt"
    capture.write_text(f"0000 {octets.hex(' ')}\n", encoding="ascii")
    made = folder / "broken.pcap"
    subprocess.run(
        [str(shutil.which("text2pcap")), "-q", "-u", "40000,24736", str(capture), str(made)],
        check=True,
        capture_output=True,
    )
    (shown,) = _by_tshark("pygase", made, 24736)
    assert "events[0]:length: 5" in shown[2]
    assert "pygase.malformed" in _run("pygase", made, 24736)


def _by_tshark(book: str, capture: Path, port: int) -> list[Shown]:
    shown = []
    for packet in ElementTree.fromstring(_run(book, capture, port)).iter("packet"):  # noqa: S314
        (number,) = (
            int(field.attrib["show"])
            for field in packet.iterfind("proto[@name='geninfo']/field[@name='num']")
        )
        for layer in packet.iterfind(f"proto[@name='{book}']"):
            fields = [field.attrib for field in layer.iter("field")]
            message = next(one["show"] for one in fields if one["name"] == f"{book}.message_name")
            texts = [one["showname"] for one in fields if one["name"] not in _about(book)]
            shown.append((number, message, texts))
    return shown


def _about(book: str) -> tuple[str, ...]:
    return f"{book}.message_name", f"{book}.malformed", "_ws.expert", "", *_EXPERT


_EXPERT = ("_ws.expert.message", "_ws.expert.severity", "_ws.expert.group", "_ws.malformed.expert")


def _run(book: str, capture: Path, port: int) -> str:
    script = capture.parent / f"{book}.lua"
    script.write_text(wireshark.document(neutral.load(book)), encoding="utf-8")
    command = [str(TSHARK), "-X", f"lua_script:{script}", "-r", str(capture), "-T", "pdml"]
    command += ["-o", f"{book}.port:{port}"]
    if book == "pgnet":
        command += ["-d", f"tcp.port=={port},http"]
    done = subprocess.run(
        command,
        env={**os.environ, "HOME": str(capture.parent)},
        user="nobody" if os.geteuid() == 0 else None,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Lua: Error" not in done.stderr, done.stderr
    return done.stdout


def _by_decode(book: str, capture: Path) -> list[Shown]:
    found = Decoder(readers((book,))).captured(capture.read_bytes())
    return [
        (
            reading.piece.order,
            reading.message,
            [
                f"{field.path}: {field.text}"
                for field in reading.dissection.fields
                if not _UNSEEN.search(field.path)
            ],
        )
        for reading in found.readings
    ]
