"""Vectors of texts from vectors of words: the idf-weighted mean, the same for every task and for search.

A text is cut in the manner in which the table's corpus was (`Manner`), so that its words meet the table's
keys; words of one stem are one. Common words weigh little: the weight is BM25's inverse document frequency,
which is positive for every word and defined for words that the collection lacks. Where there are two tables,
of words and of topics, the means stand side by side. Last, a text leans on those most like it in the
collection (`lean`): what a word is to its neighbours, a text is to its.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

__all__ = ["Manner", "document_vectors", "embed", "encode_texts", "inverse_document_frequency", "lean"]

# Chosen on MED, Cranfield and CACM from two tables; five to twenty neighbours are alike.
NEAREST, SHARE = 10, 0.8  # texts that one leans on, and how much
_SOUGHT = 20_000  # texts among which the nearest are sought, so that cost grows with their number only
_BLOCK = 2048


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
    stem : str, optional
        Language code: words of one stem count as one, and their vectors are averaged.
    stemmed : bool
        Whether the table's own keys stand for stems.
    phrases : str
        Phrases that are keys of the table, as ``flash_flood``, separated by spaces.
    """

    tokenizer: str = "words"
    lemmatize: str | None = None
    stop_words: str | None = "en"
    stem: str | None = "en"
    stemmed: bool = False
    phrases: str = ""

    @property
    def by_words(self) -> Manner:
        """The same without phrases: who searches by words finds *flood* in a *flash flood*."""
        return replace(self, phrases="")

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Manner:
        """That of a run, by its provenance; the default for vectors without one.

        A run that kept its stop words has them left out here all the same: those of its lemmas' language,
        or English.
        """
        options = provenance.get("options")
        if not isinstance(options, Mapping):
            return cls()
        from .phrases import units_of
        from .rules import STOP_WORDS
        from .stems import STEMMERS

        name = str(options.get("tokenizer") or "words")
        if name not in ("words", "whitespace"):
            return cls(name, None, None, None)  # pieces: rules for words do not apply
        lemmatize, stem = options.get("lemmatize") or None, options.get("stem") or None
        language = str(lemmatize or stem or "en").split(",")[0]
        return cls(
            name,
            lemmatize,
            options.get("stop_words") or (language if language in STOP_WORDS else None),
            stem or (language if language in STEMMERS else None),
            stemmed=stem is not None,
            phrases=" ".join(units_of(provenance)),
        )


def encode_texts(texts: Sequence[str], manner: Manner, known: Vectors | None = None) -> TokenBatch:
    """Texts as keys of a table, a document each, empty ones included.

    Raises
    ------
    OptionError
        If the manner names a tokeniser, language or file that is not there.
    """
    import polars as pl

    from selfvec.corpus.documents import Documents

    from . import Rules, encode, tokenizer

    stem = manner.stem if manner.stemmed else None
    rules = Rules(lemmatize=manner.lemmatize, stop_words=manner.stop_words, stem=stem)
    batches = [Documents(pl.Series(texts, dtype=pl.String))]
    return encode(batches, tokenizer(manner.tokenizer), rules, known, phrases=manner.phrases.split())[0]


def inverse_document_frequency(batch: TokenBatch, documents: int | None = None) -> NDArray[np.float32]:
    """BM25's weight of every type, log(1 + (D − df + ½) / (df + ½)), (V,) float32.

    Parameters
    ----------
    documents : int, optional
        D, how many of the first documents count; all where not given.
    """
    from .document_kernels import document_frequencies

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
    from .document_kernels import weighted_sums

    out = np.zeros((batch.documents, rows.shape[1]), np.float32)
    weighted_sums(batch.ids, batch.offsets, np.ascontiguousarray(rows), weights, out)
    return unit_rows(out)


def by_stem(batch: TokenBatch, manner: Manner) -> TokenBatch:
    """The same texts with words of one stem as one type, named by the stem."""
    if manner.stem is None:
        return batch
    from .stems import stems

    names = stems(batch.types, manner.stem)
    index = {name: i for i, name in enumerate(dict.fromkeys(names))}
    group = np.array([index[name] for name in names], np.int32)
    return TokenBatch(group[batch.ids], batch.offsets, list(index))


def embed(
    texts: Sequence[str],
    tables: Sequence[Vectors],
    manner: Manner,
    collection: int | None = None,
    *,
    questions: bool = False,
) -> tuple[NDArray[np.float32], float]:
    """Texts as unit vectors.

    Parameters
    ----------
    texts : sequence of D str
    tables : sequence of Vectors
        Their document vectors stand side by side, d numbers in all.
    manner : Manner
    collection : int, optional
        How many of the first texts are the collection: they tell how common words are, and the others lean
        on them; all where not given.
    questions : bool
        Whether the texts after the collection are questions, which stand for themselves.

    Returns
    -------
    vectors : (D, d) float32
        Zeros for a text without a word that has a vector.
    covered : float
        Share of the kept tokens whose word has a vector in the first table.
    """
    count = len(texts) if collection is None else collection
    words = encode_texts(texts, manner, tables[0])
    merged = by_stem(words, manner)
    weights = inverse_document_frequency(merged, count)
    own = np.bincount(words.ids[: words.offsets[count]], minlength=len(words.types)) + 1
    parts: list[NDArray[np.float32]] = []
    covered = 0.0
    for table in tables:
        rows, _ = table.lookup(words.types)
        if not parts and len(words):
            covered = float(words.counts[np.any(rows != 0, axis=1)].sum() / len(words))
        parts.append(document_vectors(merged, _averaged(rows, own, words, merged), weights))
    out = unit_rows(np.hstack(parts))
    leaning = count if questions else len(out)
    out[:leaning] = lean(out[:leaning], count)
    return out, covered


def _averaged(
    rows: NDArray[np.float32], counts: NDArray[np.int64], words: TokenBatch, merged: TokenBatch
) -> NDArray[np.float32]:
    """Mean directions of the words that became one type, weighted by their counts. (V', d) float32."""
    group = np.zeros(len(words.types), np.int64)
    group[words.ids] = merged.ids
    out = np.zeros((len(merged.types), rows.shape[1]), np.float32)
    stands = np.where(words.counts > 0, counts, 0).astype(np.float32)  # some words stand in phrases only
    np.add.at(out, group, unit_rows(rows) * stands[:, None])
    return unit_rows(out)


def lean(rows: NDArray[np.float32], collection: int, seed: int = 0) -> NDArray[np.float32]:
    """Texts moved toward the mean of the texts most like them: unit(x + 0.8 · unit(Σ of the nearest 10)).

    At most a tenth of the texts are near: nothing moves in a collection of fewer than ten.

    Texts about one thing use different words for it; the mean of the nearest knows more of them. (Smoothing
    documents by their neighbours: Liu & Croft, 2004.)

    Parameters
    ----------
    rows : (D, d) float32
        Unit or zero rows; zero rows stay.
    collection : int
        Neighbours are sought among so many of the first rows, or 20,000 of these drawn by ``seed``. A text is
        no neighbour of its own.

    Returns
    -------
    (D, d) float32, unit or zero rows
    """
    pool = np.flatnonzero(np.any(rows[:collection] != 0, axis=1))
    if len(pool) > _SOUGHT:
        pool = np.sort(np.random.default_rng(seed).choice(pool, _SOUGHT, replace=False))
    nearest = min(NEAREST, len(pool) // NEAREST)
    if nearest < 1:
        return rows
    others = rows[pool]
    out = np.empty_like(rows)
    for start in range(0, len(rows), _BLOCK):
        part = rows[start : start + _BLOCK]
        cosines = part @ others.T
        own = np.searchsorted(pool, np.arange(start, start + len(part)))
        found = np.flatnonzero(own < len(pool))
        found = found[pool[own[found]] == start + found]
        cosines[found, own[found]] = -np.inf
        best = np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
        best.sort(axis=1)  # one order of summing
        leaned = unit_rows(part + np.float32(SHARE) * unit_rows(others[best].sum(axis=1)))
        out[start : start + _BLOCK] = np.where(np.any(part != 0, axis=1)[:, None], leaned, 0)
    return out
