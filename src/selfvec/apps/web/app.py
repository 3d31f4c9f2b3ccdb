"""The web application and its server.

Each path calls a method of `PageData` and answers in JSON, points in binary.
"""

from __future__ import annotations

import errno
import hashlib
import secrets
import socket
from collections.abc import Callable
from importlib.resources import files
from typing import Annotated, NamedTuple

import numpy as np
import uvicorn
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from selfvec.base.errors import OptionError, SelfvecError
from selfvec.data.run import Run

from .guard import LONGEST_HEADERS, Guard, error_response, is_loopback, json_response
from .page_data import PageData
from .ranking import Filter

__all__ = ["bind", "create_app", "page_files", "serve", "server_of"]

PORT = 8765  # tried first
_TRIED = 20  # ports, if none was asked for
_AT_ONCE = 64  # requests answered at the same time

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


def serve(
    run: Run,
    host: str = "127.0.0.1",
    port: int | None = None,  # by default `PORT` or the next free one; 0 for any free port
    *,
    say: Callable[[str], None],  # is called once with the address of the page
) -> None:
    """Serve a run until it is interrupted.

    An address that other machines reach gets a token, which is part of the address that is said.
    """
    data = PageData(run)
    with bind(host, port) as listening:
        token = None if is_loopback(host) else secrets.token_urlsafe(32)
        server = server_of(create_app(data, host=host, token=token))
        data.start()
        say(address(host, listening.getsockname()[1], token))
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:  # the way to stop it
            return


def server_of(app: ASGIApp) -> uvicorn.Server:
    """A server for an application. It keeps no log, does not name itself, and limits what it reads."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http="h11",
        ws="none",
        lifespan="off",
        limit_concurrency=_AT_ONCE,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=LONGEST_HEADERS,
    )
    return uvicorn.Server(config)


def address(host: str, port: int, token: str | None) -> str:
    """The address of the page.

    >>> address("::1", 8765, None), address("127.0.0.1", 80, "x")
    ('http://[::1]:8765/', 'http://127.0.0.1:80/?token=x')
    """
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/{'' if token is None else f'?token={token}'}"


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket; see `serve` for the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(PORT, PORT + _TRIED) if port is None else [port]:
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host.strip("[]"), number))
            listening.listen(128)
        except OSError as error:
            listening.close()
            if error.errno != errno.EADDRINUSE or isinstance(error, socket.gaierror):
                raise _refused(host, number, error) from None
        else:
            return listening
    used = f"the port {port} is" if port is not None else f"the ports {PORT} to {PORT + _TRIED - 1} are"
    raise OptionError(f"{used} in use", field="port", remedy="name another with --port, or 0 for any")


def _refused(host: str, port: int, error: OSError) -> OptionError:
    if error.errno in (errno.EACCES, errno.EPERM):
        return OptionError(f"the port {port} may not be used", field="port", remedy="use one above 1023")
    return OptionError(
        f"{host!r} is no address of this machine", field="host", remedy="use 127.0.0.1 or 0.0.0.0"
    )
