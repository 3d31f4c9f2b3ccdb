"""Repeated passages of a text in shards, with the result of `selfvec.text.repeats` on one machine.

Workers count n-grams by hash, then list those that may be frequent enough. Lists are joined in a tree. A row
holds an n-gram, the number of its documents, and the place that is counted: in the document with the smallest
hash, or in the first of these. Workers then mark the other occurrences.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from selfvec.base.arrays import Bytes, Mask
from selfvec.data.token_batch import TokenBatch
from selfvec.text.hashed_ngrams import Ngrams, add_counters, counter_bits, cover
from selfvec.text.repeats import (
    KEPT,
    LEAST_DOCUMENTS,
    Repeats,
    consists_of_templates,
    example_of,
    left_short,
    tokens_by_document,
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
    best = found.sort("documents", descending=True, maintain_order=True).row(0, named=True)
    example = scheduler.run(_example, shards[best["shard"]], best["place"], table)
    asked = [words, example, *(scheduler.run(_figures, *pair) for pair in pairs)]
    counted, example, *figures = scheduler.results(asked, "Counting passages")
    gone, changed, short, documents = np.sum(figures, axis=0).tolist()
    repeats = Repeats(
        passages[:KEPT],
        tokens=gone,
        documents=changed,
        share=gone / tokens,
        example=example,
        example_documents=best["documents"],
        templates=consists_of_templates(short, documents),
    )
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
    found = [
        pl.DataFrame({"passage": values, "document": shard.document_of(places), "place": places})
        for values, places in ngrams.candidates(LEAST_DOCUMENTS)
    ]
    first = pl.concat(found).group_by("passage", "document").agg(pl.col("place").min())
    owners = pl.Series("owner", ngrams.owners_of(first["document"].to_numpy()))
    rows = first.with_columns(owners, pl.lit(number).alias("shard"), pl.lit(1).alias("documents"))
    return _join(rows, rows.clear())


def _join(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """A row for each n-gram of two lists."""
    rows = pl.concat([some, others]).sort("passage", "owner", "shard", "document")
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


def _figures(shard: TokenBatch, further: Mask) -> tuple[int, int, int, int]:
    """Further tokens, documents with any, those of them that are left short, and all documents."""
    gone = tokens_by_document(further, shard)
    return int(gone.sum()), int(np.count_nonzero(gone)), left_short(gone, shard.offsets), shard.documents
