"""Checks before every answer: who may ask, how, and how often; and what a browser may do with the page.

Any web page open in a browser can send requests to a server on the same machine. So only GET is answered; the
Host header must name this machine (against DNS rebinding); scripts of other sites are refused; and an address
that other machines reach needs a token. The words of a run may be any text, so the page runs no script but
its own files and loads nothing from elsewhere.

Starlette's `TrustedHostMiddleware` does not do this: it knows no addresses in numbers and no ports of IPv6.
"""

from __future__ import annotations

import hmac
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
    "allowed_host",
    "error_response",
    "is_loopback",
    "json_response",
]

LONGEST = 2000  # characters of a path with its query
LONGEST_HEADERS = 16_384  # bytes
RATE, BURST = 60.0, 240.0  # answers per second to one address, and how many at once
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
    """An error in JSON: the place, the rule that was broken, and what to do."""
    return json_response({"error": {"place": place, "rule": rule, "remedy": remedy}}, status, headers)


def allowed_host(header: str, host: str) -> bool:
    """Whether a Host header names this machine: by the address served, by a number, or by its own name.

    A web page that lets its own name point here (DNS rebinding) still sends that name.

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
    """Whether an address is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """An ASGI application that checks requests before another one answers them.

    A token, if there is one, is needed to be answered: in the cookie, or in the header
    ``Authorization: Bearer``. The address ``/?token=…`` sets the cookie and redirects to the page without it.
    """

    def __init__(
        self,
        inner: ASGIApp,
        *,
        host: str = "127.0.0.1",  # the address served
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inner, self.host, self.token, self.clock = inner, host, token, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or refuse it."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
        elif scope["type"] != "http":  # a web socket: closed before it is opened
            await send({"type": "websocket.close", "code": 1008})
        else:
            answer = self.refusal(Request(scope)) or self.inner
            await answer(scope, receive, _with_headers(send))

    def refusal(self, request: Request) -> Response | None:
        """The refusal of a request, or None."""
        return (
            self._malformed(request)
            or self._foreign(request)
            or self._too_often(request)
            or (None if self.token is None else self._without_token(request, self.token))
        )

    def _malformed(self, request: Request) -> Response | None:
        if request.method != "GET":
            return error_response(405, "only GET is answered here", "ask with GET", headers={"allow": "GET"})
        if len(request.scope["path"]) + len(request.scope["query_string"]) > LONGEST:
            return error_response(
                414, f"an address has at most {LONGEST:,} characters", "ask a shorter question"
            )
        if sum(len(name) + len(value) for name, value in request.headers.raw) > LONGEST_HEADERS:
            return error_response(
                431, f"headers have at most {LONGEST_HEADERS:,} bytes", "send fewer cookies"
            )
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            return error_response(413, "a request comes without a body", "put the question into the address")
        return None

    def _foreign(self, request: Request) -> Response | None:
        if not allowed_host(request.headers.get("host", ""), self.host):
            rule = f"the Host header must name this machine, {self.host}"
            return error_response(421, rule, "open the address that selfvec serve printed")
        # Other sites may link to the page. They may not load it, or its data, into their own pages.
        site, mode = request.headers.get("sec-fetch-site"), request.headers.get("sec-fetch-mode")
        if site in ("cross-site", "same-site") and mode != "navigate":
            return error_response(403, "requests of other sites are not answered", "open the page itself")
        return None

    def _too_often(self, request: Request) -> Response | None:
        client, now = (request.client.host if request.client else ""), self.clock()
        left, since = self._left.pop(client, (BURST, now))
        left = min(BURST, left + (now - since) * RATE)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        while len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        if left >= 1:
            return None
        rule = f"an address gets at most {RATE:.0f} answers per second"
        return error_response(429, rule, "wait a second", headers={"retry-after": "1"})

    def _without_token(self, request: Request, token: str) -> Response | None:
        def matches(given: str) -> bool:
            return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())

        cookie = f"selfvec-{(request.scope.get('server') or ('', 0))[1]}"  # cookies are shared between ports
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if matches(given) or matches(request.cookies.get(cookie, "")):
            return None
        if request.scope["path"] == "/" and matches(request.query_params.get("token", "")):
            flags = "Path=/; HttpOnly; SameSite=Strict"
            return Response(
                status_code=303, headers={"location": "/", "set-cookie": f"{cookie}={token}; {flags}"}
            )
        remedy = "open the address with the token that selfvec serve printed"
        return error_response(
            401, "this address needs a token", remedy, headers={"www-authenticate": "Bearer"}
        )


def _with_headers(send: Send) -> Send:
    """Add `HEADERS` to an answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
