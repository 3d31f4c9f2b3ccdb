"""The paths of words through the slices of a text.

Each point has a region that contains 95 % of the points of resampled documents, so that a step within a
region is not taken for a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from selfvec.analysis.word_drift import SlicePath, comparable_slices, slice_paths
from selfvec.base.arrays import AnyFloats, Doubles, Ints
from selfvec.base.display import escape_for_display
from selfvec.base.threads import threads
from selfvec.corpus.slices import Slice, slice_counts
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.whitening import axes_of_moment
from selfvec.usage.occurrence_vectors import occurrence_space, slice_vectors

from .path_figures import PathView, PlacedWord, check_words, frame_of, nearest_at_ends, project_words
from .plane import Spec, chart, label, layer, line_rows, mark, value_axis

COMMON = 3000  # most frequent words, from which neighbours are chosen

_CHI = 5.991  # quantile of chi-squared with two degrees of freedom, at 95 %
_ROUND = 48  # points of an ellipse
_SLICE_CURVE = (280, 290)


@dataclass(frozen=True, eq=False)
class WordInSlices(PlacedWord):
    """One word in the n slices in which it occurs, of S."""

    path: SlicePath
    slices: Ints  # (n,), their numbers
    regions: AnyFloats | None  # (n, k, 2), ellipses with 95 % of the places of resampled documents; PCA only

    @property
    def sentence(self) -> str:
        """The path in numbers."""
        path = self.path
        distance, _, _ = path.from_first()
        far = int(np.nanargmax(distance))
        name, start, end = map(escape_for_display, (path.word, path.names[self.slices[0]], path.names[far]))
        uses = f"{int(path.uses.sum()):,} occurrences"
        return f"{name}: {uses}, farthest from {start} in {end} ({distance[far]:.2f})"

    def marks(self, colour: str) -> list[Spec]:
        """The slices."""
        name = escape_for_display(self.word)
        marks = []
        for i, point in zip(self.slices.tolist(), self.points, strict=True):
            hover = (
                f"{name} in {escape_for_display(self.path.names[i])}: {int(self.path.uses[i]):,} occurrences"
            )
            kind, width = ("the last slice", 12) if i == self.slices[-1] else ("a slice", 10)
            marks.append(mark(kind, point, width, colour, hover))
        return marks

    def names(self, colour: str) -> list[Spec]:
        """The word at its first slice, then its other slices."""
        first, *others = [escape_for_display(self.path.names[i]) for i in self.slices]
        start = label(f"{escape_for_display(self.word)} {first}", self.points[0], colour, 14, bold=True)
        rest = zip(others, self.points[1:], strict=True)
        return [start, *(label(name, point, colour, bold=True) for name, point in rest)]


class SliceView(PathView[WordInSlices]):
    """Paths through slices."""

    shapes: ClassVar = {"a slice": "circle", "the last slice": "circle"}
    ends = ("near it in its first slice", "near it in its last slice")
    note = "Regions and bands hold 95 % of the places that resampled documents give."

    def lines(self, place: Spec, _: Doubles) -> list[Spec]:
        """The regions and the paths."""
        ways = []
        regions = []
        for word, colour in self.coloured:
            ways += line_rows(word.points, colour, colour)
            for i, region in enumerate([] if word.regions is None else word.regions):
                regions += line_rows(region, f"{colour} {i}", colour)
        way = {"detail": "piece", "order": "order", "stroke": "colour"}
        style = {
            "interpolate": "linear-closed",
            "strokeWidth": 0.8,
            "strokeOpacity": 0.5,
            "fillOpacity": 0.12,
        }
        return [
            layer(regions, "line", place, style, fill="colour", **way),
            layer(ways, "line", place, {"strokeWidth": 2, "strokeJoin": "round"}, **way),
        ]

    def curves(self) -> Spec:
        """The distance of each word from its first slice, with the band of resampled documents."""
        names = [escape_for_display(name) for name in self.paths[0].path.names]
        rows = []
        for word, colour in self.coloured:
            middle, low, high = word.path.from_first()
            shown = escape_for_display(word.word)
            for i in word.slices.tolist():
                place = {
                    "slice": names[i],
                    "y": float(middle[i]),
                    "low": float(low[i]),
                    "high": float(high[i]),
                }
                hover = f"{shown} in {names[i]}: {middle[i]:.3f}"
                rows.append({"word": shown, "colour": colour, **place, "hover": hover})
        x: Spec = {"field": "slice", "type": "ordinal", "title": None}
        x["scale"] = {"type": "point", "domain": names}
        ticks = names[:: max(1, round(len(names) / 4))]
        x["axis"] = {"values": ticks, "labelAngle": 0, "labelOverlap": True}
        y = value_axis()
        place = {"x": x, "y": y}
        band = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}
        dots = {"size": 45, "opacity": 1, "stroke": None}
        layers = [
            layer(rows, "area", band, {"opacity": 0.2}, detail="word", fill="colour"),
            layer(rows, "line", place, {"strokeWidth": 2}, detail="word", stroke="colour"),
            layer(rows, "point", place, dots, fill="colour", tooltip="hover"),
        ]
        return chart(layers, _SLICE_CURVE, "Distance from the first slice")


def slice_view(
    run: Run,  # with its corpus
    words: Sequence[str],
    slices: Sequence[Slice] | None = None,  # the run's own if not given
    *,
    projection: str = "pca",
    neighbours: int = 4,  # of the first slice of a word, and of the last one
    seed: int = 0,
    jobs: int | None = None,
) -> SliceView:
    """Place words in the slices of a run's text."""
    check_words([run.vectors.index_to_key[run.index(word)] for word in words])
    every = list(comparable_slices(run) if slices is None else slices)
    paths = slice_paths(run, words, every, seed=seed, jobs=jobs)
    in_slices = _common_words(run, every, [path.word for path in paths], seed, jobs)
    occurs = [np.flatnonzero(path.vectors.any(axis=1)) for path in paths]
    near = [
        nearest_at_ends(path.word, [in_slices[there[0]], in_slices[there[-1]]], neighbours)
        for path, there in zip(paths, occurs, strict=True)
    ]
    rows = [path.vectors[there] for path, there in zip(paths, occurs, strict=True)]
    flat, places, placed = project_words(rows, near, projection, seed)
    shown = []
    inside = [flat.points]
    for path, there, points, around in zip(paths, occurs, places, placed, strict=True):
        regions = None
        if projection == "pca":
            clouds = [flat.transform(path.draws[:, i]) for i in there]
            regions = np.stack([_ellipse(point, cloud) for point, cloud in zip(points, clouds, strict=True)])
            inside.append(regions.reshape(-1, 2))
        shown.append(WordInSlices(path.word, points, around, path, there, regions))
    return SliceView(tuple(shown), flat.method, flat.explained, frame_of(inside))


def _common_words(
    run: Run, slices: Sequence[Slice], words: Sequence[str], seed: int, jobs: int | None
) -> list[Vectors]:
    """The vectors of some words and of the most frequent ones in each slice."""
    counts = slice_counts(run.require_tokens(), slices).sum(axis=0)
    own = [run.index(word) for word in words]
    rows = np.union1d(np.argsort(-counts, kind="stable")[:COMMON], own)
    names = [run.vectors.index_to_key[row] for row in rows.tolist()]
    found = slice_vectors(occurrence_space(run, slices, seed), rows, threads(jobs))
    return [Vectors(names, vectors, normalized=True) for vectors in found]


def _ellipse(centre: AnyFloats, drawn: AnyFloats) -> AnyFloats:
    """The ellipse (k, 2) around a point that contains 95 % of a normal fit to ``drawn`` (n, 2)."""
    values, directions = axes_of_moment(np.cov(drawn.T.astype(np.float64)))
    angles = np.linspace(0, 2 * np.pi, _ROUND)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ellipse: AnyFloats = centre + circle * np.sqrt(_CHI * np.maximum(values, 0)) @ directions.T
    return ellipse
