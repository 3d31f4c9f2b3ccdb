"""Functions about the words of a run: `drift` and `trajectory`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from selfvec.analysis.word_drift import (
    Drift,
    Slice,
    SlicePath,
    WordChoice,
    field_slices,
    slice_paths,
    slices_of,
    without_slices,
)
from selfvec.analysis.word_drift import drift as measured_drift
from selfvec.base.checks import check_names, check_texts
from selfvec.base.declarations import checked
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.base.targets import check_target
from selfvec.data.run import Run
from selfvec.data.trajectory import Trajectory
from selfvec.storage.opened import GivenRun, as_run

_SHOWN = 20  # words with example sentences, if all are listed
BY_REFINING = ["original", "refined"]  # names the states before and after refining, unless slices do


class Test(TypedDict, total=False):
    """How changes are tested.

    Other Parameters
    ----------------
    permutations : int, at least 1
        Random splits of the documents in the first round of the test; by default 1,000.
    seed : int, at least 0
        Seed of all random choices.
    jobs : int, at least 1, optional
        Threads; by default all cores.
    """

    permutations: int
    seed: int
    jobs: int | None


class Listed(TypedDict, total=False):
    """Words that are compared.

    Parameters
    ----------
    words : str or sequence of str
        Show these words only.

    Other Parameters
    ----------------
    pos : sequence of {"noun", "verb", "adjective", "adverb"}
        Compare these parts of speech only.
    all_words : bool
        Keep stop words, numbers and words of repeated text.
    """

    words: str | Sequence[str]
    pos: str | Sequence[str]
    all_words: bool


@checked
def drift(
    run: GivenRun,
    between: str | Sequence[str | Slice] | None = None,
    *,
    slice: str | None = None,
    slice_field: str | None = None,
    top: int | None = None,
    examples: int = 0,
    fdr: float | None = None,
    min_count: int = 5,
    progress: Progress | None = None,
    **which: Any,
) -> Drift:
    """List words whose meaning changed, and whether by chance.

    Results are kept in the run folder, and computed once.

    Parameters
    ----------
    run : Run or path
    between : sequence of slices, optional
        The two slices; by default first and last, or before and after refining. Dates as 1976..1979, 2020-05,
        2020Q2, 2000.., or labels; or original refined. In Python also a single period, such as "year".
    slice : str, optional
        Compare the first month, quarter, year … with the last. Neighbouring periods are joined up to 2,000
        words of text.
    slice_field : str, optional
        Compare two values of this field of the documents. They are named by --between, or are the two with
        the most text. Documents without a value are left out.
    top : int, at least 1, optional
        Words listed; by default all, on a terminal 20.
    examples : int, at least 0
        Example sentences of each side, of as many words as are listed, or 20.
    fdr : float, above 0, at most 1, optional
        Leave out words with a higher false discovery rate.
    min_count : int, at least 1
        Leave out words rarer on either side.
    progress : Progress, optional
    **which
        Those of `Listed`, the words that are compared, and of `Test`, how they are tested.

    Returns
    -------
    Drift
        Its rows, with significant words first, are described at `selfvec.analysis.word_drift.drift`. With
        ``examples`` the first ones have ``examples_a`` and ``examples_b``, too.

    Raises
    ------
    InputError
        If a slice does not exist, or no word can be measured. `OptionError` if an option is wrong.
    """
    opened = as_run(run)
    if between is not None and slice is not None:
        raise OptionError("the slices are those of --between or of --slice", remedy="leave one of them out")
    sides = slice if between is None else _sides(between)
    if slice_field is not None:
        sides = _of_field(opened, slice_field, sides)
    check_names(which, [*Listed.__annotations__, *Test.__annotations__])
    words, pos = which.get("words", ()), which.get("pos", ())
    chosen = WordChoice(
        check_texts("words", words, "words") if words else (),
        check_texts("pos", pos, "parts of speech") if pos else (),
        which.get("all_words", False),
    )
    chosen.check(opened)
    how: dict[str, Any] = {
        "min_count": min_count,
        "permutations": which.get("permutations", 1000),
        "seed": which.get("seed", 0),
    }
    if sides == BY_REFINING and not set(BY_REFINING) <= {part.name for part in slices_of(opened)}:
        opened = without_slices(opened)
        sides = None
    with as_progress(progress).steps("Drift", {"Drift": 12, "Sentences": int(examples > 0)}) as steps:
        found = measured_drift(opened, sides, which=chosen, jobs=which.get("jobs"), progress=steps, **how)
        found = found.select(top, fdr)
        if not examples:
            return found
        return found.illustrate(opened, top or _SHOWN, examples, steps)


def _sides(between: Any) -> Any:
    """A period, or two slices."""
    if isinstance(between, str):
        return between
    several = list(between) if isinstance(between, Sequence) else []
    if not several or not all(isinstance(one, str | Slice) for one in several):
        rule = f"is two slices, such as ['1990..1999', '2010..2019'], or a period, not {between!r:.80}"
        raise OptionError(rule, field="between")
    return several


def _of_field(run: Run, field: str, sides: str | list[str | Slice] | None) -> list[Slice]:
    """Two values of a field as slices: those that are named, or those with the most text."""
    if isinstance(sides, str):
        rule = f"the slices are values of {field!r}, or periods such as {sides}"
        raise OptionError(rule, field="slice_field", remedy="leave one of them out")
    names = None if sides is None else [one.name if isinstance(one, Slice) else one for one in sides]
    return field_slices(run, field, names, 2)


@dataclass(frozen=True, repr=False)
class Trajectories(ResultTable):
    """The paths of some words, one after the other."""

    paths: list[Trajectory] | list[SlicePath]
    run: Run

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per word and state, or slice."""
        return [row for path in self.paths for row in path.rows]

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec run trajectory --json`` prints it."""
        return {"rows": [path.as_dict() for path in self.paths]}

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        return short_repr(f"Trajectories: {len(self.paths)} words", [path.word for path in self.paths])


@checked
def trajectory(
    run: GivenRun,
    words: str | Sequence[str],
    *,
    plot: str | os.PathLike[str] | None = None,
    slices: bool = False,
    slice_field: str | None = None,
    projection: str = "pca",
    neighbours: int = 5,
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Trajectories:
    """Show how a word moved while it was refined, or through the years.

    Parameters
    ----------
    run : Run or path
    words : str or sequence of str
        Words of the run.
    plot : path, optional
        Draw the paths to this file: .html, .png, .svg or .pdf.
    slices : bool
        Follow the words through the slices of the text.
    slice_field : str, optional
        Follow them through the values of this field, at most eight with the most text.
    projection : {"pca", "pacmap", "tsne", "umap"}
        How vectors are projected onto the plane.
    neighbours : int, at least 0
        Nearest neighbours drawn, at the first and the last state.
    overwrite : bool
    progress : Progress, optional

    Other Parameters
    ----------------
    seed : int, at least 0
        Of projections and, with ``slices``, of the resampled documents.

    Raises
    ------
    InputError
        If a word does not occur, or the run has no slices.
    """
    names = check_texts("words", words, "words")
    opened = as_run(run)
    if plot is not None:
        from selfvec.views.figure import check_figure
        from selfvec.views.projection import check_method

        check_target(plot, overwrite=overwrite, folder=False)
        check_figure(plot)
        check_method(projection)
    with as_progress(progress).stage("Following words", None, "words"):
        parts = None if slice_field is None else field_slices(opened, slice_field)
        if slices or parts:
            found = Trajectories(slice_paths(opened, names, parts, seed=seed), opened)
        else:
            keys = opened.vectors.index_to_key
            found = Trajectories([opened.trajectory(keys[opened.index(name)]) for name in names], opened)
        if plot is not None:
            view = {"projection": projection, "neighbours": neighbours, "seed": seed}
            _draw(found, parts, plot, view, overwrite)
    return found


def _draw(
    found: Trajectories,
    slices: Sequence[Slice] | None,
    path: str | os.PathLike[str],
    view: Any,
    overwrite: bool,
) -> None:
    """Draw paths to a file."""
    from selfvec.views.path_figures import save_paths
    from selfvec.views.slice_paths import slice_view
    from selfvec.views.state_paths import trajectory_view

    run = found.run
    paths: list[Any] = [*found.paths]
    if isinstance(paths[0], SlicePath):
        shown: Any = slice_view(run, [one.word for one in paths], slices, **view)
    else:
        shown = trajectory_view(paths, run.original, run.vectors, **view)
    save_paths(shown, path, overwrite=overwrite)
