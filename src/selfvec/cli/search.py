"""``selfvec search``."""

from __future__ import annotations

from typing import Annotated

import typer

from .look import AsJson, RunFolder
from .output import TerminalProgress, print_json, say, show

__all__ = ["search"]


def search(
    run: RunFolder,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question, or some words.")],
    corpus: Annotated[
        list[str] | None,
        typer.Option(metavar="CORPUS", help="Search these files or folders; otherwise the run's own."),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            metavar="hybrid|bm25|dense", help="By words and meaning, by words alone, by meaning alone."
        ),
    ] = "hybrid",
    topn: Annotated[int, typer.Option(min=1, help="Documents shown.")] = 10,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FIELD=VALUE|date=A..B",
            help="Only documents with this value, or of this time; may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find documents by what they say and what they mean, and say why they were found."""
    from ..run import Run
    from ..search import check_mode
    from ..search.sources import run_index

    check_mode(mode)
    index = run_index(Run.open(run), corpus, progress=TerminalProgress())
    found = index.search(query, topn, mode=mode, filters=filters or ())
    if as_json:
        print_json(found.as_dict())
        return
    from ..explore.found import found_text

    if not found.asked and not found.unknown:
        say("nothing to search for: stop words are left out")
    if found.unknown:
        say(f"neither the documents nor the run have: {', '.join(found.unknown)}")
    show(found_text(found))
