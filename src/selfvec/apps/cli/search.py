"""``selfvec search``."""

from __future__ import annotations

from typing import Annotated

import typer

from .output import TerminalProgress, print_json, say, show
from .words import AsJson, RunFolder

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
    from selfvec.search import check_mode
    from selfvec.search.run_index import run_index
    from selfvec.storage.run_folder import open_run

    check_mode(mode)
    index = run_index(open_run(run), corpus, progress=TerminalProgress())
    found = index.search(query, topn, mode=mode, filters=filters or ())
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.search_table import found_text

    if not found.asked and not found.unknown:
        say("nothing to search for: stop words are left out")
    if found.unknown:
        say(f"neither the documents nor the run have: {', '.join(found.unknown)}")
    show(found_text(found))
