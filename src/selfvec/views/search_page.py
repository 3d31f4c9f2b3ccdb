"""What a search found, as a page that can be sent on: in words, without scores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from selfvec.base.display import count_of, printable
from selfvec.base.report_page import Drawn, Pieces, ReportPage, Section, lines_cell

if TYPE_CHECKING:
    from selfvec.retrieval import Found, Hit

_MODES = {"hybrid": "by their words and their meaning", "bm25": "by their words", "dense": "by their meaning"}
_WORDS = 6  # given as reasons, of each kind
_IDS = 5  # of documents with the same text


def search_page(found: Found) -> ReportPage:
    """The documents that were found: each text once, with its matches marked."""
    rows: list[list[str | Drawn]] = [
        [str(number), lines_cell(*_lines(hit))] for number, hit in enumerate(found.hits, 1)
    ]
    sections = [Section("", ["", "document"], rows)] if rows else []
    return ReportPage(printable(f"Search: {found.query}"), list(_summary(found)), sections, found.rows)


def _summary(found: Found) -> Iterator[str]:
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


def _lines(hit: Hit) -> Iterator[tuple[str, Pieces]]:
    """A document: its name, its best passage, what is known about it, and why it was found."""
    title = "" if hit.title is None or hit.snippet.startswith(hit.title) else hit.title
    fields = [f"{name}: {value}" for name, value in hit.fields.items() if value not in ("", hit.title)]
    facts = [hit.id if title else "", hit.date or "", *fields]
    yield "b", [(title or hit.id, False)]
    yield "p", [(text, mark is not None) for text, mark in hit.pieces()]
    for line in (facts, _reasons(hit), [_alike(hit.alike)]):
        if text := " · ".join(filter(None, line)):
            yield "small", [(text, False)]


def _reasons(hit: Hit) -> list[str]:
    same = dict.fromkeys(reason.document for reason in hit.words if reason.kind == "match")
    near = [f"{one.document} (for {one.query})" for one in hit.words if one.kind == "related"]
    kinds = {"words in common": list(same), "related words": near}
    return [f"{kind}: {', '.join(words[:_WORDS])}" for kind, words in kinds.items() if words]


def _alike(ids: list[str]) -> str:
    """How many documents have the same text, and the first of them."""
    shown = ", ".join(ids[:_IDS]) + (", …" if len(ids) > _IDS else "")
    return f"and {len(ids):,} alike: {shown}" if ids else ""
