"""What notebooks show: HTML that is whole, escaped, and says what the objects say."""

from typing import Any

import pytest
from tests.html_pages import Html

from selfvec.analysis.views import notebook
from selfvec.analysis.word_drift.drift_result import Drift

assert notebook  # registers how results are shown
HOSTILE = "<script>alert(1)</script>"


def drift_rows(low: float | None) -> Drift:
    row: dict[str, Any] = {"word": HOSTILE, "distance": 0.25, "low": low, "chance": 0.05}
    row |= {"differing": low, "differing_low": low, "differing_high": low and low + 0.2}
    row |= {"change": 0.2, "apd": 0.5, "p": 0.001, "q": 0.01, "count_a": 1000, "count_b": 20}
    row |= {"gained": ["oven", HOSTILE], "lost": ["prison"]}
    return Drift("1990..1999", "2020", [row, {**row, "word": "law", "q": 0.5}])


@pytest.mark.parametrize("shown", [drift_rows(0.2), drift_rows(None)])
def test_what_is_shown_is_whole_escaped_and_without_scripts(shown: Any) -> None:
    html = shown._repr_html_()
    read = Html(html)
    assert "script" not in read.texts
    assert not any(name.startswith("on") for name, _ in read.attributes)
    assert "http" not in html
    assert isinstance(repr(shown), str)
