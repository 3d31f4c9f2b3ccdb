"""The corpus cut to the paper's size, as the rule reads it.

The paper has 141K tokens after a part-of-speech filter and lemmatisation; which reports these were we do
not know. We take ours in the order of their dates, up to the one that brings the kept tokens to 141,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.text import Rules, auto_window, encode, tokenizer

RULES = Rules(pos=("noun", "verb", "adjective", "adverb"), lemmatize="en")


def settings(rules: Rules, window: int) -> Settings:
    """The paper's preprocessing and rule as options of the product."""
    return Settings(method="paper", window=window, oov="zero", pos=rules.pos, lemmatize=rules.lemmatize)


@dataclass(frozen=True)
class Prepared:
    """A corpus ready to be refined."""

    batch: TokenBatch  # types by falling frequency
    original: Vectors  # (V, d) unit rows; zeros for words without a vector

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which types have a pretrained vector, (V,)."""
        known: NDArray[np.bool_] = self.original.sources == Source.KNOWN
        return known

    @property
    def index(self) -> dict[str, int]:
        """Row of each type."""
        return self.original.key_to_index

    def numbers(self) -> dict[str, int]:
        """The corpus in numbers, as the paper gives them."""
        return {
            "tokens": len(self.batch),
            "types": len(self.batch.types),
            "types_with_vectors": int(self.known.sum()),
            "auto_window": auto_window(self.batch),
        }


def dated_texts(corpus: Corpus) -> list[str]:
    """All documents in order of their dates; equal dates stay in reading order."""
    texts: list[str] = []
    dates: list[NDArray[np.datetime64]] = []
    for batch in corpus.batches():
        texts.extend(batch.texts.to_list())
        days = np.full(len(batch), "NaT", "datetime64[D]")
        own = batch.get("date")
        dates.append(days if own is None else own.to_numpy().astype("datetime64[D]"))
    order = np.argsort(np.concatenate(dates), kind="stable")
    return [texts[i] for i in order.tolist()]


def prepare(texts: Sequence[str], rules: Rules, vectors: Vectors) -> Prepared:
    """Token ids and starting vectors, as in `selfvec.refinement`; unknown words start from zero."""
    batch, _ = encode(Corpus.from_texts(texts).batches(), tokenizer("words"), rules, vectors)
    batch = by_frequency(batch)
    rows, sources = vectors.lookup(batch.types, compose=False)
    return Prepared(
        batch, Vectors(batch.types, unit_rows(rows), sources=sources, counts=batch.counts, normalized=True)
    )


def cut(texts: Sequence[str], rules: Rules, vectors: Vectors, tokens: int) -> list[str]:
    """The first documents that hold ``tokens`` kept tokens together, or all of them."""
    ends = prepare(texts, rules, vectors).batch.offsets[1:]
    return list(texts[: int(np.searchsorted(ends, tokens)) + 1])
