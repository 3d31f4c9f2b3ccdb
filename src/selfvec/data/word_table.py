"""`WordTable`: a vocabulary, its matrix, and where each row came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.numerics.rows import ROW_BLOCK, unit_rows

__all__ = ["Composer", "Float", "Key", "Source", "WordTable"]

Float = NDArray[np.floating[Any]]
Key = str | int | np.integer[Any]
"""A word, or the number of a row."""

Composer = Callable[[Sequence[str]], NDArray[np.float32]]
"""Builds vectors for words that have no row: n words -> (n, d) float32, zeros for those it cannot build."""


class Source(IntEnum):
    """Where a word's vector came from."""

    NONE = 0  # nothing known: a zero vector
    KNOWN = 1  # a row of the pretrained table
    SUBWORDS = 2  # composed from pieces or character n-grams
    RANDOM = 3  # a random direction, used when training starts without vectors
    CONTEXT = 4  # induced by refining, from the words around it
    MIXED = 5  # induced from the words around it and from words spelled alike


class WordTable:
    """V unique words and their vectors, by word or by row number.

    `selfvec.Vectors` adds similarity queries, files and conversions, and documents the parameters.
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
            raise InputError(f"words are unique, {twice!r} occurs twice", remedy="remove one of the rows")
        self.vectors = matrix
        self.sources = np.full(len(words), Source.KNOWN, np.uint8) if sources is None else sources
        self.counts = counts
        self.composer = composer
        self.provenance: dict[str, Any] = dict(provenance or {})
        self._normalized = normalized and matrix.dtype == np.float32

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[str]:
        """The words, in the order of the rows."""
        return iter(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index if isinstance(key, str) else self._row_number(key) is not None

    def __getitem__(self, key: Key | slice | Sequence[Key] | NDArray[Any]) -> Float:
        """The row of a word or row number, (d,); for a slice or several keys, their rows, (n, d).

        Raises
        ------
        KeyError
            If there is no such row.
        """
        if isinstance(key, slice):
            return self.vectors[key]
        if isinstance(key, str | int | np.integer):
            return self.get_vector(key)
        rows: Float = self.vectors[[self.get_index(each) for each in key]]
        return rows

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words × {self.vector_size} dimensions, {self.vectors.dtype}>"

    def _row_number(self, key: object) -> int | None:
        return int(key) if isinstance(key, int | np.integer) and 0 <= key < len(self) else None

    def get_index(self, key: Key, default: int | None = None) -> int:
        """The row number of a word (or of a row number); ``default``, or `KeyError`, if there is none."""
        index = self.key_to_index.get(key) if isinstance(key, str) else self._row_number(key)
        index = default if index is None else index
        if index is None:
            raise KeyError(f"no vector for {key!r}")
        return index

    def has_index_for(self, key: Key) -> bool:
        """Whether there is a row for this word or row number; the same as ``key in vectors``."""
        return key in self

    @property
    def vector_size(self) -> int:
        """d, the number of dimensions."""
        return int(self.vectors.shape[1])

    @cached_property
    def cased(self) -> bool:
        """Whether any word has an upper-case letter."""
        return any(word != word.lower() for word in self.index_to_key)

    @cached_property
    def unit(self) -> NDArray[np.float32]:
        """The matrix with rows of length 1 (zero rows stay zero), (V, d) float32; computed once."""
        return self.vectors if self._normalized else unit_rows(self.vectors)

    def get(self, word: str) -> Float | None:
        """The word's row, (d,), or None."""
        index = self.key_to_index.get(word)
        return None if index is None else self.vectors[index]

    def get_vector(self, key: Key, norm: bool = False) -> Float:
        """The row of a word or row number, (d,), read-only; of length 1 if ``norm``. `KeyError` if none."""
        row: Float = (self.unit if norm else self.vectors)[self.get_index(key)]
        row.flags.writeable = False  # a changed row would not agree with `unit`
        return row

    def embed(self, word: str) -> Float | None:
        """The word's row, or a vector composed from its parts if the table can; else None."""
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
            Whether words without a row are composed from their parts, if the table can.

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


def _blocks(places: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Row numbers, some at a time, so that no second copy of a large table is made."""
    return (places[start : start + ROW_BLOCK] for start in range(0, len(places), ROW_BLOCK))
