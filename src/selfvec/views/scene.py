"""A figure as plain data: what is where, in which colour, before any plotting library is asked.

A scene is built once and drawn by either of two thin drawers (`draw_matplotlib`, `draw_plotly`), so that the
picture in a paper and the page in a browser show the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .palette import INK

__all__ = ["Item", "Label", "Line", "Marks", "Panel", "Scene", "running", "way_along"]

Float = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Line:
    """A polyline through ``xy`` (n, 2), in the panel's units; ``filled``, the polygon and no line."""

    xy: Float
    colour: str
    width: float = 1.0
    dashed: bool = False
    filled: bool = False
    hover: tuple[str, ...] = ()
    """A text for every point, shown where the figure can be pointed at."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Equal symbols at ``xy`` (n, 2): "circle", "square", "diamond" or "cross"."""

    xy: Float
    symbol: str
    colour: str
    size: float = 8.0
    filled: bool = True
    hover: tuple[str, ...] = ()


@dataclass(frozen=True)
class Label:
    """One line of text whose lower left corner, or left middle if ``centred``, is at ``at``."""

    text: str
    at: tuple[float, float]
    colour: str = INK
    size: float = 12.0
    bold: bool = False
    italic: bool = False
    centred: bool = False
    covers: bool = False
    """Whether it stands on a veil that lets it be read over lines."""


Item = Line | Marks | Label


@dataclass(frozen=True, eq=False)
class Panel:
    """A rectangle of the scene with its own units.

    Parameters
    ----------
    rectangle : (left, bottom, width, height)
        In pixels of the scene.
    x, y : (low, high)
        What the edges mean.
    title, x_title, y_title : str
    x_ticks : tuple of (place, text), optional
        Chosen by the drawer when not given.
    axes : bool
        Whether edges, ticks and titles are drawn.
    items : list of Line, Marks and Label
        Drawn in order.
    """

    rectangle: tuple[float, float, float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    title: str = ""
    x_title: str = ""
    y_title: str = ""
    x_ticks: tuple[tuple[float, str], ...] = ()
    axes: bool = True
    items: list[Item] = field(default_factory=list)

    def pixels(self, xy: Float) -> NDArray[np.float64]:
        """Points in the panel's units, (n, 2), as pixels from its lower left corner."""
        low, high = np.array([self.x[0], self.y[0]]), np.array([self.x[1], self.y[1]])
        scaled: NDArray[np.float64] = (np.asarray(xy, dtype=np.float64) - low) / (high - low)
        return scaled * self.rectangle[2:]

    def units(self, pixels: Float) -> NDArray[np.float64]:
        """The inverse of `pixels`."""
        low, high = np.array([self.x[0], self.y[0]]), np.array([self.x[1], self.y[1]])
        inside: NDArray[np.float64] = low + pixels / self.rectangle[2:] * (high - low)
        return inside


@dataclass(frozen=True, eq=False)
class Scene:
    """A figure of ``width`` × ``height`` pixels (96 to the inch), and in words what it shows."""

    width: float
    height: float
    panels: tuple[Panel, ...]
    description: str


def running(values: Float, half: int, reach: Float | None = None) -> NDArray[np.float64]:
    """Mean of each row and up to ``half`` rows on either side of it, always as many before as after.

    Parameters
    ----------
    values : (n, k) float
    half : int
    reach : (k,) float, optional
        Rows farther than this along any axis are left out with the one opposite, so that quick straight
        movement is kept and only what goes to and fro is smoothed.

    Examples
    --------
    >>> running(np.array([[0.0], [2.0], [0.0], [2.0], [9.0]]), half=1).ravel().round(2).tolist()
    [0.0, 0.67, 1.33, 3.67, 9.0]
    """
    values = np.asarray(values, dtype=np.float64)
    sums, counts = values.copy(), np.ones((len(values), 1))
    for k in range(1, min(half, (len(values) - 1) // 2) + 1):
        middle, before, after = values[k:-k], values[: -2 * k], values[2 * k :]
        both: NDArray[np.bool_] = np.ones(len(middle), dtype=np.bool_)
        if reach is not None:
            both = np.all(np.maximum(np.abs(before - middle), np.abs(after - middle)) <= reach, axis=1)
        sums[k:-k][both] += (before + after)[both]
        counts[k:-k][both] += 2
    means: NDArray[np.float64] = sums / counts
    return means


def way_along(pixels: Float) -> NDArray[np.float64]:
    """Length of the way to each point of a line, (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(pixels, axis=0), axis=1))])
