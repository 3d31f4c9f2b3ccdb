"""An index as a folder, written whole. Its arrays are memory-mapped, so that opening reads little.

index.json            version, preprocessing, fields, the dense share, and what the index was made for
vocabulary.txt        the types
arrays.safetensors    everything else
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.base.files import atomic_folder, read_json, read_vocabulary, write_vocabulary
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing

from .build import Parts
from .dense_space import DenseSpace
from .postings import HYBRID_AXES, IndexedDocuments

__all__ = ["is_index", "read_about", "read_index", "write_index"]

VERSION = 3
_HEAD, _WORDS, _ARRAYS = "index.json", "vocabulary.txt", "arrays.safetensors"
_AGAIN = "remove the index folder, the next search makes it again"
_SPACE = ("rows", "weights", "related", "likeness")
_TYPES = {
    **dict.fromkeys(("rows", "weights", "likeness", "scales"), np.float32),
    **dict.fromkeys(("related", "units", "lengths", "owners", "spans"), np.int32),
    **dict.fromkeys(("front", "back"), np.int8),
    **dict.fromkeys(("starts", "days"), np.int64),
    "counts": np.uint16,
}
Arrays = Mapping[str, NDArray[Any]]


def is_index(folder: Path) -> bool:
    """Whether a path looks like an index."""
    return (folder / _HEAD).is_file()


def write_index(folder: Path, parts: Parts, about: Mapping[str, Any], *, overwrite: bool = False) -> None:
    """Write a folder, whole or not at all.

    Raises
    ------
    TargetError
        If the folder exists and must not be replaced, or cannot be written.
    """
    lexicon, space, documents = parts
    if folder.exists() and not is_index(folder):
        raise TargetError("exists and is not an index", path=folder, remedy="choose another path")
    head = {
        "version": VERSION,
        "preprocessing": asdict(lexicon.preprocessing),
        "fields": list(documents.fields),
        "dense_share": space.share,
        "about": dict(about),
    }
    with atomic_folder(folder, overwrite=overwrite) as fresh:
        write_vocabulary(fresh / _WORDS, lexicon.types)
        tensors = {name: getattr(space, name) for name in _SPACE}
        write_tensors(fresh / _ARRAYS, {**tensors, **documents.arrays})
        text = json.dumps(head, indent=1, ensure_ascii=False, allow_nan=False)
        (fresh / _HEAD).write_text(text + "\n", encoding="utf-8")


def read_about(folder: Path) -> dict[str, Any]:
    """What an index was made for; empty for an index of another version.

    Raises
    ------
    FormatError
        If ``index.json`` is damaged.
    """
    head = read_json(folder / _HEAD, _AGAIN)
    about = head.get("about") if head.get("version") == VERSION else None
    return dict(about) if isinstance(about, dict) else {}


def read_index(folder: Path) -> tuple[Parts, dict[str, Any]]:
    """Open a folder.

    Raises
    ------
    InputError
        If it is not an index. `FormatError` if it is damaged, or of another version.
    """
    if not is_index(folder):
        raise InputError("is not an index", path=folder, remedy="make one with: selfvec search RUN QUERY")
    head = read_json(folder / _HEAD, _AGAIN)
    if head.get("version") != VERSION:
        raise FormatError(f"is not an index of version {VERSION}", path=folder / _HEAD, remedy=_AGAIN)
    fields: Any = head.get("fields")
    share = head.get("dense_share")
    try:
        preprocessing = Preprocessing(**head["preprocessing"])
        plain = all(isinstance(value, str | bool | None) for value in asdict(preprocessing).values())
    except (KeyError, TypeError):
        plain = False
    named = isinstance(fields, list) and all(isinstance(name, str) for name in fields)
    if not plain or not named or not isinstance(share, float) or not 0 <= share <= 1:
        raise FormatError("lacks what describes an index", path=folder / _HEAD, remedy=_AGAIN)
    for name in (_WORDS, _ARRAYS):
        if not (folder / name).is_file():
            raise FormatError("belongs to an index and is missing", path=folder / name, remedy=_AGAIN)
    lexicon, arrays = Lexicon(preprocessing, read_vocabulary(folder / _WORDS)), map_tensors(folder / _ARRAYS)
    fault = next(_faults(arrays, fields, lexicon), None)
    if fault is not None:
        raise FormatError(fault, path=folder / _ARRAYS, remedy=_AGAIN)
    space = DenseSpace(**{name: arrays[name] for name in _SPACE}, share=share)
    return (lexicon, space, IndexedDocuments(arrays, fields)), dict(head.get("about") or {})


def _faults(a: Arrays, fields: list[str], lexicon: Lexicon) -> Iterator[str]:
    """What is wrong with the arrays: no loop over them may leave its bounds."""
    strings = ["ids", "texts", *(f"values {i}" for i in range(len(fields)))]
    types = _TYPES | dict.fromkeys(strings, np.uint8) | {f"{name} ends": np.int64 for name in strings}
    types |= {f"field {i}": np.int32 for i in range(len(fields))}
    missing = next((name for name in types if name not in a), None)
    if missing is not None:
        yield f"lacks the tensor {missing!r}"
        return
    if any(a[name].dtype != kind for name, kind in types.items()):
        yield "a tensor has another type"
        return
    v, d, p, n = len(lexicon), a["days"].size, a["owners"].size, a["units"].size
    width, likes = a["rows"].shape[-1], a["related"].shape[-1]
    shapes = {
        **{"rows": (v, width), "weights": (v,), "related": (v, likes), "likeness": (v, likes)},
        **{"starts": (v + 1,), "units": (n,), "counts": (n,), "lengths": (d + p,), "scales": (d + p,)},
        "front": (d + p, min(width, HYBRID_AXES)),
        "back": (d + p, max(width - HYBRID_AXES, 0)),
        **{"days": (d,), "owners": (p,), "spans": (p, 2), "ids ends": (d + 1,), "texts ends": (d + 1,)},
        **{f"field {i}": (d,) for i in range(len(fields))},
    }
    if any(a[name].shape != shape for name, shape in shapes.items()):
        yield "its tensors do not fit each other or the vocabulary"
        return
    if len(lexicon.index) != v:
        yield "a word occurs twice in the vocabulary"
    if not _within(a["related"], -1, v):
        yield "a related word is not in the vocabulary"
    if not _rises_to(a["starts"], n) or not _within(a["units"], 0, d + p):
        yield "its postings are out of order"
    spans = a["spans"]
    if not _within(a["owners"], 0, d) or np.any(spans[:, 0] < 0) or np.any(spans[:, 0] >= spans[:, 1]):
        yield "a passage is not part of a document"
    if not all(_rises_to(a[f"{name} ends"], len(a[name])) for name in strings):
        yield "its strings are out of order"
    elif not all(_within(a[f"field {i}"], -1, len(a[f"values {i} ends"]) - 1) for i in range(len(fields))):
        yield "a field has an unknown value"


def _within(numbers: NDArray[Any], first: int, end: int) -> bool:
    return not numbers.size or bool(first <= numbers.min() and numbers.max() < end)


def _rises_to(ends: NDArray[Any], last: int) -> bool:
    """Whether numbers rise from 0 to ``last``."""
    return bool(ends.size and ends[0] == 0 and ends[-1] == last and np.all(np.diff(ends) >= 0))
