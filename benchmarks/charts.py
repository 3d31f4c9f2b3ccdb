"""Small line charts side by side: curves differ in colour and in mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from selfvec.base.display import escape_for_display
from selfvec.views.plane import GREY, WORDS, Spec

_SHAPES = ("circle", "square", "diamond", "cross")


@dataclass(frozen=True)
class Series:
    """One curve."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    start: float | None = None  # the value it began at, drawn as a dashed line
    style: tuple[str, str] | None = None  # colour and shape, "none" for a dotted line; by its place if None
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
) -> Spec:
    """Describe charts in rows, each with its legend above it or with one legend below all of them."""
    resolve = {} if one_legend else {"resolve": {"scale": {"color": "independent", "shape": "independent"}}}
    parts = [_chart(chart, size, one_legend) for chart in charts]
    return {"concat": parts, "columns": min(columns, len(charts)), "spacing": 30, **resolve}


def _chart(chart: Chart, size: tuple[int, int], one_legend: bool) -> Spec:
    names = [escape_for_display(curve.name) for curve in chart.series]
    x, y = _x_axis(chart), _y_axis(chart)
    styles = _styles(chart, names, one_legend)
    layers = _ground(chart, x, y)
    lines, points = [], []
    for name, curve in zip(names, chart.series, strict=True):
        dotted = curve.style is not None and curve.style[1] == "none"
        marked = set(() if dotted else range(len(curve.x)) if curve.marked is None else curve.marked)
        for i, (across, up) in enumerate(zip(curve.x, curve.y, strict=True)):
            at = escape_for_display(chart.names[int(across)]) if chart.names else float(across)
            row = {"name": name, "x": at, "y": float(up), "dash": [2, 3] if dotted else [1, 0]}
            lines.append(row)
            points += [row] if i in marked else []
    starts = [
        {"name": n, "y": float(c.start)}
        for n, c in zip(names, chart.series, strict=True)
        if c.start is not None
    ]
    title: Spec = {"text": chart.title, "fontSize": 14, "fontWeight": "bold"}
    if starts:
        dashed = {"type": "rule", "strokeDash": [4, 3], "opacity": 0.6, "strokeWidth": 1.2}
        layers.append(
            {"data": {"values": starts}, "mark": dashed, "encoding": {"y": y, "color": styles["color"]}}
        )
        title |= {"subtitle": "dashed: the original", "subtitleColor": GREY}
    dash = {"field": "dash", "type": "nominal", "scale": None}
    layers += [
        {
            "data": {"values": lines},
            "mark": {"type": "line", "strokeWidth": 2, "strokeJoin": "round"},
            "encoding": {"x": x, "y": y, "color": styles["color"], "strokeDash": dash},
        },
        {
            "data": {"values": points},
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": y, **styles},
        },
    ]
    return {"title": title if chart.title else None, "width": size[0], "height": size[1], "layer": layers}


def _styles(chart: Chart, names: Sequence[str], one_legend: bool) -> dict[str, Spec]:
    """Colour and shape of every curve: seven of one and four of the other, so that 28 curves differ."""
    styles = [
        curve.style or (WORDS[i % len(WORDS)], _SHAPES[i % len(_SHAPES)])
        for i, curve in enumerate(chart.series)
    ]
    shapes = ["stroke" if shape == "none" else shape for _, shape in styles]
    legend: Spec = {"orient": "bottom" if one_legend else "top", "symbolOpacity": 1, "labelLimit": 400}
    if not one_legend:
        legend["columns"] = max(1, 44 // (5 + max(map(len, names), default=1)))
    by_name = {"field": "name", "type": "nominal", "legend": legend}
    colours = [colour for colour, _ in styles]
    return {
        "color": by_name | {"scale": {"domain": list(names), "range": colours}},
        "shape": by_name | {"scale": {"domain": list(names), "range": shapes}},
    }


def _ground(chart: Chart, x: Spec, y: Spec) -> list[Spec]:
    """The band and the line of a chart, with their texts."""
    layers: list[Spec] = []
    text: Spec = {"type": "text", "align": "left", "color": GREY, "fontSize": 11}
    if chart.band is not None:
        low, high, words = chart.band
        band = {"values": [{"x": low, "x2": high, "text": words.split("\n")}]}
        place = {"x": x, "x2": {"field": "x2"}}
        layers.append({"data": band, "mark": {"type": "rect", "color": "#f3f3f3"}, "encoding": place})
        written = text | {"baseline": "top", "dx": 4, "dy": 6, "y": 0}
        layers.append({"data": band, "mark": written, "encoding": {"x": x, "text": {"field": "text"}}})
    if chart.line is not None:
        value, words = chart.line
        row = {"values": [{"y": value, "text": words}]}
        dashed = {"type": "rule", "color": GREY, "strokeDash": [5, 3]}
        layers.append({"data": row, "mark": dashed, "encoding": {"y": y}})
        written = text | {"align": "right", "baseline": "bottom", "dy": -3, "x": "width"}
        layers.append({"data": row, "mark": written, "encoding": {"y": y, "text": {"field": "text"}}})
    return layers


def _x_axis(chart: Chart) -> Spec:
    title = (chart.x_title + (" (logarithmic)" if chart.logarithmic else "")) or None
    if chart.names:
        domain = [escape_for_display(name) for name in chart.names]
        scale: Spec = {"type": "point", "domain": domain, "padding": 0.5}
        return {"field": "x", "type": "ordinal", "title": title, "scale": scale, "axis": {"labelAngle": 0}}
    places = sorted({float(x) for curve in chart.series for x in curve.x})
    low, high = (places[0], places[-1]) if places else (0.0, 1.0)
    if chart.logarithmic:
        reach = (high / low) ** 0.04 if high > low else 1.2
        scale = {"type": "log", "domain": [low / reach, high * reach], "nice": False}
    else:
        margin = 0.05 * (high - low) or 0.5
        scale = {"domain": [low - margin, high + margin], "nice": False}
    axis = {"values": chart.ticks or places, "labelOverlap": True, "format": "~r"}
    axis["labelExpr"] = "replace(datum.label, regexp('^0\\\\.'), '.')"  # .05
    return {"field": "x", "type": "quantitative", "title": title, "scale": scale, "axis": axis}


def _y_axis(chart: Chart) -> Spec:
    values = [float(y) for curve in chart.series for y in curve.y]
    values += [curve.start for curve in chart.series if curve.start is not None]
    values += [edge for edge in chart.y if edge is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    axis: dict[str, Any] = {"values": chart.y_ticks} if chart.y_ticks else {"tickCount": 5}
    if chart.y_logarithmic:
        scale: Spec = {"type": "log", "domain": [low / 1.1, high * 1.1], "nice": False}
        axis |= {"format": "~r"}
    else:
        margin = 0.04 * (high - low) or 0.5
        scale = {"domain": [low - margin, high + margin], "nice": False, "zero": False}
    return {
        "field": "y",
        "type": "quantitative",
        "title": chart.y_title or None,
        "scale": scale,
        "axis": axis,
    }
