"""What people see of a search: the stretch of a document that speaks to a question, and why it was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.text.lexicon import Asked, Lexicon, located_all

from . import kernels
from .dense_space import LEAST
from .scoring import PARTS, Scored, Scorer
from .segment import Segment

__all__ = ["Found", "Hit", "Mark", "Reason", "describe"]

SNIPPET = 40  # words of a snippet; a text half longer is shown whole
KINDS = ("related", "match")
_SPACE = re.compile(r"\s")

Meets = tuple[int, float, float]
"""Which word of a question a type meets, by what cosine, and what that is worth."""
Meeting = dict[int, Meets]
Met = tuple[int, int, float, float]
"""A word of a passage, by its place, and what it meets."""


@dataclass(frozen=True)
class Mark:
    """A word of a snippet that meets a word of the question.

    Parameters
    ----------
    start, end : int
        Its characters.
    kind : "match" or "related"
        A word of the same stem, or one of like meaning.
    query : str
        The word of the question.
    """

    start: int
    end: int
    kind: str
    query: str


@dataclass(frozen=True)
class Reason:
    """Which word of a question met which word of a document.

    Parameters
    ----------
    query, document : str
        Both as they are written.
    kind : "match" or "related"
    cosine : float
        How near they are; 1 for a match.
    count : int
        Occurrences in the passage.
    """

    query: str
    document: str
    kind: str
    cosine: float
    count: int


@dataclass(frozen=True)
class Hit:
    """A document that was found.

    Parameters
    ----------
    id : str
    score : float
        Of the hybrid in standard deviations above the mean document; of BM25 as is; of dense a cosine.
    snippet : str
    marks : list of Mark
        In the snippet.
    passage : (int, int)
        Where the best passage lies in the document, in characters.
    parts : dict of str to float
        What words, related words and meaning give; they add up to the score.
    words : list of Reason
        The strongest first.
    date : str, optional
    fields : dict of str to str
    """

    id: str
    score: float
    snippet: str
    marks: list[Mark]
    passage: tuple[int, int]
    parts: dict[str, float]
    words: list[Reason]
    date: str | None = None
    fields: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return asdict(self) | {"passage": list(self.passage)}


@dataclass(frozen=True)
class Found:
    """The answer to a question.

    Parameters
    ----------
    question, mode : str
    hits : list of Hit
    asked : list of str
        Words of the question that were searched for.
    unknown : list of str
        Words of the question that neither the documents nor the run have.
    documents : int
        How many were searched.
    """

    question: str
    mode: str
    hits: list[Hit]
    asked: list[str]
    unknown: list[str]
    documents: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable, as ``selfvec search --json`` prints it."""
        return {
            "query": self.question,
            "mode": self.mode,
            "documents": self.documents,
            "asked": self.asked,
            "unknown": self.unknown,
            "hits": [hit.as_dict() for hit in self.hits],
        }


def describe(
    lexicon: Lexicon,
    scorer: Scorer,
    asked: Asked,
    scored: Sequence[Scored],
    places: Sequence[tuple[int, int]],
    question: str,
    mode: str,
) -> Found:
    """Hits of documents given by segment and number, in their order."""
    passages = _passages(lexicon, scorer, scored, places)
    words = passages[0].words if passages else []
    meets, known = _meeting(scorer, asked, mode), dict[int, Meets]()
    for name, types in enumerate(lexicon.types_of(words)):
        for number in types:
            if number in meets and (name not in known or meets[number][2] > known[name][2]):
                known[name] = meets[number]
    told = np.zeros(len(words), bool)
    told[list(known)] = True
    hits = []
    for (number, document), passage in zip(places, passages, strict=True):
        segment, one = scorer.segments[number], scored[number]
        at = np.flatnonzero(told[passage.ids])
        met = [(i, *known[name]) for i, name in zip(at.tolist(), passage.ids[at].tolist(), strict=True)]
        snippet, marks = _shown(passage, asked, met)
        hits.append(
            Hit(
                segment.ids[document],
                float(one.scores[document]),
                snippet,
                marks,
                passage.span,
                _shares(segment, one, document, mode, scorer.blend.best),
                _reasons(passage, asked, met),
                segment.day(document),
                _fields(segment, document),
            )
        )
    return Found(question, mode, hits, asked.words, asked.unknown, scorer.documents)


@dataclass(frozen=True)
class _Passage:
    """The passage of a document that speaks to a question: its text, and where its words stand.

    ``words`` are those of all passages, and ``ids`` says which of them are here.
    """

    text: str
    span: tuple[int, int]
    words: list[str]
    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def _passages(
    lexicon: Lexicon, scorer: Scorer, scored: Sequence[Scored], places: Sequence[tuple[int, int]]
) -> list[_Passage]:
    texts, spans = [], []
    for number, document in places:
        segment, best = scorer.segments[number], int(scored[number].best[document])
        text = segment.texts[document]
        start, end = (0, len(text)) if best < 0 else segment.arrays["spans"][best].tolist()
        texts.append(text[start:end])
        spans.append((start, end))
    all_words = located_all(texts, lexicon.preprocessing.tokenizer)
    parts = [slice(a, b) for a, b in pairwise(all_words.bounds.tolist())]
    return [
        _Passage(text, span, all_words.names, all_words.ids[p], all_words.starts[p], all_words.ends[p])
        for text, span, p in zip(texts, spans, parts, strict=True)
    ]


def _meeting(scorer: Scorer, asked: Asked, mode: str) -> Meeting:
    """Every type that meets a question: its own, and in other modes than bm25 those related to them."""
    weights = scorer.space.weights
    heaviest = float(weights.max(initial=0))
    out: Meeting = {}
    for t, own in enumerate(asked.types.tolist() if mode != "bm25" else []):
        weight = float(weights[own]) if own < len(weights) else heaviest
        for other, like in scorer.related(own)[1:]:
            if other not in out or like * weight > out[other][2]:
                out[other] = (t, LEAST + (1 - LEAST) * like**0.5, like * weight)
    for t, own in enumerate(asked.types.tolist()):
        out[own] = (t, 1.0, float(weights[own]) if own < len(weights) else heaviest)
    return out


def _shown(passage: _Passage, asked: Asked, met: Sequence[Met]) -> tuple[str, list[Mark]]:
    """A snippet of a passage with its marks."""
    starts, ends, length = passage.starts, passage.ends, len(passage.ids)
    first, last = _window(length, len(asked.words), met)
    begin = int(starts[first]) if first > 0 else 0
    stop = int(ends[last - 1]) if last < length else len(passage.text)
    lead, trail = ("… " if first > 0 else ""), (" …" if last < length else "")
    shift = len(lead) - begin
    marks = [
        Mark(int(starts[i]) + shift, int(ends[i]) + shift, KINDS[cosine == 1], asked.words[t])
        for i, t, cosine, _ in met
        if first <= i < last
    ]
    return lead + _SPACE.sub(" ", passage.text[begin:stop]) + trail, marks


def _window(length: int, asked: int, met: Sequence[Met]) -> tuple[int, int]:
    """The stretch of words that says most; it stands in the middle of what is shown."""
    if length <= SNIPPET * 3 // 2:
        return 0, length
    if not met:
        return 0, SNIPPET
    columns = list(zip(*met, strict=True))
    places = np.array(columns[0], np.int64)
    first = kernels.best_window(places, np.array(columns[1], np.int64), np.array(columns[3]), asked, SNIPPET)
    last = int(np.searchsorted(places, places[first] + SNIPPET)) - 1
    best = max(0, min((int(places[first]) + int(places[last]) + 1 - SNIPPET) // 2, length - SNIPPET))
    return best, best + SNIPPET


def _reasons(passage: _Passage, asked: Asked, met: Sequence[Met]) -> list[Reason]:
    counts: dict[tuple[int, str, float], tuple[int, float]] = {}
    for place, t, cosine, worth in met:
        key = (t, passage.words[passage.ids[place]].lower(), cosine)
        counts[key] = (counts.get(key, (0, 0.0))[0] + 1, worth)
    order = sorted(counts.items(), key=lambda item: -item[1][1])
    return [
        Reason(asked.words[t], word, KINDS[cosine == 1], round(cosine, 3), n)
        for (t, word, cosine), (n, _) in order
    ]


def _shares(segment: Segment, one: Scored, document: int, mode: str, share: float) -> dict[str, float]:
    """What each part gives to a document's score."""
    best = int(one.best[document])
    parts = one.parts[:, document].astype(np.float64)
    if best >= 0:
        parts = (1 - share) * parts + share * one.parts[:, segment.documents + best]
    given = one.scales * parts - one.shifts
    names = {"bm25": PARTS[:1], "dense": PARTS[2:]}.get(mode, PARTS)
    return {name: float(given[PARTS.index(name)]) for name in names}


def _fields(segment: Segment, document: int) -> dict[str, str]:
    out = {}
    for name in segment.names:
        codes, values = segment.field(name)
        if codes[document] >= 0:
            out[name] = values[codes[document]]
    return out
