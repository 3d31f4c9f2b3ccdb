"""``selfvec mcp``: a run as tools for an assistant."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, Never

import typer

from .output import TerminalProgress, say
from .words import RunFolder

__all__ = ["mcp"]


def mcp(
    run: RunFolder,
    corpus: Annotated[
        list[str] | None,
        typer.Option(metavar="CORPUS", help="Search these files or folders; otherwise the run's own."),
    ] = None,
) -> None:
    """Let an assistant search a corpus and ask about its words (Model Context Protocol, stdio)."""
    from selfvec.apps.mcp.launch import serve_assistant
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    if sys.stdin.isatty():
        say("waiting for an assistant's questions on standard input; end with Ctrl-C")
    before = signal.signal(signal.SIGINT, _interrupted)
    try:
        serve_assistant(opened, corpus, progress=TerminalProgress())
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(*_: object) -> Never:
    """End at once: the thread that reads standard input waits for a line and would keep the process."""
    say("selfvec: interrupted")
    os._exit(130)
