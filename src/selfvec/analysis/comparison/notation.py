"""How the documents of two sides are written: capitals, digits, lengths, repetitions, languages, formulas.

Documents are the observations. A difference counts if it is large, and beyond chance by the rank sum test
(Mann and Whitney, 1947) over a sample of the documents, with Bonferroni's correction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Doubles, Hashes, Ids, Ints, Mask
from selfvec.base.threads import at_once
from selfvec.corpus.fingerprints import hashes_of_words
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.run_text import GROUP, TEXT
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import chi_square_p, hypergeometric_p
from selfvec.text.kernels import NGRAM
from selfvec.text.language_recognition import IN_PART, other_languages, recognised_language
from selfvec.text.languages import STOP_WORDS, stop_words_of_language
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.repeats import tokens_by_document

from .joined import joined_tokens
from .variant_pairs import written_apart

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]

SAMPLED = 2_000  # documents of a side: p of what is large is small enough, in a fraction of a second
_GROUPS = 16  # of rows, that are decoded to read them
_LEVEL = 0.01  # of p times the number of measures
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio, odd: it spreads numbers in a row
_APART = 0.1  # by which the probability that one document has more than another differs from a half


@dataclass(frozen=True)
class _Measure:
    """A figure of a document. With ``ratio``, medians are compared, otherwise means."""

    name: str
    least: float  # difference, or ratio, that matters to a reader
    ratio: bool = False
    few: tuple[float, float] = (np.inf, np.inf)  # so does a smaller difference of means if the ratio is large


REPEATED = "repeated passages"
COPIES = "the same words as another one"
FUNCTION_WORDS = "function words"
_MANY_COPIES = 0.1  # of the documents
CUT = "one and the same length and no end of a sentence, as if cut off"
_ENDLESS = r"[^.!?。！？…\p{Pe}\p{Pf}\p{Pi}\"'\s]\s*$"  # no end of a sentence, bracket or quotation
_LONG = 50  # characters of a text that is cut off: titles and labels are shorter
_LINKED = r"(?:https?://|www\.)\S+"
_USER = r"(?:^|\s)@\w+"
_COMMA = "numbers with a comma before three digits, as in 1,000"
_POINT = "numbers with a point before three digits, as in 1.000"
_MARKS = {  # that documents have or lack
    "links": _LINKED,
    "names of users such as @name": _USER,
    _COMMA: r"\b[1-9]\d{0,2}(?:,\d{3})+\b",
    _POINT: r"\b[1-9]\d{0,2}(?:\.\d{3})+\b",
    "emoji": r"[\x{1F300}-\x{1FAFF}\x{2600}-\x{27BF}]",
    "headings that end with a colon": r"(?m)(?:^|[.!?;] )[ \t]*\p{Lu}[\p{L} ]{1,30}:\s",
    "sentences without a blank between them": r"\p{Ll}{2}[.!?]\p{Lu}\p{Ll}",
}
MEASURES = (
    *(_Measure(name, 0.2) for name in _MARKS),
    # Share of the words that are not counted, since they are counted elsewhere; before what it brings along,
    # such as the digits and the short sentences of a form.
    _Measure(REPEATED, 0.05),
    _Measure(COPIES, _MANY_COPIES),
    _Measure(CUT, 0.2),
    # Share of the letters: names and acronyms alone differ by less. Without capitals there are hardly any.
    _Measure("capitals", 0.1, few=(0.01, 10)),
    _Measure("digits", 0.05, few=(0.004, 2)),  # share of the characters: a text with numbers in words has few
    _Measure("punctuation", 0.05),
    _Measure(FUNCTION_WORDS, 0.1),  # share of the words; notes and telegrams leave them out
    _Measure("words in a document", 2, ratio=True),
    _Measure("words in a sentence", 1.5, ratio=True),
)


def sampled(part: Slice, seed: int = 0) -> Ints:
    """The numbers of some documents of a slice, in order. Few row groups are decoded for them."""
    rng = np.random.default_rng(seed)
    numbers = np.flatnonzero(part.documents)
    groups = np.unique(numbers // GROUP)
    if len(groups) > _GROUPS:
        numbers = numbers[np.isin(numbers // GROUP, rng.choice(groups, _GROUPS, replace=False))]
    return np.sort(rng.choice(numbers, min(SAMPLED, len(numbers)), replace=False))


class Sample(NamedTuple):
    """Some documents of a side: as words, and as they are written, if that is known."""

    tokens: TokenBatch
    texts: pl.DataFrame | None
    keys: Hashes  # of all documents of the side, see `copy_keys`
    elsewhere: Doubles | None = None  # share of each document's words that is counted in another one

    @classmethod
    def of(cls, run: Run, part: Slice, alike: TokenBatch) -> Sample:
        """Documents of a slice; copies have the same words in ``alike``, where variants are one word."""
        numbers = sampled(part)
        tokens = run.require_tokens().part(numbers)
        texts = None if run.text is None else run.text.read((TEXT,), numbers.tolist())
        elsewhere = None if texts is None else _counted_elsewhere(run, tokens, texts)
        return cls(tokens, texts, copy_keys(alike, part.documents), elsewhere)


def _counted_elsewhere(run: Run, tokens: TokenBatch, texts: pl.DataFrame) -> Doubles | None:
    """The share of each document's words that is counted in another document, with the passage they are of.

    The texts are read anew. What else is left out, such as stop words, is not in the vocabulary.
    """
    repeats = run.provenance.repeats
    if not repeats or repeats["counted"] != "once" or not repeats["tokens"]:
        return None
    rules = replace(Preprocessing.of(run.provenance), stop_words=None)
    read = encode_texts(texts[TEXT].fill_null("").to_list(), rules, run.vectors)
    vocabulary = set(tokens.types)
    known = np.array([word in vocabulary for word in read.types], bool)
    written = tokens_by_document(known[read.ids], read)
    return np.maximum(written - np.diff(tokens.offsets), 0) / np.maximum(written, 1)


def copy_keys(batch: TokenBatch, chosen: Mask | slice = slice(None)) -> Hashes:
    """A number of each of the n chosen documents, (D,) bool, equal for the same words in a row; (n,).

    Those shorter than a passage that refining counts once have one of their own: they are alike by chance.
    """
    keys = hashes_of_words(batch.ids, batch.offsets[:-1][chosen], batch.offsets[1:][chosen])
    short = np.diff(batch.offsets)[chosen] < NGRAM
    keys[short] = np.arange(np.count_nonzero(short), dtype=np.uint64)
    return keys


def without_copies(run: Run, part: Slice) -> Slice:
    """A slice with the first of its documents that have the same words in a row."""
    numbers = np.flatnonzero(part.documents)
    _, first = np.unique(copy_keys(run.require_tokens(), part.documents), return_index=True)
    documents = np.zeros_like(part.documents)
    documents[numbers[first]] = True
    return replace(part, documents=documents)


def with_equals(keys: Hashes) -> Doubles:
    """1 for each key that another one is equal to, otherwise 0.

    >>> with_equals(np.array([7, 8, 7, 9], np.uint64)).mean()
    np.float64(0.5)
    """
    _, place, number = np.unique(keys, return_inverse=True, return_counts=True)
    return (number[place] > 1).astype(np.float64)


def notation_of(samples: Sequence[Sample], word_of: Mapping[str, str]) -> dict[str, Any]:
    """How two sides are written, variants counted as their words."""
    parts = [sample.tokens for sample in samples]
    size = min(len(sample.keys) for sample in samples)  # of more documents, more have equals
    keys = [np.random.default_rng(0).choice(sample.keys, size, replace=False) for sample in samples]
    languages = [language_of(part.types, part.counts) for part in parts]
    works: dict[str, Callable[[], Any]] = {
        "notation": lambda: notation(samples, keys, languages),
        "foreign": lambda: foreign(parts),
        "apart": lambda: written_apart(parts),
        "formulas": lambda: formulas([joined_tokens(part, word_of) for part in parts]),
    }
    made = dict(zip(works, at_once(*works.values()), strict=True))
    copies = (row for row in made["notation"] if row["measure"] == COPIES)
    return {**made, "languages": languages, "copied": any(copied(row, keys) for row in copies)}


def copied(row: Row, keys: Sequence[Hashes]) -> bool:
    """Whether many documents of a side have equals there rather than on the other side.

    ``row`` is that of `COPIES`, ``keys`` are those that it was made of. A test takes each copy for a document
    of its own, so that the words of a text that was copied on one side seem to have changed. Texts that come
    again by chance, as entries of a log do, come on both sides.
    """
    a, b = keys
    for here, own, others in ((row["a"], a, b), (row["b"], b, a)):
        there = np.isin(own, others).mean()
        error = np.sqrt((here * (1 - here) + there * (1 - there)) / len(own))
        if here - there >= max(_MANY_COPIES, 3 * error):
            return True
    return bool(row["differs"])


def notation(samples: Sequence[Sample], keys: Sequence[Hashes], languages: Sequence[str | None]) -> list[Row]:
    """How two sides are written, with the keys of as many documents of each: a row for each measure.

    A row has the ``measure``, its mean or median in both as ``a`` and ``b``, the ``effect``, which is the
    probability that a document of b has more than one of a, p, and ``differs``: whether that is a large
    difference beyond chance. Without the texts only copies are known; empty for sides without documents.
    """
    if not all(map(len, keys)):
        return []
    # Without function words, a side does not tell its language; another language has others anyway.
    # Without function words, a side does not tell its language; another language has others anyway.
    codes = set(languages) - {None}
    language = codes.pop() if len(codes) == 1 else None
    stop_words = stop_words_of_language(language) if language in STOP_WORDS else ()
    figures = []
    for (_, texts, _, elsewhere), own in zip(samples, keys, strict=True):
        of = {COPIES: with_equals(own)}
        if texts is not None:
            of |= {REPEATED: np.zeros(len(texts)) if elsewhere is None else elsewhere}
            of |= _figures(texts, stop_words)
        figures.append(of)
    known = figures[0].keys() & figures[1].keys()
    rows = {
        one.name: _compared(one, *(of[one.name] for of in figures)) for one in MEASURES if one.name in known
    }
    if {_COMMA, _POINT} <= known:
        comma, point = rows[_COMMA], rows[_POINT]
        if (comma["b"] - comma["a"]) * (point["b"] - point["a"]) >= 0:
            # One mark did not take the other's place: where there are more numbers, there are more of both.
            comma["differs"] = point["differs"] = False
    return [*rows.values()]


def _figures(texts: pl.DataFrame, stop_words: Collection[str]) -> dict[str, Doubles]:
    """The measures of each document; NaN where there is nothing to count."""
    import polars as pl

    written = pl.col(TEXT).fill_null("")
    whole = written.str.len_chars()
    endless = written.is_first_distinct() & written.str.contains(_ENDLESS) & (whole >= _LONG)
    cut = pl.when(endless).then(whole)
    marks = texts.select(
        (cut == cut.drop_nulls().mode().max()).fill_null(value=False).alias(CUT),
        *(written.str.contains(pattern).alias(name) for name, pattern in _MARKS.items()),
    )
    text = written.str.replace_all(f"{_LINKED}|{_USER}", "")  # their digits and signs are no notation
    long = text.str.len_chars()  # what is rarer is counted, which takes half the time
    counts = texts.select(
        letters=long - text.str.count_matches(r"\P{L}"),
        capitals=text.str.count_matches(r"\p{Lu}"),
        digits=text.str.count_matches(r"\d"),
        signs=text.str.count_matches(r"\p{P}"),
        characters=long - text.str.count_matches(r"\s"),
        words=text.str.count_matches(r"\w+"),
        function_words=text.str.count_matches(_any_of(stop_words)),
        sentences=text.str.count_matches(r"[.!?。！？…](?:\s|$|\p{Lu}\p{Ll})|\n\s*\n").clip(1),
    )
    column = {name: counts[name].to_numpy().astype(np.float64) for name in counts.columns}
    for name in ("letters", "characters", "words"):
        column[name][column[name] == 0] = np.nan
    return {
        **{name: marks[name].to_numpy().astype(np.float64) for name in marks.columns},
        "capitals": column["capitals"] / column["letters"],
        "digits": column["digits"] / column["characters"],
        "punctuation": column["signs"] / column["characters"],
        FUNCTION_WORDS: column["function_words"] / column["words"],
        "words in a document": column["words"],
        "words in a sentence": column["words"] / column["sentences"],
    }


def _any_of(words: Collection[str]) -> str:
    """A pattern of any of some words, in any case."""
    return rf"(?i)\b(?:{'|'.join(map(re.escape, sorted(words)))})\b" if words else r"\b\B"


def _compared(measure: _Measure, a: Doubles, b: Doubles) -> Row:
    row: Row = {"measure": measure.name, "a": None, "b": None, "effect": None, "p": None, "differs": False}
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if not (len(a) and len(b)):
        return row
    middle = [float(np.median(side) if measure.ratio else np.mean(side)) for side in (a, b)]
    low, high = sorted(middle)
    difference, times = measure.few
    large = (
        high >= measure.least * low
        if measure.ratio
        else high - low >= measure.least or (high - low >= difference and high >= times * low)
    )
    effect, p = rank_sum(a, b)
    differs = large and abs(effect - 0.5) >= _APART and p * len(MEASURES) <= _LEVEL
    return row | {"a": middle[0], "b": middle[1], "effect": effect, "p": p, "differs": bool(differs)}


def rank_sum(a: Doubles, b: Doubles) -> tuple[float, float]:
    """The probability that a number of b is larger than one of a, ties being half, and its p.

    p is that of the normal distribution with the variance over all divisions, corrected for ties.

    >>> rank_sum(np.array([1.0, 2.0, 2.0]), np.array([2.0, 3.0, 4.0]))[0]
    0.8888888888888888
    """
    values, place = np.unique(np.concatenate([a, b]), return_inverse=True)
    own, other = (np.bincount(part, minlength=len(values)) for part in (place[: len(a)], place[len(a) :]))
    ties = own + other
    below = np.cumsum(own) - own / 2  # of a, for each value
    pairs = float(len(a)) * len(b)
    effect = float(other @ below / pairs)
    total = len(a) + len(b)
    tied = float((ties.astype(np.float64) ** 3 - ties).sum())
    variance = (total + 1 - tied / max(total * (total - 1), 1)) / (12 * pairs)
    z = (effect - 0.5) / np.sqrt(variance) if variance > 0 else 0.0
    return effect, float(chi_square_p(np.array([z]))[0])


def language_of(types: Sequence[str], counts: Ints) -> str | None:
    """The code of the language of some documents; None if their words do not tell."""
    return recognised_language((types[i], int(counts[i])) for i in np.flatnonzero(counts).tolist())


def foreign(parts: Sequence[TokenBatch]) -> list[Row]:
    """The languages but that of the text in which one of two sides has more of its documents.

    A row has the ``language`` and its shares ``a`` and ``b`` of a sample of the documents.
    """
    usual = language_of(parts[0].types, parts[0].counts + parts[1].counts)
    (of_a, size_a), (of_b, size_b) = (other_languages(part, usual) for part in parts)
    rows = []
    for code in {**of_a, **of_b}:
        a, b = of_a.get(code, 0), of_b.get(code, 0)
        (p,) = hypergeometric_p(np.array([b]), np.array([a + b]), size_b, size_a + size_b)
        share_a, share_b = a / max(size_a, 1), b / max(size_b, 1)
        if abs(share_a - share_b) >= IN_PART and p <= _LEVEL:
            rows.append({"language": code, "a": share_a, "b": share_b})
    return rows


# ---- Formulas: passages that most documents of one side have, such as the headings of a form


# A new subject brings its phrases along, so a formula is longer than these, and most documents have it. (Of
# passages of twelve words refining has counted repetitions once already.)
FORMULA = 8  # words
_FORMULAIC = 0.6  # by which the shares of the documents with it, and with either half of it, differ
_LOOKED_AT = 50  # passages that differ most


def formulas(parts: Sequence[TokenBatch]) -> list[Row]:
    """The passage whose share of the documents differs most between two sides; empty without a large one.

    Both halves of it differ, too: a passage in which one word has replaced another is none. The row has the
    ``passage`` and its shares ``a`` and ``b``.
    """
    hashes = [_passages(part, FORMULA) for part in parts]
    # With counts, NumPy sorts, which takes a fiftieth of the time of hashing so many different numbers.
    (of_a, times_a), (of_b, times_b) = (np.unique(of, return_counts=True) for of, _ in hashes)
    distinct = len(of_a) + len(of_b) - len(np.intersect1d(of_a, of_b, assume_unique=True))
    sizes = [part.documents for part in parts]
    # Documents are counted of the few passages that occur often enough.
    often = of_a[times_a / max(sizes[0], 1) >= _FORMULAIC], of_b[times_b / max(sizes[1], 1) >= _FORMULAIC]
    passages = np.unique(np.concatenate(often))
    counts = np.stack([_documents_with(passages, *of) for of in hashes])
    shares = counts / np.maximum(sizes, 1)[:, None]
    apart = np.abs(shares[0] - shares[1])
    best = np.argsort(-apart, kind="stable")[:_LOOKED_AT]
    best = best[apart[best] >= _FORMULAIC]
    p = hypergeometric_p(counts[1, best], counts[:, best].sum(axis=0), sizes[1], sum(sizes))
    for number in best[p * distinct <= _LEVEL].tolist():
        a, b = shares[:, number].tolist()
        part = parts[int(b > a)]
        start = int(np.flatnonzero(_hashed(part.ids, FORMULA) == passages[number])[0])
        passage = part.ids[start : start + FORMULA]
        halves = [[_share_with(side, half) for side in parts] for half in np.split(passage, 2)]
        if all(abs(one - other) >= _FORMULAIC for one, other in halves):
            return [{"passage": " ".join(part.types[i] for i in passage.tolist()), "a": a, "b": b}]
    return []


def _share_with(part: TokenBatch, words: Ids) -> float:
    """The share of the documents that have some words in a row."""
    (documents,) = _documents_with(_hashed(words, len(words)), *_passages(part, len(words)))
    return float(documents) / max(part.documents, 1)


def _hashed(ids: Ids, length: int) -> Hashes:
    """A hash of each passage of ``length`` ids, (N + 1 - length,)."""
    total = max(len(ids) + 1 - length, 0)
    out = np.zeros(total, np.uint64)
    for i in range(length):
        out = (out ^ out >> np.uint64(29)) * _MIX + ids[i : i + total].astype(np.uint64) + np.uint64(1)
    return out


def _passages(part: TokenBatch, length: int) -> tuple[Hashes, Ints]:
    """The hash of each passage within a document, and the document."""
    hashes = _hashed(part.ids, length)
    document = np.repeat(np.arange(part.documents), np.diff(part.offsets))[: len(hashes)]
    inside = np.arange(len(hashes)) + length <= part.offsets[document + 1]
    return hashes[inside], document[inside]


def _documents_with(passages: Hashes, hashes: Hashes, document: Ints) -> Ints:
    """The number of documents with each of some passages, which are in rising order."""
    met = np.isin(hashes, passages)
    pairs = np.searchsorted(passages, hashes[met]) + document[met] * len(passages)
    return np.bincount(np.unique(pairs) % max(len(passages), 1), minlength=len(passages))
