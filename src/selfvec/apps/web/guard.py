"""Checks of every request, its sender and its form; and limits for the browser that shows the page.

Any web page open in a browser can send requests to a server on the same machine. So only GET and HEAD are
answered, unless the run may be written, for which a program needs a token; without a token, the Host header
must name this machine (against DNS rebinding, in which a web page points its own name here); other sites may
link to the page, but not load or frame it; and an address that other machines can reach needs a token. The
words of a run may be any text, so the page runs only its own scripts and loads nothing from other hosts.

Starlette's `TrustedHostMiddleware` does not suffice: it has no pattern for numeric addresses, and it answers
in plain text.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfvec.base.display import enumerated

from .responses import error_response
from .writing import CHANGING

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_LOCAL = re.compile(r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
HEADERS = {  # of every answer
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def is_local(host: str) -> bool:
    """Whether a host, with or without a port, is this machine under a name that no other machine can have.

    >>> is_local("localhost:8765"), is_local("[::1]"), is_local("0.0.0.0")
    (True, True, False)
    >>> is_local("127.0.0.1.evil.example"), is_local("127.0.0.1:8765.evil.example")
    (False, False)
    """
    return _LOCAL.fullmatch(host) is not None


def has_token(request: Request, token: str) -> bool:
    """Whether the header ``Authorization: Bearer`` has the token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and _equal(given, token)


def _equal(given: str, token: str) -> bool:
    """Compare in a time that tells nothing about the token."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


class Guard:
    """An ASGI application that checks requests and passes valid ones to another application.

    With a token, a request needs it in the cookie or in the header
    ``Authorization: Bearer``. The address ``/?token=…`` sets the cookie and redirects to the page without it.
    ``writing`` answers requests that change the run, which need its own token in the header.
    """

    def __init__(self, inner: ASGIApp, token: str | None, writing: tuple[ASGIApp, str] | None) -> None:
        self.inner = inner
        self.token = token
        self.writing = writing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or refuse it."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        request = Request(scope)
        changing = CHANGING.get(request.scope["path"], ()) if self.writing is not None else ()
        if self.writing is not None and request.method in changing:
            await (self._may_not_write(request) or self.writing[0])(scope, receive, sending)
            return
        answer: ASGIApp = _refused(request, ("GET", "HEAD", *changing)) or self._locked(request) or self.inner
        await answer({**scope, "method": "GET"}, receive, sending)  # for HEAD, uvicorn leaves out the body

    def _may_not_write(self, request: Request) -> Response | None:
        """The answer to a request that changes the run and does not have the token; a cookie is not enough.

        A browser sends no such header for another site, so that there is nothing to forge.
        """
        assert self.writing is not None
        if (refused := _of_another_site(request)) is not None:
            return refused
        if has_token(request, self.writing[1]):
            return None
        remedy = "send the header Authorization: Bearer with the token that selfvec serve was given"
        headers = {"www-authenticate": "Bearer", "connection": "close"}
        return error_response(request, 401, "writing needs a token", remedy, headers=headers)

    def _locked(self, request: Request) -> Response | None:
        if self.token is None:
            if is_local(request.headers.get("host", "")):
                return None
            rule = "the Host header must name this machine"
            return error_response(request, 421, rule, "open the address that selfvec serve printed")
        cookie = f"selfvec-{(request.scope.get('server') or ('', 0))[1]}"  # cookies are shared between ports
        if has_token(request, self.token) or _equal(request.cookies.get(cookie, ""), self.token):
            return None
        if request.scope["path"] == "/" and _equal(request.query_params.get("token", ""), self.token):
            secure = "; Secure" if request.scope.get("scheme") == "https" else ""  # as a proxy says
            value = (
                f"{cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax{secure}"  # Lax: links of other sites
            )
            return Response(status_code=303, headers={"location": "./", "set-cookie": value})
        remedy = "open the whole address that selfvec serve printed: it ends in ?token=…"
        headers = {"www-authenticate": "Bearer"}
        return error_response(request, 401, "this address needs a token", remedy, headers=headers)


def _refused(request: Request, methods: Sequence[str]) -> Response | None:
    """The answer to a request of the wrong form or of another site."""
    headers = request.headers
    close = {"connection": "close"}  # the body is not read, so the connection cannot be used again
    if request.method not in methods:
        rule = f"only {enumerated(methods)} are answered here"
        close["allow"] = ", ".join(methods)
        return error_response(request, 405, rule, "ask with GET", headers=close)
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        rule = "a request must not have a body"
        return error_response(request, 413, rule, "put the question into the address", headers=close)
    return _of_another_site(request)


def _of_another_site(request: Request) -> Response | None:
    headers = request.headers
    site, mode, into = (headers.get(f"sec-fetch-{name}") for name in ("site", "mode", "dest"))
    link = mode == "navigate" and into in (None, "document") and request.scope["path"] == "/"
    host = headers.get("host", "")
    origin = headers.get("origin", host).rpartition("://")[2]
    if (site in ("cross-site", "same-site") and not link) or origin.lower() != host.lower():
        rule = "other sites may only link to the page"
        return error_response(request, 403, rule, "open the page itself, at /")
    return None
