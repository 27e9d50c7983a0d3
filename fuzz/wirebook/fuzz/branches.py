"""Which branches of the reference an input takes: pairs of lines that followed one another.

Only the files of one book are traced, and only while an input is done, so that the tests of this
project can measure their own coverage. What may live here: the tracing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, TypeAlias

import wirebook.reference

Branch: TypeAlias = tuple[int, int, int]
"""Which function, and the numbers of two lines of it; 0 before its first one."""


class Branches:
    """Watches the reference of a book."""

    def __init__(self, book: str) -> None:
        self.taken: set[Branch] = set()
        """All branches that were taken while it watched."""
        self._folder = str(Path(next(iter(wirebook.reference.__path__))) / book)
        self._functions: dict[CodeType, int] = {}
        """Number of each function that was called; 0 for those of other files."""
        self._now: set[Branch] = set()

    @contextmanager
    def watch(self) -> Iterator[set[Branch]]:
        """Give a set that has the branches taken, once the block has ended."""
        now: set[Branch] = set()
        self._now = now
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            yield now
        finally:
            sys.settrace(before)
            self.taken |= now

    def _called(self, frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        number = self._functions.get(code)
        if number is None:
            watched = code.co_filename.startswith(self._folder)
            number = self._functions[code] = len(self._functions) + 1 if watched else 0
        if not number:
            return None
        add = self._now.add
        last = 0

        def step(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            if event == "line":
                add((number, last, frame.f_lineno))
                last = frame.f_lineno
            return step

        return step
