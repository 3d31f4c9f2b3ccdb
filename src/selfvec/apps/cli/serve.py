"""``selfvec serve``: a run as a page in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from .output import say
from .words import RunFolder

__all__ = ["serve"]


def serve(
    run: RunFolder,
    host: Annotated[
        str,
        typer.Option(help="Address to serve at; any but this machine's own gets a token."),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port; the first free one from 8765 on where not given."),
    ] = None,
) -> None:
    """Show what changed, and why, as a page in the browser."""
    from selfvec.apps.web.launch import serve as serve_run
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    say(f"serving {run} until Ctrl-C at:")
    serve_run(opened, host, port, say=lambda address: print(address, flush=True))
