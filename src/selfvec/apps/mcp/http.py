"""The tools over streamable HTTP, for programs on this machine that have the token."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from selfvec.apps.web.guard import has_token
from selfvec.apps.web.responses import error_response
from selfvec.apps.web.server import bind, run_server
from selfvec.apps.web.writing import TOKEN, check_token

from .server import create_server
from .tools import Tools

HOST = "127.0.0.1"
PATH = "/mcp"
_BODY = 1 << 20  # bytes of a request
_SESSIONS = 64  # of assistants at a time


def http_app(tools: Tools, token: str, *, write: bool = False) -> ASGIApp:
    """The application at `PATH`. Requests need the header ``Authorization: Bearer TOKEN``.

    The package ``mcp`` refuses requests from web pages and with foreign Host headers.
    """
    app = create_server(tools, write=write).streamable_http_app(
        streamable_http_path=PATH, max_request_body_size=_BODY, max_sessions=_SESSIONS, host=HOST
    )

    async def locked(scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = app
        if scope["type"] == "http" and not has_token(request := Request(scope), token):
            remedy = "send the header Authorization: Bearer with the token that selfvec mcp printed"
            headers = {"www-authenticate": "Bearer"}
            answer = error_response(request, 401, "this address needs a token", remedy, headers=headers)
        await answer(scope, receive, send)

    return locked


def serve_http(tools: Tools, port: int, say: Callable[[str, str], None], *, write: bool = False) -> None:
    """Serve the tools until interrupted; ``say`` is called once, with the address and the token.

    Raises
    ------
    OptionError
        If the port is in use, or the token in the environment is too short.
    """
    token = check_token(os.environ.get(TOKEN) or secrets.token_urlsafe(32), TOKEN)  # each start makes another
    with bind(HOST, port) as listening:
        app = http_app(tools, token, write=write)
        say(f"http://{HOST}:{listening.getsockname()[1]}{PATH}", token)
        run_server(app, listening, lifespan="on")
