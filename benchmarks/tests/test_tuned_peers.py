"""The comparison with gensim and fastText: where they begin, and what they are tuned on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import continued, peers
from benchmarks.quality.continued import GRIDS, SEARCH, SETS, TOOLS
from benchmarks.quality.trained_on import CHOSEN_ON, COLLECTIONS, OTHERS, OUTSIDE, Setting
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import Estimate

ROWS = np.array([[3, 0, 4, 0], [0, 13, 0, 0]], np.float32)


def test_gensim_begins_with_the_rows_that_it_is_given(tmp_path: Path) -> None:
    pytest.importorskip("gensim")
    text, start, out = (str(tmp_path / name) for name in ("text.txt", "start.npz", "out.npz"))
    Path(text).write_text("hail storm rain\n" * 3, encoding="utf-8")
    np.savez(start, words=np.array(["storm", "hail"]), rows=ROWS)
    peers.gensim(text, start, out, 0, 5, 1e-9, 1)
    with np.load(out) as found:
        rows = dict(zip(found["words"].tolist(), found["rows"], strict=True))
    assert rows.keys() == {"hail", "storm", "rain"}
    np.testing.assert_allclose([rows["storm"], rows["hail"]], ROWS, atol=1e-5)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In every text another setting is the best by far."""

    def trained(tool: str, name: str, setting: Setting) -> Vectors:
        favourite = GRIDS[tool, SEARCH][COLLECTIONS.index(name)] if name in COLLECTIONS else None
        rows = [[float(setting == favourite), float(setting == GRIDS[tool, continued.WORDS][0])]]
        return Vectors([name], np.array(rows, np.float32))

    def of(value: float) -> Estimate:
        return Estimate(value, np.zeros(1))

    monkeypatch.setattr(continued, "trained", trained)
    weights = dict(zip(COLLECTIONS, (8, 4, 2, 1), strict=True))
    monkeypatch.setattr(continued, "ndcg", lambda name, one: of(weights[name] * one.vectors[0, 0]))
    monkeypatch.setattr(
        continued,
        "correlations",
        lambda name, one: {key: of(one.vectors[0, 1]) for key in SETS if name == OTHERS},
    )
    continued.tuned.cache_clear()
    yield
    continued.tuned.cache_clear()


@pytest.mark.usefixtures("settings")
def test_a_tool_is_tuned_on_what_is_not_reported() -> None:
    grid = GRIDS["gensim", SEARCH]
    assert continued.tuned("gensim", SEARCH, COLLECTIONS[0]) == grid[1]
    assert {continued.tuned("gensim", SEARCH, name) for name in COLLECTIONS[1:]} == {grid[0]}
    for key in SETS:
        assert continued.tuned("gensim", key) == GRIDS["gensim", continued.WORDS][0]


def test_marked_collections_are_apart() -> None:
    assert {*CHOSEN_ON, *OUTSIDE} == set(COLLECTIONS)
    assert not {*CHOSEN_ON} & {*OUTSIDE}
    assert {tool for tool, _ in GRIDS} == set(TOOLS)
