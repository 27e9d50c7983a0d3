"""`index.html`: the whole run on one page that needs nothing but itself.

What may live here: what the page shows of each case, and how text becomes markup. The markup stands
in `templates/`. The page makes no request, and runs no script but its own: its content security
policy names that script's digest, whatever a target may have smuggled into a report.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from wirebook.conformance.report import exchange
from wirebook.conformance.report.run import Group, Run, function, parameter
from wirebook.conformance.report.sources import Dissect, Requirements, chapters_in_order
from wirebook.conformance.report.text import (
    clip,
    counted,
    duration,
    number_of,
    one_line,
    safe_name,
    visible,
)
from wirebook.conformance.verdicts import CaseResult, Verdict

TEMPLATES = Path(__file__).with_name("templates")

SIGNS: dict[str, str] = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✕",
    Verdict.NONSTRICT: "≈",
    Verdict.CRASH: "†",
    Verdict.UNSUPPORTED: "–",
    Verdict.INCONCLUSIVE: "?",
    Verdict.ERROR: "!",
    Verdict.XFAIL: "⊖",
    Verdict.XPASS: "⊕",
}
"""A sign beside each verdict's colour, for those who cannot tell the colours apart."""

MEANINGS: dict[str, str] = {
    Verdict.PASS: "every cited requirement held",
    Verdict.FAIL: "a MUST was broken",
    Verdict.NONSTRICT: "a SHOULD was not followed",
    Verdict.CRASH: "the target died",
    Verdict.UNSUPPORTED: "the target lacks the feature, or this machine cannot run the case",
    Verdict.INCONCLUSIVE: "the case never got to where the requirement shows",
    Verdict.ERROR: "the harness failed, not the target",
    Verdict.XFAIL: "failed, as the expectations file says",
    Verdict.XPASS: "passed, although the expectations file says otherwise",
}

_LONGEST_OUTPUT = 20_000
_REMEMBERED = 2048
_IN_FULL = 3
"""Of cases that differ only in their parameter and have one verdict, so many are shown in full."""
_MARKDOWN = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\*(?P<em>[^*\s][^*]*)\*"
    r"|\[(?P<text>[^\]]+)\]\([^)\s]*\)"
)


@dataclass(frozen=True, slots=True)
class CitedRequirement:
    """A requirement that a case cites."""

    id: str
    level: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as the page shows it."""

    anchor: str
    result: CaseResult
    cited: tuple[CitedRequirement, ...]
    exchange: tuple[exchange.Item, ...]
    contents: str
    """How much was sent; empty for nothing."""
    capture: str
    """Where the capture file stands, seen from the page; empty where there is none."""
    output: str


@dataclass(frozen=True, slots=True)
class NotableView:
    """Cases to look at that differ only in a parameter."""

    first: CaseResult
    anchor: str
    parameters: tuple[tuple[str, str], ...]
    """Each case's parameter and anchor."""


@dataclass(frozen=True, slots=True)
class ChapterView:
    """The cases of one chapter, for one book and role."""

    anchor: str
    group: Group
    cases: tuple[CaseView, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """The chapters of one book and role."""

    book: str
    role: str
    chapters: tuple[ChapterView, ...]


def page(run: Run, dissect: Dissect, requirements: Requirements, *, book_url: str = "") -> str:
    """Return the page for a finished run."""
    if run.started is None or run.finished is None:
        raise ValueError("a report needs a run that was started and finished")
    script = (TEMPLATES / "script.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    # The same messages open connection after connection.
    remembered = lru_cache(_REMEMBERED)(dissect)

    shown_in_full = _first_of_each_kind(run.results)

    def view(result: CaseResult) -> CaseView:
        brief = result.label not in shown_in_full
        return _case(result, remembered, requirements, book_url, brief=brief)

    parts = _parts(run.groups(chapters_in_order(requirements)), view)
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            run=run,
            started=run.started,
            finished=run.finished,
            conclusion=run.conclusion(),
            parts=parts,
            notable=_notable(run.notable()),
            meanings=_meanings(parts),
            roles=sorted({result.role for result in run.results}),
            style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - ours
            script=Markup(script),  # noqa: S704 - ours
            script_digest=digest,
        )
    )


def prose(text: str) -> Markup:
    """Return the one-paragraph Markdown of a requirement as markup; links become their text."""
    safe = visible(text)
    parts: list[Markup] = []
    position = 0
    for match in _MARKDOWN.finditer(safe):
        parts.append(escape(safe[position : match.start()]))
        kind = match.lastgroup
        inner = escape(match.group(kind)) if kind else Markup("")
        parts.append(inner if kind == "text" else Markup("<{0}>{1}</{0}>").format(kind, inner))
        position = match.end()
    parts.append(escape(safe[position:]))
    return Markup("").join(parts)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_control_characters,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "prose": prose,
        "parameter": parameter,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "one_line": one_line,
        "duration": duration,
        "counted": counted,
        "number_of": number_of,
    }
    environment.globals |= {"SIGNS": SIGNS, "MEANINGS": MEANINGS}
    environment.tests["unit"] = lambda item: isinstance(item, exchange.Unit)
    environment.tests["close"] = lambda item: isinstance(item, exchange.Close)
    environment.tests["note"] = lambda item: isinstance(item, exchange.Note)
    return environment


def _without_control_characters(value: object) -> object:
    """Make every text visible where it enters the page, so that no template can forget it."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _parts(groups: Iterable[Group], view: Callable[[CaseResult], CaseView]) -> list[PartView]:
    return [
        PartView(book, role, tuple(_chapter(group, view) for group in chapters))
        for (book, role), chapters in groupby(groups, key=lambda group: (group.book, group.role))
    ]


def _chapter(group: Group, view: Callable[[CaseResult], CaseView]) -> ChapterView:
    anchor = "chapter-" + safe_name(f"{group.book}/{group.role}/{group.chapter}")
    return ChapterView(anchor, group, tuple(view(result) for result in group.cases))


def _meanings(parts: Iterable[PartView]) -> dict[str, str]:
    """Return what the fields mean, once for the whole page, by book, message and name."""
    cases = (case for part in parts for chapter in part.chapters for case in chapter.cases)
    return {
        f"{case.result.book}/{item.message} {row.path}": row.doc
        for case in cases
        for item in case.exchange
        if isinstance(item, exchange.Unit)
        for row in item.fields
        if row.doc
    }


def _notable(families: Iterable[tuple[CaseResult, ...]]) -> list[NotableView]:
    return [
        NotableView(
            family[0],
            safe_name(family[0].label),
            tuple((parameter(result), safe_name(result.label)) for result in family),
        )
        for family in families
    ]


def _first_of_each_kind(results: Iterable[CaseResult]) -> set[str]:
    """Return the IDs of a few cases of those that differ only in their parameter."""
    kinds: defaultdict[tuple[Verdict, str], list[str]] = defaultdict(list)
    for result in results:
        kinds[result.verdict, function(result)].append(result.label)
    return {name for kind in kinds.values() for name in kind[:_IN_FULL]}


def _case(
    result: CaseResult,
    dissect: Dissect,
    requirements: Requirements,
    book_url: str,
    *,
    brief: bool,
) -> CaseView:
    name = safe_name(result.label)
    contents = exchange.contents(result)
    output = visible(result.output).strip("\n")
    if len(output) > _LONGEST_OUTPUT:
        output = "…" + output[-_LONGEST_OUTPUT:]
    return CaseView(
        anchor=name,
        result=result,
        cited=tuple(_cited(item, requirements, book_url) for item in result.requirements),
        exchange=exchange.items(result, dissect, brief=brief),
        contents=contents,
        capture=f"pcap/{name}.pcap" if contents else "",
        output=output,
    )


def _cited(identifier: str, requirements: Requirements, book_url: str) -> CitedRequirement:
    known = requirements.get(identifier)
    if known is None:
        return CitedRequirement(identifier, "", "", "")
    url = f"{book_url.rstrip('/')}/{known.page}.html#{known.anchor}" if book_url else ""
    return CitedRequirement(identifier, known.level, clip(known.text, 4000), url)
