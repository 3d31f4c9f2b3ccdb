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
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import filled_rows, ranks_among, sampled, unit_rows
from selfvec.numerics.statistics import mean, median

from .compared_vectors import ComparedVectors
from .task import Measurement, Task

_MOST_HIDDEN = 1000  # words hidden
_SHARE = 5  # at most one known word in so many is hidden, so that enough remain to learn from
_LEAST_HIDDEN = 10  # hidden words, for a median
_STEM = 5  # first letters that related words share
_BLOCK = 512  # vectors that are compared with all others at a time


@dataclass(frozen=True)
class HiddenWords(Task):
    """Hide a sample of known words, induce a vector for each, and rank the true vector.

    Each way to induce vectors has two rows. ``median_rank`` is the rank of a word's true vector, by cosine to
    the induced one, among all words of the run that have a vector of their own: 1 is best; without an induced
    vector, a word has the middle rank. ``mrr`` is the mean of 1 / rank. ``candidates`` is the number of words
    ranked, ``share`` the median rank divided by it. A hidden word often has a related form that is not hidden
    (*storm*, *storms*), unlike many unknown words: ``median_rank_alone`` is over the ``alone`` hidden words
    that share their first five letters with no known word.

    The ways: ``zero start`` is the paper's rule, by which unknown words are zeros at first, ``refined`` the
    run's own method. Both are ranked among the original vectors, because the refined ones already contain
    information of the text about the words. Words built from subwords are hidden, too, because their subwords
    would reveal the hidden ones.
    """

    path: Path = Path("hidden words")
    kind: ClassVar[str] = "oov"

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """Two rows for each run and way to induce vectors."""
        of_runs = [entry for entry in entries if entry.refined and not entry.truncated]
        if not of_runs:
            rule = f"{self.path} is measured on runs, none was given"
            raise OptionError(rule, remedy="give a run folder")
        for entry in of_runs:
            assert entry.run is not None  # as of all refined vectors
            yield from _found_again(entry.name.removesuffix("refined"), entry.run, seed)


def _found_again(prefix: str, run: Run, seed: int) -> Iterator[Measurement]:
    batch = run.require_tokens()
    original = run.original
    pretrained = original.sources == Source.KNOWN
    hidden = words_to_hide(pretrained, batch, seed)
    alone = without_relatives(batch.types, pretrained, hidden)
    candidates = np.flatnonzero(pretrained)
    place = np.searchsorted(candidates, hidden)
    for name, rows in induced(run, batch, hidden, seed):
        ranked = ranks(rows, original.unit[candidates], place)
        covered = float(filled_rows(rows).mean())
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


def induced(run: Run, batch: TokenBatch, hidden: Ints, seed: int) -> Iterator[tuple[str, Rows]]:
    """The name of each way, and its vectors of the h hidden words, (h, d)."""
    from selfvec.refinement.methods.sequential import PaperRefinement
    from selfvec.refinement.pipeline import refine_again
    from selfvec.text import auto_window

    unknown = without_hidden(run.original, hidden)
    paper = PaperRefinement(batch, unknown, window=auto_window(batch))
    while not paper.done:
        paper.advance()
    yield "zero start", paper.table[hidden]
    refined = refine_again(run.replace(original=unknown, tokens=batch), batch, seed)
    yield "refined", refined.unit[hidden]


def without_hidden(original: Vectors, hidden: Ints) -> Vectors:
    """Initial vectors in which some words, and all words built from subwords, are unknown.

    *Storms*, built from *storm* and *s*, would reveal a hidden *storm*.
    """
    seen = original.sources == Source.KNOWN
    seen[hidden] = False
    sources = np.where(seen, Source.KNOWN, Source.NONE).astype(np.uint8)
    rows = np.where(seen[:, None], original.unit, np.float32(0))
    return Vectors(original.index_to_key, rows, sources=sources, normalized=True)


def words_to_hide(pretrained: Mask, batch: TokenBatch, seed: int) -> Ints:
    """The words to hide: words with a pretrained vector that occur, (h,), rising."""
    pool = np.flatnonzero(pretrained & (batch.counts > 0))
    number = min(_MOST_HIDDEN, len(pool) // _SHARE)
    if number < _LEAST_HIDDEN:
        needed = _LEAST_HIDDEN * _SHARE
        rule = f"hiding words needs {needed} words with a vector of their own, this run has {len(pool)}"
        raise InputError(rule, remedy="give more text, or vectors of its language")
    return sampled(pool, number, np.random.default_rng(seed))


def without_relatives(types: Sequence[str], pretrained: Mask, hidden: Ints) -> Mask:
    """Which hidden words share their first letters with no pretrained word that is not hidden, (h,)."""
    left = pretrained.copy()
    left[hidden] = False
    stems = {types[i][:_STEM].lower() for i in np.flatnonzero(left).tolist()}
    return np.array([types[i][:_STEM].lower() not in stems for i in hidden.tolist()], bool)


def ranks(vectors: Rows, rows: Rows, places: Ints) -> Doubles:
    """Rank of the right row among (n, d) by cosine to each of h vectors, (h, d): (h,), from 1.

    Rows exactly as near as the right one count half; a vector of zeros gets the middle rank.

    >>> rows = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    >>> ranks(np.array([[1, 0.1], [1, 0.1], [0, 0]], np.float32), rows, np.array([0, 2, 1])).tolist()
    [1.0, 3.0, 2.0]
    """
    unit = unit_rows(rows)
    vectors = unit_rows(vectors)
    out = np.empty(len(vectors))
    for start in range(0, len(vectors), _BLOCK):
        part = slice(start, start + _BLOCK)
        cosines = vectors[part] @ unit.T
        out[part] = ranks_among(cosines, cosines[np.arange(len(cosines)), places[part]])
    return out
