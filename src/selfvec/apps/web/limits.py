"""Limits of the work and the memory for answers, whatever the number of requests.

A few threads compute answers, each with one thread for linear algebra, which is fastest for many small
products. A request that waits too long for a thread is told when to ask again.
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

__all__ = ["PATIENCE", "InPieces", "WorkQueue"]

PATIENCE = 1.0  # seconds that a request waits for a thread
PIECE = 1 << 16  # bytes of an answer that are sent at a time
LARGE = 32  # answers longer than a piece that are sent at the same time

T = TypeVar("T")


class WorkQueue:
    """At least two threads that compute answers. Waiting requests are served in order."""

    def __init__(self, at_once: int | None = None) -> None:
        at_once = at_once or max(2, threads(None))
        self._free = asyncio.Semaphore(at_once)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="selfvec-answer")

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a function; raises `Busy` if no thread is free within `PATIENCE`."""
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


class InPieces:
    """An ASGI application that sends the answers of another application in pieces.

    At most `LARGE` long answers are in memory at a time. Each slow connection holds one piece.
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
