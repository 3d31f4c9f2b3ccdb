"""`IndexedDocuments`: the arrays of an index that hold its documents.

Whole documents come first, then the passages of the long ones; both are called units. All arrays can be
memory-mapped. They are immutable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Array, Floats, Ids, Int8s, Ints
from selfvec.base.compiled import read_only
from selfvec.corpus.filters import coded
from selfvec.data.token_batch import TokenBatch
from selfvec.files.memory import PackedStrings
from selfvec.text.repeats import Repeats

from . import kernels
from .documents import GatheredDocuments
from .unit_vectors import UnitVectors

Arrays = Mapping[str, Array]


def _arrays_of(name: str, strings: PackedStrings) -> dict[str, Array]:
    return {name: strings.data, f"{name} ends": strings.ends}


@dataclass(frozen=True, eq=False)
class IndexedDocuments:
    """D documents and P passages, U = D + P units, of V types with N postings, ready to be scored.

    The arrays: ``starts`` (V + 1,) of the postings of each type, ``units`` (N,) and ``counts`` (N,);
    ``lengths`` (U,) in tokens; ``owners`` (P,) and ``spans`` (P, 2) of the passages, in characters;
    ``vectors`` (U, d) as integers, times ``scales`` (U,); ``days`` (D,); ids, texts, and fields as codes and
    values; ``repeats`` (R,), hashes of passages that many documents share.
    """

    arrays: Arrays
    fields: Sequence[str]  # names

    @classmethod
    def build(
        cls,
        found: GatheredDocuments,
        batch: TokenBatch,
        owners: Ids,
        spans: Ids,
        vectors: tuple[Int8s, Floats],  # and their scales
        repeats: Repeats | None = None,
    ) -> IndexedDocuments:
        """From documents, their passages, and all units as tokens and as vectors in int8."""
        starts, units, counts = kernels.invert(*batch.read_only, len(batch.types))
        arrays: dict[str, Array] = {
            "starts": starts,
            "units": units,
            "counts": counts,
            "lengths": np.diff(batch.offsets).astype(np.int32),
            "owners": owners,
            "spans": spans,
            "vectors": vectors[0],
            "scales": vectors[1],
            "repeats": np.zeros(0, np.uint64) if repeats is None or repeats.templates else repeats.passages,
            "days": found.days.astype("datetime64[D]").astype(np.int64),
            **_arrays_of("ids", found.ids),
            **_arrays_of("texts", found.texts),
        }
        for i, values in enumerate(found.fields.values()):
            codes, known = coded(values)
            arrays |= {f"field {i}": codes, **_arrays_of(f"values {i}", PackedStrings.of(known))}
        return cls({name: read_only(array) for name, array in arrays.items()}, list(found.fields))

    def __len__(self) -> int:
        """D."""
        return len(self.arrays["days"])

    @property
    def units(self) -> int:
        """U."""
        return len(self.arrays["lengths"])

    @cached_property
    def dense(self) -> UnitVectors:
        """The vectors of the units."""
        return UnitVectors(self.arrays["vectors"], self.arrays["scales"], len(self))

    @property
    def repeats(self) -> Repeats:
        """The passages that many documents share."""
        return Repeats(self.arrays["repeats"])

    def _strings(self, name: str) -> PackedStrings:
        return PackedStrings(self.arrays[name], self.arrays[f"{name} ends"])

    @property
    def ids(self) -> PackedStrings:
        """Names of the documents."""
        return self._strings("ids")

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The date of each document, (D,) datetime64[D], NaT without one."""
        return self.arrays["days"].view("datetime64[D]")

    def text(self, document: int) -> str:
        """A document as it was written."""
        return self._strings("texts")[document]

    def day(self, document: int) -> str | None:
        """The date of a document, such as 2020-06-18."""
        day = self.days[document]
        return None if np.isnat(day) else str(day)

    def ordered(self, by: str) -> Ints:
        """Numbers of the documents, (D,): by ``number``, ``newest``, ``oldest``, ``longest``, ``shortest``.

        Documents without a date come last, ties by number.
        """
        days = np.where(np.isnat(self.days), np.inf, self.arrays["days"].astype(np.float64))
        sizes = np.diff(self.arrays["texts ends"])
        keys = {
            "number": np.zeros(len(self)),
            "newest": np.where(np.isfinite(days), -days, np.inf),
            "oldest": days,
            "longest": -sizes,
            "shortest": sizes,
        }
        return np.argsort(keys[by], kind="stable")

    def field(self, name: str) -> tuple[Ids, list[str]]:
        """A field as codes, (D,), -1 for documents without it, and the values of the codes."""
        i = self.fields.index(name)
        return self.arrays[f"field {i}"], self._values[i]

    @cached_property
    def _values(self) -> list[list[str]]:
        """The values of each field."""
        return [list(self._strings(f"values {i}")) for i in range(len(self.fields))]

    def fields_of(self, document: int) -> dict[str, str]:
        """The fields of a document."""
        columns = ((name, *self.field(name)) for name in self.fields)
        return {name: values[codes[document]] for name, codes, values in columns if codes[document] >= 0}

    def vectors(self, units: NDArray[np.integer[Any]]) -> Floats:
        """Vectors of units, (n, d) float32."""
        return self.dense.at(units)
