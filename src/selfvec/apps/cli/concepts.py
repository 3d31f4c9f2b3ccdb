"""Commands about texts and terms: searching, phrases, related terms, topics, the graph, and ``why``."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from selfvec.base.targets import check_target
from selfvec.views.terminal_progress import TerminalProgress

from .arguments import (
    AsJson,
    MinCount,
    OtherCorpus,
    Output,
    Overlap,
    Overwrite,
    PassageWords,
    Reading,
    RunFolder,
    Seed,
    TextField,
    arg,
    checked_suffix,
    open_run,
    opt,
)
from .output import print_json, say, show, write_report

if TYPE_CHECKING:
    from selfvec.analysis.concepts import WhyConcepts
    from selfvec.retrieval.snippets import Found

__all__ = ["ask", "expand", "graph", "phrases", "search", "topics", "why"]

_NAMED = 5  # files left out, on the terminal; in JSON all
Query = Annotated[str, arg("QUERY", "A question or some words.")]
Mode = Annotated[str, opt("Use words and vectors, words only, or vectors only.", "hybrid|bm25|dense")]
Shown = Annotated[int, opt("Documents shown.", "N", "--top", "--topn", min=1)]
Filters = Annotated[
    list[str] | None,
    opt("Only documents with this value or date; may be repeated.", "FIELD=VALUE|date=A..B", "--filter"),
]


def search(
    run: RunFolder,
    query: Query,
    corpus: OtherCorpus = None,
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

    how: dict[str, Any] = {"passage_words": passage_words, "overlap": overlap, "progress": TerminalProgress()}
    found = search(run, query, top=top, mode=mode, filters=filters or (), corpus=corpus, **how)
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


def phrases(
    source: Annotated[list[str], arg("RUN|CORPUS...", "A run folder, or files or folders of text.")],
    *,
    top: Annotated[
        int | None, opt("Phrases listed.", "N", "--top", "--topn", default="50, in JSON all", min=1)
    ] = None,
    text_field: TextField = None,
    min_count: Annotated[
        int | None,
        opt(
            "Least number of occurrences outside longer phrases.",
            "N",
            default="5, or 2 per million words if more",
            min=1,
        ),
    ] = None,
    npmi: Annotated[float, opt("Least normalised pointwise mutual information.", "X")] = 0.35,
    longest: Annotated[int, opt("Most words of a phrase.", "N", min=2)] = 4,
    stop_words: Annotated[str, opt("Words that no phrase begins or ends with.", "LANG|FILE")] = "en",
    output: Output,
) -> None:
    """List the multi-word terms of a text.

    Examples:
        selfvec text phrases reports.csv
        selfvec text phrases run --top 100
    """
    from selfvec.analysis.concepts import phrases

    how: dict[str, Any] = {"min_count": min_count, "npmi": npmi, "longest": longest, "stop_words": stop_words}
    text: Any = source[0] if len(source) == 1 else [Path(name) for name in source]
    found = phrases(text, top, text_field=text_field, progress=TerminalProgress(), **how)
    write_report(output, "Phrases", found)
    if output.as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import phrases_table

    show(phrases_table(found, top or 50))


def expand(
    run: RunFolder,
    query: Query,
    top: Annotated[int, opt("Terms listed.", "N", "--top", "--topn", min=1)] = 10,
    min_count: MinCount = 5,
    *,
    output: Output,
) -> None:
    """List terms related to a query, with weights.

    Examples:
        selfvec text expand run "damage to roofs"
    """
    from selfvec.analysis.concepts import expand

    found = expand(open_run(run), query, top, min_count=min_count, progress=TerminalProgress())
    write_report(output, f"Terms related to {query}", found)
    if output.as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.run_tables import expansion_table

    if found.unknown:
        say(f"the run does not have: {', '.join(found.unknown)}")
    show(expansion_table(found))


@dataclass(frozen=True)
class TopicViews:
    """What else is shown about topics."""

    by: Annotated[
        str | None,
        opt(
            "Show the topics of each month, quarter, year, decade, slice or value of a field. "
            "Several with commas.",
            "PERIOD|FIELD",
        ),
    ] = None
    match: Annotated[
        bool,
        opt(
            "With --by: cluster each group by itself, and match its topics in order.",
            None,
            "--match",
        ),
    ] = False
    hierarchy: Annotated[bool, opt("Show which topics are similar.", None, "--hierarchy")] = False
    documents: Annotated[
        Path | None,
        opt(
            "Write the topic of each document.",
            "FILE.csv|parquet",
            callback=checked_suffix(".csv", ".parquet"),
        ),
    ] = None


def topics(
    run: RunFolder,
    number: Annotated[
        int | None, opt("Number of topics.", "K", default="4 to 32, chosen by silhouette", min=1)
    ] = None,
    top: Annotated[int, opt("Terms listed for each topic.", "N", "--top", "--topn", min=3)] = 12,
    min_count: Annotated[int, opt("Leave out terms in fewer documents.", "N", min=1)] = 5,
    *,
    views: TopicViews,
    seed: Seed = 0,
    output: Output,
) -> None:
    """List the topics of a text: groups of its characteristic terms.

    Examples:
        selfvec text topics run
        selfvec text topics run --number 10 --by year
        selfvec text topics run --documents topics.csv
    """
    from selfvec.analysis import concepts
    from selfvec.base.report_files import save_rows
    from selfvec.views import run_tables
    from selfvec.views import topics as shown

    if views.documents is not None:
        check_target(views.documents, overwrite=output.overwrite, folder=False)
    opened, progress = open_run(run), TerminalProgress()
    how: dict[str, Any] = {"by": views.by, "match": views.match, "hierarchy": views.hierarchy}
    found = concepts.topics(opened, number, **how, top=top, min_count=min_count, seed=seed, progress=progress)
    by_group, joins = found.groups, found.hierarchy
    if views.documents is not None:
        groups = concepts.document_groups(opened, views.by) if views.by is not None else []
        table = concepts.document_table(opened, found, groups, by_group if views.match else None)
        save_rows(table, views.documents, overwrite=output.overwrite)
        say(f"wrote {views.documents}")
    write_report(output, "Topics", found if by_group is None else by_group)
    if output.as_json:
        print_json(found.as_dict())
        return
    show(run_tables.topics_table(found))
    if by_group is not None:
        show(shown.group_topics_table(by_group))
    if joins is not None:
        show(shown.hierarchy_tree(found, joins))


def graph(
    run: RunFolder,
    output: Annotated[
        Path,
        opt(
            "The file to write: .html, .svg, .png, .pdf, .graphml or .json.",
            "FILE",
            "--output",
            "-o",
        ),
    ],
    word: Annotated[list[str] | None, arg("[WORD...]", "Show terms around these words only.")] = None,
    *,
    top: Annotated[int, opt("Most terms.", "N", "--top", "--size", min=2)] = 120,
    neighbours: Annotated[
        int, opt("Join two terms if each is among this many nearest of the other.", "N", min=1)
    ] = 5,
    edges: Annotated[
        str,
        opt("Nearness: cosine of vectors, or co-occurrence (PPMI).", "cosine|ppmi", "--edges", "--by"),
    ] = "cosine",
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Draw the graph of a run's terms, or write it as a file.

    Examples:
        selfvec text graph run -o terms.html
        selfvec text graph run hail storm -o hail.graphml
    """
    from selfvec.analysis.concepts import graph
    from selfvec.views.graphs import check_suffix, save_graph

    check_suffix(output)
    check_target(output, overwrite=overwrite, folder=False)
    opened, progress = open_run(run), TerminalProgress()
    found = graph(
        opened, word or (), top=top, neighbours=neighbours, edges=edges, seed=seed, progress=progress
    )
    save_graph(found, output, overwrite=overwrite)
    if as_json:
        print_json({"target": str(output), **found.as_dict()})
        return
    say(f"{len(found.nodes):,} terms, {len(found.edges):,} edges")
    print(output)


def why(
    run: RunFolder,
    word_a: Annotated[str, arg("WORD_A", "A word of the run; with --concepts any text.")],
    word_b: Annotated[str, arg("WORD_B", "Another one.")],
    top: Annotated[int, opt("Shared contexts or concepts listed.", "N", "--top", "--topn", min=1)] = 12,
    window: Annotated[int, opt("Tokens around a word that count as its context.", "N", min=3)] = 21,
    examples: Annotated[
        int, opt("Example sentences of each word.", "N", "--examples", "--sentences", min=0)
    ] = 2,
    concepts: Annotated[
        Path | None,
        opt("List shared concepts instead: a file with a text for each, its name first.", "CORPUS"),
    ] = None,
    *,
    output: Output,
) -> None:
    """Explain why two words are similar: list the contexts they share.

    Examples:
        selfvec text why run hail snow
    """
    from selfvec.analysis.concepts import Why, why
    from selfvec.views.run_tables import why_concepts_text, why_text

    found: Why | WhyConcepts
    if concepts is None:
        found = why(run, word_a, word_b, top, window=window, examples=examples)
    else:
        found = why(run, word_a, word_b, top, concepts=concepts)
    write_report(output, f"Why {word_a} and {word_b} are similar", found)
    if output.as_json:
        print_json(found.as_dict())
        return
    show(why_text(found) if isinstance(found, Why) else why_concepts_text(found))
