"""The vectors of PyGaSe: what its chapters promise beyond what the vectors of every book have."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vectors.pygase import octets

SPEC = Path(__file__).parents[1]
FOLDER = SPEC / "wirebook" / "spec" / "pygase" / "vectors"
PROSE = "\n\n".join(path.read_text(encoding="utf-8") for path in SPEC.glob("pygase/*.md"))
DISCARDED = sorted(
    found["id"]
    for found in re.finditer(
        r"MUST discard[^\n]*\n\{ #(?P<id>[A-Z]+-[A-Z]+-\d+) [^}]*data-verify=\"[a-z ]*vector", PROSE
    )
    if not found["id"].startswith("PGS-WIN-")
)

FILES = {
    path.name: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
}
TESTS = [
    (group, test)
    for document in FILES.values()
    for group in document["groups"]
    for test in group["tests"]
]


def of_type(*types: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the tests of these types, each with its group."""
    return [(group, test) for group, test in TESTS if group["type"] in types]


def test_captures_of_both_versions_are_there() -> None:
    """All sixty captured datagrams of each original are decoded."""
    for name in ("captured-0.3.1.json", "captured-dev.json"):
        decoded = [
            test
            for group in FILES[name]["groups"]
            if group["type"] == "decode"
            for test in group["tests"]
        ]
        assert (FILES[name]["origin"], len(decoded)) == ("captured", 60)


@pytest.mark.parametrize("name", DISCARDED)
def test_rejection_has_a_vector(name: str) -> None:
    """Every rejection of the wire format is the first reason of at least one reject test."""
    assert [test["id"] for _, test in of_type("reject") if test["requirements"][0] == name]


@pytest.mark.parametrize("effect", ["newest", "late", "duplicate", "too-late", "invalid"])
def test_effect_of_the_window_has_a_transcript(effect: str) -> None:
    """Everything that the window may do with a sequence is done to one."""
    assert [test["id"] for _, test in of_type("transcript") if effect in test.get("effects", ())]


def test_window_transcripts_are_whole() -> None:
    """A transcript has an effect for each sequence, and 32 bits at its end."""
    for _, test in of_type("transcript"):
        if test["kind"] == "window":
            assert len(test["effects"]) == len(test["received"]), test["id"]
            assert re.fullmatch("[01]{32}", test["ack_bitfield"]), test["id"]


def test_octets_agree_with_the_encoder_of_this_folder() -> None:
    """What is written by hand in an encode test is what the hand-made encoder makes of it."""
    for group, test in of_type("encode"):
        if "hex" in test:
            built = octets.package(group["message"], octets.untyped(test["value"]))
            assert built.hex() == test["hex"], test["id"]
