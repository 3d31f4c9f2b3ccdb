"""The paths of words while they were refined, through the recorded states of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

from .palette import GREY, tint
from .path_figures import PathView, PlacedWord, check_words, frame_of, nearest_at_ends, project_words
from .plane import Spec, arc_length, chart, hover_layer, label, layer, line_rows, mark, value_axis

MOST_STATES = 400  # drawn per word: more would be invisible and make large files
MOST_STATES_BENT = 120  # for t-SNE and UMAP, whose time grows with the square of the points

_STATE_CURVE = (280, 215)
_SHADES = 16  # steps of a path from light (early) to full colour (late)
_STRAIGHT = 20.0  # pixels within which a running mean smooths back-and-forth movement; larger steps are kept
_ZERO = "zero vector: it had none"


@dataclass(frozen=True, eq=False)
class WordPath(PlacedWord):
    """One word's path through the figure: S of its recorded states."""

    updates: Ints  # (S,), number of updates of the word at each state
    cosine: Floats  # (S,), to the original vector; without one, to the first nonzero vector
    angle: Floats  # (S,), degrees to the previous recorded state; 0 after a zero vector
    zero: Mask  # (S,), states at which the word had no vector yet

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

    def marks(self, colour: str) -> list[Spec]:
        """The ends."""
        first = _ZERO if self.oov else "original vector"
        hover = f"{escape_for_display(self.word)}: {first}"
        end = mark("last state", self.points[-1], 14, colour, self.sentence)
        return [end, mark(first, self.points[0], 13, colour, hover)]

    def names(self, colour: str) -> list[Spec]:
        """The word where it has a vector first."""
        at = self.points[-1 if self.oov else 0]
        return [label(escape_for_display(self.word), at, colour, 14, bold=True)]

    def hovers(self, places: Sequence[Sequence[float]], values: Floats, name: str = "") -> list[Spec]:
        """The hover text of each state, at its place (x, y)."""
        states = zip(places, self.updates.tolist(), values.tolist(), strict=True)
        word = escape_for_display(self.word)
        return [
            {"x": x, "y": y, "hover": f"{word} after {updates:,} updates: {name}{value:.3f}"}
            for (x, y), updates, value in states
        ]

    def curve(self, values: Floats, colour: str) -> list[Spec]:
        """A quantity over time, without the states at which the word had no vector."""
        word = escape_for_display(self.word)
        dash = [4, 3] if self.oov else [1, 0]
        places = list(zip(self.updates.tolist(), values.tolist(), strict=True))
        rows = zip(self.hovers(places, values), self.zero.tolist(), strict=True)
        return [{"word": word, "colour": colour, "dash": dash, **row} for row, zero in rows if not zero]


class StateView(PathView[WordPath]):
    """Paths through states. A thin line shows the states, a thick line their mean; both darken with time."""

    shapes: ClassVar = {"original vector": "circle", _ZERO: "cross", "last state": "circle"}
    ends = ("nearest in the original vectors", "nearest in the refined vectors")

    @property
    def note(self) -> str:
        """What the lines of the map mean."""
        if all(len(path.points) == 1 for path in self.paths):
            return ""
        return "Paths run from light to dark. Thin: every state kept. Thick: their running mean."

    def lines(self, place: Spec, pixels: Doubles) -> list[Spec]:
        """Both lines, and the text of each state."""
        # In a nonlinear projection large steps are smoothed, too.
        reach = _STRAIGHT / pixels if self.method == "pca" else None
        thin_rows = []
        thick_rows = []
        states = []
        for path, colour in self.coloured:
            mean = running_mean(path.points, len(path.points) // 30, reach)
            thin_rows += _segments(path.points, mean, colour, pixels, 0.55)
            thick_rows += _segments(mean, mean, colour, pixels, 1.0)
            states += path.hovers(path.points.tolist(), path.cosine, "cosine ")
        line = {"strokeCap": "round", "strokeJoin": "round", "clip": True}
        channels = {"detail": "piece", "order": "order", "stroke": "colour"}
        return [
            layer(thin_rows, "line", place, line | {"strokeWidth": 0.8}, **channels),
            layer(thick_rows, "line", place, line | {"strokeWidth": 2.4}, **channels),
            hover_layer(states, place, "map"),
        ]

    def curves(self) -> Spec:
        """Cosine to the original vector, and angle between successive states with its running mean."""
        title = "Cosine to the original"
        if any(path.oov for path in self.paths):
            title += " (dashed: to the first)"
        low = min([0.0, *(float(path.cosine.min()) for path in self.paths)])
        cosines = [row for path, colour in self.coloured for row in path.curve(path.cosine, colour)]
        angles = []
        means = []
        for path, colour in self.coloured:
            kept = path.curve(path.angle, tint(colour, 0.4))[1:]  # no step leads to the first state
            smooth = running_mean(np.array([[row["y"]] for row in kept]).reshape(-1, 1), len(kept) // 40)
            angles += kept
            means += [
                row | {"y": y, "colour": colour} for row, y in zip(kept, smooth.ravel().tolist(), strict=True)
            ]
        high = max([1.0, *(row["y"] for row in angles)])
        step = "Turn since the state before (degrees)"
        upper = self._curve(title, [low, 1.0], [(cosines, 1.8)])
        return {
            "vconcat": [upper, self._curve(step, [0.0, high], [(angles, 0.8), (means, 2.0)])],
            "spacing": 34,
        }

    def _curve(self, title: str, domain: list[float], lines: list[tuple[list[Spec], float]]) -> Spec:
        """A chart of lines (rows and width) over the updates of a word."""
        last = max(int(path.updates[-1]) for path in self.paths)
        decades = [0, *(10**i for i in range(len(str(last))) if 10**i <= last)]
        ticks = decades if len(decades) > 2 else list(range(last + 1))
        x: Spec = {"field": "x", "type": "quantitative", "title": "updates of the word (logarithmic)"}
        x["axis"] = {"values": ticks, "labelExpr": "format(datum.value, ',')"}
        x["scale"] = {"type": "symlog", "domain": [0, max(1, last)], "nice": False}
        place = {"x": x, "y": value_axis(domain)}
        layers = []
        for rows, width in lines:
            style = {"strokeWidth": width, "strokeJoin": "round", "point": len(rows) < 8 and {"opacity": 1}}
            layers.append(
                layer(rows, "line", place, style, detail="word", stroke="colour", strokeDash="dash")
            )
        layers.append(hover_layer(lines[0][0], place, title))
        if not any(rows for rows, _ in lines):
            layers.append(layer([{}], "text", {}, {"color": GREY, "text": "no states to compare"}))
        return chart(layers, _STATE_CURVE, title)


def trajectory_view(
    trajectories: Sequence[Trajectory],  # long ones are thinned
    original: Vectors,  # for the neighbours at the start of a path
    refined: Vectors,  # for those at its end
    *,
    projection: str = "pca",
    neighbours: int = 5,  # at each end
    seed: int = 0,
) -> StateView:
    """Project paths together with the neighbours of their words in the original and the refined vectors."""
    check_words([trajectory.word for trajectory in trajectories])
    for path in trajectories:
        if len(path) == 0:
            rule = f"no state of {path.word!r} was recorded"
            raise OptionError(rule, remedy="choose another word or record more")
    near = [nearest_at_ends(path.word, (original, refined), neighbours) for path in trajectories]
    most = MOST_STATES if projection == "pca" else MOST_STATES_BENT
    kept = [thin(t, most) for t in trajectories]
    rows = [unit_rows(t.vectors) for t in trajectories]
    shown = [row[index] for row, index in zip(rows, kept, strict=True)]
    flat, places, placed = project_words(shown, near, projection, seed)
    paths = []
    for t, index, row, points, around in zip(trajectories, kept, rows, places, placed, strict=True):
        zero: Mask = np.all(row == 0, axis=1)
        cosine = row[index] @ row[zero.argmin()]
        paths.append(
            WordPath(t.word, points, around, t.updates[index], cosine, angles(t)[index], zero[index])
        )
    return StateView(tuple(paths), flat.method, flat.explained, frame_of([flat.points]))


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
