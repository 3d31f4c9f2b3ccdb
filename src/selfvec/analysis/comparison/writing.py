"""How two sides are written, tested as a whole: what tells documents apart whatever they are about.

Figures of documents come in families: capitals, digits, sentences, function words and so on. A linear
classifier (ridge, on ±1) is trained on each family and tested on documents that it has not seen: a classifier
two-sample test (Lopez-Paz and Oquab, 2017). Its scores are linear in the labels, so that all permutations of
the sides share one factorisation. A family tells the sides apart if few permutations have a family that does
so as clearly (Westfall and Young, 1993), and if documents of both are often in the right order.

What a document is about brings its own words and figures, and so does its length. So figures are compared
as if both sides had the same subjects and lengths: what these do to them within each side is taken out.

One cause shows in many figures: capitals change strings and beginnings, too. So the plainest of the strongest
explanations is said, taken out of the texts of both sides, and all is measured again.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from selfvec.analysis.comparison.comparison import DIFFERENT
from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.base.finding import Finding
from selfvec.base.threads import one_core
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.text.language_recognition import recognised_language
from selfvec.text.languages import STOP_WORDS, stop_words_of_language

from .writing_causes import AS_CLEAR, CAUSES, Cause, Shown
from .writing_features import Family, Texts, content, families

SENTENCES = 3
"""What is said at most: sides with more causes are two kinds of text."""

_LEAST = 0.6  # how often documents are in the right order
_CERTAIN = 3.0  # deviations by which a column differs
_PERMUTATIONS, _FOLDS = 300, 5  # the least p is 1 / 301, below the level of .01
_RIDGE = 0.3  # of the rows
_MOST_CHARACTERS = 1_000_000  # that are read: of longer texts, fewer tell as much
_SUBJECTS = 20  # directions in which documents of a side differ most
_FEWEST = 10  # rows for a subject, and on a side
_SURELY = 0.001  # p of words that came or went: of 5,000 that did not, five have it by chance
_MOVED = 200  # words that differ most: those that are written otherwise are no longer or shorter words
_CUT, _CUT_AT = 0.2, 50  # share of the documents that are cut off, and the fewest characters
_READ = 300  # words that tell the language
_WRITTEN = ("marks", "masks", "passages")  # strings, of which no subject has more
_LENGTHS = ("length", "sentences")


def writing(
    a: Sequence[str],
    b: Sequence[str],
    names: tuple[str, str],
    *,
    language: str | None = None,
    units: tuple[Ints, Ints] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """How the texts of two sides are written differently: a finding for each cause, three at most.

    Parameters
    ----------
    a, b : sequence of str
        Samples of the documents of each side.
    names : tuple of str
        The sides' names.
    language : str, optional
        The code of the language of both, which tells the function words.
    units : tuple of (D,) arrays of int, optional
        Numbers of the documents; those with one number are one observation. By default equal texts are.
    seed : int
        Of permutations and folds.
    """
    if list(a) > list(b):  # so that nothing depends on which side comes first
        swapped = None if units is None else units[::-1]
        return writing(b, a, names[::-1], language=language, units=swapped, seed=seed)
    every, sides = [*a, *b], np.repeat([False, True], [len(a), len(b)])
    numbers = _equal_texts(every) if units is None else np.concatenate(units)
    kept = np.random.default_rng(seed).random(len(every)) < _MOST_CHARACTERS / max(sum(map(len, every)), 1)
    sides, numbers = sides[kept], np.unique(numbers[kept], return_inverse=True)[1]
    texts = _cut_alike([text for text, keep in zip(every, kept.tolist(), strict=True) if keep], sides)
    rows = _Rows.of(numbers, sides, seed)
    if min(np.count_nonzero(rows.sides), np.count_nonzero(~rows.sides)) < _FEWEST:
        return []
    function_words = stop_words_of_language(language) if language in STOP_WORDS else ()
    explained: set[str] = set()
    findings: list[Finding] = []
    with one_core():
        while len(findings) < SENTENCES:
            read = Texts(texts, numbers)
            if not findings and _in_two_languages(read, sides):
                break
            found = _strongest(read, rows, sides, function_words, names, explained)
            if found is None:
                break
            cause, p = found
            findings.append(Finding("writing", cause.says, p=p, effect=cause.effect, words=cause.words))
            explained.update(cause.explains)
            texts = _without(read.series, cause.edits)
    return findings


def _equal_texts(texts: Sequence[str]) -> Ints:
    places: dict[str, int] = {}
    return np.array([places.setdefault(text, len(places)) for text in texts], np.int64)


def _cut_alike(texts: list[str], sides: Mask) -> list[str]:
    """The texts, those of both sides cut off where many of one are, which is said elsewhere."""
    lengths = np.array([len(text) for text in texts], np.int64)
    endless = (lengths >= _CUT_AT) & np.array([text[-1:].isalnum() for text in texts], bool)
    for side in (sides, ~sides):
        counts = np.bincount(lengths[side & endless], minlength=1)
        if counts.max() >= max(_CUT * np.count_nonzero(side), 2):
            return [text[: int(counts.argmax())] for text in texts]
    return texts


def _in_two_languages(texts: Texts, sides: Mask) -> bool:
    codes = []
    for side in (sides, ~sides):
        counts = np.bincount(texts.ids[side[texts.word_document]], minlength=len(texts.types))
        often = np.argsort(-counts, kind="stable")[:_READ].tolist()
        codes.append(recognised_language((texts.name(word), int(counts[word])) for word in often))
    return None not in codes and codes[0] != codes[1]


def _without(texts: pl.Series, edits: Sequence[tuple[str, str]]) -> list[str]:
    for pattern, replacement in edits:
        texts = texts.str.replace_all(pattern, replacement) if pattern else texts.str.to_lowercase()
    return texts.str.replace_all(" {2,}", " ").str.strip_chars().to_list()


def _strongest(
    texts: Texts,
    rows: _Rows,
    sides: Mask,
    function_words: Collection[str],
    names: tuple[str, str],
    explained: Collection[str],
) -> tuple[Cause, float] | None:
    """The plainest of the strongest explanations and its p; None if nothing tells the sides apart."""
    every = families(texts, function_words, _moved(texts, sides))
    every = [family for family in every if family.labels and family.name not in explained]
    subjects, length = _subjects(texts, rows, function_words), rows.means(np.log1p(texts.words)[:, None])
    # A passage that a third of the documents have would be a subject of its own.
    none, some, both = (
        _Given.of(values, rows) for values in (length[:, :0], subjects, np.column_stack([subjects, length]))
    )
    given = [none if one.name in _WRITTEN else some if one.name in _LENGTHS else both for one in every]
    compared = [rows.means(family.compared) for family in every]
    clear, p = _tested(compared, given, rows)
    places = {name: place for place, name in enumerate(CAUSES)}
    candidates = []
    for i in np.flatnonzero((clear >= _LEAST) & (p <= DIFFERENT)).tolist():
        shown = _shown(texts, every[i], given[i].taken_out(compared[i]), rows, sides, names)
        cause = CAUSES[every[i].name](shown)
        if cause is not None:
            place = places[every[i].name] if cause.plain is None else cause.plain
            candidates.append((place, clear[i], p[i], cause))
    enough = max((one[1] for one in candidates), default=1.0) - AS_CLEAR
    strong = (one for one in candidates if one[1] >= enough)
    best = min(strong, key=lambda one: one[0], default=None)
    return None if best is None else (best[3], float(best[2]))


def _moved(texts: Texts, sides: Mask) -> Ints:
    """The words that surely came or went, those whose shares of the documents differ most.

    Of words that differ by chance none is left out: a small side would lose those that it has.
    """
    counts, sizes = [], []
    for side in (sides, ~sides):
        own = side[texts.word_document]
        counts.append(texts.units_with(texts.ids[own], texts.word_document[own], len(texts.types)))
        sizes.append(max(len(np.unique(texts.units[side])), 1))
    shares = np.stack(counts) / np.array(sizes)[:, None]
    most = np.argsort(-np.abs(shares[1] - shares[0]), kind="stable")[: 10 * _MOVED]
    of_both = (counts[0] + counts[1])[most].astype(np.int64)
    p = hypergeometric_p(counts[1][most].astype(np.int64), of_both, sizes[1], sum(sizes))
    return most[p <= _SURELY][:_MOVED]


def _subjects(texts: Texts, rows: _Rows, function_words: Collection[str]) -> Doubles:
    """The subject of each row: where it is in the directions in which those of a side differ most, (R, c)."""
    words = rows.means(content(texts, function_words))
    inside = rows.within(words)
    number = min(_SUBJECTS, len(words) // _FEWEST, words.shape[1])
    # The largest singular vectors by subspace iteration (Halko, Martinsson and Tropp, 2011).
    basis = np.random.default_rng(0).standard_normal((words.shape[1], number + 5))
    for _ in range(4):
        basis, _ = np.linalg.qr(inside.T @ (inside @ basis))
    out: Doubles = words @ basis[:, :number]
    return out


# ---- The test


@dataclass(frozen=True)
class _Rows:
    """The observations: the documents of a unit on one side."""

    of_document: Ints  # (D,)
    sizes: Ints  # (R,)
    sides: Mask  # (R,)
    folds: Ints  # (R,)
    labels: Doubles  # (R, 1 + permutations): ±1, the sides and the sides permuted

    @classmethod
    def of(cls, units: Ints, sides: Mask, seed: int) -> _Rows:
        rng = np.random.default_rng(seed)
        pairs, rows, sizes = np.unique(2 * units + sides, return_inverse=True, return_counts=True)
        own = pairs % 2 == 1
        folds = (rng.permutation(int(units.max(initial=0)) + 1) % _FOLDS)[pairs // 2]
        labels = np.column_stack([own, *(rng.permutation(own) for _ in range(_PERMUTATIONS))])
        return cls(rows, sizes, own, folds, 2.0 * labels - 1)

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

    values: Doubles  # (R, c)
    basis: Doubles  # (R, c + 1), orthonormal, of these and a constant
    labels: Doubles  # (R, 1 + permutations), what these do not tell of the sides
    rows: _Rows

    @classmethod
    def of(cls, values: Doubles, rows: _Rows) -> _Given:
        basis, _ = np.linalg.qr(np.column_stack([np.ones(len(values)), values]))
        return cls(values - values.mean(axis=0), basis, rows.labels - basis @ (basis.T @ rows.labels), rows)

    def correlations(self, scores: Doubles) -> Doubles:
        """The partial correlation of scores and sides, for the true ones and each permutation.

        Both are treated alike, so that p is right in small samples as well.
        """
        own = scores - self.basis @ (self.basis.T @ scores)
        lengths = np.linalg.norm(own, axis=0) * np.linalg.norm(self.labels, axis=0)
        out: Doubles = np.einsum("ij,ij->j", own, self.labels) / np.maximum(lengths, 1e-12)
        return out

    def taken_out(self, values: Doubles) -> Doubles:
        """Values, (R, k), less what these do to them within a side (analysis of covariance)."""
        inside = self.rows.within(self.values)
        moment = inside.T @ inside
        moment[np.diag_indices_from(moment)] += 1e-6 * np.trace(moment) + 1e-12
        out: Doubles = values - self.values @ np.linalg.solve(moment, inside.T @ self.rows.within(values))
        return out


def _tested(compared: Sequence[Doubles], given: Sequence[_Given], rows: _Rows) -> tuple[Doubles, Doubles]:
    """How often scores put two documents of both sides in the right order, and p among all families."""
    clear, fits = [], []
    for values, equal in zip(compared, given, strict=True):
        scores = _scores(values, rows)
        clear.append(_larger(equal.taken_out(scores[:, :1])[:, 0], rows.sides))
        fits.append(equal.correlations(scores))
    fit = np.array(fits)
    fit = (fit - fit.mean(axis=1, keepdims=True)) / np.maximum(fit.std(axis=1, keepdims=True), 1e-12)
    best = fit[:, 1:].max(axis=0)
    return np.array(clear), (1 + (best >= fit[:, :1]).sum(axis=1)) / (1 + len(best))


def _scores(values: Doubles, rows: _Rows) -> Doubles:
    """The score of each row, from a classifier of the other folds, for the sides and each permutation."""
    spread = values.std(axis=0)
    scaled = (values - values.mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]
    out = np.zeros(rows.labels.shape)
    for fold in range(_FOLDS):
        test = rows.folds == fold
        known, wanted = scaled[~test], rows.labels[~test]
        moment = known.T @ known
        moment[np.diag_indices_from(moment)] += _RIDGE * len(known)
        scores = scaled[test] @ np.linalg.solve(moment, known.T @ (wanted - wanted.mean(axis=0)))
        out[test] = scores - scores.mean(axis=0) if len(scores) else scores
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


def _shown(
    texts: Texts, family: Family, compared: Doubles, rows: _Rows, sides: Mask, names: tuple[str, str]
) -> Shown:
    apart = np.array([_larger(column, rows.sides) for column in compared.T]) - 0.5
    middle = np.median if family.name in _LENGTHS else np.mean
    figures = np.array([middle(family.values[side], axis=0) for side in (~sides, sides)])
    sizes = [int(np.count_nonzero(side)) for side in (rows.sides, ~rows.sides)]
    certain = np.abs(apart) >= _CERTAIN * math.sqrt((sum(sizes) + 1) / (12 * math.prod(sizes)))
    true = apart * (figures[1] - figures[0]) > 0  # what is said is also true of the figures as they are
    order = [i for i in np.argsort(-np.abs(apart), kind="stable").tolist() if certain[i] and true[i]]
    return Shown(texts, family, sides, names, np.abs(apart), figures, order)
