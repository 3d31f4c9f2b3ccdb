"""What aligning reads and writes: bilingual dictionaries, and aligned vectors.

Aligned vectors are a folder with ``a`` and ``b``, or a file with b and a note that names a. The note is a
small JSON file next to the vectors, ``NAME.aligned.json``, so that it works for every format.

A row of a dictionary is a word of A and a word of B, separated by a tab, or by blanks as in the dictionaries
of MUSE. A word may have several rows. A header, such as *source* and *target*, is skipped.
"""

from __future__ import annotations

import re
from pathlib import Path

from selfvec.base.checks import StrPath
from selfvec.base.errors import InputError
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import atomic_files, atomic_folder, check_target
from selfvec.files.text_files import read_json, text_lines

from .formats import FORMATS, check_save, save
from .formats.load_and_save import format_of
from .run_folder import is_run, write_json

_NOTE = ".aligned.json"
_SUFFIXES = tuple(suffix for row in FORMATS for suffix in row.suffixes)


def names_a_file(path: StrPath) -> bool:
    return Path(path).name.endswith(_SUFFIXES)


def check_aligned(path: Path, *, overwrite: bool) -> None:
    """Raise `TargetError` if the vectors or their note cannot be written; called before the work."""
    check_target(path, overwrite=overwrite)
    if names_a_file(path):
        check_target(_note_of(path), overwrite=overwrite, folder=False)


def save_aligned(
    sides: dict[str, Vectors],  # a and b: a folder; b alone: a file
    path: Path,
    format: str | None,
    *,
    note: dict[str, str] | None,  # the path or name of ``a`` and the ``method``, next to a file
    overwrite: bool,
) -> list[str]:
    """Write aligned vectors; return what the format cannot store.

    `OptionError` if the format cannot be written; `TargetError` if the path exists or cannot be written.
    """
    if "a" in sides:
        row = format_of(format or "safetensors")
        suffix = row.suffixes[0] if row.suffixes else ""
        with atomic_folder(path, overwrite=overwrite) as folder:
            names = [(vectors, folder / f"{name}{suffix}") for name, vectors in sides.items()]
            return [text for vectors, file in names for text in save(vectors, file, format=row.name)]
    format = check_save(path, format, overwrite=overwrite).name
    with atomic_files(path, overwrite=overwrite) as fresh:
        left_out = save(sides["b"], fresh, format=format)
        if note is not None:
            write_json(_note_of(fresh), note)
    if note is None:
        _note_of(path).unlink(missing_ok=True)  # of other vectors that had this name
    return left_out


def find_aligned(path: StrPath) -> tuple[str, str] | None:
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
    candidates = [folder / name, *(folder / f"{name}{suffix}" for suffix in _SUFFIXES)]
    return next((path for path in candidates if path.exists()), None)


# Bilingual dictionaries

_COLUMN = re.compile(
    r"((source|target|from|to|head|tail|query|first|second)[ _-]?)?"
    r"(source|target|from|to|head|tail|word|term|translation|lemma|subject|object|query|language|lang)s?"
    r"[ _-]?[12ab]?|english|spanish|german|french|italian|portuguese|dutch|russian|chinese|japanese"
)


class WordPairs(list[tuple[str, str]]):
    """Pairs of words; ``header`` is the first row of their file if it names the columns."""

    header: str | None = None


def read_dictionary(path: StrPath) -> WordPairs:
    """The pairs of a file, in its order; `InputError` names the first invalid line."""
    path = Path(path)
    pairs = WordPairs()
    for line, text in text_lines(path):
        fields = [field.strip() for field in text.split("\t")] if "\t" in text else text.split()
        if len(fields) != 2 or "" in fields:
            rule = f"a row is word<TAB>word, this one has {len([field for field in fields if field])} words"
            raise InputError(rule, path=path, line=line, remedy="put a word of A and a word of B on a line")
        if not pairs and pairs.header is None and all(_COLUMN.fullmatch(field.lower()) for field in fields):
            pairs.header = text.strip()
            continue
        pairs.append((fields[0], fields[1]))
    if not pairs:
        raise InputError("holds no pair of words", path=path, remedy="give rows of word<TAB>word")
    return pairs
