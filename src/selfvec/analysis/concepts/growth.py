"""Whether a subject or a word takes a larger share of the documents than before, and by how much.

Documents are the observations: a word that is repeated within a document is no more evidence. The first
periods are compared with the last ones; neighbours are joined until each side has its part of the text, as a
thin first year would decide. Shares of topics add up to 1, so that where one grows all others shrink a
little. Those *moved* that changed in another way than the rest. Where a field goes with time, such as the
kind of document, a subject of one kind grows with it; so its share is also compared within the values of the
field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from selfvec.analysis.comparison.chosen_slices import join_periods
from selfvec.analysis.comparison.compared import compared
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.finding import Finding, told
from selfvec.analysis.usage.contexts import occurrences
from selfvec.base.arrays import AnyInts, Doubles, Ids, Ints, Mask
from selfvec.base.display import count_of, printable
from selfvec.base.view import NUMBER, PROBABILITY, Column, Row, share
from selfvec.corpus.slices import Slice, parse_span
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import (
    NORMAL,
    benjamini_hochberg,
    chi_square_p,
    hypergeometric_p,
    ratios_of_shares,
    stratified_ratios,
    student_p,
)

LEVEL = 0.05  # of false alarms: of q, and of naming any subject where none moved
_NAMED, _SAID = 3, 6  # subjects in a sentence, and sentences about one each
_ROUNDING = 1e-9


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

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ShareChange:
        """A change from its row, as `dataclasses.asdict` makes it."""
        return cls(**{**row, "equal": row["equal"] and cls.of(row["equal"])})

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
    def sentence(self) -> str:
        """How it changed, and whether by itself.

        >>> ShareChange("2001", "2004", 1, 4, 0.1, 0.2, 2.0, 1.05, 3.66, 0.01, 0.01, True).sentence
        '2001 to 2004: 10 % → 20 %, 2.0 times (1.1 to 3.7)'
        """
        shares = f"{percent(self.share_first)} → {percent(self.share_last)}"
        change = self.like_for_like
        how = change.shown if change.moved else "not beyond chance and the change of others"
        return f"{self.first} to {self.last}: {shares}{_held_equal(self)}, {how}"


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


class Mix(NamedTuple):
    """Fields that go with time, and the number of each document's combination of their values, (D,)."""

    fields: Sequence[str]
    groups: Ids


class _Tested(NamedTuple):
    """What is known of n changes, (n,) each; see `ShareChange`."""

    p: Doubles
    q: Doubles
    moved: Mask
    low: Doubles
    high: Doubles


def mix_and_units(made: Comparison) -> tuple[Mix | None, Ints | None]:
    """The fields that go with the sides and can be held equal, and the units of documents, (D,); if any."""
    mix = None if made.strata is None else Mix(made.fields, made.strata)
    own = made.unit[made.side >= 0]
    return mix, made.unit if len(np.unique(own)) < len(own) else None


def share_changes(
    subjects: Sequence[Mask],
    among: Mask,
    sides: Sides,
    mix: Mix | None = None,
    *,
    units: Ints | None = None,
    shares_add_up: bool = True,
) -> list[ShareChange]:
    """How the share of each subject changed, of which the documents are given, (D,), among some documents.

    Where shares add up to 1, as those of topics do, one that grows makes others smaller; see
    `moved_subjects`. With a mix, each has the same within its values. Documents of the same unit, (D,), are
    one observation; without units, each is one.
    """
    inside = [side.documents & among for side in sides]
    counts = [np.array([np.sum(mask & side) for mask in subjects], np.int64) for side in inside]
    counted = (counts[0], int(inside[0].sum()), counts[1], int(inside[1].sum()))
    strata = np.zeros(len(among), np.int64) if mix is None else mix.groups

    def tested(strata: AnyInts, p: Doubles, low: Doubles, high: Doubles) -> _Tested:
        if units is not None and subjects:
            p, low, high = _of_units(subjects, inside, strata, units, low, high)
        q = benjamini_hochberg(p)
        return _Tested(p, q, moved_subjects(low, high, p) if shares_add_up else q <= LEVEL, low, high)

    p, q, moved, *ends = tested(np.zeros_like(strata), exact_p(*counted), *ratios_of_shares(*counted)[1:])
    changes = changes_of_counts(*counted, sides, p, q, moved, (ends[0], ends[1]))
    if mix is None or not changes:
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
    return [_with_equal_mix(*pair, mix.fields) for pair in zip(changes, figures, strict=True)]


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


def _with_equal_mix(change: ShareChange, figures: dict[str, Any], fields: Sequence[str]) -> ShareChange:
    first, last = figures["share_first"], figures["share_last"]
    equal = replace(change, **figures, ratio=last / first if first else None, fields=tuple(fields))
    return replace(change, equal=equal)


def word_changes(run: Run, words: Sequence[str], periods: Sequence[Slice]) -> list[tuple[str, ShareChange]]:
    """How the share of the documents with each word changed; empty without periods."""
    batch = run.tokens
    sides = None if batch is None or not words else first_and_last_periods(periods, batch)
    if batch is None or sides is None:
        return []
    every = np.ones(batch.documents, bool)
    rows = [run.vectors.key_to_index[word] for word in words]
    masks = [np.isin(np.arange(batch.documents), batch.document_of(occurrences(batch, row))) for row in rows]
    mix, units = mix_and_units(compared(run, sides, {}, "beside")[1])
    changes = share_changes(masks, every, sides, mix, units=units, shares_add_up=False)
    return list(zip(words, changes, strict=True))


def changes_of_counts(
    first: Ints,
    of_first: int,
    last: Ints,
    of_last: int,
    sides: Sides,
    p: Doubles,
    q: Doubles,
    moved: Mask,
    ends: tuple[Doubles, Doubles] | None = None,
) -> list[ShareChange]:
    """The changes of n shares, of which the documents of either side are counted, (n,) each.

    Intervals are those of single documents, unless their ends are given.
    """
    ratios, *usual = ratios_of_shares(first, of_first, last, of_last)
    columns = (first, last, ratios, *(ends or usual), p, q, moved)
    names = sides.first.name, sides.last.name
    return [
        ShareChange(*names, a, b, a / max(of_first, 1), b / max(of_last, 1), ratio if a else None, *figures)
        for a, b, ratio, *figures in zip(*(column.tolist() for column in columns), strict=True)
    ]


def exact_p(first: Ints, of_first: int, last: Ints, of_last: int) -> Doubles:
    """Fisher's exact p of each of n shares."""
    return hypergeometric_p(last, first + last, of_last, of_first + of_last)


def moved_subjects(low: Doubles, high: Doubles, p: Doubles, level: float = LEVEL) -> Mask:
    """The subjects whose share changed by itself, (n,), of those that share no documents.

    Given are the intervals of the ratios of the shares, and p.

    The change is beyond chance and, in the same direction, beyond that of the subjects that did not move.
    Shares add up to 1: if one of five doubles, the others have less of the documents, but nothing happened to
    them.

    >>> sides = np.array([100] * 5), 500, np.array([200, 75, 75, 75, 75]), 500
    >>> moved_subjects(*ratios_of_shares(*sides)[1:], exact_p(*sides)).tolist()
    [True, False, False, False, False]
    """
    middle, error = (np.log(high) + np.log(low)) / 2, (np.log(high) - np.log(low)) / (2 * NORMAL)
    error = np.maximum(error, _ROUNDING)  # of a subject that all documents have, 0
    # Bonferroni's bound: where nothing moved, any subject is named in at most 5 % of texts.
    level /= len(p)
    changed = p <= level
    moved, rest = np.zeros(len(p), bool), np.arange(len(p))
    # The subject farthest from the median leaves, and the others are compared with each other again: the
    # median of eight subjects of which three grew lies above nearly all of the rest. A subject with as large
    # a share as before stays: without it, those that shrank would be compared with each other alone.
    while len(rest) > 1 and changed[rest].any():
        apart = np.abs(middle[rest] - np.median(middle[rest])) / error[rest]
        far = rest[[np.argmax(np.where(changed[rest], apart, -1))]] if len(rest) > 2 else rest
        others = np.setdiff1d(rest, far) if len(rest) > 2 else rest  # of two, neither is the usual one
        weights = 1 / error[others] ** 2
        beyond = middle[far] - np.average(middle[others], weights=weights)
        if chi_square_p(beyond / np.hypot(error[far], weights.sum() ** -0.5)).min() > level:
            break
        moved[far] = changed[far] & np.where(beyond > 0, low[far] > 1, high[far] < 1)
        rest = np.setdiff1d(rest, far)
    return moved


# ---- As columns, and in words


def growth_columns(changes: Iterable[ShareChange | None]) -> tuple[Column, ...]:
    """What is shown of how shares changed, in rows with a `ShareChange` as a dict under ``growth``."""
    held = [change for change in changes if change]
    if not held:
        return ()
    fields = held[0].equal.fields if held[0].equal else ()
    within = [_equal_mix_column(fields)] if fields else []
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
        *within,
        Column(
            "q",
            form=PROBABILITY,
            of=_of_change(lambda change: change.like_for_like.q),
            meaning="false discovery rate",
        ),
    )


def _equal_mix_column(fields: Sequence[str]) -> Column:
    meaning = f"the same with the mix of {' and '.join(fields)} held equal, which q is of"
    return Column(
        "equal_mix", None, NUMBER, meaning, of=_of_change(lambda change: change.like_for_like.shown)
    )


def _of_change(value: Callable[[ShareChange], Any]) -> Callable[[Row], Any]:
    return lambda row: value(ShareChange.of(row["growth"])) if row["growth"] else None


class Grown(NamedTuple):
    """A subject, how its share changed, and its first terms."""

    name: str
    change: ShareChange
    terms: tuple[str, ...] = ()


def growth_findings(subjects: Sequence[Grown], noun: str = "subject") -> list[Finding]:
    """Each subject that grew or shrank, the surest first; or that none did.

    Where the mix of a field is held equal, that decides; those that only the mix may have moved are together.
    """
    if not subjects:
        return []
    first, moved = subjects[0].change, _moved(subjects)
    between = f"from {first.first} to {first.last}{_held_equal(first)}"
    found = []
    if moved.by_mix:
        named = [f"{name} {_in_all(change)}{_but(change)}" for name, change, _ in moved.by_mix]
        found.append(Finding("mix", f"In all documents, whose mix changed: {_first_few(named)}."))
    for name, change, terms in sorted((*moved.larger, *moved.smaller), key=_surest_first):
        decisive = change.like_for_like
        more = "Larger" if decisive.grew else "Smaller"
        said = f"{more} share of the documents {between}: {name} {_told(change)}."
        figures = (decisive.p, decisive.q, decisive.ratio, decisive.low, decisive.high)
        found.append(Finding("subject", said, *figures, words=terms))
    if not (moved.larger or moved.smaller):
        told_so = f"No {noun} has a larger or smaller share of the documents beyond chance {between}."
        found.append(Finding("none", told_so))
    return found


def told_of_growth(findings: Iterable[Finding], noun: str = "subject", *, flags: bool = True) -> list[str]:
    """Their sentences, of subjects those of the surest: a table beside them has all."""
    findings = list(findings)
    more = [finding for finding in findings if finding.kind == "subject"][_SAID:]
    shown = told((finding for finding in findings if finding not in more), flags=flags)
    beyond = f"{count_of(len(more), f'other {noun}')} moved, as the table shows."
    return [*shown, beyond] if more else shown


def growth_in_brief(subjects: Sequence[Grown]) -> Iterator[str]:
    """The same in rows for a first screen: how many times, without intervals."""
    if not subjects:
        return
    first, moved = subjects[0].change, _moved(subjects)
    yield printable(f"Share of the documents, {first.first} to {first.last}{_held_equal(first)}:")
    for more, rows in (("More", moved.larger), ("Less", moved.smaller)):
        named = [f"{name} {_in_brief(change.like_for_like)}" for name, change, _ in rows]
        yield printable(f"{more}: {_first_few(named) or 'none beyond chance'}.")
    if moved.by_mix:
        named = [f"{name} {_in_brief(change)}" for name, change, _ in moved.by_mix]
        yield printable(f"In all documents, as the mix changed: {_first_few(named)}.")


class _Moved(NamedTuple):
    """The subjects that changed, the surest first."""

    larger: list[Grown]
    smaller: list[Grown]
    by_mix: list[Grown]  # in all documents, and not with the mix held equal


def _moved(subjects: Sequence[Grown]) -> _Moved:
    moved = sorted((row for row in subjects if row.change.like_for_like.moved), key=_surest_first)
    by_mix = [row for row in subjects if row.change.moved and not row.change.like_for_like.moved]
    return _Moved(
        [row for row in moved if row.change.like_for_like.grew],
        [row for row in moved if not row.change.like_for_like.grew],
        sorted(by_mix, key=lambda row: -max(row.change.low, 1 / row.change.high)),
    )


def word_sentences(changes: Sequence[tuple[str, ShareChange]], *, brief: bool = False) -> Iterator[str]:
    """How the share of the documents with each word changed, beyond chance or not."""
    if changes:
        each = "; ".join(f"{word} {_told_of_word(change, brief=brief)}" for word, change in changes)
        yield printable(f"Words that were asked for{'' if brief else _held_equal(changes[0][1])}: {each}.")


def _told_of_word(change: ShareChange, *, brief: bool) -> str:
    decisive = change.like_for_like
    if not decisive.moved:
        return "about as many documents"
    return _in_brief(decisive) if brief else _told(change)


def _held_equal(change: ShareChange) -> str:
    return f", with the mix of {' and '.join(change.equal.fields)} held equal" if change.equal else ""


def _but(change: ShareChange) -> str:
    ratio = change.like_for_like.ratio
    return f" ({times(ratio)} with the mix equal)" if ratio else ""


def _first_few(named: Sequence[str]) -> str:
    more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{'; '.join(named[:_NAMED])}{more}"


def _surest_first(row: Grown) -> float:
    change = row.change.like_for_like
    return -max(change.low, 1 / change.high)


def _told(change: ShareChange) -> str:
    """By how much a share changed; with the mix held equal, then in all documents."""
    shares = f"{percent(change.share_first)} → {percent(change.share_last)}"
    if change.equal is None:
        return change.shown.replace(" (", f" ({shares}; 95 %: ", 1)
    return f"{change.equal.shown.replace(' (', ' (95 %: ', 1)[:-1]}; in all documents {_in_all(change)})"


def _in_brief(change: ShareChange) -> str:
    if change.ratio is None:
        return "new"
    return times(change.ratio) if change.ratio else "gone"


def _in_all(change: ShareChange) -> str:
    shares = f"{percent(change.share_first)} → {percent(change.share_last)}"
    return f"{shares}, {times(change.ratio)}" if change.ratio else shares


def percent(share: float) -> str:
    """A share in percent; small ones with a digit after the point.

    >>> percent(0.256), percent(0.0044), percent(0.0)
    ('26 %', '0.4 %', '0 %')
    """
    return f"{share:.1%}".replace("%", " %") if 0 < share < 0.1 else f"{share:.0%}".replace("%", " %")
