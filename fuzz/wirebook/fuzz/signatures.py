"""What makes two failures the same: the place and kind of what broke, without the figures.

What may live here: signatures of exceptions and of what a dying process wrote.
"""

from __future__ import annotations

import re
import traceback
from pathlib import PurePath

_FRAMES = 3
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+, in (?P<function>\S+)', re.MULTILINE)
_LAST = re.compile(
    r"^(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|[a-z]))(?::|$)"
)
_FIGURES = re.compile(r"0x[0-9a-f]+|\d+(?:\.\d+)?")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|b'[^']*'")


def of_exception(error: BaseException) -> str:
    """Return `ValueError at codec.parse < server.receive`: its type and the innermost frames."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{PurePath(frame.filename).stem}.{frame.name}" for frame in reversed(frames)]
    return _told(type(error).__name__, places)


def of_output(output: str) -> str:
    """Return the same for the last traceback in the output of a process, or its last line."""
    begin = output.rfind("Traceback (most recent call last)")
    if begin >= 0:
        told = output[begin:]
        places = [
            f"{PurePath(match['file']).stem}.{match['function']}"
            for match in reversed(list(_FRAME.finditer(told)))
        ]
        for line in told.splitlines()[1:]:
            if match := _LAST.match(line):
                return _told(match["name"], places)
    lines = [line for line in output.splitlines() if line.strip()]
    return plain(lines[-1]) if lines else "no output"


def plain(text: str) -> str:
    """Return a line without quoted values and figures."""
    return _FIGURES.sub("N", _QUOTED.sub("…", text.strip()))[:200]


def _told(name: str, places: list[str]) -> str:
    return f"{name.rpartition('.')[2]} at {' < '.join(places[:_FRAMES])}"
