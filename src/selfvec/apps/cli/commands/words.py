"""Commands about the words of a run: ``similar``, ``trajectory``, ``drift`` and ``senses``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from selfvec.apps import option_texts
from selfvec.apps.cli.arguments import (
    MORE,
    AsJson,
    Jobs,
    Output,
    Overwrite,
    RunFolder,
    Seed,
    Words,
    arg,
    listed,
    open_run,
    opt,
)
from selfvec.apps.cli.output import print_json, say, say_unknown, show, write_report
from selfvec.base.targets import check_target
from selfvec.views.terminal_progress import TerminalProgress

if TYPE_CHECKING:
    from selfvec.data.run import Run

__all__ = ["drift", "senses", "similar", "trajectory"]

SHOWN = 20  # words `drift` prints, and words that get example sentences in JSON


def similar(
    run: Annotated[str, arg("RUN|VECTORS", "A run folder, a vectors file, default, or aligned vectors.")],
    word: Words,
    kind: Annotated[str, opt(option_texts.KIND, "topic|replacement", "--as")] = "topic",
    top: Annotated[int, opt("Neighbours of each word.", "N", "--top", "--topn", min=1)] = 10,
    compare: Annotated[
        bool, opt("Show the neighbours before and after refining.", None, "--compare")
    ] = False,
    min_count: Annotated[
        int | None,
        opt("Leave out neighbours that occur less often.", "N", default="5, or fewer in a small text", min=1),
    ] = None,
    *,
    output: Output,
) -> None:
    """List the words most similar to a word.

    Of aligned vectors of two languages it lists translations.

    Examples:
        selfvec similar run hail tornado
        selfvec similar run hail --compare --top 5
        selfvec similar run acft --as replacement
        selfvec similar GoogleNews.bin hail
    """
    from selfvec.apps.similar_words import similar

    progress = TerminalProgress()
    found = similar(run, word, top=top, compare=compare, min_count=min_count, as_=kind, progress=progress)
    write_report(output, "Similar words", found)
    say_unknown(found.unknown)
    if output.as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.word_tables import neighbours_table

    show(neighbours_table(found.lists))


def trajectory(
    run: RunFolder,
    word: Words,
    *,
    plot: Annotated[Path | None, opt("Draw the paths to this file.", "FILE.html|png|svg|pdf")] = None,
    slices: Annotated[
        bool, opt("Follow the words through the slices of the text.", None, "--slices")
    ] = False,
    projection: Annotated[
        str, opt("How vectors are projected onto the plane.", "pca|pacmap|tsne|umap")
    ] = "pca",
    neighbours: Annotated[
        int, opt("Nearest neighbours drawn, at the first and the last state.", "N", min=0)
    ] = 5,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Show how a word moved while it was refined, or through the years.

    Examples:
        selfvec run trajectory run hail
        selfvec run trajectory run hail storm --plot hail.html
        selfvec run trajectory run hail --slices
    """
    from selfvec.apps.functions.words import trajectory
    from selfvec.views.projection import check_method
    from selfvec.views.word_tables import slice_table, trajectory_table

    check_method(projection)
    if plot is not None:
        check_target(plot, overwrite=overwrite, folder=False)
    opened = open_run(run)
    paths: Any
    with TerminalProgress().stage("Following words", None, "words"):
        if plot is None:
            paths = trajectory(opened, word, slices=slices, seed=seed).paths
        else:
            paths = _drawn(
                opened,
                word,
                plot,
                slices=slices,
                projection=projection,
                neighbours=neighbours,
                seed=seed,
                overwrite=overwrite,
            )
    if plot is not None:
        say(f"drew {plot}")
    if as_json:
        print_json({"rows": [path.as_dict() for path in paths]})
    elif plot is None:
        for path in paths:
            if slices:
                show(slice_table(path))
            else:
                show(trajectory_table(path, opened.original, opened.vectors, opened.provenance.method or ""))


def _drawn(
    run: Run,
    words: list[str],
    plot: Path,
    *,
    slices: bool,
    projection: str,
    neighbours: int,
    seed: int,
    overwrite: bool,
) -> list[Any]:
    """The paths of words, which are drawn to a file."""
    if slices:
        from selfvec.views.slice_figure import save_slice_plot, slice_view

        placed = slice_view(run, words, projection=projection, neighbours=neighbours, seed=seed)
        save_slice_plot(placed, plot, overwrite=overwrite)
        return [word.path for word in placed.paths]

    from selfvec.apps.functions.words import trajectory
    from selfvec.views.trajectory_figure import save_trajectory_plot, trajectory_view

    paths: list[Any] = [*trajectory(run, words).paths]
    view = trajectory_view(
        paths, run.original, run.vectors, projection=projection, neighbours=neighbours, seed=seed
    )
    save_trajectory_plot(view, plot, overwrite=overwrite)
    return paths


def drift(
    run: RunFolder,
    *,
    between: Annotated[
        list[str] | None,
        opt(
            option_texts.BETWEEN,
            "A..B C..D",
            default="first and last, or before and after refining",
        ),
    ] = None,
    slice_by: Annotated[
        str | None, opt("Compare the first month, quarter, year … with the last.", "PERIOD", "--slice")
    ] = None,
    words: Annotated[str | None, opt("Show these words only.", "W,W")] = None,
    pos: Annotated[str | None, opt("Compare these parts of speech only.", "POS[,POS...]", panel=MORE)] = None,
    all_words: Annotated[
        bool, opt("Keep stop words, numbers and words of repeated text.", None, "--all-words", panel=MORE)
    ] = False,
    top: Annotated[int | None, opt("Words shown.", "N", default=f"{SHOWN}, in JSON all", min=1)] = None,
    examples: Annotated[
        int | None, opt("Example sentences of each side.", "N", default="1, in a report 2", min=0)
    ] = None,
    fdr: Annotated[float | None, opt("Leave out words with a higher false discovery rate.", "Q")] = None,
    min_count: Annotated[int, opt("Leave out words that are rarer on either side.", "N", min=1)] = 5,
    permutations: Annotated[
        int, opt("Random splits of the documents in the first round of the test.", "N", panel=MORE, min=1)
    ] = 1000,
    jobs: Jobs = None,
    seed: Seed = 0,
    output: Output,
) -> None:
    """List words whose meaning changed, and whether by chance.

    Examples:
        selfvec drift run
        selfvec drift run --between 1990..1999 2010..2019 --fdr 0.05
        selfvec drift run --words hail,storm --report drift.html
    """
    from selfvec.apps.functions.words import drift

    shown = top or SHOWN
    found = drift(
        run,
        between or None,
        slice=slice_by,
        words=listed(words) or (),
        pos=listed(pos) or (),
        all_words=all_words,
        top=top if output.as_json or output.report else shown,
        examples=(2 if output.report else 1) if examples is None else examples,
        examples_of=shown,
        fdr=fdr,
        min_count=min_count,
        permutations=permutations,
        seed=seed,
        jobs=jobs,
        progress=TerminalProgress(),
    )
    say_unknown(found.unknown)
    if output.report is not None:
        from selfvec.views.drift_page import drift_page

        drift_page(found).save(output.report, overwrite=output.overwrite)
        say(f"wrote {output.report}")
    if output.as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.word_tables import drift_table

    show(drift_table(found.select(shown)))


def senses(
    run: RunFolder,
    word: Annotated[str, arg("WORD", "A word of the run.")],
    number: Annotated[
        int | None, opt("Number of senses.", "K", default="estimated from the occurrences", min=1)
    ] = None,
    examples: Annotated[int, opt("Example sentences of each sense.", "N", min=0)] = 2,
    text: Annotated[
        list[str] | None, opt("Name the sense of the word in this text; may be repeated.", "TEXT")
    ] = None,
    occurrences: Annotated[
        bool,
        opt("Add the sense of every occurrence to the JSON.", None, "--occurrences", "--uses", panel=MORE),
    ] = False,
    seed: Seed = 0,
    *,
    output: Output,
) -> None:
    """List the senses of a word, found by clustering its occurrences.

    With --text it names the sense of the word in a text.

    Examples:
        selfvec text senses run mouse
        selfvec text senses run mouse --text "The mouse ate the cheese."
    """
    from selfvec.analysis.word_senses import senses

    found = senses(open_run(run), word, number=number, examples=0 if text else examples, seed=seed)
    readings = [(part, found.disambiguate(part)) for part in text or ()]
    write_report(output, f"Senses of {word}", found)
    if output.as_json:
        texts = [{"text": part, "readings": [one.as_dict() for one in read]} for part, read in readings]
        print_json(found.as_dict(uses=occurrences) | ({"texts": texts} if text else {}))
        return
    from selfvec.views.word_tables import readings_text, sense_table

    show(readings_text(found, readings) if text else sense_table(found))
