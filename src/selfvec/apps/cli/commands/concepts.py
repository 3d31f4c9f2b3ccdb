"""Commands about terms: ``phrases``, ``expand``, ``topics``, ``graph`` and ``why``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from selfvec.apps.cli.arguments import (
    AsJson,
    MinCount,
    Output,
    Overwrite,
    Query,
    RunFolder,
    Seed,
    TextField,
    arg,
    checked_suffix,
    open_run,
    opt,
)
from selfvec.apps.cli.output import print_json, print_text, say, show, write_report
from selfvec.base.targets import check_target
from selfvec.views.terminal_progress import TerminalProgress

if TYPE_CHECKING:
    from selfvec.analysis.concepts import WhyConcepts

__all__ = ["expand", "graph", "phrases", "topics", "why"]


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

    text: Any = source[0] if len(source) == 1 else [Path(name) for name in source]
    found = phrases(
        text,
        top,
        text_field=text_field,
        min_count=min_count,
        npmi=npmi,
        longest=longest,
        stop_words=stop_words,
        progress=TerminalProgress(),
    )
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


def topics(
    run: RunFolder,
    number: Annotated[
        int | None, opt("Number of topics.", "K", default="4 to 32, chosen by silhouette", min=1)
    ] = None,
    top: Annotated[int, opt("Terms listed for each topic.", "N", "--top", "--topn", min=3)] = 12,
    min_count: Annotated[int, opt("Leave out terms in fewer documents.", "N", min=1)] = 5,
    *,
    by: Annotated[
        str | None,
        opt(
            "Show the topics of each month, quarter, year, decade, slice or value of a field. "
            "Several with commas.",
            "PERIOD|FIELD",
        ),
    ] = None,
    match: Annotated[
        bool,
        opt("With --by: cluster each group by itself, and match its topics in order.", None, "--match"),
    ] = False,
    hierarchy: Annotated[bool, opt("Show which topics are similar.", None, "--hierarchy")] = False,
    documents: Annotated[
        Path | None,
        opt(
            "Write the topic of each document.",
            "FILE.csv|parquet",
            callback=checked_suffix(".csv", ".parquet"),
        ),
    ] = None,
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

    if documents is not None:
        check_target(documents, overwrite=output.overwrite, folder=False)
    opened = open_run(run)
    found = concepts.topics(
        opened,
        number,
        by=by,
        match=match,
        hierarchy=hierarchy,
        top=top,
        min_count=min_count,
        seed=seed,
        progress=TerminalProgress(),
    )
    by_group = found.groups
    if documents is not None:
        groups = concepts.document_groups(opened, by) if by is not None else []
        rows = concepts.document_table(opened, found, groups, by_group if match else None)
        save_rows(rows, documents, overwrite=output.overwrite)
        say(f"wrote {documents}")
    write_report(output, "Topics", found if by_group is None else by_group)
    if output.as_json:
        print_json(found.as_dict())
        return
    show(run_tables.topics_table(found))
    if by_group is not None:
        show(shown.group_topics_table(by_group))
    if found.hierarchy is not None:
        show(shown.hierarchy_tree(found, found.hierarchy))


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
    found = graph(
        open_run(run),
        word or (),
        top=top,
        neighbours=neighbours,
        edges=edges,
        seed=seed,
        progress=TerminalProgress(),
    )
    save_graph(found, output, overwrite=overwrite)
    if as_json:
        print_json({"target": str(output), **found.as_dict()})
        return
    say(f"{len(found.nodes):,} terms, {len(found.edges):,} edges")
    print_text(output)


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
