"""The documents of a run, as hashes, and the documents of a new text that the run does not have.

A document is known by its text. A document with a known id in a known file and a different text is a new
version. Only hashes are kept, so that a run without tokens can still recognise its documents.
`KnownDocuments.find` finds documents to withdraw; `selfvec.refinement.incremental.update` takes them out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from selfvec.base.arrays import Array, Hashes, Mask
from selfvec.base.errors import FormatError, OptionError
from selfvec.base.tensors import check_tensors, map_tensors, write_tensors
from selfvec.data.run import Run
from selfvec.data.token_batch import ONCE

from .corpus import CorpusPart
from .documents import Documents
from .fingerprints import fingerprints

__all__ = ["Intake", "KnownDocuments", "known_documents"]

_FILE = "documents.safetensors"
_FIELDS = ("texts", "ids", "files")
_AGAIN = "make the run again"


@dataclass(frozen=True, eq=False)
class KnownDocuments:
    """Hashes of D documents in the order of the run's tokens."""

    texts: Hashes  # (D,) fingerprints, their lowest bit 0
    ids: Hashes  # (D,) 0 if a document has none
    files: Hashes  # (D,) of absolute paths; 0 for documents from a pipe or from memory

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, documents: Mask) -> KnownDocuments:
        """The selected documents, (D,) bool."""
        return KnownDocuments(*(getattr(self, name)[documents] for name in _FIELDS))

    @classmethod
    def joined(cls, parts: Sequence[KnownDocuments]) -> KnownDocuments:
        """The documents of several corpora, one after the other."""
        empty = np.zeros(0, np.uint64)
        return cls(*(np.concatenate([empty, *(getattr(p, name) for p in parts)]) for name in _FIELDS))

    @property
    def versions(self) -> Hashes:
        """A hash of file and id, equal for versions of one document; 0 without file or id, (D,)."""
        mixed = self.files * np.uint64(0x9E3779B97F4A7C15) ^ self.ids
        return np.where((self.files != 0) & (self.ids != 0), mixed, np.uint64(0))

    def find(self, wanted: Sequence[str | Path]) -> Mask:
        """The documents with these ids (str) or from these files (Path), (D,) bool.

        Raises `OptionError` if no document has such an id or file.
        """
        found = np.zeros(len(self), bool)
        for one in wanted:
            if isinstance(one, Path):
                option = "withdraw-file"
                rule = f"no document of the run came from '{one}'"
                here = self.files == _path_hash(one)
            else:
                option = "withdraw"
                rule = f"no document of the run has the id {one!r}"
                here = self.ids == fingerprints(pl.Series([one]))
            if not here.any():
                raise OptionError(rule, field=option, remedy="check the name")
            found |= here
        return found

    def save(self, folder: Path) -> None:
        """Write into ``folder``, which does not exist yet."""
        folder.mkdir()
        write_tensors(folder / _FILE, {name: getattr(self, name) for name in _FIELDS})


def _absolute(path: str | Path) -> str:
    """An absolute path without ``.`` and ``..``. Links are not resolved, because they may change."""
    return os.path.normpath(Path(path).absolute())


def _path_hash(path: str | Path) -> np.uint64:
    return np.uint64(fingerprints(pl.Series([_absolute(path)]))[0])


def known_documents(run: Run) -> KnownDocuments | None:
    """The documents of a run; of an older run only the hashes of texts; None if it kept neither."""
    kept = run.parts.get("documents")
    if isinstance(kept, KnownDocuments):
        return kept
    path = None if run.folder is None else run.folder / "documents" / _FILE
    if path is not None and path.is_file():
        tensors = map_tensors(path)
        check_tensors(tensors, dict.fromkeys(_FIELDS, ("u8", ("D",))), path, _AGAIN)
        if run.tokens is not None and len(tensors["texts"]) != run.tokens.documents:
            rule = f"does not have hashes of the run's {run.tokens.documents:,} documents"
            raise FormatError(rule, path=path, remedy=_AGAIN)
        return KnownDocuments(*(tensors[name] for name in _FIELDS))
    if run.tokens is None or run.tokens.fingerprints is None:
        return None
    texts = run.tokens.fingerprints & ~ONCE
    return KnownDocuments(texts, np.zeros_like(texts), np.zeros_like(texts))


@dataclass
class Intake:
    """Selects the documents of a corpus that are not ``known`` while it is read, and records them."""

    known: KnownDocuments | None = None
    taken: list[KnownDocuments] = field(default_factory=list)
    read: list[Hashes] = field(default_factory=list)  # hashes of texts, including the known ones
    counts: dict[str, list[int]] = field(default_factory=dict)  # by path: documents taken, documents known
    _texts: Hashes = field(init=False)

    def __post_init__(self) -> None:
        self._texts = np.unique(self.known.texts) if self.known else np.zeros(0, np.uint64)

    def __call__(self, batch: Documents, part: CorpusPart) -> Mask:
        """Which documents of a batch are new, (D,) bool."""
        assert batch.fingerprints is not None
        texts = batch.fingerprints & ~ONCE
        ids = np.zeros_like(texts) if batch.ids is None else fingerprints(batch.ids)
        files = np.zeros_like(texts)
        if part.kind == "folder" and batch.ids is not None:
            files = fingerprints(_absolute(part.path) + "/" + batch.ids)
        elif part.size is not None and part.kind not in ("memory", "frame"):
            files[:] = _path_hash(part.path)
        new = ~np.isin(texts, self._texts)
        self.taken.append(KnownDocuments(texts, ids, files).part(new))
        self.read.append(texts)
        numbers = self.counts.setdefault(part.path, [0, 0])
        numbers[0] += int(new.sum())
        numbers[1] += int((~new).sum())
        return new

    @property
    def documents(self) -> KnownDocuments:
        """The new documents."""
        return KnownDocuments.joined(self.taken)

    def replaced(self) -> Mask:
        """Known documents that were replaced: a new version was read, the old text was not. (D,) bool."""
        if self.known is None:
            return np.zeros(0, bool)
        versions = self.known.versions
        new = self.documents.versions
        gone = ~np.isin(self.known.texts, np.concatenate([np.zeros(0, np.uint64), *self.read]))
        found: Array = (versions != 0) & np.isin(versions, new) & gone
        return found
