"""Topics by period or field: the share of each topic in groups of documents, and its terms there.

All groups have the same topics, those of the whole corpus, so that their shares can be compared.
`selfvec.analysis.concepts.topic_matching` clusters each group separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Doubles
from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.corpus.reopen import document_field
from selfvec.corpus.slices import PERIODS, Slice, by_label, by_period
from selfvec.data.run import Run
from selfvec.text.document_vectors import inverse_document_frequency

from .terms import terms
from .topic_clusters import NAMED, TERMS, GroupTopics, Topics, TopicShare

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "document_groups",
    "document_table",
    "topic_hierarchy",
    "topic_shares",
]

_MOST = 1_000  # groups


def document_groups(run: Run, by: str) -> list[Slice]:
    """Groups of a run's documents: by month, quarter, year, decade, century, slice, or a field of its files.

    Several of these, separated by commas, give a group for every combination that occurs.

    Raises
    ------
    InputError
        If the run has no dates or slices, or its files are missing. `OptionError` if the field does not
        exist.
    """
    parts = [_groups_by(run, name.strip()) for name in by.split(",") if name.strip()]
    if not parts:
        raise OptionError("names a period or a field", field="by", remedy=f"try {', '.join(PERIODS)}")
    found = [reduce(_both, combination) for combination in product(*parts)]
    found = [group for group in found if group.documents.any()]
    if len(found) > _MOST:
        rule = f"{by!r} gives {len(found):,} groups, more than the limit of {_MOST:,}"
        raise OptionError(rule, field="by", remedy="name a field with fewer values, or a longer period")
    return found


def _groups_by(run: Run, name: str) -> list[Slice]:
    batch = run.require_tokens()
    if name in PERIODS:
        return by_period(batch, name)
    if name == "slice":
        return by_label(batch)
    values = document_field(run, name)
    if len(values) != batch.documents:
        raise InputError("the documents in its files have changed", path=run.folder, remedy="refine again")
    names, numbers = np.unique([value or "" for value in values], return_inverse=True)
    if len(names) > _MOST:
        rule = f"the field {name!r} has {len(names):,} values, more than the limit of {_MOST:,}"
        raise OptionError(rule, field="by", remedy="name a field with fewer values")
    return [Slice(str(value), numbers == i) for i, value in enumerate(names) if value]


def _both(one: Slice, other: Slice) -> Slice:
    return Slice(f"{one.name}, {other.name}", one.documents & other.documents)


def topic_shares(run: Run, found: Topics, groups: Sequence[Slice], top: int = 5) -> GroupTopics:
    """The share of each topic of the whole corpus in each group, and its characteristic terms there.

    Terms are ordered by c-TF-IDF (Grootendorst, 2022): the count in the topic's documents of the group, times
    log(1 + mean count per group / count in all groups).
    """
    chosen = terms(run, TERMS)
    batch, topic_of = run.require_tokens(), found.labels[chosen.rows]
    place = np.full(len(batch.types), -1, np.int64)
    place[chosen.rows] = np.arange(len(chosen))
    tokens, owners = place[batch.ids], np.repeat(found.of_documents, np.diff(batch.offsets))
    kept = (tokens >= 0) & (owners >= 0)
    kept[kept] = topic_of[tokens[kept]] == owners[kept]  # a topic's own terms in the topic's documents
    total = np.bincount(tokens[kept], minlength=len(chosen))
    weight = np.log1p(total.sum() / max(len(groups), 1) / np.maximum(total, 1))
    rows = []
    for group in groups:
        inside = kept & np.repeat(group.documents, np.diff(batch.offsets))
        scores = np.bincount(tokens[inside], minlength=len(chosen)) * weight
        of_group = found.of_documents[group.documents]
        counts = np.bincount(of_group[of_group >= 0], minlength=len(found))
        for number, topic in enumerate(found):
            if counts[number]:
                mine = np.where(topic_of == number, scores, 0)
                best = [i for i in np.argsort(-mine, kind="stable")[:top].tolist() if mine[i] > 0]
                share = float(counts[number] / counts.sum())
                listed = [chosen.names[i] for i in best]
                rows.append(TopicShare(group.name, number, topic.name, int(counts[number]), share, listed))
    return GroupTopics(rows, found.of_documents)


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
    with suppress(InputError):  # the files have no ids, or are missing
        columns["id"] = document_field(run, "id")
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


def _own_shares(run: Run, found: Topics) -> Doubles:
    """The share of its topic in each document, (D,); NaN for documents without a topic."""
    batch = run.require_tokens()
    weight, label = inverse_document_frequency(batch)[batch.ids], found.labels[batch.ids]
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    sums = np.zeros((batch.documents, len(found) + 1))
    np.add.at(sums, (documents, label), weight)  # words without a topic are in the last column
    known = sums[:, :-1].sum(axis=1)
    own = sums[np.arange(len(sums)), found.of_documents]
    return np.where((found.of_documents >= 0) & (known > 0), own / np.maximum(known, 1e-12), np.nan)


def topic_hierarchy(found: Topics) -> list[dict[str, Any]]:
    """Topics joined in pairs, the most similar first: average linkage of the cosines of their centres.

    Returns a row for each join: ``node``, a number after those of the topics; the two ``children``; the mean
    ``cosine`` of their topics; all ``topics`` below; and a ``name``, the first terms of the largest topics.
    """
    if len(found) < 2:
        return []
    try:
        from scipy.cluster.hierarchy import linkage  # type: ignore[import-untyped]
    except ImportError:
        raise MissingExtra("scipy", "sparse", "a hierarchy of topics") from None
    below: dict[int, list[int]] = {number: [number] for number in range(len(found))}
    rows = []
    for node, (a, b, distance, _) in enumerate(linkage(found.centres, "average", "cosine"), len(found)):
        children = sorted((int(a), int(b)))
        below[node] = sorted(below[children[0]] + below[children[1]])
        first = [found.topics[number].name.split(", ")[0] for number in below[node]]  # the largest first
        row = {"node": node, "children": children, "cosine": 1 - float(distance)}
        rows.append(row | {"topics": below[node], "name": ", ".join(first[:NAMED])})
    return rows
