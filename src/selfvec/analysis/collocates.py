"""Collocates: the words that keep company with a word.

Pairs are counted: each occurrence of a collocate in the window of each occurrence of the word, as other tools
count them. So in *very very good* each *very* is a collocate of the other, and *good* of both.

A word occurs f₁ times, a collocate f₂ times, in a text of N words; O times the collocate is one of the S
words around the word. By chance it would be E = f₁ f₂ S / N times, as the S f₁ places around the word are as
good as any others (Evert, 2008, *Corpora and collocations*). CQPweb and LancsBox count so. NLTK divides O
by S instead, which is the same for MI, and Sketch Engine leaves S out. With one word on one side, all agree.

The table of the log-likelihood and ΔP has the cells O, S f₁ - O, f₂ - O, and the rest of N.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Literal, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows
from selfvec.base.arrays import Doubles, Ids, Ints
from selfvec.base.casing import lower
from selfvec.base.compiled import kernel
from selfvec.base.declarations import Count, NotEmpty, checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import OptionError
from selfvec.base.threads import stop_if_cancelled
from selfvec.base.view import COUNT, PROSE, Column, Table, figure
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import g_squared
from selfvec.storage.opened import GivenRun
from selfvec.text.rules import listed_stop_words

from .corpus_query import Hits, asked_query, name_of
from .counted_text import CountedText, Grouped, Unit, asked_text, group_columns, in_groups

HIGHEST = 14.0  # logDice of two words that never occur apart, once in each window
_SIDES = re.compile(r"(?:(\d{1,5})L)?(?:(\d{1,5})R)?", re.IGNORECASE)
_WIDEST = 1000  # words on a side
_AT_ONCE = 1 << 20  # occurrences
_BEFORE, _AFTER, _WITH, _LATEST = range(4)  # rows of what `_add_pairs` counts


_COLUMNS = (
    Column("word", width=28),
    Column("together", form=COUNT, meaning="pairs, each occurrence with each"),
    Column("left", form=COUNT),
    Column("right", form=COUNT),
    Column("documents", form=COUNT),
    Column("count", form=COUNT),
)


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


@dataclass(frozen=True)
class Window:
    """The words before and after a word that are near it."""

    left: int
    right: int

    @classmethod
    def of(cls, given: int | str) -> Window:
        """A number of words on each side, or sides: 5, "3L0R", "2R".

        >>> Window.of("3L0R"), Window.of("2R"), str(Window.of(5))
        (Window(left=3, right=0), Window(left=0, right=2), '5')
        """
        text = str(given).strip()
        sides = _SIDES.fullmatch(f"{text}L{text}R" if text.isdecimal() else text)
        left, right = (int(side or 0) for side in sides.groups()) if sides else (0, 0)
        if not 0 < max(left, right) <= _WIDEST:
            rule = f"is a number of words on each side, or sides such as 3L0R, not {given!r:.40}"
            raise OptionError(rule, field="window", remedy="try 5, 5L5R or 1R")
        return cls(left, right)

    def __str__(self) -> str:
        return str(self.left) if self.left == self.right else f"{self.left}L{self.right}R"

    @property
    def span(self) -> int:
        """Words on both sides."""
        return self.left + self.right


@checked
def collocates(
    run: GivenRun,
    word: NotEmpty,
    *,
    window: Count | str = 5,
    measure: Literal["logdice", "mi", "mi3", "t", "z", "ll", "delta_p"] = "logdice",
    within: Literal["document", "sentence"] = "document",
    unit: Unit = "word",
    stop_words: str | None = None,
    top: Count | None = None,
    min_count: Count = 1,
    min_documents: Count = 1,
    **counting: Unpack[Grouped],
) -> Answer:
    """List the words that keep company with a word.

    Parameters
    ----------
    run : Run or path
    word : str, not empty
        A word, a phrase or a query; see `concordance`.
    window : int, at least 1, or str
        Words on each side, or sides such as 3L0R.
    measure : {"logdice", "mi", "mi3", "t", "z", "ll", "delta_p"}
        How they are ordered.
    top : int, at least 1, optional
        Words listed; by default all.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out words that are together with the word less often.
    within : {"document", "sentence"}
        What windows do not cross.
    unit : {"word", "lemma", "pos"}
        What collocates are; as in `frequency`.
    stop_words : str, optional
        Leave stop words out of the list. A language code (e.g. en) or a file with one word per line.
    min_documents : int, at least 1
        Leave out words that are together with the word in fewer documents.

    Returns
    -------
    Answer
        ``word``, its ``count`` in these documents, their ``tokens``, ``window``, ``within``, ``measure``, the
        number of all collocates, ``words``, and ``rows``, the largest value of the measure first.
        ``groups``, with ``by``, has the size of each group. ``counted`` says which words were counted, as
        ``repeats`` asks.

        ``word``
            The collocate.
        ``together``, ``left``, ``right``
            Pairs of an occurrence of the word and one of the collocate in its window: in all, before and
            after the word.
        ``documents``
            Documents with such a pair.
        ``count``
            Occurrences of the collocate in these documents.
        ``expected``
            Pairs that there would be by chance: count of the word · ``count`` · words in a window /
            ``tokens``.
        ``logdice``, ``mi``, ``mi3``, ``t``, ``z``, ``ll``, ``delta_p``, ``delta_p_back``
            The measures; their formulas are in the functions of this module.
        ``groups``
            With ``by``: ``group``, ``together``, the same in a thousand occurrences of the word,
            ``per_thousand``, and the measure, which is None where the words are never together.

    Raises
    ------
    InputError
        If the run has not kept its tokens or, within sentences, its text.
    OptionError
        If the window is neither a number nor sides.
    NotFound
        If it does not occur in these documents, or none passes.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [row["word"] for row in selfvec.collocates(run, "hail", top=3).rows]
    ['size', 'hail', 'pads']
    """
    around = Window.of(window)
    asked = asked_text(run, counting, written=True, unit=unit)
    if within == "sentence" and asked.text.sentences is None:
        asked.run.require_text("whose sentences end windows")
        raise OptionError("ends with no sentences where words are pieces of a tokenizer.json", field="within")
    types = asked.text.batch.types
    query, hits = asked_query(asked, word)
    name = name_of(asked.text, word, hits)
    pairs, counted = _measured(asked.text, hits, around, within)
    listed = (pairs.together >= max(min_count, 1)) & (counted[_WITH] >= min_documents)
    if stop_words is not None:
        language, left_out = asked.run.provenance.language, listed_stop_words(stop_words)
        is_near = zip(types, listed.tolist(), strict=True)
        listed = np.array([near and lower(each, language) not in left_out for each, near in is_near], bool)
    formula = MEASURES[measure][0]
    places = np.flatnonzero(listed)
    places = places[np.argsort(-formula(pairs.of(places)), kind="stable")[:top]]
    chosen = pairs.of(places)
    columns = {
        "word": [types[i] for i in places.tolist()],
        "together": chosen.together,
        "left": counted[_BEFORE, places],
        "right": counted[_AFTER, places],
        "documents": counted[_WITH, places],
        "count": chosen.collocates,
        "expected": chosen.expected,
        **{name: formula(chosen) for name, (formula, _) in MEASURES.items()},
    }
    sizes, groups = [], dict[str, Json]()
    for group, part in asked.groups.items():
        near, _ = _measured(part, query.hits(part), around, within)
        own = near.of(places)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(own.together > 0, formula(own), np.nan)
        rates = {"together": own.together, "per_thousand": own.together * (1000 / max(near.word, 1))}
        groups[group] = {**rates, measure: values}
        sizes.append({"group": group, "count": near.word, "tokens": near.tokens})
    rows = as_rows(columns | in_groups(groups))
    figures = {
        "word": name,
        "count": pairs.word,
        "tokens": pairs.tokens,
        "window": around.left if around.left == around.right else str(around),
        "within": within,
        "measure": measure,
        "words": int(np.count_nonzero(listed)),
        **asked.said,
        **({"groups": sizes} if sizes else {}),
        "rows": rows,
    }
    word = escape_for_display(name)
    of = f"{count_of(figures['words'], 'word')} within {around} of {word}"
    of += f"{' in a sentence' * (within == 'sentence')}, which occurs {count_of(pairs.word, 'time')}"
    both_ways = ["delta_p_back"] * (measure == "delta_p")  # which are read together
    shown = [*_COLUMNS, *(MEASURES[each][1] for each in (measure, *both_ways))]
    parts = [Table(shown, rows, of=of)]
    if sizes:
        by_group = [_COLUMNS[0], *group_columns(sizes, itemgetter("per_thousand"), figure(0))]
        of_groups = (
            Column("group", "", PROSE),
            Column("count", word, COUNT),
            Column("tokens", "words", COUNT),
        )
        parts += [
            Table(by_group, rows, f"Times together in a thousand occurrences of {word}"),
            Table(of_groups, sizes, least=len(sizes)),
        ]
    return Answer(f"Collocates of {name}", figures, columns=shown, parts=parts, notes=figures["counted"])


def _measured(text: CountedText, hits: Hits, window: Window, within: str) -> tuple[Pairs, Ints]:
    """The pairs of occurrences with each of V words, and the rows of `_add_pairs`, (4, V)."""
    batch = text.batch
    counted = pairs_of(batch, hits, window, text.sentences if within == "sentence" else None)
    together = counted[_BEFORE] + counted[_AFTER]
    return Pairs(together, len(hits.starts), batch.counts, window.span, len(batch)), counted


def pairs_of(batch: TokenBatch, hits: Hits, window: Window, bounds: Ints | None = None) -> Ints:
    """Pairs of occurrences with each of V words, (4, V): before, after, documents with any; and a mark.

    Windows do not cross ``bounds``, by default those of the documents.

    >>> batch = TokenBatch.from_documents([["very", "very", "strong", "tea"], ["tea"]])
    >>> pairs_of(batch, Hits(np.array([0, 1]), np.array([1, 2])), Window(1, 1))[:3].tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    """
    out = np.zeros((4, len(batch.types)), np.int64)
    out[_LATEST] = -1
    documents = batch.document_of(hits.starts)
    bounds = batch.offsets if bounds is None else bounds
    # Bounds of parts without words are equal, and the last of them is meant.
    parts = np.searchsorted(bounds, hits.starts, "right")
    left = np.maximum(hits.starts - window.left, bounds[parts - 1])
    right = np.minimum(hits.ends + window.right, bounds[parts])
    around = np.stack([left, hits.starts, hits.ends, right])
    for first in range(0, len(documents), _AT_ONCE):
        stop_if_cancelled()
        some = slice(first, first + _AT_ONCE)
        _add_pairs(batch.read_only[0], documents[some], around[:, some], out)
    return out


@kernel(steps=lambda _, __, around, ___: int((around[3] - around[0]).sum()))
def _add_pairs(
    ids: Ids,  # (N,)
    documents: Ints,  # (n,), of occurrences
    around: Ints,  # (4, n), where the window begins, the occurrence begins and ends, and the window ends
    out: Ints,  # (4, V), the rows named above
) -> None:
    for n in range(len(documents)):
        for near in range(around[0, n], around[3, n]):
            if around[1, n] <= near < around[2, n]:
                continue
            other = ids[near]
            out[0 if near < around[1, n] else 1, other] += 1
            if out[3, other] != documents[n]:
                out[3, other] = documents[n]
                out[2, other] += 1
