"""One page about a text, to send: what it is about, what changed, words over time, and how sure each is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.data.run import Run
from selfvec.files.report_page import ReportPage, Section
from selfvec.text.language_recognition import language_name

from .pages import DriftPage, drift_page, topics_page
from .run_summary import self_retrieval_gain

if TYPE_CHECKING:
    from selfvec.analysis.concepts import Topics
    from selfvec.analysis.word_drift import Drift, SlicePath

SURE = 0.05  # q of a word that is named as changed
FEW = 10  # occurrences of a word in a period that are too few to rely on
_SUBJECTS = 6  # named at the top
_WIDTH, _HEIGHT, _LEFT, _FOOT = 560, 150, 44, 22  # of a chart, in pixels, with room for its labels
_LETTER = 6.5  # pixels


@dataclass(frozen=True)
class TextFindings:
    """What a report is made of; what could not be found is None, and ``missing`` says why.

    With filters, it is of the ``documents`` that pass.
    """

    run: Run
    topics: Topics | None
    drift: Drift | None
    paths: Sequence[SlicePath]
    missing: Sequence[str] = ()
    filters: Sequence[str] = ()
    documents: int | None = None


@dataclass(frozen=True, kw_only=True)
class TextReport(ReportPage):
    """A report with a part for each of the findings; ``sections`` hold the last one."""

    found: TextFindings
    style: ClassVar[str] = (
        f"{DriftPage.style}\n.wide :is(td, th):not(.figure) {{ white-space: normal; }} "
        ".wide td.figure { white-space: nowrap; overflow-wrap: normal; }\n"
        "h2.part { margin: 2rem 0 .4rem; border-bottom: 2px solid var(--line); }\n"
        "figure { margin: .6rem 0 1.2rem; break-inside: avoid; } figcaption { color: var(--quiet); }\n"
        f"svg.time {{ width: 100%; max-width: {_WIDTH}px; height: auto; }}\n"
        "svg.time text { fill: var(--quiet); font-size: 11px; } svg.time .line { stroke: var(--came); }\n"
        "svg.time .axis { stroke: var(--line); } svg.time circle { fill: var(--came); }\n"
        "svg.time circle.few { fill: var(--paper); stroke: var(--came); }"
    )

    def body(self) -> str:
        """The parts as HTML."""
        found = self.found
        parts = [ReportPage(self.title, self.lines, []).body()]
        if found.topics is not None:
            page = topics_page(found.topics)
            parts += [_heading("What it is about"), replace(page, lines=page.lines[1:]).body()]
        if found.drift is not None:
            shown = drift_page(found.drift)
            parts += [_heading(f"What changed, from {found.drift.a} to {found.drift.b}"), shown.body()]
        if found.paths:
            parts += [_heading("Words over time"), *map(_figure, found.paths)]
        parts += [_heading("How sure this is"), ReportPage("", [], self.sections, notes=self.notes).body()]
        return "\n".join(parts)


def text_report(found: TextFindings) -> TextReport:
    """The page of what was found about the text of a run."""
    run = found.run
    findings = run.report.get("health", {}).get("findings", ())
    rows = [[str(one["name"]), str(one["level"]), printable(str(one["message"]))] for one in findings]
    sections = [Section("", ["health of the vectors", "", ""], rows)] if rows else []
    title = printable(run.provenance.corpus_name)
    notes = [*_on_certainty(found), *found.missing]
    return TextReport(title, list(_facts(found)), sections, notes=notes, found=found)


def _facts(found: TextFindings) -> Iterator[str]:
    """What was read, and what it is about, in sentences."""
    provenance = found.run.provenance
    days = found.run.tokens.period if found.run.tokens else None
    dated = f", dated {days[0]} to {days[1]}" if days else ""
    documents = found.run.tokens.documents if found.run.tokens else 0
    size = f"{count_of(documents, 'document')}, " if documents else ""
    code = provenance.text.get("language")
    language = f"; language: {language_name(code)}" if code else ""
    words = f"{count_of(provenance.tokens or 0, 'word')}, {provenance.types or 0:,} different"
    yield printable(f"{size}{words}{dated}{language}.")
    if found.documents is not None:
        chosen = f"only the {count_of(found.documents, 'document')} with {', '.join(found.filters)}"
        yield printable(f"What follows is about {chosen}.")
    if found.topics is not None and found.topics.subjects:
        *first, last = found.topics.subjects[:_SUBJECTS]
        yield f"It is mostly about {' and '.join(filter(None, (', '.join(first), last)))}."
    if found.drift is not None:
        yield _on_changes(found.drift)
    yield from (printable(f"{note[:1].upper()}{note[1:]}.") for note in provenance.corpus.get("notes", ()))


def _on_changes(found: Drift) -> str:
    """What changed, in a sentence."""
    words = [
        escape_for_display(row["word"]) for row in found.rows if row["q"] is not None and row["q"] <= SURE
    ][:_SUBJECTS]
    between = f"from {found.a} to {found.b}"
    if not words:
        return f"No word clearly changed {between}."
    return f"Words used differently {between}: {', '.join(words)}."


def _on_certainty(found: TextFindings) -> Iterator[str]:
    if gain := self_retrieval_gain(found.run.provenance):
        before, after = gain
        yield (
            f"The two halves of an unseen document match better than {after:.0%} of mismatched halves; with "
            f"the initial vectors, better than {before:.0%}. Chance is 50%."
        )
    if found.drift is not None:
        yield (
            "q is the share of false alarms to expect among the words with this q or a lower one; words "
            "with q ≤ 0.05 are safe to quote. A 95 % interval says where a distance would be with many "
            "occurrences."
        )
    if found.paths:
        yield f"In the charts, bars are 95 % intervals; a hollow point has fewer than {FEW} occurrences."


def _heading(text: str) -> str:
    return f'<h2 class="part">{escape(printable(text))}</h2>'


# ---- A word over time


def _figure(path: SlicePath) -> str:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    rows = path.as_dict()["slices"]
    word = escape(escape_for_display(path.word))
    uses = ", ".join(f"{row['slice']}: {row['uses']:,}" for row in rows)
    drawn = _chart(rows, f"distance of {path.word} from its first period")
    caption = f"<b>{word}</b>: distance from its first period. Occurrences: {escape(printable(uses))}."
    return f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>"


def _chart(rows: Sequence[dict[str, Any]], label: str) -> str:
    """Points with intervals as SVG; the axis begins at 0, and a value is where the axis says."""
    most = max([row["high"] or 0 for row in rows] + [row["distance"] or 0 for row in rows] + [0.1])
    names = [escape_for_display(str(row["slice"])) for row in rows]
    label_width = _LETTER * max(map(len, names))
    step = (_WIDTH - _LEFT - label_width) / max(len(rows) - 1, 1)
    named = math.ceil(label_width / step)  # every so many periods have a label

    def y(value: float) -> float:
        return 8 + (_HEIGHT - _FOOT - 8) * (1 - value / most)

    marks = []
    for value in (0.0, most / 2, most):
        marks.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    for i, row in enumerate(rows):
        x = _LEFT + label_width / 2 + i * step
        if i % named == 0:
            place = f'x="{x:.1f}" y="{_HEIGHT - 4}" text-anchor="middle"'
            marks.append(f"<text {place}>{escape(names[i])}</text>")
        if row["distance"] is None:
            continue
        low, high, at = y(row["low"]), y(row["high"]), y(row["distance"])
        few = ' class="few"' if row["uses"] < FEW else ""
        marks.append(f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>')
        marks.append(f'<circle{few} cx="{x:.1f}" cy="{at:.1f}" r="3.5"/>')
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(printable(label))}"'
    return f'<svg class="time" {size}>{"".join(marks)}</svg>'
