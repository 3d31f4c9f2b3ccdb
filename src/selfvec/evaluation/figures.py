"""Figures of a report, as Markdown and as HTML: values with intervals, a small chart, and differences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from selfvec.base.display import escape_for_display

__all__ = ["COSTS", "UNRANKED", "Figure", "costs", "html_page", "label", "markdown_page", "verdict"]

Row = Mapping[str, Any]

LOWER_IS_BETTER = frozenset({"median_rank"})
"""Metrics."""
UNRANKED = frozenset({"bias", "stability"})
"""Kinds of task in which a higher value is neither better nor worse."""
COSTS = {"seconds": "seconds", "megabytes": "MB"}
"""Keys of what a table took to make, and their column heads."""

_WIDTH = 31  # characters of a chart in Markdown
_BAR, _HEIGHT, _MARGIN = 320, 22, 8  # pixels of a chart in HTML

_READING = (
    "Each figure has its 95 % bootstrap interval over the items of the task; covered is the share of what "
    "was looked up that has a vector. Differences are paired: both tables were measured on the same items."
)
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
       color: #1f2328; background: #fff; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: middle; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
th { font-weight: 600; border-bottom: 1px solid #d0d7de; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 0; }
svg { display: block; }
.axis { stroke: #d0d7de; } .interval { stroke: #0550ae; stroke-width: 2; } .value { fill: #0550ae; }
.worse { color: #a40e26; } .better { color: #116329; }
"""


def costs(rows: Sequence[Row]) -> list[list[str]]:
    """What each row's table took to make, a text for each of `COSTS`; empty lists if no row says.

    >>> costs([{"seconds": 12.34, "megabytes": 1234.5}, {"seconds": 0.031}, {}])
    [['12.3', '1,234'], ['0.031', ''], ['', '']]
    """

    def shown(value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value < 1 else f"{value:.1f}"

    if not any(row.get(key) is not None for row in rows for key in COSTS):
        return [[] for _ in rows]
    return [[shown(row.get(key)) for key in COSTS] for row in rows]


def label(row: Row) -> str:
    """Name of a row's table in a figure.

    >>> label({"vectors": "refined", "truncated": True, "dimensions": 50})
    'refined, 50 dimensions'
    """
    name = str(row["vectors"])
    return f"{name}, {row['dimensions']} dimensions" if row.get("truncated") else name


def verdict(row: Row) -> str:
    """Whether a comparison's first table is better, or "not distinguishable" if the interval holds 0.

    >>> [verdict({"kind": kind, "low": 0.1, "high": 0.2}) for kind in ("retrieval", "bias")]
    ['better', 'higher']
    >>> verdict({"kind": "oov", "metric": "median_rank", "low": -9, "high": -2})
    'better'
    """
    if row["low"] <= 0 <= row["high"]:
        return "not distinguishable"
    words = ("higher", "lower") if row.get("kind") in UNRANKED else ("better", "worse")
    return words[(row["high"] < 0) != (row.get("metric") in LOWER_IS_BETTER)]


@dataclass(frozen=True)
class Figure:
    """One task and metric, measured in one way: a row for each table, and the differences between them."""

    kind: str
    task: str
    metric: str
    method: str | None
    rows: list[dict[str, Any]]
    differences: list[dict[str, Any]]

    @property
    def title(self) -> str:
        """As "ws353, spearman" or "questions-words, accuracy (3cosadd)"."""
        lower = ", lower is better" if self.metric in LOWER_IS_BETTER else ""
        return f"{self.task}, {self.metric}" + (f" ({self.method})" if self.method else "") + lower

    @property
    def axis(self) -> tuple[float, float]:
        """Ends of the chart: 0, or the tenth below all intervals; and the tenth above all intervals."""
        low = math.floor(10 * min([0.0, *(row["low"] for row in self.rows)])) / 10
        return low, math.ceil(10 * max([0.1, *(row["high"] for row in self.rows)])) / 10

    def heads(self) -> list[str]:
        """Column heads of the numbers of a row."""
        return ["value", "95 %", "n", "covered", *(COSTS.values() if any(costs(self.rows)) else ())]

    def numbers(self) -> list[list[str]]:
        """The numbers of each row, as text."""
        return [
            [
                f"{row['value']:.3f}",
                f"{row['low']:.3f} to {row['high']:.3f}",
                f"{row['n']:,}",
                f"{row['covered']:.0%}",
                *cost,
            ]
            for row, cost in zip(self.rows, costs(self.rows), strict=True)
        ]

    def compared(self) -> list[list[str]]:
        """Each difference as text: the two tables, difference, interval, p and verdict."""
        out = []
        for row in self.differences:
            size = f", {row['dimensions']} dimensions" if row["dimensions"] else ""
            out.append(
                [
                    f"{row['vectors_a']}{size} − {row['vectors_b']}{size}",
                    f"{row['difference']:+.3f}",
                    f"{row['low']:+.3f} to {row['high']:+.3f}",
                    f"{row['p']:.3f}",
                    verdict(row),
                ]
            )
        return out

    def places(self, row: Row, size: float) -> list[float]:
        """Where low, value and high lie on an axis of this size."""
        start, end = self.axis
        return [(row[key] - start) / (end - start) * size for key in ("low", "value", "high")]


def _shown(text: str) -> str:
    """Text of any length without control characters."""
    return "".join(escape_for_display(character) for character in text)


# ---- Markdown


def markdown_page(figures: Sequence[Figure], summary: Sequence[str], source: str) -> str:
    """All figures as tables, with intervals drawn in characters: ``··├──●──┤····``."""
    lines = ["# Did it help?", "", _READING, "", *(f"* {_cell(sentence)}" for sentence in summary)]
    for figure in figures:
        low, high = figure.axis
        head = ["vectors", *figure.heads(), f"{low:g} to {high:g}"]
        lines += ["", f"## {_cell(figure.title)}", "", _line(head), "|---" * len(head) + "|"]
        for row, numbers in zip(figure.rows, figure.numbers(), strict=True):
            lines.append(_line([_cell(label(row)), *numbers, f"`{_characters(figure, row)}`"]))
        if figure.differences:
            lines += ["", "| difference | | 95 % | p | |", "|---|---|---|---|---|"]
            lines += [_line([_cell(names), *numbers]) for names, *numbers in figure.compared()]
    return "\n".join([*lines, "", _cell(source)]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return _shown(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _characters(figure: Figure, row: Row) -> str:
    left, value, right = (round(place) for place in figure.places(row, _WIDTH - 1))
    drawn = ["·"] * _WIDTH
    drawn[left : right + 1] = "─" * (right + 1 - left)
    drawn[left], drawn[right] = "├", "┤"
    drawn[value] = "●"
    return "".join(drawn)


# ---- HTML


def html_page(figures: Sequence[Figure], summary: Sequence[str], source: str) -> str:
    """One page without scripts or anything to load; intervals are drawn as SVG."""
    parts = [f"<p>{escape(_READING)}</p>"]
    if summary:
        parts.append("<ul>" + "".join(f"<li>{_html(line)}</li>" for line in summary) + "</ul>")
    for figure in figures:
        low, high = figure.axis
        heads = ["vectors", *figure.heads()]
        rows = [
            [_html(label(row)), *numbers, _chart(figure, row)]
            for row, numbers in zip(figure.rows, figure.numbers(), strict=True)
        ]
        parts += [f"<h2>{_html(figure.title)}</h2>", _table([*heads, f"{low:g} to {high:g}"], rows)]
        if figure.differences:
            compared = [
                [_html(names), *numbers, f'<span class="{verdict}">{verdict}</span>']
                for names, *numbers, verdict in figure.compared()
            ]
            parts.append(_table(["difference", "", "95 %", "p", ""], compared))
    parts.append(f"<p>{_html(source)}</p>")
    head = f'<meta charset="utf-8"><title>Did it help?</title><style>{_STYLE}</style>'
    body = "<h1>Did it help?</h1>" + "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _html(text: str) -> str:
    return escape(_shown(text))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first and last columns are text or charts, those between are numbers."""

    def cells(row: Sequence[str], tag: str) -> str:
        first, *middle, last = row
        numbers = "".join(f'<{tag} class="n">{cell}</{tag}>' for cell in middle)
        return f"<tr><{tag}>{first}</{tag}>{numbers}<{tag}>{last}</{tag}></tr>"

    return f"<table>{cells(heads, 'th')}{''.join(cells(row, 'td') for row in rows)}</table>"


def _chart(figure: Figure, row: Row) -> str:
    size = _BAR - 2 * _MARGIN
    left, value, right = (round(_MARGIN + place, 1) for place in figure.places(row, size))
    zero = round(_MARGIN + figure.places({"low": 0, "value": 0, "high": 0}, size)[0], 1)
    middle = _HEIGHT / 2
    shown = f"{row['value']:.3f}, {row['low']:.3f} to {row['high']:.3f}"
    return (
        f'<svg width="{_BAR}" height="{_HEIGHT}" role="img" aria-label="{shown}">'
        f'<line class="axis" x1="{_MARGIN}" x2="{_BAR - _MARGIN}" y1="{middle}" y2="{middle}"/>'
        f'<line class="axis" x1="{zero}" x2="{zero}" y1="4" y2="{_HEIGHT - 4}"/>'
        f'<line class="interval" x1="{left}" x2="{right}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="value" cx="{value}" cy="{middle}" r="4"/></svg>'
    )
