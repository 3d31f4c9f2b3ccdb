"""An index as a folder. Nothing in it is ever changed: what is new is written beside it, and then named.

index.json               what belongs to it; replaced last, whole
space.safetensors        what it knows of meaning
vocabulary-000.txt ...   its types, in the order they came
segment-000/ ...         documents
deleted-003.safetensors  which of them are gone
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.base.files import atomic_file, atomic_folder, writing
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.base.vocabulary import read_vocabulary, write_vocabulary
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing

from .dense_space import Space
from .segment import Segment

if TYPE_CHECKING:
    from .index import Index

__all__ = ["is_index", "read_index", "write_deleted", "write_index", "write_segment"]

VERSION = 2
_HEAD, _SPACE = "index.json", "space.safetensors"
_AGAIN = "remove the index folder, it is made again at the next search"


def is_index(folder: Path) -> bool:
    """Whether a path looks like an index."""
    return (folder / _HEAD).is_file()


def write_index(index: Index, folder: Path, *, overwrite: bool = False) -> None:
    """Write an index of one segment into a new folder."""
    if folder.exists() and not is_index(folder):
        raise TargetError("exists and is no index", path=folder, remedy="choose another path")
    (segment,) = index.segments
    with atomic_folder(folder, overwrite=overwrite) as fresh:
        write_tensors(fresh / _SPACE, index.space.tensors)
        write_vocabulary(fresh / "vocabulary-000.txt", index.lexicon.types)
        (fresh / "segment-000").mkdir()
        segment.save(fresh / "segment-000")
        head = {
            "version": VERSION,
            "generation": 0,
            "preprocessing": asdict(index.lexicon.preprocessing),
            "vocabularies": ["vocabulary-000.txt"],
            "segments": ["segment-000"],
            "deleted": None,
            "about": index.about,
        }
        _write_head(fresh, head)


def read_index(kind: type[Index], folder: Path) -> Index:
    """Open a folder.

    Raises
    ------
    InputError
        If it is no index. `FormatError` if it is damaged, or of a later version.
    """
    if not is_index(folder):
        raise InputError("is no index", path=folder, remedy="make one with: selfvec search RUN QUERY")
    head = _read_head(folder)
    try:
        preprocessing = Preprocessing(**head["preprocessing"])
        if not all(
            value is None or isinstance(value, str | bool) for value in asdict(preprocessing).values()
        ):
            raise TypeError
        names = [[str(name) for name in head[key]] for key in ("vocabularies", "segments")]
    except (KeyError, TypeError):
        raise FormatError("lacks what an index says of itself", path=folder / _HEAD, remedy=_AGAIN) from None
    types = [word for name in names[0] for word in read_vocabulary(_there(folder / name))]
    lexicon = Lexicon(preprocessing, types)
    if len(lexicon.index) != len(types):
        raise FormatError("a type stands twice in its vocabularies", path=folder, remedy=_AGAIN)
    space = Space.of(map_tensors(_there(folder / _SPACE)), folder / _SPACE)
    if len(space.rows) > len(types):
        raise FormatError("it knows types that no vocabulary has", path=folder / _SPACE, remedy=_AGAIN)
    dimensions = int(space.rows.shape[1])
    segments = [Segment.open(folder / name, dimensions, len(types)) for name in names[1]]
    deleted = _read_deleted(folder, head.get("deleted"), names[1], segments)
    return kind(lexicon, space, segments, deleted, folder, dict(head.get("about") or {}))


def write_segment(index: Index, segment: Segment, types: Sequence[str]) -> None:
    """Put one more segment beside the others, with the types it brought."""
    with _changing(index) as head:
        number = head["generation"]
        name, words = f"segment-{number:03d}", f"vocabulary-{number:03d}.txt"
        folder = _folder(index)
        with atomic_folder(folder / name, overwrite=True) as fresh:
            segment.save(fresh)
        with atomic_file(folder / words) as file:
            write_vocabulary(file, types)
        head["segments"].append(name)
        head["vocabularies"].append(words)


def write_deleted(index: Index, deleted: Sequence[NDArray[np.bool_]], kept: Sequence[int]) -> None:
    """Say which documents are gone; segments without any are left out and removed."""
    with _changing(index) as head:
        folder, before = _folder(index), head["deleted"]
        names = head["segments"]
        head["segments"] = [names[number] for number in kept]
        marks = {names[number]: deleted[number] for number in kept if deleted[number].any()}
        head["deleted"] = f"deleted-{head['generation']:03d}.safetensors" if marks else None
        if marks:
            with atomic_file(folder / head["deleted"]) as file:
                write_tensors(file, marks)
    for name in set(names) - set(head["segments"]):
        shutil.rmtree(folder / name, ignore_errors=True)
    if before and before != head["deleted"]:
        (folder / str(before)).unlink(missing_ok=True)


@contextmanager
def _changing(index: Index) -> Iterator[dict[str, Any]]:
    """The head of an index, to be changed by one writer and written when the block is done.

    Raises
    ------
    TargetError
        If another process changed or is changing the index.
    """
    folder = _folder(index)
    with writing(folder), (folder / "lock").open("wb") as lock:
        _locked(lock.fileno(), folder)
        head = _read_head(folder)
        if len(head["segments"]) != len(index.segments):
            raise TargetError("another process changed this index", path=folder, remedy="open it again")
        head["generation"] = int(head["generation"]) + 1
        yield head
        _write_head(folder, head)


def _locked(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: heads are replaced whole, the later writer wins
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise TargetError(
            "another process is changing this index", path=folder, remedy="wait for it"
        ) from None


def _folder(index: Index) -> Path:
    assert index.folder is not None
    return index.folder


def _there(path: Path) -> Path:
    if not path.is_file():
        raise FormatError("an index holds this file, it is missing", path=path, remedy=_AGAIN)
    return path


def _read_head(folder: Path) -> dict[str, Any]:
    path = folder / _HEAD
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is not JSON: {error}", path=path, remedy=_AGAIN) from None
    if not isinstance(head, dict) or head.get("version") != VERSION:
        raise FormatError(f"is not of an index of version {VERSION}", path=path, remedy=_AGAIN)
    lists = [head.get("segments"), head.get("vocabularies")]
    plain = all(isinstance(one, list) and all(_plain(name) for name in one) for one in lists)
    if not plain or not isinstance(head.get("generation"), int) or not _plain(head.get("deleted") or "a"):
        raise FormatError("lacks what an index says of itself", path=path, remedy=_AGAIN)
    return head


def _plain(name: object) -> bool:
    """Whether a name leads nowhere else."""
    return isinstance(name, str) and name not in ("", ".", "..") and os.path.basename(name) == name  # noqa: PTH119


def _write_head(folder: Path, head: dict[str, Any]) -> None:
    with atomic_file(folder / _HEAD) as file:
        text = json.dumps(head, indent=1, ensure_ascii=False, allow_nan=False)
        file.write_text(text + "\n", encoding="utf-8")


def _read_deleted(
    folder: Path, name: str | None, names: Sequence[str], segments: Sequence[Segment]
) -> list[NDArray[np.bool_]]:
    out = [np.zeros(segment.documents, bool) for segment in segments]
    if name is None:
        return out
    marks = map_tensors(_there(folder / name))
    for number, own in enumerate(names):
        mark = marks.get(own)
        if mark is None:
            continue
        if mark.dtype != bool or mark.shape != out[number].shape:
            raise FormatError(f"the tensor {own!r} fits no segment", path=folder / name, remedy=_AGAIN)
        out[number] = np.array(mark)
    return out
