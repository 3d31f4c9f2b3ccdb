"""Passages, places of words, queries, joined strings; what a hit tells of its passage."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

import selfvec
from selfvec.base.errors import OptionError
from selfvec.retrieval import run_index
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


LONG = " ".join(f"Sentence {i} says that the mill number {i} stood by a quiet river." for i in range(60))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("passages")
    rows = [
        {"id": "long", "title": "Mills", "text": LONG + " The zeppelin landed at noon.", "year": 1999},
        {"id": "short", "title": "Bread", "text": "A baker bakes bread near the mill."},
    ]
    selfvec.refine(rows, "none", output=folder / "run")
    return folder / "run"


def test_a_hit_has_its_title_its_fields_and_the_text_of_its_passage(run_folder: Path) -> None:
    index = run_index(selfvec.open_run(run_folder))
    hit = index.search("zeppelin", 1, mode="bm25").hits[0]
    assert (hit.id, hit.title, hit.fields["year"]) == ("long", "Mills", 1999)
    assert "The zeppelin landed at noon." in hit.text
    start, end = hit.passage
    assert index.text("long")[start:end] == hit.text
    assert hit.text != index.text("long")
    short = index.search("bread", 1, mode="bm25").hits[0]
    assert short.text == index.text("short")


def test_passages_are_as_long_as_asked(run_folder: Path) -> None:
    run = selfvec.open_run(run_folder)
    texts = {}
    for words in (40, 200):
        index = run_index(run, cut=(words, 10))
        texts[words] = index.search("zeppelin", 1, mode="bm25").hits[0].text
        assert len(texts[words].split()) <= words
    assert len(texts[40]) < len(texts[200])
    found = selfvec.search(run, "zeppelin", mode="bm25", passage_words=40, overlap=10)
    assert found.hits[0].text == texts[40]


def test_impossible_passages_are_refused(run_folder: Path) -> None:
    run = selfvec.open_run(run_folder)
    refused(lambda: run_index(run, cut=(5, 0)), OptionError, "at least 20")
    refused(lambda: run_index(run, cut=(40, 30)), OptionError, "half of a passage")


def test_an_export_cuts_passages_as_asked(run_folder: Path, tmp_path: Path) -> None:
    import polars as pl

    sizes = {}
    for words in (40, 200):
        target = tmp_path / f"{words}.parquet"
        selfvec.export(run_folder, "parquet-documents", target, passage_words=words, overlap=10)
        sizes[words] = len(pl.read_parquet(target))
    assert sizes[40] > sizes[200] > 2
    refused(lambda: selfvec.export(run_folder, "word2vec", passage_words=40), OptionError, "passage")
