"""The topics of a text, as a page that can be sent on: terms, shares, sentences, and shares over time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from selfvec.analysis.concepts import GroupTopics, Topic, Topics
from selfvec.analysis.concepts.document_topics import typical_documents
from selfvec.base.display import count_of, printable
from selfvec.base.report_page import Drawn, Pieces, ReportPage, Section, lines_cell
from selfvec.data.run_text import DATE, ID, TEXT
from selfvec.text.sentences import sentence_spans

_EXAMPLES = 2  # documents quoted for a topic
_TRIED = 20  # documents of which these are the first of different sentences
_LONGEST = 300  # characters of a quoted sentence
_COLUMNS = 8  # topics shown over time

Quote = tuple[Pieces, str]
"""A sentence with the topic's terms marked, and the document that it is from."""


def topics_page(found: Topics) -> ReportPage:
    """The topics with their terms and typical sentences, then their shares in each group."""
    quotes = _quotes(found)
    rows: list[list[str | Drawn]] = [
        [f"{topic.share:.1%}", f"{topic.documents:,}", lines_cell(*_lines(topic, mine))]
        for topic, mine in zip(found, quotes, strict=True)
    ]
    sections = [Section("", ["share", "documents", "topic"], rows)]
    groups = found.groups
    if groups is None:
        return ReportPage("Topics", list(_summary(found)), sections, found.rows)
    notes = [f"Too little text: {', '.join(groups.left_out)}."] if groups.left_out else []
    sections.append(_by_group(groups))
    return ReportPage("Topics", list(_summary(found)), sections, groups.rows, notes)


def _summary(found: Topics) -> Iterator[str]:
    """What the topics are of, and how many documents have none."""
    name = f" of {found.run.provenance.corpus_name}" if found.run else ""
    days = found.run.tokens.period if found.run and found.run.tokens else None
    period = f", dated {days[0]} to {days[1]}," if days else ""
    documents = count_of(found.documents, "document")
    topics = count_of(len(found), "topic")
    yield printable(f"The {documents}{name}{period} were divided into {topics} on {date.today()}.")
    yield "A topic is a group of words that occur in the same documents, named after its most typical ones."
    if none := found.documents - sum(topic.documents for topic in found):
        yield f"{count_of(none, 'document has', 'documents have')} no topic: no word in it is known."


def _lines(topic: Topic, quotes: Sequence[Quote]) -> Iterator[tuple[str, Pieces]]:
    """A topic: its name, its further terms, and sentences."""
    named = topic.name.split(", ")
    yield "b", [(_plain(topic.name), False)]
    terms = ", ".join(_plain(term) for term, _ in topic.terms if term not in named)
    if terms:
        yield "small", [(f"also: {terms}", False)]
    for pieces, source in quotes:
        yield "p", pieces
        yield "small", [(source, False)]


def _plain(term: str) -> str:
    """A term as it is written: the words of a phrase are joined in the run."""
    return term.replace("_", " ")


def _quotes(found: Topics) -> list[list[Quote]]:
    """Sentences of the documents that are most typical of each topic, if the run has kept its text."""
    if found.run is None or found.run.text is None:
        return [[] for _ in found]
    documents = typical_documents(found.run, found, _TRIED)
    rows = iter(found.run.text.read((TEXT, ID, DATE), [d for mine in documents for d in mine]).rows())
    quotes = []
    for topic, mine in zip(found, documents, strict=True):
        words = (rf"\b{re.escape(_plain(term))}\b" for term, _ in topic.terms)
        terms = re.compile("|".join(words), re.IGNORECASE)
        by_sentence: dict[str, Quote] = {}
        for number, (text, name, day) in zip(mine, rows, strict=False):
            sentence = _best_sentence(text, terms)
            source = " · ".join(filter(None, (name or str(number), day and str(day))))
            by_sentence.setdefault(sentence.casefold(), (_marked(sentence, terms), source))
        quotes.append(list(by_sentence.values())[:_EXAMPLES])
    return quotes


def _best_sentence(text: str, terms: re.Pattern[str]) -> str:
    """The sentence with most different terms, shortened, on one line."""
    sentences = [" ".join(text[start:end].split()) for start, end in sentence_spans(text)] or [text]
    short = [one if len(one) <= _LONGEST else one[: _LONGEST - 1].rstrip() + "…" for one in sentences]
    return max(short, key=lambda one: len({term.casefold() for term in terms.findall(one)}))


def _marked(sentence: str, terms: re.Pattern[str]) -> Pieces:
    """A sentence with its terms marked."""
    pieces = re.split(f"({terms.pattern})", sentence, flags=terms.flags)
    return [(piece, bool(i % 2)) for i, piece in enumerate(pieces) if piece]


def _by_group(groups: GroupTopics) -> Section:
    """The shares of the largest topics in each group."""
    counts: dict[str, dict[int, int]] = {}
    for row in groups.shares:
        counts.setdefault(row.group, {})[row.topic] = row.documents
    total = {topic: sum(mine.get(topic, 0) for mine in counts.values()) for topic in range(len(groups.names))}
    shown = sorted(total, key=lambda topic: -total[topic])[:_COLUMNS]
    largest = f"The {_COLUMNS} largest topics" if len(total) > _COLUMNS else "Topics"
    rows = [
        [printable(group), f"{sum(mine.values()):,}"]
        + [f"{mine[topic] / sum(mine.values()):.0%}" if topic in mine else "" for topic in shown]
        for group, mine in counts.items()
    ]
    heads = ["", "documents", *(printable(_plain(groups.names[topic])) for topic in shown)]
    return Section(f"{largest} in each group of documents", heads, rows)
