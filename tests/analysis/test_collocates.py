"""logDice by hand, and the laws of counts that windows give."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import selfvec
from selfvec.analysis import collocates
from selfvec.analysis.collocates import times_together
from selfvec.base.errors import NotFound
from selfvec.data.token_batch import TokenBatch

TEXTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=12), min_size=1, max_size=5)


def together(batch: TokenBatch, one: int, other: int, half: int) -> int:
    """Counted as it is defined, occurrence by occurrence."""

    def near(word: int, wanted: int) -> int:
        found = 0
        for first, last in zip(batch.offsets[:-1].tolist(), batch.offsets[1:].tolist(), strict=True):
            ids = batch.ids[first:last].tolist()
            found += sum(
                ids[i] == word and wanted in ids[max(0, i - half) : i] + ids[i + 1 : i + half + 1]
                for i in range(len(ids))
            )
        return found

    return min(near(one, other), near(other, one))


@given(TEXTS, st.integers(1, 4))
def test_times_together_is_what_it_is_defined_as(texts: list[list[str]], half: int) -> None:
    batch = TokenBatch.from_documents([*texts, list("abcd")])
    for word in range(4):
        found = times_together(batch, word, half)
        others = [other for other in range(4) if other != word]
        assert [found[other] for other in others] == [together(batch, word, other, half) for other in others]
        assert found[word] == 0
        assert (found <= batch.counts).all()


@pytest.fixture(scope="module")
def run() -> selfvec.Run:
    rows = [
        {"text": "strong tea is served", "date": "1990-01-01", "kind": "menu"},
        {"text": "he drank strong tea", "date": "1990-02-01", "kind": "letter"},
        {"text": "strong winds and weak tea", "date": "2000-01-01", "kind": "letter"},
        {"text": "he left in the evening", "date": "2000-02-01", "kind": "letter"},
    ]
    return selfvec.refine(pl.DataFrame(rows), "none", method="original")


def logdice(found: object) -> dict[str, float]:
    return {row["word"]: row["logdice"] for row in found.rows}  # type: ignore[attr-defined]


def test_logdice_by_hand(run: selfvec.Run) -> None:
    """*Strong* and *tea* are together twice within one word, three times within four; each has three uses."""
    near = selfvec.collocates(run, "tea", window=1)
    assert logdice(near)["strong"] == pytest.approx(14 + math.log2(2 * 2 / (3 + 3)))
    assert logdice(near)["weak"] == pytest.approx(14 + math.log2(2 * 1 / (3 + 1)))
    assert logdice(selfvec.collocates(run, "Tea", window=4))["strong"] == pytest.approx(14)
    assert near["count"] == 3
    assert near.rows[0] == {
        "word": "strong",
        "together": 2,
        "count": 3,
        "logdice": pytest.approx(13.415, abs=1e-3),
    }
    assert near["words"] == len(near.rows)
    assert selfvec.collocates(run, "tea", window=1, min_count=2, top=5).rows == near.rows[:1]


def test_windows_do_not_cross_documents(run: selfvec.Run) -> None:
    found = logdice(run.collocates("tea", window=100))
    assert "left" not in found
    assert {"served", "drank", "winds"} < found.keys()


def test_a_slice_and_filters_choose_documents(run: selfvec.Run) -> None:
    early = selfvec.collocates(run, "tea", slice="1990")
    assert early["count"] == 2
    assert logdice(early)["strong"] == pytest.approx(14)
    assert "weak" not in logdice(early)
    letters = selfvec.collocates(run, "tea", filter=["kind=letter", "date=1990"])
    assert letters["count"] == 1
    assert "served" not in logdice(letters)
    with pytest.raises(NotFound, match="'served' does not occur in these documents"):
        selfvec.collocates(run, "served", slice="2000..")
    with pytest.raises(NotFound, match="did you mean tea"):
        selfvec.collocates(run, "teaa")


@given(TEXTS)
def test_logdice_is_14_at_most_and_the_same_both_ways(texts: list[list[str]]) -> None:
    batch = TokenBatch.from_documents([*texts, list("abcd")])
    figures = np.array([times_together(batch, word, 2) for word in range(4)])
    np.testing.assert_array_equal(figures, figures.T)


@given(TEXTS)
def test_occurrences_are_counted_alike_in_parts(texts: list[list[str]]) -> None:
    batch = TokenBatch.from_documents([*texts, list("abcd")])
    whole = times_together(batch, 0, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collocates, "_AT_ONCE", 1)
        np.testing.assert_array_equal(times_together(batch, 0, 3), whole)
