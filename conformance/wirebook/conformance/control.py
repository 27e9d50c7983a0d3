"""The control protocol: requests and replies, one JSON object a line, to and from a client adapter.

What may live here: lines, ids and waiting. What the requests mean is the book's business (chapter
*The conformance application*), and so is how an adapter is started (`targets/client.py`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import IO, Any

from wirebook.conformance.verdicts import TargetDied, Violation

LINE_LIMIT = 4 * 1024 * 1024
_KEPT_STRAYS = 20

Message = dict[str, Any]


class ControlChannel:
    """Sends requests, matches replies by their id and keeps the notifications in order."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], how_ended: Callable[[], str]) -> None:
        self._stdin = stdin
        self._how_ended = how_ended
        self._changed = threading.Condition()
        self._messages: list[Message] = []
        self._greeting: Message | None = None
        self._replies: dict[object, Message] = {}
        self._strays: list[str] = []
        self._over = False
        self._next_id = 1
        self._reader = threading.Thread(
            target=self._read, args=(stdout,), name="client control", daemon=True
        )
        self._reader.start()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The notifications so far, oldest first, without the `ready` of the start."""
        with self._changed:
            return tuple(self._messages)

    @property
    def strays(self) -> tuple[str, ...]:
        """Lines that are neither reply nor notification; the protocol has no place for them."""
        with self._changed:
            return tuple(self._strays)

    @property
    def over(self) -> bool:
        """Whether the adapter's output has ended."""
        return self._over

    def greeting(self, timeout: float) -> Message | None:
        """Return the `ready` that an adapter begins with, or None if it does not come in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._greeting or self._over, timeout)
            return self._greeting

    def send(self, message: Message) -> int:
        """Send a request without waiting for its reply; return its id."""
        with self._changed:
            number = int(message.get("id", self._next_id))
            self._next_id = max(self._next_id, number) + 1
        line = json.dumps({"id": number, **message}, ensure_ascii=False) + "\n"
        try:
            self._stdin.write(line.encode())
            self._stdin.flush()
        except (OSError, ValueError) as error:
            raise TargetDied(f"the client adapter {self._how_ended()}") from error
        return number

    def request(self, message: Message, timeout: float) -> Message:
        """Send a request and return its reply; an adapter that never replies counts as dead."""
        number = self.send(message)
        with self._changed:
            self._changed.wait_for(lambda: number in self._replies or self._over, timeout)
            reply = self._replies.pop(number, None)
            over = self._over
        if reply is not None:
            return reply
        if over:
            raise TargetDied(f"the client adapter {self._how_ended()}")
        stray = f'; it wrote "{self.strays[-1]}"' if self.strays else ""
        asked = message.get("do", message)
        raise TargetDied(f"the client adapter did not answer {asked} in {timeout:.1f} s{stray}")

    def wait(
        self, predicate: Callable[[Message], bool], timeout: float, what: str = "notification"
    ) -> Message:
        """Return the first notification, past or to come, that the predicate holds for.

        One that does not come in time is a Violation; an adapter that ends before is TargetDied.
        """
        deadline = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                for message in self._messages[seen:]:
                    if predicate(message):
                        return message
                seen = len(self._messages)
                left = deadline - time.monotonic()
                if self._over or left <= 0:
                    break
                self._changed.wait(left)
            over = self._over
        if over:
            raise TargetDied(f"the client adapter {self._how_ended()}")
        raise Violation(f"no {what} from the client in {timeout:.2f} s")

    def join(self, timeout: float) -> bool:
        """Wait until the adapter's output has ended; tell whether it has."""
        self._reader.join(timeout)
        return not self._reader.is_alive()

    def _read(self, stdout: IO[bytes]) -> None:
        try:
            for line in _lines(stdout):
                self._take(line)
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _take(self, line: bytes) -> None:
        message = _parse(line)
        with self._changed:
            if message is not None and message.get("event") == "ready":
                self._greeting = message
            elif message is not None and "event" in message:
                self._messages.append(message)
            elif message is not None and isinstance(message.get("id"), int):
                self._replies[message["id"]] = message
            elif line.strip() and len(self._strays) < _KEPT_STRAYS:
                self._strays.append(line.decode("utf-8", "replace").strip()[:200])
            self._changed.notify_all()


def _lines(stdout: IO[bytes]) -> Iterable[bytes]:
    try:
        while line := stdout.readline(LINE_LIMIT):
            yield line
    except (OSError, ValueError):
        return  # closed by our own side


def _parse(line: bytes) -> Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
