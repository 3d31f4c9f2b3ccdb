"""Passages, places of words, compressed texts: what is cut can be put together again."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.base.errors import FormatError
from selfvec.search.passages import passages
from selfvec.search.text_blocks import Texts, packed, unpacked
from selfvec.text.lexicon import Lexicon, located
from selfvec.text.preprocessing import Preprocessing

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
def test_words_are_where_they_are_said_to_be(text) -> None:
    text = text.encode("utf-8", "ignore").decode()
    lexicon = Lexicon(Preprocessing(stop_words=None, stem=None))
    lexicon.encode([text])
    starts, ends = located(text)
    words = [text[a:b] for a, b in zip(starts, ends, strict=True)]
    types = [number for numbers in lexicon.types_of(words) for number in numbers]
    assert types == lexicon.encode([text]).ids.tolist()


def test_questions_meet_stems_and_leave_stop_words_out() -> None:
    lexicon = Lexicon(Preprocessing())
    lexicon.encode(["Storms broke the roofs."])
    asked = lexicon.read("the STORM, a storming roof and zebras")
    assert [lexicon.types[i] for i in asked.types] == ["storm", "roof"]
    assert asked.counts.tolist() == [2, 1]
    assert asked.words == ["STORM", "roof"]
    assert asked.unknown == ["zebras"]
    assert lexicon.read("").types.tolist() == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), min_size=1, max_size=40))
def test_texts_come_back(texts) -> None:
    store = Texts.pack(texts)
    assert [store[i] for i in range(len(texts))] == texts
    assert unpacked(packed("names", texts), "names") == texts


def test_texts_in_many_blocks_are_written_and_opened(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("abcdef \u00e9"), rng.integers(0, 3000))) for _ in range(60)]
    Texts.pack(texts).save(tmp_path / "texts")
    store = Texts.open(tmp_path / "texts")
    assert len(store.blocks) > 3
    assert [store[i] for i in range(60)] == texts
    whole = (tmp_path / "texts").read_bytes()
    for damage in (b"", whole[:20], whole[:-1], whole + b"x", b"y" + whole[1:]):
        (tmp_path / "bad").write_bytes(damage)
        with pytest.raises(FormatError):
            Texts.open(tmp_path / "bad")
    soiled = bytearray(whole)
    soiled[-200:-100] = bytes(100)
    (tmp_path / "bad").write_bytes(soiled)
    with pytest.raises(FormatError, match="block of texts is damaged"):
        Texts.open(tmp_path / "bad")[59]
