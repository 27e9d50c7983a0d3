"""What all client adapters share: the control protocol's requests, replies and notifications.

What may live here: lines of JSON in and out. What the requests mean is the business of each book's
adapter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TextIO

Message = dict[str, Any]

VERSION = 1
"""Of the control protocol."""


class Steered:
    """An adapter that is steered by lines of JSON, and writes such lines from any thread."""

    requests: Mapping[str, Callable[[Message], Message | None]]
    """What each request does; it returns what the reply has besides."""

    def __init__(self, output: TextIO, protocol: str) -> None:
        self._output = output
        self._protocol = protocol
        self._writing = Lock()

    def run(self, lines: TextIO) -> None:
        """Answer requests until they end, or one says to quit."""
        self.write({"event": "ready", "protocol": self._protocol, "version": VERSION})
        for line in lines:
            if line.strip() and not self._answer(line):
                return

    def write(self, message: Message) -> None:
        """Write a reply or a notification."""
        line = json.dumps(message, ensure_ascii=False)
        with self._writing:
            self._output.write(line + "\n")
            self._output.flush()

    def _answer(self, line: str) -> bool:
        """Answer one request; return False if it is the last."""
        number = None
        try:
            request = json.loads(line)
            number = request["id"]
            if request["do"] == "quit":
                self.write({"id": number, "ok": True})
                return False
            more = self.requests[request["do"]](request) or {}
            self.write({"id": number, "ok": True, **more})
        except Exception as error:  # whatever is wrong with a request is said in its reply
            self.write({"id": number, "ok": False, "error": f"{type(error).__name__}: {error}"})
        return True
