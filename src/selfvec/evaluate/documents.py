"""Vectors of texts from vectors of words: the idf-weighted mean, the same for every task and for search.

A text is cut in the manner in which the table's corpus was (`Manner`), so that its words meet the table's
keys. Common words weigh little: the weight is BM25's inverse document frequency, which is positive for every
word and defined for words that the collection lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..tokens import TokenBatch
from ..vectors import Vectors, unit_rows

__all__ = ["Manner", "document_vectors", "embed", "encode_texts", "inverse_document_frequency"]


@dataclass(frozen=True)
class Manner:
    """How texts become keys.

    Parameters
    ----------
    tokenizer : str
        See `selfvec.text.tokenizer`.
    lemmatize : str, optional
        Language code, or several with commas.
    stop_words : str, optional
        Language code or file; these words say nothing about what a text is about.
    """

    tokenizer: str = "words"
    lemmatize: str | None = None
    stop_words: str | None = "en"

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Manner:
        """That of a run, by its provenance; the default for vectors without one.

        A run that kept its stop words has them left out here all the same: those of its lemmas' language,
        or English.
        """
        options = provenance.get("options")
        if not isinstance(options, Mapping):
            return cls()
        from ..text.rules import STOP_WORDS

        name = str(options.get("tokenizer") or "words")
        if name not in ("words", "whitespace"):
            return cls(name, None, None)  # pieces: rules for words do not apply
        lemmatize = options.get("lemmatize") or None
        language = str(lemmatize or "en").split(",")[0]
        return cls(
            name,
            lemmatize,
            options.get("stop_words") or (language if language in STOP_WORDS else None),
        )


def encode_texts(texts: Sequence[str], manner: Manner, known: Vectors | None = None) -> TokenBatch:
    """Texts as keys of a table, a document each, empty ones included.

    Raises
    ------
    OptionError
        If the manner names a tokeniser, language or file that is not there.
    """
    import polars as pl

    from ..corpus.documents import Documents
    from ..text import Rules, encode, tokenizer

    rules = Rules(lemmatize=manner.lemmatize, stop_words=manner.stop_words)
    batches = [Documents(pl.Series(texts, dtype=pl.String))]
    return encode(batches, tokenizer(manner.tokenizer), rules, known)[0]


def inverse_document_frequency(batch: TokenBatch, documents: int | None = None) -> NDArray[np.float32]:
    """BM25's weight of every type, log(1 + (D − df + ½) / (df + ½)), (V,) float32.

    Parameters
    ----------
    documents : int, optional
        D, how many of the first documents count; all where not given.
    """
    from .kernels import document_frequencies

    total = batch.documents if documents is None else documents
    occurs = document_frequencies(batch.ids, batch.offsets[: total + 1], len(batch.types))
    return np.log1p((total - occurs + 0.5) / (occurs + 0.5)).astype(np.float32)


def document_vectors(
    batch: TokenBatch, rows: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Weighted means of word vectors, at length 1.

    Parameters
    ----------
    batch : TokenBatch
    rows : (V, d) float32
        A row a type, zeros where there is no vector.
    weights : (V,) float32

    Returns
    -------
    (D, d) float32
        Zeros for a document without a word that has a vector.
    """
    from .kernels import weighted_sums

    out = np.zeros((batch.documents, rows.shape[1]), np.float32)
    weighted_sums(batch.ids, batch.offsets, np.ascontiguousarray(rows), weights, out)
    return unit_rows(out)


def embed(
    texts: Sequence[str], vectors: Vectors, manner: Manner, collection: int | None = None
) -> tuple[NDArray[np.float32], float]:
    """Texts as unit vectors.

    Parameters
    ----------
    texts : sequence of D str
    vectors : Vectors
    manner : Manner
    collection : int, optional
        How many of the first texts tell how common words are; all where not given.

    Returns
    -------
    vectors : (D, d) float32
        Zeros for a text without a word that has a vector.
    covered : float
        Share of the kept tokens whose word has a vector.
    """
    batch = encode_texts(texts, manner, vectors)
    rows, _ = vectors.lookup(batch.types)
    rows = unit_rows(rows)
    known = np.any(rows != 0, axis=1)
    covered = float(batch.counts[known].sum() / len(batch)) if len(batch) else 0.0
    return document_vectors(batch, rows, inverse_document_frequency(batch, collection)), covered
