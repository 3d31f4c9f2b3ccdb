"""What people see of a search: the stretch of a document that speaks to a question, and why it was found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lexicon import Asked, Lexicon, located
from .scoring import BEST, PARTS, Scored, Scorer
from .segment import Segment
from .space import LEAST

__all__ = ["Found", "Hit", "Mark", "Reason", "describe"]

SNIPPET = 40  # words of a snippet; a text half longer is shown whole
_SPACE = re.compile(r"\s")


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
    unknown : list of str
        Words of the question that neither the documents nor the run have.
    documents : int
        How many were searched.
    """

    question: str
    mode: str
    hits: list[Hit]
    unknown: list[str]
    documents: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable, as ``selfvec search --json`` prints it."""
        return {
            "query": self.question,
            "mode": self.mode,
            "documents": self.documents,
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
    meets = _meeting(scorer, asked)
    hits = []
    for number, document in places:
        segment, one = scorer.segments[number], scored[number]
        text = segment.texts[document]
        best = int(one.best[document])
        start, end = (0, len(text)) if best < 0 else segment.arrays["spans"][best].tolist()
        snippet, marks, words = _shown(lexicon, text[start:end], asked, meets)
        hits.append(
            Hit(
                segment.ids[document],
                float(one.scores[document]),
                snippet,
                marks,
                (start, end),
                _shares(segment, one, document, best, mode),
                words,
                segment.day(document),
                _fields(segment, document),
            )
        )
    total = sum(int(np.count_nonzero(alive)) for alive in scorer.alive)
    return Found(question, mode, hits, asked.unknown, total)


def _meeting(scorer: Scorer, asked: Asked) -> dict[int, tuple[int, float, float]]:
    """For every type that meets the question: which of its words, by what cosine, and what that is worth."""
    weights = scorer.space.weights
    heaviest = float(weights.max(initial=0))
    out: dict[int, tuple[int, float, float]] = {}
    for t, own in enumerate(asked.types.tolist()):
        weight = float(weights[own]) if own < len(weights) else heaviest
        for other, like in scorer.related(own)[1:]:
            if other not in out or like * weight > out[other][2]:
                out[other] = (t, LEAST + (1 - LEAST) * like**0.5, like * weight)
    for t, own in enumerate(asked.types.tolist()):
        out[own] = (t, 1.0, float(weights[own]) if own < len(weights) else heaviest)
    return out


def _shown(
    lexicon: Lexicon, text: str, asked: Asked, meets: dict[int, tuple[int, float, float]]
) -> tuple[str, list[Mark], list[Reason]]:
    """A snippet of a passage with its marks, and the words of the passage that met the question."""
    starts, ends = located(text, lexicon.manner.tokenizer)
    words = [text[a:b] for a, b in zip(starts, ends, strict=True)]
    met: list[tuple[int, int, float, float]] = []  # word of the passage, of the question, cosine, worth
    for place, types in enumerate(lexicon.types_of(words)):
        found = max((meets[t] for t in types if t in meets), key=lambda m: m[2], default=None)
        if found is not None:
            met.append((place, *found))
    first, last = _window(len(words), len(asked.words), met)
    begin = starts[first] if first > 0 else 0
    stop = ends[last - 1] if last < len(words) else len(text)
    lead, trail = ("… " if first > 0 else ""), (" …" if last < len(words) else "")
    shift = len(lead) - begin
    marks = [
        Mark(starts[i] + shift, ends[i] + shift, "match" if cosine == 1 else "related", asked.words[t])
        for i, t, cosine, _ in met
        if first <= i < last
    ]
    return lead + _SPACE.sub(" ", text[begin:stop]) + trail, marks, _reasons(words, asked, met)


def _window(length: int, asked: int, met: Sequence[tuple[int, int, float, float]]) -> tuple[int, int]:
    """The stretch of words that says most: every word of the question counts once, again a tenth."""
    if length <= SNIPPET * 3 // 2:
        return 0, length
    worth = np.zeros((asked, length + 1))
    for place, t, _, value in met:
        worth[t, place] = max(worth[t, place], value)
    sums = np.concatenate((np.zeros((asked, 1)), np.cumsum(worth, axis=1)), axis=1)
    each = sums[:, SNIPPET:length] - sums[:, : length - SNIPPET]
    largest = worth.max(axis=1, initial=0)[:, None]
    said: NDArray[np.float64] = (np.minimum(each, largest) + 0.1 * each).sum(axis=0)
    best = int(np.argmax(said)) if said.size else 0
    inside = [place for place, *_ in met if best <= place < best + SNIPPET]
    if inside:  # in the middle of what it shows
        best = max(0, min((inside[0] + inside[-1] + 1 - SNIPPET) // 2, length - SNIPPET))
    return best, best + SNIPPET


def _reasons(
    words: Sequence[str], asked: Asked, met: Sequence[tuple[int, int, float, float]]
) -> list[Reason]:
    counts: dict[tuple[int, str, float], tuple[int, float]] = {}
    for place, t, cosine, worth in met:
        key = (t, words[place].lower(), cosine)
        counts[key] = (counts.get(key, (0, 0.0))[0] + 1, worth)
    order = sorted(counts.items(), key=lambda item: -item[1][1])
    return [
        Reason(asked.words[t], word, "match" if cosine == 1 else "related", round(cosine, 3), n)
        for (t, word, cosine), (n, _) in order
    ]


def _shares(segment: Segment, one: Scored, document: int, best: int, mode: str) -> dict[str, float]:
    """What each part gives to a document's score."""
    parts = one.parts[:, document].astype(np.float64)
    if best >= 0:
        parts = (1 - BEST) * parts + BEST * one.parts[:, segment.documents + best]
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
