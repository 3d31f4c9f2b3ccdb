"""Fields of the documents that go with what is compared, and two sides with equal shares of their values.

If minutes are most of the new documents and few of the old, words differ between the two because minutes are
not speeches. Then some documents of a side weigh nothing where it has too many of a value, until each value
has the same share of the words on both sides. What is left are whole documents, so random splits of them
remain a valid test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.answer import Json, as_rows
from selfvec.base.arrays import Doubles, Floats, Ids, Ints, Mask
from selfvec.corpus.slices import parse_span, tells_the_date
from selfvec.data.field_types import coded
from selfvec.data.run_text import RunText, column_of
from selfvec.numerics.statistics import chi_square_p, hypergeometric_p

from .comparison import DIFFERENT

_VALUES = (20, 100)  # of a field: more than 20 only if each has about twenty documents
_OF_TIME = {"period", "epoch", "era", "phase", "wave", "slice", "time", "when"}  # names of such a field
_SHARED = 0.025  # of the documents share their value with another, or the field is a name of each
_DIFFERENCE = 0.1  # of the shares on both sides, at least, by words or by documents
_WITHIN = 10  # documents on each side of a value that a comparison can be restricted to
_FIELDS = 3  # held equal at once; values of more fields together have hardly any documents in common
_LEAST = 5  # documents that each side keeps, or the mix is not held equal
_KEPT = 0.1  # of the words of each side, likewise


class Coded(NamedTuple):
    """A field of D documents."""

    name: str
    codes: Ids  # (D,), the number of each document's value, -1 for none
    values: list[str]
    few: bool  # values, so that a mix of them can be held equal
    in_time: bool = False  # whether the values follow each other, as editors do


def coded_fields(
    text: RunText | None, dates: Any, side: Ids, names: Sequence[str], corpus: Mapping[str, Any]
) -> list[Coded]:
    """The fields whose values several documents share and that may tell two sides apart.

    Values that differ by case alone are one. None are the fields that the text and its dates are from, those
    that only name the sides, a few numbers that tell the date, as years do, and subdivisions of the field
    whose values are compared.
    """
    if text is None:
        return []
    read_from = {corpus.get("date_field"), *(corpus.get("text_fields") or ())}
    few, most = _VALUES
    limit = max(few, min(most, len(text) // few))
    fields = []
    read: dict[str, tuple[Ids, list[str]]] = {}
    for name in text.fields:
        column = text.read((column_of(name),)).to_series()
        shared = 2 <= column.n_unique() <= max(len(text) * (1 - _SHARED), limit) + 1  # null is one
        if shared and name not in read_from:
            read[name] = _in_any_case(*coded(column.to_list()))
    compared = [(name, codes) for name, (codes, values) in read.items() if {*names} <= {*values}]
    for name, (codes, values) in read.items():
        used = np.unique(codes[side >= 0])
        if (
            np.count_nonzero(used >= 0) < 2
            or names_the_sides(codes, side, names)
            or any(_divides(name, codes, *whole) for whole in compared)
        ):
            continue
        is_few = len(values) <= limit
        in_time = is_few and tells_the_date(codes, dates)
        numbers = all(any(map(str.isdigit, value)) for value in values)
        if not (in_time and (numbers or name.lower() in _OF_TIME)):
            fields.append(Coded(name, codes, values, is_few and not in_time, in_time))
    return fields


def _in_any_case(codes: Ids, values: Sequence[str]) -> tuple[Ids, list[str]]:
    """The same with values that differ by case alone as one, by the first of them.

    >>> _in_any_case(np.array([0, -1, 1, 2]), ["sport", "Sport", "news"])
    (array([ 0, -1,  0,  1], dtype=int32), ['sport', 'news'])
    """
    first: dict[str, str] = {}
    folded, _ = coded([first.setdefault(value.casefold(), value) for value in values])
    return np.append(folded, np.int32(-1))[codes], [*first.values()]


def _divides(part: str, finer: Ids, whole: str, codes: Ids) -> bool:
    """Whether a field divides the values of another, as *offence_sub* those of *offence*: so says its name.

    >>> finer, codes = np.array([0, 1, 2, 0]), np.array([0, 0, 1, 0])
    >>> _divides("offence_sub", finer, "offence", codes), _divides("speaker", finer, "offence", codes)
    (True, False)
    """
    letters = iter(part.casefold())
    pairs = np.unique(np.stack([finer, codes])[:, finer >= 0], axis=1)
    return all(letter in letters for letter in whole.casefold()) and len(pairs.T) == len(np.unique(pairs[0]))


def names_the_sides(codes: Ids, side: Ids, names: Sequence[str]) -> bool:
    """Whether a field calls the sides by other names."""
    if all(parse_span(name) for name in names):
        return False  # periods have no names
    of_each = [np.unique(codes[side == number]) for number in (0, 1)]
    return all(len(of) == 1 for of in of_each) and of_each[0][0] != of_each[1][0]


def confounded_fields(fields: Sequence[Coded], lengths: Ints, side: Ids, weight: Floats) -> list[Json]:
    """Fields of few values that go with the two sides, the most uneven first; ``lengths`` are words, (D,).

    A row has the ``field``, the ``value`` that differs most, its shares ``share_a`` and ``share_b`` of the
    documents, and ``words_a`` and ``words_b`` of the words, ``p`` of the former and ``p_words`` of the
    latter, and ``within``: the value that most documents of both sides have, or None if hardly any has.
    """
    tested: list[Json] = []
    most_uneven: list[Json] = []  # of each field
    for name, codes, values, few, _ in fields:
        if few and np.count_nonzero(np.unique(codes[side >= 0]) >= 0) > 1:
            rows = _value_rows(name, values, codes, lengths, side, weight)
            tested += rows
            most_uneven.append(max(rows, key=lambda row: (_difference(row), row["share_b"])))
    tests = 2 * len(tested)
    # Bonferroni, as many values of many fields are tested.
    certain = [row for row in most_uneven if min(row["p"], row["p_words"]) * tests <= DIFFERENT]
    large = [row for row in certain if _difference(row) >= _DIFFERENCE]
    return sorted(large, key=_difference, reverse=True)


def _difference(row: Json) -> float:
    """Of the shares of the documents, or of the words if that is larger."""
    return max(abs(float(row[f"{of}_a"] - row[f"{of}_b"])) for of in ("share", "words"))


def _value_rows(
    name: str, values: Sequence[str], codes: Ids, lengths: Ints, side: Ids, weight: Floats
) -> list[Json]:
    """The values of a field, with their shares and p."""
    own = [np.where(side == number, weight, 0).astype(np.float64) for number in (0, 1)]
    counts, words = (
        np.stack([_sums(codes, each * of, len(values)) for each in own]) for of in (1.0, lengths)
    )
    totals = [int(each.sum()) for each in own]
    of_words = [float(each @ lengths) for each in own]
    documents = counts.astype(np.int64)  # each of them weighs 1, or nothing
    by_documents = hypergeometric_p(documents[1], documents.sum(axis=0), totals[1], sum(totals))
    by_words = _p_of_words(codes, lengths, own, len(values))
    common = counts.min(axis=0)
    within = values[int(common.argmax())] if common.max() >= _WITHIN else None
    return as_rows(
        {
            "field": [name] * len(values),
            "value": values,
            "share_a": counts[0] / max(totals[0], 1),
            "share_b": counts[1] / max(totals[1], 1),
            "words_a": words[0] / max(of_words[0], 1),
            "words_b": words[1] / max(of_words[1], 1),
            "p": by_documents,
            "p_words": by_words,
            "within": [within] * len(values),
        }
    )


def _sums(codes: Ids, weights: Doubles, values: int) -> Doubles:
    """The sums of the weights, (D,), of the documents with each value."""
    used = codes >= 0
    return np.bincount(codes[used], weights[used], minlength=values).astype(np.float64)


def _p_of_words(codes: Ids, lengths: Ints, own: Sequence[Doubles], values: int) -> Doubles:
    """p of each value's shares of the words, if all documents were divided between the sides by chance.

    A share of words is a ratio of two sums over documents. Its difference between the sides is nearly that of
    the means of ``length · (has the value - share)``, whose variance over all divisions is known. ``own`` are
    the weights of the documents on either side, (D,).
    """
    both = own[0] + own[1]
    share = _sums(codes, both * lengths, values) / max(float(both @ lengths), 1)
    means = [
        (_sums(codes, each * lengths, values) - share * (each @ lengths)) / max(float(each.sum()), 1)
        for each in own
    ]
    squares = lengths.astype(np.float64) ** 2
    # The terms of all documents add up to zero, so their variance is the mean of their squares.
    total = _sums(codes, both * squares, values) * (1 - 2 * share) + share**2 * (both @ squares)
    variance = total / max(float(both.sum()) - 1, 1)
    error = np.sqrt(variance * sum(1 / max(float(each.sum()), 1) for each in own))
    difference = means[0] - means[1]
    return chi_square_p(np.divide(difference, error, out=np.zeros(values), where=error > 0))


# ---- The mix held equal


def mix_held_equal(
    fields: Sequence[Coded], lengths: Ints, side: Ids, weight: Floats
) -> tuple[list[Json], list[str], Floats]:
    """The `confounded_fields` of two sides, those to hold equal, and the weights with these held equal.

    So many are held equal that none goes with the sides any more; none if that cannot be done.
    """
    mix = confounded = confounded_fields(fields, lengths, side, weight)
    held: list[str] = []
    equal = weight
    while len(held) < _FIELDS:
        # What differs between the sides after one field is equal may be due to the fields that go with it.
        field = next((row["field"] for row in confounded if row["field"] not in held), None)
        tried = None
        if field is not None:
            tried = equal_mix(value_groups(fields, [*held, field], len(side)), lengths, side, weight)
        if field is None or tried is None:
            break
        held.append(field)
        equal = tried
        confounded = confounded_fields(fields, lengths, np.where(equal > 0, side, -1), equal)
    return mix, held, equal


def equal_mix(groups: Ids, lengths: Ints, side: Ids, weight: Floats) -> Floats | None:
    """Weights with which all groups have the same shares of the words of both sides, (D,).

    Of the documents of a group that a side has too many of, some weigh 0. None if hardly anything would be
    left. (Smaller weights for all of these would leave out nothing, but then a division by chance is no
    model of the sides: of words that do not change, .6 to 1 % had p ≤ .05 where the sides differ in size.)
    """
    rng = np.random.default_rng(0)
    number = int(groups.max()) + 1
    own = [(np.where(side == of, weight, 0) * lengths).astype(np.float64) for of in (0, 1)]
    words = np.stack([_sums(groups, each, number) for each in own])
    made = weight.copy()
    for of, wanted in enumerate(_kept_words(words)):
        mine = side == of
        made[mine & ~_drawn(groups, own[of], wanted, rng)] = 0
        kept = made[mine].astype(np.float64)
        if kept.sum() < _LEAST or kept @ lengths[mine] < _KEPT * own[of].sum():
            return None
    return made


def _drawn(codes: Ids, words: Doubles, wanted: Doubles, rng: np.random.Generator) -> Mask:
    """Random documents with about the wanted words of each value, (D,) bool; ``words`` are theirs, (D,)."""
    order = rng.permutation(np.flatnonzero(words > 0))
    order = order[np.argsort(codes[order], kind="stable")]
    ends = np.cumsum(words[order])
    own = codes[order]
    first = np.concatenate(([True], own[1:] != own[:-1])) if len(own) else np.zeros(0, bool)
    begun = np.maximum.accumulate(np.where(first, ends - words[order], 0))
    # A document stays if at least half of it is wanted.
    chosen = np.zeros(len(words), bool)
    chosen[order[ends - begun - words[order] / 2 <= wanted[own] + 1e-9]] = True
    return chosen


def value_groups(fields: Sequence[Coded], names: Sequence[str], documents: int) -> Ids:
    """The number of each document's combination of values, (D,); without a field is a value of its own."""
    codes = np.zeros(documents, np.int64)
    for field in fields:
        if field.name in names:
            codes = codes * (len(field.values) + 1) + field.codes + 1
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
