"""Fewer topics, and topics by names of one's own: which ones are merged, and under which name.

A run keeps a person's names, each with the terms of its topic. It is given to the topic whose terms are most
like these, so that it follows a topic that an update moves, and is left out where there is no such topic any
more. Topics with the same name are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

import numpy as np

from selfvec.base.arrays import Doubles, Ints
from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.data.run import AnyRun, Run, TopicName
from selfvec.numerics.rows import unit_rows
from selfvec.storage.run_writer import save_topic_names

from .terms import phrase_names, topic_rows
from .topic_result import LEAST_DOCUMENTS, LEAST_SHARE, OTHER_SUBJECTS, Topic, Topics

FORGET = "none"  # given instead of a file
# Cosine of the terms of two topics that are the same. Of 28 topics of storm reports that other seeds also
# gave, by half of their documents, .7 keeps 26, .75 and .8 keep 25, and .85 keeps 22; of the others pass 20,
# 16, 12 and 9.
SAME_TERMS = 0.8
# Cosine of two topics that may be one. In reports of storms, snow showers and inches of snow have .6, drought
# and hurricanes less than 0.
SIMILAR = 0.3
MOST = 12  # subjects of a report
OTHERS = 0.2  # of the documents are other subjects at most: a larger group tells nothing of its text


# ---- Merging


def merged(whole: Topics, group_of: Sequence[int], names: Mapping[int, str] | None = None) -> Topics:
    """The topics with some of them made one: those of the same group, by the number of the group.

    Groups are numbered by their size. One without a name in ``names`` is called as its only topic, or after
    the phrases and nouns of its documents; ``finer`` are the names of the topics that it is made of.
    """
    members: dict[int, list[int]] = {}
    for topic, group in enumerate(group_of):
        members.setdefault(group, []).append(topic)
    order = sorted(members, key=lambda group: -sum(whole.topics[i].documents for i in members[group]))
    place = np.full(len(whole) + 1, -1, np.int64)  # the last is for documents and words without a topic
    for number, group in enumerate(order):
        place[members[group]] = number
    of_documents = place[whole.of_documents]
    weights = np.array([topic.documents for topic in whole.topics], np.float32)
    joined = [_one_topic([whole.topics[i] for i in members[group]]) for group in order]
    centres = [(weights[members[g], None] * whole.centres[members[g]]).sum(axis=0) for g in order]
    unnamed = any(len(members[g]) > 1 and g not in (names or {}) for g in order)
    found: list[list[str]] = []
    if unnamed and whole.run is not None:
        found = phrase_names(whole.run, of_documents, len(joined))
    for number, group in enumerate(order):
        if names and group in names:
            joined[number] = replace(joined[number], name=names[group], named=True)
        elif len(members[group]) > 1 and found and found[number]:
            joined[number] = replace(joined[number], name=", ".join(found[number]))
    return replace(
        whole,
        topics=joined,
        labels=place[whole.labels],
        of_documents=of_documents,
        centres=unit_rows(np.stack(centres).astype(np.float32)),
    )


def _one_topic(topics: Sequence[Topic]) -> Topic:
    """One topic of several, with the first terms of each, the largest first."""
    largest = sorted(topics, key=lambda topic: -topic.documents)
    rounds = chain.from_iterable(zip_longest(*(topic.terms for topic in largest)))
    terms = [term for term in rounds if term is not None][: max(len(topic.terms) for topic in topics)]
    return replace(
        largest[0],
        terms=terms,
        size=sum(topic.size for topic in topics),
        share=sum(topic.share for topic in topics),
        documents=sum(topic.documents for topic in topics),
        seed_words=[word for topic in topics for word in topic.seed_words],
        finer=[topic.name for topic in largest] if len(topics) > 1 else largest[0].finer,
        named=any(topic.named for topic in topics),
    )


def few_subjects(whole: Topics, most: int = MOST) -> Topics:
    """At most so many topics, none of them small: similar ones are merged, and what is left are the others.

    The two whose merging moves their documents least are merged first (Ward, 1963, *Hierarchical grouping to
    optimize an objective function*), so small topics go to the nearest ones. Topics that are not similar stay
    apart: their common name would be that of some of their documents. Those with a person's name stay.
    """
    groups = {i: [i] for i in range(len(whole))}
    sizes = np.array([topic.documents for topic in whole.topics], np.float64)
    centres = np.asarray(whole.centres, np.float64)
    while True:
        open_groups, small = _open_and_small(whole, groups)
        if len(open_groups) < 2 or (len(groups) <= most and not small):
            break
        candidates = open_groups if len(groups) > most else small
        sums = np.stack([sizes[groups[g]] @ centres[groups[g]] for g in open_groups])
        weight = np.array([sizes[groups[g]].sum() for g in open_groups])
        directions = unit_rows(sums)
        costs = np.where(directions @ directions.T >= SIMILAR, _costs(sums, weight), np.inf)
        costs[[g not in candidates for g in open_groups]] = np.inf
        if np.isinf(costs).all():
            break
        a, b = np.unravel_index(int(np.argmin(costs)), costs.shape)
        groups[open_groups[b]] += groups.pop(open_groups[a])
    others = _others(whole, groups, most)
    if others:
        groups[others[0]] = [topic for group in others for topic in groups.pop(group)]
    group_of = {i: group for group, mine in groups.items() for i in mine}
    if len(groups) == len(whole):
        return whole
    names = dict.fromkeys(others[:1], OTHER_SUBJECTS)
    made = merged(whole, [group_of[i] for i in range(len(whole))], names)
    rows = [
        replace(row, named=False, others=True) if row.name == OTHER_SUBJECTS else row for row in made.topics
    ]
    return replace(made, topics=rows)


def _open_and_small(whole: Topics, groups: Mapping[int, Sequence[int]]) -> tuple[list[int], list[int]]:
    """The groups of topics that no person has named, and which of these are small."""
    documents = {g: sum(whole.topics[i].documents for i in mine) for g, mine in groups.items()}
    least = max(LEAST_DOCUMENTS, LEAST_SHARE * sum(documents.values()))
    open_groups = [g for g, mine in groups.items() if not any(whole.topics[i].named for i in mine)]
    return open_groups, [g for g in open_groups if documents[g] < least]


def _others(whole: Topics, groups: Mapping[int, Sequence[int]], most: int) -> list[int]:
    """The groups of topics that are small or too many, the smallest; none if that is only one."""
    open_groups, small = _open_and_small(whole, groups)
    large = sorted(
        set(open_groups) - set(small), key=lambda g: -sum(whole.topics[i].documents for i in groups[g])
    )
    room = most - (len(groups) - len(open_groups))
    if small or len(large) > room:
        large = large[: max(room - 1, 0)]  # the others are a group, too
    others = [group for group in open_groups if group not in large]
    return others if len(others) > 1 else []


def _costs(sums: Doubles, weights: Doubles) -> Doubles:
    """How much more the documents of each two groups lie from a common mean than from their own, (n, n)."""
    means = sums / np.maximum(weights, 1)[:, None]
    squares = (means**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * means @ means.T
    costs = distances * (weights[:, None] * weights) / np.maximum(weights[:, None] + weights, 1)
    np.fill_diagonal(costs, np.inf)
    return np.asarray(costs)


# ---- Names of one's own


def kept_with(
    run: AnyRun, whole: Topics, given: Sequence[TopicName], progress: Progress | None = None
) -> list[TopicName]:
    """Let a run keep the names of a table of its topics, instead of those it keeps, and return them."""
    names = own_names_of(whole, given, run.present.topic_names) if given else []
    save_topic_names(run, names, progress)
    return names


def own_names_of(
    whole: Topics, given: Sequence[TopicName], kept: Sequence[TopicName] = ()
) -> list[TopicName]:
    """The names of a table that differ from those found, or that several topics share.

    The table has the topics as they were found, or as the names that are ``kept`` have made them.
    """
    name_of = _names_of_each(whole, kept)
    shown = whole
    places = _topics_named(whole, given)
    if (places < 0).any():
        shown = with_names(whole, kept)
        places = _topics_named(shown, given)
    if lost := int((places < 0).sum()):
        rule = f"{lost} of {len(given)} rows have the terms of no topic of this run"
        raise InputError(rule, remedy="write the table again with --report topics.csv and the same options")
    names = list(zip(range(len(whole)), name_of, strict=True)) if shown is not whole else []
    parts = {
        i: [i] if shown is whole else [t for t, name in names if name == shown.topics[i].name] for i in places
    }
    new = {topic: own.name for own, i in zip(given, places.tolist(), strict=True) for topic in parts[i]}
    return [
        TopicName(name, tuple(term for term, _ in whole.topics[topic].terms))
        for topic, name in new.items()
        if name != whole.topics[topic].name or list(new.values()).count(name) > 1
    ]


def with_names(whole: Topics, names: Sequence[TopicName]) -> Topics:
    """The topics by the names of a person; those with the same name are one."""
    if not names:
        return whole
    name_of = _names_of_each(whole, names)
    groups = {name: number for number, name in enumerate(dict.fromkeys(name_of))}
    given = {own.name for own in names}
    own = {number: name for name, number in groups.items() if name in given}
    return merged(whole, [groups[name] for name in name_of], own)


def own_name_of_each(whole: Topics, names: Sequence[TopicName]) -> list[str | None]:
    """The name that a person gave to each topic; None if there is none."""
    own: list[str | None] = [None] * len(whole)
    for name, topic in zip(names, _topics_named(whole, names).tolist(), strict=True):
        if topic >= 0:
            own[topic] = name.name
    return own


def _names_of_each(whole: Topics, names: Sequence[TopicName]) -> list[str]:
    """The name of each topic: a person's, or the one that was found."""
    own = own_name_of_each(whole, names)
    return [name or topic.name for name, topic in zip(own, whole.topics, strict=True)]


def _topics_named(whole: Topics, names: Sequence[TopicName]) -> Ints:
    """The topic that each name is for, (n,); -1 if none has such terms. No topic has two names."""
    out = np.full(len(names), -1, np.int64)
    if whole.run is None or not len(whole) or not len(names):
        return out
    mine = _terms_as_rows(whole.run, [[term for term, _ in row.terms] for row in whole.topics])
    cosines = _terms_as_rows(whole.run, [own.terms for own in names]) @ mine.T
    for cell in np.argsort(-cosines, axis=None, kind="stable").tolist():
        name, topic = divmod(cell, len(whole))
        if cosines[name, topic] < SAME_TERMS:
            break
        if out[name] < 0 and topic not in out:
            out[name] = topic
    return out


def _terms_as_rows(run: Run, terms_of_each: Sequence[Sequence[str]]) -> Doubles:
    """The direction of the terms of each topic in the space of topics, (n, d)."""
    rows, places = topic_rows(run), run.vectors.key_to_index
    sums = [rows[[places[term] for term in terms if term in places]].sum(axis=0) for terms in terms_of_each]
    return np.asarray(unit_rows(np.stack(sums)), np.float64)
