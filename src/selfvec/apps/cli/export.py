"""``selfvec export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import TerminalProgress, print_json, say
from .words import AsJson, RunFolder

__all__ = ["export"]


def export(
    run: RunFolder,
    to: Annotated[
        str,
        typer.Option(
            metavar="TARGET",
            help="encoder, model2vec, sentence-transformers, projector, word2vec, lancedb, ...; "
            "a name that is none lists all.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="The file or folder; RUN-TARGET beside the run otherwise."
        ),
    ] = None,
    corpus: Annotated[
        list[str] | None,
        typer.Option(metavar="CORPUS", help="For stores: these files or folders; otherwise the run's own."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a run in the form that another tool takes: encoders, vectors files, stores."""
    from selfvec.export import export as write
    from selfvec.storage.run_folder import open_run

    done = write(
        open_run(run), to, output, corpus=corpus or None, overwrite=overwrite, progress=TerminalProgress()
    )
    if as_json:
        print_json({"run": str(run), **done})
        return
    for note in done.get("left_out", ()):
        say(note)
    say(f"exported as {to}")
    print(done["target"])
