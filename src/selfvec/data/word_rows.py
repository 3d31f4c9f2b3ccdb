"""`WordRows`: words and the rows of their vectors, found by word, by number or built from subwords."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property, partial
from typing import Any, NoReturn

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Bytes, Floats, Ints
from selfvec.base.errors import InputError, OptionError
from selfvec.base.threads import ROW_BLOCK, in_order, threads
from selfvec.files.memory import release
from selfvec.files.tensors import first_not_finite
from selfvec.numerics.rows import as_matrix, filled_rows, unit_rows

Key = str | int | np.integer[Any]
"""A word, or the number of a row."""

Composer = Callable[[Sequence[str]], Floats]
"""Builds vectors for words without a row: n words -> (n, d) float32, zeros for those it cannot build.

It may have a method ``with_pieces`` that also returns the number of subwords of each word, (n,) uint8.
"""


class Source(IntEnum):
    """The source of a word's vector."""

    NONE = 0  # no source: a zero vector
    KNOWN = 1  # a row of the vectors
    SUBWORDS = 2  # built from word pieces or character n-grams
    RANDOM = 3  # without pretrained vectors: a random direction, or trained on the text itself
    CONTEXT = 4  # induced by refining, from the words around it
    MIXED = 5  # induced from the words around it and from words spelled alike


class WordRows:
    """V unique words and a (V, d) matrix; see `selfvec.Vectors`."""

    def __init__(
        self,
        words: Sequence[str] | WordRows,
        matrix: AnyFloats | Sequence[Sequence[float]],
        *,
        sources: Bytes | None = None,
        counts: Ints | None = None,
        composer: Composer | None = None,
        provenance: Mapping[str, Any] | None = None,
        normalized: bool = False,
        pieces: Bytes | None = None,
    ) -> None:
        matrix = as_matrix(matrix)
        if matrix.ndim != 2 or len(matrix) != len(words):
            rule = f"{len(words)} words need a matrix of as many rows, this one is {matrix.shape}"
            raise InputError(rule, remedy="give a row for each word")
        self.index_to_key: list[str]
        self.key_to_index: dict[str, int]
        if isinstance(words, WordRows):
            self.index_to_key = words.index_to_key
            self.key_to_index = words.key_to_index
        else:
            self.index_to_key = list(words)
            self.key_to_index = {word: i for i, word in enumerate(self.index_to_key)}
        if len(self.key_to_index) != len(self.index_to_key):
            twice = next(w for i, w in enumerate(self.index_to_key) if self.key_to_index[w] != i)
            raise InputError(f"words are unique, {twice!r} occurs twice", remedy="remove one of the rows")
        self.vectors = matrix
        self.sources = np.full(len(words), Source.KNOWN, np.uint8) if sources is None else sources
        self.counts = counts
        self.pieces = pieces
        self.composer = composer
        self.provenance: dict[str, Any] = dict(provenance or {})
        self._normalized = normalized and matrix.dtype == np.float32  # as `unit` is
        self._finite = False  # whether that is known

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[str]:
        """The words, in the order of the rows."""
        return iter(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return key in self.key_to_index if isinstance(key, str) else self._row_number(key) is not None

    def __getitem__(self, key: Key | slice | Sequence[Key] | Array) -> AnyFloats:
        """The row of a word or row number, (d,); for a slice or several keys, (n, d). `KeyError` if none."""
        if isinstance(key, slice):
            return self.vectors[key]
        if isinstance(key, str | int | np.integer):
            return self.get_vector(key)
        return self.vectors[[self.get_index(each) for each in key]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> AnyFloats:
        """The matrix. Without this method NumPy would make an array of the words."""
        return np.array(self.vectors, dtype=dtype, copy=copy)

    def __getstate__(self) -> dict[str, Any]:
        """The state that `pickle` and `copy` keep; unit rows and the index of words are computed again."""
        computed = ("unit", "cased", "by_beginning", "key_to_index")
        return {name: value for name, value in self.__dict__.items() if name not in computed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.key_to_index = {word: i for i, word in enumerate(self.index_to_key)}

    def __getattr__(self, name: str) -> Any:
        """`AttributeError`, with a remedy, since it may be a method that only gensim has."""
        rule = f"{type(self).__name__!r} object has no attribute {name!r}"
        if not name.startswith("_"):
            rule += ": vectors are immutable and have the usual methods; to_gensim() has all"
        raise AttributeError(rule, name=name, obj=self)

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words × {self.vector_size} dimensions, {self.vectors.dtype}>"

    def _row_number(self, key: object) -> int | None:
        return int(key) if isinstance(key, int | np.integer) and 0 <= key < len(self) else None

    def get_index(self, key: Key, default: int | None = None) -> int:
        """The row number of a word, or a valid row number itself; otherwise ``default`` or a `KeyError`.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.get_index("up"), v.get_index("down", -1)
        (1, -1)
        """
        index = self.key_to_index.get(key) if isinstance(key, str) else self._row_number(key)
        index = default if index is None else index
        if index is None:
            raise KeyError(f"no vector for {key!r}")
        return index

    @property
    def vector_size(self) -> int:
        """d, the number of dimensions."""
        return int(self.vectors.shape[1])

    @cached_property
    def cased(self) -> bool:
        """Whether any word has an upper-case letter."""
        return any(word != word.lower() for word in self.index_to_key)

    @cached_property
    def by_beginning(self) -> dict[str, list[int]]:
        """The rows of the words that begin with a letter, or with two."""
        rows: dict[str, list[int]] = {}
        for row, word in enumerate(self.index_to_key):
            for letters in {word[:1], word[:2]}:
                rows.setdefault(letters, []).append(row)
        return rows

    @cached_property
    def unit(self) -> Floats:
        """The matrix with rows of length 1 (zero rows stay zero), (V, d) float32; computed once."""
        if self._normalized:
            return self.vectors
        self.check_finite()
        rows = unit_rows(self.vectors)
        release(self.vectors)  # with unit rows the mapped matrix is seldom needed
        return rows

    def check_finite(self, name: str | None = None) -> None:
        """Raise `OptionError` for NaN or infinity; ``name`` is the parameter that these vectors are.

        >>> selfvec.Vectors(["up"], [[np.inf, 1]]).check_finite()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        selfvec.base.errors.OptionError: vectors hold finite numbers, the one of 'up' holds NaN ...
        """
        if self._finite:
            return
        row = first_not_finite(self.vectors)
        if row is not None:
            rule = f"vectors hold finite numbers, the one of {self.index_to_key[row][:40]!r} holds NaN or inf"
            raise OptionError(rule, field=name, remedy="leave the word out or correct its numbers")
        self._finite = True

    def replace_matrix(self, equal: AnyFloats) -> None:
        """Replace the matrix by an equal one, such as a memory map of it."""
        self.vectors = equal
        self.__dict__.pop("unit", None)

    def get(self, word: str) -> AnyFloats | None:
        """The word's row, (d,), or None.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.get("up"), v.get("down")
        (array([0.6, 0.8], dtype=float32), None)
        """
        index = self.key_to_index.get(word)
        return None if index is None else self.vectors[index]

    def get_vector(self, key: Key, norm: bool = False) -> AnyFloats:
        """The row of a word or row number, (d,), read-only; of length 1 if ``norm``. `KeyError` if none.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.get_vector("up")
        array([0.6, 0.8], dtype=float32)
        """
        row: AnyFloats = (self.unit if norm else self.vectors)[self.get_index(key)]
        row.flags.writeable = False  # a changed row would not agree with `unit`
        return row

    def __setitem__(self, key: Key, row: object) -> NoReturn:
        rule = "vectors are not changed, since runs and caches share them"
        raise TypeError(f"{rule}; make new ones: selfvec.Vectors(words, rows)")

    def embed(self, word: str) -> AnyFloats | None:
        """The word's row, or a vector built from subwords where the format has them; else None.

        >>> v = selfvec.load("default")
        >>> "graupel" in v, v.embed("graupel") is not None  # built from subwords
        (False, True)
        """
        rows, sources = self.lookup([word])
        return rows[0] if sources[0] != Source.NONE else None

    def lookup(self, words: Sequence[str], *, compose: bool = True) -> tuple[Floats, Bytes]:
        """Vectors of many words and the source of each.

        Parameters
        ----------
        words : sequence of n str
        compose : bool
            Whether words without a row are built from subwords, where the format has them.

        Returns
        -------
        rows : (n, d) float32
            Zeros for a word that neither has a row nor can be built from subwords.
        sources : (n,) uint8
            `Source` of each.

        >>> rows, sources = selfvec.load("default").lookup(["storm", "graupel"])
        >>> rows.shape, sources.tolist()
        ((2, 256), [1, 2])
        """
        rows, sources, _ = self.lookup_pieces(words, compose)
        return rows, sources

    def lookup_pieces(self, words: Sequence[str], compose: bool = True) -> tuple[Floats, Bytes, Bytes]:
        """`lookup`, and the number of subwords of each word, (n,) uint8: 1 with a row.

        Composers that do not tell it have 2 for each word that they build.

        >>> selfvec.load("default").lookup_pieces(["storm", "graupel"])[2].tolist()
        [1, 3]
        """
        rows = np.zeros((len(words), self.vector_size), np.float32)
        sources = np.full(len(words), Source.NONE, np.uint8)
        pieces = np.ones(len(words), np.uint8)
        index = np.array([self.key_to_index.get(word, -1) for word in words], dtype=np.int64)
        with_row = np.flatnonzero(index >= 0)
        in_file_order = with_row[np.argsort(index[with_row])]  # a large file is read from front to back
        for block in _blocks(in_file_order):
            rows[block] = self.vectors[index[block]]
            release(self.vectors[index[block[0]] : index[block[-1]] + 1])
        sources[with_row] = self.sources[index[with_row]]
        if compose and self.composer is not None:
            missing = list(_blocks(np.flatnonzero(index < 0)))
            build = partial(_built, words, self.composer)
            for block, (made, parts) in zip(missing, in_order(missing, build, threads(None)), strict=True):
                rows[block] = made
                built = filled_rows(made)
                sources[block[built]] = Source.SUBWORDS
                pieces[block] = np.where(built, parts, 1)
        return rows, sources, pieces


def _built(words: Sequence[str], composer: Composer, block: Ints) -> tuple[Floats, Bytes | int]:
    """Vectors of words built from subwords, and the number of subwords."""
    missing = [words[i] for i in block.tolist()]
    with_pieces = getattr(composer, "with_pieces", None)
    return (composer(missing), 2) if with_pieces is None else with_pieces(missing)


def _blocks(places: Ints) -> Iterator[Ints]:
    """Row numbers in blocks, so that no second copy of a large matrix is made."""
    return (places[start : start + ROW_BLOCK] for start in range(0, len(places), ROW_BLOCK))
