"""`Vectors`: a vocabulary, its matrix, and where each row came from.

gensim's method names are kept where users know them, Python's own (``len``, ``in``, ``[]``) everywhere.
The class only looks things up; reading and writing files is `selfvec.storage.formats`, improving is
`selfvec.refine`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.numerics.rows import ROW_BLOCK, top_indices, unit_rows

__all__ = ["Composer", "Source", "Vectors"]

Float = NDArray[np.floating[Any]]

Composer = Callable[[Sequence[str]], NDArray[np.float32]]
"""Vectors from parts for words without a row: n words -> (n, d) float32, zeros where it cannot."""


class Source(IntEnum):
    """Where a word's vector came from."""

    NONE = 0  # nothing known: a zero vector
    KNOWN = 1  # a row of the pretrained table
    SUBWORDS = 2  # composed from pieces or character n-grams
    RANDOM = 3  # a random direction, where one starts from nothing
    CONTEXT = 4  # induced from the words around it, by refining
    MIXED = 5  # induced from the words around it and from words spelled alike


class Vectors:
    """A vocabulary of V unique words and a (V, d) matrix.

    Parameters
    ----------
    words : sequence of V unique str
    matrix : (V, d) float32 or float16
        Kept as given: it may be a read-only memory map.
    sources : (V,) uint8, optional
        A `Source` per row; all `Source.KNOWN` when not given.
    counts : (V,) int64, optional
        How often each word occurred in the text the vectors were refined on.
    composer : callable, optional
        Makes vectors for words without a row (see `Composer`).
    provenance : mapping, optional
        Where the vectors came from, JSON-serialisable.
    normalized : bool
        Whether all rows have length 1 or 0 already, so that no second table is made to compare them.

    Raises
    ------
    InputError
        If shapes disagree or a word occurs twice.

    Examples
    --------
    >>> v = Vectors(["north", "up", "east"], np.array([[0, 1], [0.1, 1], [1, 0]], dtype=np.float32))
    >>> v.most_similar("north", topn=1)[0][0]
    'up'
    >>> "west" in v, v.get("west") is None
    (False, True)
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: Float,
        *,
        sources: NDArray[np.uint8] | None = None,
        counts: NDArray[np.int64] | None = None,
        composer: Composer | None = None,
        provenance: Mapping[str, Any] | None = None,
        normalized: bool = False,
    ) -> None:
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise InputError(f"{len(words)} words need a matrix of as many rows, this one is {matrix.shape}")
        self.index_to_key: list[str] = list(words)
        self.key_to_index: dict[str, int] = {word: i for i, word in enumerate(self.index_to_key)}
        if len(self.key_to_index) != len(self.index_to_key):
            twice = next(w for i, w in enumerate(self.index_to_key) if self.key_to_index[w] != i)
            raise InputError(
                f"words are unique, {twice!r} stands here twice", remedy="remove one of the rows"
            )
        self.vectors = matrix
        self.sources = np.full(len(words), Source.KNOWN, np.uint8) if sources is None else sources
        self.counts = counts
        self.composer = composer
        self._normalized = normalized and matrix.dtype == np.float32
        self.provenance: dict[str, Any] = dict(provenance or {})

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, word: object) -> bool:
        return word in self.key_to_index

    def __getitem__(self, key: str | list[str]) -> Float:
        """The row of a word, (d,), or the rows of several, (n, d). ``KeyError`` for a word without a row."""
        index = self._index(key) if isinstance(key, str) else [self._index(word) for word in key]
        rows: Float = self.vectors[index]
        return rows

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words × {self.vector_size} dimensions, {self.vectors.dtype}>"

    def _index(self, word: str) -> int:
        try:
            return self.key_to_index[word]
        except KeyError:
            raise KeyError(f"no vector for {word!r}") from None

    @property
    def vector_size(self) -> int:
        """d, the number of dimensions."""
        return int(self.vectors.shape[1])

    @cached_property
    def cased(self) -> bool:
        """Whether the vocabulary tells upper from lower case (any word has an upper-case letter)."""
        return any(word != word.lower() for word in self.index_to_key)

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """The matrix with rows of length 1 (zero rows stay zero), (V, d) float32; computed once."""
        return self.vectors if self._normalized else unit_rows(self.vectors)

    def get(self, word: str) -> Float | None:
        """The word's row, (d,), or None."""
        index = self.key_to_index.get(word)
        return None if index is None else self.vectors[index]

    def get_vector(self, word: str, norm: bool = False) -> Float:
        """The word's row, (d,), of length 1 if ``norm``. ``KeyError`` for a word without a row."""
        row: Float = (self.unit if norm else self.vectors)[self._index(word)]
        return row

    def embed(self, word: str) -> Float | None:
        """The word's row or, where the table can, a vector composed from its parts; else None."""
        rows, sources = self.lookup([word])
        return rows[0] if sources[0] != Source.NONE else None

    def lookup(
        self, words: Sequence[str], *, compose: bool = True
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Vectors of many words and where each came from.

        Parameters
        ----------
        words : sequence of n str
        compose : bool
            Whether words without a row are composed from their parts where the table can.

        Returns
        -------
        rows : (n, d) float32
            Zeros for a word that neither has a row nor can be composed.
        sources : (n,) uint8
            `Source` of each.
        """
        rows = np.zeros((len(words), self.vector_size), np.float32)
        sources = np.full(len(words), Source.NONE, np.uint8)
        index = np.array([self.key_to_index.get(word, -1) for word in words], dtype=np.int64)
        known = np.flatnonzero(index >= 0)
        for block in _blocks(known):
            rows[block] = self.vectors[index[block]]
        sources[known] = self.sources[index[known]]
        composer = self.composer if compose else None
        for block in _blocks(np.flatnonzero(index < 0)):
            if composer is None:
                break
            made = composer([words[i] for i in block.tolist()])
            rows[block] = made
            sources[block[made.any(axis=1)]] = Source.SUBWORDS
        return rows, sources

    def similarity(self, a: str, b: str) -> float:
        """Cosine of two words' rows."""
        return float(self.get_vector(a, norm=True) @ self.get_vector(b, norm=True))

    def most_similar(
        self,
        positive: str | Float | Iterable[str | Float] | None = None,
        negative: str | Float | Iterable[str | Float] | None = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
    ) -> list[tuple[str, float]]:
        """The words nearest by cosine to the mean of ``positive`` minus ``negative`` (words or vectors).

        The words asked with are left out of the answer, as in gensim; ``restrict_vocab`` looks at the
        first rows only. Returns (word, cosine) pairs, best first; equal cosines in vocabulary order.

        >>> v = Vectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> [(word, round(cosine, 3)) for word, cosine in v.most_similar("a")]
        [('b', 0.707), ('c', 0.0)]
        """
        plus, minus = _as_list(positive), _as_list(negative)
        if not plus and not minus:
            raise InputError("most_similar needs at least one word or vector")
        query = np.zeros(self.vector_size, np.float32)
        for sign, keys in ((1, plus), (-1, minus)):
            for key in keys:
                query += sign * (self.get_vector(key, norm=True) if isinstance(key, str) else _unit(key))
        asked = {self._index(key) for key in plus + minus if isinstance(key, str)}
        cosines = self.unit[:restrict_vocab] @ _unit(query)
        best = top_indices(cosines, topn + len(asked))
        return [(self.index_to_key[i], float(cosines[i])) for i in best if i not in asked][:topn]

    _save: ClassVar[Callable[..., object] | None] = None

    @classmethod
    def register_save(cls, save: Callable[..., object]) -> None:
        """Set the function behind `save`; `selfvec.storage.formats` does so when it is imported."""
        cls._save = staticmethod(save)

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Write to ``path`` in a format given by name or by its suffix (see `selfvec.storage.formats`)."""
        assert self._save is not None, "import selfvec.storage.formats first"
        self._save(self, path, format=format)

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word farthest by cosine from the mean of all of them; words without a row are ignored."""
        known = [word for word in words if word in self]
        if not known:
            raise InputError("none of these words has a vector")
        rows = self.unit[[self.key_to_index[word] for word in known]]
        return known[int(np.argmin(rows @ rows.mean(axis=0)))]


def _blocks(places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Row numbers, some at a time: no second copy of a large table."""
    return (places[start : start + ROW_BLOCK] for start in range(0, len(places), ROW_BLOCK))


def _as_list(keys: str | Float | Iterable[str | Float] | None) -> list[str | Float]:
    if keys is None:
        return []
    if isinstance(keys, str) or (isinstance(keys, np.ndarray) and keys.ndim == 1):
        return [keys]
    return list(keys)


def _unit(vector: Float) -> NDArray[np.float32]:
    return unit_rows(np.asarray(vector)[None]).ravel()
