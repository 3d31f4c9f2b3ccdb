"""`Vectors`: words and the rows of their vectors, with gensim's method names and Python's own.

``len(vectors)``, ``word in vectors`` and ``vectors[word]`` work as for a dict. Nearest words and other
queries have the names of gensim's KeyedVectors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Bytes, Floats, Ints
from selfvec.base.atomic_files import atomic_file
from selfvec.base.errors import InputError, MissingExtra
from selfvec.base.memory import release
from selfvec.base.targets import check_target
from selfvec.base.threads import ROW_BLOCK, in_order, threads
from selfvec.numerics.ngram_rows import NgramRows
from selfvec.numerics.rows import as_matrix, filled_rows, unit_rows

from .queries import Key, Queries

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

StrPath = str | os.PathLike[str]
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


class Vectors(Queries):
    """A vocabulary of V unique words and a (V, d) matrix.

    A key is a word or a row number, as in gensim. Vectors are immutable: to add or replace rows, build new
    ones, or continue with `to_gensim`.

    Parameters
    ----------
    words : sequence of V unique str, or other vectors of the same words
        Other vectors share their index of words, so that it is not built again.
    matrix : (V, d) float32 or float16
        Kept as given: it may be a read-only memory map. Lists of numbers become float32.
    sources : (V,) uint8, optional
        A `Source` per row; all `Source.KNOWN` by default.
    counts : (V,) int64, optional
        Occurrences of each word in the text that the vectors were refined on.
    composer : callable, optional
        Builds vectors for words without a row (see `Composer`).
    provenance : mapping, optional
        Where the vectors came from, JSON-serialisable.
    normalized : bool
        Whether all rows already have length 1 or 0, so that no second matrix is needed to compare them.
    pieces : (V,) uint8, optional
        The number of subwords that each row was built from, 0 for phrases built from words. Only run folders
        store it.
    check : callable, optional
        Called before the first comparison of all rows; raises an error if the matrix is damaged.

    Raises
    ------
    InputError
        If shapes disagree or a word occurs twice.

    Examples
    --------
    >>> v = Vectors(["north", "up", "east"], np.array([[0, 1], [0.1, 1], [1, 0]], dtype=np.float32))
    >>> v.most_similar("north", topn=1)[0][0]
    'up'
    >>> "west" in v, "up" in v, list(v)
    (False, True, ['north', 'up', 'east'])
    """

    def __init__(
        self,
        words: Sequence[str] | Vectors,
        matrix: AnyFloats | Sequence[Sequence[float]],
        *,
        sources: Bytes | None = None,
        counts: Ints | None = None,
        composer: Composer | None = None,
        provenance: Mapping[str, Any] | None = None,
        normalized: bool = False,
        pieces: Bytes | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        matrix = as_matrix(matrix)
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise InputError(f"{len(words)} words need a matrix of as many rows, this one is {matrix.shape}")
        self.index_to_key: list[str]
        self.key_to_index: dict[str, int]
        if isinstance(words, Vectors):
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
        self._normalized = normalized and matrix.dtype == np.float32
        self._check = check

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
        rows: AnyFloats = self.vectors[[self.get_index(each) for each in key]]
        return rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> AnyFloats:
        """The matrix. Without this method NumPy would make an array of the words."""
        return np.array(self.vectors, dtype=dtype, copy=copy)

    def __getstate__(self) -> dict[str, Any]:
        """The state that `pickle` and `copy` keep; unit rows and the index of words are computed again."""
        computed = ("unit", "cased", "norms", "key_to_index")
        return {name: value for name, value in self.__dict__.items() if name not in computed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.key_to_index = {word: i for i, word in enumerate(self.index_to_key)}

    def __getattr__(self, name: str) -> Any:
        """`AttributeError`, with a remedy for methods of gensim that change vectors."""
        rule = f"{type(self).__name__!r} object has no attribute {name!r}"
        if name in _CHANGES:
            rule += ": vectors are immutable; make new ones, or continue with to_gensim()"
        raise AttributeError(rule, name=name, obj=self)

    def __repr__(self) -> str:
        return f"<Vectors: {len(self):,} words × {self.vector_size} dimensions, {self.vectors.dtype}>"

    def _row_number(self, key: object) -> int | None:
        return int(key) if isinstance(key, int | np.integer) and 0 <= key < len(self) else None

    def get_index(self, key: Key, default: int | None = None) -> int:
        """The row number of a word, or a valid row number itself; otherwise ``default`` or a `KeyError`."""
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
    def unit(self) -> Floats:
        """The matrix with rows of length 1 (zero rows stay zero), (V, d) float32; computed once."""
        if self._check is not None:
            self._check()
            self._check = None
        if self._normalized:
            return self.vectors
        rows = unit_rows(self.vectors)
        release(self.vectors)  # with unit rows the mapped matrix is seldom needed
        return rows

    @cached_property
    def norms(self) -> Floats:
        """The length of each row, (V,) float32; computed once."""
        rows: Floats = np.linalg.norm(self.vectors, axis=1).astype(np.float32, copy=False)
        return rows

    def fill_norms(self, force: bool = False) -> None:
        """Compute `norms` now. ``force`` exists for gensim and has no effect, as vectors are immutable."""
        del force
        _ = self.norms

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """A property of a word: its ``count``, or the ``source`` of its row. `KeyError` if it has none."""
        column = {"count": self.counts, "source": self.sources}.get(attr)
        if column is None:
            raise KeyError(f"these vectors have no word attribute {attr!r}")
        return column[self.get_index(key)]

    def replace_matrix(self, equal: AnyFloats) -> None:
        """Replace the matrix by an equal one, such as a memory map of it."""
        self.vectors = equal
        self.__dict__.pop("unit", None)
        self.__dict__.pop("norms", None)

    def get(self, word: str) -> AnyFloats | None:
        """The word's row, (d,), or None."""
        index = self.key_to_index.get(word)
        return None if index is None else self.vectors[index]

    def get_vector(self, key: Key, norm: bool = False) -> AnyFloats:
        """The row of a word or row number, (d,), read-only; of length 1 if ``norm``. `KeyError` if none."""
        row: AnyFloats = (self.unit if norm else self.vectors)[self.get_index(key)]
        row.flags.writeable = False  # a changed row would not agree with `unit`
        return row

    def get_normed_vectors(self) -> Floats:
        """`unit`, by the name that gensim gives it."""
        return self.unit

    def __setitem__(self, key: Key, row: object) -> NoReturn:
        rule = "vectors are not changed, since runs and caches share them"
        raise TypeError(f"{rule}; make new ones: selfvec.Vectors(words, rows)")

    def embed(self, word: str) -> AnyFloats | None:
        """The word's row, or a vector built from subwords where the format has them; else None."""
        rows, sources = self.lookup([word])
        return rows[0] if sources[0] != Source.NONE else None

    def lookup(self, words: Sequence[str], *, compose: bool = True) -> tuple[Floats, Bytes]:
        """Vectors of many words and the source of each.

        Parameters
        ----------
        words : sequence of n str
        ``compose`` : bool
            Whether words without a row are built from subwords, where the format has them.

        Returns
        -------
        rows : (n, d) float32
            Zeros for a word that neither has a row nor can be built from subwords.
        sources : (n,) uint8
            `Source` of each.
        """
        rows, sources, _ = self.lookup_pieces(words, compose)
        return rows, sources

    def lookup_pieces(self, words: Sequence[str], compose: bool = True) -> tuple[Floats, Bytes, Bytes]:
        """`lookup`, and the number of subwords of each word, (n,) uint8: 1 with a row, 2 if unknown."""
        rows = np.zeros((len(words), self.vector_size), np.float32)
        sources = np.full(len(words), Source.NONE, np.uint8)
        pieces = np.ones(len(words), np.uint8)
        index = np.array([self.key_to_index.get(word, -1) for word in words], dtype=np.int64)
        known = np.flatnonzero(index >= 0)
        for block in _blocks(known[np.argsort(index[known])]):  # a large file is read from front to back
            rows[block] = self.vectors[index[block]]
            release(self.vectors[index[block[0]] : index[block[-1]] + 1])
        sources[known] = self.sources[index[known]]
        if compose and self.composer is not None:
            missing = list(_blocks(np.flatnonzero(index < 0)))
            build = partial(_built, words, self.composer)
            for block, (made, parts) in zip(missing, in_order(missing, build, threads(None)), strict=True):
                rows[block] = made
                found = filled_rows(made)
                sources[block[found]] = Source.SUBWORDS
                pieces[block] = np.where(found, parts, 1)
        return rows, sources, pieces

    # Other libraries

    def to_gensim(self) -> Any:
        """A `gensim.models.KeyedVectors` with the same words, rows (copied) and counts."""
        try:
            from gensim.models import KeyedVectors
        except ImportError:
            raise MissingExtra("gensim", "baselines", "to_gensim") from None
        keyed = KeyedVectors(self.vector_size, dtype=self.vectors.dtype)
        keyed.add_vectors(self.index_to_key, self.vectors)
        if self.counts is not None:
            keyed.expandos["count"] = self.counts.copy()
        return keyed

    def evaluate_word_pairs(self, *given: Any, **options: Any) -> Any:
        """Correlation with human judgements of similarity, by gensim; `selfvec.evaluate` measures more."""
        return self.to_gensim().evaluate_word_pairs(*given, **options)

    def evaluate_word_analogies(self, *given: Any, **options: Any) -> Any:
        """Share of analogies answered right, by gensim; `selfvec.evaluate` measures more."""
        return self.to_gensim().evaluate_word_analogies(*given, **options)

    @classmethod
    def from_gensim(cls, keyed: Any) -> Self:
        """The words, rows (not copied), counts and n-grams of a `gensim.models.KeyedVectors`."""
        counts = getattr(keyed, "expandos", {}).get("count")
        counts = None if counts is None else np.asarray(counts, np.int64)
        composer = None
        if (grams := getattr(keyed, "vectors_ngrams", None)) is not None:
            shape = keyed.bucket, keyed.vector_size
            if grams.shape != shape:
                rule = f"its n-grams have the shape {grams.shape}, not {shape}"
                raise InputError(rule, remedy="load the vectors again with gensim")
            composer = NgramRows(grams, 0, len(grams), keyed.min_n, keyed.max_n)
        return cls([str(key) for key in keyed.index_to_key], keyed.vectors, counts=counts, composer=composer)

    def to_polars(self) -> pl.DataFrame:
        """Columns word, vector (an array), source and, if known, count."""
        import polars as pl

        columns: dict[str, Any] = {"word": self.index_to_key, "vector": self.vectors, "source": self.sources}
        columns |= {} if self.counts is None else {"count": self.counts}
        return pl.DataFrame(columns, schema_overrides={"word": pl.String})

    def to_pandas(self) -> pd.DataFrame:
        """A row per word, which is the index, and a column per dimension."""
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtra("pandas", "dev", "to_pandas") from None
        return pd.DataFrame(self.vectors, index=pd.Index(self.index_to_key, name="word"))

    # Queries, as in gensim

    def vectors_for_all(
        self, keys: Iterable[str], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> Vectors:
        """The vectors of those words, each once, that have a row.

        With ``allow_inference`` also of words that can be built from subwords. ``copy_vecattrs`` keeps the
        counts; a word built from subwords has count 0.
        """
        words = list(dict.fromkeys(keys))
        rows, sources = self.lookup(words, compose=allow_inference)
        found = np.array([word in self.key_to_index for word in words], bool) | (sources == Source.SUBWORDS)
        words = [word for word, kept in zip(words, found.tolist(), strict=True) if kept]
        counts = None
        if copy_vecattrs and self.counts is not None:
            index = np.array([self.get_index(word, -1) for word in words], np.int64)
            counts = np.where(index >= 0, self.counts[index], 0)
        matrix = rows[found].astype(self.vectors.dtype, copy=False)
        return Vectors(words, matrix, sources=sources[found], counts=counts, composer=self.composer)

    # Files

    _load: ClassVar[Callable[..., Any]]
    _save: ClassVar[Callable[..., list[str]]]

    @classmethod
    def register_files(cls, load: Callable[..., Any], save: Callable[..., list[str]]) -> None:
        """Set the functions of the methods below; `selfvec.storage.formats` calls this on import."""
        cls._load = staticmethod(load)
        cls._save = staticmethod(save)

    @classmethod
    def load(cls, path: StrPath, format: str | None = None, **options: Any) -> Self:
        """`selfvec.load`; a subclass returns an object of its own type."""
        return cls._own(cls._load(path, format, **options))

    @classmethod
    def _own(cls, table: Vectors) -> Self:
        """An object of this class with the same content."""
        if isinstance(table, cls):
            return table
        made = cls.__new__(cls)
        made.__dict__.update(table.__dict__)
        return made

    def save(self, path: StrPath, format: str | None = None, **options: Any) -> list[str]:
        """`selfvec.save`."""
        return self._save(self, path, format, **options)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: StrPath,
        fvocab: StrPath | None = None,
        binary: bool = False,
        *,
        unicode_errors: str = "strict",
        limit: int | None = None,
        no_header: bool = False,
    ) -> Self:
        """Read word2vec text or binary, or (``no_header``) GloVe text.

        Parameters
        ----------
        fname : path
        fvocab : path, optional
            A file of words and their counts, one pair per line, for `counts`.
        binary, no_header : bool
            The format of the file; `load` recognises it without these.
        unicode_errors : {"strict", "replace", "ignore"}
            What to do with bytes that are not UTF-8.
        limit : int, optional
            Number of rows to read.
        """
        name = "word2vec" if binary else "glove" if no_header else "word2vec-text"
        found = cls._own(cls._load(fname, name, errors=unicode_errors, limit=limit))
        if fvocab is not None:
            with open(fvocab, encoding="utf-8", errors=unicode_errors) as file:  # noqa: PTH123
                known = dict(line.split() for line in file if line.strip())
            found.counts = np.array([int(known.get(word, 0)) for word in found.index_to_key], np.int64)
        return found

    def save_word2vec_format(
        self,
        fname: StrPath,
        fvocab: StrPath | None = None,
        binary: bool = False,
        *,
        write_header: bool = True,
        overwrite: bool = False,
    ) -> None:
        """Write word2vec text or binary, or (not ``write_header``) GloVe text, in the order of the rows.

        Words and counts are written to ``fvocab``, if given, one pair per line. Unlike in gensim, existing
        files are replaced only with ``overwrite``.
        """
        if binary and not write_header:
            raise InputError("word2vec binary has a header")
        if fvocab is not None:
            if self.counts is None:
                raise InputError("these vectors have no counts to write", remedy="leave out fvocab")
            check_target(fvocab, overwrite=overwrite, folder=False)
        name = "word2vec" if binary else "word2vec-text" if write_header else "glove"
        self._save(self, fname, name, overwrite=overwrite)
        if fvocab is not None and self.counts is not None:
            pairs = zip(self.index_to_key, self.counts.tolist(), strict=True)
            with atomic_file(fvocab, overwrite=overwrite) as path:
                path.write_text("".join(f"{word} {count}\n" for word, count in pairs), encoding="utf-8")


_CHANGES = (
    *("add_vector", "add_vectors", "set_vecattr", "allocate_vecattrs", "resize_vectors", "init_sims"),
    *("unit_normalize_all", "sort_by_descending_frequency", "intersect_word2vec_format"),
)
"""Methods of gensim that change vectors."""


def _built(words: Sequence[str], composer: Composer, block: Ints) -> tuple[Floats, Bytes | int]:
    """Vectors of words built from subwords, and the number of subwords."""
    missing = [words[i] for i in block.tolist()]
    with_pieces = getattr(composer, "with_pieces", None)
    return (composer(missing), 2) if with_pieces is None else with_pieces(missing)


def _blocks(places: Ints) -> Iterator[Ints]:
    """Row numbers in blocks, so that no second copy of a large matrix is made."""
    return (places[start : start + ROW_BLOCK] for start in range(0, len(places), ROW_BLOCK))
