"""Checks of every request: its sender and its form; and limits for the browser that shows the page.

Any web page open in a browser can send requests to a server on the same machine. So only GET and HEAD are
answered; the Host header must name this machine (against DNS rebinding); other sites may link to the page,
but not load or frame it; and an address that other machines can reach needs a token. The words of a run may
be any text, so the page runs only its own scripts and loads nothing from other hosts.

Starlette's `TrustedHostMiddleware` does not suffice: it supports neither numeric addresses nor IPv6 ports.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import limits
from .responses import error_page, error_response, wants_page

__all__ = ["HEADERS", "Guard", "Refusal", "allowed_host", "bearer", "is_loopback", "is_token"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HOST = re.compile(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::[0-9]{1,5})?")  # a name or address, and a port
HEADERS = {  # of every answer
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def allowed_host(header: str, host: str) -> bool:
    """Whether a Host header names this machine: by the served address, a numeric address, or the host name.

    In DNS rebinding, a web page points its own name to this machine. The header then has that name.

    >>> allowed_host("localhost:8765", "127.0.0.1"), allowed_host("evil.example", "127.0.0.1")
    (True, False)
    >>> allowed_host("10.0.0.7:8765", "0.0.0.0"), allowed_host("10.0.0.7", "127.0.0.1")
    (True, False)
    >>> allowed_host("127.0.0.1:8765.evil.example", "127.0.0.1"), allowed_host("[::1].evil.example", "::1")
    (False, False)
    """
    found = _HOST.fullmatch(header)
    name = (found[1] or found[2]).lower() if found else ""
    local = is_loopback(host)
    if name in {"localhost", host.lower().strip("[]"), *(() if local else (socket.gethostname().lower(),))}:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback or not local
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether an address can be reached only from this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bearer(request: Request) -> str:
    """The token in the header ``Authorization: Bearer``; empty without one."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def is_token(given: str, token: str) -> bool:
    """Whether a text is the token, compared in a time that tells nothing about it."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


class Refusal(Exception):
    """Why a request is not answered."""

    def __init__(
        self, status: int, rule: str, remedy: str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(rule)
        self.status = status
        self.rule = rule
        self.remedy = remedy
        self.headers = headers

    def response(self, request: Request) -> Response:
        """The refusal: a page for a person who opens an address, JSON for a program."""
        if wants_page(request):
            return error_page(self.status, self.rule, self.remedy, self.headers)
        return error_response(self.status, self.rule, self.remedy, headers=self.headers)


class Guard:
    """An ASGI application that checks requests and passes valid ones to another application.

    With a token, a request needs it in the cookie or in the header
    ``Authorization: Bearer``. The address ``/?token=…`` sets the cookie and redirects to the page without it.
    """

    def __init__(
        self,
        inner: ASGIApp,
        *,
        host: str = "127.0.0.1",  # the served address
        token: str | None = None,
    ) -> None:
        self.inner = inner
        self.host = host
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or refuse it."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
        elif scope["type"] != "http":  # a web socket: refused
            await send({"type": "websocket.close", "code": 1008})
        else:
            request = Request(scope)
            try:
                answer: ASGIApp = self.check(request) or self.inner
            except Refusal as refusal:
                answer = refusal.response(request)
            # For HEAD, the server leaves out the body.
            await answer({**scope, "method": "GET"}, receive, _with_headers(send))

    def check(self, request: Request) -> Response | None:
        """Raise `Refusal` for an invalid request; redirect an address with a token."""
        self._check_form(request)
        self._check_site(request)
        return self._check_token(request)

    def _check_form(self, request: Request) -> None:
        close = {"connection": "close"}  # the body is not read, so the connection cannot be used again
        if request.method not in ("GET", "HEAD"):
            rule = "only GET and HEAD are answered here"
            allowed = {"allow": "GET, HEAD"}
            raise Refusal(405, rule, "ask with GET", allowed | close)
        if len(request.scope["path"]) + len(request.scope["query_string"]) > limits.ADDRESS_CHARACTERS:
            raise Refusal(
                414,
                f"an address has at most {limits.ADDRESS_CHARACTERS:,} characters",
                "ask a shorter question",
            )
        if sum(len(name) + len(value) for name, value in request.headers.raw) > limits.HEADER_BYTES:
            raise Refusal(431, f"headers have at most {limits.HEADER_BYTES:,} bytes", "send fewer cookies")
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            raise Refusal(413, "a request must not have a body", "put the question into the address", close)

    def _check_site(self, request: Request) -> None:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        if not allowed_host(host, self.host):
            rule = f"the Host header must name this machine, {self.host}"
            raise Refusal(421, rule, "open the address that selfvec serve printed")
        site, mode, into = (request.headers.get(f"sec-fetch-{name}") for name in ("site", "mode", "dest"))
        link = mode == "navigate" and into in (None, "document") and request.scope["path"] == "/"
        if site in ("cross-site", "same-site") and not link:
            raise Refusal(403, "other sites may only link to the page", "open the page itself, at /")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            raise Refusal(403, "requests from other sites are not answered", "open the page itself, at /")

    def _check_token(self, request: Request) -> Response | None:
        cookie = f"selfvec-{(request.scope.get('server') or ('', 0))[1]}"  # cookies are shared between ports
        if self.token is None or is_token(bearer(request), self.token):
            return None
        if is_token(request.cookies.get(cookie, ""), self.token):
            return None
        if request.scope["path"] == "/" and is_token(request.query_params.get("token", ""), self.token):
            value = f"{cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax"  # Lax: links of other sites work
            return Response(status_code=303, headers={"location": "/", "set-cookie": value})
        remedy = "open the whole address that selfvec serve printed: it ends in ?token=…"
        raise Refusal(401, "this address needs a token", remedy, {"www-authenticate": "Bearer"})


def _with_headers(send: Send) -> Send:
    """Add `HEADERS` to an answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
