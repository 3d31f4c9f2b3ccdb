"""Retrieval: do the relevant documents come first?

A judged collection has documents, queries, and which documents are relevant to which query. It is a folder in
the layout of BEIR: corpus.jsonl, queries.jsonl and qrels/test.tsv. Or it is the documents of a run, with a
plain CSV of questions and the documents that answer them. Documents are ranked by the cosine of vectors, by
BM25, by a run's search and by its encoder. Search is `selfvec.retrieval.Index.ranking`, so that a figure is
that of what `selfvec.search` finds. Rankings are measured by nDCG, recall and the reciprocal rank.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Mask
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.files.text_files import separated_rows
from selfvec.numerics.rows import filled_rows, top_indices, unit_rows
from selfvec.numerics.statistics import mean
from selfvec.text.preprocessing import Preprocessing

from .compared_vectors import ComparedVectors
from .task import Measurement, Task, json_objects, number, rows

if TYPE_CHECKING:
    from selfvec.retrieval import Index

_NAMED = 3  # ids that are no documents
Rankings = list[list[int]]
"""Numbers of documents for each query, the best first."""


# ---- Metrics, as trec_eval computes them


def ndcg(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002).

    The sum over the first ``depth`` documents of gain / log2(1 + rank), divided by the same sum for the best
    possible order. The gain of a document is its score, as in trec_eval.

    >>> round(ndcg([7, 8], {8: 1.0, 9: 2.0}), 4)
    0.2398
    """

    def discounted(values: Sequence[float]) -> float:
        return float(sum(value / np.log2(rank + 1) for rank, value in enumerate(values[:depth], 1)))

    best = discounted(sorted(gains.values(), reverse=True))
    return discounted([gains.get(document, 0.0) for document in ranking]) / best


def recall(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 100) -> float:
    """Share of the relevant documents among the first ``depth``."""
    return sum(document in gains for document in ranking[:depth]) / len(gains)


def reciprocal_rank(ranking: Sequence[int], gains: Mapping[int, float], depth: int = 10) -> float:
    """1 / rank of the first relevant document; 0 if none is among the first ``depth``."""
    return next((1 / rank for rank, d in enumerate(ranking[:depth], 1) if d in gains), 0.0)


METRICS = {"ndcg@10": ndcg, "recall@100": recall, "mrr@10": reciprocal_rank}


# ---- Collections


@dataclass(frozen=True)
class Collection:
    """D documents and the Q queries that have a relevant one."""

    documents: list[str]  # D; title and text
    queries: list[str]  # Q
    # Q; gains (above 0) by document number. Relevant documents that the corpus lacks have negative numbers:
    # they count, and cannot be found.
    relevant: list[dict[int, float]]
    # Q or none; the document that a query was taken from, or -1. It has the query's id, contains its text and
    # is not marked as relevant. It is removed from the query's ranking.
    own: list[int] = field(default_factory=list)
    lacking: Mapping[str, Any] = field(default_factory=dict)  # ids that judgements name, see `lacking`

    @property
    def missing(self) -> dict[str, Any]:
        """Keys of a row: ``missing`` relevant documents, and `lacking`; empty if the corpus has all."""
        number = sum(document < 0 for gains in self.relevant for document in gains)
        return ({"missing": number} if number else {}) | dict(self.lacking)

    def scores(self, rankings: Rankings) -> dict[str, Doubles]:
        """Every metric of each query, (Q,); the document that a query was taken from is ignored."""
        if self.own:
            pairs = zip(rankings, self.own, strict=True)
            rankings = [[document for document in ranking if document != own] for ranking, own in pairs]
        judged = list(zip(rankings, self.relevant, strict=True))
        return {name: np.array([metric(*pair) for pair in judged]) for name, metric in METRICS.items()}


def _gains(
    judgements: Iterable[tuple[str, str, float]], places: Mapping[str, int]
) -> dict[str, dict[int, float]]:
    """The gains above 0 by query and number of document; documents that are lacking have negative numbers."""
    out: dict[str, dict[int, float]] = {}
    unknown: dict[str, int] = {}
    for query, document, gain in judgements:
        if gain > 0:
            place = places.get(document)
            place = unknown.setdefault(document, -1 - len(unknown)) if place is None else place
            out.setdefault(query, {})[place] = gain
    return out


def lacking(judged: Iterable[str], documents: Container[str]) -> dict[str, Any]:
    """``lacking``: how many of the judged ids are no documents, and the first of them; empty if none.

    >>> lacking(["a", "b", "x", "b"], {"a": 0, "b": 1})
    {'lacking': {'ids': 1, 'of': 3, 'first': ['x']}}
    """
    named = dict.fromkeys(judged)
    lost = [name for name in named if name not in documents]
    return {"lacking": {"ids": len(lost), "of": len(named), "first": lost[:_NAMED]}} if lost else {}


# ---- BEIR's layout


_LAYOUT = "corpus.jsonl", "queries.jsonl", "qrels/test.tsv"
_HOLDS = (
    "corpus.jsonl (_id, text and perhaps title), queries.jsonl (_id, text) and qrels/test.tsv (columns "
    "query-id, corpus-id, score), as BEIR does"
)


def read_collection(folder: Path) -> Collection:
    """Read a folder in BEIR's layout."""
    absent = [name for name in _LAYOUT if not (folder / name).is_file()]
    if absent:
        rule = f"lacks {', '.join(absent)}" if folder.is_dir() else "is not a folder"
        raise InputError(rule, path=folder, remedy=f"name a folder that holds {_HOLDS}")
    documents = _texts(folder / "corpus.jsonl", ("title", "text"))
    queries = _texts(folder / "queries.jsonl", ("text",))
    places = {name: i for i, name in enumerate(documents)}
    judgements = list(_judgements(folder / "qrels" / "test.tsv", queries))
    judged = _gains(judgements, places)
    if not judged:
        rule = "no query has a relevant document (a score above 0)"
        raise InputError(rule, path=folder / "qrels" / "test.tsv", remedy="check the scores")
    own = []
    for name, gains in judged.items():
        # Ids alone may match by chance, because ids are often numbers.
        place = places.get(name, -1)
        query = queries[name].strip()
        same = place >= 0 and bool(query) and query in documents[name] and place not in gains
        own.append(place if same else -1)
    return Collection(
        list(documents.values()),
        [queries[name] for name in judged],
        list(judged.values()),
        own,
        lacking((name for _, name, _ in judgements), places),
    )


def _texts(path: Path, fields: Sequence[str]) -> dict[str, str]:
    """Texts by id, in the file's order; several fields are joined by a blank line."""
    out: dict[str, str] = {}
    for line, row in json_objects(path, ("_id", "text")):
        name = str(row["_id"])
        if name in out:
            raise InputError(f"the id {name!r} occurs twice", path=path, line=line, field="_id")
        out[name] = "\n\n".join(filter(None, (_text(row, field, path, line) for field in fields)))
    if not out:
        raise InputError("is empty", path=path, remedy="give one object a line, with _id and text")
    return out


def _text(row: dict[str, Any], field: str, path: Path, line: int) -> str:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise InputError("is not a string", path=path, line=line, field=field)
    return value or ""


def _judgements(path: Path, queries: dict[str, str]) -> Iterator[tuple[str, str, float]]:
    seen: set[tuple[str, str]] = set()
    for position, (line, fields) in enumerate(rows(path, ("query-id", "corpus-id", "score"))):
        query, document, score = fields
        if position == 0 and score == "score":
            continue
        gain = number(score, path, line, "score")
        if query not in queries:
            rule = f"the query {query!r} is not in queries.jsonl"
            raise InputError(rule, path=path, line=line, remedy="add the query or remove the row")
        if (query, document) in seen:
            rule = f"query {query!r} and document {document!r} occur twice"
            raise InputError(rule, path=path, line=line, remedy="remove one of the rows")
        seen.add((query, document))
        yield query, document, gain


# ---- Questions about the documents of a run


_QUESTION = ("question", "query", "text")
_ID = ("id", "_id", "document", "doc_id", "document_id", "corpus-id")


def read_questions_about(run: Run, path: Path) -> Collection:
    """Read a CSV or .tsv file of questions and ids of the documents of a run that answer them."""
    from selfvec.retrieval.documents import gather

    documents = gather(run)
    places = {name: number for number, name in enumerate(documents.ids)}
    answered = list(_answers(path))
    ids = [name for _, name in answered]
    if ids and places.keys().isdisjoint(ids):
        rule = f"the run lacks these documents, for example {ids[0]!r}"
        raise InputError(rule, path=path, field="id", remedy=f"an id of the run is {documents.ids[0]!r}")
    gains = _gains(((question, name, 1.0) for question, name in answered), places)
    return Collection(list(documents.texts), list(gains), list(gains.values()), lacking=lacking(ids, places))


def _answers(path: Path) -> Iterator[tuple[str, str]]:
    """Questions and ids, with white space around them removed."""
    tab = path.suffix.lower() in (".tsv", ".tab")
    lines = separated_rows(path, "\t" if tab else ",")
    _, names = next(lines, (1, []))
    header = [name.strip().lower() for name in names]
    columns = [_column(header, names, path) for names in (_QUESTION, _ID)]
    for line, row in lines:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            rule = f"a row has {len(header)} fields like the header, this one has {len(row)}"
            raise InputError(rule, path=path, line=line, remedy="quote commas")
        question, name = (row[column].strip() for column in columns)
        if not question or not name:
            field = _QUESTION[0] if not question else _ID[0]
            raise InputError("is empty", path=path, line=line, field=field)
        yield question, name


def _column(header: Sequence[str], names: Sequence[str], path: Path) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    rule = f"the header has no column {names[0]!r}"
    raise InputError(rule, path=path, line=1, remedy="begin the file with: question,id")


# ---- Tasks

REFINED = "refined"  # the end of the name of a run's vectors

_FEWER = (("original", "topics"), ("original",))  # vectors beside the words
_MODES = "dense", "hybrid", "bm25"  # in the order of their rows: each hybrid is above what it adds to
_DEPTH = 100  # documents of a ranking: recall@100 needs no more
_DECIMALS = 5  # of a cosine; smaller differences come from the order of additions


class Ranked(NamedTuple):
    """Rankings of the queries of a collection."""

    vectors: str  # the name of what ranked them
    mode: str
    rankings: Rankings
    covered: float = 1.0  # share of tokens that have a vector
    question: str | None = None  # of a run with an encoder: encoder or rows


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
        """A row for each mode and metric; for BM25 with texts cut as for the first vectors."""
        yield from sorted(self._measured(entries, seed), key=lambda row: _MODES.index(row.mode or ""))

    def _measured(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        collection = self.read(entries)
        for entry in entries:
            for ranking in _ranked(collection, entry):
                extra = collection.missing | ({"question": ranking.question} if ranking.question else {})
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
        for ranking in hybrid_rankings(collection, entry.run):
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
    has_vector = filled_rows(documents)
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


def hybrid_rankings(collection: Collection, run: Run) -> Iterator[Ranked]:
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
        encoded = adding_told(encoded, encoder, passages)
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
