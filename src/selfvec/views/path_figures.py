"""Figures of how words moved: what `state_paths` and `slice_paths` share.

A figure is a map of paths on the left and curves on the right. `trajectory_view` and `slice_view` compute the
content of a figure, `path_figure` describes it. All words and states share one plane.
"""

from __future__ import annotations

import os
import textwrap
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, NamedTuple, TypeVar

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Floats
from selfvec.base.display import escape_for_display
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors

from .figure import save_figure, under_sentences
from .palette import GREY, WORDS, ink
from .plane import Spec, label, labels, layered, mark, mark_layer, plane_axes
from .projection import Projection, project

MOST_WORDS = 7  # colours that are distinguishable on white with any colour vision

_MAP = (640, 560)
_TOGETHER = 9.0  # neighbours whose marks are closer than this many pixels share a label


class Neighbour(NamedTuple):
    """A neighbour of a word at the start of its path or, if ``last``, at the end."""

    word: str
    last: bool
    cosine: float
    at: AnyFloats  # its vector, (d,); in a view its point, (2,)


@dataclass(frozen=True, eq=False)
class PlacedWord(ABC):
    """A word in the plane."""

    word: str
    points: AnyFloats  # (n, 2)
    near: tuple[Neighbour, ...]

    @property
    @abstractmethod
    def sentence(self) -> str:
        """The path in numbers."""

    @abstractmethod
    def marks(self, colour: str) -> list[Spec]:
        """The marks on the path."""

    @abstractmethod
    def names(self, colour: str) -> list[Spec]:
        """The labels of the path."""


Word = TypeVar("Word", bound=PlacedWord)


@dataclass(frozen=True, eq=False)
class PathView(ABC, Generic[Word]):
    """What a figure of paths shows. All of them share one projection and one frame."""

    shapes: ClassVar[Mapping[str, str]]  # of the marks, by kind; the last kind is filled
    ends: ClassVar[tuple[str, str]]  # what the neighbours at the start and at the end are near

    paths: tuple[Word, ...]
    method: str
    explained: tuple[float, float] | None
    frame: tuple[float, float, float, float]  # left, right, bottom, top; contains every point

    @property
    def coloured(self) -> list[tuple[Word, str]]:
        """The words with their colours."""
        return list(zip(self.paths, WORDS, strict=False))

    @property
    @abstractmethod
    def note(self) -> str:
        """What the lines of the map mean."""

    @abstractmethod
    def lines(self, place: Spec, pixels: Doubles) -> list[Spec]:
        """The layers of the map under its marks; ``pixels`` (2,) are those of one unit."""

    @abstractmethod
    def curves(self) -> Spec:
        """The curves on the right."""


def check_words(words: Sequence[str]) -> None:
    """Raise `OptionError` if a figure cannot show these words."""
    if not 1 <= len(words) <= MOST_WORDS or len(set(words)) < len(words):
        rule = f"a figure shows 1 to {MOST_WORDS} different words, {len(words)} were given"
        raise OptionError(rule, remedy="name each word once, or draw several figures")


def nearest_at_ends(word: str, ends: Sequence[Vectors], most: int) -> list[Neighbour]:
    """The words nearest to a word in the vectors of the start and of the end, without zero vectors."""
    found: list[Neighbour] = []
    for last, vectors in enumerate(ends):
        row = vectors.get(word)
        if most and row is not None and row.any():
            for other, cosine in vectors.most_similar(word, topn=most):
                vector = vectors.get_vector(other, norm=True)
                if vector.any():
                    found.append(Neighbour(other, bool(last), cosine, vector))
    return found


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
    left, bottom = every.min(axis=0).tolist()
    right, top = every.max(axis=0).tolist()
    return left, right, bottom, top


def save_paths(view: PathView[Word], path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Draw a view into a file; the suffix of the path names the format."""
    save_figure(path_figure(view), path, ". ".join(word.sentence for word in view.paths), overwrite=overwrite)


def path_figure(view: PathView[Word]) -> Spec:
    """Describe the figure of a view: a sentence for each word, a map, and curves."""
    sentences = [(word.sentence, ink(colour)) for word, colour in view.coloured]
    return under_sentences(sentences, [_map(view), view.curves()])


def _map(view: PathView[Word]) -> Spec:
    """The paths, their marks and their neighbours, with labels."""
    x, y = plane_axes(view.frame, _MAP, view.method, view.explained)
    low, high = (np.array([axis["scale"]["domain"][end] for axis in (x, y)]) for end in (0, 1))
    pixels = np.array(_MAP) / (high - low)  # per unit
    place = {"x": x, "y": y}
    shared = shared_neighbours(view)
    marks = []
    for word, colour in view.coloured:
        marks += word.marks(colour)
        for near in word.near:
            shown = escape_for_display(near.word), escape_for_display(word.word)
            hover = f"{shown[0]}: cosine {near.cosine:.3f} to {shown[1]}, {view.ends[near.last]}"
            shade = GREY if (near.word, near.last) in shared else colour
            width = 8 if near.last else 11  # a diamond is wider, so that its tips show behind a square
            marks.append(mark(view.ends[near.last], near.at, width, shade, hover))
    names = [name for word, colour in view.coloured for name in word.names(ink(colour))]
    names += _neighbour_names(view, shared, pixels)
    shapes = dict(view.shapes) | dict(zip(view.ends, ("diamond", "square"), strict=True))
    hollow = [*list(view.shapes)[:-1], view.ends[0]]
    note = view.note + " Grey: near several of these words." * bool(shared)
    layers = [
        *view.lines(place, pixels),
        mark_layer(marks, place, shapes, hollow, note=note.strip()),
        labels(names, place, _MAP, marks, [word.points for word in view.paths]),
    ]
    return layered(layers, _MAP)


def shared_neighbours(view: PathView[Word]) -> set[tuple[str, bool]]:
    """(word, last) of the neighbours that several of the paths have."""
    seen = Counter(key for path in view.paths for key in {(near.word, near.last) for near in path.near})
    return {key for key, paths in seen.items() if paths > 1}


def _neighbour_names(view: PathView[Word], shared: set[tuple[str, bool]], pixels: Doubles) -> list[Spec]:
    """Labels of neighbours. Those of one colour that are close together share a label."""
    paths = {word.word for word in view.paths}
    piles: dict[tuple[str, bool, float, float], dict[str, Neighbour]] = {}
    for word, colour in view.coloured:
        for near in word.near:
            if near.last or near.word not in paths:  # the start of a path is labelled already
                shade = GREY if (near.word, near.last) in shared else ink(colour)
                x, y = np.round(near.at * pixels / _TOGETHER).tolist()
                piles.setdefault((shade, near.last, x, y), {})[near.word] = near
    names = []
    for (shade, last, *_), pile in piles.items():
        middle: list[float] = np.mean([near.at for near in pile.values()], axis=0).tolist()
        for line in textwrap.wrap(", ".join(map(escape_for_display, pile)), 60):
            names.append(label(line, middle, shade, italic=not last))
    return names
