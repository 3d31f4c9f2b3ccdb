"""A word over time as SVG, for reports and notebooks; legible on light and dark pages without their style."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from selfvec.analysis.word_drift.word_paths import SlicePath
from selfvec.base.display import escape_for_display, printable

from .word_tables import FEW

_WIDTH, _HEIGHT, _LEFT, _FOOT = 560, 150, 44, 22  # in pixels, with room for labels
_LETTER = 6.5  # pixels
_STYLE = f"width: 100%; max-width: {_WIDTH}px; height: auto"
_COLOUR = "var(--came, #0072B2)"  # that of a report, or one that is readable on light and dark


def path_chart(path: SlicePath) -> str:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    rows = path.as_dict()["slices"]
    word = escape(escape_for_display(path.word))
    uses = ", ".join(f"{row['slice']}: {row['uses']:,}" for row in rows)
    drawn = _chart(rows, f"distance of {path.word} from its first period")
    caption = f"<b>{word}</b>: distance from its first period. Occurrences: {escape(printable(uses))}."
    return f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>"


def _chart(rows: Sequence[Mapping[str, Any]], label: str) -> str:
    """Points with intervals; the axis begins at 0, and a value is where the axis says."""
    most = max([row["high"] or 0 for row in rows] + [row["distance"] or 0 for row in rows] + [0.1])
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
    for i, row in enumerate(rows):
        x = _LEFT + label_width / 2 + i * step
        if i % named == 0:
            place = f'x="{x:.1f}" y="{_HEIGHT - 4}" text-anchor="middle"'
            marks.append(f"<text {place}>{escape(names[i])}</text>")
        if row["distance"] is None:
            continue
        low, high, at = y(row["low"]), y(row["high"]), y(row["distance"])
        up = f'x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"'
        few = 'class="few" fill="var(--paper, white)"' if row["uses"] < FEW else f'fill="{_COLOUR}"'
        marks.append(
            f'<line class="line" {up} stroke="{_COLOUR}"/>'
            f'<circle {few} stroke="{_COLOUR}" cx="{x:.1f}" cy="{at:.1f}" r="3.5"/>'
        )
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" style="{_STYLE}"'
    text = f'fill="currentColor" font-size="11" role="img" aria-label="{escape(printable(label))}"'
    return f"<svg {size} {text}>{''.join(marks)}</svg>"
