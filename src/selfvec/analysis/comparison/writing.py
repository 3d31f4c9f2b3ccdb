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
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.base.threads import one_core
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.text.language_recognition import recognised_language
from selfvec.text.languages import STOP_WORDS, stop_words_of_language

from .finding import Finding
from .writing_features import END, MARKS, MASKS, TOUCHING, Family, Texts, content, families

SENTENCES = 3
"""What is said at most: sides with more causes are two kinds of text."""

_LEAST, _LEVEL = 0.6, 0.01  # how often documents are in the right order, and p
_CERTAIN = 3.0  # deviations by which a column differs
_AS_CLEAR = 0.1  # below the largest probability: the plainer of two explanations is said
_PERMUTATIONS, _FOLDS = 300, 5
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


@dataclass(frozen=True)
class _Cause:
    """What is said of a family, and what takes it out: edits of the texts, and families that it explains."""

    says: str
    effect: float
    edits: tuple[tuple[str, str], ...] = ()  # patterns and replacements; without a pattern, small letters
    explains: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    plain: float | None = None  # its place among causes, if it is not that of its family


@dataclass(frozen=True)
class _Shown:
    """A family that tells the sides apart: its columns from the clearest, and both sides' figures."""

    texts: Texts
    family: Family
    sides: Mask  # (D,)
    names: tuple[str, str]
    clear: Doubles  # (k,), by how much more often than half one side has more
    figures: Doubles  # (2, k), means of the sides, or medians of lengths
    order: list[int]  # columns that differ beyond chance

    def of(self, column: int) -> dict[str, Any]:
        """The sides of a column by what they have of it."""
        (low, less), (high, more) = sorted(zip(self.figures[:, column].tolist(), self.names, strict=True))
        return {"low": low, "less": less, "high": high, "more": more, "label": self.family.labels[column]}

    def larger(self, ratio: float, least: float = 0.0, clear: float = 0.0) -> list[int]:
        """The columns of which one side has so much more, from the clearest."""
        low, high = np.sort(self.figures, axis=0)
        large = (high >= ratio * low) & (high - low >= least) & (self.clear >= clear)
        return [column for column in self.order if large[column]]

    def cause(self, column: int, says: str, **others: Any) -> _Cause:
        """A cause whose sentence has the figures of a column."""
        sides = self.of(column)
        return _Cause(says.format(**sides), sides["high"] - sides["low"], **others)


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
) -> tuple[_Cause, float] | None:
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
    places = {name: place for place, name in enumerate(_CAUSES)}
    candidates = []
    for i in np.flatnonzero((clear >= _LEAST) & (p <= _LEVEL)).tolist():
        shown = _shown(texts, every[i], given[i].taken_out(compared[i]), rows, sides, names)
        cause = _CAUSES[every[i].name](shown)
        if cause is not None:
            place = places[every[i].name] if cause.plain is None else cause.plain
            candidates.append((place, clear[i], p[i], cause))
    enough = max((one[1] for one in candidates), default=1.0) - _AS_CLEAR
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
) -> _Shown:
    apart = np.array([_larger(column, rows.sides) for column in compared.T]) - 0.5
    middle = np.median if family.name in _LENGTHS else np.mean
    figures = np.array([middle(family.values[side], axis=0) for side in (~sides, sides)])
    sizes = [int(np.count_nonzero(side)) for side in (rows.sides, ~rows.sides)]
    certain = np.abs(apart) >= _CERTAIN * math.sqrt((sum(sizes) + 1) / (12 * math.prod(sizes)))
    true = apart * (figures[1] - figures[0]) > 0  # what is said is also true of the figures as they are
    order = [i for i in np.argsort(-np.abs(apart), kind="stable").tolist() if certain[i] and true[i]]
    return _Shown(texts, family, sides, names, np.abs(apart), figures, order)


# ---- What is said

_IN_DOCUMENTS = 0.2  # by which shares of the documents differ
_FORMULAIC = 0.4  # the same of passages and words: a new subject has its phrases, too
_ALIKE = 0.95  # of the documents that have both of two passages, or neither
_ALWAYS = 0.8  # of the times of a passage that a word is beside it
_LONGEST, _PASSAGE = 60, 8  # words of a passage, and of those that are said
_MISREAD = 1.2  # times the share of the words of one document that are near a common one
_NO_PUNCTUATION = 0.005  # of the characters
_CAPITALS, _TITLES = 0.3, 0.5  # of the letters, and of the words with an initial capital
# Places among causes: strings of digits before digits, no punctuation before long sentences, and single
# function words and a few capitals more after what may bring them along.
_FIGURES, _GONE, _LESS_PLAIN = 4.5, 7.5, 20
_IN = "{high:.0%} of the documents of {more} and {low:.0%} of {less}"
_OF_CHARACTERS = "({high:.1%} of the characters, {low:.1%} in {less})"
_OF_LETTERS = "({high:.1%} of the letters, {low:.1%} in {less})"
_OF_WORDS = "({high:.1%} of the words, {low:.1%} in {less})"
_CASES = ("capitals", "words with an initial capital", "words in capitals", "words with capitals inside")
_NUMBERS = (r"\b\d{1,3}(?:[.,]\d{1,3})+\b", "1000")
_SEPARATE = (r"(\p{Ll}{2}[.!?])(\p{Lu})", "$1 $2")
_ENTITIES = (
    *(("&(?:#39|apos);", "'"), ("&quot;", '"'), ("&amp;", "&"), ("&nbsp;", " ")),
    (r"&#?\w{1,8};", ""),
)
_WITHOUT_MASKS = (("[*_#=~|]{2,}", ""), (rf"[-/]?(?:{MASKS})[-/]?", " "), (r"\s+([.,;:!?])", "$1"))
_OF_SPELLING = ("damage", "word lengths", "endings")  # families that words change which are written otherwise


def _one(says: str, ratio: float, least: float = 0.0, **others: Any) -> Callable[[_Shown], _Cause | None]:
    """The cause of a family by its first column."""

    def cause(shown: _Shown) -> _Cause | None:
        return shown.cause(0, says, **others) if 0 in shown.larger(ratio, least) else None

    return cause


def _passages(shown: _Shown) -> _Cause | None:
    """The passage that tells most, if both of its halves or three words in a row do.

    Otherwise one word took the place of another.
    """
    texts, columns = shown.texts, shown.larger(1, _FORMULAIC)

    def tells(words: Ints) -> bool:
        has = texts.documents_with(words)
        return abs(float(has[shown.sides].mean() - has[~shown.sides].mean())) >= _FORMULAIC

    for column in columns:
        passage = _whole_passage(texts, int(shown.family.labels[column]))
        own = [tells(word) for word in passage[:, None]]
        words = [texts.name(word) for word in passage.tolist()]
        formula = any(map(all, zip(own, own[1:], own[2:], strict=False)))
        formula = formula or all(map(tells, np.array_split(passage, 2)))
        if formula and words[0] not in ("http", "https", "www"):
            has = shown.family.values
            alike = [i for i in columns if np.mean(has[:, i] == has[:, column]) >= _ALIKE]
            starts = (int(shown.family.labels[i]) for i in alike)
            edits = {_pattern_of(texts, _whole_passage(texts, start)): "" for start in starts}
            label = " ".join(words[:_PASSAGE]) + " …" * (len(words) > _PASSAGE)
            says = f"The passage “{label}” is in {_IN}."
            return shown.cause(column, says, edits=tuple(edits.items()), words=tuple(words[:_PASSAGE]))
    return None


def _whole_passage(texts: Texts, start: int, length: int = 4) -> Ints:
    """The words of a passage, with those before and after it that nearly always are there."""
    passage: list[int] = texts.ids[start : start + length].tolist()
    at = texts.places_of(np.array(passage))
    for step, place in ((1, at + length), (-1, at - 1)):
        while len(passage) < _LONGEST:
            inside = (place >= 0) & (place < len(texts.ids))
            inside[inside] = texts.word_document[place[inside]] == texts.word_document[at[inside]]
            counts = np.bincount(texts.ids[place[inside]], minlength=1)
            if counts.max() < _ALWAYS * len(at):
                break
            passage.insert(len(passage) if step > 0 else 0, int(counts.argmax()))
            place = place + step
    return np.array(passage)


def _pattern_of(texts: Texts, passage: Ints) -> str:
    words = (re.escape(texts.name(word)).replace("'", "['’]") for word in passage.tolist())
    return r"(?i)\b" + r"\W+".join(words) + r"\b[.!?:;,]*\s*"


def _marks(shown: _Shown) -> _Cause | None:
    for column in shown.larger(1, _IN_DOCUMENTS):
        label = shown.family.labels[column]
        edit = _SEPARATE if label == TOUCHING else (MARKS[label][0], MARKS[label][1])
        if label.startswith("numbers with"):
            edit = _NUMBERS  # the other side may have another mark
        return shown.cause(column, f"{_IN} have {{label}}.", edits=(edit,))
    return None


def _masks(shown: _Shown) -> _Cause | None:
    for column in shown.larger(1, _IN_DOCUMENTS):
        entity = shown.family.labels[column][0] == "&"
        edits, explains = (_ENTITIES, ()) if entity else (_WITHOUT_MASKS, ("function words",))
        return shown.cause(column, f"“{{label}}” is in {_IN}.", edits=edits, explains=explains)
    return None


def _damage(shown: _Shown) -> _Cause | None:
    alone, misspelt, halves = range(3)
    near = shown.figures[:, misspelt] / np.maximum(shown.figures[:, alone], 1e-9)
    for column in shown.larger(1.5, 0.003):
        if column == halves:
            says = "{more} breaks words: {high:.1%} of its words end in a hyphen or are halves of words, "
            says += "{low:.1%} in {less}."
            edits = ((r"(\pL)[-‐\x{AD}]\s+(\pL)", "$1$2"),)
            return shown.cause(halves, says, edits=edits, explains=_OF_SPELLING)
        # Where more of the words that one side has alone are near a common one, they are no names.
        more = int(shown.figures[:, misspelt].argmax())
        names = near[more] < _MISREAD * near[1 - more] or shown.of(alone)["more"] != shown.names[more]
        if column == misspelt and alone in shown.larger(1.3) and not names:
            says = "{high:.0%} of the words of {more} are in no other document, {low:.0%} of {less}, "
            says += "as if misread or mistyped."
            also = ("digits", "shapes", "function words", "passages", "ends")
            return shown.cause(alone, says, explains=(*_OF_SPELLING, *also))
    return None


def _function_words(shown: _Shown) -> _Cause | None:
    """All of them together, or those that differ most."""
    if 0 in shown.larger(1.1, 0.08):
        says = "{more} has more function words ({high:.0%} of the words, {low:.0%} in {less})."
        edits = (_any_of(shown.family.labels[1:]),)
        return shown.cause(0, says, edits=edits, explains=("function words", *_OF_SPELLING))
    columns = [column for column in shown.larger(1.3, 0.002, 0.06) if column]
    if not columns:
        return None
    told, words = _several(shown, columns, f"“{{label}}” {_OF_WORDS}")
    says = f"{{more}} uses {told} more often."
    others = {"explains": ("function words",), "words": words, "plain": _LESS_PLAIN + 1}
    return shown.cause(columns[0], says, edits=(_any_of(words),), **others)


def _any_of(words: Sequence[str]) -> tuple[str, str]:
    """An edit that leaves some words out."""
    return rf"(?i)\b(?:{'|'.join(map(re.escape, words))})\b\s*", ""


def _several(shown: _Shown, columns: Sequence[int], figures: str) -> tuple[str, tuple[str, ...]]:
    """The figures of up to three columns of which the same side has more, as a list; and their labels.

    The list is part of what is formatted, so that braces in it are doubled.
    """
    more = shown.of(columns[0])["more"]
    rows = [row for row in map(shown.of, columns) if row["more"] == more][:3]
    told = [figures.format(**row).replace("{", "{{").replace("}", "}}") for row in rows]
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    return listed, tuple(row["label"] for row in rows)


def _case(shown: _Shown) -> _Cause | None:
    columns = shown.larger(1.5, 0.005)
    if not columns:
        return None
    (capitals, initial), apart = map(shown.of, (0, 1)), np.ptp(shown.figures, axis=0)
    column, plain = 0, None
    if initial["high"] >= _TITLES and apart[1] >= max(0.2, apart[2]):
        column, says = 1, "{more} writes most words with an initial capital "
        says += "({high:.0%} of the words, {low:.0%} in {less})."
    elif capitals["high"] >= _CAPITALS:
        says = "{more} is written in capitals ({high:.0%} of the letters, {low:.0%} in {less})."
    elif capitals["low"] <= 0.1 * capitals["high"]:
        says = "{less} is written without capitals ({low:.1%} of the letters, {high:.1%} in {more})."
    else:
        whole = 2 in columns and shown.clear[2] >= shown.clear[columns[0]] - _AS_CLEAR
        column, plain = 2 if whole else columns[0], _LESS_PLAIN
        says = f"{{more}} has more {_CASES[column]} {_OF_WORDS if column else _OF_LETTERS}."
    return shown.cause(column, says, edits=(("", ""),), explains=("case",), plain=plain)


def _punctuation(shown: _Shown) -> _Cause | None:
    if not shown.larger(1.3, 0.005):
        return None
    gone = shown.of(0)["low"] <= _NO_PUNCTUATION
    says = f"{{more}} has more punctuation {_OF_CHARACTERS}."
    if gone:
        says = "{less} has less punctuation ({low:.1%} of the characters, {high:.1%} in {more})."
    others = {
        "explains": ("punctuation", "characters", "shapes", "sentences"),
        "plain": _GONE if gone else None,
    }
    return shown.cause(0, says, edits=(("['’]", ""), (r"\pP", " ")), **others)


def _ends(shown: _Shown) -> _Cause | None:
    words = [column for column in shown.larger(1, _FORMULAIC) if " with “" in shown.family.labels[column]]
    for column in shown.larger(1, _IN_DOCUMENTS):
        where, _, word = shown.family.labels[column].removesuffix("”").partition(" with “")
        says, pattern = f"{_IN} {{label}}.", rf"(?i)\b{re.escape(word)}\W*$"
        if not word:
            also = ("characters", "sentences", "shapes") if where.startswith("end") else ()
            return shown.cause(column, says, explains=("ends", *also))
        # Where the other side has another word there, one took the place of the other.
        more = {shown.of(other)["more"] for other in words if shown.family.labels[other].startswith(where)}
        if column in words and len(more) == 1:
            pattern = rf"(?i)^\W*{re.escape(word)}\b[.,:;!]*\s*" if where == "begin" else pattern
            return shown.cause(column, says, edits=((pattern, ""),), explains=("ends",))
    return None


def _characters(shown: _Shown) -> _Cause | None:
    columns = shown.larger(1.5, 0.001, 0.08)
    if not columns:
        return None
    told, labels = _several(shown, columns, f"{{label}} {_OF_CHARACTERS}")
    more = shown.of(columns[0])["more"]
    others = [row for row in map(shown.of, columns) if row["less"] == more][:1]  # that it writes them for
    for row in others:
        told += (
            ", and less {label} ({low:.1%}, {high:.1%})".format(**row).replace("{", "{{").replace("}", "}}")
        )
        labels = (*labels, row["label"])
    signs = "".join(label[1] for label in labels if label[0] == "“")
    ends = ("ends", "sentences") if any(sign in END for sign in signs) else ()
    return shown.cause(
        columns[0],
        f"{{more}} has more {told}.",
        edits=((f"[{re.escape(signs)}]", ""),) if signs else (),
        explains=("characters", "shapes", "punctuation", *ends),
    )


def _shapes(shown: _Shown) -> _Cause | None:
    for column in shown.larger(1, _IN_DOCUMENTS):
        label = shown.family.labels[column]
        if not pl.Series([label]).str.contains(_SEPARATE[0]).item():  # no sentences that touch
            # Dates and times are plainer than the digits that they consist of.
            figures = re.search(r"\d", label) and not re.search(r"[^\W\d_]", label)
            plain = _FIGURES if figures and column in shown.larger(1, _FORMULAIC) else None
            says, edits = f"Strings such as “{{label}}” are in {_IN}.", ((_pattern_of_shape(label), " "),)
            return shown.cause(column, says, edits=edits, plain=plain)
    return None


def _pattern_of_shape(example: str) -> str:
    """A pattern of all strings between blanks that have the shape of one."""
    runs = re.findall(r"[^\W\d_]+|\d+|.", example)
    parts = (r"\pL+" if run[0].isalpha() else r"\pN+" if run[0].isdigit() else re.escape(run) for run in runs)
    return rf"(?:^|\s){''.join(parts)}(?:\s|$)"


def _endings(shown: _Shown) -> _Cause | None:
    columns = shown.larger(1.5, 0.005, 0.1)
    if not columns:
        return None
    told, _ = _several(shown, columns, f"-{{label}} {_OF_WORDS}")
    says = f"{{more}} has more words that end in {told}."
    return shown.cause(columns[0], says, explains=("function words", *_OF_SPELLING))


# The plainest first.
_CAUSES: dict[str, Callable[[_Shown], _Cause | None]] = {
    "passages": _passages,
    "marks": _marks,
    "masks": _masks,
    "damage": _damage,
    "accents": _one(
        f"{{more}} has more letters with accents {_OF_LETTERS}.",
        1.5,
        0.002,
        explains=("accents", "function words", *_OF_SPELLING),
    ),
    "digits": _one(
        f"{{more}} has more digits {_OF_CHARACTERS}.",
        1.5,
        0.004,
        edits=((r"\pN+", ""),),
        explains=("digits", "shapes", "function words", *_OF_SPELLING),
    ),
    "function words": _function_words,
    "case": _case,
    "sentences": _one(
        "{more} has longer sentences: in the median {high:.0f} words, not {low:.0f}.",
        1.3,
        edits=((r"[.!?…。！？,;:]", ""),),
        explains=("sentences", "shapes", "case"),
    ),
    "punctuation": _punctuation,
    "length": _one(
        "{more} has longer documents: in the median {high:.0f} words, not {low:.0f}.",
        1.5,
        explains=("length",),
    ),
    "ends": _ends,
    "characters": _characters,
    "shapes": _shapes,
    "endings": _endings,
    "word lengths": _one(
        "{more} has longer words: on average {high:.1f} letters, not {low:.1f}.",
        1.08,
        explains=("word lengths", "endings"),
    ),
}
