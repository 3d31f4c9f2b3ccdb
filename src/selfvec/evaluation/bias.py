"""Bias: do two groups of words stand nearer to one of two poles, as WEAT asks?

Caliskan, Bryson and Narayanan (*Science* 356, 2017): for targets X, Y and attributes A, B the association of
a word is s(w) = mean cos(w, a) - mean cos(w, b). The effect size is the difference of its means over X and
over Y by its standard deviation over both, a number from -2 to 2; p is the share of all ways to part the
targets that give a difference at least as large.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.numerics.bootstrap import RESAMPLES, Estimate

from .bias_sets import BUILT_IN, WordSet, read_sets
from .compared_vectors import Table, as_path
from .task import Measurement
from .word_lookup import word_vectors

__all__ = ["Bias", "effect_size", "permutation_p"]

_LEAST = 2  # words with a vector that each list needs
_PARTINGS = 10_000  # looked at, at most; all of them where there are no more
_ROUNDING = 1e-12

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Bias:
    """WEAT effect sizes of named word sets.

    The row of a set has metric ``weat_effect`` and the set's name as its ``method``; ``n`` is the number of
    targets with a vector, ``covered`` the share of all its words that have one, ``p`` the one-sided
    permutation p. The interval resamples the targets, each of the two lists on its own. Where a list has
    fewer than two words with a vector nothing is known: 0, from -2 to 2, with p 1.

    Parameters
    ----------
    path : path, optional
        A TOML or JSON file of sets, see `bias_sets.read_sets`; our own small sets where not given.
    """

    path: Path = BUILT_IN
    kind: ClassVar[str] = "bias"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row a set and table.

        Raises
        ------
        InputError
            If the file is not as it should be; names the file and the field.
        """
        for wanted in read_sets(self.path):
            for table in tables:
                yield _measured(wanted, table, seed)


def _measured(wanted: WordSet, table: Table, seed: int) -> Measurement:
    found = [word_vectors(table.vectors, words) for words in wanted.lists]
    kept = [rows[known].astype(np.float64) for rows, known in found]
    covered = np.concatenate([known for _, known in found])
    x, y = (_associations(rows, kept[2], kept[3]) for rows in kept[:2])
    told = min(map(len, kept)) >= _LEAST
    return Measurement(
        table.name,
        "weat_effect",
        _estimate(x, y, seed) if told else Estimate(0.0, np.resize([-2.0, 2.0], RESAMPLES)),
        n=len(x) + len(y),
        covered=float(covered.mean()),
        extra={
            "method": wanted.name,
            "targets": list(wanted.targets),
            "attributes": list(wanted.attributes),
            "p": permutation_p(x, y, seed) if told else 1.0,
        },
        **table.size,
    )


def _associations(rows: Numbers, one: Numbers, other: Numbers) -> Numbers:
    """s(w) of (n, d) unit rows, (n,); 0 where a list of attributes is empty."""
    if not len(one) or not len(other):
        return np.zeros(len(rows))
    difference: Numbers = rows @ (one.mean(axis=0) - other.mean(axis=0))
    return difference


def effect_size(x: Numbers, y: Numbers) -> NDArray[np.float64]:
    """Difference of means by the standard deviation (n - 1) of both together, along the last axis.

    0 where all are equal.

    >>> float(effect_size(np.array([1.0, 1.0]), np.array([-1.0, -1.0])).round(4))
    1.7321
    """
    both = np.concatenate([x, y], axis=-1)
    spread = np.std(both, axis=-1, ddof=1)
    apart = x.mean(axis=-1) - y.mean(axis=-1)
    told = spread > _ROUNDING
    return np.where(told, apart / np.where(told, spread, 1.0), 0.0)


def _estimate(x: Numbers, y: Numbers, seed: int) -> Estimate:
    rng = np.random.default_rng(seed)
    drawn_x, drawn_y = (part[rng.integers(len(part), size=(RESAMPLES, len(part)))] for part in (x, y))
    return Estimate(float(effect_size(x, y)), effect_size(drawn_x, drawn_y))


def permutation_p(x: Numbers, y: Numbers, seed: int) -> float:
    """One-sided p: the share of partings of the targets, theirs included, as far apart as x and y or farther.

    All partings where there are no more than 10,000; else so many drawn, theirs counted beside them.

    >>> permutation_p(np.array([3.0, 4.0]), np.array([1.0, 2.0]), seed=0)  # one of six
    0.16666666666666666
    """
    both, size = np.concatenate([x, y]), len(x)
    if comb(len(both), size) <= _PARTINGS:
        chosen = np.array(list(combinations(range(len(both)), size)))
    else:
        shuffled = np.random.default_rng(seed).permuted(np.tile(np.arange(len(both)), (_PARTINGS, 1)), axis=1)
        chosen = np.concatenate([np.arange(size)[None], shuffled[:-1, :size]])
    # For fixed sizes the difference of means grows with the sum over the first part.
    sums = both[chosen].sum(axis=1)
    return float(np.mean(sums >= x.sum() - _ROUNDING * len(both)))
