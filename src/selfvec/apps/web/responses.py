"""Answers in JSON, and errors: as JSON for programs, as a page for people, and as OpenAPI describes them."""

from __future__ import annotations

import html
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from selfvec.base.errors import NotFound, OptionError, SelfvecError, did_you_mean

from .work import ServerBusy

PIECE_BYTES = 1 << 16  # of an answer that are sent at a time
LONG_ANSWERS = 32  # answers longer than a piece that are sent at the same time


class Problem(BaseModel):
    """An error: the field, the rule that was broken, and the remedy."""

    place: str | None
    rule: str
    remedy: str | None


class Refused(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


_MEANINGS = {
    400: "An argument is not valid.",
    401: "A token is needed.",
    403: "The request comes from another site.",
    404: "The run does not have the word, document, field or slice.",
    405: "Only GET and HEAD are answered.",
    413: "A request has no body.",
    421: "The Host header does not name this machine.",
    422: "Not used: invalid arguments have status 400.",
    500: "A bug in Selfvec.",
    503: "The server is busy, or the documents are being indexed: see `Retry-After`.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": meaning} for status, meaning in _MEANINGS.items()
}
"""The errors that every address may return, by status."""


class LimitedResponse(Response):
    """An answer that is not cached, because another run may be served at the same address later.

    Long ones are sent in pieces, of which a slow client holds one, and only some at a time.
    """

    _long: ClassVar[int] = 0  # that are being sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer; raises `ServerBusy` if too many long ones are being sent."""
        self.headers["cache-control"] = "no-store"
        body = memoryview(self.body)
        if len(body) <= PIECE_BYTES:
            await super().__call__(scope, receive, send)
            return
        if LimitedResponse._long >= LONG_ANSWERS:
            raise ServerBusy("many long answers are being sent")
        LimitedResponse._long += 1
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            for start in range(0, len(body), PIECE_BYTES):
                end = start + PIECE_BYTES
                piece = bytes(body[start:end])
                await send({"type": "http.response.body", "body": piece, "more_body": end < len(body)})
        finally:
            LimitedResponse._long -= 1


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> LimitedResponse:
    """An answer in JSON."""
    body = json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return LimitedResponse(body, status, headers, media_type="application/json; charset=utf-8")


def error_response(
    request: Request,
    status: int,
    rule: str,
    remedy: str | None = None,
    place: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> LimitedResponse:
    """An error: the field, the rule that was broken, and what to do.

    It is a page for a person who opens an address that is not part of the programming interface, JSON for a
    program.
    """
    if "text/html" not in request.headers.get("accept", "") or request.scope["path"].startswith("/api/"):
        return json_response({"error": {"place": place, "rule": rule, "remedy": remedy}}, status, headers)
    root = "../" * (request.scope["path"].count("/") - 1) or "./"  # a proxy may serve the page below a path
    lines = "".join(f"<p>{html.escape(line[:1].upper() + line[1:])}.</p>" for line in (rule, remedy) if line)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Selfvec</title>'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="stylesheet" href="{root}page.css">'
        f'<link rel="icon" href="{root}icon.svg" type="image/svg+xml">'
    )
    home = f'<p><a href="{root}">The page of the run</a></p>'
    main = f'<main id="main"><h1>Selfvec</h1>{lines}{home}</main>'
    body = f'<!doctype html><html lang="en"><head>{head}</head><body class="interface">{main}</body></html>'
    return LimitedResponse(body, status, headers, media_type="text/html")


def status_of(error: SelfvecError) -> int:
    """The status of an error: 404 for what is not there, but for a field in a filter, which is malformed."""
    return 404 if isinstance(error, NotFound) and error.field != "filter" else 400


def check_parameters(asked: Iterable[str], known: Collection[str]) -> None:
    """Raise `OptionError` for a name in the address of a request that nothing reads: it may be misspelt."""
    for name in asked:
        if name not in known:
            remedy = did_you_mean(name, known) or f"its parameters are: {', '.join(known) or 'none'}"
            raise OptionError("is no parameter of this address", field=name, remedy=remedy)
