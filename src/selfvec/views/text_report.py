"""One page about a text, to send: what it is about, what changed, words over time, and how sure each is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from selfvec.analysis.concepts.document_topics import topics_page
from selfvec.analysis.word_drift.word_paths import FEW_USES, SlicePath
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.view import Drawn, Heading, Part, Table, View, text_table
from selfvec.data.run import Run
from selfvec.text.language_recognition import language_name

from .run_summary import self_retrieval_gain

if TYPE_CHECKING:
    from selfvec.analysis.concepts import Topics
    from selfvec.analysis.word_drift import Drift

_SUBJECTS = 6  # named at the top
_WIDTH, _HEIGHT, _LEFT, _FOOT = 560, 150, 44, 22  # in pixels, with room for labels
_LETTER = 6.5  # pixels
_STYLE = f"width: 100%; max-width: {_WIDTH}px; height: auto"
_COLOUR = "var(--came, #0072B2)"  # that of a report, or one that is readable on light and dark


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


def text_report(found: TextFindings) -> View:
    """The page of what was found about the text of a run."""
    parts: list[Part] = [*_facts(found)]
    if found.topics is not None:
        topics = topics_page(found.topics)
        parts += [Heading("What it is about"), *topics.about[1:], *topics.parts, *topics.explained]
    if found.drift is not None:
        changed = found.drift.view()
        parts += [Heading(f"What changed, from {found.drift.a} to {found.drift.b}"), *changed.parts]
    if found.paths:
        parts += [Heading("Words over time"), *map(path_chart, found.paths)]
    parts += [Heading("How sure this is"), *health_table(found.run), *_on_certainty(found), *found.missing]
    return View(printable(found.run.provenance.corpus_name), parts)


def health_table(run: Run) -> list[Table]:
    """What the health report of a run found; nothing if it has not been made."""
    findings = run.report.get("health", {}).get("findings", ())
    rows = [[str(one["name"]), str(one["level"]), printable(str(one["message"]))] for one in findings]
    return [text_table("", ["health of the vectors", "", ""], rows)] if rows else []


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
    if found.drift is not None and (changed := found.drift.summary):
        yield changed
    yield from (printable(f"{note[:1].upper()}{note[1:]}.") for note in provenance.corpus.get("notes", ()))


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
            "with q ≤ 0.05 are safe to quote as changed. The lower end of the 95 % interval says by how much "
            "at least."
        )
    if found.paths:
        yield (
            "In the charts, bars are 95 % intervals, and the dashed line is the distance that chance alone "
            f"gives; a hollow point has fewer than {FEW_USES} occurrences."
        )


# ---- A word over time as SVG, legible on light and dark pages without their style


def path_chart(path: SlicePath) -> Drawn:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    rows = path.as_dict()["slices"]
    word = escape(escape_for_display(path.word))
    uses = ", ".join(f"{row['slice']}: {row['uses']:,}" for row in rows)
    drawn = _chart(rows, f"distance of {path.word} from its first period")
    caption = f"<b>{word}</b>: distance from its first period. Occurrences: {escape(printable(uses))}."
    text = f"{escape_for_display(path.word)}: occurrences {printable(uses)}"
    return Drawn(text, f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>")


def _chart(rows: Sequence[Mapping[str, Any]], label: str) -> str:
    """Points with intervals and the level of chance; the axis begins at 0, a value is where the axis says.

    The first period has no point: its distance from itself is no measurement.
    """
    first = next((i for i, row in enumerate(rows) if row["distance"] is not None), 0)
    drawn = [(i, row) for i, row in enumerate(rows) if i > first and row["distance"] is not None]
    most: float = max([row[key] for _, row in drawn for key in ("high", "distance", "chance")] + [0.1])
    names = [escape_for_display(str(row["slice"])) for row in rows]
    label_width = _LETTER * max(map(len, names))
    step = (_WIDTH - _LEFT - label_width) / max(len(rows) - 1, 1)
    named = math.ceil(label_width / step)  # every so many periods have a label

    def y(value: float) -> float:
        return 8 + (_HEIGHT - _FOOT - 8) * (1 - value / most)

    marks = []
    for value in (0.0, most / 2, most):
        across = f'x1="{_LEFT}" x2="{_WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        marks.append(
            f'<line class="axis" {across} stroke="currentColor" stroke-opacity=".2"/>'
            f'<text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    places = [_LEFT + label_width / 2 + i * step for i in range(len(rows))]
    for i in range(0, len(rows), named):
        place = f'x="{places[i]:.1f}" y="{_HEIGHT - 4}" text-anchor="middle"'
        marks.append(f"<text {place}>{escape(names[i])}</text>")
    level = " ".join(f"{places[i]:.1f},{y(row['chance']):.1f}" for i, row in drawn)
    dashed = f'fill="none" stroke="{_COLOUR}" stroke-dasharray="4 3"'
    marks.append(f'<polyline class="chance" points="{level}" {dashed}/>')
    for i, row in drawn:
        x = places[i]
        low, high, at = y(row["low"]), y(row["high"]), y(row["distance"])
        up = f'x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"'
        few = 'class="few" fill="var(--paper, white)"' if row["uses"] < FEW_USES else f'fill="{_COLOUR}"'
        marks.append(
            f'<line class="line" {up} stroke="{_COLOUR}"/>'
            f'<circle {few} stroke="{_COLOUR}" cx="{x:.1f}" cy="{at:.1f}" r="3.5"/>'
        )
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" style="{_STYLE}"'
    text = f'fill="currentColor" font-size="11" role="img" aria-label="{escape(printable(label))}"'
    return f"<svg {size} {text}>{''.join(marks)}</svg>"
