"""``selfvec search``."""

from __future__ import annotations

from typing import Annotated

import typer

from selfvec.base.errors import OptionError

from .arguments import AsJson, OtherCorpus, RunFolder
from .output import TerminalProgress, print_json, say, show

__all__ = ["search"]


def search(
    run: RunFolder,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question or some words.")],
    corpus: OtherCorpus = None,
    mode: Annotated[
        str,
        typer.Option(metavar="hybrid|bm25|dense", help="Use words and vectors, words only, or vectors only."),
    ] = "hybrid",
    topn: Annotated[int, typer.Option(min=1, help="Documents shown.")] = 10,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FIELD=VALUE|date=A..B",
            help="Only documents with this value or date; may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find documents by their words and their meaning, and show why each was found.

    Example: selfvec search run "damage to roofs" --filter date=1996..1998
    """
    from selfvec.search import check_mode, run_index
    from selfvec.storage.run_folder import open_run

    check_mode(mode)
    if not query.strip():
        raise OptionError("the query is empty", remedy="write the words to search for")
    index = run_index(open_run(run), corpus, progress=TerminalProgress())
    found = index.search(query, topn, mode=mode, filters=filters or ())
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import found_text

    if not found.asked and not found.unknown:
        say("nothing to search for: stop words are left out")
    if found.unknown:
        say(f"not in the documents or the run: {', '.join(found.unknown)}")
    show(found_text(found))
