"""Runs that grow: ``update`` and ``merge``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .arguments import AsJson, RunFolder
from .output import TerminalProgress, say
from .refine import limit_threads, listed

if TYPE_CHECKING:
    from selfvec.data.run import Run
    from selfvec.storage.workspace import Workspace

__all__ = ["merge", "update"]

Vectors = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="The vectors of the run, where they do not lie where they lay."),
]
Jobs = Annotated[int | None, typer.Option(help="Threads; all cores otherwise.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on after an interruption.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a run of that name.")]


def update(
    run: RunFolder,
    corpus: Annotated[
        list[str],
        typer.Argument(metavar="NEWCORPUS...", help="Files or folders of new text; - reads standard input."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="The new run; otherwise RUN itself grows."),
    ] = None,
    vectors: Vectors = None,
    text_field: Annotated[
        str | None, typer.Option(metavar="F[,F...]", help="Fields that hold the text; else as for RUN.")
    ] = None,
    date_field: Annotated[
        str | None, typer.Option(metavar="F", help="Field that holds the date; else as for RUN.")
    ] = None,
    slice_field: Annotated[
        str | None, typer.Option(metavar="F", help="Field that says the part of a document; else as for RUN.")
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Count malformed rows and go on.")
    ] = False,
    jobs: Jobs = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Let a run grow by new text: it becomes what all of the text would have made."""
    limit_threads(jobs)
    from selfvec.corpus import Corpus
    from selfvec.refine.incremental import fields_of
    from selfvec.refine.incremental import update as grow
    from selfvec.storage.run_folder import open_run
    from selfvec.storage.workspace import Workspace

    given = {"text_fields": listed(text_field), "date_field": date_field, "slice_field": slice_field}
    told = {name: value for name, value in given.items() if value}
    target = run.resolve() if output is None else output  # a link to a run stays one
    open_run(run)  # what is no run is told before anything is made beside it
    with Workspace(target, overwrite=overwrite or output is None, resume=resume) as workspace:
        old = open_run(run)  # as it is now that nobody else can let it grow
        opened = Corpus.open(corpus, **fields_of(old) | told, skip_bad_rows=skip_bad_rows)
        grown = grow(old, opened, vectors, workspace=workspace, progress=TerminalProgress(), jobs=jobs)
        _finish(grown, workspace, output or run, as_json)


def merge(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders, in the order of text.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The run folder to make.")],
    vectors: Vectors = None,
    jobs: Jobs = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Make one run of several: what all of their text would have made."""
    limit_threads(jobs)
    from selfvec.refine.incremental import merge as grow
    from selfvec.storage.workspace import Workspace

    with Workspace(output, overwrite=overwrite, resume=resume) as workspace:
        grown = grow(runs, vectors, workspace=workspace, progress=TerminalProgress(), jobs=jobs)
        _finish(grown, workspace, output, as_json)


def _finish(run: Run, workspace: Workspace, name: Path, as_json: bool) -> None:
    """Put the run in its place and say what came of it."""
    from .refine_report import count, report

    workspace.finish(run)
    if not as_json:
        step = run.provenance["grown"][-1]
        if step["by"] == "update":
            named = (count(step[f"{noun}s"], noun) for noun in ("document", "token", "type"))
            say(f"added {', '.join(named)}")
        else:
            say(f"merged {count(len(step['runs']), 'run')}")
    report(run, name, as_json)
