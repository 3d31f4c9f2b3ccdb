"""Small line charts side by side: curves differ in colour and in mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.analysis.views.plane import GREY, WORDS
from selfvec.base import chart as drawing
from selfvec.base.chart import Axis, Label, Line, Mark
from selfvec.base.display import escape_for_display
from selfvec.files.svg import Figure

_SHAPES = ("circle", "square", "diamond", "cross")


@dataclass(frozen=True)
class Series:
    """One curve."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    start: float | None = None  # the value it began at, drawn as a dashed line
    style: tuple[str, str] | None = None  # colour and shape, "none" for a dashed line; by its place if None
    marked: Sequence[int] | None = None  # points that get a mark; all of them if None


@dataclass(frozen=True)
class Chart:
    """Curves over one axis."""

    title: str
    x_title: str
    series: tuple[Series, ...]
    y: tuple[float | None, float | None] = (None, None)  # what the axis includes at least
    y_title: str = ""
    logarithmic: bool = False  # equal ratios are equally far apart; all values are then above 0
    y_logarithmic: bool = False
    ticks: tuple[float, ...] = ()  # values written at the axis; every x if empty
    y_ticks: tuple[float, ...] = ()  # a few round ones if empty
    names: tuple[str, ...] = ()  # labels of x = 0, 1, 2, ... if the axis is not a number
    line: tuple[float, str] | None = None  # a dashed line across the chart: value, text
    band: tuple[float, float, str] | None = None  # a range of x with a grey ground: low, high, text


def chart_figure(
    charts: Sequence[Chart], *, columns: int = 2, size: tuple[int, int] = (330, 220), one_legend: bool = False
) -> Figure:
    """Charts in rows, each with its legend below it, or with one legend below the first column."""
    across = min(columns, len(charts))
    last = (len(charts) - 1) // across * across  # the first of the last row
    parts = [_chart(chart, size, not one_legend or i == last) for i, chart in enumerate(charts)]
    return Figure((), [parts[i::across] for i in range(across)])


def _chart(chart: Chart, size: tuple[int, int], with_legend: bool) -> drawing.Chart:
    x, y = _x_axis(chart), _y_axis(chart)
    lines: list[Line] = []
    marks: list[Mark] = []
    labels: list[Label] = []
    legend: list[tuple[Mark, str]] = []

    def level(value: float, colour: str) -> Line:
        return Line(np.array([[x.low, value], [x.high, value]]), colour, 1.2, dashed=True)

    if chart.band is not None:
        low, high, words = chart.band
        corners = [(low, y.low), (high, y.low), (high, y.high), (low, y.high)]
        lines.append(Line(np.array(corners), GREY, 0.1, filled=True))
        labels.append(Label(" ".join(words.split()), (low, y.high), GREY, 11))
    if chart.line is not None:
        value, words = chart.line
        lines.append(level(value, GREY))
        labels.append(Label(words, (x.high, value), GREY, 11))
    for i, curve in enumerate(chart.series):
        colour, shape = curve.style or (WORDS[i % len(WORDS)], _SHAPES[i % len(_SHAPES)])
        points = np.column_stack([curve.x, curve.y])
        lines.append(Line(points, colour, dashed=shape == "none"))
        if curve.start is not None:
            lines.append(level(curve.start, colour))
        marked = range(len(points)) if curve.marked is None else curve.marked
        if shape != "none":
            marks += [Mark(points[k], colour, shape=shape, size=8) for k in marked if k < len(points)]
        sign = Mark((0, 0), colour, shape="line" if shape == "none" else shape)
        legend.append((sign, escape_for_display(curve.name)))
    note = "dashed: the original" if any(curve.start is not None for curve in chart.series) else ""
    shown = legend if with_legend else ()
    return drawing.Chart(chart.title, size, x, y, lines, marks, labels, chart.title, shown, note)


def _x_axis(chart: Chart) -> Axis:
    if chart.names:
        named = [(float(i), escape_for_display(name)) for i, name in enumerate(chart.names)]
        return Axis(-0.5, len(named) - 0.5, chart.x_title, named)
    places = sorted({float(x) for curve in chart.series for x in curve.x}) or [0.0, 1.0]
    ticks = [(float(x), f"{x:g}".removeprefix("0") or "0") for x in chart.ticks or places]
    low, high = places[0], places[-1]
    if not chart.logarithmic:
        margin = 0.05 * (high - low) or 0.5
        return Axis(low - margin, high + margin, chart.x_title, ticks)
    reach = (high / low) ** 0.04 if high > low else 1.2
    title = f"{chart.x_title} (logarithmic)"
    return Axis(low / reach, high * reach, title, [ticks[i] for i in _apart(ticks)], np.log10)


def _apart(ticks: Sequence[tuple[float, str]]) -> list[int]:
    """The ticks of a logarithmic axis that do not run into the one before."""
    kept: list[int] = []
    for i, (value, _) in enumerate(ticks):
        if not kept or value > 1.6 * ticks[kept[-1]][0]:
            kept.append(i)
    return kept


def _y_axis(chart: Chart) -> Axis:
    values = [float(y) for curve in chart.series for y in curve.y]
    values += [curve.start for curve in chart.series if curve.start is not None]
    values += [edge for edge in chart.y if edge is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    ticks = [(float(y), f"{y:g}") for y in chart.y_ticks] or None
    if chart.y_logarithmic:
        return Axis(low / 1.1, high * 1.1, chart.y_title, ticks, np.log10)
    margin = 0.04 * (high - low) or 0.5
    return Axis(low - margin, high + margin, chart.y_title, ticks)
