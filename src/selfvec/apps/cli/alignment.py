"""Commands about two runs or vectors files: ``align`` and ``compare``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from .arguments import AsJson, Jobs, Seed
from .output import TerminalProgress, print_json, say, show

__all__ = ["align", "compare"]

PROCRUSTES, COMPASS, RELATIVE = "Procrustes", "Compass", "Relative"


@dataclass(frozen=True)
class AlignOptions:
    """Options of the methods; an option that is None was not given."""

    min_count: Annotated[
        int | None,
        typer.Option(min=1, help="Fit on words at least this frequent (procrustes, relative)."),
    ] = None
    trim: Annotated[
        float | None,
        typer.Option(
            help="Share of words left out of the fit, those that fit worst: 0.1.", rich_help_panel=PROCRUSTES
        ),
    ] = None
    centre: Annotated[
        bool | None,
        typer.Option("--centre", help="Subtract the mean vector of each table.", rich_help_panel=PROCRUSTES),
    ] = None
    window: Annotated[
        int | None, typer.Option(min=2, help="Tokens per window: 41.", rich_help_panel=COMPASS)
    ] = None
    anchor: Annotated[
        float | None,
        typer.Option(
            metavar="L", help="How strongly words are held to their old vectors: 0.", rich_help_panel=COMPASS
        ),
    ] = None
    anchors: Annotated[
        int | None, typer.Option(min=1, help="Number of anchor words: 300.", rich_help_panel=RELATIVE)
    ] = None
    choose: Annotated[
        str | None,
        typer.Option(
            metavar="frequency|kmeans|farthest", help="How anchors are chosen.", rich_help_panel=RELATIVE
        ),
    ] = None
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of kmeans and farthest.", rich_help_panel=RELATIVE)
    ] = None


def align(
    a: Annotated[str, typer.Argument(metavar="A", help="A run folder or vectors file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="File or folder for B's vectors; compass and relative write a folder with a and b.",
        ),
    ],
    *,
    method: Annotated[
        str,
        typer.Option(
            metavar="procrustes|compass|relative",
            help="Rotate B onto A; train both from one shared space (compass); or describe words by their "
            "cosines to anchor words (relative).",
        ),
    ] = "procrustes",
    to: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Format of OUT; by default its suffix decides.")
    ] = None,
    options: AlignOptions,
    as_json: AsJson = False,
) -> None:
    """Bring two sets of vectors into one space.

    Example: selfvec align run-1990 run-2020 -o aligned.vec
    """
    from selfvec.analysis.alignment import align as bring_together

    given: dict[str, Any] = {name: value for name, value in asdict(options).items() if value is not None}
    aligned = bring_together(a, b, method, **given)
    left_out = aligned.save(output, to)
    if as_json:
        done = {"method": aligned.method, "a": a, "b": b, "target": str(output)}
        print_json(done | aligned.notes | {"left_out_of_format": left_out})
        return
    for note in left_out:
        say(note)
    say(_summary(aligned.notes))
    print(output)


def _summary(notes: dict[str, Any]) -> str:
    """The result in one sentence."""
    anchors = f", {notes['anchors']:,} of them anchors" if "anchors" in notes else ""
    before = notes.get("cosine_before")
    change = f" (before: {before:.3f})" if before is not None else ""
    return (
        f"{notes['shared']:,} shared words{anchors}; mean cosine of a word's two vectors "
        f"{notes['cosine']:.3f}{change}"
    )


@dataclass(frozen=True)
class CompareOptions:
    """How words are compared, as `selfvec.analysis.alignment.compare` takes it."""

    method: Annotated[
        str,
        typer.Option(
            metavar="auto|compass|procrustes|relative",
            help="auto: compass if both runs kept their tokens, else procrustes.",
        ),
    ] = "auto"
    min_count: Annotated[
        int | None, typer.Option(min=1, help="Leave out words that are rarer in either text: 10.")
    ] = None
    neighbours: Annotated[int, typer.Option(min=1, help="Nearest words compared.")] = 10
    permutations: Annotated[
        int, typer.Option(min=20, help="Random splits in the significance test (compass).")
    ] = 200
    jobs: Jobs = None
    seed: Seed = 0


def compare(
    a: Annotated[str, typer.Argument(metavar="RUN_A", help="A run folder or vectors file.")],
    b: Annotated[str, typer.Argument(metavar="RUN_B", help="Another one.")],
    *,
    top: Annotated[int, typer.Option(min=1, help="Words listed.")] = 20,
    fdr: Annotated[
        float,
        typer.Option(metavar="Q", min=0, max=1, help="Significance level: the false discovery rate."),
    ] = 0.05,
    options: CompareOptions,
    as_json: AsJson = False,
) -> None:
    """List the words that differ most between two runs, and whether chance explains it.

    Example: selfvec compare run-1990 run-2020 --top 30
    """
    from selfvec.analysis.alignment import compare as word_by_word

    given = asdict(options)
    neighbours = given.pop("neighbours")
    found = word_by_word(a, b, progress=TerminalProgress(), **given).as_dict(top, fdr, neighbours)
    if as_json:
        print_json(found)
        return
    from selfvec.views.word_tables import comparison_table

    show(comparison_table(found))
