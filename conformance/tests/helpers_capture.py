"""Captures for tests: a tap that datagrams pass through, and what it has seen as a pcap file.

What may live here: listening on a line between a client and a server, and writing it down.
"""

from __future__ import annotations

import selectors
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from wirebook.conformance.recorder import Recorder
from wirebook.conformance.report import pcap

Address = tuple[str, int]

_BEGAN = 1_700_000_000.0
_LARGEST = 65_535


class UdpTap:
    """Passes the datagrams of one client on to a server, and back, and writes all of them down."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._recorder = Recorder()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="UDP tap", daemon=True)

    def __enter__(self) -> Self:
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._back.connect(self._server)
        self._wake, self._woken = socket.socketpair()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        self._wake.send(b"x")
        self._thread.join()
        for each in (self._front, self._back, self._wake, self._woken):
            each.close()

    @property
    def address(self) -> Address:
        """Where the client sends to."""
        host, port = self._front.getsockname()
        return host, port

    @property
    def seen(self) -> tuple[int, int]:
        """How many datagrams went to the server, and how many came from it."""
        directions = [one.direction for one in self._recorder.transfers()]
        return directions.count("to-target"), directions.count("from-target")

    def write(self, path: Path) -> bytes:
        """Write what was seen as a capture, and return it."""
        data = pcap.capture(self._recorder.transfers(), began=_BEGAN)
        assert data is not None
        path.write_bytes(data)
        return data

    def _run(self) -> None:
        client: Address | None = None
        with selectors.DefaultSelector() as selector:
            for each in (self._front, self._back, self._woken):
                selector.register(each, selectors.EVENT_READ)
            while not self._stopping:
                for key, _ in selector.select():
                    if key.fileobj is self._front:
                        data, client = self._front.recvfrom(_LARGEST)
                        self._note(data, to_server=True)
                        self._back.send(data)
                    elif key.fileobj is self._back and client is not None:
                        data = self._back.recv(_LARGEST)
                        self._note(data, to_server=False)
                        self._front.sendto(data, client)

    def _note(self, data: bytes, *, to_server: bool) -> None:
        note = self._recorder.sent if to_server else self._recorder.received
        note(data, message="", local=self._back.getsockname(), remote=self._server)
