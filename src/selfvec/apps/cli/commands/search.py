"""Commands that search documents: ``search`` and ``ask``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from selfvec.apps import option_texts
from selfvec.apps.cli.arguments import (
    Output,
    Overlap,
    PassageWords,
    Query,
    Reading,
    RunFolder,
    arg,
    opt,
)
from selfvec.apps.cli.output import print_json, say, show, write_report
from selfvec.views.terminal_progress import TerminalProgress

if TYPE_CHECKING:
    from selfvec.retrieval.snippets import Found

__all__ = ["ask", "search"]

_NAMED = 5  # files left out, on the terminal; in JSON all
Mode = Annotated[str, opt(option_texts.MODE, "hybrid|bm25|dense")]
Shown = Annotated[int, opt("Documents shown.", "N", "--top", "--topn", min=1)]
Filters = Annotated[
    list[str] | None,
    opt(option_texts.FILTERS, "FIELD=VALUE|date=A..B", "--filter"),
]


def search(
    run: RunFolder,
    query: Query,
    mode: Mode = "hybrid",
    top: Shown = 10,
    filters: Filters = None,
    passage_words: PassageWords = 200,
    overlap: Overlap = 40,
    *,
    output: Output,
) -> None:
    """Find documents by their words and their meaning, and show why.

    Examples:
        selfvec search run "damage to roofs"
        selfvec search run "damage to roofs" --filter date=1996..1998
    """
    from selfvec.retrieval import search

    found = search(
        run,
        query,
        top=top,
        mode=mode,
        filters=filters or (),
        passage_words=passage_words,
        overlap=overlap,
        progress=TerminalProgress(),
    )
    _show_found(found, output)


def ask(
    folder: Annotated[Path, arg("FOLDER", "A folder or file of text, or a run folder.")],
    query: Query,
    *,
    vectors: Annotated[
        list[str] | None, opt("Initial vectors.", "FILE|NAME", default="the built-in vectors")
    ] = None,
    mode: Mode = "hybrid",
    top: Shown = 10,
    filters: Filters = None,
    cache: Annotated[
        Path | None, opt("Where run and index are kept.", "DIR", default="the user's cache folder")
    ] = None,
    reading: Reading,
    output: Output,
) -> None:
    """Search a folder of text: refine, index and search in one.

    Examples:
        selfvec ask reports/ "damage to roofs"
        selfvec ask reports.csv "damage to roofs" --text-field narrative
    """
    from selfvec.apps.answers import ask

    found = ask(
        folder,
        query,
        top=top,
        mode=mode,
        filters=filters or (),
        vectors=vectors or "default",
        cache=cache,
        progress=TerminalProgress(),
        **asdict(reading),
    )
    _show_found(found, output)


def _show_found(found: Found, output: Output) -> None:
    """Print the documents that were found."""
    write_report(output, found.query, found)
    if output.as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import found_text

    if not found.asked and not found.unknown:
        say("nothing to search for: stop words are left out")
    if found.unknown:
        say(f"not in the documents or the run: {', '.join(found.unknown)}")
    show(found_text(found, coloured=sys.stdout.isatty()))
    if found.skipped_files:
        names = ", ".join(found.skipped_files[:_NAMED])
        more = len(found.skipped_files) - _NAMED
        say(f"left out, of a kind that is not read: {names}{f' and {more:,} more' if more > 0 else ''}")
