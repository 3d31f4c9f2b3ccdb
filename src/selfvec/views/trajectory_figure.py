"""Figures of how words moved during refinement: a map of paths, and two curves over the updates.

`trajectory_view` computes the content of a figure, `trajectory_figure` describes it.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .figure import save_figure, under_sentences
from .palette import GREY, WORDS, ink, tint
from .path_view import Neighbour, PathView, PlacedNeighbour, check_words, project_words
from .plane import (
    Spec,
    arc_length,
    chart,
    hover_layer,
    label,
    labels,
    layer,
    layered,
    line_rows,
    mark,
    mark_layer,
    plane_axes,
    value_axis,
)

__all__ = ["angles", "running_mean", "save_trajectory_plot", "thin", "trajectory_figure", "trajectory_view"]

MOST_STATES = 400  # drawn per word: more would be invisible and make large files
MOST_STATES_BENT = 120  # for t-SNE and UMAP, whose time grows with the square of the points

_MAP = (640, 560)
_CURVE = (280, 215)
_SHADES = 16  # steps of a path from light (early) to full colour (late)
_STRAIGHT = 20.0  # pixels within which a running mean smooths back-and-forth movement; larger steps are kept
_TOGETHER = 9.0  # neighbours whose marks are closer than this many pixels share a label
_ARROW = {"shape": "M0,-1.2L0.9,0.9L0,0.45L-0.9,0.9Z", "size": 170, "opacity": 1, "stroke": None}  # upwards
_STATES = ("original", "refined")  # a neighbour is near a word in one of them, see `Neighbour.last`
_SHAPES = {
    "original vector": "circle",
    "zero vector: it had none": "cross",
    "last state": "circle",
    "nearest in the original vectors": "diamond",
    "nearest in the refined vectors": "square",
}
_HOLLOW = ("original vector", "zero vector: it had none", "nearest in the original vectors")


@dataclass(frozen=True, eq=False)
class WordPath:
    """One word's path through the figure: S of its recorded states."""

    word: str
    updates: Ints  # (S,), number of updates of the word at each state
    points: AnyFloats  # (S, 2)
    cosine: Floats  # (S,), to the original vector; without one, to the first nonzero vector
    angle: Floats  # (S,), degrees to the previous recorded state; 0 after a zero vector
    zero: Mask  # (S,), states at which the word had no vector yet
    near: tuple[PlacedNeighbour, ...]

    @property
    def oov(self) -> bool:
        """Whether the initial vector is zero."""
        return bool(self.zero[0])


def trajectory_view(
    trajectories: Sequence[Trajectory],  # long ones are thinned
    original: Vectors,  # for the neighbours at the start of a path
    refined: Vectors,  # for those at its end
    *,
    projection: str = "pca",
    neighbours: int = 5,  # at each end
    seed: int = 0,
) -> PathView[WordPath]:
    """Project paths together with the neighbours of their words in the original and the refined vectors."""
    check_words([trajectory.word for trajectory in trajectories])
    for path in trajectories:
        if len(path) == 0:
            rule = f"no state of {path.word!r} was recorded"
            raise OptionError(rule, remedy="choose another word or record more")
    near = [_neighbours(original, refined, path.word, neighbours) for path in trajectories]
    most = MOST_STATES if projection == "pca" else MOST_STATES_BENT
    kept = [thin(t, most) for t in trajectories]
    rows = [unit_rows(t.vectors) for t in trajectories]
    flat, places, placed = project_words(
        [r[i] for r, i in zip(rows, kept, strict=True)], near, projection, seed
    )
    paths = []
    for t, index, row, points, around in zip(trajectories, kept, rows, places, placed, strict=True):
        zero: Mask = np.all(row == 0, axis=1)
        cosine = row[index] @ row[zero.argmin()]
        angle = angles(t)[index]
        paths.append(WordPath(t.word, t.updates[index], points, cosine, angle, zero[index], around))
    return PathView.of(paths, flat)


def _neighbours(original: Vectors, refined: Vectors, word: str, most: int) -> list[Neighbour]:
    """The words nearest to a word in the original and the refined vectors, without words of zero length."""
    found: list[Neighbour] = []
    for last, vectors in ((False, original), (True, refined)):
        row = vectors.get(word)
        if row is not None and row.any():
            for other, cosine in vectors.most_similar(word, topn=most):
                vector = vectors.get_vector(other, norm=True)
                if vector.any():
                    found.append(Neighbour(other, last, cosine, vector))
    return found


def thin(trajectory: Trajectory, most: int = MOST_STATES) -> Ints:
    """Indices of at most ``most`` states, (S,), with the first and the last.

    They are evenly spaced in the mean of two quantities: states passed and angle travelled. So both the fast
    turn at the start of a path and the slow rest are shown.
    """
    states = len(trajectory)
    if states <= most:
        return np.arange(states)
    travelled = np.cumsum(angles(trajectory), dtype=np.float64)
    clock = np.linspace(0, 1, states) + travelled / (travelled[-1] or 1.0)
    return np.unique(np.searchsorted(clock, np.linspace(0, clock[-1], most)))


def angles(trajectory: Trajectory) -> Floats:
    """Angle in degrees between each state and the one before it, (T,); 0 where either is zero."""
    rows = unit_rows(trajectory.vectors)
    # From chords, because arccos of a float32 cosine loses small angles to rounding.
    chords = np.linalg.norm(np.diff(rows, axis=0), axis=1)
    degrees = np.degrees(2 * np.arcsin(np.minimum(chords / 2, 1.0)))
    zero: Mask = np.all(rows == 0, axis=1)
    degrees[zero[:-1] | zero[1:]] = 0
    return np.concatenate([[0.0], degrees]).astype(np.float32)


def save_trajectory_plot(
    view: PathView[WordPath], path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Draw a view into a file; the suffix of the path names the format."""
    sentences = ". ".join(map(_sentence, view.paths))
    save_figure(trajectory_figure(view), path, sentences, overwrite=overwrite)


def trajectory_figure(view: PathView[WordPath]) -> Spec:
    """Describe the figure of a view.

    A thin line shows the states, a thick line their running mean. Both become darker with time.
    """
    colours = dict(zip((path.word for path in view.paths), WORDS, strict=False))
    curves = {"vconcat": [_cosine_curves(view, colours), _turn_curves(view, colours)], "spacing": 34}
    sentences = [(_sentence(path), ink(colours[path.word])) for path in view.paths]
    return under_sentences(sentences, [_map(view, colours), curves])


def shared_neighbours(view: PathView[WordPath]) -> set[tuple[str, bool]]:
    """(word, last) of the neighbours that several of the paths have."""
    seen = Counter(key for path in view.paths for key in {(near.word, near.last) for near in path.near})
    return {key for key, paths in seen.items() if paths > 1}


def _sentence(path: WordPath) -> str:
    """A path in numbers."""
    updates = int(path.updates[-1])
    word = escape_for_display(path.word)
    count = f"{updates:,} update{'' if updates == 1 else 's'}"
    if not path.oov:
        return f"{word}: {count}, cosine to the original {path.cosine[-1]:.2f}"
    if not path.cosine.any():
        return f"{word}: {count}, no original vector and none made yet"
    return f"{word}: {count}, no original vector, cosine to its first {path.cosine[-1]:.2f}"


def _map(view: PathView[WordPath], colours: dict[str, str]) -> Spec:
    x, y = plane_axes(view.frame, _MAP, view.method, view.explained)
    low, high = (np.array([axis["scale"]["domain"][end] for axis in (x, y)]) for end in (0, 1))
    pixels = np.array(_MAP) / (high - low)  # per unit
    shared = shared_neighbours(view)
    place = {"x": x, "y": y}
    marks = []
    thin_rows = []
    thick_rows = []
    arrows = []
    states = []
    for path in view.paths:
        colour = colours[path.word]
        # In a nonlinear projection large steps are smoothed, too.
        reach = _STRAIGHT / pixels if view.method == "pca" else None
        mean = running_mean(path.points, len(path.points) // 30, reach)
        marks += _marks(path, shared, colour)
        thin_rows += _segments(path.points, mean, colour, pixels, 0.55)
        thick_rows += _segments(mean, mean, colour, pixels, 1.0)
        arrows += _arrows(mean, colour, pixels)
        states += _hovers(path, path.points.tolist(), path.cosine, "cosine ")
    moves = any(len(path.points) > 1 for path in view.paths)
    how = "Paths run from light to dark. Thin: every state kept. Thick: their running mean." if moves else ""
    how += " Grey: near several of these words." if shared else ""
    line = {"strokeCap": "round", "strokeJoin": "round", "clip": True}
    channels = {"detail": "piece", "order": "order", "stroke": "colour"}
    names = _names(view, shared, colours, pixels)
    layers = [
        layer(thin_rows, "line", place, line | {"strokeWidth": 0.8}, **channels),
        layer(thick_rows, "line", place, line | {"strokeWidth": 2.4}, **channels),
        layer(arrows, "point", place, _ARROW, fill="colour", angle="angle"),
        hover_layer(states, place, "map"),
        mark_layer(marks, place, _SHAPES, _HOLLOW, note=how.strip()),
        labels(names, place, _MAP, marks, [path.points for path in view.paths]),
    ]
    return layered(layers, _MAP)


def _marks(path: WordPath, shared: set[tuple[str, bool]], colour: str) -> list[Spec]:
    """The ends of a path and its neighbours."""
    word = escape_for_display(path.word)
    first = "zero vector: it had none" if path.oov else "original vector"
    marks = [mark("last state", path.points[-1], 14, colour, _sentence(path))]
    marks.append(mark(first, path.points[0], 13, colour, f"{word}: {first}"))
    for near in path.near:
        state = _STATES[near.last]
        hover = f"{escape_for_display(near.word)}: cosine {near.cosine:.3f} to {word} ({state})"
        shade = GREY if (near.word, near.last) in shared else colour
        width = 8 if near.last else 11  # a diamond is wider, so that its tips show behind a square
        marks.append(mark(f"nearest in the {state} vectors", near.point, width, shade, hover))
    return marks


def running_mean(values: AnyFloats, half: int, reach: AnyFloats | None = None) -> Doubles:
    """Mean of each row and up to ``half`` rows on each side, equally many before and after.

    A row farther than ``reach`` (k,) along any axis is left out together with its opposite. So large straight
    steps are kept, and only back-and-forth movement is smoothed.

    >>> running_mean(np.array([[0.0], [2.0], [0.0], [2.0], [9.0]]), half=1).ravel().round(2).tolist()
    [0.0, 0.67, 1.33, 3.67, 9.0]
    """
    values = np.asarray(values, dtype=np.float64)
    sums = values.copy()
    counts = np.ones((len(values), 1))
    for k in range(1, min(half, (len(values) - 1) // 2) + 1):
        middle = values[k:-k]
        before = values[: -2 * k]
        after = values[2 * k :]
        both: Mask = np.ones(len(middle), dtype=np.bool_)
        if reach is not None:
            both = np.all(np.maximum(np.abs(before - middle), np.abs(after - middle)) <= reach, axis=1)
        sums[k:-k][both] += (before + after)[both]
        counts[k:-k][both] += 2
    means: Doubles = sums / counts
    return means


def _segments(points: AnyFloats, mean: AnyFloats, colour: str, pixels: Doubles, full: float) -> list[Spec]:
    """A path in pieces, each darker than the previous one in proportion to the length drawn."""
    if len(points) < 2:
        return []
    way = arc_length(mean * pixels)
    cuts = np.searchsorted(way, np.linspace(0, way[-1], _SHADES + 1)).clip(max=len(points) - 1)
    cuts = np.unique(np.append(cuts, len(points) - 1)).tolist()
    rows = []
    for a, b in pairwise(cuts):
        shade = tint(colour, full * (0.4 + 0.6 * way[b] / (way[-1] or 1.0)))
        rows += line_rows(points[a : b + 1], f"{colour}{a}", shade)
    return rows


def _arrows(mean: AnyFloats, colour: str, pixels: Doubles) -> list[Spec]:
    """Arrow heads at one and two thirds of the length of a path, if it is long and straight enough."""
    way = arc_length(mean * pixels)
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


def _names(
    view: PathView[WordPath],
    shared: set[tuple[str, bool]],
    colours: dict[str, str],
    pixels: Doubles,
) -> list[Spec]:
    """Labels of the paths, then of their neighbours. Neighbours at the same point share a label."""
    names = []
    for path in view.paths:
        at = path.points[-1 if path.oov else 0]
        names.append(label(escape_for_display(path.word), at, ink(colours[path.word]), 14, bold=True))
    groups: dict[tuple[str, bool], dict[str, PlacedNeighbour]] = {}
    for path in view.paths:
        for near in path.near:
            if near.last or near.word not in colours:  # the start of a path is labelled already
                colour = GREY if (near.word, near.last) in shared else ink(colours[path.word])
                groups.setdefault((colour, near.last), {})[near.word] = near
    for (colour, last), found in groups.items():
        for pile in _piles(list(found.values()), pixels):
            middle: list[float] = np.mean([near.point for near in pile], axis=0).tolist()
            for line in textwrap.wrap(", ".join(escape_for_display(near.word) for near in pile), 60):
                names.append(label(line, middle, colour, italic=not last))
    return names


def _piles(neighbours: list[PlacedNeighbour], pixels: Doubles) -> list[list[PlacedNeighbour]]:
    """Groups of neighbours that are closer than `_TOGETHER` to the first of their group."""
    piles: list[list[PlacedNeighbour]] = []
    for near in neighbours:
        for pile in piles:
            if np.hypot(*((np.array(pile[0].point) - near.point) * pixels)) < _TOGETHER:
                pile.append(near)
                break
        else:
            piles.append([near])
    return piles


def _cosine_curves(view: PathView[WordPath], colours: dict[str, str]) -> Spec:
    """Cosine to the original vector against the number of updates."""
    title = "Cosine to the original"
    if any(path.oov for path in view.paths):
        title += " (dashed: to the first)"
    low = min([0.0, *(float(path.cosine.min()) for path in view.paths)])
    rows = [row for path in view.paths for row in _curve(path, path.cosine, colours[path.word])]
    return _curves(view, title, [low, 1.0], [(rows, 1.8)])


def _turn_curves(view: PathView[WordPath], colours: dict[str, str]) -> Spec:
    """Angle between successive states, and its running mean."""
    every = []
    means = []
    for path in view.paths:
        kept = _curve(path, path.angle, tint(colours[path.word], 0.4))[1:]  # no step leads to the first state
        smooth = running_mean(np.array([[row["y"]] for row in kept]).reshape(-1, 1), len(kept) // 40).ravel()
        every += kept
        means += [
            row | {"y": y, "colour": colours[path.word]} for row, y in zip(kept, smooth.tolist(), strict=True)
        ]
    high = max([1.0, *(row["y"] for row in every)])
    return _curves(view, "Turn since the state before (degrees)", [0.0, high], [(every, 0.8), (means, 2.0)])


def _curve(path: WordPath, values: Floats, colour: str) -> list[Spec]:
    """A quantity over time, without the states at which the word had no vector."""
    word = escape_for_display(path.word)
    dash = [4, 3] if path.oov else [1, 0]
    places = list(zip(path.updates.tolist(), values.tolist(), strict=True))
    rows = zip(_hovers(path, places, values), path.zero.tolist(), strict=True)
    return [{"word": word, "colour": colour, "dash": dash, **row} for row, zero in rows if not zero]


def _hovers(path: WordPath, places: Sequence[Sequence[float]], values: Floats, name: str = "") -> list[Spec]:
    """The hover text of each state of a path, at its place (x, y)."""
    states = zip(places, path.updates.tolist(), values.tolist(), strict=True)
    word = escape_for_display(path.word)
    return [
        {"x": x, "y": y, "hover": f"{word} after {updates:,} updates: {name}{value:.3f}"}
        for (x, y), updates, value in states
    ]


def _curves(
    view: PathView[WordPath],
    title: str,
    domain: list[float],
    lines: list[tuple[list[Spec], float]],  # rows and the width of a line
) -> Spec:
    """A chart over the updates of a word."""
    last = max(int(path.updates[-1]) for path in view.paths)
    decades = [0, *(10**i for i in range(len(str(last))) if 10**i <= last)]
    ticks = decades if len(decades) > 2 else list(range(last + 1))
    x: Spec = {"field": "x", "type": "quantitative", "title": "updates of the word (logarithmic)"}
    x["axis"] = {"values": ticks, "labelExpr": "format(datum.value, ',')"}
    x["scale"] = {"type": "symlog", "domain": [0, max(1, last)], "nice": False}
    place = {"x": x, "y": value_axis(domain)}
    layers = []
    for rows, width in lines:
        style = {"strokeWidth": width, "strokeJoin": "round", "point": len(rows) < 8 and {"opacity": 1}}
        layers.append(layer(rows, "line", place, style, detail="word", stroke="colour", strokeDash="dash"))
    layers.append(hover_layer(lines[0][0], place, title))
    if not any(rows for rows, _ in lines):
        layers.append(layer([{}], "text", {}, {"color": GREY, "text": "no states to compare"}))
    return chart(layers, _CURVE, title)
