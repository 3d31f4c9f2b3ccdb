"""Reopen a run's corpus from its original files, after checking their sizes and hashes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Hashes, Ints, Mask
from selfvec.base.errors import InputError, OptionError, SelfvecError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.token_batch import ONCE

from .corpus import Corpus, CorpusPart, Select
from .python_docs import python_documentation
from .summary import OF_SHARDS

if TYPE_CHECKING:
    from .documents import Documents

__all__ = ["document_field", "original_texts", "own_corpus", "verified"]

_IN_MEMORY = ("memory", "frame")
_PYTHON = "documentation of Python"
_REMEDY = "name the documents with --corpus"


def own_corpus(run: Run, *, keep_fields: bool = True, gone: list[str] | None = None) -> Corpus:
    """Reopen the corpus that a run was made from; ``keep_fields`` also reads the fields besides the text.

    ``gone`` receives the missing files and folders, if others exist.

    `InputError` if the run was made from standard input or memory, or if a file is missing or has another
    size.
    """
    recorded = _recorded(run)
    files = recorded["files"]
    if _is_demonstration(files):
        return python_documentation()
    missing = [file for file in files if gone is not None and _path_of(run, file) is None]
    if gone is not None and len(missing) < len(files):
        gone += [str(file.get("path")) for file in missing]
        files = [file for file in files if file not in missing]
    corpus = Corpus.open(
        _outermost([(_found(run, file), file.get("kind")) for file in files]),
        text_fields=recorded.get("text_fields") if recorded.get("text_given") else None,
        date_field=recorded.get("date_field") if recorded.get("date_given") else None,
        skip_bad_rows=bool(recorded.get("bad_rows")),
        keep_fields=keep_fields,
    )
    texts = _texts(run)
    if run.provenance.steps and texts is not None:  # its files may also hold other documents
        corpus.selector = lambda: _as_often(*np.unique(texts, return_counts=True))
    return corpus


def _outermost(found: Sequence[tuple[Path, Any]]) -> list[Path]:
    """The paths, without files of rows inside a folder that is read as a whole."""
    folders = {path.absolute() for path, kind in found if kind == "folder"}
    return [path for path, _ in found if not folders.intersection(path.absolute().parents)]


def _texts(run: Run) -> Hashes | None:
    """The fingerprints of a run's documents, (D,)."""
    marks = None if run.tokens is None else run.tokens.fingerprints
    return None if marks is None else marks & ~ONCE


def _as_often(texts: Hashes, left: Ints) -> Select:
    """A function that selects each text the given number of times; ``texts`` are sorted."""
    left = np.append(left, 0)  # last: all other texts, which must not take the turn of one that is selected

    def select(batch: Documents, _: CorpusPart) -> Mask:
        assert batch.fingerprints is not None
        marks = batch.fingerprints & ~ONCE
        places = np.minimum(np.searchsorted(texts, marks), len(texts) - 1)
        places[texts[places] != marks] = len(texts)
        order = np.argsort(places, kind="stable")
        first = np.searchsorted(places[order], places[order])
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - first
        kept: Mask = rank < left[places]
        np.subtract.at(left, places[kept], 1)
        return kept

    return select


def verified(run: Run, corpus: Corpus, gone: Collection[str] = ()) -> None:
    """Raise `InputError` if a corpus that was read to its end has changed since the run was made."""
    files = [file for file in _recorded(run)["files"] if str(file.get("path")) not in gone]
    for before, now in zip(files, corpus.summary.files, strict=False):
        known = str(before.get("sha256"))
        if known != now.sha256 and not known.startswith(OF_SHARDS):  # of such files only the size is compared
            raise _changed(now.path)


def original_texts(
    run: Run,
    documents: Collection[int] | None = None,  # all by default
    *,
    most: int = 1 << 40,  # bytes; no texts are read from a larger corpus
    demonstration: bool = False,  # collect the demonstration corpus again, which takes seconds
    progress: Progress | None = None,
    ids: dict[int, str] | None = None,  # receives the ids of these documents, where they have one
) -> dict[int, str]:
    """Unprocessed texts of a run's documents, by number; empty if a file is missing or has changed."""
    out: dict[int, str] = {}
    try:
        files = _recorded(run)["files"]
        if sum(int(file.get("bytes") or 0) for file in files) > most:
            return {}
        if _is_demonstration(files) and not demonstration:
            return {}
        corpus = own_corpus(run, keep_fields=False)
        marks = _texts(run)
        numbers: dict[int, list[int]] = {}  # by text, since an updated run may have another order
        if marks is not None:
            for number in range(len(marks)) if documents is None else documents:
                numbers.setdefault(int(marks[number]), []).append(number)
        done = 0
        with (progress or Progress()).stage("Sentences", corpus.total_bytes, "bytes") as advance:
            for batch in corpus.batches(advance):
                assert batch.fingerprints is not None
                for place, mark in enumerate((batch.fingerprints & ~ONCE).tolist()):
                    here = list(numbers.get(mark, ()))
                    if marks is None and (documents is None or done + place in documents):
                        here.append(done + place)
                    for number in here:
                        out[number] = batch.texts[place] or ""
                        if ids is not None and batch.ids is not None and batch.ids[place]:
                            ids[number] = batch.ids[place]
                done += len(batch)
        verified(run, corpus)
    except SelfvecError:
        return {}
    return out


def document_field(run: Run, name: str) -> list[str | None]:
    """A field of each of a run's documents, or ``id``, read again from its files; None where it is empty.

    `InputError` if the files are missing or have changed, `OptionError` if they have no such field.
    """
    from .documents import concatenated

    corpus = own_corpus(run)
    whole = concatenated(list(corpus.batches()))
    verified(run, corpus)
    columns = dict(whole.fields) | ({} if whole.ids is None else {"id": whole.ids})
    if name not in columns:
        known = ", ".join(columns) or "none"
        rule = f"the documents have no field {name!r}"
        raise OptionError(rule, field="by", remedy=f"their fields are {known}")
    values: list[str | None] = columns[name].to_list()
    marks = _texts(run)
    if marks is None or whole.fingerprints is None:
        return values
    places = {mark: place for place, mark in enumerate((whole.fingerprints & ~ONCE).tolist())}
    in_order = len(values) == len(marks) and np.array_equal(whole.fingerprints & ~ONCE, marks)
    if not in_order and not places.keys() >= set(marks.tolist()):
        rule = "some of the run's documents are no longer in its files"
        raise InputError(rule, path=run.folder, remedy=f"refine again, or {_REMEDY}")
    return values if in_order else [values[places[mark]] for mark in marks.tolist()]


def _recorded(run: Run) -> Mapping[str, Any]:
    """What the run records about its corpus."""
    recorded = run.provenance.corpus
    if not recorded.get("files"):
        raise InputError("this run does not record where its text is", path=run.folder, remedy=_REMEDY)
    return recorded


def _is_demonstration(files: list[dict[str, Any]]) -> bool:
    return len(files) == 1 and str(files[0].get("path", "")).startswith(_PYTHON)


def _found(run: Run, file: dict[str, Any]) -> Path:
    """The path of a file that exists and has the recorded size."""
    path = _path_of(run, file)
    if path is None and file.get("kind") in _IN_MEMORY:
        raise InputError("this run was made from documents in memory, which it does not keep", remedy=_REMEDY)
    if path is None:
        rule = "the files of this run's documents no longer exist"
        raise InputError(rule, path=str(file.get("path")), remedy=_REMEDY)
    if file.get("kind") != "folder" and file.get("bytes") not in (None, path.stat().st_size):
        raise _changed(path)
    return path


def _path_of(run: Run, file: dict[str, Any]) -> Path | None:
    """The path of a file or folder, as given or relative to the run's folder; None if it no longer exists."""
    named = Path(str(file.get("path")))
    kind = file.get("kind")
    if kind in _IN_MEMORY:
        return None
    paths = (named, *([run.folder.parent / named] if run.folder is not None else []))
    return next((path for path in paths if (path.is_dir() if kind == "folder" else path.is_file())), None)


def _changed(path: str | Path) -> InputError:
    return InputError("has changed since the run was made", path=path, remedy=f"refine again, or {_REMEDY}")
