"""Functions about vectors: they are converted, fetched, listed, and made of others. `noaa` fetches a corpus.

Each row of `selfvec.transforms.TRANSFORMS` is a function that makes vectors of vectors.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import Any, TypedDict

from selfvec.base.checks import check_path, check_text, is_path
from selfvec.base.declarations import checked
from selfvec.base.errors import OptionError, did_you_mean, require
from selfvec.base.progress import Progress, as_progress, file_stages
from selfvec.base.result_table import Figures
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, load, save
from selfvec.storage.opened import GivenVectors, as_vectors
from selfvec.storage.run_folder import is_run
from selfvec.transforms import TRANSFORMS, TransformRow, find_transform, make_transform
from selfvec.transforms.method import Transform

GivenPath = str | os.PathLike[str]


@checked
def convert(
    source: GivenVectors,
    output: GivenPath,
    *,
    to: str | None = None,
    dimensions: int | None = None,
    dtype: str | None = None,
    vectors_errors: str = "strict",
    limit: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Convert vectors from one format to another.

    Parameters
    ----------
    source : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    output : path
        The file or folder to write.
    to : str, optional
        Format of OUT; by default that of its suffix.
    dimensions : int, at least 1, optional
        Keep the first N dimensions.
    dtype : {"float32", "float16", "int8", "binary"}, optional
        Number format. The last two need safetensors.
    vectors_errors : {"strict", "replace"}
        Stop at words that are not UTF-8 or occur twice, or repair them.
    limit : int, at least 1, optional
        Read the first N words only.
    overwrite : bool
    progress : Progress, optional

    Returns
    -------
    Figures
        A dict: ``target``, ``words``, ``dimensions``, what was ``left_out``, and ``notes``.
    """
    named = {} if not is_path(source) else {"source": os.fspath(source)}
    if to == "model2vec" and is_path(source) and is_run(source):
        if dtype or dimensions or limit:  # one folder of that name, whichever function writes it
            rule = "a run's model2vec folder is the encoder that export writes"
            remedy = "leave out --dtype, --dimensions and --limit, or convert the file of its vectors"
            raise OptionError(rule, field="to", remedy=remedy)
        from selfvec.exporters import export

        return export(source, to, output, overwrite=overwrite, progress=progress)
    check_save(output, to, overwrite=overwrite)
    if is_path(source):
        vectors = load(source, errors=vectors_errors, limit=limit)
    else:
        vectors = as_vectors(source, "source")
    left_out = save(vectors, output, format=to, dtype=dtype, dimensions=dimensions, overwrite=overwrite)
    done: dict[str, Any] = {**named, "target": os.fspath(output), "words": len(vectors)}
    done |= {"dimensions": dimensions or vectors.vector_size, "left_out": left_out}
    return Figures("Converted", done | {"notes": vectors.provenance.get("notes", [])})


@checked
def fetch(
    name: str,
    output: GivenPath | None = None,
    *,
    base_url: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Download public vectors or a sentence encoder.

    Their name can then be given wherever vectors are, or an encoder. The cost of a download is printed before
    it begins.

    Parameters
    ----------
    name : str
        Public vectors or encoder; selfvec vectors list names them.
    output : path, optional
        Where their folder is made; by default the user's data folder.
    overwrite : bool
        Download again and accept a file that has changed.
    progress : Progress, optional

    Other Parameters
    ----------------
    base_url : str, optional
        Address of a mirror: the folder that holds the file.

    Returns
    -------
    Figures
        A dict: name, licence, words, dimensions, path, download and files with their SHA-256.
    """
    from selfvec.storage.fetch_vectors import fetch_vectors, vectors_shape
    from selfvec.storage.public_vectors import find
    from selfvec.views.vectors_table import cost_text

    check_text("name", name)
    is_encoder = find(name).kind == "encoder"
    if is_encoder:
        require("onnxruntime", "encoder", "a sentence encoder")
    progress = as_progress(progress)
    with file_stages(progress) as shown:
        record = fetch_vectors(
            name,
            output,
            base_url=base_url,
            overwrite=overwrite,
            announce=lambda cost: progress.say(cost_text(cost)),
            progress=shown,
            shape=_encoder_shape if is_encoder else vectors_shape,
        )
    return Figures("Fetched", record)


def _encoder_shape(folder: Path) -> tuple[int, int]:
    """Pieces and dimensions of a sentence encoder."""
    from selfvec.encoders.onnx_encoder import OnnxEncoder

    encoder = OnnxEncoder(folder)
    return encoder.pieces, encoder.dimensions


@checked
def noaa(
    years: str,
    output: GivenPath,
    *,
    base_url: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Download NOAA Storm Events, a public corpus, one file per year.

    Files that are already there are kept.

    Parameters
    ----------
    years : str
        Years, as 2020-2023 or 2020.
    output : path
        Folder for the files.
    overwrite : bool
        Replace files of these names that were not fetched.
    progress : Progress, optional

    Other Parameters
    ----------------
    base_url : str, optional
        Address of a mirror.
    """
    from selfvec.corpus.fetch import NOAA_URL, fetch_noaa, parse_years

    chosen = parse_years(years)
    with file_stages(as_progress(progress)) as shown:
        files = fetch_noaa(
            chosen, Path(output), base_url=base_url or NOAA_URL, overwrite=overwrite, progress=shown
        )
    return Figures("Fetched", {"files": [str(file) for file in files]})


def list_vectors() -> Figures:
    """List vectors and encoders: those at hand, and those to be fetched."""
    from selfvec.storage.fetch_vectors import vectors_at_hand
    from selfvec.storage.public_vectors import PUBLIC_VECTORS

    known = [public.as_dict() for public in PUBLIC_VECTORS.values()]
    return Figures("Vectors", {"at_hand": vectors_at_hand(), "can_be_fetched": known})


# ---- Vectors made of vectors


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


def _function(row: TransformRow, name: str) -> Callable[..., Any]:
    own = list(inspect.signature(row.method).parameters.values())

    def function(source: Any, *given: Any, **options: Any) -> Vectors | Figures:
        options |= dict(zip([one.name for one in own], given, strict=False))
        named = {key: one for key, one in options.items() if one is not None}
        if row.name == "tokenizer":
            return transform_file(row.name, **{row.takes: source}, **named)
        return _made(row, source, named)

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
    made = chosen.fit_transform(chosen.open(source))
    if output is not None:
        save(made, output, **how)
    return made


def transform_file(by: str, /, **given: Any) -> Figures:
    """The function of a command: it writes what a method makes of vectors.

    It returns the figures of the method, and what the format cannot hold.
    """
    row = find_transform(by)
    source = given.pop(row.takes)
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
