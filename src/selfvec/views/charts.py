"""Small line charts side by side: curves differ in colour and in mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfvec.base.display import escape_for_display

from .palette import GREY, WORDS
from .plane import Spec

__all__ = ["Chart", "Series", "chart_figure"]

_SIZE = (330, 220)
_COLUMNS = 2
_SHAPES = ("circle", "square", "diamond", "cross")


@dataclass(frozen=True)
class Series:
    """One curve: its name, its points, and the value it began at, drawn as a dashed line."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    start: float | None = None


@dataclass(frozen=True)
class Chart:
    """Curves over one axis.

    Parameters
    ----------
    title, x_title : str
    series : tuple of Series
    y : (low, high)
        What the axis includes at least; None for as far as the curves go.
    logarithmic : bool
        Whether equal ratios of x are equally wide; all x are then above 0.
    names : tuple of str
        The labels of x = 0, 1, 2, ... where the axis is not a number.
    """

    title: str
    x_title: str
    series: tuple[Series, ...]
    y: tuple[float | None, float | None] = (None, None)
    logarithmic: bool = False
    names: tuple[str, ...] = ()


def chart_figure(charts: Sequence[Chart]) -> Spec:
    """Describe charts, two in a row, each with its legend above it."""
    columns = min(_COLUMNS, len(charts))
    return {
        "concat": [_chart(chart) for chart in charts],
        "columns": columns,
        "spacing": 30,
        "resolve": {"scale": {"color": "independent", "shape": "independent"}},
    }


def _chart(chart: Chart) -> Spec:
    names = [escape_for_display(curve.name) for curve in chart.series]
    rows = [
        {
            "name": name,
            "x": escape_for_display(chart.names[int(x)]) if chart.names else float(x),
            "y": float(y),
        }
        for name, curve in zip(names, chart.series, strict=True)
        for x, y in zip(curve.x, curve.y, strict=True)
    ]
    starts = [
        {"name": name, "start": float(curve.start)}
        for name, curve in zip(names, chart.series, strict=True)
        if curve.start is not None
    ]
    by_name = {"field": "name", "type": "nominal"}
    legend = {
        "orient": "top",
        "symbolOpacity": 1,
        "columns": max(1, 44 // (5 + max(map(len, names), default=1))),
    }
    styles = {
        channel: by_name
        | {
            "legend": legend,
            "scale": {"domain": names, "range": [kinds[i % len(kinds)] for i in range(len(names))]},
        }
        for channel, kinds in (("color", WORDS), ("shape", _SHAPES))
    }
    edges = [edge for edge in chart.y if edge is not None]
    y = {
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False, "domain": {"unionWith": edges}} if edges else {"zero": False},
        "axis": {"tickCount": 5},
    }
    x, curve_y = _x_axis(chart), y | {"field": "y"}
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {"x": x, "y": curve_y, "color": styles["color"]},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": curve_y, **styles},
        },
    ]
    title: Spec = {"text": chart.title, "fontSize": 14, "fontWeight": "bold"}
    if starts:
        dashed = {"type": "rule", "strokeDash": [4, 3], "opacity": 0.6, "strokeWidth": 1.2}
        encoding = {"y": y | {"field": "start"}, "color": styles["color"]}
        layers.insert(0, {"data": {"values": starts}, "mark": dashed, "encoding": encoding})
        title |= {"subtitle": "dashed: the original", "subtitleColor": GREY}
    return {"title": title, "data": {"values": rows}, "width": _SIZE[0], "height": _SIZE[1], "layer": layers}


def _x_axis(chart: Chart) -> Spec:
    places = sorted({x for curve in chart.series for x in curve.x})
    low, high = (places[0], places[-1]) if places else (0.0, 1.0)
    title = chart.x_title + (" (logarithmic)" if chart.logarithmic else "")
    if chart.names:
        domain = [escape_for_display(name) for name in chart.names]
        scale: Spec = {"type": "point", "domain": domain, "padding": 0.5}
        return {"field": "x", "type": "ordinal", "title": title, "scale": scale, "axis": {"labelAngle": 0}}
    axis = {"values": places, "grid": False, "labelOverlap": True, "format": "~g"}
    if chart.logarithmic:
        scale = {"type": "log", "domain": [low / 1.2, high * 1.2], "nice": False}
    else:
        margin = 0.05 * (high - low) or 0.5
        scale = {"domain": [low - margin, high + margin], "nice": False}
    return {"field": "x", "type": "quantitative", "title": title, "scale": scale, "axis": axis}
