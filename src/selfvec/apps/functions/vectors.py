"""Functions about vectors: they are converted, fetched and listed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from selfvec.base.answer import Answer, Json
from selfvec.base.checks import StrPath, is_path
from selfvec.base.declarations import Count, NotEmpty, checked
from selfvec.base.errors import OptionError, require
from selfvec.base.progress import GivenProgress
from selfvec.base.view import COUNT, PROSE, Column, Table, figure
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, load, save
from selfvec.storage.opened import GivenVectors, as_vectors
from selfvec.storage.public_vectors import PUBLIC_VECTORS, find
from selfvec.storage.run_folder import is_run

_NOAA = "noaa"  # the corpus
_PER_LANGUAGE = "cc."  # fastText's names, cc.LANG.300; they share a row


@checked
def convert(
    source: GivenVectors,
    output: StrPath,
    *,
    to: str | None = None,
    dimensions: Count | None = None,
    dtype: Literal["float32", "float16", "int8", "binary"] | None = None,
    vectors_errors: Literal["strict", "replace"] = "strict",
    limit: Count | None = None,
    overwrite: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Convert vectors from one format to another.

    Parameters
    ----------
    source : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    output : path
        The file or folder to write.
    to : str, optional
        Format of the output; by default that of its suffix.
    dimensions : int, at least 1, optional
        Keep the first N dimensions.
    dtype : {"float32", "float16", "int8", "binary"}, optional
        Number format. The last two need safetensors.
    vectors_errors : {"strict", "replace"}
        Stop at words that are not UTF-8 or occur twice, or repair them.
    limit : int, at least 1, optional
        Read the first N words only.
    overwrite : bool
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        ``target``, ``words``, ``dimensions``, what was ``left_out``, and ``notes``.

    Raises
    ------
    FormatError
        If the source is damaged or in an unknown format.
    OptionError
        If the format cannot hold these words or numbers.
    TargetError
        If the file exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> selfvec.convert("default", "small.vec", dimensions=64)
    Converted
      source default, target small.vec, words 10,981, dimensions 64
    >>> selfvec.load("small.vec")
    <Vectors: 10,981 words × 64 dimensions, float32>
    """
    named = {} if not is_path(source) else {"source": os.fspath(source)}
    if to == "model2vec" and is_path(source) and is_run(source):
        if dtype or dimensions or limit:  # one folder of that name, whichever function writes it
            rule = "a run's model2vec folder is the encoder that export writes"
            remedy = "leave out --dtype, --dimensions and --limit, or convert the file of its vectors"
            raise OptionError(rule, field="to", remedy=remedy)
        from selfvec.lab.exporters import export

        return export(source, to, output, overwrite=overwrite)
    check_save(output, to, overwrite=overwrite)
    if is_path(source):
        vectors = load(source, errors=vectors_errors, limit=limit)
    else:
        vectors = as_vectors(source, "source")
    left_out = save(vectors, output, format=to, dtype=dtype, dimensions=dimensions, overwrite=overwrite)
    done: Json = {**named, "target": os.fspath(output), "words": len(vectors)}
    done |= {"dimensions": dimensions or vectors.vector_size, "left_out": left_out}
    notes = [*vectors.provenance.get("notes", []), *_cut(vectors, done["dimensions"])]
    told = f"wrote {len(vectors):,} words × {done['dimensions']} dimensions to {done['target']}"
    return Answer("Converted", done | {"notes": notes}, messages=[*notes, *left_out, told])


def _cut(vectors: Vectors, first: int) -> Iterator[str]:
    """What is lost with all but the first dimensions, if that is most: those of a run are in no order."""
    if first == vectors.vector_size:
        return
    squares = np.einsum("ij,ij->j", vectors.vectors, vectors.vectors, dtype=np.float64)
    share = float(squares[:first].sum() / max(squares.sum(), 1e-300))
    if share < 0.5:
        yield (
            f"the first {first} of {len(squares)} dimensions hold {share:.0%} of the rows' squared lengths; "
            f"selfvec.principal_axes, in Python, keeps the {first} in which rows vary most"
        )


@checked
def fetch(
    name: NotEmpty | None = None,
    output: StrPath | None = None,
    *,
    years: str | None = None,
    base_url: str | None = None,
    overwrite: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Download public vectors, a sentence encoder or a corpus; or list them.

    Commands take the name of vectors or of an encoder wherever they take these. The cost of their download is
    printed before it begins. The corpus is NOAA Storm Events, a file for each year; files that are already
    there are kept.

    Parameters
    ----------
    name : str, not empty, optional
        Such as "glove-6b-100", "minilm" or "noaa"; by default all are listed, with those at hand.
    output : path, optional
        Where their folder is made, or that of a corpus; by default the user's data folder.
    years : str, optional
        Those of the corpus, as 2020-2023 or 2020.
    overwrite : bool
        Download again and accept a file that has changed.
    progress : Progress or bool, optional

    Other Parameters
    ----------------
    base_url : str, optional
        Address of a mirror: the folder that holds the file.

    Returns
    -------
    Answer
        Name, licence, words, dimensions, path, download and files with their SHA-256. Of a corpus its path
        and files; without a name what is ``at_hand``, and what ``can_be_fetched``.

    Raises
    ------
    OptionError
        If there are no public vectors of this name, or the years or folder of a corpus are missing.
    InputError
        If the download fails, or the file is not the one that is known.

    Examples
    --------
    >>> selfvec.fetch("minilm")["path"]  # doctest: +SKIP
    '/home/me/.local/share/selfvec/vectors/minilm'
    >>> selfvec.refine("reports.csv", encoder="minilm")  # doctest: +SKIP
    """
    if name is not None and name.lower() == _NOAA:
        from selfvec.corpus.fetch import NOAA_URL, fetch_noaa, parse_years

        if years is None or output is None:
            missing, such = ("years", "2020-2023") if years is None else ("output", "a folder")
            raise OptionError(f"is needed for {_NOAA}", field=missing, remedy=f"name some, such as {such}")
        folder, chosen, url = Path(output), parse_years(years), base_url or NOAA_URL
        files = fetch_noaa(chosen, folder, base_url=url, overwrite=overwrite)
        figures = {"path": str(folder), "files": [str(file) for file in files]}
        return Answer("Fetched", figures, messages=[f"{len(files)} files in {folder}"])
    if years is not None:
        raise OptionError(f"is for {_NOAA}", field="years", remedy="leave it out")
    if name is None:
        if output is not None:
            raise OptionError("is for what is fetched by name", field="output", remedy="name it")
        return _listed()
    from selfvec.storage.fetch_vectors import fetch_vectors, vectors_shape

    is_encoder = find(name).kind == "encoder"
    if is_encoder:
        require("onnxruntime", "encoder", "a sentence encoder")
    record = fetch_vectors(
        name,
        output,
        base_url=base_url,
        overwrite=overwrite,
        shape=_encoder_shape if is_encoder else vectors_shape,
    )
    size = f"{record['words']:,} {'pieces' if is_encoder else 'words'} × {record['dimensions']} dimensions"
    return Answer("Fetched", record, messages=[size])


def _encoder_shape(folder: Path) -> tuple[int, int]:
    from selfvec.encoders.onnx_encoder import OnnxEncoder

    encoder = OnnxEncoder(folder)
    return encoder.pieces, encoder.dimensions


_COLUMNS = (
    Column("name"),
    Column("language", "lang"),
    Column("licence", form=PROSE),
    Column("words", form=COUNT),
    Column("dimensions", "dim.", COUNT),
    Column("megabytes", "MB", figure(0)),
    Column("description", form=PROSE),
)


def _listed() -> Answer:
    """Vectors and encoders, at hand and to be fetched. The languages of fastText share a row."""
    from selfvec.storage.fetch_vectors import vectors_at_hand

    figures = {
        "at_hand": vectors_at_hand(),
        "can_be_fetched": [one.as_dict() for one in PUBLIC_VECTORS.values()],
    }
    at_hand = [
        row | {"megabytes": row["bytes"] / 1e6, "description": str(row["path"])} for row in figures["at_hand"]
    ]
    kinds = {
        "vectors": "Can be fetched",
        "encoder": "Sentence encoders that can be fetched (words: pieces)",
    }
    public = {kind: [row for row in figures["can_be_fetched"] if row["kind"] == kind] for kind in kinds}
    by_language = [row for row in public["vectors"] if str(row["name"]).startswith(_PER_LANGUAGE)]
    if by_language:
        first, *others = by_language
        about = f"{first['description']}; LANG is the code of a language; words and MB at most"
        shared = {"name": f"{_PER_LANGUAGE}LANG.300", "language": "LANG", "description": about}
        public["vectors"] = [row for row in public["vectors"] if row not in others]
        public["vectors"][public["vectors"].index(first)] = first | shared
    tables = [Table(_COLUMNS, at_hand, "At hand")]
    tables += [Table(_COLUMNS, rows, kinds[kind]) for kind, rows in public.items()]
    notes = [
        f"LANG: {' '.join(str(row['language']) for row in by_language)}",
        "Fetch:  selfvec vectors fetch NAME",
        "Text:   selfvec vectors fetch noaa --years A-B -o DIR, storm reports of the United States",
        "Use:    selfvec refine TEXT --vectors NAME -o RUN, or --encoder NAME for a sentence encoder",
    ]
    return Answer("Vectors", figures, parts=tables, notes=notes)
