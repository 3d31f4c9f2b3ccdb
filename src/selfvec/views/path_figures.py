"""Figures of how words moved: while they were refined, or through the slices of a text.

A figure is a map of paths on the left and curves on the right. `trajectory_view` and `slice_view` compute the
content of a figure, `path_figure` describes it. All words and states share one plane. In slices each point
has a region that contains 95 % of the points of resampled documents, so that a step within a region is not
taken for a change.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from selfvec.analysis.word_drift import SlicePath, comparable_slices, slice_paths
from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.numerics.neighbours import nearest
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_moment
from selfvec.usage.occurrence_vectors import OccurrenceSpace, occurrence_space, slice_vectors

from .figure import save_figure, under_sentences
from .palette import GREY, WORDS, ink, tint
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
from .projection import Projection, project

__all__ = ["MOST_WORDS", "save_paths", "slice_view", "thin", "trajectory_view"]

MOST_WORDS = 7  # colours that are distinguishable on white with any colour vision
Path = TypeVar("Path")


def check_words(words: Sequence[str]) -> None:
    """Raise `OptionError` if a figure cannot show these words."""
    if not 1 <= len(words) <= MOST_WORDS or len(set(words)) < len(words):
        rule = f"a figure shows 1 to {MOST_WORDS} different words, {len(words)} were given"
        raise OptionError(rule, remedy="name each word once, or draw several figures")


class Neighbour(NamedTuple):
    """A neighbour of a word at the start of its path or, if ``last``, at the end."""

    word: str
    last: bool
    cosine: float
    vector: AnyFloats  # (d,)


@dataclass(frozen=True)
class PlacedNeighbour:
    """A `Neighbour` with its place in the plane."""

    word: str
    last: bool
    cosine: float
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class PathView(Generic[Path]):
    """What a figure of paths shows. All of them share one projection and one frame."""

    paths: tuple[Path, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]  # left, right, bottom, top; contains every point

    @classmethod
    def of(cls, paths: Sequence[Path], flat: Projection, more: Sequence[AnyFloats] = ()) -> PathView[Path]:
        """A view whose frame holds the projected points and ``more``, (n, 2) each."""
        points = np.concatenate([flat.points, *more])
        left, bottom = np.nanmin(points, axis=0).tolist()
        right, top = np.nanmax(points, axis=0).tolist()
        return cls(tuple(paths), flat.method, flat.explained, (left, right, bottom, top))


def project_words(
    rows: Sequence[AnyFloats],  # of each word, (S, d)
    neighbours: Sequence[Sequence[Neighbour]],  # of each word
    method: str,
    seed: int,
) -> tuple[Projection, list[Floats], list[tuple[PlacedNeighbour, ...]]]:
    """Project words with their neighbours.

    Returns the projection, the points of each word and its neighbours with their points.
    """
    around = [row[None] for near in neighbours for *_, row in near]
    flat = project(np.concatenate([*rows, *around]), method, seed)
    *places, others = np.split(flat.points, np.cumsum([len(own) for own in rows]))
    rest = iter(others.tolist())
    placed = [
        tuple(PlacedNeighbour(word, last, cosine, tuple(next(rest))) for word, last, cosine, _ in near)
        for near in neighbours
    ]
    return flat, places, placed


def save_paths(view: PathView[Any], path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Draw a view into a file; the suffix of the path names the format."""
    save_figure(path_figure(view), path, ". ".join(word.sentence for word in view.paths), overwrite=overwrite)


def path_figure(view: PathView[Any]) -> Spec:
    """Describe the figure of a view: a sentence for each word, a map, and curves."""
    parts = _slice_parts if isinstance(view.paths[0], WordInSlices) else _state_parts
    sentences = [(word.sentence, ink(colour)) for word, colour in zip(view.paths, WORDS, strict=False)]
    return under_sentences(sentences, parts(view))


# ---- Through states of refining

MOST_STATES = 400  # drawn per word: more would be invisible and make large files
MOST_STATES_BENT = 120  # for t-SNE and UMAP, whose time grows with the square of the points

_STATE_MAP = (640, 560)
_STATE_CURVE = (280, 215)
_SHADES = 16  # steps of a path from light (early) to full colour (late)
_STRAIGHT = 20.0  # pixels within which a running mean smooths back-and-forth movement; larger steps are kept
_TOGETHER = 9.0  # neighbours whose marks are closer than this many pixels share a label
_ARROW = {"shape": "M0,-1.2L0.9,0.9L0,0.45L-0.9,0.9Z", "size": 170, "opacity": 1, "stroke": None}  # upwards
_STATES = ("original", "refined")  # a neighbour is near a word in one of them, see `Neighbour.last`
_STATE_SHAPES = {
    "original vector": "circle",
    "zero vector: it had none": "cross",
    "last state": "circle",
    "nearest in the original vectors": "diamond",
    "nearest in the refined vectors": "square",
}
_STATE_HOLLOW = ("original vector", "zero vector: it had none", "nearest in the original vectors")


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

    @property
    def sentence(self) -> str:
        """The path in numbers."""
        updates = int(self.updates[-1])
        word = escape_for_display(self.word)
        count = f"{updates:,} update{'' if updates == 1 else 's'}"
        if not self.oov:
            return f"{word}: {count}, cosine to the original {self.cosine[-1]:.2f}"
        if not self.cosine.any():
            return f"{word}: {count}, no original vector and none made yet"
        return f"{word}: {count}, no original vector, cosine to its first {self.cosine[-1]:.2f}"


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


def _state_parts(view: PathView[WordPath]) -> list[Spec]:
    """A map and curves. A thin line shows the states, a thick line their mean; both darken with time."""
    colours = dict(zip((path.word for path in view.paths), WORDS, strict=False))
    curves = {"vconcat": [_cosine_curves(view, colours), _turn_curves(view, colours)], "spacing": 34}
    return [_state_map(view, colours), curves]


def shared_neighbours(view: PathView[WordPath]) -> set[tuple[str, bool]]:
    """(word, last) of the neighbours that several of the paths have."""
    seen = Counter(key for path in view.paths for key in {(near.word, near.last) for near in path.near})
    return {key for key, paths in seen.items() if paths > 1}


def _state_map(view: PathView[WordPath], colours: dict[str, str]) -> Spec:
    x, y = plane_axes(view.frame, _STATE_MAP, view.method, view.explained)
    low, high = (np.array([axis["scale"]["domain"][end] for axis in (x, y)]) for end in (0, 1))
    pixels = np.array(_STATE_MAP) / (high - low)  # per unit
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
        marks += _state_marks(path, shared, colour)
        thin_rows += _segments(path.points, mean, colour, pixels, 0.55)
        thick_rows += _segments(mean, mean, colour, pixels, 1.0)
        arrows += _arrows(mean, colour, pixels)
        states += _hovers(path, path.points.tolist(), path.cosine, "cosine ")
    moves = any(len(path.points) > 1 for path in view.paths)
    how = "Paths run from light to dark. Thin: every state kept. Thick: their running mean." if moves else ""
    how += " Grey: near several of these words." if shared else ""
    line = {"strokeCap": "round", "strokeJoin": "round", "clip": True}
    channels = {"detail": "piece", "order": "order", "stroke": "colour"}
    names = _state_names(view, shared, colours, pixels)
    layers = [
        layer(thin_rows, "line", place, line | {"strokeWidth": 0.8}, **channels),
        layer(thick_rows, "line", place, line | {"strokeWidth": 2.4}, **channels),
        layer(arrows, "point", place, _ARROW, fill="colour", angle="angle"),
        hover_layer(states, place, "map"),
        mark_layer(marks, place, _STATE_SHAPES, _STATE_HOLLOW, note=how.strip()),
        labels(names, place, _STATE_MAP, marks, [path.points for path in view.paths]),
    ]
    return layered(layers, _STATE_MAP)


def _state_marks(path: WordPath, shared: set[tuple[str, bool]], colour: str) -> list[Spec]:
    """The ends of a path and its neighbours."""
    word = escape_for_display(path.word)
    first = "zero vector: it had none" if path.oov else "original vector"
    marks = [mark("last state", path.points[-1], 14, colour, path.sentence)]
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


def _state_names(
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
    return chart(layers, _STATE_CURVE, title)


# ---- Through slices

COMMON = 3000  # most frequent words, from which neighbours are chosen

_CHI = 5.991  # quantile of chi-squared with two degrees of freedom, at 95 %
_ROUND = 48  # points of an ellipse
_SLICE_MAP = (640, 540)
_SLICE_CURVE = (280, 290)
_SLICE_SHAPES = {
    "a slice": "circle",
    "the last slice": "circle",
    "near it in its first slice": "diamond",
    "near it in its last slice": "square",
}
_SLICE_HOLLOW = ("a slice", "near it in its first slice")
_SLICE_NOTE = "Regions and bands hold 95 % of the places that resampled documents give."


@dataclass(frozen=True, eq=False)
class WordInSlices:
    """One word in S slices."""

    path: SlicePath
    points: AnyFloats  # (S, 2), NaN in slices in which the word does not occur
    regions: AnyFloats | None  # (S, k, 2), ellipses with 95 % of the places of resampled documents; PCA only
    near: tuple[PlacedNeighbour, ...]

    @property
    def sentence(self) -> str:
        """The path in numbers."""
        path = self.path
        distance, _, _ = path.from_first()
        far = int(np.nanargmax(distance))
        first = int(np.argmax(path.vectors.any(axis=1)))
        name, start, end = map(escape_for_display, (path.word, path.names[first], path.names[far]))
        uses = f"{int(path.uses.sum()):,} occurrences"
        return f"{name}: {uses}, farthest from {start} in {end} ({distance[far]:.2f})"


def slice_view(
    run: Run,  # with its corpus
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,  # the run's own if not given
    *,
    projection: str = "pca",
    neighbours: int = 4,  # of the first slice of a word, and of the last one
    seed: int = 0,
    jobs: int | None = None,
) -> PathView[WordInSlices]:
    """Place words in the slices of a run's text."""
    check_words([run.vectors.index_to_key[run.index(word)] for word in words])
    every = list(comparable_slices(run) if slices is None else slices)
    paths = slice_paths(run, words, every, seed=seed, jobs=jobs)
    near = _nearest_words(run, occurrence_space(run, every, seed), every, paths, neighbours, threads(jobs))
    occurs = [path.vectors.any(axis=1) for path in paths]
    rows = [path.vectors[there] for path, there in zip(paths, occurs, strict=True)]
    flat, places, placed = project_words(rows, near, projection, seed)
    shown = []
    inside = []
    for path, there, own, around in zip(paths, occurs, places, placed, strict=True):
        points = np.full((len(path), 2), np.nan)
        points[there] = own
        regions = None
        if projection == "pca":
            draws = flat.transform(path.draws.reshape(-1, path.draws.shape[-1]))
            clouds = draws.reshape(len(path.draws), len(path), 2)
            regions = np.stack([_ellipse(points[i], clouds[:, i]) for i in range(len(path))])
            inside.append(regions.reshape(-1, 2))
        shown.append(WordInSlices(path, points, regions, around))
    return PathView.of(shown, flat, inside)


def _nearest_words(
    run: Run,
    space: OccurrenceSpace,
    every: Sequence[Slice],
    paths: Sequence[SlicePath],
    wanted: int,
    jobs: int,
) -> list[list[Neighbour]]:
    """For each word its neighbours in its first and its last slice."""
    counts = slice_counts(run.require_tokens(), every).sum(axis=0)
    own = np.array([run.index(path.word) for path in paths])
    words = np.union1d(np.argsort(-counts, kind="stable")[:COMMON], own)
    slices = slice_vectors(space, words, jobs)
    keys = run.vectors.index_to_key
    out = []
    for path, row in zip(paths, own.tolist(), strict=True):
        alive = np.flatnonzero(path.vectors.any(axis=1))
        asked = np.searchsorted(words, [row])
        found = []
        for last, which in ((False, int(alive[0])), (True, int(alive[-1]))):
            rows = slices[which]
            for i in nearest(rows, asked, wanted)[0].tolist() if wanted else []:
                if i >= 0:
                    cosine = float(rows[i] @ path.vectors[which])
                    found.append(Neighbour(keys[int(words[i])], last, cosine, rows[i]))
        out.append(found)
    return out


def _ellipse(centre: AnyFloats, drawn: AnyFloats) -> AnyFloats:
    """The ellipse (k, 2) around a point that contains 95 % of a normal fit to ``drawn`` (n, 2)."""
    if np.isnan(centre).any():
        return np.full((_ROUND, 2), np.nan)
    values, directions = axes_of_moment(np.cov(drawn.T.astype(np.float64)))
    angles = np.linspace(0, 2 * np.pi, _ROUND)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ellipse: AnyFloats = centre + circle * np.sqrt(_CHI * np.maximum(values, 0)) @ directions.T
    return ellipse


def _slice_parts(view: PathView[WordInSlices]) -> list[Spec]:
    """A map, and the distance from the first slice."""
    return [_slice_map(view), _slice_curves(view)]


def _slice_map(view: PathView[WordInSlices]) -> Spec:
    x, y = plane_axes(view.frame, _SLICE_MAP, view.method, view.explained)
    place = {"x": x, "y": y}
    lines = [word.points[~np.isnan(word.points[:, 0])] for word in view.paths]
    marks = []
    names = []
    ways = []
    regions = []
    for word, line, colour in zip(view.paths, lines, WORDS, strict=False):
        name = escape_for_display(word.path.word)
        marks += _slice_marks(word, colour)
        names += _slice_names(word, ink(colour))
        ways += line_rows(line, name, colour)
        for i, region in enumerate([] if word.regions is None else word.regions):
            if not np.isnan(region).any():
                regions += line_rows(region, f"{name} {i}", colour)
    way = {"detail": "piece", "order": "order", "stroke": "colour"}
    region = {"interpolate": "linear-closed", "strokeWidth": 0.8, "strokeOpacity": 0.5, "fillOpacity": 0.12}
    layers: list[Spec] = [
        layer(regions, "line", place, region, fill="colour", **way),
        layer(ways, "line", place, {"strokeWidth": 2, "strokeJoin": "round"}, **way),
        mark_layer(marks, place, _SLICE_SHAPES, _SLICE_HOLLOW, note=_SLICE_NOTE),
        labels(names, place, _SLICE_MAP, marks, lines),
    ]
    return layered(layers, _SLICE_MAP)


def _slice_marks(word: WordInSlices, colour: str) -> list[Spec]:
    """The word in every slice in which it occurs, then its neighbours."""
    path = word.path
    name = escape_for_display(word.path.word)
    marks = []
    alive = np.flatnonzero(~np.isnan(word.points[:, 0])).tolist()
    for i in alive:
        last = i == alive[-1]
        hover = f"{name} in {escape_for_display(path.names[i])}: {int(path.uses[i]):,} occurrences"
        kind, width = ("the last slice", 12) if last else ("a slice", 10)
        marks.append(mark(kind, word.points[i], width, colour, hover))
    for near in word.near:
        kind = "near it in its last slice" if near.last else "near it in its first slice"
        hover = f"{escape_for_display(near.word)}: cosine {near.cosine:.3f}"
        marks.append(mark(kind, near.point, 8 if near.last else 10, colour, hover))
    return marks


def _slice_names(word: WordInSlices, colour: str) -> list[Spec]:
    """Labels: the word at its first slice, then its other slices, then its neighbours."""
    path = word.path
    first, *others = np.flatnonzero(~np.isnan(word.points[:, 0])).tolist()
    start = f"{escape_for_display(path.word)} {escape_for_display(path.names[first])}"
    names = [label(start, word.points[first], colour, 14, bold=True)]
    names += [label(escape_for_display(path.names[i]), word.points[i], colour, bold=True) for i in others]
    return names + [
        label(escape_for_display(near.word), near.point, colour, italic=not near.last) for near in word.near
    ]


def _slice_curves(view: PathView[WordInSlices]) -> Spec:
    """The distance of each word from its first slice, with the band of resampled documents."""
    names = [escape_for_display(name) for name in view.paths[0].path.names]
    rows = []
    for word, colour in zip(view.paths, WORDS, strict=False):
        middle, low, high = word.path.from_first()
        shown = escape_for_display(word.path.word)
        for i in np.flatnonzero(~np.isnan(middle)).tolist():
            place = {"slice": names[i], "y": float(middle[i]), "low": float(low[i]), "high": float(high[i])}
            hover = f"{shown} in {names[i]}: {middle[i]:.3f}"
            rows.append({"word": shown, "colour": colour, **place, "hover": hover})
    ticks = names[:: max(1, round(len(names) / 4))]
    x = {
        "field": "slice",
        "type": "ordinal",
        "title": None,
        "scale": {"type": "point", "domain": names},
        "axis": {"values": ticks, "labelAngle": 0, "labelOverlap": True},
    }
    y = value_axis()
    place = {"x": x, "y": y}
    band = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}
    layers = [
        layer(rows, "area", band, {"opacity": 0.2}, detail="word", fill="colour"),
        layer(rows, "line", place, {"strokeWidth": 2}, detail="word", stroke="colour"),
        layer(
            rows, "point", place, {"size": 45, "opacity": 1, "stroke": None}, fill="colour", tooltip="hover"
        ),
    ]
    return chart(layers, _SLICE_CURVE, "Distance from the first slice")
