"""Charts of words and subjects over time, for reports, notebooks and figures.

They are legible on light and dark pages, without the style of a report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import chain
from typing import NamedTuple

import numpy as np

from selfvec.analysis.concepts.events import Event, scanned_periods
from selfvec.analysis.concepts.shares import GroupDifference, Grown, ShareChange, percent
from selfvec.analysis.word_drift.word_paths import FEW_USES
from selfvec.base.answer import Json
from selfvec.base.arrays import Doubles, Mask
from selfvec.base.chart import Axis, Chart, Label, Line, Mark, round_figures
from selfvec.base.display import escape_for_display, printable, whole_words
from selfvec.base.view import Drawn, spoken
from selfvec.corpus.slices import Slice, parse_span
from selfvec.data.token_batch import TokenBatch
from selfvec.files.svg import COLOUR, chart_svg, text_width

FEW_DOCUMENTS = 20  # of a period, below which its share says little
_LEAST_SHARE, _LEAST_DISTANCE = 0.01, 0.1  # where axes end, so that noise does not fill them
_MORE, _LESS, _NEITHER = COLOUR, "var(--went, #a84600)", "var(--quiet, #767c86)"
_THAN = ((Mark((0, 0), _MORE), "more than others"), (Mark((0, 0), _LESS), "less"))
_WIDTH, _ROW = 344, 23  # pixels: what a telephone shows without making letters smaller
_NAME, _GROUP = 28, 20  # characters of the names of subjects and groups
_SUBJECTS = 7  # of groups: those that differ, then the largest
_COLOURS = (_MORE, _LESS, _NEITHER)  # of lines
_LETTER = 6.5  # pixels of a name below an axis


# ---- Over time


class Point(NamedTuple):
    """A value of a period with its interval; None where there is none."""

    period: str
    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None  # the level that chance alone gives
    few: bool = False  # a hollow mark: the period is thin
    hover: str = ""


@dataclass(frozen=True)
class Timeline:
    """The periods of charts over time, and the two parts of the text that are compared."""

    unit: str = ""
    periods: Sequence[Slice] = ()
    sides: Sequence[str] = ()

    @property
    def days(self) -> list[Doubles]:
        """When the periods, then the two parts, begin and end; empty if one of them is a label."""
        spans = [parse_span(name) for name in (*(part.name for part in self.periods), *self.sides)]
        days = [np.array(span, "datetime64[D]").astype(np.float64) for span in spans if span]
        return days if len(days) == len(spans) else []


NO_TIME = Timeline()


def over_periods(
    series: Sequence[tuple[Sequence[Point], str]],  # points of the same periods, and their colour
    about: str,
    show: Callable[[float], str],
    time: Timeline = NO_TIME,
    *,
    size: tuple[float, float],
    measure: str = "",  # what the axis is of
    levels: Sequence[tuple[float, float]] = (),  # of each series in the two parts that are compared
    least: float = 0.0,  # the axis ends there at the earliest
) -> Chart:
    """Points with intervals; the axis begins at 0 and ends at the data; a value is where the axis says.

    Thin periods do not stretch it: what is beyond it there is a triangle at its end. A line stands where the
    second part begins.
    """
    names = [point.period for point in series[0][0]]
    sides = time.days[len(names) :]
    at = [float(days.mean()) for days in time.days[: len(names)]] or [*map(float, range(len(names)))]
    every = [*chain.from_iterable(points for points, _ in series)]
    sure = [point for point in every if not point.few] or every
    ends = [end for point in sure for end in (point.value, point.high, point.chance) if end]
    top = max([least, *ends, *chain.from_iterable(levels)]) or 1.0
    edge = (at[-1] - at[0]) / max(2 * (len(names) - 1), 1) or 0.5
    begin, end = at[0] - edge, at[-1] + edge
    room = _LETTER * max(map(len, names)) * (end - begin) / size[0]
    shown = range(0, len(names), max(1, math.ceil(room / np.diff(at, prepend=-math.inf).min())))
    lines, marks, labels = [], [], []
    for points, colour in series:
        for kind, values in (("chance", [p.chance for p in points]), ("path", [p.value for p in points])):
            dashed = kind == "chance"
            if drawn := [(x, min(y, top)) for x, y in zip(at, values, strict=True) if y is not None]:
                lines.append(Line(np.array(drawn), colour, 1.2 if dashed else 2.0, dashed, kind=kind))
        for x, (_, value, low, high, _, few, hover) in zip(at, points, strict=True):
            if value is not None:
                shape = "triangle" if value > top else "circle"
                ends_of = low and min(low, top), high and min(high, top)
                marks.append(Mark((x, min(value, top)), colour, hover, shape, 7, few, *ends_of))
    if sides:
        border = float(sides[1][0])
        lines.append(Line(np.array([(border, 0), (border, top)]), "currentColor", 1, True, "border"))
        labels.append(Label(spoken(time.sides[1]), (border, top), "currentColor", 11))
        for (_, colour), pair in zip(series, levels, strict=False):
            for days, level in zip(np.clip(sides, begin, end), pair, strict=True):
                lines.append(Line(np.array([(x, level) for x in days]), colour, 1.2, True))
                labels.append(Label(show(level), (days.mean(), level), colour, bold=True))
    x_axis = Axis(begin, end, time.unit, [(at[i], names[i]) for i in shown])
    y_axis = Axis(0.0, top, measure, [(level, show(level)) for level, _ in round_figures(0.0, top, 4)])
    return Chart(about, size, x_axis, y_axis, lines, marks, labels)


def _path_points(path: Json) -> list[Point]:
    """The distances from the first period that has the word; its own, 0, is no measurement and no point."""
    rows = path["slices"]
    first = next((i for i, row in enumerate(rows) if row["distance"] is not None), 0)
    word = escape_for_display(path["word"])
    points = []
    for i, row in enumerate(rows):
        name = _period(row["slice"])
        value, low, high, chance = (
            row[key] if i > first else None for key in ("distance", "low", "high", "chance")
        )
        hover = "" if value is None else f"{word} in {name}: {value:.3f}, by chance {chance:.3f}"
        points.append(Point(name, value, low, high, chance, row["uses"] < FEW_USES, hover))
    return points


def _period(name: str) -> str:
    """How an axis names a period: a week by its first day."""
    return spoken(escape_for_display(name.partition("..")[0] if name.count("-") > 3 else name))


def path_chart(path: Json, time: Timeline) -> Drawn:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    word = escape_for_display(path["word"])
    points = _path_points(path)
    last = points[-1]
    other = (last.low or 0) > (last.chance or 0)
    said = f"used otherwise in {last.period} than at first" if other else "no clear change"
    uses = spoken(printable(", ".join(f"{row['slice']}: {row['uses']:,}" for row in path["slices"])))
    about = f"distance of {word} from its first period"
    chart = over_periods(
        [(points, COLOUR)],
        about,
        "{:.2f}".format,
        time,
        size=(500, 120),
        measure="distance",
        least=_LEAST_DISTANCE,
    )
    caption = f"<b>{escape(word)}</b>: {said}. Distance from its first period; occurrences: {escape(uses)}."
    return Drawn(
        f"{word}: occurrences {uses}",
        f"<figure>{chart_svg(chart)}<figcaption>{caption}</figcaption></figure>",
    )


def _share_points(documents: Mask, time: Timeline) -> list[Point]:
    """The share of some documents in each period; none where a period has no documents."""
    points = []
    for part in time.periods:
        count, size = int(np.sum(part.documents & documents)), int(part.documents.sum())
        points.append(Point(_period(part.name), count / size if size else None, few=size < FEW_DOCUMENTS))
    return points


def growth_chart(rows: Sequence[Grown], time: Timeline) -> Drawn:
    """The shares of subjects in each period, and in both parts that are compared."""
    title = "; ".join(
        f"{'More' if row.change.like_for_like.grew else 'Less'} about {row.name}" for row in rows
    )
    coloured = [*zip(rows, _COLOURS, strict=False)]
    chart = over_periods(
        [(_share_points(row.documents, time), colour) for row, colour in coloured],
        title,
        percent,
        time,
        size=(_WIDTH - 40, 150),
        measure="share of the documents",
        levels=[(row.change.share_first, row.change.share_last) for row in rows],
        least=_LEAST_SHARE,
    )
    legend = [(Mark((0, 0), colour), row.name) for row, colour in coloured]
    return _beside(replace(chart, legend=legend), title)


def event_chart(event: Event, batch: TokenBatch) -> Drawn:
    """The share of the documents of an event in each period; its time is marked and in colour."""
    time = Timeline(*scanned_periods(batch))
    title, names = event.says.partition(":")[0], [part.name for part in time.periods]
    begin, end = names.index(event.begins), names.index(event.ends)
    points = [
        Point(_period(name), count / max(size, 1), few=size < FEW_DOCUMENTS)
        for name, count, size in zip(names, event.counts, event.sizes, strict=True)
    ]
    of_event = [
        point if begin <= place <= end else point._replace(value=None) for place, point in enumerate(points)
    ]
    chart = over_periods(
        [(points, _NEITHER), (of_event, COLOUR)],
        title,
        percent,
        time,
        size=(_WIDTH - 40, 150),
        measure="share of the documents",
        least=_LEAST_SHARE,
    )
    first, last = time.days[begin][0], time.days[end][1]
    interval = Line(np.array([[first, 0], [last, 0]]), COLOUR, 4)
    value = Label(percent(event.share), ((first + last) / 2, event.share), COLOUR, bold=True)
    return _beside(replace(chart, lines=[interval, *chart.lines], labels=[value]), title)


# ---- Of the whole text, and of groups


def shares_chart(shares: Sequence[tuple[str, float]], title: str) -> Drawn:
    """The share of each name."""
    order = shares[::-1]  # the first is above
    names = [printable(whole_words(name, _NAME)) for name, _ in order]
    lines = [Line(np.array([[0, y], [share, y]]), COLOUR, 3) for y, (_, share) in enumerate(order)]
    marks = [Mark((share, y), COLOUR, size=9) for y, (_, share) in enumerate(order)]
    labels = [Label(percent(share), (share, y), "currentColor") for y, (_, share) in enumerate(order)]
    plane = _plane(names)
    room = 20 + 1.1 * max(text_width(label.text, 12) for label in labels)
    x = Axis(0.0, max(share for _, share in order) * plane / (plane - room), ticks=())
    y_axis = Axis(-0.6, len(order) - 0.4, ticks=list(enumerate(names)))
    about = "; ".join(f"{name} {label.text}" for name, label in zip(names, labels, strict=True))
    return _beside(Chart(about, (plane, _ROW * len(order)), x, y_axis, lines, marks, labels), title)


def pivot_chart(groups: Sequence[GroupDifference], field: str) -> Drawn:
    """Subjects by groups: the shares of each group's documents."""
    more = {name for group in groups for name, _ in group.larger}
    every = range(len(groups[0].subjects))
    rows = sorted(sorted(every, key=lambda i: groups[0].subjects[i][0] not in more)[:_SUBJECTS])
    cells = [(x, -y, group.subjects[i][1]) for x, group in enumerate(groups) for y, i in enumerate(rows)]
    marks = [
        Mark((x, y), _colour(change), printable(change.told), text=f"{change.share_last:.0%}")
        for x, y, change in cells
    ]
    names = [printable(whole_words(groups[0].subjects[i][0].split(", ")[0], _NAME)) for i in rows]
    below = [printable(whole_words(group.name, _GROUP)) for group in groups]
    x_axis = Axis(-0.5, len(groups) - 0.5, ticks=list(enumerate(below)), slanted=True)
    y_axis = Axis(0.5 - len(rows), 0.5, ticks=[(-y, name) for y, name in enumerate(names)])
    size = _plane(names), _ROW * len(rows)
    title = printable(f"By {field}, {len(more)} of {len(every)} subjects differ in their share")
    return _beside(Chart(title, size, x_axis, y_axis, marks=marks, legend=_THAN if more else ()), title)


def _colour(change: ShareChange) -> str:
    return _NEITHER if not change.moved else _MORE if change.grew else _LESS


def _plane(names: Sequence[str]) -> float:
    """The width that names beside a chart leave."""
    return _WIDTH - max(text_width(name, 11) for name in names) - 16


def _beside(chart: Chart, title: str) -> Drawn:
    """A chart that stands beside the text of a wide page."""
    html = f'<figure class="beside"><figcaption>{escape(title)}</figcaption>{chart_svg(chart)}</figure>'
    return Drawn(f"{title}: {chart.about}", html)
