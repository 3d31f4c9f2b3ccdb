"""Debiasing: removes a direction such as gender from words that should not have it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np

from selfvec.base.arrays import Ints, Rows
from selfvec.base.checks import check_path
from selfvec.base.declarations import Natural, checked
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors, mapped_composer, same_words
from selfvec.files.text_files import check, read_toml_or_json
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_points
from selfvec.storage.opened import GivenVectors, as_vectors

from .knowledge import rows_of
from .written import Writing, check_writing, written

GENDER = Path(__file__).with_name("gender.toml")
_BIASED = 500  # words of each side that are clustered
_TRAINED = 2500  # words of each side, at most, that INLP classifies
_ROUNDS = 35  # of INLP, as in the paper
_CHANCE = 0.55  # accuracy on held-out words at which INLP ends


@dataclass(frozen=True)
class DebiasSets:
    """Words that define a direction, and those that keep or lose it.

    ``pairs`` define the direction, the second word minus the first. Words of an
    ``equalize`` pair then differ only in it. ``neutral`` words lose it. If there are none, all words lose
    it except those of the pairs and of ``specific``.
    """

    pairs: list[list[str]]
    equalize: list[list[str]]
    specific: list[str]
    neutral: list[str]


@checked
def debias(
    vectors: GivenVectors,
    method: Literal["hard", "inlp"] = "hard",
    bias_sets: str | Path | DebiasSets | None = None,
    seed: Natural = 0,
    **writing: Unpack[Writing],
) -> Vectors:
    """Remove a direction, such as gender.

    Words that should be neutral lose the direction. The direction is the first principal axis of the
    centred pairs. There are two methods:

    ``hard`` (Bolukbasi et al., 2016)
        Neutral words are projected to its complement; the words of a pair then differ only in sign.
    ``inlp`` (Ravfogel et al., 2020)
        Trains linear classifiers of the two sides' words one after the other, by ridge regression, and
        projects all words to the complement of each, until it cannot distinguish held-out words.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    method : {"hard", "inlp"}
        How.
    bias_sets : path, DebiasSets, optional
        Word sets, TOML or JSON; by default a small set for gender in English. They have ``pairs``, and
        optionally ``equalize``, ``specific`` and ``neutral``.
    seed : int, at least 0
        Seed of all random choices: held-out words and clusters.
    **writing
        See `Writing`.

    Returns
    -------
    Vectors
        Unit vectors.

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
    >>> vectors = selfvec.load("default")
    >>> def gap(vectors):
    ...     return round(abs(vectors.similarity("he", "doctor") - vectors.similarity("she", "doctor")), 3)
    >>> gap(vectors), gap(selfvec.debias(vectors))
    (0.076, 0.0)
    """
    if not isinstance(bias_sets, DebiasSets | None):
        check_path("bias_sets", bias_sets, "a path")
    check_writing(writing)
    given = as_vectors(vectors)
    sets = bias_sets if isinstance(bias_sets, DebiasSets) else read_debias_sets(Path(bias_sets or GENDER))
    unit = given.unit
    known = {word: i for word, i in given.key_to_index.items() if unit[i].any()}
    pairs, equalize = (_pair_rows(known, words) for words in (sets.pairs, sets.equalize))
    if not len(pairs):
        rule = "no pair that defines the direction has vectors for both words"
        raise OptionError(rule, field="bias_sets", remedy="give pairs of words that have vectors")
    neutral = set(rows_of(known, sets.neutral))
    if not sets.neutral:
        kept = {*pairs.ravel().tolist(), *equalize.ravel().tolist(), *rows_of(known, sets.specific)}
        neutral = set(known.values()) - kept
    direction = _direction(unit, pairs)
    ranked = np.array(sorted(neutral), np.int64)
    ranked = ranked[np.argsort(unit[ranked] @ direction)]
    if method == "hard":
        rows, mapping = _hard(unit, ranked, equalize, direction)
    else:
        rows, mapping = _inlp(unit, ranked, seed)
    figures: dict[str, Any] = {"pairs": len(pairs), "neutral": len(ranked)}
    biased = _ends(ranked, min(_BIASED, len(ranked) // 2))
    for name, matrix in (("before", unit), ("after", rows)):
        cosines = matrix[ranked] @ direction
        figures[f"direct_bias_{name}"] = float(np.abs(cosines).mean()) if len(cosines) else 0.0
        figures[f"clustered_{name}"] = _clustered(matrix[biased], seed)
    made = same_words(given, rows, mapped_composer(given.composer, mapping))
    return written(made, "debias", figures, writing)


def _pair_rows(known: dict[str, int], pairs: list[list[str]]) -> Ints:
    listed = [rows_of(known, pair) for pair in pairs]
    return np.array([rows for rows in listed if len(rows) == 2], np.int64).reshape(-1, 2)


def _ends(ranked: Ints, size: int) -> Ints:
    """The first and the last of some rows."""
    return np.concatenate([ranked[:size], ranked[len(ranked) - size :]])


def _direction(rows: Rows, pairs: Ints) -> Rows:
    """First principal axis of the pairs, each centred, (d,); of length 1, toward the second words."""
    apart = rows[pairs[:, 1]] - rows[pairs[:, 0]]
    axis = axes_of_points(np.concatenate([apart, -apart]).astype(np.float64) / 2)[1][:, 0]
    return np.asarray(axis * np.sign((apart @ axis).sum() or 1), np.float32)


def _clustered(rows: Rows, seed: int) -> float:
    """Share of the biased words, (2n, d), that 2-means puts with their side (Gonen and Goldberg, 2019)."""
    if len(rows) < 2:
        return 0.5
    labels, _ = k_means(rows, 2, [np.random.default_rng(seed)])
    right = float((labels == (np.arange(len(rows)) < len(rows) // 2)).mean())
    return max(right, 1 - right)


def _complement(*axes: Rows) -> Rows:
    """The (d, d) projection to the complement of some directions."""
    basis = np.linalg.qr(np.stack(axes, axis=1))[0]
    return np.asarray(np.eye(len(basis)) - basis @ basis.T, np.float32)


def _hard(unit: Rows, neutral: Ints, equalize: Ints, b: Rows) -> tuple[Rows, Rows]:
    """Neutralise and equalise: Bolukbasi et al., section 6, equations 1 and 2."""
    rows = unit.copy()
    rows[neutral] -= np.outer(rows[neutral] @ b, b)
    rows = unit_rows(rows)
    first, second = equalize.T
    mean = (rows[first] + rows[second]) / 2
    rest = mean - np.outer(mean @ b, b)
    aside = np.sqrt(np.maximum(1 - (rest**2).sum(axis=1), 0)) * np.sign((rows[second] - rows[first]) @ b)
    rows[first] = rest - np.outer(aside, b)
    rows[second] = rest + np.outer(aside, b)
    return unit_rows(rows), _complement(b)


def _inlp(unit: Rows, ranked: Ints, seed: int) -> tuple[Rows, Rows]:
    """The projection of iterative nullspace projection, (d, d); neutral words are ranked by their bias."""
    size = max(1, min(_TRAINED, len(ranked) // 4))
    rows = unit[_ends(ranked, size)].astype(np.float64)
    side = np.repeat([-1.0, 1.0], size)
    tested = np.random.default_rng(seed).permutation(2 * size) < 2 * size // 5
    axes: list[Rows] = []
    kept = np.eye(unit.shape[1], dtype=np.float32)
    for _ in range(min(_ROUNDS, unit.shape[1] - 1)):
        given = rows @ kept
        learned = given[~tested]
        mean = learned.mean(axis=0)
        moment = (learned - mean).T @ (learned - mean)
        penalty = np.trace(moment) / len(moment) * np.eye(len(moment))
        axis = kept @ np.linalg.solve(moment + penalty, (learned - mean).T @ side[~tested])
        right = np.sign((given[tested] - mean) @ axis) == side[tested]
        if axes and right.mean() < _CHANCE:
            break
        axes.append((axis / np.linalg.norm(axis)).astype(np.float32))
        kept = _complement(*axes)
    return unit_rows(unit @ kept), kept


# ---- Word sets


def read_debias_sets(path: Path) -> DebiasSets:
    """Read the sets of `debias` from a .toml or .json file; `InputError` names the invalid key."""
    data = read_toml_or_json(path)
    check(data, _SETS, path, "see docs/how-to/change-vectors.md")
    return DebiasSets(**{name: data.get(name, []) for name in ("pairs", "equalize", "specific", "neutral")})


def _word_fault(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "is a word"


def _pair_fault(value: Any) -> str | None:
    fits = isinstance(value, list) and len(value) == 2 and not any(map(_word_fault, value))
    return None if fits else "is a pair of words"


_SETS: dict[Any, Any] = {
    "pairs": [_pair_fault],
    "equalize": [_pair_fault],
    "specific": [_word_fault],
    "neutral": [_word_fault],
    str: lambda _: "is none of pairs, equalize, specific and neutral",
    ...: ("pairs",),
}
"""The form of the sets."""
