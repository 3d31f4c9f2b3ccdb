"""Whether a subject or a word takes a larger share of the documents than before, and by how much.

Documents are the observations: a word that is repeated within a document is no more evidence. The first
periods are compared with the last ones; neighbours are joined until each side has its part of the text, as a
thin first year would decide. Shares of topics add up to 1, so that where one grows all others shrink a
little. Those *moved* that changed in another way than most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfvec.analysis.usage.contexts import occurrences
from selfvec.analysis.word_drift.compared_slices import join_periods
from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.base.display import printable
from selfvec.base.view import NUMBER, PROBABILITY, Column, share
from selfvec.corpus.slices import Slice, parse_span
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import (
    NORMAL,
    benjamini_hochberg,
    chi_square_p,
    hypergeometric_p,
    ratios_of_shares,
)

LEVEL = 0.05  # of false alarms: of q, and of naming any subject where none moved
_NAMED = 3  # subjects in a sentence
_YEAR, _MONTH = 365.25, 30.44  # days
_STEADY = 1.25  # times: a text that grew by less is called steady, as periods are never equally complete


@dataclass(frozen=True)
class ShareChange:
    """The share of the documents with something in one part of a text, beside that in another."""

    first: str  # the name of the part that it is compared with
    last: str
    documents_first: int
    documents_last: int
    share_first: float
    share_last: float
    ratio: float | None  # of the last share to the first; None if the first is 0
    low: float  # of its 95 % interval
    high: float
    p: float  # of Fisher's exact test
    q: float
    moved: bool  # by itself, not only because others did

    @property
    def grew(self) -> bool:
        """Whether the share is larger than the first."""
        return self.share_last > self.share_first

    @property
    def shown(self) -> str:
        """The ratio with its interval.

        >>> ShareChange("a", "b", 1, 4, 0.1, 0.2, 2.0, 1.05, 3.66, 0.01, 0.01, True).shown
        '2.0 times (1.1 to 3.7)'
        >>> ShareChange("a", "b", 9, 0, 0.1, 0.0, 0.0, 0.0, 0.11, 0.01, 0.01, True).shown
        'gone (at most .11)'
        """
        if self.ratio is None:
            return "" if not self.documents_last else f"new (at least {_figure(self.low)})"
        if not self.documents_last:
            return f"gone (at most {_figure(self.high)})"
        return f"{times(self.ratio)} ({_figure(self.low)} to {_figure(self.high)})"

    @property
    def sentence(self) -> str:
        """How it changed, and whether by itself.

        >>> ShareChange("2001", "2004", 1, 4, 0.1, 0.2, 2.0, 1.05, 3.66, 0.01, 0.01, True).sentence
        '2001 to 2004: 10 % → 20 %, 2.0 times (1.1 to 3.7)'
        """
        shares = f"{percent(self.share_first)} → {percent(self.share_last)}"
        told = self.shown if self.moved else "not beyond chance and the change of others"
        return f"{self.first} to {self.last}: {shares}, {told}"


def times(ratio: float) -> str:
    """A ratio in words; those below 1 have a digit more.

    >>> times(2.04), times(0.356)
    ('2.0 times', '.36 times')
    """
    return f"{_figure(ratio)} times"


def _figure(ratio: float) -> str:
    if ratio < 0.995:
        return f"{ratio:.2f}".removeprefix("0")
    return f"{ratio:.1f}" if ratio < 99.5 else f"{ratio:.0f}"


class Sides(NamedTuple):
    """Two parts of a text that are compared."""

    first: Slice
    last: Slice


def first_and_last_periods(groups: Sequence[Slice], batch: TokenBatch) -> Sides | None:
    """The first periods and the last ones, each with its part of the text; None if groups are no periods."""
    spans = [parse_span(group.name) for group in groups]
    if len(groups) < 2 or any(span is None for span in spans):
        return None
    order = sorted(range(len(groups)), key=lambda i: spans[i] or ())
    joined = join_periods([groups[i] for i in order], batch)
    return Sides(joined[0], joined[-1]) if len(joined) > 1 else None


def share_changes(
    subjects: Sequence[Mask], among: Mask, sides: Sides, *, shares_add_up: bool = True
) -> list[ShareChange]:
    """How the share of each subject changed, of which the documents are given, (D,), among some documents.

    Where shares add up to 1, as those of topics do, one that grows makes others smaller; see
    `moved_subjects`.
    """
    inside = [side.documents & among for side in sides]
    counts = [np.array([np.sum(mask & side) for mask in subjects], np.int64) for side in inside]
    sizes = [int(side.sum()) for side in inside]
    p = exact_p(counts[0], sizes[0], counts[1], sizes[1])
    q = benjamini_hochberg(p)
    moved = moved_subjects(counts[0], sizes[0], counts[1], sizes[1]) if shares_add_up else q <= LEVEL
    return changes_of_counts(counts, sizes, sides, p, q, moved)


def word_changes(run: Run, words: Sequence[str], periods: Sequence[Slice]) -> list[tuple[str, ShareChange]]:
    """How the share of the documents with each word changed; empty without periods."""
    batch = run.tokens
    sides = None if batch is None or not words else first_and_last_periods(periods, batch)
    if batch is None or sides is None:
        return []
    masks = []
    for row in map(run.vectors.key_to_index.__getitem__, words):
        mask = np.zeros(batch.documents, bool)
        mask[batch.document_of(occurrences(batch, row))] = True
        masks.append(mask)
    every = np.ones(batch.documents, bool)
    return list(zip(words, share_changes(masks, every, sides, shares_add_up=False), strict=True))


def changes_of_counts(
    counts: Sequence[Ints], sizes: Sequence[int], sides: Sides, p: Doubles, q: Doubles, moved: Mask
) -> list[ShareChange]:
    """The changes of n shares, of which the documents of either side are counted, (n,) each."""
    columns = (*counts, *ratios_of_shares(counts[0], sizes[0], counts[1], sizes[1]), p, q, moved)
    return [
        ShareChange(
            sides.first.name,
            sides.last.name,
            first,
            last,
            first / max(sizes[0], 1),
            last / max(sizes[1], 1),
            ratio if first else None,
            *figures,
        )
        for first, last, ratio, *figures in zip(*(column.tolist() for column in columns), strict=True)
    ]


def exact_p(first: Ints, of_first: int, last: Ints, of_last: int) -> Doubles:
    """Fisher's exact p of each of n shares."""
    return hypergeometric_p(last, first + last, of_last, of_first + of_last)


def moved_subjects(first: Ints, of_first: int, last: Ints, of_last: int, level: float = LEVEL) -> Mask:
    """The subjects whose share changed by itself, (n,), of those that share no documents.

    The change is beyond chance and, in the same direction, beyond the median change of all subjects. Shares
    add up to 1: if one of five doubles, the others have less of the documents, but nothing happened to them.

    >>> moved_subjects(np.array([100] * 5), 500, np.array([200, 75, 75, 75, 75]), 500).tolist()
    [True, False, False, False, False]
    """
    _, low, high = ratios_of_shares(first, of_first, last, of_last)
    middle, error = (np.log(high) + np.log(low)) / 2, (np.log(high) - np.log(low)) / (2 * NORMAL)
    usual = np.sqrt(np.pi / 2 / len(first)) * np.median(error)  # the standard error of the median
    beyond = (middle - np.median(middle)) / np.hypot(error, usual)
    # Bonferroni's bound: where nothing moved, any subject is named in at most 5 % of texts.
    p = np.maximum(exact_p(first, of_first, last, of_last), chi_square_p(beyond))
    same_way = np.where(middle > 0, (low > 1) & (beyond > 0), (high < 1) & (beyond < 0))
    moved: Mask = (p * len(first) <= level) & same_way
    return moved


# ---- As columns, and in words


def growth_columns() -> tuple[Column, ...]:
    """What is shown of how a share changed, in rows with a `ShareChange` as a dict under ``growth``."""
    return (
        Column("first", form=share(1), of=lambda row: row["growth"]["share_first"]),
        Column("last", form=share(1), of=lambda row: row["growth"]["share_last"]),
        Column(
            "ratio",
            "growth",
            NUMBER,
            "the last share for the first, with its 95 % interval",
            of=lambda row: ShareChange(**row["growth"]).shown,
        ),
        Column("q", form=PROBABILITY, of=lambda row: row["growth"]["q"], meaning="false discovery rate"),
    )


def growth_sentences(changes: Sequence[tuple[str, ShareChange]], noun: str = "subject") -> Iterator[str]:
    """Which subjects grew and which shrank, by how much, the surest first; or that none did."""
    if not changes:
        return
    between = f"from {changes[0][1].first} to {changes[0][1].last}"
    moved = sorted(((name, change) for name, change in changes if change.moved), key=_surest_first)
    for grew, verb in ((True, "Larger"), (False, "Smaller")):
        chosen = [(name, change) for name, change in moved if change.grew == grew]
        if chosen:
            told = "; ".join(f"{name} {_told(change)}" for name, change in chosen[:_NAMED])
            more = f"; and {len(chosen) - _NAMED} more" if len(chosen) > _NAMED else ""
            yield printable(f"{verb} share of the documents {between}: {told}{more}.")
    if not moved:
        yield printable(f"No {noun} has a larger or smaller share of the documents beyond chance {between}.")


def word_sentences(changes: Sequence[tuple[str, ShareChange]]) -> Iterator[str]:
    """How the share of the documents with each word changed, beyond chance or not."""
    if changes:
        told = "; ".join(
            f"{word} {_told(change) if change.moved else 'about as many documents'}"
            for word, change in changes
        )
        yield printable(f"Words that were asked for: {told}.")


def _surest_first(row: tuple[str, ShareChange]) -> float:
    return -max(row[1].low, 1 / row[1].high)


def _told(change: ShareChange) -> str:
    shares = f"{percent(change.share_first)} → {percent(change.share_last)}"
    return f"{change.shown.replace(' (', f' ({shares}; 95 %: ', 1)}"


def percent(share: float) -> str:
    """A share in percent; small ones with a digit after the point.

    >>> percent(0.256), percent(0.0044), percent(0.0)
    ('26 %', '0.4 %', '0 %')
    """
    return f"{share:.1%}".replace("%", " %") if 0 < share < 0.1 else f"{share:.0%}".replace("%", " %")


@dataclass(frozen=True)
class TextGrowth:
    """How many documents the two parts have, and how many in each year or month."""

    documents_first: int
    documents_last: int
    unit: str
    rate_first: float
    rate_last: float

    @property
    def sentence(self) -> str:
        """Whether there are only more documents, in words."""
        rates = f"{_rate(self.rate_first)} → {_rate(self.rate_last)} documents a {self.unit}"
        ratio = self.rate_last / self.rate_first if self.rate_first else np.inf
        if max(ratio, 1 / ratio) < _STEADY:
            return f"The text itself stayed about as large: {rates}."
        how = f"grew to {times(ratio)} the size" if ratio > 1 else f"shrank to {times(ratio)} the size"
        return f"The text itself {how}: {rates}. Shares of the documents do not change by that."


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}"


def text_growth(sides: Sides, batch: TokenBatch) -> TextGrowth:
    """How the number of documents changed, in a year or, of shorter periods, in a month."""
    counts = [int(side.documents.sum()) for side in sides]
    days = [_days(side.name, batch) for side in sides]
    unit, length = ("year", _YEAR) if min(days) > 0.9 * _YEAR else ("month", _MONTH)
    rates = [count / day * length for count, day in zip(counts, days, strict=True)]
    return TextGrowth(counts[0], counts[1], unit, rates[0], rates[1])


def _days(name: str, batch: TokenBatch) -> float:
    """The days of a period, from the first to the last day of the text."""
    span = parse_span(name)
    assert span is not None
    start, end = span
    if batch.period is not None:
        first, last = (np.datetime64(day) for day in batch.period)
        start, end = max(start, first), min(end, last + np.timedelta64(1, "D"))
    return max(float((end - start) / np.timedelta64(1, "D")), 1.0)
