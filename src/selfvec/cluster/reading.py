"""Tasks that read shards, count their words and number these by the vocabulary."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import polars as pl

from selfvec.base.arrays import Mask
from selfvec.corpus.fields import FieldNames
from selfvec.corpus.summary import Summary
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, concatenated, occurrences_of_each
from selfvec.data.vectors import Vectors
from selfvec.refinement.input_reading import read_unstemmed
from selfvec.refinement.plan import Execution
from selfvec.text import Encoding
from selfvec.text.repeats import without

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


def read_shard(
    shard: Shard,
    names: FieldNames,
    skip_bad_rows: bool,
    settings: Settings,
    known: KnownWords,
) -> tuple[ShardRead, TokenBatch, RunText | None]:
    """Read a shard as one machine reads a corpus: its description, its tokens, and its documents if kept."""
    corpus = shard.corpus(names, skip_bad_rows)
    execution = Execution(jobs=1)
    vectors = cast(Vectors, known)
    with execution.text_writer() if settings.keeps_text else nullcontext() as writer:
        tokens, encoding = read_unstemmed(corpus, vectors, settings, execution, text=writer)
        text = writer.finish() if writer else None
    return ShardRead(corpus.summary, encoding, f"{platform.node()}:{os.getpid()}"), tokens, text


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
    found = []
    for place, shard in enumerate(shards):
        counted = without(shard, further[place]) if further else shard
        own = pl.DataFrame({WORD: shard.types}, {WORD: pl.String})
        numbers = own.join(vocabulary, on=WORD, how="left", maintain_order="left")[NUMBER].to_numpy()
        found.append(counted.renumbered(numbers.astype(np.int32), cast(Sequence[str], range(words))))
    return concatenated(found)
