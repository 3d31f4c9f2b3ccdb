"""The tools over streamable HTTP, for programs on this machine that have the token."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from selfvec.apps.web.guard import allowed_host, bearer, is_token
from selfvec.apps.web.responses import error_response
from selfvec.apps.web.server import bind, run_server
from selfvec.base.errors import OptionError

from .server import create_server
from .tools import Tools

__all__ = ["TOKEN", "http_app", "serve_http"]

HOST = "127.0.0.1"
PATH = "/mcp"
TOKEN = "SELFVEC_TOKEN"  # environment variable; without it, each start makes a new token
_SHORTEST = 16  # characters of a token
_BODY = 1 << 20  # bytes of a request
_SESSIONS = 64


def http_app(tools: Tools, token: str) -> ASGIApp:
    """The application at `PATH`. Requests need the header ``Authorization: Bearer TOKEN``."""
    app = create_server(tools).streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=_BODY,
        max_sessions=_SESSIONS,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=False
        ),  # `_Locked` does it
    )
    return _Locked(app, token)


class _Locked:
    """An application behind a token. Requests from web pages and with foreign Host headers are refused."""

    def __init__(self, inner: ASGIApp, token: str) -> None:
        self.inner = inner
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or refuse it."""
        answer = self.inner
        if scope["type"] == "http":
            request = Request(scope)
            named = allowed_host(request.headers.get("host", ""), HOST)
            if "origin" in request.headers or not named:
                answer = error_response(403, "web pages are not answered here", "ask from a program")
            elif not is_token(bearer(request), self.token):
                remedy = "send the header Authorization: Bearer with the token that selfvec mcp printed"
                headers = {"www-authenticate": "Bearer"}
                answer = error_response(401, "this address needs a token", remedy, headers=headers)
        await answer(scope, receive, send)


def serve_http(tools: Tools, port: int, say: Callable[[str, str], None]) -> None:
    """Serve the tools until interrupted; ``say`` is called once, with the address and the token.

    Raises
    ------
    OptionError
        If the port is in use, or the token in the environment is too short.
    """
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(32)
    if len(token) < _SHORTEST:
        rule = f"the token in {TOKEN} needs at least {_SHORTEST} characters"
        raise OptionError(rule, remedy="choose a longer one, or leave it out")
    with bind(HOST, port) as listening:
        app = http_app(tools, token)
        say(f"http://{HOST}:{listening.getsockname()[1]}{PATH}", token)
        run_server(app, listening, lifespan="on")
