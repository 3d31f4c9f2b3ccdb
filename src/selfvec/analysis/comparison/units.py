"""Units of chance: which documents are one observation, because they came to their side together.

A test divides documents between the two sides by chance. That is how they came there only if each came by
itself. Three copies of a text, the mails of a thread or the speeches of a person come together; taken for
independent, they make words differ beyond chance that differ between any two threads. Documents that come
together are found by their sides: the values of a field, or near copies, lie whole on one side more often
than documents divided by chance do. If they do not, it makes no difference for the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints
from selfvec.base.display import count_of, printable
from selfvec.base.errors import OptionError
from selfvec.base.finding import Finding
from selfvec.corpus.fingerprints import hashes_of_words
from selfvec.data.field_types import coded
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import tail_p
from selfvec.text.copies import near_copies
from selfvec.text.kernels import NGRAM

from .comparison import DIFFERENT
from .mix import Coded

_MANY_COPIES = 0.2  # of the documents of a side
_EXACT = 0.9  # of the documents with a near copy have one with the same words
_TOGETHER = 0.05  # of the documents of a side share their value with others, or it hardly matters
_WHOLE = 0.5  # correlation of the sides of two documents of a group; 1 if all lie whole on a side
_DRAWS = 199  # random divisions: their p is .005 at least
_NESTED = 0.98  # correlation: a few documents may have a wrong value
LEAST_UNITS = 8  # on each side: between fewer, as between two speakers, nothing can be told from chance


class Whole(NamedTuple):
    """How groups of documents lie on the sides."""

    correlation: float  # of the sides of two documents of a group: 0 by chance, 1 if all lie whole on one
    p: float
    groups: int  # with two documents or more
    whole: int  # of these, how many lie on one side
    units: Ints  # (S,), groups on each side


def wholeness(groups: Ints | Ids, side: Ids) -> Whole | None:
    """How whole the groups, (D,), -1 for none, lie on two sides, (D,); None if hardly any has two documents.

    The pairs of documents of a group are counted that lie on the same side, each group with the weight of its
    documents, and so for random divisions of the documents (a join count; Moran, 1948).
    """
    used = np.flatnonzero((side >= 0) & (groups >= 0))
    _, number = np.unique(groups[used], return_inverse=True)
    sizes = np.bincount(number)
    several = sizes[number] > 1
    own = side[used]
    shares = [several[own == of].mean() for of in (0, 1) if (own == of).any()]
    if max(shares, default=0) < _TOGETHER or several.sum() < 2:
        return None
    weights = np.where(sizes > 1, 1 / np.maximum(sizes - 1, 1), 0.0)

    def together(sides: Ids) -> float:
        of_b = np.bincount(number, sides, minlength=len(sizes))
        of_a = sizes - of_b
        return float((of_a * (of_a - 1) + of_b * (of_b - 1)) @ weights)

    rng = np.random.default_rng(0)
    reached = together(own)
    drawn = np.array([together(rng.permutation(own)) for _ in range(_DRAWS)])
    most, usual = float(several.sum()), float(drawn.mean())
    of_b = np.bincount(number, own, minlength=len(sizes))
    large = sizes > 1
    correlation = (reached - usual) / max(most - usual, 1e-9)
    p = float(tail_p(np.array([reached]), drawn)[0])
    whole = large & ((of_b == 0) | (of_b == sizes))
    units = np.array([np.count_nonzero(of_b < sizes), np.count_nonzero(of_b > 0)])
    return Whole(correlation, p, int(large.sum()), int(whole.sum()), units)


def goes_with(groups: Ints, side: Ids) -> bool:
    """Whether the groups, (D,), mostly lie whole on one side, beyond chance."""
    lies = wholeness(groups, side)
    return lies is not None and lies.p <= DIFFERENT and lies.correlation >= _WHOLE


class Together(NamedTuple):
    """The documents that are one observation, and why."""

    unit: Ints  # (D,), the number of each document's unit
    findings: list[Finding]
    fields: tuple[str, ...] = ()
    nested: bool = False  # whether a field of a few values lies whole on the sides: nothing can be told


def units_of(
    fields: Sequence[Coded],
    side: Ids,  # (D,), 0 and 1, -1 for none
    names: Sequence[str],
    copies: Ints | None,  # (D,), equal for those that are one text; None if these do not go with the sides
) -> Together:
    """The units of the documents of two sides.

    They are those of the field that ties most documents together, if the values of one lie whole on a side.
    """
    unit: Ints = np.arange(len(side)) if copies is None else copies
    best: tuple[float, Coded, Whole] | None = None
    for field in fields:
        lies = wholeness(field.codes, side)
        least = _NESTED if field.in_time else _WHOLE
        if lies is None or lies.p > DIFFERENT or lies.correlation < least:
            continue
        if lies.units.min() < LEAST_UNITS:
            # A field of a few values with a mix on each side is held equal instead.
            if lies.correlation > _NESTED:
                return Together(unit, [_nested(field.name, lies, names)], (field.name,), nested=True)
        elif not field.few or lies.correlation > _NESTED:
            size = np.count_nonzero(field.codes[side >= 0] >= 0) / max(int(lies.units.sum()), 1)
            if best is None or size > best[0]:
                best = size, field, lies
    if best is None:
        return Together(unit, [])
    _, field, lies = best
    told = (
        f"{lies.whole:,} of the {lies.groups:,} values of {field.name} with several documents lie on one "
        f"side: documents with the same {field.name} are one observation."
    )
    said = Finding("unit", printable(told), p=lies.p, effect=lies.correlation)
    return Together(_joined(unit, field.codes), [said], (field.name,))


def asked_units(text: RunText, name: str, side: Ids, copies: Ints | None) -> Together:
    """The units of a field that was named: documents with the same value.

    `NotFound` without such a field, `OptionError` if it has no two values.
    """
    codes, values = coded([(value or "").strip() or None for value in text.field(name, "together")])
    if len(values) < 2:
        rule = f"is a field of several values, and {name!r} has {count_of(len(values), 'value')}"
        raise OptionError(rule, field="together", remedy="name another field")
    unit: Ints = np.arange(len(side)) if copies is None else copies
    told = f"Documents with the same {name} are one observation, as asked for"
    lacking = int(np.count_nonzero((side >= 0) & (codes < 0)))
    told += f"; {count_of(lacking, 'document has', 'documents have')} none" * bool(lacking)
    return Together(_joined(unit, codes), [Finding("unit", printable(f"{told}."))], (name,))


def _nested(name: str, lies: Whole, names: Sequence[str]) -> Finding:
    a, b = lies.units.tolist()
    whole = lies.whole == lies.groups
    told = (
        f"{name} and the two sides cannot be told apart: {names[0]} has {count_of(a, 'value')} of it and "
        f"{names[1]} {b:,}, {'none' if whole else 'hardly any'} of them both. What differs may be due to "
        "either, so no word is named."
    )
    return Finding("unit", printable(told), p=lies.p, effect=lies.correlation)


def _joined(unit: Ints, codes: Ids) -> Ints:
    """Units that also hold together what has the same code; a document without one, -1, is left as it is."""
    out = unit.copy()
    while True:
        # The smallest unit of each code, then of each unit, until nothing moves.
        before = out
        for groups in (codes, unit):
            used = np.flatnonzero(groups >= 0)
            _, number = np.unique(groups[used], return_inverse=True)
            least = np.full(int(number.max(initial=-1)) + 1, len(unit), np.int64)
            np.minimum.at(least, number, out[used])
            out = out.copy()
            out[used] = least[number]
        if np.array_equal(out, before):
            return out


# ---- Texts that occur several times


class Copies(NamedTuple):
    """Texts that occur several times, wholly or nearly, and mostly on one side."""

    clusters: list[list[int]]  # numbers of the documents that are one text
    shares: list[float]  # of the documents of a side that have another one there
    what: str

    def units(self, documents: int) -> Ints:
        """The number of each document's text, (D,)."""
        unit = np.arange(documents)
        for cluster in self.clusters:
            unit[cluster] = cluster[0]
        return unit

    def weights(self, side: Ids) -> Floats:
        """1 for the first document of each text on each side, and 0 for the others, (D,)."""
        weight = np.ones(len(side), np.float32)
        for cluster in map(np.array, self.clusters):
            weight[cluster] = 0
            weight[cluster[np.unique(side[cluster], return_index=True)[1]]] = 1
        return weight


def copies_of(batch: TokenBatch, side: Ids) -> Copies | None:
    """The copies among the documents of two sides; None if there are few, or as many as chance brings.

    Chance alone brings equal texts, as entries of a log, to both sides. Short ones are equal by chance.
    """
    numbers = near_copies(batch, side >= 0)
    short = np.flatnonzero(batch.lengths < NGRAM)
    numbers[short] = len(side) + short
    shares = []
    for own in (numbers[side == number] for number in (0, 1)):
        _, place, times = np.unique(own, return_inverse=True, return_counts=True)
        shares.append(float((times[place] > 1).mean()) if len(own) else 0.0)
    if max(shares) < _MANY_COPIES or not goes_with(numbers, side):
        return None
    used = np.flatnonzero(side >= 0)
    used = used[np.argsort(numbers[used], kind="stable")]
    clusters = [c for c in np.split(used, np.flatnonzero(np.diff(numbers[used])) + 1) if len(c) > 1]
    several = np.sort(np.concatenate(clusters))
    texts = batch.part(several)
    words = hashes_of_words(texts.ids, texts.offsets[:-1], texts.offsets[1:])
    _, place, times = np.unique(words, return_inverse=True, return_counts=True)
    exact = (times[place] > 1).mean() >= _EXACT
    return Copies([c.tolist() for c in clusters], shares, f"{'' if exact else 'nearly '}the same words")
