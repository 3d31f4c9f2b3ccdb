"""Bias: are two groups of words nearer to one of two poles? WEAT, the Word Embedding Association Test.

Caliskan, Bryson and Narayanan (*Science* 356, 2017): for targets X, Y and attributes A, B the association of
a word is s(w) = mean cos(w, a) - mean cos(w, b). The effect size is the difference of the means of s over X
and over Y, divided by its standard deviation over both: a number from -2 to 2. p is the share of all ways to
split the targets in two that give a difference at least as large.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Doubles, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.files.text_files import check, read_toml_or_json
from selfvec.numerics.statistics import RESAMPLES, Estimate, mean, spearman
from selfvec.numerics.whitening import axes_of_points

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
    """WEAT effect sizes, and other measures of bias, of named word sets.

    Each set has a row of metric ``weat_effect`` with the set's name as ``method``. ``n`` is the number of
    targets with a vector, ``covered`` the share of all words of the set that have one, ``p`` the one-sided
    permutation p. The interval resamples each of the two target lists. If a list has fewer than two words
    with a vector, the row is 0, from -2 to 2, with p 1. Otherwise rows of the other `MEASURES` follow,
    with all targets together.

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
                yield from _measured(entry, word_set, seed)


def _measured(entry: ComparedVectors, word_set: WordSet, seed: int) -> Iterator[Measurement]:
    """The association test of a set, then the other measures if all lists have enough words."""
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
        yield Measurement.of(entry, "weat_effect", nothing, size, covered, **named, p=1.0)
        return
    x = _associations(targets_x, group_a, group_b)
    y = _associations(targets_y, group_a, group_b)
    p, rng = permutation_p(x, y, seed), np.random.default_rng(seed)
    drawn = (part[rng.integers(len(part), size=(RESAMPLES, len(part)))] for part in (x, y))
    effect = Estimate(float(effect_size(x, y)), effect_size(*drawn))
    yield Measurement.of(entry, "weat_effect", effect, size, covered, **named, p=p)
    targets = np.concatenate([targets_x, targets_y])
    paired_a, paired_b = _pairs(*lists[2], *lists[3])
    for name, measure in MEASURES.items():
        a, b = (paired_a, paired_b) if name in PAIRED else (group_a, group_b)
        if len(a):
            yield Measurement.of(entry, name, measure(targets, a, b, seed), size, covered, **named)


def _associations(rows: Doubles, a: Doubles, b: Doubles) -> Doubles:
    """s(w) of (n, d) unit rows with the attributes A and B, (n,)."""
    difference: Doubles = rows @ (a.mean(axis=0) - b.mean(axis=0))
    return difference


def _pairs(a: Rows, a_known: Mask, b: Rows, b_known: Mask) -> tuple[Doubles, Doubles]:
    """The rows of the i-th words of both lists, (n, d) each, where both have a vector."""
    size = min(len(a), len(b))
    both = a_known[:size] & b_known[:size]
    return a[:size][both].astype(np.float64), b[:size][both].astype(np.float64)


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


# ---- Further measures
# All compare two lists of attributes, the groups A and B, over the targets. Rows have length 1. For
# `PAIRED` measures the i-th words of both lists are a pair.


_PENALTY = 1.0  # C of scikit-learn, which wefe uses
_NEWTON = 25  # steps at most


def direct_bias(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Mean |cos| with the first principal axis of the centred pairs (Bolukbasi et al., 2016, section 5.2)."""
    half = (a - b) / 2
    axis = axes_of_points(np.concatenate([half, -half]))[1][:, 0]
    return mean(np.abs(words @ axis), seed)


def ripa(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Relational inner product: mean of w · (a_i - b_i) / ‖a_i - b_i‖ (Ethayarajh et al., 2019)."""
    apart = a - b
    lengths = np.linalg.norm(apart, axis=1, keepdims=True)
    axes = np.divide(apart, lengths, out=np.zeros_like(apart), where=lengths > 0)
    return mean((words @ axes.T).mean(axis=1), seed, (-1.0, 1.0))


def rnd(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Relative norm distance: mean of ‖w - mean A‖ - ‖w - mean B‖ (Garg et al., 2018)."""
    to_a, to_b = (np.linalg.norm(words - group.mean(axis=0), axis=1) for group in (a, b))
    return mean(to_a - to_b, seed, (-2.0, 2.0))


def mac(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Mean average cosine distance of the words to both groups (Manzini et al., 2019); 1 is unbiased."""
    return mean(1 - (words @ a.mean(axis=0) + words @ b.mean(axis=0)) / 2, seed, (0.0, 2.0))


def ect(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Embedding coherence: Spearman of the cosines to both groups' means (Dev and Phillips, 2019)."""
    return spearman(words @ a.mean(axis=0), words @ b.mean(axis=0), seed)


def rnsb(words: Doubles, a: Doubles, b: Doubles, seed: int) -> Estimate:
    """Relative negative sentiment bias: KL divergence of the words' share in B from uniform (Sweeney, 2019).

    A word's share is the probability of B by logistic regression between the groups, divided by the sum.
    """
    weights = _logistic(np.concatenate([a, b]), np.repeat([0.0, 1.0], [len(a), len(b)]))
    chance = 1 / (1 + np.exp(-(words @ weights[:-1] + weights[-1])))
    draws = np.random.default_rng(seed).integers(len(chance), size=(1000, len(chance)))
    return Estimate(float(_divergence(chance)), _divergence(chance[draws]))


def _divergence(chance: Doubles) -> Doubles:
    share = chance / chance.sum(axis=-1, keepdims=True)
    divergence: Doubles = (share * np.log(share * share.shape[-1])).sum(axis=-1)
    return divergence


def _logistic(rows: Doubles, labels: Doubles) -> Doubles:
    """Weights and intercept of logistic regression with an L2 penalty on the weights, (d + 1,), by Newton."""
    given = np.column_stack([rows, np.ones(len(rows))])
    penalty = np.append(np.full(rows.shape[1], 1 / _PENALTY), 1e-12)
    weights = np.zeros(given.shape[1])
    for _ in range(_NEWTON):
        chance = 1 / (1 + np.exp(-given @ weights))
        gradient = given.T @ (chance - labels) + penalty * weights
        step = np.linalg.solve(
            (given * (chance * (1 - chance))[:, None]).T @ given + np.diag(penalty), gradient
        )
        weights -= step
        if np.abs(step).max() < 1e-10:
            break
    return weights


MEASURES: dict[str, Callable[[Doubles, Doubles, Doubles, int], Estimate]] = {
    "direct_bias": direct_bias,
    "ripa": ripa,
    "rnd": rnd,
    "rnsb": rnsb,
    "mac": mac,
    "ect": ect,
}
"""Metric and function of (n, d) words and the rows of both groups, (m, d) and (m', d)."""
PAIRED = frozenset({"direct_bias", "ripa"})
