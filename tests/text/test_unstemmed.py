"""With the left-out tokens the counted ones are the whole text again, also after more is added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.base.errors import FormatError
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.data import token_batch
from selfvec.data.token_batch import TokenBatch, by_frequency, concatenated, over_one_vocabulary
from selfvec.text.repeats import without
from selfvec.text.stems import apply_stem_and_min_count
from selfvec.text.unstemmed import UnstemmedTokens

seeds = st.integers(0, 10**6)


def random_text(seed: int) -> tuple[TokenBatch, TokenBatch]:
    """A text, and its tokens without some places and some rare words, by falling frequency."""
    rng = np.random.default_rng(seed)
    words = [f"w{i}" for i in rng.permutation(12)]
    documents = [
        [words[i] for i in rng.zipf(1.5, size) % 12] for size in rng.integers(0, 40, rng.integers(1, 6))
    ]
    documents.append(["w1", "w2", "w1"])
    whole = TokenBatch.from_documents(documents)
    whole = replace(whole, sentence_counts=np.ones(whole.documents, np.int32), sentences=whole.documents)
    counted = without(whole, rng.random(len(whole)) < rng.random())
    return whole, by_frequency(apply_stem_and_min_count(counted, {}, min_count=int(rng.integers(1, 4)))[0])


def equal(found: TokenBatch, expected: TokenBatch) -> None:
    assert list(found.types) == list(expected.types)
    assert found.sentences == expected.sentences
    for name in ("ids", "offsets", "sentence_counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@given(seeds)
def test_the_whole_text_comes_back(seed: int) -> None:
    whole, counted = random_text(seed)
    found = UnstemmedTokens.of(whole, counted)
    assert len(found.ids) == len(whole) - len(counted)
    equal(found.batch(counted), whole)


@given(seeds, seeds)
def test_joined_is_that_of_the_joined_texts(one: int, other: int) -> None:
    (first, counted), (second, more) = random_text(one), random_text(other)
    found = UnstemmedTokens.of(first, counted).joined(UnstemmedTokens.of(second, more))
    whole = concatenated(over_one_vocabulary([first, second]))
    equal(found.batch(by_frequency(concatenated(over_one_vocabulary([counted, more])))), whole)


def test_a_long_text_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, counted = random_text(3)
    expected = UnstemmedTokens.of(whole, counted)
    monkeypatch.setattr(token_batch, "_BLOCK", 8)
    found = UnstemmedTokens.of(whole, counted)
    np.testing.assert_array_equal(found.left_out, expected.left_out)
    np.testing.assert_array_equal(found.ids, expected.ids)
    equal(found.batch(counted), whole)


def test_merged_words_are_kept_whole() -> None:
    whole = TokenBatch.from_documents([["storm", "storms", "hail"], ["storms"]])
    counted, _ = apply_stem_and_min_count(whole, {}, "en")
    found = UnstemmedTokens.of(whole, counted)
    assert found.left_out is None
    equal(found.batch(counted), whole)


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        ("left_out", np.array([255, 255], np.uint8), "one bit for each token"),
        ("left_out", np.zeros(2, np.uint8), "one bit for each token"),
        ("left_out", np.zeros(3, np.int8), "tensor 'left_out' of uint8"),
        ("ids", np.array([0, 99], np.int32), "token ids are not all between"),
        ("ids", np.zeros(7, np.int32), "document offsets do not run from 0"),
        ("offsets", np.array([0, 12, 11]), "document offsets do not run from 0"),
        ("offsets", np.array([0, 13, 12]), "document offsets decrease"),
        ("sentences", np.ones(3, np.int32), "not one number of sentences"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, name: str, tensor: np.ndarray, said: str) -> None:
    whole = TokenBatch.from_documents([list("abcabcd"), list("abcbx")])
    counted, _ = apply_stem_and_min_count(whole, {}, min_count=2)
    UnstemmedTokens.of(whole, counted).save(tmp_path / "unstemmed")
    equal(UnstemmedTokens.load(tmp_path / "unstemmed", counted).batch(counted), whole)
    file = tmp_path / "unstemmed" / "unstemmed.safetensors"
    write_tensors(file, {key: np.array(value) for key, value in map_tensors(file).items()} | {name: tensor})
    with pytest.raises(FormatError, match=f"{said}.*make the run again"):
        UnstemmedTokens.load(tmp_path / "unstemmed", counted)


def test_a_vocabulary_of_another_text_is_refused() -> None:
    whole, counted = random_text(5)
    found = replace(UnstemmedTokens.of(whole, counted), types=[f"x{i}" for i in range(len(whole.types))])
    with pytest.raises(FormatError, match="lacks some of its words"):
        found.batch(counted)
