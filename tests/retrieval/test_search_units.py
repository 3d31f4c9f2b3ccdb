"""Passages, places of words, queries, joined strings."""

import re
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfvec.text.passages import passages
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.tokenizers import word_spans
from selfvec.text.vocabulary import Vocabulary

TEXT = " ".join(f"Sentence {i} has {'very ' * (i % 7)}few words." for i in range(60))


def test_short_texts_are_one_passage() -> None:
    assert passages("A few words. And more.") == []
    assert passages("") == []
    assert passages(TEXT, words=1000) == []


def test_passages_are_whole_sentences_with_overlap() -> None:
    parts = [TEXT[a:b] for a, b in passages(TEXT, words=40, overlap=10)]
    assert len(parts) > 5
    for before, after in pairwise(parts):
        assert before.startswith("Sentence")
        assert before.endswith(".")
        assert len(before.split()) <= 40
        shared = [line for line in re.findall(r"Sentence[^.]*\.", before) if line in after]
        assert shared, "the last sentence begins the next passage"
    assert parts[0].startswith("Sentence 0 ")
    assert parts[-1].endswith("few words.")
    assert len(parts[-1].split()) > 20  # reaches back


def test_a_long_sentence_is_cut() -> None:
    text = "word " * 500
    parts = [text[a:b].split() for a, b in passages(text, words=100, overlap=20)]
    assert [len(part) for part in parts] == [100] * 5
    unspaced = "\u5929\u6c14" * 400
    assert [b - a for a, b in passages(unspaced, words=200, overlap=0)] == [200] * 4


@given(st.text(st.sampled_from("ab .!?\n\u00e9\u3042"), max_size=400), st.integers(1, 12), st.integers(0, 12))
def test_every_word_is_in_a_passage(text, words, overlap) -> None:
    spans = passages(text, words, overlap)
    if not spans:
        return
    assert spans == sorted(set(spans))
    covered = np.zeros(len(text), bool)
    for a, b in spans:
        assert 0 <= a < b <= len(text)
        covered[a:b] = True
    assert all(covered[i] for i, character in enumerate(text) if not character.isspace())


@given(st.text(max_size=60))
def test_words_found_in_a_text_have_its_types(text) -> None:
    text = text.encode("utf-8", "ignore").decode()
    preprocessing = Preprocessing(stop_words=None, stem=None)
    batch = encode_texts([text], preprocessing)
    words = [text[a:b] for a, b in word_spans(text)]
    found = Vocabulary(preprocessing, batch.types).types_of(words)
    assert [number for numbers in found for number in numbers] == batch.ids.tolist()


def test_questions_meet_stems_and_leave_stop_words_out() -> None:
    vocabulary = Vocabulary(Preprocessing(), ["storm", "broke", "roof"])
    asked = vocabulary.parse("the STORM, a storming roof and zebras")
    assert [vocabulary.types[i] for i in asked.types] == ["storm", "roof"]
    assert asked.counts.tolist() == [2, 1]
    assert asked.words == ["STORM", "roof"]
    assert asked.unknown == ["zebras"]
    assert vocabulary.parse("").types.tolist() == []
