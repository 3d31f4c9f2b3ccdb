"""A `Report` as Markdown and as one HTML page, each figure with a small chart of values and intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from selfvec.base.display import escape_for_display

from .report import COSTS, Figure, Report, costs, label, told

__all__ = ["html", "markdown"]

_WIDTH = 31  # characters of a chart in Markdown
_BAR, _ROW, _LEFT = 320, 22, 8  # pixels of a chart in HTML

_READING = (
    "Each figure stands with its 95 % bootstrap interval over the items of the task; covered is the share "
    "of what was looked up that has a vector. Differences are paired: both tables saw the same items."
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


def _axis(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """From 0, or below where an interval reaches there, to the next tenth above all of them."""
    low = math.floor(10 * min([0.0, *(row["low"] for row in rows)])) / 10
    return low, math.ceil(10 * max([0.1, *(row["high"] for row in rows)])) / 10


def _numbers(row: dict[str, Any]) -> list[str]:
    return [
        f"{row['value']:.3f}",
        f"{row['low']:.3f} to {row['high']:.3f}",
        f"{row['n']:,}",
        f"{row['covered']:.0%}",
    ]


def _cost_heads(made: Sequence[Sequence[str]]) -> list[str]:
    return list(COSTS.values()) if any(made) else []


def _differences(report: Report, figure: Figure) -> list[tuple[str, str, dict[str, Any]]]:
    keys = ("kind", "task", "metric", "method")
    wanted = tuple(getattr(figure, key) for key in keys)
    out = []
    for row in report.comparisons:
        if tuple(row[key] for key in keys) == wanted:
            size = f", {row['dimensions']} dimensions" if row["dimensions"] else ""
            out.append((f"{row['vectors_a']}{size}", f"{row['vectors_b']}{size}", row))
    return out


def _cell(text: str) -> str:
    return spell_all(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def spell_all(text: str) -> str:
    """Fit to be shown, whatever its length."""
    return "".join(escape_for_display(character) for character in text)


def markdown(report: Report) -> str:
    """Tables with an interval in characters: ``··├──●──┤····``."""
    lines = ["# Did it help?", "", _READING, ""]
    lines += [f"* {_cell(sentence)}" for sentence in report.summary()]
    for figure in report.figures():
        low, high = _axis(figure.rows)
        lines += ["", f"## {_cell(figure.title)}", ""]
        made = costs(figure.rows)
        head = ["vectors", "value", "95 %", "n", "covered", *_cost_heads(made), f"{low:g} to {high:g}"]
        lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        for row, cost in zip(figure.rows, made, strict=True):
            cells = [_cell(label(row)), *_numbers(row), *cost, f"`{_characters(row, low, high)}`"]
            lines.append(f"| {' | '.join(cells)} |")
        apart = _differences(report, figure)
        if apart:
            lines += ["", "| difference | | 95 % | p | |", "|---|---|---|---|---|"]
        for a, b, row in apart:
            interval = f"{row['low']:+.3f} to {row['high']:+.3f}"
            cells = [f"{_cell(a)} − {_cell(b)}", f"{row['difference']:+.3f}", interval, f"{row['p']:.3f}"]
            lines.append(f"| {' | '.join([*cells, told(row)])} |")
    lines += ["", _made(report)]
    return "\n".join(lines) + "\n"


def _characters(row: dict[str, Any], low: float, high: float) -> str:
    def place(value: float) -> int:
        return round((value - low) / (high - low) * (_WIDTH - 1))

    left, value, right = place(row["low"]), place(row["value"]), place(row["high"])
    drawn = ["·"] * _WIDTH
    drawn[left : right + 1] = "─" * (right + 1 - left)
    drawn[left], drawn[right] = "├", "┤"
    drawn[value] = "●"
    return "".join(drawn)


def _made(report: Report) -> str:
    tables = "; ".join(f"{_cell(t['name'])}: {t['words']:,} words × {t['dimensions']}" for t in report.tables)
    settings = ", ".join(f"{name} {value}" for name, value in report.settings.items())
    return f"Measured with `selfvec evaluate` ({settings}). {tables}."


def html(report: Report) -> str:
    """One page without scripts or anything to load."""
    parts = [f"<p>{escape(_READING)}</p>"]
    if report.summary():
        parts.append("<ul>" + "".join(f"<li>{_shown(line)}</li>" for line in report.summary()) + "</ul>")
    for figure in report.figures():
        parts.append(f"<h2>{_shown(figure.title)}</h2>")
        parts.append(_figure_table(figure))
        apart = _differences(report, figure)
        if apart:
            parts.append(_difference_table(apart))
    parts.append(f"<p>{_shown(_made(report).replace('`', ''))}</p>")
    head = f'<meta charset="utf-8"><title>Did it help?</title><style>{_STYLE}</style>'
    body = "<h1>Did it help?</h1>" + "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _shown(text: str) -> str:
    return escape(spell_all(text))


def _figure_table(figure: Figure) -> str:
    low, high = _axis(figure.rows)
    made = costs(figure.rows)
    names = ("value", "95 %", "n", "covered", *_cost_heads(made))
    head = "".join(f'<th class="n">{name}</th>' for name in names)
    rows = [f"<tr><th>vectors</th>{head}<th>{low:g} to {high:g}</th></tr>"]
    for row, cost in zip(figure.rows, made, strict=True):
        numbers = "".join(f'<td class="n">{text}</td>' for text in (*_numbers(row), *cost))
        rows.append(f"<tr><td>{_shown(label(row))}</td>{numbers}<td>{_chart(row, low, high)}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _chart(row: dict[str, Any], low: float, high: float) -> str:
    def place(value: float) -> float:
        return round(_LEFT + (value - low) / (high - low) * (_BAR - 2 * _LEFT), 1)

    left, value, right = place(row["low"]), place(row["value"]), place(row["high"])
    middle = _ROW / 2
    said = f"{row['value']:.3f}, {row['low']:.3f} to {row['high']:.3f}"
    return (
        f'<svg width="{_BAR}" height="{_ROW}" role="img" aria-label="{said}">'
        f'<line class="axis" x1="{_LEFT}" x2="{_BAR - _LEFT}" y1="{middle}" y2="{middle}"/>'
        f'<line class="axis" x1="{place(0)}" x2="{place(0)}" y1="4" y2="{_ROW - 4}"/>'
        f'<line class="interval" x1="{left}" x2="{right}" y1="{middle}" y2="{middle}"/>'
        f'<circle class="value" cx="{value}" cy="{middle}" r="4"/></svg>'
    )


def _difference_table(apart: Sequence[tuple[str, str, dict[str, Any]]]) -> str:
    rows = [
        '<tr><th>difference</th><th class="n"></th><th class="n">95 %</th><th class="n">p</th><th></th></tr>'
    ]
    for a, b, row in apart:
        verdict = told(row)
        texts = (f"{row['difference']:+.3f}", f"{row['low']:+.3f} to {row['high']:+.3f}", f"{row['p']:.3f}")
        numbers = "".join(f'<td class="n">{text}</td>' for text in texts)
        rows.append(
            f'<tr><td>{_shown(a)} − {_shown(b)}</td>{numbers}<td class="{verdict}">{verdict}</td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"
