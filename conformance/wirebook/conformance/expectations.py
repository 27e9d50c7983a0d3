"""Expectations files: known defects of a target, with their reasons.

What may live here: reading such a file, and what its entries make of the verdicts of a run.
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.verdicts import CaseResult, Verdict

_KEYS = ("case", "requirement", "verdict", "reason", "defect", "optional")
_EXPECTABLE = (Verdict.FAIL, Verdict.CRASH, Verdict.NONSTRICT, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One known defect: which cases show it, and how."""

    case: str
    """A case's ID or a pattern of them; every one that matches has to fail."""
    requirement: str
    """A requirement's ID; at least one case that cites it has to fail."""
    verdicts: tuple[Verdict, ...]
    reason: str
    optional: bool = False
    """Whether the defect may be there or not, since it is not known, or depends on chance."""

    def matches(self, result: CaseResult) -> bool:
        """Tell whether the entry speaks of this case."""
        if self.case and not (
            # The brackets of a parameter would otherwise be read as a set of characters.
            self.case in (result.id, result.id.partition("[")[0])
            or fnmatch.fnmatchcase(result.id, self.case.replace("[", "[[]"))
        ):
            return False
        return not self.requirement or self.requirement in result.requirements

    def __str__(self) -> str:
        which = " ".join(part for part in (self.case, self.requirement) if part)
        return f"{which} ({'|'.join(self.verdicts)}): {self.reason}"


class Expectations:
    """Applies the entries of a file to results as they come, and remembers what they met."""

    def __init__(self, entries: Sequence[Expectation] = ()) -> None:
        self._entries = tuple(entries)
        self._met: set[Expectation] = set()
        self._passed: set[Expectation] = set()
        self._seen: set[Expectation] = set()

    def apply(self, result: CaseResult) -> CaseResult:
        """Return the result with the verdict that the expectations turn it into."""
        matching = [entry for entry in self._entries if entry.matches(result)]
        self._seen.update(matching)
        if result.verdict is Verdict.PASS:
            self._passed.update(matching)
            broken = [entry for entry in matching if entry.case and not entry.optional]
            if not broken:
                return result
            reason = "passed, although the expectations file says that it does not"
            return replace(
                result, verdict=Verdict.XPASS, reason=reason, expectation=broken[0].reason
            )
        met = [entry for entry in matching if result.verdict in entry.verdicts]
        self._met.update(met)
        if not met:
            return result
        return replace(result, verdict=Verdict.XFAIL, expectation=met[0].reason)

    def stale(self, *, complete: bool) -> tuple[str, ...]:
        """Return the entries that no longer say anything true.

        After a run of a part of the cases, only an entry that names its cases can be judged.
        """
        return tuple(str(entry) for entry in self._entries if self._is_stale(entry, complete))

    def _is_stale(self, entry: Expectation, complete: bool) -> bool:
        if entry in self._met:
            return False
        mended = entry in self._passed and not entry.optional
        if complete:
            return mended or entry not in self._seen
        return mended and bool(entry.case)


def load(path: Path) -> tuple[Expectation, ...]:
    """Read an expectations file; CommandError says in one line what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(
            f"no expectations file {path}", hint="is the path right, or did you mean builtin?"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{path} is not TOML: {error}") from error
    for key in data:
        if key != "expect":
            raise CommandError(f'{path}: unknown key "{key}"', hint=did_you_mean(key, ["expect"]))
    tables = data.get("expect", [])
    if not isinstance(tables, list):
        raise CommandError(f"{path}: expect is not a list of tables", hint="write [[expect]]")
    return tuple(_entry(table, f"{path}: entry {n}") for n, table in enumerate(tables, 1))


def _entry(table: Any, where: str) -> Expectation:
    if not isinstance(table, dict):
        raise CommandError(f"{where} is not a table", hint="write [[expect]]")
    for key in table:
        if key not in _KEYS:
            raise CommandError(f'{where}: unknown key "{key}"', hint=did_you_mean(key, _KEYS))
    for key in ("case", "requirement", "reason"):
        if not isinstance(table.get(key, ""), str):
            raise CommandError(f"{where}: {key} is not a string")
    if not (table.get("case") or table.get("requirement")):
        raise CommandError(f"{where} names neither a case nor a requirement")
    if not table.get("reason"):
        raise CommandError(f"{where} gives no reason", hint="a known defect says why it is one")
    if not isinstance(table.get("optional", False), bool):
        raise CommandError(f"{where}: optional is neither true nor false")
    defect = table.get("defect")
    numbers = defect if isinstance(defect, list) else [] if defect is None else [defect]
    if not all(isinstance(number, int) for number in numbers):
        raise CommandError(f"{where}: defect is not a number or a list of them")
    prefix = f"defect {', '.join(map(str, numbers))}: " if numbers else ""
    return Expectation(
        case=table.get("case", ""),
        requirement=table.get("requirement", ""),
        verdicts=_verdicts(table.get("verdict"), where),
        reason=prefix + table["reason"],
        optional=table.get("optional", False),
    )


def _verdicts(given: object, where: str) -> tuple[Verdict, ...]:
    words = given.split("|") if isinstance(given, str) else given
    if not (isinstance(words, list) and words and all(isinstance(word, str) for word in words)):
        raise CommandError(f"{where} names no verdict", hint='e.g. verdict = "fail"')
    known = [verdict.value for verdict in _EXPECTABLE]
    for word in words:
        if word.strip() not in known:
            raise CommandError(
                f'{where}: "{word}" is no verdict to expect', hint=did_you_mean(word, known)
            )
    return tuple(Verdict(word.strip()) for word in words)
