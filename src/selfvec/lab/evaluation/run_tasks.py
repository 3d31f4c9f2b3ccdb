"""Tasks without files, which a run answers by being refined again: stability, and out-of-vocabulary words.

Stability: does another seed, or another half of the corpus, give the same neighbours? The run's words are
refined again with its own method and options, and compared by their ten nearest neighbours and by the cosine
between their two vectors. Unchanged vectors are perfectly stable, and so are collapsed ones. Read stability
together with figures of quality.

Out-of-vocabulary words: how good are the vectors induced for them? The right vector of an unknown word is not
known. So known words are hidden, treated as unknown, and the vectors induced for them are compared with their
own: how many words are nearer than the right one?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Mask, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.nearest import nearest
from selfvec.numerics.rows import ranks_among, sampled, unit_rows
from selfvec.numerics.statistics import RESAMPLES, Estimate, mean, median
from selfvec.numerics.whitening import orthogonal_factor

from .compared_vectors import ComparedVectors
from .task import Measurement, Task, refined_runs

NEIGHBOURS = 10  # that are compared, as many as `similar` lists
_METRICS = ("overlap@10", "cosine")
_MOST_COMPARED = 10_000  # words compared, the most frequent
_LEAST_WORDS = 2 * NEIGHBOURS  # so that neighbours can differ
_WHOLE = 10  # least occurrences of a compared word in the corpus
_HALF = 5  # and in each half
_BANDS = {"10-99 times": (10, 100), "100-999 times": (100, 1000), "1000+ times": (1000, None)}

WordPairs = tuple[Ints, Rows, Rows]  # words, and their two vectors


@dataclass(frozen=True)
class Stability(Task):
    """Refine the same words again, with other seeds or on random halves of the documents.

    Rows have metric ``overlap@10`` (Jaccard index of two sets of ten neighbours) and ``cosine`` (between a
    word's two vectors): means over words, for all of them and by frequency. The words are the 10,000 most
    frequent of those that occur ten times, or five times in each half; neighbours are searched among them.
    ``covered`` is the share with a vector in both.

    All methods keep the orientation of the initial vectors, so a word's two vectors can be compared. Only
    random initial vectors (``--vectors none``) have no common orientation: then the second vectors are first
    rotated onto the first (orthogonal Procrustes), and ``aligned`` is true. If a run does not depend on its
    seed, nothing is refined and the figures are 1.

    Parameters
    ----------
    path : "halves" or "seeds"
    repeats : int
        Number of splits or seeds; a word's figure is the mean over them.
    """

    path: Path = Path("halves")
    repeats: int = 3
    kind: ClassVar[str] = "stability"

    def __post_init__(self) -> None:
        super().__post_init__()
        if str(self.path) not in ("halves", "seeds"):
            raise OptionError(f"is halves or seeds, not {str(self.path)!r}", field="path")

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """A row for each run, metric and frequency band."""
        for entry, run in refined_runs(entries, str(self.path)):
            yield from self._of_run(entry, run, seed)

    def _of_run(self, entry: ComparedVectors, run: Run, seed: int) -> Iterator[Measurement]:
        batch = run.require_tokens()
        seeds = str(self.path) == "seeds"
        if seeds and not takes_seed(run):
            yield from _stable(entry, batch)
            return
        rotated = seeds and _random_start(run)
        overlap, cosine, present = (np.full((self.repeats, len(batch.types)), np.nan) for _ in range(3))
        pairs = self._over_seeds(run, batch) if seeds else self._over_halves(run, batch, seed)
        for i, (words, a, b) in enumerate(pairs):
            overlap[i, words] = neighbour_overlap(a, b)
            cosine[i, words] = rotated_cosines(a, b) if rotated else _cosines(a, b)
            present[i, words] = a.any(axis=1) & b.any(axis=1)
        compared = np.flatnonzero(~np.isnan(overlap).all(axis=0))  # words that a repeat measured
        counts = batch.counts[compared]
        covered = np.nanmean(present[:, compared], axis=0)
        extra: dict[str, Any] = {"repeats": self.repeats} | ({"aligned": rotated} if seeds else {})
        bounds = (0.0, 1.0), (-1.0, 1.0)
        for metric, values, possible in zip(_METRICS, (overlap, cosine), bounds, strict=True):
            by_word = np.nanmean(values[:, compared], axis=0)
            for band, (low, high) in ({"": (0, None)} | _BANDS).items():
                inside = (counts >= low) & (counts < (high or np.inf))
                if inside.any():
                    n = int(inside.sum())
                    share = float(covered[inside].mean())
                    named = extra | ({"method": band} if band else {})
                    figure = mean(by_word[inside], seed, possible)
                    yield Measurement.of(entry, metric, figure, n, share, **named)

    def _over_seeds(self, run: Run, batch: TokenBatch) -> Iterator[WordPairs]:
        from selfvec.refinement.pipeline import refine_again

        words = frequent_words(batch.counts, _WHOLE)
        first = run.provenance.seed + 1
        for seed in range(first, first + self.repeats):
            yield words, run.vectors.unit[words], refine_again(run, batch, seed).unit[words]

    def _over_halves(self, run: Run, batch: TokenBatch, seed: int) -> Iterator[WordPairs]:
        from selfvec.refinement.pipeline import refine_again

        rng = np.random.default_rng(seed)
        own = run.provenance.seed
        for _ in range(self.repeats):
            halves = split_documents(batch, rng)
            words = frequent_words(np.minimum(halves[0].counts, halves[1].counts), _HALF)
            a, b = (refine_again(run, half, own).unit[words] for half in halves)
            yield words, a, b


def _stable(entry: ComparedVectors, batch: TokenBatch) -> Iterator[Measurement]:
    """The figures of a run that does not depend on its seed: all are 1."""
    n = len(frequent_words(batch.counts, _WHOLE))
    exact = Estimate(1.0, np.ones(RESAMPLES))
    for metric in _METRICS:
        yield Measurement.of(entry, metric, exact, n, 1.0, method="takes no seed", repeats=0)


def takes_seed(run: Run) -> bool:
    """Whether a run depends on its seed: ``auto`` holds documents out, ``--vectors none`` draws vectors."""
    return run.provenance.options.get("method") == "auto" or _random_start(run)


def _random_start(run: Run) -> bool:
    return bool(np.any(run.original.sources == Source.RANDOM))


def split_documents(batch: TokenBatch, rng: np.random.Generator) -> tuple[TokenBatch, TokenBatch]:
    """Two random halves of the documents over one vocabulary."""
    if batch.documents < 2:
        raise InputError("halves need two documents, the corpus has one", remedy="give a document per line")
    first = np.zeros(batch.documents, bool)
    first[rng.permutation(batch.documents)[: batch.documents // 2]] = True
    return batch.part(first), batch.part(~first)


def frequent_words(counts: Ints, least: int) -> Ints:
    """Numbers of the most frequent words that occur ``least`` times, by falling frequency."""
    order = np.argsort(-counts, kind="stable")[:_MOST_COMPARED]
    words = order[counts[order] >= least]
    if len(words) < _LEAST_WORDS:
        rule = f"{len(words)} words occur often enough to be compared, {_LEAST_WORDS} are needed"
        raise InputError(rule, remedy="give more text")
    return words


def neighbour_overlap(a: Rows, b: Rows, neighbours: int = NEIGHBOURS) -> Doubles:
    """Jaccard index of each word's nearest neighbours in two arrays of unit rows, (n,); 0 without a vector.

    >>> a = np.eye(4, dtype=np.float32)[[0, 0, 1, 1]]
    >>> neighbour_overlap(a, a[[0, 2, 1, 3]], neighbours=1).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    rows = np.arange(len(a))
    k = min(neighbours, len(a) - 1)
    of_a, of_b = (nearest(unit, rows, k) for unit in (a, b))
    shared = ((of_a[:, :, None] == of_b[:, None, :]) & (of_a >= 0)[:, :, None]).sum(axis=(1, 2))
    out: Doubles = shared / np.maximum((of_a >= 0).sum(axis=1) + (of_b >= 0).sum(axis=1) - shared, 1)
    return out


def _cosines(a: Rows, b: Rows) -> Doubles:
    cosines: Doubles = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return cosines


def rotated_cosines(a: Rows, b: Rows) -> Doubles:
    """Cosines after b is rotated onto a, (n,): the rotation of each half is fitted on the other half.

    A rotation fitted on the measured words themselves would align even a few random rows.
    """
    out = np.zeros(len(a))
    for part in (slice(0, None, 2), slice(1, None, 2)):
        rest = slice(1 - part.start, None, 2)
        rotation = orthogonal_factor(b[rest].T.astype(np.float64) @ a[rest])
        out[part] = _cosines(a[part], unit_rows(b[part] @ rotation))
    return out


# ---- Out-of-vocabulary words


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
        for entry, run in refined_runs(entries, str(self.path)):
            yield from _found_again(entry.name.removesuffix("refined"), run, seed)


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
