"""What is measured of every word between two states. Which words are listed is chosen afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.base.arrays import Ints
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.storage.cache import cached, read_result, write_result

from .changed_neighbours import NEIGHBOURS, changed_neighbours, known_rows, possible_neighbours
from .compared_slices import CountedSides, documents_of, sources_of
from .confounding import confounded_fields
from .permutation_test import Distances, DriftTest, permutation_test, refinement_drift, usual_distances
from .unmatched_words import unmatched_words
from .word_marks import left_out_words, mark_words

_FORMAT = 2  # of what is kept
_STEPS = {  # with their relative durations
    "Preparing occurrences": 2,
    "Choosing words": 1,
    "Splitting": 5,
    "Splitting again": 1,
    "Neighbours": 3,
}


@dataclass(frozen=True)
class Measures:
    """The words that occur often enough in two states.

    Attributes
    ----------
    a, b : str
        Names of the states.
    rows : list of dict
        One per word, as in the rows of `drift`, but without q, which depends on the choice of words.
    only_a, only_b : int
        Words that occur often enough, but in one slice only; they have no row.
    reasons : dict
        By word, why it is not listed by default.
    unmatched : list of dict
        Words that occur often enough in one slice only, see `unmatched_words`.
    confounded : list of dict
        Fields that go with the slices, see `confounded_fields`.
    """

    a: str
    b: str
    rows: list[dict[str, Any]]
    only_a: int
    only_b: int
    reasons: dict[str, str]
    unmatched: list[dict[str, Any]]
    confounded: list[dict[str, Any]]


def kept_measures(
    run: Run, slices: Sequence[Slice], test: DriftTest, jobs: int | None, progress: Progress
) -> Measures:
    """The measures of every word, from the cache in the run's folder if they are there."""

    def make() -> Measures:
        return measure_words(run, slices, test, jobs=jobs, progress=progress)

    def write(found: Measures, folder: Path) -> None:
        write_result(vars(found), folder)

    def read(folder: Path) -> Measures:
        return Measures(**read_result(folder))

    return cached(run, "drift", [_FORMAT, documents_of(slices), asdict(test)], make, write, read, progress)


def measure_words(
    run: Run,
    slices: Sequence[Slice],
    test: DriftTest,
    *,
    neighbours: int = NEIGHBOURS,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Measures:
    """Measure every word that occurs often enough, including words that are not listed by default."""
    sources = sources_of(run, slices)
    with (progress or Progress()).steps("Drift", _STEPS) as steps:
        space = None
        if sources:
            space = occurrence_space(run, sources, test.seed, steps, refined=bool(slices))
        sides = CountedSides.of(run, slices, test.min_count)
        with steps.stage("Choosing words", None, "words"):
            reasons = left_out_words(run, slices, sides.able)
        words = np.flatnonzero(sides.able)
        listed = possible_neighbours(run, sides.counts, sides.least)
        often = np.flatnonzero(listed.any(axis=0) | sides.able)
        how: dict[str, Any] = {"permutations": test.permutations, "seed": test.seed}
        how |= {"jobs": threads(jobs), "progress": steps}
        if slices and space is not None:
            found = permutation_test(space, words, among=often, **how)
            means = found.means
        else:
            found = refinement_drift(run, space, words, **how)
            means = [vectors.unit[often] for vectors in (run.original, run.vectors)]
        keys = run.vectors.index_to_key
        known = [known_rows(often, rows) for rows in means]
        near = changed_neighbours(keys, words, known, listed, neighbours, steps)
        rows = _rows(keys, found, sides.counts, near)
        mark_words(run, sources, rows, test.min_count)
        unmatched: list[dict[str, Any]] = []
        if slices:
            unmatched, more = unmatched_words(run, slices, sides)
            reasons |= more
    counts = sides.counts
    only = [int(np.sum((counts[i] >= test.min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    return Measures(
        sides.names[0],
        sides.names[1],
        rows,
        only[0],
        only[1],
        reasons,
        unmatched,
        confounded_fields(run, slices),
    )


def _rows(
    keys: Sequence[str], found: Distances, counts: Ints, neighbours: Sequence[dict[str, list[str]]]
) -> list[dict[str, Any]]:
    usual = usual_distances(found.expected, counts[:, found.words].T, found.documents)
    figures = {
        "distance": found.distance,
        "low": found.low,
        "high": found.high,
        "expected": found.expected,
        "apd": found.apd,
        "change": found.distance - np.maximum(found.expected, usual) / 2,
        "p": found.p,
        "count_a": counts[0, found.words],
        "count_b": counts[1, found.words],
        "documents_a": found.documents[:, 0],
        "documents_b": found.documents[:, 1],
    }
    columns = [values.tolist() for values in figures.values()]
    return [
        {"word": keys[word]} | {name: _known(value) for name, value in zip(figures, row, strict=True)} | near
        for word, row, near in zip(found.words.tolist(), zip(*columns, strict=True), neighbours, strict=True)
    ]


def _known(value: float) -> float | None:
    """A figure; None for NaN."""
    return None if value != value else value
