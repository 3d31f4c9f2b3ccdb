"""`export`: write a run, or rows of a store, in the format of another tool, completely or not at all.

To add a target, add a row to `TARGETS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfvec.base.atomic_files import atomic_files
from selfvec.base.checks import check_path, check_text
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import Figures
from selfvec.base.targets import check_target, writing
from selfvec.base.temporary_files import remove_leftovers
from selfvec.corpus.sources import Texts
from selfvec.data.run import Run
from selfvec.retrieval.passages import CUT, Cut, check_cut
from selfvec.storage.formats import FORMATS
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import refuse_run
from selfvec.text.preprocessing import Preprocessing

from .rows import Rows
from .stores import STORES, Database, library_errors

__all__ = ["TARGETS", "Export", "Target", "export", "write_rows"]


def export(
    run: GivenRun,
    to: str,
    output: str | os.PathLike[str] | None = None,
    *,
    corpus: Texts = None,
    passage_words: int = CUT[0],
    overlap: int = CUT[1],
    overwrite: bool = False,
    update: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Write a run in the format of another tool.

    Parameters
    ----------
    run : Run or path
    to : str
        A name in `TARGETS`.
    output : path, optional
        The file or folder to write; by default ``RUN-TO`` next to the run.
    corpus : paths, texts or whatever else `selfvec.as_corpus` takes, optional
        Documents, for targets that hold documents; the run's own by default.
    passage_words, overlap : int
        For targets that hold documents: words of a passage, and how many of them are repeated from the one
        before.
    overwrite : bool
        Whether to replace an earlier export: a file, or a folder without other files.
    update : bool
        For LanceDB and Qdrant: update an earlier export. Only new and changed passages are written, and
        missing ones are deleted. The others keep their vectors.
    progress : Progress, optional

    Returns
    -------
    Figures
        A dict: ``to``, ``target`` and a description by the target.

    Raises
    ------
    TargetError
        If the target exists or cannot be written; it is not changed. `OptionError` if the target is unknown
        or does not support this run.
    """
    check_text("to", to)
    if to not in TARGETS:
        raise OptionError.one_of(to, sorted(TARGETS), field="to")
    if corpus is not None and to not in STORES:
        raise OptionError(f"{to} holds no documents", field="corpus", remedy="leave it out")
    if (cut := check_cut((passage_words, overlap))) != CUT and to not in STORES:
        raise OptionError(f"{to} holds no passages", field="passage_words", remedy="leave it out")
    run = as_run(run)
    if output is not None:
        check_path("output", output, "a path")
    path = _default(run, to) if output is None else Path(output)
    given = Export(run, to, corpus, as_progress(progress), cut)
    if update and not isinstance(STORES.get(to), Database):
        raise OptionError(f"{to} cannot be updated", field="update", remedy="use --overwrite")
    if update and os.path.lexists(path):
        return Figures("Exported", {"to": to, "target": str(path), **_update_passages(given, path)})
    with _replaced(path, overwrite) as fresh:
        details = TARGETS[to].write(given, fresh)
    return Figures("Exported", {"to": to, "target": str(path), **details})


def write_rows(rows: Rows, to: str, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write rows into a store.

    Parameters
    ----------
    rows : Rows
        See `passage_rows` and `word_rows`.
    to : str
        The name of a store.
    target : path
        The folder or file to write.
    overwrite : bool
        Whether to replace an earlier store.

    Raises
    ------
    TargetError
        If the target exists or cannot be written; it is not changed. `OptionError` for an unknown store,
        `MissingExtra` if its library is not installed.
    """
    if to not in STORES:
        raise OptionError.one_of(to, STORES, field="to")
    STORES[to].require()
    with _replaced(Path(target), overwrite) as fresh:
        STORES[to].put(rows, fresh)


@contextmanager
def _replaced(path: Path, overwrite: bool) -> Iterator[Path]:
    """`atomic_files`; an existing run is refused before the work."""
    check_target(path, overwrite=overwrite)
    refuse_run(path)
    with atomic_files(path, overwrite=overwrite) as fresh:
        yield fresh


def _default(run: Run, to: str) -> Path:
    if run.folder is None:
        raise OptionError("this run is in memory, so there is no folder to write next to", field="output")
    folder = run.folder.resolve() if not run.folder.name else run.folder
    return folder.with_name(f"{folder.name}-{to}{TARGETS[to].suffix}")


@dataclass(frozen=True)
class Export:
    """An export: the run, the target, and the documents."""

    run: Run
    to: str  # the name of the target
    corpus: Texts  # documents, for targets that hold documents; the run's own by default
    progress: Progress
    cut: Cut = CUT


@dataclass(frozen=True)
class Target:
    """A format in which a run can be written."""

    description: str
    write: Callable[
        [Export, Path], Mapping[str, Any]
    ]  # writes to a path in an empty folder; returns a description
    suffix: str = ""  # of the default file name; empty for folders


def _write_encoder(export: Export, path: Path) -> Mapping[str, Any]:
    from selfvec.retrieval.encoder import Encoder

    from .encoder_folders import write_encoder, write_piece_encoder

    if export.to != "encoder" and _of_pieces(export.run):
        tokens = write_piece_encoder(export.run, path, export.to == "model2vec")
        return {"tokens": tokens, "dimensions": export.run.vectors.vector_size}
    with export.progress.stage("Folding", None, "words"):
        encoder = Encoder.of(export.run)
    if export.to == "encoder":
        encoder.save(path)
    else:
        write_encoder(encoder, path, "model2vec" if export.to == "model2vec" else "sentence-transformers")
    return {"words": len(encoder), "dimensions": encoder.dimensions}


def _of_pieces(run: Run) -> bool:
    return Preprocessing.of(run.provenance).tokenizer not in ("words", "whitespace")


def _write_model(export: Export, path: Path) -> Mapping[str, Any]:
    from selfvec.storage.formats.language_model import write_back

    name = str(export.run.provenance.vectors.get("name", ""))
    beside = [] if export.run.folder is None else [export.run.folder.parent / name]
    model = next((place for place in (Path(name), *beside) if (place / "tokenizer.json").is_file()), None)
    if model is None or not _of_pieces(export.run):
        raise OptionError(
            "needs a run with the tokenizer and the token vectors of a language model whose folder exists",
            field="to",
            remedy="refine with --tokenizer MODEL --vectors MODEL, the folder of a model",
        )
    table = export.run.vectors
    changed = write_back(model, path, table.index_to_key, table.unit)
    return {"model": str(model), "rows": changed, "dimensions": table.vector_size}


def _write_words(export: Export, path: Path) -> Mapping[str, Any]:
    from selfvec.storage.formats import save

    table = export.run.vectors
    left_out = save(table, path, format=export.to)
    return {"words": len(table), "dimensions": table.vector_size, "left_out": left_out}


def _write_passages(export: Export, path: Path) -> Mapping[str, Any]:
    from .rows import passage_rows

    store = STORES[export.to]
    store.require()
    rows = passage_rows(export.run, export.corpus, cut=export.cut, progress=export.progress)
    with export.progress.stage("Storing", None, "passages"):
        store.put(rows, path)
    return _counted(rows)


def _update_passages(export: Export, path: Path) -> Mapping[str, Any]:
    """Update a database; it is completely rewritten if its vectors are of another encoder."""
    from .rows import passage_rows

    store = STORES[export.to]
    assert isinstance(store, Database)
    store.require()
    remove_leftovers(path)
    store.about(path)  # raises an error for other folders
    rows = passage_rows(export.run, export.corpus, cut=export.cut, progress=export.progress)
    with export.progress.stage("Storing", None, "passages"), writing(path), library_errors():
        changes = store.update(rows, path)
        if changes is None:
            with _replaced(path, overwrite=True) as fresh:
                store.put(rows, fresh)
            changes = {"added": len(rows), "changed": 0, "removed": 0, "unchanged": 0, "rewritten": True}
    return {**_counted(rows), **changes}


def _counted(rows: Rows) -> dict[str, Any]:
    """The size of the result, and notes on content that is changed or left out."""
    left_out = [f"the field {name!r} is not a column: its values are too long" for name in rows.left_out]
    left_out += rows.notes
    unknown = int(rows.empty.sum())
    if unknown:
        left_out.append(f"{unknown:,} of {len(rows):,} passages have no known word and no vector")
    documents = rows.table["document"].n_unique()
    size = {"documents": documents, "passages": len(rows), "dimensions": rows.vectors.shape[1]}
    return {**size, "unknown": unknown, "left_out": left_out}


_ENCODERS = {
    "encoder": "Selfvec's own folder",
    "model2vec": "a folder of model2vec",
    "sentence-transformers": "a folder of sentence-transformers (StaticEmbedding)",
}


def _targets() -> Iterator[tuple[str, Target]]:
    for form in FORMATS:
        if form.write:
            suffix = "" if form.folder else form.suffixes[0]
            yield form.name, Target(f"the run's words: {form.description}", _write_words, suffix)
    for name, what in _ENCODERS.items():
        yield name, Target(f"texts as vectors: {what}", _write_encoder)
    yield (
        "language-model",
        Target("the model of the initial vectors, with refined token rows", _write_model),
    )
    for name, store in STORES.items():
        suffix = "" if store.folder else ".parquet"
        yield name, Target(f"the documents' passages: {store.description}", _write_passages, suffix)


TARGETS: dict[str, Target] = dict(_targets())
"""Targets by name."""
