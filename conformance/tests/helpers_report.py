"""Pages of the HTML report as a tree, and the runs that they are made from.

What may live here: what the tests of the report share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

from wirebook.conformance.report import html
from wirebook.conformance.report.run import Run
from wirebook.conformance.verdicts import (
    CaseFinished,
    CaseResult,
    CasesCollected,
    ExitStatus,
    RunFinished,
    RunStarted,
    Transfer,
    Verdict,
)

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\'\x1b[31m\x07\x00\ud800'
VOID = {"meta", "link", "input", "br", "img"}
OPTIONAL_END = {"td", "th"}


@dataclass(frozen=True)
class Text:
    """A requirement as the page wants it."""

    text: str = "A receiver MUST *not* answer `ff d0`, see [Errors](errors.md)."
    level: str = "MUST NOT"
    chapter: str = "Window"
    page: str = "pygase/window"
    anchor: str = "PGS-WIN-001"


@dataclass(frozen=True)
class Field:
    """A decoded field."""

    offset: int
    length: int
    path: str
    value: object
    text: str
    doc: str = ""
    structural: bool = False


@dataclass(frozen=True)
class Flaw:
    """What is wrong with a datagram."""

    requirement: str
    reason: str
    offset: int


@dataclass(frozen=True)
class Dissection:
    """A datagram, decoded."""

    fields: tuple[Field, ...] = ()
    error: Flaw | None = None


@dataclass
class Element:
    """One element of the parsed page."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """The page as a browser sees it, near enough: elements with their attributes and text."""

    source: str
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1].tag in OPTIONAL_END and self.open[-1].tag != tag:
            self.open.pop()
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str, name: str = "") -> list[Element]:
        """Return the elements with that tag, and class where one is given."""
        return [
            element
            for element in self.elements
            if element.tag == tag
            and (not name or name in (element.attributes.get("class") or "").split())
        ]


def transfer(index: int, data: bytes = b"\xff\xd0", direction: str = "to-target") -> Transfer:
    return Transfer(
        index / 100, direction, data.hex(), "client-package", "127.0.0.1:5", "127.0.0.1:6"
    )


def note(index: int, text: str) -> Transfer:
    return Transfer(index / 100, "note", "", text, "", "")


def case(name: str, verdict: Verdict = Verdict.PASS, **changes: Any) -> CaseResult:
    result = CaseResult(
        id=f"pygase/server_window/{name}",
        title=f"The case {name}",
        book="pygase",
        role="server",
        chapter="Window",
        requirements=("PGS-WIN-001",),
        verdict=verdict,
        seconds=0.5,
        reason="" if verdict == Verdict.PASS else f"because of {verdict}",
        exchange=(transfer(1),),
        replay=f"wirebook replay pygase/server_window/{name}@42",
    )
    return replace(result, **changes)


def finished_run(cases: Iterable[CaseResult], **changes: Any) -> Run:
    started = RunStarted(
        ("pygase",), "my server", ("server", "client"), 42, "2026-11-21T10:14:03Z", "0.1.0", "check"
    )
    run = Run()
    results = list(cases)
    run.add(replace(started, **changes))
    run.add(CasesCollected(len(results)))
    for result in results:
        run.add(CaseFinished(result))
    run.add(RunFinished(7.5, ExitStatus.VIOLATIONS))
    return run


def plain(_book: str, _message: str, _data: bytes) -> Dissection:
    return Dissection((Field(0, 2, "header.sequence", 7, "7", "Its `number`."),))


def page(*cases: CaseResult, dissect: Any = plain, **changes: Any) -> Page:
    return Page(html.page(finished_run(cases, **changes), dissect, {"PGS-WIN-001": Text()}))
