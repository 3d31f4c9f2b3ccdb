"""Bias: are two groups of words nearer to one of two poles? WEAT, the Word Embedding Association Test.

Caliskan, Bryson and Narayanan (*Science* 356, 2017): for targets X, Y and attributes A, B the association of
a word is s(w) = mean cos(w, a) - mean cos(w, b). The effect size is the difference of the means of s over X
and over Y, divided by its standard deviation over both: a number from -2 to 2. p is the share of all ways to
split the targets in two that give a difference at least as large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Doubles, Floats, Mask
from selfvec.base.errors import InputError
from selfvec.base.text_files import read_toml_or_json
from selfvec.numerics.statistics import RESAMPLES, Estimate

from .bias_measures import MEASURES, PAIRED
from .compared_vectors import Table, word_vectors
from .task import Measurement, Task

__all__ = ["BUILT_IN", "Bias", "WordSet", "effect_size", "permutation_p", "read_sets"]

BUILT_IN = Path(__file__).with_name("built-in.toml")
_LEAST = 2  # words with a vector that each list needs
_MOST_SPLITS = 10_000  # splits of the targets: all of them, or a sample of this size
_ROUNDING = 1e-12
_ROLES = ("targets", "attributes")
_FORM = "give two lists of targets and two of attributes, as docs/how-to/measure.md shows"

Found = tuple[Floats, Mask]  # rows of words, and which have a vector


@dataclass(frozen=True)
class WordSet:
    """Two lists of targets and two of attributes, each by its name, in order."""

    name: str
    targets: Mapping[str, list[str]]
    attributes: Mapping[str, list[str]]

    @property
    def lists(self) -> list[list[str]]:
        """X, Y, A, B."""
        return [*self.targets.values(), *self.attributes.values()]


@dataclass(frozen=True)
class Bias(Task[list[WordSet]]):
    """WEAT effect sizes, and other measures of bias, of named word sets.

    Each set has a row of metric ``weat_effect`` with the set's name as ``method``. ``n`` is the number of
    targets with a vector, ``covered`` the share of all words of the set that have one, ``p`` the one-sided
    permutation p. The interval resamples each of the two target lists. If a list has fewer than two words
    with a vector, the row is 0, from -2 to 2, with p 1. Otherwise rows of the other measures follow, see
    `selfvec.evaluation.bias_measures`, with all targets together.

    Parameters
    ----------
    path : path, optional
        A TOML or JSON file of word sets; the small built-in sets by default.
    """

    path: Path = BUILT_IN
    kind: ClassVar[str] = "bias"

    def load(self, seed: int) -> list[WordSet]:
        """Read the word sets."""
        return read_sets(self.path)

    def measure(self, tables: Any, seed: int) -> Iterator[Measurement]:
        """Figures by set, then by vectors."""
        for word_set in self.load(seed):
            for table in tables:
                yield from self.score(table, [word_set], seed)

    def score(self, table: Table, items: list[WordSet], seed: int) -> Iterator[Measurement]:
        """The rows of each set."""
        for word_set in items:
            found = [word_vectors(table.vectors, words) for words in word_set.lists]
            kept = [rows[known].astype(np.float64) for rows, known in found]
            enough = min(map(len, kept)) >= _LEAST
            x, y = (_associations(rows, kept[2], kept[3]) for rows in kept[:2])
            nothing = Estimate(0.0, np.resize([-2.0, 2.0], RESAMPLES))
            figures = {"weat_effect": _estimate(x, y, seed) if enough else nothing}
            if enough:
                targets, pairs = np.concatenate(kept[:2]), _pairs(found[2], found[3])
                for name, measure in MEASURES.items():
                    groups = pairs if name in PAIRED else kept[2:]
                    figures |= {name: measure(targets, groups[0], groups[1], seed)} if len(groups[0]) else {}
            for name, estimate in figures.items():
                p: Any = {"p": permutation_p(x, y, seed) if enough else 1.0} if name == "weat_effect" else {}
                yield Measurement.of(
                    table,
                    name,
                    estimate,
                    n=len(x) + len(y),
                    covered=float(np.concatenate([known for _, known in found]).mean()),
                    method=word_set.name,
                    targets=list(word_set.targets),
                    attributes=list(word_set.attributes),
                    **p,
                )


def _associations(rows: Doubles, one: Doubles, other: Doubles) -> Doubles:
    """s(w) of (n, d) unit rows, (n,); 0 if a list of attributes is empty."""
    if not len(one) or not len(other):
        return np.zeros(len(rows))
    difference: Doubles = rows @ (one.mean(axis=0) - other.mean(axis=0))
    return difference


def _pairs(a: Found, b: Found) -> list[Doubles]:
    """The rows of the i-th words of both lists, (n, d) each, where both have a vector."""
    size = min(len(a[1]), len(b[1]))
    both = a[1][:size] & b[1][:size]
    return [rows[:size][both].astype(np.float64) for rows, _ in (a, b)]


def effect_size(x: Doubles, y: Doubles) -> Doubles:
    """Difference of means divided by the standard deviation (n - 1) of both together, along the last axis.

    0 if all are equal.

    >>> float(effect_size(np.array([1.0, 1.0]), np.array([-1.0, -1.0])).round(4))
    1.7321
    """
    spread = np.std(np.concatenate([x, y], axis=-1), axis=-1, ddof=1)
    varies = spread > _ROUNDING
    return np.where(varies, (x.mean(axis=-1) - y.mean(axis=-1)) / np.where(varies, spread, 1.0), 0.0)


def _estimate(x: Doubles, y: Doubles, seed: int) -> Estimate:
    rng = np.random.default_rng(seed)
    drawn_x, drawn_y = (part[rng.integers(len(part), size=(RESAMPLES, len(part)))] for part in (x, y))
    return Estimate(float(effect_size(x, y)), effect_size(drawn_x, drawn_y))


def permutation_p(x: Doubles, y: Doubles, seed: int) -> float:
    """One-sided p: the share of splits of the targets, the given one included, at least as far apart.

    All splits if there are at most 10,000; otherwise the given one and 9,999 drawn at random.

    >>> permutation_p(np.array([3.0, 4.0]), np.array([1.0, 2.0]), seed=0)  # one of six
    0.16666666666666666
    """
    both, size = np.concatenate([x, y]), len(x)
    if comb(len(both), size) <= _MOST_SPLITS:
        chosen = np.array(list(combinations(range(len(both)), size)))
    else:
        order = np.tile(np.arange(len(both)), (_MOST_SPLITS, 1))
        shuffled = np.random.default_rng(seed).permuted(order, axis=1)
        chosen = np.concatenate([np.arange(size)[None], shuffled[:-1, :size]])
    # For fixed sizes the difference of means grows with the sum over the first part.
    sums = both[chosen].sum(axis=1)
    return float(np.mean(sums >= x.sum() - _ROUNDING * len(both)))


def read_sets(path: Path) -> list[WordSet]:
    """Read word sets from a .toml or .json file."""
    data = read_toml_or_json(path)
    if not isinstance(data, dict) or not data:
        raise InputError("holds no named word sets", path=path, remedy=_FORM)
    sets = []
    for name, value in data.items():
        if not isinstance(value, dict) or set(value) != set(_ROLES):
            rule = "a set has targets and attributes and nothing else"
            raise InputError(rule, path=path, field=name, remedy=_FORM)
        targets, attributes = (_two_lists(f"{name}.{role}", value[role], path) for role in _ROLES)
        sets.append(WordSet(name, targets, attributes))
    return sets


def _two_lists(field: str, value: Any, path: Path) -> dict[str, list[str]]:
    if not isinstance(value, dict) or len(value) != 2:
        raise InputError("is two named lists of words", path=path, field=field, remedy=_FORM)
    for name, words in value.items():
        place = f"{field}.{name}"
        if not isinstance(words, list) or not all(isinstance(w, str) and w.strip() for w in words):
            raise InputError("is a list of words", path=path, field=place, remedy="put words in quotes")
        if len(set(words)) < max(2, len(words)):
            rule = "has at least two words, each once"
            raise InputError(rule, path=path, field=place, remedy="add or remove words")
    one, other = value.values()
    if shared := sorted(set(one) & set(other)):
        rule = f"the two lists share no word, but both hold {shared[0]!r}"
        raise InputError(rule, path=path, field=field, remedy="keep it in one of them")
    return value
