"""`SearchedDocuments`: the documents of some indexes, less those that are gone, as if they were in one.

Units that are present are numbered as in one index: all documents, part by part, then all passages. What is
computed for each unit is computed by part and then assembled. So scores are those of one index, to the bit:
document frequencies and lengths are those of the documents that are present.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, compress, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Array, Dates, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import read_only
from selfvec.data.field_types import common_kinds, dtype_of
from selfvec.data.run_text import ShownDates
from selfvec.data.token_batch import by_part
from selfvec.files.checksums import write_sealed
from selfvec.files.memory import release
from selfvec.files.tensors import Tensor, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.storage.cache import AGAIN, RESULT, read_result
from selfvec.text.repeats import Repeats

from .documents import ENCODED, IndexedDocuments, TextVectors, Units, UnitVectors

if TYPE_CHECKING:
    import polars as pl

_GAPS = 1_000  # between slices

_WORDS = "vocabulary.txt"
_ARRAYS = "arrays.safetensors"
_NEW_ROWS = "rows of new types"
_NONE: Rows = np.zeros((0, 1), np.float32)


@dataclass(frozen=True, eq=False)
class IndexedPart:
    """The documents of one index, of which some may be gone, and its types that the first index lacks."""

    documents: IndexedDocuments
    present: Mask  # (D,)
    new_types: Sequence[str]
    new_rows: Rows  # (n, d) of these types

    @classmethod
    def whole(
        cls, documents: IndexedDocuments, new_types: Sequence[str] = (), new_rows: Rows = _NONE
    ) -> IndexedPart:
        """All documents of an index."""
        return cls(documents, np.ones(len(documents), bool), new_types, new_rows)

    @cached_property
    def numbers(self) -> tuple[Ints, Ints]:
        """The units that are present, rising: documents, and passages."""
        passages = np.flatnonzero(self.present[self.documents.owners])
        return np.flatnonzero(self.present), len(self.present) + passages

    @cached_property
    def copied(self) -> list[list[slice | Ints]]:
        """Documents and passages that are present, as places from which values are copied; see `_slices`."""
        return list(map(_slices, self.numbers))

    @cached_property
    def dates(self) -> ShownDates:
        """How the dates of the documents that are present would be shown without those of other parts."""
        return ShownDates.of(self.documents.days[self.present])

    @cached_property
    def occurs(self) -> Ints:
        """In how many of the documents that are present each of its types occurs."""
        occurs = self.documents.occurs.astype(np.int64)
        if not self.present.all():
            arrays = self.documents.arrays
            gone = np.append(~self.present, np.zeros(len(self.documents.owners), bool))[arrays["units"]]
            types = np.searchsorted(arrays["starts"], np.flatnonzero(gone), side="right") - 1
            occurs -= np.bincount(types, minlength=len(occurs))
        return occurs

    def write(self, folder: Path) -> None:
        """Write into an empty folder."""
        write_vocabulary(folder / _WORDS, self.new_types)
        write_tensors(folder / _ARRAYS, {**self.documents.arrays, _NEW_ROWS: self.new_rows})
        write_sealed(folder / RESULT, {"fields": dict(self.documents.fields)})

    @classmethod
    def read(cls, folder: Path, types: int, **sizes: int) -> IndexedPart:
        """Map what `write` has written for an index of so many types; all documents are present.

        ``sizes`` are the width d of its vectors, and that of its encoder's, h, if it has one.
        """
        new = read_vocabulary(folder / _WORDS)
        others = {_NEW_ROWS: Tensor("f4", (len(new), "d")), **(ENCODED if "h" in sizes else {})}
        sizes["V"] = types + len(new)
        fields = read_result(folder)["fields"]
        documents = IndexedDocuments.read(folder / _ARRAYS, fields, others, AGAIN, **sizes)
        return cls.whole(documents, new, documents.arrays[_NEW_ROWS])


def _slices(numbers: Ints) -> list[slice | Ints]:
    """Rising numbers as slices, which are copied several times faster; as they are if they have many gaps."""
    bounds = np.flatnonzero(np.diff(numbers) > 1) + 1
    if len(bounds) > _GAPS:
        return [numbers]
    return [slice(int(part[0]), int(part[-1]) + 1) for part in np.split(numbers, bounds) if len(part)]


@dataclass(eq=False)
class SearchedDocuments:
    """D documents and P passages, U = D + P units, that can be scored: those present of some indexes."""

    indexed: Sequence[IndexedPart]
    dated: str | None = None  # the field that the dates are from
    columns: dict[str, Any] = field(default_factory=dict)  # what filters hold of the fields between questions

    @classmethod
    def whole(cls, documents: IndexedDocuments) -> SearchedDocuments:
        """All documents of one index."""
        return cls([IndexedPart.whole(documents)])

    def __len__(self) -> int:
        """D."""
        return sum(int(np.count_nonzero(part.present)) for part in self.indexed)

    @cached_property
    def parts(self) -> Sequence[IndexedDocuments]:
        """The pieces, each with its own units and postings."""
        return [part.documents for part in self.indexed]

    @cached_property
    def is_one_index(self) -> bool:
        """Whether each unit is that of an index itself, whose arrays may be memory-mapped."""
        return len(self.indexed) == 1 and bool(self.indexed[0].present.all())

    # ---- Units, by number here and in their part

    @property
    def units(self) -> int:
        """U."""
        return len(self.lengths)

    @cached_property
    def _local_units(self) -> list[Ints]:
        """The numbers of present units in their part: documents of each part, then passages of each."""
        return [part.numbers[which] for which in (0, 1) for part in self.indexed]

    def by_part(self, units: Units) -> Iterator[tuple[int, Ints, Ints]]:
        """The part of some units, which of them are in it, and the numbers that they have there."""
        for group, which, local in by_part(self._local_units, units):
            yield group % len(self.indexed), which, local

    def located(self, unit: int) -> tuple[IndexedDocuments, int]:
        """The index of a unit, and its number there."""
        if self.is_one_index:
            return self.parts[0], unit
        ((part, _, local),) = self.by_part(np.array([unit]))
        return self.parts[part], int(local[0])

    def assembled(self, values: Sequence[Array], kinds: Sequence[int] = (0, 1)) -> Array:
        """Values of the units of each part, (…, U of the part), as those of the units present, (…, U).

        With ``kinds`` (0,) the same of documents.
        """
        if self.is_one_index:
            return values[0]
        pieces = [
            of_part[..., place]
            for which in kinds
            for part, of_part in zip(self.indexed, values, strict=True)
            for place in part.copied[which]
        ]
        return np.concatenate(pieces, axis=-1)

    @cached_property
    def lengths(self) -> Ids:
        """Tokens of each unit, (U,)."""
        return self.assembled([part.lengths for part in self.parts])

    @cached_property
    def dense(self) -> TextVectors:
        """The vectors of the units."""
        return self._joined([part.dense for part in self.parts])

    @cached_property
    def encoded(self) -> TextVectors | None:
        """The vectors of the units by the run's encoder, if it has one."""
        of_parts = [part.encoded for part in self.parts if part.encoded is not None]
        return self._joined(of_parts) if of_parts else None

    def _joined(self, vectors: Sequence[UnitVectors]) -> TextVectors:
        return vectors[0] if self.is_one_index else JoinedVectors(self, vectors, len(self))

    # ---- Types

    @cached_property
    def _first_types(self) -> int:
        return len(self.parts[0].occurs) - len(self.indexed[0].new_types)

    @cached_property
    def new_types(self) -> list[str]:
        """The types of present documents that the first index lacks, in the order in which they came."""
        present = (
            compress(part.new_types, part.occurs[self._first_types :].tolist()) for part in self.indexed
        )
        return list(dict.fromkeys(chain.from_iterable(present)))

    @property
    def new_rows(self) -> Rows:
        """The vectors of the new types, (n, d); a type has the same in all parts."""
        rows: dict[str, Rows] = {}
        for part in self.indexed:
            rows.update(zip(part.new_types, part.new_rows, strict=True))
        width = self.parts[0].dense.codes.shape[1]
        return np.array([rows[name] for name in self.new_types], np.float32).reshape(-1, width)

    @cached_property
    def _local_new_types(self) -> list[Ints]:
        """For each part the numbers that the new types have in it, -1 for those that it lacks, (n,)."""
        numbers = [dict(zip(part.new_types, count(self._first_types), strict=False)) for part in self.indexed]
        return [np.array([number.get(name, -1) for name in self.new_types], np.int64) for number in numbers]

    def local_types(self, part: int, types: Ints) -> Ints:
        """The numbers that types have in a part, -1 for those that it lacks, also of words of a question."""
        local, is_new = types.copy(), types >= self._first_types
        new = np.append(self._local_new_types[part], -1)
        local[is_new] = new[np.minimum(types[is_new] - self._first_types, len(new) - 1)]
        return local

    @cached_property
    def occurs(self) -> Ints:
        """In how many documents each type occurs, (V,)."""
        out = np.zeros(self._first_types + len(self.new_types), np.int64)
        for part, new in zip(self.indexed, self._local_new_types, strict=True):
            of_new = np.where(new < 0, 0, part.occurs[new])
            out += np.append(part.occurs[: self._first_types], of_new)
        return out

    @property
    def repeats(self) -> Repeats:
        """The passages that many documents share."""
        return self.parts[0].repeats

    # ---- Documents: ids, texts, dates

    @cached_property
    def ids(self) -> Sequence[str]:
        """Names of the documents."""
        if self.is_one_index:
            return self.parts[0].ids
        of_parts = (compress(part.documents.ids, part.present.tolist()) for part in self.indexed)
        return list(chain.from_iterable(of_parts))

    def name(self, document: int) -> str:
        """The name of a document, without those of the others."""
        part, local = self.located(document)
        return part.ids[local]

    def number(self, name: str) -> int | None:
        """The number of a document by its id; of several, the first; None if there is none."""
        before = 0
        for part in self.indexed:
            local = part.documents.numbers.get(name)
            if local is not None:
                # The first of several with this id may be gone.
                present = part.present[: local + 1]
                return before + int(present[:-1].sum()) if present[-1] else self._numbers.get(name)
            before += len(part.numbers[0])
        return None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in reversed([*enumerate(self.ids)])}

    @cached_property
    def sizes(self) -> Ints:
        """Bytes of each text, (D,)."""
        return self.assembled([part.sizes for part in self.parts], (0,))

    @cached_property
    def owners(self) -> Ids:
        """The document of each passage, (P,), rising."""
        if self.is_one_index or not any(len(part.owners) for part in self.parts):
            return self.parts[0].owners
        owners = []
        first = 0
        for part in self.indexed:
            number = np.cumsum(part.present, dtype=np.int32) - 1 + np.int32(first)
            of_part = part.documents.owners
            owners.append(number[of_part[part.present[of_part]]])
            first += int(part.present.sum())
        return read_only(np.concatenate(owners))

    def span(self, passage: int) -> tuple[int, int]:
        """Where a passage begins and ends in its document, in characters."""
        part, local = self.located(len(self) + passage)
        return part.span(local - len(part))

    def text(self, document: int) -> str:
        """A document as it is counted."""
        part, local = self.located(document)
        return part.strings("texts")[local]

    def as_given(self, document: int) -> str:
        """A document as it came."""
        part, local = self.located(document)
        return part.strings("given")[local] or self.text(document)

    def release_texts(self) -> None:
        """Let the system take back the memory of texts that were read: it maps further pages around each."""
        for part in self.parts:
            release(part.arrays["texts"])

    @cached_property
    def days(self) -> Dates:
        """The date of each document, (D,) datetime64[D], NaT without one."""
        return self.assembled([part.days for part in self.parts], (0,))

    def day(self, document: int) -> str | None:
        """The date of a document, such as 2020-06-18, or 2020 if the text has years only."""
        shown = ShownDates(all(part.dates.as_years for part in self.indexed))
        return shown.shown(self.days[document : document + 1])[0]

    def ordered(self, by: str) -> Ints:
        """Numbers of the documents, (D,): by ``number``, ``newest``, ``oldest``, ``longest``, ``shortest``.

        Documents without a date come last, ties by number.
        """
        days = np.where(np.isnat(self.days), np.inf, self.days.astype(np.int64).astype(np.float64))
        keys = {
            "number": np.zeros(len(self)),
            "newest": np.where(np.isfinite(days), -days, np.inf),
            "oldest": days,
            "longest": -self.sizes,
            "shortest": self.sizes,
        }
        return np.argsort(keys[by], kind="stable")

    # ---- Fields

    @cached_property
    def fields(self) -> dict[str, str]:
        """The kind of each field."""
        return common_kinds(part.fields for part in self.parts)

    @cached_property
    def _values(self) -> dict[str, pl.Series]:
        return {}

    def values(self, field: str) -> pl.Series:
        """A field of each document, (D,), of its kind; null without a value."""
        import polars as pl

        if field not in self._values:
            dtype: Any = dtype_of(self.fields[field])
            of_parts = (
                part.documents.values(field).cast(dtype)
                if field in part.documents.fields
                else pl.Series([None], dtype=dtype).new_from_index(0, len(part.documents))
                for part in self.indexed
            )
            present = (pl.Series(part.present) for part in self.indexed)
            self._values[field] = pl.concat(map(pl.Series.filter, of_parts, present))
        return self._values[field]

    def fields_of(self, document: int) -> dict[str, Any]:
        """The fields of a document."""
        part, local = self.located(document)
        return part.fields_of(local)

    def passing(self, filters: Sequence[str], lacking: list[str]) -> Mask:
        """The documents that pass, (D,) bool, see `selfvec.corpus.filters.allowed`; all without filters."""
        if not filters:
            return np.ones(len(self.days), bool)
        from selfvec.corpus.filters import allowed  # a search without filters does not load them

        return allowed(self, filters, lacking)


@dataclass(frozen=True, eq=False)
class JoinedVectors(TextVectors):
    """The vectors of the units of several parts that are present."""

    searched: SearchedDocuments
    vectors: Sequence[UnitVectors]  # of each part
    documents: int

    def among(self, units: Units) -> UnitVectors:
        codes = np.empty((len(units), self.vectors[0].codes.shape[1]), np.int8)
        scales = np.empty(len(units), np.float32)
        for part, which, local in self.searched.by_part(units):
            codes[which], scales[which] = self.vectors[part].codes[local], self.vectors[part].scales[local]
        return UnitVectors(codes, scales, len(units))

    def products(self, query: Rows) -> Floats:
        return self.searched.assembled([vectors.products(query) for vectors in self.vectors])
