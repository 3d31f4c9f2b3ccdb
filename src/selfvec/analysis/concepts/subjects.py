"""Topics joined to others: the subjects that topics are parts of, and topics by names of one's own.

A run keeps a person's names, each with the terms of its topic. It is given to the topic whose terms are most
like these, so that it follows a topic that an update moves, and is left out where there is no such topic any
more. Topics with the same name are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import TypeVar

import numpy as np

from selfvec.base.arrays import Doubles, Ints
from selfvec.base.errors import InputError
from selfvec.data.run import AnyRun, Run, TopicName
from selfvec.numerics.rows import unit_rows
from selfvec.storage.run_writer import save_topic_names

from .terms import NAMED, distinct, document_space
from .topic_clusters import subjects_of
from .topic_result import Topic, Topics

T = TypeVar("T")

FORGET = "none"  # given instead of a file
# Cosine of the terms of two topics that are the same. Of 28 topics of storm reports that other seeds also
# gave, by half of their documents, .7 keeps 26, .75 and .8 keep 25, and .85 keeps 22; of the others pass 20,
# 16, 12 and 9.
SAME_TERMS = 0.8


# ---- Joining


def joined(
    whole: Topics,
    group_of: Sequence[int] | Ints,
    names: Mapping[int, str] | None = None,
    *,
    named: bool = False,  # a person gave the names
) -> Topics:
    """The topics with some of them made one: those of the same group, by the number of the group.

    Groups are numbered by their size. One without a name in ``names`` is called as its only topic, or after
    its largest topics; ``finer`` are the names of the topics that it is made of.
    """
    names, numbers, rows = names or {}, _by_size(whole, group_of), []
    for number in range(int(numbers.max(initial=-1)) + 1):
        members = np.flatnonzero(numbers == number).tolist()
        row = _one_topic([whole.topics[i] for i in members])
        name = names.get(int(group_of[members[0]]))
        rows.append(row if name is None else replace(row, name=name, named=named))
    number_of = np.append(numbers, -1)  # the last is for what is without a topic
    weights = np.array([max(topic.documents, 1) for topic in whole.topics], np.float32)[:, None]
    return replace(
        whole,
        topics=rows,
        labels=number_of[whole.labels],
        of_documents=number_of[whole.of_documents],
        centres=unit_rows(
            np.stack([(weights * whole.centres)[numbers == i].sum(axis=0) for i in range(len(rows))])
        ),
        subjects=None,
    )


def _by_size(whole: Topics, group_of: Sequence[int] | Ints) -> Ints:
    """The number of the group of each topic, (K,), if those of most documents come first."""
    groups, place = np.unique(group_of, return_inverse=True)
    sizes = np.bincount(place, [topic.documents for topic in whole.topics], len(groups))
    return np.argsort(np.argsort(-sizes, kind="stable"), kind="stable")[place]


def _one_topic(topics: Sequence[Topic]) -> Topic:
    """One topic of several, with the first terms of each, the largest first."""
    largest = sorted(topics, key=lambda topic: -topic.documents)
    names = ([topic.name] if topic.named else topic.name.split(", ") for topic in largest)
    terms = list({term[0]: term for term in _in_rounds(topic.terms for topic in largest)}.values())
    return replace(
        largest[0],
        name=", ".join(distinct(_in_rounds(names), NAMED)) if len(topics) > 1 else largest[0].name,
        terms=terms[: max(len(topic.terms) for topic in topics)],
        size=sum(topic.size for topic in topics),
        share=sum(topic.share for topic in topics),
        documents=sum(topic.documents for topic in topics),
        seed_words=[word for topic in topics for word in topic.seed_words],
        finer=[topic.name for topic in largest] if len(topics) > 1 else largest[0].finer,
        named=any(topic.named for topic in topics),
    )


def _in_rounds(rows: Iterable[Sequence[T]]) -> Iterator[T]:
    """The first of each row, then the second of each."""
    return (item for each in zip_longest(*rows) for item in each if item is not None)


def with_subjects(whole: Topics) -> Topics:
    """The topics with the subjects that they are parts of, the largest first."""
    sizes = np.array([topic.documents for topic in whole.topics], np.int64)
    return _in_subjects(whole, subjects_of(whole.centres, sizes))


def _in_subjects(
    whole: Topics, subject_of: Sequence[int] | Ints, known: Mapping[int, str] | None = None
) -> Topics:
    numbers = _by_size(whole, subject_of).tolist()
    rows = [replace(topic, subject=number) for topic, number in zip(whole.topics, numbers, strict=True)]
    return replace(whole, topics=rows, subjects=joined(whole, subject_of, known))


# ---- Names of one's own


def kept_with(run: AnyRun, whole: Topics, given: Sequence[TopicName]) -> list[TopicName]:
    """Let a run keep the names of a table of its topics, instead of those it keeps, and return them."""
    names = own_names_of(whole, given, run.present.topic_names) if given else []
    save_topic_names(run, names)
    return names


def own_names_of(
    whole: Topics, given: Sequence[TopicName], kept: Sequence[TopicName] = ()
) -> list[TopicName]:
    """The names of a table that differ from those found, or that several topics share.

    The table has the topics as they were found, or as the names that are ``kept`` have made them.
    """
    row_of: list[int | None] = [*range(len(whole))]  # the row of the table that has each topic
    places = _topics_named(whole, given)
    if (places < 0).any():
        shown = with_names(whole, kept)
        places = _topics_named(shown, given)
        row_by_name = {row.name: number for number, row in enumerate(shown.topics)}
        row_of = [row_by_name.get(name) for name in _names_of_each(whole, kept)]
    if lost := int((places < 0).sum()):
        rule = f"{lost} of {len(given)} rows have the terms of no topic of this run"
        raise InputError(rule, remedy="write the table again with --report topics.csv and the same options")
    rows = zip(given, places.tolist(), strict=True)
    new = {topic: own.name for own, row in rows for topic, of in enumerate(row_of) if of == row}
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
    made = joined(whole, [groups[name] for name in name_of], own, named=True)
    # Subjects keep their names, unless a person's name is that of all their documents.
    several = Counter(topic.subject for topic in made.topics)
    subjects = enumerate(whole.subjects.topics if whole.subjects else ())
    known = {number: row.name for number, row in subjects if several[number] > 1}
    return _in_subjects(made, [topic.subject for topic in made.topics], known)


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
    """The direction of the terms of each topic among documents, (n, d); the first terms count most.

    Topics of one subject may have the same terms in another order.
    """
    rows, places = document_space(run), run.vectors.key_to_index
    sums = np.zeros((len(terms_of_each), rows.shape[1]))
    for out, terms in zip(sums, terms_of_each, strict=True):
        for rank, term in enumerate(terms, 1):
            out += rows[places[term]] / rank if term in places else 0
    return np.asarray(unit_rows(sums), np.float64)
