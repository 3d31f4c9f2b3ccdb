"""Charts as SVG: what `selfvec.base.chart` declares, for reports, notebooks and files of their own.

Text has the colour of the page around it. Names beside points overlap neither one another nor marks and
lines: places around each point are tried, nearest first (as Kittivorawong et al. 2020, *Fast and flexible
overlap detection for chart labeling with occupancy bitmap*); a thin line joins a name to a distant point, and
a name without a free place is left out.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles
from selfvec.base.chart import Axis, Chart, Label, Line, Mark

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # vl-convert has the first; Arial has the same widths
COLOUR = "var(--came, #0072B2)"  # that of a report, or one that is readable on light and dark
HOLLOW = "var(--paper, white)"  # of a report, or white

_LETTER = 0.57  # mean width of a letter, in its size
_BOLD = 0.62  # the same in bold
_TICK = 11  # size of the figures at axes
_COS, _SIN = 0.77, 0.64  # of 40°, by which long ones are turned
_LINE = 18  # pixels between two lines of text below a chart
_NEAR = 9.0  # pixels between a point and the nearest place for its name
_DISTANCES = (0, 6, 14, 24, 36, 50, 70, 95, 125, 160)  # further pixels, tried in this order
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
_EDGES = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])  # the middle of a mark and its edges
_CELL = 5.0  # pixels between two places that names avoid: less than the height of a name
_POLYGONS = {  # one pixel across
    "square": "-.5,-.5 .5,-.5 .5,.5 -.5,.5",
    "diamond": "0,-.7 .7,0 0,.7 -.7,0",
    "triangle": "0,-.6 .6,.5 -.6,.5",
    "line": "-.9,-.12 .9,-.12 .9,.12 -.9,.12",
    "cross": "-.2,-.6 .2,-.6 .2,-.2 .6,-.2 .6,.2 .2,.2 .2,.6 -.2,.6 -.2,.2 -.6,.2 -.6,-.2 -.2,-.2",
}


def chart_svg(chart: Chart) -> str:
    """A chart in an element of its own, as wide as the page allows."""
    inside, width, height = drawn(chart)
    size = f'viewBox="0 0 {width:g} {height:g}" style="width: 100%; max-width: {width:g}px; height: auto"'
    return f'<svg {size} role="img" aria-label="{escape(chart.about)}">{inside}</svg>'


def drawn(chart: Chart, hollow: str = HOLLOW) -> tuple[str, float, float]:
    """What a chart consists of, and its width and height."""
    width, height = chart.size
    left = (
        8 + max([0.0, *(text_width(text, _TICK) for _, text in chart.y.figures)]) + 20 * bool(chart.y.title)
    )
    names = [(at * width, text_width(text, _TICK)) for at, text in _ticks(chart.x)]
    slanted = chart.x.slanted
    left = max([left, *(wide * (_COS if slanted else 0.5) - at for at, wide in names)])
    right = max([8.0, *(wide / 2 + at - width for at, wide in names if not slanted)])
    heads = textwrap.wrap(chart.title, int((left + width) / 13 / _LETTER))
    top = 8.0 + 17 * len(heads)
    foot = 6.0 + 14 * bool(chart.x.figures) + 18 * bool(chart.x.title)
    foot += max([wide * _SIN for _, wide in names], default=0.0) * slanted
    title = "".join(
        f'<text y="{17 * row + 13}" font-size="13">{escape(text)}</text>' for row, text in enumerate(heads)
    )
    below = top + height + foot
    legend, rows = _legend(chart, hollow, left + width)
    axes, plane = "".join(_axes(chart, left)), "".join(_plane(chart, hollow))
    body = moved(0, top, axes) + moved(left, top, plane) + moved(0, below, legend)
    inside = f'<g font-size="{_TICK}" fill="currentColor">{title}{body}</g>'
    return inside, round(left + width + right), round(below + rows * _LINE)


def moved(x: float, y: float, inside: str) -> str:
    return f'<g transform="translate({x:.1f},{y:.1f})">{inside}</g>'


def text_width(text: str, size: float) -> float:
    """About how wide a text is, in pixels."""
    wide = sum(letter == "%" or unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (_LETTER * (len(text) - wide) + wide)


def _plane(chart: Chart, hollow: str) -> Iterator[str]:
    """What is between the axes: lines, then marks, then names."""
    lines = [_places(chart, line.points) for line in chart.lines]
    yield from map(_line, chart.lines, lines)
    marks = _places(chart, np.array([mark.at for mark in chart.marks]).reshape(-1, 2))
    for mark, (x, y) in zip(chart.marks, marks.tolist(), strict=True):
        if mark.low is not None and mark.high is not None:
            low, high = ((1 - chart.y.shares(np.array([mark.low, mark.high]))) * chart.size[1]).tolist()
            ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"'
            yield f'<line class="line" {ends} stroke="{mark.colour}" stroke-width="1.5" opacity=".6"/>'
        yield _sign(mark, x, y, hollow)
    if chart.labels:
        around = [dense(places) for places in lines]
        around += [
            at + mark.size / 2 * _EDGES
            for at, mark in zip(marks, chart.marks, strict=True)
            if mark.size > _CELL and mark.shape != "none"
        ]
        yield from _names(chart, np.concatenate(around), hollow)


def _places(chart: Chart, points: AnyFloats) -> Doubles:
    """Points in pixels from the upper left, (n, 2)."""
    across = chart.x.shares(points[:, 0]) * chart.size[0]
    return np.stack([across, (1 - chart.y.shares(points[:, 1])) * chart.size[1]], axis=1)


def _axes(chart: Chart, left: float) -> Iterator[str]:
    """Figures, lines across the plane and titles; ``left`` of the plane is room for those of y."""
    width, height = chart.size
    grid = 'class="grid" stroke="currentColor" stroke-opacity=".15"'
    for at, text in _ticks(chart.y):
        y = (1 - at) * height
        yield f'<line {grid} x1="{left:.1f}" x2="{left + width:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'
    for at, text in _ticks(chart.x):
        x = left + at * width
        if chart.x.title:  # the places of names are not measured
            yield f'<line {grid} x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height:g}"/>'
        place = f'x="{x:.1f}" y="{height + 15:g}" text-anchor="middle"'
        if chart.x.slanted:
            place = f'transform="translate({x + 4:.1f},{height + 12:g}) rotate(-40)" text-anchor="end"'
        yield f"<text {place}>{escape(text)}</text>"
    named = 'text-anchor="middle" font-size="12"'
    if chart.x.title:
        middle = left + width / 2
        yield f'<text x="{middle:.1f}" y="{height + 34:g}" {named}>{escape(chart.x.title)}</text>'
    if chart.y.title:
        turned = f'transform="translate(12,{height / 2:g}) rotate(-90)"'
        yield f"<text {turned} {named}>{escape(chart.y.title)}</text>"


def _ticks(axis: Axis) -> Iterator[tuple[float, str]]:
    """The figures within an axis, at their shares of it."""
    shares = axis.shares(np.array([value for value, _ in axis.figures])).tolist()
    return ((at, text) for at, (_, text) in zip(shares, axis.figures, strict=True) if -1e-6 <= at <= 1 + 1e-6)


def _line(line: Line, places: Doubles) -> str:
    kind = f'class="{line.kind}" ' if line.kind else ""
    look = f'stroke="{line.colour}" stroke-width="{line.width:g}" stroke-linejoin="round"'
    look += ' stroke-dasharray="4 3"' * line.dashed
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places.tolist())
    return f'<polyline {kind}points="{points}" fill="none" {look}/>'


def _sign(mark: Mark, x: float, y: float, hollow: str) -> str:
    """The sign of a mark; filled ones have a white border, so that they stand apart."""
    title = f"<title>{escape(mark.hover)}</title>" if mark.hover else ""
    if mark.text:
        place = f'x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle"'
        look = f'fill="{mark.colour}" paint-order="stroke" stroke="{hollow}" stroke-width="7"'
        return f"<text {place} {look}>{escape(mark.text)}{title}</text>"
    if mark.shape == "none":
        return f'<circle class="hover" cx="{x:.1f}" cy="{y:.1f}" r="4" opacity="0">{title}</circle>'
    look = f'class="few" fill="{hollow}"' if mark.hollow else f'fill="{mark.colour}"'
    look += f' stroke="{mark.colour}"' if mark.hollow or mark.low is not None else f' stroke="{hollow}"'
    if mark.shape == "circle":
        return f'<circle {look} cx="{x:.1f}" cy="{y:.1f}" r="{mark.size / 2:g}">{title}</circle>'
    place = f'transform="translate({x:.1f},{y:.1f}) scale({mark.size:g})" stroke-width="{1 / mark.size:.2g}"'
    return f'<polygon points="{_POLYGONS[mark.shape]}" {look} {place}>{title}</polygon>'


def _legend(chart: Chart, hollow: str, width: float) -> tuple[str, int]:
    """Signs and what they mean, in columns, and the note; and how many lines these are."""
    column = 40 + max([0.0, *(text_width(text, 12) for _, text in chart.legend)])
    across = max(1, int(width // column))
    out = []
    for number, (mark, text) in enumerate(chart.legend):
        x, y = number % across * column + 12, number // across * _LINE + 12
        sign = _sign(mark._replace(size=8), x, y - 4, hollow)
        out.append(f'{sign}<text x="{x + 12:.1f}" y="{y}" font-size="12">{escape(text)}</text>')
    rows = -(-len(chart.legend) // across)
    for number, line in enumerate(textwrap.wrap(chart.note, int(width / 12 / _LETTER)), rows):
        out.append(f'<text y="{number * _LINE + 12}" font-size="12">{escape(line)}</text>')
        rows += 1
    return "".join(out), rows


# ---- Names beside points


def _names(chart: Chart, obstacles: Doubles, hollow: str) -> Iterator[str]:
    at = _places(chart, np.array([label.at for label in chart.labels]))
    for label, point, place in zip(
        chart.labels, at.tolist(), placed(chart.labels, at, obstacles, chart.size), strict=True
    ):
        if place is None:
            continue
        left, top, right, bottom = place
        nearest = np.clip(point, [left, top], [right, bottom]).tolist()
        if np.hypot(nearest[0] - point[0], nearest[1] - point[1]) > _NEAR + 7:
            ends = f'x1="{point[0]:.1f}" y1="{point[1]:.1f}" x2="{nearest[0]:.1f}" y2="{nearest[1]:.1f}"'
            yield f'<line {ends} stroke="{label.colour}" stroke-width=".7" opacity=".5"/>'
        look = f'fill="{label.colour}" font-size="{label.size}"'
        look += ' font-weight="bold"' * label.bold + ' font-style="italic"' * label.italic
        halo = f'paint-order="stroke" stroke="{hollow}" stroke-width="3" stroke-opacity=".8"'
        beside = f'class="name" x="{left:.1f}" y="{bottom - label.size / 4:.1f}"'
        yield f"<text {beside} {look} {halo}>{escape(label.text)}</text>"


def placed(
    labels: Sequence[Label], at: Doubles, obstacles: Doubles, size: tuple[float, float]
) -> list[tuple[float, float, float, float] | None]:
    """The box of each label, (left, top, right, bottom), that is free; None if no place is."""
    cells = np.unique(np.round(obstacles / _CELL), axis=0) * _CELL
    taken = np.concatenate([cells, cells], axis=1)  # (m, 4)
    away = np.array([(_NEAR + far) * np.array(side) for far in _DISTANCES for side in _SIDES])  # (k, 2)
    out: list[tuple[float, float, float, float] | None] = []
    for label, point in zip(labels, at, strict=True):
        width = text_width(label.text, label.size) * (_BOLD / _LETTER if label.bold else 1)
        box = np.array([width, label.size * 1.1])
        low = point + away + (np.sign(away) - 1) / 2 * box  # beside the point, or over its middle
        boxes = np.concatenate([low, low + box], axis=1)  # (k, 4)
        free = (low >= 0).all(axis=1) & (low + box <= size).all(axis=1)
        for k in np.flatnonzero(free).tolist():
            left, top, right, bottom = boxes[k]
            hit = (taken[:, 0] < right) & (taken[:, 2] > left) & (taken[:, 1] < bottom) & (taken[:, 3] > top)
            if not hit.any():
                out.append((float(left), float(top), float(right), float(bottom)))
                taken = np.concatenate([taken, boxes[k : k + 1]])
                break
        else:
            out.append(None)
    return out


def dense(places: Doubles) -> Doubles:
    """A line in pixels with points at most `_CELL` apart, (m, 2)."""
    way = arc_length(places)
    steps = np.linspace(0, way[-1], 2 + int(way[-1] / _CELL))
    return np.stack([np.interp(steps, way, places[:, axis]) for axis in (0, 1)], axis=1)


def arc_length(points: AnyFloats) -> Doubles:
    """Length of a line (n, 2) up to each of its points, (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])


# ---- Figures: charts side by side


@dataclass(frozen=True)
class Figure:
    """Charts in columns, below sentences, each in its colour."""

    sentences: Sequence[tuple[str, str]]
    columns: Sequence[Sequence[Chart]]


def figure_svg(figure: Figure, about: str, ink: str, *, narrow: bool = False) -> str:
    """A figure on white, with text in a colour; a narrow one has all charts below one another."""
    columns = [[chart for column in figure.columns for chart in column]] if narrow else figure.columns
    x, bottom, parts = 0.0, 0.0, []
    for column in columns:
        y = wide = 0.0
        for chart in column:
            inside, width, height = drawn(chart, "white")
            parts.append((x, y, inside))
            y, wide = y + height + 12, max(wide, width)
        x, bottom = x + wide + 24, max(bottom, y)
    width = x - 24
    heads = [
        (line, colour)
        for text, colour in figure.sentences
        for line in textwrap.wrap(text, max(20, int(width / 15 / _BOLD)))
    ]
    top = 21 * len(heads)
    head = "".join(
        f'<text y="{21 * row + 15}" font-size="15" font-weight="bold" fill="{colour}">{escape(text)}</text>'
        for row, (text, colour) in enumerate(heads)
    )
    body = "".join(moved(x, y + top, inside) for x, y, inside in parts)
    full = width + 24, top + bottom + 12
    size = f'width="{full[0]:g}" height="{full[1]:g}" viewBox="-12 -12 {full[0]:g} {full[1]:g}"'
    paper = '<rect x="-12" y="-12" width="100%" height="100%" fill="white"/>'
    look = f'role="img" color="{ink}" font-family="{FONT}"'
    title = f"<title>{escape(about)}</title>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>{title}{paper}{head}{body}</svg>'
