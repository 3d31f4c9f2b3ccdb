"""`SearchedDocuments`: the documents of some indexes, less those that are gone, as if they were in one.

Units that are present are numbered as in one index: all documents, part by part, then all passages. What is
computed for each unit is computed by part and then assembled. So scores are those of one index, to the bit:
document frequencies and lengths are those of the documents that are present.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Array, Floats, Ids, Ints, Mask, Rows
from selfvec.base.compiled import read_only
from selfvec.data.field_types import coded, common_kind, dtype_of
from selfvec.data.run_text import ShownDates
from selfvec.files.checksums import write_sealed
from selfvec.files.memory import release
from selfvec.files.tensors import Forms, Tensor, write_tensors
from selfvec.files.text_files import read_vocabulary, write_vocabulary
from selfvec.storage.cache import AGAIN, RESULT, read_result
from selfvec.text.repeats import Repeats

from . import kernels
from .documents import IndexedDocuments, TextVectors, UnitVectors

if TYPE_CHECKING:
    import polars as pl

_GAPS = 1_000  # between slices

_WORDS = "vocabulary.txt"
_ARRAYS = "arrays.safetensors"
_NEW_ROWS = "rows of new types"

ENCODED: Forms = {
    "encoder vectors": Tensor("i1", ("D + P", "h")),
    "encoder scales": Tensor("f4", ("D + P",), finite=True),
}
"""What is written of the encoder's vectors of units."""


@dataclass(frozen=True, eq=False)
class IndexedPart:
    """The documents of one index, of which some may be gone, and its types that the first index lacks."""

    documents: IndexedDocuments
    present: Mask  # (D,)
    new_types: Sequence[str]
    new_rows: Rows  # (n, d) of these types
    encoded: UnitVectors | None = None  # by the run's encoder

    @cached_property
    def numbers(self) -> tuple[Ints, Ints]:
        """The units that are present, rising: documents, and passages."""
        passages = np.flatnonzero(self.present[self.documents.owners])
        return np.flatnonzero(self.present), len(self.present) + passages

    @cached_property
    def places(self) -> list[list[slice | Ints]]:
        """The same, to copy their values; see `_slices`."""
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
            gone = read_only(np.concatenate([~self.present, np.zeros(len(self.documents.owners), bool)]))
            kernels.leave_out(arrays["starts"], arrays["units"], gone, occurs)
        return occurs

    def write(self, folder: Path) -> None:
        """Write into an empty folder."""
        write_vocabulary(folder / _WORDS, self.new_types)
        encoded = self.encoded
        own: dict[str, Array] = {}
        if encoded is not None:
            own = dict(zip(ENCODED, (encoded.codes, encoded.scales), strict=True))
        write_tensors(folder / _ARRAYS, {**self.documents.arrays, _NEW_ROWS: self.new_rows, **own})
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
        size = len(documents)
        encoded = None
        if "h" in sizes:
            codes, scales = (documents.arrays[name] for name in ENCODED)
            encoded = UnitVectors(codes, scales, size)
        return cls(documents, np.ones(size, bool), new, documents.arrays[_NEW_ROWS], encoded)


def _slices(numbers: Ints) -> list[slice | Ints]:
    """Rising numbers as slices, which are copied several times faster; as they are if they have many gaps."""
    bounds = np.flatnonzero(np.diff(numbers) > 1) + 1
    if len(bounds) > _GAPS:
        return [numbers]
    return [slice(int(part[0]), int(part[-1]) + 1) for part in np.split(numbers, bounds) if len(part)]


@dataclass(frozen=True, eq=False)
class PresentUnits:
    """The units that are present: those of each part, first all documents, then all passages."""

    parts: Sequence[IndexedPart]

    @cached_property
    def _numbers(self) -> list[Ints]:
        """In their part: twice as many as parts."""
        return [part.numbers[which] for which in (0, 1) for part in self.parts]

    @cached_property
    def _ends(self) -> Ints:
        return np.cumsum([len(own) for own in self._numbers])

    def by_part(self, units: NDArray[np.integer[Any]]) -> Iterator[tuple[Ints, int, Ints]]:
        """Which of some units are together in a part, its number, and the numbers that they have there."""
        owners = np.searchsorted(self._ends, units, side="right")
        for owner in np.unique(owners).tolist():
            which = np.flatnonzero(owners == owner)
            own = self._numbers[owner]
            yield which, owner % len(self.parts), own[units[which] - (self._ends[owner] - len(own))]

    def assembled(self, values: Sequence[Array], kinds: Sequence[int] = (0, 1)) -> Array:
        """Values of the units of each part, (…, U of the part), as those of the units present, (…, U).

        With ``kinds`` (0,) the same of documents.
        """
        pieces = [
            of_part[..., place]
            for which in kinds
            for part, of_part in zip(self.parts, values, strict=True)
            for place in part.places[which]
        ]
        return np.concatenate(pieces, axis=-1)


@dataclass(frozen=True, eq=False)
class JoinedVectors(TextVectors):
    """The vectors of the units of several parts that are present."""

    present: PresentUnits
    vectors: Sequence[UnitVectors]  # of each part
    documents: int

    def among(self, units: NDArray[np.integer[Any]]) -> UnitVectors:
        codes = np.empty((len(units), self.vectors[0].codes.shape[1]), np.int8)
        scales = np.empty(len(units), np.float32)
        for which, part, own in self.present.by_part(units):
            codes[which], scales[which] = self.vectors[part].codes[own], self.vectors[part].scales[own]
        return UnitVectors(codes, scales, len(units))

    def products(self, query: Rows) -> Floats:
        return self.present.assembled([vectors.products(query) for vectors in self.vectors])


class SearchedDocuments:
    """D documents and P passages, U = D + P units, that can be scored: those present of some indexes."""

    def __init__(self, indexed: Sequence[IndexedPart]) -> None:
        self.indexed = tuple(indexed)
        first = self.indexed[0]
        self._types = len(first.documents.occurs) - len(first.new_types)  # of the first index
        names = dict.fromkeys(chain.from_iterable(part.documents.fields for part in indexed))
        self.fields = {
            name: common_kind(
                part.documents.fields[name] for part in indexed if name in part.documents.fields
            )
            for name in names
        }
        self._present = PresentUnits(self.indexed)
        self._coded: dict[str, tuple[Ids, list[str]]] = {}
        self._typed: dict[str, pl.Series] = {}
        self.dated: str | None = None  # the field that the dates are from
        self.columns: dict[str, Any] = {}  # what filters hold of the fields between questions
        # What is computed for each unit is then that of the index itself, which may be memory-mapped.
        self.is_whole = len(self.indexed) == 1 and bool(first.present.all())

    @classmethod
    def whole(cls, documents: IndexedDocuments) -> SearchedDocuments:
        """All documents of one index."""
        return cls([IndexedPart(documents, np.ones(len(documents), bool), [], np.zeros((0, 1), np.float32))])

    def __len__(self) -> int:
        """D."""
        return sum(int(np.count_nonzero(part.present)) for part in self.indexed)

    @property
    def units(self) -> int:
        """U."""
        return len(self.lengths)

    @cached_property
    def new_types(self) -> list[str]:
        """The types of present documents that the first index lacks, in the order in which they came."""
        present = (
            name
            for part in self.indexed
            for name, occurs in zip(part.new_types, part.occurs[self._types :].tolist(), strict=True)
            if occurs
        )
        return list(dict.fromkeys(present))

    @property
    def new_rows(self) -> Rows:
        """The vectors of the new types, (n, d); a type has the same in all parts."""
        rows = {
            name: row
            for part in self.indexed
            for name, row in zip(part.new_types, part.new_rows, strict=True)
        }
        width = self.parts[0].dense.codes.shape[1]
        return np.array([rows[name] for name in self.new_types], np.float32).reshape(-1, width)

    @cached_property
    def _own_types(self) -> list[dict[int, int]]:
        """For each part the numbers that new types have in it."""
        number = {name: self._types + place for place, name in enumerate(self.new_types)}
        return [
            {number[name]: self._types + place for place, name in enumerate(part.new_types) if name in number}
            for part in self.indexed
        ]

    @property
    def parts(self) -> Sequence[IndexedDocuments]:
        """The pieces, each with its own units and postings."""
        return [part.documents for part in self.indexed]

    def assembled(self, values: Sequence[Array], kinds: Sequence[int] = (0, 1)) -> Array:
        """As `PresentUnits.assembled`; the values themselves of one part that is whole."""
        return values[0] if self.is_whole else self._present.assembled(values, kinds)

    def own_types(self, part: int, types: Ints) -> Ints:
        """The numbers that types have in a part, -1 for those that it lacks."""
        own = types.copy()
        for place in np.flatnonzero(types >= self._types).tolist():
            own[place] = self._own_types[part].get(int(types[place]), -1)
        return own

    @cached_property
    def occurs(self) -> Ints:
        """In how many documents each type occurs, (V,)."""
        out = np.zeros(self._types + len(self.new_types), np.int64)
        for part, own in zip(self.indexed, self._own_types, strict=True):
            out[: self._types] += part.occurs[: self._types]
            for number, place in own.items():
                out[number] += part.occurs[place]
        return out

    def located(self, unit: int) -> tuple[IndexedPart, int]:
        """The part of a unit, and its number there."""
        if self.is_whole:
            return self.indexed[0], unit
        ((_, part, own),) = self._present.by_part(np.array([unit]))
        return self.indexed[part], int(own[0])

    def joined(self, vectors: Sequence[UnitVectors]) -> TextVectors:
        """The vectors of the units of each part as those of the units that are present."""
        if self.is_whole:
            return vectors[0]
        return JoinedVectors(self._present, vectors, len(self))

    @cached_property
    def dense(self) -> TextVectors:
        """The vectors of the units."""
        return self.joined([part.dense for part in self.parts])

    def vectors(self, units: NDArray[np.integer[Any]]) -> Floats:
        """Vectors of units, (n, d) float32."""
        return self.dense.at(units)

    @property
    def repeats(self) -> Repeats:
        """The passages that many documents share."""
        return self.indexed[0].documents.repeats

    @cached_property
    def ids(self) -> Sequence[str]:
        """Names of the documents."""
        if self.is_whole:
            return self.indexed[0].documents.ids
        of_parts = (compress(part.documents.ids, part.present.tolist()) for part in self.indexed)
        return list(chain.from_iterable(of_parts))

    def name(self, document: int) -> str:
        """The name of a document, without those of the others."""
        part, own = self.located(document)
        return part.documents.ids[own]

    @cached_property
    def days(self) -> NDArray[np.datetime64]:
        """The date of each document, (D,) datetime64[D], NaT without one."""
        return self.assembled([part.days for part in self.parts], (0,))

    def passing(self, filters: Sequence[str], lacking: list[str]) -> Mask:
        """The documents that pass, (D,) bool, see `selfvec.corpus.filters.allowed`; all without filters."""
        if not filters:
            return np.ones(len(self.days), bool)
        from selfvec.corpus.filters import allowed  # a search without filters does not load them

        return allowed(self, filters, lacking)

    @cached_property
    def sizes(self) -> Ints:
        """Bytes of each text, (D,)."""
        return self.assembled([part.sizes for part in self.parts], (0,))

    @cached_property
    def lengths(self) -> Ids:
        """Tokens of each unit, (U,)."""
        return self.assembled([part.lengths for part in self.parts])

    @cached_property
    def owners(self) -> Ids:
        """The document of each passage, (P,), rising."""
        if self.is_whole or not any(len(part.owners) for part in self.parts):
            return self.indexed[0].documents.owners
        owners = []
        first = 0
        for part in self.indexed:
            number = np.cumsum(part.present, dtype=np.int32) - 1 + np.int32(first)
            own = part.documents.owners
            owners.append(number[own[part.present[own]]])
            first += int(part.present.sum())
        return read_only(np.concatenate(owners))

    def span(self, passage: int) -> tuple[int, int]:
        """Where a passage begins and ends in its document, in characters."""
        part, own = self.located(len(self) + passage)
        return part.documents.span(own - len(part.documents))

    def text(self, document: int) -> str:
        """A document as it is counted."""
        part, own = self.located(document)
        return part.documents.strings("texts")[own]

    def as_given(self, document: int) -> str:
        """A document as it came."""
        part, own = self.located(document)
        return part.documents.strings("given")[own] or self.text(document)

    def number(self, name: str) -> int | None:
        """The number of a document by its id; of several, the first; None if there is none."""
        before = 0
        for part in self.indexed:
            own = part.documents.numbers.get(name)
            if own is not None:
                # The first of several with this id may be gone.
                here = part.present[own]
                return before + int(np.count_nonzero(part.present[:own])) if here else self._numbers.get(name)
            before += len(part.numbers[0])
        return None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in reversed([*enumerate(self.ids)])}

    def field(self, name: str) -> tuple[Ids, list[str]]:
        """A field as codes, (D,), -1 for documents without it, and the values of the codes."""
        if self.is_whole:
            return self.indexed[0].documents.field(name)
        if name not in self._coded:
            values: list[str | None] = []
            for part in self.indexed:
                if name in part.documents.fields:
                    codes, texts = part.documents.field(name)
                    values += [texts[code] if code >= 0 else None for code in codes[part.present].tolist()]
                else:
                    values += [None] * len(part.numbers[0])
            self._coded[name] = coded(values)
        return self._coded[name]

    def values(self, field: str) -> pl.Series:
        """A field of each document, (D,), of its kind; null without a value."""
        import polars as pl

        if field not in self._typed:
            dtype: Any = dtype_of(self.fields[field])
            parts = [
                part.documents.values(field).cast(dtype)
                if field in part.documents.fields
                else pl.Series([None], dtype=dtype).new_from_index(0, len(part.documents))
                for part in self.indexed
            ]
            of_parts = zip(parts, self.indexed, strict=True)
            self._typed[field] = pl.concat([own.filter(pl.Series(part.present)) for own, part in of_parts])
        return self._typed[field]

    def fields_of(self, document: int) -> dict[str, Any]:
        """The fields of a document."""
        part, own = self.located(document)
        return part.documents.fields_of(own)

    def release_texts(self) -> None:
        """Let the system take back the memory of texts that were read: it maps further pages around each."""
        for part in self.parts:
            release(part.arrays["texts"])

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
