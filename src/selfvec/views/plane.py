"""Maps of points: axes with equal scales, marks with a legend, labels that do not overlap, and their colours.

The colours are distinguishable on white with any colour vision: M. Okabe and K. Ito, *Color Universal Design*
(2008), without its yellow, which is hardly visible on white.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles

from .projection import PROJECTIONS

WORDS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#222222"
GREY = "#595959"

# The same, darkened until small text is readable on white: contrast 4.5 (WCAG 2.2, criterion 1.4.3).
_INKS = {
    "#D55E00": "#c25600",
    "#009E73": "#008662",
    "#CC79A7": "#a36186",
    "#E69F00": "#9c6c00",
    "#56B4E9": "#3b7ca1",
}


def tint(colour: str, share: float) -> str:
    """A colour mixed with white: ``share`` 1 is the colour itself, 0 is white.

    >>> tint("#000000", 0.5)
    '#808080'
    """
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * share):02x}" for channel in channels)


def ink(colour: str) -> str:
    """The colour of text that belongs to marks of a colour.

    >>> ink("#000000"), ink("#56B4E9")
    ('#000000', '#3b7ca1')
    """
    return _INKS.get(colour, colour.lower())


# ---- Layers


Spec = dict[str, Any]  # a Vega-Lite specification, or a part of one

LABELS = "labels_"  # prefix of the names of `labels` layers; their size and a number follow

_RING = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])  # the middle of a mark and its edges, by radius
_NEAR = 9.0  # pixels between a point and the nearest place for its label
_DISTANCES = (0, 6, 14, 24, 36, 50, 70, 95, 125, 160)  # further pixels, tried in this order
_SIDES = ("right", "left", "top", "bottom", "top-right", "top-left", "bottom-right", "bottom-left")
_CELL = 5.0  # pixels between two obstacles: less than the height of a label


def layer(rows: Sequence[Spec], kind: str, place: Spec, style: Spec | None = None, **channels: str) -> Spec:
    """Marks of one kind. The values of the fields go to their channels unchanged."""
    encoding = {
        channel: {"field": field, "type": "nominal", "scale": None}
        if channel in {"angle", "fill", "size", "stroke", "strokeDash", "strokeWidth"}
        else {"field": field}
        for channel, field in channels.items()
    }
    drawn = {"type": kind, **(style or {})}
    return {"data": {"values": list(rows)}, "mark": drawn, "encoding": {**place, **encoding}}


def line_rows(points: AnyFloats, piece: str, colour: str) -> list[Spec]:
    """The points (n, 2) of one line, for a `layer` with the channels detail="piece" and order="order"."""
    return [
        {"piece": piece, "order": i, "x": x, "y": y, "colour": colour}
        for i, (x, y) in enumerate(points.tolist())
    ]


def hover_layer(rows: Sequence[Spec], place: Spec, name: str) -> Spec:
    """Invisible points that show their ``hover`` text under the pointer. A figure needs different names."""
    return {
        "name": f"hover {name}",
        **layer(rows, "point", place, {"opacity": 0, "size": 40}, tooltip="hover"),
    }


def mark(kind: str, at: Sequence[float] | AnyFloats, width: float, colour: str, hover: str) -> Spec:
    """One point for `mark_layer`: its kind, its place, and its width in pixels."""
    x, y = (float(value) for value in at)
    return {"kind": kind, "x": x, "y": y, "size": width**2, "colour": colour, "hover": hover}


def label(
    text: str, at: Sequence[float], colour: str, size: int = 12, *, bold: bool = False, italic: bool = False
) -> Spec:
    """One label for `labels`: its text, the point that it belongs to, and its style."""
    weight = "bold" if bold else "normal"
    style = "italic" if italic else "normal"
    x, y = (float(value) for value in at)
    return {"text": text, "x": x, "y": y, "colour": colour, "size": size, "weight": weight, "style": style}


def labels(
    named: Sequence[Spec],  # by falling importance: the first get the best places
    place: Spec,  # the position channels of the layers below
    size: tuple[float, float],  # of the view, in pixels
    marks: Iterable[Spec],  # as for `mark_layer`
    lines: Iterable[AnyFloats] = (),  # (n, 2) each, in the units of the axes
) -> Spec:
    """A layer of labels that overlap neither each other nor marks and lines.

    Vega's label transform (Kittivorawong et al. 2020, *Fast and flexible overlap detection for chart labeling
    with occupancy bitmap*) tries places around each point, nearest first. A thin line joins a label to a
    distant point. A label without a free place is left out.
    """
    ends = [place[axis]["scale"]["domain"] for axis in "xy"]
    scale = np.array([pixels / (high - low) for pixels, (low, high) in zip(size, ends, strict=True)])
    drawn = [_dense(line * scale) for line in lines]
    drawn += [[mark["x"], mark["y"]] * scale + _RING * np.sqrt(mark["size"]) / 2 for mark in marks]
    cells = np.unique(np.round(np.concatenate(drawn) / _CELL), axis=0) * _CELL / scale
    obstacles = [{"text": "", "x": x, "y": y, "size": 0} for x, y in cells.tolist()]
    number = zlib.crc32(json.dumps(named).encode())  # views of one figure need different names
    return {
        "name": f"{LABELS}{size[0]:g}_{size[1]:g}_{number}",
        "data": {"values": [*named, *obstacles]},
        "mark": {"type": "text", "stroke": "white", "strokeWidth": 3, "strokeOpacity": 0.8},
        "encoding": place | {"text": {"field": "text"}},
    }


def arc_length(points: AnyFloats) -> Doubles:
    """Length of a line (n, 2) up to each of its points, (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def _dense(line: AnyFloats) -> Doubles:
    """A line in pixels with points at most `_CELL` apart, (m, 2)."""
    line = np.asarray(line, dtype=np.float64)
    way = arc_length(line)
    steps = np.linspace(0, way[-1], 2 + int(way[-1] / _CELL))
    return np.stack([np.interp(steps, way, line[:, axis]) for axis in (0, 1)], axis=1)


def plane_axes(
    frame: tuple[float, float, float, float],
    size: tuple[float, float],
    method: str,
    explained: tuple[float, float] | None,
) -> tuple[Spec, Spec]:
    """The axes of a map: the frame with a margin for labels, with equal scales."""
    left, right, bottom, top = frame
    aspect = size[0] / size[1]
    width = max(right - left, (top - bottom) * aspect) * 1.24 or 1.0
    if explained is None:
        name = PROJECTIONS[method].title
        titles = [f"{name} 1 (far distances mean little)", f"{name} 2"]
    else:
        titles = [f"PC {i}: {share:.0%} of the variance" for i, share in enumerate(explained, 1)]
    middle = ((left + right) / 2, (bottom + top) / 2)
    half = (width / 2, width / aspect / 2)
    x, y = (
        {
            "field": name,
            "type": "quantitative",
            "title": title,
            "scale": {"domain": [centre - reach, centre + reach], "nice": False, "zero": False},
            "axis": {"tickCount": 5},
        }
        for name, title, centre, reach in zip("xy", titles, middle, half, strict=True)
    )
    return x, y


def mark_layer(
    marks: Sequence[Spec],
    place: Spec,
    shapes: dict[str, str],  # by kind; the legend lists the kinds that occur
    hollow: Sequence[str],  # kinds that are not filled
    note: str = "",  # under the legend
) -> Spec:
    """Points whose shape and filling show their kind, with a legend below."""
    occur = {mark["kind"] for mark in marks}
    kinds = [kind for kind in shapes if kind in occur]
    empty = json.dumps([kind for kind in kinds if kind in hollow])
    shape = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": kinds, "range": [shapes[kind] for kind in kinds]},
        "legend": {
            "orient": "bottom",
            "symbolStrokeColor": INK,
            "symbolFillColor": {"expr": f"indexof({empty}, datum.value) < 0 ? '{INK}' : 'white'"},
            "title": note or None,
            "titleOrient": "bottom",
        },
    }
    rows = [
        {**mark, "fill": "white", "edge": mark["colour"]}
        if mark["kind"] in hollow
        else {**mark, "fill": mark["colour"], "edge": "white"}
        for mark in marks
    ]
    style = {"opacity": 1, "strokeWidth": 1.2}
    drawn = layer(rows, "point", place, style, size="size", fill="fill", stroke="edge", tooltip="hover")
    drawn["encoding"]["shape"] = shape
    return drawn


def layered(layers: Sequence[Spec], size: tuple[float, float], **more: Any) -> Spec:
    """Layers on one pair of axes. In an HTML page they can be zoomed and moved."""
    zoom = {"params": [{"name": more.pop("name", "zoom"), "select": "interval", "bind": "scales"}]}
    first, *rest = layers
    return {"width": size[0], "height": size[1], "layer": [first | zoom, *rest], **more}


def chart(layers: Sequence[Spec], size: tuple[float, float], title: str) -> Spec:
    """Layers of curves under a title."""
    return {"title": title, "width": size[0], "height": size[1], "layer": list(layers)}


def value_axis(domain: Sequence[float] | None = None) -> Spec:
    """The vertical axis of a `chart`; the field is ``y``."""
    axis: Spec = {"field": "y", "type": "quantitative", "title": None, "axis": {"tickCount": 4}}
    return axis if domain is None else axis | {"scale": {"domain": list(domain)}}


def complete_labels(mark: Spec) -> Spec:
    """Set the style and the candidate places of a compiled `labels` layer; return its leader lines."""
    size = [float(pixels) for pixels in mark["name"].split("_")[1:3]]
    position = mark["encode"]["update"]
    position |= {
        "fill": {"field": "colour"},
        "fontSize": {"field": "size"},
        "fontWeight": {"field": "weight"},
        "fontStyle": {"field": "style"},
    }
    places = [(side, distance) for distance in _DISTANCES for side in _SIDES]
    mark["transform"] = [
        {
            "type": "label",
            "size": size,
            "anchor": [side for side, _ in places],
            "offset": [_NEAR + distance for _, distance in places],
            "avoidBaseMark": True,
            "padding": 0,
        }
    ]
    scale = {axis: position[axis]["scale"] for axis in "xy"}
    away = " + ".join(f"abs(datum.{axis} - scale('{scale[axis]}', datum.datum.{axis}))" for axis in "xy")
    mark["interactive"] = False  # the pointer reaches the marks below
    return {
        "type": "rule",
        "interactive": False,
        "from": {"data": mark["name"]},
        "encode": {
            "update": {
                "x": {"field": "x"},
                "y": {"field": "y"},
                "x2": {"scale": scale["x"], "field": "datum.x"},
                "y2": {"scale": scale["y"], "field": "datum.y"},
                "stroke": {"field": "fill"},
                "strokeWidth": {"value": 0.7},
                "opacity": {"signal": f"datum.text && datum.opacity && {away} > {_NEAR + 7} ? 0.5 : 0"},
            }
        },
    }
