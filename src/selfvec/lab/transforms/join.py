"""Meta-embeddings: vectors of several sources, of any dimensions, joined into one.

Concatenation lays unit rows side by side, so that a cosine is the mean of the sources' cosines (Yin and
Schütze, 2016, *Learning word meta-embeddings*). The average of rows is nearly as good in fewer dimensions
(Coates and Bollegala, 2018, *Frustratingly easy meta-embedding*), here after each source is rotated onto the
widest. Rows may represent anything with words as names: images, nodes of a graph, captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, Unpack

import numpy as np

from selfvec.base.arrays import Mask, Rows
from selfvec.base.declarations import checked
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.refinement.common_space import fit_rotation
from selfvec.storage.opened import GivenVectors, as_vectors

from .written import Writing, check_writing, written


@checked
def join(
    vectors: GivenVectors,
    others: GivenVectors | Sequence[GivenVectors],
    method: Literal["average", "concatenate"] = "average",
    vocabulary: Literal["union", "intersection"] = "union",
    **writing: Unpack[Writing],
) -> Vectors:
    """Join vectors of several files into one.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    others : Vectors, path, or several
        Vectors to join with; may be repeated. Those that build unknown words from subwords do so for all
        words.
    method : {"average", "concatenate"}
        How they are joined. Rows are rotated onto each other and averaged, or laid side by side.
    vocabulary : {"union", "intersection"}
        Words of any, or words that all have. In a union, a source adds nothing to a word that it lacks.
    **writing
        See `Writing`.

    Returns
    -------
    Vectors
        Unit vectors: first the words of ``vectors``, then those of the others.

    Raises
    ------
    OptionError
        If an option is wrong, or names nothing that the words have.
    InputError
        If a file cannot be read or is damaged.
    TargetError
        If ``output`` exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> selfvec.join(vectors, "default", method="concatenate", vocabulary="intersection")
    <Vectors: 3 words × 258 dimensions, float32>
    """
    several: list[Any] = list(others) if isinstance(others, list | tuple) else [others]
    if not several:
        raise OptionError("none was given", field="others", remedy="name the vectors to join with")
    check_writing(writing)
    sources = [as_vectors(vectors), *(as_vectors(other, "others") for other in several)]
    words = list(dict.fromkeys(word for source in sources for word in source))
    parts = [unit_rows(source.lookup(words)[0]) for source in sources]
    there: Mask = np.stack([filled_rows(part) for part in parts])
    shared = int(np.all(there, axis=0).sum())
    if not shared:
        raise InputError(
            "no word has a vector in all sources",
            remedy="check that they have the same language and casing",
        )
    maps = _rotations(parts, there) if method == "average" else _columns(parts)
    composer = None
    if vocabulary == "union" and any(source.composer is not None for source in sources):
        composer = partial(_joined, sources, maps)
    kept = (np.all if vocabulary == "intersection" else np.any)(there, axis=0)
    words = [word for word, stays in zip(words, kept.tolist(), strict=True) if stays]
    made = Vectors(words, _joined(sources, maps, words), composer=composer, normalized=True)
    figures = {"shared": shared, "known": there.sum(axis=1).tolist()}
    return written(made, "join", figures, writing)


def _columns(parts: list[Rows]) -> list[Rows]:
    """Each source in its own columns, (d, sum of d)."""
    ends = np.cumsum([part.shape[1] for part in parts])
    whole = np.eye(ends[-1], dtype=np.float32)
    return [whole[end - part.shape[1] : end] for part, end in zip(parts, ends, strict=True)]


def _rotations(parts: list[Rows], known: Mask) -> list[Rows]:
    """Rotations of each source onto the widest, (d, widest), fitted on the words of both."""
    widest = max(range(len(parts)), key=lambda i: parts[i].shape[1])
    maps = []
    for part, there in zip(parts, known, strict=True):
        both = known[widest] & there
        try:
            matrix, _ = fit_rotation(parts[widest][both], part[both], np.ones(int(both.sum())), trim=0)
        except InputError as error:  # whose remedy is that of align
            remedy = "choose --method concatenate, or vectors that share more words"
            raise InputError(error.rule, remedy=remedy) from None
        maps.append(matrix.astype(np.float32))
    return maps


def _joined(sources: list[Vectors], maps: list[Rows], words: Sequence[str]) -> Rows:
    """Unit rows of words: the sum over the sources that have a word, in the common space."""
    total = np.zeros((len(words), maps[0].shape[1]), np.float32)
    for vectors, mapping in zip(sources, maps, strict=True):
        part = unit_rows(vectors.lookup(words)[0])
        there = filled_rows(part)
        total[there] += part[there] @ mapping
    return unit_rows(total)
