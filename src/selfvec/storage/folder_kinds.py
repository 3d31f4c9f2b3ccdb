"""The kinds of folders that Selfvec writes, a row for each, and the errors for a path of another kind.

A JSON file in a folder tells its kind. An error says what a path is instead, and what to type.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from selfvec.base.errors import InputError, did_you_mean
from selfvec.files.atomic_files import FolderKind
from selfvec.files.compressed_files import bare_suffix

RUN = FolderKind("run.json", "run", "a run folder")
INDEX = FolderKind("index.json", "index", "an index")
FETCHED = FolderKind("table.json", "table", "a folder of fetched vectors", sealed=False)
FOLDER_KINDS = (
    RUN,
    INDEX,
    FolderKind("encoder.json", "encoder", "an encoder"),
    FolderKind("result.json", "result", "a result kept for a run"),
    FETCHED,
)


def folder_kind(folder: Path) -> FolderKind | None:
    return next((kind for kind in FOLDER_KINDS if (folder / kind.file).is_file()), None)


_TEXT = {
    *(".jsonl", ".ndjson", ".csv", ".tsv"),
    *(".txt", ".text", ".md", ".markdown", ".rst", ".html", ".htm", ".pdf", ".docx", ".log"),
}
_OURS = {"vocabulary.txt", "run.json", "vectors.tsv", "metadata.tsv"}  # of damaged runs and other vectors
_VECTORS = {".npy", ".npz", ".bin", ".vec", ".safetensors", ".w2v", ".glove"}
_MAKE_ONE = "make a run with: selfvec refine CORPUS -o RUN"
_LOOKED_AT = 1000  # files of a folder, at most


class Mistake(NamedTuple):
    what: str
    remedy: str


def not_a_run(path: Path) -> InputError:
    rule, remedy = "is not a run folder", _MAKE_ONE
    if error := not_text(path, rule):
        return error
    if text := text_at(path):
        rule, remedy = f"{rule}, it is {text.what}", text.remedy
    return InputError(rule, path=path, remedy=remedy)


def not_text(path: Path, rule: str = "is neither a run nor text") -> InputError | None:
    """The error for a path that is no run, if it is no text either."""
    if not path.exists():
        remedy = similar_paths(path) or _MAKE_ONE
        return InputError(f"{rule}, nothing has this name", path=path, remedy=remedy)
    mistake = mistaken(path)
    if kind := folder_kind(path):
        mistake = Mistake(kind.described, "name the run it was made from")
    elif bare_suffix(path) in _VECTORS or _separator(path) in (b" ", b"\t"):
        refine = f"refine a text with them: selfvec refine TEXT --vectors {shlex.quote(str(path))} -o run"
        mistake = Mistake("a file of vectors", refine)
    return mistake and InputError(f"{rule}, it is {mistake.what}", path=path, remedy=mistake.remedy)


def mistaken(path: Path) -> Mistake | None:
    """What a path is that holds no run, text or vectors; None if it is not one of the usual mistakes."""
    if snapshot := snapshot_of(path):
        return Mistake("a folder of the hub's cache", snapshot)
    with suppress(OSError):  # it may not be listed
        if path.is_dir() and not any(path.iterdir()):
            return Mistake("an empty folder", f"name a run or vectors, or {_MAKE_ONE}")
    if (path / "lock").is_file() and not (path / "run.json").exists():
        return Mistake("what an interrupted command left", "repeat the command")
    if any((folder / "key2row").is_file() for folder in (path, path / "vocab")):
        remedy = "in Python give a dict, {word: nlp.vocab[word].vector for word in words}"
        return Mistake("a folder of spaCy", remedy)
    if any(path.glob("onnx/*.onnx")):
        return Mistake("the folder of a sentence encoder", "give it as --encoder, or name vectors or a run")
    if separator := _separator(path):
        form = "put blanks between a word and its numbers, and points before fractions"
        return Mistake(f"a table of words and numbers with {separator.decode()!r} between them", form)
    return None


def text_at(path: Path) -> Mistake | None:
    """That a path is text, if it looks like that."""
    files = list(islice(path.rglob("*"), _LOOKED_AT)) if path.is_dir() else [path]
    suffixes = {bare_suffix(file) for file in files if file.is_file() and not file.name.startswith(".")}
    if not suffixes & _TEXT or suffixes & _VECTORS or any(file.name in _OURS for file in files):
        return None
    return Mistake("text", f"refine it first: selfvec refine {shlex.quote(str(path))} -o run")


def _separator(path: Path) -> bytes | None:
    """What is between a word and its numbers in the second line of a file, or the only one, or None."""
    try:
        with path.open("rb") as file:
            lines = [line for line in file.read(1 << 16).split(b"\n")[:2] if line.strip()][-1:]
    except OSError:
        return None
    marks = (b" ", b"\t", b";", b",")
    return next((mark for line in lines for mark in marks if _is_row(line, mark)), None)


def _is_row(line: bytes, mark: bytes) -> bool:
    """Whether a line is a word and several numbers, with decimal commas unless these are between them."""
    word, *numbers = line.strip().split(mark)
    try:
        for number in numbers:
            float(number if mark == b"," else number.replace(b",", b"."))
    except ValueError:
        return False
    return len(numbers) > 1 and word != b""


def snapshot_of(path: Path) -> str:
    """What to name in place of a repository's folder in the hub's cache; empty for others."""
    snapshots = sorted((path / "snapshots").glob("*")) if (path / "blobs").is_dir() else []
    last = shlex.quote(str(snapshots[-1])) if snapshots else ""
    return last and f"it is a repository in the hub's cache: name {last}"


def similar_paths(path: Path, others: Iterable[str] = ()) -> str:
    """A suggestion of names in the same folder, or of ``others``, similar to a path that does not exist."""
    names = {name: name for name in others}
    with suppress(OSError):
        names |= {near.name: str(near) for near in path.parent.iterdir() if not near.name.startswith(".")}
    return did_you_mean(path.name, names, lambda name: names[name])
