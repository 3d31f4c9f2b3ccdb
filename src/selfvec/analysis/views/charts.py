"""Charts of words and subjects over time, for reports, notebooks and figures.

They are legible on light and dark pages, without the style of a report.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from selfvec.analysis.concepts.group_differences import GroupDifference
from selfvec.analysis.concepts.growth import ShareChange, percent
from selfvec.analysis.word_drift.word_paths import FEW_USES, SlicePath
from selfvec.base.chart import Axis, Chart, Label, Line, Mark, Point, over_periods
from selfvec.base.display import escape_for_display, printable, whole_words
from selfvec.base.view import Drawn, spoken
from selfvec.files.svg import COLOUR, chart_svg, text_width
from selfvec.numerics.statistics import share_interval

if TYPE_CHECKING:
    from selfvec.analysis.concepts.topic_result import Topic, Topics

FEW_DOCUMENTS = 20  # of a period, below which its share says little
_LEAST_SHARE, _LEAST_DISTANCE = 0.01, 0.1  # where axes end, so that noise does not fill them
_MORE, _LESS, _NEITHER = COLOUR, "var(--went, #a84600)", "var(--quiet, #767c86)"
_LEGEND = ((Mark((0, 0), _MORE), "more"), (Mark((0, 0), _LESS), "less"))
_THAN = ((_LEGEND[0][0], "more than others"), _LEGEND[1])
_WIDTH, _ROW = 344, 23  # pixels: what a telephone shows without making letters smaller
_NAME, _GROUP = 22, 14  # characters of the names of subjects and groups
_SUBJECTS = 7  # of groups: those that differ, then the largest


def _path_points(path: SlicePath) -> list[Point]:
    """The distances from the first period that has the word; its own, 0, is no measurement and no point."""
    rows = path.as_dict()["slices"]
    first = next((i for i, row in enumerate(rows) if row["distance"] is not None), 0)
    word = escape_for_display(path.word)
    points = []
    for i, row in enumerate(rows):
        name = spoken(escape_for_display(row["slice"]))
        value, low, high, chance = (
            row[key] if i > first else None for key in ("distance", "low", "high", "chance")
        )
        hover = "" if value is None else f"{word} in {name}: {value:.3f}, by chance {chance:.3f}"
        points.append(Point(name, value, low, high, chance, row["uses"] < FEW_USES, hover))
    return points


def path_chart(path: SlicePath) -> Drawn:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    word = escape_for_display(path.word)
    uses = spoken(
        printable(", ".join(f"{row['slice']}: {row['uses']:,}" for row in path.as_dict()["slices"]))
    )
    about = f"distance of {word} from its first period"
    series = [(_path_points(path), COLOUR)]
    drawn = chart_svg(over_periods(series, about, "{:.2f}".format, size=(500, 120), least=_LEAST_DISTANCE))
    caption = f"<b>{escape(word)}</b>: distance from its first period. Occurrences: {escape(uses)}."
    return Drawn(f"{word}: occurrences {uses}", f"<figure>{drawn}<figcaption>{caption}</figcaption></figure>")


def share_chart(topics: Topics, number: int) -> Drawn:
    """The share of a topic in each period: from 0 to the data, and never beyond 100 %."""
    every = topics.groups.shares if topics.groups else []
    shares = {row.group: row for row in every if row.topic == number}
    sizes = {row.group: row.of for row in every}
    points, told = [], []
    for group, size in sizes.items():
        row = shares.get(group)
        value = row.share if row else 0.0
        low, high = (row.low, row.high) if row else share_interval(0, size)
        points.append(Point(spoken(escape_for_display(group)), value, low, high, few=size < FEW_DOCUMENTS))
        told.append(f"{group}: {percent(value)}")
    about = printable(f"share of {topics.topics[number].name} in each period")
    drawn = over_periods(
        [(points, COLOUR)], about, percent, size=(230, 50), least=_LEAST_SHARE, most=1.0, small=True
    )
    return Drawn(spoken(printable(", ".join(told))), chart_svg(drawn))


def shares_chart(topics: Sequence[Topic]) -> Drawn:
    """The share of each topic; where two parts are compared in both, hollow before and filled after."""
    rows = [
        (row.growth.share_first, row.growth.share_last) if row.growth else (0.0, row.share) for row in topics
    ]
    order = sorted(range(len(rows)), key=lambda i: rows[i][1])
    lines, marks, labels = [], [], []
    for y, i in enumerate(order):
        (first, last), growth = rows[i], topics[i].growth
        colour = _MORE if growth is None else _colour(growth.like_for_like)
        said = f"{percent(first)} → {percent(last)}" if growth else percent(last)
        lines.append(Line(np.array([[first, y], [last, y]]), colour, 3))
        marks += [Mark((first, y), colour, hollow=True, size=8)] * bool(growth)
        marks.append(Mark((last, y), colour, size=9))
        labels.append(
            Label(said, (max(first, last), y), "currentColor", bold=bool(growth) and colour != _NEITHER)
        )
    names = [printable(whole_words(topics[i].name.split(", ")[0], _NAME)) for i in order]
    title, legend = "Share of the documents", []
    if growth := topics[0].growth:
        a, b = spoken(growth.first), spoken(growth.last)
        title += f", {a} and {b}"
        used = {line.colour for line in lines}
        legend = [(Mark((0, 0), _NEITHER, hollow=True), a), (Mark((0, 0), _NEITHER), b)]
        legend += [(mark, text) for mark, text in _LEGEND if mark.colour in used]
    plane = _plane(names)
    room = 20 + 1.1 * max(text_width(label.text, 12) for label in labels)
    x = Axis(0.0, max(map(max, rows)) * plane / (plane - room), ticks=())
    y_axis = Axis(-0.6, len(order) - 0.4, ticks=list(enumerate(names)))
    about = "; ".join(f"{name} {label.text}" for name, label in zip(names, labels, strict=True))
    size = plane, _ROW * len(order)
    return _beside(Chart(about, size, x, y_axis, lines, marks, labels, legend=legend), title)


def pivot_chart(groups: Sequence[GroupDifference], field: str) -> Drawn:
    """Subjects by groups: the area of a circle is the share of the group's documents."""
    more = {name for group in groups for name, _ in group.larger}
    every = range(len(groups[0].subjects))
    rows = sorted(sorted(every, key=lambda i: groups[0].subjects[i][0] not in more)[:_SUBJECTS])
    cells = [(x, -y, group.subjects[i][1]) for x, group in enumerate(groups) for y, i in enumerate(rows)]
    top = max((change.share_last for *_, change in cells), default=0.0) or 1.0
    marks = [
        Mark((x, y), _colour(change), printable(change.told), size=22 * (change.share_last / top) ** 0.5)
        for x, y, change in cells
    ]
    names = [printable(whole_words(groups[0].subjects[i][0].split(", ")[0], _NAME)) for i in rows]
    below = [printable(whole_words(group.name, _GROUP)) for group in groups]
    x_axis = Axis(-0.5, len(groups) - 0.5, ticks=list(enumerate(below)), slanted=True)
    y_axis = Axis(0.5 - len(rows), 0.5, ticks=[(-y, name) for y, name in enumerate(names)])
    size = _plane(names), _ROW * len(rows)
    title = printable(f"Share of the documents, by {field}")
    return _beside(Chart(title, size, x_axis, y_axis, marks=marks, legend=_THAN), title)


def _colour(change: ShareChange) -> str:
    return _NEITHER if not change.moved else _MORE if change.grew else _LESS


def _plane(names: Sequence[str]) -> float:
    """The width that names beside a chart leave."""
    return _WIDTH - max(text_width(name, 11) for name in names) - 16


def _beside(chart: Chart, title: str) -> Drawn:
    """A chart that stands beside the text of a wide page."""
    html = f'<figure class="beside"><figcaption>{escape(title)}</figcaption>{chart_svg(chart)}</figure>'
    return Drawn(f"{title}: {chart.about}", html)
