"""The saved page on paper, or in a browser without scripts: one report of what the views hold.

It is made of the answers of the page, so it says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from selfvec.base.report_page import Drawn, ReportPage, Section, lines_cell

_WORDS = 30  # that changed most
_QUOTED = 15  # of these, with sentences
_NEAR = 6  # neighbours
_HEIGHT = 20  # of the bars of a topic


def report(
    about: Mapping[str, Any],
    overview: Mapping[str, Any],
    domain: Sequence[Mapping[str, Any]],
    ranking: Mapping[str, Any],
    uses: Mapping[str, Mapping[str, Any]],  # of some words: their sentences on both sides
    topics: Mapping[str, Any],
) -> str:
    """The report as HTML without a head."""
    sections = [
        Section(
            "Words of this text, and what it taught about them",
            ["word", "times", "here near", "before near"],
            [
                [row["word"], f"{row['count']:,}", _listed(row["after"]), _listed(row["before"])]
                for row in domain
            ],
        ),
        Section(
            f"Words that changed most, from {ranking['names'][0]} to {ranking['names'][1]}",
            ["word", "distance", "p", "q", "came", "went", "sentences"],
            [_changed(row, uses if i < _QUOTED else {}) for i, row in enumerate(ranking["rows"][:_WORDS])],
        ),
        Section(
            f"Topics over time{_span(topics['periods'])}",
            ["topic", "share", "by period"],
            [
                [topic["name"], f"{topic['share']:.0%}", _bars(topic["counts"], topics["periods"])]
                for topic in topics["topics"]
            ],
        ),
    ]
    tested = "p by permutation, q by Benjamini and Hochberg." if ranking.get("tested") else ""
    lines = [" ".join(_facts(about, overview))]
    notes = [tested] if tested and ranking["rows"] else []
    page = ReportPage(about["description"], lines, [one for one in sections if one.rows], notes=notes)
    return f'<section class="paper">\n<h1>{escape(page.title)}</h1>\n{page.body()}\n</section>\n'


def _facts(about: Mapping[str, Any], overview: Mapping[str, Any]) -> list[str]:
    """Sentences: what the text is, and what refining gained."""
    size = f"{about['documents']:,} documents, " if about.get("documents") else ""
    dates = about.get("dates")
    facts = [f"{size}{about.get('tokens') or 0:,} words of text, {about['types']:,} different words."]
    facts += [f"From {dates[0]} to {dates[1]}."] if dates else []
    if gain := overview.get("gain"):
        facts.append(
            f"Half of a document finds its other half before {gain['after']:.0%} of the others, "
            f"with the initial vectors before {gain['before']:.0%}."
        )
    return facts


def _changed(row: Mapping[str, Any], uses: Mapping[str, Mapping[str, Any]]) -> list[str | Drawn]:
    figures = [f"{row['distance']:.3f}", *(_p(row.get(name)) for name in ("p", "q"))]
    texts = uses.get(row["word"], {}).get("texts", ())
    quotes = [
        line
        for text in texts
        for use in text["uses"][:1]
        for line in (
            ("small", [(text["name"], False)]),
            ("p", [(part, kind == "self") for part, kind in use["tokens"]]),
        )
    ]
    sentences = lines_cell(*(quotes if len(texts) > 1 else quotes[1::2]))  # one text needs no name
    return [row["word"], *figures, _listed(row["gained"]), _listed(row["lost"]), sentences]


def _p(value: float | None) -> str:
    return "" if value is None else "<.001" if value < 0.001 else f"{value:.3f}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:_NEAR])


def _span(periods: Sequence[Mapping[str, Any]]) -> str:
    return f", {periods[0]['name']} to {periods[-1]['name']}" if len(periods) > 1 else ""


def _bars(counts: Sequence[int], periods: Sequence[Mapping[str, Any]]) -> Drawn:
    """The topic's share of each period's documents, as bars."""
    shares = [n / max(period["documents"], 1) for n, period in zip(counts, periods, strict=True)]
    most = max(shares, default=0) or 1
    heights = [_HEIGHT * share / most for share in shares]
    bars = "".join(
        f'<rect x="{8 * i}" y="{_HEIGHT - height:.1f}" width="7" height="{height:.1f}"/>'
        for i, height in enumerate(heights)
    )
    size = f'width="{8 * len(shares)}" height="{_HEIGHT}"'
    return Drawn(
        "", f'<svg {size} role="img" aria-label="largest share {most:.0%}">{bars}</svg> ≤ {most:.0%}'
    )
