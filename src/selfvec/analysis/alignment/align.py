"""`align`: two tables or runs, brought to where their words can be compared, by one of three methods."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.storage.run_folder import is_run, open_run

from .procrustes import TRIM, turn_onto
from .relative import ANCHORS, choose_anchors, relative_rows
from .shared_words import share

__all__ = ["METHODS", "Aligned", "Given", "align", "opened", "table_of"]

Given = Vectors | Run | str | os.PathLike[str]
"""A table of vectors, a run, or where either is."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """Two tables in one space.

    Attributes
    ----------
    a, b : Vectors
    method : str
    both : bool
        Whether a, too, is another table than the one that was given.
    notes : dict
        How it was done, JSON-serialisable.
    """

    a: Vectors
    b: Vectors
    method: str
    both: bool
    notes: dict[str, Any] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> list[str]:
        """Write b to ``path``; where both tables are new, a and b into a new folder of that name.

        Parameters
        ----------
        path : path
        format : str, optional
            A name in `selfvec.storage.formats.FORMATS`; otherwise the suffix tells, or safetensors in a
            folder.

        Returns
        -------
        list of str
            What the format has no place for.

        Raises
        ------
        OptionError
            If the format cannot be written, or the name of a folder reads like a file's.
        TargetError
            If the path cannot be written, or the folder exists.
        """
        from selfvec.base.files import atomic_folder
        from selfvec.storage.formats import FORMATS, save

        if not self.both:
            return save(self.b, path, format=format)
        row = next((row for row in FORMATS if row.name == (format or "safetensors")), None)
        if any(os.fspath(path).endswith(suffix) for other in FORMATS for suffix in other.suffixes):
            raise OptionError(
                f"the method {self.method} makes two tables, which go into a folder",
                path=path,
                remedy="name a folder, and the format with --to",
            )
        suffix = row.suffixes[0] if row is not None and row.suffixes else ""
        with atomic_folder(path) as folder:
            left_out = save(self.a, folder / f"a{suffix}", format=format or "safetensors")
            return left_out + save(self.b, folder / f"b{suffix}", format=format or "safetensors")


def opened(given: Given) -> Vectors | Run:
    """A run where there is one, a table of vectors otherwise."""
    if isinstance(given, Vectors | Run):
        return given
    if is_run(given):
        return open_run(given)
    from selfvec.storage.formats import load

    return load(given)


def table_of(given: Vectors | Run) -> Vectors:
    """The refined table of a run, or the table itself."""
    return given.vectors if isinstance(given, Run) else given


def align(a: Given, b: Given, method: str = "procrustes", **options: Any) -> Aligned:
    """Bring b's words to where a's are, or both to where they can be compared.

    Parameters
    ----------
    a, b : Vectors, Run or path
    method : "procrustes", "compass" or "relative"
        Turn b upon a; place the words of either by contexts made of both corpora, for runs that kept their
        tokens; or tell every word by its cosines to anchor words.
    **options
        Those of `by_procrustes`, `by_compass` or `by_relative`.

    Raises
    ------
    OptionError
        If there is no such method, or it has no such option.
    InputError
        If the two cannot be aligned in this way; says in which they can.

    Examples
    --------
    >>> a = Vectors(["x", "y"], np.eye(2, dtype=np.float32))
    >>> b = Vectors(["y", "x", "z"], np.array([[1, 0], [0, 1], [1, 1]], np.float32))
    >>> align(a, b, trim=0).b["z"].round(3).tolist(), align(a, b, trim=0).b["x"].round(3).tolist()
    ([1.0, 1.0], [1.0, 0.0])
    """
    if method not in METHODS:
        raise OptionError(f"is one of {', '.join(METHODS)}, not {method!r}", field="method")
    known = list(inspect.signature(METHODS[method]).parameters)[2:]
    for name in options:
        if name not in known:
            raise OptionError(f"the method {method} has no such option", field=name, remedy=_who_has(name))
    return METHODS[method](opened(a), opened(b), **options)


def _who_has(name: str) -> str:
    methods = [m for m, function in METHODS.items() if name in inspect.signature(function).parameters]
    return f"it belongs to {' and '.join(methods)}" if methods else "leave it out"


def by_procrustes(
    a: Vectors | Run, b: Vectors | Run, *, min_count: int = 1, trim: float = TRIM, centre: bool = False
) -> Aligned:
    """Turn b upon a; see `selfvec.analysis.alignment.procrustes`.

    Parameters
    ----------
    a, b : Vectors or Run
    min_count : int
        Words that occur less often in either text take no part in the fit.
    trim : float
        Share of the shared words, those that lie farthest off, that take no part either.
    centre : bool
        Whether the centres of the shared words are laid upon one another first.
    """
    one, other = table_of(a), table_of(b)
    shared = share(one, other, min_count)
    turned, turn = turn_onto(one, other, shared, trim=trim, centre=centre)
    before = one.vector_size == other.vector_size
    notes = {
        "shared": len(shared),
        "anchors": int(turn.kept.sum()),
        "left_out": [word for word, kept in zip(shared.words, turn.kept, strict=True) if not kept][:20],
        "cosine_before": _mean_cosine(one, other, shared.words) if before else None,
        "cosine": _mean_cosine(one, turned, shared.words),
    }
    return Aligned(one, turned, "procrustes", False, notes)


def by_compass(
    a: Vectors | Run,
    b: Vectors | Run,
    *,
    window: int | None = None,
    anchor: float = 0.0,
    jobs: int | None = None,
) -> Aligned:
    """Place the words of both corpora by one frozen table of contexts; see `compass`.

    Parameters
    ----------
    a, b : Run
        Begun from the same vectors, with their tokens.
    window : int, optional
        Tokens per window, the centre included; 41 where not given.
    anchor : float
        λ: how strongly words hold on to what was known about them. 0 shows what the corpora say and nothing
        else; the decorrelated update has 2.25, which is better where the tables are to be used.
    jobs : int, optional
        Threads.
    """
    from selfvec.refine.decorrelated import WINDOW

    from .compass import compass_of

    if not 0 <= anchor < np.inf:
        raise OptionError(f"is a number from 0 up, not {anchor!r}", field="anchor")
    window = WINDOW if window is None else window
    one, other = compass_of(a, b, window=window, jobs=jobs).tables(anchor)
    one, other = _only(one, table_of(a).index_to_key), _only(other, table_of(b).index_to_key)
    words = share(one, other).words
    notes = {"window": window, "shared": len(words), "cosine": _mean_cosine(one, other, words)}
    return Aligned(one, other, "compass", True, notes)


def _only(table: Vectors, words: list[str]) -> Vectors:
    """Some words of a table, with all that is known about them."""
    rows = [table.key_to_index[word] for word in words]
    counts = None if table.counts is None else table.counts[rows]
    return Vectors(words, table.vectors[rows], sources=table.sources[rows], counts=counts, normalized=True)


def by_relative(
    a: Vectors | Run,
    b: Vectors | Run,
    *,
    min_count: int = 1,
    anchors: int | None = None,
    choose: str = "frequency",
    seed: int = 0,
) -> Aligned:
    """Tell the words of both by their cosines to the same anchors; see `selfvec.analysis.alignment.relative`.

    Parameters
    ----------
    a, b : Vectors or Run
    min_count : int
        Words that occur less often in either text are no anchors.
    anchors : int, optional
        How many; 300 where not given, or all shared words where there are fewer.
    choose : "frequency", "kmeans" or "farthest"
        See `choose_anchors`; the last two look at a.
    seed : int
    """
    one, other = table_of(a), table_of(b)
    shared = share(one, other, min_count)
    number = min(ANCHORS, len(shared)) if anchors is None else anchors
    rows = one.unit[shared.rows_a]
    chosen = choose_anchors(shared.words, rows, number, choose, seed)
    words = [shared.words[i] for i in chosen.tolist()]
    places_a, places_b = shared.rows_a[chosen], shared.rows_b[chosen]
    told_a, told_b = _told(one, places_a), _told(other, places_b)
    notes = {
        "shared": len(shared),
        "anchors": len(words),
        "anchor_words": words,
        "cosine": _mean_cosine(told_a, told_b, shared.words),
    }
    return Aligned(told_a, told_b, "relative", True, notes)


def _told(table: Vectors, anchors: NDArray[np.int64]) -> Vectors:
    """A table's words by their cosines to some of its rows."""
    rows = relative_rows(table.vectors, table.vectors[anchors])
    return Vectors(table.index_to_key, rows, sources=table.sources, counts=table.counts)


def _mean_cosine(a: Vectors, b: Vectors, words: list[str]) -> float:
    """Of the two vectors of a word."""
    one, other = (table.unit[[table.key_to_index[word] for word in words]] for table in (a, b))
    return float(np.einsum("ij,ij->i", one, other, dtype=np.float64).mean())


METHODS: dict[str, Callable[..., Aligned]] = {
    "procrustes": by_procrustes,
    "compass": by_compass,
    "relative": by_relative,
}
