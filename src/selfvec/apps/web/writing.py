"""Documents come and go over HTTP: POST, PUT and DELETE of ``/api/documents``, for programs with the token.

    POST     adds documents; ``duplicates=keep`` or ``error`` in the address, else the same id replaces
    PUT      adds or replaces documents by their ids, which all of them have
    DELETE   deletes those of ``?id=…``, or of the ids in the body; ids that are gone are passed over

The body is JSON, a document or a list of them, or JSON Lines. Each request is one state of the run, whole or
not at all, and on the disk before it is answered; so a request may be sent again.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from selfvec.apps.functions.live import add, changed, removal
from selfvec.apps.run import Run
from selfvec.base.errors import NotFound, OptionError, SelfvecError, TargetError
from selfvec.base.result_table import Figures
from selfvec.refinement import live

from .responses import error_response, json_response

PATH = "/api/documents"
METHODS = ("POST", "PUT", "DELETE")
TOKEN = "SELFVEC_TOKEN"  # environment variable, of an assistant's server, too
MOST_BYTES = 16 << 20  # of a body
MOST = 10_000  # documents of a request
SHORTEST_TOKEN = 16  # characters of a token
_RETRY = "2"  # seconds, if another process writes the run


def token_for_writing(file: str | os.PathLike[str] | None = None) -> str:
    """The token that programs need: that of a file, or of the environment.

    `OptionError` if there is none, or it is short. `InputError` if the file cannot be read.
    """
    token = os.environ.get(TOKEN, "") if file is None else Path(file).read_text(encoding="utf-8").strip()
    if len(token) < SHORTEST_TOKEN:
        lacking = "" if token else ", and there is none"
        rule = f"needs a token of at least {SHORTEST_TOKEN} characters{lacking}"
        raise OptionError(
            rule, field="write", remedy=f"put one into {TOKEN}, or name its file: --token-file FILE"
        )
    return token


class Writing:
    """An ASGI application that changes the documents of a run, one request at a time."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request: with what it has changed, or why it has changed nothing."""
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except TargetError as error:
            headers = {"retry-after": _RETRY}
            answer = error_response(request, 503, error.rule, "try again", headers=headers)
        except SelfvecError as error:
            status = 404 if isinstance(error, NotFound) else 400
            answer = error_response(request, status, error.rule, error.remedy, error.field)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            rule = f"a body has at most {MOST_BYTES >> 20} MiB"
            return error_response(request, 413, rule, "send less at a time", headers={"connection": "close"})
        work = self._work(request, body)
        async with self._lock:
            figures = await asyncio.to_thread(work)
        return json_response(dict(figures))

    def _work(self, request: Request, body: bytes) -> Callable[[], Figures]:
        """What a request asks for; `OptionError` if it is not well formed."""
        asked = request.query_params
        given = _documents(body)
        if request.method == "DELETE":
            ids = [*asked.getlist("id"), *(_id_of(each) for each in given)]
            if not ids:
                raise OptionError("there are no ids", field="id", remedy="name them: /api/documents?id=A17")
            erase = asked.get("erase", "") in ("1", "true")
            return lambda: changed(self._run, removal(ids, erase=erase, ignore_missing=True))
        if not given:
            raise OptionError("there is no document", field="body", remedy='send {"id": "…", "text": "…"}')
        rows = [_row(each, needs_id=request.method == "PUT") for each in given]
        duplicates = live.REPLACE if request.method == "PUT" else asked.get("duplicates", live.REPLACE)
        return lambda: add(self._run, rows, duplicates=duplicates)


async def _body(request: Request) -> bytes | None:
    """The body; None if it is too long."""
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        return None
    pieces = bytearray()
    async for piece in request.stream():
        pieces += piece
        if len(pieces) > MOST_BYTES:
            return None
    return bytes(pieces)


def _documents(body: bytes) -> list[Any]:
    """What is in a body: JSON, of a list its items, or JSON Lines."""
    if not body.strip():
        return []
    try:
        try:
            whole = json.loads(body)
        except json.JSONDecodeError:
            whole = [json.loads(line) for line in body.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise OptionError(f"is neither JSON nor JSON Lines ({error})", field="body") from None
    several = whole if isinstance(whole, list) else [whole]
    if len(several) > MOST:
        raise OptionError(f"holds {len(several):,} documents, at most {MOST:,} at a time", field="body")
    return several


def _row(document: Any, *, needs_id: bool) -> dict[str, Any]:
    if not isinstance(document, dict) or not str(document.get("text") or "").strip():
        rule = f'a document is an object with a "text", not {str(document)!r:.80}'
        raise OptionError(rule, field="body", remedy='send {"id": "…", "text": "…"}')
    if needs_id and not str(document.get("id") or "").strip():
        raise OptionError(
            "a document to replace has an id", field="body", remedy="give it an id, or use POST"
        )
    return document


def _id_of(given: Any) -> str:
    name = given.get("id") if isinstance(given, dict) else given
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise OptionError(f"are ids, not {str(given)!r:.80}", field="body")
    return str(name)
