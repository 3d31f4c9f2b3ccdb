"""Commands about the terms of a text: ``phrases``, ``expand``, ``topics``, ``graph`` and ``why``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from .arguments import AsJson, MinCount, RunFolder, Seed, listed
from .output import TerminalProgress, print_json, say, show

__all__ = ["expand", "graph", "phrases", "topics", "why"]


@dataclass(frozen=True)
class PhraseOptions:
    """What counts as a phrase, as `selfvec.analysis.concepts.phrases` takes it."""

    min_count: Annotated[
        int | None,
        typer.Option(
            min=1, help="Occurrences outside longer phrases, at least: 5, or 2 per million words if more."
        ),
    ] = None
    npmi: Annotated[float, typer.Option(help="Normalised pointwise mutual information, at least.")] = 0.35
    longest: Annotated[int, typer.Option(min=2, help="Words per phrase, at most.")] = 4
    stop_words: Annotated[
        str, typer.Option(metavar="LANG|FILE", help="Words that no phrase begins or ends with.")
    ] = "en"


def phrases(
    source: Annotated[
        list[str], typer.Argument(metavar="RUN|CORPUS...", help="A run folder, or files or folders of text.")
    ],
    *,
    topn: Annotated[int | None, typer.Option(min=1, help="Phrases listed: 50, in JSON all.")] = None,
    text_field: Annotated[
        str | None, typer.Option(metavar="F[,F...]", help="Fields that hold the text.")
    ] = None,
    options: PhraseOptions,
    as_json: AsJson = False,
) -> None:
    """List the multi-word terms of a text.

    Example: selfvec phrases reports.csv --topn 100
    """
    from selfvec.analysis.concepts import phrases as find
    from selfvec.corpus import Corpus
    from selfvec.storage.run_folder import is_run, open_run

    if len(source) == 1 and is_run(source[0]):
        found = find(open_run(source[0]), progress=TerminalProgress(), **asdict(options))
    else:
        corpus = Corpus.open(source, text_fields=listed(text_field))
        found = find(corpus, progress=TerminalProgress(), **asdict(options))
    if as_json:
        print_json(found.as_dict(topn))
        return
    from selfvec.views.run_tables import phrases_table

    show(phrases_table(found, topn or 50))


def expand(
    run: RunFolder,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A question or some words.")],
    topn: Annotated[int, typer.Option(min=1, help="Terms listed.")] = 10,
    min_count: MinCount = 5,
    as_json: AsJson = False,
) -> None:
    """List terms related to a query, with weights.

    Example: selfvec expand run "damage to roofs"
    """
    from selfvec.analysis.concepts import expand as find
    from selfvec.storage.run_folder import open_run

    found = find(open_run(run), query, topn, min_count=min_count, progress=TerminalProgress())
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import expansion_table

    if found.unknown:
        say(f"the run does not have: {', '.join(found.unknown)}")
    show(expansion_table(found))


def topics(
    run: RunFolder,
    number: Annotated[
        int | None,
        typer.Option(metavar="K", min=1, help="Number of topics: by default 4 to 32, chosen by silhouette."),
    ] = None,
    topn: Annotated[int, typer.Option(min=3, help="Terms listed for each topic.")] = 12,
    min_count: Annotated[int, typer.Option(min=1, help="Leave out terms in fewer documents.")] = 5,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """List the topics of a corpus: groups of its characteristic terms.

    Example: selfvec topics run --number 10
    """
    from selfvec.analysis.concepts import topics as find
    from selfvec.storage.run_folder import open_run

    found = find(
        open_run(run), number, topn=topn, min_count=min_count, seed=seed, progress=TerminalProgress()
    )
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import topics_table

    show(topics_table(found))


@dataclass(frozen=True)
class GraphOptions:
    """What the graph holds, as `selfvec.analysis.concepts.graph` takes it."""

    size: Annotated[int, typer.Option(min=2, help="Terms, at most.")] = 120
    neighbours: Annotated[
        int, typer.Option(min=1, help="Join two terms if each is among this many nearest of the other.")
    ] = 5
    by: Annotated[
        str, typer.Option(metavar="cosine|ppmi", help="Nearness: cosine of vectors, or co-occurrence (PPMI).")
    ] = "cosine"
    seed: Seed = 0


def graph(
    run: RunFolder,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.graphml|json|html|svg|png",
            help="The file to write; its suffix decides the format.",
        ),
    ],
    word: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD...]", help="Show terms around these words only.")
    ] = None,
    *,
    options: GraphOptions,
    as_json: AsJson = False,
) -> None:
    """Draw or write the graph of a run's terms.

    Example: selfvec graph run hail -o hail.html
    """
    from selfvec.analysis.concepts import graph as find
    from selfvec.storage.run_folder import open_run
    from selfvec.views.graphs import check_suffix, save_graph

    check_suffix(output)
    found = find(open_run(run), word or (), progress=TerminalProgress(), **asdict(options))
    save_graph(found, output)
    if as_json:
        print_json({"target": str(output), **found.as_dict()})
        return
    say(f"{len(found.nodes):,} terms, {len(found.edges):,} edges")
    print(output)


def why(
    run: RunFolder,
    word_a: Annotated[str, typer.Argument(metavar="WORD_A", help="A word of the run.")],
    word_b: Annotated[str, typer.Argument(metavar="WORD_B", help="Another one.")],
    topn: Annotated[int, typer.Option(min=1, help="Shared contexts listed.")] = 12,
    window: Annotated[int, typer.Option(min=3, help="Tokens around a word that count as its context.")] = 21,
    sentences: Annotated[int, typer.Option(min=0, help="Example sentences for each word.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Explain why two words are similar: list the contexts they share.

    Example: selfvec why run hail snow
    """
    from selfvec.analysis.concepts import why as explain
    from selfvec.storage.run_folder import open_run

    found = explain(open_run(run), word_a, word_b, topn, window=window, examples=sentences)
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import why_text

    show(why_text(found))
