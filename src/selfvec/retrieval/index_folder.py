"""An index as a folder. It is written completely or not at all. Its arrays are memory-mapped.

index.json            version, preprocessing, fields, the dense share, checksums of all files
vocabulary.txt        the types
arrays.safetensors    everything else
"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array
from selfvec.base.checks import check_path
from selfvec.base.checksums import read_description, unchanged, write_sealed
from selfvec.base.errors import FormatError, InputError
from selfvec.base.memory import release
from selfvec.base.tensors import Forms, check_tensors, map_tensors, write_tensors
from selfvec.base.text_files import misfit, read_vocabulary, write_vocabulary
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
    ...: ("version", "preprocessing", "fields", "dense_share"),
    "version": VERSION,
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
    head = read_description(folder / _HEAD, _SCHEMA, (_WORDS, _ARRAYS), _AGAIN)
    with decoding(folder / _HEAD, "index", _AGAIN):
        preprocessing = Preprocessing(**head["preprocessing"])
    vocabulary = Vocabulary(preprocessing, read_vocabulary(folder / _WORDS))
    arrays = map_tensors(folder / _ARRAYS)
    _check_arrays(arrays, len(head["fields"]), vocabulary, folder / _ARRAYS)
    for array in arrays.values():  # checked; they are read again when they are needed
        release(array)
    space = DenseSpace(arrays["rows"], arrays["weights"], arrays["pool"], float(head["dense_share"]))
    return vocabulary, space, IndexedDocuments(arrays, head["fields"])


def _check_arrays(a: Arrays, fields: int, vocabulary: Vocabulary, path: Path) -> None:
    """Raise `FormatError` if a loop over the arrays could leave their bounds."""
    strings = ["ids", "texts", *(f"values {i}" for i in range(fields))]
    codes = [f"field {i}" for i in range(fields)]
    sizes: Forms = {"days": ("i8", ("D",)), "owners": ("i4", ("P",)), "cluster starts": ("i8", ("K + 1",))}
    check_tensors(a, sizes, path, _AGAIN)
    documents, passages, clusters = len(a["days"]), len(a["owners"]), len(a["cluster starts"]) - 1
    units = documents + passages
    types = len(vocabulary)
    forms: Forms = {
        "rows": ("f4", (types, "d")),
        "weights": ("f4", (types,)),
        "pool": ("i4", ("related",)),
        "starts": ("i8", (types + 1,)),
        "units": ("i4", ("N",)),
        "counts": ("u2", ("N",)),
        "lengths": ("i4", (units,)),
        "scales": ("f4", (units,)),
        "vectors": ("i1", (units, "d")),
        "centres": ("f4", (clusters, "d")),
        "members": ("i4", (units if clusters else 0,)),
        "repeats": ("u8", ("repeats",)),
        "spans": ("i4", (passages, 2)),
        **{name: ("u1", (name,)) for name in strings},
        **{f"{name} ends": ("i8", (f"{name} + 1",)) for name in strings},
        **dict.fromkeys(("ids ends", "texts ends"), ("i8", (documents + 1,))),
        **dict.fromkeys(codes, ("i4", (documents,))),
    }
    check_tensors(a, forms, path, _AGAIN)
    begins, ends = a["spans"].T
    rules = {
        "words occur once in the vocabulary": len(vocabulary.index) == types,
        "related words are in the vocabulary": _within(a["pool"], 0, types),
        "postings are in order": _rises_to(a["starts"], len(a["units"])) and _within(a["units"], 0, units),
        "clusters are in order": _rises_to(a["cluster starts"], len(a["members"]))
        and _within(a["members"], 0, units),
        "passages are parts of documents": _within(a["owners"], 0, documents)
        and bool(np.all((begins >= 0) & (begins < ends))),
        "strings are in order": all(_rises_to(a[f"{name} ends"], len(a[name])) for name in strings),
        "fields have known values": all(
            _within(a[name], -1, len(a[f"values {i} ends"]) - 1) for i, name in enumerate(codes)
        ),
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise FormatError(f"is damaged: not all {broken[0]}", path=path, remedy=_AGAIN)


def _within(numbers: Array, first: int, end: int) -> bool:
    return not numbers.size or bool(first <= numbers.min() and numbers.max() < end)


def _rises_to(ends: Array, last: int) -> bool:
    """Whether numbers rise from 0 to ``last``."""
    return bool(ends.size and ends[0] == 0 and ends[-1] == last and np.all(np.diff(ends) >= 0))
