"""HTML of vectors, drift and trajectories for notebooks: without scripts, readable on light and dark pages.

Words may come from untrusted text, so all are escaped. Nothing is fetched from the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from selfvec.analysis.monitoring import Monitoring
from selfvec.analysis.word_drift.drift_rows import Drift
from selfvec.analysis.word_drift.word_paths import SlicePath
from selfvec.base.display import escape_for_display
from selfvec.base.report_page import ReportPage, Section
from selfvec.data.rare_words import least_count
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import top_indices, unit_rows

from .drift_page import drift_page
from .monitoring import monitoring_page

__all__ = ["drift_html", "path_html", "trajectory_html", "vectors_html"]

_ROWS = 20  # of a drift table
_WORDS = 8  # words that are shown of vectors
_NEAR = 4  # neighbours of each
_SEARCHED = 10_000  # rows that are searched for neighbours, so that a cell of a notebook shows at once
_WIDTH = 420  # of a chart, in pixels
_HEIGHT = 120
_EDGE = 28  # left of the curve


def _word(word: str) -> str:
    return escape(escape_for_display(word))


def vectors_html(vectors: Vectors) -> str:
    """Vectors: their size, and the first words with their neighbours."""
    kinds = ", ".join(f"{int(n):,} {name}" for name, n in _sources(vectors) if n)
    size = f"{len(vectors):,} words × {vectors.vector_size} dimensions, {vectors.vectors.dtype}"
    searched = unit_rows(vectors.vectors[:_SEARCHED])
    listed = searched.any(axis=1)
    if vectors.counts is not None:
        listed &= vectors.counts[:_SEARCHED] >= least_count(vectors.counts)
    rows = []
    for i in range(min(_WORDS, len(vectors))):
        cosines = searched @ searched[i]
        cosines[i] = -np.inf
        cosines[~listed] = -np.inf
        near = [j for j in top_indices(cosines, _NEAR) if cosines[j] > -np.inf]
        words = [escape_for_display(vectors.index_to_key[j]) for j in (i, *near)]
        names = ", ".join(f"{word} {cosines[j]:.2f}" for word, j in zip(words[1:], near, strict=True))
        count = [] if vectors.counts is None else [f"{int(vectors.counts[i]):,}"]
        rows.append([words[0], *count, names if searched[i].any() else "(no vector)"])
    among = f" (of the first {_SEARCHED:,})" if len(vectors) > _SEARCHED else ""
    counted = [] if vectors.counts is None else ["times"]
    table = Section("", ["word", *counted, f"nearest{among}"], rows)
    return ReportPage("", [f"Vectors: {size}; {kinds}"], [table]).body()


def _sources(vectors: Vectors) -> list[tuple[str, int]]:
    names = {
        Source.KNOWN: "pretrained",
        Source.NONE: "without a vector",
        Source.SUBWORDS: "from spelling",
        Source.CONTEXT: "from the text",
        Source.MIXED: "from text and spelling",
    }
    return [(names.get(s, s.name.lower()), int(np.sum(vectors.sources == s))) for s in Source]


def drift_html(found: Drift) -> str:
    """The first words of a drift result, as in its report."""
    significant = sum(1 for row in found.rows if row["q"] is not None and row["q"] <= 0.05)
    more = f"; the first {_ROWS}" if len(found.rows) > _ROWS else ""
    page = drift_page(found.select(_ROWS))
    note = f"{page.title}: {len(found.rows):,} words, {significant:,} changed significantly (q ≤ .05){more}"
    return ReportPage("", [note], page.sections).body()


def trajectory_html(path: Trajectory) -> str:
    """A chart of a path: the cosine to the original over the number of updates, on a logarithmic axis."""
    cosines = [float(c) for c in path.to_original()]
    title = f"{_word(path.word)}: {len(path):,} states, {int(path.updates[-1]):,} updates"
    if not len(path) or not path.vectors.any():
        return f"<p><b>Trajectory</b> of {title}; no vector yet</p>"
    clock = np.log1p(path.updates.astype(np.float64))
    points = _scaled(clock, np.array(cosines), min(0.0, min(cosines)), 1.0)
    alive: list[bool] = [bool(row.any()) for row in path.vectors]
    label = f"cosine to the original, from 1 to {cosines[-1]:.2f}"
    line = " ".join(f"{x:.1f},{y:.1f}" for (x, y), kept in zip(points, alive, strict=True) if kept)
    chart = f'<polyline points="{line}" fill="none" stroke="#0072B2" stroke-width="2"/>'
    return (
        f"<div><b>Trajectory</b> of {title}<br>{_chart(chart, label, f'{cosines[-1]:.2f}', points[-1])}</div>"
    )


def path_html(path: SlicePath) -> str:
    """A chart of a path through slices: distance from the first, with its 95 % interval."""
    distance, low, high = path.from_first()
    top = max(0.1, float(np.nanmax(high)))
    clock = np.arange(len(path.names), dtype=np.float64)
    middle, lower, upper = (_scaled(clock, values, 0.0, top) for values in (distance, low, high))
    alive = np.flatnonzero(~np.isnan(distance))
    ring = [upper[i] for i in alive] + [lower[i] for i in alive[::-1]]
    band = " ".join(f"{x:.1f},{y:.1f}" for x, y in ring)
    line = " ".join(f"{middle[i][0]:.1f},{middle[i][1]:.1f}" for i in alive)
    chart = (
        f'<polygon points="{band}" fill="#0072B2" fill-opacity=".18"/>'
        f'<polyline points="{line}" fill="none" stroke="#0072B2" stroke-width="2"/>'
    )
    last = int(alive[-1])
    label = f"distance from {path.names[0]}, with 95 % of resampled documents"
    rows = ", ".join(f"{_word(name)} ({int(n):,}×)" for name, n in zip(path.names, path.uses, strict=True))
    drawn = _chart(chart, label, f"{distance[last]:.2f}", middle[last])
    return f"<div><b>Path</b> of {_word(path.word)} through {rows}<br>{drawn}</div>"


def _scaled(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], low: float, high: float) -> list[list[float]]:
    """Points of a chart in pixels, the y axis downward."""
    across = _EDGE + (x - x[0]) / (float(x[-1] - x[0]) or 1.0) * (_WIDTH - 3 * _EDGE)
    up = _HEIGHT - 10 - (y - low) / (high - low) * (_HEIGHT - 20)
    points: list[list[float]] = np.stack([across, up], axis=1).tolist()
    return points


def _chart(inside: str, label: str, last: str, at: Sequence[float]) -> str:
    """An SVG in the colour of the text around it."""
    return (
        f'<svg role="img" aria-label="{escape(label)}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><title>{escape(label)}</title>'
        f'<line x1="{_EDGE}" x2="{_WIDTH - 2 * _EDGE}" y1="{_HEIGHT - 10}" y2="{_HEIGHT - 10}" '
        f'stroke="currentColor" stroke-opacity=".4"/>{inside}'
        f'<text x="{at[0] + 6:.1f}" y="{at[1] + 4:.1f}" font-size="12" fill="currentColor">{last}</text>'
        f"</svg><br><small>{escape(label)}</small>"
    )


# Records have no code for display. `selfvec` imports this module when it runs in a notebook.
for _type, _html in (
    (Vectors, vectors_html),
    (Drift, drift_html),
    (Trajectory, trajectory_html),
    (SlicePath, path_html),
    (Monitoring, lambda found: monitoring_page(found).body()),
):
    setattr(_type, "_repr_html_", _html)  # noqa: B010 mypy knows no such method
