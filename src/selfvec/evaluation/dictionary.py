"""Bilingual lexicon induction: is the nearest word of the other language a translation of the word?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import best_columns, mean_of_nearest
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean
from selfvec.storage.alignment_files import read_dictionary
from selfvec.storage.formats import load

from .compared_vectors import ComparedVectors, find_rows
from .task import Measurement, Task

_RANKS = (1, 5)
_MOST = 200_000  # first rows of b that are candidates, as in MUSE
_ASKING = 50_000  # first rows of a, which determine hubs
_REMEDY = "give the folder that align wrote, or both vectors: selfvec evaluate A ALIGNED_B --lexicon FILE"

Translations = tuple[dict[str, list[str]], Vectors]


@dataclass(frozen=True)
class Dictionary(Task[Translations]):
    """Precision at 1 and 5: share of words with a translation among the nearest words of the other language.

    Words of a are translated by the nearest rows of b, by cosine (mode ``nn``) and by CSLS (mode
    ``csls``). A word with several translations is one item. Every item counts. An item whose word or whose
    translations all lack a vector is wrong, and lowers ``covered``; ``value_covered`` is the precision
    over the others, and ``unused`` counts these words by the vectors that lack them. A first row that names
    the columns is left out.

    Candidates are the first 200,000 rows of b; its hubs are determined by the first 50,000 of a.

    The vectors are a and b of a folder that ``align`` wrote, or a file in which ``align`` noted the vectors
    that it is aligned to. Otherwise each of the given vectors is compared with the first.

    Parameters
    ----------
    path : path
        Rows of word<TAB>word: a word of a, a word of b.
    """

    kind: ClassVar[str] = "lexicon"

    def load(self, entries: Sequence[ComparedVectors], seed: int) -> Translations:
        """The translations of each word, and the first vectors, for others that are not aligned."""
        items: dict[str, list[str]] = {}
        for word, translation in read_dictionary(self.path):
            items.setdefault(word, []).append(translation)
        return items, entries[0].vectors

    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """Two rows of each mode for all aligned vectors; `OptionError` if none are aligned."""
        whole = [entry for entry in entries if not entry.truncated and (entry.run is None or entry.refined)]
        compared = [entry for entry in whole if entry.aligned_to is not None] or whole[1:]
        if not compared:
            raise OptionError("a lexicon is measured on two sets of vectors in one space", remedy=_REMEDY)
        items = self.load(whole, seed)
        for entry in compared:
            yield from self.score(entry, items, seed)

    def score(self, entry: ComparedVectors, items: Translations, seed: int) -> Iterator[Measurement]:
        """The rows of words of a among those of vectors."""
        words, first = items
        a = first if entry.aligned_to is None else load(entry.aligned_to)
        b = entry.vectors
        if a.vector_size != b.vector_size:
            rule = f"{entry.name} has {b.vector_size} dimensions, the others {a.vector_size}"
            raise InputError(f"{rule}: they are not in one space", remedy=_REMEDY)
        asked = find_rows(a, list(words))
        wanted = [find_rows(b, translations) for translations in words.values()]
        translated = np.array([bool(np.any(rows >= 0)) for rows in wanted])
        known = (asked >= 0) & translated
        unused = {
            "words": int(np.sum(~known)),
            "without_vector_in_a": int(np.sum(asked < 0)),
            "without_vector_in_b": int(np.sum(~translated)),
        }
        right = [wanted[i] for i in np.flatnonzero(known).tolist()]
        for mode, best in _translations(a, b, asked[known]).items():
            hits = np.array([np.isin(found, rows) for found, rows in zip(best, right, strict=True)], bool)
            for rank in _RANKS:
                found = np.zeros(len(words))
                found[known] = hits.reshape(-1, max(_RANKS))[:, :rank].any(axis=1)
                covered = float(found[known].mean()) if known.any() else None
                more: dict[str, Any] = {"value_covered": covered, "unused": unused}
                figure = mean(found, seed), len(words), float(known.mean())
                yield Measurement.of(entry, f"precision@{rank}", *figure, mode, **more)


def _translations(a: Vectors, b: Vectors, asked: Ints) -> dict[str, Ints]:
    """The rows of b nearest to some rows of a, best first, by mode, each (n, 5)."""
    some_a = np.flatnonzero(np.any(a.vectors[:_ASKING] != 0, axis=1))
    some_b = np.flatnonzero(np.any(b.vectors[:_MOST] != 0, axis=1))
    pool = unit_rows(b.vectors[some_b])
    queries = unit_rows(a.vectors[asked])
    hubness = mean_of_nearest(pool, unit_rows(a.vectors[some_a]))
    rows = np.append(some_b, -1)
    return {
        mode: rows[best_columns(queries, pool, max(_RANKS), by)]
        for mode, by in (("nn", None), ("csls", hubness))
    }
