"""The web application: answers at the addresses, the files of the page, and errors.

An answer is computed in the work queue and given in JSON. While a task that an answer needs is not done, the
answer is ``"ready": false`` with the progress.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

from fastapi import APIRouter, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from selfvec.apps.run import Run
from selfvec.base.errors import SelfvecError
from selfvec.base.installed import __version__

from . import documents, first_view, times, words
from .addresses import ADDRESSES, question_of
from .guard import Guard
from .metrics import CONTENT_TYPE, METRICS, Requests
from .page_data import PageData, PresentPage
from .responses import ERRORS, LimitedResponse, check_parameters, error_response, json_response, status_of
from .work import NotReady, ServerBusy, WorkQueue
from .writing import CHANGING, Writing

T = TypeVar("T")

ANSWERING = (documents, first_view, times, words)
"""The modules that answer: their functions stand in `ADDRESSES` once they are imported."""

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_DESCRIPTION = """The searches and comparisons of one run, as JSON. Only GET and HEAD are answered, and with
`selfvec serve --write` POST, PUT and DELETE of /api/documents, and PUT of /api/topics.

At an address that other machines reach, send the header `Authorization: Bearer TOKEN`. An answer with status
503 has a header `Retry-After`. While a comparison waits or is computed, answers that need it are
`{"ready": false}`, with what is done, and how many come `ahead`; one that nobody asks for ends after some
seconds."""


def create_app(data: PageData, token: str | None = None, write_token: str | None = None) -> ASGIApp:
    """The application of a run's page behind a `Guard`, which checks ``token``.

    With ``write_token`` those who have it may change the documents of the run, and name its topics.
    """
    app = FastAPI(
        title="Selfvec",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses=ERRORS,
    )
    _add_errors(app)
    data.writes = write_token is not None
    app.state.page = page = PresentPage(data)
    # A list that goes through much of the text takes a thread of its own, so that other requests are answered
    # meanwhile, however many lists are asked for. So does the state, which is asked for while all are busy.
    app.state.queues = {"answers": WorkQueue(), "lists": WorkQueue(1), "state": WorkQueue(1)}
    app.router.routes += _router().routes
    writing = None if write_token is None else (Writing(Run(data.run), page), write_token)
    told_apart = dict.fromkeys(page_files(), "page") | {
        path: path for path in (*ADDRESSES, *CHANGING, METRICS)
    }
    app.state.requests = requests = Requests(Guard(app, token, writing), told_apart)
    return requests


@cache
def _router() -> APIRouter:
    """The addresses of every run: to derive the checks from their signatures takes a quarter of a second."""
    router = APIRouter(responses=ERRORS)
    for path in ADDRESSES:
        _add_address(router, path)
    _add_page(router)
    return router


def _add_address(router: APIRouter, path: str) -> None:
    """Answer with the result of the function that is at a path when somebody asks."""
    function, waits, threads, described = ADDRESSES[path]

    async def answer(request: Request, **asked: Any) -> Response:
        check_parameters(request.query_params, _names_of(request.scope["route"].dependant))
        state = request.app.state
        page: PresentPage = state.page
        answering = page.answer(lambda data: answered(data, state.queues[threads], asked))
        found = await _while_connected(request, answering)
        return refused(request, found) if isinstance(found, SelfvecError) else found

    async def answered(data: PageData, queue: WorkQueue, asked: dict[str, Any]) -> Response | SelfvecError:
        if asked.get("key", "") is None:
            asked = {**asked, "key": data.comparisons.default}

        def work() -> Response | SelfvecError:
            try:
                return json_response(ADDRESSES[path].function(data, **asked))
            except SelfvecError as error:  # whose frames would hold the data of a state that has gone
                return error.with_traceback(None)

        answer = await queue.run(work)
        if isinstance(answer, NotReady):
            if not waits:
                doing, ahead = data.tasks.doing(answer.tasks)
                told = {"ready": False, "share": answer.share, "doing": doing, "ahead": ahead}
                return json_response(told)
            await answer.wait_briefly()
            answer = await queue.run(work)
        return answer

    answer.__name__ = function.__name__
    answer.__doc__ = function.__doc__
    answer.__dict__["__signature__"] = question_of(function, Request, key=None)
    router.get(path, responses={200: described} if described else None, response_class=JSONResponse)(answer)


async def _while_connected(request: Request, answering: Coroutine[Any, Any, T]) -> T | Response:
    """The answer, which leaves the queue, or ends at its next step, once its client is gone."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    answer, watch = asyncio.ensure_future(answering), asyncio.ensure_future(gone())
    watch.add_done_callback(lambda _: answer.cancel())
    try:
        return await answer
    except asyncio.CancelledError:
        return Response(status_code=499)
    finally:
        watch.cancel()


def _names_of(dependant: Dependant) -> list[str]:
    """The parameters in the address of a question."""
    inner = (name for part in dependant.dependencies for name in _names_of(part))
    return [*(parameter.alias for parameter in dependant.query_params), *inner]


def _add_page(router: APIRouter) -> None:
    served = page_files()

    @router.get(METRICS, include_in_schema=False)
    async def metrics(request: Request) -> Response:
        requests: Requests = request.app.state.requests
        present: PresentPage = request.app.state.page

        text = requests.text(await asyncio.to_thread(present.now))
        return LimitedResponse(text, media_type=CONTENT_TYPE)

    @router.get("/{path:path}", include_in_schema=False)
    async def page(request: Request) -> Response:  # files are in memory: it needs no thread
        file = served.get(request.url.path)
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


@cache
def page_files() -> dict[str, PageFile]:
    """All files of the page by path, read once. Other paths are not served."""
    pages = {}
    for entry in files(__package__).joinpath("static").iterdir():
        kind = _TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None:
            body = entry.read_bytes()
            path = "/" if entry.name == "index.html" else f"/{entry.name}"
            pages[path] = PageFile(body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    return pages


def refused(request: Request, error: SelfvecError) -> Response:
    """The answer that says why there is none."""
    status = 503 if isinstance(error, ServerBusy) else status_of(error)
    headers = {"retry-after": str(error.wait)} if isinstance(error, ServerBusy) else {}
    return error_response(request, status, error.rule, error.remedy, error.field, headers)


def _add_errors(app: FastAPI) -> None:
    """Every error names the rule that was broken. The traceback of a bug is printed in the terminal only."""
    app.exception_handler(SelfvecError)(refused)

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
