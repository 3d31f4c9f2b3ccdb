"""Runs and vectors as arguments: the object itself or its path; or words with their numbers.

These are what people hold in Python: a dict, a pair, a data frame of pandas or Polars.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats
from selfvec.base.checks import StrPath
from selfvec.base.errors import OptionError
from selfvec.data.run import AnyRun, Run
from selfvec.data.vectors import Vectors

from . import formats
from .run_folder import is_run, open_run

GivenRun = AnyRun | StrPath
"""A run, or the path of its folder."""
GivenVectors = Vectors | AnyRun | StrPath
"""Vectors, a run, the path of either, or the name of public vectors."""


def as_run(given: GivenRun, name: str = "run", of_text: Callable[[StrPath], Run] | None = None) -> Run:
    """A run, opened if it is given by its path; of an open one the present state, which then stays as it is.

    ``of_text`` opens a path that may be text. `OptionError` for anything else, in which ``name`` is that of
    the parameter. `InputError` if the path is not a run, `FormatError` if it is damaged.
    """
    run = _held(given)
    if run is not None:
        return run.present
    if isinstance(given, str | os.PathLike):
        return open_run(given) if of_text is None else of_text(given)
    rule = "is a Run or the path of a run folder"
    remedy = "open one with selfvec.open, or make one"
    if isinstance(given, Vectors):
        remedy = "vectors hold no text: refine them on a text with selfvec.refine(TEXT, VECTORS)"
    raise OptionError(f"{rule}, not {type(given).__name__}", field=name, remedy=remedy)


def owner(given: GivenRun) -> AnyRun:
    """What becomes another state: the run that a person holds, or else the state that is given or opened."""
    run = _held(given)
    return as_run(given) if run is None else run


def as_vectors(given: GivenVectors, name: str = "vectors") -> Vectors:
    """Vectors from an argument: vectors, a model, a run (its refined vectors), a path or a name."""
    return vectors_of(opened(given, name))


def vectors_of(opened: Vectors | Run) -> Vectors:
    """The refined vectors of a run, or the vectors themselves."""
    return opened.vectors if isinstance(opened, Run) else opened


def opened(given: GivenVectors, name: str = "vectors") -> Vectors | Run:
    """A path opened as a run or else as vectors; vectors as they are, other objects as vectors.

    `OptionError` for anything else, in which ``name`` is that of the parameter.
    """
    run = _held(given)
    if run is not None:
        return run.present
    if isinstance(given, str | os.PathLike):
        return open_run(given) if is_run(given) else formats.load(given)
    vectors = _in_memory(given, name)
    if vectors is None:
        rule = "is a Vectors, a Run, vectors or a model of gensim, a static encoder, a path or a public name"
        remedy = (
            "in Python also a dict from words to arrays, a pair (words, matrix) or a data frame of numbers"
        )
        raise OptionError(f"{rule}, not {type(given).__name__}", field=name, remedy=remedy)
    if not vectors:
        raise OptionError("there are no vectors", field=name, remedy="give words with their numbers")
    vectors.check_finite(name)
    return vectors


def _in_memory(given: Any, name: str) -> Vectors | None:
    if isinstance(given, Vectors):
        return given
    for keyed in (given, getattr(given, "wv", None)):  # a model's vectors are its `wv`
        if _is_keyed(keyed):
            return Vectors.from_gensim(keyed)
    if callable(getattr(given, "save_pretrained", None)):
        # A model2vec ``StaticModel`` or a ``SentenceTransformer``: its token rows, as it saves them.
        with TemporaryDirectory(prefix="selfvec-", ignore_cleanup_errors=True) as folder:
            given.save_pretrained(folder)
            return formats.load(folder)
    return vectors_of_table(given, name) if is_table(given) else None


def _held(given: Any) -> AnyRun | None:
    """The run itself, or that of a fitted `selfvec.Refiner`."""
    run = getattr(given, "run_", given)
    return run if isinstance(run, AnyRun) else None


def _is_keyed(given: Any) -> bool:
    words, rows = (getattr(given, name, None) for name in ("index_to_key", "vectors"))
    return isinstance(words, list) and getattr(rows, "ndim", 0) == 2


# Words and their numbers: a dict, a pair, a data frame

_COLUMNS = "word", "source", "count"  # of `Vectors.to_polars`, beside the vectors


def is_table(given: Any) -> bool:
    """Whether a value holds words and their numbers: see `vectors_of_table`."""
    if isinstance(given, Mapping):
        return bool(given) and all(map(_is_row, given.values()))
    return _is_pair(given) or _is_frame(given)


def vectors_of_table(given: Any, name: str) -> Vectors:
    """Vectors of a mapping from words to rows, of a pair (words, matrix), or of a data frame.

    The words of a data frame of pandas are its index, or its one column of strings; those of Polars are that
    column. The other columns are the dimensions; a column of lists or arrays holds whole vectors.
    `OptionError` if words and numbers cannot be told apart, or the numbers are no matrix; ``name`` is that of
    the parameter.
    """
    if isinstance(given, Mapping):
        words: Iterable[Any] = given.keys()
        rows: Any = list(given.values())
    elif _is_frame(given):
        words, rows = _of_frame(given, name)
    else:
        words, rows = given
    words = list(words)
    odd = next((word for word in words if not isinstance(word, str)), None)
    if odd is not None or not words:
        rule = f"words are texts, this is {odd!r:.40}" if words else "there are no words"
        raise OptionError(rule, field=name, remedy="give a mapping from words to their numbers")
    return Vectors(words, _matrix(words, rows, name))


def _is_row(value: Any) -> bool:
    if hasattr(value, "ndim"):
        return bool(value.ndim == 1)
    return (
        isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0 and _are_numbers(value)
    )


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float | np.number) for value in values)


def _is_pair(given: Any) -> bool:
    if not isinstance(given, list | tuple) or len(given) != 2:
        return False
    words, matrix = given
    listed = isinstance(words, list | tuple | np.ndarray) or hasattr(words, "to_list")
    rows = isinstance(matrix, list | tuple) and bool(matrix) and all(map(_is_row, matrix))
    return listed and (getattr(matrix, "ndim", 0) == 2 or rows)


def _is_frame(given: Any) -> bool:
    return hasattr(given, "columns") and hasattr(given, "dtypes") and hasattr(given, "shape")


def _of_frame(given: Any, name: str) -> tuple[Iterable[Any], Any]:
    """The words of a data frame of pandas or Polars, and its numbers."""
    import polars as pl

    index, frame = getattr(given, "index", None), given
    if index is not None:  # of pandas
        frame = pl.DataFrame(
            [
                pl.Series(str(key), column.to_numpy() if column.dtype.kind in "iufb" else column.tolist())
                for key, column in given.items()
            ]
        )
    texts = [column.name for column in frame if column.dtype in (pl.String, pl.Categorical, pl.Enum)]
    texts = ["word"] if "word" in texts else texts
    words: Iterable[Any] = index if index is not None else ()
    if len(texts) == 1 and frame.width > 1:
        words, frame = frame[texts[0]].to_list(), frame.drop(texts)
    elif index is None:
        rule = f"a data frame has one column of words, this one has {len(texts)}"
        raise OptionError(rule, field=name, remedy="name it 'word', or leave the other columns out")
    lists = [column for column in frame if isinstance(column.dtype, pl.List | pl.Array)]
    if len(lists) == 1:
        return words, lists[0].to_list()
    odd = next((column.name for column in frame if not column.dtype.is_numeric()), None)
    if odd is not None or not frame.width:
        which = "there are none" if odd is None else f"{odd!r} holds others"
        rule = f"the columns of a data frame of vectors are numbers, one for each dimension, but {which}"
        remedy = "leave other columns out; words are the index or a column"
        raise OptionError(rule, field=name, remedy=remedy)
    return words, frame.drop(_COLUMNS, strict=False).to_numpy()


def _matrix(words: Sequence[str], rows: Any, name: str) -> AnyFloats:
    if not isinstance(rows, np.ndarray):
        sizes = [-1 if row is None else len(row) for row in rows]
        odd = next((number for number, size in enumerate(sizes) if size != sizes[0]), None)
        if odd is not None and odd < len(words):
            shown = f"{words[0]!r:.40} has {sizes[0]}, {words[odd]!r:.40} {sizes[odd]}"
            rule = f"all vectors have the same number of dimensions, {shown}"
            raise OptionError(rule, field=name, remedy="give vectors of equal length")
        rows = np.array(rows)
    if rows.dtype.kind not in "iuf" or rows.ndim != 2:
        rule = f"vectors are a matrix of numbers, this is {rows.dtype} of shape {rows.shape}"
        raise OptionError(rule, field=name, remedy="convert it: numpy.asarray(matrix, numpy.float32)")
    from .formats.input_file import native_floats  # formats are loaded when a file is read

    return native_floats(rows)
