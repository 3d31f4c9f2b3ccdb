"""The corpus in the variants the paper leaves open, and the cut that has the paper's size.

The paper has 141K tokens after a part-of-speech filter and lemmatisation; which reports these were we do
not know. We take ours in the order of their dates, up to the one that brings the kept tokens to 141,000.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import MissingExtra
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.text import Rules, auto_window, encode, tokenizer

PARTS = ("noun", "verb", "adjective", "adverb")


@dataclass(frozen=True)
class Variant:
    """A way to preprocess, and its name for readers."""

    name: str
    rules: Rules

    def settings(self, window: int) -> Settings:
        """The same as options of the product."""
        rules = self.rules
        return Settings(
            method="paper",
            window=window,
            oov="zero",
            pos=rules.pos,
            lemmatize=rules.lemmatize,
            stop_words=rules.stop_words,
        )


VARIANTS = (
    Variant("all words", Rules()),
    Variant("stop words removed", Rules(stop_words="en")),
    Variant("stop words removed, lemmas", Rules(stop_words="en", lemmatize="en")),
    Variant("nouns, verbs, adjectives, adverbs; lemmas", Rules(pos=PARTS, lemmatize="en")),
)
"""From least to most like the paper; the report goes on with the last that is usable."""


@dataclass(frozen=True)
class Prepared:
    """A corpus ready to be refined."""

    name: str  # for readers
    batch: TokenBatch  # types by falling frequency
    original: Vectors  # (V, d) unit rows; zeros for words without a vector
    seconds: float  # from texts to here

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which types have a pretrained vector, (V,)."""
        known: NDArray[np.bool_] = self.original.sources == Source.KNOWN
        return known

    @property
    def index(self) -> dict[str, int]:
        """Row of each type."""
        return self.original.key_to_index

    def numbers(self) -> dict[str, object]:
        """The corpus in numbers, as the paper gives them."""
        return {
            "corpus": self.name,
            "documents": self.batch.documents,
            "tokens": len(self.batch),
            "types": len(self.batch.types),
            "types_with_vectors": int(self.known.sum()),
            "tokens_with_vectors": int(self.batch.counts[self.known].sum()),
            "auto_window": auto_window(self.batch),
            "prepare_seconds": self.seconds,
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


def usable_variants(variants: Sequence[Variant] = VARIANTS) -> Iterator[Variant]:
    """Those whose packages are installed."""
    from selfvec.text.rules import Rulebook

    for variant in variants:
        try:
            Rulebook(variant.rules, "lower")  # loads dictionaries and lexicons, so that no time counts them
        except MissingExtra as missing:
            print(f"  left out: {variant.name} ({missing})", flush=True)
        else:
            yield variant


def prepare(name: str, texts: Sequence[str], rules: Rules, vectors: Vectors) -> Prepared:
    """Token ids and starting vectors, as in `selfvec.refinement`; unknown words start from zero."""
    start = time.perf_counter()
    batch, _ = encode(Corpus.from_texts(texts).batches(), tokenizer("words"), rules, vectors)
    batch = by_frequency(batch)
    rows, sources = vectors.lookup(batch.types, compose=False)
    original = Vectors(batch.types, unit_rows(rows), sources=sources, counts=batch.counts, normalized=True)
    return Prepared(name, batch, original, time.perf_counter() - start)


def cut(texts: Sequence[str], prepared: Prepared, tokens: int) -> list[str]:
    """The first documents that hold ``tokens`` kept tokens together, or all of them."""
    ends = prepared.batch.offsets[1:]
    return list(texts[: int(np.searchsorted(ends, tokens)) + 1])
