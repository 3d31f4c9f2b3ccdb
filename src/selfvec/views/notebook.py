"""HTML of results, runs and vectors for notebooks: without scripts, readable on light and dark pages.

Words may come from untrusted text, so all are escaped. Nothing is fetched from the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from selfvec.analysis.monitoring import Monitoring
from selfvec.analysis.word_drift.drift_result import Drift
from selfvec.analysis.word_drift.word_paths import SlicePath
from selfvec.base.arrays import Doubles, Ints
from selfvec.base.display import escape_for_display
from selfvec.base.result_table import ResultTable
from selfvec.data.queries import least_count
from selfvec.data.run import Run
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Source, Vectors
from selfvec.files.report_page import ReportPage, Section, rows_page
from selfvec.numerics.rows import top_indices, unit_rows

from .monitoring import monitoring_page
from .pages import drift_page

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
    title = (
        f"<b>Trajectory</b> of {_word(path.word)}: {len(path):,} states, {int(path.updates[-1]):,} updates"
    )
    if not path.vectors.any():
        return f"<p>{title}; no vector yet</p>"
    cosines = np.where(path.vectors.any(axis=1), path.to_original(), np.nan).astype(np.float64)
    clock = np.log1p(path.updates.astype(np.float64))
    label = f"cosine to the original, from 1 to {cosines[-1]:.2f}"
    return _chart(title, label, clock, cosines, min(0.0, float(np.nanmin(cosines))), 1.0)


def path_html(path: SlicePath) -> str:
    """A chart of a path through slices: distance from the first, with its 95 % interval."""
    distance, low, high = path.from_first()
    rows = ", ".join(f"{_word(name)} ({int(n):,}×)" for name, n in zip(path.names, path.uses, strict=True))
    title = f"<b>Path</b> of {_word(path.word)} through {rows}"
    label = f"distance from {path.names[0]}, with 95 % of resampled documents"
    clock = np.arange(len(path.names), dtype=np.float64)
    return _chart(title, label, clock, distance, 0.0, max(0.1, float(np.nanmax(high))), (low, high))


def _chart(
    title: str,
    label: str,
    clock: Doubles,  # (n,), the horizontal axis
    values: Doubles,  # (n,), NaN where there is none
    bottom: float,
    top: float,
    band: tuple[Doubles, Doubles] | None = None,  # around the values
) -> str:
    """A curve under a title, an SVG in the colour of the text around it."""
    alive = np.flatnonzero(~np.isnan(values))
    across = _EDGE + (clock - clock[0]) / (float(clock[-1] - clock[0]) or 1.0) * (_WIDTH - 3 * _EDGE)

    def points(of: Doubles, places: Ints) -> str:
        up = _HEIGHT - 10 - (of - bottom) / (top - bottom) * (_HEIGHT - 20)
        return " ".join(f"{across[i]:.1f},{up[i]:.1f}" for i in places.tolist())

    inside = f'<polyline points="{points(values, alive)}" fill="none" stroke="#0072B2" stroke-width="2"/>'
    if band is not None:
        ring = f"{points(band[1], alive)} {points(band[0], alive[::-1])}"
        inside = f'<polygon points="{ring}" fill="#0072B2" fill-opacity=".18"/>{inside}'
    x, y = map(float, points(values, alive[-1:]).split(","))
    return (
        f'<div>{title}<br><svg role="img" aria-label="{escape(label)}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><title>{escape(label)}</title>'
        f'<line x1="{_EDGE}" x2="{_WIDTH - 2 * _EDGE}" y1="{_HEIGHT - 10}" y2="{_HEIGHT - 10}" '
        f'stroke="currentColor" stroke-opacity=".4"/>{inside}'
        f'<text x="{x + 6:.1f}" y="{y + 4:.1f}" font-size="12" fill="currentColor">'
        f"{values[alive[-1]]:.2f}</text></svg><br><small>{escape(label)}</small></div>"
    )


def rows_html(found: ResultTable) -> str:
    """Any other result: its short form, and its first rows."""
    rows = found.rows
    short = " – ".join(" ".join(line.split()) for line in repr(found).splitlines())
    more = f"; the first {_ROWS} of {len(rows):,} rows" if len(rows) > _ROWS else ""
    return replace(rows_page("", rows[:_ROWS]), lines=[short + more]).body()


def run_html(run: Run) -> str:
    """A run: its short form, and what its health report found."""
    short = " – ".join(" ".join(line.split()) for line in repr(run).splitlines())
    findings = run.health.rows if "health" in run.report else []
    page = rows_page("", findings)
    return replace(page, lines=[short], sections=page.sections if findings else []).body()


# Records have no code for display. `selfvec` imports this module when it runs in a notebook.
_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (ResultTable, rows_html),
    (Run, run_html),
    (Vectors, vectors_html),
    (Drift, drift_html),
    (Trajectory, trajectory_html),
    (SlicePath, path_html),
    (Monitoring, lambda found: monitoring_page(found).body()),
)
for _type, _html in _SHOWN:
    setattr(_type, "_repr_html_", _html)  # noqa: B010 mypy knows no such method
