"""`Preprocessing`: how texts become words of the vectors.

Searches, evaluations and encoders tokenise texts like the corpus of the vectors, so that words are found.
Words that share a stem are merged, and the vector of a stem is the mean of its words' vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyInts, Floats, Ints, Rows
from selfvec.base.casing import language_of
from selfvec.base.compiled import read_only
from selfvec.data.field_types import coded
from selfvec.data.provenance import Provenance
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.files.memory import release
from selfvec.numerics.rows import add_rows, unit_in_place

from .languages import STEMMERS, STOP_WORDS
from .rules import Rules, stems
from .tokenizers import SPLITS

_TEXTS = 4096  # of a batch


@dataclass(frozen=True)
class Preprocessing:
    tokenizer: str = "words"
    lemmatize: str | None = None  # language codes, separated by commas
    stop_words: str | None = "en"  # language code or file
    stem: str | None = "en"  # language code; vectors of words with one stem are averaged
    stemmed: bool = False  # the words are already stems
    phrases: str = ""  # phrases among the words, such as flash_flood, separated by spaces
    language: str | None = None  # language code of the texts
    variants: str = ""  # each with the word that it is counted as after it, separated by spaces
    parts: bool = False  # whether the parts of identifiers are words, too

    @property
    def by_words(self) -> Preprocessing:
        """The same for search: *flood* finds a *flash flood*, and *retry* finds *MAX_RETRY*."""
        return replace(self, phrases="", parts=True)

    @property
    def rules(self) -> Rules:
        return Rules(
            lemmatize=self.lemmatize,
            stop_words=self.stop_words,
            language=self.language,
            variants=self.variants,
        )

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Preprocessing:
        """The preprocessing of a run, from its provenance; the default for vectors without provenance.

        If the run kept its stop words, the stop words of its language (English by default) are left out here.
        """
        options = provenance.get("options")
        if not isinstance(options, Mapping):
            return cls()
        from .phrases import units_of

        name = Provenance.of(provenance).tokenizer
        name = "words" if name == "wordpunct" else name  # nobody asks for punctuation
        if name not in SPLITS:
            return cls(name, None, None, None)  # rules for words do not apply to subwords
        lemmatize = options.get("lemmatize") or None
        stem = options.get("stem") or None
        language = language_of(options)
        return cls(
            name,
            lemmatize,
            options.get("stop_words") or (language if language in STOP_WORDS else None),
            stem or (language if language in STEMMERS else None),
            stemmed=stem is not None,
            phrases=" ".join(units_of(provenance)),
            language=options.get("language") or None,
            variants=" ".join(chain.from_iterable((provenance.get("variants") or {}).items())),
        )


def encode_texts(
    texts: Sequence[str],
    preprocessing: Preprocessing,
    pretrained: Vectors | None = None,
) -> TokenBatch:
    """Texts as words of the vectors, one document each, empty texts included."""
    import polars as pl

    from selfvec.data.documents import Documents

    from . import encode, tokenizer

    stem = preprocessing.stem if preprocessing.stemmed else None
    rules = replace(preprocessing.rules, stem=stem)
    firsts = range(0, max(len(texts), 1), _TEXTS)
    read = (Documents(pl.Series(texts[first : first + _TEXTS], dtype=pl.String)) for first in firsts)
    batches = read if len(firsts) > 1 else list(read)  # one alone needs no thread
    cut = tokenizer(preprocessing.tokenizer, parts=preprocessing.parts)
    return encode(batches, cut, rules, pretrained, phrases=preprocessing.phrases.split())[0]


def merge_stems(batch: TokenBatch, preprocessing: Preprocessing) -> TokenBatch:
    """The same texts with words that share a stem merged into one type, named by the stem."""
    if preprocessing.stem is None:
        return batch
    group, names = coded(stems(batch.types, preprocessing.stem))
    return TokenBatch(group[batch.ids], batch.offsets, names)


def stem_groups(words: TokenBatch, merged: TokenBatch) -> Ints:
    """The merged type of each word type, (V,) int64; -1 for types that do not occur by themselves."""
    groups = np.full(len(words.types), -1, np.int64)  # some words occur in phrases only
    groups[words.ids] = merged.ids
    return groups


def mean_rows_by_stem(
    rows: Rows,  # (V, d) float32, unit rows or zeros
    groups: AnyInts,  # (V,) int, stem of each word, -1 to leave it out
    counts: AnyInts,  # (V,) int
    stems: int,  # G
) -> Floats:
    """The mean direction of each stem's words, weighted by counts: (G, d) float32, unit rows or zeros."""
    out = np.zeros((stems, rows.shape[1]), np.float32)
    words = np.argsort(groups, kind="stable")[np.count_nonzero(groups < 0) :].astype(np.int32)
    bounds = np.searchsorted(groups[words], np.arange(stems + 1))
    add_rows(read_only(words), read_only(bounds), np.ascontiguousarray(rows), counts.astype(np.float32), out)
    release(rows)
    return unit_in_place(out)
