"""The share of the documents that a subject or word has on two sides, and whether it differs beyond chance.

Documents are the observations: a word that is repeated within a document is no more evidence. A document
has one topic, so that where one grows all others shrink a little. Those *moved* that changed in another
way than the rest. Where a field goes with time, such as the kind of document, a subject of one kind grows
with it; so its share is also compared within the values of the field. A group of documents is compared
with all others in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from selfvec.analysis.comparison.compared import compared
from selfvec.analysis.comparison.comparison import Comparison, told
from selfvec.analysis.counted_text import counted_text
from selfvec.analysis.usage.contexts import occurrences
from selfvec.base.arrays import AnyInts, Doubles, Ints, Mask
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.finding import Finding
from selfvec.base.view import NUMBER, PROBABILITY, Column, Pieces, share
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.run import Run
from selfvec.numerics.statistics import (
    LEVEL,
    NORMAL,
    StratifiedRatios,
    benjamini_hochberg,
    chi_square_p,
    hypergeometric_p,
    stratified_ratios,
    student_p,
)
from selfvec.text.document_vectors import word_documents
from selfvec.text.phrases import LINK

from .terms import content_words, documents_with

OTHERS = "the others"
_NAMED, _SAID = 3, 6  # subjects in a sentence, and sentences about one each
_ROUNDING = 1e-9  # in place of 0, by which is divided
_LISTED, _OF_GROUP = 6, 2  # words of a group, and subjects in the sentence about it
_LEAST = 5  # documents with such a word


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
    p: float  # of Fisher's exact test, or of Student's where several documents are one observation
    q: float
    moved: bool  # by itself, not only because others did
    fields: Sequence[str] = ()  # whose mix is held equal in these figures
    equal: ShareChange | None = None  # the same with the mix held equal of the fields that go with time

    def among(self, families: int) -> ShareChange:
        """The same where several families of changes are tested, each as if it were the only one."""
        q = min(families * self.q, 1.0)
        return replace(
            self, q=q, moved=self.moved and q <= LEVEL, equal=self.equal and self.equal.among(families)
        )

    @property
    def like_for_like(self) -> ShareChange:
        """The figures that say whether it changed: those of an equal mix, if they differ."""
        return self.equal or self

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
            return f"new (at least {_figure(self.low)})" if self.share_last else ""
        if not self.share_last:
            return f"gone (at most {_figure(self.high)})"
        return f"{times(self.ratio)} ({_figure(self.low)} to {_figure(self.high)})"

    @property
    def told(self) -> str:
        """Both shares, and by how much they differ; with the mix held equal, if fields go with time.

        >>> ShareChange("2001", "2004", 1, 4, 0.1, 0.2, 2.0, 1.05, 3.66, 0.01, 0.01, True).told
        '20% of the documents of 2004, 10% of those of 2001: 2.0 times the share (1.1 to 3.7)'
        """
        first = f"{percent(self.share_first)} of those of {self.first}"
        shares = f"{percent(self.share_last)} of the documents of {self.last}, {first}"
        change = self.like_for_like
        if not change.moved:
            others = "chance" if change.p > LEVEL else "chance or the change of others"
            return f"{shares}, which {'the mix' if self.moved else others} may explain"
        return f"{shares}{self.held_equal}: {change.shown.replace(' times (', ' times the share (')}"

    @property
    def verdict(self) -> Pieces:
        """By how much the share changed; or why nothing is said about that, in a few words."""
        if self.like_for_like.moved:
            return [(self.like_for_like.shown, "strong")]
        return [("by the mix" if self.moved else "no clear change", "quiet")]

    @property
    def held_equal(self) -> str:
        return f", with the same mix of {' and '.join(self.equal.fields)}" if self.equal else ""


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


def share_changes(
    subjects: Sequence[Mask], made: Comparison, *, shares_add_up: bool = True
) -> list[ShareChange]:
    """How the share of each subject changed, of which the documents are given, (D,).

    Where a document has one subject, as of topics, one that grows makes others smaller; see
    `q_beside_others`. Where the comparison has strata, each has the same within these.
    """
    changes = _within(np.zeros_like(made.side), subjects, made, shares_add_up)
    if made.strata is None:
        return changes
    within = _within(made.strata, subjects, made, shares_add_up)
    fields = tuple(made.fields)
    return [
        replace(change, equal=replace(equal, fields=fields))
        for change, equal in zip(changes, within, strict=True)
    ]


def _within(
    strata: AnyInts, subjects: Sequence[Mask], made: Comparison, shares_add_up: bool
) -> list[ShareChange]:
    """How shares changed within strata, (D,); with a single one, of all documents."""
    if not subjects:
        return []
    inside, number = [made.side == side for side in (0, 1)], int(strata.max()) + 1
    totals = [np.bincount(strata[side], minlength=number) for side in inside]
    first, last = (
        np.array([np.bincount(strata[mask & side], minlength=number) for mask in subjects]) for side in inside
    )
    tested = compared_shares(first, totals[0], last, totals[1])
    units = made.unit[made.side >= 0]
    if len(np.unique(units)) < len(units):
        p, low, high = _of_units(subjects, inside, strata, made.unit, tested.low, tested.high)
        tested = tested._replace(p=p, low=low, high=high)
    q = q_beside_others(tested) if shares_add_up else benjamini_hochberg(tested.p)
    return _changes(made.names, first.sum(axis=1), last.sum(axis=1), tested, q)


def compared_shares(first: Ints, of_first: Ints, last: Ints, of_last: Ints) -> StratifiedRatios:
    """How n shares differ within strata; with a single one, p is Fisher's exact one.

    The inner end of the interval of what one side lacks is exact then, too. All of its documents lie on the
    other side, as they do by a ratio up to that with a chance of 2.5 % (Clopper and Pearson, 1934).

    >>> made = compared_shares(*map(np.array, ([[0]], [145], [[29]], [155])))
    >>> made.low.round(1).tolist(), ((155 * made.low / (155 * made.low + 145)) ** 29).round(3).tolist()
    ([6.9], [0.025])
    """
    made = stratified_ratios(first, of_first, last, of_last)
    if len(of_first) > 1:
        return made
    (a,), (b,), x, y = of_first.tolist(), of_last.tolist(), first[:, 0], last[:, 0]
    inside = (LEVEL / 2) ** (1 / np.maximum(x + y, 1))
    odds = inside / (1 - inside)
    return made._replace(
        p=hypergeometric_p(y, x + y, b, a + b),
        low=np.where(x == 0, np.maximum(made.low, odds * a / b), made.low),
        high=np.where(y == 0, np.minimum(made.high, a / b / odds), made.high),
    )


def _changes(
    names: Sequence[str], first: Ints, last: Ints, tested: StratifiedRatios, q: Doubles
) -> list[ShareChange]:
    """Changes of shares of which the documents of either side are counted, (n,)."""
    (before, after), columns = names, (of.tolist() for of in (first, last, *tested, q))
    return [
        ShareChange(before, after, a, b, x, y, y / x if x else None, low, high, p, each, each <= LEVEL)
        for a, b, x, y, low, high, p, each in zip(*columns, strict=True)
    ]


def _of_units(
    subjects: Sequence[Mask],
    inside: Sequence[Mask],
    strata: AnyInts,
    units: Ints,
    low: Doubles,
    high: Doubles,
) -> tuple[Doubles, Doubles, Doubles]:
    """p of each of n changes, (n,), and the ends of their intervals, if documents of a unit go together.

    The difference of two shares, within strata weighted as in `stratified_ratios`, is a sum over units, and
    its variance that of their sums: the ratio estimator of cluster samples (Cochran, 1977, *Sampling
    techniques*, section 9A). Its p is Student's, with one degree of freedom less than the side with fewer
    units has of these. Intervals of documents are as many times wider as the error is larger.
    """
    number = int(strata.max()) + 1
    totals = np.stack([np.bincount(strata[side], minlength=number) for side in inside])
    weight = totals.prod(axis=0) / np.maximum(totals.sum(axis=0), 1)
    weight = weight / max(weight.sum(), _ROUNDING) / np.maximum(totals, 1)
    used = np.flatnonzero((inside[0] | inside[1]) & (weight[0, strata] > 0))
    side, own = inside[1][used].astype(np.int64), strata[used]
    _, unit = np.unique(units[used], return_inverse=True)
    several = unit.max(initial=0) + 1
    freedom = max(min(len(np.unique(unit[side == each])) for each in (0, 1)) - 1, 1)
    signed = weight[side, own] * np.where(side == 1, 1, -1)
    t, wider = np.zeros(len(subjects)), np.ones(len(subjects))
    for row, subject in enumerate(subjects):
        has = subject[used]
        shares = np.bincount(own, has, number) / np.maximum(np.bincount(own, minlength=number), 1)
        parts = signed * (has - shares[own])
        of_units = np.bincount(unit, parts, several) ** 2
        by_itself = float((parts**2).sum())
        variance = max(float(of_units.sum()) * several / max(several - 1, 1), by_itself)
        if variance > 0:
            t[row], wider[row] = parts.sum() / np.sqrt(variance), np.sqrt(variance / by_itself)
    wider *= student_bound(freedom) / NORMAL
    middle, half = np.sqrt(low * high), np.sqrt(high / low) ** wider
    return student_p(t, np.full(len(t), freedom)), middle / half, middle * half


@cache
def student_bound(freedom: int) -> float:
    """Standard errors on either side of a 95 % interval, of an error with so many degrees of freedom.

    >>> round(student_bound(1), 2), round(student_bound(10), 3)
    (12.71, 2.228)
    """
    bounds = np.linspace(NORMAL, 13, 2**14)  # 13: beyond that of one degree of freedom
    return float(bounds[np.argmax(student_p(bounds, np.full(len(bounds), freedom)) <= LEVEL)])


def word_changes(run: Run, words: Sequence[str], sides: Sequence[Slice]) -> list[tuple[str, ShareChange]]:
    """How the share of the documents with each word changed; empty without two sides."""
    if not sides or not words:
        return []
    masks = [documents_of(run, word) for word in words]
    changes = share_changes(masks, compared(run, sides, {}, "beside"), shares_add_up=False)
    return list(zip(words, changes, strict=True))


def documents_of(run: Run, word: str) -> Mask:
    """The documents with a word, (D,), also in repeated passages, which a run's tokens have once."""
    batch = counted_text(run).batch
    row = batch.types.index(word) if word in batch.types else -1
    return np.isin(np.arange(batch.documents), batch.document_of(occurrences(batch, row)))


def q_beside_others(tested: StratifiedRatios) -> Doubles:
    """q of the changes of n subjects that share no documents, (n,): at most `LEVEL` if one changed by itself.

    A change is beyond chance and, in the same direction, beyond that of the subjects that did not move. A
    document has one: if one of five doubles, the others have less of the documents, but nothing happened to
    them. q is Bonferroni's bound, so that where nothing moved, any subject is named in at most 5 % of texts.

    >>> sides = [[100]] * 5, [500], [[200], [75], [75], [75], [75]], [500]
    >>> (q_beside_others(compared_shares(*map(np.array, sides))) <= LEVEL).tolist()
    [True, False, False, False, False]
    """
    _, _, low, high, p = tested
    middle, error = (np.log(high) + np.log(low)) / 2, (np.log(high) - np.log(low)) / (2 * NORMAL)
    q = np.minimum(p * len(p), 1)
    error = np.maximum(error, _ROUNDING)  # of a subject that all documents have, 0
    changed, rest, least = q <= LEVEL, np.arange(len(p)), 0.0
    # The subject farthest from the median leaves, and the others are compared with each other again: the
    # median of eight subjects of which three grew lies above nearly all of the rest. A subject with as large
    # a share as before stays: without it, those that shrank would be compared with each other alone.
    while len(rest) > 1 and changed[rest].any():
        apart = np.abs(middle[rest] - np.median(middle[rest])) / error[rest]
        far = rest[[np.argmax(np.where(changed[rest], apart, -1))]] if len(rest) > 2 else rest
        others = np.setdiff1d(rest, far) if len(rest) > 2 else rest  # of two, neither is the usual one
        weights = 1 / error[others] ** 2
        beyond = middle[far] - np.average(middle[others], weights=weights)
        of_others = chi_square_p(beyond / np.hypot(error[far], weights.sum() ** -0.5))
        least = max(least, len(p) * float(of_others.min()))
        if least > LEVEL:
            break
        alike = np.where(beyond > 0, low[far] > 1, high[far] < 1)
        q[far] = np.where(alike, np.maximum(q[far], least), 1)
        rest = np.setdiff1d(rest, far)
    q[rest] = np.where(changed[rest], min(1, least) if least > LEVEL else 1, q[rest])
    return q


# ---- As columns, and in words


def growth_columns(changes: Iterable[ShareChange | None]) -> tuple[Column, ...]:
    """What is shown of how shares changed, in rows that have the `growth_figures`."""
    first = next(filter(None, changes), None)
    if first is None:
        return ()
    equal = f"the same with the mix of {' and '.join(first.like_for_like.fields)} held equal, which q is of"
    return (
        Column("first", form=share(1)),
        Column("last", form=share(1)),
        Column("ratio", "growth", NUMBER, "the last share for the first, with its 95 % interval"),
        *[Column("equal_mix", form=NUMBER, meaning=equal)] * bool(first.equal),
        Column("q", form=PROBABILITY, meaning="false discovery rate"),
    )


def growth_figures(change: ShareChange | None) -> dict[str, Any]:
    """The values of `growth_columns`."""
    if change is None:
        return {}
    equal = change.like_for_like
    shares = {"first": change.share_first, "last": change.share_last}
    return {**shares, "ratio": change.shown, "equal_mix": equal.shown, "q": equal.q}


class Grown(NamedTuple):
    """A subject, how its share changed, its first terms, and which documents are about it."""

    name: str
    change: ShareChange
    terms: tuple[str, ...] = ()
    documents: Mask = np.zeros(0, bool)


def growth_findings(subjects: Sequence[Grown], noun: str = "subject") -> list[Finding]:
    """Each subject that grew or shrank, the surest first; or that none did.

    Where the mix of a field is held equal, that decides; those that only the mix may have moved are together.
    """
    if not subjects:
        return []
    moved = surest_first(subjects)
    by_mix = [row for row in subjects if row.change.moved and not row.change.like_for_like.moved]
    found = []
    if by_mix:
        by_mix.sort(key=lambda row: -max(row.change.low, 1 / row.change.high))
        named = [f"{name} {_in_all(change)}" for name, change, *_ in by_mix[:_NAMED]]
        more = f"; and {len(by_mix) - _NAMED} more" * (len(by_mix) > _NAMED)
        found.append(Finding("mix", f"In all documents, whose mix changed: {'; '.join(named)}{more}."))
    for name, change, terms, _ in moved:
        decisive = change.like_for_like
        said = f"{'More' if decisive.grew else 'Less'} about {name}: {change.told}."
        figures = (decisive.p, decisive.q, decisive.ratio, decisive.low, decisive.high)
        found.append(Finding("subject", said, *figures, words=terms))
    if not moved:
        first = subjects[0].change
        between = f"from {first.first} to {first.last}{first.held_equal}"
        told_so = f"No {noun} has a larger or smaller share of the documents beyond chance {between}."
        found.append(Finding("none", told_so))
    return found


def told_of_growth(findings: Iterable[Finding], noun: str = "subject") -> list[str]:
    """Their sentences, of subjects those of the surest: a table beside them has all."""
    findings = list(findings)
    more = [finding for finding in findings if finding.kind == "subject"][_SAID:]
    shown = told(finding for finding in findings if finding not in more)
    beyond = f"{count_of(len(more), f'other {noun}')} moved, as the table shows."
    return [*shown, beyond] if more else shown


def word_sentences(changes: Sequence[tuple[str, ShareChange]]) -> list[str]:
    """How the share of the documents with each word changed, beyond chance or not."""
    return [printable(f"{escape_for_display(word)}: {change.told}.") for word, change in changes]


def surest_first(subjects: Iterable[Grown]) -> list[Grown]:
    """Those that grew or shrank."""
    moved = (row for row in subjects if row.change.like_for_like.moved)
    return sorted(
        moved, key=lambda row: -max(row.change.like_for_like.low, 1 / row.change.like_for_like.high)
    )


def _in_all(change: ShareChange) -> str:
    equal = change.like_for_like.ratio
    said = f"{percent(change.share_first)} → {percent(change.share_last)}"
    said += f", {times(change.ratio)}" if change.ratio else ""
    return said + (f" ({times(equal)} with the mix equal)" if equal else "")


def percent(share: float) -> str:
    """A share in percent; small ones with a digit after the point.

    >>> percent(0.256), percent(0.0044), percent(0.0)
    ('26%', '0.4%', '0%')
    """
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


# ---- Groups of documents, each beside all others together


@dataclass(frozen=True)
class GroupDifference:
    """What one group has more of than the others, the surest first."""

    name: str
    documents: int
    share: float  # of the documents of all groups
    subjects: list[tuple[str, ShareChange]]  # all of them, as the topics are in order
    words: list[tuple[str, ShareChange]]

    @property
    def larger(self) -> list[tuple[str, ShareChange]]:
        """The subjects that it has more of."""
        more = [(name, change) for name, change in self.subjects if change.moved and change.grew]
        return sorted(more, key=lambda row: -row[1].low)

    @property
    def sentence(self) -> str:
        """Its size and what it has more of, in words."""
        told = [
            f"{percent(change.share_last)} are about {printable(name.split(', ')[0])}, "
            f"{percent(change.share_first)} of the others"
            for name, change in self.larger[:_OF_GROUP]
        ]
        if not told and self.words:
            told = [f"more of the words {with_shares(self.words)}"]
        size = f"{self.name} ({count_of(self.documents, 'document')})"
        return printable(f"{size}: {'; '.join(told) or 'nothing more than the others'}.")

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        """What it has more of, for a table: subjects, then words."""
        for kind, listed in (("subject", self.larger), ("word", self.words)):
            for name, change in listed:
                yield {
                    "group": self.name,
                    "kind": kind,
                    "name": name.replace(LINK, " "),
                    "documents": change.documents_last,
                    "share": change.share_last,
                    "share_of_others": change.share_first,
                    "ratio": change.ratio,
                    "low": change.low,
                    "high": change.high,
                    "q": change.q,
                    "shown": change.shown,
                }


def group_differences(
    run: Run, groups: Sequence[Slice], subjects: Sequence[tuple[str, Mask]] = ()
) -> list[GroupDifference]:
    """What each of some groups has more of than the others together: subjects and words.

    False discoveries are counted over all groups, so that more groups do not name more by chance.
    """
    group_of, number, batch = slice_of_each(groups), len(groups), run.require_tokens()
    sizes = np.bincount(group_of[group_of >= 0], minlength=number)
    counts = documents_with(word_documents(batch.ids, batch.offsets, len(batch.types)), group_of, number)
    often = (counts.sum(axis=1) >= _LEAST) & content_words(batch.types, run.provenance)
    words = [batch.types[row] for row in np.flatnonzero(often).tolist()]
    beside = [_beside_others(counts[often], sizes, group) for group in range(number)]
    q = benjamini_hochberg(np.concatenate([of.p for *_, of in beside])).reshape(number, -1)
    out = []
    for group, size, tested, q_of_words in zip(groups, sizes.tolist(), beside, q, strict=True):
        others = Slice(OTHERS, (group_of >= 0) & ~group.documents)
        made = Comparison.of(batch, [others, group])
        changes = share_changes([documents for _, documents in subjects], made)
        about = [(name, of.among(number)) for (name, _), of in zip(subjects, changes, strict=True)]
        found = zip(words, _changes(made.names, *tested, q_of_words), strict=True)
        more = [(word, change) for word, change in found if change.moved and change.grew]
        more.sort(key=lambda row: -row[1].low)
        out.append(GroupDifference(group.name, size, size / sizes.sum(), about, more[:_LISTED]))
    return out


def _beside_others(counts: Ints, sizes: Ints, group: int) -> tuple[Ints, Ints, StratifiedRatios]:
    """The documents with each of n things in the other groups, and in this one, (n,), and how they differ."""
    mine, of_mine = counts[:, group], sizes[[group]]
    others = counts.sum(axis=1) - mine
    return others, mine, compared_shares(others[:, None], sizes.sum() - of_mine, mine[:, None], of_mine)


def with_shares(words: Sequence[tuple[str, ShareChange]]) -> str:
    """Words, each with its share of the documents."""
    return ", ".join(f"{word.replace(LINK, ' ')} {percent(change.share_last)}" for word, change in words)
