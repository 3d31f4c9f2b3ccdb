"""Concepts of a text: ``phrases``, ``expand``, ``topics``, ``graph`` and ``why``."""

from __future__ import annotations

from typing import Annotated

import typer

from .look import AsJson
from .output import TerminalProgress, print_json, show

__all__ = ["phrases"]


def phrases(
    source: Annotated[
        list[str], typer.Argument(metavar="RUN|CORPUS...", help="A run folder, or files or folders of text.")
    ],
    topn: Annotated[int | None, typer.Option(min=1, help="Phrases listed; 50, in JSON all.")] = None,
    min_count: Annotated[
        int | None,
        typer.Option(min=1, help="Occurrences outside longer phrases, at least; 5, or 2 in a million words."),
    ] = None,
    npmi: Annotated[
        float | None, typer.Option(help="Least normalised pointwise mutual information; 0.35.")
    ] = None,
    longest: Annotated[int | None, typer.Option(min=2, help="Words of a phrase, at most; 4.")] = None,
    stop_words: Annotated[
        str, typer.Option(metavar="LANG|FILE", help="No phrase begins or ends with one of these.")
    ] = "en",
    text_field: Annotated[
        str | None, typer.Option(metavar="F[,F...]", help="Fields that hold the text.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the multi-word terms of a text."""
    from ..concepts import phrases as find
    from ..concepts.phrasing import LEAST, LONGEST
    from ..corpus import Corpus
    from ..run import Run, is_run

    opened = (
        Run.open(source[0])
        if len(source) == 1 and is_run(source[0])
        else Corpus.open(source, text_fields=text_field.split(",") if text_field else None)
    )
    found = find(
        opened,
        min_count=min_count,
        npmi=LEAST if npmi is None else npmi,
        longest=longest or LONGEST,
        stop_words=stop_words,
        progress=TerminalProgress(),
    )
    if as_json:
        print_json(found.as_dict(topn))
        return
    from ..explore.concept_tables import phrases_table

    show(phrases_table(found, topn or 50))
