"""What stands before every answer: who may ask, how, and how often; and what a browser may do with the page.

A server on one's own machine is asked by every page that its browser has open. So only GET is answered; the
Host header has to name this machine (against DNS rebinding); other sites' scripts may not load what is here;
and an address that other machines reach needs a token. A run's words may be anything, so the page may
run no script but its own files, and fetch nothing from elsewhere.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

__all__ = ["HEADERS", "Guard", "Refusal", "allowed_host", "refusal_body"]

LONGEST = 2000  # characters of a path with its question
LONGEST_HEADERS = 16_384  # bytes
RATE, BURST = 60.0, 240.0  # answers a second to one address, and how many at once
_CLIENTS = 1024  # addresses remembered

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""What every answer carries."""


@dataclass(frozen=True)
class Refusal:
    """Why something is not answered: the status, the rule and what to do."""

    status: int
    rule: str
    remedy: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def refusal_body(rule: str, *, remedy: str | None = None, place: str | None = None) -> bytes:
    """An error as JSON: the place, the rule that was broken, and what to do."""
    error = {"place": place, "rule": rule, "remedy": remedy or None}
    return json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")


def own_names(host: str) -> frozenset[str]:
    """What a Host header may call the machine besides an address in numbers, in lower case."""
    names = {"localhost", host.lower().strip("[]")}
    return frozenset(names if is_loopback(host) else names | {socket.gethostname().lower()})


def allowed_host(header: str, host: str) -> bool:
    """Whether a Host header names the machine: by the address served, a number, or its own name.

    A page elsewhere that has its name point here (DNS rebinding) still sends that name.

    >>> allowed_host("localhost:8765", "127.0.0.1"), allowed_host("evil.example", "127.0.0.1")
    (True, False)
    >>> allowed_host("10.0.0.7:8765", "0.0.0.0"), allowed_host("10.0.0.7", "127.0.0.1")
    (True, False)
    """
    name = _name(header)
    if name in own_names(host):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _name(header: str) -> str:
    """A Host header without its port, in lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


class Guard:
    """An ASGI application before another one.

    Parameters
    ----------
    inner : ASGI application
    host : str
        The address served.
    token : str, optional
        What has to be known to be answered: in the cookie, or in the header ``Authorization: Bearer``. The
        address ``/?token=…`` sets the cookie and leads to the page without it.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        inner: Application,
        *,
        host: str = "127.0.0.1",
        token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inner, self.host, self.token, self.clock = inner, host, token, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say why not."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket: closed before it is opened
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self.refusal(scope)
        if refusal is not None:
            await _refuse(refusal, send)
            return
        await self.inner(scope, receive, _guarded(send))

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why a request is not answered, or None."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        return (
            self._malformed(scope, headers)
            or self._foreign(headers)
            or self._hurried(scope)
            or (self._unknown(scope, headers) if self.token is not None else None)
        )

    def _malformed(self, scope: Scope, headers: dict[bytes, bytes]) -> Refusal | None:
        if scope["method"] != "GET":
            return Refusal(405, "only GET is answered here", "ask with GET", (("allow", "GET"),))
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST:
            return Refusal(414, f"a question has at most {LONGEST:,} characters", "ask a shorter one")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEADERS:
            return Refusal(431, f"headers have at most {LONGEST_HEADERS:,} bytes", "send fewer cookies")
        if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
            return Refusal(413, "a question comes without a body", "put it into the address")
        return None

    def _foreign(self, headers: dict[bytes, bytes]) -> Refusal | None:
        if not allowed_host(headers.get(b"host", b"").decode("latin-1"), self.host):
            rule = f"the Host header names the machine that is asked, {self.host}"
            return Refusal(421, rule, "open the address that selfvec serve printed")
        # Another site may link to the page; it may not load it, or what is behind it, into its own.
        site, mode = headers.get(b"sec-fetch-site"), headers.get(b"sec-fetch-mode")
        if site in (b"cross-site", b"same-site") and mode != b"navigate":
            return Refusal(403, "other sites are not answered", "open the address that selfvec serve printed")
        return None

    def _hurried(self, scope: Scope) -> Refusal | None:
        """A bucket of `BURST` answers an address, filled again by `RATE` a second."""
        client, now = (scope.get("client") or ("?",))[0], self.clock()
        left, since = self._left.pop(client, (BURST, now))
        left = min(BURST, left + (now - since) * RATE)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        if allowed:
            return None
        rule = f"an address is given at most {RATE:.0f} answers a second"
        return Refusal(429, rule, "wait a second", (("retry-after", "1"),))

    def _unknown(self, scope: Scope, headers: dict[bytes, bytes]) -> Refusal | None:
        if self._knows(headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")):
            return None
        if self._knows(_cookie(headers, self.cookie(scope))):
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        if scope["path"] == "/" and self._knows(asked.get("token", [""])[0]):
            cookie = f"{self.cookie(scope)}={self.token}; Path=/; HttpOnly; SameSite=Strict"
            return Refusal(303, "", "", (("location", "/"), ("set-cookie", cookie)))
        remedy = "open the address with the token that selfvec serve printed"
        return Refusal(401, "this address needs a token", remedy, (("www-authenticate", "Bearer"),))

    def cookie(self, scope: Scope) -> str:
        """Name of the cookie: browsers share cookies between the ports of a machine."""
        return f"selfvec-{(scope.get('server') or ('', 0))[1]}"

    def _knows(self, given: str) -> bool:
        assert self.token is not None
        return hmac.compare_digest(given.encode(), self.token.encode())


def _cookie(headers: dict[bytes, bytes], name: str) -> str:
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _guarded(send: Send) -> Send:
    """Adds `HEADERS` to an answer."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return sending


async def _refuse(refusal: Refusal, send: Send) -> None:
    body = refusal_body(refusal.rule, remedy=refusal.remedy) if refusal.rule else b""
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.encode(), value.encode()) for name, value in refusal.headers),
    ]
    sending = _guarded(send)
    await sending({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await sending({"type": "http.response.body", "body": body})
