"""Retrieval: do the relevant documents come first?

A collection is a folder in the layout of BEIR: corpus.jsonl, queries.jsonl and qrels/test.tsv. Or it is the
documents of a run, with a plain CSV of questions and the documents that answer them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Mask
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.files.text_files import separated_rows
from selfvec.numerics.rows import top_indices, unit_rows
from selfvec.numerics.statistics import mean
from selfvec.text.document_vectors import known_share
from selfvec.text.preprocessing import Preprocessing

from .compared_vectors import ComparedVectors
from .task import Measurement, Task, json_objects, number, rows

if TYPE_CHECKING:
    from selfvec.encoders import SentenceEncoder
    from selfvec.encoders.encoded_texts import EncodedTexts
    from selfvec.retrieval import Index
    from selfvec.retrieval.run_student import RunStudent
    from selfvec.retrieval.scoring import Scored

REFINED = "refined"  # the end of the name of a run's vectors

_NAMED = 3  # ids that are no documents
Rankings = list[list[int]]
RM3 = "bm25-rm3"  # name and mode of BM25 with RM3


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


class SearchSetting(NamedTuple):
    """Options of `selfvec.search` that change its ranking."""

    mode: str = "hybrid"
    passage_words: int = 200
    overlap: int = 40


_USUAL = {"hybrid": SearchSetting()}


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


def dense_rankings(collection: Collection, entry: ComparedVectors) -> tuple[Rankings, float]:
    """The best documents of each query by cosine, and the share of tokens that have a vector."""
    texts = collection.documents + collection.queries
    count = len(collection.documents)
    rows, covered = entry.text_rows(texts, count, questions=True)
    documents = rows[:count]
    queries = rows[count:]
    known = np.any(documents != 0, axis=1)
    return [ranked(documents @ query, known & query.any()) for query in queries], covered


def bm25_rankings(collection: Collection, preprocessing: Preprocessing, *, rm3: bool = False) -> Rankings:
    """The best documents of each query by BM25, over whole documents; with RM3 on request."""
    from selfvec.retrieval import Index
    from selfvec.retrieval.scoring import score_rm3

    index = Index.words_only(collection.documents, preprocessing.by_words)
    if not rm3:
        return _rankings(index, collection, "bm25")
    found = (score_rm3(index.scorer, index.vocabulary.parse(query)) for query in collection.queries)
    return [ranked(one.scores, one.found) for one in found]


def search_rankings(
    collection: Collection, run: Run, settings: Mapping[str, SearchSetting]
) -> dict[str, Rankings]:
    """The best documents of each query as `selfvec.retrieval` ranks them, by each setting.

    Settings that cut texts alike share an index.
    """
    from selfvec.retrieval import Index
    from selfvec.retrieval.documents import GatheredDocuments

    found: dict[str, Rankings] = {}
    for cut in dict.fromkeys(one[1:] for one in settings.values()):
        index = Index.memory(run, replace(GatheredDocuments.of(collection.documents), cut=cut))
        alike = {name: one.mode for name, one in settings.items() if one[1:] == cut}
        found |= {name: _rankings(index, collection, mode) for name, mode in alike.items()}
    return {name: found[name] for name in settings}


def _rankings(index: Index, collection: Collection, mode: str, question: str | None = None) -> Rankings:
    found = (index.scores(query, mode, question) for query in collection.queries)
    return [ranked(one.scores, one.found) for one in found]


# ---- Runs with a sentence encoder


def student_of_run(run: Run) -> RunStudent | None:
    """What the words of a run have learned from its encoder, see `selfvec.retrieval.run_student`."""
    from selfvec.retrieval.run_student import student_of

    return None if run.text is None else student_of(run)


def encoder_rankings(collection: Collection, run: Run) -> Iterator[Ranked]:
    """The hybrid by rows and by the encoder; the encoder alone, beside BM25, and its student alone.

    The encoder reads the documents that it has not seen. Where it cannot be had, only what does not need it
    is measured.
    """
    from selfvec.encoders.run_encoder import encoder_of
    from selfvec.retrieval import Index
    from selfvec.retrieval.encoder_part import ENCODER, ROWS

    encoder = encoder_of(run)
    encoded = None if encoder is None else _all_encoded(run, encoder, collection.documents)
    index = Index.memory(run, collection.documents, encoded=encoded)
    by_rows = [ROWS, *([ENCODER] if encoder is not None else [])]
    for question in by_rows:
        yield Ranked(REFINED, "hybrid", _rankings(index, collection, "hybrid", question), question=question)
    if encoder is not None:
        near = list(_near_encoded(index, encoder, collection.queries))
        alone = [ranked(one.scores, one.found) for one in near]
        yield Ranked(ENCODER, "dense", alone, question=ENCODER)
        bm25 = (index.scores(query, "bm25") for query in collection.queries)
        pairs = zip(near, bm25, strict=True)
        together = [ranked(_standard(a.scores) + _standard(b.scores), a.found | b.found) for a, b in pairs]
        yield Ranked(f"bm25+{ENCODER}", "hybrid", together, question=ENCODER)
    yield Ranked("student", "dense", list(_by_student(index, run, collection)), question=ROWS)


def _all_encoded(run: Run, encoder: SentenceEncoder, texts: Sequence[str]) -> EncodedTexts | None:
    """The encoder's vectors that a run keeps, and those of the passages of texts that it has not seen."""
    from selfvec.encoders.encoded_texts import encoded_texts_of
    from selfvec.encoders.run_encoder import passages_of

    kept = encoded_texts_of(run)
    return None if kept is None else kept.adding(encoder, list(passages_of(texts)))


def _near_encoded(index: Index, encoder: SentenceEncoder, queries: Sequence[str]) -> Iterator[Scored]:
    """The scores of documents by the encoder alone."""
    part = index.encoder_part
    assert part is not None
    rows = unit_rows(encoder.encode(queries, question=True) - part.mean)
    return map(index.scorer.near_encoded, rows)


def _standard(values: AnyFloats) -> Doubles:
    """Values in standard deviations above their mean."""
    spread = values.std(dtype=np.float64)
    found: Doubles = (values - values.mean(dtype=np.float64)) / (spread or 1)
    return found


def _by_student(index: Index, run: Run, collection: Collection) -> Iterator[list[int]]:
    """The rankings of documents and questions that both have their vectors by the rows of words."""
    from selfvec.encoders.student import text_rows
    from selfvec.text.preprocessing import encode_texts, merge_stems

    student, part = student_of_run(run), index.encoder_part
    assert student is not None
    assert part is not None
    preprocessing = index.vocabulary.preprocessing
    batch = merge_stems(encode_texts(collection.documents, preprocessing), preprocessing)
    documents = text_rows(student.among(batch.types), batch)
    known = np.any(documents != 0, axis=1)
    for query in index.vocabulary.parse_all(collection.queries):
        vector = part.by_rows(query, preprocessing.language)
        yield ranked(documents @ unit_rows(vector[None])[0], known & vector.any())


# ---- BEIR's layout


def read_collection(folder: Path) -> Collection:
    """Read a folder in BEIR's layout."""
    if not folder.is_dir():
        raise InputError("is not a folder", path=folder, remedy="name a folder in BEIR's layout")
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
    asked = [queries[name] for name in judged]
    lost = lacking((name for _, name, _ in judgements), places)
    return Collection(list(documents.values()), asked, list(judged.values()), own, lost)


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


def _texts(path: Path, fields: Sequence[str]) -> dict[str, str]:
    """Texts by id, in the file's order; several fields are joined by a blank line."""
    out: dict[str, str] = {}
    for line, row in json_objects(path, ("_id", "text")):
        name = _text(row | {"_id": str(row["_id"])}, "_id", path, line)
        if name in out:
            raise InputError(f"the id {name!r} occurs twice", path=path, line=line, field="_id")
        parts = [_text(row, field, path, line) for field in fields]
        out[name] = "\n\n".join(part for part in parts if part)
    if not out:
        raise InputError("is empty", path=path, remedy="give one object a line, with _id and text")
    return out


def _text(row: dict[str, Any], field: str, path: Path, line: int) -> str:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise InputError("is not a string", path=path, line=line, field=field)
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        rule = "contains half of a surrogate pair, which is not valid Unicode"
        raise InputError(rule, path=path, line=line, field=field, remedy="correct the row") from None
    return value or ""


def _judgements(path: Path, queries: dict[str, str]) -> Iterator[tuple[str, str, float]]:
    """Query, document and gain of each row."""
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


QUESTION = ("question", "query", "text")
ID = ("id", "_id", "document", "doc_id", "document_id", "corpus-id")


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
        run = next((entry.run for entry in entries if entry.run is not None), None)
        if run is None:
            rule = f"{self.path} has questions about the documents of a run, but no run was given"
            raise OptionError(rule, remedy="give a run folder, or a collection with --retrieval")
        from selfvec.retrieval.documents import gather

        found = gather(run, Progress())
        places = {name: number for number, name in enumerate(found.ids)}
        rows = list(self._rows())
        ids = [name for _, name in rows]
        if ids and places.keys().isdisjoint(ids):
            rule = f"the run lacks these documents, for example {ids[0]!r}"
            example = f"an id of the run is {found.ids[0]!r}"
            raise InputError(rule, path=self.path, field="id", remedy=example)
        answers = _gains(((question, name, 1.0) for question, name in rows), places)
        relevant = list(answers.values())
        return Collection(list(found.texts), list(answers), relevant, lacking=lacking(ids, places))

    def _rows(self) -> Iterator[tuple[str, str]]:
        """Questions and ids, with white space around them removed."""
        tab = Path(self.path).suffix.lower() in (".tsv", ".tab")
        lines = separated_rows(self.path, "\t" if tab else ",")
        _, names = next(lines, (1, []))
        header = [name.strip().lower() for name in names]
        columns = [self._column(header, names) for names in (QUESTION, ID)]
        for line, row in lines:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                rule = f"a row has {len(header)} fields like the header, this one has {len(row)}"
                raise InputError(rule, path=self.path, line=line, remedy="quote commas")
            question, name = (row[column].strip() for column in columns)
            if not question or not name:
                field = QUESTION[0] if not question else ID[0]
                raise InputError("is empty", path=self.path, line=line, field=field)
            yield question, name

    def _column(self, header: Sequence[str], names: Sequence[str]) -> int:
        for name in names:
            if name in header:
                return header.index(name)
        rule = f"the header has no column {names[0]!r}"
        raise InputError(rule, path=self.path, line=1, remedy="begin the file with: question,id")


# ---- Judgements in memory


_QUERY_ID = ("q_id", "query_id", "query-id", "qid")
_GAIN = ("score", "relevance", "rel", "gain")


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
        places = {str(name): number for number, name in enumerate(documents)}
        asked = {query: str(text) for query, text in _pairs(self.queries, "queries")}
        rows = list(_judged(self.judged))
        for query, _, _ in rows:
            if query not in asked:
                rule = f"the judged query {query!r} is not there"
                raise OptionError(rule, field="queries", remedy="add its text")
        judged = _gains(rows, places)
        if not judged:
            rule = "no query has a relevant document (a gain above 0)"
            raise OptionError(rule, field="judged", remedy="check the gains")
        lost = lacking((name for _, name, _ in rows), places)
        texts = [asked[query] for query in judged]
        return Collection(list(documents.values()), texts, list(judged.values()), lacking=lost)


def _run_documents(entries: Sequence[ComparedVectors]) -> Iterable[tuple[str, str]]:
    """Ids and texts of the documents of the first run."""
    run = next((entry.run for entry in entries if entry.run is not None), None)
    if run is None:
        raise OptionError("are needed where no run is measured", field="documents", remedy="give their texts")
    from selfvec.retrieval.documents import gather

    found = gather(run, Progress())
    return zip(found.ids, found.texts, strict=True)


def _judged(given: Any) -> Iterator[tuple[str, str, float]]:
    """Query, document and gain of each judgement."""
    if isinstance(given, Mapping):
        for query, gains in given.items():
            for document, gain in gains.items():
                yield str(query), str(document), float(gain)
        return
    queries, documents, gains = (_values(given, names, "judged") for names in (_QUERY_ID, ID[2:], _GAIN))
    for query, document, gain in zip(queries, documents, gains, strict=True):
        yield str(query), str(document), float(gain)


def _pairs(given: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Ids and texts of a mapping or data frame."""
    if isinstance(given, Mapping):
        pairs: Iterable[tuple[Any, Any]] = given.items()
    else:
        pairs = zip(_values(given, _QUERY_ID, name), _values(given, ("text", "query"), name), strict=True)
    for key, text in pairs:
        yield str(key), text


def _values(frame: Any, names: Sequence[str], field: str) -> list[Any]:
    """The values of the first column of a data frame with one of these names."""
    found = next((name for name in names if name in getattr(frame, "columns", ())), None)
    if found is None:
        rule = f"is a mapping, or a data frame with a column {names[0]}"
        raise OptionError(rule, field=field, remedy=f"name the column {' or '.join(names)}")
    return list(frame[found])


# ---- Metrics, as trec_eval computes them


DEPTH = 100
_DECIMALS = 5  # of a score; smaller differences come from the order of additions


def ranked(scores: AnyFloats, retrievable: Mask, depth: int = DEPTH) -> list[int]:
    """Numbers of the retrievable documents by falling score, both (D,); ties in document order.

    >>> ranked(np.array([0.1, 0.9, 0.9, 0.5]), np.array([True, True, True, False]))
    [1, 2, 0]
    """
    rounded = np.where(retrievable, np.round(scores, _DECIMALS), -np.inf)
    return [i for i in top_indices(rounded, depth) if retrievable[i]]


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


# ---- Settings of search


_FIELD = "try_"


def search_settings(given: Sequence[str]) -> dict[str, SearchSetting]:
    """Every combination of the given values, by its name in the report; `OptionError` for one that is wrong.

    >>> list(search_settings(["mode=hybrid,bm25", "passage_words=100"]))
    ['hybrid, passage_words=100', 'bm25, passage_words=100']
    """
    values: dict[str, list[Any]] = {}
    for text in given:
        name, _, several = text.partition("=")
        if name not in SearchSetting._fields:
            raise OptionError.one_of(name, SearchSetting._fields, field=_FIELD)
        numbers = (int(one) if one.isdecimal() else one for one in several.split(","))
        values.setdefault(name, []).extend(numbers)
    chosen = (dict(zip(values, one, strict=True)) for one in product(*values.values())) if values else ()
    return {_name(one): _checked(SearchSetting(**one)) for one in chosen}


def _name(chosen: dict[str, Any]) -> str:
    others = (f"{name}={value}" for name, value in chosen.items() if name != "mode")
    return ", ".join([str(chosen.get("mode", SearchSetting().mode)), *others])


def _checked(setting: SearchSetting) -> SearchSetting:
    from selfvec.retrieval import check_mode
    from selfvec.text.passages import check_cut

    try:
        check_mode(setting.mode)
        check_cut(setting[1:])
    except OptionError as error:
        raise OptionError(
            f"{error.field} {error.rule}", field=_FIELD, remedy=error.remedy or "give another value"
        ) from None
    return setting
