"""The web application: a path for each address of `PageData` and its maps, the files of the page, and errors.

An answer is computed in the work queue and answered in JSON; points are binary. While the comparison that an
answer needs is being computed, the answer is ``"ready": false`` with the progress.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from selfvec.base.errors import NotFound, SelfvecError
from selfvec.base.versions import __version__
from selfvec.retrieval import Index

from . import work
from .addresses import Address, addresses_of, question_of
from .guard import Guard
from .maps import Maps
from .page_data import PageData, PresentPage
from .responses import ERRORS, Answer, error_response, json_response
from .work import BackgroundTask, Busy, WorkQueue

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_DESCRIPTION = """The searches and comparisons of one run, as JSON. Only GET and HEAD are answered.

At an address that other machines reach, send the header `Authorization: Bearer TOKEN`. An answer with status
503 has a header `Retry-After`. While a comparison is being computed, answers that need it are
`{"ready": false}`."""


def create_app(data: PageData, token: str | None = None) -> ASGIApp:
    """The application of a run's page behind a `Guard`, which checks ``token``."""
    app = FastAPI(
        title="Selfvec",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses=ERRORS,
    )
    queue = WorkQueue()
    page = PresentPage(data)
    _add_errors(app)
    for owner in (PageData, Maps):
        for name, address in addresses_of(owner):
            _add_address(app, queue, page, owner, name, address)
    _add_page(app)
    return Guard(app, token)


def _add_address(
    app: FastAPI, queue: WorkQueue, page: PresentPage, owner: type, name: str, address: Address
) -> None:
    """Answer with the result of a method, which is looked up when it is asked for."""

    async def answer(**asked: Any) -> Response:
        for last in (False, False, True):
            data = await asyncio.to_thread(page.now)
            try:
                return await answered(data, asked)
            except SelfvecError:
                if last or await asyncio.to_thread(page.now) is data:
                    raise  # else the run got another state meanwhile
        raise AssertionError

    async def answered(data: PageData, asked: dict[str, Any]) -> Response:
        answers = data.maps if owner is Maps else data
        if asked.get("key", "") is None:
            asked = {**asked, "key": data.comparisons.default}
        if address.indexed:
            await _indexed(data.index)
        tasks = (
            [task.begin() for task in dict.fromkeys(address.needs(answers, asked))] if address.needs else []
        )
        if not all(task.done() for task in tasks):
            return _not_ready(address, tasks)
        return await queue.run(lambda: _answer(getattr(answers, name)(**asked)))

    method = getattr(owner, name)
    answer.__name__ = name
    answer.__doc__ = method.__doc__
    answer.__dict__["__signature__"] = question_of(method, key=None)
    kind = Response if "content" in address.answer else JSONResponse
    app.get(address.path, responses={200: address.answer} if address.answer else None, response_class=kind)(
        answer
    )


def _not_ready(address: Address, tasks: Sequence[BackgroundTask[Any]]) -> Response:
    """How much of the tasks is done."""
    if "content" in address.answer:
        raise Busy("the map is being drawn")
    return json_response({"ready": False, "share": sum(task.share for task in tasks) / len(tasks)})


def _answer(found: Any) -> Response:
    """A result as JSON, or the bytes of an array."""
    if isinstance(found, np.ndarray):
        body = np.ascontiguousarray(found, dtype="<i2").data.cast("B")  # no copy
        return Answer(body, media_type="application/octet-stream")
    return json_response(found)


async def _indexed(index: BackgroundTask[Index]) -> None:
    """Wait briefly for the index; raises `Busy` if it takes longer."""
    for _ in range(20):
        if index.begin().done():
            return
        await asyncio.sleep(work.QUEUE_SECONDS / 20)
    raise Busy(f"the documents are being indexed ({index.share:.0%} of this step done)")


def _add_page(app: FastAPI) -> None:
    known = page_files()

    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request) -> Response:  # files are in memory: it needs no thread
        file = known.get(request.url.path)
        if file is None:
            raise HTTPException(404)
        headers = {"cache-control": "no-cache", "etag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, media_type=file.type, headers=headers)


class PageFile(NamedTuple):
    """A file of the page. Its etag changes with its content."""

    body: bytes
    type: str
    etag: str


def page_files() -> dict[str, PageFile]:
    """All files of the page by path, read once. Other paths are not served."""
    found = {}
    for entry in files(__package__).joinpath("static").iterdir():
        kind = _TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None:
            body = entry.read_bytes()
            path = "/" if entry.name == "index.html" else f"/{entry.name}"
            found[path] = PageFile(body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    return found


def _add_errors(app: FastAPI) -> None:
    """Every error names the rule that was broken. The traceback of a bug is printed in the terminal only."""

    @app.exception_handler(SelfvecError)
    def ours(request: Request, error: SelfvecError) -> Response:
        status = 503 if isinstance(error, Busy) else 404 if isinstance(error, NotFound) else 400
        headers = {"retry-after": str(error.wait)} if isinstance(error, Busy) else {}
        return error_response(request, status, error.rule, error.remedy, error.field, headers)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return error_response(request, 400, str(first["msg"]), "correct the argument", str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        rule = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
        return error_response(request, error.status_code, rule, "open the page at /", request.url.path[:200])

    @app.exception_handler(Exception)
    def bug(request: Request, error: Exception) -> Response:
        del error
        rule = "a bug in Selfvec prevented an answer"
        remedy = "see the traceback that selfvec serve printed in the terminal"
        return error_response(request, 500, rule, remedy)
