"""What the relations of a lexicon do to words: related ones move together, opposites apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Unpack

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.declarations import Bounds, Natural, checked
from selfvec.base.errors import OptionError, require
from selfvec.base.progress import stage
from selfvec.base.threads import one_core
from selfvec.data.vectors import Vectors, mapped_composer, same_words
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.numerics.whitening import covariance, whitening_matrix
from selfvec.storage.opened import GivenVectors, as_vectors

from .knowledge import (
    GivenLexicon,
    check_lexicon,
    kind_names,
    read_knowledge,
    row_pairs,
    unused_relations,
)
from .written import Writing, check_writing, written

_STEPS = 50  # at most
_CLOSE = 1e-4  # largest change of a coordinate at which iteration stops
_BLOCK = 1 << 10  # rows compared with all others at a time


@checked
def retrofit(
    vectors: GivenVectors,
    lexicon: GivenLexicon,
    method: Literal["retrofit", "smooth", "counter-fit", "attract-repel", "aspect"] = "retrofit",
    relations: str | Sequence[str] | None = None,
    push: str | Sequence[str] = "antonym",
    weight: Annotated[float, Bounds(above=0)] | None = None,
    seed: Natural = 0,
    **writing: Unpack[Writing],
) -> Vectors:
    """Move related words together, and opposites apart.

    ``retrofit`` (Faruqui et al., 2015)
        Each word moves to the mean of its own vector and that of the words related to it. The result
        minimises Σ_i ‖q_i - q̂_i‖² + weight · Σ_ij ‖q_i - q_j‖² / deg(i), by the paper's updates of all
        words at once.
    ``smooth`` (Zhou et al., 2004; Gasteiger et al., 2019)
        Vectors are propagated over the whole graph, by personalised propagation: Q = (1 - w) · Σ_k w^k Â^k Q̂
        with Â = D^(-1/2) (A + I) D^(-1/2). An edge weighs as much as the cosine of its words, so relations
        of rare senses count little. A word with a row of zeros gets the vector of its neighbours.
    ``counter-fit`` (Mrkšić et al., 2016)
        Antonyms are pushed to orthogonality, synonyms pulled together, and near neighbours kept near, with
        the constants and the full-batch steps of the authors' code: in each of 20 steps a word moves by the
        mean of the gradients of its pairs.
    ``attract-repel`` (Mrkšić et al., 2017)
        Synonyms become nearer to each other than to other words, antonyms farther than any, with the
        authors' constants: batches of 50 pairs, each word compared with the nearest (or farthest) other word
        of its batch, AdaGrad, 5 passes.
    ``aspect`` (Bar-Hillel et al., 2003; Hoi et al., 2006)
        Directions in which pulled pairs differ shrink, those in which pushed pairs differ grow: rows are
        multiplied by (S_pull + S)^(-1/2) (S_push + S)^(1/2), with the scatters of the differences of both
        kinds of pairs and the covariance S of all words, each of trace 1. This map is linear, so it also maps
        words without relations. Rows have length 1 then; the other methods keep their lengths.

    The first two take no relations that push. A pair that both pulls and pushes only pushes.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL or WordNet's folder. See
        `selfvec.lab.transforms.knowledge.read_knowledge`.
    method : {"retrofit", "smooth", "counter-fit", "attract-repel", "aspect"}
        How.
    relations : str or sequence of str, optional
        Kinds of relations that pull; by default synonym, and for retrofit and smooth all but antonym.
    push : str or sequence of str
        Kinds of relations that push.
    weight : float, above 0, optional
        How much relations count; by default what suits the method. For retrofit all of a word together, where
        its own vector has 1; for smooth, below 1, how far a vector spreads; for counter-fit and
        attract-repel, at most 1, the weight of the result in its mean with the given vectors: below the 1 of
        the papers, unrelated pairs keep more of their similarity.
    seed : int, at least 0
        Seed of the order of the pairs, for attract-repel.
    **writing
        See `Writing`.

    Returns
    -------
    Vectors
        The same words.

    Raises
    ------
    OptionError
        If an option is wrong, or names nothing that the words have.
    InputError
        If a file cannot be read or is damaged.
    TargetError
        If ``output`` exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> from selfvec.lab.transforms.knowledge import Knowledge
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> pairs = Knowledge(edges={"synonym": [("hail", "graupel")], "antonym": [("hail", "tax")]})
    >>> round(vectors.similarity("hail", "graupel"), 2)
    0.6
    >>> for method in ("retrofit", "smooth", "counter-fit", "aspect"):
    ...     made = selfvec.retrofit(vectors, pairs, method=method)
    ...     print(method, *(round(made.similarity("hail", word), 2) for word in ("graupel", "tax")))
    retrofit 0.95 -0.29
    smooth 0.85 -0.18
    counter-fit 0.76 -0.11
    aspect 0.96 -0.85
    """
    how = _METHODS[method]
    if how.on_graph:
        require("scipy", "knowledge", f"the method {method}")
    strength = how.weight if weight is None else weight
    if not strength <= how.most:
        raise OptionError(f"is at most {how.most:g} for {method}", field="weight")
    pull = ("synonym",) if relations is None and how.pushes else relations
    if how.pushes and set(kind_names(pull)) & set(kind_names(push)):
        raise OptionError(f"must differ from the relations that pull, both have {push}", field="push")
    check_lexicon(lexicon)  # before vectors are read
    check_writing(writing)
    given = as_vectors(vectors)
    knowledge = read_knowledge(lexicon)
    kinds = [pull, push] if how.pushes else [pull]
    pairs = Pairs(*(row_pairs(knowledge, given.key_to_index, kind) for kind in kinds))
    if how.pushes and how.fit is not None:  # of words that both have a vector; what does both only pushes
        filled = filled_rows(given.unit)
        pulled, pushed = (some[filled[some].all(axis=1)] for some in pairs)
        pairs = Pairs(_without(pulled, pushed), pushed)
    if how.fit is None:
        made = _with_aspect(given, pairs)
    else:
        rows = how.fit(given.unit, pairs, strength, seed)
        if how.pushes:  # the mean of the given vectors and those of the paper
            rows = (1 - strength) * given.unit + strength * unit_rows(rows)
        made = at_same_length(given, rows)
    figures = _nearness(pairs, given.unit, made.unit, pushes=how.pushes)
    used = [name for kind in kinds for name in kind_names(kind)]
    return written(made, "retrofit", figures | unused_relations(knowledge, given.key_to_index, used), writing)


class Pairs(NamedTuple):
    """Rows of words that are related."""

    pulled: Ints  # (n, 2)
    pushed: Ints = np.zeros((0, 2), np.int64)  # (m, 2)


def _nearness(pairs: Pairs, before: Rows, after: Rows, *, pushes: bool) -> dict[str, Any]:
    """How many pairs there are, and their mean cosines before and after."""
    figures: dict[str, Any] = {"pairs": len(pairs.pulled)}
    if pushes:
        figures["pushed"] = len(pairs.pushed)
    for name, some in (("pairs", pairs.pulled), ("pushed", pairs.pushed)):
        if len(some):
            for when, unit in (("before", before), ("after", after)):
                figures[f"{name}_{when}"] = float(_cosines(unit, some).mean())
    return figures


def _retrofitted(unit: Rows, pairs: Pairs, weight: float, *_: object) -> Rows:
    graph = adjacency(pairs.pulled, len(unit))
    degrees = graph.sum(axis=1)
    graph = graph.multiply(np.divide(1, degrees, out=np.zeros_like(degrees), where=degrees > 0)[:, None])
    own = np.where(degrees > 0, 1 / (1 + weight), 1).astype(np.float32)
    return propagated(graph.tocsr() * np.float32(weight / (1 + weight)), unit * own[:, None])


def _smoothed(unit: Rows, pairs: Pairs, weight: float, *_: object) -> Rows:
    known = filled_rows(unit)[pairs.pulled].all(axis=1)
    weights = np.where(known, np.maximum(_cosines(unit, pairs.pulled), 0), 1)
    return smoothed(unit, pairs.pulled, weights, weight)


# Counter-fitting


_FITTING = 20  # steps
_RATE = 0.1  # the authors'
_APART = 1.0  # δ: the distance of antonyms
_RADIUS = 0.2  # ρ: pairs within this distance are kept near


def counter_fitted(unit: Rows, pairs: Pairs, *_: object, steps: int = _FITTING) -> Rows:
    """The rows (V, d) of the paper after some steps."""
    moving = np.unique(np.concatenate(pairs))
    near = _without(_near(unit, moving, 1 - _RADIUS), pairs.pushed)
    rows = unit
    at_start = _cosines(unit, near)
    for _round in range(steps):
        apart = pairs.pushed[1 - _cosines(rows, pairs.pushed) < _APART]
        pulled = np.concatenate([pairs.pulled, near[_cosines(rows, near) < at_start]])
        rows = _step(rows, np.concatenate([pulled, apart]), len(pulled))
    return rows


def _step(rows: Rows, pairs: Ints, pulled: int) -> Rows:
    """Move each word by the mean gradient of its pairs' cosines; those after ``pulled`` are pushed."""
    sign = np.where(np.arange(len(pairs)) < pulled, 1, -1).astype(np.float32)
    degrees = np.bincount(pairs.ravel(), minlength=len(rows)).astype(np.float32)
    # The gradient of cos(u, v) at unit rows: v - cos(u, v) u.
    along = adjacency(pairs, len(rows), sign * _cosines(rows, pairs)).sum(axis=1)
    gradient = adjacency(pairs, len(rows), sign) @ rows - along[:, None] * rows
    moved = unit_rows(rows + _RATE * gradient / np.maximum(degrees, 1)[:, None])
    return np.where(degrees[:, None] > 0, moved, rows)


# Attract-Repel


_MARGINS = {1: 0.6, -1: 0.0}  # of pairs that attract, and that repel
_KEEP = 1e-9  # λ of ‖x - x̂‖²
_ADAGRAD = 0.05  # rate
_PASSES = 5  # the authors'
_BATCH = 50  # pairs


def _attracted(unit: Rows, pairs: Pairs, _: float, seed: int) -> Rows:
    rows, rng = unit.copy(), np.random.default_rng(seed)
    squares = np.full(unit.shape, 0.1, np.float32)
    steps = _PASSES * sum(-(-len(own) // _BATCH) for own in pairs)
    with one_core(), stage("Fitting", steps, "batches") as advance:
        for _ in range(_PASSES):
            shuffled = [(rng.permutation(pairs.pulled), 1), (rng.permutation(pairs.pushed), -1)]
            batches = [
                (own[start : start + _BATCH], sign)
                for own, sign in shuffled
                for start in range(0, len(own), _BATCH)
            ]
            for i in rng.permutation(len(batches)):
                words, gradient = _gradient(rows, *batches[i])
                gradient += 2 * _KEEP * (rows[words] - unit[words])
                squares[words] += gradient**2
                rows[words] -= _ADAGRAD * gradient / np.sqrt(squares[words])
                advance(1)
    return rows


def _gradient(rows: Rows, pairs: Ints, sign: int) -> tuple[Ints, Rows]:
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
    cost = _MARGINS[sign] + sign * (cosines[first, negative] - cosines[first, second])
    kept = (cost > 0) & (len(words) > 2)
    pull = np.zeros((len(words), len(words)), np.float32)
    np.add.at(pull, (first[kept], negative[kept]), sign)
    np.add.at(pull, (first[kept], second[kept]), -sign)
    return words, np.asarray((pull + pull.T) @ units, np.float32)


def _with_aspect(vectors: Vectors, pairs: Pairs) -> Vectors:
    unit = vectors.unit
    every = covariance(unit)[1]
    kept, pushed = (_scatter(unit, own) + every / np.trace(every) for own in pairs)
    mapping = whitening_matrix(kept, 0.5) @ whitening_matrix(pushed, -0.5)
    return same_words(vectors, unit_rows(unit @ mapping), mapped_composer(vectors.composer, mapping))


class _Method(NamedTuple):
    # From weight and seed the rows of the paper, (V, d); None: a linear map.
    fit: Callable[[Rows, Pairs, float, int], Rows] | None
    weight: float  # by default
    most: float  # weight
    pushes: bool
    on_graph: bool = True  # as a sparse matrix


_METHODS = {
    "retrofit": _Method(_retrofitted, 1.0, np.inf, pushes=False),
    "smooth": _Method(_smoothed, 0.5, np.nextafter(1, 0), pushes=False),
    "counter-fit": _Method(counter_fitted, 0.25, 1.0, pushes=True),
    "attract-repel": _Method(_attracted, 0.5, 1.0, pushes=True, on_graph=False),
    "aspect": _Method(None, 1.0, np.inf, pushes=True, on_graph=False),
}


def adjacency(pairs: Ints, size: int, weights: Any = 1.0, *, loops: bool = False) -> Any:
    """The symmetric (V, V) sparse array of undirected edges (n, 2); with ``loops`` also of 1 to itself."""
    from scipy import sparse  # type: ignore[import-untyped]

    values = np.broadcast_to(np.asarray(weights, np.float32), len(pairs))
    half = sparse.coo_array((values, (pairs[:, 0], pairs[:, 1])), shape=(size, size)).tocsr()
    graph = half + half.T
    return graph + sparse.eye_array(size, dtype=np.float32) if loops else graph


def smoothed(start: Rows, pairs: Ints, weights: Any, spread: float) -> Rows:
    """Personalised propagation of rows, (V, d), over edges (n, 2) with weights; see `retrofit`."""
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
