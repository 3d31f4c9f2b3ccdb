"""Figures of how a word moves through the slices of a text.

`slice_view` computes the content of a figure and `slice_figure` describes it: a map on the left, the distance
from the first slice on the right. All slices and words share one plane. Each point has a region that contains
95 % of the points of resampled documents, so that a step within a region is not taken for a change.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.analysis.word_drift import SlicePath, comparable_slices, slice_paths
from selfvec.base.arrays import AnyFloats
from selfvec.base.display import escape_for_display
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.numerics.neighbours import nearest
from selfvec.numerics.whitening import axes_of_moment
from selfvec.usage.occurrence_vectors import OccurrenceSpace, occurrence_space, slice_vectors

from .figure import save_figure, under_sentences
from .palette import WORDS, ink
from .path_view import Neighbour, PathView, PlacedNeighbour, check_words, project_words
from .plane import (
    Spec,
    chart,
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

__all__ = ["WordInSlices", "save_slice_plot", "slice_figure", "slice_view"]

COMMON = 3000  # most frequent words, from which neighbours are chosen

_CHI = 5.991  # quantile of chi-squared with two degrees of freedom, at 95 %
_ROUND = 48  # points of an ellipse
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


@dataclass(frozen=True, eq=False)
class WordInSlices:
    """One word in S slices."""

    path: SlicePath
    points: AnyFloats  # (S, 2), NaN in slices in which the word does not occur
    regions: AnyFloats | None  # (S, k, 2), ellipses with 95 % of the places of resampled documents; PCA only
    near: tuple[PlacedNeighbour, ...]


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


def save_slice_plot(
    view: PathView[WordInSlices], path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Draw a view into a file; the suffix of the path names the format."""
    save_figure(slice_figure(view), path, ". ".join(map(_sentence, view.paths)), overwrite=overwrite)


def slice_figure(view: PathView[WordInSlices]) -> Spec:
    """Describe the figure of a view."""
    sentences = [(_sentence(word), ink(colour)) for word, colour in zip(view.paths, WORDS, strict=False)]
    return under_sentences(sentences, [_map(view), _curves(view)])


def _sentence(word: WordInSlices) -> str:
    path = word.path
    distance, _, _ = path.from_first()
    far = int(np.nanargmax(distance))
    first = int(np.argmax(path.vectors.any(axis=1)))
    name, start, end = map(escape_for_display, (path.word, path.names[first], path.names[far]))
    return (
        f"{name}: {int(path.uses.sum()):,} occurrences, farthest from {start} in {end} ({distance[far]:.2f})"
    )


def _map(view: PathView[WordInSlices]) -> Spec:
    x, y = plane_axes(view.frame, _MAP, view.method, view.explained)
    place = {"x": x, "y": y}
    lines = [word.points[~np.isnan(word.points[:, 0])] for word in view.paths]
    marks = []
    names = []
    ways = []
    regions = []
    for word, line, colour in zip(view.paths, lines, WORDS, strict=False):
        name = escape_for_display(word.path.word)
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


def _names(word: WordInSlices, colour: str) -> list[Spec]:
    """Labels: the word at its first slice, then its other slices, then its neighbours."""
    path = word.path
    first, *others = np.flatnonzero(~np.isnan(word.points[:, 0])).tolist()
    start = f"{escape_for_display(path.word)} {escape_for_display(path.names[first])}"
    names = [label(start, word.points[first], colour, 14, bold=True)]
    names += [label(escape_for_display(path.names[i]), word.points[i], colour, bold=True) for i in others]
    return names + [
        label(escape_for_display(near.word), near.point, colour, italic=not near.last) for near in word.near
    ]


def _curves(view: PathView[WordInSlices]) -> Spec:
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
    return chart(layers, _CURVE, "Distance from the first slice")
