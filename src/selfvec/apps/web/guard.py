"""Checks of every request: its sender, its form and its rate; and limits for the browser that shows the page.

Any web page open in a browser can send requests to a server on the same machine. So only GET and HEAD are
answered; the Host header must name this machine (against DNS rebinding); other sites may link to the page,
but not load or frame it; and an address that other machines can reach needs a token. The words of a run may
be any text, so the page runs only its own scripts and loads nothing from other hosts.

Starlette's `TrustedHostMiddleware` does not suffice: it supports neither numeric addresses nor IPv6 ports.
"""

from __future__ import annotations

import hmac
import html
import ipaddress
import json
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "HEADERS",
    "LONGEST_HEADERS",
    "Guard",
    "Refusal",
    "allowed_host",
    "busy_response",
    "error_page",
    "error_response",
    "is_loopback",
    "json_response",
    "wants_page",
]

LONGEST = 2000  # characters of a path with its query
LONGEST_HEADERS = 16_384  # bytes
RATE, BURST = 60.0, 240.0  # answers per second to another machine, and the largest burst
_CLIENTS = 1024  # addresses remembered

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {  # of every answer
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON that is not cached, because another run may be served at the same address later."""
    body = json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    headers = {"cache-control": "no-store", **(headers or {})}
    return Response(body, status, headers, media_type="application/json; charset=utf-8")


def error_response(
    status: int,
    rule: str,
    remedy: str | None = None,
    place: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error in JSON: the field, the rule that was broken, and what to do."""
    return json_response({"error": {"place": place, "rule": rule, "remedy": remedy}}, status, headers)


def error_page(
    status: int, rule: str, remedy: str | None, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as a plain HTML page, for a person who opened an address."""
    lines = "".join(f"<p>{html.escape(line)}.</p>" for line in (rule, remedy) if line)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Selfvec</title>'
    body = f'<!doctype html><html lang="en"><head>{head}</head><body><h1>Selfvec</h1>{lines}</body></html>'
    headers = {"cache-control": "no-store", **(headers or {})}
    return Response(body, status, headers, media_type="text/html")


def busy_response(
    headers: Mapping[str, str] | None = None, *, rule: str = "the server is busy", wait: int = 2
) -> Response:
    """The answer to a request that exceeds a limit: ask again after ``wait`` seconds."""
    headers = {"retry-after": str(wait), **(headers or {})}
    return error_response(503, rule, f"ask again in {wait} seconds", headers=headers)


def allowed_host(header: str, host: str) -> bool:
    """Whether a Host header names this machine: by the served address, a numeric address, or the host name.

    In DNS rebinding, a web page points its own name to this machine. The header then has that name.

    >>> allowed_host("localhost:8765", "127.0.0.1"), allowed_host("evil.example", "127.0.0.1")
    (True, False)
    >>> allowed_host("10.0.0.7:8765", "0.0.0.0"), allowed_host("10.0.0.7", "127.0.0.1")
    (True, False)
    """
    name = (header[1:].partition("]") if header.startswith("[") else header.partition(":"))[0].lower()
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


class Refusal(Exception):
    """Why a request is not answered."""

    def __init__(
        self, status: int, rule: str, remedy: str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(rule)
        self.status, self.rule, self.remedy, self.headers = status, rule, remedy, headers

    def response(self, request: Request) -> Response:
        """The refusal: a page for a person who opens an address, JSON for a program."""
        if wants_page(request):
            return error_page(self.status, self.rule, self.remedy, self.headers)
        return error_response(self.status, self.rule, self.remedy, headers=self.headers)


def wants_page(request: Request) -> bool:
    """Whether a person opens an address that is not part of the programming interface."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and not request.scope["path"].startswith("/api/")


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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inner, self.host, self.token, self.clock = inner, host, token, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

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
        self._check_rate(request)
        return self._check_token(request)

    def _check_form(self, request: Request) -> None:
        close = {"connection": "close"}  # the body is not read, so the connection cannot be used again
        if request.method not in ("GET", "HEAD"):
            rule, allowed = "only GET and HEAD are answered here", {"allow": "GET, HEAD"}
            raise Refusal(405, rule, "ask with GET", allowed | close)
        if len(request.scope["path"]) + len(request.scope["query_string"]) > LONGEST:
            raise Refusal(414, f"an address has at most {LONGEST:,} characters", "ask a shorter question")
        if sum(len(name) + len(value) for name, value in request.headers.raw) > LONGEST_HEADERS:
            raise Refusal(431, f"headers have at most {LONGEST_HEADERS:,} bytes", "send fewer cookies")
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            raise Refusal(413, "a request must not have a body", "put the question into the address", close)

    def _check_site(self, request: Request) -> None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not allowed_host(host, self.host):
            rule = f"the Host header must name this machine, {self.host}"
            raise Refusal(421, rule, "open the address that selfvec serve printed")
        site, mode, into = (request.headers.get(f"sec-fetch-{name}") for name in ("site", "mode", "dest"))
        link = mode == "navigate" and into in (None, "document") and request.scope["path"] == "/"
        if site in ("cross-site", "same-site") and not link:
            raise Refusal(403, "other sites may only link to the page", "open the page itself, at /")
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            raise Refusal(403, "requests from other sites are not answered", "open the page itself, at /")

    def _check_rate(self, request: Request) -> None:
        client, now = (request.client.host if request.client else ""), self.clock()
        if is_loopback(client):  # this machine, or a tunnel with many users: the work queue limits them
            return
        left, since = self._left.pop(client, (BURST, now))
        left = min(BURST, left + (now - since) * RATE)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        if left < 1:
            rule = f"an address gets at most {RATE:.0f} answers per second"
            raise Refusal(429, rule, "wait a second", {"retry-after": "1"})

    def _check_token(self, request: Request) -> Response | None:
        cookie = f"selfvec-{(request.scope.get('server') or ('', 0))[1]}"  # cookies are shared between ports
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._opens(given) or self._opens(request.cookies.get(cookie, "")):
            return None
        if request.scope["path"] == "/" and self._opens(request.query_params.get("token", "")):
            value = f"{cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax"  # Lax: links of other sites work
            return Response(status_code=303, headers={"location": "/", "set-cookie": value})
        remedy = "open the whole address that selfvec serve printed: it ends in ?token=…"
        raise Refusal(401, "this address needs a token", remedy, {"www-authenticate": "Bearer"})

    def _opens(self, given: str) -> bool:
        return self.token is None or hmac.compare_digest(
            given.encode("utf-8", "replace"), self.token.encode()
        )


def _with_headers(send: Send) -> Send:
    """Add `HEADERS` to an answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
