"""The hits of a search: for each document the words around its best match, and the matching words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from selfvec.base.answer import Answer, Json, short_repr
from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import plain
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.threads import limited
from selfvec.base.view import Entry, Part, View, escaped
from selfvec.corpus.field_names import is_title
from selfvec.data.field_types import plain_fields
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.text.passages import marked, span_as_given
from selfvec.text.repeats import Repeats
from selfvec.text.tokenizers import FoundWords, find_words
from selfvec.text.vocabulary import Query, Vocabulary

from .dense_space import LEAST_COSINE
from .scoring import ACCENTED, BEST_PASSAGE, PARTS, Scored, Scorer
from .segments import SearchedDocuments

# ---- The documents that are hits: each text once, and copies named with the first of their text


class Best(NamedTuple):
    """A document that was found, its best passage, and the documents behind it with the same passage."""

    document: int
    text: str  # of the passage; the whole text of a short document
    span: tuple[int, int]  # characters
    alike: list[int]


def different_texts(documents: SearchedDocuments, scored: Scored, top: int) -> list[Best]:
    """The best documents of ``top`` different texts, best first.

    Texts that differ only in case and white space are the same. Copies are looked for down to the first
    document of one text more, and not beyond.
    """
    wanted = top + 1  # the first of one text more shows that the copies of the last one are complete
    while True:
        best = scored.best_documents(wanted)
        by_text: dict[str, Best] = {}
        for document in best:
            passage = _best_passage(documents, scored, document)
            key = text_key(passage.text)
            if key in by_text:
                by_text[key].alike.append(passage.document)
            elif len(by_text) == top:
                return list(by_text.values())
            else:
                by_text[key] = passage
        if len(best) < wanted:
            return list(by_text.values())
        wanted *= 2


def _best_passage(documents: SearchedDocuments, scored: Scored, document: int) -> Best:
    """The best passage of a document; short documents are passages themselves."""
    text = documents.text(document)
    best = int(scored.best[document])
    start, end = (0, len(text)) if best < 0 else documents.span(best)
    return Best(document, text[start:end], (start, end), [])


def title_among(fields: Mapping[str, Any]) -> str | None:
    """The field of a document that is its title, as a text."""
    return next((_drawn(value) for name, value in fields.items() if is_title(name)), None)


def _drawn(value: Any) -> str:
    """A value of a field where it is shown."""
    if isinstance(value, list):
        return ", ".join(map(_drawn, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(plain_fields({"": value})[""])


def text_key(text: str) -> str:
    """Equal for texts that differ only in case and white space."""
    return " ".join(text.casefold().split())


# ---- Hits


SNIPPET = 40  # words of a snippet; a text up to half longer is shown whole
KINDS = ("related", "match")
_SPACE = re.compile(r"\s")
_MODES = {"hybrid": "by their words and their meaning", "bm25": "by their words", "dense": "by their meaning"}
_TITLE = 50  # characters
_REASONS = 6  # words of each kind
_IDS = 5  # of documents with the same text


class Match(NamedTuple):
    """How a word matches a query."""

    query_word: int  # the number of the word of the query that it matches
    cosine: float  # 1 for the same stem
    weight: float  # idf of the query word, times what an occurrence counts


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
    title: str | None  # the field of that name
    date: str | None
    snippet: str  # without what was mended in the text
    text: str  # the best passage as it came; the whole of a short document
    alike: list[str]  # ids of further documents with the same text
    fields: dict[str, Any]  # of their types: numbers, dates, lists of texts
    parts: dict[str, float]  # contribution of each of `PARTS`; their sum is the score
    passage: tuple[int, int]  # where it begins and ends in the document as it came, in characters
    marks: list[Mark]  # words of the snippet
    words: list[Reason]  # the strongest first

    def entry(self, number: int) -> Entry:
        """The document as views have it: its best passage, what is known about it, and why it was found."""
        title = (self.title or "").strip()
        title = "" if self.snippet.startswith(title[:_TITLE]) else printable(title[:_TITLE])
        head = [(escape_for_display(self.id), "strong"), *([(f"  {title}", "strong")] * bool(title))]
        parts = ", ".join(f"{name} {value:+.2f}" for name, value in self.parts.items())
        copies = f"and {len(self.alike):,} alike" if self.alike else ""
        figures = "  ".join(filter(None, (f"score {self.score:.2f}", self.date, copies)))
        drawn = ((name, _drawn(value)) for name, value in self.fields.items())
        fields = [f"{name}: {value}" for name, value in drawn if value not in ("", self.title)]
        ids = f": {', '.join(self.alike[:_IDS])}{', …' * (len(self.alike) > _IDS)}" if copies else ""
        facts = " · ".join(filter(None, (self.date, *fields, f"{copies}{ids}")))
        pieces = marked(self.snippet, ((mark.start, mark.end, mark.kind) for mark in self.marks))
        passage = [(printable(text), style) for text, style in pieces]
        reasons = [[(text, "quiet")] for text in self._reasons()]
        return Entry(head, [passage, *reasons], [figures, parts], printable(facts), number=number)

    def _reasons(self) -> Iterator[str]:
        same = dict.fromkeys(reason.document for reason in self.words if reason.kind == "match")
        near = [reason for reason in self.words if reason.kind == "related"][:_REASONS]
        related = (f"{escape_for_display(of.document)} (for {escape_for_display(of.query)})" for of in near)
        kinds = {"words in common": escaped([*same][:_REASONS]), "related words": ", ".join(related)}
        if told := "; ".join(f"{kind}: {words}" for kind, words in kinds.items() if words):
            yield told


@dataclass(frozen=True, repr=False)
class Found(Answer):
    """The result of a search."""

    query: str
    mode: str
    documents: int  # how many were searched
    asked: list[str]  # words of the question that were searched for
    unknown: list[str]  # words of the question that neither the documents nor the run have
    hits: list[Hit]  # the best first
    skipped_files: list[str] = field(default_factory=list)  # in a folder that was searched, and no text
    alike: list[str] = field(default_factory=list)  # ids of documents with the text of the one asked for
    filters: list[str] = field(default_factory=list)  # that the documents pass
    corpus: str = ""  # what was searched, if known
    left_out: str = ""  # what was mended and left out of a text that was searched, in words
    notes: list[str] = field(default_factory=list)  # how the question was understood, a sentence each
    question: str | None = None  # by what it was compared in the encoder's space: encoder or rows

    def __repr__(self) -> str:
        title = f"Found for {self.query!r}: {len(self)} of {self.documents:,} documents"
        note = self.left_out or (self.hits[0].snippet if self.hits else "")
        return short_repr(title, [f"{hit.id} ({hit.score:.2f})" for hit in self.hits], note)

    @property
    def messages(self) -> list[str]:
        """What was not looked for, and what was left out of the text."""
        unknown = f"not in the documents or the run: {', '.join(self.unknown)}"
        return [unknown] * bool(self.unknown) + [self.left_out] * bool(self.left_out)

    def view(self, top: int | None = None) -> View:
        """The documents, best first, and how they were looked for."""
        compared = f", question by {self.question}" if self.question else ""
        how = f"{count_of(self.documents, 'document')}, {self.mode}{compared}"
        entries: list[Part] = [hit.entry(number) for number, hit in enumerate(self.hits[:top], 1)]
        parts = entries or [f"nothing found in {count_of(self.documents, 'document')}"]
        notes = [*([how] if entries else []), *map(printable, self.notes)]
        return View(printable(f"Search: {self.query}"), parts, [*self._about()], notes, self.rows)

    def _about(self) -> Iterator[str]:
        """What was asked, of which documents, and how much was found: for who did not ask."""
        searched = f"{count_of(self.documents, 'document')}{f' of {self.corpus}' if self.corpus else ''}"
        asked = f"“{self.query}” was looked for in {searched}, {_MODES[self.mode]}, on {date.today()}."
        yield printable(asked)
        if self.filters:
            yield printable(f"Only documents that pass these filters: {', '.join(self.filters)}.")
        alike = sum(len(hit.alike) for hit in self.hits)
        copies = count_of(alike, "more document has", "more documents have")
        more = f"; {copies} one of these texts" if alike else ""
        yield f"The {count_of(len(self), 'best document')}{more}." if len(self) else "No document was found."
        if self.unknown:
            yield printable(f"In no document: {', '.join(self.unknown)}.")

    def __len__(self) -> int:
        return len(self.hits)

    @cached_property
    def rows(self) -> list[Json]:
        """The hits as dicts, as in the JSON; in frames, each field is a column."""
        return [asdict(hit) for hit in self.hits]

    def as_dict(self) -> Json:
        """JSON-serialisable, as ``selfvec search --json`` prints it. ``hits`` are ``rows``, too."""
        rows = [{**row, "fields": plain_fields(row["fields"])} for row in self.rows]
        return {of.name: getattr(self, of.name) for of in fields(self)} | {"hits": rows, "rows": rows}


def describe(
    vocabulary: Vocabulary, scorer: Scorer, query: Query, scored: Scored, best: Sequence[Best], mode: str
) -> list[Hit]:
    """Hits for documents, in their order."""
    documents = scorer.documents
    texts = [passage.text for passage in best]
    words = find_words(texts, vocabulary.preprocessing.tokenizer)
    types = vocabulary.types_of(words.names)
    matches = _best_matches(types, _matches(scorer, query, mode)) | _written(words, query)
    matching = np.zeros(len(words.names), bool)
    matching[list(matches)] = True
    repeated = _repeated(documents.repeats, vocabulary, words, types)
    hits = []
    for (document, text, span, alike), bounds in zip(best, pairwise(words.bounds.tolist()), strict=True):
        p = slice(*bounds)
        of_words = words.ids[p], words.starts[p], words.ends[p], repeated[p]
        passage = _Passage(text, words.names, *of_words)
        places = np.flatnonzero(matching[passage.ids])
        telling = places[~passage.repeated[places]]
        shown = telling if len(telling) else places  # repeated passages only if there is nothing else
        weights = [matches[word] for word in passage.ids[shown].tolist()]
        window = _window(len(passage.ids), len(query.words), shown, weights)
        snippet, marks = _snippet(passage, query, window, places, matches)
        fields, given = documents.fields_of(document), documents.as_given(document)
        span = span_as_given(documents.text(document), given, span)
        hits.append(
            Hit(
                id=documents.name(document),
                score=float(scored.scores[document]),
                snippet=snippet,
                marks=marks,
                passage=span,
                parts=_parts(scored, document, mode),
                words=_reasons(passage, query, passage.ids[places], matches),
                date=documents.day(document),
                fields=fields,
                title=title_among(fields),
                text=given[slice(*span)],
                alike=list(map(documents.name, alike)),
            )
        )
    documents.release_texts()
    return hits


@dataclass(frozen=True)
class _Passage:
    """The words of the best passage of a document. ``ids`` are numbers of the distinct ``words`` of all."""

    text: str
    words: list[str]
    ids: Ids
    starts: Ints
    ends: Ints
    repeated: Mask  # words of a passage that many documents share


def _repeated(
    repeats: Repeats, vocabulary: Vocabulary, words: FoundWords, types: Sequence[tuple[int, ...]]
) -> Mask:
    """Which words, (N,), belong to a passage that many documents share."""
    mask = np.zeros(len(words.ids), bool)
    if not len(repeats.passages) or not len(mask):
        return mask
    first = np.array([numbers[0] if numbers else -1 for numbers in types], np.int32)[words.ids]
    has_type = first >= 0
    used, ids = np.unique(first[has_type], return_inverse=True)
    offsets = bounds_of(has_type)[words.bounds]
    batch = TokenBatch(ids.astype(np.int32), offsets, [vocabulary.types[i] for i in used.tolist()])
    with limited(1):
        mask[has_type] = repeats.tokens_in(batch)
    return mask


def _matches(scorer: Scorer, query: Query, mode: str) -> dict[int, Match]:
    """Types that match a query: its own and, except in mode bm25, those related to them."""
    out: dict[int, Match] = {}
    types = query.types.tolist()
    words = [(number, word, float(scorer.weights[word])) for number, word in enumerate(types)]
    related = [[] for _ in types] if mode == "bm25" else scorer.space.related_to(types)
    for (number, _, weight), near in zip(words, related, strict=True):
        for other, like in near[1:]:
            if other not in out or like * weight > out[other].weight:
                cosine = LEAST_COSINE + (1 - LEAST_COSINE) * like**0.5
                out[other] = Match(number, cosine, like * weight)
    for number, word, weight in words:
        for other in query.alike.get(word, ()):
            out[other] = Match(number, 1.0, ACCENTED * weight)
    return out | {word: Match(number, 1.0, weight) for number, word, weight in words}


def _written(words: FoundWords, query: Query) -> dict[int, Match]:
    """The words of the passages, by number, that a question of stop words has; these have no types."""
    if len(query.types):
        return {}
    same = [lower(word) for word in query.words]
    keys = ((number, lower(plain(name))) for number, name in enumerate(words.names))
    return {number: Match(same.index(key), 1.0, 1.0) for number, key in keys if key in same}


def _best_matches(
    types: Sequence[tuple[int, ...]],  # of each word of the passages
    matches: dict[int, Match],  # by type
) -> dict[int, Match]:
    """The words of the passages that match, by number, each with its best match."""
    best: dict[int, Match] = {}
    for word, numbers in enumerate(types):
        for number in numbers:
            match = matches.get(number)
            if match is not None and (word not in best or match.weight > best[word].weight):
                best[word] = match
    return best


def _snippet(
    passage: _Passage,
    query: Query,
    window: tuple[int, int],  # the first word, and the one behind the last
    places: Ints,  # (M,) words of the passage that match, rising
    matches: dict[int, Match],  # by word
) -> tuple[str, list[Mark]]:
    first, last = window
    begin = int(passage.starts[first]) if first > 0 else 0
    end = int(passage.ends[last - 1]) if last < len(passage.ids) else len(passage.text)
    lead = "… " if first > 0 else ""
    trail = " …" if last < len(passage.ids) else ""
    shown = places[(places >= first) & (places < last)]
    shift = len(lead) - begin
    starts = (passage.starts[shown] + shift).tolist()
    ends = (passage.ends[shown] + shift).tolist()
    marks: list[Mark] = []
    for start, stop, word in zip(starts, ends, passage.ids[shown].tolist(), strict=True):
        match = matches[word]
        if marks and start < marks[-1].end:  # pieces overlap
            continue
        marks.append(Mark(start, stop, KINDS[match.cosine == 1], query.words[match.query_word]))
    return lead + _SPACE.sub(" ", passage.text[begin:end]) + trail, marks


def _window(
    length: int,
    words: int,  # of the query
    places: Ints,  # (M,) words that match, rising
    matches: Sequence[Match],  # M
) -> tuple[int, int]:
    """First and last word of the stretch that matches best, in the middle of what is shown."""
    if length <= SNIPPET * 3 // 2:
        return 0, length
    if not len(places):
        return 0, SNIPPET
    first = _best_start(places, matches, words)
    last = int(np.searchsorted(places, places[first] + SNIPPET)) - 1
    best = max(0, min((int(places[first]) + int(places[last]) + 1 - SNIPPET) // 2, length - SNIPPET))
    return best, best + SNIPPET


def _best_start(places: Ints, matches: Sequence[Match], words: int) -> int:
    """The first of the M matching words of the stretch of forty words that matches best; see `_window`.

    The largest weight of each word of the query counts once, further ones a tenth.

    >>> _best_start(np.array([0, 50, 60]), [Match(0, 1, 2.0), Match(0, 1, 2.0), Match(1, 1, 1.0)], 2)
    1
    """
    by_word = np.zeros((len(places) + 1, words))
    by_word[np.arange(1, len(places) + 1), [match.query_word for match in matches]] = [
        match.weight for match in matches
    ]
    ends = np.searchsorted(places, places + SNIPPET)
    totals = by_word.cumsum(axis=0)
    sums = totals[ends] - totals[:-1]  # (M, T) of the stretch that begins with each word
    worth = np.minimum(sums, by_word.max(axis=0)).sum(axis=1) + 0.1 * sums.sum(axis=1)
    return int(np.argmax(worth >= worth.max() * (1 - 1e-9)))  # equal ones differ by rounding


def _reasons(
    passage: _Passage,
    query: Query,
    words: Ids,  # (M,) the matching words of the passage, with repetitions
    matches: dict[int, Match],  # by word
) -> list[Reason]:
    counts: Counter[tuple[float, int, str, float]] = Counter()
    for word, number in Counter(words.tolist()).items():
        match = matches[word]
        counts[match.weight, match.query_word, passage.words[word].lower(), match.cosine] += number
    order = sorted(counts.items(), key=lambda item: -item[0][0])
    return [
        Reason(query.words[t], word, KINDS[cosine == 1], round(cosine, 3), count)
        for (_, t, word, cosine), count in order
    ]


def _parts(scored: Scored, document: int, mode: str) -> dict[str, float]:
    parts = scored.parts[:, document].astype(np.float64)
    best = int(scored.best[document])
    if best >= 0:
        passage = scored.parts[:, len(scored.scores) + best]
        parts = (1 - BEST_PASSAGE) * parts + BEST_PASSAGE * passage
    given = scored.scales * parts - scored.shifts
    computed = PARTS[: len(given)]
    names = {"bm25": computed[:1], "dense": computed[2:]}.get(mode, computed)
    contributions = {name: float(given[PARTS.index(name)]) for name in names}
    if scored.signs is not None:
        contributions[PARTS[-1]] = float(scored.signs[document])
    return contributions
