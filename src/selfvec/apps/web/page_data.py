"""All data of the page about one run, as JSON-serialisable dicts.

The methods that `view` marks are those of the programming interface, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Annotated, Any

import numpy as np
from fastapi import Depends

from selfvec.analysis.concepts.terms import stop_words
from selfvec.base.arrays import Mask
from selfvec.base.errors import NotFound, OptionError
from selfvec.base.memory import return_freed_memory
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, by_label, by_period, parse_span
from selfvec.data.coverage import coverage, has_row
from selfvec.data.run import Run
from selfvec.data.run_text import ID, TEXT
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.numerics.neighbours import only_in_each
from selfvec.retrieval import Found, Hit, Index, nearest_documents, run_index
from selfvec.storage.cache import cached, read_result, write_result
from selfvec.text.proper_names import names_of
from selfvec.usage.contexts import (
    NEARBY,
    SAMPLED,
    count_present,
    occurrences,
    padded_windows,
    pair_places,
    shared_neighbours,
)
from selfvec.usage.examples import marked_occurrences, quoted, repeated_last
from selfvec.views.run_summary import self_retrieval_gain

from . import views
from .comparison import REFINED, Comparisons
from .domain_words import domain_words
from .maps import Maps
from .present_state import PresentState
from .ranking import Filter
from .responses import SearchAnswer, SimilarAnswer
from .views import view
from .words import Completion, counts_of, frequent_words
from .work import BackgroundTask, Lane

_INDEXING = {  # the steps of indexing, and their approximate cost
    "Reading": 2,
    "Counting words": 1,
    "Relating documents": 1,
    "Comparing words and meaning": 1,
}
_LONG_TEXT = 5_000_000  # tokens; for a longer text, words are compared after indexing, to save memory
_FREQUENT = 40  # words of the first view
_FOLDED = 4  # times as many documents are looked at, if nearly identical ones are one row
_NEARLY = 0.8  # share of the words of two texts that both have, if they are nearly identical
_WORD = re.compile(r"[^\W\d_]+")
_NEIGHBOUR_WEIGHT = 0.5  # of a neighbour in the window of an occurrence, in units of cosine

UNITS = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}  # months
_DEFAULT_UNITS = ("month", "year", "decade")
_MOST = 60  # periods of a chart
_MOST_CHOSEN = 400  # periods of a chart with a chosen unit

Json = dict[str, Any]


def _compared(data: PageData, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    yield data.comparisons.tasks(asked["key"]).comparison


def _ranked(data: PageData, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    yield from _compared(data, asked)
    if not asked["wanted"].names:
        yield data.index  # tells names, too


class PageData:
    """The data of the page of one run. Methods raise `InputError` for data that the run does not have."""

    def __init__(
        self,
        run: Run,
        jobs: int | None = None,  # threads for background tasks; by default all cores but one
    ) -> None:
        self.run = run
        self._long = Lane()  # in this order: the index, tests, the index of the original vectors
        lane = Lane()
        self._index_first = run.tokens is not None and len(run.tokens) > _LONG_TEXT
        if self._index_first:
            lane.submit(lambda _: self.index.exception(), rank=-1)
        self.comparisons = Comparisons(run, jobs or max(1, threads(None) - 1), lane, self._long)
        self.complete = Completion(run.vectors.index_to_key, counts_of(run))
        self.present = PresentState(run)
        self.maps = Maps(run, self.comparisons, lambda: self.index, self.present)

    @cached_property
    def index(self) -> BackgroundTask[Index]:
        """The search index of ``selfvec search``."""
        return self._long.submit(partial(_indexed, self.run))

    @cached_property
    def names(self) -> Mask:
        """True for words that are mostly names, (V,) bool."""
        return names_of(self.run, self.run.vectors.index_to_key)

    @cached_property
    def original_index(self) -> BackgroundTask[Index]:
        """The search index of the original vectors, built after `index`."""
        _ = self.index  # is built first
        return self._long.submit(partial(_indexed, self.run, tables=("original",)), 2)

    def start(self) -> None:
        """Start the comparison that the page shows first."""
        _ = self.index
        self.comparisons.tasks(self.comparisons.default)
        if not self._index_first:
            _ = self.original_index

    @view("/api/state")
    def state(self) -> Json:
        """Whether the run was updated since it is served: its folder holds a newer state."""
        return {"newer": self.present.newer, "stamp": self.present.stamp}

    @view("/api/about")
    def about(self) -> Json:
        """The run, its comparisons, and the one shown first."""
        run = self.run
        made = run.provenance
        return {
            "description": made.corpus_name,
            "stamp": run.stamp,
            "method": made.method,
            "tokens": made.tokens,
            "types": len(run.vectors),
            "documents": made.documents,
            "vectors": made.vectors.get("name"),
            "left_out": sorted(made.text.get("dropped", {})),
            "merged": bool(made.options.get("lemmatize") or made.options.get("stem")),
            "has_text": run.tokens is not None,
            "comparisons": self.comparisons.choices(),
            "parts": [part.name for part in self.comparisons.slices],
            "default": self.comparisons.default,
            "dates": None if run.tokens is None else run.tokens.period,
            "halves": self._halves(),
            "units": units(run.tokens),
            "verdicts": run.health["verdicts"],
            "unknown": int(np.count_nonzero(~has_row(run.original))),
        }

    def _halves(self) -> list[str]:
        """Two parts of the text that somebody may want to compare: examples in the fields for them."""
        period = None if self.run.tokens is None else self.run.tokens.period
        parts = self.comparisons.slices
        return halves(*period) if period else [parts[0].name, parts[-1].name] if parts else []

    @view("/api/ranking", _ranked)
    def ranking(
        self,
        key: views.ComparisonKey,
        wanted: Annotated[Filter, Depends()],
        offset: views.Offset = 0,
        limit: views.Limit = 50,
    ) -> Json:
        """The words that changed: rows as in `selfvec drift --json`, with the size of the change."""
        tasks = self.comparisons.tasks(key)
        ranking = self.comparisons.get(key).ranking
        return {
            "ready": True,
            "names": ranking.vectors.names,
            "least": ranking.vectors.least,
            "testing": None if tasks.tested.done() else tasks.tested.share,
            "tested": bool(ranking.tests),
            **ranking.page(wanted, offset, limit, None if wanted.names else self.names),
        }

    @view("/api/word", _compared)
    def word(self, key: views.ComparisonKey, word: views.Word) -> Json:
        """A word's neighbours before and after, and its change."""
        row = self._row(word)
        ranking = self.comparisons.get(key).ranking
        words = self.run.vectors.index_to_key
        before, after = (
            [(words[other], round(cosine, 4)) for other, cosine in side] for side in ranking.vectors.near(row)
        )
        gained, lost = only_in_each([name for name, _ in before], [name for name, _ in after])
        place = ranking.place.get(row)
        return {
            **self._origin(row),
            "rank": None if place is None or ranking.ranks[place] < 0 else int(ranking.ranks[place]) + 1,
            "ranked": int(ranking.ranks.max(initial=-1)) + 1,
            "change": None if place is None else ranking.row(place),
            "names": ranking.vectors.names,
            "before": before,
            "after": after,
            "gained": gained,
            "lost": lost,
        }

    def _origin(self, row: int) -> Json:
        """How often a word occurs, and what its vectors are based on."""
        return {
            "word": self.run.vectors.index_to_key[row],
            "count": int(counts_of(self.run)[row]),
            "source": Source(int(self.run.original.sources[row])).name.lower(),
            "source_after": Source(int(self.run.vectors.sources[row])).name.lower(),
        }

    @view("/api/complete")
    def completed(self, text: views.Typed = "", most: views.FewResults = 8) -> Json:
        """Words that begin with a text, then words that contain it, with their counts."""
        return {"words": self.complete(text, most)}

    @view("/api/time")
    def time(self, word: views.Word, unit: views.Unit = None) -> Json:
        """How often a word occurs in each period; empty if the texts have neither dates nor labels."""
        row = self._row(word)
        batch = self.run.tokens
        parts = self.periods(unit)
        if batch is None or not parts:
            return {"word": word, "time": [], "spread": 1.0}
        return {"word": word, **time_course(batch, row, parts)}

    def _row(self, word: str) -> int:
        """The row of a word, also if it was typed with signs around it: *thunder?*."""
        try:
            return self.run.index(word)
        except NotFound:
            bare = re.sub(r"^\W+|\W+$", "", word)
            if bare in ("", word):
                raise
            return self.run.index(bare)

    def periods(self, unit: str | None = None) -> list[Slice]:
        """The periods that have documents."""
        return [] if self.run.tokens is None else periods(self.run.tokens, unit)

    @view("/api/topics", lambda data, _: [data.maps.topics])
    def topics(self, unit: views.Unit = None) -> Json:
        """How many documents of each period belong to each topic."""
        parts = self.periods(unit)
        found = self.maps.topics.result()
        shown = [] if found is None else found.topics
        by_topic = [] if found is None else [found.of_documents == i for i in range(len(shown))]
        return {
            "periods": [described_period(part) for part in parts],
            "topics": [
                {
                    "name": row.name,
                    "share": row.share,
                    "counts": [int(np.sum(mine & part.documents)) for part in parts],
                }
                for row, mine in zip(shown, by_topic, strict=True)
            ],
        }

    @view("/api/overview")
    def first_view(self) -> Json:
        """The most frequent words, the periods and fields of the text, and what refining gained."""
        return self.overview

    @cached_property
    def overview(self) -> Json:
        """The first view, which needs no comparison: frequent words, periods, fields, and what was gained."""
        gain = self_retrieval_gain(self.run.provenance)
        return {
            "words": frequent_words(self.run, _FREQUENT),
            "time": [described_period(part) for part in self.periods()],
            "fields": [] if self.run.text is None else list(self.run.text.fields),
            "gain": None if gain is None else {"before": gain[0], "after": gain[1]},
        }

    @view("/api/domain", lambda data, _: [data.domain])
    def words_of_text(self) -> Json:
        """The words that the text is about, and their neighbours before and after refining."""
        return {"words": self.domain.result()}

    @cached_property
    def domain(self) -> BackgroundTask[list[Json]]:
        """The words that the text is about; see `domain_words`."""
        return self.maps.after_topics(self._find_domain)

    def _find_domain(self, progress: Progress) -> list[Json]:
        def find() -> Json:
            return {"words": domain_words(self.run, self.maps.topics.result(), self.names)}

        found = cached(self.run, "page", ["domain"], find, write_result, read_result, progress)
        return list(found["words"])

    @view("/api/uses", _compared)
    def uses(self, key: views.ComparisonKey, word: views.Word, most: views.FewResults = 5) -> Json:
        """Sentences that show what a word means, of each side of a comparison."""
        row = self._row(word)
        batch = self.run.require_tokens()
        comparison = self.comparisons.get(key)
        gained, lost = comparison.ranking.gained_and_lost(row)
        texts = []
        for text in comparison.texts:
            marks = dict.fromkeys(gained, "came") if text.side else dict.fromkeys(lost, "went")
            places = occurrences(batch, row, text.documents, SAMPLED)
            typical = comparison.scores(row, text.side, places)
            near = count_present(padded_windows(batch, places, NEARBY), gained if text.side else lost)
            scores = repeated_last(self.run, places, typical + _NEIGHBOUR_WEIGHT * near)
            found = marked_occurrences(batch, places, scores, marks, most)
            texts.append({"name": text.name, "uses": self._quoted(found)})
        return {"texts": texts}

    @view("/api/together")
    def together(self, word: views.Word, other: views.OtherWord, most: views.FewResults = 5) -> Json:
        """Sentences in which two words occur close together, and the words that both occur with."""
        row = self._row(word)
        second = self._row(other)
        batch = self.run.require_tokens()
        words = self.run.vectors.index_to_key
        places, looked_at = pair_places(batch, row, second)
        scores = repeated_last(self.run, places, np.zeros(len(places)))
        found = marked_occurrences(batch, places, scores, {second: "came"}, most)
        return {
            "together": len(places),
            "of": looked_at,
            "shared": [words[i] for i in shared_neighbours(batch, row, second)],
            "uses": self._quoted(found),
        }

    def _quoted(self, found: list[Json]) -> list[Json]:
        """Occurrences, each sentence once; with original sentences and ids if the run keeps its text."""
        if self.run.text is not None:
            found = [use for use in found if not self.present.lacks(use["document"])]
            numbers = [use["document"] for use in found]
            rows = self.run.text.read((TEXT, ID), numbers).rows()
            found = [
                {**quoted(use, {number: text}), "id": name or str(number)}
                for use, number, (text, name) in zip(found, numbers, rows, strict=True)
            ]
        first: dict[str, Json] = {}
        for use in found:
            first.setdefault("".join(text for text, _ in use["tokens"]), use)
        return list(first.values())

    @view("/api/unknown", lambda data, _: [data.comparisons.tasks(REFINED).comparison])
    def unknown(
        self,
        source: views.VectorSource | None = None,
        seen: views.MinCount = 1,
        text: views.WordPart = "",
        offset: views.Offset = 0,
        limit: views.Limit = 50,
    ) -> Json:
        """Words that the initial vectors lack, most frequent first, and what their vectors are based on."""
        run = self.run
        counts = counts_of(self.run)
        words = self.run.vectors.index_to_key
        lacked = ~has_row(run.original)
        sources = {s.name.lower(): int(np.sum(lacked & (run.vectors.sources == s))) for s in Source}
        if source is not None and source not in sources:
            raise OptionError(
                f"is one of {', '.join(sources)}, not {source!r}", field="source", remedy="choose one"
            )
        kept = lacked & (counts >= seen)
        if source is not None:
            kept &= run.vectors.sources == Source[source.upper()]
        rows = np.flatnonzero(kept)
        if text:
            rows = rows[[text.lower() in words[i].lower() for i in rows.tolist()]]
        rows = rows[np.argsort(-counts[rows], kind="stable")]
        near = self.comparisons.get(REFINED).ranking.vectors.near
        shown = [
            {**self._origin(row), "near": [words[i] for i, _ in near(row, 5)[1]]}
            for row in rows[offset : offset + limit].tolist()
        ]
        return {
            "rows": shown,
            "total": len(rows),
            "sources": {kind: number for kind, number in sources.items() if number},
            "coverage": coverage(run.original, counts)["types"],
        }

    @view("/api/search", indexed=True, model=SearchAnswer, description="The best documents, best first.")
    def search(
        self,
        query: views.Question,
        top: views.Top = 10,
        mode: views.Mode = "hybrid",
        filters: views.Filters = None,
        fold: views.Fold = False,
    ) -> Json:
        """Search the documents: the output of `selfvec search --json`, and the fields to filter by."""
        if not query.strip():
            raise OptionError("the query is empty", field="query", remedy="write the words to search for")
        index = self.index.result()
        found = index.search(query, _FOLDED * top if fold else top, mode=mode, filters=filters or ())
        answer = self._answer(found)
        if fold:
            answer["rows"] = folded(answer["rows"], stop_words(self.run))[:top]
        return answer | {"filter_names": index.filter_names}

    @view("/api/document", indexed=True)
    def document(self, id: views.DocumentId) -> Json:
        """A whole document by the id that a search gave."""
        index = self.index.result()
        number = index.number(id)
        if self.present.lacks(number):
            rule = f"the document {id!r} is not in the run any longer"
            raise NotFound(rule, remedy="start selfvec serve again")
        documents = index.documents
        text = documents.text(number)
        fields = documents.fields_of(number)
        return {"id": id, "date": documents.day(number), "fields": fields, "text": text}

    @view("/api/similar", indexed=True, model=SimilarAnswer, description="The nearest documents, best first.")
    def similar(self, document: views.DocumentId, top: views.Top = 10, filters: views.Filters = None) -> Json:
        """The documents nearest to one by meaning: the output of `selfvec similar --document --json`."""
        return self._answer(nearest_documents(self.index.result(), document, top, filters or ()))

    def _answer(self, found: Found) -> Json:
        answer: Json = replace(found, corpus=self.run.provenance.corpus_name).as_dict()
        del answer["hits"]  # the rows, under an older name
        answer["rows"] = [
            {**row, "alike": self._still(row["alike"])} for row in answer["rows"] if self._still([row["id"]])
        ]
        return answer

    def _still(self, names: Sequence[str]) -> list[str]:
        """The ids of documents that the run still has."""
        numbers = self.index.result().numbers
        return [name for name in names if not self.present.lacks(numbers[name])]

    @view("/api/texts", lambda data, _: [data.index])
    def texts(
        self,
        query: views.ComparedQuestion,
        top: views.FewDocuments = 8,
        mode: views.Mode = "hybrid",
        filters: views.Filters = None,
    ) -> Json:
        """Documents found with the original vectors, and with the refined ones.

        `whole` is false until the documents are indexed with the original vectors, too.
        """
        index, original = self.index.result(), self.original_index.result_now()
        wanted: Json = {"mode": mode, "filters": filters or ()}
        found = index.search(query, top, **wanted)
        before = None if original is None else original.search(query, top, **wanted)
        return {
            "ready": True,
            "whole": before is not None,
            "names": ["original", "refined"],
            "known": found.asked,
            "unknown": found.unknown,
            "sides": [
                [self._hit(index, hit) for hit in one.hits if self._still([hit.id])] if one else []
                for one in (before, found)
            ],
        }

    def _hit(self, index: Index, hit: Hit) -> Json:
        """A hit as a quoted sentence in which the words that match the question are marked."""
        number = index.numbers[hit.id]
        batch = self.run.tokens
        quoted: Json = {
            "document": number,
            "id": hit.id,
            "score": hit.score,
            "cut": [False, False],
            "written": True,
            "tokens": [[text, "near" if mark else ""] for text, mark in hit.pieces()],
        }
        if hit.date:
            quoted["date"] = hit.date
        if batch is not None and batch.slices is not None and batch.documents == len(index):
            label = int(batch.slices[number])
            quoted |= {"slice": batch.slice_names[label]} if label >= 0 else {}
        return quoted

    @view("/api/health")
    def health(self) -> Json:
        """The output of `selfvec run health --json`."""
        return self.run.health


def _indexed(run: Run, progress: Progress, **options: Any) -> Index:
    """The search index of a run. Its progress counts all steps."""
    with progress.steps("Indexing", _INDEXING) as steps:
        found = run_index(run, progress=steps, **options)
    return_freed_memory()
    return found


def folded(rows: Sequence[Json], stops: Collection[str]) -> list[Json]:
    """The rows of a search without those whose text has nearly the words of a better one.

    Numbers and ``stops`` do not count. Their ids are in ``alike`` of the row that stays.

    >>> rows = [{"id": "a", "text": "Wind blew down 2 trees.", "alike": []}]
    >>> rows += [{"id": "b", "text": "Wind blew down some trees.", "alike": ["c"]}]
    >>> folded(rows, {"some"})
    [{'id': 'a', 'text': 'Wind blew down 2 trees.', 'alike': ['b', 'c']}]
    """
    kept: list[tuple[set[str], Json]] = []
    for row in rows:
        words = {word for word in _WORD.findall(row["text"].lower()) if word not in stops}
        best = next((other for own, other in kept if _same(own, words)), None)
        if best is None:
            kept.append((words, {**row, "alike": list(row["alike"])}))
        else:
            best["alike"] += [row["id"], *row["alike"]]
    return [row for _, row in kept]


def _same(one: set[str], other: set[str]) -> bool:
    return bool(one) and len(one & other) >= _NEARLY * len(one | other)


def units(batch: TokenBatch | None) -> list[str]:
    """The units of time that give a text at least two periods and at most `_MOST_CHOSEN`."""
    span = _months(batch)
    return [unit for unit, months in UNITS.items() if months < span <= _MOST_CHOSEN * months]


def periods(batch: TokenBatch, unit: str | None = None) -> list[Slice]:
    """The periods of a text that have documents; its labelled parts if it has no dates.

    By default at most `_MOST`. Raises `NotFound` if a unit gives no periods or too many.
    """
    if unit is not None and unit not in units(batch):
        rule = f"is one of {', '.join(units(batch)) or 'none'} for this text, not {unit!r}"
        raise NotFound(rule, field="unit", remedy="leave it out")
    span = _months(batch)
    if span:
        found = next((name for name in _DEFAULT_UNITS if span <= UNITS[name] * _MOST), "century")
        return by_period(batch, unit or found)
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


def _years(day: np.datetime64) -> float:
    """A day as a year and the part of it that has passed.

    >>> _years(np.datetime64("1993-01-01")), round(_years(np.datetime64("2020-07-01")), 2)
    (1993.0, 2020.5)
    """
    year = day.astype("datetime64[Y]")
    first, end = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    return 1970 + int(year.astype(int)) + float((day - first) / (end - first))


def halves(first: str, last: str) -> list[str]:
    """The two halves of the time between two days, in years or, within one year, in months.

    >>> halves("1972-06-18", "2025-03-01"), halves("2020-01-31", "2020-04-01")
    (['1972..1998', '1999..2025'], ['2020-01..2020-02', '2020-03..2020-04'])
    """
    unit = "datetime64[M]" if first[:4] == last[:4] else "datetime64[Y]"
    start, end = np.array([first, last], unit)
    middle = start + (end - start) // 2
    return [f"{start}..{middle}", f"{min(middle + 1, end)}..{end}"]


def time_course(batch: TokenBatch, row: int, parts: Sequence[Slice]) -> Json:
    """Occurrences of a word in each period, its tokens and documents; and the ``spread`` of the word.

    The spread is the variance of its share of a text in units of that of words drawn singly, at least 1:
    occurrences come in documents, so as many of them are less certain by this factor.
    """
    uses = np.bincount(batch.document_of(occurrences(batch, row)), minlength=batch.documents)
    lengths = np.diff(batch.offsets)
    share = uses.sum() / max(lengths.sum(), 1)
    by_documents = float(np.square(uses - share * lengths).sum())
    singly = float(lengths.sum() * share * (1 - share))
    course = [
        {
            **described_period(part),
            "count": int(uses[part.documents].sum()),
            "tokens": int(lengths[part.documents].sum()),
        }
        for part in parts
    ]
    return {"time": course, "spread": max(1.0, round(by_documents / singly, 3)) if singly else 1.0}


def _months(batch: TokenBatch | None) -> float:
    """The months from the first to the last dated document; 0 if none is dated."""
    if batch is None or batch.dates is None or np.isnat(batch.dates).all():
        return 0.0
    days = batch.dates[~np.isnat(batch.dates)]
    return float((days.max() - days.min()).astype(int)) / 30.4 or 1.0
