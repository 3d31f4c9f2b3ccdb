"""Letters that one side writes for others are told as one rule, by words that are no forms of each other."""

import random
import re
from collections.abc import Callable

import numpy as np
import pytest

from selfvec.analysis.comparison.letter_rules import LetterRule, letter_rules
from selfvec.corpus.example_text import reports as storms
from selfvec.data.token_batch import TokenBatch

TEXTS = [report["text"] for report in storms()]


def rules_of(
    change: Callable[[str], str], texts: list[str] = TEXTS, exchanged: bool = False
) -> list[LetterRule]:
    words = [re.findall(r"[^\W_]+", change(text) if i % 2 else text) for i, text in enumerate(texts)]
    every = TokenBatch.from_documents(words)
    changed = np.arange(len(texts)) % 2 == 1
    sides = (changed, ~changed) if exchanged else (~changed, changed)
    return letter_rules([every.part(side) for side in sides])


RULES: dict[str, tuple[Callable[[str], str], tuple[str, str, str]]] = {
    "a sign at the end": (lambda text: re.sub(r"(?<=[dnrt])\b", "ъ", text), ("", "ъ", " at the end")),
    "at the beginning": (lambda text: re.sub(r"\bs(?=\w)", "z", text), ("s", "z", " at the beginning")),
    "two letters": (lambda text: text.replace("oo", "ou"), ("oo", "ou", "")),
    "numbers": (lambda text: text.replace("o", "0"), ("o", "0", "")),
}


@pytest.mark.parametrize("exchanged", [False, True])
@pytest.mark.parametrize("what", RULES)
def test_a_rule_is_told_with_its_place_and_words(what: str, exchanged: bool) -> None:
    change, (went, came, place) = RULES[what]
    rule, *_ = rules_of(change, exchanged=exchanged)
    assert rule[:3] == ((came, went, place) if exchanged else (went, came, place))
    pairs = [pair[::-1] if exchanged else pair for pair in rule.pairs.items()]
    assert len(pairs) >= 20
    assert np.mean([change(old) == new for old, new in pairs]) >= 0.95  # names have small letters here
    assert all(map(rule.explains, pairs))
    says = rule.finding(("A", "B"), None).says
    assert re.match(r"A writes (“\w+”|nothing).* where B writes (“\w+”|nothing), in \d+ words \(", says)


def test_divided_at_random_words_follow_no_rule_and_forms_of_one_word_are_none() -> None:
    for seed in range(20):
        assert rules_of(str, random.Random(seed).sample(TEXTS, 400)) == []
    assert rules_of(lambda text: re.sub(r"\bwind(s|y|ed|)\b", r"wund\1", text)) == []
