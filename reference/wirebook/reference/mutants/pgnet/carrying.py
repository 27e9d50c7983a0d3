"""Mutants of the WebSocket that messages are carried by.

What may live here: paths and headers, frames, types and sizes of messages, and plain HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.frames import Frame, Opcode

from wirebook.reference.mutants.bank import mutant, override, set_value
from wirebook.reference.pgnet import calling, listening
from wirebook.spec.pgnet.states import MESSAGE_MOST

Streamed = AsyncIterator[str | bytes]
_CHUNKS = 16


@mutant("PGN-M001", "PGN-WSB-001", "Only the path / has a WebSocket.", role="server")
def one_path() -> None:
    """Answer 404 on all others."""

    def only_root(websocket: Any, request: Any) -> Any:
        return None if request.path == "/" else websocket.respond(404, "nothing here\n")

    @override(listening, "serve")
    def serve(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return original(*arguments, process_request=only_root, **options)


@mutant("PGN-M002", "PGN-WSB-001", "A WebSocket that has an `Origin` is refused.", role="server")
def no_origin() -> None:
    """Let the library refuse them."""

    @override(listening, "serve")
    def serve(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return original(*arguments, origins=[None], **options)


@mutant("PGN-M003", "PGN-WSB-002", "Boxes are sent as binary messages.", role="server")
def binary_boxes() -> None:
    """Send everything but the key trade, which begins with a brace, in another type."""

    @override(listening._WebSocket, "send")
    async def send(original: Callable[..., Any], websocket: Any, text: str) -> None:
        await original(websocket, text if text.startswith("{") else text.encode())


@mutant("PGN-M004", "PGN-WSB-002", "Requests are sent as binary messages.", role="client")
def binary_requests() -> None:
    """Send boxes in another type."""

    @override(calling, "connect")
    async def connect(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        websocket = await original(*arguments, **options)
        send = websocket.send

        async def send_binary(text: str) -> None:
            await send(text if text.startswith("{") else text.encode())

        websocket.send = send_binary
        return websocket


@mutant("PGN-M005", "PGN-WSB-003", "Only the first frame of a message counts.", role="server")
def first_frame_only() -> None:
    """Read the other frames and forget them."""

    @override(listening._WebSocket, "recv_streaming")
    async def recv_streaming(original: Callable[..., Streamed], websocket: Any) -> Streamed:
        parts = [part async for part in original(websocket)]
        yield parts[0]


@mutant(
    "PGN-M006", "PGN-WSB-003", "A message of more than 16 frames is a violation.", role="server"
)
def few_frames() -> None:
    """Treat what is cut into many as something that is not text."""

    @override(listening._WebSocket, "recv_streaming")
    async def recv_streaming(original: Callable[..., Streamed], websocket: Any) -> Streamed:
        parts = [part async for part in original(websocket)]
        if len(parts) > _CHUNKS:
            parts = [b""]
        for part in parts:
            yield part


def _receive_with(change: Callable[[Callable[[], Streamed]], Streamed]) -> None:
    """Have the messages of a server changed before its client reads them."""

    @override(calling, "connect")
    async def connect(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        websocket = await original(*arguments, **options)
        recv_streaming = websocket.recv_streaming
        websocket.recv_streaming = lambda: change(recv_streaming)
        return websocket


@mutant("PGN-M013", "PGN-WSB-003", "Only the first frame of a message counts.", role="client")
def first_frame_of_a_response() -> None:
    """Read the other frames and forget them."""

    async def first_only(recv_streaming: Callable[[], Streamed]) -> Streamed:
        parts = [part async for part in recv_streaming()]
        yield parts[0]

    _receive_with(first_only)


@mutant("PGN-M007", "PGN-WSB-004", "Binary messages are taken for text.", role="server")
def binary_is_text() -> None:
    """Decode them."""

    @override(listening._WebSocket, "recv_streaming")
    async def recv_streaming(original: Callable[..., Streamed], websocket: Any) -> Streamed:
        async for part in original(websocket):
            yield part if isinstance(part, str) else part.decode(errors="replace")


@mutant("PGN-M008", "PGN-WSB-004", "A binary message is skipped.", role="client")
def binary_is_skipped() -> None:
    """Read on."""

    async def text_only(recv_streaming: Callable[[], Streamed]) -> Streamed:
        while True:
            parts = [part async for part in recv_streaming()]
            if isinstance(parts[0], str):
                break
        for part in parts:
            yield part

    _receive_with(text_only)


@mutant(
    "PGN-M009",
    "PGN-WSB-005",
    "Octets that are not UTF-8 are skipped.",
    role="server",
)
def not_utf8() -> None:
    """Mend the text of frames before it is decoded."""

    @override(listening._WebSocket, "process_event")
    def process_event(original: Callable[..., None], websocket: Any, event: object) -> None:
        original(websocket, _mended(event))


@mutant(
    "PGN-M014",
    "PGN-WSB-005",
    "Octets that are not UTF-8 are skipped.",
    role="client",
)
def response_that_is_not_utf8() -> None:
    """Mend the text of frames before it is decoded."""

    @override(calling, "connect")
    async def connect(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        websocket = await original(*arguments, **options)
        process_event = websocket.process_event
        websocket.process_event = lambda event: process_event(_mended(event))
        return websocket


def _mended(event: object) -> object:
    """Return a frame with a text that is UTF-8."""
    if isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin:
        event.data = bytes(event.data).decode(errors="ignore").encode()
    return event


@mutant("PGN-M010", "PGN-WSB-006", "A message of 1 048 576 octets is too large.")
def largest_is_too_large() -> None:
    """Draw the limit one octet below."""
    set_value(listening, "MESSAGE_MOST", MESSAGE_MOST - 1)


@mutant("PGN-M011", "PGN-WSB-007", "Messages of up to 4 MiB are accepted.")
def too_large() -> None:
    """Draw the limit too far away."""
    set_value(listening, "MESSAGE_MOST", 4 * MESSAGE_MOST)


@mutant("PGN-M012", "PGN-WSB-009", "An HTTP request gets a page, status 200.", role="server")
def a_page() -> None:
    """Answer whoever does not ask for a WebSocket."""

    def page(websocket: Any, request: Any) -> Any:
        asks = request.headers.get("Upgrade", "").lower() == "websocket"
        return None if asks else websocket.respond(200, "a server of PGNet\n")

    @override(listening, "serve")
    def serve(original: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return original(*arguments, process_request=page, **options)
