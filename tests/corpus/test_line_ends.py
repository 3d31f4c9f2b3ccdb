"""Words that a line end cuts in two are one word; a hyphen that is theirs stays."""

import time

import pytest

from selfvec.corpus.line_ends import joined_lines


@pytest.mark.parametrize("sign", ["-", "\xad", "\u2010", "\u2011", "\xac"])
def test_a_cut_word_is_joined_in_all_spellings(sign: str) -> None:
    assert joined_lines(f"Hail broke win{sign}\ndows.") == "Hail broke windows."
    assert joined_lines(f"Dach{sign} \r\n  ziegel und {sign}\nmehr") == f"Dachziegel und {sign}\nmehr"


@pytest.mark.parametrize("sign", ["-", "\u2010", "\u2011"])
def test_well_known_stays(sign: str) -> None:
    assert joined_lines(f"a well{sign}\nknown storm") == f"a well{sign}known storm"


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
    assert joined_lines(text) == expected


def test_a_long_text_takes_a_moment() -> None:
    text = "win-\ndows " * 50_000 + "a" * 500_000 + "-a" * 100_000 + "\n"
    start = time.process_time()
    assert joined_lines(text).count("windows") == 50_000
    assert time.process_time() - start < 10
