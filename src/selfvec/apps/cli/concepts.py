"""Concepts of a text: ``phrases``, ``expand``, ``topics``, ``graph`` and ``why``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .output import TerminalProgress, print_json, say, show
from .words import AsJson, RunFolder

__all__ = ["expand", "graph", "phrases", "topics", "why"]

Seed = Annotated[int, typer.Option(min=0, help="For every random choice.")]


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
    from selfvec.analysis.concepts import phrases as find
    from selfvec.corpus import Corpus
    from selfvec.storage.run_folder import is_run, open_run
    from selfvec.text.phrase_finding import LEAST, LONGEST

    opened = (
        open_run(source[0])
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
    from selfvec.views.concept_tables import phrases_table

    show(phrases_table(found, topn or 50))


def expand(
    run: RunFolder,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question, or some words.")],
    topn: Annotated[int, typer.Option(min=1, help="Terms listed.")] = 10,
    min_count: Annotated[int, typer.Option(min=1, help="Leave out terms that occur less often.")] = 5,
    as_json: AsJson = False,
) -> None:
    """List the terms that belong to a query, with weights."""
    from selfvec.analysis.concepts import expand as find
    from selfvec.storage.run_folder import open_run

    found = find(open_run(run), query, topn, min_count=min_count, progress=TerminalProgress())
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.concept_tables import expansion_table

    if found.unknown:
        say(f"the run does not have: {', '.join(found.unknown)}")
    show(expansion_table(found))


def topics(
    run: RunFolder,
    number: Annotated[
        int | None, typer.Option(metavar="K", min=1, help="How many; 4 to 32, by their silhouettes.")
    ] = None,
    topn: Annotated[int, typer.Option(min=3, help="Terms listed of each.")] = 12,
    min_count: Annotated[int, typer.Option(min=1, help="Documents that a term stands in.")] = 5,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """List what a corpus is about: groups of its telling terms."""
    from selfvec.analysis.concepts import topics as find
    from selfvec.storage.run_folder import open_run

    found = find(
        open_run(run), number, topn=topn, min_count=min_count, seed=seed, progress=TerminalProgress()
    )
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.concept_tables import topics_table

    show(topics_table(found))


def graph(
    run: RunFolder,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.graphml|json|html|svg|png",
            help="What to write; the suffix says how.",
        ),
    ],
    word: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD...]", help="What it is about; otherwise all.")
    ] = None,
    size: Annotated[int, typer.Option(min=2, help="Terms, at most.")] = 120,
    neighbours: Annotated[
        int, typer.Option(min=1, help="Terms are joined that are among each other's so many nearest.")
    ] = 5,
    by: Annotated[
        str, typer.Option(metavar="cosine|ppmi", help="Near by meaning, or by standing together.")
    ] = "cosine",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw or write the graph of a run's terms."""
    from selfvec.analysis.concepts import graph as find
    from selfvec.storage.run_folder import open_run
    from selfvec.views.graph_files import check_suffix, save_graph

    check_suffix(output)
    found = find(
        open_run(run),
        word or (),
        size=size,
        neighbours=neighbours,
        by=by,
        seed=seed,
        progress=TerminalProgress(),
    )
    save_graph(found, output)
    if as_json:
        print_json({"target": str(output), **found.as_dict()})
        return
    say(f"{len(found.nodes):,} terms, {len(found.edges):,} edges")
    print(output)


def why(
    run: RunFolder,
    word_a: Annotated[str, typer.Argument(metavar="WORD_A")],
    word_b: Annotated[str, typer.Argument(metavar="WORD_B")],
    topn: Annotated[int, typer.Option(min=1, help="Shared contexts listed.")] = 12,
    window: Annotated[int | None, typer.Option(min=3, help="Tokens around a word; 21.")] = None,
    sentences: Annotated[int, typer.Option(min=0, help="Uses shown of either word.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Say why two words are similar: the contexts they share."""
    from selfvec.analysis.concepts import why as ask
    from selfvec.analysis.concepts.shared_contexts import WINDOW
    from selfvec.storage.run_folder import open_run

    found = ask(open_run(run), word_a, word_b, topn, window=window or WINDOW, sentences=sentences)
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.concept_tables import why_text

    show(why_text(found))
