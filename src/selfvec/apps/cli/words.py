"""Looking at a run: ``similar``, ``health`` and ``trajectory``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import print_json, say, show

if TYPE_CHECKING:
    from selfvec.data.run import Run

__all__ = ["health", "similar", "trajectory"]

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Words = Annotated[list[str], typer.Argument(metavar="WORD...")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def similar(
    run: RunFolder,
    word: Words,
    topn: Annotated[int, typer.Option(min=1, help="Neighbours per word.")] = 10,
    compare: Annotated[bool, typer.Option("--compare", help="Before and after, side by side.")] = False,
    min_count: Annotated[int, typer.Option(min=1, help="Leave out neighbours that occur less often.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List the words most similar to a word."""
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    rows = [row for w in word for row in opened.similar(w, topn=topn, compare=compare, min_count=min_count)]
    if as_json:
        print_json({"rows": rows})
        return
    from selfvec.views.word_tables import neighbours_table

    show(neighbours_table(rows))


def health(run: RunFolder, as_json: AsJson = False) -> int:
    """Say whether the words moved and the space survived; exit status 1 if a check failed."""
    from selfvec.storage.run_folder import open_run

    report = open_run(run).health
    if as_json:
        print_json(report)
    else:
        from selfvec.views.word_tables import health_panel

        show(health_panel(report))
    return int(bool(report["verdicts"]))


def trajectory(
    run: RunFolder,
    word: Words,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.html|png|svg", help="Draw the paths into a file.")
    ] = None,
    projection: Annotated[
        str, typer.Option(metavar="pca|tsne|umap", help="How to flatten the space.")
    ] = "pca",
    neighbours: Annotated[int, typer.Option(min=0, help="Neighbours drawn per word and state.")] = 5,
    seed: Annotated[int, typer.Option(help="For whatever uses chance.")] = 0,
    slices: Annotated[
        bool, typer.Option("--slices", help="Through the slices of the text, not the updates.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the path a word took while it was refined, or takes through the slices of the text."""
    from selfvec.storage.run_folder import open_run
    from selfvec.views.projection import check_method

    check_method(projection)
    opened = open_run(run)
    if slices:
        _through_slices(opened, word, plot, projection, neighbours, seed, as_json)
        return
    paths = [opened.trajectory(opened.vectors.index_to_key[opened.index(w)]) for w in word]
    if plot is not None:
        from selfvec.views.trajectory_plot import save_trajectory_plot
        from selfvec.views.trajectory_view import trajectory_view

        view = trajectory_view(
            paths, opened.original, opened.vectors, projection=projection, neighbours=neighbours, seed=seed
        )
        save_trajectory_plot(view, plot)
        say(f"drew {plot}")
    if as_json:
        rows = [
            {
                "word": path.word,
                "updates": path.updates.tolist(),
                "cosine_to_original": [float(c) for c in path.to_original()],
            }
            for path in paths
        ]
        print_json({"rows": rows})
    elif plot is None:
        from selfvec.views.word_tables import trajectory_table

        for path in paths:
            show(trajectory_table(path, opened.vectors, opened.original))


def _through_slices(
    run: Run, words: list[str], plot: Path | None, projection: str, neighbours: int, seed: int, as_json: bool
) -> None:
    from selfvec.analysis.drift.slice_paths import slice_paths

    if plot is not None:
        from selfvec.views.slice_scene import slice_scene
        from selfvec.views.slice_view import slice_view
        from selfvec.views.trajectory_plot import save_scene

        view = slice_view(run, words, projection=projection, neighbours=neighbours, seed=seed)
        paths = [word.path for word in view.words]
        save_scene(lambda spell: slice_scene(view, spell), plot)
        say(f"drew {plot}")
    else:
        paths = slice_paths(run, words, seed=seed)
    if as_json:
        print_json({"rows": [path.as_dict() for path in paths]})
    elif plot is None:
        from selfvec.views.slice_table import slice_table

        for path in paths:
            show(slice_table(path))
