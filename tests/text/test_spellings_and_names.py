"""Which words are spellings of one another, and which are names."""

from __future__ import annotations

import pytest

from selfvec.text.proper_names import proper_names
from selfvec.text.spelling_variants import letters_key, spelling_key

GERMAN = "Es sah der Mann den Hund und die Katze, als der Wind den Regen an das Haus trieb."


@pytest.mark.parametrize(
    "spellings",
    [
        ("colour", "color", "Color"),
        ("organisation", "organization"),
        ("analysed", "analyzed"),
        ("centre", "center"),
        ("travelled", "traveled"),
        ("haemorrhage", "hemorrhage"),
        ("houſe", "house"),
        ("co-operate", "cooperate"),
        ("o'clock", "o\u2019clock"),
        ("daß", "dass"),
        ("inﬂammatory", "inflammatory"),
    ],
)
def test_spellings_of_a_word_share_a_key(spellings: tuple[str, ...]) -> None:
    assert len({spelling_key(word) for word in spellings}) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("storm", "storms"),
        ("loess", "less"),
        ("four", "for"),
        ("schon", "schön"),
        ("fame", "same"),
        ("hour", "or"),
    ],
)
def test_different_words_have_different_keys(words: tuple[str, str]) -> None:
    assert len({spelling_key(word) for word in words}) == 2


@pytest.mark.parametrize(("read", "meant"), [("fame", "same"), ("vpon", "upon"), ("modem", "modern")])
def test_letters_that_are_confused_share_a_key(read: str, meant: str) -> None:
    assert letters_key(read) == letters_key(meant)


def test_names_are_words_that_are_capitalised_in_mid_sentence() -> None:
    texts = [
        "The storm crossed Ohio in the night, and the county had hail that broke many of the windows.",
        "As hail fell, the NWS said that a road near the town in New York was closed by the county.",
    ]
    words = ["ohio", "new_york", "county", "hail", "nws", "the", "absent"]
    assert proper_names(words, texts).tolist() == [True, True, False, False, False, False, False]


def test_a_language_that_capitalises_nouns_has_no_names() -> None:
    assert not proper_names(["mann", "hund", "haus"], [GERMAN]).any()
    assert not proper_names(["mann"], []).any()
