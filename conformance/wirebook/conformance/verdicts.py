"""Verdicts, outcomes and the one stream of events that every report is made from.

What may live here: plain data and the rules that turn outcomes into verdicts and verdicts into an
exit status. No pytest, no rich, no sockets: reports and engine meet in this module only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any


class Verdict(StrEnum):
    """What the suite says of one case."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """Every cited requirement held."""
    FAIL = "fail"
    """A MUST was broken."""
    NONSTRICT = "nonstrict"
    """A SHOULD was not followed."""
    CRASH = "crash"
    """The target died."""
    UNSUPPORTED = "unsupported"
    """The target declares that it lacks the feature, or this machine cannot run the case."""
    INCONCLUSIVE = "inconclusive"
    """The case could not be brought to the point where the requirement shows."""
    ERROR = "error"
    """The harness failed, not the target."""
    XFAIL = "xfail"
    """Failed as the expectations file says."""
    XPASS = "xpass"
    """Passed although the expectations file says otherwise: the entry is stale."""


class ExitStatus(IntEnum):
    """The exit statuses of `wirebook check`."""

    CONFORMS = 0
    VIOLATIONS = 1
    USAGE = 2
    HARNESS = 3
    UNREACHABLE = 4


class Violation(AssertionError):
    """The target broke a cited requirement."""


class TargetDied(Exception):
    """The target ended, or stopped answering for good, while a case spoke to it."""


class TargetUnreachable(Exception):
    """The target could not be started or never answered."""


class Unsupported(Exception):
    """The case needs something that the target, or this machine, does not have."""


class Inconclusive(Exception):
    """The case could not reach the point where the requirement would show."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One datagram, frame or message of a case's exchange, the end of a stream, or a remark."""

    at: float
    """Seconds since the case began."""
    direction: str
    """`to-target`, `from-target`, `close` or `note`."""
    data: str
    """Octets in hex; empty for a close and a note."""
    message: str
    """Name of the schema to read it with, if there is one; how it closed; the text of a note."""
    local: str
    """`host:port` of the suite's end."""
    remote: str
    """`host:port` of the target's end."""
    transport: str = "udp"
    """What carried it: `udp`, `tcp` or `websocket`."""
    clear: str = ""
    """The plaintext in hex, where `data` is encrypted."""
    by: str = ""
    """Who closed: `target` or `suite`."""

    @property
    def carries(self) -> bool:
        """Whether it is something that was sent, not a close or a note."""
        return self.direction in ("to-target", "from-target")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Everything that is known of one case after it ran."""

    id: str
    """`book/role_topic/name[param]`."""
    title: str
    """First line of the case's docstring."""
    book: str
    role: str
    chapter: str
    """Title of the chapter that the first cited requirement stands in."""
    requirements: tuple[str, ...]
    verdict: Verdict
    seconds: float
    reason: str = ""
    """One line: what was expected and what came; why it is unsupported; …"""
    detail: str = ""
    """More lines, for a reader who wants to know where in the case it happened."""
    expectation: str = ""
    """The reason given in the expectations file, where an entry matched."""
    exchange: tuple[Transfer, ...] = ()
    output: str = ""
    """The last output of the target while the case ran."""
    replay: str = ""
    """The command line that runs just this case again, with the same seed."""
    run: int = 0
    """Which of several runs of the case it was, from 1; 0 where there is one only."""
    undeclared: tuple[str, ...] = ()
    """The features that the case needs and the target does not declare."""
    measured: tuple[str, ...] = ()
    """Figures that the case has found, whatever its verdict, one line each."""

    @property
    def label(self) -> str:
        """The ID, with the number of the run where there are several."""
        return f"{self.id}@run{self.run}" if self.run else self.id

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        # By hand: `asdict` copies every value deeply, for thousands of transfers in a run.
        data = {name: getattr(self, name) for name in _NAMES_OF_RESULT}
        exchange = [
            {name: getattr(transfer, name) for name in _NAMES_OF_TRANSFER}
            for transfer in self.exchange
        ]
        return {
            **data,
            "requirements": list(self.requirements),
            "undeclared": list(self.undeclared),
            "measured": list(self.measured),
            "exchange": exchange,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CaseResult:
        """Rebuild a result from what `to_json` gave."""
        exchange = tuple(Transfer(**item) for item in data["exchange"])
        return cls(
            **{
                **data,
                "verdict": Verdict(data["verdict"]),
                "requirements": tuple(data["requirements"]),
                "undeclared": tuple(data.get("undeclared", ())),
                "measured": tuple(data.get("measured", ())),
                "exchange": exchange,
            }
        )


_NAMES_OF_RESULT = tuple(one.name for one in fields(CaseResult))
_NAMES_OF_TRANSFER = tuple(one.name for one in fields(Transfer))


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins."""

    books: tuple[str, ...]
    target: str
    roles: tuple[str, ...]
    seed: int
    started: str
    """ISO 8601, UTC."""
    version: str
    command: str
    """The command line as the user gave it."""
    stability: int = 0
    """How often each case runs, to see whether its verdict changes; 0 where that is not asked."""


@dataclass(frozen=True, slots=True)
class CasesCollected:
    """The number of cases is known."""

    count: int


@dataclass(frozen=True, slots=True)
class CaseFinished:
    """A case has its verdict."""

    result: CaseResult


@dataclass(frozen=True, slots=True)
class Audited:
    """What the cases of a feature found that the target does not declare."""

    book: str
    feature: str
    passed: int
    tried: int
    cases: int
    """How many cases the feature has in this run."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A mutant that a target behaves like: a hint for whoever mends it, never a verdict."""

    mutant: str
    requirement: str
    sentence: str
    distance: float
    """From 0, the same cases fail, to 1, none of the same; over the cases of the mutant's rule."""
    cases: int
    """How many of the target's failures it shares."""

    def __str__(self) -> str:
        fails = "1 failure" if self.cases == 1 else f"{self.cases} failures"
        return (
            f"behaves like {self.mutant}: {self.sentence} "
            f"({self.requirement}, {fails}, distance {self.distance:.2f})"
        )


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run is over, or was interrupted."""

    seconds: float
    status: ExitStatus
    interrupted: bool = False
    stale: tuple[str, ...] = ()
    """Entries of the expectations file that matched nothing or passed."""
    problems: tuple[str, ...] = field(default_factory=tuple)
    """What went wrong outside the cases, one line each."""
    likenesses: tuple[Likeness, ...] = ()
    """What the failures look like, if they look like anything known."""
    audit: tuple[Audited, ...] = ()
    """The features that the target does not declare and that were tried all the same."""


Event = RunStarted | CasesCollected | CaseFinished | RunFinished


def count(results: Iterable[CaseResult]) -> dict[str, int]:
    """Return how often each verdict occurs, in the order of `Verdict`."""
    found = Counter(result.verdict for result in results)
    return {verdict.value: found[verdict] for verdict in Verdict if found[verdict]}


def exit_status(
    results: Iterable[CaseResult], *, strict: bool = False, stale: Iterable[str] = ()
) -> ExitStatus:
    """Return the exit status that a run with these results has.

    `strict` makes an unfollowed SHOULD and an inconclusive case count as violations.
    """
    verdicts = {result.verdict for result in results}
    if Verdict.ERROR in verdicts:
        return ExitStatus.HARNESS
    bad = {Verdict.FAIL, Verdict.CRASH, Verdict.XPASS}
    if strict:
        bad |= {Verdict.NONSTRICT, Verdict.INCONCLUSIVE}
    if verdicts & bad or any(True for _ in stale):
        return ExitStatus.VIOLATIONS
    return ExitStatus.CONFORMS
