"""`Vectors`: word vectors with gensim's method names and Python's own (``len``, ``in``, ``[]``).

Three modules make up the class: `selfvec.data.word_table` holds rows, `selfvec.data.similarity_queries`
compares them, and this one converts them. `selfvec.storage.formats` reads and writes files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from selfvec.base.errors import InputError, MissingExtra

from .similarity_queries import SimilarityQueries
from .word_benchmarks import Path, Sections, word_analogies, word_pairs
from .word_table import Composer, Float, Source

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Composer", "Float", "Source", "Vectors"]


class Vectors(SimilarityQueries):
    """A vocabulary of V unique words and a (V, d) matrix.

    A key is a word or a row number, as in gensim. Tables do not change: to add or replace rows, build a new
    one, or go on with `to_gensim`.

    Parameters
    ----------
    words : sequence of V unique str
    matrix : (V, d) float32 or float16
        Kept as given: it may be a read-only memory map.
    sources : (V,) uint8, optional
        A `Source` per row; all `Source.KNOWN` by default.
    counts : (V,) int64, optional
        How often each word occurred in the text the vectors were refined on.
    composer : callable, optional
        Builds vectors for words without a row (see `Composer`).
    provenance : mapping, optional
        Where the vectors came from, JSON-serialisable.
    normalized : bool
        Whether all rows already have length 1 or 0, so that no second table is needed to compare them.

    Raises
    ------
    InputError
        If shapes disagree or a word occurs twice.

    Examples
    --------
    >>> v = Vectors(["north", "up", "east"], np.array([[0, 1], [0.1, 1], [1, 0]], dtype=np.float32))
    >>> v.most_similar("north", topn=1)[0][0]
    'up'
    >>> "west" in v, v.get("west") is None, list(v)
    (False, True, ['north', 'up', 'east'])
    """

    def vectors_for_all(
        self, keys: Iterable[str], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> Vectors:
        """A table of those words, each once, that have a row or (``allow_inference``) can be composed.

        ``copy_vecattrs`` keeps the counts; a composed word has count 0.
        """
        words = list(dict.fromkeys(keys))
        rows, sources = self.lookup(words, compose=allow_inference)
        there = np.array([word in self.key_to_index for word in words], bool) | (sources == Source.SUBWORDS)
        words = [word for word, kept in zip(words, there.tolist(), strict=True) if kept]
        counts = None
        if copy_vecattrs and self.counts is not None:
            index = np.array([self.get_index(word, -1) for word in words], np.int64)
            counts = np.where(index >= 0, self.counts[index], 0)
        matrix = rows[there].astype(self.vectors.dtype, copy=False)
        return Vectors(words, matrix, sources=sources[there], counts=counts, composer=self.composer)

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
    def from_gensim(cls, keyed: Any) -> Vectors:
        """The words, rows (not copied) and counts of a `gensim.models.KeyedVectors`."""
        counts = keyed.expandos.get("count")
        counts = None if counts is None else np.asarray(counts, np.int64)
        return cls([str(key) for key in keyed.index_to_key], keyed.vectors, counts=counts)

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

    # Evaluation

    def wmdistance(self, document1: Sequence[str], document2: Sequence[str], norm: bool = True) -> float:
        """Word mover's distance of two lists of words (Kusner et al., 2015), by the package POT.

        Unknown words are ignored; the distance is infinite if a document has no others. ``norm``: whether
        rows count at length 1.
        """
        try:
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
        pairs: Path,
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
        analogies: Path,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, Sections]:
        """Share of analogies answered right: see `selfvec.data.word_benchmarks.word_analogies`."""
        words = self.index_to_key[:restrict_vocab]
        return word_analogies(words, self.unit, analogies, case_insensitive, dummy4unknown)

    # Files

    _load: ClassVar[Callable[..., Vectors]]
    _save: ClassVar[Callable[..., list[str]]]

    @classmethod
    def register_files(cls, load: Callable[..., Vectors], save: Callable[..., list[str]]) -> None:
        """Set the functions behind the methods below; `selfvec.storage.formats` calls this on import."""
        cls._load, cls._save = staticmethod(load), staticmethod(save)

    @classmethod
    def load(cls, path: Path, format: str | None = None, **options: Any) -> Vectors:
        """`selfvec.load`."""
        return cls._load(path, format, **options)

    def save(self, path: Path, format: str | None = None, **options: Any) -> list[str]:
        """`selfvec.save`."""
        return self._save(self, path, format, **options)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: Path,
        fvocab: Path | None = None,
        binary: bool = False,
        *,
        unicode_errors: str = "strict",
        limit: int | None = None,
        no_header: bool = False,
    ) -> Vectors:
        """Read word2vec text or binary, or (``no_header``) GloVe text.

        Parameters
        ----------
        fname : path
        fvocab : path, optional
            A file of words and their counts, one pair a line, that gives `counts`.
        binary, no_header : bool
            Which of the formats it is; `load` finds that out itself.
        unicode_errors : {"strict", "replace", "ignore"}
            What happens to bytes that are not UTF-8.
        limit : int, optional
            Read the first so many rows only.
        """
        name = "word2vec" if binary else "glove" if no_header else "word2vec-text"
        found = cls._load(fname, name, errors=unicode_errors, limit=limit)
        if fvocab is not None:
            with open(fvocab, encoding="utf-8", errors=unicode_errors) as file:  # noqa: PTH123
                known = dict(line.split() for line in file if line.strip())
            found.counts = np.array([int(known.get(word, 0)) for word in found.index_to_key], np.int64)
        return found

    def save_word2vec_format(
        self, fname: Path, fvocab: Path | None = None, binary: bool = False, *, write_header: bool = True
    ) -> None:
        """Write word2vec text or binary, or (not ``write_header``) GloVe text, in the order of the rows.

        ``fvocab``, if given, gets words and counts, one pair a line.
        """
        if binary and not write_header:
            raise InputError("word2vec binary has a header")
        self._save(self, fname, "word2vec" if binary else "word2vec-text" if write_header else "glove")
        if fvocab is not None:
            if self.counts is None:
                raise InputError("these vectors have no counts to write", remedy="leave out fvocab")
            pairs = zip(self.index_to_key, self.counts.tolist(), strict=True)
            with open(fvocab, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.writelines(f"{word} {count}\n" for word, count in pairs)
