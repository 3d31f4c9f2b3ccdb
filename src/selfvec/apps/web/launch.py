"""Serving the page: an address, a token if other machines reach it, and uvicorn until Ctrl-C."""

from __future__ import annotations

import errno
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from selfvec.base.errors import MissingExtra, OptionError
from selfvec.data.run import Run

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

__all__ = ["PORT", "bind", "serve", "server_of"]

PORT = 8765  # tried first
_TRIED = 20  # ports, if none was asked for
_AT_ONCE = 64  # requests answered at the same time
_USE = "use 127.0.0.1 or 0.0.0.0"


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
    try:
        import uvicorn  # noqa: F401

        from .app import create_app
        from .guard import is_loopback
        from .page_data import PageData
    except ImportError as error:
        raise MissingExtra(error.name or "fastapi", "serve", "the page") from error
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
    import uvicorn

    from .guard import LONGEST_HEADERS

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
    return OptionError(f"{host!r} is no address of this machine", field="host", remedy=_USE)
