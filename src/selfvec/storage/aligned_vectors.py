"""Aligned vectors on disk: a folder with ``a`` and ``b``, or a file with b and a note that names a.

The note is a small JSON file next to the vectors, ``NAME.aligned.json``, so that it works for every format.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from selfvec.base.atomic_files import atomic_files, atomic_folder
from selfvec.base.targets import check_target
from selfvec.base.text_files import read_json
from selfvec.data.vectors import Vectors

from .formats import FORMATS, check_save, save
from .formats.format_table import format_of
from .run_folder import is_run

_NOTE = ".aligned.json"
_SUFFIXES = tuple(suffix for row in FORMATS for suffix in row.suffixes)


def names_a_file(path: str | os.PathLike[str]) -> bool:
    """Whether a path has the suffix of a vectors file."""
    return Path(path).name.endswith(_SUFFIXES)


def check_aligned(path: Path, *, overwrite: bool = False) -> None:
    """Raise `TargetError` if the vectors or their note cannot be written; called before the work."""
    check_target(path, overwrite=overwrite)
    if names_a_file(path):
        check_target(_note_of(path), overwrite=overwrite, folder=False)


def save_aligned_folder(
    a: Vectors, b: Vectors, path: Path, format: str | None = None, *, overwrite: bool = False
) -> list[str]:
    """Write a and b into a folder; return what the format cannot store.

    `OptionError` if the format cannot be written; `TargetError` if the folder exists or cannot be written.
    """
    row = format_of(format or "safetensors")
    suffix = row.suffixes[0] if row.suffixes else ""
    with atomic_folder(path, overwrite=overwrite) as folder:
        left_out = save(a, folder / f"a{suffix}", format=row.name)
        return left_out + save(b, folder / f"b{suffix}", format=row.name)


def save_aligned_file(
    b: Vectors, path: Path, format: str | None, *, note: dict[str, str] | None, overwrite: bool = False
) -> list[str]:
    """Write b, and next to it the note with the path or name of ``a`` and the ``method``."""
    check_aligned(path, overwrite=overwrite)
    format = check_save(path, format, overwrite=overwrite).name
    with atomic_files(path, overwrite=overwrite) as fresh:
        left_out = save(b, fresh, format=format)
        if note is not None:
            text = json.dumps(note, indent=1, ensure_ascii=False)
            _note_of(fresh).write_text(text + "\n", encoding="utf-8")
    if note is None:
        _note_of(path).unlink(missing_ok=True)  # of other vectors that had this name
    return left_out


def find_aligned(path: str | os.PathLike[str]) -> tuple[str, str] | None:
    """The paths of a and b for such a folder or file; None for other paths, or if a no longer exists."""
    path = Path(path)
    if path.is_dir() and not is_run(path):
        a = _member(path, "a")
        b = _member(path, "b")
        return None if a is None or b is None else (str(a), str(b))
    note = _note_of(path)
    if not (path.is_file() and note.is_file()):
        return None
    a_path = read_json(note, "align again").get("a")
    there = isinstance(a_path, str) and (not Path(a_path).is_absolute() or Path(a_path).exists())
    return (str(a_path), str(path)) if there else None


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + _NOTE)


def _member(folder: Path, name: str) -> Path | None:
    """The file or folder of a or b, whatever its format."""
    candidates = [folder / name, *(folder / f"{name}{suffix}" for suffix in _SUFFIXES)]
    return next((path for path in candidates if path.exists()), None)
