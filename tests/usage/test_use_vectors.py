"""Windows and sums of uses, held against plain loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfvec.analysis.drift.document_blocks import Blocks, block_sums, slice_vectors
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows
from selfvec.usage.contexts import Contexts, padded_windows
from selfvec.usage.use_vectors import UseSpace

HALF = 3
DOCUMENTS = st.lists(st.lists(st.integers(0, 5), max_size=14), min_size=1, max_size=8)


def batch_of(documents: list[list[int]]) -> TokenBatch:
    ids = np.array([word for document in documents for word in document], np.int32)
    return TokenBatch(ids, np.cumsum([0, *map(len, documents)], dtype=np.int64), list("abcdef"))


def space_of(documents: list[list[int]], sides: list[int]) -> UseSpace:
    rng = np.random.default_rng(0)
    table = rng.standard_normal((6, 8)).astype(np.float32)
    centres = (0.1 * rng.standard_normal((2, 8))).astype(np.float32)
    return UseSpace(batch_of(documents), np.array(sides, np.int32), table, HALF, centres)


@given(DOCUMENTS, st.integers(1, 4))
def test_windows_hold_the_words_around_within_the_document(documents: list[list[int]], half: int) -> None:
    batch = batch_of(documents)
    found = Contexts.around(batch.ids, batch.offsets, np.arange(len(batch)), half)
    expected = [
        (document[max(0, i - half) : i + half + 1], i - max(0, i - half))
        for document in documents
        for i in range(len(document))
    ]
    windows = [found.ids[a:b].tolist() for a, b in pairwise(found.offsets.tolist())]
    assert windows == [window for window, _ in expected]
    assert (found.places - found.offsets[:-1]).tolist() == [place for _, place in expected]
    counts = [sum(i in window and window[place] != i for window, place in expected) for i in range(6)]
    assert found.counts(6).tolist() == counts
    chosen = np.arange(len(found))[::2]
    assert found.part(chosen).ids.tolist() == [i for n in chosen for i in windows[n]]
    padded = padded_windows(batch, np.arange(len(batch)), half)
    for row, (window, place) in zip(padded.tolist(), expected, strict=True):
        assert [i for i in row if i >= 0] == [i for i in window if i != window[place]]


def reference(space: UseSpace) -> np.ndarray:
    """Sums of uses by the definition, (S, V, d)."""
    out = np.zeros((2, 6, 8))
    ids, offsets = space.batch.ids, space.batch.offsets
    for document, side in enumerate(space.sides.tolist()):
        lo, hi = offsets[document], offsets[document + 1]
        for i in range(lo, hi if side >= 0 else lo):
            use = np.zeros(8)
            for k in range(max(lo, i - HALF), min(hi, i + HALF + 1)):
                if ids[k] != ids[i]:
                    use += (1 - abs(k - i) / (HALF + 1)) * space.table[ids[k]]
            if np.linalg.norm(use) > 1e-6:
                use = use / np.linalg.norm(use) - space.centres[side]
                out[side, ids[i]] += use / np.linalg.norm(use)
    return out


@given(DOCUMENTS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_uses_are_summed_as_defined_whatever_the_blocks(documents, number: int, random) -> None:
    space = space_of(documents, [random.randint(-1, 1) for _ in documents])
    words, expected = np.arange(6), reference(space)
    blocks = Blocks(np.full((6, 2), number), np.full(6, len(documents)))
    for jobs in (1, 2):
        [part] = block_sums(space, words, blocks, 0, jobs)
        sums = part.rows.reshape(6, 2, number, 8).sum(axis=2).transpose(1, 0, 2)
        np.testing.assert_allclose(sums, expected, atol=1e-4)
    means = slice_vectors(space, words, 1)
    np.testing.assert_allclose(means, [unit_rows(rows) for rows in sums], atol=1e-3)


def test_single_uses_add_up_to_the_sums() -> None:
    rng = np.random.default_rng(1)
    space = space_of([rng.integers(0, 6, 400).tolist(), [2, 2]], [0, 1])
    rows = space.directions(np.flatnonzero(space.batch.ids == 2))
    np.testing.assert_allclose(reference(space)[:, 2].sum(axis=0), rows.sum(axis=0), atol=1e-4)
    assert not rows[-2:].any()
