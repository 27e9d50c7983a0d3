"""What is folded into a page below each requirement: its level, and all that checks it.

What may live here: the way from a page of the prose to that page with its folds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from wirebook.commands.evidence import Entry
from wirebook.conformance.mutation.kills import Kill
from wirebook.conformance.report.text import number_of

VECTORS_SHOWN = 12
"""More vectors than these are only counted."""

_ATTRIBUTES = re.compile(r"\s*\{ #(?P<id>[A-Z]{3}-[A-Z]{3}-\d{3}) \.req (?P<rest>[^}]*)\}\s*")


def folded(
    text: str,
    entries: Mapping[str, Entry],
    mutants: Mapping[str, Sequence[Kill]],
    root: str,
) -> str:
    """Return a page with a fold below each requirement; `root` leads to the top of the site."""
    return "\n".join(_lines(text, entries, mutants, root)) + "\n"


def _lines(
    text: str, entries: Mapping[str, Entry], mutants: Mapping[str, Sequence[Kill]], root: str
) -> Iterator[str]:
    for line in text.splitlines():
        marked = _ATTRIBUTES.fullmatch(line)
        if marked is None or marked["id"] not in entries:
            yield line
            continue
        entry = entries[marked["id"]]
        level = entry.requirement.level
        yield f'{{ #{marked["id"]} .req data-level="{level}" {marked["rest"]}}}'
        yield ""
        yield _fold(entry, mutants.get(marked["id"], ()), root)
        yield ""


def _fold(entry: Entry, mutants: Sequence[Kill], root: str) -> str:
    """Return the fold as one line of HTML, which Markdown leaves as it is."""
    tests = entry.models or ()
    checks: list[tuple[str, str, Sequence[object], Iterable[str]]] = [
        ("case", "", entry.cases, map(_code, entry.cases)),
        ("vector", "", entry.vectors, _vectors(entry.vectors)),
        ("test", " of the reference", tests, map(_test, tests)),
        ("mutant", "", mutants, (_mutant(one, root) for one in mutants)),
    ]
    counts, parts = [], []
    for name, whose, found, items in checks:
        if found:
            counts.append(number_of(len(found), name))
            listed = "".join(f"<li>{item}</li>" for item in items)
            parts.append(f"<p>{counts[-1]}{whose}</p><ul>{listed}</ul>")
    if entry.requirement.reason:
        counts.append("inspection")
        parts.append(f"<p>Checked by inspection: {escape(entry.requirement.reason)}</p>")
    state = "" if counts else ' class="req-unchecked"'
    summary = f"<summary{state}>{' · '.join(counts) or 'nothing checks this'}</summary>"
    identifier = entry.requirement.id
    return (
        f'<details class="req-checks" data-for="{identifier}">{summary}{"".join(parts)}</details>'
    )


def _vectors(names: Sequence[str]) -> Iterator[str]:
    yield from map(_code, names[:VECTORS_SHOWN])
    if len(names) > VECTORS_SHOWN:
        yield f"and {len(names) - VECTORS_SHOWN} more"


def _code(name: str) -> str:
    return f"<code>{escape(name)}</code>"


def _test(name: str) -> str:
    return _code(name.replace("::", " "))


def _mutant(one: Kill, root: str) -> str:
    fate = f"killed by {number_of(len(one.failed), 'check')}" if one.failed else "lives"
    link = f'<a href="{root}sensitivity.html">{escape(one.id)}</a>'
    return f"{link} {escape(one.sentence)} <em>{fate}</em>"
