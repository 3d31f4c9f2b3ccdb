"""Passages that many documents have word for word, in any text: one measure for all that speak of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfvec.analysis.comparison.comparison import DIFFERENT
from selfvec.base.answer import Json
from selfvec.base.arrays import Array, Hashes, Ids, Ints, Mask
from selfvec.base.display import printable
from selfvec.base.finding import Finding
from selfvec.corpus.fingerprints import are_among
from selfvec.corpus.slices import month_name
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.text.kernels import NGRAM
from selfvec.text.repeats import LEAST_DOCUMENTS, Ngrams, counted_occurrences

MOST = 40  # passages
_ALIKE = 0.8  # share of the documents of an n-gram that have the next one, too, within a passage
_SAME = 0.9  # share of the documents of either of two passages that hold both
_TIMES = 3  # as large as on the other side, the share of a side that a passage is said of
_CLEARLY = 0.15  # of the documents, by which it is larger: a fifth nearly always has as much in a sample
_BY_CHANCE = 0.001  # p of no document as early, or as late, as the first or last with a passage


@dataclass(frozen=True, eq=False)
class Passage:
    """A passage of twelve words or more, or several that go together, in ten documents or more."""

    documents: Ints  # the numbers of those that hold it
    stretches: list[slice]  # of tokens, where one holds it; of the first, the first words name it


def passages_of(batch: TokenBatch) -> list[Passage]:
    """The passages of a text, the most documents first.

    An n-gram and the next are of one passage if nearly as many documents have either. A passage is known by
    its most frequent n-gram, and begins where it mostly does.
    """
    values, places, numbers = _repeated_ngrams(batch)
    passages: list[Passage] = []
    if not len(places):
        return passages
    beside = np.diff(places) == 1
    alike = np.minimum(numbers[1:], numbers[:-1]) >= _ALIKE * np.maximum(numbers[1:], numbers[:-1])
    begins = np.flatnonzero(np.append(True, ~(beside & alike)))
    ends = np.append(begins[1:], len(places))
    # A few n-grams beside more frequent ones are of the end of one passage and the beginning of another.
    highest = np.maximum.reduceat(numbers, begins)
    meet, rises = beside[begins[1:] - 1], np.diff(highest)
    between = np.append(meet & (rises > 0), False) | np.append(False, meet & (rises < 0))
    own = np.flatnonzero(~(between & (ends - begins < NGRAM)))
    # The n-gram that tells a passage: of the most frequent ones that with the smallest hash.
    numbered = np.repeat(np.arange(len(begins)), ends - begins)
    order = np.lexsort((values, -numbers, numbered))
    told = values[order[begins]]
    first = np.argsort(told[own], kind="stable")
    groups = np.split(own[first], np.flatnonzero(np.diff(told[own][first])) + 1)
    for group in sorted(groups, key=lambda group: -int(highest[group[0]])):
        _, where, times = np.unique(values[begins[group]], return_index=True, return_counts=True)
        usual = group[where[np.argmax(times)]]
        documents = np.unique(batch.document_of(places[begins[group]]))
        stretch = slice(int(places[begins[usual]]), int(places[ends[usual] - 1]) + NGRAM)
        same = next((of for of in passages if is_same(of.documents, documents)), None)
        if same is not None:
            same.stretches.append(stretch)
        elif len(passages) == MOST:
            break
        else:
            passages.append(Passage(documents, [stretch]))
    return passages


def shares_between(documents: Ints, side: Ids | Mask, unit: Ints) -> Json:
    """The shares ``a`` and ``b`` of the units of two sides of which most documents are some, and p."""
    has = np.isin(np.arange(len(side)), documents)
    counts = []
    for number in (0, 1):
        _, own = np.unique(unit[side == number], return_inverse=True)
        held = np.bincount(own, has[side == number]) / np.maximum(np.bincount(own), 1)
        counts += [int(np.count_nonzero(held >= 0.5)), len(held)]
    return shares_of(*counts)


def shares_of(a: int, of_a: int, b: int, of_b: int) -> Json:
    """The shares ``a`` and ``b``, and p of so unequal ones by chance."""
    (p,) = hypergeometric_p(np.array([b]), np.array([a + b]), of_b, of_a + of_b)
    return {"a": a / max(of_a, 1), "b": b / max(of_b, 1), "p": float(p)}


def is_new(shares: Json, tried: int) -> bool:
    """Whether one side has a passage that the other hardly has, as one of several that are tried.

    Where a subject doubles, so do its phrases.
    """
    low, high = sorted((shares["a"], shares["b"]))
    return bool(high >= _TIMES * low and high - low >= _CLEARLY and tried * shares["p"] <= DIFFERENT)


class NewPassage(NamedTuple):
    """A passage that one of two sides has and the other hardly has."""

    documents: Ints
    shares: Json
    first: int  # the document that it is quoted from
    words: list[str]
    edits: list[tuple[str, str]]  # patterns of its parts, and nothing in their place

    def finding(self, texts: Sequence[str], names: Sequence[str], days: Array | None) -> Finding:
        (low, less), (high, more) = sorted(zip((self.shares["a"], self.shares["b"]), names, strict=True))
        since = "" if days is None else months_of(days, days[self.documents])
        says = f"{high:.0%} of the documents of {more} and {low:.0%} of {less} hold "
        says += f"“{quoted(texts[self.first], self.words)} …”{since and ', '}{since}."
        words = tuple(dict.fromkeys(self.words))
        return Finding("writing", printable(says), p=self.shares["p"], effect=high - low, words=words)


def new_passages(batch: TokenBatch, sides: Mask, unit: Ints) -> list[NewPassage]:
    """The passages that one side of a text has, those of the most documents first."""
    passages = passages_of(batch)
    ids, size = batch.ids.astype(np.int64), len(batch.types)
    threes = (ids[:-2] * size + ids[1:-1]) * size + ids[2:]
    new = []
    for documents, stretches in ((of.documents, of.stretches) for of in passages):
        shares = shares_between(documents, sides, unit)
        if not is_new(shares, len(passages)):
            continue
        # Where words of it are written otherwise, most of it is on the other side as well.
        begin = stretches[0].start
        parts = [np.flatnonzero(threes == of) for of in threes[begin : begin + NGRAM - 2]]
        each = [shares_between(batch.document_of(places), sides, unit) for places in parts]
        if np.median([abs(of["b"] - of["a"]) for of in each]) >= abs(shares["b"] - shares["a"]) / 2:
            words = [[batch.types[i] for i in batch.ids[part].tolist()] for part in stretches]
            edits = [(rf"(?i)\b{in_a_row(part)}\b\W*", "") for part in words]
            first = int(np.searchsorted(batch.offsets, begin, "right")) - 1
            new.append(NewPassage(documents, shares, first, words[0][:NGRAM], edits))
    return new


def is_same(a: Ints, b: Ints) -> bool:
    """Whether two passages are nearly always in the same documents: they are two parts of one."""
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both >= _SAME * max(len(a), len(b))


def _repeated_ngrams(batch: TokenBatch) -> tuple[Hashes, Ints, Ints]:
    """The n-grams of ten documents or more by their first tokens: hashes, these, numbers of documents."""
    ngrams = Ngrams(batch, None)
    ngrams.count()
    parts: list[tuple[Hashes, Ints, Ints]] = []
    for values, places in ngrams.candidates(LEAST_DOCUMENTS):
        rows = counted_occurrences(ngrams, values, places, LEAST_DOCUMENTS).sort("passage")
        repeated, documents = rows["passage"].to_numpy(), rows["documents"].to_numpy()
        many = are_among(repeated, values)
        values = values[many]
        parts.append((values, places[many], documents[np.searchsorted(repeated, values)]))
    values, places, numbers = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(places)
    return values[order], places[order], numbers[order]


def in_a_row(words: Sequence[str]) -> str:
    """A pattern of words with signs and blanks between them."""
    return r"\W+".join(re.escape(word).replace("'", "['’]") for word in words)


def quoted(text: str, words: Sequence[str]) -> str:
    """The words as they stand in a text, or one after another if they do not.

    >>> quoted("Dear Ann,\\n\\nThank you - for  writing!", ["thank", "you", "for"])
    'Thank you - for'
    """
    found = re.search(rf"\b{in_a_row(words)}", text or "", re.IGNORECASE)
    return " ".join((found[0] if found else " ".join(words)).split())


def months_of(days: Array, own: Array) -> str:
    """The months from which on, or up to which, the days of documents with a passage are; "" if at any time.

    The text has so many others before or after that by chance some of these would have it, too.

    >>> days = np.arange("2020-01-01", "2020-12-31", dtype="datetime64[D]")
    >>> months_of(days, days[200::5]), months_of(days, days[:90]), months_of(days, days[::9])
    ('from July 2020 on', 'until March 2020', '')
    """
    days, own = days[~np.isnat(days)], own[~np.isnat(own)]
    if not len(own):
        return ""
    first, last = month_name(own.min()), month_name(own.max())
    late = np.mean(days >= own.min()) ** len(own) < _BY_CHANCE and first != month_name(days.min())
    early = np.mean(days <= own.max()) ** len(own) < _BY_CHANCE and last != month_name(days.max())
    if late and early:
        return f"from {first} to {last}"
    return f"from {first} on" if late else f"until {last}" if early else ""
