"""Functions behind commands that are for people: `demo`, and the servers of a run, `serve` and `mcp`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

from selfvec.base.checks import StrPath
from selfvec.base.declarations import Bounds, checked
from selfvec.base.errors import MissingExtra, OptionError
from selfvec.base.progress import GivenProgress, say
from selfvec.files.atomic_files import check_target
from selfvec.storage.run_folder import is_run, open_run

if TYPE_CHECKING:
    from .run import Run


@checked
def demo(output: StrPath = "demo-run", *, overwrite: bool = False, progress: GivenProgress = None) -> Run:
    """Adapt the built-in vectors to the documentation of your Python.

    It shows what changed and what to try next, and ends with a report, one page beside the run. A run and a
    report that an earlier demo made are replaced.

    Parameters
    ----------
    output : path
        The run folder to make.
    overwrite : bool
        Replace a run and a page that are not of demo, too.
    progress : Progress or bool, optional
    """
    from selfvec.corpus.python_docs import python_documentation

    from .functions.refine import refine
    from .functions.report import report

    replaced = overwrite or _is_of_demo(Path(output))
    page = Path(f"{output}.html")
    page_replaced = overwrite or _is_page_of_demo(page)
    check_target(output, overwrite=replaced, folder=True)
    check_target(page, overwrite=page_replaced, folder=False)
    run = refine(python_documentation(), output=output, overwrite=replaced, stop_words="en")
    report(run, page, overwrite=page_replaced)
    return run


def _is_page_of_demo(page: Path) -> bool:
    """Whether a file is a report of a run of `demo`, by its title."""
    from selfvec.corpus.python_docs import NAME

    if not page.is_file():
        return False
    with page.open("rb") as file:
        return f"<title>{NAME}".encode() in file.read(1000)


def _is_of_demo(folder: Path) -> bool:
    """Whether a folder is a run of `demo` that was not updated with other text."""
    from selfvec.corpus.python_docs import NAME

    if not is_run(folder):
        return False
    provenance = open_run(folder).provenance
    names = [str(file["path"]) for file in provenance.corpus["files"]]
    return len(names) == 1 and names[0].startswith(NAME) and not provenance.grown


@checked
def serve(
    run: StrPath,
    host: str = "127.0.0.1",
    port: Annotated[int, Bounds(at_least=0, at_most=65535)] | None = None,
    *,
    write: bool = False,
    token_file: StrPath | None = None,
    progress: GivenProgress = None,
) -> None:
    """Show what changed, and why, as a page in the browser.

    Parameters
    ----------
    run : path
        A run folder.
    host : str
        Address to listen on. If other machines reach it, a token is needed: SELFVEC_READ_TOKEN, or a new one.
    port : int, at least 0, at most 65535, optional
        Port; by default the first free one from 8765.
    write : bool
        Let programs add, replace and delete documents. They need the token of SELFVEC_TOKEN.
    token_file : path, optional
        File that holds this token instead.
    progress : Progress or bool, optional
    """
    try:
        from .web import server
    except ImportError as error:
        raise MissingExtra(error.name or "fastapi", "serve", "the page") from error

    def started(address: str) -> None:
        say(f"serving {run} until Ctrl-C at:")
        print(address, flush=True)

    write_token = None
    if write:
        from .web.writing import token_for_writing

        write_token = token_for_writing(token_file)
    elif token_file is not None:
        raise OptionError("is for writing", field="token_file", remedy="leave it out, or add --write")
    server.serve(open_run(run), host, port, write_token=write_token, say=started)


@checked
def mcp(
    run: StrPath,
    *,
    http: Annotated[int, Bounds(at_least=0, at_most=65535)] | None = None,
    write: bool = False,
    progress: GivenProgress = None,
) -> None:
    """Let an AI assistant search a run's text and ask about its words.

    It speaks the Model Context Protocol on standard input and output, or with --http on a port.

    Parameters
    ----------
    run : path
        A run folder.
    http : int, at least 0, at most 65535, optional
        Serve streamable HTTP on this port of 127.0.0.1, with a token; 0: any.
    write : bool
        Let the assistant add documents, too.
    progress : Progress or bool, optional
    """
    try:
        from .mcp.server import create_server, serve_http
        from .mcp.tools import Tools
    except ImportError as error:
        raise MissingExtra("mcp", "mcp", "an assistant's access") from error

    tools = Tools(open_run(run))
    if http is not None:
        serve_http(tools, http, _say_where, write=write)
        return
    if sys.stdin.isatty():
        say("waiting for an assistant on standard input; stop with Ctrl-C")
    before = signal.signal(signal.SIGINT, _interrupted)
    try:
        create_server(tools, write=write).run("stdio")
    finally:
        signal.signal(signal.SIGINT, before)


def _say_where(address: str, token: str) -> None:
    header = f"serving until Ctrl-C; programs send the header\n  Authorization: Bearer {token}"
    print(header, file=sys.stderr)
    print(address, flush=True)


def _interrupted(*_: object) -> Never:
    """End the process at once: the thread that waits for a line of standard input cannot be stopped."""
    print("selfvec: interrupted", file=sys.stderr, flush=True)
    os._exit(130)
