"""What the relations of a lexicon do to words: related ones move together, antonyms apart."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.base.threads import one_core
from selfvec.data.vectors import Vectors, mapped_composer, same_words
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import covariance, whitening_matrix

from .knowledge import Knowledge, kind_names, read_knowledge, row_pairs, unused_relations
from .method import LexiconTransform, as_function

_STEPS = 50  # at most
_CLOSE = 1e-4  # largest change of a coordinate at which iteration stops
_BLOCK = 1 << 10  # rows compared with all others at a time

Kinds = str | Sequence[str] | None
"""Kinds of relations; None for all but antonym."""


class Retrofit(LexiconTransform):
    """Pull related words together (Faruqui et al. 2015).

    Each word moves to the mean of its own vector and that of the words related to it: *Retrofitting Word
    Vectors to Semantic Lexicons*. The result minimises Σ_i ‖q_i - q̂_i‖² + weight · Σ_ij ‖q_i - q_j‖² /
    deg(i), by the paper's updates of all words at once. Words without relations keep their vectors.
    Lengths are kept.

    Parameters
    ----------
    relations : str or sequence of str
        Kinds of relations that pull; by default all but antonym.
    weight : float, above 0
        How much relations count: all of a word together; its own vector has weight 1.

    Examples
    --------
    >>> from selfvec.transforms.knowledge import Knowledge
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> pairs = Knowledge(edges={"synonym": [("hail", "graupel")]})
    >>> retrofitted = selfvec.retrofit(vectors, pairs)
    >>> round(vectors.similarity("hail", "graupel"), 2), round(retrofitted.similarity("hail", "graupel"), 2)
    (0.6, 0.95)
    """

    package = "scipy"

    relations: str | Sequence[str] | None = None
    weight: float = 1.0

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words."""
        (pairs,), unused = _related(self.lexicon, vectors, self.relations)
        rows = self._fitted(vectors.unit, pairs)
        moved = np.unique(pairs)
        cosines = np.einsum("ij,ij->i", unit_rows(rows[moved]), vectors.unit[moved])
        self.report_ = {"pairs": len(pairs), "moved": len(moved), "cosine_to_before": float(cosines.mean())}
        self.report_ |= unused
        return at_same_length(vectors, rows)

    def _fitted(self, unit: Rows, pairs: Ints) -> Rows:
        """The rows (V, d) that the method of the paper makes from unit rows."""
        graph = adjacency(pairs, len(unit))
        degrees = graph.sum(axis=1)
        graph = graph.multiply(np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)[:, None])
        own = np.where(degrees > 0, 1 / (1 + self.weight), 1).astype(np.float32)
        share = np.float32(self.weight / (1 + self.weight))
        return propagated(graph.tocsr() * share, unit * own[:, None])


class Smooth(Retrofit):
    """Average words with their neighbours in a lexicon.

    Vectors are propagated over its whole graph, by personalised propagation: Q = (1 - w) · Σ_k w^k Â^k Q̂
    with Â = D^(-1/2) (A + I) D^(-1/2), as in Zhou et al. (2004), *Learning with Local and Global
    Consistency*, and Gasteiger et al. (2019). An edge weighs as much as the cosine of its words, so
    relations of rare senses count little. A word with a row of zeros gets the vector of its neighbours.

    Parameters
    ----------
    weight : float, above 0, below 1
        How much relations count: w, how far a vector spreads.

    Examples
    --------
    >>> from selfvec.transforms.knowledge import Knowledge
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> pairs = Knowledge(edges={"synonym": [("hail", "graupel")]})
    >>> round(selfvec.smooth(vectors, pairs).similarity("hail", "graupel"), 2)
    0.85
    """

    relations: str | Sequence[str] | None = None
    weight: float = 0.5

    def _fitted(self, unit: Rows, pairs: Ints) -> Rows:
        known = np.any(unit != 0, axis=1)[pairs].all(axis=1)
        return smoothed(unit, pairs, np.where(known, np.maximum(_cosines(unit, pairs), 0), 1), self.weight)


class _Specialised(LexiconTransform):
    """Base of both methods: averages the result of `_fitted` with the given vectors."""

    relations: str | Sequence[str]
    weight: float

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words. A pair that both attracts and repels only repels."""
        both, unused = _related(self.lexicon, vectors, self.relations, "antonym")
        unit = vectors.unit
        known = np.any(unit != 0, axis=1)
        pulled, pushed = (pairs[known[pairs].all(axis=1)] for pairs in both)
        pulled = _without(pulled, pushed)
        self.report_ = {"synonyms": len(pulled), "antonyms": len(pushed), **unused}
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
    relations : str or sequence of str
        Kinds of relations that pull; by default synonym. Antonyms always push.
    weight : float, above 0, at most 1
        How much relations count: the weight of the result in its mean with the given vectors. It is 1 in the
        paper; below 1, unrelated pairs keep more of their similarity.

    Examples
    --------
    >>> from selfvec.transforms.knowledge import Knowledge
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> pairs = Knowledge(edges={"synonym": [("hail", "graupel")], "antonym": [("hail", "tax")]})
    >>> fitted = selfvec.counter_fit(vectors, pairs)
    >>> round(fitted.similarity("hail", "graupel"), 2), round(fitted.similarity("hail", "tax"), 2)
    (0.76, -0.11)
    """

    package = "scipy"
    rate = 0.1
    steps = 20
    antonym_distance = 1.0  # δ
    radius = 0.2  # ρ: pairs within this distance are kept near

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
    relations : str or sequence of str
        Kinds of relations that pull; by default synonym. Antonyms always push.
    weight : float, above 0, at most 1
        How much relations count, as for `CounterFit`.
    seed : int, at least 0
        Seed of the order of the pairs.

    Examples
    --------
    >>> from selfvec.transforms.knowledge import Knowledge
    >>> synonyms = [("big", "large"), ("cheap", "affordable")]
    >>> antonyms = [("hot", "cold"), ("cheap", "expensive")]
    >>> pairs = Knowledge(edges={"synonym": synonyms, "antonym": antonyms})
    >>> vectors = selfvec.load("default")
    >>> fitted = selfvec.attract_repel(vectors, pairs)
    >>> fitted.similarity("hot", "cold") < 0 < vectors.similarity("hot", "cold")
    True
    """

    attract_margin = 0.6
    repel_margin = 0.0
    keep = 1e-9  # λ of ‖x - x̂‖²
    rate = 0.05
    passes = 5
    batch = 50

    relations: str | Sequence[str] = ("synonym",)
    weight: float = 0.5
    seed: int = 0

    def _fitted(self, unit: Rows, synonyms: Ints, antonyms: Ints) -> Rows:
        rng = np.random.default_rng(self.seed)
        rows = unit.copy()
        squares = np.full(unit.shape, 0.1, np.float32)
        steps = self.passes * sum(-(-len(pairs) // self.batch) for pairs in (synonyms, antonyms))
        with one_core(), self.shown.stage("Fitting", steps, "batches") as advance:
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
        first, second = np.concatenate([place, place[:, ::-1]]).reshape(-1, 2).T
        allowed = sign * cosines[first]
        allowed[np.arange(len(first)), first] = allowed[np.arange(len(first)), second] = -np.inf
        negative = allowed.argmax(axis=1)
        margin = self.attract_margin if sign > 0 else self.repel_margin
        cost = margin + sign * (cosines[first, negative] - cosines[first, second])
        kept = (cost > 0) & (len(words) > 2)
        pull = np.zeros((len(words), len(words)), np.float32)
        np.add.at(pull, (first[kept], negative[kept]), sign)
        np.add.at(pull, (first[kept], second[kept]), -sign)
        return words, np.asarray((pull + pull.T) @ units, np.float32)


class Aspect(LexiconTransform):
    """Keep directions that one relation has and another has not.

    Directions in which pairs of one relation differ shrink; those in which pairs of another differ grow.
    Rows are multiplied by (S_pull + S)^(-1/2) (S_push + S)^(1/2), with the scatters of the differences of
    both kinds of pairs and the covariance S of all words, each of trace 1: relevant component analysis
    (Bar-Hillel et al., 2003), and its counterpart for pairs to be separated (Hoi et al., 2006). The map
    is linear, so it also maps words without relations.

    Parameters
    ----------
    pull : str
        The relation that pulls words together. Triples may have any kinds.
    push : str
        The relation that pushes words apart.

    Examples
    --------
    >>> from selfvec.transforms.knowledge import Knowledge
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> pairs = Knowledge(edges={"synonym": [("hail", "graupel")], "antonym": [("hail", "tax")]})
    >>> round(selfvec.aspect(vectors, pairs).similarity("hail", "graupel"), 2)
    0.96
    """

    pull: str = "synonym"
    push: str = "antonym"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pull == self.push:
            rule = f"must differ from the relation that is kept, both are {self.pull}"
            raise OptionError(rule, field="push")

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words in another space."""
        (near, far), unused = _related(self.lexicon, vectors, (self.pull,), (self.push,))
        unit = vectors.unit
        every = covariance(unit)[1]
        kept, pushed = (_scatter(unit, pairs) + every / np.trace(every) for pairs in (near, far))
        mapping = whitening_matrix(kept, 0.5) @ whitening_matrix(pushed, -0.5)
        rows = unit_rows(unit @ mapping)
        before, after = (
            float(_cosines(matrix, near).mean() - _cosines(matrix, far).mean()) for matrix in (unit, rows)
        )
        self.report_ = {"kept": len(near), "pushed": len(far), "gap_before": before, "gap_after": after}
        self.report_ |= unused
        return same_words(vectors, rows, mapped_composer(vectors.composer, mapping))


def _related(
    lexicon: Sequence[str | Path] | Knowledge, vectors: Vectors, *kinds: Kinds
) -> tuple[list[Ints], dict[str, Any]]:
    """The pairs of rows of each of some kinds, (n, 2); and for the report, which relations are unused."""
    knowledge = read_knowledge(lexicon)
    pairs = [row_pairs(knowledge, vectors.key_to_index, kind) for kind in kinds]
    used = [name for kind in kinds for name in kind_names(kind)]
    return pairs, unused_relations(knowledge, vectors.key_to_index, used)


def adjacency(pairs: Ints, size: int, weights: Any = 1.0, *, loops: bool = False) -> Any:
    """The symmetric (V, V) sparse array of undirected edges (n, 2); with ``loops`` also of 1 to itself."""
    from scipy import sparse  # type: ignore[import-untyped]

    values = np.broadcast_to(np.asarray(weights, np.float32), len(pairs))
    half = sparse.coo_array((values, (pairs[:, 0], pairs[:, 1])), shape=(size, size)).tocsr()
    graph = half + half.T
    return graph + sparse.eye_array(size, dtype=np.float32) if loops else graph


def smoothed(start: Rows, pairs: Ints, weights: Any, spread: float) -> Rows:
    """Personalised propagation of rows, (V, d), over edges (n, 2) with weights; see `Smooth`."""
    graph = adjacency(pairs, len(start), weights, loops=True)
    scale = 1 / np.sqrt(graph.sum(axis=1))
    graph = graph.multiply(scale[:, None]).multiply(scale[None]).tocsr()
    return propagated(graph * np.float32(spread), start * np.float32(1 - spread))


def propagated(graph: Any, start: Rows) -> Rows:
    """The solution X of X = A X + B by iteration, for a contraction A (V, V) and B (V, d)."""
    rows = start
    for _ in range(_STEPS):
        before = rows
        rows = graph @ rows + start
        if np.abs(rows - before).max(initial=0) < _CLOSE:
            break
    return rows


def at_same_length(vectors: Vectors, rows: Rows) -> Vectors:
    """Vectors with these rows, (V, d), at their old lengths; former rows of zeros get length 1.

    The space is the same, so words without a row are built from subwords as before.
    """
    lengths = np.linalg.norm(vectors.vectors.astype(np.float32), axis=1, keepdims=True)
    made = unit_rows(rows) * np.where(lengths > 0, lengths, 1)
    return same_words(vectors, made, vectors.composer)


def _scatter(unit: Rows, pairs: Ints) -> Doubles:
    """Mean outer product of the differences of pairs, (d, d), of trace 1."""
    apart = (unit[pairs[:, 0]] - unit[pairs[:, 1]]).astype(np.float64)
    scatter: Doubles = apart.T @ apart
    return scatter / max(float(np.trace(scatter)), 1e-12)


def _without(pairs: Ints, others: Ints) -> Ints:
    """The pairs that are not among others; the smaller number of each is first."""
    left_out = set(map(tuple, others.tolist()))
    kept: Ints = pairs[np.array([tuple(pair) not in left_out for pair in pairs.tolist()], bool)]
    return kept


def _near(unit: Rows, rows: Ints, least: float) -> Ints:
    """Pairs of one of some rows and any other whose cosine is at least that, (n, 2)."""
    blocks = []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        first, second = np.nonzero(unit[block] @ unit.T >= least)
        blocks.append(np.stack([block[first], second], axis=1))
    pairs = np.sort(np.concatenate(blocks), axis=1) if blocks else np.empty((0, 2), np.int64)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _cosines(rows: Rows, pairs: Ints) -> Rows:
    cosines: Rows = np.einsum("ij,ij->i", rows[pairs[:, 0]], rows[pairs[:, 1]])
    return cosines


retrofit = as_function("retrofit", Retrofit, Retrofit.made_of)
smooth = as_function("smooth", Smooth, Smooth.made_of)
counter_fit = as_function("counter_fit", CounterFit, CounterFit.made_of)
attract_repel = as_function("attract_repel", AttractRepel, AttractRepel.made_of)
aspect = as_function("aspect", Aspect, Aspect.made_of)
