"""What goes over the wire in one case, kept as evidence.

What may live here: the recorder that drivers report all traffic to, and the one that forgets it. It
judges nothing.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Literal

from wirebook.conformance.verdicts import Transfer

LIMIT = 4000

Address = tuple[Any, ...]
"""What a socket calls an address: host, port, and more of IPv6."""

Side = Literal["target", "suite"]


class Recorder:
    """Collects the transfers of a case, from any thread; the first and the last of very many."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._first: list[Transfer] = []
        self._last: list[Transfer] = []
        self._dropped = 0
        self._measured: list[str] = []

    def sent(
        self,
        data: bytes,
        *,
        message: str,
        local: Address,
        remote: Address,
        transport: str = "udp",
        clear: bytes = b"",
    ) -> None:
        """Note what the suite sent to the target; `message` names the schema to read it with.

        `data` is what the carrier carries: a datagram, octets of a stream, the text of a WebSocket
        message. Where that is encrypted, `clear` is what the schema reads.
        """
        ends = _name(local), _name(remote)
        self._add("to-target", data.hex(), message, *ends, transport, clear.hex())

    def received(
        self,
        data: bytes,
        *,
        message: str,
        local: Address,
        remote: Address,
        transport: str = "udp",
        clear: bytes = b"",
    ) -> None:
        """Note what the target sent to the suite."""
        ends = _name(local), _name(remote)
        self._add("from-target", data.hex(), message, *ends, transport, clear.hex())

    def closed(
        self, *, by: Side, how: str, local: Address, remote: Address, transport: str = "tcp"
    ) -> None:
        """Note the end of a stream: who ended it, and how (`fin`, `rst`, `websocket 1008 text`)."""
        self._add("close", "", how, _name(local), _name(remote), transport, by=by)

    def note(self, text: str) -> None:
        """Note a remark between the transfers."""
        self._add("note", "", text)

    def measured(self, text: str) -> None:
        """Note what the case has measured, in one line that reports show whatever the verdict."""
        with self._lock:
            self._measured.append(text)
        self.note(f"Measured: {text}.")

    def measures(self) -> tuple[str, ...]:
        """Return everything that was measured."""
        with self._lock:
            return tuple(self._measured)

    def transfers(self) -> tuple[Transfer, ...]:
        """Return everything so far; what was too much is replaced by a note that says so."""
        with self._lock:
            if not self._dropped:
                return (*self._first, *self._last)
            gap = Transfer(
                at=self._first[-1].at,
                direction="note",
                data="",
                message=f"{self._dropped} transfers are left out here",
                local="",
                remote="",
            )
            return (*self._first, gap, *self._last)

    def _add(
        self,
        direction: str,
        data: str,
        message: str,
        local: str = "",
        remote: str = "",
        transport: str = "udp",
        clear: str = "",
        by: str = "",
    ) -> None:
        at = time.monotonic() - self._began
        transfer = Transfer(at, direction, data, message, local, remote, transport, clear, by)
        with self._lock:
            if len(self._first) < LIMIT // 2:
                self._first.append(transfer)
                return
            self._last.append(transfer)
            if len(self._last) > LIMIT // 2:
                del self._last[0]
                self._dropped += 1


class NoRecord(Recorder):
    """Keeps nothing: for very many transfers that nobody is going to read."""

    def sent(self, data: bytes, **_: Any) -> None:
        """Do nothing."""

    def received(self, data: bytes, **_: Any) -> None:
        """Do nothing."""

    def closed(self, **_: Any) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


def _name(address: Address) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
