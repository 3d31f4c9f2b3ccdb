"""The documents that runs keep as parts of a corpus, and how new documents relate to them.

A run is made from documents that runs keep, less those that are withdrawn or replaced, and from new ones. A
document is known by its text. A document with the id of a known one and with another text is a new version of
it, wherever it came from; where ids are the names of files in a folder, if it came from the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import polars as pl

from selfvec.base.arrays import Array, Hashes, Mask
from selfvec.base.errors import OptionError
from selfvec.base.names import listed
from selfvec.data import run as record
from selfvec.data.documents import Documents
from selfvec.data.field_types import all_written
from selfvec.data.run_text import (
    DATE,
    FILE,
    FINGERPRINT,
    GIVEN,
    ID,
    NAME,
    NO_CONTENT,
    SLICE,
    RunText,
    column_or_nulls,
)

from .corpus import Corpus
from .dates import DateField
from .documents import Part, absolute
from .fingerprints import Seen, fingerprints
from .summary import CorpusPass, note_on_ids

REPLACE, KEEP, ERROR = "replace", "keep", "error"
"""What becomes of a document whose id the run has: it replaces that one, stays beside it, or is an error."""

NAMED = 3  # ids in an error
_MAY_MISS = (ID, DATE, SLICE, FILE)


class KeptPart(Part):
    """The documents of a run, all or those that are selected, (D,) bool."""

    def __init__(self, text: RunText, selected: Mask | None) -> None:
        super().__init__("the run's documents", "run")
        self.text = text
        self.selected = selected

    def documents(
        self, corpus_pass: CorpusPass, seen: Seen, date_field: DateField | None = None
    ) -> Iterator[Documents]:
        del date_field  # their dates are kept as days
        start = 0
        for frame in self.text.batches():
            here = slice(start, start + len(frame))
            start = here.stop
            missing = [name for name in _MAY_MISS if frame[name].null_count() == len(frame)]
            # A document without an id is called by its number in the run that is made.
            batch = Documents(frame.drop([*missing, NAME], strict=False))
            kept = np.ones(len(batch), bool) if self.selected is None else self.selected[here]
            documents = int(kept.sum())
            new = int(seen.add(frame[FINGERPRINT].to_numpy()[kept]).sum())
            corpus_pass.summary.duplicates += documents - new
            corpus_pass.summary.documents += documents
            if kept.any():
                yield batch if kept.all() else batch.part(kept)


def kept_corpus(parts: Sequence[tuple[RunText, Mask | None]]) -> Corpus:
    """The selected documents of several runs, one after the other, as a corpus."""
    return Corpus([KeptPart(text, selected) for text, selected in parts], "the run's documents")


def repeated_between(texts: Sequence[RunText]) -> int:
    """How many texts of runs an earlier run has."""
    marks = [text.read((FINGERPRINT,))[FINGERPRINT].unique() for text in texts]
    return sum(map(len, marks)) - pl.concat(marks).n_unique()


def notes_on_ids(parts: Sequence[tuple[RunText, Mask | None]]) -> list[str]:
    """What is said of the ids in `kept_corpus`; nothing if no two documents share one."""
    columns = [(text.read((ID,))[ID], selected) for text, selected in parts]
    ids = pl.concat(
        column if selected is None else column.filter(pl.Series(selected)) for column, selected in columns
    )
    repeated = ids.filter(ids.is_not_null() & ~ids.is_first_distinct())
    return [note_on_ids(len(repeated), repr(repeated[0]))] if len(repeated) else []


@dataclass(frozen=True, eq=False)
class KnownDocuments:
    """Hashes of D documents, in their order."""

    texts: Hashes  # (D,) fingerprints
    ids: Hashes  # (D,) 0 if a new document has none
    files: Hashes  # (D,) of absolute paths; 0 for documents from a pipe or from memory
    versions: Hashes  # (D,) equal for versions of one document; 0 without an id
    given: Hashes  # (D,) of the texts as they came; 0 where these are no others, or were not read

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of(cls, documents: pl.DataFrame) -> KnownDocuments:
        """From the columns ``id``, ``_file``, ``_fingerprint`` and ``_given`` of a `RunText`."""
        texts = documents[FINGERPRINT].to_numpy()
        names, paths, given = (column_or_nulls(documents, name) for name in (ID, FILE, GIVEN))
        files = hashed(paths)
        versions = ids = hashed(names)
        if files.any():
            # Two folders may both have a file notes.txt: these are two documents.
            by_file = paths.str.ends_with(pl.lit("/") + names).fill_null(False).to_numpy()
            mixed = files * np.uint64(0x9E3779B97F4A7C15) ^ ids
            versions = np.where(by_file & (ids != 0), mixed, ids)
        return cls(texts, ids, files, versions, hashed(given))

    @classmethod
    def of_text(cls, text: RunText) -> KnownDocuments:
        """Those of a run; a document without an id has what it is called, of which there are no versions."""
        documents = cls.of(text.named((FILE, FINGERPRINT)))
        lacking = text.read((ID,))[ID].is_null().to_numpy()
        if not lacking.any():
            return documents
        return replace(documents, versions=np.where(lacking, 0, documents.versions))

    @property
    def named(self) -> Mask:
        """Which have an id of their own, (D,) bool; others are called by a number."""
        named: Mask = self.versions != 0
        return named

    def with_given(self, text: RunText) -> KnownDocuments:
        """The same of a run, whose texts as they came are read; they may be longer than the memory."""
        batches = text.batches((FINGERPRINT, GIVEN))
        return replace(self, given=np.concatenate([hashed(rows[GIVEN]) for rows in batches]))

    @cached_property
    def pairs(self) -> Hashes:
        """A hash of version and text, also as it came, (D,)."""
        return self.versions * np.uint64(0x94D049BB133111EB) ^ self.texts ^ self.given

    def find(self, wanted: Sequence[str | Path]) -> Mask:
        """The documents with these ids (str) or from these files (Path), (D,) bool.

        Raises `OptionError` if no document has such an id or file.
        """
        wanted_here = np.zeros(len(self), bool)
        for name in told_apart(wanted, self.ids):
            if isinstance(name, Path):
                option = "withdraw-file"
                rule = f"no document of the run came from '{name}'"
                here = self.files == hashed(pl.Series([absolute(name)]))[0]
            else:
                option = "withdraw"
                rule = f"no document of the run has the id {name!r}"
                (here,) = _with_ids(hashed(pl.Series([name])), [self], [np.ones(len(self), bool)])
            if not here.any():
                raise OptionError(rule, field=option, remedy="check the name")
            wanted_here |= here
        return wanted_here


def _with_ids(keys: Hashes, parts: Sequence[KnownDocuments], present: Sequence[Mask]) -> list[Mask]:
    """Which documents of each part are present and have one of these ids, which come before numbers."""
    having = [np.isin(known.ids, keys) & here for known, here in zip(parts, present, strict=True)]
    own = np.concatenate([known.ids[mask & known.named] for known, mask in zip(parts, having, strict=True)])
    return [
        mask & (known.named | ~np.isin(known.ids, own)) for known, mask in zip(parts, having, strict=True)
    ]


def told_apart(wanted: Sequence[str | Path], ids: Hashes) -> Iterator[str | Path]:
    """Ids that may hold commas, out of texts that may name several with commas; ``ids`` are all."""
    several = any(isinstance(name, str) and "," in name for name in wanted)
    there = set(ids.tolist()) if several else set()
    for name in wanted:
        if isinstance(name, Path) or "," not in name:
            yield name
        else:
            yield from listed(name, lambda name: name if int(hashed(pl.Series([name]))[0]) in there else None)


def hashed(names: pl.Series) -> Hashes:
    """A hash of each name, (n,); 0 where there is none."""
    marks = fingerprints(names)
    marks[names.is_null().to_numpy()] = 0
    return marks


class RunDocuments:
    """The documents that parts of a run have. New ones are known by their ids, or else by their texts."""

    def __init__(self, parts: Sequence[record.Part]) -> None:
        self._parts = parts
        self._known = [
            part.segment.held("known", partial(KnownDocuments.of_text, part.segment.text)) for part in parts
        ]

    def _each(self) -> Iterator[tuple[record.Part, KnownDocuments]]:
        return zip(self._parts, self._known, strict=True)

    @property
    def ids(self) -> Hashes:
        """Hashes of the ids of those that are present."""
        return np.concatenate([known.ids[part.present] for part, known in self._each()])

    def with_ids(self, ids: Sequence[str]) -> tuple[list[Mask], list[str]]:
        """Which documents of each part are present and have one of these ids; and the ids that none has."""
        keys = hashed(pl.Series(ids, dtype=pl.String))
        having = _with_ids(keys, self._known, [part.present for part in self._parts])
        there = [known.ids[mask] for mask, known in zip(having, self._known, strict=True)]
        return having, [
            ids[place] for place in np.flatnonzero(~np.isin(keys, np.concatenate(there))).tolist()
        ]

    def new_of(self, rows: pl.DataFrame, duplicates: str) -> tuple[pl.DataFrame, list[Mask]]:
        """New documents that the run has not yet, and those of each part that they replace.

        `OptionError` if ``duplicates`` is `ERROR` and some have the id of another.
        """
        if duplicates == KEEP:
            return rows, [np.zeros(len(known), bool) for known in self._known]
        if duplicates == ERROR:
            self._refuse(rows)
        if ID in rows:
            rows = rows.filter(rows[ID].is_null() | rows[ID].is_last_distinct())
        older = self._older(rows)
        ids = column_or_nulls(rows, ID)
        unnamed = ids.is_null().to_numpy()
        skipped = np.zeros(len(rows), bool)
        for (part, known), mask in zip(self._each(), older, strict=True):
            numbers = np.flatnonzero(mask)
            if len(numbers):
                old = part.segment.text.named(part.segment.text.columns, numbers.tolist())
                same = _same(rows, old)
                skipped |= ids.is_in(same.implode()).fill_null(False).to_numpy()
                mask[numbers[old[ID].is_in(same.implode()).to_numpy()]] = False
            if unnamed.any():
                skipped |= unnamed & np.isin(rows[FINGERPRINT].to_numpy(), known.texts[part.present])
        return rows.filter(pl.Series(~skipped)), older

    def _older(self, rows: pl.DataFrame) -> list[Mask]:
        """Which documents of each part are present, and have a new version."""
        new = KnownDocuments.of(rows).versions
        return [np.isin(known.versions, new) & known.named & part.present for part, known in self._each()]

    def _refuse(self, rows: pl.DataFrame) -> None:
        """Raise `OptionError` if documents of the run, or several new ones, have the id of a new one."""
        for part, mask in zip(self._parts, self._older(rows), strict=True):
            numbers = np.flatnonzero(mask)[:NAMED].tolist()
            if numbers:
                names = ", ".join(map(repr, part.segment.text.names(numbers)))
                remedy = f"replace them, with {REPLACE}, or {KEEP} both"
                raise OptionError(
                    f"the run has documents with the id {names}", field="duplicates", remedy=remedy
                )
        ids = column_or_nulls(rows, ID)
        repeated = ids.filter(ids.is_not_null() & ids.is_duplicated()).unique(maintain_order=True).head(NAMED)
        if len(repeated):
            rule = f"several of the documents have the id {', '.join(map(repr, repeated))}"
            remedy = f"give each an id of its own, or {REPLACE} them"
            raise OptionError(rule, field="duplicates", remedy=remedy)


def _same(new: pl.DataFrame, old: pl.DataFrame) -> pl.Series:
    """The ids of documents that are the same again, in all columns but the file they came from."""
    names = [name for name in dict.fromkeys([*old.columns, *new.columns]) if name not in NO_CONTENT]

    def by_id(frame: pl.DataFrame) -> pl.DataFrame:
        lacking = [pl.lit(None, pl.String).alias(name) for name in names if name not in frame]
        texts = all_written(frame, [name for name in names if name in frame])
        return texts.with_columns(lacking).select(ID, pl.struct(names).hash().alias("hash"))

    both = by_id(new).join(by_id(old), on=ID)
    return both.filter(pl.col("hash") == pl.col("hash_right"))[ID]


class Intake:
    """Selects the documents of a text that are not ``known``, and notes what they replace."""

    def __init__(self, known: KnownDocuments, *, allow_duplicates: bool = False) -> None:
        self.known = known
        self.counts: dict[str, list[int]] = {}  # by path: documents taken, documents known
        self._taking_all = allow_duplicates
        self._read: list[Hashes] = [np.zeros(0, np.uint64)]  # version and text of all that were read
        self._versions: list[Hashes] = [np.zeros(0, np.uint64)]  # of those that were taken

    def taken(self, batch: Documents, path: str) -> Documents:
        new_documents = KnownDocuments.of(batch.rows)
        new = np.ones(len(batch), bool)
        if not self._taking_all:
            again = np.isin(new_documents.versions, self.known.versions) & (new_documents.versions != 0)
            text = np.isin(new_documents.texts, self.known.texts)
            new = np.where(again, ~np.isin(new_documents.pairs, self.known.pairs), ~text)
        self._read.append(new_documents.pairs)
        self._versions.append(new_documents.versions[new])
        numbers = self.counts.setdefault(path, [0, 0])
        numbers[0] += int(new.sum())
        numbers[1] += int((~new).sum())
        return batch if new.all() else batch.part(new)

    def replaced(self) -> Mask:
        """Known documents that were replaced: a new version was read, the old one was not. (D,) bool."""
        versions = self.known.versions
        if self._taking_all:
            return np.zeros(len(versions), bool)
        gone = ~np.isin(self.known.pairs, np.concatenate(self._read))
        replaced: Array = (versions != 0) & np.isin(versions, np.concatenate(self._versions)) & gone
        return replaced
