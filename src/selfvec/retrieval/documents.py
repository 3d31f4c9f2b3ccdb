"""The documents of an index: their texts and fields, cut into words, as vectors, and as arrays.

Whole documents come first, then the passages of the long ones; both are called units. So a document and its
unit have the same number, and the arrays of the documents are a part of those of the units.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.base.arrays import AnyInts, Array, Dates, Floats, Ids, Int8s, Ints, Rows
from selfvec.base.compiled import read_only
from selfvec.base.errors import CorpusError
from selfvec.base.progress import stage
from selfvec.corpus.fingerprints import joined_utf8
from selfvec.data.field_types import DAY, INTEGER, LIST, MOMENT, NUMBER, TRUTH, coded, fault_of_kind, parsed
from selfvec.data.field_types import TEXT as TEXTS
from selfvec.data.run import Run
from selfvec.data.run_text import DATE, GIVEN, TEXT, RunText, column_of
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.data.vectors import Vectors
from selfvec.files.memory import PackedStrings, Packer, return_freed_memory
from selfvec.files.tensors import Forms, Tensor, days, packed, read_tensors
from selfvec.files.text_files import check
from selfvec.files.untrusted import parse_json
from selfvec.numerics.quantization import quantised
from selfvec.text.document_vectors import document_frequencies
from selfvec.text.passages import CUT, Cut, passages
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems
from selfvec.text.repeats import Repeats
from selfvec.text.rules import stems
from selfvec.text.vocabulary import Vocabulary, is_text

from . import kernels
from .kernels import ONCE, U16

if TYPE_CHECKING:
    import polars as pl

# ---- Texts, ids, dates and fields in memory


LONGEST = 120  # characters of a field's values, on average; longer fields are text, not filters
LONGEST_JSON = 1000  # if all are lists and objects
_READ: dict[str, Callable[[str], Any]] = {
    INTEGER: int,
    NUMBER: float,
    TRUTH: "true".__eq__,
    DAY: date.fromisoformat,
    MOMENT: datetime.fromisoformat,
}


def typed_fields(texts: Mapping[str, str | None], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a document as values of their kinds, without those that it lacks.

    A day or moment that Python's dates do not reach stays a text.

    >>> typed_fields({"size": "4", "on": "2020-06-18", "to": None}, {"size": INTEGER, "on": DAY, "to": TEXTS})
    {'size': 4, 'on': datetime.date(2020, 6, 18)}
    """
    return {name: _typed(text, kinds[name]) for name, text in texts.items() if text is not None}


def _typed(text: str, kind: str) -> Any:
    try:
        return parse_json(text) if kind.startswith(LIST) else _READ.get(kind, str)(text)
    except ValueError:
        return text


class Passages(NamedTuple):
    """The passages of documents, in their order."""

    owners: Ids  # (P,), their documents
    spans: Ids  # (P, 2), where they begin and end, in characters


NO_PASSAGES = Passages(np.zeros(0, np.int32), np.zeros((0, 2), np.int32))


@dataclass(frozen=True)
class GatheredDocuments:
    """D documents. Their texts may be in a temporary file."""

    texts: PackedStrings
    given: PackedStrings  # as they came; empty for those that came so
    ids: PackedStrings
    days: Dates  # (D,) datetime64[D], NaT for documents without a date
    fields: Mapping[str, Sequence[str | None]] = field(default_factory=dict)  # to filter by, as `written`
    kinds: Mapping[str, str] = field(default_factory=dict)  # of their values, see `selfvec.data.field_types`
    left_out: list[str] = field(default_factory=list)  # fields that are too long to filter by
    cut: Cut = CUT
    unread: Sequence[str] = ()  # columns of bytes or vectors, or of a name that occurs twice

    @classmethod
    def of(cls, texts: Sequence[str]) -> GatheredDocuments:
        """Texts without fields. Their ids are their numbers from 0."""
        try:
            packed = PackedStrings.of(texts)
        except UnicodeEncodeError:
            odd = next(number for number, text in enumerate(texts) if not is_text(text))
            rule = f"document '{odd}' holds half of a surrogate pair, which is not Unicode text"
            raise CorpusError(rule, remedy="correct it or leave it out") from None
        ids = PackedStrings.of(map(str, range(len(texts))))
        given = PackedStrings.of([""] * len(texts))
        return cls(packed, given, ids, np.full(len(texts), "NaT", "datetime64[D]"))

    def spans(self) -> list[list[tuple[int, int]]]:
        """Where the passages of each text begin and end, in characters; none for a short text."""
        return [passages(text, *self.cut) for text in self.texts]

    @cached_property
    def passages(self) -> Passages:
        """The passages of all texts."""
        spans = self.spans()
        owners = np.repeat(np.arange(len(spans), dtype=np.int32), [*map(len, spans)])
        return Passages(owners, np.array([*chain.from_iterable(spans)], np.int32).reshape(-1, 2))


def gather(run: Run) -> GatheredDocuments:
    """The documents of a run, in memory, named by `RunText.names`.

    `InputError` if the run has not kept its text.
    """
    text = run.require_text("which is searched")
    gathered = gathered_text(text, run.provenance.corpus.get("unread_fields", ()))
    return_freed_memory()
    return gathered


def gathered_text(text: RunText, unread: Sequence[str] = ()) -> GatheredDocuments:
    """The documents of a text, in memory."""
    packers = {TEXT: Packer(), GIVEN: Packer()}
    with stage("Reading", len(text), "documents") as advance:
        for rows in text.batches(packers):
            for name, packer in packers.items():
                packer.add(*joined_utf8(rows[name]))
            advance(len(rows))
    texts, given = (packer.packed() for packer in packers.values())
    ids = PackedStrings.of(text.names())
    dates, *columns = text.read((DATE, *map(column_of, text.fields)))
    days = dates.to_numpy().astype("datetime64[D]")
    others = dict(zip(text.fields, columns, strict=True))
    short = {name: values.to_list() for name, values in others.items() if _is_short(values)}
    left_out = [name for name in others if name not in short]
    del others, columns
    kinds = {name: text.kinds[name] for name in short}
    return GatheredDocuments(texts, given, ids, days, short, kinds, left_out, unread=unread)


def _is_short(values: pl.Series) -> bool:
    values = values.drop_nulls()
    size = values.str.len_chars().sum()
    if size > len(values) * LONGEST:
        return size <= len(values) * LONGEST_JSON and bool(values.str.contains(r"^[\[{]").all())  # nested
    return True


# ---- Units as words: as the stems of documents and run


def vocabulary_and_units(run: Run, gathered: GatheredDocuments) -> tuple[Vocabulary, TokenBatch, Ints]:
    """The stems of documents and run, all units as these stems, and the stem of each run word, (V,)."""
    preprocessing = Preprocessing.of(run.provenance).by_words
    pieces, bounds = _cut(gathered)
    merged = merge_stems(encode_texts(pieces, preprocessing, run.vectors), preprocessing)
    words: Sequence[str] = run.vectors.index_to_key
    names = stems(words, preprocessing.stem)
    vocabulary = Vocabulary(preprocessing, list(dict.fromkeys([*merged.types, *names])))
    stem_of = np.array([vocabulary.index[name] for name in names], np.int64)
    return vocabulary, _of_units(merged, bounds, len(gathered.texts), vocabulary.types), stem_of


def _of_units(
    merged: TokenBatch, bounds: Ints, documents: int, types: Sequence[str] | None = None
) -> TokenBatch:
    """The documents, and then the passages, from their pieces, see `_cut`."""
    # A passage repeats words of the one before and of its document. So texts are cut once, at the bounds of
    # all, and the ids of a passage are copied.
    starts, ends = merged.offsets[bounds]
    of_passages = zip(starts[documents:].tolist(), ends[documents:].tolist(), strict=True)
    ids = np.concatenate([merged.ids, *(merged.ids[a:b] for a, b in of_passages)])  # all are of documents
    offsets = bounds_of(ends - starts)
    return TokenBatch(ids, offsets, merged.types if types is None else types)


def like_units(
    gathered: GatheredDocuments, vocabulary: Vocabulary, vectors: Vectors
) -> tuple[TokenBatch, list[str]]:
    """All units as the stems of a vocabulary and as new ones, numbered after them; and the new stems.

    ``vectors`` are those of the run.
    """
    pieces, bounds = _cut(gathered)
    preprocessing = vocabulary.preprocessing
    merged = merge_stems(encode_texts(pieces, preprocessing, vectors), preprocessing)
    new = [name for name in merged.types if name not in vocabulary.index]
    types = [*vocabulary.types, *new]
    later = {name: len(vocabulary) + place for place, name in enumerate(new)}
    numbers = np.array([vocabulary.index.get(name, later.get(name)) for name in merged.types], np.int32)
    return _of_units(merged.renumbered(numbers, types), bounds, len(gathered.texts)), new


def _cut(gathered: GatheredDocuments) -> tuple[PackedStrings, Ints]:
    """The texts of D documents, cut where any of their P passages begins or ends: each is read once.

    And for each document, and then each passage, its first piece and the one after its last, (2, D + P).
    """
    texts, (owners, spans) = gathered.texts, gathered.passages
    of_documents = np.searchsorted(owners, np.arange(len(texts) + 1))
    documents: list[int] = [0]  # their first pieces
    passages: list[tuple[int, int]] = []  # likewise

    def pieces() -> Iterator[str]:
        for document, text in enumerate(texts):
            cut = spans[of_documents[document] : of_documents[document + 1]].tolist()
            cut = [(_word_end(text, start), stop) for start, stop in cut]
            places = sorted({0, len(text), *chain.from_iterable(cut)})
            number = {place: documents[-1] + i for i, place in enumerate(places)}
            passages.extend((number[start], number[stop]) for start, stop in cut)
            documents.append(documents[-1] + max(len(places) - 1, 1))
            yield from (text[a:b] for a, b in pairwise(places)) if text else [""]

    packed = PackedStrings.of(pieces())
    return packed, np.array([*pairwise(documents), *passages], np.int64).reshape(-1, 2).T


def _word_end(text: str, place: int) -> int:
    """Where the word before a place ends. A tokeniser of subwords expects the blanks before a word, too."""
    while place > 0 and text[place - 1].isspace():
        place -= 1
    return place


# ---- Units as vectors: in int8, and their products with a question's vector


SAMPLED = 2_500  # documents of a large collection that say how values are spread, about
_UNITS = 1 << 15  # whose vectors are made at a time: 32 MB of them, at 256 dimensions


Units = AnyInts
"""Numbers of some units."""


class TextVectors(ABC):
    """Vectors of U units, of which the first D are documents."""

    documents: int  # D

    @abstractmethod
    def among(self, units: Units) -> UnitVectors:
        """The vectors of some units."""

    @abstractmethod
    def products(self, query: Rows) -> Floats:
        """Products of the vectors and a query, (d,); (U,)."""

    def at(self, units: Units) -> Floats:
        """Vectors of units, (n, d) float32."""
        some = self.among(units)
        out: Floats = some.codes * some.scales[:, None]
        return out

    @cached_property
    def sample(self) -> UnitVectors:
        """The vectors of a sample of the documents, which lie together."""
        return self.among(sample_of(self.documents))


@dataclass(frozen=True, eq=False)
class UnitVectors(TextVectors):
    """Such vectors in int8."""

    codes: Int8s  # (U, d) times the scales
    scales: Floats  # (U,)
    documents: int

    @classmethod
    def of(
        cls,
        units: int,
        documents: int,
        rows_of: Callable[[Ints], Rows],  # the vectors of some units
    ) -> UnitVectors:
        """Quantise vectors, of which only a block is in memory as float32."""
        codes: Int8s | None = None
        scales = np.empty(units, np.float32)
        for first in range(0, units, _UNITS):
            part = slice(first, first + _UNITS)
            rows = rows_of(np.arange(units)[part])
            if codes is None:
                codes = np.empty((units, rows.shape[1]), np.int8)
            codes[part], scales[part] = quantised(rows)
        assert codes is not None
        return cls(codes, scales, documents)

    def among(self, units: Units) -> UnitVectors:
        return UnitVectors(self.codes[units], self.scales[units], len(units))

    def products(self, query: Rows) -> Floats:
        largest = float(np.abs(query).max(initial=0)) or 1.0
        whole = np.rint(query * (32767 / largest)).astype(np.int16)
        return kernels.dot_products(read_only(self.codes), read_only(self.scales), whole, largest / 32767)


def sample_of(documents: int) -> Ints:
    """The numbers of documents that say how values are spread."""
    return np.arange(0, documents, max(1, documents // SAMPLED))


# ---- The arrays of an index that hold its documents; they can be memory-mapped


Arrays = Mapping[str, Array]

_FORMS: Forms = {  # of D documents and P passages of V types with N postings
    "starts": Tensor("i8", ("V + 1",), ends="N"),  # of the postings of each type
    "units": Tensor("i4", ("N",), 0, "D + P", step=1, within="starts"),
    "counts": Tensor("u2", ("N",)),
    "occurs": Tensor("i4", ("V",), 0, "D + 1"),  # documents of each type
    "days": days("D"),
    "owners": Tensor("i4", ("P",), 0, "D", step=0),  # of the passages
    "spans": Tensor("i4", ("P", 2), 0),  # of the passages, in characters
    "lengths": Tensor("i4", ("D + P",), 0),  # in tokens
    "vectors": Tensor("i1", ("D + P", "d")),  # times the scales
    "scales": Tensor("f4", ("D + P",), finite=True),
    "repeats": Tensor("u8", ("R",), step=1),  # hashes of passages that many documents share
    **packed("ids", "D"),
    **packed("texts", "D"),
    **packed("given", "D"),
}


ENCODED: Forms = {
    "encoder vectors": Tensor("i1", ("D + P", "h")),
    "encoder scales": Tensor("f4", ("D + P",), finite=True),
}
"""The vectors of units by the run's encoder, if it has one."""


def _arrays_of(name: str, strings: PackedStrings) -> dict[str, Array]:
    return {name: strings.data, f"{name} ends": strings.ends}


@dataclass(frozen=True, eq=False)
class IndexedDocuments:
    """D documents and P passages, U = D + P units, of V types with N postings, ready to be scored."""

    arrays: Arrays
    fields: Mapping[str, str]  # the kind of each

    @classmethod
    def read(
        cls, path: Path, fields: Mapping[str, str], others: Forms, remedy: str, **sizes: int
    ) -> IndexedDocuments:
        """Map the arrays of a file, which holds others, too; ``sizes`` as for `check_tensors`."""
        check(fields, {str: fault_of_kind}, path, remedy)
        forms = dict(_FORMS)
        for i in range(len(fields)):
            values = f"values {i}"  # of the codes, which are -1 for documents without the field
            forms |= {f"field {i}": Tensor("i4", ("D",), -1, values), **packed(values, values)}
        return cls(read_tensors(path, {**forms, **others}, remedy, **sizes), fields)

    @classmethod
    def build(
        cls,
        gathered: GatheredDocuments,
        batch: TokenBatch,
        passages: Passages,
        vectors: UnitVectors,
        encoded: UnitVectors | None = None,  # by the run's encoder
        repeats: Repeats | None = None,
        times: U16 = ONCE,  # that a word counts, by the place of its first occurrence in a unit
    ) -> IndexedDocuments:
        """From documents, their passages, and all units as tokens and as vectors."""
        occurs = document_frequencies(batch, len(gathered.texts))
        starts, units, counts = kernels.invert(*batch.read_only, len(batch.types), times)
        arrays: dict[str, Array] = {
            "starts": starts,
            "units": units,
            "counts": counts,
            "occurs": occurs.astype(np.int32),
            "lengths": batch.lengths.astype(np.int32),
            "owners": passages.owners,
            "spans": passages.spans,
            "vectors": vectors.codes,
            "scales": vectors.scales,
            "repeats": np.zeros(0, np.uint64) if repeats is None or repeats.templates else repeats.passages,
            "days": gathered.days.astype("datetime64[D]").astype(np.int64),
            **_arrays_of("ids", gathered.ids),
            **_arrays_of("texts", gathered.texts),
            **_arrays_of("given", gathered.given),
        }
        if encoded is not None:
            arrays |= zip(ENCODED, (encoded.codes, encoded.scales), strict=True)
        for i, values in enumerate(gathered.fields.values()):
            codes, different = coded(values)
            arrays |= {f"field {i}": codes, **_arrays_of(f"values {i}", PackedStrings.of(different))}
        kinds = {name: gathered.kinds.get(name, TEXTS) for name in gathered.fields}
        return cls({name: read_only(array) for name, array in arrays.items()}, kinds)

    def __len__(self) -> int:
        """D."""
        return len(self.days)

    @property
    def units(self) -> int:
        """U."""
        return len(self.lengths)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each id; of several, the first."""
        return {name: number for number, name in reversed([*enumerate(self.ids)])}

    @property
    def occurs(self) -> Ints:
        return self.arrays["occurs"]

    @property
    def lengths(self) -> Ids:
        return self.arrays["lengths"]

    @property
    def owners(self) -> Ids:
        return self.arrays["owners"]

    @cached_property
    def sizes(self) -> Ints:
        return np.diff(self.arrays["texts ends"])

    def span(self, passage: int) -> tuple[int, int]:
        start, end = self.arrays["spans"][passage].tolist()
        return start, end

    @cached_property
    def dense(self) -> UnitVectors:
        return UnitVectors(self.arrays["vectors"], self.arrays["scales"], len(self))

    @cached_property
    def encoded(self) -> UnitVectors | None:
        if not self.arrays.keys() & ENCODED.keys():
            return None
        codes, scales = (self.arrays[name] for name in ENCODED)
        return UnitVectors(codes, scales, len(self))

    @property
    def repeats(self) -> Repeats:
        return Repeats(self.arrays["repeats"])

    def strings(self, name: str) -> PackedStrings:
        return PackedStrings(self.arrays[name], self.arrays[f"{name} ends"])

    @property
    def ids(self) -> PackedStrings:
        return self.strings("ids")

    @property
    def days(self) -> Dates:
        return self.arrays["days"].view("datetime64[D]")

    def field(self, name: str) -> tuple[Ids, list[str]]:
        i = list(self.fields).index(name)
        return self.arrays[f"field {i}"], self._values[i]

    def values(self, field: str) -> pl.Series:
        """A field of each document, (D,), of its kind; null without a value."""
        import polars as pl

        codes, texts = self.field(field)
        different = parsed(pl.Series(texts, dtype=pl.String), self.fields[field])
        return different.gather(pl.Series(codes).replace(-1, None))

    @cached_property
    def _values(self) -> list[list[str]]:
        return [list(self.strings(f"values {i}")) for i in range(len(self.fields))]

    def fields_of(self, document: int) -> dict[str, Any]:
        columns = ((name, *self.field(name)) for name in self.fields)
        texts = {name: values[codes[document]] for name, codes, values in columns if codes[document] >= 0}
        return typed_fields(texts, self.fields)
