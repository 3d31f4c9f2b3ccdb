"""``selfvec update`` and ``selfvec merge``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfvec.data.settings import KEEP, RULE

from .arguments import AsJson, NewRun, Reading, RunFolder, Work
from .output import TerminalProgress, say

if TYPE_CHECKING:
    from selfvec.data.run import Run
    from selfvec.storage.workspace import Workspace

__all__ = ["merge", "update"]

Vectors = Annotated[
    str | None,
    typer.Option(
        metavar="PATH", help="Path to the original vectors, if the file has moved.", rich_help_panel=RULE
    ),
]


def update(
    *,
    run: RunFolder,
    corpus: Annotated[
        list[str],
        typer.Argument(metavar="NEWCORPUS...", help="Files or folders of new text; - reads standard input."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A new run folder; RUN itself if not given.",
            rich_help_panel=KEEP,
        ),
    ] = None,
    vectors: Vectors = None,
    reading: Reading,
    work: Work,
    as_json: AsJson = False,
) -> None:
    """Add new text to a run: the result is the run that all of the text would have made.

    Fields are read as they were for RUN, unless they are named.

    Example: selfvec update run reports-2024.csv
    """
    from selfvec.corpus import Corpus
    from selfvec.refine.update_merge import fields_of
    from selfvec.refine.update_merge import update as updated
    from selfvec.storage.run_folder import open_run
    from selfvec.storage.workspace import Workspace

    target = run.resolve() if output is None else output  # a link to a run stays a link
    open_run(run)  # fail before anything is made beside what is no run
    with Workspace(target, overwrite=work.overwrite or output is None, resume=work.resume) as workspace:
        old = open_run(run)  # again: another update may have finished before we got the lock
        opened = Corpus.open(corpus, **fields_of(old) | reading.fields, skip_bad_rows=reading.skip_bad_rows)
        new = updated(old, opened, vectors, workspace=workspace, progress=TerminalProgress(), jobs=work.jobs)
        _finish(new, workspace, output or run, as_json)


def merge(
    *,
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders, in the order of text.")],
    output: NewRun,
    vectors: Vectors = None,
    work: Work,
    as_json: AsJson = False,
) -> None:
    """Merge runs into one: the run that all of their text would have made.

    Example: selfvec merge run-2023 run-2024 -o run
    """
    from selfvec.refine.update_merge import merge as merged
    from selfvec.storage.workspace import Workspace

    with Workspace(output, overwrite=work.overwrite, resume=work.resume) as workspace:
        new = merged(runs, vectors, workspace=workspace, progress=TerminalProgress(), jobs=work.jobs)
        _finish(new, workspace, output, as_json)


def _finish(run: Run, workspace: Workspace, name: Path, as_json: bool) -> None:
    """Save the run and print a summary."""
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
