"""The words of a figure on one plane: the paths of words, and their neighbours at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats
from selfvec.base.errors import OptionError

from .projection import Projection, project

__all__ = ["MOST_WORDS", "Neighbour", "PathView", "PlacedNeighbour", "check_words", "project_words"]

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
