"""Whether a subject or a word takes a larger share of the documents than before, and by how much.

Documents are the observations: a word that is repeated within a document is no more evidence. A document
has one topic, so that where one grows all others shrink a little. Those *moved* that changed in another
way than the rest. Where a field goes with time, such as the kind of document, a subject of one kind grows
with it; so its share is also compared within the values of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from selfvec.analysis.comparison.compared import compared
from selfvec.analysis.comparison.comparison import Comparison, told
from selfvec.analysis.counted_text import counted_text
from selfvec.analysis.usage.contexts import occurrences
from selfvec.base.arrays import AnyInts, Doubles, Ints, Mask
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.finding import Finding
from selfvec.base.view import NUMBER, PROBABILITY, Column, Pieces, Row, share
from selfvec.corpus.slices import Slice, month_name, parse_span
from selfvec.data.run import Run
from selfvec.numerics.statistics import (
    LEVEL,
    NORMAL,
    benjamini_hochberg,
    chi_square_p,
    hypergeometric_p,
    ratios_of_shares,
    stratified_ratios,
    student_p,
)

_NAMED, _SAID = 3, 6  # subjects in a sentence, and sentences about one each
_ROUNDING = 1e-9  # in place of 0, by which is divided


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
    of_all: bool = False  # whether all dated documents of the text are in one of the parts

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ShareChange:
        """A change from its row, as `dataclasses.asdict` makes it."""
        return cls(**{**row, "equal": row["equal"] and cls.of(row["equal"])})

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
        day = since(self.first, self.last) if self.of_all else ""
        last, first = (f"since {day}", "before") if day else (f"of {self.last}", f"of those of {self.first}")
        shares = f"{percent(self.share_last)} of the documents {last}, {percent(self.share_first)} {first}"
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


def since(first: str, last: str) -> str:
    """The day from which a part is that follows on another; blank for years, and where others lie between.

    >>> since("2023-11-06..2024-05-05", "2024-05-06..2024-10-31"), since("2000..2009", "2010..2019")
    ('6 May 2024', '')
    """
    spans = parse_span(first), parse_span(last)
    if ".." in last and "-" in last and spans[0] and spans[1] and spans[0][1] == spans[1][0]:
        return f"{int(str(spans[1][0])[-2:])} {month_name(spans[1][0])}"
    return ""


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


class _Tested(NamedTuple):
    """What is known of n changes, (n,) each; see `ShareChange`."""

    p: Doubles
    q: Doubles
    moved: Mask
    low: Doubles
    high: Doubles


def share_changes(
    subjects: Sequence[Mask], made: Comparison, *, shares_add_up: bool = True
) -> list[ShareChange]:
    """How the share of each subject changed, of which the documents are given, (D,).

    Where a document has one subject, as of topics, one that grows makes others smaller; see
    `q_beside_others`. Where the comparison has strata, each has the same within these.
    """
    inside = [made.side == number for number in (0, 1)]
    own = made.unit[made.side >= 0]
    together = len(np.unique(own)) < len(own)
    counts = [np.array([np.sum(mask & side) for mask in subjects], np.int64) for side in inside]
    counted = (counts[0], int(inside[0].sum()), counts[1], int(inside[1].sum()))
    strata = np.zeros(len(made.side), np.int64) if made.strata is None else made.strata

    def tested(strata: AnyInts, p: Doubles, low: Doubles, high: Doubles) -> _Tested:
        if together and subjects:
            p, low, high = _of_units(subjects, inside, strata, made.unit, low, high)
        q = q_beside_others(low, high, p) if shares_add_up else benjamini_hochberg(p)
        return _Tested(p, q, q <= LEVEL, low, high)

    p, q, moved, *ends = tested(np.zeros_like(strata), exact_p(*counted), *exact_ratios(*counted)[1:])
    dates = made.tokens.dates
    of_all = dates is not None and bool((np.isnat(dates) | (made.side >= 0)).all())
    changes = [
        replace(change, of_all=of_all)
        for change in changes_of_counts(*counted, made.names, p, q, moved, (ends[0], ends[1]))
    ]
    if made.strata is None or not changes:
        return changes
    number = int(strata.max()) + 1
    totals = [np.bincount(strata[side], minlength=number) for side in inside]
    if not np.minimum(*totals).any():  # no value has documents with a subject on both sides
        return changes
    tables = [[np.bincount(strata[m & side], minlength=number) for m in subjects] for side in inside]
    equal = stratified_ratios(np.array(tables[0]), totals[0], np.array(tables[1]), totals[1])
    shares = {"share_first": equal.share_first, "share_last": equal.share_last}
    columns = shares | tested(strata, equal.p, equal.low, equal.high)._asdict()
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    figures = [dict(zip(columns, row, strict=True)) for row in rows]
    out = []
    for change, row in zip(changes, figures, strict=True):
        ratio = row["share_last"] / row["share_first"] if row["share_first"] else None
        out.append(replace(change, equal=replace(change, **row, ratio=ratio, fields=tuple(made.fields))))
    return out


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
    batch = counted_text(run).batch  # also where a passage is repeated, which a run's tokens have once
    row_of = {word: row for row, word in enumerate(batch.types)}
    rows = [row_of.get(word, -1) for word in words]
    masks = [np.isin(np.arange(batch.documents), batch.document_of(occurrences(batch, row))) for row in rows]
    changes = share_changes(masks, compared(run, sides, {}, "beside"), shares_add_up=False)
    return list(zip(words, changes, strict=True))


def changes_of_counts(
    first: Ints,
    of_first: int,
    last: Ints,
    of_last: int,
    names: Sequence[str],
    p: Doubles,
    q: Doubles,
    moved: Mask,
    ends: tuple[Doubles, Doubles] | None = None,
) -> list[ShareChange]:
    """The changes of n shares, of which the documents of either side are counted, (n,) each.

    Intervals are those of single documents, unless their ends are given.
    """
    ratios, *usual = exact_ratios(first, of_first, last, of_last)
    before, after = names
    columns = (first, last, ratios, *(ends or usual), p, q, moved)
    return [
        ShareChange(
            before, after, a, b, a / max(of_first, 1), b / max(of_last, 1), ratio if a else None, *figures
        )
        for a, b, ratio, *figures in zip(*(column.tolist() for column in columns), strict=True)
    ]


def exact_ratios(first: Ints, of_first: int, last: Ints, of_last: int) -> tuple[Doubles, Doubles, Doubles]:
    """As `ratios_of_shares`, but that of what one side lacks the inner end of the interval is exact.

    All of its documents lie on the other side, as they do by a ratio up to that with a chance of 2.5 %
    (Clopper and Pearson, 1934).

    >>> _, low, _ = exact_ratios(np.array([0]), 145, np.array([29]), 155)
    >>> low.round(1).tolist(), ((155 * low / (155 * low + 145)) ** 29).round(3).tolist()
    ([6.9], [0.025])
    """
    ratio, low, high = ratios_of_shares(first, of_first, last, of_last)
    inside = (LEVEL / 2) ** (1 / np.maximum(first + last, 1))
    odds, sizes = inside / (1 - inside), of_first / max(of_last, 1)
    low = np.where(first == 0, np.maximum(low, odds * sizes), low)
    return ratio, low, np.where(last == 0, np.minimum(high, sizes / odds), high)


def exact_p(first: Ints, of_first: int, last: Ints, of_last: int) -> Doubles:
    """Fisher's exact p of each of n shares."""
    return hypergeometric_p(last, first + last, of_last, of_first + of_last)


def q_beside_others(low: Doubles, high: Doubles, p: Doubles) -> Doubles:
    """q of the changes of n subjects that share no documents, (n,): at most `LEVEL` if one changed by itself.

    Given are the intervals of the ratios of the shares, and p. A change is beyond chance and, in the same
    direction, beyond that of the subjects that did not move. A document has one: if one of five doubles, the
    others have less of the documents, but nothing happened to them. q is Bonferroni's bound, so that where
    nothing moved, any subject is named in at most 5 % of texts.

    >>> sides = np.array([100] * 5), 500, np.array([200, 75, 75, 75, 75]), 500
    >>> (q_beside_others(*ratios_of_shares(*sides)[1:], exact_p(*sides)) <= LEVEL).tolist()
    [True, False, False, False, False]
    """
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
    """What is shown of how shares changed, in rows with a `ShareChange` as a dict under ``growth``."""
    held = [change for change in changes if change]
    if not held:
        return ()
    fields = held[0].equal.fields if held[0].equal else ()
    return (
        Column("first", form=share(1), of=_of_change(lambda change: change.share_first)),
        Column("last", form=share(1), of=_of_change(lambda change: change.share_last)),
        Column(
            "ratio",
            "growth",
            NUMBER,
            "the last share for the first, with its 95 % interval",
            of=_of_change(lambda change: change.shown),
        ),
        *[
            Column(
                "equal_mix",
                None,
                NUMBER,
                f"the same with the mix of {' and '.join(fields)} held equal, which q is of",
                of=_of_change(lambda change: change.like_for_like.shown),
            )
        ]
        * bool(fields),
        Column(
            "q",
            form=PROBABILITY,
            of=_of_change(lambda change: change.like_for_like.q),
            meaning="false discovery rate",
        ),
    )


def _of_change(value: Callable[[ShareChange], Any]) -> Callable[[Row], Any]:
    return lambda row: value(ShareChange.of(row["growth"])) if row["growth"] else None


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
    shares = f"{percent(change.share_first)} → {percent(change.share_last)}"
    equal = change.like_for_like.ratio
    all_and_equal = ((change.ratio, ", {}"), (equal, " ({} with the mix equal)"))
    return shares + "".join(said.format(times(ratio)) for ratio, said in all_and_equal if ratio)


def percent(share: float) -> str:
    """A share in percent; small ones with a digit after the point.

    >>> percent(0.256), percent(0.0044), percent(0.0)
    ('26%', '0.4%', '0%')
    """
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"
