"""`align`: the vectors of two files or runs in one space, by one of five methods."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypedDict, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Doubles, Floats, Rows
from selfvec.base.checks import StrPath, is_path
from selfvec.base.declarations import Bounds, Count, checked, options
from selfvec.base.errors import OptionError
from selfvec.base.progress import GivenProgress
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.refinement.common_space import (
    ANCHORS,
    Dictionary,
    SharedWords,
    centred,
    fit_rotation,
    learned_pairs,
    paired_rows,
    procrustes,
    relative_rows,
    reweighted,
    shared_words,
)
from selfvec.refinement.compass import compass_vectors
from selfvec.storage.alignment_files import (
    check_aligned,
    names_a_file,
    save_aligned,
)
from selfvec.storage.opened import GivenVectors, opened, vectors_of


class Aligned(Answer):
    """Vectors of two files or runs in one space.

    Attributes
    ----------
    a, b : Vectors
    method : str
    both : bool
        Whether a was changed as well, not only b.
    notes : dict
        Figures of the alignment, JSON-serialisable; if `align` wrote the result, also ``a``, ``b``,
        ``target`` and ``left_out_of_format``.
    a_path : str, optional
        The path that a was read from, if known.
    """

    def __init__(
        self, a: Vectors, b: Vectors, method: str, both: bool, notes: Json, a_path: str | None
    ) -> None:
        title = f"Aligned by {method}: {len(a):,} and {len(b):,} words"
        messages = [*notes.get("left_out_of_format", ()), _summary(notes)]
        super().__init__(title, {"method": method, **notes}, messages=messages)
        self.a, self.b, self.method, self.both, self.notes, self.a_path = a, b, method, both, notes, a_path

    def save(self, path: StrPath, format: str | None = None, *, overwrite: bool = False) -> list[str]:
        """Write a and b into a folder; or only b, if ``path`` has the suffix of a vectors file.

        ``format`` is a name in `selfvec.storage.formats.FORMATS`; by default that of the suffix, or
        safetensors in a folder. With a format, only b is written unless a was changed as well. Next to b's
        file, ``NAME.aligned.json`` holds the path of a, if known. Returns what the format cannot store.

        Raises
        ------
        OptionError
            If the format cannot be written, or if a was changed as well and the path has the suffix of a
            file.
        TargetError
            If the path exists and ``overwrite`` is false, or cannot be written.
        """
        if self.both and names_a_file(path):
            rule = f"the method {self.method} changes the vectors of both, which are written to a folder"
            raise OptionError(rule, path=path, remedy="name a folder, and the format with --to")
        sides = {"a": self.a, "b": self.b}
        if not self.both and (format or names_a_file(path)):
            del sides["a"]
        note = None if self.a_path is None else {"a": self.a_path, "method": self.method}
        return save_aligned(sides, Path(path), format, note=note, overwrite=overwrite)


def _summary(notes: Json) -> str:
    """The result in one sentence."""
    end = f"; mean cosine of a pair {notes['cosine']:.3f}"
    if "learned" in notes:
        unused = notes["unused"]
        told = f"{notes['learned']:,} pairs learned from {notes['dictionary']:,} given"
        if unused["pairs"]:
            a, b = unused["without_vector_in_a"], unused["without_vector_in_b"]
            told += f", {unused['pairs']:,} unused (no vector in A: {a:,}, in B: {b:,})"
        told += f"; its first row names columns: {notes['header']!r}" if notes["header"] else ""
        return told + end
    anchors = f", {notes['anchors']:,} of them anchors" if "anchors" in notes else ""
    before = notes.get("cosine_before")
    change = f" (before: {before:.3f})" if before is not None else ""
    return f"{notes['shared']:,} shared words{anchors}{end}{change}"


@options()
class MethodOptions(TypedDict, total=False):
    """Options of the methods, each with the methods that have it.

    Parameters
    ----------
    dictionary : path, pairs of str, optional
        Translations: rows of word of A, word of B. Implies dictionary.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Fit on words at least this frequent (procrustes, relative); by default 1.
    trim : float, at least 0, below 1
        Share of words left out of the fit, the farthest (procrustes); by default 0.1.
    centre : bool
        Subtract the mean vector of each side (procrustes).
    reweight : bool
        Transform both sides for translation (dictionary). They are whitened, and directions are weighted by
        how well the pairs of the dictionary agree in them. Translations improve; cosines within a and within
        b change.
    window : int, at least 2
        Tokens per window (compass); by default 41.
    anchor : float, at least 0
        How strongly words are held to their old vectors (compass). With 0 the vectors depend only on the
        corpora; 2.25, the value of the decorrelated update, gives better vectors for other tasks.
    anchor_words : int, at least 1, optional
        Number of anchor words, the most frequent ones (relative); by default 300, or all shared words if
        there are fewer.
    jobs : int, at least 1, optional
    """

    dictionary: Dictionary
    min_count: Count
    trim: Annotated[float, Bounds(at_least=0, below=1)]
    centre: bool
    reweight: bool
    window: Annotated[int, Bounds(at_least=2)]
    anchor: Annotated[float, Bounds(at_least=0)]
    anchor_words: Count | None
    jobs: Count | None


@checked
def align(
    a: GivenVectors,
    b: GivenVectors,
    method: Literal["procrustes", "dictionary", "compass", "relative"] = "procrustes",
    *,
    output: StrPath | None = None,
    to: str | None = None,
    overwrite: bool = False,
    progress: GivenProgress = None,
    **options: Unpack[MethodOptions],
) -> Aligned:
    """Bring two sets of vectors into one space.

    Words can then be compared by cosine.

    Parameters
    ----------
    a : Vectors, Run or path
        A run folder or vectors file.
    b : Vectors, Run or path
        The vectors that are brought into the space of a.
    method : {"procrustes", "dictionary", "compass", "relative"}
        How. Rotate b onto a by shared words, or by a dictionary; train both from one shared space (compass,
        for runs that kept their tokens); or describe words by their cosines to anchor words (relative). With
        a dictionary, procrustes becomes dictionary.
    output : path, optional
        A vectors file for B, or a folder for both. compass, relative and ``reweight`` write a folder.
    to : str, optional
        Format of the output; by default that of its suffix.
    overwrite : bool
    progress : Progress or bool, optional
    **options
        Those of `MethodOptions`, which the method has.

    Returns
    -------
    Aligned

    Raises
    ------
    OptionError
        If the method is unknown, or does not have an option.
    InputError
        If the two cannot be aligned by this method; the error names one that works.

    Examples
    --------
    >>> a = Vectors(["x", "y"], np.eye(2, dtype=np.float32))
    >>> b = Vectors(["y", "x", "z"], np.array([[1, 0], [0, 1], [1, 1]], np.float32))
    >>> align(a, b, trim=0).b["z"].round(3).tolist(), align(a, b, trim=0).b["x"].round(3).tolist()
    ([1.0, 1.0], [1.0, 0.0])
    """
    if method == "procrustes" and "dictionary" in options:
        method = "dictionary"
    belong = {name: [*inspect.signature(fit).parameters][2:] for name, fit in ALIGNERS.items()}
    for name in options:
        if name not in belong[method]:
            remedy = f"it belongs to {' and '.join(m for m, known in belong.items() if name in known)}"
            raise OptionError(f"the method {method} has no such option", field=name, remedy=remedy)
    if output is not None:
        check_aligned(Path(output), overwrite=overwrite)
    first, second = opened(a, "a"), opened(b, "b")
    pair = (first, second) if method == "compass" else (vectors_of(first), vectors_of(second))
    place = first.folder if isinstance(first, Run) else first.provenance.get("path")  # or a public name
    a_path = None if place is None else str(Path(place).absolute() if Path(place).exists() else place)
    one, other, both, notes = ALIGNERS[method](*pair, **options)
    aligned = Aligned(one, other, method, both, notes, a_path)
    if output is None:
        return aligned
    left_out = aligned.save(output, to, overwrite=overwrite)
    names = {name: os.fspath(given) for name, given in (("a", a), ("b", b)) if is_path(given)}
    written = {**names, "target": os.fspath(output), "left_out_of_format": left_out}
    return Aligned(one, other, method, both, notes | written, a_path)


Fitted = tuple[Vectors, Vectors, bool, Json]
"""Both vectors in one space, whether a was changed as well, and figures."""


def by_procrustes(
    a: Vectors, b: Vectors, *, min_count: int = 1, trim: float = 0.1, centre: bool = False
) -> Fitted:
    """Rotate b onto a by orthogonal Procrustes."""
    shared = shared_words(a, b, min_count)
    one, other = a.vectors[shared.rows_a], b.vectors[shared.rows_b]
    mean_a, mean_b = (
        np.average(side, 0, shared.weights).astype(np.float32) * centre for side in (one, other)
    )
    one, other = (one - mean_a, other - mean_b) if centre else (unit_rows(one), unit_rows(other))
    matrix, kept = fit_rotation(one, other, shared.weights, trim)
    rotated = _rotated(b, matrix, mean_b, mean_a)
    notes = {
        "shared": len(shared.words),
        "anchors": int(kept.sum()),
        "left_out": [shared.words[i] for i in np.flatnonzero(~kept)[:20]],
        "cosine_before": _mean_cosine(a, b, shared) if a.vector_size == b.vector_size else None,
        "cosine": _mean_cosine(a, rotated, shared),
    }
    return a, rotated, False, notes


def by_dictionary(
    a: Vectors,
    b: Vectors,
    *,
    dictionary: Dictionary | None = None,
    reweight: bool = False,
) -> Fitted:
    """Rotate b onto a by a dictionary that self-learning enlarges; see the module `common_space`."""
    if dictionary is None:
        raise OptionError("the method dictionary needs this option", field="dictionary")
    given, about = paired_rows(a, b, dictionary)
    rows = centred(a.unit), centred(b.unit)
    pairs = learned_pairs(a, b, given, rows)
    one, other = (of[mine] for of, mine in zip(rows, pairs.T, strict=True))
    matrix = procrustes(one, other)
    cosine = float(np.einsum("ij,ij->", one, unit_rows(other @ matrix), dtype=np.float64) / len(pairs))
    notes = {"dictionary": len(given), **about, "learned": len(pairs), "cosine": cosine}
    if reweight:
        one, other = reweighted(*rows, pairs)
        return _with_rows(a, one), _with_rows(b, other), True, notes
    return a, _rotated(b, matrix), False, notes


def _with_rows(vectors: Vectors, rows: Floats) -> Vectors:
    """The same words with other rows."""
    return Vectors(vectors.index_to_key, rows, sources=vectors.sources, counts=vectors.counts)


def _rotated(
    vectors: Vectors, matrix: Doubles, origin: Rows | float = 0.0, target: Rows | float = 0.0
) -> Vectors:
    """The same words rotated, from an origin to a target; rows of zeros stay zero."""
    rows = (vectors.vectors - origin) @ matrix.astype(np.float32) + target
    rows[~filled_rows(vectors.vectors)] = 0
    return _with_rows(vectors, rows)


def by_compass(
    a: Vectors | Run, b: Vectors | Run, *, window: int = 41, anchor: float = 0.0, jobs: int | None = None
) -> Fitted:
    """Place the words of both corpora by frozen context vectors; see `selfvec.refinement.compass`."""
    one, other = compass_vectors(a, b, window=window, anchor=anchor)
    shared = shared_words(one, other)
    notes = {"window": window, "shared": len(shared.words), "cosine": _mean_cosine(one, other, shared)}
    return one, other, True, notes


def by_relative(
    a: Vectors,
    b: Vectors,
    *,
    min_count: int = 1,
    anchor_words: int | None = None,
) -> Fitted:
    """Represent every word of both by its cosines to the same anchor words."""
    shared = shared_words(a, b, min_count)
    number = min(ANCHORS, len(shared.words)) if anchor_words is None else anchor_words
    if not 1 <= number <= len(shared.words):
        rule = f"there are {len(shared.words):,} shared words to choose {number} anchors from"
        raise OptionError(rule, field="anchor_words", remedy="choose fewer anchors or a smaller --min-count")
    words = shared.words[:number]
    one, other = (
        _with_rows(of, relative_rows(of.vectors, of.vectors[rows[:number]]))
        for of, rows in ((a, shared.rows_a), (b, shared.rows_b))
    )
    cosine = _mean_cosine(one, other, shared)
    notes = {"shared": len(shared.words), "anchors": number, "anchor_words": words, "cosine": cosine}
    return one, other, True, notes


def _mean_cosine(a: Vectors, b: Vectors, shared: SharedWords) -> float:
    """Mean cosine of the two vectors of each word."""
    rows = a.unit[shared.rows_a], b.unit[shared.rows_b]
    return float(np.einsum("ij,ij->i", *rows, dtype=np.float64).mean())


ALIGNERS: dict[str, Callable[..., Fitted]] = {
    "procrustes": by_procrustes,
    "dictionary": by_dictionary,
    "compass": by_compass,
    "relative": by_relative,
}
"""The methods of alignment by name. Parameters after the first two are the options of a method."""
