"""Commands about the words of a run: ``similar``, ``health``, ``trajectory``, ``drift`` and ``senses``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .arguments import AsJson, Command, Jobs, MinCount, RunFolder, Seed, Words
from .output import TerminalProgress, print_json, say, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from selfvec.data.run import Run

__all__ = ["Pairing", "drift", "health", "senses", "similar", "trajectory"]

SHOWN = 20  # words `drift` prints, and words that get example sentences in JSON


def similar(
    run: RunFolder,
    word: Words,
    topn: Annotated[int, typer.Option(min=1, help="Neighbours per word.")] = 10,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show the neighbours before and after refining.")
    ] = False,
    min_count: MinCount = 1,
    as_json: AsJson = False,
) -> None:
    """List the words most similar to a word.

    Example: selfvec similar run hail tornado --compare
    """
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    rows = [row for w in word for row in opened.similar(w, topn=topn, compare=compare, min_count=min_count)]
    if as_json:
        print_json({"rows": rows})
        return
    from selfvec.views.word_tables import neighbours_table

    show(neighbours_table(rows))


def health(run: RunFolder, as_json: AsJson = False) -> int:
    """Check whether the words moved and the vectors have not collapsed. Exit status 1: a check failed.

    Example: selfvec health run
    """
    from selfvec.storage.run_folder import open_run

    report = open_run(run).health
    if as_json:
        print_json(report)
    else:
        from selfvec.views.run_tables import health_panel

        show(health_panel(report))
    return int(bool(report["verdicts"]))


@dataclass(frozen=True)
class PathFigure:
    """Options of a figure of paths."""

    projection: Annotated[
        str, typer.Option(metavar="pca|tsne|umap", help="How vectors are projected onto the plane.")
    ] = "pca"
    neighbours: Annotated[
        int, typer.Option(min=0, help="Neighbours drawn for each word at the start and the end.")
    ] = 5
    seed: Annotated[int, typer.Option(help="Seed of tsne and umap.")] = 0


def trajectory(
    run: RunFolder,
    word: Words,
    *,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.html|png|svg", help="Draw the paths to this file.")
    ] = None,
    slices: Annotated[
        bool, typer.Option("--slices", help="Follow the words through the slices of the text.")
    ] = False,
    figure: PathFigure,
    as_json: AsJson = False,
) -> None:
    """Show the path of a word while it was refined or, with --slices, through the slices of the text.

    Example: selfvec trajectory run hail --plot hail.html
    """
    from selfvec.storage.run_folder import open_run
    from selfvec.views.projection import check_method

    check_method(figure.projection)
    follow = _through_slices if slices else _through_updates
    rows, tables = follow(open_run(run), word, figure, plot)
    if plot is not None:
        say(f"drew {plot}")
    if as_json:
        print_json({"rows": rows})
    elif plot is None:
        for table in tables():
            show(table)


def _through_updates(
    run: Run, words: list[str], figure: PathFigure, plot: Path | None
) -> tuple[list[dict[str, Any]], Callable[[], list[RenderableType]]]:
    """The paths of words while they were refined, as JSON rows and as tables."""
    paths = [run.trajectory(run.vectors.index_to_key[run.index(word)]) for word in words]
    if plot is not None:
        from selfvec.views.trajectories import trajectory_view
        from selfvec.views.trajectory_figure import save_trajectory_plot

        save_trajectory_plot(trajectory_view(paths, run.original, run.vectors, **asdict(figure)), plot)
    rows = [
        {
            "word": path.word,
            "updates": path.updates.tolist(),
            "cosine_to_original": [float(cosine) for cosine in path.to_original()],
        }
        for path in paths
    ]

    def tables() -> list[RenderableType]:
        from selfvec.views.word_tables import trajectory_table

        return [trajectory_table(path, run.vectors, run.original) for path in paths]

    return rows, tables


def _through_slices(
    run: Run, words: list[str], figure: PathFigure, plot: Path | None
) -> tuple[list[dict[str, Any]], Callable[[], list[RenderableType]]]:
    """The paths of words through the slices of the text, as JSON rows and as tables."""
    if plot is not None:
        from selfvec.views.slices import save_slice_plot, slice_view

        view = slice_view(run, words, **asdict(figure))
        save_slice_plot(view, plot)
        paths = [word.path for word in view.words]
    else:
        from selfvec.analysis.drift.slice_paths import slice_paths

        paths = slice_paths(run, words, seed=figure.seed)

    def tables() -> list[RenderableType]:
        from selfvec.views.word_tables import slice_table

        return [slice_table(path) for path in paths]

    return [path.as_dict() for path in paths], tables


class Pairing(Command):
    """``--between A B`` takes the two values that follow it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before its second value."""
        out: list[str] = []
        for place, argument in enumerate(args):
            second = place >= 2 and args[place - 2] == "--between" and not argument.startswith("-")
            out += ["--between", argument] if second else [argument]
        return super().parse_args(ctx, out)


@dataclass(frozen=True)
class DriftOptions:
    """How change is measured, as `selfvec.analysis.drift.drift` takes it."""

    fdr: Annotated[
        float | None, typer.Option(metavar="Q", help="Leave out words with a higher false discovery rate.")
    ] = None
    min_count: Annotated[
        int, typer.Option(min=1, help="Leave out words that occur less often on either side.")
    ] = 5
    permutations: Annotated[
        int, typer.Option(min=1, help="Random splits of the documents in the first round of the test.")
    ] = 1000
    jobs: Jobs = None
    seed: Seed = 0


def drift(
    run: RunFolder,
    *,
    between: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A..B C..D",
            help="Two slices: dates as 1976..1979, 2020-05, 2020Q2, 2000.., or labels. "
            "By default the first and the last slice, or before and after refining.",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=f"Words shown: by default {SHOWN}, in JSON all.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Example sentences for each side.")] = 1,
    options: DriftOptions,
    as_json: AsJson = False,
) -> None:
    """List the words whose meaning changed, by how much, and whether chance explains it.

    Example: selfvec drift run --between 1990..1999 2010..2019 --fdr 0.05
    """
    from selfvec.analysis.drift import drift as measure
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    given = asdict(options)
    fdr = given.pop("fdr")
    found = measure(opened, between or None, progress=TerminalProgress(), **given)
    found = found.select(top if as_json else top or SHOWN, fdr)
    if examples:
        found = found.illustrate(opened, top or SHOWN, examples)
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.word_tables import drift_table

    show(drift_table(found))


def senses(
    run: RunFolder,
    word: Annotated[str, typer.Argument(metavar="WORD", help="A word of the run.")],
    number: Annotated[
        int | None,
        typer.Option(min=1, metavar="K", help="Number of senses; by default estimated from the uses."),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Example sentences for each sense.")] = 2,
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Name the sense of the word in this text; may be repeated."),
    ] = None,
    uses: Annotated[bool, typer.Option("--uses", help="Add the sense of every use to the JSON.")] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """List the senses of a word, found by clustering its uses, or name its sense in a text.

    Example: selfvec senses run mouse --text "The mouse ate the cheese."
    """
    from selfvec.analysis.senses import induce
    from selfvec.storage.run_folder import open_run

    found = induce(open_run(run), word, number=number, examples=0 if text else examples, seed=seed)
    readings = [(part, found.disambiguate(part)) for part in text or ()]
    if as_json:
        texts = [{"text": part, "readings": [one.as_dict() for one in read]} for part, read in readings]
        print_json(found.as_dict(uses=uses) | ({"texts": texts} if text else {}))
        return
    from selfvec.views.word_tables import readings_text, sense_table

    show(readings_text(found, readings) if text else sense_table(found))
