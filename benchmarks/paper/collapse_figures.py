"""The pictures of docs/results/collapse.md: a plane, a space by reads of the text, its spectrum, and its map.

Colours are those of `selfvec.views`; curves and words differ in their marks as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.charts import Chart, Series, chart_figure
from selfvec.views.figure import save_figure
from selfvec.views.plane import GREY, INK, WORDS, Spec, ink, label, labels, layered, plane_axes

Table = NDArray[np.float32]

METHODS = {"original": (GREY, "none"), "paper": (WORDS[1], "square"), "online": (WORDS[2], "diamond")}
METHODS |= {"decorrelated": (WORDS[0], "circle")}
"""Colour and shape of each."""

_SHAPES = ("circle", "square", "triangle-up")  # of groups of words
_APART = 12.0  # degrees between two words that are both named


def draw_plane(
    rows: Sequence[Sequence[tuple[str, Table]]],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    path: Path,
) -> None:
    """Words as directions in a plane: a row of states, titles and (V, 2) unit rows, for each rule."""
    parts = [_circle(title, table, words, groups) for states in rows for title, table in states]
    figure = {"concat": parts, "columns": len(rows[0]), "spacing": 10}
    save_figure(figure, path, "Words as directions in a plane, before and after each rule.", overwrite=True)


def _circle(title: str, table: Table, words: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Spec:
    around = np.linspace(0, 2 * np.pi, 121).tolist()
    circle = [{"order": i, "x": np.cos(angle), "y": np.sin(angle)} for i, angle in enumerate(around)]
    points, named = [], []
    angles: list[float] = []
    for name, members in groups.items():
        for word in members:
            x, y = (float(value) for value in table[words.index(word)])
            points.append({"group": name, "word": word, "x": x, "y": y, "zero": 0})
            angle = float(np.rad2deg(np.arctan2(y, x)))
            if all(abs((angle - other + 180) % 360 - 180) >= _APART for other in angles):
                angles.append(angle)
                named.append({"group": name, "word": word, "x": 1.09 * x, "y": 1.09 * y})
    place = {
        axis: {
            "field": axis,
            "type": "quantitative",
            "axis": None,
            "scale": {"domain": [-reach, reach], "nice": False},
        }
        for axis, reach in (("x", 1.75), ("y", 1.2))
    }
    colour = _group_scale(groups, "color")
    layers: list[Spec] = [
        {
            "data": {"values": circle},
            "mark": {"type": "line", "color": "#dddddd", "strokeWidth": 1},
            "encoding": place | {"order": {"field": "order"}},
        },
        {
            "data": {"values": points},
            "mark": {"type": "rule", "strokeWidth": 0.8, "opacity": 0.5},
            "encoding": place | {"x2": {"field": "zero"}, "y2": {"field": "zero"}, "color": colour},
        },
        {
            "data": {"values": points},
            "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1},
            "encoding": place | {"color": colour, "shape": _group_scale(groups, "shape")},
        },
    ]
    for side, align in ((1, "left"), (-1, "right")):
        rows = [row | {"ink": ink(_colour(groups, row["group"]))} for row in named if side * row["x"] >= 0]
        written = {"text": {"field": "word"}, "fill": {"field": "ink", "type": "nominal", "scale": None}}
        layers.append(
            {
                "data": {"values": rows},
                "mark": {"type": "text", "align": align, "fontSize": 11},
                "encoding": place | written,
            }
        )
    return {"title": title, "width": 245, "height": 168, "layer": layers}


def _colour(groups: Mapping[str, Any], name: str) -> str:
    return GREY if name == "function words" else WORDS[list(groups).index(name)]


def _group_scale(groups: Mapping[str, Any], channel: str) -> Spec:
    values = (
        [_colour(groups, name) for name in groups] if channel == "color" else list(_SHAPES[: len(groups)])
    )
    legend = {"orient": "bottom", "symbolOpacity": 1}
    return {
        "field": "group",
        "type": "nominal",
        "scale": {"domain": list(groups), "range": values},
        "legend": legend,
    }


def draw_reads(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Cosines and effective rank by how often the text was read, a curve a method."""
    shown = (
        ("cosine", "mean cosine to the original", (0.0, 1.0)),
        ("anisotropy", "mean cosine of two random words", (0.0, 1.0)),
        ("rank", "dimensions in use (effective rank)", (0.0, None)),
    )
    charts = []
    for key, title, limits in shown:
        series = []
        for method, style in METHODS.items():
            own = [row for row in rows if row["method"] == method]
            if own:
                reads, values = [row["reads"] for row in own], [row[key] for row in own]
                series.append(Series(method, reads, values, style=style))
        ticks = (0, 2, 4, 6, 8, 10)
        charts.append(Chart(title, "times the text was read", tuple(series), y=limits, ticks=ticks))
    figure = chart_figure(charts, columns=3, size=(260, 220), one_legend=True)
    save_figure(figure, path, "Cosines and effective rank by how often the text was read.", overwrite=True)


def draw_spectrum(spectra: Mapping[str, NDArray[np.float64]], path: Path) -> None:
    """Shares of the second moment's eigenvalues by rank, both logarithmic."""
    series = []
    for method, all_shares in spectra.items():
        shares = all_shares[all_shares > 1e-6]  # the others were taken out on purpose
        ranks = range(1, len(shares) + 1)
        series.append(Series(method, ranks, shares.tolist(), style=METHODS[method], marked=(0, 1, 3, 9, 31)))
    chart = Chart(
        "",
        "direction, by falling share",
        tuple(series),
        y=(3e-5, 1.0),
        y_title="share of the words' squared length",
        logarithmic=True,
        y_logarithmic=True,
        ticks=(1, 2, 5, 10, 20, 50, 100, 200),
        y_ticks=(1, 0.1, 0.01, 0.001, 0.0001),
    )
    figure = chart_figure([chart], size=(560, 300))
    save_figure(figure, path, "Shares of the directions of each space, by rank.", overwrite=True)


def draw_map(
    states: Sequence[tuple[str, Table]], words: Sequence[str], groups: Mapping[str, Sequence[str]], path: Path
) -> None:
    """Frequent words in the two directions in which they vary most, each state in its own, at one scale.

    A state is a title and (V, d) unit rows. Words of ``groups`` are named and coloured, others are grey dots.
    """
    planes = []
    for _, table in states:
        centred = table.astype(np.float64) - table.mean(axis=0, dtype=np.float64)
        planes.append(centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T)
    every = np.concatenate(planes)
    (left, bottom), (right, top) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    frame = (left, right, bottom, top)
    parts = [
        _state(title, points, words, groups, frame, i)
        for i, ((title, _), points) in enumerate(zip(states, planes, strict=True))
    ]
    save_figure(
        {"hconcat": parts, "spacing": 12},
        path,
        "Frequent words in two directions, before and after.",
        overwrite=True,
    )


def _state(
    title: str,
    points: NDArray[np.float64],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    frame: tuple[float, float, float, float],
    number: int,
) -> Spec:
    size = (330, 325)
    x, y = plane_axes(frame, size, "pca", (0.0, 0.0))
    bare = {"title": None, "axis": {"labels": False, "ticks": False, "grid": False}}
    place = {"x": x | bare, "y": y | bare}
    narrow = float(np.quantile(np.abs(points), 0.95)) < 0.2  # no room for names
    named = [
        {"group": name, "word": word, "x": float(at[0]), "y": float(at[1]), "size": 50.0}
        for name, members in groups.items()
        for word in members
        for at in [points[words.index(word)]]
    ]
    names = [label(row["word"], (row["x"], row["y"]), ink(_colour(groups, row["group"]))) for row in named]
    if narrow:
        names = [label(f"all {len(points)} words", points.mean(axis=0).tolist(), INK)]
    dots = [{"x": float(a), "y": float(b)} for a, b in points]
    channels = {channel: _group_scale(groups, channel) for channel in ("color", "shape")}
    layers: list[Spec] = [
        {
            "data": {"values": dots},
            "mark": {"type": "circle", "color": "#c8c8c8", "size": 9, "opacity": 1},
            "encoding": place,
        },
        {
            "data": {"values": named},
            "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1},
            "encoding": place | channels,
        },
        labels(names, place, size, named),
    ]
    return layered(layers, size, name=f"zoom{number}", title=title)
