"""The texts of a corpus, and the positions of their words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus, as_corpus
from selfvec.data.token_batch import TokenBatch

__all__ = ["CorpusWords", "Texts", "read_words"]

Texts = Corpus | Sequence[str | os.PathLike[str]]
"""A corpus, or the paths of its files and folders."""


@dataclass(frozen=True)
class CorpusWords:
    """D texts and their N words that are frequent enough."""

    texts: list[str]  # D
    batch: TokenBatch  # types by falling frequency, in lower case
    spans: Ints  # (N, 2) where each word starts and ends, in bytes of its text


def read_words(corpus: Texts, text_field: str | None, min_count: int) -> CorpusWords:
    """Read texts and find their words, as ``refine --tokenizer words`` does without vectors.

    Raises `CorpusError` if no word occurs ``min_count`` times.
    """
    import polars as pl

    from selfvec.text.tokenizers import Splitter

    if not isinstance(corpus, Corpus):
        corpus = as_corpus(corpus, "corpus", text_field=text_field, keep_fields=False)
    texts = [text for batch in corpus.batches() for text in batch.texts.to_list()]
    raw, spans = Splitter("words").located(pl.Series(texts, dtype=pl.String))
    index: dict[str, int] = {}
    keys = np.array([index.setdefault(word.lower(), len(index)) for word in raw.types], np.int32)
    counts = np.bincount(keys[raw.ids], minlength=len(index))
    order = np.argsort(-counts, kind="stable")[: int((counts >= min_count).sum())]
    if not len(order):
        raise CorpusError(f"no word occurs {min_count} times", remedy="lower --min-count or bring more text")
    places = np.full(len(index), -1, np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    ids = places[keys][raw.ids]
    kept = ids >= 0
    offsets = np.concatenate(([0], np.cumsum(kept)))[raw.offsets]
    words = list(index)
    return CorpusWords(texts, TokenBatch(ids[kept], offsets, [words[i] for i in order]), spans[kept])
