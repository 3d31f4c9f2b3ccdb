"""Commands about two runs or vectors files: ``align`` and ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from selfvec.apps.cli.arguments import MORE, AsJson, Format, Jobs, Output, Overwrite, Seed, arg, opt
from selfvec.apps.cli.output import print_json, print_text, say, show, write_report
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["align", "compare"]

PROCRUSTES = "Procrustes"
COMPASS = "Compass"
RELATIVE = "Relative"
LANGUAGES = "Two languages (dictionary, unsupervised)"


def align(
    a: Annotated[str, arg("A", "A run folder or vectors file.")],
    b: Annotated[str, arg("B", "Another one.")],
    output: Annotated[
        Path,
        opt(
            "A vectors file for B, or a folder for both. compass, relative and --reweight write a folder.",
            "OUT",
            "--output",
            "-o",
        ),
    ],
    *,
    method: Annotated[
        str,
        opt(
            "procrustes, dictionary, unsupervised, compass or relative. Rotate B onto A by shared words, by "
            "a dictionary, or without one (unsupervised); train both from one shared space (compass); or "
            "describe words by their cosines to anchor words (relative).",
            "NAME",
        ),
    ] = "procrustes",
    to: Format = None,
    min_count: Annotated[
        int | None, opt("Fit on words at least this frequent (procrustes, relative).", "N", min=1, panel=MORE)
    ] = None,
    trim: Annotated[
        float | None,
        opt("Share of words left out of the fit, the worst.", "X", panel=PROCRUSTES, default="0.1"),
    ] = None,
    centre: Annotated[
        bool | None, opt("Subtract the mean vector of each side.", None, "--centre", panel=PROCRUSTES)
    ] = None,
    dictionary: Annotated[
        Path | None, opt("Translations: rows of word of A, word of B. Implies dictionary.", "TSV")
    ] = None,
    reweight: Annotated[
        bool | None, opt("Transform both sides for translation.", None, "--reweight", panel=LANGUAGES)
    ] = None,
    window: Annotated[int | None, opt("Tokens per window.", "N", panel=COMPASS, min=2, default="41")] = None,
    anchor: Annotated[
        float | None,
        opt("How strongly words are held to their old vectors.", "X", panel=COMPASS, default="0"),
    ] = None,
    anchor_words: Annotated[
        int | None,
        opt(
            "Number of anchor words.",
            "N",
            "--anchor-words",
            "--anchors",
            panel=RELATIVE,
            min=1,
            default="300",
        ),
    ] = None,
    choose: Annotated[
        str | None, opt("How anchor words are chosen.", "frequency|kmeans|farthest", panel=RELATIVE)
    ] = None,
    seed: Annotated[int | None, opt("Seed (unsupervised, kmeans, farthest).", "N", min=0, panel=MORE)] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Bring two sets of vectors into one space.

    Examples:
        selfvec vectors align run-1990 run-2020 -o aligned.vec
        selfvec vectors align en.vec es.vec -o both --dictionary en-es.tsv
    """
    from selfvec.analysis.alignment import align

    options = {
        "min_count": min_count,
        "trim": trim,
        "centre": centre,
        "dictionary": dictionary,
        "reweight": reweight,
        "window": window,
        "anchor": anchor,
        "anchor_words": anchor_words,
        "choose": choose,
        "seed": seed,
    }
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    aligned = align(
        a, b, method, output=output, to=to, overwrite=overwrite, progress=TerminalProgress(), **given
    )
    if as_json:
        print_json(aligned.as_dict())
        return
    for note in aligned.written["left_out_of_format"]:
        say(note)
    say(_summary(aligned.notes))
    print_text(output)


def _summary(notes: dict[str, Any]) -> str:
    """The result in one sentence."""
    if "learned" in notes:
        given = f" from {notes['dictionary']:,} given" if notes["dictionary"] is not None else ""
        unused = notes.get("unused", {"pairs": 0})
        if unused["pairs"]:
            a = unused["without_vector_in_a"]
            b = unused["without_vector_in_b"]
            given += f", {unused['pairs']:,} unused (no vector in A: {a:,}, in B: {b:,})"
        given += f"; its first row names columns: {notes['header']!r}" if notes.get("header") else ""
        return f"{notes['learned']:,} pairs learned{given}; mean cosine of a pair {notes['cosine']:.3f}"
    anchors = f", {notes['anchors']:,} of them anchors" if "anchors" in notes else ""
    before = notes.get("cosine_before")
    change = f" (before: {before:.3f})" if before is not None else ""
    return (
        f"{notes['shared']:,} shared words{anchors}; mean cosine of a word's two vectors "
        f"{notes['cosine']:.3f}{change}"
    )


def compare(
    a: Annotated[str, arg("RUN_A", "A run folder or vectors file.")],
    b: Annotated[str, arg("RUN_B", "Another one.")],
    *,
    top: Annotated[int, opt("Words shown.", "N", min=1)] = 20,
    fdr: Annotated[
        float, opt("Highest false discovery rate of words that differ.", "Q", min=0, max=1)
    ] = 0.05,
    neighbours: Annotated[int, opt("Nearest neighbours compared.", "N", min=1)] = 10,
    method: Annotated[
        str,
        opt(
            "How both are brought into one space. auto: compass if both runs kept their tokens, else "
            "procrustes.",
            "auto|compass|procrustes|relative",
        ),
    ] = "auto",
    min_count: Annotated[
        int | None, opt("Leave out words that are rarer in either text.", "N", default="10", min=1)
    ] = None,
    permutations: Annotated[
        int, opt("Random splits in the significance test (compass).", "N", min=20, panel=MORE)
    ] = 200,
    jobs: Jobs = None,
    seed: Seed = 0,
    output: Output,
) -> None:
    """List the words that differ most between two runs.

    Examples:
        selfvec run compare run-1990 run-2020
        selfvec run compare run-1990 run-2020 --top 30 --report differences.html
    """
    from selfvec.analysis.alignment import compare

    found = compare(
        a,
        b,
        method,
        top=top,
        fdr=fdr,
        neighbours=neighbours,
        min_count=min_count,
        permutations=permutations,
        seed=seed,
        jobs=jobs,
        progress=TerminalProgress(),
    ).as_dict()
    write_report(output, f"{a} and {b} compared", found["rows"])
    if output.as_json:
        print_json(found)
        return
    from selfvec.views.word_tables import comparison_table

    show(comparison_table(found))
