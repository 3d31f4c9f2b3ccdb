"""The student: rows of words whose sums come near a sentence encoder's vectors of texts, by one linear solve.

A text by its words, x, is the square roots of their counts times their inverse document frequencies, at
length 1. T is the encoder's vectors of n passages less their mean, and R0 a prior, such as the encoder's
vectors of the words alone. The rows are near a · R0 and such that X R is near T:

    R = a · R0 + (Xᵀ X + λ I)⁻¹ Xᵀ (T − a · X R0)          a: least squares of T on X R0

The ridge λ and the prior are those that explain most of passages left out of a sample. The system is solved
by `selfvec.numerics.ridge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ids, Ints, Rows
from selfvec.base.compiled import kernel
from selfvec.base.progress import stage
from selfvec.base.threads import cut, in_order, one_core
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.ridge import SparseRidge, column_blocks, solve_columns
from selfvec.numerics.rows import unit_in_place
from selfvec.numerics.sparse_rows import SHARE, SparseRows, SparseRowsMaker, add_transposed_product
from selfvec.text.document_vectors import inverse_document_frequency

# Texts have length 1, so a λ of 1 counts as much as a text's own words.
RIDGES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""What λ is chosen from."""

NONE = "none"
"""The prior of zeros."""

SAMPLE = 1000  # passages that choices are made with: all ridges and priors from one decomposition of n × n
_PASSAGES = 1 << 14  # whose vectors are taken at a time: those of a million would be as large as the teacher
_FLAT = 0.02  # of the explained share, within which a larger ridge is preferred: it searches better


@dataclass(frozen=True, eq=False)
class Student:
    """Rows of words, learned from an encoder's vectors of passages; see `text_rows`."""

    rows: AnyFloats  # (V, h) float32
    weights: AnyFloats  # (V,) inverse document frequencies
    mean: AnyFloats  # (h,) of the teacher's vectors, subtracted from them
    ridge: float  # λ
    scale: float  # a, by which the prior is multiplied
    prior: str  # the name of the prior that was chosen
    explained: dict[str, float]  # by prior: the share of left-out vectors' variance, at its best ridge


def text_words(batch: TokenBatch, weights: Floats) -> SparseRows:
    """X, (n, V): the documents of a batch by their words, which weigh ``weights``, (V,)."""

    def weigh(documents: tuple[int, int]) -> tuple[Ints, Ids, Floats]:
        bounds = batch.offsets[documents[0] : documents[1] + 1]
        ids = np.array(batch.ids[bounds[0] : bounds[-1]])
        values = np.empty(len(ids), np.float32)
        lengths = np.empty(len(bounds) - 1, np.int64)
        size = _weigh(ids, bounds - bounds[0], weights, np.zeros(len(weights), np.int32), values, lengths)
        return lengths, ids[:size].copy(), values[:size].copy()

    with closing(SparseRowsMaker(np.float32)) as made:
        blocks = cut(batch.lengths + 1, SHARE)
        for rows in in_order(blocks, weigh):
            made.append(*rows)
        return made.finish().read_only


def learn(
    passages: TokenBatch,  # a document each
    teacher: AnyFloats,  # (n, h) the encoder's vectors of the passages
    priors: Mapping[str, AnyFloats],  # (V, h) each: rows that the words may start from
    *,
    seed: int = 0,
) -> Student:
    """Learn rows of words from an encoder's vectors of passages.

    The ridge and the prior, among those given and none, are chosen by the errors on passages left out of a
    sample of at most 1,000, which ``seed`` draws. The sample, and so the result but for rounding, does not
    depend on the order of the passages. The result has the same bits for any number of threads.
    """
    weights = inverse_document_frequency(passages)
    texts = text_words(passages, weights)
    mean = teacher.mean(axis=0, dtype=np.float64)
    with one_core():
        drawn = draw(teacher, seed)
        sample = texts.part(drawn)
        # Priors are compared on the sample, so that X R0 of all passages is computed for the chosen one only.
        starts = {name: sample.times(np.ascontiguousarray(rows, np.float32)) for name, rows in priors.items()}
        products = sample.inner_products(len(weights))
        prior, ridge, explained = choose(products, teacher[drawn] - mean, starts)
        problem = _RidgeProblem(texts, teacher, mean, priors.get(prior, np.zeros((len(weights), 0))))
        rows, scale = problem.solve(ridge)
    return Student(rows, weights, mean.astype(np.float32), ridge, scale, prior, explained)


def draw(teacher: AnyFloats, seed: int) -> Ints:
    """The numbers of at most 1,000 passages, drawn by a hash of their vectors: the same in any order."""
    if len(teacher) <= SAMPLE:
        return np.arange(len(teacher))
    # Random numbers would depend on the order of the passages, which merging and updating change.
    key = str(seed).encode()
    hashes = [blake2b(row.tobytes(), digest_size=8, key=key).digest() for row in teacher]
    return np.argsort(np.array(hashes, "S8"), kind="stable")[:SAMPLE]


# The choice of the ridge and the prior


def choose(
    products: Doubles,  # (n, n) X Xᵀ of a sample
    target: AnyFloats,  # (n, h) its vectors, less the mean of all
    starts: Mapping[str, AnyFloats],  # X R0 by prior, (n, h)
) -> tuple[str, float, dict[str, float]]:
    """The prior and the ridge that explain most of each passage when it is left out, and the shares by prior.

    The errors of passages left out follow from one solution (Allen, 1974): α / diag (X Xᵀ + λ I)⁻¹ for
    α = (X Xᵀ + λ I)⁻¹ (T − a · X R0). Of a prior's ridges within .02 of the best, the largest is taken.
    """
    # In the eigenvectors every ridge is a division, so all of them cost about as much as one.
    values, vectors = np.linalg.eigh(products)
    total = float(np.vdot(target, target))

    def shares(start: AnyFloats | None) -> list[float]:
        left = target if start is None else target - multiple(target, start) * start
        turned = vectors.T @ left
        return [1 - _left_out(values + ridge, vectors, turned) / total if total else 0.0 for ridge in RIDGES]

    best = {}
    for name, by_ridge in zip([NONE, *starts], in_order([None, *starts.values()], shares), strict=True):
        largest = max(k for k, share in enumerate(by_ridge) if share >= max(by_ridge) - _FLAT)
        best[name] = by_ridge[largest], RIDGES[largest]
    prior = max(best, key=lambda name: round(best[name][0], 6))  # none, if a prior gives no more
    return prior, best[prior][1], {name: share for name, (share, _) in best.items()}


def multiple(target: AnyFloats, start: AnyFloats) -> float:
    """By what ``start`` is multiplied to come nearest to the target; 0 if it is zeros."""
    square = np.vdot(start, start)
    return float(np.vdot(target, start) / square) if square else 0.0


def _left_out(values: Doubles, vectors: Doubles, turned: Doubles) -> float:
    """The sum of squares of the errors on passages left out; ``turned`` is the target in the eigenvectors."""
    alpha = vectors @ (turned / values[:, None])
    diagonal = vectors**2 @ (1 / values)
    return float(np.sum((alpha / diagonal[:, None]) ** 2))


# The solution


@dataclass(frozen=True, eq=False)
class _RidgeProblem:
    """What is solved, some columns at a time, by Xᵀ T and Xᵀ X R0, which are as long as the vocabulary."""

    texts: SparseRows  # X, (n, V)
    teacher: AnyFloats  # (n, h)
    mean: Doubles  # (h,)
    prior: AnyFloats  # (V, h), or (V, 0) for none

    def solve(self, ridge: float) -> tuple[Rows, float]:
        """R, (V, h) float32, and a."""
        width, words = self.teacher.shape[1], len(self.prior)
        system = SparseRidge(self.texts, ridge)

        def products(part: slice) -> Doubles:
            """Sums over these columns of T · X R0 and of (X R0)², (2,)."""
            start = self._start(part)
            return np.array([np.vdot(self._target(part), start), np.vdot(system.moment(start), start)])

        scale = 0.0
        if self.prior.size:
            along, square = sum(in_order(column_blocks(words, width), products), np.zeros(2)).tolist()
            scale = along / square if square else 0.0

        def solved(part: slice) -> AnyFloats:
            if not scale:
                return system.solve(self._target(part))
            start = scale * self._start(part)
            return system.solve(self._target(part) - system.moment(start)) + start

        rows = np.empty((words, width), np.float32)
        with stage("Learning from the encoder", width, "columns") as advance:
            return solve_columns(solved, rows, words, advance), scale

    def _target(self, part: slice) -> Doubles:
        """Some columns of Xᵀ T, (V, w)."""
        out = np.zeros((len(self.prior), part.stop - part.start))
        indptr, indices, values = self.texts
        for first in range(0, self.texts.height, _PASSAGES):
            target = self.teacher[first : first + _PASSAGES, part] - self.mean[part]
            add_transposed_product(indptr[first : first + _PASSAGES + 1], indices, values, target, out)
        return out

    def _start(self, part: slice) -> Doubles:
        """The same columns of R0, (V, w)."""
        return self.prior[:, part].astype(np.float64)


def text_rows(student: Student, batch: TokenBatch) -> Rows:
    """Vectors of texts by the rows of their words, (n, h) float32: unit rows, zeros for a text without words.

    The batch has the words of the student, in the same order.
    """
    texts = text_words(batch, student.weights)
    return unit_in_place(texts.times(student.rows))


# Loops


@kernel
def _weigh(
    ids: Ids,  # (N,); changed to the distinct words of each document, without gaps
    offsets: Ints,  # (n + 1,)
    weights: Floats,  # (V,)
    times: Ids,  # (V,) zeros, working memory: how often each word occurs in the document
    values: Floats,  # (N,), written: √count · weight of each distinct word, of length 1 for a document
    lengths: Ints,  # (n,), written: distinct words of each document
) -> int:
    """Weigh the words of documents; return the number of entries."""
    size = 0
    for document in range(len(offsets) - 1):
        first = size
        for i in range(offsets[document], offsets[document + 1]):
            word = ids[i]
            if times[word] == 0:
                # Never ahead of i, so what is still to be read stays.
                ids[size] = word
                size += 1
            times[word] += 1
        square = 0.0
        for k in range(first, size):
            value = np.sqrt(times[ids[k]]) * weights[ids[k]]
            values[k] = value
            square += value * value
            times[ids[k]] = 0
        scale = 1 / np.sqrt(square) if square > 0 else 0.0
        for k in range(first, size):
            values[k] *= scale
        lengths[document] = size - first
    return size
