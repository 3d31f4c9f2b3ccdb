"""Figures of how words moved through the states of a run.

A figure is a map of paths on the left and curves on the right. `trajectory_view` computes what a figure
shows, `path_figure` describes how. All words and states share one plane.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats, Ints, Mask
from selfvec.base.chart import Axis, Chart, Label, Line, Mark
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.files.svg import Figure, arc_length

from .figure import GREY, INK, WORDS, ink, save_figure, tint
from .projection import PROJECTIONS, Projection, project

MOST_STATES = 200  # drawn per word: more would be invisible, and slow to place by t-SNE and UMAP

_MAP = (640, 560)  # pixels, beside the curves
_CURVES = (280, 205)  # pixels; two stand one below the other
_TOGETHER = 9.0  # neighbours whose marks are closer than this many pixels share a label
_SHADES = 16  # steps of a path from light (early) to full colour (late)
_SMOOTH = 30  # a running mean has this share of a path's states on each side
_STARTS = {False: ("circle", "original vector"), True: ("cross", "zero vector: it had none")}  # OOV: True
# A diamond is wider, so that its tips show behind a square.
_NEAR = (("diamond", 11, "nearest in the original vectors"), ("square", 8, "nearest in the refined vectors"))


class Neighbour(NamedTuple):
    """A neighbour of a word at the start of its path or, if ``last``, at the end."""

    word: str
    last: bool
    cosine: float
    at: AnyFloats  # its vector, (d,); in a view its point, (2,)


class WordPath(NamedTuple):
    """One word's path through the figure: S of its recorded states."""

    word: str
    colour: str
    points: AnyFloats  # (S, 2)
    near: Sequence[Neighbour]
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
        end = f"cosine to {'its first' if self.oov else 'the original'} {self.cosine[-1]:.2f}"
        if self.zero.all():
            end = "none made yet"
        lacks = "no original vector, " * self.oov
        return f"{escape_for_display(self.word)}: {updates:,} update{'s' * (updates != 1)}, {lacks}{end}"

    def marks(self) -> list[Mark]:
        """What is said of each state, then the ends."""
        word, (shape, start) = escape_for_display(self.word), _STARTS[self.oov]
        states = zip(self.points, self.updates.tolist(), self.cosine.tolist(), strict=True)
        return [
            *(
                Mark(at, self.colour, f"{word} after {updates:,} updates: cosine {cosine:.3f}", "none")
                for at, updates, cosine in states
            ),
            Mark(self.points[-1], self.colour, self.sentence, size=14),
            Mark(self.points[0], self.colour, f"{word}: {start}", shape, 13, hollow=True),
        ]

    def curve(self, values: AnyFloats, colour: str, width: float) -> Line:
        """A quantity over time, without the states at which the word had no vector."""
        return Line(np.stack([self.updates, values], axis=1)[~self.zero], colour, width, dashed=self.oov)


class StateView(NamedTuple):
    paths: Sequence[WordPath]
    projection: Projection  # of all points

    def shared_neighbours(self) -> set[tuple[str, bool]]:
        """(word, last) of the neighbours that several of the paths have."""
        paths = Counter((near.word, near.last) for path in self.paths for near in path.near)
        return {key for key, number in paths.items() if number > 1}


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
    words = [path.word for path in trajectories]
    if not 1 <= len(words) <= len(WORDS) or len(set(words)) < len(words):
        rule = f"a figure shows 1 to {len(WORDS)} different words, {len(words)} were given"
        raise OptionError(rule, remedy="name each word once, or draw several figures")
    near = [
        [
            Neighbour(other, bool(last), cosine, vectors.get_vector(other, norm=True))
            for last, vectors in enumerate((original, refined))
            if neighbours and vectors[word].any()
            for other, cosine in vectors.most_similar(word, topn=neighbours)
        ]
        for word in words
    ]
    shown = [path.thinned(MOST_STATES) for path in trajectories]
    rows = [path.vectors[states] for path, states in zip(trajectories, shown, strict=True)]
    around = [neighbour.at[None] for of_word in near for neighbour in of_word]
    flat = project(np.concatenate([*rows, *around]), projection, seed)
    *places, others = np.split(flat.points, np.cumsum([len(states) for states in shown]))
    rest = iter(others)
    paths = [
        WordPath(
            path.word,
            colour,
            points,
            [neighbour._replace(at=next(rest)) for neighbour in of_word],
            path.updates[states],
            path.to_original()[states],
            path.turns()[states],
            np.all(path.vectors[states] == 0, axis=1),
        )
        for path, colour, points, of_word, states in zip(
            trajectories, WORDS, places, near, shown, strict=False
        )
    ]
    return StateView(paths, flat)


def running_mean(values: AnyFloats, half: int) -> Doubles:
    """Mean of each row and up to ``half`` rows on each side, equally many before and after.

    >>> running_mean(np.array([[0.0], [2.0], [0.0], [2.0], [9.0]]), half=1).ravel().round(2).tolist()
    [0.0, 0.67, 1.33, 3.67, 9.0]
    """
    row = np.arange(len(values))
    reach = np.minimum(half, np.minimum(row, row[::-1]))
    sums = np.cumsum(np.pad(values, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    mean: Doubles = (sums[row + reach + 1] - sums[row - reach]) / (2 * reach + 1)[:, None]
    return mean


# ---- How they are drawn


def save_paths(view: StateView, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Draw a view into a file; the suffix of the path names the format."""
    save_figure(path_figure(view), path, ". ".join(word.sentence for word in view.paths), overwrite=overwrite)


def path_figure(view: StateView) -> Figure:
    """The figure of a view: a sentence for each word, a map, and curves."""
    sentences = [(word.sentence, ink(word.colour)) for word in view.paths]
    return Figure(sentences, [[_map(view)], _curves(view.paths)])


def _map(view: StateView) -> Chart:
    """The paths, their marks and their neighbours, with names.

    A thin line shows the states, a thick line their mean; both darken with time.
    """
    x, y = _plane_axes(view.projection)
    shared = view.shared_neighbours()
    thin, thick, marks, names = [], [], [], []
    for path in view.paths:
        mean = running_mean(path.points, len(path.points) // _SMOOTH)
        thin += _shaded(path.points, mean, path.colour, 0.55, 0.8)
        thick += _shaded(mean, mean, path.colour, 1.0, 2.4)
        marks += path.marks()
        word = escape_for_display(path.word)
        names.append(Label(word, path.points[-1 if path.oov else 0], ink(path.colour), 14, bold=True))
        for near in path.near:
            shape, size, where = _NEAR[near.last]
            hover = f"{escape_for_display(near.word)}: cosine {near.cosine:.3f} to {word}, {where}"
            colour = GREY if (near.word, near.last) in shared else path.colour
            marks.append(Mark(near.at, colour, hover, shape, size, hollow=not near.last))
    names += _neighbour_names(view, shared, _MAP[0] / (x.high - x.low))
    starts = sorted({path.oov for path in view.paths})
    ends = sorted({near.last for path in view.paths for near in path.near})
    legend = [
        *((Mark((0, 0), INK, "", _STARTS[oov][0], hollow=True), _STARTS[oov][1]) for oov in starts),
        (Mark((0, 0), INK), "last state"),
        *((Mark((0, 0), INK, "", _NEAR[last][0], hollow=not last), _NEAR[last][2]) for last in ends),
    ]
    note = "Paths run from light to dark. Thin: every state kept. Thick: their running mean."
    note += " Grey: near several of these words." * bool(shared)
    return Chart("map", _MAP, x, y, [*thin, *thick], marks, names, legend=legend, note=note)


def _shaded(points: AnyFloats, mean: AnyFloats, colour: str, full: float, width: float) -> list[Line]:
    """A path in pieces, each darker than the previous one in proportion to the length drawn."""
    way = arc_length(mean)
    cuts = np.searchsorted(way, np.linspace(0, way[-1], _SHADES + 1)).clip(max=len(points) - 1)
    cuts = np.unique(np.append(cuts, len(points) - 1)).tolist()
    return [
        Line(points[a : b + 1], tint(colour, full * (0.4 + 0.6 * way[b] / (way[-1] or 1.0))), width)
        for a, b in pairwise(cuts)
    ]


def _neighbour_names(view: StateView, shared: set[tuple[str, bool]], scale: float) -> list[Label]:
    """Names of neighbours. Those of one colour that are within some pixels share a line."""
    paths = {path.word for path in view.paths}
    piles: dict[tuple[str, bool, float, float], dict[str, AnyFloats]] = {}
    for path in view.paths:
        for near in path.near:
            if near.last or near.word not in paths:  # the start of a path is labelled already
                colour = GREY if (near.word, near.last) in shared else ink(path.colour)
                x, y = np.round(near.at * scale / _TOGETHER).tolist()
                piles.setdefault((colour, near.last, x, y), {})[near.word] = near.at
    return [
        Label(line, np.mean([*pile.values()], axis=0), colour, italic=not last)
        for (colour, last, *_), pile in piles.items()
        for line in textwrap.wrap(", ".join(map(escape_for_display, pile)), 60)
    ]


def _plane_axes(flat: Projection) -> tuple[Axis, Axis]:
    """The axes of a map: the frame with a margin for names, with equal scales."""
    low, high = flat.points.min(axis=0), flat.points.max(axis=0)
    half = np.array([1, _MAP[1] / _MAP[0]]) * float(max((high - low) / _MAP) * _MAP[0] * 0.62 or 0.5)
    (left, bottom), (right, top) = ((low + high) / 2 - half).tolist(), ((low + high) / 2 + half).tolist()
    if flat.explained is None:
        name = PROJECTIONS[flat.method].title
        titles = [f"{name} 1 (far distances mean little)", f"{name} 2"]
    else:
        titles = [f"PC {i}: {share:.0%} of the variance" for i, share in enumerate(flat.explained, 1)]
    return Axis(left, right, titles[0]), Axis(bottom, top, titles[1])


def _curves(paths: Sequence[WordPath]) -> list[Chart]:
    """Cosine to the original vector, and angle between successive states with its running mean."""
    last = max(int(path.updates[-1]) for path in paths)
    ticks = range(last + 1) if last < 10 else [0, *(10**i for i in range(len(str(last))))]
    named = [(float(tick), f"{tick:,}") for tick in ticks]
    x = Axis(0, max(1, last), "updates of the word (logarithmic)", named, scale=np.log1p)
    cosines = [path.curve(path.cosine, path.colour, 1.8) for path in paths]
    turns, means = [], []
    for path in paths:
        turn = path.curve(path.angle, tint(path.colour, 0.4), 0.8)
        points = turn.points[1:]  # no step leads to the first state
        turns.append(Line(points, turn.colour, turn.width, turn.dashed))
        means.append(Line(running_mean(points, len(points) // _SMOOTH), path.colour, 2.0, turn.dashed))
    low = min(0.0, *(float(path.cosine.min()) for path in paths))
    high = max(1.0, *(float(path.angle.max()) for path in paths))
    title = "Cosine to the original" + " (dashed: to the first)" * any(path.oov for path in paths)
    step = "Turn since the state before (degrees)"
    return [
        Chart(title, _CURVES, x, Axis(low, 1.0), cosines, title=title),
        Chart(step, _CURVES, x, Axis(0, high), [*turns, *means], title=step),
    ]
