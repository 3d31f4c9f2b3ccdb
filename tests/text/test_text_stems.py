"""Words of one stem: who stands for them, and what that does to a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.text import Rules, tokenizer
from selfvec.text.rules import Rulebook
from selfvec.text.stems import STEMMERS, same_stem, stems


@pytest.mark.parametrize("language", sorted(STEMMERS))
def test_every_language_has_its_rules(language: str) -> None:
    assert len(stems(["abcdef"], language)) == 1


def test_an_unknown_language_is_told_before_any_text_is_read() -> None:
    with pytest.raises(OptionError, match="stem: no stems for the language 'xx'; use one of"):
        Rulebook(Rules(stem="xx"), "lower")


def test_stems_are_no_rule_for_pieces() -> None:
    with pytest.raises(OptionError, match="stem: is a rule for words"):
        Rulebook(Rules(stem="en"), "exact")


def test_rarity_is_counted_after_merging() -> None:
    book = Rulebook(Rules(stem="en", min_count=3), tokenizer("words").casing)
    keys = book.keys(["storm", "storms", "hail"], np.array([1, 2, 2]), {})
    assert keys.types == ["storms"]
    assert keys.places.tolist() == [0, 0, -1]


def test_a_corpus_is_refined_by_stems(tmp_path: Path) -> None:
    rows = np.eye(4, dtype=np.float32)
    vectors = Vectors(["storm", "tree", "break", "roof"], rows)
    texts = ["storms break trees", "a storm breaks roofs", "trees broke"] * 5
    model = selfvec.Refiner(method="decorrelated", stem="en").fit(texts, vectors)
    assert {"storm", "tree", "break", "roof"} < set(model.vectors_.index_to_key)
    assert not {"storms", "trees", "breaks", "roofs"} & set(model.vectors_.index_to_key)
    counts = dict(zip(model.vectors_.index_to_key, model.vectors_.counts.tolist(), strict=True))
    assert (counts["storm"], counts["tree"], counts["break"]) == (10, 10, 10)


@pytest.mark.parametrize(
    ("words", "counts", "known", "expected"),
    [
        ("storm storms storming", [1, 5, 2], "", "storms storms storms"),  # the most frequent
        ("storm storms", [1, 5], "storm", "storm storm"),  # one with a vector comes before it
        ("hails rain", [3, 1], "rain hail hailing", "hail rain"),  # a relative of the table lends its vector
        ("storm storms storm", [2, 3, 2], "", "storm storm storm"),  # counts of one word add up
        ("storms storm", [2, 2], "", "storms storms"),  # ties go to the first
    ],
)
def test_which_word_stands_for_a_stem(words: str, counts: list[int], known: str, expected: str) -> None:
    index = {word: i for i, word in enumerate(known.split())}
    assert same_stem(words.split(), np.array(counts, np.int64), index, "en") == expected.split()
