"""`Vectors`: words and the rows of their vectors, with gensim's method names and Python's own.

``len(vectors)``, ``word in vectors`` and ``vectors[word]`` work as for a dict. Nearest words and other
queries have the names of gensim's KeyedVectors.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, overload

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Bytes, Floats, Ints
from selfvec.base.atomic_files import atomic_file
from selfvec.base.errors import InputError, MissingExtra
from selfvec.base.memory import release
from selfvec.base.targets import check_target
from selfvec.base.threads import in_order, threads
from selfvec.numerics.rows import ROW_BLOCK, as_matrix, filled_rows, top_indices, unit_rows

from .rare_words import least_count
from .word_benchmarks import Sections, word_analogies, word_pairs

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Composer", "Source", "Vectors"]

StrPath = str | os.PathLike[str]
Key = str | int | np.integer[Any]
"""A word, or the number of a row."""

Composer = Callable[[Sequence[str]], Floats]
"""Builds vectors for words without a row: n words -> (n, d) float32, zeros for those it cannot build.

It may have a method ``with_pieces`` that also returns the number of subwords of each word, (n,) uint8.
"""

Query = Key | AnyFloats | tuple[Key | AnyFloats, float]
"""A word, a row number or a vector, alone or with a weight."""
Ranking = list[tuple[str, float]]
"""(word, score) pairs, best first."""

_EPSILON = 1e-6  # keeps the quotient of `most_similar_cosmul` finite; gensim's value


class Source(IntEnum):
    """The source of a word's vector."""

    NONE = 0  # no source: a zero vector
    KNOWN = 1  # a row of the vectors
    SUBWORDS = 2  # built from word pieces or character n-grams
    RANDOM = 3  # without pretrained vectors: a random direction, or trained on the text itself
    CONTEXT = 4  # induced by refining, from the words around it
    MIXED = 5  # induced from the words around it and from words spelled alike


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

    @classmethod
    def from_gensim(cls, keyed: Any) -> Self:
        """The words, rows (not copied), counts and n-grams of a `gensim.models.KeyedVectors`."""
        counts = getattr(keyed, "expandos", {}).get("count")
        counts = None if counts is None else np.asarray(counts, np.int64)
        composer = None
        if (grams := getattr(keyed, "vectors_ngrams", None)) is not None:
            from selfvec.numerics.ngram_rows import NgramRows  # its kernel takes long to import

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

    # Similarity of two words, and of one word to all

    def similarity(self, w1: Key, w2: Key) -> float:
        """Cosine of two rows; exactly 1 for equal ones, 0 if one is all zeros."""
        a, b = (self.get_vector(word).astype(np.float64) for word in (w1, w2))
        scale = np.sqrt((a @ a) * (b @ b))
        return float(a @ b / scale) if scale else 0.0

    @staticmethod
    def cosine_similarities(vector_1: AnyFloats, vectors_all: AnyFloats) -> Floats:
        """Cosines of a vector, (d,), to others, (n, d): (n,) float32; 0 where one is all zeros."""
        cosines: Floats = unit_rows(np.asarray(vectors_all)) @ _unit(vector_1)
        return cosines

    def distance(self, w1: Key, w2: Key) -> float:
        """1 minus the cosine of two rows."""
        return 1 - self.similarity(w1, w2)

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> float:
        """Cosine between the mean row of some words and that of others; unknown words are ignored."""
        a, b = (self.get_mean_vector(keys, pre_normalize=False) for keys in (ws1, ws2))
        return float(_unit(a) @ _unit(b))

    def distances(self, word_or_vector: Key | AnyFloats, other_words: Iterable[Key] = ()) -> Floats:
        """1 minus the cosine to each of ``other_words``, or to all V words if there are none."""
        rows = [self.get_index(word) for word in other_words]
        cosines: Floats = self.unit[rows or slice(None)] @ _unit(self._row(word_or_vector))
        return 1 - cosines

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """The words closer to ``key1`` than ``key2`` is, in the order of the rows."""
        distances = self.distances(key1)
        own = self.get_index(key1)
        closer = np.flatnonzero(distances < distances[self.get_index(key2)])
        return [self.index_to_key[i] for i in closer if i != own]

    def rank(self, key1: Key, key2: Key) -> int:
        """The place of ``key2`` among all words by their distance from ``key1``; the nearest has 1."""
        return len(self.closer_than(key1, key2)) + 1

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """The key of ``keys_list`` that is most similar to ``key1``."""
        return keys_list[int(np.argmin(self.distances(key1, keys_list)))]

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Cosine of two words, divided by the sum of the cosines of the first word's ``topn`` neighbours."""
        nearest = self.most_similar(wa, topn=topn, min_count=1)
        return self.similarity(wa, wb) / sum(cosine for _, cosine in nearest)

    def rank_by_centrality(self, words: Sequence[Key], use_norm: bool = True) -> list[tuple[float, Key]]:
        """(cosine, word) pairs by similarity to the mean of all, best first. Unknown words are ignored."""
        known = [word for word in words if word in self]
        if not known:
            raise InputError("none of these words has a vector")
        rows = np.stack([self.get_vector(word, norm=use_norm) for word in known]).astype(np.float32)
        scores = rows @ _unit(rows.mean(axis=0))
        return sorted(zip(scores.tolist(), known, strict=True), key=lambda pair: pair[0], reverse=True)

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """The word least similar to the mean of all of them; unknown words are ignored."""
        return self.rank_by_centrality(words)[-1][1]

    # Search

    @overload
    def most_similar(
        self,
        positive: Query | Iterable[Query] | None = ...,
        negative: Query | Iterable[Query] | None = ...,
        topn: int = ...,
        clip_start: int = ...,
        clip_end: int | None = ...,
        restrict_vocab: int | None = ...,
        *,
        min_count: int | None = ...,
    ) -> Ranking: ...
    @overload
    def most_similar(
        self,
        positive: Query | Iterable[Query] | None = ...,
        negative: Query | Iterable[Query] | None = ...,
        *,
        topn: None,
        clip_start: int = ...,
        clip_end: int | None = ...,
        restrict_vocab: int | None = ...,
        min_count: int | None = ...,
    ) -> Floats: ...
    def most_similar(
        self,
        positive: Query | Iterable[Query] | None = None,
        negative: Query | Iterable[Query] | None = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        *,
        min_count: int | None = None,
    ) -> Ranking | Floats:
        """The words nearest by cosine to a mean of words and vectors.

        Parameters
        ----------
        positive, negative : word, row number, vector, (any of these, weight), or several of them
            The weight is 1 for ``positive`` and -1 for ``negative`` unless given. Words count at length 1,
            vectors as long as they are, as in gensim.
        topn : int or None
            How many words to return. None returns all cosines instead, without names.
        clip_start, clip_end : int
            First and last row of the search; all rows by default.
        restrict_vocab : int, optional
            Number of rows to search from the first one; overrides the clips.
        min_count : int, optional
            Leave out words that occur less often, if `counts` are known, as in a run. By default 5, or in a
            small text the largest number that 1,000 words reach, at least 1. With ``topn`` None no words are
            left out.

        Returns
        -------
        list of (word, cosine); with ``topn`` None an array, (rows searched,) float32
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
        if restrict_vocab:
            clip_start = 0
            clip_end = restrict_vocab
        cosines = self.unit[clip_start : clip_end or len(self)] @ query
        return self._best(cosines, keys, topn, clip_start, min_count)

    def similar_by_key(
        self, key: Key, topn: int = 10, restrict_vocab: int | None = None, *, min_count: int | None = None
    ) -> Ranking:
        """`most_similar` for one word or row number."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab, min_count=min_count)

    similar_by_word = similar_by_key

    def similar_by_vector(
        self, vector: AnyFloats, topn: int = 10, restrict_vocab: int | None = None
    ) -> Ranking:
        """`most_similar` for one vector, (d,)."""
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_cosmul(
        self,
        positive: Query | Iterable[Query] | None = None,
        negative: Query | Iterable[Query] | None = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
        *,
        min_count: int | None = None,
    ) -> Ranking | Floats:
        """The words nearest by a product of cosines: 3CosMul (Levy and Goldberg, 2014, equation 4).

        Cosines are shifted to 0..1. Those of ``positive`` are multiplied, and the product is divided by those
        of ``negative``. Unlike in gensim, ``restrict_vocab`` has an effect and row numbers are allowed.
        Otherwise as `most_similar`, without weights.
        """
        plus, minus = ([key for key, _ in _weighted(keys, 1.0)] for keys in (positive, negative))
        if not plus:
            raise InputError("most_similar_cosmul needs at least one positive word or vector")
        scores: list[Floats] = []
        for keys in (plus, minus):
            rows = np.array([self._row(key, norm=True) for key in keys], np.float32)
            shifted = (1 + self.unit[:restrict_vocab] @ rows.reshape(-1, self.vector_size).T) / 2
            scores.append(shifted.prod(axis=1, dtype=np.float32))
        scores[0] /= scores[1] + np.float32(_EPSILON)
        return self._best(scores[0], plus + minus, topn, 0, min_count)

    def _best(
        self,
        scores: Floats,  # of the rows from ``first``
        asked: Sequence[Key | AnyFloats],
        topn: int | None,
        first: int,
        min_count: int | None,
    ) -> Ranking | Floats:
        """The words with the largest scores, without those of the query and without rare ones."""
        least = least_count(self.counts, min_count)
        if topn is None:
            return scores
        left_out = {self.get_index(key) - first for key in asked if not isinstance(key, np.ndarray)}
        wanted = max(0, int(topn)) + len(left_out)
        if self.counts is None or least <= 1:
            best = top_indices(scores, wanted)
        else:
            often = np.flatnonzero(self.counts[first:][: len(scores)] >= least)
            best = often[top_indices(scores[often], wanted)].tolist()
        found = [(self.index_to_key[first + i], float(scores[i])) for i in best if i not in left_out]
        return found[: max(0, int(topn))]

    # Means

    def _row(self, key: Key | AnyFloats, norm: bool = False) -> AnyFloats:
        """The row of a key, or a given vector, (d,)."""
        return key if isinstance(key, np.ndarray) else self.get_vector(key, norm)

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
        """
        each = [1.0] * len(keys) if weights is None else [float(weight) for weight in weights]
        if not len(keys) or len(each) != len(keys):
            raise InputError(f"a mean needs keys and a weight for each, not {len(keys)} and {len(each)}")
        mean = np.zeros(self.vector_size, np.float32)
        total = 0.0
        for key, weight in zip(keys, each, strict=True):
            if ignore_missing and not isinstance(key, np.ndarray) and key not in self:
                continue
            mean += weight * self._row(key, pre_normalize)
            total += abs(weight)
        mean = mean / total if total else mean
        return _unit(mean) if post_normalize else mean

    # Evaluation

    def wmdistance(self, document1: Sequence[str], document2: Sequence[str], norm: bool = True) -> float:
        """Word mover's distance of two lists of words (Kusner et al., 2015), by the package POT.

        Unknown words are ignored. The distance is infinite if a document has no known words. With ``norm``
        rows are scaled to length 1.
        """
        try:
            with warnings.catch_warnings(action="ignore"):  # about escapes in POT's source
                from ot import emd2
        except ImportError:
            raise MissingExtra("POT", "wmd", "wmdistance") from None
        counted = [Counter(word for word in text if word in self) for text in (document1, document2)]
        if not all(counted):
            return float("inf")
        a, b = (np.stack([self.get_vector(w, norm) for w in each]).astype(np.float64) for each in counted)
        shares = [np.array(list(each.values())) / each.total() for each in counted]
        return float(emd2(*shares, np.linalg.norm(a[:, None] - b, axis=2)))

    def evaluate_word_pairs(
        self,
        pairs: StrPath,
        delimiter: str = "\t",
        *,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Correlation with human judgements of similarity: see `selfvec.data.word_benchmarks.word_pairs`."""
        words = self.index_to_key[:restrict_vocab]
        return word_pairs(words, self.unit, pairs, delimiter, case_insensitive, dummy4unknown)

    def evaluate_word_analogies(
        self,
        analogies: StrPath,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, Sections]:
        """Share of analogies answered right: see `selfvec.data.word_benchmarks.word_analogies`."""
        words = self.index_to_key[:restrict_vocab]
        return word_analogies(words, self.unit, analogies, case_insensitive, dummy4unknown)

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


def _weighted(keys: Query | Iterable[Query] | None, weight: float) -> list[tuple[Key | AnyFloats, float]]:
    """Each key or vector with its own weight, or else with the default."""
    if keys is None:
        return []
    one = isinstance(keys, str | int | np.integer) or (isinstance(keys, np.ndarray) and keys.ndim == 1)
    each = cast("Iterable[Query]", [keys] if one else keys)
    return [(key[0], float(key[1])) if isinstance(key, tuple) else (key, weight) for key in each]


def _unit(vector: AnyFloats) -> Floats:
    return unit_rows(np.asarray(vector)[None]).ravel()
