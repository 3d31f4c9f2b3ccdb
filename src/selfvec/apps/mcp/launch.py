"""Serving an assistant until it closes standard input."""

from __future__ import annotations

from collections.abc import Sequence

from selfvec.base.errors import MissingExtra
from selfvec.base.progress import Progress
from selfvec.data.run import Run

__all__ = ["serve_assistant"]


def serve_assistant(
    run: Run, corpus: Sequence[str] | None = None, *, progress: Progress | None = None
) -> None:
    """Answer by the Model Context Protocol on standard input and output, until input ends.

    Parameters
    ----------
    run : Run
    corpus : sequence of paths, optional
        What is searched; the run's own documents where not given.
    progress : Progress, optional
        Must not write to standard output, which is the protocol's.

    Raises
    ------
    MissingExtra
        If the package ``mcp`` is not installed.
    """
    try:
        from .server import create_server
        from .tools import Tools
    except ImportError as error:
        raise MissingExtra("mcp", "mcp", "an assistant's access") from error
    create_server(Tools(run, corpus, progress)).run("stdio")
