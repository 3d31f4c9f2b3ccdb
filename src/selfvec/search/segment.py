"""Some documents of an index, written once: postings, vectors, what is known of each, and the texts.

An index grows by segments and shrinks by marking documents as deleted, so that nothing is written twice.
In a segment the whole documents come first, then the passages of the long ones; both are units.

    arrays.safetensors     everything but the texts, memory-mapped
    texts.zst              the texts in compressed blocks
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError
from selfvec.base.tensors import map_tensors, read_metadata, write_tensors
from selfvec.data.token_batch import TokenBatch
from selfvec.text.document_kernels import document_frequencies

from . import kernels
from .text_blocks import Texts, ordered_ends, packed, unpacked

__all__ = ["Record", "Segment"]

_ARRAYS, _TEXTS = "arrays.safetensors", "texts.zst"
_AGAIN = "remove the index folder, it is made again at the next search"
_KINDS = {
    "types": np.int64,
    "starts": np.int64,
    "units": np.int32,
    "counts": np.uint16,
    "frequencies": np.int32,
    "lengths": np.int32,
    "owners": np.int32,
    "spans": np.int32,
    "front": np.int8,
    "back": np.int8,
    "scales": np.float32,
    "days": np.int64,
}
NARROW = 128  # axes that the hybrid reads; the others matter where there is nothing but meaning
NO_DAY = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Record:
    """What is kept of D documents beside their words.

    Parameters
    ----------
    ids : sequence of D str
    days : (D,) datetime64[D]
        NaT where unknown.
    fields : mapping of str to sequence of D (str or None)
    """

    ids: Sequence[str]
    days: NDArray[np.datetime64]
    fields: Mapping[str, Sequence[str | None]] = field(default_factory=dict)


@dataclass
class Segment:
    """Documents and their passages.

    Parameters
    ----------
    arrays : dict of arrays
        ``types`` (T,) rising, and for each where its postings begin, ``starts`` (T + 1,), and in how many
        documents it occurs, ``frequencies``; postings ``units``, ``counts`` (N,); ``lengths`` (D + P,) in
        tokens; ``owners`` (P,) and ``spans`` (P, 2) of the passages, in characters; vectors in whole numbers
        times ``scales``, in two parts, ``front`` (axes that the hybrid reads) and ``back``; ``days`` (D,);
        and what `packed` made of ids and fields.
    texts : Texts
    names : list of str
        The fields.
    """

    arrays: dict[str, NDArray[Any]]
    texts: Texts
    names: list[str]

    @classmethod
    def make(
        cls,
        batch: TokenBatch,
        owners: Sequence[int],
        spans: Sequence[tuple[int, int]],
        vectors: NDArray[np.float32],
        record: Record,
        texts: Sequence[str],
    ) -> Segment:
        """From D documents and P passages as tokens, in this order, and as unit vectors."""
        documents = batch.documents - len(owners)
        bounds, found, counts = kernels.counted_types(batch.ids, batch.offsets, len(batch.types))
        types, places = np.unique(found, return_inverse=True)
        starts, units, counts = kernels.inverted(bounds, places.astype(np.int32), counts, len(types))
        frequencies = document_frequencies(batch.ids, batch.offsets[: documents + 1], len(batch.types))
        largest = np.abs(vectors).max(axis=1, initial=0)
        scales = (largest / 127).astype(np.float32)
        steps = np.where(scales > 0, scales, 1)[:, None]
        arrays: dict[str, NDArray[Any]] = {
            "types": types.astype(np.int64),
            "starts": starts,
            "units": units,
            "counts": np.minimum(counts, 65535).astype(np.uint16),
            "frequencies": frequencies[types].astype(np.int32),
            "lengths": np.diff(batch.offsets).astype(np.int32),
            "owners": np.array(owners, np.int32),
            "spans": np.array(spans, np.int32).reshape(-1, 2),
            "front": np.rint(vectors[:, :NARROW] / steps).astype(np.int8),
            "back": np.rint(vectors[:, NARROW:] / steps).astype(np.int8),
            "scales": scales,
            "days": record.days.astype("datetime64[D]").astype(np.int64),
            **packed("ids", record.ids),
        }
        for i, values in enumerate(record.fields.values()):
            names = list(dict.fromkeys(value for value in values if value is not None))
            number = {name: n for n, name in enumerate(names)}
            codes = [-1 if value is None else number[value] for value in values]
            arrays |= {f"field {i}": np.array(codes, np.int32), **packed(f"values {i}", names)}
        return cls(arrays, Texts.pack(texts), list(record.fields))

    def save(self, folder: Path) -> None:
        """Write into an existing folder."""
        write_tensors(folder / _ARRAYS, self.arrays, {"fields": json.dumps(self.names, ensure_ascii=False)})
        self.texts.save(folder / _TEXTS)

    @classmethod
    def open(cls, folder: Path, dimensions: int, types: int) -> Segment:
        """Map what `save` wrote.

        Raises
        ------
        FormatError
            If a file is missing or damaged, or is of another index.
        """
        path = folder / _ARRAYS
        if not path.is_file() or not (folder / _TEXTS).is_file():
            raise FormatError("an index holds this file, it is missing", path=path, remedy=_AGAIN)
        arrays = map_tensors(path)
        try:
            names = json.loads(read_metadata(path).get("fields", "[]"))
        except ValueError:
            names = None
        segment = cls(arrays, Texts.open(folder / _TEXTS), names)
        fault = segment._fault(dimensions, types)
        if fault:
            raise FormatError(fault, path=path, remedy=_AGAIN)
        return segment

    def _fault(self, dimensions: int, types: int) -> str | None:
        """What does not fit, if anything."""
        a = self.arrays
        if not isinstance(self.names, list) or not all(isinstance(name, str) for name in self.names):
            return "the fields' names are a list"
        numbers = range(len(self.names))
        names = ["ids", *(f"values {i}" for i in numbers)]
        kinds = (
            _KINDS | dict.fromkeys(names, np.uint8) | dict.fromkeys((f"{n} ends" for n in names), np.int64)
        )
        kinds |= {f"field {i}": np.int32 for i in numbers}
        if any(name not in a for name in kinds):
            return f"lacks the tensor {next(name for name in kinds if name not in a)!r}"
        if any(a[name].dtype != kind for name, kind in kinds.items()):
            return "a tensor has another type"
        d, p, t, n = len(a["days"]), len(a["owners"]), len(a["types"]), len(a["units"])
        shapes = {
            "starts": (t + 1,),
            "frequencies": (t,),
            "counts": (n,),
            "lengths": (d + p,),
            "spans": (p, 2),
            "front": (d + p, min(dimensions, NARROW)),
            "back": (d + p, max(dimensions - NARROW, 0)),
            "scales": (d + p,),
            "ids ends": (d + 1,),
            **{f"field {i}": (d,) for i in numbers},
        }
        if any(a[name].shape != shape for name, shape in shapes.items()) or self.texts.documents != d:
            return "its tensors do not fit each other"
        if not all(ordered_ends(a[name], a[f"{name} ends"]) for name in names):
            return "ids or values of fields are damaged"
        return self._astray(types)

    def _astray(self, types: int) -> str | None:
        """A number that would lead a kernel astray, if there is one."""
        a, d = self.arrays, self.documents
        kept, starts, spans = a["types"], a["starts"], a["spans"]
        if not (_within(kept, 0, types) and np.all(np.diff(kept) > 0)):
            return "its types are out of order"
        if not (starts[0] == 0 and starts[-1] == len(a["units"]) and np.all(np.diff(starts) >= 0)):
            return "its postings are out of order"
        if not _within(a["units"], 0, self.units):
            return "a posting is of no text"
        if not (
            _within(a["owners"], 0, d) and np.all(spans[:, 0] >= 0) and np.all(spans[:, 0] < spans[:, 1])
        ):
            return "a passage is of no document"
        codes = [(a[f"field {i}"], len(a[f"values {i} ends"]) - 1) for i in range(len(self.names))]
        if not all(_within(values, -1, most) for values, most in codes):
            return "a field has a value that is none"
        return None

    @property
    def documents(self) -> int:
        """D."""
        return len(self.arrays["days"])

    @property
    def units(self) -> int:
        """D + P."""
        return len(self.arrays["lengths"])

    def postings(self, types: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the postings of types begin and end, (n, 2); empty ones of a type that is not here."""
        own, starts = self.arrays["types"], self.arrays["starts"]
        places = np.searchsorted(own, types)
        there = places < len(own)
        there[there] = own[places[there]] == types[there]
        out = np.zeros((len(types), 2), np.int64)
        out[there, 0], out[there, 1] = starts[places[there]], starts[places[there] + 1]
        return out

    def frequencies(self, types: NDArray[np.int64], removed: NDArray[np.int32]) -> NDArray[np.int64]:
        """In how many documents types occur, (n,), those taken off that were deleted, (T,)."""
        own = self.arrays["types"]
        places = np.searchsorted(own, types)
        there = places < len(own)
        there[there] = own[places[there]] == types[there]
        out = np.zeros(len(types), np.int64)
        out[there] = self.arrays["frequencies"][places[there]] - removed[places[there]]
        return out

    def removed(self, deleted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """How many deleted documents each type occurs in, (T,) int32."""
        gone = np.append(deleted, np.zeros(self.units - self.documents, bool))[self.arrays["units"]]
        ends = np.concatenate(([0], np.cumsum(gone, dtype=np.int64)))
        out: NDArray[np.int32] = np.diff(ends[self.arrays["starts"]]).astype(np.int32)
        return out

    @cached_property
    def ids(self) -> list[str]:
        """Names of the documents."""
        return unpacked(self.arrays, "ids")

    def vectors(self, units: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows of units, (n, d) float32."""
        rows = np.hstack([self.arrays["front"][units], self.arrays["back"][units]])
        out: NDArray[np.float32] = rows * self.arrays["scales"][units, None]
        return out

    def front(self, unit: int) -> NDArray[np.float32]:
        """The axes of a unit's vector that the hybrid reads, (128,) float32 at most."""
        row: NDArray[np.float32] = self.arrays["front"][unit] * self.arrays["scales"][unit]
        return row

    def field(self, name: str) -> tuple[NDArray[np.int32], list[str]]:
        """A field of the documents as codes, (D,), -1 where there is none, and what these mean."""
        if name not in self.names:
            return np.full(self.documents, -1, np.int32), []
        i = self.names.index(name)
        if name not in self._values:
            self._values[name] = unpacked(self.arrays, f"values {i}")
        return self.arrays[f"field {i}"], self._values[name]

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        """The values of fields that have been asked for."""
        return {}

    def day(self, document: int) -> str | None:
        """The date of a document, as 2020-06-18."""
        day = int(self.arrays["days"][document])
        return None if day == NO_DAY else str(np.datetime64(day, "D"))


def _within(numbers: NDArray[Any], first: int, end: int) -> bool:
    return not len(numbers) or bool(first <= numbers.min() and numbers.max() < end)
