"""The web application.

Each path calls a method of `PageData` in the work queue and answers in JSON, points in binary. While the
comparison that an answer needs is being computed, the answer is ``"ready": false`` and how much is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.resources import files
from typing import Annotated, Any, NamedTuple

import numpy as np
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from selfvec.base.errors import SelfvecError

from .background import Busy
from .comparison import REFINED
from .guard import Guard, busy_response, error_page, error_response, json_response, wants_page
from .limits import Pieces, WorkQueue
from .page_data import PageData
from .ranking import Filter

__all__ = ["create_app", "page_files"]

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

Key = Annotated[str, Query(max_length=200)]
Word = Annotated[str, Query(min_length=1, max_length=200)]
OptionalWord = Annotated[str | None, Query(max_length=200)]
Part = Annotated[str, Query(max_length=100)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]
Few = Annotated[int, Query(ge=1, le=20)]


def create_app(data: PageData, *, host: str = "127.0.0.1", token: str | None = None) -> ASGIApp:
    """The application of a run's page, guarded; see `Guard` for the address it is served at and its token."""
    app = FastAPI(title="selfvec", docs_url=None, redoc_url=None, openapi_url=None)
    answers = Answers(data)
    _add_errors(app)
    _add_words(app, answers)
    _add_map(app, answers)
    _add_page(app)
    return Guard(Pieces(app), host=host, token=token)


class Answers:
    """What the paths share: the data of the page, and the queue that computes answers."""

    def __init__(self, data: PageData) -> None:
        self.data, self.queue = data, WorkQueue()

    async def json(self, work: Callable[..., Any], *arguments: Any) -> Response:
        """The result of a function, in JSON."""
        return await self.queue.run(lambda: json_response(work(*arguments)))

    async def compared(self, key: str, work: Callable[..., Any], *arguments: Any) -> Response:
        """The same, or how much is done of the comparison that it needs."""
        task = self.data.comparisons.tasks(key).comparison
        if not task.done():
            return json_response({"ready": False, "share": task.share})
        return await self.json(work, *arguments)


def _filter(
    seen: Annotated[int | None, Query(ge=1)] = None,
    size: Annotated[float, Query(ge=0, le=1)] = 0.0,
    q: Annotated[float | None, Query(gt=0, le=1)] = None,
    text: Part = "",
    sort: Annotated[str, Query(pattern="^(size|distance|apd|q|count|word)$")] = "size",
) -> Filter:
    return Filter(seen, size, q, text, sort)


def _add_words(app: FastAPI, answers: Answers) -> None:
    data = answers.data
    default = data.comparisons.default

    @app.get("/api/about")
    async def about() -> Response:
        return await answers.json(data.about)

    @app.get("/api/health")
    async def health() -> Response:
        return await answers.json(data.health)

    @app.get("/api/complete")
    async def complete(q: Part = "", n: Few = 8) -> Response:
        return await answers.json(lambda: {"words": data.complete(q, n)})

    @app.get("/api/ranking")
    async def ranking(
        wanted: Annotated[Filter, Depends(_filter)], c: Key = default, offset: Offset = 0, limit: Limit = 50
    ) -> Response:
        return await answers.compared(c, data.ranking, c, wanted, offset, limit)

    @app.get("/api/word")
    async def word(w: Word, c: Key = default) -> Response:
        return await answers.compared(c, data.word, c, w)

    @app.get("/api/uses")
    async def uses(w: Word, c: Key = default, n: Few = 5) -> Response:
        return await answers.compared(c, data.uses, c, w, n)

    @app.get("/api/together")
    async def together(w: Word, other: Word, n: Few = 5) -> Response:
        return await answers.json(data.together, w, other, n)

    @app.get("/api/unknown")
    async def unknown(
        source: Annotated[str | None, Query(max_length=20)] = None,
        seen: Annotated[int, Query(ge=1)] = 1,
        text: Part = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        return await answers.compared(REFINED, data.unknown, source, seen, text, offset, limit)

    @app.get("/api/texts")
    async def texts(q: Annotated[str, Query(min_length=1, max_length=500)], n: Few = 8) -> Response:
        return await answers.json(data.texts, q, n)


def _add_map(app: FastAPI, answers: Answers) -> None:
    data = answers.data
    default = data.comparisons.default

    @app.get("/api/map")
    async def description(c: Key = default, w: OptionalWord = None) -> Response:
        return await answers.compared(c, lambda: data.map(c, w or None)[0])

    @app.get("/api/map/points")
    async def points(c: Key = default, w: OptionalWord = None, whole: bool = True) -> Response:
        """Points of the words in every state: (F, n, 2) 16-bit integers, the low byte first."""
        tasks = data.comparisons.tasks(c)
        if not (tasks.states if whole else tasks.comparison).done():
            raise Busy("the map is being drawn")
        drawn = await answers.queue.run(lambda: data.map(c, w or None, whole)[1])
        body = np.ascontiguousarray(drawn, dtype="<i2").data.cast("B")  # no copy: the map is kept
        return Response(body, media_type="application/octet-stream", headers={"cache-control": "no-store"})


class PageFile(NamedTuple):
    """A file of the page; its etag changes when it does."""

    body: bytes
    type: str
    etag: str


def page_files() -> dict[str, PageFile]:
    """All files of the page by path, read once. No other path is answered."""
    found = {}
    for entry in files(__package__).joinpath("static").iterdir():
        kind = _TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None:
            body = entry.read_bytes()
            path = "/" if entry.name == "index.html" else f"/{entry.name}"
            found[path] = PageFile(body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    return found


def _add_page(app: FastAPI) -> None:
    known = page_files()

    @app.get("/{path:path}")
    def page(request: Request) -> Response:
        file = known.get(request.url.path)
        if file is None:
            raise HTTPException(404)
        headers = {"cache-control": "no-cache", "etag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, media_type=file.type, headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Every error has the rule that was broken. The traceback of a bug goes to the terminal only."""

    @app.exception_handler(Busy)
    def busy(_: Request, error: Busy) -> Response:
        return busy_response(wait=error.wait)

    @app.exception_handler(SelfvecError)
    def ours(_: Request, error: SelfvecError) -> Response:
        status = 404 if "does not occur" in error.rule else 400
        return error_response(status, error.rule, error.remedy, error.field)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return error_response(400, str(first["msg"]), "ask again within the rule", str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        rule = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
        if wants_page(request):
            return error_page(error.status_code, rule, "open the page at /")
        return error_response(error.status_code, rule, "open the page at /", request.url.path[:200])

    @app.exception_handler(Exception)
    def bug(_: Request, error: Exception) -> Response:
        del error
        rule = "this could not be answered because of a bug in Selfvec"
        return error_response(500, rule, "see what selfvec serve printed in the terminal")
