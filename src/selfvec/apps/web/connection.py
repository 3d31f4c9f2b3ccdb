"""Connections with the limits that uvicorn lacks.

Uvicorn has no time limit for a client that sends a request or receives an answer. Idle connections count
among those that it admits, so without these limits silent clients lock out all others.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from . import limits

__all__ = ["Connection"]


class Connection(H11Protocol):
    """An HTTP connection that is closed if its client takes too long, or to make room for a new one."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit a client, in place of the one that is idle longest if there are too many."""
        super().connection_made(transport)
        self.deadline = self.loop.call_later(limits.REQUEST_SECONDS, self._close_late)
        others = [other for other in self.connections if isinstance(other, Connection) and other is not self]
        others = [other for other in others if not other.transport.is_closing()]
        idle = [other for other in others if not other.answering]
        if idle and len(others) >= limits.CONNECTIONS:
            min(idle, key=lambda other: other.deadline.when()).transport.abort()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._set_deadline(limits.REQUEST_SECONDS)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for the client, which has not yet received what was sent."""
        self._set_deadline(limits.ANSWER_SECONDS)
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on with the answer or, if it was the last piece, wait for the next request."""
        self._set_deadline(limits.REQUEST_SECONDS)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self.deadline.cancel()
        super().connection_lost(exc)

    @property
    def answering(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _set_deadline(self, seconds: float) -> None:
        self.deadline.cancel()
        self.deadline = self.loop.call_later(seconds, self._close_late)

    def _close_late(self) -> None:
        """Close the connection, unless it is the server that takes long."""
        if self.flow.write_paused or not self.answering:
            self.transport.abort()
