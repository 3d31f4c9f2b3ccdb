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
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.result_table import ResultTable
from selfvec.data.queries import least_count
from selfvec.data.run import Run
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Source, Vectors
from selfvec.files.report_page import ReportPage, Section, rows_page
from selfvec.numerics.rows import top_indices, unit_rows

from .monitoring import monitoring_page
from .pages import drift_page
from .path_chart import path_chart
from .text_report import health_sections
from .word_tables import said_first

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
    page = drift_page(found.select(_ROWS))
    more = f"; the first {_ROWS}" if len(found.rows) > _ROWS else ""
    title = f"{page.title}: {count_of(len(found.rows), 'word')}{more}"
    return ReportPage("", [title, *said_first(found)], page.sections).body()


def trajectory_html(path: Trajectory) -> str:
    """A chart of a path: the cosine to the original over the number of updates, on a logarithmic axis."""
    title = (
        f"<b>Trajectory</b> of {_word(path.word)}: {len(path):,} states, {int(path.updates[-1]):,} updates"
    )
    if not path.vectors.any():
        return f"<p>{title}; no vector yet</p>"
    cosines = np.where(path.vectors.any(axis=1), path.to_original(), np.nan).astype(np.float64)
    alive = np.flatnonzero(~np.isnan(cosines)).tolist()
    clock = np.log1p(path.updates.astype(np.float64))
    bottom = min(0.0, float(np.nanmin(cosines)))
    across = _EDGE + (clock - clock[0]) / (float(clock[-1] - clock[0]) or 1.0) * (_WIDTH - 3 * _EDGE)
    up = _HEIGHT - 10 - (cosines - bottom) / (1 - bottom) * (_HEIGHT - 20)
    points = " ".join(f"{across[i]:.1f},{up[i]:.1f}" for i in alive)
    label = f"cosine to the original, from 1 to {cosines[-1]:.2f}"
    last = alive[-1]
    return (
        f'<div>{title}<br><svg role="img" aria-label="{label}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><title>{label}</title>'
        f'<line x1="{_EDGE}" x2="{_WIDTH - 2 * _EDGE}" y1="{_HEIGHT - 10}" y2="{_HEIGHT - 10}" '
        f'stroke="currentColor" stroke-opacity=".4"/>'
        f'<polyline points="{points}" fill="none" stroke="#0072B2" stroke-width="2"/>'
        f'<text x="{across[last] + 6:.1f}" y="{up[last] + 4:.1f}" font-size="12" fill="currentColor">'
        f"{cosines[last]:.2f}</text></svg><br><small>{label}</small></div>"
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
    return ReportPage("", [short], health_sections(run)).body()


# Records have no code for display. `selfvec` imports this module when it runs in a notebook.
_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (ResultTable, rows_html),
    (Run, run_html),
    (Vectors, vectors_html),
    (Drift, drift_html),
    (Trajectory, trajectory_html),
    (SlicePath, path_chart),
    (Monitoring, lambda found: monitoring_page(found).body()),
)
for _type, _html in _SHOWN:
    setattr(_type, "_repr_html_", _html)  # noqa: B010 mypy knows no such method
