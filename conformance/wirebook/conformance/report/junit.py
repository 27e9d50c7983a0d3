"""`junit.xml`: the run in the form that CI servers read.

What may live here: the mapping from verdicts to what JUnit knows, and the document. The shape is
what Jenkins' and Surefire's schemas have in common, so requirements stand in the suite's
properties: neither schema lets a test case have any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from xml.etree import ElementTree

from wirebook.conformance.report.run import Run
from wirebook.conformance.report.sources import Requirements
from wirebook.conformance.report.text import one_line, visible
from wirebook.conformance.verdicts import CaseResult, ExitStatus, RunStarted, Verdict

_OUTCOMES: dict[Verdict, str] = {
    # What the target did wrong is a failure, what the harness did wrong an error.
    Verdict.FAIL: "failure",
    Verdict.CRASH: "failure",
    Verdict.XPASS: "failure",
    Verdict.ERROR: "error",
    # What does not make a run end with another status than 0 must not make a CI server red.
    Verdict.NONSTRICT: "skipped",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.INCONCLUSIVE: "skipped",
    Verdict.XFAIL: "skipped",
}


@dataclass(frozen=True, slots=True)
class _Test:
    """One test case of the document."""

    name: str
    seconds: float = 0.0
    outcome: str = ""
    """`failure`, `error`, `skipped`, or nothing when it passed."""
    kind: str = ""
    message: str = ""
    detail: str = ""
    output: str = ""
    requirements: tuple[str, ...] = ()


def document(run: Run, requirements: Requirements) -> bytes:
    """Return the document for a finished run."""
    if run.started is None or run.finished is None:
        raise ValueError("a report needs a run that was started and finished")
    root = ElementTree.Element("testsuites", name="wirebook")
    suites = [
        _suite(root, name, [_test(result, requirements) for result in results], run.started)
        for name, results in groupby(sorted(run.cases(), key=_suite_name), key=_suite_name)
    ]
    if outside := _outside_the_cases(run):
        suites.append(_suite(root, "wirebook.run", outside, run.started))
    for total in ("tests", "failures", "errors"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in suites)))
    root.set("time", f"{run.finished.seconds:.3f}")
    ElementTree.indent(root)
    data: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _test(result: CaseResult, requirements: Requirements) -> _Test:
    parts = [
        *(_cited(identifier, requirements) for identifier in result.requirements),
        result.reason,
        f"Expected: {result.expectation}" if result.expectation else "",
        result.detail,
        f"Again: {result.replay}" if result.replay else "",
    ]
    return _Test(
        name=_split(result.label)[1],
        seconds=result.seconds,
        outcome=_OUTCOMES.get(result.verdict, ""),
        kind=result.verdict.value,
        message=f"{result.verdict}: {result.reason or result.title}",
        detail="\n".join(part for part in parts if part),
        output=result.output,
        requirements=result.requirements,
    )


def _outside_the_cases(run: Run) -> list[_Test]:
    """Return what can make a run fail although every case is well."""
    finished = run.finished
    if finished is None:
        return []
    stale = [
        _Test(f"expectation {entry}", 0.0, "failure", "stale", f"stale expectation: {entry}")
        for entry in finished.stale
    ]
    problems = list(finished.problems)
    if finished.interrupted:
        problems.append(f"the run was interrupted after {run.progress()}")
    elif not problems and finished.status >= ExitStatus.USAGE:
        problems.append(run.conclusion().sentence)
    return stale + [_Test(text, 0.0, "error", "problem", text) for text in problems]


def _suite(
    root: ElementTree.Element, name: str, tests: list[_Test], started: RunStarted
) -> ElementTree.Element:
    outcomes = [test.outcome for test in tests]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=visible(name),
        tests=str(len(tests)),
        failures=str(outcomes.count("failure")),
        errors=str(outcomes.count("error")),
        skipped=str(outcomes.count("skipped")),
        time=f"{sum(test.seconds for test in tests):.3f}",
    )
    _add_properties(suite, tests, started)
    for test in tests:
        _add_test(suite, name, test)
    return suite


def _add_properties(
    suite: ElementTree.Element, tests: Iterable[_Test], started: RunStarted
) -> None:
    values = {
        "target": started.target,
        "seed": str(started.seed),
        "started": started.started,
        "version": started.version,
        "command": started.command,
    }
    for test in tests:
        if test.requirements:
            values[f"requirements:{test.name}"] = " ".join(test.requirements)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=visible(name), value=visible(value))


def _add_test(suite: ElementTree.Element, classname: str, test: _Test) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=visible(classname),
        name=one_line(test.name),
        time=f"{test.seconds:.3f}",
    )
    if test.outcome:
        outcome = ElementTree.SubElement(case, test.outcome, message=one_line(test.message))
        if test.outcome != "skipped":  # Surefire's schema has no type there
            outcome.set("type", test.kind)
        outcome.text = visible(test.detail)
    if test.output and test.outcome:
        ElementTree.SubElement(case, "system-out").text = visible(test.output)


def _cited(identifier: str, requirements: Requirements) -> str:
    known = requirements.get(identifier)
    return f"{identifier}: {known.text}" if known else identifier


def _suite_name(result: CaseResult) -> str:
    return _split(result.id)[0]


def _split(case: str) -> tuple[str, str]:
    """Return suite and name of a case: `pygase/server_window/gap` → `pygase.server_window`, `gap`.

    Only the part before a parameter is looked at: parameters may hold slashes.
    """
    head, bracket, parameter = case.partition("[")
    suite, _, name = head.rpartition("/")
    return suite.replace("/", ".") or "wirebook", name + bracket + parameter
