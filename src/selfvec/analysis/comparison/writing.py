"""How two sides are written: which figures of documents tell them apart whatever they are about.

Each figure is tested by itself, among all: its correlation with the sides, and the largest of any figure with
the sides permuted (Westfall and Young, 1993). One is said if few permutations have any as large, if documents
of both sides are often in the right order, and if it is larger to a reader.

What a document is about brings its own words and figures, and so does its length. So figures are compared
as if both sides had the same subjects and lengths: what these tell of figures and of sides is taken out.

One cause shows in many figures: capitals change strings and beginnings, too. So the plainest of the strongest
is said, taken out of the texts of both sides, and all is measured again. What is said then is also true of
the texts as they stand, and has their figures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from selfvec.analysis.comparison.comparison import DIFFERENT
from selfvec.base.arrays import Array, Doubles, Ints, Mask
from selfvec.base.finding import Finding
from selfvec.base.threads import one_core
from selfvec.text.languages import STOP_WORDS, stop_words_of_language

from .recurring import NewPassage, is_same, new_passages
from .writing_features import ACCENT, Column, Edit, Texts, numbered

SENTENCES = 3
"""What is said at most: sides with more causes are two kinds of text."""

_LEAST = 0.1  # by which documents are in the right order more often than by chance
_AS_CLEAR = 0.1  # below the largest of these: the plainer of two is said
_PERMUTATIONS = 300  # the least p is 1 / 301, below the level of .01
_MOST_CHARACTERS = 1_000_000  # that are read: of longer texts, fewer tell as much
_SUBJECTS = 20  # directions in which documents of a side differ most
_FEWEST = 10  # rows for a subject, and on a side
_CUT, _CUT_AT = 0.2, 50  # share of the documents that are cut off, and the fewest characters
_LARGER = {  # by kind: how many times as large, and by how much larger, a figure of one side is
    **{"strings": (1.3, 0.2), "lines": (1.3, 0.4), "misspelt": (2, 0.005)},
    **{"sentences": (1.3, 0), "length": (1.5, 0), "function": (1.1, 0.05), "words": (3, 0.002)},
}
_EQUAL = {"strings": 0, "length": 1, "sentences": 1}  # what is held equal, if not subjects and lengths
_ONE_SIDED = 0.2  # of what a side has, the other has at most
_LISTED = 3  # figures of a kind
_PLAIN = (
    *("script", "strings", "misspelt", "accents", "digits", "function", "sentences", "case"),
    *("punctuation", "length", "breaks", "lines", "signs", "words"),
)  # kinds of columns: those before bring those after them along
_FINAL = ("script", "misspelt")  # with which nothing else is as it would be


def writing(
    a: Sequence[str],
    b: Sequence[str],
    names: Sequence[str],
    *,
    language: str | None = None,
    units: tuple[Ints, Ints] | None = None,
    mended: tuple[Sequence[str], Sequence[str]] | None = None,
    days: tuple[Array | None, Array | None] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """How the texts of two sides are written differently: a finding for each cause, three at most.

    Parameters
    ----------
    a, b : sequence of str
        Samples of the documents of each side.
    names : sequence of str
        The sides' names.
    language : str, optional
        The code of the language of both, which tells the function words.
    units : tuple of (D,) arrays of int, optional
        Numbers of the documents; those with one number are one observation. By default equal texts are.
    mended : tuple of sequence of str, optional
        The same documents without what is said elsewhere.
    days : tuple of (D,) arrays of datetime64, optional
        The days of the documents, which tell since when a passage is there.
    seed : int
        Of permutations.
    """
    if list(a) > list(b):  # so that nothing depends on which side comes first
        units, mended, days = (units and units[::-1]), (mended and mended[::-1]), (days and days[::-1])
        return writing(b, a, names[::-1], language=language, units=units, mended=mended, days=days, seed=seed)
    every, sides = [*a, *b], np.repeat([False, True], [len(a), len(b)])
    numbers = numbered(pl.Series(every))[1] if units is None else np.concatenate(units)
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(rng.random(len(every)) < _MOST_CHARACTERS / max(sum(map(len, every)), 1))
    sides, numbers = sides[kept], np.unique(numbers[kept], return_inverse=True)[1]
    rows = _Rows.of(numbers, sides, seed)
    if min(np.count_nonzero(rows.sides), np.count_nonzero(~rows.sides)) < _FEWEST:
        return []
    function_words = stop_words_of_language(language) if language in STOP_WORDS else ()

    def differing(texts: Sequence[str]) -> _Differing:
        return _differing(Texts(texts, numbers), rows, sides, function_words)

    def read(whole: Sequence[str]) -> list[str]:
        return _cut_alike([whole[i] for i in kept.tolist()], sides)

    def held(texts: list[str]) -> list[NewPassage]:
        return new_passages(Texts(texts, numbers).batch, sides, numbers)

    said: list[_Difference] = []
    with one_core():
        whole = read(every)
        differ = standing = differing(whole)
        left = whole if mended is None else read([*mended[0], *mended[1]])
        passages = held(left)
        texts = _without(left, [edit for passage in passages for edit in passage.edits])
        if standing and texts != whole:
            differ = differing(texts)
        findings: list[Finding] = []
        while len(findings) < SENTENCES and (told := _told(standing, differ, said)):
            findings.append(_finding(told, names))
            said += told
            if told[0].column.kind in _FINAL:
                break
            texts = _without(texts, [edit for of in told for edit in of.column.edits])
            differ = differing(texts)
        if passages and said:  # those that nothing else brings about
            left = _without(left, [edit for of in said for edit in of.column.edits])
            stay = [] if said[0].column.kind in _FINAL else held(left)
            passages = [of for of in passages if any(is_same(of.documents, each.documents) for each in stay)]
    dates = [of for of in days or () if of is not None]
    dated = np.concatenate(dates)[kept] if len(dates) == 2 else None
    return [*(of.finding(whole, names, dated) for of in passages[:SENTENCES]), *findings]


def _cut_alike(texts: list[str], sides: Mask) -> list[str]:
    """The texts, those of both sides cut off where many of one are, which is said elsewhere."""
    lengths = np.array([len(text) for text in texts], np.int64)
    endless = (lengths >= _CUT_AT) & np.array([text[-1:].isalnum() for text in texts], bool)
    for side in (sides, ~sides):
        counts = np.bincount(lengths[side & endless], minlength=1)
        if counts.max() >= max(_CUT * np.count_nonzero(side), 2):
            return [text[: int(counts.argmax())] for text in texts]
    return texts


def _without(texts: list[str], edits: Sequence[Edit]) -> list[str]:
    """The texts of both sides without what is said."""
    if not edits:
        return texts
    out = pl.Series(texts, dtype=pl.String)
    for pattern, replacement in edits:
        if pattern == ACCENT:
            out = out.str.normalize("NFD")
        out = out.str.replace_all(pattern, replacement) if pattern else out.str.to_lowercase()
    return out.str.replace_all(r" +([.,;:!?]|$| )", "$1").str.strip_chars().to_list()


# ---- What is said


@dataclass(frozen=True)
class _Difference:
    """A column that tells the sides apart."""

    column: Column
    clear: float  # by how much more often than half a document of the second side has more
    p: float
    figures: tuple[float, float]  # see `Column.figure`

    @property
    def order(self) -> tuple[bool, int, float]:
        """What one side hardly has is plainest, then the kind, then what differs most."""
        low, high = sorted(self.figures)
        return low > _ONE_SIDED * high, _PLAIN.index(self.column.kind), low - high


_Differing = dict[tuple[str, str, str], _Difference]


def _told(standing: _Differing, differ: _Differing, said: Sequence[_Difference]) -> list[_Difference]:
    """The plainest of the strongest differences that are left, and all of its kind, as the texts stand."""
    left = {key: of.clear for key, of in differ.items() if key in standing and standing[key] not in said}
    left = {key: clear for key, clear in left.items() if clear * standing[key].clear > 0}
    enough = max(map(abs, left.values()), default=0) - _AS_CLEAR
    every = sorted((standing[key] for key in left), key=lambda of: of.order)
    first = next((of for of in every if abs(left[of.column.key]) >= enough), None)
    if first is None:
        return []
    kind = first.order[:2], first.column.what
    return [of for of in every if (of.order[:2], of.column.what) == kind]


def _finding(told: Sequence[_Difference], names: Sequence[str]) -> Finding:
    first, column = told[0], told[0].column
    less, more = sorted((0, 1), key=first.figures.__getitem__)
    form = ".0f" if not column.of else ".0%" if column.of == "documents" else ".1%"
    figures = [(f"{of.figures[more]:{form}}", f"{of.figures[less]:{form}}", of.column.label) for of in told]
    (high, low, label), *others = figures[:_LISTED]
    says = f"{names[more]} has longer {column.what}: in the median {high} words, not {low}"
    if column.of:
        says = f"{high} of the {column.of} of {names[more]} and {low} of {names[less]} {column.what} {label}"
    listed = [f"{high} and {low} {label}" for high, low, label in others]
    says = ", ".join([says.rstrip(), *listed, *["and more"] * (len(told) > _LISTED)]) + "."
    words = tuple(each.column.label.strip("“”") for each in told if column.kind == "words")
    effect = first.figures[more] - first.figures[less]
    return Finding("writing", says, p=first.p, effect=effect, words=words)


# ---- What differs


def _differing(texts: Texts, rows: _Rows, sides: Mask, function_words: Collection[str]) -> _Differing:
    """The columns that tell the sides apart, beyond chance among all and visibly."""
    columns = texts.columns(function_words)
    length = rows.means(np.log1p(texts.words)[:, None])
    subjects = _subjects(texts, rows, function_words)
    # Strings are of no subject, and what many documents have would be one of its own.
    values = length, subjects, np.column_stack([subjects, length])
    equal_to = [_Given.of(each, rows) for each in values]
    which = np.array([_EQUAL.get(column.kind, 2) for column in columns])
    compared = rows.means(np.column_stack([column.compared for column in columns]))
    fits = np.zeros((len(columns), rows.labels.shape[1]))
    for number, given in enumerate(equal_to):
        own = which == number
        compared[:, own] = given.taken_out(compared[:, own])
        fits[own] = np.abs(compared[:, own].T @ given.labels)
    p = (1 + (fits[:, 1:].max(axis=0) >= fits[:, :1]).sum(axis=1)) / fits.shape[1]
    out = {}
    for i in np.flatnonzero(p <= DIFFERENT).tolist():
        column, clear = columns[i], _larger(compared[:, i], rows.sides) - 0.5
        a, b = column.figure(~sides), column.figure(sides)
        low, high = sorted((a, b))
        times, more = _LARGER.get(column.kind, (1.3, 0.002))
        if abs(clear) >= _LEAST and clear * (b - a) > 0 and high >= times * low and high - low >= more:
            out[column.key] = _Difference(column, clear, float(p[i]), (a, b))
    return out


def _subjects(texts: Texts, rows: _Rows, function_words: Collection[str]) -> Doubles:
    """The subject of each row: where it is in the directions in which those of a side differ most, (R, c)."""
    words = rows.means(texts.content(function_words))
    inside = rows.within(words)
    number = min(_SUBJECTS, len(words) // _FEWEST, words.shape[1])
    # The largest singular vectors by subspace iteration (Halko, Martinsson and Tropp, 2011).
    basis = np.random.default_rng(0).standard_normal((words.shape[1], number + 5))
    for _ in range(4):
        basis, _ = np.linalg.qr(inside.T @ (inside @ basis))
    out: Doubles = words @ basis[:, :number]
    return out


@dataclass(frozen=True)
class _Rows:
    """The observations: the documents of a unit on one side."""

    of_document: Ints  # (D,)
    sizes: Ints  # (R,)
    sides: Mask  # (R,)
    labels: Doubles  # (R, 1 + permutations): ±1, the sides and the sides permuted

    @classmethod
    def of(cls, units: Ints, sides: Mask, seed: int) -> _Rows:
        rng = np.random.default_rng(seed)
        pairs, rows, sizes = np.unique(2 * units + sides, return_inverse=True, return_counts=True)
        own = pairs % 2 == 1
        labels = np.column_stack([own, *(rng.permutation(own) for _ in range(_PERMUTATIONS))])
        return cls(rows, sizes, own, 2.0 * labels - 1)

    def means(self, values: Doubles) -> Doubles:
        """The mean of the documents of each row, (R, k)."""
        order = np.argsort(self.of_document, kind="stable")
        sums: Doubles = np.add.reduceat(values[order], np.cumsum(self.sizes) - self.sizes)
        return sums / self.sizes[:, None]

    def within(self, values: Doubles) -> Doubles:
        """The values less the mean of their side."""
        out = values.copy()
        for side in (self.sides, ~self.sides):
            out[side] -= values[side].mean(axis=0)
        return out


@dataclass(frozen=True)
class _Given:
    """What rows are compared at equal values of."""

    basis: Doubles  # (R, c + 1), orthonormal, of these and a constant
    labels: Doubles  # (R, 1 + permutations), what these do not tell of the sides

    @classmethod
    def of(cls, values: Doubles, rows: _Rows) -> _Given:
        basis, _ = np.linalg.qr(np.column_stack([np.ones(len(values)), values]))
        given = cls(basis, rows.labels)
        return replace(given, labels=given.taken_out(rows.labels))

    def taken_out(self, values: Doubles) -> Doubles:
        """Columns, (R, k), less what these do to them, as unit vectors.

        Figures and sides are treated alike, so that p is right in small samples as well.
        """
        own = values - self.basis @ (self.basis.T @ values)
        out: Doubles = own / np.maximum(np.linalg.norm(own, axis=0), 1e-9)
        return out


def _larger(values: Doubles, sides: Mask) -> float:
    """The probability that a value of the second side is larger than one of the first, ties being half.

    >>> _larger(np.array([1.0, 2.0, 2.0, 2.0, 3.0, 4.0]), np.arange(6) >= 3)
    0.8888888888888888
    """
    different, place = np.unique(values, return_inverse=True)
    own, other = (np.bincount(place[side], minlength=len(different)) for side in (~sides, sides))
    below = np.cumsum(own) - own / 2  # of the first side, for each value
    return float(other @ below / (own.sum() * other.sum()))
