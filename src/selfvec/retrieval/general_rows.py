"""Rows of words that no document has, so that a question finds what the text says in other words.

The built-in vectors `glosses` have rows of words by their definitions. What the index makes of such a row is
a linear map, learned by ridge regression from the words that the text and `glosses` share, when the index is
built. Only rows of whole words are used: sums of their pieces lost what these gain, as did rows of `default`
(docs/results/search.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import AnyFloats, Halves, Ints, Rows
from selfvec.base.casing import lower
from selfvec.base.characters import plain
from selfvec.data.vectors import Vectors
from selfvec.numerics.ridge import affine, affine_ridge
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.glosses import gloss_rows, gloss_words
from selfvec.text.preprocessing import mean_rows_by_stem


def general_map(vectors: Vectors, stem_of: Ints, rows: AnyFloats) -> Halves | None:
    """The map, (385, d), from unit rows of `glosses`, with a 1 at the end, to rows of stems, (V, d).

    ``stem_of``, (n,), are the stems of the words of the vectors. None if `glosses` lack most of the text:
    then it is in another language, in which a word may be written as another one is in English.
    """
    counts = np.ones(len(vectors), np.int64) if vectors.counts is None else vectors.counts + 1
    names = list(map(_name, vectors.index_to_key))
    places = [place for place, name in enumerate(names) if name in gloss_words()]
    if 2 * counts[places].sum() <= counts.sum():
        return None
    used, group = np.unique(stem_of[places], return_inverse=True)
    general = unit_rows(gloss_rows([names[place] for place in places]))
    initial = mean_rows_by_stem(general, group, counts[places], len(used))
    wanted = rows[used].astype(np.float32)
    has_row = np.any(wanted != 0, axis=1)
    return affine_ridge(initial[has_row], wanted[has_row], 1.0).astype(np.float16)


def with_general_row(words: Sequence[str]) -> list[str]:
    """Those of some words that have a general row."""
    return [word for word in words if _name(word) in gloss_words()]


def general_rows(words: Sequence[str], change: Halves) -> Rows:
    """The rows of such words in the space of an index, (n, d), by its map."""
    return affine(unit_rows(gloss_rows(list(map(_name, words)))), change)


def _name(word: str) -> str:
    return lower(plain(word))
