"""What workers do: read shards, find the repeated passages of all, number words, sum neighbours.

Each step has the result of one machine. Workers count n-grams by hash, then list those that may be frequent
enough. Lists are joined in a tree. A row holds an n-gram, the number of its documents, and the place that is
counted: in the document with the smallest hash, or in the first of these. Workers then mark the other
occurrences.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from operator import add
from typing import Any, cast

import numpy as np
import polars as pl

from selfvec.base.arrays import AnyFloats, Bytes, Doubles, Floats, Ints, Mask
from selfvec.cooccurrence.scan import ScanOperator, neighbour_totals
from selfvec.corpus.dates import Dates, DecidedDates, Evidence
from selfvec.corpus.summary import CorpusPass, Summary
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, concatenated, occurrences_of_each
from selfvec.data.vectors import Vectors
from selfvec.refinement.decorrelation import GAMMA
from selfvec.refinement.inputs import Execution, read_unstemmed, with_days
from selfvec.storage.text_file import dated_text
from selfvec.text import Encoding
from selfvec.text.repeats import (
    LEAST_DOCUMENTS,
    Ngrams,
    Repeats,
    add_counters,
    counted_occurrences,
    counter_bits,
    cover,
    example_of,
    figures_of,
    found_repeats,
    most_frequent,
    without,
)

from .scheduler import Future, Scheduler
from .shards import Shard

WORD, COUNT, NUMBER = "word", "count", "number"
"""Columns of tables of words."""


class KnownWords:
    """The words with a vector, in place of `Vectors`. A worker makes their index once for all tasks."""

    def __init__(self, words: pl.Series) -> None:
        self.words = words

    @cached_property
    def key_to_index(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    def __reduce__(self) -> tuple[type[KnownWords], tuple[pl.Series]]:
        return KnownWords, (self.words,)  # the index is larger and slower to send


@dataclass(frozen=True)
class ShardRead:
    """What the client needs to know about a shard that was read."""

    summary: Summary
    encoding: Encoding
    worker: str
    evidence: Evidence | None  # what its dates say about the file's; None without any


def read_shard(
    shard: Shard,
    skip_bad_rows: bool,
    settings: Settings,
    known: KnownWords,
) -> tuple[ShardRead, TokenBatch, RunText | None, Dates]:
    """Read a shard as one machine does: what is known about it, its tokens, documents if kept, and dates."""
    corpus = shard.corpus(skip_bad_rows)
    execution = Execution()
    vectors = cast(Vectors, known)
    with execution.text_writer() if settings.keeps_text else nullcontext() as writer:
        tokens, encoding = read_unstemmed(corpus, vectors, settings, execution, text=writer)
        text = writer.finish() if writer else None
    worker = f"{platform.node()}:{os.getpid()}"
    evidence = corpus.dates.fields[0].evidence if corpus.dates.fields else None
    return ShardRead(corpus.summary, encoding, worker, evidence), tokens, text, corpus.dates


def settle_shard(
    about: ShardRead,
    tokens: TokenBatch,
    text: RunText | None,
    dates: Dates,
    decided: DecidedDates,  # by all shards
    skip_bad_rows: bool,
) -> tuple[ShardRead, TokenBatch, RunText | None]:
    """A shard with the days that whole files tell."""
    summary = deepcopy(about.summary)  # a worker that repeats a task has the former one
    days = dates.settled([decided], CorpusPass(summary, skip_bad_rows))
    if days is not None:
        tokens, text = with_days(tokens, days), text and dated_text(text, days)
    return replace(about, summary=summary), tokens, text


def count_words(tokens: TokenBatch, among: Mask | None = None) -> pl.DataFrame:
    """The words of a shard and their occurrences; with ``among``, (N,), only of the tokens that it marks."""
    counts = occurrences_of_each(tokens.ids, len(tokens.types), among)
    return pl.DataFrame({WORD: tokens.types, COUNT: counts}, {WORD: pl.String, COUNT: pl.Int64})


def add_counts(some: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The counts of two texts, one after the other; words in order of first appearance."""
    return pl.concat([some, others]).group_by(WORD, maintain_order=True).agg(pl.col(COUNT).sum())


def numbered(
    shards: Sequence[TokenBatch],
    further: Sequence[Mask],  # the tokens of each that are not counted, or nothing
    vocabulary: pl.DataFrame,  # all words and their numbers, -1 if dropped
    words: int,  # V
) -> TokenBatch:
    """Some shards as ids of the vocabulary; its words are not repeated in every range, only counted."""
    batches = []
    for place, shard in enumerate(shards):
        counted = without(shard, further[place]) if further else shard
        own = pl.DataFrame({WORD: shard.types}, {WORD: pl.String})
        numbers = own.join(vocabulary, on=WORD, how="left", maintain_order="left")[NUMBER].to_numpy()
        batches.append(counted.renumbered(numbers.astype(np.int32), cast(Sequence[str], range(words))))
    return concatenated(batches)


# Repeated passages


def find_shard_repeats(
    scheduler: Scheduler,
    shards: Sequence[Future],  # as `TokenBatch`
    tokens: int,  # in all
) -> tuple[Repeats, list[Future], pl.DataFrame | None]:
    """The repeated passages; which tokens of each shard, (N,) bool, are further occurrences; their words."""
    counters = scheduler.added([scheduler.run(_count, shard, counter_bits(tokens)) for shard in shards], _add)
    lists = [scheduler.run(_list, shard, counters, number) for number, shard in enumerate(shards)]
    (candidates,) = scheduler.results([scheduler.added(lists, _join)], "Comparing passages")
    frequent = candidates.filter(pl.col("documents") >= LEAST_DOCUMENTS).sort("passage")
    passages = frequent["passage"].to_numpy()
    if not len(passages):
        return Repeats(passages), [], None
    table = scheduler.keep(frequent)
    further = [scheduler.run(_further, shard, table, number) for number, shard in enumerate(shards)]
    pairs = list(zip(shards, further, strict=True))
    words = scheduler.added([scheduler.run(count_words, *pair) for pair in pairs], add_counts)
    best = most_frequent(frequent)
    example = scheduler.run(_example, shards[best["shard"]], best["place"], table)
    asked = [words, example, *(scheduler.run(figures_of, *pair) for pair in pairs)]
    counted, example, *figures = scheduler.results(asked, "Counting passages")
    total: Any = np.sum(figures, axis=0).tolist()
    repeats = found_repeats(frequent, example, total, tokens)
    return repeats, further, counted


def _count(shard: TokenBatch, bits: int) -> Bytes:
    """Counts of n-grams, (2^bits,); n-grams may share a counter."""
    return Ngrams(shard).count(bits)


def _add(some: Bytes, others: Bytes) -> Bytes:
    total = some.copy()
    add_counters(total, others)
    return total


def _list(shard: TokenBatch, counters: Bytes, number: int) -> pl.DataFrame:
    """The n-grams whose counter reaches the threshold."""
    ngrams = Ngrams(shard)
    often = ngrams.candidates(counters, LEAST_DOCUMENTS)
    tables = [counted_occurrences(ngrams, *hashed) for hashed in often]
    return _join(*(table.with_columns(shard=pl.lit(number)) for table in tables))


def _join(*tables: pl.DataFrame) -> pl.DataFrame:
    rows = pl.concat(tables).sort("passage", "owner", "shard", "document")
    return rows.group_by("passage", maintain_order=True).agg(
        pl.col("owner", "shard", "document", "place").first(), pl.col("documents").sum()
    )


def _further(shard: TokenBatch, passages: pl.DataFrame, number: int) -> Mask:
    """Which tokens of a shard are further occurrences of the passages, (N,) bool."""
    covered = _covered(shard, passages)
    cover(covered, passages.filter(pl.col("shard") == number)["place"].to_numpy(), False)
    return covered


def _covered(shard: TokenBatch, passages: pl.DataFrame) -> Mask:
    return Repeats(passages["passage"].to_numpy()).tokens_in(shard)


def _example(shard: TokenBatch, place: int, passages: pl.DataFrame) -> str:
    return example_of(shard, place, _covered(shard, passages))


# The neighbour operator of a text that workers hold

COLUMNS = 64  # of a matrix, summed by one task, so that a worker holds only these
PER_WORD = 64
"""Tokens for each word of the vocabulary that a task sums at least.

With fewer, moving and adding sums would take longer than summing.
"""
MOST_RANGES = 1024  # whose sums the client joins


def pass_ranges(tokens: Ints, words: int) -> list[slice]:
    """The range of shards of each task of a pass, from the tokens of each shard, (S,).

    It depends only on the text.

    >>> pass_ranges(np.array([300, 300, 300, 300]), words=9)
    [slice(0, 2, None), slice(2, 4, None)]
    """
    ends = np.cumsum(tokens)
    number = int(np.clip(ends[-1] // (PER_WORD * words), 1, MOST_RANGES))
    wanted = ends[-1] * np.arange(1, number) / number
    bounds = np.unique([0, *(np.searchsorted(ends, wanted) + 1), len(tokens)]).tolist()
    return [slice(*pair) for pair in pairwise(bounds)]


class ClusterScan(ScanOperator):
    """A·E of a text in ranges: each task sums some columns over a range, and the sums are added in pairs."""

    def __init__(self, words: TokenBatch, window: int, scheduler: Scheduler, ranges: list[Future]) -> None:
        totals = [scheduler.run(neighbour_totals, one, window) for one in ranges]
        super().__init__(words, window, GAMMA, degrees=scheduler.result(scheduler.added(totals, add)))
        self.window = window
        self.scheduler = scheduler
        self.ranges = ranges
        self.tokens = int(words.counts.sum())

    def apply(self, rows: AnyFloats, out: Floats | None = None, words: Mask | None = None) -> Floats:
        """Sum every word's neighbours; (V, d) -> (V, d) float32. See `ScanOperator.apply`."""
        result = np.empty(rows.shape, np.float32) if out is None else out
        blocks = [slice(first, first + COLUMNS) for first in range(0, rows.shape[1], COLUMNS)]
        shared = [self.scheduler.keep(one) for one in (self.degrees, words)]
        sums = []
        for columns in blocks:
            block = self.scheduler.keep(np.array(rows[:, columns], np.float32, order="C"))
            parts = [self.scheduler.run(_sums, one, self.window, block, *shared) for one in self.ranges]
            sums.append(self.scheduler.added(parts, add))
        tasks = len(blocks) * 2 * len(self.ranges) + len(shared)
        for columns in blocks:
            summed = self.scheduler.result(sums.pop(0), lambda ended: self.tick(self.tokens * ended / tasks))
            result[:, columns] = summed
        return result


def _sums(
    text: TokenBatch,
    window: int,
    rows: Floats,  # (V, c)
    degrees: Doubles,  # (V,), of the whole text
    words: Mask | None,  # (V,)
) -> Floats:
    """The part of a range of the text in the neighbour sums of some columns, (V, c) float32."""
    return ScanOperator(text, window, GAMMA, degrees=degrees).apply(rows, words=words)
