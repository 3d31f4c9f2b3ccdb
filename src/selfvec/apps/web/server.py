"""The server of the page: its address, and uvicorn with limits, of which it lacks those of time.

Other limits are in `work` (threads), `responses` (long answers) and `page_data` (the background).
"""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from selfvec.base.errors import OptionError, require
from selfvec.base.threads import cancel_all
from selfvec.data.run import Run

require("fastapi", "serve", "the page")  # before the modules that import it

from .guard import is_local  # noqa: E402
from .writing import check_token  # noqa: E402

# Without limits of time and number, 1,000 silent connections lock out everybody for as long as they like.
# There is no limit of answers a second: to refuse is so cheap that a flood goes faster, and others are served
# less (1 to 3 answers in 6 seconds beside 300 clients, 15 without such a limit). The queue slows floods.
CLIENT_SECONDS = 15.0  # for sending a request, from the connection or the last answer on; for taking a piece
SHUTDOWN_SECONDS = 15  # for finishing answers when the server stops; a second Ctrl-C cuts them off
CONNECTIONS = 512  # beyond, the connection that waits longest for a request is closed
REQUESTS = 768  # answered at a time, or connections: beyond, uvicorn answers with status 503
BACKLOG = 1024  # connections that wait to be accepted
HEADER_BYTES = 16_384  # of a request that is not whole

READ_TOKEN = "SELFVEC_READ_TOKEN"  # environment variable: the token of readers
PORT = 8765  # tried first
_TRIED = 20  # ports that are tried if none is given


def serve(
    run: Run,
    host: str = "127.0.0.1",
    port: int | None = None,  # by default `PORT` or the next free one; 0 for any free port
    *,
    write_token: str | None = None,  # of programs that may change the run
    say: Callable[[str], None],  # called once, with the address of the page
) -> None:
    """Serve a run until it is interrupted.

    Readers need the token of `READ_TOKEN` in the environment. If there is none, an address that other
    machines can reach gets a new token, which is part of the address that ``say`` gets.
    """
    from .app import create_app
    from .page_data import PageData

    given = os.environ.get(READ_TOKEN)
    if given is not None:
        check_token(given, READ_TOKEN)
    data = PageData(run)
    with bind(host, port) as listening:
        made = None if given is not None or is_local(_in_address(host)) else secrets.token_urlsafe(32)
        app = create_app(data, given or made, write_token)
        say(address(host, listening.getsockname()[1], made))
        run_server(app, listening)


def run_server(app: ASGIApp, listening: socket.socket, *, lifespan: Literal["on", "off"] = "off") -> None:
    """Run a server for an application until it is interrupted."""
    try:
        with suppress(KeyboardInterrupt):
            server_of(app, lifespan=lifespan).run(sockets=[listening])
    finally:
        cancel_all()


def server_of(app: ASGIApp, *, lifespan: Literal["on", "off"] = "off") -> uvicorn.Server:
    """A server for an application, with limits. It has no log and sends no server header."""
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        http=Connection,
        ws="none",
        lifespan=lifespan,
        limit_concurrency=REQUESTS,
        backlog=BACKLOG,
        timeout_keep_alive=math.ceil(CLIENT_SECONDS),
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """A server that, when it stops, reports no answers as failed that it cuts off."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, and wait a little for the answers that are made."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)


class Connection(H11Protocol):
    """An HTTP connection that is closed if its client takes too long, or to make room for a new one.

    Uvicorn has no time limit for a client that sends a request or receives an answer. Idle connections count
    among those that it admits, so without these limits silent clients lock out all others.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit a client, in place of the one that is idle longest if there are too many."""
        if len(self.connections) >= CONNECTIONS:
            others = [other for other in self.connections if isinstance(other, Connection)]
            idle = [other for other in others if not (other.answering or other.transport.is_closing())]
            if idle:
                min(idle, key=lambda other: other.deadline.when()).transport.abort()
        super().connection_made(transport)
        self.deadline = self.loop.call_later(CLIENT_SECONDS, self._close_late)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait for the client, which has not yet received what was sent."""
        self._wait()
        super().pause_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self.deadline.cancel()
        super().connection_lost(exc)

    @property
    def answering(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self.deadline.cancel()
        self.deadline = self.loop.call_later(CLIENT_SECONDS, self._close_late)

    def _close_late(self) -> None:
        """Close the connection, unless it is the server that takes long."""
        if self.flow.write_paused or not self.answering:
            self.transport.abort()


def address(host: str, port: int, token: str | None) -> str:
    """The address of the page.

    >>> address("::1", 8765, None), address("127.0.0.1", 80, "x")
    ('http://[::1]:8765/', 'http://127.0.0.1:80/?token=x')
    """
    shown = _in_address(socket.gethostname() if host in ("0.0.0.0", "::") else host)
    return f"http://{shown}:{port}/{'' if token is None else f'?token={token}'}"


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket that sends small answers at once (TCP_NODELAY); see `serve` for the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = family is socket.AF_INET6 and socket.has_dualstack_ipv6()
    for number in range(PORT, PORT + _TRIED) if port is None else [port]:
        try:
            listening = socket.create_server(
                (host.strip("[]"), number), family=family, backlog=BACKLOG, dualstack_ipv6=both
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _refused(host, number, error) from None
        else:
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listening
    used = f"the port {port} is" if port is not None else f"the ports {PORT} to {PORT + _TRIED - 1} are"
    raise OptionError(f"{used} in use", field="port", remedy="name another with --port, or 0 for any")


def _refused(host: str, port: int, error: OSError) -> OptionError:
    if error.errno in (errno.EACCES, errno.EPERM):
        return OptionError(f"the port {port} may not be used", field="port", remedy="use one above 1023")
    return OptionError(
        f"{host!r} is not an address of this machine", field="host", remedy="use 127.0.0.1 or 0.0.0.0"
    )
