"""Retrieval: do the relevant documents come first?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.numerics.statistics import mean
from selfvec.text.document_vectors import known_share

from .collection import Collection, judged_collection, read_collection, read_questions_about
from .compared_vectors import ComparedVectors
from .rankings import (
    REFINED,
    Ranked,
    SearchSetting,
    bm25_rankings,
    dense_rankings,
    encoder_rankings,
    search_rankings,
    student_of_run,
)
from .task import Measurement, Task

RM3 = "bm25-rm3"  # name and mode of BM25 with RM3
_USUAL = {"hybrid": SearchSetting()}


@dataclass(frozen=True)
class Retrieval(Task):
    """nDCG@10, recall@100 and MRR@10 over the queries that have a relevant document.

    Modes: ``dense`` ranks by the cosine of query and document vectors (`selfvec.text.document_vectors`),
    which the baseline ``encoder:MODEL`` makes of whole texts;
    ``hybrid``, for refined vectors of a run only, ranks as `selfvec.retrieval` does; ``bm25``, measured once
    under the name "bm25", is Lucene's variant (k1 1.2, b .75) on word stems; ``bm25-rm3``, if requested, adds
    words of the best documents to the query (`selfvec.retrieval.scoring`). Equal scores rank in
    document order. A text without a known word is not found. BM25 needs a word that query and text
    share. ``covered`` is the share of tokens that have a vector, stop words excluded. The extra keys
    ``missing`` and ``lacking`` count relevant documents and judged ids that the corpus lacks.

    Parameters
    ----------
    path : path
        A folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.
    rm3 : bool
        Whether to measure BM25 with RM3, too.
    settings : mapping of str to SearchSetting
        Measure a run's search with these settings instead, by their names in the column ``mode``. All are
        compared with the first.
    """

    kind: ClassVar[str] = "retrieval"
    rm3: bool = False
    settings: Mapping[str, SearchSetting] = field(default_factory=dict)

    def read(self, entries: Sequence[ComparedVectors]) -> Collection:
        """Read the collection."""
        return read_collection(self.path)

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """A row for each mode or setting and metric; then BM25, with texts cut as for the first vectors."""
        if self.settings and not any(map(_searches, entries)):
            rule = "compares settings of search, which needs a run"
            raise OptionError(rule, field="try_", remedy="give a run folder")
        collection = self.read(entries)
        for entry in entries:
            for one in self._ranked(collection, entry):
                extra = {**collection.missing, **one.extra}
                for metric, values in collection.scores(one.rankings).items():
                    figure = mean(values, seed), len(values), one.covered, one.mode
                    yield replace(Measurement.of(entry, metric, *figure, **extra), vectors=one.vectors)
        for name in [*([] if self.settings else ["bm25"]), *([RM3] if self.rm3 else [])]:
            rankings = bm25_rankings(collection, entries[0].preprocessing, rm3=name == RM3)
            for metric, values in collection.scores(rankings).items():
                figure = mean(values, seed), len(values), 1.0, name
                yield Measurement(name, metric, *figure, extra=collection.missing)

    def _ranked(self, collection: Collection, entry: ComparedVectors) -> Iterator[Ranked]:
        """The rankings by each mode or setting, and by the encoder of a run and its student."""
        covered = 0.0
        if not self.settings:
            rankings, covered = dense_rankings(collection, entry)
            yield Ranked(entry.name, "dense", rankings, covered)
        elif _searches(entry):
            texts = collection.documents + collection.queries
            covered = known_share(texts, entry.vectors, entry.preprocessing)
        if entry.run is None or not _searches(entry):
            return
        if not self.settings and student_of_run(entry.run) is not None:
            for one in encoder_rankings(collection, entry.run):
                name = entry.name.removesuffix(REFINED) + one.vectors
                yield one._replace(vectors=name, covered=covered if one.vectors == REFINED else 1.0)
            return
        for mode, rankings in search_rankings(collection, entry.run, self.settings or _USUAL).items():
            yield Ranked(entry.name, mode, rankings, covered)

    def pairs(self, found: Sequence[Measurement]) -> Iterable[tuple[Measurement, Measurement]]:
        """All pairs, or those with the first setting."""
        return [(a, b) for a, b in super().pairs(found) if not self.settings or a.mode == found[0].mode]


def _searches(entry: ComparedVectors) -> bool:
    """Whether a run can be searched with these vectors."""
    return entry.run is not None and entry.refined and not entry.truncated


@dataclass(frozen=True)
class Questions(Retrieval):
    """nDCG@10, recall@100 and MRR@10 over the documents of the first run that is measured.

    Parameters
    ----------
    path : path
        A CSV file with a header, or a .tsv file: columns ``question`` and ``id``, the id of a document of the
        run that answers the question. A question with several answers has several rows.
    rm3 : bool
        Whether to measure BM25 with RM3, too.
    settings : mapping of str to SearchSetting
        Measure search with these settings instead.
    """

    kind: ClassVar[str] = "retrieval"

    def read(self, entries: Sequence[ComparedVectors]) -> Collection:
        """Read the questions, and the documents of the run."""
        run = _first_run(entries)
        if run is None:
            rule = f"{self.path} has questions about the documents of a run, but no run was given"
            raise OptionError(rule, remedy="give a run folder, or a collection with --retrieval")
        return read_questions_about(run, self.path)


@dataclass(frozen=True)
class Judgements(Retrieval):
    """nDCG@10, recall@100 and MRR@10 by relevance judgements that are in memory, as for ranx or ir-measures.

    Parameters
    ----------
    judged : mapping of mappings, or data frame
        ``{query id: {document id: gain}}``; or columns q_id or query_id, doc_id, and score or relevance.
    queries : mapping of str to str, or data frame
        ``{query id: text}``; or columns q_id or query_id, and text or query.
    documents : mapping of str to str, optional
        ``{document id: text}``; by default the documents of the first run that is measured.

    Examples
    --------
    >>> task = Judgements(judged={"q1": {"a": 1}}, queries={"q1": "hail"}, documents={"a": "hail fell"})
    >>> task.read([]).relevant
    [{0: 1.0}]
    """

    path: Path = Path("judgements")
    _: KW_ONLY
    judged: Any
    queries: Any
    documents: Mapping[str, str] | None = None

    def read(self, entries: Sequence[ComparedVectors]) -> Collection:
        """The judged queries, and the documents."""
        documents = dict(_run_documents(entries)) if self.documents is None else self.documents
        return judged_collection(self.judged, self.queries, documents)


def _run_documents(entries: Sequence[ComparedVectors]) -> Iterable[tuple[str, str]]:
    """Ids and texts of the documents of the first run."""
    run = _first_run(entries)
    if run is None:
        raise OptionError("are needed where no run is measured", field="documents", remedy="give their texts")
    from selfvec.retrieval.documents import gather

    found = gather(run, Progress())
    return zip(found.ids, found.texts, strict=True)


def _first_run(entries: Sequence[ComparedVectors]) -> Run | None:
    return next((entry.run for entry in entries if entry.run is not None), None)
