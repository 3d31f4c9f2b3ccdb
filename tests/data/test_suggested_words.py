"""Words that are suggested for one that does not occur: near ones, and none that is a rare misspelling."""

from __future__ import annotations

import numpy as np
import pytest

from selfvec.base.errors import NotFound
from selfvec.data.run import rows_of
from selfvec.data.vectors import Vectors

COUNTS = {
    "tornado": 900,
    "tornaddo": 1,
    "tornadoes": 200,
    "county": 900,
    "country": 20,
    "hail": 500,
    "hall": 3,
}


def suggested(word: str, counts: dict[str, int] | None) -> list[str]:
    """The words that the error offers."""
    table = Vectors(list(COUNTS), np.eye(len(COUNTS), dtype=np.float32))
    table.counts = None if counts is None else np.array(list(counts.values()))
    known = "hail" if word != "hail" else "county"
    _, unknown = rows_of([known, word], [table])
    return unknown[0]["alike"]


@pytest.mark.parametrize(
    ("word", "first", "never"),
    [
        ("tornaod", "tornado", "tornaddo"),
        ("tornaddoo", "tornado", "tornaddo"),  # which is nearer
        ("countryy", "country", "hail"),  # rarer than county, and another word
        ("hial", "hail", "hall"),
    ],
)
def test_near_and_frequent_words_are_suggested_first(word: str, first: str, never: str) -> None:
    found = suggested(word, COUNTS)
    assert found[0] == first
    assert never not in found


def test_without_counts_the_spelling_alone_decides() -> None:
    assert suggested("tornaddoo", None)[:2] == ["tornaddo", "tornado"]


def test_a_word_that_is_like_none_has_no_suggestion() -> None:
    table = Vectors(["hail"], np.ones((1, 2), np.float32))
    with pytest.raises(NotFound, match="'zzz' does not occur in this run; try another word"):
        rows_of(["zzz"], [table])
