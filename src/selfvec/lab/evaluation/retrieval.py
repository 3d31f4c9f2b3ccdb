"""Retrieval: do the relevant documents come first?

Documents are ranked by the cosine of vectors, by BM25, by a run's search and by its encoder. Search is
`selfvec.retrieval.Index.ranking`, so that a figure is that of what `selfvec.search` finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Mask
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.numerics.rows import top_indices, unit_rows
from selfvec.numerics.statistics import mean
from selfvec.text.preprocessing import Preprocessing

from .collection import Collection, Rankings, read_collection, read_questions_about
from .compared_vectors import ComparedVectors
from .task import Measurement, Task

if TYPE_CHECKING:
    from selfvec.retrieval import Index

REFINED = "refined"  # the end of the name of a run's vectors

_FEWER = (("original",), ("original", "topics"))  # vectors beside the words
_DEPTH = 100  # documents of a ranking: recall@100 needs no more
_DECIMALS = 5  # of a cosine; smaller differences come from the order of additions


class Ranked(NamedTuple):
    """Rankings of the queries of a collection."""

    vectors: str  # the name of what ranked them
    mode: str
    rankings: Rankings
    covered: float = 1.0  # share of tokens that have a vector
    question: str | None = None  # of a run with an encoder: encoder or rows

    @property
    def extra(self) -> dict[str, Any]:
        """Keys of a row."""
        return {} if self.question is None else {"question": self.question}


@dataclass(frozen=True)
class Retrieval(Task):
    """nDCG@10, recall@100 and MRR@10 over the queries that have a relevant document.

    Modes: ``dense`` ranks by the cosine of query and document vectors (`selfvec.text.document_vectors`),
    which the baseline ``encoder:MODEL`` makes of whole texts;
    ``hybrid``, for runs only, ranks as `selfvec.retrieval` does, "refined" with all vectors of the run;
    without an encoder also with "original" alone and with "original + topics". ``bm25``, measured once
    under the name "bm25", is Lucene's variant (k1 1.2, b .75) on word stems. Equal scores rank in document
    order. A text without a known word is not found. BM25 needs a word that query and text share. ``covered``
    is the share of tokens that have a vector, stop words excluded. The extra keys ``missing`` and ``lacking``
    count relevant documents and judged ids that the corpus lacks.

    Parameters
    ----------
    path : path
        A folder in BEIR's layout: corpus.jsonl, queries.jsonl, qrels/test.tsv.
    """

    kind: ClassVar[str] = "retrieval"

    def read(self, entries: Sequence[ComparedVectors]) -> Collection:
        """Read the collection."""
        return read_collection(self.path)

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """A row for each mode and metric; then BM25, with texts cut as for the first vectors."""
        collection = self.read(entries)
        for entry in entries:
            for ranking in _ranked(collection, entry):
                extra = {**collection.missing, **ranking.extra}
                for metric, values in collection.scores(ranking.rankings).items():
                    figure = mean(values, seed), len(values), ranking.covered, ranking.mode
                    yield replace(Measurement.of(entry, metric, *figure, **extra), vectors=ranking.vectors)
        rankings = bm25_rankings(collection, entries[0].preprocessing)
        for metric, values in collection.scores(rankings).items():
            figure = mean(values, seed), len(values), 1.0, "bm25"
            yield Measurement("bm25", metric, *figure, extra=collection.missing)


def _ranked(collection: Collection, entry: ComparedVectors) -> Iterator[Ranked]:
    """The rankings by each mode, and by the encoder of a run."""
    rankings, covered = dense_rankings(collection, entry)
    yield Ranked(entry.name, "dense", rankings, covered)
    if entry.run is not None and entry.refined and not entry.truncated:
        for ranking in hybrid_rankings(collection, entry.run, entry.progress):
            name = entry.name.removesuffix(REFINED) + ranking.vectors
            yield ranking._replace(vectors=name, covered=covered if ranking.mode == "hybrid" else 1.0)


@dataclass(frozen=True)
class Questions(Retrieval):
    """nDCG@10, recall@100 and MRR@10 over the documents of the first run that is measured.

    Parameters
    ----------
    path : path
        A CSV file with a header, or a .tsv file: columns ``question`` and ``id``, the id of a document of the
        run that answers the question. A question with several answers has several rows.
    """

    kind: ClassVar[str] = "retrieval"

    def read(self, entries: Sequence[ComparedVectors]) -> Collection:
        """Read the questions, and the documents of the run."""
        run = next((entry.run for entry in entries if entry.run is not None), None)
        if run is None:
            rule = f"{self.path} has questions about the documents of a run, but no run was given"
            raise OptionError(rule, remedy="give a run folder, or a collection with --retrieval")
        return read_questions_about(run, self.path)


# ---- Rankings


def ranked(scores: AnyFloats, retrievable: Mask, depth: int = _DEPTH) -> list[int]:
    """Numbers of the retrievable documents by falling score, both (D,); ties in document order.

    >>> ranked(np.array([0.1, 0.9, 0.9, 0.5]), np.array([True, True, True, False]))
    [1, 2, 0]
    """
    rounded = np.where(retrievable, np.round(scores, _DECIMALS), -np.inf)
    return [i for i in top_indices(rounded, depth) if retrievable[i]]


def dense_rankings(collection: Collection, entry: ComparedVectors) -> tuple[Rankings, float]:
    """The best documents of each query by cosine, and the share of tokens that have a vector."""
    texts = collection.documents + collection.queries
    count = len(collection.documents)
    rows, covered = entry.text_rows(texts, count, questions=True)
    documents = rows[:count]
    queries = rows[count:]
    has_vector = np.any(documents != 0, axis=1)
    return [ranked(documents @ query, has_vector & query.any()) for query in queries], covered


def bm25_rankings(collection: Collection, preprocessing: Preprocessing) -> Rankings:
    """The best documents of each query by BM25, over whole documents."""
    # Whole documents, as BM25 is usually reported; search in mode bm25 counts the best passages, too.
    from selfvec.retrieval import Index

    numbers, texts = _kept(collection)
    return _searched(collection, Index.words_only(texts, preprocessing.by_words), numbers, "bm25")


def _searched(
    collection: Collection,
    index: Index,
    numbers: list[int],  # in the collection, of the documents of the index
    mode: str,
    question: str | None = None,
) -> Rankings:
    """What search finds for each query."""
    rankings = (index.ranking(text, _DEPTH, mode=mode, question=question) for text in collection.queries)
    return [[numbers[document] for document in ranking] for ranking in rankings]


def _kept(collection: Collection) -> tuple[list[int], list[str]]:
    """The documents that have text, and their numbers. A run keeps no others, and search counts its own."""
    numbers = [number for number, text in enumerate(collection.documents) if text.strip()]
    return numbers, [collection.documents[number] for number in numbers]


def hybrid_rankings(collection: Collection, run: Run, progress: Progress | None = None) -> Iterator[Ranked]:
    """Search's rankings, then those with fewer vectors, which tell what each adds.

    Of a run with an encoder those by rows and by the encoder, and those of the encoder alone.
    The encoder reads the documents that it has not seen. Where it cannot be had, only what does not need it
    is measured.
    """
    from selfvec.encoders.encoded_texts import adding_told, encoded_texts_of
    from selfvec.encoders.run_encoder import encoder_of, passages_of
    from selfvec.retrieval import Index
    from selfvec.retrieval.encoder_part import ENCODER, ROWS

    numbers, texts = _kept(collection)
    encoded, encoder = encoded_texts_of(run), encoder_of(run)
    if encoded is not None and encoder is not None and run.text is not None:
        passages = {"passages": list(passages_of(texts))}
        encoded = adding_told(encoded, encoder, passages, progress or Progress())
    index = Index.memory(run, texts, encoded=encoded)
    part = index.encoder_part
    by = (ROWS, ENCODER) if encoder is not None else (ROWS,)
    for question in (None,) if part is None else by:
        rankings = _searched(collection, index, numbers, "hybrid", question)
        yield Ranked(REFINED, "hybrid", rankings, question=question)
    for tables in _FEWER if part is None else ():
        fewer = Index.memory(run, texts, tables=tables)
        yield Ranked(" + ".join(tables), "hybrid", _searched(collection, fewer, numbers, "hybrid"))
    if part is not None and encoder is not None:
        questions = unit_rows(encoder.encode(collection.queries, question=True) - part.mean)
        near = map(index.scorer.near_encoded, questions)
        alone = [[numbers[i] for i in ranked(scored.scores, scored.found)] for scored in near]
        yield Ranked(ENCODER, "dense", alone, question=ENCODER)
