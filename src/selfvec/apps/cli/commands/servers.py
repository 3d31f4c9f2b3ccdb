"""Commands that serve a run: ``serve``, as a page, and ``mcp``, to an assistant."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Never

from selfvec.apps.cli.arguments import Overwrite, RunFolder, open_run, opt
from selfvec.apps.cli.output import print_text, say
from selfvec.base.errors import MissingExtra
from selfvec.base.targets import check_target
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["mcp", "serve"]


def serve(
    run: RunFolder,
    host: Annotated[
        str, opt("Address to listen on. Addresses that other machines reach need a token.", "ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, opt("Port.", "N", default="the first free one from 8765", min=0, max=65535)
    ] = None,
    save: Annotated[
        Path | None, opt("Write the page of the words that changed most as one file instead.", "FILE.html")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Show what changed, and why, as a page in the browser.

    Examples:
        selfvec serve run
        selfvec serve run --save run.html
    """
    try:
        from selfvec.apps.web.server import serve
    except ImportError as error:
        raise MissingExtra(error.name or "fastapi", "serve", "the page") from error

    if save is not None:
        _save_page(run, save, overwrite)
        return

    def started(address: str) -> None:
        say(f"serving {run} until Ctrl-C at:")
        print(address, flush=True)

    serve(open_run(run), host, port, say=started)


def _save_page(run: Path, path: Path, overwrite: bool) -> None:
    """Write the page as one file."""
    from selfvec.apps.web.page_data import PageData
    from selfvec.apps.web.static_page import static_page
    from selfvec.base.atomic_files import atomic_file
    from selfvec.base.report_files import check_report

    check_report(path, (".html",))
    check_target(path, overwrite=overwrite, folder=False)
    page = static_page(PageData(open_run(run)), TerminalProgress())
    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    print_text(path)
    say("the file holds sentences of the documents; it opens in any browser, without a server")


def mcp(
    run: RunFolder,
    http: Annotated[
        int | None,
        opt(
            "Serve streamable HTTP on this port of 127.0.0.1, with a token; 0: any.", "PORT", min=0, max=65535
        ),
    ] = None,
) -> None:
    """Let an AI assistant search a run's text and ask about its words.

    It speaks the Model Context Protocol on standard input and output, or with --http on a port.

    Examples:
        selfvec mcp run
        selfvec mcp run --http 8766
    """
    try:
        from selfvec.apps.mcp.server import create_server
        from selfvec.apps.mcp.tools import Tools
    except ImportError as error:
        raise MissingExtra("mcp", "mcp", "an assistant's access") from error

    tools = Tools(open_run(run), TerminalProgress())
    if http is not None:
        from selfvec.apps.mcp.http import serve_http

        serve_http(tools, http, _say_where)
        return
    if sys.stdin.isatty():
        say("waiting for an assistant on standard input; stop with Ctrl-C")
    before = signal.signal(signal.SIGINT, _interrupted)
    try:
        create_server(tools).run("stdio")
    finally:
        signal.signal(signal.SIGINT, before)


def _say_where(address: str, token: str) -> None:
    say(f"serving until Ctrl-C; programs send the header\n  Authorization: Bearer {token}")
    print(address, flush=True)


def _interrupted(*_: object) -> Never:
    """End the process at once: the thread that waits for a line of standard input cannot be stopped."""
    say("selfvec: interrupted")
    os._exit(130)
