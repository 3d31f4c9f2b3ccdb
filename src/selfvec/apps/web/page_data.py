"""All data of the page about one run, as JSON-serialisable dicts.

The methods that `view` marks are those of the programming interface, too.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any

import numpy as np
from fastapi import Depends

from selfvec.analysis.concepts.document_topics import typical_sentences
from selfvec.analysis.usage.contexts import (
    NEARBY,
    SAMPLED,
    count_present,
    occurrences,
    padded_windows,
    pair_places,
    shared_neighbours,
)
from selfvec.analysis.usage.examples import marked_occurrences, repeated_last
from selfvec.analysis.usage.quotations import Quotation, sentences
from selfvec.base.arrays import Mask
from selfvec.base.characters import folded
from selfvec.base.errors import NotFound, OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.vectors import Source, coverage, has_row
from selfvec.storage.run_folder import present_state
from selfvec.text.odd_words import names_of
from selfvec.views.run_summary import self_retrieval_gain

from . import addresses
from .addresses import address
from .comparison import REFINED, Comparisons
from .documents import DocumentAnswers
from .domain_words import domain_words
from .maps import Maps
from .periods import described_period, halves, periods, time_course, units
from .ranking import Filter
from .usages import UsageAnswers
from .word_map import kept
from .words import Completion, counts_of, frequent_words
from .work import BackgroundTask, Busy, Tasks

_LONG_TEXT = 5_000_000  # tokens; for a longer text, words are compared after indexing, to save memory
_FREQUENT = 40  # words of the first view
_NEIGHBOUR_WEIGHT = 0.5  # of a neighbour in the window of an occurrence, in units of cosine

Json = dict[str, Any]


def _compared(data: PageData, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    yield data.comparisons.tasks(asked["key"]).comparison


def _ranked(data: PageData, asked: Mapping[str, Any]) -> Iterator[BackgroundTask[Any]]:
    yield data.comparisons.tasks(asked["key"]).tested


class PageData(DocumentAnswers, UsageAnswers):
    """The data of the page of one run. Methods raise `InputError` for data that the run does not have.

    What it computes in the background, and what each needs::

        topics, names ─▶ domain              index ─▶ original index, maps of documents
        (index of a long text ─▶) comparison ─▶ its states, its drift, its map of words
    """

    def __init__(
        self,
        run: Run,
        jobs: int | None = None,  # threads for background tasks; by default all cores but one
    ) -> None:
        tasks = Tasks()
        DocumentAnswers.__init__(self, run, tasks)
        UsageAnswers.__init__(self)
        self._long = run.tokens is not None and len(run.tokens) > _LONG_TEXT
        first = [self.index] if self._long else []
        self.comparisons = Comparisons(run, jobs or max(1, threads(None) - 1), tasks, after=first)
        self.complete = Completion(run.vectors.index_to_key, counts_of(run))
        self.first = run.stamp  # of the state that was served first
        self.maps = Maps(run, tasks, self.comparisons, self.index)
        self.names = tasks.task(self._find_names)
        self.domain = tasks.task(self._find_domain, [self.maps.topics, self.names])
        self.stop = tasks.close  # the background tasks, because nothing more will be asked

    def of(self, run: Run) -> PageData:
        """The data of another state of the run."""
        made = PageData(run, self.comparisons.jobs)
        made.first = self.first
        return made

    def start(self) -> None:
        """Begin what the page shows: the overview, and when that is done the other tabs.

        What somebody asks for meanwhile begins at once.
        """
        self.domain.begin().add_done_callback(lambda _: self._begin_others())

    def _begin_others(self) -> None:
        self.index.begin()
        with suppress(Busy):  # others are asked for
            tests = self.comparisons.tasks(self.comparisons.default).tested
            if not self._long:
                tests.add_done_callback(lambda _: self.original_index.begin())

    def _find_names(self, progress: Progress) -> Mask:
        """True for words that are mostly names, (V,) bool."""
        del progress
        return names_of(self.run, self.run.vectors.index_to_key)

    def _find_domain(self, progress: Progress) -> list[Json]:
        """The words that the text is about; see `domain_words`."""
        found, names = self.maps.topics.result(), self.names.result()

        def find() -> Json:
            return {"words": domain_words(self.run, found, names)}

        return list(kept(self.run, ["domain"], find, progress)["words"])

    @address("/api/state")
    def state(self) -> Json:
        """The state of the run that answers are computed from, and whether it is newer than the first one."""
        return {"newer": self.run.stamp != self.first, "stamp": self.run.stamp}

    @address("/api/about")
    def about(self) -> Json:
        """The run, its comparisons, and the one shown first."""
        run = self.run
        made = run.provenance
        return {
            "description": made.corpus_name,
            "run": "" if run.folder is None else sha256(str(run.folder.resolve()).encode()).hexdigest()[:16],
            "stamp": run.stamp,
            "method": made.method,
            "tokens": made.tokens,
            "types": len(run.vectors),
            "documents": made.documents,
            "vectors": made.vectors.get("name"),
            "left_out": sorted(made.text.get("dropped", {})),
            "merged": bool(made.options.get("lemmatize") or made.options.get("stem")),
            "has_text": run.tokens is not None,
            "has_documents": run.tokens is not None,
            "comparisons": self.comparisons.choices(),
            "parts": [part.name for part in self.comparisons.slices],
            "default": self.comparisons.default,
            "dates": None if run.tokens is None else run.tokens.period,
            "halves": self._halves(),
            "units": units(run.tokens),
            "verdicts": run.health["verdicts"],
            "warnings": sum(one["level"] == "warn" for one in run.health["findings"]),
            "unknown": int(np.count_nonzero(~has_row(run.original))),
        }

    def _halves(self) -> list[str]:
        """Two parts of the text that somebody may want to compare: examples in the fields for them."""
        period = None if self.run.tokens is None else self.run.tokens.period
        parts = self.comparisons.slices
        return halves(*period) if period else [parts[0].name, parts[-1].name] if parts else []

    @address("/api/ranking", _ranked)
    def ranking(
        self,
        key: addresses.ComparisonKey,
        wanted: Annotated[Filter, Depends()],
        offset: addresses.Offset = 0,
        limit: addresses.Limit = 50,
    ) -> Json:
        """The words that changed: rows as in `selfvec drift --json`."""
        return {"ready": True, **self.comparisons.tasks(key).tested.result().page(wanted, offset, limit)}

    @address("/api/word", _compared)
    def word(self, key: addresses.ComparisonKey, word: addresses.Word) -> Json:
        """A word's neighbours before and after, and its change."""
        row = self._row(word)
        vectors = self.comparisons.get(key).vectors
        words = self.run.vectors.index_to_key
        before, after = (
            [(words[other], round(cosine, 4)) for other, cosine in side] for side in vectors.near(row)
        )
        gained, lost = ([words[other] for other in side] for side in vectors.gained_and_lost(row))
        ranking = self.comparisons.tasks(key).tested.result_now()
        rank, change = (None, None) if ranking is None else ranking.of_word(words[row])
        return {
            **self._origin(row),
            "tested": ranking is not None,
            "rank": rank,
            "ranked": 0 if ranking is None else ranking.found.tested,
            "change": change,
            "names": vectors.names,
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

    @address("/api/complete")
    def completed(self, text: addresses.Typed = "", most: addresses.FewResults = 8) -> Json:
        """Words that begin with a text, then words that contain it, with their counts."""
        return {"words": self.complete(text, most)}

    @address("/api/time")
    def time(self, word: addresses.Word, unit: addresses.Unit = None) -> Json:
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

    @address("/api/topics", lambda data, _: [data.maps.topics])
    def topics(self, unit: addresses.Unit = None) -> Json:
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
                    "terms": [term for term, _ in row.terms],
                    "share": row.share,
                    "counts": [int(np.sum(mine & part.documents)) for part in parts],
                }
                for row, mine in zip(shown, by_topic, strict=True)
            ],
        }

    @address("/api/typical", lambda data, _: [data.maps.topics])
    def typical(self) -> Json:
        """Sentences that are typical of each topic, with the ids of their documents."""
        found = self.maps.topics.result()
        topics = [] if found is None else typical_sentences(found)
        return {"topics": [[quote.as_dict() for quote in mine] for mine in topics]}

    @address("/api/overview")
    def first_view(self) -> Json:
        """The most frequent words, the periods and fields of the text, and what refining gained."""
        return self.overview

    @cached_property
    def overview(self) -> Json:
        """What is shown at once, without a comparison: frequent words, periods, fields, what was gained."""
        gain = self_retrieval_gain(self.run.provenance)
        return {
            "words": frequent_words(self.run, _FREQUENT),
            "time": [described_period(part) for part in self.periods()],
            "fields": [] if self.run.text is None else list(self.run.text.fields),
            "gain": None if gain is None else {"before": gain[0], "after": gain[1]},
        }

    @address("/api/domain", lambda data, _: [data.domain])
    def words_of_text(self) -> Json:
        """What the text is about: subjects, and words with their neighbours before and after refining."""
        found = self.maps.topics.result()
        return {"words": self.domain.result(), "subjects": [] if found is None else found.subjects}

    @address("/api/uses", _compared)
    def uses(
        self, key: addresses.ComparisonKey, word: addresses.Word, most: addresses.FewResults = 5
    ) -> Json:
        """Sentences that show what a word means, of each side of a comparison."""
        row = self._row(word)
        batch = self.run.require_tokens()
        comparison = self.comparisons.get(key)
        gained, lost = comparison.vectors.gained_and_lost(row)
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

    @address("/api/together")
    def together(
        self, word: addresses.Word, other: addresses.OtherWord, most: addresses.FewResults = 5
    ) -> Json:
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

    def _quoted(self, found: list[Quotation]) -> list[Json]:
        """Quotations, each sentence once."""
        first: dict[str, Quotation] = {}
        for quote in sentences(self.run, found):
            first.setdefault(quote.text, quote)
        return [quote.as_dict() for quote in first.values()]

    @address("/api/unknown", lambda data, _: [data.comparisons.tasks(REFINED).comparison])
    def unknown(
        self,
        source: addresses.VectorSource | None = None,
        seen: addresses.MinCount = 1,
        text: addresses.WordPart = "",
        offset: addresses.Offset = 0,
        limit: addresses.Limit = 50,
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
            part = folded(text).lower()
            rows = rows[[part in words[i].lower() for i in rows.tolist()]]
        rows = rows[np.argsort(-counts[rows], kind="stable")]
        near = self.comparisons.get(REFINED).vectors.near
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

    @address("/api/health")
    def health(self) -> Json:
        """The output of `selfvec run health --json`."""
        return self.run.health


class PresentPage:
    """The data of the page. An answer is computed from one `PageData`, which belongs to one state of the run.

    When the run gets another state, the page of that state takes the place of the one before. So nothing of
    withdrawn documents is given out, and new ones are found. An answer that needs the index waits for it, as
    when the server starts.
    """

    def __init__(self, data: PageData) -> None:
        self._data = data
        self._lock = threading.Lock()

    def now(self) -> PageData:
        """The data of the page; `SelfvecError` if the folder of the run is gone or damaged."""
        with self._lock:
            run = present_state(self._data.run)
            if run is not self._data.run:
                _ = run.tokens  # damaged ones are an error here, before threads are started
                fresh = self._data.of(run)
                fresh.index.begin()  # first, because more waits for it than for anything else
                fresh.start()
                self._data.stop()
                self._data = fresh
            return self._data
