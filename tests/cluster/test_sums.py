"""Laws of `partial`, `merge` and `finish`, in this process and without an engine."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from selfvec.base.errors import InputError
from selfvec.cluster import sums
from selfvec.cluster.sums import Partial, Shard, SharedTable, finish, merge, moments, partial
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.whitening import covariance, whitened, whitening

WORDS, WINDOW = 50, 7


@pytest.fixture
def corpus() -> TokenBatch:
    rng = np.random.default_rng(1)
    offsets = np.concatenate(([0], np.cumsum(rng.integers(0, 30, 90))))
    ids = np.minimum(rng.geometric(0.1, offsets[-1]) - 1, WORDS - 2).astype(np.int32)  # one word has no use
    return TokenBatch(ids, offsets, [f"w{i}" for i in range(WORDS)])


def shards(batch: TokenBatch, number: int) -> list[Shard]:
    bounds = np.linspace(0, batch.documents, number + 1).astype(int).tolist()
    cut = [(batch.offsets[a : b + 1], n) for n, (a, b) in enumerate(pairwise(bounds))]
    return [Shard(n, batch.ids[of[0] : of[-1]], of - of[0]) for of, n in cut]


def table() -> np.ndarray:
    return np.random.default_rng(2).standard_normal((WORDS, 150), dtype=np.float32)


def test_the_sum_of_the_partials_is_the_neighbour_sum_of_the_corpus(corpus: TokenBatch) -> None:
    operator, rows = ScanOperator(corpus, WINDOW, 0.4), table()
    counted = partial(shards(corpus, 1), SharedTable(WORDS, WINDOW))
    assert counted.sums["degrees"].tolist() == operator.degrees.tolist()
    assert counted.sums["counts"].tolist() == corpus.counts.tolist()
    shared = SharedTable.of(rows, counted.sums["degrees"], WINDOW, 0.4)

    def cut() -> SharedTable:
        return SharedTable(WORDS, WINDOW, iter([rows[:20], rows[20:]]), shared.weights, shared.mean)

    found = [partial([shard], cut()) for shard in shards(corpus, 4)]
    whole = merge(merge(merge(found[0], found[1]), found[2]), found[3])
    degrees = counted.sums["degrees"]
    np.testing.assert_allclose(finish(whole, degrees), operator.apply(rows), rtol=1e-4, atol=1e-5)
    part = Partial(0, 4, {"neighbours": whole.sums["neighbours"][10:20]})
    assert np.array_equal(finish(whole, degrees)[10:20], finish(part, degrees[10:20]))
    assert not finish(whole, degrees)[WORDS - 1].any()


def test_the_neighbours_of_some_words_alone(corpus: TokenBatch) -> None:
    rows, some = table(), np.arange(WORDS) % 3 == 0
    whole = SharedTable.of(rows, np.full(WORDS, 3), WINDOW, 0.4)
    found = partial(shards(corpus, 2), replace(whole, summed=some)).sums["neighbours"]
    expected = partial(shards(corpus, 2), whole).sums["neighbours"]
    np.testing.assert_allclose(found[some], expected[some], atol=5e-3)
    assert not found[~some].any()


def test_long_texts_are_summed_in_blocks(corpus: TokenBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table()
    degrees = partial(shards(corpus, 1), SharedTable(WORDS, WINDOW)).sums["degrees"]
    shared = SharedTable.of(rows, degrees, 7, 0.4)
    whole = partial(shards(corpus, 3), shared).sums["neighbours"]
    monkeypatch.setattr(sums, "BLOCK", 40)
    blocks = [ids for shard in shards(corpus, 3) for ids, _ in shard.blocks()]
    assert len(blocks) > 10
    assert np.array_equal(np.concatenate(blocks), corpus.ids)
    in_blocks = partial(shards(corpus, 3), shared).sums["neighbours"]
    assert (whole.dtype, in_blocks.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(in_blocks, whole, rtol=1e-4, atol=1e-4)


def test_shards_are_merged_in_their_order_only(corpus: TokenBatch) -> None:
    one, two, three = (partial([shard], SharedTable(WORDS, WINDOW)) for shard in shards(corpus, 3))
    with pytest.raises(InputError, match="in the order of their shards"):
        merge(one, three)
    with pytest.raises(InputError, match="must be consecutive"):
        partial([shards(corpus, 3)[0], shards(corpus, 3)[2]], SharedTable(WORDS, WINDOW))
    assert (merge(merge(one, two), three).first, merge(two, three).last) == (0, 3)


def counted(number: int, words: str, *counts: int) -> Partial:
    sums = {"counts": np.array(counts, np.int64), "pruned": np.zeros(1, np.int64)}
    return Partial(number, number + 1, sums, words.split())


def test_words_keep_the_order_of_first_appearance() -> None:
    whole = merge(merge(counted(0, "b a", 1, 2), counted(1, "")), counted(2, "c a", 5, 1))
    assert list(whole.words) == ["b", "a", "c"]
    assert whole.sums["counts"].tolist() == [1, 3, 5]
    again = Partial.of(0, 3, whole.tensors())
    assert list(again.words) == ["b", "a", "c"]
    assert again.sums["counts"].tolist() == [1, 3, 5]


def test_of_too_many_words_the_rarest_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MOST_WORDS", 2)
    whole = merge(counted(0, "b a", 1, 2), counted(1, "c b", 5, 1))
    assert (list(whole.words), whole.sums["pruned"].tolist()) == (["b", "c"], [2])


def test_moments_of_row_blocks_whiten_like_the_whole_table() -> None:
    rows, stands = table(), np.arange(WORDS) % 7 > 0
    parts = [moments(n, rows[n * 20 : n * 20 + 20], stands[n * 20 : n * 20 + 20]) for n in range(3)]
    whole = merge(merge(parts[0], parts[1]), parts[2]).sums
    mean, spread = covariance(rows, stands)
    own = whole["total"] / whole["number"]
    np.testing.assert_allclose(own, mean, atol=1e-6)  # here blocks are multiplied in float32
    np.testing.assert_allclose(whole["moment"] / whole["number"] - np.outer(own, own), spread, atol=1e-6)
    shift, whitener = whitening(rows, 0.4, stands)
    out = whitened(rows, stands, shift, whitener)
    expected = (rows - shift) @ whitener
    np.testing.assert_allclose(out[1], expected[1] / np.linalg.norm(expected[1]), atol=1e-5)
    assert not out[~stands].any()


def test_equal_bits_however_the_leaves_are_computed(corpus: TokenBatch) -> None:
    shared = SharedTable.of(table(), np.full(WORDS, 3), WINDOW, 0.4)
    found = {}
    order = list(range(6))
    for seed in range(3):
        random.Random(seed).shuffle(order)
        leaves = {n: partial([shards(corpus, 6)[n]], shared) for n in order}
        whole = leaves[0]
        for n in range(1, 6):
            whole = merge(whole, leaves[n])
        found[seed] = whole.sums["neighbours"].tobytes()
    assert len(set(found.values())) == 1
