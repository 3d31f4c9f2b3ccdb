"""Find the files that the command line names, and their kinds.

The suffix gives the kind, or the first bytes if the suffix is unknown. Everything that needs no full read is
checked here, so that a mistyped name fails before any work is done.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from selfvec.base.errors import CorpusError

from .streams import HEAD, Source, reading

__all__ = ["find_sources"]

STDIN = "-"

KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".txt": "lines",
    ".text": "lines",
}
COMPRESSED = (".gz", ".zst", ".zstd")
DOCUMENT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown", ".rst", ".adoc", ".org", ".tex", ".log")
"""Suffixes of text documents in a folder; text collections often have none."""

_OTHER_FORMATS = (
    (b"PK\x03\x04", "a zip archive (or an Office document)", "unpack it"),
    (b"BZh", "bzip2", "unpack it, or compress it as .gz or .zst"),
    (b"\xfd7zXZ", "xz", "unpack it, or compress it as .gz or .zst"),
    (b"%PDF", "PDF", "extract its text first, with pdftotext for example"),
    (b"\xff\xfe", "UTF-16 text", "convert it to UTF-8: iconv -f utf-16 -t utf-8"),
    (b"\xfe\xff", "UTF-16 text", "convert it to UTF-8: iconv -f utf-16 -t utf-8"),
)


def find_sources(names: list[str], skipped: list[str]) -> Iterator[Source]:
    """The sources for names of files, folders and ``-``.

    ``skipped`` receives the files in folders that have no known format.
    """
    for name in names:
        with reading(name):
            yield from _find(name, skipped)


def _find(name: str, skipped: list[str]) -> Iterator[Source]:
    path = Path(name)
    if name == STDIN:
        yield _pipe("standard input", _standard_input())
    elif path.is_dir():
        yield from _folder(path, skipped)
    elif not path.exists():
        raise CorpusError("there is no such file or folder", path=path, remedy="check the path")
    elif stat.S_ISREG(path.stat().st_mode):
        yield _file(path)
    else:
        yield _pipe(name, path.open("rb", buffering=0))


def _standard_input() -> BinaryIO:
    # Unbuffered, so that a thread waiting for input does not hold a lock when the program ends.
    try:
        return io.FileIO(sys.stdin.fileno(), closefd=False)
    except (OSError, ValueError):  # a stand-in without a file
        return sys.stdin.buffer


def _pipe(name: str, handle: BinaryIO) -> Source:
    source = Source(name, pipe=True, _handle=handle)
    weakref.finalize(source, handle.close)
    source.kind = _sniffed(source)
    if source.kind == "parquet":
        raise CorpusError("Parquet is not read from a pipe", path=name, remedy="give the file by its name")
    return source


def _file(path: Path) -> Source:
    source = Source(str(path), kind=_kind(path), size=path.stat().st_size)
    if source.kind != "parquet":
        sniffed = _sniffed(source)
        source.kind = source.kind or sniffed
    return source


def _kind(path: Path) -> str:
    return KINDS.get(_suffix(path), "")


def _suffix(path: Path) -> str:
    """The suffix before that of compression: ``.csv`` of ``a.csv.gz``."""
    bare = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    return bare.suffix.lower()


def _sniffed(source: Source) -> str:
    """The kind by the first bytes; an error if they are not text."""
    head = source.peek()
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, name, remedy in _OTHER_FORMATS:
        if head.startswith(magic):
            raise CorpusError(f"is {name}, text is needed", path=source.path, remedy=remedy)
    if b"\0" in head[:HEAD]:
        raise CorpusError(
            "is a binary file (it holds NUL bytes), text is needed",
            path=source.path,
            remedy="give a text, csv, jsonl or parquet file",
        )
    if head.lstrip()[:1] == b"[" and _suffix(Path(source.path)) == ".json":
        raise CorpusError(
            "is one JSON array, an object per line is needed",
            path=source.path,
            remedy="convert it: jq -c '.[]'",
        )
    return "jsonl" if head.lstrip()[:1] == b"{" else "lines"


def _folder(folder: Path, skipped: list[str]) -> Iterator[Source]:
    """The row files of a folder or, if there are none, its text files, one document each."""
    files = sorted(_visible(folder))
    rows = [path for path in files if _kind(path) not in ("", "lines")]
    documents = [path for path in files if path not in set(rows) and _suffix(path) in DOCUMENT_SUFFIXES]
    corpus = [path for path in rows if path.parent == folder and path.name.startswith("corpus.jsonl")]
    if corpus and any(path.name.startswith("queries.jsonl") for path in rows):
        rows, documents = corpus[:1], []  # BEIR: queries and judgements are not documents
    elif rows and documents:
        raise CorpusError(
            f"holds text files ({documents[0].name}, …) and files of rows ({rows[0].name}, …)",
            path=folder,
            remedy="name the files that are meant",
        )
    if not rows and not documents:
        there = ", ".join(sorted({path.suffix or path.name for path in files})[:10]) or "nothing"
        raise CorpusError(
            f"there is no file to read in this folder, only {there}",
            path=folder,
            remedy="text, csv, tsv, jsonl and parquet files are read",
        )
    taken = {*rows, *documents}
    skipped.extend(str(path) for path in files if path not in taken)
    yield from map(_file, rows)
    if documents:
        size = sum(path.stat().st_size for path in documents)
        yield Source(str(folder), kind="folder", size=size, members=documents)


def _visible(folder: Path) -> Iterator[Path]:
    """Files of a folder and its sub-folders, without hidden ones."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():
                yield path
