"""The tables that are measured: opened, named so that no two are taken for one another, cut to dimensions.

A run gives two tables, ``refined`` and ``original``; a vectors file gives one, called as the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.vectors import Composer, Vectors
from selfvec.numerics.principal_axes import principal_axes
from selfvec.numerics.rows import unit_rows
from selfvec.storage.run_folder import is_run, open_run
from selfvec.text.preprocessing import Preprocessing

__all__ = ["Given", "Table", "as_path", "distinct_names", "open_tables", "truncated"]

Given = Vectors | Run | str | os.PathLike[str]
"""What can be measured: vectors, a run, or the path of either."""

_BLOCK = 16_384  # rows in one go


@dataclass(frozen=True)
class Table:
    """Vectors under the name their figures carry.

    Parameters
    ----------
    name : str
    vectors : Vectors
    preprocessing : Preprocessing
        How texts become this table's keys.
    truncated : bool
        Whether it was cut to its first principal axes.
    run : Run, optional
        Whose table it is, whole.
    topical : bool
        Whether texts take a vector of `selfvec.refine.topic_vectors` too.
    """

    name: str
    vectors: Vectors
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    truncated: bool = False
    run: Run | None = field(default=None, repr=False)
    topical: bool = False

    @cached_property
    def texts(self) -> list[Vectors]:
        """The tables of which texts take their vectors, which then stand side by side."""
        from selfvec.refine.topic_vectors import run_topics

        topics = run_topics(self.run) if self.run is not None and self.topical else None
        if topics is None:
            return [self.vectors]
        return [self.vectors, _cut(topics, self.vectors.vector_size) if self.truncated else topics]

    @property
    def size(self) -> dict[str, Any]:
        """The keys of a `Measurement` that tell the table's dimensions."""
        return {"dimensions": self.vectors.vector_size, "truncated": self.truncated}


def as_path(path: str | os.PathLike[str]) -> Path:
    """A `Path` of what was given as one."""
    return Path(path)


def open_tables(given: Given | Mapping[str, Given] | Sequence[Given]) -> list[Table]:
    """Tables of what was given, in order; names are those of a mapping, or else of the paths.

    ``refined`` and ``original`` stand for themselves where there is one run, and behind the run's name where
    there are several.

    Raises
    ------
    FormatError, InputError
        If a path cannot be read as vectors or as a run.
    OptionError
        If nothing was given.
    """
    if isinstance(given, Mapping):
        named = [(name, _opened(value)) for name, value in given.items()]
        plain = len(named) == 1
    else:
        single = isinstance(given, Vectors | Run | str | os.PathLike)
        values: list[Given] = [given] if single else list(given)  # type: ignore[arg-type, list-item]
        opened = [_opened(value) for value in values]
        named = list(zip(distinct_names([_place(v) for v in values]), opened, strict=True))
        plain = sum(isinstance(value, Run) for value in opened) == 1
    if not named:
        raise OptionError("there are no vectors to measure", remedy="name a run folder or a vectors file")
    return [table for name, value in named for table in _tables(name, value, plain)]


def _opened(value: Given) -> Vectors | Run:
    if isinstance(value, Vectors | Run):
        return value
    if is_run(value):
        return open_run(value)
    from selfvec.storage.formats import load

    return load(value)


def _place(value: Given) -> str:
    if isinstance(value, Run):
        return "run"
    if isinstance(value, Vectors):
        return str(value.provenance.get("path", "vectors"))
    return os.fspath(value)


def _tables(name: str, value: Vectors | Run, plain: bool) -> Iterator[Table]:
    preprocessing = Preprocessing.of(value.provenance)
    if isinstance(value, Vectors):
        yield Table(name, value, preprocessing)
        return
    prefix = "" if plain else f"{name}/"
    yield Table(f"{prefix}refined", value.vectors, preprocessing, run=value, topical=True)
    yield Table(f"{prefix}original", value.original, preprocessing, run=value)


def distinct_names(paths: Sequence[str | os.PathLike[str]], *, stem: bool = False) -> list[str]:
    """The shortest ends of paths that tell them apart; equal paths are numbered.

    >>> distinct_names(["a/run", "b/run", "c/glove.bin"]), distinct_names(["x.tsv"], stem=True)
    (['a/run', 'b/run', 'glove.bin'], ['x'])
    """
    parts = [
        Path(path).resolve().parts if os.fspath(path) in ("", ".", "..") else Path(path).parts
        for path in paths
    ]
    names = []
    for i, own in enumerate(parts):
        others = [other for j, other in enumerate(parts) if j != i and other != own]
        n = next((n for n in range(1, len(own)) if all(other[-n:] != own[-n:] for other in others)), len(own))
        name = Path(*own[-n:])
        name = name.with_suffix("") if stem and name.suffix in _SUFFIXES else name
        before = sum(other == own for other in parts[:i])
        names.append(f"{name.as_posix()}{f' ({before + 1})' if before else ''}")
    return names


_SUFFIXES = {".tsv", ".txt", ".toml", ".json"}


def truncated(table: Table, dimensions: int) -> Table:
    """The table in its first principal axes.

    Rows of length 1 are turned into the axes in which they, uncentred, vary most, and the first are kept: of
    all tables of that many dimensions it is the one whose products come nearest to the cosines (Eckart and
    Young, 1936), and with all axes it keeps them exactly. Cutting off the last numbers of a row would depend
    on how its maker happened to order them.

    Raises
    ------
    OptionError
        If the table has fewer dimensions.
    """
    vectors = table.vectors
    if not 1 <= dimensions <= vectors.vector_size:
        raise OptionError(
            f"{table.name} has {vectors.vector_size} dimensions, it cannot be cut to {dimensions}",
            field="dimensions",
            remedy=f"choose numbers from 1 to {vectors.vector_size}",
        )
    return replace(table, vectors=_cut(vectors, dimensions), truncated=True)


def _cut(vectors: Vectors, dimensions: int) -> Vectors:
    axes = principal_axes(vectors.vectors)[:, :dimensions]
    matrix = np.empty((len(vectors), dimensions), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        matrix[start : start + _BLOCK] = unit_rows(vectors.vectors[start : start + _BLOCK]) @ axes
    return Vectors(
        vectors.index_to_key,
        matrix,
        sources=vectors.sources,
        composer=None if vectors.composer is None else _turned(vectors.composer, axes),
        provenance=vectors.provenance,
    )


def _turned(composer: Composer, axes: NDArray[np.float32]) -> Composer:
    def composed(words: Sequence[str]) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = unit_rows(composer(words)) @ axes
        return rows

    return composed
