"""Fields of the documents that go with what is compared, and two sides with equal shares of their values.

If minutes are most of the new documents and few of the old, words differ between the two because minutes are
not speeches. Then documents are left out by chance until each value has the same share of the words on both
sides. What is left are whole documents, so random splits of them remain a valid test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyInts, Doubles, Ids, Ints, Mask
from selfvec.corpus.filters import coded_field
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.run_text import column_of
from selfvec.numerics.statistics import chi_square_p, hypergeometric_p

Row = dict[str, Any]

_VALUES = (20, 100)  # of a field: more than 20 only if each has about twenty documents
_DIFFERENCE = 0.1  # of the shares on both sides, at least, by words or by documents
_LEVEL = 0.01  # of p times the number of tests (Bonferroni)
_WITHIN = 10  # documents on each side of a value that a comparison can be restricted to
_FIELDS = 3  # held equal at once; values of more fields together have hardly any documents in common
_LEAST = 5  # documents that each side keeps, or the mix is not held equal
_KEPT = 0.1  # of the words of each side, likewise


def confounded_fields(run: Run, slices: Sequence[Slice]) -> list[Row]:
    """Fields whose values go with the two slices, the most uneven first.

    A row has the ``field``, the ``value`` that differs most, its shares ``share_a`` and ``share_b`` of the
    documents, and ``words_a`` and ``words_b`` of the words, ``p`` of the former and ``p_words`` of the
    latter, and ``within``: the value that most documents of both sides have, or None if hardly any has.
    Fields that only tell the date or the slice are none.
    """
    if run.text is None or run.tokens is None or len(slices) != 2:
        return []
    lengths = np.diff(run.tokens.offsets)
    tested: list[Row] = []
    most_uneven: list[Row] = []  # of each field
    for name, codes, values in _fields_of_few_values(run):
        used = np.unique(codes[slices[0].documents | slices[1].documents])
        if np.count_nonzero(used >= 0) < 2 or {part.name for part in slices} <= set(values):
            continue
        rows = _value_rows(name, values, codes, lengths, slices)
        tested += rows
        most_uneven.append(max(rows, key=lambda row: (_difference(row), row["share_b"])))
    tests = 2 * len(tested)
    certain = [row for row in most_uneven if min(row["p"], row["p_words"]) * tests <= _LEVEL]
    large = [row for row in certain if _difference(row) >= _DIFFERENCE]
    return sorted(large, key=_difference, reverse=True)


def _difference(row: Row) -> float:
    """Of the shares of the documents, or of the words if that is larger."""
    return max(abs(float(row[f"{of}_a"] - row[f"{of}_b"])) for of in ("share", "words"))


def _value_rows(
    name: str, values: Sequence[str], codes: Ids, lengths: Ints, slices: Sequence[Slice]
) -> list[Row]:
    """The values of a field, with their shares and p."""
    documents = np.ones(len(codes), np.int64)
    counts, words = (
        np.stack([_sums(codes, part.documents, weights, len(values)) for part in slices]).astype(np.int64)
        for weights in (documents, lengths)
    )
    totals = [int(part.documents.sum()) for part in slices]
    by_documents = hypergeometric_p(counts[1], counts.sum(axis=0), totals[1], sum(totals))
    by_words = _p_of_words(codes, lengths, slices, len(values))
    common = counts.min(axis=0)
    within = values[int(common.argmax())] if common.max() >= _WITHIN else None
    columns = {
        "value": values,
        "share_a": (counts[0] / max(totals[0], 1)).tolist(),
        "share_b": (counts[1] / max(totals[1], 1)).tolist(),
        "words_a": (words[0] / max(lengths[slices[0].documents].sum(), 1)).tolist(),
        "words_b": (words[1] / max(lengths[slices[1].documents].sum(), 1)).tolist(),
        "p": by_documents.tolist(),
        "p_words": by_words.tolist(),
    }
    rows = zip(*columns.values(), strict=True)
    return [{"field": name, **dict(zip(columns, row, strict=True)), "within": within} for row in rows]


def _sums(codes: Ids, documents: Mask, weights: AnyInts, values: int) -> Doubles:
    """The sums of the weights, (D,), of some documents with each value."""
    used = documents & (codes >= 0)
    return np.bincount(codes[used], weights[used], minlength=values).astype(np.float64)


def _p_of_words(codes: Ids, lengths: Ints, slices: Sequence[Slice], values: int) -> Doubles:
    """p of each value's shares of the words, if all documents were divided between the sides by chance.

    A share of words is a ratio of two sums over documents. Its difference between the sides is nearly that of
    the means of ``length · (has the value - share)``, whose variance over all divisions is known.
    """
    sides = [part.documents for part in slices]
    both = sides[0] | sides[1]
    share = _sums(codes, both, lengths, values) / max(lengths[both].sum(), 1)
    means = [
        (_sums(codes, side, lengths, values) - share * lengths[side].sum()) / max(side.sum(), 1)
        for side in sides
    ]
    squares = lengths**2
    # The terms of all documents add up to zero, so their variance is the mean of their squares.
    total = _sums(codes, both, squares, values) * (1 - 2 * share) + share**2 * squares[both].sum()
    variance = total / max(both.sum() - 1, 1)
    error = np.sqrt(variance * sum(1 / max(side.sum(), 1) for side in sides))
    difference = means[0] - means[1]
    return chi_square_p(np.divide(difference, error, out=np.zeros(values), where=error > 0))


def _fields_of_few_values(run: Run) -> Iterator[tuple[str, Ids, list[str]]]:
    """The fields of a few values that are no dates: their codes, (D,), and their values."""
    text, batch = run.require_text(), run.require_tokens()
    few, most = _VALUES
    limit = max(few, min(most, len(text) // few))
    for name in text.fields:
        if text.read((column_of(name),)).to_series().n_unique() <= limit + 1:  # null is one
            codes, values = coded_field(run, name)
            if 2 <= len(values) <= limit and not _tells_the_date(codes, batch.dates):
                yield name, codes, values


def _tells_the_date(codes: Ids, dates: Any) -> bool:
    """Whether the values follow each other in time, as years, volumes or chairs do.

    >>> days = np.array(["2001", "2003", "2002", "2004"], "datetime64[D]")
    >>> _tells_the_date(np.array([0, 1, 0, 1]), days), _tells_the_date(np.array([0, 0, 1, 1]), days)
    (True, False)
    """
    if dates is None:
        return False
    used = np.flatnonzero((codes >= 0) & ~np.isnat(dates))
    in_time = codes[used[np.lexsort((codes[used], dates[used]))]]
    return bool(np.count_nonzero(np.diff(in_time)) < len(np.unique(in_time)))


# ---- The mix held equal


def mix_held_equal(run: Run, slices: Sequence[Slice]) -> tuple[list[Row], list[str], list[Slice]]:
    """The `confounded_fields` of two slices, those to hold equal, and the slices with these held equal.

    So many are held equal that none goes with the slices any more; none if that cannot be done.
    """
    mix = confounded = confounded_fields(run, slices)
    fields: list[str] = []
    equal = list(slices)
    while len(fields) < _FIELDS:
        # What differs between the sides after one field is equal may be due to the fields that go with it.
        field = next((row["field"] for row in confounded if row["field"] not in fields), None)
        tried = None if field is None else equal_mix(run, slices, [*fields, field])
        if field is None or tried is None:
            break
        fields.append(field)
        equal, confounded = tried, confounded_fields(run, tried)
    return mix, fields, equal


def equal_mix(run: Run, slices: Sequence[Slice], fields: Sequence[str], seed: int = 0) -> list[Slice] | None:
    """So many documents of each slice that all values of some fields have the same shares of its words.

    None if hardly anything would be left.
    """
    lengths = np.diff(run.require_tokens().offsets)
    groups = value_groups(run, fields)
    number = int(groups.max()) + 1
    words = np.stack([_sums(groups, part.documents, lengths, number) for part in slices])
    rng = np.random.default_rng(seed)
    drawn = [
        replace(part, documents=_drawn(groups, part.documents, lengths, most, rng))
        for part, most in zip(slices, _kept_words(words), strict=True)
    ]
    for part, whole in zip(drawn, slices, strict=True):
        kept, every = (int(lengths[of.documents].sum()) for of in (part, whole))
        if part.documents.sum() < _LEAST or kept < _KEPT * every:
            return None
    return drawn


def value_groups(run: Run, fields: Sequence[str]) -> Ids:
    """The number of each document's combination of values, (D,); without a field is a value of its own."""
    codes = np.zeros(run.require_tokens().documents, np.int64)
    for field in fields:
        own, values = coded_field(run, field)
        codes = codes * (len(values) + 1) + own + 1
    return np.unique(codes, return_inverse=True)[1].astype(np.int32)


def _kept_words(words: Doubles) -> Doubles:
    """How many words of each value are kept on each side, (2, k), so that the shares are the same.

    If side b keeps ``ratio`` times as many words as side a, each value keeps what both have. The ratio is the
    one that makes a difference of the sides most certain: the sum of the inverse sizes is the smallest.

    >>> _kept_words(np.array([[100.0, 300.0], [300.0, 100.0]])).tolist()
    [[100.0, 100.0], [100.0, 100.0]]
    >>> _kept_words(np.array([[100.0, 50.0, 9.0], [1000.0, 500.0, 0.0]])).tolist()
    [[100.0, 50.0, 0.0], [1000.0, 500.0, 0.0]]
    """
    both = words.min(axis=0) > 0
    if not both.any():
        return np.zeros_like(words)
    # Between two of these ratios the best is at an end. The sides' own ratio is kept unless it costs much.
    ratios = words[1, both] / words[0, both]
    ratios = np.append(words[1, both].sum() / words[0, both].sum(), ratios)
    of_a = np.minimum(words[0], words[1] / ratios[:, None])
    sizes = of_a.sum(axis=1)
    uncertain = 1 / sizes + 1 / (ratios * sizes)
    best = int(np.argmax(uncertain <= 1.25 * uncertain.min()))
    return np.stack([of_a[best], of_a[best] * ratios[best]])


def _drawn(codes: Ids, documents: Mask, lengths: Ints, wanted: Doubles, rng: np.random.Generator) -> Mask:
    """Random documents with about the wanted words of each value, (D,) bool."""
    order = rng.permutation(np.flatnonzero(documents & (codes >= 0)))
    order = order[np.argsort(codes[order], kind="stable")]
    ends = np.cumsum(lengths[order])
    own = codes[order]
    first = np.concatenate(([True], own[1:] != own[:-1])) if len(own) else np.zeros(0, bool)
    begun = np.maximum.accumulate(np.where(first, ends - lengths[order], 0))
    # A document stays if at least half of it is wanted.
    chosen = np.zeros_like(documents)
    chosen[order[ends - begun - lengths[order] / 2 <= wanted[own] + 1e-9]] = True
    return chosen
