"""What became of a target, in words that are the same each time it becomes of it.

What may live here: failures and their signatures. How they are noticed is for others.
"""

from __future__ import annotations

import builtins
import os
import re
import signal
from dataclasses import dataclass
from pathlib import PurePath

from wirebook.fuzz import signatures

_TAIL = 6000
_FRAMES = 3
_FATAL = re.compile(r"^Fatal Python error: (?P<name>.+)$", re.MULTILINE)
_CURRENT = re.compile(
    r"^(?:Current thread|Thread) 0x[0-9a-f]+.*\n(?P<frames>(?:  .*\n?)+)", re.MULTILINE
)
_FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line \d+,? in (?P<function>\S+)', re.MULTILINE)
_IN_ORDER = "ended with status 0"
_BEGIN = "Traceback (most recent call last)"
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?::|$)", re.MULTILINE)
SEVERAL = "errors in several threads at once"
"""The signature where tracebacks are mixed up with one another, so that no place can be told."""
_INSTALLED = re.compile(r"/lib/python[\d.]*/(?:(?:site|dist)-packages/)?(?P<package>[\w-]+)")


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a target has failed."""

    kind: str
    """`end`, `hang`, `deaf`, `memory`, `descriptors` or `spin`."""
    signature: str
    what: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Names what has become of a target, by the places in its own code.

    An error that comes out of a library, or of the application that a target runs, is named after
    the place where the target has called it: that it has not been expected there is the one defect,
    in however many manners it can fail inside.
    """

    package: str = ""
    """The name of the target's own package; "" for all that is not installed."""

    def of_end(self, output: str, how: str) -> Failure:
        """Return what it means that a process has ended; `how` says how it did."""
        tail = output[-_TAIL:]
        fatal = list(_FATAL.finditer(tail))
        if fatal and (frames := _frames_of_stack(tail)):
            signature = self._named(signatures.plain(fatal[-1]["name"]), frames)
        elif how.startswith(_IN_ORDER):  # what it has written before was not its end
            signature = signatures.plain(how)
        elif _mixed(tail):
            signature = SEVERAL
        elif (begin := tail.rfind(_BEGIN)) >= 0:
            kind, at, _ = signatures.of_output(tail).partition(" at ")
            frames = list(reversed(list(_FRAME.finditer(tail, begin))))
            signature = self._named(kind, frames) if at else kind
        else:
            signature = signatures.plain(how)
        return Failure("end", signature, f"The process {how}.", tail)

    def of_hang(self, output: str, *, busy: bool) -> Failure:
        """Return what it means that a process answers nothing any more."""
        tail = output[-_TAIL:]
        # Where a busy process is at the moment differs from one time to the next.
        frames = [] if busy else _frames_of_stack(tail)
        signature = "busy hang" if busy else "hang"
        doing = "is busy and" if busy else "lives but"
        what = f"The process {doing} does not answer."
        return Failure("hang", self._named(signature, frames), what, tail)

    def _named(self, kind: str, frames: list[re.Match[str]]) -> str:
        own = [frame for frame in frames if self._is_own(frame["file"])]
        if own and own[0] is not frames[0]:
            kind = f"error in {_package(frames[0]['file'])}"
        elif hasattr(builtins, kind):
            # What is not of the form that a place expects fails there in one manner or the other.
            kind = "error"
        places = [
            f"{PurePath(frame['file']).stem}.{frame['function']}"
            for frame in (own or frames)[:_FRAMES]
        ]
        return f"{kind} at {' < '.join(places)}" if places else kind

    def _is_own(self, file: str) -> bool:
        if self.package:
            return self.package in PurePath(file).parts
        return _INSTALLED.search(file) is None


def _package(file: str) -> str:
    found = _INSTALLED.search(file)
    return found["package"] if found else PurePath(file).stem


def ask_for_stack(process: int) -> None:
    """Have a process that runs on Python write where it is, and end any."""
    os.kill(process, signal.SIGABRT)


def _frames_of_stack(output: str) -> list[re.Match[str]]:
    """Return the frames of the last thread in a stack that was asked for, the innermost first."""
    threads = list(_CURRENT.finditer(output))
    return list(_FRAME.finditer(threads[-1]["frames"])) if threads else []


def _mixed(output: str) -> bool:
    """Tell whether several threads have written their tracebacks into one another."""
    *before, last = output.split(_BEGIN)
    if len(before) > 1 and not _ERROR.search(before[-1]):
        return True
    error = _ERROR.search(last)
    return bool(before and error and _FRAME.search(last, error.end()))
