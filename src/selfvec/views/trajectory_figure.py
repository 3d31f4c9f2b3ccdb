"""Figures of how words moved while they were refined: a map of paths, and two curves over the updates."""

from __future__ import annotations

import os
import textwrap
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfvec.base.display import escape_for_display

from .figure import rows_of_text, save_figure
from .palette import GREY, WORDS, ink, tint
from .plane import Spec, hover_layer, label, labels, layer, layered, line_rows, mark, mark_layer, plane_axes
from .trajectories import Neighbour, TrajectoryView, WordPath

__all__ = ["running_mean", "save_trajectory_plot", "trajectory_figure"]

_MAP = (640, 560)
_CURVE = (280, 215)
_SHADES = 16
"""Steps of a path from light (early) to full colour (late)."""

_STRAIGHT = 20.0
"""Pixels within which a running mean smooths movement to and fro; quicker movement is kept."""

_TOGETHER = 9.0
"""Neighbours whose marks are closer than this many pixels share a label."""

_SHAPES = {
    "original vector": "circle",
    "zero vector: it had none": "cross",
    "last state": "circle",
    "nearest in the original vectors": "diamond",
    "nearest in the refined vectors": "square",
}
_HOLLOW = ("original vector", "zero vector: it had none", "nearest in the original vectors")


def save_trajectory_plot(view: TrajectoryView, path: str | os.PathLike[str]) -> None:
    """Draw a view into a file; see `save_figure` for the formats and errors."""
    description = ". ".join(_sentence(path) for path in view.paths)
    save_figure(trajectory_figure(view), path, description)


def trajectory_figure(view: TrajectoryView) -> Spec:
    """Describe the figure of a view.

    A thin line shows every state kept, a thick one their running mean. Both grow darker with time.
    """
    colours = dict(zip((path.word for path in view.paths), WORDS, strict=False))
    curves = {"vconcat": [_cosine_curves(view, colours), _turn_curves(view, colours)], "spacing": 34}
    header = rows_of_text([(_sentence(path), ink(colours[path.word])) for path in view.paths])
    return {"vconcat": [header, {"hconcat": [_map(view, colours), curves], "spacing": 40}], "spacing": 0}


def _sentence(path: WordPath) -> str:
    """What one path says in numbers."""
    updates = int(path.updates[-1])
    word, count = escape_for_display(path.word), f"{updates:,} update{'' if updates == 1 else 's'}"
    if not path.oov:
        return f"{word}: {count}, cosine to the original {path.cosine[-1]:.2f}"
    if not path.cosine.any():
        return f"{word}: {count}, no original vector and none made yet"
    return f"{word}: {count}, no original vector, cosine to its first {path.cosine[-1]:.2f}"


def _map(view: TrajectoryView, colours: dict[str, str]) -> Spec:
    x, y = plane_axes(view.frame, _MAP, view.method, view.explained)
    low, high = (np.array([axis["scale"]["domain"][end] for axis in (x, y)]) for end in (0, 1))
    pixels = np.array(_MAP) / (high - low)  # per unit
    means = [_mean(path, pixels, view.method == "pca") for path in view.paths]
    marks = [mark for path in view.paths for mark in _marks(path, view, colours[path.word])]
    thin_rows: list[Spec] = []
    thick_rows: list[Spec] = []
    arrows: list[Spec] = []
    for path, mean in zip(view.paths, means, strict=True):
        colour = colours[path.word]
        thin_rows += _segments(path.points, mean, colour, pixels, 0.55)
        thick_rows += _segments(mean, mean, colour, pixels, 1.0)
        arrows += _arrows(mean, colour, pixels)
    place = {"x": x, "y": y}
    moves = any(len(path.points) > 1 for path in view.paths)
    how = "Paths run from light to dark. Thin: every state kept. Thick: their running mean." if moves else ""
    how += " Grey: near several of these words." if view.shared else ""
    line = {"strokeCap": "round", "strokeJoin": "round", "clip": True}
    channels = {"detail": "piece", "order": "order", "stroke": "colour"}
    states = [row for path in view.paths for row in _states(path)]
    layers = [
        layer(thin_rows, "line", place, line | {"strokeWidth": 0.8}, **channels),
        layer(thick_rows, "line", place, line | {"strokeWidth": 2.4}, **channels),
        layer(arrows, "point", place, _ARROW, fill="colour", angle="angle"),
        hover_layer(states, place, "map"),
        mark_layer(marks, place, _SHAPES, _HOLLOW, note=how.strip()),
        labels(_names(view, colours, pixels), place, _MAP, marks, [path.points for path in view.paths]),
    ]
    return layered(layers, _MAP)


_ARROW = {"shape": "M0,-1.2L0.9,0.9L0,0.45L-0.9,0.9Z", "size": 170, "opacity": 1, "stroke": None}
"""An arrow head that points upwards."""


def _states(path: WordPath) -> list[Spec]:
    """What each state of a path says when it is pointed at."""
    word = escape_for_display(path.word)
    states = zip(path.points.tolist(), path.updates.tolist(), path.cosine.tolist(), strict=True)
    return [
        {"x": x, "y": y, "hover": f"{word} after {updates:,} updates: cosine {cosine:.3f}"}
        for (x, y), updates, cosine in states
    ]


def _marks(path: WordPath, view: TrajectoryView, colour: str) -> list[Spec]:
    """The ends of a path and its neighbours."""
    word = escape_for_display(path.word)
    first = "zero vector: it had none" if path.oov else "original vector"
    marks = [mark("last state", path.points[-1], 14, colour, _sentence(path))]
    marks.append(mark(first, path.points[0], 13, colour, f"{word}: {first}"))
    for near in path.neighbours:
        hover = f"{escape_for_display(near.word)}: cosine {near.cosine:.3f} to {word} ({near.state})"
        shade = GREY if (near.word, near.state) in view.shared else colour
        width = 11 if near.state == "original" else 8  # the tips of a diamond stand out from a square
        marks.append(mark(f"nearest in the {near.state} vectors", near.point, width, shade, hover))
    return marks


def running_mean(
    values: NDArray[np.floating], half: int, reach: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Mean of each row and up to ``half`` rows on either side of it, always as many before as after.

    Rows farther than ``reach`` (k,) along any axis are left out with the one opposite, so that quick straight
    movement is kept and only movement to and fro is smoothed.

    Examples
    --------
    >>> running_mean(np.array([[0.0], [2.0], [0.0], [2.0], [9.0]]), half=1).ravel().round(2).tolist()
    [0.0, 0.67, 1.33, 3.67, 9.0]
    """
    values = np.asarray(values, dtype=np.float64)
    sums, counts = values.copy(), np.ones((len(values), 1))
    for k in range(1, min(half, (len(values) - 1) // 2) + 1):
        middle, before, after = values[k:-k], values[: -2 * k], values[2 * k :]
        both: NDArray[np.bool_] = np.ones(len(middle), dtype=np.bool_)
        if reach is not None:
            both = np.all(np.maximum(np.abs(before - middle), np.abs(after - middle)) <= reach, axis=1)
        sums[k:-k][both] += (before + after)[both]
        counts[k:-k][both] += 2
    means: NDArray[np.float64] = sums / counts
    return means


def _mean(path: WordPath, pixels: NDArray[np.float64], linear: bool) -> NDArray[np.float64]:
    """The running mean of a path, (S, 2); in a nonlinear projection quick movement is smoothed too."""
    return running_mean(path.points, len(path.points) // 30, _STRAIGHT / pixels if linear else None)


def _way(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Length of the way to each point of a line, (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


def _segments(
    points: NDArray[np.floating],
    mean: NDArray[np.float64],
    colour: str,
    pixels: NDArray[np.float64],
    full: float,
) -> list[Spec]:
    """Points of a path in pieces, each darker than the one before by the way on the page."""
    if len(points) < 2:
        return []
    way = _way(mean * pixels)
    cuts = np.searchsorted(way, np.linspace(0, way[-1], _SHADES + 1)).clip(max=len(points) - 1)
    cuts = np.unique(np.append(cuts, len(points) - 1)).tolist()
    rows = []
    for a, b in pairwise(cuts):
        shade = tint(colour, full * (0.4 + 0.6 * way[b] / (way[-1] or 1.0)))
        rows += line_rows(points[a : b + 1], f"{colour}{a}", shade)
    return rows


def _arrows(mean: NDArray[np.float64], colour: str, pixels: NDArray[np.float64]) -> list[Spec]:
    """Arrow heads at a third and two thirds of the way, where the path is long and straight enough."""
    way = _way(mean * pixels)
    arrows = []
    for share in (1 / 3, 2 / 3):
        here, behind, ahead = (
            np.array([np.interp(share * way[-1] + shift, way, mean[:, axis]) for axis in (0, 1)])
            for shift in (0.0, -9.0, 9.0)
        )
        step = (ahead - behind) * pixels
        if way[-1] > 60 and np.hypot(*step) > 12:
            angle = float(np.degrees(np.arctan2(step[0], step[1])))  # clockwise from upwards
            arrows.append({"x": here[0], "y": here[1], "angle": angle, "colour": tint(colour, 0.95)})
    return arrows


def _names(view: TrajectoryView, colours: dict[str, str], pixels: NDArray[np.float64]) -> list[Spec]:
    """Labels of the paths, then of their neighbours; neighbours on one spot share lines of text."""
    names = []
    for path in view.paths:
        at = path.points[-1 if path.oov else 0]
        names.append(label(escape_for_display(path.word), at, ink(colours[path.word]), 14, bold=True))
    groups: dict[tuple[str, str], dict[str, Neighbour]] = {}
    for path in view.paths:
        for near in path.neighbours:
            if near.state == "original" and near.word in colours:
                continue  # the start of its own path has its name
            colour = GREY if (near.word, near.state) in view.shared else ink(colours[path.word])
            groups.setdefault((colour, near.state), {})[near.word] = near
    for (colour, state), found in groups.items():
        for pile in _piles(list(found.values()), pixels):
            middle = np.mean([near.point for near in pile], axis=0)
            for line in textwrap.wrap(", ".join(escape_for_display(near.word) for near in pile), 60):
                names.append(label(line, middle, colour, italic=state == "original"))
    return names


def _piles(neighbours: list[Neighbour], pixels: NDArray[np.float64]) -> list[list[Neighbour]]:
    """Neighbours in piles around the first of each."""
    piles: list[list[Neighbour]] = []
    for near in neighbours:
        for pile in piles:
            if np.hypot(*((np.array(pile[0].point) - near.point) * pixels)) < _TOGETHER:
                pile.append(near)
                break
        else:
            piles.append([near])
    return piles


def _cosine_curves(view: TrajectoryView, colours: dict[str, str]) -> Spec:
    """Cosine to the original vector against the number of updates."""
    title = "Cosine to the original"
    if any(path.oov for path in view.paths):
        title += " (dashed: to the first)"
    low = min([0.0, *(float(path.cosine.min()) for path in view.paths)])
    rows = [row for path in view.paths for row in _curve(path, path.cosine, colours[path.word])]
    return _curves(view, title, [low, 1.0], [(rows, 1.8)])


def _turn_curves(view: TrajectoryView, colours: dict[str, str]) -> Spec:
    """Angle between successive states, and its running mean."""
    every, means = [], []
    for path in view.paths:
        kept = _curve(path, path.turn, tint(colours[path.word], 0.4))[1:]  # no step leads to the first state
        smooth = running_mean(np.array([[row["y"]] for row in kept]).reshape(-1, 1), len(kept) // 40).ravel()
        every += kept
        means += [
            row | {"y": y, "colour": colours[path.word]} for row, y in zip(kept, smooth.tolist(), strict=True)
        ]
    high = max([1.0, *(row["y"] for row in every)])
    return _curves(view, "Turn since the state before (degrees)", [0.0, high], [(every, 0.8), (means, 2.0)])


def _curve(path: WordPath, values: NDArray[np.float32], colour: str) -> list[Spec]:
    """A quantity over time, without the states at which the word had no vector."""
    word, dash = escape_for_display(path.word), [4, 3] if path.oov else [1, 0]
    rows = zip(path.updates.tolist(), values.tolist(), path.zero.tolist(), strict=True)
    return [
        {
            "word": word,
            "x": x,
            "y": y,
            "colour": colour,
            "dash": dash,
            "hover": f"{word} after {x:,} updates: {y:.3f}",
        }
        for x, y, zero in rows
        if not zero
    ]


def _curves(
    view: TrajectoryView, title: str, domain: list[float], lines: list[tuple[list[Spec], float]]
) -> Spec:
    last = max(int(path.updates[-1]) for path in view.paths)
    decades = [0, *(10**i for i in range(len(str(last))) if 10**i <= last)]
    ticks = decades if len(decades) > 2 else list(range(last + 1))
    axis = {"values": ticks, "labelExpr": "format(datum.value, ',')"}
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "title": "updates of the word (logarithmic)",
        "axis": axis,
    }
    x["scale"] = {"type": "symlog", "domain": [0, max(1, last)], "nice": False}
    y: Spec = {"field": "y", "type": "quantitative", "title": None, "axis": {"tickCount": 4}}
    y["scale"] = {"domain": domain}
    place = {"x": x, "y": y}
    layers = []
    for rows, width in lines:
        style = {"strokeWidth": width, "strokeJoin": "round", "point": len(rows) < 8 and {"opacity": 1}}
        layers.append(layer(rows, "line", place, style, detail="word", stroke="colour", strokeDash="dash"))
    layers.append(hover_layer(lines[0][0], place, title))
    if not any(rows for rows, _ in lines):
        layers.append(layer([{}], "text", {}, {"color": GREY, "text": "no states to compare"}))
    return {"title": title, "width": _CURVE[0], "height": _CURVE[1], "layer": layers}
