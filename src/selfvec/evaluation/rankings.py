"""Rankings of the documents of a collection: by vectors, by BM25, by a run's search and by its encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Mask
from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.numerics.rows import top_indices, unit_rows
from selfvec.text.preprocessing import Preprocessing

from .collection import Collection, Rankings
from .compared_vectors import ComparedVectors

if TYPE_CHECKING:
    from selfvec.encoders import SentenceEncoder
    from selfvec.encoders.encoded_texts import EncodedTexts
    from selfvec.retrieval import Index
    from selfvec.retrieval.run_student import RunStudent
    from selfvec.retrieval.scoring import Scored

REFINED = "refined"  # the end of the name of a run's vectors

_DEPTH = 100  # documents of a ranking
_DECIMALS = 5  # of a score; smaller differences come from the order of additions


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


# ---- Search of a run


class SearchSetting(NamedTuple):
    """Options of `selfvec.search` that change its ranking."""

    mode: str = "hybrid"
    passage_words: int = 200
    overlap: int = 40


def search_settings(given: Sequence[str]) -> dict[str, SearchSetting]:
    """Every combination of the given values, by its name in the report; `OptionError` for one that is wrong.

    >>> list(search_settings(["mode=hybrid,bm25", "passage_words=100"]))
    ['hybrid, passage_words=100', 'bm25, passage_words=100']
    """
    values: dict[str, list[Any]] = {}
    for text in given:
        name, _, several = text.partition("=")
        if name not in SearchSetting._fields:
            raise OptionError.one_of(name, SearchSetting._fields, field="try_")
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
            f"{error.field} {error.rule}", field="try_", remedy=error.remedy or "give another value"
        ) from None
    return setting


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
