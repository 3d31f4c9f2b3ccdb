"""Charts: every point inside its panel, every curve told apart, the axis where it says."""

from __future__ import annotations

import numpy as np
import pytest

from selfvec.views.charts import Chart, Series, chart_scene
from selfvec.views.scene import Label, Line, Marks


def curves(number: int) -> tuple[Series, ...]:
    rng = np.random.default_rng(number)
    return tuple(
        Series(f"curve {i}", [1, 10, 100], rng.standard_normal(3).tolist(), 0.0) for i in range(number)
    )


@pytest.mark.parametrize("number", [1, 2, 5])
def test_charts_do_not_overlap_and_hold_their_points(number: int) -> None:
    charts = [Chart(f"chart {i}", "x", curves(3), logarithmic=i % 2 == 0) for i in range(number)]
    scene = chart_scene(charts, "what it shows")
    boxes = [panel.rectangle for panel in scene.panels]
    for left, bottom, width, height in boxes:
        assert left >= 0
        assert left + width <= scene.width
        assert bottom >= 0
        assert bottom + height <= scene.height + 1e-6
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
            assert apart
    for panel in scene.panels:
        for item in panel.items:
            if isinstance(item, Line | Marks):
                inside = panel.pixels(item.xy)
                assert np.all((inside >= -1e-6) & (inside <= np.array(panel.rectangle[2:]) + 1e-6))


def test_many_curves_are_told_apart_by_colour_and_mark() -> None:
    scene = chart_scene([Chart("many", "x", curves(20))], "")
    styles = {(item.colour, item.symbol) for item in scene.panels[0].items if isinstance(item, Marks)}
    assert len(styles) == 20
    legend = {item.text for item in scene.panels[1].items if isinstance(item, Label)}
    assert {f"curve {i}" for i in range(20)} <= legend


def test_a_logarithmic_axis_has_equal_steps_for_equal_ratios() -> None:
    (panel, _) = chart_scene([Chart("c", "x", curves(1), logarithmic=True)], "").panels
    places = [place for place, _ in panel.x_ticks]
    assert np.diff(places) == pytest.approx([1, 1])
    assert [text for _, text in panel.x_ticks] == ["1", "10", "100"]


def test_an_axis_of_names_and_a_constant_curve() -> None:
    chart = Chart("c", "state", (Series("flat", [0, 1], [2.0, 2.0]),), names=("before", "after"))
    (panel, legend) = chart_scene([chart], "").panels
    assert panel.x_ticks == ((0.0, "before"), (1.0, "after"))
    assert panel.y[0] < 2 < panel.y[1]
    assert not any("dashed" in item.text for item in legend.items if isinstance(item, Label))
