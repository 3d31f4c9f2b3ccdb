"""What a run can be exported to: adding a target is adding a row here.

A target is a function and one line of help. The function gets a `Wanted` and a path in an empty folder,
writes a file or folder of that name (and files beside it, where the format has such), and says in a mapping
what it wrote. That all of it appears in its place, or nothing, is the business of `selfvec.export.export`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.storage.formats.registry import FORMATS, Format

from .stores import STORES

__all__ = ["SUFFIXES", "TARGETS", "Wanted", "Write", "run_only"]


@dataclass(frozen=True)
class Wanted:
    """What is to be exported.

    Parameters
    ----------
    run : Run
    corpus : sequence of paths, optional
        Documents; the run's own where not given.
    progress : Progress
    """

    run: Run
    corpus: Sequence[str] | None = None
    progress: Progress = field(default_factory=Progress)


Write = Callable[[Wanted, Path], Mapping[str, Any]]


def run_only(wanted: Wanted, to: str) -> Run:
    """The run, for targets that hold no documents.

    Raises
    ------
    OptionError
        If documents were named.
    """
    if wanted.corpus is not None:
        raise OptionError(f"{to} holds no documents", field="corpus", remedy="leave it out")
    return wanted.run


def _encoder(
    wanted: Wanted, path: Path, to: Literal["encoder", "model2vec", "sentence-transformers"]
) -> Mapping[str, Any]:
    from selfvec.search.encoder import Encoder

    from .encoder_folders import write_encoder

    run = run_only(wanted, to)
    with wanted.progress.stage("Folding", None, "words"):
        encoder = Encoder.of(run)
    if to == "encoder":
        encoder.save(path)
    else:
        write_encoder(encoder, path, to)
    return {"words": len(encoder), "dimensions": encoder.dimensions}


def _words(wanted: Wanted, path: Path, to: str) -> Mapping[str, Any]:
    from selfvec.storage.formats import save

    table = run_only(wanted, to).vectors
    left_out = save(table, path, format=to)
    return {"words": len(table), "dimensions": table.vector_size, "left_out": left_out}


def _passages(wanted: Wanted, path: Path, to: str) -> Mapping[str, Any]:
    from .stores import passage_rows

    store = STORES[to]
    store.require()
    rows = passage_rows(wanted.run, wanted.corpus, progress=wanted.progress)
    with wanted.progress.stage("Storing", None, "passages"):
        store.put(rows, path)
    left_out = [f"the field {name!r} is no column: its values are long" for name in rows.left_out]
    unknown = int(rows.empty.sum())
    if unknown:
        left_out.append(f"{unknown:,} of {len(rows):,} passages hold no word that is known: no vector")
    documents = rows.table["document"].n_unique()
    size = {"documents": documents, "passages": len(rows), "dimensions": rows.vectors.shape[1]}
    return {**size, "unknown": unknown, "left_out": left_out}


def _table_of(row: Format) -> tuple[Write, str]:
    return partial(_words, to=row.name), f"the run's words: {row.description}"


TARGETS: dict[str, tuple[Write, str]] = {
    "encoder": (partial(_encoder, to="encoder"), "texts as vectors: our own folder"),
    **{row.name: _table_of(row) for row in FORMATS if row.write},
    "model2vec": (partial(_encoder, to="model2vec"), "texts as vectors: a folder of model2vec"),
    "sentence-transformers": (
        partial(_encoder, to="sentence-transformers"),
        "texts as vectors: a folder of sentence-transformers (StaticEmbedding)",
    ),
    **{
        store.name: (partial(_passages, to=store.name), f"the documents' passages: {store.description}")
        for store in STORES.values()
    },
}
"""Targets by name: the function that writes, and what it is in one line."""

SUFFIXES: dict[str, str] = {
    **{row.name: row.suffixes[0] for row in FORMATS if row.write and not row.folder},
    "parquet-documents": ".parquet",
}
"""How the files of some targets end, where no name is given; all else is a folder."""
