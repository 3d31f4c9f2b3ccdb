"""Meta-embeddings: vectors of several sources, of any dimensions, joined into one.

Concatenation lays unit rows side by side, so that a cosine is the mean of the sources' cosines (Yin and
Schütze, 2016, *Learning word meta-embeddings*). The average of rows is nearly as good in fewer dimensions
(Coates and Bollegala, 2018, *Frustratingly easy meta-embedding*), here after each source is rotated onto the
widest. Generalised canonical correlation analysis finds the directions in which the sources agree: with rows
X_j whitened to Y_j = X_j C_j^(-1/2), the principal axes of [Y_1 Y_2 ...] (Rastogi, Van Durme and Arora, 2015,
*Multiview LSA*). Rows may represent anything with words as names: images, nodes of a graph, captions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, Unpack

import numpy as np

from selfvec.base.arrays import Mask, Rows
from selfvec.base.declarations import Count, checked
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_points, spectrum
from selfvec.refinement.common_space import fit_rotation
from selfvec.storage.opened import GivenVectors, as_vectors

from .written import Writing, check_writing, written

_RIDGE = 1e-2  # of the largest variance of a source; smaller variances are whitened as if they had this size
_NOWHERE = np.zeros(1, np.float32)

Map = tuple[Rows, Rows]
"""A mean (d,) to subtract from the unit rows of a source, and a matrix (d, D) to multiply them by."""


@checked
def join(
    vectors: GivenVectors,
    others: GivenVectors | Sequence[GivenVectors],
    method: Literal["average", "concatenate", "gcca"] = "average",
    vocabulary: Literal["union", "intersection"] = "union",
    dimensions: Count | None = None,
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
    method : {"average", "concatenate", "gcca"}
        How they are joined. Rows are rotated onto each other and averaged, laid side by side, or joined by
        generalised canonical correlation.
    vocabulary : {"union", "intersection"}
        Words of any, or words that all have. In a union, a source adds nothing to a word that it lacks.
    dimensions : int, at least 1, optional
        Number of dimensions of gcca; by default that of the widest source.
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
    if dimensions is not None and method != "gcca":
        raise OptionError(f"{method} has no choice of dimensions", field="dimensions", remedy="leave it out")
    several: list[Any] = list(others) if isinstance(others, list | tuple) else [others]
    if not several:
        raise OptionError("none was given", field="others", remedy="name the vectors to join with")
    check_writing(writing)
    sources = [as_vectors(vectors), *(as_vectors(other, "others") for other in several)]
    words = list(dict.fromkeys(word for source in sources for word in source))
    parts = [unit_rows(source.lookup(words)[0]) for source in sources]
    there: Mask = np.stack([np.any(part != 0, axis=1) for part in parts])
    shared = int(np.all(there, axis=0).sum())
    if not shared:
        raise InputError(
            "no word has a vector in all sources",
            remedy="check that they have the same language and casing",
        )
    maps = _FITS[method](parts, there, dimensions)
    composer = None
    if vocabulary == "union" and any(source.composer is not None for source in sources):
        composer = partial(_joined, sources, maps)
    kept = (np.all if vocabulary == "intersection" else np.any)(there, axis=0)
    words = [word for word, stays in zip(words, kept.tolist(), strict=True) if stays]
    made = Vectors(words, _joined(sources, maps, words), composer=composer, normalized=True)
    figures = {"shared": shared, "known": there.sum(axis=1).tolist()}
    return written(made, "join", figures, writing)


def _identity(parts: list[Rows], known: Mask, dimensions: int | None) -> list[Map]:
    """Each source in its own columns, (d, sum of d)."""
    del known, dimensions
    ends = np.cumsum([part.shape[1] for part in parts])
    whole = np.eye(ends[-1], dtype=np.float32)
    return [(_NOWHERE, whole[end - part.shape[1] : end]) for part, end in zip(parts, ends, strict=True)]


def _rotations(parts: list[Rows], known: Mask, dimensions: int | None) -> list[Map]:
    """Rotations of each source onto the widest, (d, widest), fitted on the words of both."""
    del dimensions
    widest = max(range(len(parts)), key=lambda i: parts[i].shape[1])
    maps = []
    for part, there in zip(parts, known, strict=True):
        both = known[widest] & there
        try:
            rotation = fit_rotation(parts[widest][both], part[both], np.ones(int(both.sum())), trim=0)
        except InputError as error:  # whose remedy is that of align
            remedy = "choose --method concatenate, or vectors that share more words"
            raise InputError(error.rule, remedy=remedy) from None
        maps.append((_NOWHERE, rotation.matrix.astype(np.float32)))
    return maps


def _canonical(parts: list[Rows], known: Mask, dimensions: int | None) -> list[Map]:
    """Maps of each source onto the directions in which all agree, (d, dimensions)."""
    shared: Mask = np.all(known, axis=0)
    white: list[Map] = []
    for part in parts:
        axes_of_part = spectrum(part, shared)
        factor = axes_of_part.power(0.5, least=_RIDGE * float(axes_of_part.values[0]))
        white.append((axes_of_part.mean.astype(np.float32), factor))
    among = np.concatenate(
        [(part[shared] - mean) @ whitening for part, (mean, whitening) in zip(parts, white, strict=True)],
        axis=1,
    )
    width = max(part.shape[1] for part in parts) if dimensions is None else dimensions
    if not 1 <= width <= among.shape[1]:
        rule = f"the sources have {among.shape[1]} dimensions together, not {width}"
        raise OptionError(rule, field="dimensions", remedy=f"choose 1 to {among.shape[1]}")
    axes = axes_of_points(among.astype(np.float64), width)[1].astype(np.float32)
    ends = np.cumsum([len(mean) for mean, _ in white])
    pairs = zip(white, ends, strict=True)
    return [(mean, whitening @ axes[end - len(mean) : end]) for (mean, whitening), end in pairs]


def _joined(sources: list[Vectors], maps: list[Map], words: Sequence[str]) -> Rows:
    """Unit rows of words: the sum over the sources that have a word, in the common space."""
    total = np.zeros((len(words), maps[0][1].shape[1]), np.float32)
    for vectors, (shift, mapping) in zip(sources, maps, strict=True):
        part = unit_rows(vectors.lookup(words)[0])
        there = np.any(part != 0, axis=1)
        total[there] += (part[there] - shift) @ mapping
    return unit_rows(total)


_FITS: dict[str, Callable[[list[Rows], Mask, int | None], list[Map]]] = {
    "average": _rotations,
    "concatenate": _identity,
    "gcca": _canonical,
}
