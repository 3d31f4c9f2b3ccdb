"""The pictures of docs/results/collapse.md: a plane, and the map of a space.

Colours are those of `selfvec.analysis.views`; curves and words differ in their marks as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.views.figure import save_figure
from selfvec.analysis.views.plane import GREY, INK, WORDS, ink, plane_axes, tint
from selfvec.base import chart as drawing
from selfvec.base.chart import Axis, Label, Line, Mark
from selfvec.files.svg import Figure

Table = NDArray[np.float32]


_SHAPES = ("circle", "square", "triangle")  # of groups of words
_APART = 12.0  # degrees between two words that are both named


def draw_plane(
    rows: Sequence[Sequence[tuple[str, Table]]],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    path: Path,
) -> None:
    """Words as directions in a plane: a row of states, titles and (V, 2) unit rows, for each rule."""
    columns = [[_circle(*states[column], words, groups) for states in rows] for column in range(len(rows[0]))]
    told = "Words as directions in a plane, before and after each rule."
    save_figure(Figure((), columns), path, told, overwrite=True)


def _circle(
    title: str, table: Table, words: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> drawing.Chart:
    around = np.linspace(0, 2 * np.pi, 121)
    lines = [Line(np.stack([np.cos(around), np.sin(around)], axis=1), "#dddddd", 1.0)]
    marks, named = [], []
    angles: list[float] = []
    for name, members in groups.items():
        colour = _colour(groups, name)
        for word in members:
            at = table[words.index(word)].astype(np.float64)
            lines.append(Line(np.array([[0.0, 0.0], at]), tint(colour, 0.5), 0.8))
            marks.append(Mark(at, colour, shape=_shape(groups, name)))
            angle = float(np.rad2deg(np.arctan2(at[1], at[0])))
            if all(abs((angle - other + 180) % 360 - 180) >= _APART for other in angles):
                angles.append(angle)
                named.append(Label(word, at, ink(colour), 11))
    x, y = Axis(-1.75, 1.75, ticks=()), Axis(-1.2, 1.2, ticks=())
    return drawing.Chart(title, (245, 168), x, y, lines, marks, named, title, _signs(groups))


def _colour(groups: Mapping[str, Any], name: str) -> str:
    return GREY if name == "function words" else WORDS[list(groups).index(name)]


def _shape(groups: Mapping[str, Any], name: str) -> str:
    return _SHAPES[list(groups).index(name)]


def _signs(groups: Mapping[str, Any]) -> list[tuple[Mark, str]]:
    return [(Mark((0, 0), _colour(groups, name), shape=_shape(groups, name)), name) for name in groups]


def draw_map(
    states: Sequence[tuple[str, Table]], words: Sequence[str], groups: Mapping[str, Sequence[str]], path: Path
) -> None:
    """Frequent words in the two directions in which they vary most, each state in its own, at one scale.

    A state is a title and (V, d) unit rows. Words of ``groups`` are named and coloured, others are grey dots.
    """
    planes = []
    for _, table in states:
        centred = table.astype(np.float64) - table.mean(axis=0, dtype=np.float64)
        planes.append(centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T)
    every = np.concatenate(planes)
    (left, bottom), (right, top) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    frame = (left, right, bottom, top)
    columns = [
        [_state(title, points, words, groups, frame)]
        for (title, _), points in zip(states, planes, strict=True)
    ]
    told = "Frequent words in two directions, before and after."
    save_figure(Figure((), columns), path, told, overwrite=True)


def _state(
    title: str,
    points: NDArray[np.float64],
    words: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    frame: tuple[float, float, float, float],
) -> drawing.Chart:
    size = (330, 325)
    x, y = (replace(axis, title="", ticks=()) for axis in plane_axes(frame, size, "pca", (0.0, 0.0)))
    marks = [Mark(at, "#c8c8c8", size=3) for at in points]
    names = []
    for name, members in groups.items():
        colour = _colour(groups, name)
        for word in members:
            at = points[words.index(word)]
            marks.append(Mark(at, colour, shape=_shape(groups, name)))
            names.append(Label(word, at, ink(colour)))
    if float(np.quantile(np.abs(points), 0.95)) < 0.2:  # no room for names
        names = [Label(f"all {len(points)} words", points.mean(axis=0), INK)]
    return drawing.Chart(title, size, x, y, (), marks, names, title, _signs(groups))
