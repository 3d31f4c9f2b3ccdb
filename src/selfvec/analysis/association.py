"""Measures of association: how much more two words are together than by chance.

A word occurs f₁ times, a collocate f₂ times, in a text of N words; O times the collocate is one of the S
words around the word. By chance it would be E = f₁ f₂ S / N times, as the S f₁ places around the word are as
good as any others (Evert, 2008, *Corpora and collocations*). CQPweb and LancsBox count so. NLTK divides O
by S instead, which is the same for MI, and Sketch Engine leaves S out. With one word on one side, all agree.

The table of the log-likelihood and ΔP has the cells O, S f₁ - O, f₂ - O, and the rest of N.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from selfvec.base.arrays import Doubles, Ints
from selfvec.base.view import Column, figure
from selfvec.numerics.statistics import g_squared

HIGHEST = 14.0  # logDice of two words that never occur apart, once in each window


@dataclass(frozen=True, eq=False)
class Pairs:
    """How often a word and each of k collocates are together."""

    together: Ints  # (k,), O; none is 0
    word: int  # f₁
    collocates: Ints  # (k,), f₂
    span: int  # S, words on both sides
    tokens: int  # N

    def of(self, rows: Ints) -> Pairs:
        """Some of the collocates."""
        return replace(self, together=self.together[rows], collocates=self.collocates[rows])

    @property
    def expected(self) -> Doubles:
        """E, (k,)."""
        return self.collocates.astype(np.float64) * (self.word * self.span / self.tokens)


def log_dice(pairs: Pairs) -> Doubles:
    """14 + log₂(2 O / (f₁ + f₂)) (Rychlý, 2008, *A lexicographer-friendly association score*).

    It does not depend on the size of the text. It is 14 if the words never occur apart; more is possible if
    the collocate often stands in a window more than once.

    >>> log_dice(Pairs(np.array([2]), 3, np.array([3]), 2, 100)).round(3).tolist()
    [13.415]
    """
    return HIGHEST + np.log2(2 * pairs.together / (pairs.word + pairs.collocates))


def mutual_information(pairs: Pairs) -> Doubles:
    """MI: log₂(O / E) (Church and Hanks, 1990, *Word association norms*). It favours rare words."""
    return np.log2(pairs.together / pairs.expected)


def cubed(pairs: Pairs) -> Doubles:
    """MI³: log₂(O³ / E) (Daille, 1994). It favours rare words less than MI does."""
    return np.log2(pairs.together.astype(np.float64) ** 3 / pairs.expected)


def t_score(pairs: Pairs) -> Doubles:
    """t: (O - E) / √O (Church, Gale, Hanks and Hindle, 1991). It favours frequent words."""
    return (pairs.together - pairs.expected) / np.sqrt(pairs.together)


def z_score(pairs: Pairs) -> Doubles:
    """z: (O - E) / √E (Evert, 2008; Berry-Rogghe, 1973, divides by √(E (1 - p)))."""
    return (pairs.together - pairs.expected) / np.sqrt(pairs.expected)


def log_likelihood(pairs: Pairs) -> Doubles:
    """G²: 2 Σ O log(O / E) over the four cells (Dunning, 1993), with a minus if O is below E.

    Cells below 0, as of a word so frequent that its windows overlap, count as 0.
    """
    observed = _cells(pairs)
    rows = observed[0] + observed[1], observed[2] + observed[3]
    columns = observed[0] + observed[2], observed[1] + observed[3]
    total = rows[0] + rows[1]
    expected = (rows[number // 2] * columns[number % 2] / total for number in range(4))
    square = np.maximum(g_squared(zip(observed, expected, strict=True)), 0)
    return np.where(pairs.together >= pairs.expected, square, -square)


def delta_p(pairs: Pairs) -> Doubles:
    """ΔP of the collocate given the word: O / (S f₁) - (f₂ - O) / (N - S f₁).

    How much likelier a place around the word has the collocate than another place (Gries, 2013, *50-something
    years of work on collocations*).
    """
    together, apart, others, rest = _cells(pairs)
    return _share(together, apart) - _share(others, rest)


def delta_p_back(pairs: Pairs) -> Doubles:
    """ΔP of the word given the collocate: O / f₂ - (S f₁ - O) / (N - f₂)."""
    together, apart, others, rest = _cells(pairs)
    return _share(together, others) - _share(apart, rest)


def _share(some: Doubles, others: Doubles) -> Doubles:
    return some / np.maximum(some + others, 1)


def _cells(pairs: Pairs) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """O, S f₁ - O, f₂ - O and the rest, (k,) each, none below 0."""
    together = pairs.together.astype(np.float64)
    around = float(pairs.word * pairs.span)
    apart = np.maximum(around - together, 0)
    others = np.maximum(pairs.collocates - together, 0)
    return together, apart, others, np.maximum(pairs.tokens - together - apart - others, 0)


MEASURES: dict[str, tuple[Callable[[Pairs], Doubles], Column]] = {
    "logdice": (
        log_dice,
        Column("logdice", "logDice", figure(2), "14 if they never occur apart; 1 less is half of that"),
    ),
    "mi": (mutual_information, Column("mi", "MI", figure(2), "1 is twice as often as by chance")),
    "mi3": (cubed, Column("mi3", "MI³", figure(2), "MI with the count cubed")),
    "t": (t_score, Column("t", "t", figure(2), "more than chance, in standard errors of the count")),
    "z": (z_score, Column("z", "z", figure(2), "more than chance, in standard errors of chance")),
    "ll": (log_likelihood, Column("ll", "LL", figure(1), "log-likelihood; 10.83 is p = .001")),
    "delta_p": (
        delta_p,
        Column("delta_p", "ΔP", figure(4), "how much likelier it is near the word than elsewhere"),
    ),
    "delta_p_back": (
        delta_p_back,
        Column("delta_p_back", "ΔP back", figure(4), "how much likelier the word is near it than elsewhere"),
    ),
}
"""The measures by name, each with the column that shows it. To add one, write a function of `Pairs`."""
