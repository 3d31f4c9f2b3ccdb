"""Functions about files of vectors: `convert` and `fetch`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from selfvec.base.checks import check_text, is_path
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.result_table import Figures
from selfvec.storage.fetch_vectors import fetch_vectors
from selfvec.storage.formats import check_save, load, save
from selfvec.storage.opened import GivenVectors, as_vectors
from selfvec.storage.run_folder import is_run

__all__ = ["GivenPath", "convert", "fetch"]

GivenPath = str | os.PathLike[str]


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
    """Write vectors in another format.

    Parameters
    ----------
    source : Vectors, Run, path or name
    output : path
        The file or folder to write.
    to : str, optional
        The format; by default the suffix of ``output`` decides.
    dimensions : int, optional
        Keep the first so many dimensions.
    dtype : {"float32", "float16", "int8", "binary"}, optional
    vectors_errors : {"strict", "replace"}
        "replace" repairs words that are not UTF-8 or occur twice.
    limit : int, optional
        Read the first so many words only.
    overwrite : bool
        Whether to replace what exists.
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


def fetch(
    name: str,
    output: GivenPath | None = None,
    *,
    base_url: str | None = None,
    overwrite: bool = False,
    announce: Callable[[dict[str, Any]], None] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Figures:
    """Download public vectors, whose name can then be given wherever vectors are.

    Parameters
    ----------
    name : str
        A name in `selfvec.storage.public_vectors.PUBLIC_VECTORS`.
    output : path, optional
        Make the folder of the vectors here, not in the user's data folder.
    base_url : str, optional
        Address of a mirror: the folder that holds the file.
    overwrite : bool
        Download again, and accept a file that has changed.
    announce : callable, optional
        Called before a download with what it costs: language, licence, words, dimensions, and ``bytes``, the
        size that the server announces, or None.
    progress : callable, optional
        Called with the file name, the bytes so far and the final size.

    Returns
    -------
    Figures
        A dict: name, licence, words, dimensions, path, download and files with their SHA-256.
    """
    check_text("name", name)
    shown = progress or (lambda *_: None)
    announced = announce or (lambda _: None)
    record = fetch_vectors(
        name, output, base_url=base_url, overwrite=overwrite, announce=announced, progress=shown
    )
    return Figures("Fetched", record)
