"""The topic of each document of a run, and the documents that are typical of a topic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.analysis.usage.examples import Example
from selfvec.base.arrays import Doubles, Ints
from selfvec.base.display import count_of, printable, whole_words
from selfvec.base.progress import stage
from selfvec.base.view import Entry, Part, View
from selfvec.corpus.corpus import Corpus
from selfvec.corpus.field_names import TITLES
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.run import Run
from selfvec.data.run_text import RunText, column_of
from selfvec.data.token_batch import TokenBatch
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.text.passages import marked, sentence_spans
from selfvec.text.phrases import LINK

from .events import PASSAGE, Event
from .shares import percent, surest_first
from .terms import encoded, topic_text_vectors
from .topic_clusters import nearest
from .topic_result import Topics

if TYPE_CHECKING:
    import polars as pl

_EXAMPLES = 2  # documents quoted for a topic
_READ = 5  # documents that a report names
_GREW = 3  # of subjects that grew, if any did
_READABLE = 5  # of which the first that is readable is named
_SHORT = 5  # blanks, that a sentence has that says something
GLANCE = 120  # characters of a title or sentence, at most, if there is one
_TRIED = 20  # documents of which these are the first of different sentences
_LONGEST = 300  # characters of a quoted sentence


def document_table(run: Run, topics: Topics, groups: Sequence[Slice] = ()) -> pl.DataFrame:
    """A row for each document: number, id, date, topic, the topic's name and share, and the group.

    The share is that of the topic's words among the words of all topics in the document, weighted by inverse
    document frequency. It is null for documents without a topic.
    """
    import polars as pl

    batch = run.require_tokens()
    columns: dict[str, Any] = {"document": np.arange(batch.documents)}
    if run.text is not None and any(ids := run.text.ids()):
        columns["id"] = ids
    if batch.dates is not None:
        columns["date"] = batch.dates.astype("datetime64[D]")
    columns |= _topic_columns(batch, topics, batch, topics.of_documents)
    if groups:
        names = np.array([*(group.name for group in groups), None], object)  # -1, no group, is the last
        columns["group"] = names[slice_of_each(groups)].tolist()
    return pl.DataFrame(columns)


def assigned_table(run: Run, topics: Topics, documents: Corpus) -> pl.DataFrame:
    """A row for each new document, as `document_table` has for those of the run: its nearest topic."""
    import polars as pl

    frames = []
    total = 0
    with stage("Reading", documents.total_bytes, "bytes") as advance:
        for part in documents.batches(advance):
            batch = encoded(run, part.texts.to_list())
            columns: dict[str, Any] = {"document": np.arange(total, total + len(part))}
            for name in ("id", "date"):
                if (values := part.get(name)) is not None:
                    columns[name] = values
            topic_of = nearest(topic_text_vectors(run, batch), topics.centres, topics.mean)
            frames.append(
                pl.DataFrame(columns | _topic_columns(run.require_tokens(), topics, batch, topic_of))
            )
            total += len(part)
    return documents.dated(pl.concat(frames, how="diagonal"))


def _topic_columns(
    own: TokenBatch, topics: Topics, batch: TokenBatch, topic_of: Ints
) -> dict[str, pl.Series]:
    import polars as pl

    topic = pl.Series(topic_of, dtype=pl.Int64).replace(-1, None)
    names = {number: row.name for number, row in enumerate(topics.topics)}
    of_topic, all_topics = _topic_weights(own, topics, batch, topic_of)
    known = (topic_of >= 0) & (all_topics > 0)
    return {
        "topic": topic,
        "name": topic.replace_strict(names, return_dtype=pl.String),
        "share": pl.Series(np.where(known, of_topic / np.maximum(all_topics, 1e-12), np.nan)).fill_nan(None),
    }


def _most_typical_first(batch: TokenBatch, topics: Topics) -> Ints:
    """All documents, (D,), by how much they have of their topic and how little of others."""
    own, all_topics = _topic_weights(batch, topics, batch, topics.of_documents)
    typical = own / np.maximum(all_topics, 1e-12) * own / (own + own.mean() + 1e-12)
    return np.argsort(-typical, kind="stable")


def _first_of_each(topics: Topics, order: Ints, most: int) -> list[list[int]]:
    return [order[topics.of_documents[order] == topic][:most].tolist() for topic in range(len(topics))]


def typical_sentences(topics: Topics) -> list[list[Example]]:
    """Sentences of the documents that are most typical of each topic, if the run has kept its text."""
    if topics.run is None or topics.run.text is None:
        return [[] for _ in topics.topics]
    documents = _first_of_each(topics, _most_typical_first(topics.run.require_tokens(), topics), _TRIED)
    numbers = [number for mine in documents for number in mine]
    text = topics.run.text
    rows = iter(zip(text.names(numbers), text.texts(numbers), text.dates(numbers), strict=True))
    quotes = []
    for side, (topic, mine) in enumerate(zip(topics.topics, documents, strict=True)):
        terms = _pattern(term for term, _ in topic.terms)
        by_sentence: dict[str, Example] = {}
        for number, (name, whole, day) in zip(mine, rows, strict=False):
            sentence = _with_most_terms(whole, terms)
            pieces = marked(sentence, ((*term.span(), "term") for term in terms.finditer(sentence)))
            quote = Example("", side, number, pieces, written=True, name=name, date=day or "")
            by_sentence.setdefault(sentence.casefold(), quote)
        quotes.append(list(by_sentence.values())[:_EXAMPLES])
    return quotes


@dataclass(frozen=True)
class ToRead:
    """A document that is typical of a subject, by its title or else a sentence that is."""

    id: str
    date: str
    subject: str
    title: str


def documents_to_read(topics: Topics) -> list[ToRead]:
    """Documents of what happened, of its time; or typical ones of what grew, from the second part.

    Then of the largest subjects.
    Empty if the run has not kept its text.
    """
    run = topics.run
    if run is None or run.text is None:
        return []
    subjects = topics.subjects or topics
    order = _most_typical_first(run.require_tokens(), topics)
    made = None if topics.groups is None else topics.groups.sides
    latest = order if made is None else order[made.side[order] == 1]
    grew = [row for row in surest_first(topics.grown) if row.change.like_for_like.grew][:_GREW]
    each = -(-_GREW // max(len(grew), 1))  # documents of one that grew, each the best of several
    events = [row for row in topics.events if isinstance(row, Event) and row.unit != PASSAGE]
    tried: list[tuple[str, Iterable[str], list[int]]] = []
    tried += [
        (row.words[0], row.words, [row.places[n]])
        for n in range(_GREW)
        for row in events
        if n < len(row.places)
    ]
    del tried[_GREW:]
    tried += [
        (row.name, row.terms, latest[row.documents[latest]][place::each][:_READABLE].tolist())
        for place in range(each)
        for row in grew
    ]
    largest = zip(subjects.topics, _first_of_each(subjects, order, _READABLE), strict=True)
    tried += [(row.name.split(", ")[0], [term for term, _ in row.terms], places) for row, places in largest]
    read: list[ToRead] = []
    for subject, terms, places in tried[:_READ]:
        told = [row.title for row in read]
        titles = _titles(run.text, places, _pattern(terms))
        if places:
            best = min(range(len(places)), key=lambda n: (titles[n] in told, *_unreadable(titles[n])))
            (name,), (day,) = run.text.names([places[best]]), run.text.dates([places[best]])
            read.append(ToRead(name, day or "", subject, titles[best]))
    return read


def _unreadable(text: str) -> tuple[bool, bool, bool]:
    """Whether a text begins with signs, as code does, is short as a greeting, or too long for a glance."""
    return not text[:1].isalnum(), text.count(" ") < _SHORT, len(text) > GLANCE


def _titles(text: RunText, places: Sequence[int], terms: re.Pattern[str]) -> list[str]:
    """The titles of documents, and where these say little the sentences with most of the terms."""
    usual = (field for title in TITLES for field in text.fields if field.lower() == title)
    field = next(usual, None)
    titles = [None] * len(places) if field is None else text.read((column_of(field),), places).to_series()
    told = []
    for title, whole in zip(titles, text.texts(places), strict=True):
        head, sentence = " ".join((title or "").split()), _with_most_terms(whole, terms)
        alone = head.count(" ") >= _SHORT
        told.append(head if alone else sentence if head in sentence else f"{head}: {sentence}")
    return told


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Terms as they stand in a text."""
    words = (rf"\b{re.escape(term.replace(LINK, ' '))}\b" for term in terms)
    return re.compile("|".join(words), re.IGNORECASE)


def _with_most_terms(text: str, terms: re.Pattern[str]) -> str:
    """The sentence with most of the terms, on one line; of these one that is hard to read at last."""
    sentences = [" ".join(text[start:end].split()) for start, end in sentence_spans(text)] or [text]

    def order(sentence: str) -> tuple[bool, bool, bool, bool, int]:
        found = len({*terms.findall(sentence.casefold())})
        return not found, *_unreadable(sentence), -found

    return whole_words(min(sentences, key=order), _LONGEST)


def _topic_weights(
    own: TokenBatch, topics: Topics, batch: TokenBatch, topic_of: Ints
) -> tuple[Doubles, Doubles]:
    """The weight of the words of each document's own topic, and of those of all topics, both (D,).

    Words of ``batch`` after those of the run, whose tokens are ``own``, have no topic.
    """
    more = len(batch.types) - len(topics.labels)
    weight = np.pad(inverse_document_frequency(own), (0, more))[batch.ids]
    label = np.pad(topics.labels, (0, more), constant_values=-1)[batch.ids]
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    sums = np.zeros((batch.documents, len(topics) + 1))
    np.add.at(sums, (documents, label), weight)  # words without a topic are in the last column
    all_topics = sums[:, :-1].sum(axis=1)
    return sums[np.arange(len(sums)), topic_of], all_topics


# ---- Topics for who has not the run


def topic_entries(found: Topics) -> list[Part]:
    """The topics with their terms, the finer topics below them, and typical sentences."""
    parts: list[Part] = []
    rows = zip(found.topics, typical_sentences(found), strict=True)
    for topic, quotes in filter(lambda row: row[0].documents, rows):
        named = topic.name.split(", ")
        terms = ", ".join(_plain(term) for term, _ in topic.terms if _plain(term) not in named)
        size = f"{percent(topic.share)}, {count_of(topic.documents, 'document')}"
        passages = [(quote.shown, printable(quote.source)) for quote in quotes]
        also = [[(f"also: {terms}", "quiet")]] if terms else []
        if topic.finer:
            also.append([(f"made of: {'; '.join(map(_plain, topic.finer))}", "quiet")])
        parts.append(Entry([(_plain(topic.name), "strong")], also, facts=size, quotes=[("", passages)]))
    return parts


def topics_page(found: Topics) -> View:
    """The topics with their terms and typical sentences, then their shares in each group."""
    shares = [] if found.groups is None else [found.groups.table]
    parts = [*found.sentences, *topic_entries(found), *shares]
    return replace(found.view(), about=list(_summary(found)), parts=parts)


def _summary(found: Topics) -> Iterator[str]:
    """What the topics are of, and how many documents have none."""
    name = f" of {found.run.provenance.corpus_name}" if found.run else ""
    days = found.run.tokens.period if found.run and found.run.tokens else None
    period = f", dated {days[0]} to {days[1]}," if days else ""
    documents = count_of(found.documents, "document")
    topics = count_of(len(found), "topic")
    yield printable(f"The {documents}{name}{period} were divided into {topics} on {date.today()}.")
    yield "A topic is a group of similar documents; its name is what is typical of them."
    yield from found.without


def _plain(term: str) -> str:
    """A term as it is written: the words of a phrase are joined in the run."""
    return printable(term.replace("_", " "))
