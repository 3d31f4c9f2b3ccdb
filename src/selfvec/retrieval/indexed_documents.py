"""`IndexedDocuments`: the arrays of an index that hold its documents.

Whole documents come first, then the passages of the long ones; both are called units. All arrays can be
memory-mapped. They are immutable.

A filter names a field and a value, a range of numbers or a span of dates: ``state=IOWA``, ``magnitude=2..``,
``date=2019``, ``date=1996..1998``. A list passes if one of its items does, and ``place.state=IOWA`` looks
into an object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Array, Floats, Ids, Mask
from selfvec.base.errors import NotFound, OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.text.repeats import Repeats

from . import kernels
from .documents import GatheredDocuments

__all__ = ["NO_DAY", "IndexedDocuments", "allowed", "in_steps", "join_strings", "split_strings"]

NO_DAY = np.iinfo(np.int64).min
_ROWS = 4096  # rows converted to integers at a time
Arrays = Mapping[str, Array]


def join_strings(name: str, strings: Sequence[str]) -> dict[str, Array]:
    """Strings as two arrays: their UTF-8 bytes one after the other, and where each one ends."""
    data, ends = bytearray(), [0]
    for string in strings:
        data += string.encode()
        ends.append(len(data))
    return {name: np.frombuffer(data, np.uint8), f"{name} ends": np.array(ends, np.int64)}


def split_strings(arrays: Arrays, name: str) -> list[str]:
    """The strings of `join_strings`."""
    data = arrays[name].tobytes()
    return [data[a:b].decode(errors="replace") for a, b in pairwise(arrays[f"{name} ends"].tolist())]


@dataclass(frozen=True, eq=False)
class IndexedDocuments:
    """D documents and P passages, U = D + P units, of V types with N postings, ready to be scored.

    The arrays: ``starts`` (V + 1,) of the postings of each type, ``units`` (N,) and ``counts`` (N,);
    ``lengths`` (U,) in tokens; ``owners`` (P,) and ``spans`` (P, 2) of the passages, in characters;
    ``vectors`` (U, d) as integers, times ``scales`` (U,); ``days`` (D,); ids, texts, and fields as codes
    and values; ``repeats`` (R,), hashes of passages that many documents share.
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
        vectors: tuple[NDArray[np.int8], Floats],
        repeats: Repeats | None = None,
    ) -> IndexedDocuments:
        """From documents, their passages, and all units as tokens and as vectors `in_steps`."""
        starts, units, counts = kernels.invert(batch.ids, batch.offsets, len(batch.types))
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
            **join_strings("ids", found.ids),
            **join_strings("texts", found.texts),
        }
        for i, values in enumerate(found.fields.values()):
            number = {name: n for n, name in enumerate(dict.fromkeys(v for v in values if v is not None))}
            codes = [-1 if value is None else number[value] for value in values]
            arrays |= {f"field {i}": np.array(codes, np.int32), **join_strings(f"values {i}", list(number))}
        for array in arrays.values():
            array.flags.writeable = False  # as memory-mapped ones are: kernels are compiled once
        return cls(arrays, list(found.fields))

    def __len__(self) -> int:
        """D."""
        return len(self.arrays["days"])

    @property
    def units(self) -> int:
        """U."""
        return len(self.arrays["lengths"])

    @property
    def repeats(self) -> Repeats:
        """The passages that many documents share."""
        return Repeats(self.arrays["repeats"])

    @cached_property
    def ids(self) -> list[str]:
        """Names of the documents."""
        return split_strings(self.arrays, "ids")

    @cached_property
    def dated(self) -> bool:
        """Whether any document has a date."""
        return bool(np.any(self.arrays["days"] != NO_DAY))

    @property
    def filter_names(self) -> list[str]:
        """The fields that documents can be filtered by."""
        return list(dict.fromkeys([*(["date"] if self.dated else []), *self.fields]))

    def text(self, document: int) -> str:
        """A document as it was written."""
        start, end = self.arrays["texts ends"][document : document + 2].tolist()
        return self.arrays["texts"][start:end].tobytes().decode(errors="replace")

    def day(self, document: int) -> str | None:
        """The date of a document, such as 2020-06-18."""
        day = int(self.arrays["days"][document])
        return None if day == NO_DAY else str(np.datetime64(day, "D"))

    def field(self, name: str) -> tuple[Ids, list[str]]:
        """A field as codes, (D,), -1 for documents without it, and the values of the codes."""
        i = self.fields.index(name)
        return self.arrays[f"field {i}"], self._values[i]

    @cached_property
    def _values(self) -> list[list[str]]:
        """The values of each field."""
        return [split_strings(self.arrays, f"values {i}") for i in range(len(self.fields))]

    def fields_of(self, document: int) -> dict[str, str]:
        """The fields of a document."""
        columns = {name: self.field(name) for name in self.fields}
        present = {name: column for name, column in columns.items() if column[0][document] >= 0}
        return {name: values[codes[document]] for name, (codes, values) in present.items()}

    def vectors(self, units: NDArray[np.integer[Any]]) -> Floats:
        """Vectors of units, (n, d) float32."""
        out: Floats = self.arrays["vectors"][units] * self.arrays["scales"][units, None]
        return out


def in_steps(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Rows as integers from -127 to 127, and the length of a step in each row."""
    steps, scales = np.empty(vectors.shape, np.int8), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _ROWS):
        part = slice(start, start + _ROWS)
        scales[part] = np.abs(vectors[part]).max(axis=1, initial=0) / 127
        steps[part] = np.rint(vectors[part] / np.where(scales[part] > 0, scales[part], 1)[:, None])
    return steps, scales


# ---- Filters


_RULE = "a filter is field=value, field=A..B or date=A..B"


def allowed(documents: IndexedDocuments, filters: Sequence[str]) -> Mask:
    """The documents that pass, (D,) bool. Filters on one field are alternatives; all fields must pass.

    Values are compared without regard to case.
    """
    out = np.ones(len(documents), bool)
    by_field: dict[str, list[str]] = {}
    for text in filters:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            remedy = "try state=IOWA or date=2019.."
            raise OptionError(f"{_RULE}, not {text!r}", field="filter", remedy=remedy)
        by_field.setdefault(name.strip(), []).append(value.strip())
    for name, values in by_field.items():
        if name == "date" and not documents.dated:
            raise NotFound("the documents have no dates", field="filter", remedy="leave date= out")
        if name not in documents.filter_names and name.partition(".")[0] not in documents.fields:
            there = ", ".join(documents.filter_names) or "none"
            raise NotFound(f"no field {name!r}", field="filter", remedy=f"the fields are: {there}")
        out &= np.any([_passes(documents, name, value) for value in values], axis=0)
    return out


def _passes(documents: IndexedDocuments, name: str, value: str) -> Mask:
    if name == "date":
        return _in_span(documents, value)
    keys = [] if name in documents.fields else name.split(".")
    codes, texts = documents.field(keys[0] if keys else name)
    bounds, asked = _bounds(value) if ".." in value else None, value.casefold()

    def fit(one: str) -> bool:
        return bounds[0] <= _number(one) <= bounds[1] if bounds else one.casefold() == asked

    fits = [any(map(fit, _values(text, keys[1:]))) for text in texts]
    return np.array([*fits, False], bool)[codes]  # -1, no value, is the last


def _values(text: str, keys: Sequence[str]) -> list[str]:
    """The values that a filter compares: a text, the items of a list, or the values under keys of an object.

    >>> _values("IOWA", []), _values('["a", 2, true]', []), _values('{"k": [{"x": "y"}]}', ["k", "x"])
    (['IOWA'], ['["a", 2, true]', 'a', '2', 'true'], ['y'])
    """
    plain = [] if keys else [text]
    if text[:1] not in ("[", "{"):
        return plain
    try:
        found = _items(json.loads(text))
    except (ValueError, RecursionError):
        return plain
    for key in keys:
        found = [item for one in found if isinstance(one, dict) for item in _items(one.get(key))]
    return plain + [
        one if isinstance(one, str) else json.dumps(one) for one in found if one is not None and one != {}
    ]


def _items(value: Any) -> list[Any]:
    """The items of a list; anything else is one item."""
    return value if isinstance(value, list) else [value]


def _in_span(documents: IndexedDocuments, value: str) -> Mask:
    from selfvec.corpus.slices import parse_span

    span = parse_span(value)
    if span is None:
        remedy = "write date=2019, date=2020-05, date=1996..1998 or date=2000-01-01..2005-06-30"
        raise NotFound(f"{value!r} is not a span of dates", field="filter", remedy=remedy)
    first, end = (int(day.astype("datetime64[D]").astype(np.int64)) for day in span)
    days = documents.arrays["days"]
    fits: Mask = (days >= first) & (days < end) & (days != NO_DAY)
    return fits


def _bounds(value: str) -> tuple[float, float] | None:
    """Both ends of a range of numbers, either of which may be left out; None for other text."""
    low, _, high = value.partition("..")
    ends = (_number(low) if low else -np.inf, _number(high) if high else np.inf)
    return None if np.isnan(ends).any() or not (low or high) else ends


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
