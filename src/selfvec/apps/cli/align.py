"""Two tables or runs: ``align`` and ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .output import TerminalProgress, print_json, say, show

__all__ = ["align", "compare"]

PROCRUSTES, COMPASS, RELATIVE = "Procrustes", "Compass", "Relative"
Seed = Annotated[int, typer.Option(min=0, help="For every random choice.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def align(
    a: Annotated[str, typer.Argument(metavar="A", help="A run folder or vectors file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="The file or folder for B's vectors; compass and relative: a folder for both, a and b.",
        ),
    ],
    method: Annotated[
        str,
        typer.Option(
            metavar="procrustes|compass|relative",
            help="Turn B upon A; place both by contexts from both corpora; or cosines to anchor words.",
        ),
    ] = "procrustes",
    to: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Its format; told by the suffix of OUT otherwise.")
    ] = None,
    min_count: Annotated[
        int | None,
        typer.Option(min=1, help="Rarer words take no part in the fit (procrustes, relative)."),
    ] = None,
    trim: Annotated[
        float | None,
        typer.Option(
            help="Share of the words, the farthest off, that take no part; 0.1.", rich_help_panel=PROCRUSTES
        ),
    ] = None,
    centre: Annotated[
        bool | None,
        typer.Option("--centre", help="Lay the two centres upon one another.", rich_help_panel=PROCRUSTES),
    ] = None,
    window: Annotated[
        int | None, typer.Option(min=2, help="Tokens per window; 41.", rich_help_panel=COMPASS)
    ] = None,
    anchor: Annotated[
        float | None,
        typer.Option(
            metavar="L", help="How strongly words hold on to what was known; 0.", rich_help_panel=COMPASS
        ),
    ] = None,
    anchors: Annotated[
        int | None, typer.Option(min=1, help="How many anchor words; 300.", rich_help_panel=RELATIVE)
    ] = None,
    choose: Annotated[
        str | None,
        typer.Option(
            metavar="frequency|kmeans|farthest", help="How anchors are chosen.", rich_help_panel=RELATIVE
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="For kmeans and farthest.", rich_help_panel=RELATIVE)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the words of two tables or runs into one space."""
    from selfvec.analysis.alignment import align as bring_together

    given: dict[str, Any] = {
        "min_count": min_count,
        "trim": trim,
        "centre": centre,
        "window": window,
        "anchor": anchor,
        "anchors": anchors,
        "choose": choose,
        "seed": seed,
    }
    options = {name: value for name, value in given.items() if value is not None}
    aligned = bring_together(a, b, method, **options)
    left_out = aligned.save(output, to)
    if as_json:
        done = {"method": aligned.method, "a": a, "b": b, "target": str(output)}
        print_json(done | aligned.notes | {"left_out_of_format": left_out})
        return
    for note in left_out:
        say(note)
    say(_told(aligned.notes))
    print(output)


def _told(notes: dict[str, Any]) -> str:
    """In a sentence, what came of it."""
    anchors = f", {notes['anchors']:,} of them anchors" if "anchors" in notes else ""
    before = notes.get("cosine_before")
    change = f" (before: {before:.3f})" if before is not None else ""
    return (
        f"{notes['shared']:,} shared words{anchors}; mean cosine of a word's two vectors "
        f"{notes['cosine']:.3f}{change}"
    )


def compare(
    a: Annotated[str, typer.Argument(metavar="RUN_A", help="A run folder or vectors file.")],
    b: Annotated[str, typer.Argument(metavar="RUN_B", help="Another.")],
    top: Annotated[int, typer.Option(min=1, help="Words listed.")] = 20,
    method: Annotated[
        str,
        typer.Option(
            metavar="auto|compass|procrustes|relative",
            help="auto: compass for runs that kept their tokens, procrustes otherwise.",
        ),
    ] = "auto",
    min_count: Annotated[
        int | None, typer.Option(min=1, help="Leave out words rarer in either text; 10.")
    ] = None,
    neighbours: Annotated[int, typer.Option(min=1, help="Nearest words compared.")] = 10,
    permutations: Annotated[int, typer.Option(min=20, help="With a compass.")] = 200,
    fdr: Annotated[
        float, typer.Option(metavar="Q", min=0, max=1, help="False discovery rate to pass at.")
    ] = 0.05,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads; all cores otherwise.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """List the words that differ most between two runs, and whether that could be chance."""
    from selfvec.analysis.alignment import compare as word_by_word

    found = word_by_word(
        a,
        b,
        method,
        min_count=min_count,
        neighbours=neighbours,
        permutations=permutations,
        seed=seed,
        jobs=jobs,
        progress=TerminalProgress(),
    ).as_dict(top, fdr)
    if as_json:
        print_json(found)
        return
    from selfvec.views.comparison_table import comparison_table

    show(comparison_table(found))
