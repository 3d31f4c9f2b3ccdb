"""Figures of how words moved through the states of a run.

A figure is a map of paths on the left and curves on the right. `trajectory_view` computes what a figure
shows, `path_figure` describes how. All words and states share one plane.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.base.chart import Axis, Chart, Label, Line, Mark
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.files.svg import Figure, arc_length
from selfvec.numerics.rows import unit_rows

from .figure import GREY, INK, WORDS, ink, save_figure, tint
from .projection import PROJECTIONS, Projection, project

MOST_WORDS = 7  # colours that are distinguishable on white with any colour vision

_MAP = (640, 560)  # pixels, beside the curves
_TOGETHER = 9.0  # neighbours whose marks are closer than this many pixels share a label


class Neighbour(NamedTuple):
    """A neighbour of a word at the start of its path or, if ``last``, at the end."""

    word: str
    last: bool
    cosine: float
    at: AnyFloats  # its vector, (d,); in a view its point, (2,)


def check_words(words: Sequence[str]) -> None:
    """Raise `OptionError` if a figure cannot show these words."""
    if not 1 <= len(words) <= MOST_WORDS or len(set(words)) < len(words):
        rule = f"a figure shows 1 to {MOST_WORDS} different words, {len(words)} were given"
        raise OptionError(rule, remedy="name each word once, or draw several figures")


def nearest_at_ends(word: str, ends: Sequence[Vectors], most: int) -> list[Neighbour]:
    """The words nearest to a word in the vectors of the start and of the end, without zero vectors."""
    near = []
    for last, vectors in enumerate(ends):
        row = vectors.get(word)
        if most and row is not None and row.any():
            for other, cosine in vectors.most_similar(word, topn=most):
                near.append(Neighbour(other, bool(last), cosine, vectors.get_vector(other, norm=True)))
    return [neighbour for neighbour in near if neighbour.at.any()]


def project_words(
    rows: Sequence[AnyFloats],  # of each word, (S, d)
    neighbours: Sequence[Sequence[Neighbour]],  # of each word
    method: str,
    seed: int,
) -> tuple[Projection, list[Floats], list[tuple[Neighbour, ...]]]:
    """The projection, the points of each word, and its neighbours at their points."""
    around = [near.at[None] for mine in neighbours for near in mine]
    flat = project(np.concatenate([*rows, *around]), method, seed)
    *places, others = np.split(flat.points, np.cumsum([len(own) for own in rows]))
    rest = iter(others)
    return flat, places, [tuple(near._replace(at=next(rest)) for near in mine) for mine in neighbours]


def frame_of(points: Sequence[AnyFloats]) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of some points, (n, 2) each."""
    every = np.concatenate(points)
    (left, bottom), (right, top) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    return left, right, bottom, top


MOST_STATES = 400  # drawn per word: more would be invisible and make large files
MOST_STATES_BENT = 120  # for t-SNE and UMAP, whose time grows with the square of the points

_STATE_CURVE = (280, 205)  # pixels; two stand one below the other
_SHADES = 16  # steps of a path from light (early) to full colour (late)
_STRAIGHT = 20.0  # pixels within which a running mean smooths back-and-forth movement; larger steps are kept
_ZERO = "zero vector: it had none"


@dataclass(frozen=True, eq=False)
class WordPath:
    """One word's path through the figure: S of its recorded states."""

    word: str
    colour: str
    points: AnyFloats  # (S, 2)
    near: tuple[Neighbour, ...]
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

    def marks(self) -> list[Mark]:
        """The ends, and what is said of each state."""
        word, first = escape_for_display(self.word), _ZERO if self.oov else "original vector"
        states = zip(self.points, self.updates.tolist(), self.cosine.tolist(), strict=True)
        said = (f"{word} after {updates:,} updates: cosine {cosine:.3f}" for _, updates, cosine in states)
        return [
            *(Mark(at, self.colour, text, "none") for at, text in zip(self.points, said, strict=True)),
            Mark(self.points[-1], self.colour, self.sentence, size=14),
            Mark(
                self.points[0],
                self.colour,
                f"{word}: {first}",
                "cross" if self.oov else "circle",
                13,
                hollow=True,
            ),
        ]

    def names(self) -> list[Label]:
        """The word where it has a vector first."""
        at = self.points[-1 if self.oov else 0]
        return [Label(escape_for_display(self.word), at, ink(self.colour), 14, bold=True)]

    def curve(self, values: AnyFloats, colour: str, width: float) -> Line:
        """A quantity over time, without the states at which the word had no vector."""
        there = ~self.zero
        return Line(np.stack([self.updates, values], axis=1)[there], colour, width, dashed=self.oov)


@dataclass(frozen=True, eq=False)
class StateView:
    """Paths through states. A thin line shows the states, a thick line their mean; both darken with time."""

    # what the neighbours at the start and at the end are near
    ends: ClassVar = ("nearest in the original vectors", "nearest in the refined vectors")

    paths: tuple[WordPath, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]  # left, right, bottom, top; contains every point

    @property
    def note(self) -> str:
        """What the lines of the map mean."""
        if all(len(path.points) == 1 for path in self.paths):
            return ""
        return "Paths run from light to dark. Thin: every state kept. Thick: their running mean."

    @property
    def signs(self) -> Iterator[tuple[Mark, str]]:
        if not all(path.oov for path in self.paths):
            yield Mark((0, 0), INK, hollow=True), "original vector"
        if any(path.oov for path in self.paths):
            yield Mark((0, 0), INK, shape="cross", hollow=True), _ZERO
        yield Mark((0, 0), INK), "last state"

    def lines(self, pixels: Doubles) -> list[Line]:
        """Both lines of each word."""
        # In a nonlinear projection large steps are smoothed, too.
        reach = _STRAIGHT / pixels if self.method == "pca" else None
        thin, thick = [], []
        for path in self.paths:
            mean = running_mean(path.points, len(path.points) // 30, reach)
            thin += _segments(path.points, mean, path.colour, pixels, 0.55, 0.8)
            thick += _segments(mean, mean, path.colour, pixels, 1.0, 2.4)
        return [*thin, *thick]

    def curves(self) -> list[Chart]:
        """Cosine to the original vector, and angle between successive states with its running mean."""
        last = max(int(path.updates[-1]) for path in self.paths)
        decades = [0, *(10**i for i in range(len(str(last))) if 10**i <= last)]
        ticks = decades if len(decades) > 2 else list(range(last + 1))
        named = [(float(tick), f"{tick:,}") for tick in ticks]
        x = Axis(0, max(1, last), "updates of the word (logarithmic)", named, scale=np.log1p)
        title = "Cosine to the original"
        if any(path.oov for path in self.paths):
            title += " (dashed: to the first)"
        low = min([0.0, *(float(path.cosine.min()) for path in self.paths)])
        cosines, turns, means = [], [], []
        for path in self.paths:
            cosines.append(path.curve(path.cosine, path.colour, 1.8))
            turn = path.curve(path.angle, tint(path.colour, 0.4), 0.8)
            turn = replace(turn, points=turn.points[1:])  # no step leads to the first state
            smooth = running_mean(turn.points[:, 1:], len(turn.points) // 40)
            turns.append(turn)
            means.append(
                replace(
                    turn, points=np.column_stack([turn.points[:, 0], smooth]), colour=path.colour, width=2.0
                )
            )
        high = max([1.0, *(float(turn.points[:, 1].max(initial=0)) for turn in turns)])
        step = "Turn since the state before (degrees)"
        if not any(len(turn.points) for turn in turns):
            step += ": no states to compare"
        return [
            Chart(title, _STATE_CURVE, x, Axis(low, 1.0), cosines, title=title),
            Chart(step, _STATE_CURVE, x, Axis(0, high), [*turns, *means], title=step),
        ]


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
    kept = [trajectory.thinned(most) for trajectory in trajectories]
    rows = [unit_rows(t.vectors) for t in trajectories]
    shown = [row[index] for row, index in zip(rows, kept, strict=True)]
    flat, places, placed = project_words(shown, near, projection, seed)
    paths = []
    for i, (t, index, row) in enumerate(zip(trajectories, kept, rows, strict=True)):
        zero: Mask = np.all(row == 0, axis=1)
        cosine = row[index] @ row[zero.argmin()]
        measured = (t.updates[index], cosine, t.turns()[index], zero[index])
        paths.append(WordPath(t.word, WORDS[i], places[i], placed[i], *measured))
    return StateView(tuple(paths), flat.method, flat.explained, frame_of([flat.points]))


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
    return sums / counts


def _segments(
    points: AnyFloats, mean: AnyFloats, colour: str, pixels: Doubles, full: float, width: float
) -> list[Line]:
    """A path in pieces, each darker than the previous one in proportion to the length drawn."""
    if len(points) < 2:
        return []
    way = arc_length(mean * pixels)
    cuts = np.searchsorted(way, np.linspace(0, way[-1], _SHADES + 1)).clip(max=len(points) - 1)
    cuts = np.unique(np.append(cuts, len(points) - 1)).tolist()
    shades = (tint(colour, full * (0.4 + 0.6 * way[b] / (way[-1] or 1.0))) for b in cuts[1:])
    return [
        Line(points[a : b + 1], shade, width) for (a, b), shade in zip(pairwise(cuts), shades, strict=True)
    ]


# ---- How they are drawn


def save_paths(view: StateView, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Draw a view into a file; the suffix of the path names the format."""
    save_figure(path_figure(view), path, ". ".join(word.sentence for word in view.paths), overwrite=overwrite)


def path_figure(view: StateView) -> Figure:
    """The figure of a view: a sentence for each word, a map, and curves."""
    sentences = [(word.sentence, ink(word.colour)) for word in view.paths]
    return Figure(sentences, [[_map(view)], view.curves()])


def _map(view: StateView) -> Chart:
    """The paths, their marks and their neighbours, with names."""
    x, y = _plane_axes(view.frame, _MAP, view.method, view.explained)
    pixels = np.array(_MAP) / [x.high - x.low, y.high - y.low]  # per unit
    shared = shared_neighbours(view)
    marks = [mark for word in view.paths for mark in word.marks()]
    for word in view.paths:
        for near in word.near:
            shown = escape_for_display(near.word), escape_for_display(word.word)
            hover = f"{shown[0]}: cosine {near.cosine:.3f} to {shown[1]}, {view.ends[near.last]}"
            shade = GREY if (near.word, near.last) in shared else word.colour
            # A diamond is wider, so that its tips show behind a square.
            shape, size = ("square", 8) if near.last else ("diamond", 11)
            marks.append(Mark(near.at, shade, hover, shape, size, hollow=not near.last))
    names = [name for word in view.paths for name in word.names()]
    names += _neighbour_names(view, shared, pixels)
    ends = {near.last for word in view.paths for near in word.near}
    signs = [
        (Mark((0, 0), INK, "", ("diamond", "square")[end], hollow=not end), view.ends[end])
        for end in sorted(ends)
    ]
    note = view.note + " Grey: near several of these words." * bool(shared)
    legend = [*view.signs, *signs]
    return Chart("map", _MAP, x, y, view.lines(pixels), marks, names, legend=legend, note=note.strip())


def shared_neighbours(view: StateView) -> set[tuple[str, bool]]:
    """(word, last) of the neighbours that several of the paths have."""
    seen = Counter(key for path in view.paths for key in {(near.word, near.last) for near in path.near})
    return {key for key, paths in seen.items() if paths > 1}


def _neighbour_names(view: StateView, shared: set[tuple[str, bool]], pixels: Doubles) -> list[Label]:
    """Names of neighbours. Those of one colour that are close together share a line."""
    paths = {word.word for word in view.paths}
    piles: dict[tuple[str, bool, float, float], dict[str, Neighbour]] = {}
    for word in view.paths:
        for near in word.near:
            if near.last or near.word not in paths:  # the start of a path is labelled already
                shade = GREY if (near.word, near.last) in shared else ink(word.colour)
                x, y = np.round(near.at * pixels / _TOGETHER).tolist()
                piles.setdefault((shade, near.last, x, y), {})[near.word] = near
    names = []
    for (shade, last, *_), pile in piles.items():
        middle: list[float] = np.mean([near.at for near in pile.values()], axis=0).tolist()
        for line in textwrap.wrap(", ".join(map(escape_for_display, pile)), 60):
            names.append(Label(line, middle, shade, italic=not last))
    return names


def _plane_axes(
    frame: tuple[float, float, float, float],  # left, right, bottom, top of the points
    size: tuple[float, float],
    method: str,
    explained: tuple[float, float] | None,
) -> tuple[Axis, Axis]:
    """The axes of a map: the frame with a margin for names, with equal scales."""
    left, right, bottom, top = frame
    aspect = size[0] / size[1]
    half = (max(right - left, (top - bottom) * aspect) * 1.24 or 1.0) / 2
    if explained is None:
        name = PROJECTIONS[method].title
        titles = [f"{name} 1 (far distances mean little)", f"{name} 2"]
    else:
        titles = [f"PC {i}: {share:.0%} of the variance" for i, share in enumerate(explained, 1)]
    x, y = (left + right) / 2, (bottom + top) / 2
    return Axis(x - half, x + half, titles[0]), Axis(y - half / aspect, y + half / aspect, titles[1])
