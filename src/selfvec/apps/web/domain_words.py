"""The words that a text is about, and what it taught about each: the first view of the page.

A domain word is frequent here and characteristic of its topic: the weight of a term counts its documents and
how unevenly they hold it (see `selfvec.analysis.concepts.terms`). Among these, words whose neighbours changed
come first, because a word that stands where it stood before shows nothing about the text. Words built from
subwords belong to them: before, they stood next to words of similar spelling. Nouns come before other words,
as far as the lexicon of the extra pos is installed and knows them: *asked* says little about a text.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selfvec.analysis.concepts.terms import content_words, stop_words, topical_terms
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.analysis.word_neighbours import lexicon
from selfvec.base.arrays import Mask
from selfvec.base.errors import InputError
from selfvec.base.result_table import Json
from selfvec.data.run import Run
from selfvec.data.vectors import Source, Vectors
from selfvec.text.languages import STEMMERS
from selfvec.text.rules import stems

from .comparison import counts_of

MOST = 8  # words shown
_PER_TOPIC = 2  # words for each topic
_TERMS = 300  # terms that may be shown
_TRIED = 3  # of each topic, the heaviest first
_TYPICAL = (3, 12)  # of the most typical terms of a topic: its name, and those listed; they weigh more
_NEAR = 5  # neighbours shown
_FEWEST = 3  # neighbours of a word that is shown
_LOOKED_AT = 40  # nearest words, of which those that say nothing are left out
_SHORTEST = 3  # letters of a word that a newcomer can read; *nw* and *md* are not
_OFTEN = 10  # occurrences of a word that is shown; fewer in a text below 100,000 words
_ALIKE = 5  # letters at the beginning that make two spellings alike


def domain_words(run: Run, topics: Topics | None, names: Mask) -> list[Json]:
    """The words that the text of a run is about: of each topic the most telling one, largest topics first.

    ``names`` are the words that are mostly capitalised, (V,). A row has the ``word``, its ``count``, the
    number of its ``topic`` (-1 if the run has none), whether it is built from ``subwords``, its neighbours
    ``before`` and ``after`` refining, and those ``gained``.
    """
    readable = _Readable(run, names)
    labels = np.full(len(run.vectors), -1) if topics is None else topics.labels
    share = 1 if topics else MOST  # of the words that one topic gets, in its usual number of them
    tried: dict[int, int] = {}
    rows: list[tuple[bool, float, Json]] = []
    can_be = lexicon(run.provenance)

    def no_noun(row: int) -> bool:
        parts = can_be(run.vectors.index_to_key[row])
        return bool(parts) and "noun" not in parts

    for row, weight in sorted(_weighed(run), key=lambda pair: no_noun(pair[0])):
        topic = int(labels[row])
        if (topics and topic < 0) or not readable.of_text(row) or tried.get(topic, 0) >= share * _TRIED:
            continue
        tried[topic] = tried.get(topic, 0) + 1
        before, after = (readable.near(vectors, row) for vectors in (run.original, run.vectors))
        if len(after) < _FEWEST:
            continue
        gained = [word for word in after if word not in before]
        shown: Json = {
            "word": run.vectors.index_to_key[row],
            "count": 0 if run.vectors.counts is None else int(run.vectors.counts[row]),
            "topic": topic,
            "subwords": bool(run.original.sources[row] == Source.SUBWORDS),
            "before": before,
            "after": after,
            "gained": gained,
        }
        typical = [] if topic < 0 or topics is None else [term for term, _ in topics.topics[topic].terms]
        weight *= 1 + sum(shown["word"] in typical[:first] for first in _TYPICAL)
        rows.append((no_noun(row), -weight * (0.5 + len(gained) / len(after)), shown))
    best = [shown for *_, shown in sorted(rows, key=lambda row: (row[2]["topic"], *row[:2]))]
    return _chosen(best, share * _PER_TOPIC, readable)


def _weighed(run: Run) -> Iterator[tuple[int, float]]:
    """Rows of the terms of a run with their weights, the heaviest first; frequent words of a tiny text."""
    try:
        terms, coherence = topical_terms(run, _TERMS)
    except InputError:  # the run did not keep its tokens
        terms = None
    if terms is None or not len(terms):
        for word, count in frequent_words(run, _TERMS):
            yield run.index(word), float(count)
        return
    weights = terms.weights * coherence
    for place in np.argsort(-weights, kind="stable").tolist():
        yield int(terms.rows[place]), float(weights[place])


def frequent_words(run: Run, most: int) -> list[tuple[str, int]]:
    """The most frequent content words with their counts."""
    counts = counts_of(run)
    words = run.vectors.index_to_key
    content = content_words(words, run.provenance)
    order = np.argsort(np.where(content, -counts, 1), kind="stable")[:most]
    return [(words[i], int(counts[i])) for i in order.tolist()]


def _chosen(rows: list[Json], most: int, readable: _Readable) -> list[Json]:
    """The first row of each topic, then a second one, up to ``most``; never two forms of a word."""
    kept: list[Json] = []
    for each in range(1, most + 1):
        for row in rows:
            same = [other for other in kept if other["topic"] == row["topic"]]
            forms = any(readable.alike(row["word"], other["word"]) for other in kept)
            if len(kept) < MOST and len(same) < each and not forms and row not in kept:
                kept.append(row)
    return sorted(kept, key=rows.index)


class _Readable:
    """Tells which words a newcomer can read: no stop words, numbers, names, abbreviations or rare words."""

    def __init__(self, run: Run, names: Mask) -> None:
        self._run = run
        counts = counts_of(run)
        self._unread = names | (counts < min(_OFTEN, counts.sum() // 10_000))
        self._stops = stop_words(run.provenance)
        language = run.provenance.language
        self._language = language if language in STEMMERS else None

    def of_text(self, row: int) -> bool:
        """Whether the word of a row can be shown."""
        word = self._run.vectors.index_to_key[row]
        letters = word.replace("_", "").replace("-", "").replace("'", "")
        short = len(letters) < _SHORTEST and letters.isascii()  # two Chinese characters are a word
        return letters.isalpha() and not short and word.lower() not in self._stops and not self._unread[row]

    def alike(self, word: str, other: str) -> bool:
        """Whether two words are forms of one word, or begin alike."""
        if word in other or other in word or word[:_ALIKE] == other[:_ALIKE]:
            return True
        return self._language is not None and len(set(stems([word, other], self._language))) == 1

    def near(self, vectors: Vectors, row: int) -> list[str]:
        """The words nearest to the word of a row that can be shown, without other forms of one word."""
        word = self._run.vectors.index_to_key[row]
        near: list[str] = []
        if not vectors.unit[row].any():
            return near
        for other, _ in vectors.most_similar(word, topn=_LOOKED_AT):
            if self.of_text(vectors.key_to_index[other]) and not any(
                self.alike(other, listed) for listed in (word, *near)
            ):
                near.append(other)
            if len(near) == _NEAR:
                break
        return near
