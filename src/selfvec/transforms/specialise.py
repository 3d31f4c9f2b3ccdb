"""Counter-fitting and attract-repel: synonyms move together and antonyms apart."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Ints, Rows
from selfvec.base.threads import one_core
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .knowledge import Knowledge, kind_names, row_pairs, unused_relations
from .lexicon_files import read_knowledge
from .method import Transform
from .retrofit import adjacency, at_same_length

__all__ = ["AttractRepel", "CounterFit"]

_BLOCK = 1 << 10  # rows compared with all others at a time


class _Specialised(Transform):
    """Base of both methods: reads the pairs, and averages the result of `_fitted` with the given vectors."""

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str]
    weight: float

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words. A pair that both attracts and repels only repels."""
        knowledge = read_knowledge(self.lexicon)
        unit = vectors.unit
        known = np.any(unit != 0, axis=1)
        pulled, pushed = (
            pairs[known[pairs].all(axis=1)]
            for kinds in (self.relations, "antonym")
            for pairs in [row_pairs(knowledge, vectors.key_to_index, kinds)]
        )
        pulled = _without(pulled, pushed)
        kinds = [*kind_names(self.relations), "antonym"]
        self.report_ = {"synonyms": len(pulled), "antonyms": len(pushed)}
        self.report_ |= unused_relations(knowledge, vectors.key_to_index, kinds)
        rows = unit_rows(self._fitted(unit, pulled, pushed))
        return at_same_length(vectors, (1 - self.weight) * unit + self.weight * rows)

    @abstractmethod
    def _fitted(self, unit: Rows, synonyms: Ints, antonyms: Ints) -> Rows:
        """The rows (V, d) that the method of the paper makes from unit rows."""


class CounterFit(_Specialised):
    """Part synonyms and antonyms by counter-fitting (2016).

    Antonyms are pushed to orthogonality, synonyms pulled together, and near neighbours kept near: Mrkšić
    et al. (2016), *Counter-fitting Word Vectors to Linguistic Constraints*, with the constants and the
    full-batch steps of the authors' code: in each of 20 steps a word moves by the mean of the gradients
    of its pairs.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    relations : str or sequence of str
        Kinds of relations that pull; by default synonym. Antonyms always push.
    weight : float, above 0, at most 1
        How much relations count: the weight of the result in its mean with the given vectors. It is 1 in the
        paper; below 1, unrelated pairs keep more of their similarity.
    """

    package = "scipy"
    rate = 0.1
    steps = 20
    antonym_distance = 1.0  # δ
    radius = 0.2  # ρ: pairs within this distance are kept near

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str] = ("synonym",)
    weight: float = 0.25

    def _fitted(self, unit: Rows, synonyms: Ints, antonyms: Ints) -> Rows:
        moving = np.unique(np.concatenate([synonyms, antonyms]))
        near = _without(_near(unit, moving, 1 - self.radius), antonyms)
        rows = unit
        at_start = _cosines(unit, near)
        for _ in range(self.steps):
            apart = antonyms[1 - _cosines(rows, antonyms) < self.antonym_distance]
            pulled = np.concatenate([synonyms, near[_cosines(rows, near) < at_start]])
            rows = self._step(rows, np.concatenate([pulled, apart]), len(pulled))
        return rows

    def _step(self, rows: Rows, pairs: Ints, pulled: int) -> Rows:
        """Move each word by the mean gradient of its pairs' cosines; those after ``pulled`` are pushed."""
        sign = np.where(np.arange(len(pairs)) < pulled, 1, -1).astype(np.float32)
        degrees = np.bincount(pairs.ravel(), minlength=len(rows)).astype(np.float32)
        # The gradient of cos(u, v) at unit rows: v - cos(u, v) u.
        along = adjacency(pairs, len(rows), sign * _cosines(rows, pairs)).sum(axis=1)
        gradient = adjacency(pairs, len(rows), sign) @ rows - along[:, None] * rows
        moved = unit_rows(rows + self.rate * gradient / np.maximum(degrees, 1)[:, None])
        return np.where(degrees[:, None] > 0, moved, rows)


class AttractRepel(_Specialised):
    """Part synonyms and antonyms by Attract-Repel (2017).

    Synonyms become nearer to each other than to other words, antonyms farther than any: Mrkšić et al.
    (2017), *Semantic Specialisation of Distributional Word Vector Spaces using Monolingual and
    Cross-Lingual Constraints*, with the authors' constants: batches of 50 pairs, each word compared with
    the nearest (or farthest) other word of its batch, AdaGrad, 5 passes.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    relations : str or sequence of str
        Kinds of relations that pull; by default synonym. Antonyms always push.
    weight : float, above 0, at most 1
        How much relations count, as for `CounterFit`.
    seed : int, at least 0
        Seed of the order of the pairs.
    """

    attract_margin = 0.6
    repel_margin = 0.0
    keep = 1e-9  # λ of ‖x - x̂‖²
    rate = 0.05
    passes = 5
    batch = 50

    lexicon: Sequence[str | Path] | Knowledge
    relations: str | Sequence[str] = ("synonym",)
    weight: float = 0.5
    seed: int = 0

    def _fitted(self, unit: Rows, synonyms: Ints, antonyms: Ints) -> Rows:
        rng = np.random.default_rng(self.seed)
        rows = unit.copy()
        squares = np.full(unit.shape, 0.1, np.float32)
        steps = self.passes * sum(-(-len(pairs) // self.batch) for pairs in (synonyms, antonyms))
        with one_core(), self.progress.stage("Fitting", steps, "batches") as advance:
            for _ in range(self.passes):
                shuffled = [(rng.permutation(synonyms), 1), (rng.permutation(antonyms), -1)]
                batches = [
                    (pairs[start : start + self.batch], sign)
                    for pairs, sign in shuffled
                    for start in range(0, len(pairs), self.batch)
                ]
                for i in rng.permutation(len(batches)):
                    words, gradient = self._gradient(rows, *batches[i])
                    gradient += 2 * self.keep * (rows[words] - unit[words])
                    squares[words] += gradient**2
                    rows[words] -= self.rate * gradient / np.sqrt(squares[words])
                    advance(1)
        return rows

    def _gradient(self, rows: Rows, pairs: Ints, sign: int) -> tuple[Ints, Rows]:
        """The words of a batch, (m,), and the gradient of its cost with respect to their rows, (m, d).

        The cost is Σ max(0, margin + sign · (cos(word, negative) - cos(word, partner))) over both words.
        """
        words, place = np.unique(pairs, return_inverse=True)
        units = unit_rows(rows[words])
        cosines = units @ units.T
        one, other = np.concatenate([place, place[:, ::-1]]).reshape(-1, 2).T
        allowed = sign * cosines[one]
        allowed[np.arange(len(one)), one] = allowed[np.arange(len(one)), other] = -np.inf
        negative = allowed.argmax(axis=1)
        margin = self.attract_margin if sign > 0 else self.repel_margin
        cost = margin + sign * (cosines[one, negative] - cosines[one, other])
        kept = (cost > 0) & (len(words) > 2)
        pull = np.zeros((len(words), len(words)), np.float32)
        np.add.at(pull, (one[kept], negative[kept]), sign)
        np.add.at(pull, (one[kept], other[kept]), -sign)
        return words, np.asarray((pull + pull.T) @ units, np.float32)


def _without(pairs: Ints, others: Ints) -> Ints:
    """The pairs that are not among others; the smaller number of each is first."""
    left_out = set(map(tuple, others.tolist()))
    kept: Ints = pairs[np.array([tuple(pair) not in left_out for pair in pairs.tolist()], bool)]
    return kept


def _near(unit: Rows, rows: Ints, least: float) -> Ints:
    """Pairs of one of some rows and any other whose cosine is at least that, (n, 2)."""
    found = []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        one, other = np.nonzero(unit[block] @ unit.T >= least)
        found.append(np.stack([block[one], other], axis=1))
    pairs = np.sort(np.concatenate(found), axis=1) if found else np.empty((0, 2), np.int64)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _cosines(rows: Rows, pairs: Ints) -> Rows:
    found: Rows = np.einsum("ij,ij->i", rows[pairs[:, 0]], rows[pairs[:, 1]])
    return found
