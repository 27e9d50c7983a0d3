"""Words and names for reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirebook.conformance.report.files import write_atomically
from wirebook.conformance.report.text import (
    duration,
    first_sentence,
    one_line,
    safe_name,
    visible,
)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x1b[2J", "\\x1b[2J"),
        ("nul\x00del\x7fcsi\x9b", "nul\\x00del\\x7fcsi\\x9b"),
        ("\u202eright to left", "\\u202eright to left"),
        ("lone \ud800", "lone \\ud800"),
        ("no character \uffff", "no character \\uffff"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("line\r\nfeed\tand tab\n", "line\nfeed\tand tab\n"),
        ("ünïcode – 漢字 ✓", "ünïcode – 漢字 ✓"),
    ],
)
def test_control_characters_become_visible(hostile: str, shown: str) -> None:
    """Colours vanish, everything else that steers a terminal or breaks XML is spelled out."""
    assert visible(hostile) == shown


def test_one_line_is_one_line() -> None:
    """Line feeds become spaces and a long text ends with an ellipsis."""
    assert one_line("a\n\n  b\x0b" + "c" * 20, longest=10) == "a b\\x0bcc…"


@pytest.mark.parametrize(
    ("paragraph", "sentence"),
    [
        ("A receiver MUST ignore it. The connection lives on.", "A receiver MUST ignore it."),
        ("It ends after 5.0 s. `ack` stays.", "It ends after 5.0 s."),
        ("No full stop", "No full stop"),
    ],
)
def test_first_sentence_ends_at_a_full_stop(paragraph: str, sentence: str) -> None:
    """A point inside of a number ends no sentence."""
    assert first_sentence(paragraph) == sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 ms"),
        (0.0342, "34 ms"),
        (0.9996, "1.0 s"),
        (5.23, "5.2 s"),
        (59.96, "1 min 00 s"),
        (185, "3 min 05 s"),
    ],
)
def test_duration_reads_naturally(seconds: float, words: str) -> None:
    """A unit fits the length of time, also right at the borders."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    "case",
    [
        "pygase/server_window/gap[../../etc/passwd]",
        "..",
        "/",
        "a\x00b",
        "pygase/x/y[" + "z" * 500 + "]",
        "pygase/x/y[\ud800]",
        "-rf",
    ],
)
def test_safe_name_is_a_plain_file_name(case: str) -> None:
    """Nothing in a case's ID leads out of the directory, hides the file or looks like an option."""
    name = safe_name(case)
    assert name == Path(name).name
    assert name.isascii()
    assert len(name) < 200
    assert not name.startswith(".")


def test_safe_names_of_different_cases_differ() -> None:
    """What is replaced in a name is made up for by a digest."""
    cases = ["a/b[1 2]", "a/b[1-2]", "a/b[1/2]", "a/b-1-2", "a/b[" + "x" * 200, "a/b[" + "x" * 201]
    assert len({safe_name(case) for case in cases}) == len(cases)


def test_safe_name_keeps_what_is_harmless() -> None:
    """A usual case is easy to find among the files."""
    assert safe_name("pygase/server_window/gap") == "pygase.server_window.gap"


def test_atomic_write_leaves_nothing_behind_when_it_fails(tmp_path: Path) -> None:
    """What cannot be put in place is removed again, and the error is the caller's."""
    (tmp_path / "report" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="report"):
        write_atomically(tmp_path / "report", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_atomic_write_replaces_the_whole_file(tmp_path: Path) -> None:
    """The new content takes the place of the old one, and no other file stays."""
    path = tmp_path / "report"
    write_atomically(path, b"a long first report")
    write_atomically(path, b"short")
    assert path.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [path]
