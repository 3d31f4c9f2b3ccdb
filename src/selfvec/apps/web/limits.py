"""What bounds the work and the memory of answers, however many are asked for.

A few threads compute answers, each with one thread for linear algebra: many small products at a time are
fastest so. A request that would wait too long for one of them is told when to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfvec.base.threads import one_core, threads

from .background import Busy
from .guard import busy_response

__all__ = ["PATIENCE", "Pieces", "WorkQueue"]

PATIENCE = 1.0  # seconds that a request waits for a thread
PIECE = 1 << 16  # bytes of an answer that are handed to a connection at a time
LARGE = 32  # answers longer than a piece that are sent at a time

T = TypeVar("T")


class WorkQueue:
    """Threads that compute answers, at least two; the requests that wait for one come in order."""

    def __init__(self, at_once: int | None = None) -> None:
        at_once = at_once or max(2, threads(None))
        self._free = asyncio.Semaphore(at_once)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="selfvec-answer")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of some work; raises `Busy` if no thread is free within `PATIENCE`."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _on_one_core, work)
        finally:
            self._free.release()


def _on_one_core(work: Callable[[], T]) -> T:
    with one_core():
        return work()


class Pieces:
    """An ASGI application that hands the answers of another one to slow connections piece by piece.

    What waits for a connection to take it is one piece; the whole answer is kept for `LARGE` of them only.
    """

    def __init__(self, inner: ASGIApp) -> None:
        self.inner, self._sending = inner, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begin: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                begin.append(message)
            elif len(message.get("body", b"")) <= PIECE:
                await send(begin.pop())
                await send(message)
            elif self._sending >= LARGE:
                await busy_response()(scope, receive, send)
            else:
                await self._send_pieces(begin.pop(), memoryview(message["body"]), send)

        await self.inner(scope, receive, sending)

    async def _send_pieces(self, begin: Message, body: memoryview, send: Send) -> None:
        self._sending += 1
        try:
            await send(begin)
            for start in range(0, len(body), PIECE):
                piece, more = bytes(body[start : start + PIECE]), start + PIECE < len(body)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        finally:
            self._sending -= 1
