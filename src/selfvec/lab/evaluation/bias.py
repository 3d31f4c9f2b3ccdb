"""Bias: are two groups of words nearer to one of two poles? WEAT, the Word Embedding Association Test.

Caliskan, Bryson and Narayanan (*Science* 356, 2017): for targets X, Y and attributes A, B the association of
a word is s(w) = mean cos(w, a) - mean cos(w, b). The effect size is the difference of the means of s over X
and over Y, divided by its standard deviation over both: a number from -2 to 2. p is the share of all ways to
split the targets in two that give a difference at least as large.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Doubles
from selfvec.base.errors import InputError
from selfvec.files.text_files import check, read_toml_or_json
from selfvec.numerics.statistics import RESAMPLES, Estimate

from .compared_vectors import ComparedVectors, word_vectors
from .task import Measurement, Task

BUILT_IN = Path(__file__).with_name("built-in.toml")
_LEAST = 2  # words with a vector that each list needs
_MOST_SPLITS = 10_000  # splits of the targets: all of them, or a sample of this size
_ROUNDING = 1e-12  # differences below it are rounding
_FORM = "give two lists of targets and two of attributes, as docs/how-to/measure.md shows"


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
class Bias(Task):
    """WEAT effect sizes of named word sets.

    Each set has a row of metric ``weat_effect`` with the set's name as ``method``. ``n`` is the number of
    targets with a vector, ``covered`` the share of all words of the set that have one, ``p`` the one-sided
    permutation p. The interval resamples each of the two target lists. If a list has fewer than two words
    with a vector, the row is 0, from -2 to 2, with p 1.

    Parameters
    ----------
    path : path, optional
        A TOML or JSON file of word sets; the small built-in sets by default.
    """

    path: Path = BUILT_IN
    kind: ClassVar[str] = "bias"

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """Figures by set, then by vectors."""
        for word_set in read_sets(self.path):
            for entry in entries:
                yield _measured(entry, word_set, seed)


def _measured(entry: ComparedVectors, word_set: WordSet, seed: int) -> Measurement:
    """The association test of a set."""
    lists = [word_vectors(entry.vectors, words) for words in word_set.lists]
    targets_x, targets_y, group_a, group_b = (rows[present].astype(np.float64) for rows, present in lists)
    size = len(targets_x) + len(targets_y)
    covered = float(np.concatenate([present for _, present in lists]).mean())
    named: dict[str, Any] = {
        "method": word_set.name,
        "targets": list(word_set.targets),
        "attributes": list(word_set.attributes),
    }
    if min(map(len, (targets_x, targets_y, group_a, group_b))) < _LEAST:
        nothing = Estimate(0.0, np.resize([-2.0, 2.0], RESAMPLES))
        return Measurement.of(entry, "weat_effect", nothing, size, covered, **named, p=1.0)
    x = _associations(targets_x, group_a, group_b)
    y = _associations(targets_y, group_a, group_b)
    p, rng = permutation_p(x, y, seed), np.random.default_rng(seed)
    drawn = (part[rng.integers(len(part), size=(RESAMPLES, len(part)))] for part in (x, y))
    effect = Estimate(float(effect_size(x, y)), effect_size(*drawn))
    return Measurement.of(entry, "weat_effect", effect, size, covered, **named, p=p)


def _associations(rows: Doubles, a: Doubles, b: Doubles) -> Doubles:
    """s(w) of (n, d) unit rows with the attributes A and B, (n,)."""
    difference: Doubles = rows @ (a.mean(axis=0) - b.mean(axis=0))
    return difference


def effect_size(x: Doubles, y: Doubles) -> Doubles:
    """Difference of means divided by the standard deviation (n - 1) of both together, along the last axis.

    0 if all are equal.

    >>> float(effect_size(np.array([1.0, 1.0]), np.array([-1.0, -1.0])).round(4))
    1.7321
    """
    spread = np.std(np.concatenate([x, y], axis=-1), axis=-1, ddof=1)
    varies = spread > _ROUNDING
    return np.where(varies, (x.mean(axis=-1) - y.mean(axis=-1)) / np.where(varies, spread, 1.0), 0.0)


def permutation_p(x: Doubles, y: Doubles, seed: int) -> float:
    """One-sided p: the share of splits of the targets, the given one included, at least as far apart.

    All splits if there are at most 10,000; otherwise the given one and 9,999 drawn at random.

    >>> permutation_p(np.array([3.0, 4.0]), np.array([1.0, 2.0]), seed=0)  # one of six
    0.16666666666666666
    """
    both = np.concatenate([x, y])
    size = len(x)
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
    check(data, {str: _SET}, path, _FORM)
    if not data:
        raise InputError("holds no named word sets", path=path, remedy=_FORM)
    return [WordSet(name, value["targets"], value["attributes"]) for name, value in data.items()]


def _lists_fault(value: Any) -> str | None:
    """The rule that the lists of targets or of attributes break."""
    lists = list(value.values()) if isinstance(value, dict) else []
    if len(lists) != 2 or not all(isinstance(words, list) and len(words) > 1 for words in lists):
        return "is two named lists of at least two words"
    words = [word for words in lists for word in words]
    if not all(isinstance(word, str) and word.strip() for word in words):
        return "is two lists of words, each a text"
    twice = next((word for word, times in Counter(words).items() if times > 1), None)
    return None if twice is None else f"has each word once, but {twice!r} twice"


_SET = {
    "targets": _lists_fault,
    "attributes": _lists_fault,
    str: lambda _: "is neither targets nor attributes",
    ...: ("targets", "attributes"),
}
"""The form of a set."""
