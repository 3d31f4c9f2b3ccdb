"""Words that are suggested for one that does not occur: near ones, and none that is a rare misspelling."""

import numpy as np
import pytest
from tests.refusals import refused

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
    refused(lambda: rows_of(["zzz"], [table]), NotFound, "'zzz' does not occur in this run; try another word")


ASKED = ("fire", "abc", "café", "cooperate", "don't", "county", "naïve", "été", "Zürich")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("\ufb01re", "fire"),  # a ligature
        ("\uff21\uff22\uff23", "abc"),  # full width
        ("cafe\u0301", "café"),  # the accent as a character of its own
        ("CAFE\u0301", "café"),
        ("co\u00adoperate", "cooperate"),  # a soft hyphen
        ("don\u2019t", "don't"),
        ("county\u2019s", "county"),
        (" fire\u200b ", "fire"),
    ],
)
def test_words_asked_for_are_read_as_the_text_is(asked: str, meant: str) -> None:
    table = Vectors(list(ASKED), np.eye(len(ASKED), dtype=np.float32))
    ((_, row),), unknown = rows_of([asked], [table])
    assert (ASKED[row], unknown) == (meant, [])


def test_a_word_as_it_is_written_goes_before_what_it_is_read_as() -> None:
    table = Vectors(["fire", "\ufb01re"], np.eye(2, dtype=np.float32))
    assert rows_of(["\ufb01re"], [table])[0] == [(0, 1)]


@pytest.mark.parametrize(
    ("asked", "meant"), [("cafe", "café"), ("ete", "été"), ("ZURICH", "Zürich"), ("cooperäte", "cooperate")]
)
def test_words_that_differ_in_accents_alone_are_suggested_first(asked: str, meant: str) -> None:
    table = Vectors(list(ASKED), np.eye(len(ASKED), dtype=np.float32))
    refused(lambda: rows_of([asked], [table]), NotFound, rf"did you mean {meant}\b")
