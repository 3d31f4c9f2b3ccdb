"""The paths of words: `trajectory`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from selfvec.analysis.comparison.chosen_slices import field_slices
from selfvec.analysis.word_drift.word_paths import slice_paths, slice_table
from selfvec.base.answer import Answer, Json
from selfvec.base.checks import StrPath, check_texts
from selfvec.base.declarations import Natural, checked
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.base.progress import GivenProgress, stage
from selfvec.base.view import COUNT, NUMBER, WORDS, Column, Table
from selfvec.data.run import Run
from selfvec.data.trajectory import Trajectory
from selfvec.files.atomic_files import check_target
from selfvec.storage.opened import GivenRun, as_run

_SHOWN = 12  # states of a trajectory
_NEAR = 3  # words near each
_TWO_PASSES = (
    "The cosine falls and rises again: the first of two passes maps a word to its contexts, the second maps "
    "these to words with the same contexts, and the anchor pulls the word to its original vector."
)


_STATES = (
    Column("step", form=COUNT, meaning="how often the word has moved"),
    Column("cosine", form=NUMBER, meaning="to its original vector; 1 is unmoved"),
    Column("original", "nearest in original", WORDS),
    Column("refined", "nearest in refined", WORDS),
)


def shown_states(paths: Sequence[Trajectory], run: Run) -> Answer:
    """A table for each word: about a dozen states of its path with its nearest words."""
    twice = run.provenance.method == "decorrelated" and any(len(path) > 2 for path in paths)
    return Answer(
        _title(path.word for path in paths),
        {"rows": [path.as_dict() for path in paths]},
        rows=[row for path in paths for row in path.rows],
        parts=[_state_table(path, run) for path in paths],
        notes=[_TWO_PASSES] * twice,
    )


def _title(words: Iterable[str]) -> str:
    return f"Trajectories of {', '.join(words)}"


def _state_table(path: Trajectory, run: Run) -> Table:
    cosines = path.to_original()
    rows = []
    for state in path.thinned(_SHOWN).tolist():
        vector = path.vectors[state]
        row: Json = {"step": int(path.updates[state]), "cosine": "none yet"}
        if vector.any():
            row["cosine"] = f"{cosines[state]:.3f}"
            for name, vectors in (("original", run.original), ("refined", run.vectors)):
                near = vectors.most_similar(vector, topn=_NEAR + 1)
                row[name] = [term for term, _ in near if term != path.word][:_NEAR]
        rows.append(row)
    return Table(_STATES, rows, escape_for_display(path.word))


@checked
def trajectory(
    run: GivenRun,
    words: str | Sequence[str],
    *,
    plot: StrPath | None = None,
    slices: bool = False,
    slice_field: str | None = None,
    projection: Literal["pca", "tsne", "umap"] = "pca",
    neighbours: Natural = 5,
    seed: Natural = 0,
    overwrite: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Show how a word moved while it was refined, or through the years.

    Parameters
    ----------
    run : Run or path
    words : str or sequence of str
        Words of the run.
    plot : path, optional
        Draw the paths through the states of refining to this file: .html, .png, .svg or .pdf.
    slices : bool
        Follow the words through the slices of the text.
    slice_field : str, optional
        Follow them through the values of this field, at most eight with the most text.
    projection : {"pca", "tsne", "umap"}
        How vectors are projected onto the plane.
    neighbours : int, at least 0
        Nearest neighbours drawn, at the first and the last state.
    overwrite : bool
    progress : Progress or bool, optional

    Other Parameters
    ----------------
    seed : int, at least 0
        Of projections and, with ``slices``, of the resampled documents.

    Returns
    -------
    Answer
        A row for each word and state, or slice.

    Raises
    ------
    InputError
        If a word does not occur, or the run has no slices.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> found = selfvec.trajectory(run, "stage")
    >>> [round(row["cosine_to_original"], 2) for row in found.rows]
    [1.0, -0.08, 0.98]
    """
    names = check_texts("words", words, "words")
    opened = as_run(run)
    if plot is not None:
        from selfvec.analysis.views.figure import check_figure
        from selfvec.analysis.views.projection import check_method

        if slices or slice_field is not None:
            rule = "draws the states of refining, not the slices of a text"
            remedy = "leave it out: the distance of each slice is listed"
            raise OptionError(rule, field="plot", remedy=remedy)
        check_target(plot, overwrite=overwrite, folder=False)
        check_figure(plot)
        check_method(projection)
    with stage("Following words", None, "words"):
        parts = None if slice_field is None else field_slices(opened, slice_field)
        if slices or parts:
            over_time = slice_paths(opened, names, parts, seed=seed)
            rows = [{"word": path["word"], **row} for path in over_time for row in path["slices"]]
            tables = [*map(slice_table, over_time)]
            return Answer(_title(names), {"rows": over_time}, rows=rows, parts=tables)
        keys = opened.vectors.index_to_key
        paths = [opened.path(keys[opened.index(name)]) for name in names]
        if plot is not None:
            from selfvec.analysis.views.path_figures import save_paths, trajectory_view

            ends = opened.original, opened.vectors
            view = trajectory_view(paths, *ends, projection=projection, neighbours=neighbours, seed=seed)
            save_paths(view, plot, overwrite=overwrite)
        return shown_states(paths, opened)
