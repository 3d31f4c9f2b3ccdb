"""The server of the page: an address, and limits on the number and the duration of connections.

Uvicorn has no time limit for a client that sends a request or reads an answer, and it cannot close idle
connections to admit new ones.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
from collections.abc import Callable
from typing import Literal

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from selfvec.base.errors import OptionError
from selfvec.data.run import Run

from .guard import LONGEST_HEADERS, busy_response, is_loopback

__all__ = ["IDLE", "MOST", "STALLED", "bind", "serve", "server_of"]

PORT = 8765  # tried first
_TRIED = 20  # ports that are tried if none is given
MOST = 512  # connections; a further one closes the longest idle one or, if none is idle, is refused
_REFUSED = 256  # further connections that get an answer with status 503
IDLE = 15.0  # seconds for sending a request, from the connection or the last answer on
STALLED = 10.0  # seconds for receiving a piece of an answer


class Connection(H11Protocol):
    """An HTTP connection with limits."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit a client. Beyond `MOST`, close the connection that was idle longest."""
        super().connection_made(transport)
        self._writing: asyncio.TimerHandle | None = None
        self._wait()
        others = [other for other in self.connections if isinstance(other, Connection) and not other.closing]
        if len(others) <= MOST:
            return
        idle = [other for other in others if other is not self and not other.busy]
        if idle:
            min(idle, key=lambda other: other.since).transport.abort()
        elif len(others) <= MOST + _REFUSED:
            self.app = _full
        else:
            transport.abort()

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def closing(self) -> bool:
        """Whether the connection is closed or closing."""
        return self.transport.is_closing()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._idle.cancel()
        self._wait()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client reads slowly: it has `STALLED` seconds for a piece."""
        super().pause_writing()
        self._writing = self.loop.call_later(STALLED, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has received the piece."""
        super().resume_writing()
        self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._idle.cancel()
        self._stop_timer()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self.since = self.loop.time()
        self._idle = self.loop.call_later(IDLE, self._give_up)

    def _give_up(self) -> None:
        if not self.busy:
            self.transport.abort()

    def _stop_timer(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None


async def _full(scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a client beyond the limit of connections."""
    await busy_response({"connection": "close"})(scope, receive, send)


def serve(
    run: Run,
    host: str = "127.0.0.1",
    port: int | None = None,  # by default `PORT` or the next free one; 0 for any free port
    *,
    say: Callable[[str], None],  # called once, with the address of the page
) -> None:
    """Serve a run until it is interrupted.

    An address that other machines can reach needs a token, which is part of the address that ``say`` gets.
    """
    from .app import create_app
    from .page_data import PageData

    data = PageData(run)
    with bind(host, port) as listening:
        token = None if is_loopback(host) else secrets.token_urlsafe(32)
        server = server_of(create_app(data, host=host, token=token))
        data.start()
        say(address(host, listening.getsockname()[1], token))
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:  # stops the server
            return


def server_of(app: ASGIApp, *, lifespan: Literal["on", "off"] = "off") -> uvicorn.Server:
    """A server for an application. It has no log, sends no server header, and limits the size of requests."""
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        http=Connection,
        ws="none",
        lifespan=lifespan,
        timeout_keep_alive=round(IDLE),
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
    """A listening socket that sends small answers at once (TCP_NODELAY); see `serve` for the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in range(PORT, PORT + _TRIED) if port is None else [port]:
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            listening.bind((host.strip("[]"), number))
            listening.listen(1024)
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
        f"{host!r} is not an address of this machine", field="host", remedy="use 127.0.0.1 or 0.0.0.0"
    )
