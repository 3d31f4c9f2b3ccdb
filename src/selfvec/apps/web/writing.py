"""What changes over HTTP, for those with the token: documents come and go, and topics are named.

``/api/documents``

    POST     adds documents; ``duplicates=keep`` or ``error`` in the address, else the same id replaces
    PUT      adds or replaces documents by their ids, which all of them have; without a text, their fields
    DELETE   deletes those of ``?id=…``, of the ids in the body, which may be gone, or of ``?filter=…``

``/api/topics``

    PUT      gives the topics the names in a table of them, as ``text topics --names``; without rows, none

The body is JSON, a document or a list of them, or JSON Lines. Each request is one state of the run, whole or
not at all, and on the disk before it is answered; so a request may be sent again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from selfvec.analysis.concepts.subjects import kept_with
from selfvec.apps.functions.live import add, deleted, upsert
from selfvec.apps.run import Run
from selfvec.base.answer import Answer
from selfvec.base.errors import CorpusError, NotFound, OptionError, SelfvecError, TargetError
from selfvec.corpus.kept_documents import REPLACE
from selfvec.corpus.streams import UTF8_BOM
from selfvec.data.run import TopicName
from selfvec.files.untrusted import parse_json

from .page_data import PresentPage
from .responses import check_parameters, error_response, json_response, status_of

DOCUMENTS, TOPICS = "/api/documents", "/api/topics"
CHANGING: dict[str, dict[str, tuple[str, ...]]] = {
    DOCUMENTS: {"POST": ("duplicates",), "PUT": (), "DELETE": ("id", "filter", "erase")},
    TOPICS: {"PUT": ()},
}
"""By path: the methods that change the run, with the parameters of each."""
TOKEN = "SELFVEC_TOKEN"  # environment variable, of an assistant's server, too
MOST_BYTES = 16 << 20  # of a body
MOST = 10_000  # documents of a request
SHORTEST_TOKEN = 16  # characters of a token
PATIENCE = 15  # seconds for a body: one that never ends would keep its connection
_LONGEST = 200  # characters of a name
_SEND = 'send {"id": "…", "text": "…"}'
_RETRY = "2"  # seconds, if another process writes the run


def token_for_writing(file: str | os.PathLike[str] | None = None) -> str:
    """The token that programs need: that of a file, or of the environment.

    `OptionError` if there is none, or it is short. `InputError` if the file cannot be read.
    """
    token = os.environ.get(TOKEN, "") if file is None else Path(file).read_text(encoding="utf-8").strip()
    return check_token(token, TOKEN, "write", ", or name its file: --token-file FILE")


def check_token(token: str, name: str, field: str | None = None, otherwise: str = "") -> str:
    """A token, from the environment variable ``name`` or ``otherwise``; `OptionError` if it is short."""
    if len(token) < SHORTEST_TOKEN:
        lacking = "" if token else ", and there is none"
        rule = f"{'' if field else f'{name} '}needs a token of at least {SHORTEST_TOKEN} characters{lacking}"
        raise OptionError(rule, field=field, remedy=f"put one into {name}{otherwise}")
    return token


class Writing:
    """An ASGI application that changes the documents of a run or names topics, one request at a time."""

    def __init__(self, run: Run, page: PresentPage) -> None:
        self._run = run
        self._page = page
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
            status = status_of(error)
            numbered = isinstance(error, CorpusError) and error.line
            rule = f"document {error.line}: {error.rule}" if numbered else error.rule
            remedy = _SEND if isinstance(error, CorpusError) else error.remedy
            answer = error_response(request, status, rule, remedy, error.field)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _body(request)
        except TimeoutError:
            rule = f"the body was not sent within {PATIENCE} s"
            return error_response(request, 408, rule, "send less at a time", headers={"connection": "close"})
        if body is None:
            rule = f"a body has at most {MOST_BYTES >> 20} MiB"
            return error_response(request, 413, rule, "send less at a time", headers={"connection": "close"})
        work = self._work(request, body)
        async with self._lock:
            figures = await asyncio.to_thread(work)
        return json_response(figures.as_dict())

    def _work(self, request: Request, body: bytes) -> Callable[[], Answer]:
        """What a request asks for; `OptionError` if it is not well formed."""
        asked = request.query_params
        check_parameters(asked, CHANGING[request.scope["path"]][request.method])
        given = _documents(body)
        if request.scope["path"] == TOPICS:
            names = [_topic_name(each) for each in given]
            return lambda: self._named(names)
        if request.method == "DELETE":
            ids = [*asked.getlist("id"), *(_id_of(each) for each in given)]
            erase = asked.get("erase", "") in ("1", "true")
            return partial(deleted, self._run, ids, asked.getlist("filter"), erase=erase)
        if not given:
            raise OptionError("there is no document", field="body", remedy=_SEND)
        rows = [_row(each, needs_id=request.method == "PUT") for each in given]
        if request.method == "PUT":
            return partial(upsert, self._run, rows)
        duplicates: Any = asked.get("duplicates", REPLACE)
        return partial(add, self._run, rows, duplicates=duplicates)

    def _named(self, names: list[TopicName]) -> Answer:
        page = self._page.now()
        topics = page.topics.result()
        if topics is None:
            raise NotFound("the text has too few words for topics")
        return Answer("Named", {"names": len(kept_with(page.run, topics, names))})


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
    body = body.removeprefix(UTF8_BOM)
    try:
        whole = parse_json(body)
    except ValueError as error:
        whole = _lines(body, error)
    several = whole if isinstance(whole, list) else [whole]
    if len(several) > MOST:
        rule = f"holds {len(several):,} documents, at most {MOST:,} at a time"
        raise OptionError(rule, field="body", remedy="send several requests")
    return several


def _lines(body: bytes, fault: ValueError) -> list[Any]:
    """The values of JSON Lines; ``fault`` is what is wrong with the body as one value."""
    values: list[Any] = []
    for number, line in enumerate(body.splitlines(), 1):
        try:
            values += [parse_json(line)] if line.strip() else []
        except ValueError as error:
            # Where the first line is no value, there is one over several lines, whose fault names its line.
            said = f"line {number}: {getattr(error, 'msg', error)}" if values else fault
            rule = f"is neither JSON nor JSON Lines ({said})"
            raise OptionError(rule, field="body", remedy="send a list, or one object a line") from None
    return values


def _row(document: Any, *, needs_id: bool) -> dict[str, Any]:
    # Which field holds the text is known where it is read: that of the run, or one of a usual name.
    if not isinstance(document, dict) or not {*document} - {"id"}:
        rule = f'a document is an object with a "text", not {str(document)!r:.80}'
        raise OptionError(rule, field="body", remedy=_SEND)
    if needs_id and document.get("id") in (None, ""):
        raise OptionError(
            "a document to replace has an id", field="body", remedy="give it an id, or use POST"
        )
    return document


def _topic_name(row: Any) -> TopicName:
    """A row of a table of topics."""
    name, terms = (row.get("name"), row.get("terms")) if isinstance(row, dict) else (None, None)
    plain = isinstance(terms, list) and all(isinstance(term, str) for term in terms)
    if not isinstance(name, str) or not name.strip() or not terms or not plain or len(name) > _LONGEST:
        rule = f'a topic is an object with a "name" and a list of "terms", not {str(row)!r:.80}'
        raise OptionError(rule, field="body", remedy='send [{"name": "…", "terms": ["…"]}]')
    return TopicName(" ".join(name.split()), tuple(terms))


def _id_of(given: Any) -> str:
    name = given.get("id") if isinstance(given, dict) else given
    if not isinstance(name, str | int) or isinstance(name, bool):
        raise OptionError(f"are ids, not {str(given)!r:.80}", field="body", remedy='send ["A17", "B4"]')
    return str(name)
