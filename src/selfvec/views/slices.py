"""Figures of how a word moves through the slices of a text.

`slice_view` works out what a figure shows and `slice_figure` describes it: a map on the left, the distance
from the first slice on the right. All slices and words share one plane. Each place comes with the region in
which resampled documents put it, so that a step within one region is not mistaken for a change.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.drift.comparable_slices import comparable_slices
from selfvec.analysis.drift.document_blocks import slice_vectors
from selfvec.analysis.drift.slice_paths import SlicePath, slice_paths
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.neighbours import nearest
from selfvec.numerics.whitening import axes_of_moment
from selfvec.usage.use_vectors import UseSpace, use_space

from .figure import rows_of_text, save_figure
from .palette import WORDS, ink
from .plane import Spec, label, labels, layer, layered, line_rows, mark, mark_layer, plane_axes
from .projection import project
from .trajectories import MOST_WORDS

__all__ = ["Near", "SliceView", "WordInSlices", "save_slice_plot", "slice_view"]

COMMON = 3000  # words that neighbours are chosen from: the commonest
_CHI = 5.991  # of two dimensions, at 95 %
_ROUND = 48  # points of an ellipse

Float = NDArray[np.floating]


@dataclass(frozen=True)
class Near:
    """A neighbour of a word in its first or its last slice, and its place in the figure."""

    word: str
    last: bool
    cosine: float
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class WordInSlices:
    """One word in S slices.

    Parameters
    ----------
    path : SlicePath
    points : (S, 2) float
        NaN in slices in which the word does not occur.
    regions : (S, k, 2) float, optional
        Ellipses that hold 95 % of the places that resampled documents give; PCA only.
    near : tuple of Near
    """

    path: SlicePath
    points: Float
    regions: Float | None
    near: tuple[Near, ...]


@dataclass(frozen=True, eq=False)
class SliceView:
    """Everything a figure of slices shows; ``frame`` is (left, right, bottom, top)."""

    words: tuple[WordInSlices, ...]
    names: tuple[str, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]


def slice_view(
    run: Run,
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,
    *,
    projection: str = "pca",
    neighbours: int = 4,
    seed: int = 0,
    jobs: int | None = None,
) -> SliceView:
    """Place words in the slices of a run's text.

    Parameters
    ----------
    run : Run
        With its corpus.
    words : sequence of str
        At most seven.
    slices : sequence of Slice, optional
        The run's own slices if not given.
    projection : {"pca", "tsne", "umap"}
    neighbours : int
        How many words are shown from the first slice, and from the last one, of the 3,000 commonest words.
    seed : int
        For every random choice.
    jobs : int, optional
        Threads.

    Raises
    ------
    OptionError
        If there are no words or too many, or a word twice.
    InputError
        If there are fewer than two slices, or a word occurs in none.
    """
    if not 1 <= len(words) <= MOST_WORDS or len({run.index(word) for word in words}) < len(words):
        raise OptionError(
            f"a figure shows 1 to {MOST_WORDS} different words, these are {len(words)}",
            remedy="draw several figures",
        )
    every = list(comparable_slices(run) if slices is None else slices)
    paths = slice_paths(run, words, every, seed=seed, jobs=jobs)
    near = _nearest_words(run, use_space(run, every, seed), every, paths, neighbours, threads(jobs))
    occurs = [path.vectors.any(axis=1) for path in paths]
    rows = [path.vectors[there] for path, there in zip(paths, occurs, strict=True)]
    around = [row[None] for found in near for _, _, _, row in found]
    flat = project(np.concatenate(rows + around), projection, seed)
    *places, others = np.split(flat.points, np.cumsum([len(own) for own in rows]))
    rest = iter(others.tolist())
    shown, inside = [], [flat.points]
    for path, there, own, found in zip(paths, occurs, places, near, strict=True):
        points = np.full((len(path), 2), np.nan)
        points[there] = own
        regions = None
        if projection == "pca":
            draws = flat.transform(path.draws.reshape(-1, path.draws.shape[-1]))
            clouds = draws.reshape(len(path.draws), len(path), 2)
            regions = np.stack([_ellipse(points[i], clouds[:, i]) for i in range(len(path))])
            inside.append(regions.reshape(-1, 2))
        beside = tuple(Near(word, last, cosine, tuple(next(rest))) for word, last, cosine, _ in found)
        shown.append(WordInSlices(path, points, regions, beside))
    corners = np.concatenate(inside)
    (left, bottom), (right, top) = np.nanmin(corners, axis=0).tolist(), np.nanmax(corners, axis=0).tolist()
    names = tuple(part.name for part in every)
    return SliceView(tuple(shown), names, flat.method, flat.explained, (left, right, bottom, top))


def _nearest_words(
    run: Run, space: UseSpace, every: Sequence[Slice], paths: Sequence[SlicePath], wanted: int, jobs: int
) -> list[list[tuple[str, bool, float, NDArray[np.float32]]]]:
    """For each word its neighbours: (word, whether in the last slice, cosine, its row (d,) there)."""
    counts = slice_counts(run.require_tokens(), every).sum(axis=0)
    own = np.array([run.index(path.word) for path in paths])
    words = np.union1d(np.argsort(-counts, kind="stable")[:COMMON], own)
    tables = slice_vectors(space, words, jobs)
    keys, out = run.vectors.index_to_key, []
    for path, row in zip(paths, own.tolist(), strict=True):
        alive = np.flatnonzero(path.vectors.any(axis=1))
        asked, found = np.searchsorted(words, [row]), []
        for last, which in ((False, int(alive[0])), (True, int(alive[-1]))):
            table = tables[which]
            for i in nearest(table, asked, wanted)[0].tolist() if wanted else []:
                if i >= 0:
                    cosine = float(table[i] @ path.vectors[which])
                    found.append((keys[int(words[i])], last, cosine, table[i]))
        out.append(found)
    return out


def _ellipse(centre: Float, drawn: Float) -> Float:
    """The ellipse (k, 2) around a place that holds 95 % of a cloud as wide as ``drawn`` (n, 2)."""
    if np.isnan(centre).any():
        return np.full((_ROUND, 2), np.nan)
    values, directions = axes_of_moment(np.cov(drawn.T.astype(np.float64)))
    angles = np.linspace(0, 2 * np.pi, _ROUND)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ellipse: Float = centre + circle * np.sqrt(_CHI * np.maximum(values, 0)) @ directions.T
    return ellipse


_MAP = (640, 540)
_CURVE = (280, 290)
_SHAPES = {
    "a slice": "circle",
    "the last slice": "circle",
    "near it in its first slice": "diamond",
    "near it in its last slice": "square",
}
_HOLLOW = ("a slice", "near it in its first slice")
_NOTE = "Regions and bands hold 95 % of the places that resampled documents give."


def save_slice_plot(view: SliceView, path: str | os.PathLike[str]) -> None:
    """Draw a view into a file; see `save_figure` for the formats and errors."""
    save_figure(slice_figure(view), path, ". ".join(_sentence(word) for word in view.words))


def slice_figure(view: SliceView) -> Spec:
    """Describe the figure of a view."""
    colours = {word.path.word: WORDS[i] for i, word in enumerate(view.words)}
    header = rows_of_text([(_sentence(word), ink(colours[word.path.word])) for word in view.words])
    parts = [_map(view, colours), _curves(view, colours)]
    return {"vconcat": [header, {"hconcat": parts, "spacing": 40}], "spacing": 0}


def _sentence(word: WordInSlices) -> str:
    path = word.path
    distance, _, _ = path.from_first()
    far = int(np.nanargmax(distance))
    first = int(np.argmax(path.vectors.any(axis=1)))
    name, start, end = map(escape_for_display, (path.word, path.names[first], path.names[far]))
    return f"{name}: {int(path.uses.sum()):,} uses, farthest from {start} in {end} ({distance[far]:.2f})"


def _map(view: SliceView, colours: dict[str, str]) -> Spec:
    x, y = plane_axes(view.frame, _MAP, view.method, view.explained)
    place = {"x": x, "y": y}
    lines = [word.points[~np.isnan(word.points[:, 0])] for word in view.words]
    marks, names, ways, regions = [], [], [], []
    for word, line in zip(view.words, lines, strict=True):
        colour, name = colours[word.path.word], escape_for_display(word.path.word)
        marks += _marks(word, colour)
        names += _names(word, ink(colour))
        ways += line_rows(line, name, colour)
        for i, region in enumerate([] if word.regions is None else word.regions):
            if not np.isnan(region).any():
                regions += line_rows(region, f"{name} {i}", colour)
    way = {"detail": "piece", "order": "order", "stroke": "colour"}
    region = {"interpolate": "linear-closed", "strokeWidth": 0.8, "strokeOpacity": 0.5, "fillOpacity": 0.12}
    layers: list[Spec] = [
        layer(regions, "line", place, region, fill="colour", **way),
        layer(ways, "line", place, {"strokeWidth": 2, "strokeJoin": "round"}, **way),
        mark_layer(marks, place, _SHAPES, _HOLLOW, note=_NOTE),
        labels(names, place, _MAP, marks, lines),
    ]
    return layered(layers, _MAP)


def _marks(word: WordInSlices, colour: str) -> list[Spec]:
    """The word in every slice in which it occurs, then its neighbours."""
    path, name, marks = word.path, escape_for_display(word.path.word), []
    alive = np.flatnonzero(~np.isnan(word.points[:, 0])).tolist()
    for i in alive:
        last = i == alive[-1]
        hover = f"{name} in {escape_for_display(path.names[i])}: {int(path.uses[i]):,} uses"
        kind, width = ("the last slice", 12) if last else ("a slice", 10)
        marks.append(mark(kind, word.points[i], width, colour, hover))
    for near in word.near:
        kind = "near it in its last slice" if near.last else "near it in its first slice"
        hover = f"{escape_for_display(near.word)}: cosine {near.cosine:.3f}"
        marks.append(mark(kind, near.point, 8 if near.last else 10, colour, hover))
    return marks


def _names(word: WordInSlices, colour: str) -> list[Spec]:
    """Labels: the word where it starts, then its slices, then its neighbours."""
    path = word.path
    first, *others = np.flatnonzero(~np.isnan(word.points[:, 0])).tolist()
    start = f"{escape_for_display(path.word)} {escape_for_display(path.names[first])}"
    names = [label(start, word.points[first], colour, 14, bold=True)]
    names += [label(escape_for_display(path.names[i]), word.points[i], colour, bold=True) for i in others]
    return names + [
        label(escape_for_display(near.word), near.point, colour, italic=not near.last) for near in word.near
    ]


def _curves(view: SliceView, colours: dict[str, str]) -> Spec:
    """The distance of each word from its first slice, with the band of resampled documents."""
    names, rows = [escape_for_display(name) for name in view.names], []
    for word in view.words:
        middle, low, high = word.path.from_first()
        shown, colour = escape_for_display(word.path.word), colours[word.path.word]
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
    y = {"field": "y", "type": "quantitative", "title": None, "axis": {"tickCount": 4}}
    place = {"x": x, "y": y}
    band = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}
    layers = [
        layer(rows, "area", band, {"opacity": 0.2}, detail="word", fill="colour"),
        layer(rows, "line", place, {"strokeWidth": 2}, detail="word", stroke="colour"),
        layer(
            rows, "point", place, {"size": 45, "opacity": 1, "stroke": None}, fill="colour", tooltip="hover"
        ),
    ]
    return {
        "title": "Distance from the first slice",
        "width": _CURVE[0],
        "height": _CURVE[1],
        "layer": layers,
    }
