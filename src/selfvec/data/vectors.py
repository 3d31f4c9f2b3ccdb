"""`Vectors`: words and the rows of their vectors, with gensim's method names and Python's own.

``len(vectors)``, ``word in vectors`` and ``vectors[word]`` work as for a dict. Rows are found by word, by
number or built from subwords. Nearest words and other queries have the names of gensim's KeyedVectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, cast

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Bytes, Floats, Ints, Mask
from selfvec.base.checks import StrPath
from selfvec.base.errors import InputError, MissingExtra, OptionError
from selfvec.base.threads import ROW_BLOCK, in_order
from selfvec.files.memory import release
from selfvec.files.tensors import first_not_finite
from selfvec.numerics.rows import as_matrix, filled_rows, top_indices, unit_rows
from selfvec.numerics.whitening import principal_axes

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

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


MIN_COUNT = 5
"""Occurrences that a neighbour needs by default, as in word2vec and gensim.

The vector of a word seen once or twice depends mostly on its spelling. So it is near every word of similar
spelling, and lists of neighbours leave it out.
"""
_ENOUGH = 1000  # words must reach the default; otherwise a list of ten would leave out near words


def least_count(counts: Ints | None, min_count: int | None = None) -> int:
    """Occurrences that a neighbour needs: ``min_count`` or, by default, 5, or fewer in a small text.

    The default is the largest number up to 5 that 1,000 words reach, otherwise 1. It is 1 for vectors without
    counts; a larger ``min_count`` is an `OptionError` for these.

    >>> least_count(np.full(2000, 12)), least_count(np.array([7, 3, 1])), least_count(np.array([7, 3, 1]), 3)
    (5, 1, 3)
    """
    if min_count is not None:
        if min_count > 1 and counts is None:
            rule = "these vectors hold no counts of words"
            raise OptionError(rule, field="min_count", remedy="leave it out, or name a run")
        return min_count
    if counts is None:
        return 1
    return next((n for n in range(MIN_COUNT, 1, -1) if np.count_nonzero(counts >= n) >= _ENOUGH), 1)


Query = Key | AnyFloats | tuple[Key | AnyFloats, float]
"""A word, a row number or a vector, alone or with a weight."""
Ranking = list[tuple[str, float]]
"""(word, score) pairs, best first."""


class Vectors:
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
    ) -> None:
        matrix = as_matrix(matrix)
        if matrix.ndim != 2 or len(matrix) != len(words):
            rule = f"{len(words)} words need a matrix of as many rows, this one is {matrix.shape}"
            raise InputError(rule, remedy="give a row for each word")
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
            for block, (made, parts) in zip(missing, in_order(missing, build), strict=True):
                rows[block] = made
                built = filled_rows(made)
                sources[block[built]] = Source.SUBWORDS
                pieces[block] = np.where(built, parts, 1)
        return rows, sources, pieces

    # Queries, by the names of gensim

    def similarity(self, w1: Key, w2: Key) -> float:
        """Cosine of two rows; exactly 1 for equal ones, 0 if one is all zeros.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> round(v.similarity("north", "up"), 2), v.similarity("north", "east")
        (0.8, 0.0)
        """
        a, b = (self.get_vector(word).astype(np.float64) for word in (w1, w2))
        scale = np.sqrt((a @ a) * (b @ b))
        return float(a @ b / scale) if scale else 0.0

    def distance(self, w1: Key, w2: Key) -> float:
        """1 minus the cosine of two rows.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> round(v.distance("north", "up"), 2)
        0.2
        """
        return 1 - self.similarity(w1, w2)

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """The word least similar to the mean of all of them; unknown words are ignored.

        >>> selfvec.load("default").doesnt_match(["rain", "snow", "storm", "bread"])
        'bread'
        """
        present = [word for word in words if word in self]
        if not present:
            raise InputError("none of these words has a vector")
        rows = np.stack([self.get_vector(word, norm=True) for word in present]).astype(np.float32)
        scores = rows @ _unit(rows.mean(axis=0))
        return present[-1 - int(np.argmin(scores[::-1]))]

    def most_similar(
        self,
        positive: Query | Iterable[Query] | None = None,
        negative: Query | Iterable[Query] | None = None,
        topn: int = 10,
        restrict_vocab: int | None = None,
        *,
        min_count: int | None = None,
    ) -> Ranking:
        """The words nearest by cosine to a mean of words and vectors.

        Parameters
        ----------
        positive, negative : word, row number, vector, (any of these, weight), or several of them
            The weight is 1 for ``positive`` and -1 for ``negative`` unless given. Words count at length 1,
            vectors as long as they are, as in gensim.
        topn : int
            How many words to return.
        restrict_vocab : int, optional
            Number of rows to search from the first one; all by default.
        min_count : int, optional
            Leave out words that occur less often, if `counts` are known, as in a run. By default 5, or in a
            small text the largest number that 1,000 words reach, at least 1.

        Returns
        -------
        list of (word, cosine)
            Best first, without the words of the query. Equal cosines are in the order of the rows. A row of
            zeros has cosine 0 to all others.

        Raises
        ------
        KeyError
            If a word has no row.
        InputError
            If there is neither a positive nor a negative word or vector, or if ``min_count`` is given for
            vectors without counts.

        Examples
        --------
        >>> from selfvec import Vectors
        >>> v = Vectors(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], dtype=np.float32))
        >>> [(word, round(cosine, 3)) for word, cosine in v.most_similar("a")]
        [('b', 0.707), ('c', 0.0)]
        >>> v.most_similar(positive=[("a", 2.0), "c"], topn=1)[0][0]
        'b'
        """
        terms = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
        keys = [key for key, _ in terms]
        if not keys:
            raise InputError("most_similar needs at least one word or vector")
        query = self.get_mean_vector(
            keys, [weight for _, weight in terms], post_normalize=True, ignore_missing=False
        )
        scores = self.unit[: restrict_vocab or len(self)] @ query
        least = least_count(self.counts, min_count)
        left_out = {self.get_index(key) for key in keys if not isinstance(key, np.ndarray)}
        most = max(0, int(topn))
        if self.counts is None or least <= 1:
            best = top_indices(scores, most + len(left_out))
        else:
            often = np.flatnonzero(self.counts[: len(scores)] >= least)
            best = often[top_indices(scores[often], most + len(left_out))].tolist()
        return [(self.index_to_key[i], float(scores[i])) for i in best if i not in left_out][:most]

    def get_mean_vector(
        self,
        keys: Sequence[Key | AnyFloats] | AnyFloats,
        weights: Sequence[float] | AnyFloats | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Floats:
        """Weighted mean of words, row numbers and vectors, (d,) float32.

        Parameters
        ----------
        keys, weights : sequences of n
            All weights are 1 by default. The sum is divided by the sum of the weights' absolute values.
        pre_normalize : bool
            Whether the rows of words are scaled to length 1. Given vectors are not scaled.
        post_normalize : bool
            Whether the mean is scaled to length 1.
        ignore_missing : bool
            Whether words without a row are left out; otherwise they raise `KeyError`.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.get_mean_vector(["north", "east"])
        array([0.5, 0.5], dtype=float32)
        """
        each = [1.0] * len(keys) if weights is None else [float(weight) for weight in weights]
        if not len(keys) or len(each) != len(keys):
            raise InputError(f"a mean needs keys and a weight for each, not {len(keys)} and {len(each)}")
        mean = np.zeros(self.vector_size, np.float32)
        total = 0.0
        for key, weight in zip(keys, each, strict=True):
            if ignore_missing and not isinstance(key, np.ndarray) and key not in self:
                continue
            row = key if isinstance(key, np.ndarray) else self.get_vector(key, pre_normalize)
            mean += weight * row
            total += abs(weight)
        mean = mean / total if total else mean
        return _unit(mean) if post_normalize else mean

    # Other libraries

    def to_gensim(self) -> Any:
        """A `gensim.models.KeyedVectors` with the same words, rows (copied) and counts.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.to_gensim().most_similar("north", topn=1)[0][0]
        'up'
        """
        try:
            from gensim.models import KeyedVectors
        except ImportError:
            raise MissingExtra("gensim", "baselines", "to_gensim") from None
        keyed = KeyedVectors(self.vector_size, dtype=self.vectors.dtype)
        keyed.add_vectors(self.index_to_key, self.vectors)
        if self.counts is not None:
            keyed.expandos["count"] = self.counts.copy()
        return keyed

    @classmethod
    def from_gensim(cls, keyed: Any) -> Self:
        """The words, rows, counts and n-grams of a `gensim.models.KeyedVectors`.

        The rows are not copied, unless some have no word yet, which gensim calls None: they are left out.

        >>> from gensim.models import KeyedVectors
        >>> keyed = KeyedVectors(2)
        >>> keyed.add_vectors(["north", "up"], [[0, 1], [0.6, 0.8]])
        >>> selfvec.Vectors.from_gensim(keyed)
        <Vectors: 2 words × 2 dimensions, float32>
        """
        counts = getattr(keyed, "expandos", {}).get("count")
        counts = None if counts is None else np.asarray(counts, np.int64)
        composer = None
        if (grams := getattr(keyed, "vectors_ngrams", None)) is not None:
            shape = keyed.bucket, keyed.vector_size
            if grams.shape != shape:
                rule = f"its n-grams have the shape {grams.shape}, not {shape}"
                raise InputError(rule, remedy="load the vectors again with gensim")
            from selfvec.numerics.ngram_rows import NgramRows

            composer = NgramRows(grams, 0, len(grams), keyed.min_n, keyed.max_n)
        words, rows = keyed.index_to_key, keyed.vectors
        if None in words:
            filled = np.array([word is not None for word in words], bool)
            words = [word for word in words if word is not None]
            rows = rows[: len(filled)][filled]
            counts = None if counts is None else counts[: len(filled)][filled]
        return cls([str(key) for key in words], rows, counts=counts, composer=composer)

    def to_polars(self) -> pl.DataFrame:
        """Columns word, vector (an array), source and, if known, count.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.to_polars()["word"].to_list()
        ['north', 'up', 'east']
        """
        import polars as pl

        columns: dict[str, Any] = {"word": self.index_to_key, "vector": self.vectors, "source": self.sources}
        columns |= {} if self.counts is None else {"count": self.counts}
        return pl.DataFrame(columns, schema_overrides={"word": pl.String})

    def to_pandas(self) -> pd.DataFrame:
        """A row per word, which is the index, and a column per dimension.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.to_pandas().loc["east"].to_list()
        [1.0, 0.0]
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtra("pandas", "dev", "to_pandas") from None
        return pd.DataFrame(self.vectors, index=pd.Index(self.index_to_key, name="word"))

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
        """`selfvec.load`; a subclass returns an object of its own type.

        >>> selfvec.Vectors.load("default", limit=1000)
        <Vectors: 1,000 words × 256 dimensions, float32>
        """
        return cls._own(cls._load(path, format, **options))

    @classmethod
    def _own(cls, table: Vectors) -> Self:
        if isinstance(table, cls):
            return table
        made = cls.__new__(cls)
        made.__dict__.update(table.__dict__)
        return made

    def save(self, path: StrPath, format: str | None = None, **options: Any) -> list[str]:
        """`selfvec.save`.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.save("compass.vec"), len(selfvec.load("compass.vec"))
        ([], 3)
        """
        return self._save(self, path, format, **options)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: StrPath,
        *,
        binary: bool = False,
        unicode_errors: str = "strict",
        limit: int | None = None,
        no_header: bool = False,
    ) -> Self:
        """Read word2vec text or binary, or (``no_header``) GloVe text.

        Parameters
        ----------
        fname : path
        binary, no_header : bool
            The format of the file; `load` recognises it without these.
        unicode_errors : {"strict", "replace", "ignore"}
            What to do with bytes that are not UTF-8.
        limit : int, optional
            Number of rows to read.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.save_word2vec_format("compass.bin", binary=True)
        >>> selfvec.Vectors.load_word2vec_format("compass.bin", binary=True)
        <Vectors: 3 words × 2 dimensions, float32>
        """
        name = "word2vec" if binary else "glove" if no_header else "word2vec-text"
        return cls._own(cls._load(fname, name, errors=unicode_errors, limit=limit))

    def save_word2vec_format(
        self,
        fname: StrPath,
        *,
        binary: bool = False,
        write_header: bool = True,
        overwrite: bool = False,
    ) -> None:
        """Write word2vec text or binary, or (not ``write_header``) GloVe text, in the order of the rows.

        Unlike in gensim, an existing file is replaced only with ``overwrite``.

        >>> v = selfvec.Vectors(["north", "up", "east"], [[0, 1], [0.6, 0.8], [1, 0]])
        >>> v.save_word2vec_format("compass.vec")
        >>> Path("compass.vec").read_text().splitlines()[0]
        '3 2'
        """
        if binary and not write_header:
            raise InputError("word2vec binary has a header")
        name = "word2vec" if binary else "word2vec-text" if write_header else "glove"
        self._save(self, fname, name, overwrite=overwrite)


def _built(words: Sequence[str], composer: Composer, block: Ints) -> tuple[Floats, Bytes | int]:
    """Vectors of words built from subwords, and the number of subwords."""
    missing = [words[i] for i in block.tolist()]
    with_pieces = getattr(composer, "with_pieces", None)
    return (composer(missing), 2) if with_pieces is None else with_pieces(missing)


def _blocks(places: Ints) -> Iterator[Ints]:
    """Row numbers in blocks, so that no second copy of a large matrix is made."""
    return (places[start : start + ROW_BLOCK] for start in range(0, len(places), ROW_BLOCK))


def _weighted(keys: Query | Iterable[Query] | None, weight: float) -> list[tuple[Key | AnyFloats, float]]:
    """Each key or vector with its own weight, or else with the default."""
    if keys is None:
        return []
    single = isinstance(keys, str | int | np.integer) or (isinstance(keys, np.ndarray) and keys.ndim == 1)
    each = cast("Iterable[Query]", [keys] if single else keys)
    return [(key[0], float(key[1])) if isinstance(key, tuple) else (key, weight) for key in each]


def _unit(vector: AnyFloats) -> Floats:
    return unit_rows(np.asarray(vector)[None]).ravel()


# How many words of a corpus have a row, are built from subwords, or have no vector

KINDS = ("known", "composed", "random", "unknown")
"""A row of the vectors; built from subwords; a random direction, or trained on the text; no vector."""

KNOWN_TEXT = 0.5
"""Share of the tokens with a row, below which vectors are taken to be of another language or kind of text."""

_KIND = np.zeros(len(Source), np.intp)  # of each `Source`; rows that an earlier run induced count as known
_KIND[[Source.SUBWORDS, Source.RANDOM, Source.NONE]] = [1, 2, 3]


def has_row(original: Vectors) -> Mask:
    """Which words have a row in the vectors, (V,) bool."""
    pretrained: Mask = _KIND[original.sources] == 0
    return pretrained


def coverage(original: Vectors, counts: Ints) -> dict[str, dict[str, int]]:
    """``{"types": {kind: number}, "tokens": {kind: number}}`` for the `KINDS` of initial vectors.

    ``original`` holds the initial vectors of the words of a corpus; ``counts``, (V,), their occurrences.
    """
    kinds = _KIND[original.sources]
    types = np.bincount(kinds, minlength=len(KINDS)).tolist()
    tokens = [int(counts[kinds == kind].sum()) for kind in range(len(KINDS))]
    return {"types": dict(zip(KINDS, types, strict=True)), "tokens": dict(zip(KINDS, tokens, strict=True))}


# The same words in another space: other rows, a map of the rows, principal axes

_TURNED = 1 << 14  # rows turned at a time, so that no second matrix is made


def same_words(vectors: Vectors, rows: Array, composer: Composer | None = None) -> Vectors:
    """Vectors of the same words, sources, counts and provenance with other rows, (V, d').

    Without a ``composer`` for the new space, words without a row cannot be built from subwords.
    """
    return Vectors(
        vectors.index_to_key,
        np.asarray(rows, np.float32),
        sources=vectors.sources,
        counts=vectors.counts,
        composer=composer,
        provenance=vectors.provenance,
    )


def mapped_composer(composer: Composer | None, axes: Floats) -> Composer | None:
    """A composer for unit rows multiplied by a (d, d') matrix; None without a composer."""
    if composer is None:
        return None

    def composed(words: Sequence[str]) -> Floats:
        return unit_rows(composer(words)) @ axes

    return composed


def on_principal_axes(vectors: Vectors, dimensions: int) -> Vectors:
    """Unit rows on the first principal axes of the uncentred rows, (V, dimensions); zeros stay zero."""
    axes = principal_axes(vectors.vectors, dimensions)
    matrix = np.empty((len(vectors), dimensions), np.float32)
    for start in range(0, len(vectors), _TURNED):
        matrix[start : start + _TURNED] = unit_rows(vectors.vectors[start : start + _TURNED]) @ axes
    return same_words(vectors, matrix, mapped_composer(vectors.composer, axes))
