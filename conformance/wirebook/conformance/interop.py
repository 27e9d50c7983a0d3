"""Interoperation: one client plays with one server, step by step, and what became of it.

What may live here: a match between two targets, and what the books' plays are written with. What a
play consists of is the book's business: `drivers/<book>/interop.py` has a generator

    def play(client: ClientHandle, server: ServerHandle, features: frozenset[str]) -> Iterator[str]

that yields the name of each step before it carries the step out. The step fails when what follows
raises a Violation (or another AssertionError), TargetDied or TimeoutError, whose text is then the
reason; after Unsupported the rest of the play is left out. `features` are those that both targets
declare.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from wirebook.conformance.control import Message
from wirebook.conformance.targets.client import ClientHandle
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.embedded import find
from wirebook.conformance.targets.server import ServerHandle
from wirebook.conformance.verdicts import TargetDied, TargetUnreachable, Unsupported, Violation

PATIENCE = 5.0
"""How many seconds a step waits for what has to happen."""

_POLL_SECONDS = 0.02

Play = Callable[[ClientHandle, ServerHandle, frozenset[str]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Who is to play with whom, by which play."""

    book: str
    client: Target
    server: Target
    play: str
    """`package.module:function`."""
    probe: str
    """`package.module:function` that asks a server whether it is there."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a play went."""

    book: str
    client: str
    server: str
    steps: tuple[str, ...]
    """The steps that succeeded."""
    seconds: float
    failed: str = ""
    """The step that failed."""
    reason: str = ""
    """Why it failed, what is not supported, or why a target could not be started; one line."""
    unreachable: bool = False

    @property
    def outcome(self) -> str:
        """The match in a word: `ok`, the step that failed, `unsupported` or `unreachable`."""
        if self.unreachable:
            return "unreachable"
        return self.failed or ("unsupported" if self.reason else "ok")

    def to_json(self) -> dict[str, Any]:
        """Return the match as plain JSON values."""
        return {
            "book": self.book,
            "client": self.client,
            "server": self.server,
            "outcome": self.outcome,
            "steps": list(self.steps),
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
        }


def ask(client: ClientHandle, request: Message, timeout: float = PATIENCE) -> Message:
    """Make a request of the client's adapter; a refusal is a Violation."""
    reply = client.request(request, timeout)
    if reply.get("ok") is not True:
        raise Violation(f"the client refused {request.get('do')}: {reply.get('error')}")
    return reply


def until(condition: Callable[[], object], what: str, timeout: float = PATIENCE) -> None:
    """Wait until a condition holds; one that does not in time is a Violation."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise Violation(f"no {what} within {timeout:g} s")
        time.sleep(_POLL_SECONDS)


def matches(pairings: Sequence[Pairing], jobs: int = 1) -> Iterator[Match]:
    """Play all pairings, several at a time, and yield the matches in the order of the pairings."""
    if jobs == 1:
        yield from map(play, pairings)
        return
    # In processes, because embedded targets share what a process has but one of.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(play, pairings)


def play(pairing: Pairing) -> Match:
    """Start both targets and let them play."""
    began = time.monotonic()
    progress = _Progress()
    failed, unreachable = "", False
    try:
        _play(pairing, progress)
        reason = ""
    except TargetUnreachable as error:
        reason, unreachable = str(error), True
    except Unsupported as error:
        reason = str(error)
    except (AssertionError, TargetDied, TimeoutError) as error:
        failed, reason = progress.step, str(error) or type(error).__name__
    except Exception as error:  # a mistake in the play is told like a failure of the targets
        failed, reason = progress.step, f"{type(error).__name__}: {error}"
    return Match(
        book=pairing.book,
        client=pairing.client.name,
        server=pairing.server.name,
        steps=tuple(progress.done),
        seconds=time.monotonic() - began,
        failed=failed,
        reason=" ".join(reason.split()),
        unreachable=unreachable,
    )


class _Progress:
    """The step that is being carried out, and those that have been."""

    def __init__(self) -> None:
        self.step = "start"
        self.done: list[str] = []

    def begin(self, step: str) -> None:
        """Count the present step as done, and begin the next."""
        self.done.append(self.step)
        self.step = step


def _play(pairing: Pairing, progress: _Progress) -> None:
    features = frozenset(pairing.client.features or ()) & frozenset(pairing.server.features or ())
    steps: Play = find(pairing.play)
    server = ServerHandle(pairing.server, find(pairing.probe))
    try:
        server.ensure()
        with ClientHandle(pairing.client) as client, _deaths_told(server):
            for step in steps(client, server, features):
                progress.begin(step)
            progress.begin("alive")
            if not client.alive():
                raise TargetDied(f"the client {client.how_ended()}")
            if not server.answers():
                raise TargetDied("the server does not answer any more")
        progress.begin("")
    finally:
        server.stop()


@contextlib.contextmanager
def _deaths_told(server: ServerHandle) -> Iterator[None]:
    try:
        yield
    except (AssertionError, TargetDied, TimeoutError) as error:
        if server.settle():
            raise
        # The reason behind whatever the client has noticed of it.
        raise TargetDied(f"the server {server.how_ended()} ({error})") from error
