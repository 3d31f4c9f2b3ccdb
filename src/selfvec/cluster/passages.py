"""Repeated passages of a text in shards, with the result of `selfvec.text.repeats` on one machine.

Workers count n-grams by hash, then list those that may be frequent enough. Lists are joined in a tree. A row
holds an n-gram, the number of its documents, and the place that is counted: in the document with the smallest
hash, or in the first of these. Workers then mark the other occurrences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Bytes, Mask
from selfvec.data.token_batch import TokenBatch
from selfvec.text.hashed_ngrams import Ngrams, add_counters, counter_bits, cover
from selfvec.text.repeats import (
    LEAST_DOCUMENTS,
    Repeats,
    counted_occurrences,
    example_of,
    figures_of,
    found_repeats,
    most_frequent,
)

from .reading import add_counts, count_words
from .scheduler import Future, Scheduler


def find_shard_repeats(
    scheduler: Scheduler,
    shards: Sequence[Future],  # as `TokenBatch`
    tokens: int,  # in all
) -> tuple[Repeats, list[Future], pl.DataFrame | None]:
    """The repeated passages; which tokens of each shard, (N,) bool, are further occurrences; their words."""
    counters = scheduler.sum([scheduler.run(_count, shard, counter_bits(tokens)) for shard in shards], _add)
    lists = [scheduler.run(_list, shard, counters, number) for number, shard in enumerate(shards)]
    (found,) = scheduler.results([scheduler.sum(lists, _join)], "Comparing passages")
    found = found.filter(pl.col("documents") >= LEAST_DOCUMENTS).sort("passage")
    passages = found["passage"].to_numpy()
    if not len(passages):
        return Repeats(passages), [], None
    table = scheduler.keep(found)
    further = [scheduler.run(_further, shard, table, number) for number, shard in enumerate(shards)]
    pairs = list(zip(shards, further, strict=True))
    words = scheduler.sum([scheduler.run(count_words, *pair) for pair in pairs], add_counts)
    best = most_frequent(found)
    example = scheduler.run(_example, shards[best["shard"]], best["place"], table)
    asked = [words, example, *(scheduler.run(figures_of, *pair) for pair in pairs)]
    counted, example, *figures = scheduler.results(asked, "Counting passages")
    total: Any = np.sum(figures, axis=0).tolist()
    repeats = found_repeats(found, example, total, tokens)
    return repeats, further, counted


def _count(shard: TokenBatch, bits: int) -> Bytes:
    """Counts of n-grams, (2^bits,); n-grams may share a counter."""
    ngrams = Ngrams(shard, 1, bits)
    ngrams.count()
    return ngrams.counters


def _add(some: Bytes, others: Bytes) -> Bytes:
    total = some.copy()
    add_counters(total, others)
    return total


def _list(shard: TokenBatch, counters: Bytes, number: int) -> pl.DataFrame:
    """The n-grams whose counter reaches the threshold."""
    ngrams = Ngrams(shard, 1, len(counters).bit_length() - 1)
    ngrams.counters = counters
    tables = [counted_occurrences(ngrams, *found) for found in ngrams.candidates(LEAST_DOCUMENTS)]
    return _join(*(table.with_columns(shard=pl.lit(number)) for table in tables))


def _join(*tables: pl.DataFrame) -> pl.DataFrame:
    """A row for each n-gram of several tables."""
    rows = pl.concat(tables).sort("passage", "owner", "shard", "document")
    return rows.group_by("passage", maintain_order=True).agg(
        pl.col("owner", "shard", "document", "place").first(), pl.col("documents").sum()
    )


def _further(shard: TokenBatch, found: pl.DataFrame, number: int) -> Mask:
    """Which tokens of a shard are further occurrences of the passages, (N,) bool."""
    covered = _covered(shard, found)
    cover(covered, found.filter(pl.col("shard") == number)["place"].to_numpy(), False)
    return covered


def _covered(shard: TokenBatch, found: pl.DataFrame) -> Mask:
    return Repeats(found["passage"].to_numpy()).tokens_in(shard, 1)


def _example(shard: TokenBatch, place: int, found: pl.DataFrame) -> str:
    """The passage around an n-gram."""
    return example_of(shard, place, _covered(shard, found))
