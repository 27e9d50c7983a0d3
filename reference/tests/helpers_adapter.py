"""A client adapter in a thread between pipes, steered as the suite does.

What may live here: that, for the adapters of all books.
"""

import json
import os
from collections.abc import Callable
from threading import Thread
from typing import Any, TextIO

from tests.helpers_reference import eventually


class Adapter:
    """The adapter that a function runs, given its input and output."""

    def __init__(self, client: Callable[[TextIO, TextIO], None]) -> None:
        read_end, write_end = os.pipe()
        self.requests = os.fdopen(write_end, "w")
        answers, self._answers = os.pipe()
        self.messages: list[dict[str, Any]] = []
        """Everything that it has written."""
        self._reader = Thread(target=self._read, args=(os.fdopen(answers),))
        self._reader.start()
        self._stdin, self._stdout = os.fdopen(read_end), os.fdopen(self._answers, "w")
        self.thread = Thread(target=client, args=(self._stdin, self._stdout))
        self.thread.start()
        self._serial = 0

    def ask(self, do: str, **members: Any) -> dict[str, Any]:
        """Send a request and return its reply."""
        self._serial += 1
        number = self._serial
        self.requests.write(json.dumps({"id": number, "do": do, **members}) + "\n")
        self.requests.flush()
        return self.expect(id=number)

    def expect(self, **members: Any) -> dict[str, Any]:
        """Return the first message that has these members, once there is one."""
        return dict(eventually(lambda: self.find(**members)))

    def find(self, **members: Any) -> dict[str, Any] | None:
        """Return the first message that has these members, if there is one."""
        return next((m for m in self.messages if members.items() <= m.items()), None)

    def close(self) -> None:
        """End the adapter by ending its input."""
        self.requests.close()
        self.thread.join(10.0)
        self._stdout.close()
        self._stdin.close()
        self._reader.join(10.0)

    def _read(self, lines: TextIO) -> None:
        with lines:
            for line in lines:
                self.messages.append(json.loads(line))
