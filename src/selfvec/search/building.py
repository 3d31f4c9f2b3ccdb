"""From documents to segments: texts gathered, cut into passages, counted, turned into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.errors import CorpusError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import smooth_by_pool
from selfvec.text.lexicon import Lexicon, is_text
from selfvec.text.preprocessing import Preprocessing

from .dense_space import Space, run_tables
from .fusion_weight import agreement, share_of_meaning
from .passages import passages
from .scoring import Scorer
from .segment import Record, Segment

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["Gathered", "first_segment", "gather", "lexical", "more"]

LONGEST = 120  # characters of a field's value, on average; longer ones are text, by which nobody filters


@dataclass(frozen=True)
class Gathered:
    """Documents in memory.

    Parameters
    ----------
    texts : list of D str
    record : Record
    left_out : list of str
        Fields that are too long to be filters.
    """

    texts: list[str]
    record: Record
    left_out: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, texts: Sequence[str], ids: Sequence[str] | None = None) -> Gathered:
        """Texts without dates or fields, called by ``ids`` or by their numbers from 0.

        Raises
        ------
        CorpusError
            If a text is no Unicode text.
        """
        names = [str(i) for i in range(len(texts))] if ids is None else list(ids)
        odd = next((name for name, text in zip(names, texts, strict=True) if not is_text(text)), None)
        if odd is not None:
            rule = f"document {odd!r} holds half of a surrogate pair, which is no Unicode text"
            raise CorpusError(rule, remedy="mend it or leave it out")
        return cls(list(texts), Record(names, np.full(len(texts), "NaT", "datetime64[D]")))


def gather(corpus: Corpus, progress: Progress, first: int = 0) -> Gathered:
    """A corpus in memory; documents without an id are called by their number, from ``first``."""
    import polars as pl

    from selfvec.corpus.documents import concatenated

    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        whole = concatenated(list(corpus.batches(advance)))
    texts: list[str] = whole.texts.to_list()
    given = whole.ids.to_list() if whole.ids is not None else [None] * len(texts)
    ids = [str(first + i) if name is None else name for i, name in enumerate(given)]
    days = np.full(len(texts), "NaT", "datetime64[D]")
    if whole.dates is not None:
        days = whole.dates.to_numpy().astype("datetime64[D]")
    others = {name: values for name, values in whole.fields.items() if name != "date" or whole.dates is None}
    short = {
        name: values
        for name, values in others.items()
        if values.null_count() < len(values) and float(values.str.len_chars().mean() or 0) <= LONGEST  # type: ignore[arg-type]
    }
    fields = {name: values.cast(pl.String).to_list() for name, values in short.items()}
    left_out = [name for name in others if name not in short]
    return Gathered(texts, Record(ids, days, fields), left_out)


def first_segment(
    run: Run, lexicon: Lexicon, gathered: Gathered, progress: Progress, seed: int = 0
) -> tuple[Space, Segment]:
    """What an index knows of meaning, and its first documents."""
    with progress.stage("Counting words", None, "documents"):
        batch, owners, spans = _units(lexicon, gathered.texts, run.vectors)
        tables = run_tables(run, lexicon)
        batch = TokenBatch(batch.ids, batch.offsets, lexicon.types)
        documents = len(gathered.texts)
        chosen = np.arange(batch.documents) < documents
        space, members = Space.learn(tables, batch.part(chosen), seed)
    with progress.stage("Relating documents", None, "documents"):
        members = np.append(members, np.full(len(owners), -1, np.int64))
        vectors = smooth_by_pool(space.vectors(batch), space.pool, members)
    segment = Segment.make(batch, owners, spans, vectors, gathered.record, gathered.texts)
    with progress.stage("Weighing meaning", None, "sentences"):
        agreed = agreement(lexicon, _scorer(segment, space), gathered.texts, seed)
    return replace(space, share=share_of_meaning(agreed)), segment


def lexical(texts: Sequence[str], preprocessing: Preprocessing) -> tuple[Lexicon, Scorer]:
    """Texts that are scored by their words only, whole, in memory."""
    lexicon = Lexicon(preprocessing)
    batch = lexicon.encode(texts)
    record = Record([], np.full(len(texts), "NaT", "datetime64[D]"))
    segment = Segment.make(batch, [], [], np.zeros((len(texts), 1), np.float32), record, [])
    return lexicon, _scorer(segment, Space.empty())


def _scorer(segment: Segment, space: Space) -> Scorer:
    """Of one segment from which nothing is deleted."""
    nothing = np.zeros(len(segment.arrays["types"]), np.int32)
    return Scorer([segment], [np.ones(segment.documents, bool)], [nothing], space)


def more(space: Space, lexicon: Lexicon, gathered: Gathered) -> Segment:
    """A segment of more documents; the lexicon takes in their new types."""
    batch, owners, spans = _units(lexicon, gathered.texts)
    vectors = unit_rows(
        smooth_by_pool(space.vectors(batch), space.pool, np.full(batch.documents, -1, np.int64))
    )
    return Segment.make(batch, owners, spans, vectors, gathered.record, gathered.texts)


def _units(
    lexicon: Lexicon, texts: Sequence[str], known: Vectors | None = None
) -> tuple[TokenBatch, list[int], list[tuple[int, int]]]:
    """Documents and then passages as tokens; the document and the place of each passage."""
    owners: list[int] = []
    spans: list[tuple[int, int]] = []
    parts: list[str] = []
    for number, text in enumerate(texts):
        for start, end in passages(text):
            owners.append(number)
            spans.append((start, end))
            parts.append(text[start:end])
    return lexicon.encode([*texts, *parts], known), owners, spans
