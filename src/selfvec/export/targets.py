"""`TARGETS`: what a run can be exported to. To add a target, add a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.storage.formats import FORMATS, Format

from .stores import STORES, Store

__all__ = ["TARGETS", "Export", "Target"]


@dataclass(frozen=True)
class Export:
    """What to export.

    Parameters
    ----------
    run : Run
    to : str
        The name of the target.
    corpus : sequence of paths, optional
        Documents, for targets that hold documents; the run's own by default.
    progress : Progress
    """

    run: Run
    to: str
    corpus: Sequence[str] | None = None
    progress: Progress = field(default_factory=Progress)

    @property
    def run_only(self) -> Run:
        """The run, for targets that hold no documents.

        Raises
        ------
        OptionError
            If documents were given.
        """
        if self.corpus is not None:
            raise OptionError(f"{self.to} holds no documents", field="corpus", remedy="leave it out")
        return self.run


@dataclass(frozen=True)
class Target:
    """A form in which a run can be written.

    Parameters
    ----------
    description : str
        One line.
    write : callable
        Writes an `Export` to a path in an empty folder, and returns a description of what it wrote.
    suffix : str
        Ending of the default file name; empty for folders.
    """

    description: str
    write: Callable[[Export, Path], Mapping[str, Any]]
    suffix: str = ""


def _write_encoder(export: Export, path: Path) -> Mapping[str, Any]:
    from selfvec.search.encoder import Encoder

    from .encoder_folders import write_encoder

    run = export.run_only
    with export.progress.stage("Folding", None, "words"):
        encoder = Encoder.of(run)
    if export.to == "encoder":
        encoder.save(path)
    else:
        write_encoder(encoder, path, "model2vec" if export.to == "model2vec" else "sentence-transformers")
    return {"words": len(encoder), "dimensions": encoder.dimensions}


def _write_words(export: Export, path: Path) -> Mapping[str, Any]:
    from selfvec.storage.formats import save

    table = export.run_only.vectors
    left_out = save(table, path, format=export.to)
    return {"words": len(table), "dimensions": table.vector_size, "left_out": left_out}


def _write_passages(export: Export, path: Path) -> Mapping[str, Any]:
    from .rows import passage_rows

    store = STORES[export.to]
    store.require()
    rows = passage_rows(export.run, export.corpus, progress=export.progress)
    with export.progress.stage("Storing", None, "passages"):
        store.put(rows, path)
    left_out = [f"the field {name!r} is no column: its values are long" for name in rows.left_out]
    unknown = int(rows.empty.sum())
    if unknown:
        left_out.append(f"{unknown:,} of {len(rows):,} passages have no known word and no vector")
    documents = rows.table["document"].n_unique()
    size = {"documents": documents, "passages": len(rows), "dimensions": rows.vectors.shape[1]}
    return {**size, "unknown": unknown, "left_out": left_out}


_OWN = {
    "encoder": "texts as vectors: Selfvec's own folder",
    "model2vec": "texts as vectors: a folder of model2vec",
    "sentence-transformers": "texts as vectors: a folder of sentence-transformers (StaticEmbedding)",
}


def _of_words(row: Format) -> Target:
    suffix = "" if row.folder else row.suffixes[0]
    return Target(f"the run's words: {row.description}", _write_words, suffix)


def _of_passages(store: Store) -> Target:
    suffix = "" if store.folder else ".parquet"
    return Target(f"the documents' passages: {store.description}", _write_passages, suffix)


TARGETS: dict[str, Target] = {
    **{row.name: _of_words(row) for row in FORMATS if row.write},
    **{name: Target(description, _write_encoder) for name, description in _OWN.items()},
    **{store.name: _of_passages(store) for store in STORES.values()},
}
"""Targets by name."""
