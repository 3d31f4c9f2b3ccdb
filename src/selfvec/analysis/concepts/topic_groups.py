"""Topics by period or field: the share of each topic in groups of documents, and its terms there.

All groups have the same topics, those of the whole corpus, so that their shares can be compared.
`selfvec.analysis.concepts.topic_matching` clusters each group separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.corpus.slices import MOST_VALUES, PERIODS, Slice, by_label, by_period, labelled_by
from selfvec.data.run import Run

from .topic_clusters import TERMS, GroupTopics, Topics, TopicShare
from .topical_terms import topical_terms

__all__ = ["document_groups", "topic_shares"]


def document_groups(run: Run, by: str) -> list[Slice]:
    """Groups of a run's documents: by month, quarter, year, decade, century, slice, or a field of its files.

    Several of these, separated by commas, give a group for every combination that occurs.

    Raises
    ------
    InputError
        If the run has no dates or slices, or has not kept its text. `OptionError` if the field does not
        exist.
    """
    parts = [_groups_by(run, name.strip()) for name in by.split(",") if name.strip()]
    if not parts:
        raise OptionError("names a period or a field", field="by", remedy=f"try {', '.join(PERIODS)}")
    found = [reduce(_both, combination) for combination in product(*parts)]
    found = [group for group in found if group.documents.any()]
    if len(found) > MOST_VALUES:
        rule = f"{by!r} gives {len(found):,} groups, more than the limit of {MOST_VALUES:,}"
        raise OptionError(rule, field="by", remedy="name a field with fewer values, or a longer period")
    return found


def _groups_by(run: Run, name: str) -> list[Slice]:
    batch = run.require_tokens()
    if name in PERIODS:
        return by_period(batch, name)
    if name == "slice":
        return by_label(batch)
    return sorted(by_label(labelled_by(run, name, "by")), key=lambda group: group.name)


def _both(one: Slice, other: Slice) -> Slice:
    return Slice(f"{one.name}, {other.name}", one.documents & other.documents)


def topic_shares(run: Run, found: Topics, groups: Sequence[Slice], top: int = 5) -> GroupTopics:
    """The share of each topic of the whole corpus in each group, and its characteristic terms there.

    Terms are ordered by c-TF-IDF (Grootendorst, 2022): the count in the topic's documents of the group, times
    log(1 + mean count per group / count in all groups).
    """
    chosen, _ = topical_terms(run, TERMS)
    batch = run.require_tokens()
    topic_of = found.labels[chosen.rows]  # of each term
    place = np.full(len(batch.types), -1, np.int64)
    place[chosen.rows] = np.arange(len(chosen))
    tokens = place[batch.ids]
    document_topics = np.repeat(found.of_documents, np.diff(batch.offsets))
    kept = (tokens >= 0) & (document_topics >= 0)
    kept[kept] = topic_of[tokens[kept]] == document_topics[kept]  # a topic's own terms in its documents
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
