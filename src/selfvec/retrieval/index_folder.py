"""An index as a folder. It is written completely or not at all. Its arrays are memory-mapped.

index.json            version, preprocessing, fields, the dense share, checksums of all files
vocabulary.txt        the types
arrays.safetensors    everything else
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.checks import check_path
from selfvec.base.checksums import check_sizes, unchanged, write_sealed
from selfvec.base.errors import FormatError, InputError
from selfvec.base.memory import release
from selfvec.base.tensors import first_not_finite, map_tensors, write_tensors
from selfvec.base.text_files import check, misfit, read_json, read_vocabulary, write_vocabulary
from selfvec.base.untrusted import decoding
from selfvec.storage.folder_kinds import INDEX
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.vocabulary import Vocabulary

from .build import IndexParts
from .dense_space import DenseSpace
from .indexed_documents import Arrays, IndexedDocuments

VERSION = 8
_HEAD = "index.json"
_WORDS = "vocabulary.txt"
_ARRAYS = "arrays.safetensors"
_AGAIN = "remove the index folder; the next search builds it again"
_SCHEMA = {
    ...: ("preprocessing", "fields", "dense_share"),
    "preprocessing": {"tokenizer": str, "stemmed": bool, "phrases": str, str: (str, None)},
    "fields": [str],
    "dense_share": lambda share: None if misfit(share, float) is None and 0 <= share <= 1 else "is a share",
}
_SPACE = ("rows", "weights", "pool")


def write_index(folder: Path, parts: IndexParts) -> None:
    """Write an index into an empty folder."""
    vocabulary, space, documents = parts
    head = {
        "version": VERSION,
        "preprocessing": asdict(vocabulary.preprocessing),
        "fields": list(documents.fields),
        "dense_share": space.share,
    }
    write_vocabulary(folder / _WORDS, vocabulary.types)
    tensors = {name: getattr(space, name) for name in _SPACE}
    write_tensors(folder / _ARRAYS, {**tensors, **documents.arrays})
    write_sealed(folder / _HEAD, head)


def read_index(folder: str | os.PathLike[str]) -> IndexParts:
    """Open a folder: the parts of the index."""
    check_path("folder", folder, "a path")
    folder = Path(folder)
    return unchanged(folder / _HEAD, lambda: _read(folder))


def _read(folder: Path) -> IndexParts:
    if not INDEX.matches(folder):
        raise InputError("is not an index", path=folder, remedy="make one with: selfvec search RUN QUERY")
    head = read_json(folder / _HEAD, _AGAIN)
    if head.get("version") != VERSION:
        raise FormatError(f"is not an index of version {VERSION}", path=folder / _HEAD, remedy=_AGAIN)
    check_sizes(folder, head, _AGAIN)
    check(head, _SCHEMA, folder / _HEAD, _AGAIN)
    fields = head["fields"]
    share = float(head["dense_share"])
    with decoding(folder / _HEAD, "index", _AGAIN):
        preprocessing = Preprocessing(**head["preprocessing"])
    for name in (_WORDS, _ARRAYS):
        if not (folder / name).is_file():
            raise FormatError("belongs to an index and is missing", path=folder / name, remedy=_AGAIN)
    vocabulary = Vocabulary(preprocessing, read_vocabulary(folder / _WORDS))
    arrays = map_tensors(folder / _ARRAYS)
    fault = next(_faults(arrays, fields, vocabulary), None)
    if fault is not None:
        raise FormatError(fault, path=folder / _ARRAYS, remedy=_AGAIN)
    for array in arrays.values():  # checked; they are read again when they are needed
        release(array)
    space = DenseSpace(arrays["rows"], arrays["weights"], arrays["pool"], share)
    return vocabulary, space, IndexedDocuments(arrays, fields)


def _faults(a: Arrays, fields: list[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Faults of the arrays that would let a loop leave its bounds."""
    strings = ["ids", "texts", *(f"values {i}" for i in range(len(fields)))]
    codes = [f"field {i}" for i in range(len(fields))]
    expected = _forms(a, strings, codes, len(vocabulary))
    for name, (dtype, shape) in expected.items():
        if name not in a:
            yield f"lacks the tensor {name!r}"
            return
        if a[name].dtype != dtype or a[name].shape != shape:
            yield f"its tensor {name!r} does not fit the others or the vocabulary"
            return
    for name in ("rows", "weights", "scales", "centres"):
        if (row := first_not_finite(a[name])) is not None:
            yield f"row {row + 1} of its tensor {name!r} holds NaN or inf"
    documents = len(a["days"])
    if len(vocabulary.index) != len(vocabulary):
        yield "a word occurs twice in the vocabulary"
    members = a["members"]
    if not _rises_to(a["cluster starts"], len(members)) or not _within(members, 0, len(a["lengths"])):
        yield "its clusters are out of order"
    if not _within(a["pool"], 0, len(vocabulary)):
        yield "a related word is not in the vocabulary"
    if not _rises_to(a["starts"], len(a["units"])) or not _within(a["units"], 0, len(a["lengths"])):
        yield "its postings are out of order"
    spans = a["spans"]
    if (
        not _within(a["owners"], 0, documents)
        or np.any(spans[:, 0] < 0)
        or np.any(spans[:, 0] >= spans[:, 1])
    ):
        yield "a passage is not part of a document"
    if not all(_rises_to(a[f"{name} ends"], len(a[name])) for name in strings):
        yield "its strings are out of order"
    elif not all(_within(a[name], -1, len(a[f"values {i} ends"]) - 1) for i, name in enumerate(codes)):
        yield "a field has an unknown value"


def _forms(
    a: Arrays,
    strings: list[str],  # names of packed strings
    codes: list[str],  # names of the fields
    types: int,  # V
) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    """The dtype and shape of each array; dimensions that no other array gives are its own."""

    def size(name: str) -> int:
        return a[name].size if name in a else 0

    def columns(name: str) -> int:
        return a[name].shape[-1] if name in a and a[name].ndim else 0

    documents = size("days")
    passages = size("owners")
    units = documents + passages
    postings = size("units")
    clusters = max(size("cluster starts"), 1) - 1
    return {
        "rows": (np.float32, (types, columns("rows"))),
        "weights": (np.float32, (types,)),
        "pool": (np.int32, (size("pool"),)),
        "starts": (np.int64, (types + 1,)),
        "units": (np.int32, (postings,)),
        "counts": (np.uint16, (postings,)),
        "lengths": (np.int32, (units,)),
        "scales": (np.float32, (units,)),
        "vectors": (np.int8, (units, columns("rows"))),
        "centres": (np.float32, (clusters, columns("rows"))),
        "members": (np.int32, (units if clusters else 0,)),
        "cluster starts": (np.int64, (clusters + 1,)),
        "repeats": (np.uint64, (size("repeats"),)),
        "days": (np.int64, (documents,)),
        "owners": (np.int32, (passages,)),
        "spans": (np.int32, (passages, 2)),
        "ids ends": (np.int64, (documents + 1,)),
        "texts ends": (np.int64, (documents + 1,)),
        **{name: (np.uint8, (size(name),)) for name in strings},
        **dict.fromkeys(codes, (np.int32, (documents,))),
        **{f"values {i} ends": (np.int64, (size(f"values {i} ends"),)) for i in range(len(codes))},
    }


def _within(numbers: Array, first: int, end: int) -> bool:
    return not numbers.size or bool(first <= numbers.min() and numbers.max() < end)


def _rises_to(ends: Array, last: int) -> bool:
    """Whether numbers rise from 0 to ``last``."""
    return bool(ends.size and ends[0] == 0 and ends[-1] == last and np.all(np.diff(ends) >= 0))
