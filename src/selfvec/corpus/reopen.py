"""The corpus of a run, read again from its files and checked against their hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError
from selfvec.data.run import Run

from .corpus import Corpus
from .python_docs import python_documentation

__all__ = ["own_corpus", "verified"]

_PYTHON = "documentation of Python"
_REMEDY = "name the documents with --corpus"


def own_corpus(run: Run) -> Corpus:
    """The corpus a run was made of, yet to be read.

    Raises
    ------
    InputError
        If the run was made of a pipe or of memory, or a file is not there.
    """
    told = _told(run)
    files = told["files"]
    if len(files) == 1 and str(files[0].get("path", "")).startswith(_PYTHON):
        return python_documentation()
    return Corpus.open(
        [_found(run, file) for file in files],
        text_fields=list(told["text_fields"]) if told.get("text_given") else None,
        date_field=told.get("date_field") if told.get("date_given") else None,
        skip_bad_rows=bool(told.get("bad_rows")),
        keep_fields=True,
    )


def verified(run: Run, corpus: Corpus) -> None:
    """Refuse documents, read to their end, that are not those a run was made of any more.

    Raises
    ------
    InputError
    """
    for before, now in zip(_told(run)["files"], corpus.summary.files, strict=False):
        if before.get("sha256") != now.sha256:
            raise InputError(
                "is not the file that the run was made of any more",
                path=now.path,
                remedy=f"refine again, or {_REMEDY}",
            )


def _told(run: Run) -> dict[str, Any]:
    told = run.provenance.get("corpus")
    if not isinstance(told, dict) or not told.get("files"):
        raise InputError("this run does not say where its documents are", path=run.folder, remedy=_REMEDY)
    return told


def _found(run: Run, file: dict[str, Any]) -> Path:
    """Where a file lies: as it was named, or beside the run."""
    named = Path(str(file.get("path")))
    for path in (named, *([run.folder.parent / named] if run.folder is not None else [])):
        if file.get("kind") not in ("memory", "frame") and (
            path.is_dir() if file.get("kind") == "folder" else path.is_file()
        ):
            return path
    rule = "the run was made of documents that are not there any more"
    raise InputError(rule, path=named, remedy=_REMEDY)
