"""Results as pages that can be sent on: drift, what a search found, and the topics of a text.

Each is for a reader without the run, so it is in words and quotes sentences of the documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from selfvec.analysis.concepts.document_topics import typical_sentences
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.files.report_page import (
    Drawn,
    Pieces,
    ReportPage,
    Section,
    lines_cell,
    markdown_text,
    marked_html,
)

from .terminal import escaped, sentence
from .word_tables import (
    came_and_went,
    drift_figures,
    drift_heads,
    drift_mark,
    drift_notes,
    is_sliced,
    said_first,
)

if TYPE_CHECKING:
    from selfvec.analysis.concepts import GroupTopics, Topic, Topics
    from selfvec.analysis.usage.quotations import Quotation
    from selfvec.analysis.word_drift import Drift
    from selfvec.retrieval import Found, Hit


# ---- Drift


_NEIGHBOURS = 5  # gained, and lost
_SECTIONS = 20  # words with a section, if none has sentences
_DRIFT_STYLE = """
td, th { white-space: nowrap; }
td:first-child, td.wide { white-space: normal; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); padding: .8rem 0 .4rem; break-inside: avoid; }
section h2 { display: inline; margin: 0 .8rem 0 0; overflow-wrap: anywhere; }
.facts { color: var(--quiet); font-size: .9rem; }
.near { margin: .3rem 0; overflow-wrap: anywhere; }
.came { color: var(--came); } .went { color: var(--went); margin-left: 1rem; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 2rem; }
.sides > div { min-width: 0; }
blockquote { margin: .4rem 0; padding-left: .8rem; border-left: 3px solid var(--line);
  overflow-wrap: anywhere; }
cite { display: block; font-style: normal; font-size: .8rem; color: var(--quiet); }
"""


@dataclass(frozen=True, kw_only=True)
class DriftPage(ReportPage):
    """A report with a section for each word that has sentences."""

    found: Drift
    style: ClassVar[str] = _DRIFT_STYLE

    def body(self) -> str:
        """The overview, and the sections."""
        found = self.found
        shown = [row for row in found.rows if row["word"] in found.quotes] or found.rows[:_SECTIONS]
        linked = {row["word"]: f"w{number}" for number, row in enumerate(shown)}
        others = [row for row in found.rows if row["word"] not in linked]
        rest = [_figures(found, others, f"{len(others):,} other words")] if others else []
        parts = [
            ReportPage("", said_first(found), [_figures(found, shown, linked=linked)]).body(),
            ReportPage("", came_and_went(found), []).body(),
            *(_word_section(row, found, linked[row["word"]]) for row in shown),
            ReportPage("", [], rest).body(),
        ]
        return "\n".join([*parts, f'<footer class="facts">{ReportPage("", self.lines, []).body()}</footer>'])


def drift_page(found: Drift) -> ReportPage:
    """The drift of all words as a report; the first words also have neighbours and sentences."""
    figures = _figures(found, found.rows)
    rows = []
    for row, cells in zip(found.rows, figures.rows, strict=True):
        near = [escaped(row[key][:_NEIGHBOURS]) for key in ("gained", "lost")]
        sentences = [" / ".join(map(sentence, row.get(key, ()))) for key in ("examples_a", "examples_b")]
        rows.append([*cells, *near, *sentences])
    heads = [*figures.heads, "came", "went", "before", "after"]
    lines = [f"{len(found.rows):,} words.", *drift_notes(found)]
    title = f"Drift from {found.a} to {found.b}"
    return DriftPage(title, lines, [Section("", heads, rows)], found.rows, found=found)


def _figures(
    found: Drift,
    rows: Sequence[Mapping[str, Any]],
    title: str = "",
    *,
    linked: Mapping[str, str] = MappingProxyType({}),  # the places of words that have a section
) -> Section:
    """A line of figures for each word, as in the terminal."""
    heads = drift_heads(found)
    sliced = is_sliced(found)
    cells: list[list[str | Drawn]] = [
        [_named(row, linked.get(row["word"])), *drift_figures(row, sliced)] for row in rows
    ]
    return Section(title, heads, cells, less=[head for head in heads[2:] if head != "q"])


def _named(row: Mapping[str, Any], place: str | None) -> Drawn:
    """A word, linked to its section, and what it is if not a word."""
    word = escape_for_display(row["word"])
    mark = drift_mark(row)
    name = f'<a href="#{place}">{escape(word)}</a>' if place else escape(word)
    facts = f' <span class="facts">{escape(mark)}</span>' if mark else ""
    return Drawn(markdown_text(f"{word} ({mark})" if mark else word), f"{name}{facts}")


def _word_section(row: Mapping[str, Any], found: Drift, place: str) -> str:
    """A word: its figures, its neighbours, and the sentences of both sides."""
    word = escape(escape_for_display(row["word"]))
    sliced = is_sliced(found)
    heads = drift_heads(found)[1:]
    figures = zip(heads, drift_figures(row, sliced), strict=True)
    facts = " · ".join(f"{escape(head)} {escape(figure)}" for head, figure in figures if figure)
    mark = escape(drift_mark(row))
    facts = f"{mark} · {facts}" if mark else facts
    near = []
    for kind, sign, key in (("came", "+", "gained"), ("went", "−", "lost")):
        if row[key]:
            near.append(f'<span class="{kind}">{sign} {escape(escaped(row[key][:_NEIGHBOURS]))}</span>')
    quotes = found.quotes.get(row["word"], ())
    sides = [
        f"<div><h3>{escape(name)}</h3>{''.join(map(_quotation, mine))}</div>"
        for side, name in enumerate((found.a, found.b))
        if (mine := [quote for quote in quotes if quote.side == side])
    ]
    return (
        f'<section id="{place}"><h2>{word}</h2><span class="facts">{facts}</span>'
        f'<p class="near">{"".join(near)}</p><div class="sides">{"".join(sides)}</div></section>'
    )


def _quotation(quote: Quotation) -> str:
    """A sentence with its word marked, and the document that it is from."""
    name = escape(printable(quote.name or str(quote.document)))
    return f"<blockquote>{marked_html(_pieces(quote))}<cite>{name}</cite></blockquote>"


def _pieces(quote: Quotation) -> Pieces:
    """The text of a quotation, and which of it is marked."""
    before, after = quote.cut if quote.written else (False, False)
    dots = [("… ", False)] * before, [(" …", False)] * after
    return [*dots[0], *((text, bool(mark)) for text, mark in quote.pieces), *dots[1]]


# ---- What a search found


_MODES = {"hybrid": "by their words and their meaning", "bm25": "by their words", "dense": "by their meaning"}
_WORDS = 6  # given as reasons, of each kind
_IDS = 5  # of documents with the same text


def search_page(found: Found) -> ReportPage:
    """The documents that were found: each text once, with its matches marked."""
    rows: list[list[str | Drawn]] = [
        [str(number), lines_cell(*_hit_lines(hit))] for number, hit in enumerate(found.hits, 1)
    ]
    sections = [Section("", ["", "document"], rows)] if rows else []
    return ReportPage(printable(f"Search: {found.query}"), list(_search_summary(found)), sections, found.rows)


def _search_summary(found: Found) -> Iterator[str]:
    """What was asked, of which documents, and how much was found."""
    searched = f"{count_of(found.documents, 'document')}{f' of {found.corpus}' if found.corpus else ''}"
    asked = f"“{found.query}” was looked for in {searched}, {_MODES[found.mode]}, on {date.today()}."
    yield printable(asked)
    if found.filters:
        yield printable(f"Only documents that pass these filters: {', '.join(found.filters)}.")
    alike = sum(len(hit.alike) for hit in found.hits)
    copies = count_of(alike, "more document has", "more documents have")
    more = f"; {copies} one of these texts" if alike else ""
    yield f"The {count_of(len(found), 'best document')}{more}." if len(found) else "No document was found."
    if found.unknown:
        yield printable(f"In no document: {', '.join(found.unknown)}.")
    yield from (printable(f"{note[:1].upper()}{note[1:]}.") for note in found.notes)


def _hit_lines(hit: Hit) -> Iterator[tuple[str, Pieces]]:
    """A document: its name, its best passage, what is known about it, and why it was found."""
    title = "" if hit.title is None or hit.snippet.startswith(hit.title) else hit.title
    fields = [f"{name}: {value}" for name, value in hit.fields.items() if value not in ("", hit.title)]
    facts = [hit.id if title else "", hit.date or "", *fields]
    yield "b", [(title or hit.id, False)]
    yield "p", [(text, mark is not None) for text, mark in hit.pieces()]
    for line in (facts, _reasons(hit), [_copies(hit.alike)]):
        if text := " · ".join(filter(None, line)):
            yield "small", [(text, False)]


def _reasons(hit: Hit) -> list[str]:
    same = dict.fromkeys(reason.document for reason in hit.words if reason.kind == "match")
    near = [f"{one.document} (for {one.query})" for one in hit.words if one.kind == "related"]
    kinds = {"words in common": list(same), "related words": near}
    return [f"{kind}: {', '.join(words[:_WORDS])}" for kind, words in kinds.items() if words]


def _copies(ids: list[str]) -> str:
    """How many documents have the same text, and the first of them."""
    shown = ", ".join(ids[:_IDS]) + (", …" if len(ids) > _IDS else "")
    return f"and {len(ids):,} alike: {shown}" if ids else ""


# ---- Topics


_COLUMNS = 8  # topics shown over time


def topics_page(found: Topics) -> ReportPage:
    """The topics with their terms and typical sentences, then their shares in each group."""
    quotes = typical_sentences(found)
    rows: list[list[str | Drawn]] = [
        [f"{topic.share:.1%}", f"{topic.documents:,}", lines_cell(*_topic_lines(topic, mine))]
        for topic, mine in zip(found, quotes, strict=True)
    ]
    sections = [Section("", ["share", "documents", "topic"], rows)]
    groups = found.groups
    if groups is None:
        return ReportPage("Topics", list(_topics_summary(found)), sections, found.rows)
    notes = [f"Too little text: {', '.join(groups.left_out)}."] if groups.left_out else []
    sections.append(_by_group(groups))
    return ReportPage("Topics", list(_topics_summary(found)), sections, groups.rows, notes)


def _topics_summary(found: Topics) -> Iterator[str]:
    """What the topics are of, and how many documents have none."""
    name = f" of {found.run.provenance.corpus_name}" if found.run else ""
    days = found.run.tokens.period if found.run and found.run.tokens else None
    period = f", dated {days[0]} to {days[1]}," if days else ""
    documents = count_of(found.documents, "document")
    topics = count_of(len(found), "topic")
    yield printable(f"The {documents}{name}{period} were divided into {topics} on {date.today()}.")
    yield "A topic is a group of words that occur in the same documents; its name is what is typical of them."
    if none := found.documents - sum(topic.documents for topic in found):
        yield f"{count_of(none, 'document has', 'documents have')} no topic: no word in it is known."


def _topic_lines(topic: Topic, quotes: Sequence[Quotation]) -> Iterator[tuple[str, Pieces]]:
    """A topic: its name, its further terms, and sentences."""
    named = topic.name.split(", ")
    yield "b", [(_plain(topic.name), False)]
    terms = ", ".join(_plain(term) for term, _ in topic.terms if _plain(term) not in named)
    if terms:
        yield "small", [(f"also: {terms}", False)]
    for quote in quotes:
        yield "p", _pieces(quote)
        yield "small", [(quote.source, False)]


def _plain(term: str) -> str:
    """A term as it is written: the words of a phrase are joined in the run."""
    return term.replace("_", " ")


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
    heads = ["", "documents", *(printable(_plain(groups.names[topic]).split(", ")[0]) for topic in shown)]
    return Section(f"{largest} in each group of documents", heads, rows)
