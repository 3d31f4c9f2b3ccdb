"""Charts of words and subjects over time, for reports, notebooks and figures.

They are legible on light and dark pages, without the style of a report.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from selfvec.analysis.concepts.growth import percent
from selfvec.analysis.word_drift.word_paths import FEW_USES, SlicePath
from selfvec.base.chart import Point, over_periods
from selfvec.base.display import escape_for_display, printable
from selfvec.base.view import Drawn
from selfvec.files.svg import COLOUR, chart_svg
from selfvec.numerics.statistics import share_interval

if TYPE_CHECKING:
    from selfvec.analysis.concepts.topic_result import Topics

FEW_DOCUMENTS = 20  # of a period, below which its share says little
_LEAST_SHARE, _LEAST_DISTANCE = 0.01, 0.1  # where axes end, so that noise does not fill them


def path_points(path: SlicePath) -> list[Point]:
    """The distances from the first period that has the word; its own, 0, is no measurement and no point."""
    rows = path.as_dict()["slices"]
    first = next((i for i, row in enumerate(rows) if row["distance"] is not None), 0)
    word = escape_for_display(path.word)
    points = []
    for i, row in enumerate(rows):
        name = escape_for_display(row["slice"])
        value, low, high, chance = (
            row[key] if i > first else None for key in ("distance", "low", "high", "chance")
        )
        hover = "" if value is None else f"{word} in {name}: {value:.3f}, by chance {chance:.3f}"
        points.append(Point(name, value, low, high, chance, row["uses"] < FEW_USES, hover))
    return points


def path_chart(path: SlicePath) -> Drawn:
    """The distances of a word from its first period, with their intervals, and its occurrences."""
    word = escape_for_display(path.word)
    uses = printable(", ".join(f"{row['slice']}: {row['uses']:,}" for row in path.as_dict()["slices"]))
    about = f"distance of {word} from its first period"
    series = [(path_points(path), COLOUR)]
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
        points.append(Point(escape_for_display(group), value, low, high, few=size < FEW_DOCUMENTS))
        told.append(f"{group}: {percent(value)}")
    about = printable(f"share of {topics.topics[number].name} in each period")
    drawn = over_periods(
        [(points, COLOUR)], about, percent, size=(230, 50), least=_LEAST_SHARE, most=1.0, small=True
    )
    return Drawn(printable(", ".join(told)), chart_svg(drawn))
