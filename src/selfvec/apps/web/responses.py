"""Answers in JSON, and errors: as JSON for programs, as a page for people, and as OpenAPI describes them.

Long answers are sent in pieces, so that slow clients do not fill the memory.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfvec.retrieval import Hit

from . import limits

__all__ = [
    "ERRORS",
    "AnswerPieces",
    "Problem",
    "Refused",
    "SearchAnswer",
    "SimilarAnswer",
    "busy_response",
    "error_page",
    "error_response",
    "json_response",
    "wants_page",
]


class Problem(BaseModel):
    """An error: the field, the rule that was broken, and the remedy."""

    place: str | None
    rule: str
    remedy: str | None


class Refused(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


class SimilarAnswer(BaseModel):
    """The output of `selfvec similar --document ID --json`."""

    query: str
    mode: str
    documents: int
    asked: list[str]
    unknown: list[str]
    rows: list[Hit]
    filters: list[str]
    corpus: str
    skipped_files: list[str]
    left_out: str
    alike: list[str]


class SearchAnswer(SimilarAnswer):
    """The output of `selfvec search --json`, and the fields to filter by."""

    filter_names: list[str]


_MEANINGS = {
    400: "An argument is not valid.",
    401: "A token is needed.",
    403: "The request comes from another site.",
    404: "The run does not have the word, document, field or slice.",
    405: "Only GET and HEAD are answered.",
    413: "A request has no body.",
    414: "The address is too long.",
    421: "The Host header does not name this machine.",
    422: "Not used: invalid arguments have status 400.",
    431: "The headers are too long.",
    500: "A bug in Selfvec.",
    503: "The server is busy, or the documents are being indexed: see `Retry-After`.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": meaning} for status, meaning in _MEANINGS.items()
}
"""The errors that every address may return, by status."""


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON that is not cached, because another run may be served at the same address later."""
    body = json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    headers = {"cache-control": "no-store", **(headers or {})}
    return Response(body, status, headers, media_type="application/json; charset=utf-8")


def error_response(
    status: int,
    rule: str,
    remedy: str | None = None,
    place: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error in JSON: the field, the rule that was broken, and what to do."""
    return json_response({"error": {"place": place, "rule": rule, "remedy": remedy}}, status, headers)


def error_page(
    status: int, rule: str, remedy: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as a plain HTML page, for a person who opened an address."""
    lines = "".join(f"<p>{html.escape(line)}.</p>" for line in (rule, remedy) if line)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Selfvec</title>'
    body = f'<!doctype html><html lang="en"><head>{head}</head><body><h1>Selfvec</h1>{lines}</body></html>'
    headers = {"cache-control": "no-store", **(headers or {})}
    return Response(body, status, headers, media_type="text/html")


def busy_response(
    headers: Mapping[str, str] | None = None, *, rule: str = "the server is busy", wait: int = 2
) -> Response:
    """The answer to a request that exceeds a limit: ask again after ``wait`` seconds."""
    headers = {"retry-after": str(wait), **(headers or {})}
    return error_response(503, rule, f"ask again in {wait} seconds", headers=headers)


def wants_page(request: Request) -> bool:
    """Whether a person opens an address that is not part of the programming interface."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.scope["path"].startswith("/api/")


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
