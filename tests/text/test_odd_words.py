"""Garbled words, other spellings, proper names, and words that a line end cuts, are told by their letters."""

import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.commands import ran

from selfvec.corpus.furniture import joined_lines
from selfvec.files.memory import PackedStrings
from selfvec.text.odd_words import garbled, letters_key, proper_names, spelling_key
from selfvec.text.tokenizers import DistinctWords

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
    ("text", "found"), [(TEXT, False), (TWICE, False), (re.sub("[^a-zâ]", " ", TWICE), True)]
)
def test_health_counts_garbled_words_and_says_what_to_do(text: str, found: bool, tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join([text] * 40), "utf-8")
    made = ["refine", str(path), "-o", str(tmp_path / "run"), "--method", "original", "--overwrite"]
    ran(made)
    report = ran(["run", "health", tmp_path / "run", "--json"]).json
    warned = {finding["kind"]: finding for finding in report["findings"]}
    assert ("mojibake" in warned) == found
    assert (report["mojibake"] > 0, report["mojibake_tokens"] > 0) == (found, found)
    if found:
        assert warned["mojibake"]["level"] == "warn"
        assert "todayâ" in warned["mojibake"]["says"]
        assert "Windows-1252" in warned["mojibake"]["remedy"]


GERMAN = "Es sah der Mann den Hund und die Katze, als der Wind den Regen an das Haus trieb."


@pytest.mark.parametrize(
    "spellings",
    [
        ("colour", "color", "Color"), ("organisation", "organization"), ("analysed", "analyzed"),
        ("centre", "center"), ("travelled", "traveled"), ("haemorrhage", "hemorrhage"),
        ("houſe", "house"), ("co-operate", "cooperate"), ("o'clock", "o\u2019clock"), ("daß", "dass"),
        ("inﬂammatory", "inflammatory"),
    ],
)  # fmt: skip
def test_spellings_of_a_word_share_a_key(spellings: tuple[str, ...]) -> None:
    assert len({spelling_key(word) for word in spellings}) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("storm", "storms"), ("loess", "less"), ("four", "for"), ("schon", "schön"), ("fame", "same"),
        ("hour", "or"),
    ],
)  # fmt: skip
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


@pytest.mark.parametrize("sign", ["-", "\xad", "\u2010", "\u2011", "\xac"])
def test_a_cut_word_is_joined_in_all_spellings(sign: str) -> None:
    assert joined_lines(f"Hail broke win{sign}\ndows.")[0] == "Hail broke windows."
    assert joined_lines(f"Dach{sign} \r\n  ziegel und {sign}\nmehr")[0] == f"Dachziegel und {sign}\nmehr"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a re-\nform; the reform", "a reform; the reform"),  # the whole word elsewhere
        ("to re-\nform; to re-form it", "to re-form; to re-form it"),
        ("re-\nform, re-form, reform, reform", "reform, re-form, reform, reform"),  # more often
        ("Re-\nForm; a re\u2010form", "Re-Form; a re\u2010form"),  # in any spelling
        ("long-\nterm, a term that is long", "long-term, a term that is long"),  # both parts elsewhere
        ("under-\nstand: stand under, we understand", "understand: stand under, we understand"),
        ("in-\nto it: in, to", "into it: in, to"),  # parts too short to tell
        ("state-of-the-\nart", "state-of-the-art"),
        ("X-\nray of Anglo-\nSaxon", "X-ray of Anglo-Saxon"),
        ("WIN-\nDOWS", "WINDOWS"),
        ("re-\ncon-\nstruct", "reconstruct"),
        ("1990-\n95, p.-\nend, A4-\nsheet, _-\nx", "1990-\n95, p.-\nend, A4-\nsheet, _-\nx"),
        ("no cut, a - \nb and --\nc", "no cut, a - \nb and --\nc"),
        ("hail\nfell", "hail\nfell"),
    ],
)
def test_the_document_tells_whether_a_hyphen_is_the_words_own(text: str, expected: str) -> None:
    assert joined_lines(text)[0] == expected


def test_a_long_text_takes_a_moment() -> None:
    text = "win-\ndows " * 50_000 + "a" * 500_000 + "-a" * 100_000 + "\n"
    start = time.process_time()
    assert joined_lines(text)[0].count("windows") == 50_000
    assert time.process_time() - start < 10


STEMS = ["", "a", "hail", "wetterst", "wetterstation", "wetterstationen1", "wetterstationenxy", "été", "\n"]
WORDS = st.builds(str.__add__, st.sampled_from(STEMS), st.sampled_from(["", "b", "ß", "-" * 30]))

_DRAWN = np.random.default_rng(3).zipf(1.2, (20, 5000)) % 100_000
GROWING = [list(dict.fromkeys(map("word{}".format, numbers))) for numbers in _DRAWN.tolist()]


@given(st.lists(st.lists(WORDS, max_size=12, unique=True), max_size=6))
@example(GROWING)
def test_words_are_numbered_by_first_appearance(batches: list[list[str]]) -> None:
    table = DistinctWords()
    known: dict[str, int] = {}
    for batch in batches:
        expected = [known.setdefault(word, len(known)) for word in batch]
        assert table.number(PackedStrings.of(batch)).tolist() == expected
        assert len(table) == len(known)
    assert list(table.packed()) == list(known)
