"""The topic of each document of a run, and the documents that are typical of a topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Doubles
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.text.document_vectors import inverse_document_frequency

from .topic_clusters import GroupTopics, Topics

if TYPE_CHECKING:
    import polars as pl


def document_table(
    run: Run, found: Topics, groups: Sequence[Slice] = (), matched: GroupTopics | None = None
) -> pl.DataFrame:
    """A row for each document: number, id, date, topic, the topic's name and share, and the group.

    The share is that of the topic's words among the words of all topics in the document, weighted by inverse
    document frequency. It is null for documents without a topic. ``matched`` adds ``group_topic`` and
    ``group_topic_name``, the document's topic among those of its group.
    """
    import polars as pl

    def numbers(of: GroupTopics | Topics) -> pl.Series:
        return pl.Series([n if n >= 0 else None for n in of.of_documents.tolist()], dtype=pl.Int64)

    batch = run.require_tokens()
    columns: dict[str, Any] = {"document": np.arange(batch.documents)}
    if run.text is not None and any(ids := run.text.ids()):
        columns["id"] = ids
    if batch.dates is not None:
        columns["date"] = batch.dates.astype("datetime64[D]")
    names = dict(enumerate(row.name for row in found))
    columns["topic"] = numbers(found)
    columns["name"] = columns["topic"].replace_strict(names, return_dtype=pl.String)
    columns["share"] = pl.Series(_own_shares(run, found), dtype=pl.Float64).fill_nan(None)
    if groups:
        columns["group"] = _group_names(groups, batch.documents)
    if matched is not None:
        columns["group_topic"] = numbers(matched)
        names = dict(enumerate(matched.names))
        columns["group_topic_name"] = columns["group_topic"].replace_strict(names, return_dtype=pl.String)
    return pl.DataFrame(columns)


def _group_names(groups: Sequence[Slice], documents: int) -> list[str | None]:
    out: list[str | None] = [None] * documents
    for group in groups:
        for document in np.flatnonzero(group.documents).tolist():
            out[document] = group.name
    return out


def typical_documents(run: Run, found: Topics, most: int) -> list[list[int]]:
    """Documents that have much of a topic and little of others, for each topic, the most typical first."""
    own, known = _topic_weights(run, found)
    typical = own / np.maximum(known, 1e-12) * own / (own + own.mean() + 1e-12)
    order = np.argsort(-typical, kind="stable")
    return [order[found.of_documents[order] == topic][:most].tolist() for topic in range(len(found))]


def _own_shares(run: Run, found: Topics) -> Doubles:
    """The share of its topic in each document, (D,); NaN for documents without a topic."""
    own, known = _topic_weights(run, found)
    return np.where((found.of_documents >= 0) & (known > 0), own / np.maximum(known, 1e-12), np.nan)


def _topic_weights(run: Run, found: Topics) -> tuple[Doubles, Doubles]:
    """The weight of the words of each document's own topic, and of those of all topics, both (D,)."""
    batch = run.require_tokens()
    weight = inverse_document_frequency(batch)[batch.ids]
    label = found.labels[batch.ids]
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    sums = np.zeros((batch.documents, len(found) + 1))
    np.add.at(sums, (documents, label), weight)  # words without a topic are in the last column
    known = sums[:, :-1].sum(axis=1)
    return sums[np.arange(len(sums)), found.of_documents], known
