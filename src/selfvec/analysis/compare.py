"""`compare`: the words that differ between two files of vectors or runs, with a test against chance.

Size and significance are different columns. The vector of a rare word is noisy and may be far off by chance;
a frequent word may move little and yet significantly. Significant words are listed first. There are two
tests:

* Two runs that kept their corpora are the two slices of one corpus, compared as `selfvec.analysis.word_drift`
  compares slices: if the word's documents were divided at random, how often would it be as far apart? It
  compares occurrences in these documents, so corpora on different topics differ in nearly every word.
* ``by_peers`` tests whether the word moved more than words of similar frequency. It needs only the vectors,
  assumes that most words have not changed, and does not measure how reliable the vectors are.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Annotated, Literal

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows
from selfvec.base.arrays import Doubles, Rows
from selfvec.base.declarations import Bounds, Count, Natural, checked
from selfvec.base.errors import InputError
from selfvec.base.progress import GivenProgress, say
from selfvec.base.view import COUNT, PIECES, PROBABILITY, Cell, Column, Row, figure
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import gained_and_lost
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import benjamini_hochberg
from selfvec.refinement.common_space import (
    ANCHORS,
    fit_rotation,
    relative_rows,
    shared_words,
)
from selfvec.refinement.compass import joined_runs
from selfvec.storage.opened import GivenVectors, opened, vectors_of

from .comparison.comparison import Comparison
from .word_drift.drift_result import came_and_went, listed_rows
from .word_drift.measures import CountedSides, measure_words
from .word_drift.permutation_test import DriftTest
from .word_kinds import WordTable

MIN_COUNT = 10  # with fewer occurrences in either text a vector is mostly chance
PEERS = 200  # words of about the same frequency
_FOLDS = 5  # a word that helped to fit the rotation would look nearer than it is
_LEAST_DOCUMENTS = 10  # on either side; fewer documents can be divided in too few ways
_LEAST = 1e-6  # distance caused by rounding alone
_BY_DOCUMENTS = (
    "p: the documents of the word dealt out at random between the two corpora; q: false "
    "discovery rate. The test compares occurrences in these documents, whatever makes them differ"
)
_BY_PEERS = (
    "p: the word moved farther than words of similar frequency; q: false discovery rate. The test "
    "assumes that most words did not change, and does not show whether other texts would give the same"
)


def _neighbours(row: Row) -> Cell:
    """The first neighbours gained and lost."""
    return next(iter(came_and_went(row)), "")


_COLUMNS = (
    Column("word", width=20),
    Column("distance", form=figure(3)),
    Column("p", form=PROBABILITY),
    Column("q", form=PROBABILITY),
    Column("count_a", "in a", COUNT, less=True),
    Column("count_b", "in b", COUNT, less=True),
    Column("neighbours", "neighbours: + came, - went", PIECES, of=_neighbours),
)


@checked
def compare(
    a: GivenVectors,
    b: GivenVectors,
    method: Literal["auto", "compass", "procrustes", "relative"] = "auto",
    *,
    top: Count | None = None,
    fdr: Annotated[float, Bounds(at_least=0, at_most=1)] = 0.05,
    neighbours: Count = 10,
    min_count: Count | None = None,
    permutations: Annotated[int, Bounds(at_least=20)] = 200,
    seed: Natural = 0,
    jobs: Count | None = None,
    progress: GivenProgress = None,
) -> Answer:
    """List the words that differ most between two runs.

    Parameters
    ----------
    a : Vectors, Run or path
        A run folder or vectors file.
    b : Vectors, Run or path
        The run or vectors to compare with.
    top : int, at least 1, optional
        Words shown; by default all.
    fdr : float, at least 0, at most 1
        Highest false discovery rate of words that differ. They come first.
    neighbours : int, at least 1
        Nearest neighbours compared.
    method : {"auto", "compass", "procrustes", "relative"}
        How both are brought into one space. auto: compass if both runs kept their tokens and were refined
        from the same vectors, so that documents can be divided at random, else procrustes. With compass,
        occurrences are compared in the space of these vectors. With procrustes, no word is measured by a
        rotation that it helped to fit.
    min_count : int, at least 1, optional
        Leave out words that are rarer in either text; by default 10 if counts are known.
    progress : Progress or bool, optional

    Other Parameters
    ----------------
    permutations : int, at least 20
        Random splits of a word's documents in the first round of the test (compass).
    seed : int, at least 0
    jobs : int, at least 1, optional

    Returns
    -------
    Answer
        ``method``, the method of alignment; ``tested``, a sentence that explains p and q; how many ``words``
        were compared, ``significant`` ones with q ≤ ``fdr``, and ``left_out``, by reason. ``rows`` has a dict
        for each word, those with q ≤ ``fdr`` first: ``word``; ``distance``, the cosine distance in the common
        space; ``z``, ``p``, ``q``, where z is p in standard deviations; ``count_a``, ``count_b``;
        ``gained``, ``lost``. Two texts have the other figures of `drift`, too, and its order; others are
        ordered by falling distance.

    Raises
    ------
    OptionError
        If an option has an invalid value.
    InputError
        If the two cannot be compared by this method.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> other = selfvec.refine(selfvec.example("other.jsonl", seed=1), method="decorrelated")
    >>> selfvec.compare(run, other, top=2)
    Comparison by compass
      tannery, ferryman
    """
    first = opened(a, "a")
    second = opened(b, "b")
    counted = all(vectors_of(given).counts is not None for given in (first, second))
    least = min_count if min_count is not None else MIN_COUNT if counted else 1
    if method in ("auto", "compass"):
        test = DriftTest(least, permutations, seed)
        try:
            drifted, left_out = _between_texts(first, second, test, neighbours)
        except InputError as reason:
            if method == "compass":
                raise
            say(f"compared by vectors only: {reason.rule}")
            method = "procrustes"
        else:
            rows = sorted(drifted, key=lambda row: row["q"] > fdr)
            significant = sum(row["q"] <= fdr for row in rows)
            shown = [row | {"z": _deviations(row["p"])} for row in rows[:top]]
            sizes = {"words": len(rows), "significant": significant, "fdr": fdr}
            return compared_words(shown, "compass", _BY_DOCUMENTS, sizes, left_out)
    return _by_vectors(vectors_of(first), vectors_of(second), method, least, top, fdr, neighbours)


def _between_texts(
    first: Vectors | Run,
    second: Vectors | Run,
    test: DriftTest,
    neighbours: int,
) -> tuple[list[Json], dict[str, int]]:
    """The rows of the drift between two texts, and how many words are left out.

    `InputError` unless both are runs of the same original vectors.
    """
    run, slices = joined_runs(first, second)
    fewest = min(int(part.documents.sum()) for part in slices)
    if fewest < _LEAST_DOCUMENTS:
        rule = f"dividing documents needs {_LEAST_DOCUMENTS} on either side, and one side has {fewest}"
        remedy = "give one document per line or row, or choose the method procrustes"
        raise InputError(rule, remedy=remedy)
    sides = Comparison.of(run.require_tokens(), slices, run.text)
    table = WordTable.of(run)
    counted = CountedSides.of(sides, table, test.min_count)
    measured = measure_words(sides, table, counted, test, neighbours=neighbours)
    return listed_rows(table, measured)


def _by_vectors(
    first: Vectors,
    second: Vectors,
    method: str,
    least: int,
    top: int | None,
    fdr: float,
    neighbours: int,
) -> Answer:
    """Compare all words without their texts, by procrustes or relative."""
    shared = shared_words(first, second, least)
    a = unit_rows(first.vectors[shared.rows_a])
    b = unit_rows(second.vectors[shared.rows_b])
    if method == "relative":
        a, b = (unit_rows(relative_rows(rows, rows[:ANCHORS])) for rows in (a, b))
        distances = _distances(a, b)
    else:  # distances are symmetric, so the narrower vectors are rotated onto the wider ones
        wider, narrower = (b, a) if a.shape[1] < b.shape[1] else (a, b)
        distances = _held_out_distances(wider, narrower, shared.weights)
    p = by_peers(distances)
    q = benjamini_hochberg(p)
    order = np.lexsort((-distances, q > fdr))[:top]
    changes = list(gained_and_lost(a, b, order, neighbours))
    unknown = np.full(len(order), np.nan)
    rows = as_rows(
        {
            "word": [shared.words[i] for i in order.tolist()],
            "distance": distances[order],
            "z": [_deviations(p[i]) for i in order.tolist()],
            "p": p[order],
            "q": q[order],
            "count_a": unknown if first.counts is None else first.counts[shared.rows_a[order]],
            "count_b": unknown if second.counts is None else second.counts[shared.rows_b[order]],
            "gained": [[shared.words[j] for j in gained] for gained, _ in changes],
            "lost": [[shared.words[j] for j in lost] for _, lost in changes],
        }
    )
    sizes = {"words": len(shared.words), "significant": int(np.sum(q <= fdr)), "fdr": fdr}
    return compared_words(rows, method, _BY_PEERS, sizes, {})


def compared_words(
    rows: list[Json], method: str, tested: str, sizes: Json, left_out: dict[str, int]
) -> Answer:
    """A line for each word that differs, how many do, and what the test is."""
    counted = any(row["count_a"] is not None for row in rows)
    differ = f"{sizes['significant']:,} of {sizes['words']:,} words differ at q ≤ {sizes['fdr']:g}"
    reasons = ", ".join(f"{number:,} {reason}" for reason, number in left_out.items() if number)
    return Answer(
        f"Comparison by {method}",
        {"method": method, "tested": tested, **sizes, "left_out": left_out, "rows": rows},
        columns=[one for one in _COLUMNS if counted or not one.name.startswith("count")],
        notes=[f"{differ} (method {method}).", f"{tested}.", *[f"Left out: {reasons}."] * bool(reasons)],
    )


def _deviations(p: float) -> float:
    """The deviation from chance that has this p, in standard deviations."""
    return -NormalDist().inv_cdf(min(max(p, 1e-300), 1 - 1e-16))


def _held_out_distances(a: Rows, b: Rows, weights: Doubles) -> Doubles:
    """Distances after b is rotated onto a; the rotation for each fifth of the words is fitted to the rest."""
    out = np.empty(len(a))
    for fold in range(_FOLDS):
        inside = np.arange(len(a)) % _FOLDS == fold
        matrix, _ = fit_rotation(a[~inside], b[~inside], weights[~inside])
        out[inside] = _distances(a[inside], unit_rows(b[inside] @ matrix))
    return out


def _distances(a: Rows, b: Rows) -> Doubles:
    cosines: Doubles = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return np.maximum(1 - cosines, 0)


def by_peers(distances: Doubles) -> Doubles:
    """p of the logarithm of each distance among its peers, (n,).

    The distances are in order of falling frequency.

    Centre and scale are the median and the median absolute deviation (times 1.4826), which changed words
    hardly affect, and p is the upper tail of the normal distribution with these: an empirical null (Efron,
    2004, *Large-scale simultaneous hypothesis testing*). The rank among the peers is no valid p, because
    ranks are uniform whether or not words changed.
    """
    logs = np.log(np.maximum(distances, _LEAST))
    width = min(PEERS + 1, len(logs))
    windows = np.lib.stride_tricks.sliding_window_view(logs, width)
    middle = np.median(windows, axis=1)
    scale = 1.4826 * np.median(np.abs(windows - middle[:, None]), axis=1)
    place = np.clip(np.arange(len(logs)) - width // 2, 0, len(windows) - 1)  # the outermost at either end
    away = logs - middle[place]
    z = np.divide(away, scale[place], out=np.copysign(np.inf, away), where=scale[place] > 0)
    z[away == 0] = 0.0
    z = np.clip(z, -38, 38)  # beyond this the tail is 0 in float64
    return np.array([math.erfc(value / math.sqrt(2)) / 2 for value in z.tolist()])
