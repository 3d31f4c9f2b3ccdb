"""``selfvec demo``: refine on text that every Python has, and show the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import say, show

__all__ = ["demo"]

WORDS = ("string", "thread", "class", "exception", "generator", "pickle")


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="RUN", help="The run folder to make.")
    ] = Path("demo-run"),
) -> None:
    """Refine the embedded vectors on the documentation of your own Python and show what changed.

    Example: selfvec demo
    """
    from selfvec.corpus.python_docs import python_documentation
    from selfvec.data.settings import Settings
    from selfvec.storage.workspace import Workspace
    from selfvec.views.word_tables import neighbours_table

    from .refine_report import refine_and_save, report

    say("refining the embedded vectors on the documentation of this Python")
    with Workspace(output, overwrite=True) as workspace:
        settings = Settings(stop_words="en")
        run = refine_and_save(python_documentation(), "default", settings, workspace)
    words = [word for word in WORDS if word in run.vectors]
    rows = [row for word in words for row in run.similar(word, topn=6, compare=True, min_count=10)]
    show(neighbours_table(rows))
    report(run, output, as_json=False)
    say(
        f"""
The run is in {output}. Try next:
  selfvec similar {output} module iterator --compare --min-count 10
  selfvec search {output} "wait until a thread has ended"
  selfvec serve {output}                     # all of it as a page in the browser
  selfvec trajectory {output} thread --plot thread.html
  selfvec refine YOUR_TEXT -o my-run        # files, folders, csv, jsonl, parquet"""
    )
