"""The last output of a target, bounded, written by one thread and read by another.

What may live here: `Tail` and the ways of filling it.
"""

from __future__ import annotations

import logging
import threading

LIMIT = 64 * 1024


class Tail:
    """Keeps the last `limit` characters of what is appended."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._text = ""
        self._dropped = 0

    def append(self, text: str) -> None:
        """Add text at the end, forgetting the oldest."""
        with self._lock:
            self._text += text
            excess = len(self._text) - self._limit
            if excess > 0:
                self._text = self._text[excess:]
                self._dropped += excess

    def text(self, since: int = 0) -> str:
        """Return what is kept of everything after the mark `since`."""
        with self._lock:
            return self._text[max(0, since - self._dropped) :]

    def mark(self) -> int:
        """Return a mark of the present end, to be given to `text` later."""
        with self._lock:
            return self._dropped + len(self._text)

    def last_line(self) -> str:
        """Return the last line that says something."""
        lines = [line for line in self.text().splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""


class TailHandler(logging.Handler):
    """Writes log records into a tail: the output of a target that runs in a thread."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self._tail = tail
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record as a line, with its traceback."""
        self._tail.append(self.format(record) + "\n")
