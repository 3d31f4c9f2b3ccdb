"""Long answers are sent in pieces, so that slow clients do not fill the memory."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import limits
from .responses import busy_response

__all__ = ["AnswerPieces"]


class AnswerPieces:
    """An ASGI application that sends the answers of another application in pieces.

    At most `limits.LONG_ANSWERS` long answers are in memory at a time. Each slow connection holds one piece.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        self._sending = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begin: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begin.append(message)
            elif len(message.get("body", b"")) <= limits.PIECE_BYTES:
                await send(begin.pop())
                await send(message)
            elif self._sending >= limits.LONG_ANSWERS:
                await busy_response()(scope, receive, send)
            else:
                await self._send_pieces(begin.pop(), memoryview(message["body"]), send)

        await self.inner(scope, receive, sending)

    async def _send_pieces(self, begin: Message, body: memoryview, send: Send) -> None:
        self._sending += 1
        try:
            await send(begin)
            for start in range(0, len(body), limits.PIECE_BYTES):
                end = start + limits.PIECE_BYTES
                piece = bytes(body[start:end])
                await send({"type": "http.response.body", "body": piece, "more_body": end < len(body)})
        finally:
            self._sending -= 1
