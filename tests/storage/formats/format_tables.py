"""Small tables and the files they make, for all tests of formats."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfvec.data.vectors import Vectors
from selfvec.storage.formats import FORMATS, Format, save

WRITERS = [row for row in FORMATS if row.write]
WRITABLE = [row for row in WRITERS if row.read]
FILES = [row for row in WRITABLE if not row.folder]

WORDS = ["zebra", "don't", "new_york", "日本", "C++", "é", "</s>", "x,y", '"q"', "#", "Straße", "😀"]
"""What breaks careless readers: quotes, commas, comment signs, several bytes a character."""


def table(words: list[str] = WORDS, dimensions: int = 5, seed: int = 0) -> Vectors:
    """A table with numbers of very different sizes."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((len(words), dimensions)) * 10.0 ** rng.integers(
        -6, 4, (len(words), dimensions)
    )
    return Vectors(words, matrix.astype(np.float32))


def target(row: Format, folder: Path) -> Path:
    """Where to write a format in a folder."""
    return folder / f"table{row.suffixes[0] if row.suffixes else ''}"


def put(folder: Path, content: bytes | str, name: str = "vectors") -> Path:
    """A file of that content."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


def written(row: Format, folder: Path, vectors: Vectors | None = None) -> Path:
    """A path with a table in that format."""
    path = target(row, folder)
    save(table() if vectors is None else vectors, path, row.name)
    return path


def parts(path: Path) -> list[Path]:
    """All files a format has written at ``path``."""
    beside = path.with_name(f"{path.stem}.vocabulary.txt")
    found = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return sorted(found + [beside] * beside.exists())


FASTTEXT_WORDS = ["tornado", "日本語", "über", "/s", "</s>", "a"]


def fasttext_model(
    table: np.ndarray,
    words: Sequence[bytes] = tuple(map(str.encode, FASTTEXT_WORDS)),
    labels: Sequence[bytes] = (),
    *,
    version: int = 12,
    kind: int = 2,
    bucket: int = 50,
    ngrams: tuple[int, int] = (3, 6),
    quantised: bool = False,
    floret: int | None = None,  # its mode
) -> bytes:
    """The bytes of a model as fastText's ``saveModel`` lays them out."""
    more = () if floret is None else (floret, 1)
    arguments = (table.shape[1], 5, 5, 1, 5, 1, 2, kind, bucket, *ngrams, *more, 100)
    out = struct.pack("<2i", 793712314, version)
    out += struct.pack(f"<{len(arguments)}id", *arguments, 1e-4)
    out += struct.pack("<3iq", len(words) + len(labels), len(words), len(labels), 99)
    out += struct.pack("<q", -1)
    for name, code in [(word, 0) for word in words] + [(label, 1) for label in labels]:
        out += name + b"\0" + struct.pack("<qb", 7, code)
    out += struct.pack("<?qq", quantised, *table.shape) + table.astype("<f4").tobytes()
    return out + struct.pack("<?qq", False, 1, table.shape[1]) + bytes(4 * table.shape[1])
