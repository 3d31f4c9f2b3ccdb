"""`Vectors`: words and the rows of their vectors, with gensim's method names and Python's own.

``len(vectors)``, ``word in vectors`` and ``vectors[word]`` work as for a dict. Nearest words and other
queries have the names of gensim's KeyedVectors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from selfvec.base.arrays import Array, Floats, Ints, Mask
from selfvec.base.checks import StrPath
from selfvec.base.errors import InputError, MissingExtra
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import principal_axes

from .queries import Queries
from .word_rows import Composer as Composer
from .word_rows import Source as Source

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


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
