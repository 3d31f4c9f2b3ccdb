"""What a search shows: for each document the words around its best match, and the reasons it was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.result_table import ResultTable
from selfvec.corpus.fields import TITLES
from selfvec.text.lexicon import Lexicon, Query, find_words

from . import kernels
from .dense_space import LEAST_COSINE, DenseSpace
from .indexed_documents import IndexedDocuments
from .scoring import PARTS, Scored, Scorer

__all__ = ["Found", "Hit", "Mark", "Reason", "describe"]

SNIPPET = 40  # words of a snippet; a text up to half longer is shown whole
KINDS = ("related", "match")
_SPACE = re.compile(r"\s")

Match = tuple[int, float, float]  # a word of the query that a type matches, the cosine, what a match is worth
Matched = tuple[int, int, float, float]  # a word of a passage by its place, and its match


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
    parts: dict[str, float]  # what each of `PARTS` contributes; their sum is the score
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


@dataclass(frozen=True)
class Found(ResultTable):
    """The result of a search."""

    query: str
    mode: str
    documents: int  # how many were searched
    asked: list[str]  # words of the question that were searched for
    unknown: list[str]  # words of the question that neither the documents nor the run have
    hits: list[Hit]  # the best first

    @property
    def rows(self) -> list[Hit]:
        """The hits."""
        return self.hits

    def records(self) -> list[dict[str, Any]]:
        """A dict for each hit, without what marks and explains it."""
        return [
            {"rank": rank, "id": hit.id, "score": hit.score, "title": hit.title, "date": hit.date}
            | {"snippet": hit.snippet, "text": hit.text}
            | {f"field.{name}": value for name, value in hit.fields.items()}
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
    matches, known = _matches(scorer.space, query, mode), dict[int, Match]()
    for name, types in enumerate(lexicon.types_of(words)):
        for number in types:
            if number in matches and (name not in known or matches[number][2] > known[name][2]):
                known[name] = matches[number]
    matching = np.zeros(len(words), bool)
    matching[list(known)] = True
    hits = []
    for document, passage in zip(numbers, passages, strict=True):
        at = np.flatnonzero(matching[passage.ids])
        matched = [(i, *known[name]) for i, name in zip(at.tolist(), passage.ids[at].tolist(), strict=True)]
        hits.append(
            Hit(
                scorer.documents.ids[document],
                float(scored.scores[document]),
                *_snippet(passage, query, matched),
                passage.span,
                _parts(scored, document, mode, scorer.blend.best),
                _reasons(passage, query, matched),
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
    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


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


def _matches(space: DenseSpace, query: Query, mode: str) -> dict[int, Match]:
    """Types that match a query: its own and, except in mode bm25, those related to them."""
    out: dict[int, Match] = {}
    words = [(t, own, float(space.weights[own])) for t, own in enumerate(query.types.tolist())]
    for t, own, weight in words if mode != "bm25" else []:
        for other, like in space.related_to(own)[1:]:
            if other not in out or like * weight > out[other][2]:
                out[other] = (t, LEAST_COSINE + (1 - LEAST_COSINE) * like**0.5, like * weight)
    return out | {own: (t, 1.0, weight) for t, own, weight in words}


def _snippet(passage: _Passage, query: Query, matched: Sequence[Matched]) -> tuple[str, list[Mark]]:
    """A snippet of a passage, and its marks."""
    starts, ends, length = passage.starts, passage.ends, len(passage.ids)
    first, last = _window(length, len(query.words), matched)
    begin = int(starts[first]) if first > 0 else 0
    stop = int(ends[last - 1]) if last < length else len(passage.text)
    lead, trail = ("… " if first > 0 else ""), (" …" if last < length else "")
    shift = len(lead) - begin
    marks = [
        Mark(int(starts[i]) + shift, int(ends[i]) + shift, KINDS[cosine == 1], query.words[t])
        for i, t, cosine, _ in matched
        if first <= i < last
    ]
    return lead + _SPACE.sub(" ", passage.text[begin:stop]) + trail, marks


def _window(length: int, words: int, matched: Sequence[Matched]) -> tuple[int, int]:
    """First and last word of the stretch that matches best, in the middle of what is shown."""
    if length <= SNIPPET * 3 // 2:
        return 0, length
    if not matched:
        return 0, SNIPPET
    columns = list(zip(*matched, strict=True))
    places = np.array(columns[0], np.int64)
    first = kernels.best_window(places, np.array(columns[1], np.int64), np.array(columns[3]), words, SNIPPET)
    last = int(np.searchsorted(places, places[first] + SNIPPET)) - 1
    best = max(0, min((int(places[first]) + int(places[last]) + 1 - SNIPPET) // 2, length - SNIPPET))
    return best, best + SNIPPET


def _reasons(passage: _Passage, query: Query, matched: Sequence[Matched]) -> list[Reason]:
    counts: dict[tuple[int, str, float], tuple[int, float]] = {}
    for place, t, cosine, worth in matched:
        key = (t, passage.words[passage.ids[place]].lower(), cosine)
        counts[key] = (counts.get(key, (0, 0.0))[0] + 1, worth)
    order = sorted(counts.items(), key=lambda item: -item[1][1])
    return [
        Reason(query.words[t], word, KINDS[cosine == 1], round(cosine, 3), n)
        for (t, word, cosine), (n, _) in order
    ]


def _parts(scored: Scored, document: int, mode: str, passage_share: float) -> dict[str, float]:
    """What each part contributes to a document's score."""
    parts, best = scored.parts[:, document].astype(np.float64), int(scored.best[document])
    if best >= 0:
        passage = scored.parts[:, len(scored.scores) + best]
        parts = (1 - passage_share) * parts + passage_share * passage
    given = scored.scales * parts - scored.shifts
    names = {"bm25": PARTS[:1], "dense": PARTS[2:]}.get(mode, PARTS)
    return {name: float(given[PARTS.index(name)]) for name in names}
