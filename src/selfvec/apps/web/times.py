"""Answers about time: the periods of a text, and how often words and topics occur in each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.analysis.concepts.document_topics import typical_sentences
from selfvec.analysis.concepts.shares import ShareChange, documents_of, word_changes, word_sentences
from selfvec.analysis.concepts.subjects import own_name_of_each
from selfvec.analysis.concepts.topic_result import Topics
from selfvec.base.answer import Json
from selfvec.base.errors import NotFound
from selfvec.corpus.filters import filtered_documents
from selfvec.corpus.slices import MONTHS, Slice, by_label, by_period, later, parse_span
from selfvec.data.token_batch import TokenBatch

from . import addresses
from .addresses import address
from .page_data import KEPT, PageData

_DEFAULT_UNITS = ("month", "year", "decade")
_MOST = 60  # periods of a chart
_MOST_CHOSEN = 400  # periods of a chart with a chosen unit


@address("/api/time")
def time(
    page: PageData,
    key: addresses.ComparisonKey,
    word: addresses.Word,
    unit: addresses.Unit = None,
    filter: addresses.Filters = None,
) -> Json:
    """In how many documents of each period a word is; empty if they have neither dates nor labels."""
    name = page.run.vectors.index_to_key[page.row(word)]
    parts = _passing(page, periods(page.run.tokens, unit), filter or ())
    if not parts:
        return {"word": word, "time": [], "growth": "", "direction": None, "border": None}
    having = documents_of(page.run, name)
    sides = page.sides(key, filter or ()).slices
    changes = word_changes(page.run, [name], sides)
    return {
        "word": word,
        "time": [{**described_period(part), "count": int((part.documents & having).sum())} for part in parts],
        "growth": " ".join(word_sentences(changes)),
        "direction": _direction(changes[0][1] if changes else None),
        "border": border(sides),
    }


@address("/api/topics")
def topics(
    page: PageData,
    key: addresses.ComparisonKey,
    unit: addresses.Unit = None,
    filter: addresses.Filters = None,
) -> Json:
    """How many documents of each period belong to each subject, and to each topic as it was found."""
    chosen = tuple(filter or ())
    parts = _passing(page, periods(page.run.tokens, unit), chosen)
    grown = page.grown(key, chosen)
    answer: Json = {"periods": [described_period(part) for part in parts], "subjects": [], "topics": []}
    answer["border"] = border(page.sides(key, chosen).slices)
    found, named = page.topics.result(), page.named_topics
    if not grown or not grown[1].subjects or not found or not named or not named.subjects:
        return answer
    own = own_name_of_each(found, page.run.topic_names)
    topics_with, first = np.unique(found.of_documents, return_index=True)
    of = named.subjects.of_documents[first[topics_with >= 0]].tolist()
    answer["subjects"] = _rows(grown[1].subjects, parts)
    answer["topics"] = [
        row | {"own": name, "subject": subject}
        for row, name, subject in zip(_rows(grown[0], parts), own, of, strict=True)
    ]
    return answer


def _rows(whole: Topics, parts: Sequence[Slice]) -> list[Json]:
    """The topics, with the documents of each period."""
    counts = [
        np.bincount(whole.of_documents[part.documents] + 1, minlength=len(whole) + 1)[1:].tolist()
        for part in parts
    ]
    return [
        {
            "name": topic.name,
            "terms": [term for term, _ in topic.terms],
            "share": topic.share,
            "counts": [of_part[i] for of_part in counts],
            "growth": f"{topic.growth.told}." if topic.growth else "",
            "direction": _direction(topic.growth),
        }
        for i, topic in enumerate(whole.topics)
    ]


def _direction(change: ShareChange | None) -> int | None:
    """Whether a share grew, 1, or shrank, -1, by itself; else 0."""
    if change is None:
        return None
    fair = change.like_for_like
    return (1 if fair.grew else -1) if fair.moved else 0


def _passing(page: PageData, parts: list[Slice], filters: Sequence[str]) -> list[Slice]:
    """Periods with only the documents that pass, if there are any."""
    if not filters:
        return parts
    passes = filtered_documents(page.run, filters)
    narrowed = [Slice(part.name, part.documents & passes) for part in parts]
    return [part for part in narrowed if part.documents.any()]


@address("/api/typical")
def typical(page: PageData, filter: addresses.Filters = None) -> Json:
    """Sentences that are typical of each topic, with the ids of their documents."""
    result = page.topics.result()
    if result is not None and filter:
        result = result.among(filtered_documents(page.run, filter))
    quoted = result and page.run.held("typical", lambda: typical_sentences(result), tuple(filter or ()), KEPT)
    return {"topics": [[quote.as_dict() for quote in quotes] for quotes in quoted or ()]}


def units(batch: TokenBatch | None) -> list[str]:
    """The units of time that give a text at least two periods and at most `_MOST_CHOSEN`."""
    span = _months(batch)
    return [unit for unit, months in MONTHS.items() if months < span <= _MOST_CHOSEN * months]


def periods(batch: TokenBatch | None, unit: str | None = None) -> list[Slice]:
    """The periods of a text that have documents; its labelled parts if it has no dates.

    By default at most `_MOST`. Raises `NotFound` if a unit gives no periods or too many.
    """
    if batch is None:
        return []
    if unit is not None and unit not in units(batch):
        rule = f"is one of {', '.join(units(batch)) or 'none'} for this text, not {unit!r}"
        raise NotFound(rule, field="unit", remedy="leave it out")
    span = _months(batch)
    if span:
        usual = next((name for name in _DEFAULT_UNITS if span <= MONTHS[name] * _MOST), "century")
        return by_period(batch, unit or usual)
    return by_label(batch) if batch.slices is not None and len(batch.slice_names) <= _MOST else []


def described_period(part: Slice) -> Json:
    """A period: its name, its documents, and its bounds in years, which are null for a labelled part."""
    span = parse_span(part.name)
    bounds = (None, None) if span is None else [_years(day) for day in span]
    return {
        "name": part.name,
        "documents": int(part.documents.sum()),
        "from": bounds[0],
        "to": bounds[1],
    }


def border(sides: Sequence[Slice]) -> float | None:
    """Where the second of two periods begins, in years."""
    span = parse_span(sides[-1].name) if sides else None
    return None if span is None else _years(span[0])


def _years(day: np.datetime64) -> float:
    """A day as a year and the part of it that has passed.

    >>> _years(np.datetime64("1993-01-01")), round(_years(np.datetime64("2020-07-01")), 2)
    (1993.0, 2020.5)
    """
    year = day.astype("datetime64[Y]")
    first, end = year.astype("datetime64[D]"), later(year, 1).astype("datetime64[D]")
    return 1970 + int(year.astype(int)) + float((day - first) / (end - first))


def _months(batch: TokenBatch | None) -> float:
    """The months from the first to the last dated document; 0 if none is dated."""
    if batch is None or batch.period is None:
        return 0.0
    first, last = np.array(batch.period, "datetime64[D]")
    return float((last - first).astype(int)) / 30.4 or 1.0
