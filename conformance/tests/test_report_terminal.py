"""The report at the terminal, on one and elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests import helpers_report
from wirebook.conformance.report import Reporters
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    CasesCollected,
    ExitStatus,
    RunFinished,
    RunStarted,
    Verdict,
)

STARTED = RunStarted(
    ("pygase",), "my server", ("server", "client"), 42, "2026-11-21T10:14:03Z", "0.1.0", "check"
)
VIOLATED = RunFinished(7.5, ExitStatus.VIOLATIONS)


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Text:
    """A requirement as the report wants it."""

    text: str = "A receiver MUST answer a package. More is said here."
    level: str = "MUST"
    chapter: str = "Window"
    page: str = "pygase/window"
    anchor: str = "PGS-WIN-001"


def case(name: str, verdict: Verdict = Verdict.PASS, **changes: Any) -> CaseResult:
    replay = f"wirebook replay pygase/server_window/{name}@42 --target my.toml"
    return helpers_report.case(name, verdict, **{"exchange": (), "replay": replay, **changes})


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the surroundings those of a plain terminal of 80 columns."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("TERM", "xterm-256color")


def printed(
    cases: Iterable[CaseResult],
    *,
    end: RunFinished = VIOLATED,
    stream: io.StringIO | None = None,
    directory: Path | None = None,
    started: RunStarted = STARTED,
) -> str:
    """Return what a run with these cases prints."""
    stream = stream or io.StringIO()
    reporters = Reporters.create(
        terminal=True,
        directory=directory,
        json=False,
        stdout=stream,
        requirements=lambda: {"PGS-WIN-001": Text()},
    )
    results = list(cases)
    reporters.handle(started)
    reporters.handle(CasesCollected(len(results)))
    for result in results:
        reporters.handle(CaseFinished(result))
    reporters.handle(end)
    reporters.close()
    return stream.getvalue()


def test_failure_is_printed_with_everything_needed() -> None:
    """Case, requirement with its first sentence, reason and replay line, as soon as it failed."""
    assert (
        "\nFAIL pygase/server_window/a\n"
        "  PGS-WIN-001 A receiver MUST answer a package.\n"
        "  because of fail\n"
        "  again: wirebook replay pygase/server_window/a@42 --target my.toml\n"
    ) in printed([case("a", Verdict.FAIL)])


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.PASS, False),
        (Verdict.FAIL, True),
        (Verdict.NONSTRICT, True),
        (Verdict.CRASH, True),
        (Verdict.UNSUPPORTED, False),
        (Verdict.INCONCLUSIVE, True),
        (Verdict.ERROR, True),
        (Verdict.XFAIL, False),
        (Verdict.XPASS, True),
    ],
)
def test_what_a_reader_should_look_at_is_told(verdict: Verdict, told: bool) -> None:
    """Passed and expected cases only count; the others are told as they come."""
    assert (f"{verdict.value.upper()} pygase/" in printed([case("a", verdict)])) is told


def test_crash_shows_the_last_output() -> None:
    """The reader sees why the target died without opening a file."""
    text = printed([case("a", Verdict.CRASH, output="first\n" * 20 + "ValueError: no\n")])
    assert "  │ ValueError: no\n" in text
    assert text.count("│ first") == 7


def test_what_is_the_same_for_every_parameter_is_told_once() -> None:
    """The second case of a function repeats neither the requirement nor the output."""
    cases = [case(f"a[{name}]", Verdict.CRASH, output="it died") for name in ("one", "two")]
    text = printed(cases)
    assert text.count("A receiver MUST answer a package.") == 1
    assert text.count("it died") == 1
    assert text.count("because of crash") == 2
    assert "\n  crash  pygase/server_window/a (2 cases)\n" in text


def test_target_cannot_steer_the_terminal() -> None:
    """Of what a target wrote, no control character reaches the terminal."""
    hostile = "\x1b]0;owned\x07\x1b[2J\x9b\u202e\x00[bold]markup[/bold]:smile:"
    text = printed([case("a", Verdict.CRASH, reason=hostile, output=hostile)])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "\\x1b]0;owned\\x07\\x1b[2J\\x9b\\u202e\\x00[bold]markup[/bold]:smile:" in text


def test_overview_counts_by_book_role_and_chapter() -> None:
    """One row for each chapter, one column for each verdict that occurred."""
    cases = [
        case("a"),
        case("b", Verdict.FAIL),
        case("c", chapter="Events"),
        case("d", role="client"),
    ]
    rows = [line.split() for line in printed(cases).splitlines()]
    start = rows.index(["chapter", "pass", "fail"])
    assert rows[start + 1 : start + 7] == [
        ["pygase", "server"],
        ["Window", "1", "1"],
        ["Events", "1"],
        ["pygase", "client"],
        ["Window", "1"],
        ["all", "3", "1"],
    ]


def test_overview_of_several_books_sums_each_up() -> None:
    """With more than one book, a row for each tells how it went."""
    cases = [case("a"), case("b", Verdict.FAIL), case("c", book="packetmq")]
    started = replace(STARTED, books=("pygase", "packetmq"))
    rows = [line.split() for line in printed(cases, started=started).splitlines()]
    assert ["all", "of", "pygase", "1", "1"] in rows
    assert ["all", "of", "packetmq", "1"] in rows
    assert ["all", "2", "1"] in rows


def test_everything_but_ids_and_commands_fits_into_80_columns() -> None:
    """Only what is copied whole may be longer than the line."""
    long = "a rather long explanation of what was expected and of what came " * 3
    chapter = "A chapter with a title that is far too long for any table"
    cases = [case(verdict, verdict, reason=long, chapter=chapter) for verdict in Verdict]
    whole = ("again:", "pygase/", "Report:", "case:")
    for line in printed(cases).splitlines():
        if not any(mark in line for mark in whole):
            assert len(line) <= 80


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (RunFinished(7.5, ExitStatus.CONFORMS), "my server conforms: no violation was found."),
        (VIOLATED, "my server does not conform: 1 fail."),
        (
            RunFinished(7.5, ExitStatus.VIOLATIONS, stale=("x", "y")),
            "my server does not conform: 1 fail, 2 stale expectations.",
        ),
        (
            RunFinished(7.5, ExitStatus.HARNESS),
            "no verdict on my server: the harness failed.",
        ),
        (
            RunFinished(7.5, ExitStatus.UNREACHABLE),
            "no verdict on my server: it could not be reached.",
        ),
        (
            RunFinished(7.5, ExitStatus.VIOLATIONS, interrupted=True),
            "my server does not conform: 1 fail; the run was interrupted after 2 cases.",
        ),
        (
            RunFinished(7.5, ExitStatus.CONFORMS, interrupted=True),
            "no verdict on my server: the run was interrupted after 2 cases.",
        ),
    ],
)
def test_last_words_say_whether_the_target_conforms(end: RunFinished, sentence: str) -> None:
    """One sentence, then the figures with the exit status and its name."""
    text = printed([case("a"), case("b", Verdict.FAIL)], end=end)
    status = f", exit status {int(end.status)} ({end.status.name.lower()})"
    figures = "2 cases in 7.5 s" + ("" if end.interrupted else status)
    assert text.endswith(f"\n{sentence}\n{figures}\n")


def test_strict_run_names_what_made_it_fail() -> None:
    """Where nothing else can be the reason, unfollowed SHOULDs are."""
    assert "does not conform: 1 nonstrict.\n" in printed([case("a", Verdict.NONSTRICT)])


def test_stale_expectations_and_problems_are_listed() -> None:
    """What is wrong outside of the cases is told at the end."""
    end = RunFinished(1.0, ExitStatus.VIOLATIONS, stale=("old entry",), problems=("odd",))
    text = printed([case("a")], end=end)
    assert "\nStale expectations\n  old entry\n" in text
    assert "\nProblems\n  odd\n" in text


def test_unsupported_cases_are_summed_up_by_reason() -> None:
    """The reader learns what was not checked, and why."""
    cases = [case(str(number), Verdict.UNSUPPORTED, reason="no raw sockets") for number in range(3)]
    assert "\nNot checked\n  3 cases: no raw sockets\n" in printed(cases)


def test_where_the_page_is_stands_last(tmp_path: Path) -> None:
    """The next step is one click away."""
    assert printed([case("a")], directory=tmp_path).endswith(f"\nReport: {tmp_path}/index.html\n")


def test_progress_elsewhere_is_a_few_plain_lines() -> None:
    """A log gets at most ten lines of progress, without colours or cursor movements."""
    text = printed([case(str(number)) for number in range(100)])
    steps = [line for line in text.splitlines() if "done:" in line]
    assert steps == [f"{n} of 100 cases done: {n} pass" for n in range(10, 100, 10)]
    assert "\x1b" not in text


def test_force_color_does_not_colour_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours are for terminals only."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in printed([case("a", Verdict.FAIL)])


def test_terminal_has_colours_and_live_progress() -> None:
    """On a terminal verdicts are coloured, and a line counts the cases."""
    text = printed([case("a", Verdict.FAIL), case("b")], stream=Screen())
    assert "\x1b[1;31mFAIL\x1b[0m" in text
    assert "2/2" in text


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR set, a terminal gets no colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed([case("a", Verdict.FAIL), case("b")], stream=Screen())
    assert not re.search(r"\x1b\[[0-9;]*\b(3|4|9|10)[0-9]\b[0-9;]*m", text)
    assert "FAIL" in text


def test_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot move its cursor is not asked to."""
    monkeypatch.setenv("TERM", "dumb")
    text = printed([case("a")], stream=Screen())
    assert "\x1b" not in text
    assert "1 case to run" in text


def test_cursor_is_back_after_an_interruption() -> None:
    """Whatever happens, the terminal is left as it was found."""
    stream = Screen()
    reporters = Reporters.create(
        terminal=True, directory=None, json=False, stdout=stream, requirements=dict
    )
    reporters.handle(STARTED)
    reporters.handle(CasesCollected(2))
    reporters.close()
    text = stream.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "the run was interrupted after 0 of 2 cases" in text


def test_stream_with_a_narrow_encoding_gets_escapes() -> None:
    """A log in ASCII does not end the run."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    reporters = Reporters.create(
        terminal=True, directory=None, json=False, stdout=stream, requirements=dict
    )
    result = case("a", Verdict.CRASH, reason="expected ≤ 5 – got 漢", output="ünknown")
    for event in (STARTED, CasesCollected(1), CaseFinished(result), VIOLATED):
        reporters.handle(event)
    reporters.close()
    assert b"expected \\u2264 5 \\u2013 got \\u6f22" in raw.getvalue()


def test_broken_book_leaves_the_ids() -> None:
    """Requirements that cannot be read cost their texts, not the report."""

    def broken() -> Any:
        raise ValueError("two keywords in one requirement")

    stream = io.StringIO()
    reporters = Reporters.create(
        terminal=True, directory=None, json=False, stdout=stream, requirements=broken
    )
    for event in (STARTED, CaseFinished(case("a", Verdict.FAIL)), VIOLATED):
        reporters.handle(event)
    reporters.close()
    assert "\n  PGS-WIN-001\n" in stream.getvalue()
