"""Functions that make vectors of vectors: one for each row of `selfvec.transforms.TRANSFORMS`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import Any, TypedDict

from selfvec.base.checks import check_path
from selfvec.base.errors import OptionError, did_you_mean
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import Figures
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, save
from selfvec.storage.opened import as_vectors
from selfvec.transforms.method import Transform
from selfvec.transforms.registry import TRANSFORMS, TransformRow, find_transform, make_transform


class Writing(TypedDict, total=False):
    """Where new vectors are written, besides being returned.

    Parameters
    ----------
    output : path
        The file or folder to write.
    to : str, optional
        Format of OUT; by default that of its suffix.
    overwrite : bool
        Replace what exists at that place.
    progress : Progress, optional
    """

    output: str | os.PathLike[str]
    to: str | None
    overwrite: bool
    progress: Progress | None


def __getattr__(name: str) -> Callable[..., Any]:
    """The function of a method, as ``retrofit``: its signature and docstring are those of the class."""
    row = TRANSFORMS.get(name.replace("_", "-"))
    if row is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = function = _function(row, name)
    return function


def transform_to(by: str) -> Callable[..., Figures]:
    """The function of a command: it writes the vectors, and returns their figures."""

    def written(**given: Any) -> Figures:
        return _written(find_transform(by), given.pop(find_transform(by).takes), given)

    return written


def _function(row: TransformRow, name: str) -> Callable[..., Any]:
    own = list(inspect.signature(row.method).parameters.values())

    def function(source: Any, *given: Any, **options: Any) -> Vectors | Figures:
        options |= dict(zip([one.name for one in own], given, strict=False))
        make = _written if row.name == "tokenizer" else _made
        return make(row, source, {key: one for key, one in options.items() if one is not None})

    takes = Parameter(row.takes, Parameter.POSITIONAL_OR_KEYWORD, annotation=Any)
    written = [
        Parameter(one, Parameter.KEYWORD_ONLY, default=None, annotation=kind.__forward_arg__)
        for one, kind in Writing.__annotations__.items()
    ]
    function.__name__ = function.__qualname__ = name
    function.__signature__ = inspect.Signature([takes, *own, *written])  # type: ignore[attr-defined]
    function.__doc__ = _doc(row)
    return function


def _doc(row: TransformRow) -> str:
    """The docstring of a method with the parameters of its function."""
    heading = "Parameters\n----------\n"
    opening, _, options = (inspect.getdoc(row.method) or "").partition(heading)
    written = (inspect.getdoc(Writing) or "").partition(heading)[2]
    return f"{opening}{heading}{row.takes} : Vectors, Run, path or name\n{options}\n{written}"


def _made(row: TransformRow, source: Any, given: dict[str, Any]) -> Vectors:
    """The vectors that a method makes of others, written if an output is named."""
    chosen, output, how = _chosen(row, given)
    if output is not None:
        check_save(output, how["format"], overwrite=how["overwrite"])
    if row.takes == "encoder":
        check_path("encoder", source, "the folder of a local model")
        made = chosen.fit_transform(Path(source))  # type: ignore[arg-type]
    else:
        made = chosen.fit_transform(as_vectors(source))
    if output is not None:
        save(made, output, **how)
    return made


def _written(row: TransformRow, source: Any, given: dict[str, Any]) -> Figures:
    """What a method made of vectors and wrote: the figures of the method, and what the format cannot hold."""
    chosen, output, how = _chosen(row, given)
    if output is None:
        raise OptionError("is needed: the file or folder to write", field="output", remedy="name one")
    check_path(row.takes, source)
    left_out = chosen.transform_file(os.fspath(source), Path(output), **how)
    named = {"source": os.fspath(source), "target": os.fspath(output), "by": row.name}
    return Figures("Transformed", {**named, **chosen.report_, "left_out": left_out})


def _chosen(row: TransformRow, given: dict[str, Any]) -> tuple[Transform, Any, dict[str, Any]]:
    """A method with its options, and where and how its vectors are written."""
    writing = {name: given.pop(name, None) for name in Writing.__annotations__}
    for name in given:
        if suggested := did_you_mean(name, Writing.__annotations__):
            raise OptionError("there is no such option", field=name, remedy=suggested)
    chosen = make_transform(row.name, **given)
    chosen.progress = as_progress(writing["progress"])
    return chosen, writing["output"], {"format": writing["to"], "overwrite": bool(writing["overwrite"])}
