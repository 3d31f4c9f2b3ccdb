"""The web application: each address calls a method of `PageData` and answers in JSON, points in binary."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Annotated, NamedTuple

import numpy as np
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from selfvec.base.errors import SelfvecError

from .guard import Guard, error_response, json_response
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
    _add_errors(app)
    _add_words(app, data)
    _add_map(app, data)
    _add_page(app)
    return Guard(app, host=host, token=token)


def _filter(
    seen: Annotated[int | None, Query(ge=1)] = None,
    size: Annotated[float, Query(ge=0, le=1)] = 0.0,
    q: Annotated[float | None, Query(gt=0, le=1)] = None,
    text: Part = "",
    sort: Annotated[str, Query(pattern="^(size|distance|apd|q|count|word)$")] = "size",
) -> Filter:
    return Filter(seen, size, q, text, sort)


def _add_words(app: FastAPI, data: PageData) -> None:
    default = data.comparisons.default

    @app.get("/api/about")
    def about() -> Response:
        return json_response(data.about())

    @app.get("/api/health")
    def health() -> Response:
        return json_response(data.health())

    @app.get("/api/complete")
    def complete(q: Part = "", n: Few = 8) -> Response:
        return json_response({"words": data.complete(q, n)})

    @app.get("/api/ranking")
    def ranking(
        wanted: Annotated[Filter, Depends(_filter)], c: Key = default, offset: Offset = 0, limit: Limit = 50
    ) -> Response:
        return json_response(data.ranking(c, wanted, offset, limit))

    @app.get("/api/word")
    def word(w: Word, c: Key = default) -> Response:
        return json_response(data.word(c, w))

    @app.get("/api/uses")
    def uses(w: Word, c: Key = default, n: Few = 5) -> Response:
        return json_response(data.uses(c, w, n))

    @app.get("/api/together")
    def together(w: Word, other: Word, n: Few = 5) -> Response:
        return json_response(data.together(w, other, n))

    @app.get("/api/unknown")
    def unknown(
        source: Annotated[str | None, Query(max_length=20)] = None,
        seen: Annotated[int, Query(ge=1)] = 1,
        text: Part = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        return json_response(data.unknown(source, seen, text, offset, limit))

    @app.get("/api/texts")
    def texts(q: Annotated[str, Query(min_length=1, max_length=500)], n: Few = 8) -> Response:
        return json_response(data.texts(q, n))


def _add_map(app: FastAPI, data: PageData) -> None:
    default = data.comparisons.default

    @app.get("/api/map")
    def description(c: Key = default, w: OptionalWord = None) -> Response:
        return json_response(data.map(c, w or None)[0])

    @app.get("/api/map/points")
    def points(c: Key = default, w: OptionalWord = None, whole: bool = True) -> Response:
        """Points of the words in every state: (F, n, 2) 16-bit integers, the low byte first."""
        body = np.ascontiguousarray(data.map(c, w or None, whole)[1], dtype="<i2").tobytes()
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
    """Every error is JSON with the rule that was broken. The traceback of a bug goes to the terminal only."""

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
        return error_response(error.status_code, rule, "open the page at /", request.url.path[:200])

    @app.exception_handler(Exception)
    def bug(_: Request, error: Exception) -> Response:
        del error
        rule = "this could not be answered because of a bug in Selfvec"
        return error_response(500, rule, "see what selfvec serve printed in the terminal")
