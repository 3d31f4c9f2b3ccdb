"""What a chart shows, said once, where it is made: lines, marks with their intervals, names, and axes.

`selfvec.analysis.views.charts` draws it for files, reports and notebooks. All texts of a chart are safe to
display; what is markup is escaped by who draws it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .arrays import AnyFloats, Doubles

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)  # of round figures


@dataclass(frozen=True)
class Axis:
    low: float
    high: float
    title: str = ""
    ticks: Sequence[tuple[float, str]] | None = None  # values and how they are written; None: round figures
    scale: Callable[[Doubles], Doubles] = np.asarray  # or a logarithm
    slanted: bool = False  # whether figures below it are long

    def shares(self, values: AnyFloats) -> Doubles:
        """How far along the axis values are: 0 at its beginning, 1 at its end."""
        low, high = self.scale(np.array([self.low, self.high]))
        along: Doubles = self.scale(np.asarray(values, np.float64)) - low
        return along / (high - low if high > low else 1)

    @property
    def figures(self) -> Sequence[tuple[float, str]]:
        return round_figures(self.low, self.high) if self.ticks is None else self.ticks


@dataclass(frozen=True, eq=False)
class Line:
    points: AnyFloats  # (n, 2)
    colour: str
    width: float = 2.0
    dashed: bool = False
    kind: str = ""  # its class in a page


class Mark(NamedTuple):
    at: Sequence[float] | AnyFloats  # (2,)
    colour: str
    hover: str = ""  # what a page says where one points
    shape: str = "circle"  # or square, diamond, cross, triangle, line; none: only what is said
    size: float = 7.0  # pixels across; names may cover what is smaller than a letter
    hollow: bool = False
    low: float | None = None  # the interval of y
    high: float | None = None
    text: str = ""  # that stands in its place


class Label(NamedTuple):
    """A name that stands beside a point."""

    text: str
    at: Sequence[float] | AnyFloats  # (2,)
    colour: str
    size: int = 12
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True)
class Chart:
    about: str  # for people who cannot see it
    size: tuple[float, float]  # of the plane between the axes, in pixels
    x: Axis
    y: Axis
    lines: Sequence[Line] = ()
    marks: Sequence[Mark] = ()
    labels: Sequence[Label] = ()  # the first get the best places
    title: str = ""
    legend: Sequence[tuple[Mark, str]] = ()  # below it: signs and what they mean
    note: str = ""  # below the legend


def round_figures(low: float, high: float, most: int = 5) -> list[tuple[float, str]]:
    """At most about some round figures between two values, and how they are written.

    >>> [text for _, text in round_figures(-0.1, 0.93)]
    ['0.00', '0.25', '0.50', '0.75']
    """
    raw = (high - low) / most
    if not raw > 0:
        return []
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * n for n in _STEPS if power * n >= raw * 0.999)
    digits = len(f"{step:.9f}".rstrip("0").partition(".")[2])
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(n * step, f"{n * step:z,.{digits}f}") for n in range(first, last + 1)]
