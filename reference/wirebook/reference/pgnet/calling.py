"""The WebSocket of a client: its core on one side, a server on the other.

What may live here: input and output. What is said, and when it ends, the core decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from websockets.asyncio.client import ClientConnection as WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from wirebook.reference.pgnet.core.client_connection import ClientConnection
from wirebook.reference.pgnet.core.happenings import Happening
from wirebook.reference.pgnet.operator_log import library_logger
from wirebook.spec.pgnet.states import MESSAGE_MOST, RESPONSE_TIME_LIMIT, CloseCode

_CLOSE_TIMEOUT: Final = 1.0
"""Seconds that a server has to answer a close."""
_FRAMES: Final = 4
"""Frames that are read ahead."""


class Calling:
    """One connection, from the attempt to its end."""

    def __init__(self, connection: ClientConnection, take: Callable[[Happening], None]) -> None:
        self.connection = connection
        self._take = take
        self._woken = asyncio.Event()
        self._opening: asyncio.Future[WebSocket] | None = None

    def wake(self) -> None:
        """Let it look at what there is to do."""
        self._woken.set()

    def disconnect(self) -> None:
        """End it."""
        self.connection.disconnect()
        if self._opening is not None:
            self._opening.cancel()
        self.wake()

    async def run(self, address: str, port: int) -> None:
        """Connect, and go on until the connection ends."""
        try:
            websocket = await self._open(address, port)
            if websocket is not None:
                await self._converse(websocket)
        finally:
            self.connection.receive_end("cancelled")
            self._hand_over()

    async def _open(self, address: str, port: int) -> WebSocket | None:
        host = f"[{address}]" if ":" in address and not address.startswith("[") else address

        async def open_one() -> WebSocket:
            return await connect(
                f"ws://{host}:{port}",
                compression=None,  # PGN-WSB-008
                max_size=MESSAGE_MOST,
                max_queue=_FRAMES,
                open_timeout=RESPONSE_TIME_LIMIT,
                close_timeout=_CLOSE_TIMEOUT,
                proxy=None,
                user_agent_header=None,
                logger=library_logger,
            )

        self._opening = asyncio.ensure_future(open_one())
        try:
            return await self._opening
        except (OSError, WebSocketException, ValueError) as error:
            self.connection.receive_end(f"no server at {address}:{port} ({_reason(error)})")
        except asyncio.CancelledError:
            if not self.connection.over:  # it is not `disconnect` that cancels
                raise
        finally:
            self._opening.cancel()
            self._opening = None
        return None

    async def _converse(self, websocket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        self.connection.opened(loop.time())
        reading = asyncio.ensure_future(self._read(websocket))
        try:
            while True:
                self._woken.clear()
                self.connection.handle_timer(loop.time())
                self._hand_over()
                for text in self.connection.texts_to_send(loop.time()):
                    await websocket.send(text)
                if self.connection.over:
                    break
                if not self._woken.is_set():
                    with suppress(TimeoutError):
                        async with asyncio.timeout_at(self.connection.next_timer()):
                            await self._woken.wait()
        except ConnectionClosed as error:
            self.connection.receive_end(_reason(error))
        finally:
            reading.cancel()
            code = self.connection.close_code
            await websocket.close(CloseCode.NORMAL if code is None else code)

    async def _read(self, websocket: WebSocket) -> None:
        """Give what comes to the core."""
        loop = asyncio.get_running_loop()
        try:
            while not self.connection.over:
                parts: list[str] = []
                # Not `recv`, which has a limit on the number of frames (PGN-WSB-003).
                async for part in websocket.recv_streaming():
                    if not isinstance(part, str):
                        self.connection.receive_violation(CloseCode.UNSUPPORTED, "a binary message")
                        return
                    if part:
                        parts.append(part)
                self.connection.receive_text("".join(parts), loop.time())
                self.wake()
        except ConnectionClosed as error:
            self.connection.receive_end(_reason(error))
        finally:
            self.wake()

    def _hand_over(self) -> None:
        for happening in self.connection.happenings():
            self._take(happening)


def _reason(error: BaseException) -> str:
    """Return why, in a few words."""
    if isinstance(error, ConnectionClosed):
        code = error.rcvd.code if error.rcvd is not None else None
        return "the connection was lost" if code is None else f"closed by the server ({code})"
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
