"""The web application: each address asks a `Study` one question and answers in JSON, points in binary."""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from selfvec.base.errors import SelfvecError

from .files import page_files
from .guard import Application, Guard, refusal_body
from .study import Study
from .view import Filter

__all__ = ["create_app"]

_JSON = "application/json; charset=utf-8"
_DEFECT = "this could not be answered, which is a defect of Selfvec"

Key = Annotated[str, Query(max_length=200)]
Word = Annotated[str, Query(min_length=1, max_length=200)]
Part = Annotated[str, Query(max_length=100)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]
Few = Annotated[int, Query(ge=1, le=20)]
Seen = Annotated[int, Query(ge=1)]
Share = Annotated[float, Query(ge=0, le=1)]


def create_app(study: Study, *, host: str = "127.0.0.1", token: str | None = None) -> Application:
    """The application of a run's page, guarded.

    Parameters
    ----------
    study : Study
    host : str
        The address it will be served at.
    token : str, optional
        Needed at any address that is not this machine's own; see `Guard`.
    """
    app = FastAPI(title="selfvec", docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)
    _add_answers(app, study)
    _add_map(app, study)
    _add_page(app)
    return Guard(app, host=host, token=token)


def answer(data: Any) -> Response:
    """JSON, never cached: a run may be made anew under the same address."""
    body = json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return Response(body, media_type=_JSON, headers={"cache-control": "no-store"})


def _add_answers(app: FastAPI, study: Study) -> None:
    default = study.comparisons.default

    @app.get("/api/about")
    def about() -> Response:
        return answer(study.about())

    @app.get("/api/complete")
    def complete(q: Part = "", n: Few = 8) -> Response:
        return answer({"words": study.complete(q, n)})

    @app.get("/api/ranking")
    def ranking(
        c: Key = default,
        seen: Annotated[int | None, Query(ge=1)] = None,
        size: Share = 0.0,
        q: Annotated[float | None, Query(gt=0, le=1)] = None,
        text: Part = "",
        sort: Annotated[str, Query(pattern="^(size|distance|apd|q|count|word)$")] = "size",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        return answer(study.ranking(c, Filter(seen, size, q, text, sort), offset, limit))

    @app.get("/api/word")
    def word(w: Word, c: Key = default) -> Response:
        return answer(study.word(c, w))

    @app.get("/api/uses")
    def uses(w: Word, c: Key = default, n: Few = 5) -> Response:
        return answer(study.uses(c, w, n))

    @app.get("/api/together")
    def together(w: Word, other: Word, n: Few = 5) -> Response:
        return answer(study.together(w, other, n))

    @app.get("/api/unknown")
    def unknown(
        source: Annotated[str | None, Query(max_length=20)] = None,
        seen: Seen = 1,
        text: Part = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        return answer(study.unknown(source, seen, text, offset, limit))

    @app.get("/api/texts")
    def texts(q: Annotated[str, Query(min_length=1, max_length=500)], n: Few = 8) -> Response:
        return answer(study.texts(q, n))

    @app.get("/api/health")
    def health() -> Response:
        return answer(study.health())


def _add_map(app: FastAPI, study: Study) -> None:
    default = study.comparisons.default

    @app.get("/api/map")
    def described(c: Key = default, w: Annotated[str | None, Query(max_length=200)] = None) -> Response:
        return answer(study.map(c, w or None)[0])

    @app.get("/api/map/points")
    def points(
        c: Key = default, w: Annotated[str | None, Query(max_length=200)] = None, whole: bool = True
    ) -> Response:
        """Places of the words in every state: (F, n, 2) whole numbers of 16 bits, the low byte first."""
        body = np.ascontiguousarray(study.map(c, w or None, whole)[1], dtype="<i2").tobytes()
        return Response(body, media_type="application/octet-stream", headers={"cache-control": "no-store"})


def _add_page(app: FastAPI) -> None:
    known = page_files()

    @app.get("/{path:path}")
    def page(request: Request) -> Response:
        file = known.get(request.url.path)
        if file is None:
            raise HTTPException(404)
        headers = {"cache-control": "no-cache", "etag": file.tag}
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, media_type=file.type, headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Every error is JSON with the rule that was broken; a defect of ours keeps its traceback to itself."""

    def told(status: int, rule: str, remedy: str | None = None, place: str | None = None) -> Response:
        body = refusal_body(rule, remedy=remedy, place=place)
        return Response(body, status, media_type=_JSON, headers={"cache-control": "no-store"})

    @app.exception_handler(SelfvecError)
    def ours(request: Request, error: SelfvecError) -> Response:
        del request
        return told(404 if "does not occur" in error.rule else 400, error.rule, error.remedy, error.field)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        del request
        first = error.errors()[0]
        return told(400, str(first["msg"]), "ask again within the rule", str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        rule = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
        return told(error.status_code, rule, "open the page at /", request.url.path[:200])

    @app.exception_handler(Exception)
    def defect(request: Request, error: Exception) -> Response:
        del request, error
        return told(500, _DEFECT, "see what selfvec serve printed in the terminal")
