"""Meta-embeddings: vectors of several sources, of any dimensions, joined into one.

Rows are averaged (Coates and Bollegala, 2018, *Frustratingly easy meta-embedding*), after each source is
rotated onto the widest. To lay them side by side, and canonical correlation, were no better: see
docs/results/vectors.md. Rows may represent anything with words as names: images, nodes of a graph, captions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from selfvec.analysis.alignment.common_space import fit_rotation
from selfvec.base.arrays import Mask, Rows
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.storage.opened import GivenVectors, as_vectors

from .method import Transform, as_function

NOWHERE = np.zeros(1, np.float32)

Map = tuple[Rows, Rows]
"""A mean (d,) to subtract from the unit rows of a source, and a matrix (d, D) to multiply them by."""
Fit = Callable[[list[Rows], Mask], list[Map]]
"""The map of each source, from the unit rows of all words and which of them it knows."""


class Join(Transform):
    """Join vectors of several files into one.

    Their rows are rotated onto those of the widest, and averaged.

    Parameters
    ----------
    others : Vectors, path, or several
        Vectors to join with; may be repeated. Those that build unknown words from subwords do so for all
        words.
    vocabulary : {"union", "intersection"}
        Words of any, or words that all have. In a union, a source adds nothing to a word that it lacks.

    Examples
    --------
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> selfvec.join(vectors, "default", vocabulary="intersection")
    <Vectors: 3 words × 256 dimensions, float32>
    """

    others: GivenVectors | Sequence[GivenVectors]
    vocabulary: str = "union"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.others, list | tuple) and not self.others:
            raise OptionError("none was given", field="others", remedy="name the vectors to join with")

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """The joined unit vectors: first the words of ``vectors``, then those of the others."""
        given = self.others
        several: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
        sources = [vectors, *(as_vectors(other, "others") for other in several)]
        made, self.report_ = joined(sources, rotations, self.vocabulary)
        return made


def joined(sources: list[Vectors], fit: Fit, vocabulary: str = "union") -> tuple[Vectors, dict[str, Any]]:
    """The joined unit vectors by the maps of ``fit``, and how many words are shared and known."""
    words = list(dict.fromkeys(word for source in sources for word in source))
    parts = [unit_rows(source.lookup(words)[0]) for source in sources]
    known: Mask = np.stack([np.any(part != 0, axis=1) for part in parts])
    kept = (np.all if vocabulary == "intersection" else np.any)(known, axis=0)
    shared = int(np.all(known, axis=0).sum())
    if not shared:
        raise InputError(
            "no word has a vector in all sources",
            remedy="check that they have the same language and casing",
        )
    maps = fit(parts, known)
    report = {"shared": shared, "known": [int(each.sum()) for each in known]}
    composer = None
    if vocabulary == "union" and any(source.composer is not None for source in sources):
        composer = partial(_joined, sources, maps)
    words = [word for word, stays in zip(words, kept.tolist(), strict=True) if stays]
    return Vectors(words, _joined(sources, maps, words), composer=composer, normalized=True), report


def rotations(parts: list[Rows], known: Mask) -> list[Map]:
    """Rotations of each source onto the widest, (d, widest), fitted on the words of both."""
    widest = max(range(len(parts)), key=lambda i: parts[i].shape[1])
    maps = []
    for part, there in zip(parts, known, strict=True):
        both = known[widest] & there
        rotation = fit_rotation(parts[widest][both], part[both], np.ones(int(both.sum())), trim=0)
        maps.append((NOWHERE, rotation.matrix.astype(np.float32)))
    return maps


def _joined(sources: list[Vectors], maps: list[Map], words: Sequence[str]) -> Rows:
    """Unit rows of words: the sum over the sources that have a word, in the common space."""
    total = np.zeros((len(words), maps[0][1].shape[1]), np.float32)
    for vectors, (shift, mapping) in zip(sources, maps, strict=True):
        part = unit_rows(vectors.lookup(words)[0])
        there = np.any(part != 0, axis=1)
        total[there] += (part[there] - shift) @ mapping
    return unit_rows(total)


join = as_function("join", Join, Join.made_of)
