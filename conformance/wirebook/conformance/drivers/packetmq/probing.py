"""The question "are you there", as PacketMQ can ask it.

What may live here: the probe that the engine uses to tell whether a server is ready or dead.
"""

from __future__ import annotations

import contextlib
import socket
import time

from wirebook.conformance.drivers.packetmq import frames

_FAREWELL_SECONDS = 0.5


def probe(address: tuple[str, int], timeout: float) -> float:
    """Return the seconds until a server has said something; raise TimeoutError if it does not.

    A server speaks first, but one that waits for its peer is one to be tested, too. The connection
    never becomes active and is ended with FIN; a server's application is told that it was lost.
    """
    began = time.monotonic()
    with socket.create_connection(address, timeout=timeout) as stream:
        stream.sendall(frames.init())
        seen = b""
        while not frames.whole_frames(seen)[0]:
            left = began + timeout - time.monotonic()
            if left <= 0:
                break
            stream.settimeout(left)
            if not (more := stream.recv(65536)):
                raise ConnectionAbortedError(f"{address[0]}:{address[1]} closed the connection")
            seen += more
        else:
            answered = time.monotonic() - began
            _part(stream)
            return answered
    raise TimeoutError(f"no answer from {address[0]}:{address[1]} within {timeout:g} s")


def _part(stream: socket.socket) -> None:
    """End the connection so that no side has to reset it."""
    stream.settimeout(_FAREWELL_SECONDS)
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(65536):
            pass
