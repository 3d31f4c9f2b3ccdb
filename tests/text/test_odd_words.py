"""Garbled words, spellings of the same word, and proper names are told by their letters."""

import json
import re
from pathlib import Path

import pytest

from selfvec.apps.cli import main
from selfvec.text.odd_words import garbled, letters_key, proper_names, spelling_key

PORTUGUESE = (
    "a manhã irmã maçã não coração é já lã fã amanhã cristã pão mãe avó avô três você rã romã rom man"
)


@pytest.mark.parametrize(
    "words", [["naïve", "café", "façade", "hail"], PORTUGUESE.split(), ["hail", "hailâ"], ["крест", "град"]]
)
def test_words_of_other_languages_are_sound(words: list[str]) -> None:
    assert garbled(words) == []


TEXT = (
    "The supervisor’s note: today’s hail didn’t stop – “roofs” broke at the café. A supervisor saw it today."
)
TWICE = TEXT.encode().decode("cp1252", "replace")


@pytest.mark.parametrize(
    ("text", "found"),
    [(TEXT, False), (TWICE, False), (re.sub("[^a-zâ]", " ", TWICE), True)],
)
def test_health_counts_garbled_words_and_says_what_to_do(
    text: str, found: bool, tmp_path: Path, capsys
) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join([text] * 40), encoding="utf-8")
    made = ["refine", str(path), "-o", str(tmp_path / "run"), "--method", "original", "--overwrite"]
    assert main(made) == 0
    capsys.readouterr()
    assert main(["run", "health", str(tmp_path / "run"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    warned = {finding["name"]: finding for finding in report["findings"]}
    assert ("mojibake" in warned) == found
    assert (report["mojibake"] > 0, report["mojibake_tokens"] > 0) == (found, found)
    if found:
        assert warned["mojibake"]["level"] == "warn"
        assert "todayâ" in warned["mojibake"]["message"]
        assert "Windows-1252" in warned["mojibake"]["remedy"]


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
