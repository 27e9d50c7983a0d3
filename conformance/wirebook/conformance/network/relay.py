"""What the relays for datagrams and for streams have in common: a thread, and how it is ended.

What may live here: a relay's life. What it does with what arrives is in `udp.py` and `tcp.py`.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any, Self

Address = tuple[str, int]


class Relay:
    """Stands between peers that send to `address`, and those behind it, in a thread of its own."""

    def __init__(self, behind: Address) -> None:
        self._family = socket.AF_INET6 if ":" in behind[0] else socket.AF_INET
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._stopping = False
        self.counts: Counter[str] = Counter()
        """How often each thing has happened so far."""

    def __enter__(self) -> Self:
        host = "::1" if self._family is socket.AF_INET6 else "127.0.0.1"
        self._wake, self._woken = socket.socketpair()
        self._front = self._listen(host)
        self._front.setblocking(False)
        self._selector.register(self._front, selectors.EVENT_READ, self._take)
        self._selector.register(self._woken, selectors.EVENT_READ, lambda: None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._wake.send(b"x")
        self._thread.join()
        self._selector.close()
        for each in (self._wake, self._woken, self._front, *self._held()):
            each.close()

    @property
    def address(self) -> Address:
        """Host and port that clients speak to."""
        host, port = self._front.getsockname()[:2]
        return host, port

    def _listen(self, host: str) -> socket.socket:
        """Return the socket that clients speak to."""
        raise NotImplementedError

    def _take(self) -> None:
        """Take what has come to that socket."""
        raise NotImplementedError

    def _run(self) -> None:
        """Go on until `_stopping`."""
        raise NotImplementedError

    def _held(self) -> Iterable[Any]:
        """Return what else has to be closed in the end."""
        raise NotImplementedError
