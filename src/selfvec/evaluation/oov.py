"""Out-of-vocabulary words: how good are the vectors induced for them?

The right vector of an unknown word is not known. So known words are hidden, treated as unknown, and the
vectors induced for them are compared with their own: how many words are nearer than the right one?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean, median, ranks_among

from .compared_vectors import ComparedVectors
from .task import Measurement, Task

_MOST = 1000  # words hidden
_SHARE = 5  # at most one known word in so many is hidden, so that enough remain to learn from
_LEAST = 10  # hidden words, for a median
_STEM = 5  # first letters that related words share
_BLOCK = 512


@dataclass(frozen=True)
class HiddenWords(Task[None]):
    """Hide a sample of known words, induce a vector for each, and rank the true vector.

    Each way to induce vectors has two rows. ``median_rank`` is the rank of a word's true vector, by cosine to
    the induced one, among all words of the run that have a vector of their own: 1 is best; without an induced
    vector, a word has the middle rank. ``mrr`` is the mean of 1 / rank. ``candidates`` is the number of words
    ranked, ``share`` the median rank divided by it. A hidden word often has a related form that is not hidden
    (*storm*, *storms*), unlike many unknown words: ``median_rank_alone`` is over the ``alone`` hidden words
    that share their first five letters with no known word.

    The ways: ``zero start`` (the paper's rule, ranked among the original vectors), ``context sum``,
    ``ridge``, ``spelling`` and ``combination`` (ranked among the original vectors, centred on the words not
    hidden), and ``refined``: the run's own method, ranked in the same space. The refined vectors are not used
    for the last, because they already contain information of the text about the words. Words built from
    subwords are hidden, too, because their subwords would reveal the hidden ones.
    """

    path: Path = Path("hidden words")
    kind: ClassVar[str] = "oov"
    runs_only: ClassVar[bool] = True

    def load(self, entries: Sequence[ComparedVectors], seed: int) -> None:
        """Nothing: the words are those of each run."""

    def score(self, entry: ComparedVectors, items: None, seed: int) -> Iterator[Measurement]:
        """Two rows for each way to induce vectors."""
        assert entry.run is not None
        batch = entry.run.require_tokens()
        original = entry.run.original
        known = original.sources == Source.KNOWN
        hidden = _sample(known, batch, seed)
        alone = _without_relatives(batch.types, known, hidden)
        candidates = np.flatnonzero(known)
        place = np.searchsorted(candidates, hidden)
        prefix = entry.name.removesuffix("refined")
        for name, rows, truth in induced(entry.run, batch, hidden, seed):
            ranked = ranks(rows, truth[candidates], place)
            covered = float(rows.any(axis=1).mean())
            extra = {
                "candidates": len(candidates),
                "share": float(np.median(ranked)) / len(candidates),
                "alone": int(alone.sum()),
                "median_rank_alone": float(np.median(ranked[alone])) if alone.any() else None,
            }
            for metric, estimate in (("median_rank", median(ranked, seed)), ("mrr", mean(1 / ranked, seed))):
                size = original.vector_size
                n = len(hidden)
                yield Measurement(prefix + name, metric, estimate, n, covered, dimensions=size, extra=extra)


def induced(run: Run, batch: TokenBatch, hidden: Ints, seed: int) -> Iterator[tuple[str, Rows, Rows]]:
    """For each way: its name, the vectors of the h hidden words, (h, d), and all true vectors, (V, d)."""
    from selfvec.refinement.oov_predictions import hold_out
    from selfvec.refinement.pipeline import refine_again

    truth = run.original.unit
    for name, rows, truth in hold_out(batch, run.original, hidden):
        yield name, rows, truth
    seen = run.original.sources == Source.KNOWN
    seen[hidden] = False
    sources = np.where(seen, Source.KNOWN, Source.NONE).astype(np.uint8)
    rows = np.where(seen[:, None], run.original.unit, np.float32(0))
    unknown = Vectors(run.original.index_to_key, rows, sources=sources, normalized=True)
    refined = refine_again(run.replace(original=unknown, tokens=batch), batch, seed)
    yield "refined", refined.unit[hidden], truth


def _sample(known: Mask, batch: TokenBatch, seed: int) -> Ints:
    """The words to hide: known words that occur, (h,), rising."""
    pool = np.flatnonzero(known & (batch.counts > 0))
    number = min(_MOST, len(pool) // _SHARE)
    if number < _LEAST:
        rule = (
            f"hiding words needs {_LEAST * _SHARE} words with a vector of their own, this run has {len(pool)}"
        )
        raise InputError(rule, remedy="give more text, or vectors of its language")
    return np.sort(np.random.default_rng(seed).choice(pool, number, replace=False))


def _without_relatives(types: Sequence[str], known: Mask, hidden: Ints) -> Mask:
    """Which hidden words share their first letters with no word that is known and not hidden, (h,)."""
    left = known.copy()
    left[hidden] = False
    stems = {types[i][:_STEM].lower() for i in np.flatnonzero(left).tolist()}
    return np.array([types[i][:_STEM].lower() not in stems for i in hidden.tolist()], bool)


def ranks(found: Rows, rows: Rows, places: Ints) -> Doubles:
    """Rank of the right row among (n, d) by cosine to each of h vectors, (h, d): (h,), from 1.

    Rows exactly as near as the right one count half; a vector of zeros gets the middle rank.

    >>> rows = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    >>> ranks(np.array([[1, 0.1], [1, 0.1], [0, 0]], np.float32), rows, np.array([0, 2, 1])).tolist()
    [1.0, 3.0, 2.0]
    """
    unit = unit_rows(rows)
    found = unit_rows(found)
    out = np.empty(len(found))
    for start in range(0, len(found), _BLOCK):
        part = slice(start, start + _BLOCK)
        cosines = found[part] @ unit.T
        out[part] = ranks_among(cosines, cosines[np.arange(len(cosines)), places[part]])
    return out
