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


def standing(words: list[str], counts: list[int], known: list[str]) -> list[str]:
    index = {word: i for i, word in enumerate(known)}
    return same_stem(words, np.array(counts, np.int64), index, "en")


def test_the_commonest_stands_for_the_others() -> None:
    assert standing(["storm", "storms", "storming"], [1, 5, 2], []) == ["storms"] * 3


def test_a_word_with_a_vector_comes_before_a_commoner_one() -> None:
    assert standing(["storm", "storms"], [1, 5], ["storm"]) == ["storm"] * 2


def test_a_relative_from_the_table_lends_its_vector() -> None:
    assert standing(["hails", "rain"], [3, 1], ["rain", "hail", "hailing"]) == ["hail", "rain"]


def test_counts_of_a_word_that_stands_twice_add_up() -> None:
    assert standing(["storm", "storms", "storm"], [2, 3, 2], []) == ["storm"] * 3


def test_equal_counts_go_to_the_first() -> None:
    assert standing(["storms", "storm"], [2, 2], []) == ["storms"] * 2


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
