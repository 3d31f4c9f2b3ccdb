"""The initial vectors of a corpus' words: rows of the given vectors, or built from subwords, or zeros.

Refining adds their neighbours to words without a vector, in the first update or before the first pass
(`Anchors.first_rows`). The decorrelated method adds words spelled alike (`spelling`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.errors import InputError
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import filled_rows, unit_in_place
from selfvec.training import vectors_from_text


def by_token(vectors: Vectors, settings: Settings) -> Vectors:
    """The vectors themselves, or their rows for subword tokens if the corpus has such tokens."""
    token_vectors = getattr(vectors.composer, "token_vectors", None)
    if settings.tokenizer in ("words", "whitespace") or token_vectors is None:
        return vectors
    found: Vectors = token_vectors()
    found.provenance |= vectors.provenance
    return found


def initial_vectors(
    batch: TokenBatch,
    known: Vectors | None,
    settings: Settings,
    phrases: Sequence[str] = (),
    keys: Sequence[str] | None = None,
    name: str = "none",
) -> Vectors:
    """The initial vectors of a corpus' words with their sources: unit rows, zeros for words without a vector.

    Without ``known`` they are computed from the text alone by ``name``, one of
    `selfvec.training.FROM_TEXT`. ``phrases`` are types; those without a vector are built from their words.
    ``keys`` are the words to look up in ``known`` for each type, by default the types themselves.
    """
    if known is None:
        return vectors_from_text(batch, name, settings.seed)
    keys = batch.types if keys is None else keys
    rows, sources, pieces = known.lookup_pieces(keys, settings.oov == "subwords")
    if phrases and settings.oov == "subwords":
        from selfvec.text.phrases import compose

        compose(rows, sources, batch.types, phrases, known)
        units = set(phrases)
        joined = np.fromiter((word in units for word in batch.types), bool, len(batch.types))
        pieces[joined & (sources == Source.SUBWORDS)] = 0
    if not filled_rows(rows).any():
        example = ", ".join(repr(word) for word in batch.types[:3])
        raise InputError(
            f"none of the corpus' {len(batch.types):,} words has a vector (as {example})",
            remedy="choose vectors with the language and casing of the corpus, or --vectors none",
        )
    parts = pieces if np.any(pieces != 1) else None
    return Vectors(batch.types, unit_in_place(rows), sources=sources, normalized=True, pieces=parts)
