"""Figures that cases have measured: in the result, on the terminal and on the page."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from wirebook.conformance.cases.pygase.amplification import ATTACKS, KNOWN, Amplification, report
from wirebook.conformance.recorder import Recorder
from wirebook.conformance.report.html import page
from wirebook.conformance.report.run import Run
from wirebook.conformance.report.sources import dissect_by_book
from wirebook.conformance.report.terminal import Terminal
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    CasesCollected,
    ExitStatus,
    RunFinished,
    RunStarted,
    Verdict,
)

FIGURE = "amplification: 1.93"
RESULT = CaseResult(
    id="pygase/server_x/measures",
    title="It measures.",
    book="pygase",
    role="server",
    chapter="Security",
    requirements=("PGS-SEC-002",),
    verdict=Verdict.PASS,
    seconds=1.0,
    measured=(FIGURE,),
)
STARTED = RunStarted(("pygase",), "t", ("server",), 0, "2026-01-01T00:00:00+00:00", "0", "wirebook")
FINISHED = RunFinished(1.0, ExitStatus.CONFORMS)


def test_recorder_keeps_what_was_measured() -> None:
    """A figure is in the evidence, too, where it was found."""
    recorder = Recorder()
    assert recorder.measures() == ()
    recorder.measured(FIGURE)
    assert recorder.measures() == (FIGURE,)
    assert [one.message for one in recorder.transfers()] == [f"Measured: {FIGURE}."]


def test_result_comes_back_from_json() -> None:
    """A worker's figures reach the one that reports; older results have none."""
    assert CaseResult.from_json(RESULT.to_json()) == RESULT
    older = {name: value for name, value in RESULT.to_json().items() if name != "measured"}
    assert CaseResult.from_json(older).measured == ()


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
def test_terminal_lists_figures(verdict: Verdict) -> None:
    """At the end of a run stands what was measured, whatever the verdict."""
    stream, run = io.StringIO(), Run()
    terminal = Terminal(stream, dict, page=None)
    result = replace(RESULT, verdict=verdict)
    for event in (STARTED, CasesCollected(1), CaseFinished(result), FINISHED):
        run.add(event)
        terminal.handle(event, run)
    assert f"Measured\n  {FIGURE}\n" in stream.getvalue()


def test_page_shows_figures() -> None:
    """The page has the figure where the case is."""
    run = Run()
    for event in (STARTED, CasesCollected(1), CaseFinished(RESULT), FINISHED):
        run.add(event)
    shown = page(run, dissect_by_book, {})
    assert "<h4>Measured</h4>" in shown
    assert f'<p class="reason">{FIGURE}</p>' in shown


def test_known_figures_stand_beside() -> None:
    """The original's figure is in the line of any other implementation, and not in its own."""
    measured = Amplification(1, 14, 1, 27, 3.0)
    assert 1.9 < measured.factor < 2
    line = report("mine", "one package", measured)
    assert line.startswith("amplification before validation, one package: 1.93")
    assert f"pygase-0.3.1 {KNOWN['pygase-0.3.1']['one package']}" in line
    assert "pygase-0.3.1" not in report("pygase-0.3.1", "one package", measured)
    assert "comparison" not in report("mine", "an unknown attack", measured)


def test_every_attack_has_known_figures() -> None:
    """No attack is without the figures that the report puts beside."""
    for figures in KNOWN.values():
        assert figures.keys() == ATTACKS.keys()
