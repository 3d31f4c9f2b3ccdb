"""The table of words against a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfvec.files.packed_strings import PackedStrings
from selfvec.text.distinct_words import DistinctWords

STEMS = ["", "a", "hail", "wetterst", "wetterstation", "wetterstationen1", "wetterstationenxy", "été", "\n"]
WORDS = st.builds(str.__add__, st.sampled_from(STEMS), st.sampled_from(["", "b", "ß", "-" * 30]))


@given(st.lists(st.lists(WORDS, max_size=12, unique=True), max_size=6))
def test_words_are_numbered_by_first_appearance(batches: list[list[str]]) -> None:
    table = DistinctWords()
    known: dict[str, int] = {}
    for batch in batches:
        expected = [known.setdefault(word, len(known)) for word in batch]
        assert table.number(PackedStrings.of(batch)).tolist() == expected
        assert len(table) == len(known)
    assert list(table.packed()) == list(known)


def test_many_words_in_a_table_that_grows() -> None:
    rng = np.random.default_rng(3)
    table = DistinctWords()
    known: dict[str, int] = {}
    for _ in range(20):
        batch = list(dict.fromkeys(f"word{i}" for i in rng.zipf(1.2, 5000) % 100_000))
        expected = [known.setdefault(word, len(known)) for word in batch]
        assert table.number(PackedStrings.of(batch)).tolist() == expected
    assert list(table.packed()) == list(known)
