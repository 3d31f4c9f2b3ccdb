"""Changes of a batch against plain loops, for any size of the blocks that it is worked on in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spelled import spelled_texts

from selfvec.data.token_batch import TokenBatch, by_frequency, changed

pytestmark = pytest.mark.usefixtures("blocks")

TEXTS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=9), min_size=1, max_size=9)


@given(TEXTS, st.sets(st.sampled_from("abcdef")))
def test_renumbering_drops_and_keeps(texts: list[list[str]], dropped: set[str]) -> None:
    batch = TokenBatch.from_documents(texts)
    kept = [word for word in batch.types if word not in dropped]
    numbers = np.array([kept.index(word) if word in kept else -1 for word in batch.types], np.int32)
    expected = [[word for word in text if word not in dropped] for text in texts]
    renumbered = batch.renumbered(numbers, kept)
    assert spelled_texts(renumbered) == expected
    counted = batch.counts.tolist()
    ids, offsets = changed(batch.ids, batch.offsets, len(renumbered), lambda _, ids: numbers[ids], batch.ids)
    assert spelled_texts(TokenBatch(ids, offsets, kept)) == expected
    assert renumbered.counts.tolist() == [counted[batch.types.index(word)] for word in kept]


@given(TEXTS, st.randoms(use_true_random=False))
def test_a_part_holds_the_chosen_documents(texts: list[list[str]], random) -> None:
    chosen = np.array([random.random() < 0.5 for _ in texts])
    part = TokenBatch.from_documents(texts).part(chosen)
    assert spelled_texts(part) == [text for text, stays in zip(texts, chosen, strict=True) if stays]


@given(TEXTS)
def test_ranges_are_the_whole_text(texts: list[list[str]]) -> None:
    batch = TokenBatch.from_documents(texts)
    parts = [spelled_texts(TokenBatch(ids, offsets, batch.types)) for ids, offsets in batch.in_ranges()]
    assert [text for part in parts for text in part] == texts
    assert sum(batch.counts.tolist()) == len(batch)


@given(TEXTS)
def test_types_by_falling_frequency(texts: list[list[str]]) -> None:
    batch = TokenBatch.from_documents(texts)
    words = [word for text in texts for word in text]
    ordered = by_frequency(batch)
    assert list(ordered.types) == sorted(dict.fromkeys(words), key=lambda word: -words.count(word))
    assert spelled_texts(ordered) == texts
