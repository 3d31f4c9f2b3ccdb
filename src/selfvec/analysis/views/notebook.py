"""HTML of results, runs and vectors for notebooks: without scripts, readable on light and dark pages.

Words may come from untrusted text, so all are escaped. Nothing is fetched from the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from selfvec.analysis.word_drift.word_paths import SlicePath
from selfvec.base.chart import Axis, Chart, Line
from selfvec.base.display import escape_for_display, printable
from selfvec.base.result_table import ResultTable
from selfvec.base.view import Table, View, text_table
from selfvec.data.queries import least_count
from selfvec.data.run import Run
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Source, Vectors
from selfvec.files.report_page import body_html
from selfvec.files.svg import COLOUR, chart_svg
from selfvec.numerics.rows import top_indices, unit_rows

from .charts import path_chart
from .run_summary import run_summary

_ROWS = 20  # of a table
_WORDS = 8  # words that are shown of vectors
_NEAR = 4  # neighbours of each
_SEARCHED = 10_000  # rows that are searched for neighbours, so that a cell of a notebook shows at once


def health_table(run: Run) -> list[Table]:
    """What the health report of a run found; nothing if it has not been made."""
    findings = run.report_json.get("health", {}).get("findings", ())
    rows = [[str(one["name"]), str(one["level"]), printable(str(one["message"]))] for one in findings]
    return [text_table("", ["health of the vectors", "", ""], rows)] if rows else []


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
    table = text_table("", ["word", *counted, f"nearest{among}"], rows)
    return body_html(View("", [f"Vectors: {size}; {kinds}", table]))


def _sources(vectors: Vectors) -> list[tuple[str, int]]:
    names = {
        Source.KNOWN: "pretrained",
        Source.NONE: "without a vector",
        Source.SUBWORDS: "from spelling",
        Source.CONTEXT: "from the text",
        Source.MIXED: "from text and spelling",
    }
    return [(names.get(s, s.name.lower()), int(np.sum(vectors.sources == s))) for s in Source]


def trajectory_html(path: Trajectory) -> str:
    """A chart of a path: the cosine to the original over the number of updates, on a logarithmic axis."""
    word = escape(escape_for_display(path.word))
    title = f"<b>Trajectory</b> of {word}: {len(path):,} states, {int(path.updates[-1]):,} updates"
    if not path.vectors.any():
        return f"<p>{title}; no vector yet</p>"
    there = path.vectors.any(axis=1)
    curve = np.stack([path.updates, path.to_original()], axis=1)[there]
    (first, _), (last, cosine) = curve[[0, -1]].tolist()
    label = f"cosine to the original, from 1 to {cosine:.2f}"
    x = Axis(first, last, ticks=[(first, f"{first:,.0f}"), (last, f"{last:,.0f}")], scale=np.log1p)
    y = Axis(min(0.0, float(curve[:, 1].min())), 1.0, ticks=[(cosine, f"{cosine:.2f}")])
    drawn = chart_svg(Chart(label, (360, 100), x, y, [Line(curve, COLOUR)]))
    return f"<div>{title}<br>{drawn}<br><small>{label}</small></div>"


def result_html(found: ResultTable) -> str:
    """A result: its short form, and what is shown of its first rows."""
    rows = len(found.rows)
    more = f"; the first {_ROWS} of {rows:,} rows" if rows > _ROWS else ""
    view = found.view(_ROWS)
    return body_html(replace(view, parts=[f"{_short(found)}{more}", *view.parts]))


def run_html(run: Run) -> str:
    """A run: its short form, what was noted on reading its text, and what its health report found."""
    notes = run_summary(run.provenance) if run.provenance.method else []
    return body_html(View("", [_short(run), *map(printable, notes), *health_table(run)]))


def _short(shown: object) -> str:
    """The short form of an object on one line."""
    return " – ".join(" ".join(line.split()) for line in repr(shown).splitlines())


# Records have no code for display. `selfvec` imports this module when it runs in a notebook.
_SHOWN: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (ResultTable, result_html),
    (Run, run_html),
    (Vectors, vectors_html),
    (Trajectory, trajectory_html),
    (SlicePath, lambda path: path_chart(path).html),
)
for _type, _html in _SHOWN:
    setattr(_type, "_repr_html_", _html)  # noqa: B010 mypy knows no such method
