"""Uses of a word: which are shown and how they are quoted, and their vectors against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.rows import unit

import selfvec
from selfvec.analysis.usage.contexts import (
    occurrences,
    padded_windows,
    pair_places,
    window_counts,
)
from selfvec.analysis.usage.examples import (
    SELF,
    Example,
    around,
    best_occurrences,
    best_sentence,
    distinct_occurrences,
    sentences,
    shortened,
)
from selfvec.analysis.usage.occurrence_vectors import (
    WIDE_HALF,
    OccurrenceSpace,
    WordBlocks,
    block_sums,
    slice_centres,
)
from selfvec.base.threads import limited
from selfvec.data.token_batch import TokenBatch


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=6), st.integers(0, 4))
def test_shown_uses_are_in_order_and_differ_in_document_and_words(documents, most: int) -> None:
    ids = np.array([word for document in documents for word in document], np.int32)
    batch = TokenBatch(ids, np.cumsum([0, *map(len, documents)]), list("abc"))
    shown = distinct_occurrences(batch, range(len(batch)), most, reach=1)
    assert len(shown) <= most
    assert shown == sorted(shown)
    windows = [around(batch, place, 1) for place in shown]
    assert len({document for document, _, _ in windows}) == len(shown)
    assert len({tuple(ids[a:b].tolist()) for _, a, b in windows}) == len(shown)
    if most > len(documents):  # all that differ were taken
        others = {document for document, _, _ in windows}
        seen = {tuple(ids[a:b].tolist()) for _, a, b in windows}
        for place in range(len(batch)):
            document, a, b = around(batch, place, 1)
            assert document in others or tuple(ids[a:b].tolist()) in seen


def test_the_best_sentence_has_the_heaviest_words() -> None:
    text = "Hail fell. The hail broke\na roof of a barn. A roof!"
    assert best_sentence(text, {"hail": 5, "roof": 1, "barn": 1}) == "The hail broke a roof of a barn."
    assert best_sentence(text, {"hail": 1, "roof": 1}, least=2) is None
    assert best_sentence(text, {"roof": 9, "fell": 1}, holds=lambda part: "fell" in part) == "Hail fell."
    assert best_sentence("", {"hail": 1}) is None


@given(st.lists(st.text("abcdef", min_size=1, max_size=9), min_size=1, max_size=40), st.integers(0, 300))
def test_shortened_sentences_are_whole_words_around_a_place(words: list[str], place: int) -> None:
    text = " ".join(words)
    before, cut, after = shortened(text, min(place, len(text) - 1), 60)
    assert len(cut) <= 60
    assert f" {cut} " in f" {text} "
    assert text.startswith(cut) or before
    assert text.endswith(cut) or after
    assert (cut == text) == (len(text) <= 60)


def test_uses_are_the_best_of_different_documents() -> None:
    batch = TokenBatch.from_documents([["x", "a", "y", "a"], ["a", "z"], ["a", "z"], ["q", "a"]])
    word = list(batch.types).index("a")
    z = list(batch.types).index("z")
    places = occurrences(batch, word)
    found = best_occurrences(batch, None, places, np.array([0.1, 0.4, 0.9, 0.8, 0.2]), 5, marks={z: "came"})
    assert [use.document for use in found] == [1, 0, 3]  # document 2 says what document 1 said
    assert found[0].as_dict() == {
        "document": 1,
        "cut": [False, False],
        "tokens": [["a", "self"], [" ", ""], ["z", "came"]],
    }


def test_words_that_stand_together_are_counted() -> None:
    documents = [["a", "b", "m"], ["a", "m", "n"], ["b", "m", "n"], ["a", "m"], ["b", "m"], ["c", "k"]] * 2
    batch = TokenBatch.from_documents([*documents, *[["c", "k", "k", "k"]] * 10])
    index = {word: i for i, word in enumerate(batch.types)}
    places, looked_at = pair_places(batch, index["a"], index["b"])
    assert (len(places), looked_at) == (2, 6)


def test_a_sentence_takes_the_place_of_its_words() -> None:
    texts = ["Nothing here. They raise a ValueError if it is late! Raise it.", "no such thing"]
    run = selfvec.refine(texts, "none", "original", min_count=1)
    pieces = (("raise", SELF), (" ", ""), ("valueerror", "came"), (" ", ""), ("late", ""))
    use = Example("raise", 0, 0, pieces, (True, True))
    told, none = sentences(run.text, run.provenance, [use, replace(use, document=1)])
    assert told.written
    assert told.text == "They raise a ValueError if it is late!"
    assert [piece for piece in told.pieces if piece[1]] == [("raise", SELF), ("ValueError", "came")]
    assert none == replace(use, document=1, name="1")


DOCUMENTS = st.lists(st.lists(st.integers(0, 5), max_size=30), min_size=1, max_size=8)


def batch_of(documents: list[list[int]]) -> TokenBatch:
    ids = np.array([word for document in documents for word in document], np.int32)
    return TokenBatch(ids, np.cumsum([0, *map(len, documents)], dtype=np.int64), list("abcdef"))


def space_of(documents: list[list[int]], sides: list[int]) -> OccurrenceSpace:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((6, 8)).astype(np.float32)
    centres = (0.1 * rng.standard_normal((2, 8))).astype(np.float32)
    return OccurrenceSpace(batch_of(documents), np.array(sides, np.int32), table, centres)


@given(DOCUMENTS, st.integers(1, 4))
def test_windows_hold_the_words_around_within_the_document(documents: list[list[int]], half: int) -> None:
    batch = batch_of(documents)
    windows = padded_windows(batch, np.arange(len(batch)), half)
    expected = [
        [document[j] if 0 <= j < len(document) and document[j] != document[i] else -1 for j in near]
        for document in documents
        for i in range(len(document))
        for near in [[*range(i - half, i), *range(i + 1, i + half + 1)]]
    ]
    assert windows.tolist() == expected
    owners = np.repeat(np.arange(len(documents)), [len(document) for document in documents])
    for own in (None, owners):
        numbers = range(len(batch)) if own is None else own.tolist()
        pairs = {(n, word) for n, window in zip(numbers, expected, strict=True) for word in window}
        counts = [sum(word == i for _, word in pairs) for i in range(6)]
        assert window_counts(windows, 6, own).tolist() == counts


def reference(space: OccurrenceSpace) -> np.ndarray:
    """Sums of uses by the definition, (S, V, d)."""
    out = np.zeros((2, 6, 8))
    ids, offsets = space.batch.ids, space.batch.offsets
    for document, side in enumerate(space.sides.tolist()):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi if side >= 0 else lo):
            use = np.zeros(8)
            for k in range(max(lo, i - WIDE_HALF), min(hi, i + WIDE_HALF + 1)):
                if ids[k] != ids[i]:
                    use += (1 - abs(k - i) / (WIDE_HALF + 1)) * space.rows[ids[k]]
            if np.linalg.norm(use) > 1e-6:
                use = unit(use) - space.centres[side]
                out[side, ids[i]] += unit(use)
    return out


@given(DOCUMENTS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_uses_are_summed_as_defined_whatever_the_blocks_and_one_by_one(
    documents, number: int, random
) -> None:
    space = space_of(documents, [random.randint(-1, 1) for _ in documents])
    words, expected = np.arange(6), reference(space)
    blocks = WordBlocks(np.full((6, 2), number), np.full(6, len(documents)))
    for jobs in (1, 2):
        with limited(jobs):
            [part] = block_sums(space, words, blocks, 0)
        sums = part.rows.reshape(6, 2, number, 8).sum(axis=2).transpose(1, 0, 2)
        assert_allclose(sums, expected, atol=1e-4)
    sides = np.repeat(space.sides, space.batch.lengths)
    places = np.flatnonzero(sides >= 0)
    single = np.zeros_like(expected)
    np.add.at(single, (sides[places], space.batch.ids[places]), space.directions(places))
    assert_allclose(single, expected, atol=1e-4)


def slice_means(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of two slices that differ by style, and after shuffling."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(8)
    chance = 0.05 * rng.standard_normal((2, 2, 8))
    return common + chance[0] + np.outer([-1, 1], rng.standard_normal(8)), common + chance[1]


@pytest.mark.parametrize("seed", range(3))
def test_the_share_of_a_slice_mean_is_what_shuffling_removes(seed: int) -> None:
    means, shuffled = slice_means(seed)
    common = means.mean(axis=0)
    chance = np.sum((shuffled - shuffled.mean(axis=0)) ** 2) / np.sum((means - common) ** 2)
    whole = common + (1 - 2 * chance) * (means - common)
    assert_allclose(slice_centres(means, shuffled), (1 - chance) * whole, atol=1e-6)
    alone = slice_centres(means[:1], shuffled[:1])
    assert_allclose(alone, means[:1], atol=1e-6)


@pytest.mark.parametrize(("word", "text"), [("rain_ice", "rain, ice"), ("_".join("-" * 40 + "x"), "-" * 300)])
def test_parts_of_a_phrase_may_be_apart_by_signs(word: str, text: str) -> None:
    """Also if the parts are signs, which can be divided in many ways."""
    run = selfvec.refine([{"text": f"{text} fell hard"}], "none", "original", tokenizer="whitespace")
    (quote,) = sentences(run.text, run.provenance, [Example(word, 0, 0, ((word, SELF), (" fell hard", "")))])
    assert quote.written == (word == "rain_ice")
