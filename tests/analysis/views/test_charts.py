"""What a chart declares is where it is drawn."""

from itertools import combinations

import numpy as np
import pytest

from selfvec.analysis.views.charts import Point, Timeline, over_periods
from selfvec.base.chart import Axis, Chart, Label, Line, Mark
from selfvec.corpus.slices import Slice
from selfvec.files.svg import Figure, chart_svg, figure_svg, placed


def test_names_beside_one_point_overlap_neither_one_another_nor_what_is_drawn() -> None:
    labels = [Label(name, (0, 0), "black") for name in ("hail", "tornado", "a flood", "rain")]
    at, line = np.full((4, 2), 60.0), np.stack([np.arange(60.0, 120), np.full(60, 60.0)], axis=1)
    boxes = placed(labels, at, line, (120, 120))
    assert None not in boxes
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= 120
        assert 0 <= top < bottom <= 120
        assert not np.any(
            (line[:, 0] > left) & (line[:, 0] < right) & (line[:, 1] > top) & (line[:, 1] < bottom)
        )
    assert placed([Label("a name that is wider than all", (0, 0), "black")], at[:1], line, (120, 120)) == [
        None
    ]


def test_an_axis_has_its_ends_at_its_ends_whatever_its_scale() -> None:
    assert Axis(2, 4).shares(np.array([2, 3, 4])).tolist() == [0, 0.5, 1]
    assert Axis(1, 100, scale=np.log10).shares(np.array([1, 10, 100])).tolist() == [0, 0.5, 1]
    assert Axis(5, 5).shares(np.array([5.0])).tolist() == [0]


def test_texts_are_escaped_and_intervals_stay_inside_their_axis() -> None:
    points = [Point("<b>", 0.5, 0.2, 3.0, hover="<i>"), Point("2001", None, None, None)]
    chart = over_periods([(points, "blue")], "<u>", "{:.1f}".format, size=(90, 50))
    assert chart.y.high == 3.0
    assert chart.marks == [Mark((0, 0.5), "blue", "<i>", low=0.2, high=3.0)]
    drawn = chart_svg(chart)
    assert not {"<b>", "<i>", "<u>"} & {drawn[i : i + 3] for i in range(len(drawn))}


def test_a_line_stands_where_the_second_part_begins_and_each_part_has_its_level() -> None:
    months = ["2024-03", "2024-04", "2024-05", "2024-06"]
    time = Timeline(
        "month",
        [Slice(month, np.zeros(0, bool)) for month in months],
        ["2024-04-01..2024-05-15", "2024-05-16.."],
    )
    points = [Point(month, 0.5) for month in months]
    chart = over_periods([(points, "blue")], "", "{:.1f}".format, time, size=(300, 50), levels=[(0.2, 0.8)])
    first = np.datetime64("2024-04-01").astype(int)
    path, border, *levels = (line.points.tolist() for line in chart.lines)
    assert [x for x, _ in path] == [first - 15.5, first + 15, first + 45.5, first + 76]
    assert border == [[first + 45, 0], [first + 45, 0.8]]
    assert levels == [[[first, 0.2], [first + 45, 0.2]], [[first + 45, 0.8], [chart.x.high, 0.8]]]
    assert [label.text for label in chart.labels] == ["2024-05-16–", "0.2", "0.8"]


def test_thin_periods_do_not_stretch_the_axis_unless_all_are_thin() -> None:
    thin, sure = Point("2000", 1.0, 0.2, 1.0, few=True), Point("2001", 0.1, 0.05, 0.25)
    chart = over_periods([([thin, sure], "blue")], "share", "{:.2f}".format, size=(90, 50))
    assert chart.y.high == 0.25
    assert chart.marks == [
        Mark((0, 0.25), "blue", shape="triangle", hollow=True, low=0.2, high=0.25),
        Mark((1, 0.1), "blue", low=0.05, high=0.25),
    ]
    assert chart.lines[0].points.tolist() == [[0, 0.25], [1, 0.1]]
    alone = over_periods([([thin], "blue")], "share", "{:.2f}".format, size=(90, 50))
    assert (alone.y.high, alone.marks[0].shape) == (1.0, "circle")


def test_a_narrow_figure_has_its_charts_below_one_another() -> None:
    axis = Axis(0, 1, ticks=())
    chart = Chart("about", (200, 100), axis, axis, [Line(np.eye(2), "black")])
    wide, narrow = (figure_svg(Figure((), [[chart], [chart]]), "", "black", narrow=n) for n in (False, True))
    sizes = [
        [float(svg.split(f'{side}="')[1].split('"')[0]) for side in ("width", "height")]
        for svg in (wide, narrow)
    ]
    assert sizes[0][0] > 2 * 200 > sizes[1][0]
    assert sizes[1][1] == pytest.approx(2 * sizes[0][1], abs=30)
