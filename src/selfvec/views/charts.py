"""Small line charts side by side, as a scene: curves differ in colour and in mark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.display import escape_for_display

from .palette import GREY, INK, WORDS, ink, tint
from .scene import Label, Line, Marks, Panel, Scene
from .text import Spell, text_width

__all__ = ["Chart", "Series", "chart_scene"]

_WIDTH, _HEIGHT = 330.0, 220.0  # of a chart's inside, in pixels
_LEFT, _RIGHT, _FOOT, _HEAD, _ROW = 66.0, 24.0, 56.0, 34.0, 20.0
_COLUMNS = 2
_SYMBOLS = ("circle", "square", "diamond", "cross")


@dataclass(frozen=True)
class Series:
    """One curve: its name, where its points stand, and the value it began at, drawn as a dashed line."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    start: float | None = None


@dataclass(frozen=True)
class Chart:
    """Curves over one axis.

    Parameters
    ----------
    title, x_title : str
    series : tuple of Series
    y : (low, high)
        What the edges are at least to include; None for as far as the curves go.
    logarithmic : bool
        Whether equal ratios of x are equally wide; all x are then above 0.
    names : tuple of str
        What stands under x = 0, 1, 2, ... where the axis is no number.
    """

    title: str
    x_title: str
    series: tuple[Series, ...]
    y: tuple[float | None, float | None] = (None, None)
    logarithmic: bool = False
    names: tuple[str, ...] = ()


def chart_scene(charts: Sequence[Chart], description: str, spell: Spell = escape_for_display) -> Scene:
    """Lay charts out, two in a row, each with its legend above it.

    Parameters
    ----------
    charts : sequence of Chart
    description : str
        What the figure shows, in words.
    spell : callable
        Makes names fit to be shown.
    """
    columns = min(_COLUMNS, len(charts))
    legends = [_ROW * len(_legend_rows(chart, spell)) for chart in charts]
    rows = [max(legends[i : i + columns]) for i in range(0, len(charts), columns)]
    height = sum(_FOOT + _HEIGHT + _HEAD + legend for legend in rows)
    panels: list[Panel] = []
    top = height
    for place, chart in enumerate(charts):
        row, column = divmod(place, columns)
        if column == 0:
            top -= _HEAD + rows[row] + (0 if row == 0 else _FOOT + _HEIGHT)
        left = _LEFT + column * (_LEFT + _WIDTH + _RIGHT)
        colours = {curve.name: i for i, curve in enumerate(chart.series)}
        panels.append(_panel(chart, (left, top - _HEIGHT, _WIDTH, _HEIGHT), colours, spell))
        panels.append(_legend(chart, (left, top + 4), colours, spell))
    return Scene(columns * (_LEFT + _WIDTH + _RIGHT), height, tuple(panels), description)


def _style(number: int) -> tuple[str, str]:
    """Colour and symbol of a curve: seven of one and four of the other, so that 28 curves differ."""
    return WORDS[number % len(WORDS)], _SYMBOLS[number % len(_SYMBOLS)]


def _panel(
    chart: Chart, rectangle: tuple[float, float, float, float], colours: dict[str, int], spell: Spell
) -> Panel:
    def across(x: float) -> float:
        return math.log10(x) if chart.logarithmic else float(x)

    places = sorted({float(x) for curve in chart.series for x in curve.x})
    low, high = (across(places[0]), across(places[-1])) if places else (0.0, 1.0)
    margin = 0.3 if chart.names else 0.05 * (high - low) or 0.5
    ticks = chart.names or tuple(_number(x) for x in places)
    panel = Panel(
        rectangle,
        (low - margin, high + margin),
        _limits(chart),
        x_title=chart.x_title + (" (logarithmic)" if chart.logarithmic else ""),
        x_ticks=tuple((across(x), spell(text)) for x, text in zip(places, ticks, strict=True)),
    )
    for curve in chart.series:
        colour, symbol = _style(colours[curve.name])
        if curve.start is not None:
            ends = np.array([[panel.x[0], curve.start], [panel.x[1], curve.start]])
            panel.items.append(Line(ends, tint(colour, 0.6), 1.2, dashed=True))
    for curve in chart.series:
        colour, symbol = _style(colours[curve.name])
        xy = np.array([[across(x), y] for x, y in zip(curve.x, curve.y, strict=True)])
        panel.items.extend([Line(xy, colour, 2.0), Marks(xy, symbol, colour, 8)])
    return panel


def _limits(chart: Chart) -> tuple[float, float]:
    values = [
        y for curve in chart.series for y in (*curve.y, *([] if curve.start is None else [curve.start]))
    ]
    values += [edge for edge in chart.y if edge is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = 0.04 * (high - low) or 0.5
    return low - margin, high + margin


def _number(x: float) -> str:
    return f"{x:g}".removeprefix("0") if 0 < x < 1 else f"{x:g}"


def _legend_rows(chart: Chart, spell: Spell) -> list[list[str]]:
    """Names of curves, as many in a row as fit."""
    rows: list[list[str]] = [[]]
    for curve in chart.series:
        row = [*rows[-1], curve.name]
        if sum(text_width(spell(name), 12) + 30 for name in row) > _WIDTH and rows[-1]:
            rows.append([curve.name])
        else:
            rows[-1] = row
    return rows


def _legend(chart: Chart, at: tuple[float, float], colours: dict[str, int], spell: Spell) -> Panel:
    """The title, and under it what each colour and mark is."""
    rows = _legend_rows(chart, spell)
    height = _ROW * len(rows) + 24
    panel = Panel((*at, _WIDTH, height), (0, _WIDTH), (0, height), axes=False)
    panel.items.append(Label(chart.title, (0.0, height - 10.0), INK, 14, bold=True, centred=True))
    for i, row in enumerate(rows):
        x, y = 5.0, height - 24 - _ROW * (i + 0.5)
        for name in row:
            colour, symbol = _style(colours[name])
            panel.items.append(Marks(np.array([[x, y]]), symbol, colour, 8))
            panel.items.append(Label(spell(name), (x + 9, y), ink(colour), 12, centred=True))
            x += text_width(spell(name), 12) + 30
    if any(curve.start is not None for curve in chart.series):
        text = "dashed: the original"
        where = (_WIDTH - text_width(text, 11), height - 10.0)
        panel.items.append(Label(text, where, GREY, 11, centred=True))
    return panel
