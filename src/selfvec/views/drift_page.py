"""The drift report as an HTML page: an overview, then a section for each word with sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from selfvec.base.display import escape_for_display, printable
from selfvec.base.report_page import ReportPage, Section

from .terminal import escaped, sentence
from .word_tables import drift_figures, drift_heads, drift_mark, drift_notes, is_sliced

if TYPE_CHECKING:
    from selfvec.analysis.word_drift import Drift
    from selfvec.usage.examples import Example

_NEIGHBOURS = 5  # gained, and lost
_SECTIONS = 20  # words with a section, if none has sentences
_STYLE = """
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
@media (max-width: 700px) { .less { display: none; } td, th { padding-right: .5rem; } }
"""


@dataclass(frozen=True)
class DriftPage(ReportPage):
    """A report with a section for each word that has sentences."""

    found: Drift | None = None
    style: ClassVar[str] = _STYLE

    def body(self) -> str:
        """The overview, and the sections."""
        found = self.found
        assert found is not None
        shown = [row for row in found.rows if row["word"] in found.quotes] or found.rows[:_SECTIONS]
        linked = {row["word"]: f"w{number}" for number, row in enumerate(shown)}
        lines = "".join(f"<p>{escape(line)}</p>" for line in self.lines)
        parts = [_section(row, found, linked[row["word"]]) for row in shown]
        others = [row for row in found.rows if row["word"] not in linked]
        rest = f"<h2>{len(others):,} other words</h2>{_overview(found, others, {})}" if others else ""
        first = _overview(found, shown, linked)
        return "\n".join([first, *parts, rest, f'<footer class="facts">{lines}</footer>'])


def drift_page(found: Drift) -> ReportPage:
    """The drift of all words as a report; the first words also have neighbours and sentences."""
    sliced = is_sliced(found)
    heads = [*drift_heads(found), "kind", "came", "went", "before", "after"]
    rows = []
    for row in found.rows:
        near = [escaped(row[key][:_NEIGHBOURS]) for key in ("gained", "lost")]
        sentences = [" / ".join(map(sentence, row.get(key, ()))) for key in ("examples_a", "examples_b")]
        figures = drift_figures(row, sliced)
        rows.append([escape_for_display(row["word"]), *figures, drift_mark(row), *near, *sentences])
    lines = [f"{len(found.rows):,} words.", *drift_notes(found)]
    title = f"Drift from {found.a} to {found.b}"
    return DriftPage(title, lines, [Section("", heads, rows)], found.rows, found=found)


def _overview(found: Drift, rows: Sequence[Mapping[str, Any]], linked: Mapping[str, str]) -> str:
    """A line of figures for each word. Narrow screens hide most columns."""
    heads = drift_heads(found)
    sliced = is_sliced(found)
    few = {0, 1, heads.index("q")}
    classes = ["" if i in few else " less" for i in range(len(heads))]
    cells = [
        f'<th class="figure{less}">{escape(head)}</th>' for head, less in zip(heads, classes, strict=True)
    ]
    lines = [f"<tr><th>word</th>{''.join(cells[1:])}</tr>"]
    for row in rows:
        word = escape(escape_for_display(row["word"]))
        place = linked.get(row["word"])
        name = f'<a href="#{place}">{word}</a>' if place else word
        mark = escape(drift_mark(row))
        name += f' <span class="facts">{mark}</span>' if mark else ""
        figures = zip(drift_figures(row, sliced), classes[1:], strict=True)
        others = "".join(f'<td class="figure{less}">{escape(figure)}</td>' for figure, less in figures)
        lines.append(f"<tr><td>{name}</td>{others}</tr>")
    return f"<table><thead>{lines[0]}</thead><tbody>{''.join(lines[1:])}</tbody></table>"


def _section(row: Mapping[str, Any], found: Drift, place: str) -> str:
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
        f"<div><h3>{escape(name)}</h3>{''.join(map(_quote, mine))}</div>"
        for side, name in enumerate((found.a, found.b))
        if (mine := [quote for quote in quotes if quote.side == side])
    ]
    return (
        f'<section id="{place}"><h2>{word}</h2><span class="facts">{facts}</span>'
        f'<p class="near">{"".join(near)}</p><div class="sides">{"".join(sides)}</div></section>'
    )


def _quote(quote: Example) -> str:
    """A sentence with its word marked, and the document that it is from."""
    text = printable(quote.text)
    start, end = quote.mark
    marked = f"{escape(text[:start])}<mark>{escape(text[start:end])}</mark>{escape(text[end:])}"
    shown = marked if end else escape(text)
    name = escape(printable(quote.name))
    return f"<blockquote>{shown}<cite>{name}</cite></blockquote>"
