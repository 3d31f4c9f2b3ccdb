"""The hits of a search: for each document the words around its best match, and the matching words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from selfvec.base.arrays import Doubles, Ids, Ints, Mask
from selfvec.base.result_table import ResultTable, short_repr
from selfvec.corpus.fields import TITLES
from selfvec.data.token_batch import TokenBatch
from selfvec.text.lexicon import Lexicon, Query, find_words
from selfvec.text.repeats import Repeats

from . import kernels
from .dense_space import LEAST_COSINE, DenseSpace
from .indexed_documents import IndexedDocuments
from .scoring import PARTS, Scored, Scorer

__all__ = ["Found", "Hit", "Mark", "Reason", "describe"]

SNIPPET = 40  # words of a snippet; a text up to half longer is shown whole
KINDS = ("related", "match")
_SPACE = re.compile(r"\s")

Match = tuple[int, float, float]  # the number of a query word, the cosine, the weight of a match


@dataclass(frozen=True)
class Mark:
    """A word of a snippet that matches a word of the query."""

    start: int  # its characters
    end: int
    kind: str  # match, of the same stem, or related
    query: str  # the word of the query


@dataclass(frozen=True)
class Reason:
    """A word of the query and a word of a document that matches it, as they are written."""

    query: str
    document: str
    kind: str  # match or related
    cosine: float  # 1 for a match
    count: int  # occurrences in the passage


@dataclass(frozen=True)
class Hit:
    """A document that was found."""

    id: str
    score: float  # hybrid: standard deviations above the mean document; bm25: BM25; dense: a cosine
    snippet: str
    marks: list[Mark]  # words of the snippet
    passage: tuple[int, int]  # where the best passage begins and ends in the document, in characters
    parts: dict[str, float]  # contribution of each of `PARTS`; their sum is the score
    words: list[Reason]  # the strongest first
    date: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    title: str | None = None  # the field of that name
    text: str = ""  # the best passage; the whole of a short document

    def pieces(self) -> list[tuple[str, Mark | None]]:
        """The snippet as marked words and the text between them."""
        out: list[tuple[str, Mark | None]] = []
        done = 0
        for mark in self.marks:
            if mark.start > done:
                out.append((self.snippet[done : mark.start], None))
            out.append((self.snippet[mark.start : mark.end], mark))
            done = mark.end
        return out if done == len(self.snippet) else [*out, (self.snippet[done:], None)]


@dataclass(frozen=True, repr=False)
class Found(ResultTable):
    """The result of a search."""

    query: str
    mode: str
    documents: int  # how many were searched
    asked: list[str]  # words of the question that were searched for
    unknown: list[str]  # words of the question that neither the documents nor the run have
    hits: list[Hit]  # the best first
    skipped_files: list[str] = field(default_factory=list)  # files that `ask` cannot read as text

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __repr__(self) -> str:
        title = f"Found for {self.query!r}: {len(self)} of {self.documents:,} documents"
        first = self.hits[0].snippet if self.hits else ""
        return short_repr(title, [f"{hit.id} ({hit.score:.2f})" for hit in self.hits], first)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A dict for each hit, without marks and reasons."""
        names = dict.fromkeys(name for hit in self.hits for name in hit.fields)
        return [
            {"rank": rank, "id": hit.id, "score": hit.score, "title": hit.title, "date": hit.date}
            | {"snippet": hit.snippet, "text": hit.text}
            | {f"field.{name}": hit.fields.get(name) for name in names}
            for rank, hit in enumerate(self.hits, 1)
        ]

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable, as ``selfvec search --json`` prints it."""
        return asdict(self)


def describe(
    lexicon: Lexicon, scorer: Scorer, query: Query, scored: Scored, numbers: Sequence[int], mode: str
) -> list[Hit]:
    """Hits for documents given by number, in their order."""
    passages = _passages(lexicon, scorer.documents, scored, numbers)
    words = passages[0].words if passages else []
    matches = _matches(scorer.space, query, mode)
    types = lexicon.types_of(words)
    known = _best_matches(types, matches)
    worths, groups = np.zeros(len(words)), np.zeros(len(words), np.int64)
    worths[list(known)] = [worth for _, _, worth in known.values()]
    groups[list(known)] = [t for t, _, _ in known.values()]
    matching = np.zeros(len(words), bool)
    matching[list(known)] = True
    repeated = _repeated(scorer.documents.repeats, lexicon, passages, types)
    hits = []
    for document, passage, shared in zip(numbers, passages, repeated, strict=True):
        at = np.flatnonzero(matching[passage.ids])
        names = passage.ids[at]
        own = at[~shared[at]]
        shown = own if len(own) else at
        near = passage.ids[shown]
        first, last = _window(len(passage.ids), len(query.words), shown, groups[near], worths[near])
        hits.append(
            Hit(
                scorer.documents.ids[document],
                float(scored.scores[document]),
                *_snippet(passage, query, (first, last), at, known),
                passage.span,
                _parts(scored, document, mode, scorer.blend.best),
                _reasons(passage, query, names, known),
                scorer.documents.day(document),
                fields := scorer.documents.fields_of(document),
                next((value for name, value in fields.items() if name.lower() in TITLES), None),
                passage.text,
            )
        )
    return hits


@dataclass(frozen=True)
class _Passage:
    """The best passage of a document. ``ids`` are its words among ``words``, those of all passages."""

    text: str
    span: tuple[int, int]
    words: list[str]
    ids: Ids
    starts: Ints
    ends: Ints


def _passages(
    lexicon: Lexicon, documents: IndexedDocuments, scored: Scored, numbers: Sequence[int]
) -> list[_Passage]:
    texts, spans = [], []
    for document in numbers:
        text, best = documents.text(document), int(scored.best[document])
        start, end = (0, len(text)) if best < 0 else documents.arrays["spans"][best].tolist()
        texts.append(text[start:end])
        spans.append((start, end))
    found = find_words(texts, lexicon.preprocessing.tokenizer, lexicon.preprocessing.language)
    parts = [slice(a, b) for a, b in pairwise(found.bounds.tolist())]
    return [
        _Passage(text, span, found.names, found.ids[p], found.starts[p], found.ends[p])
        for text, span, p in zip(texts, spans, parts, strict=True)
    ]


def _repeated(
    repeats: Repeats, lexicon: Lexicon, passages: Sequence[_Passage], types: Sequence[tuple[int, ...]]
) -> list[Mask]:
    """Which words of each passage belong to a passage that many documents share."""
    found = [np.zeros(len(passage.ids), bool) for passage in passages]
    if not found or not len(repeats.passages):
        return found
    first = np.array([numbers[0] if numbers else -1 for numbers in types], np.int32)
    used, places = np.unique(first[first >= 0], return_inverse=True)
    number = np.full(len(first), -1, np.int32)
    number[first >= 0] = places
    there = [number[passage.ids] >= 0 for passage in passages]
    ids = [number[passage.ids][kept] for passage, kept in zip(passages, there, strict=True)]
    offsets = np.cumsum([0, *map(len, ids)])
    batch = TokenBatch(np.concatenate(ids), offsets, [lexicon.types[i] for i in used.tolist()])
    covered = np.split(repeats.tokens_in(batch, 1), offsets[1:-1])
    for mask, kept, own in zip(found, there, covered, strict=True):
        mask[kept] = own
    return found


def _matches(space: DenseSpace, query: Query, mode: str) -> dict[int, Match]:
    """Types that match a query: its own and, except in mode bm25, those related to them."""
    out: dict[int, Match] = {}
    words = [(t, own, float(space.weights[own])) for t, own in enumerate(query.types.tolist())]
    for t, own, weight in words if mode != "bm25" else []:
        for other, like in space.related_to(own)[1:]:
            if other not in out or like * weight > out[other][2]:
                out[other] = (t, LEAST_COSINE + (1 - LEAST_COSINE) * like**0.5, like * weight)
    return out | {own: (t, 1.0, weight) for t, own, weight in words}


def _best_matches(
    types: Sequence[tuple[int, ...]],  # of each word of the passages
    matches: dict[int, Match],
) -> dict[int, Match]:
    """The words of the passages that match, by number, each with its best match."""
    known: dict[int, Match] = {}
    for name, numbers in enumerate(types):
        for number in numbers:
            match = matches.get(number)
            if match is not None and (name not in known or match[2] > known[name][2]):
                known[name] = match
    return known


def _snippet(
    passage: _Passage,
    query: Query,
    window: tuple[int, int],  # the first word, and the one behind the last
    at: Ints,  # (M,) words of the passage that match, rising
    known: dict[int, Match],
) -> tuple[str, list[Mark]]:
    """A snippet of a passage, and its marks."""
    (first, last), starts, ends = window, passage.starts, passage.ends
    begin = int(starts[first]) if first > 0 else 0
    stop = int(ends[last - 1]) if last < len(passage.ids) else len(passage.text)
    lead, trail = ("… " if first > 0 else ""), (" …" if last < len(passage.ids) else "")
    shown = at[(at >= first) & (at < last)]
    shift = len(lead) - begin
    places = zip((starts[shown] + shift).tolist(), (ends[shown] + shift).tolist(), strict=True)
    marks = []
    for (start, end), name in zip(places, passage.ids[shown].tolist(), strict=True):
        t, cosine, _ = known[name]
        marks.append(Mark(start, end, KINDS[cosine == 1], query.words[t]))
    return lead + _SPACE.sub(" ", passage.text[begin:stop]) + trail, marks


def _window(
    length: int,
    words: int,
    places: Ints,  # (M,) words that match, rising
    groups: Ints,  # (M,) the word of the query that each one matches
    worths: Doubles,  # (M,)
) -> tuple[int, int]:
    """First and last word of the stretch that matches best, in the middle of what is shown."""
    if length <= SNIPPET * 3 // 2:
        return 0, length
    if not len(places):
        return 0, SNIPPET
    first = kernels.best_window(places, groups, worths, words, SNIPPET)
    last = int(np.searchsorted(places, places[first] + SNIPPET)) - 1
    best = max(0, min((int(places[first]) + int(places[last]) + 1 - SNIPPET) // 2, length - SNIPPET))
    return best, best + SNIPPET


def _reasons(passage: _Passage, query: Query, names: Ids, known: dict[int, Match]) -> list[Reason]:
    """The matching words of a passage, (M,) with repetitions, by falling weight."""
    counts: dict[tuple[int, str, float], tuple[int, float]] = {}
    for name, n in Counter(names.tolist()).items():
        t, cosine, worth = known[name]
        key = (t, passage.words[name].lower(), cosine)
        counts[key] = (counts.get(key, (0, 0.0))[0] + n, worth)
    order = sorted(counts.items(), key=lambda item: -item[1][1])
    return [
        Reason(query.words[t], word, KINDS[cosine == 1], round(cosine, 3), n)
        for (t, word, cosine), (n, _) in order
    ]


def _parts(scored: Scored, document: int, mode: str, passage_share: float) -> dict[str, float]:
    """The contribution of each part to the score of a document."""
    parts, best = scored.parts[:, document].astype(np.float64), int(scored.best[document])
    if best >= 0:
        passage = scored.parts[:, len(scored.scores) + best]
        parts = (1 - passage_share) * parts + passage_share * passage
    given = scored.scales * parts - scored.shifts
    names = {"bm25": PARTS[:1], "dense": PARTS[2:]}.get(mode, PARTS)
    return {name: float(given[PARTS.index(name)]) for name in names}
