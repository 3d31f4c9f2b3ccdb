"""Functions about the words of a run: `drift` and `trajectory`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from selfvec.analysis.word_drift import (
    Drift,
    Slice,
    SlicePath,
    WordChoice,
    is_kept,
    kept_drift,
    slice_paths,
    slices_of,
    without_slices,
)
from selfvec.base.checks import check_number, check_texts, check_whole
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.data.trajectory import Trajectory
from selfvec.storage.opened import GivenRun, as_run

__all__ = ["Trajectories", "drift", "trajectory"]

BY_REFINING = ["original", "refined"]  # names the states before and after refining, unless slices do


def drift(
    run: GivenRun,
    between: str | Sequence[str | Slice] | None = None,
    *,
    slice: str | None = None,
    words: str | Sequence[str] = (),
    pos: str | Sequence[str] = (),
    all_words: bool = False,
    top: int | None = None,
    examples: int = 0,
    examples_of: int | None = None,
    fdr: float | None = None,
    min_count: int = 5,
    permutations: int = 1000,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Drift:
    """Words whose meaning changed, by how much, and whether chance explains it.

    Results are kept in the run folder, and computed once.

    Parameters
    ----------
    run : Run or path
    between : two slices, or a period, optional
        Such as ``["1976..1979", "2021"]`` or two labels; ``["original", "refined"]`` for before and after
        refining. By default the first and the last slice or, without slices, before and after refining.
    slice : str, optional
        Compare the first month, quarter, year, decade or century with the last.
    words : str or sequence of str
        Only these words, of whatever kind.
    pos : str or sequence of str
        Only these parts of speech: noun, verb, adjective, adverb.
    all_words : bool
        Keep stop words, numbers and words of repeated text.
    top : int, optional
        Words listed; all by default.
    examples : int
        Example sentences for each side of a listed word.
    examples_of : int, optional
        Words that have example sentences, the first ones; by default all that are listed.
    fdr : float, optional
        Leave out words with a higher false discovery rate.
    min_count : int
        Leave out words that occur less often on either side.
    permutations : int
        Random splits of the documents in the first round of the test.
    seed : int
    jobs : int, optional
        Threads; all cores by default.
    progress : Progress, optional

    Returns
    -------
    Drift
        Its rows are described at `selfvec.analysis.word_drift.drift`.

    Raises
    ------
    InputError
        If a slice does not exist, or no word can be measured. `OptionError` if an option is wrong.
    """
    opened = as_run(run)
    if between is not None and slice is not None:
        raise OptionError("the slices are those of --between or of --slice", remedy="leave one of them out")
    sides = slice if between is None else _sides(between)
    for name, count in (("top", top), ("examples_of", examples_of)):
        check_whole(name, 1 if count is None else count)
    check_whole("examples", examples, 0)
    check_whole("min_count", min_count)
    check_whole("permutations", permutations)
    check_whole("seed", seed, 0)
    if fdr is not None:
        check_number("fdr", fdr, 1e-300, 1, "is a share above 0, at most 1")
    which = WordChoice(
        check_texts("words", words, "words") if words else (),
        check_texts("pos", pos, "parts of speech") if pos else (),
        all_words,
    )
    if sides == BY_REFINING and not set(BY_REFINING) <= {part.name for part in slices_of(opened)}:
        opened = without_slices(opened)
        sides = None
    how: dict[str, Any] = {"min_count": min_count, "permutations": permutations, "seed": seed}
    costs = {"Drift": 0 if is_kept(opened, sides, **how) else 12, "Sentences": int(examples > 0)}
    with as_progress(progress).steps("Drift", costs) as steps:
        found = kept_drift(opened, sides, which=which, jobs=jobs, progress=steps, **how)
        found = found.select(top, fdr)
        if not examples:
            return found
        return found.illustrate(opened, top if examples_of is None else examples_of, examples, steps)


def _sides(between: Any) -> Any:
    """A period, or two slices."""
    if isinstance(between, str):
        return between
    several = list(between) if isinstance(between, Sequence) else []
    if not several or not all(isinstance(one, str | Slice) for one in several):
        rule = f"is two slices, such as ['1990..1999', '2010..2019'], or a period, not {between!r:.80}"
        raise OptionError(rule, field="between")
    return several


@dataclass(frozen=True, repr=False)
class Trajectories(ResultTable):
    """The paths of some words, one after the other."""

    paths: list[Trajectory] | list[SlicePath]

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


def trajectory(
    run: GivenRun, words: str | Sequence[str], *, slices: bool = False, seed: int = 0
) -> Trajectories:
    """The paths of words while they were refined, or through the slices of the text.

    Parameters
    ----------
    run : Run or path
    words : str or sequence of str
    slices : bool
        Follow the words through the slices of the text.
    seed : int
        Of the resampled documents, with ``slices``.

    Raises
    ------
    InputError
        If a word does not occur, or the run has no slices.
    """
    names = check_texts("words", words, "words")
    opened = as_run(run)
    if slices:
        return Trajectories(slice_paths(opened, names, seed=seed))
    keys = opened.vectors.index_to_key
    return Trajectories([opened.trajectory(keys[opened.index(name)]) for name in names])
