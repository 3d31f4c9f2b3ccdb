"""Whatever bytes a file holds: vectors or one `FormatError`, and little memory."""

import random
import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from format_tables import WORDS, fasttext_model, parts, target, written
from format_tables import table as small_table
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.examples import TIMES, soaked
from tests.refusals import refused
from tests.rows import normal_rows

from selfvec.base.errors import FormatError
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import FORMATS, Format, load
from selfvec.storage.formats import text as text_format
from selfvec.storage.formats.safetensors import write_as

ROWS = [row for row in FORMATS if row.read and row.name not in ("run", "parquet")]
MAGICS = [
    b"", b"\x93NUMPY\x01\x00", b"PK\x03\x04", b"\xba\x16O/\x0c\x00\x00\x00", b"2 3\n", b"1 1\na ",
    b"a 0.5 1\n", b"\x08\x00\x00\x00\x00\x00\x00\x00{", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd",
    b"0.5\t1\n", b"\xef\xbb\xbf9 9\n",
]  # fmt: skip
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=9)), min_size=1, max_size=4)


def mutated(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """``content`` with bytes left out and others put in, at relative places."""
    for place, removed, added in edits:
        at = int(place * len(content))
        content = content[:at] + added + content[at + removed :]
    return content


def attempt(path: Path, name: str | None, errors: str) -> None:
    try:
        vectors = load(path, name, errors=errors)
    except FormatError as error:
        assert "\n" not in str(error)
        assert error.remedy
    else:
        assert isinstance(vectors, Vectors)
        assert len(vectors) == len(vectors.vectors) == len(set(vectors.index_to_key)) > 0
        assert np.isfinite(vectors.vectors).all()
        if vectors.composer is not None:
            assert vectors.composer(["tornadoes"]).shape == (1, vectors.vector_size)


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    return own


@pytest.mark.parametrize("large", [False, True])
@settings(max_examples=40 * TIMES)
@given(st.sampled_from(MAGICS), st.binary(max_size=200), st.sampled_from([None, *ROWS]))
@example(b"", b"1 1\n\n", None)
def test_arbitrary_bytes(large: bool, folder: Path, magic: bytes, rest: bytes, row: Format | None) -> None:
    path = folder / "arbitrary"
    path.write_bytes(magic + rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_format, "_WORTH_IT", -1 if large else 1 << 20)
        attempt(path, row and row.name, "replace")


@cache
def valid(name: str, folder: Path) -> tuple[Path, dict[Path, bytes]]:
    """A file of a format, with the bytes of all that belong to it."""
    row = next(row for row in ROWS if row.name == name)
    path = folder / name / "table"
    path.parent.mkdir()
    if name == "fasttext":
        table = normal_rows(56, 3, 1)
        path.write_bytes(fasttext_model(table))
    elif name == "compressed":
        write_as(small_table(), path, "pq")
    else:
        path = written(row, path.parent)
    return path, {part: part.read_bytes() for part in parts(path)}


@pytest.mark.parametrize("name", [row.name for row in ROWS])
@settings(max_examples=40 * TIMES)
@given(st.integers(0, 9), EDITS, st.sampled_from(["strict", "replace"]), st.booleans())
def test_damaged_files(
    folder: Path, name: str, part: int, edits: list[tuple[float, int, bytes]], errors: str, named: bool
) -> None:
    path, files = valid(name, folder)
    file = sorted(files)[part % len(files)]
    try:
        file.write_bytes(mutated(files[file], edits))
        attempt(path, name if named else None, errors)
    finally:
        file.write_bytes(files[file])


@pytest.mark.parametrize("name", [row.name for row in ROWS if not row.folder])
def test_files_cut_off_at_any_byte(name: str, folder: Path) -> None:
    path, files = valid(name, folder)
    for end in range(1, len(files[path]), 1 + len(files[path]) // 100):
        path.write_bytes(files[path][:end])
        attempt(path, name, "strict")
    path.write_bytes(files[path])
    assert load(path).index_to_key[0] in (WORDS[0], "tornado")


@pytest.mark.parametrize("times", soaked([1, 12], 1))
def test_damaged_parquet_is_an_error_and_not_the_end(times: int, tmp_path: Path) -> None:
    row = next(row for row in FORMATS if row.name == "parquet")
    path = written(row, tmp_path)
    content = path.read_bytes()
    chance = random.Random(7)
    for _ in range(times):
        edits = [(chance.random(), chance.randrange(3), chance.randbytes(3)) for _ in range(3)]
        path.write_bytes(mutated(content, edits))
        attempt(path, None, "strict")
    for bad in (content[:-20], b"PAR1" + bytes(99), b"PAR1" + b"\xff" * 60 + b"\xff\xff\xff\x7fPAR1"):
        path.write_bytes(bad)
        refused(lambda: load(path), FormatError, "does not hold readable vectors in Parquet")


def header_of(row: Format) -> list[bytes]:
    """Headers that promise far more than the file holds."""
    array = b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 300), }"
    tensor = b'{"a":{"dtype":"F32","shape":[999999999999,300],"data_offsets":[0,1199999999998800]}}'
    return {
        "npy": [b"\x93NUMPY\x01\x00\x60\x00" + array.ljust(95) + b"\n"],
        "safetensors": [len(tensor).to_bytes(8, "little") + tensor],
        "word2vec": [b"999999999999 300\na \0\0", b"3 999999999999\na \0\0"],
        "word2vec-text": [
            b"999999999999 300\na 1 2\n",
            b"3 999999999999\na 1 2\n",
            b"100000 5000\n" + b"a 1\n" * 1000,
        ],
        "glove": [(b"a" + b" 1" * 9999 + b"\n") * 9 + b"b 1\n" * 5],
    }.get(row.name, [])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_absurd_sizes_are_refused_before_memory_is_taken(row: Format, tmp_path: Path) -> None:
    (tmp_path / "vocabulary.txt").write_text("a\n")
    for content in header_of(row):
        path = target(row, tmp_path)
        path.write_bytes(content)
        tracemalloc.start()
        refused(lambda: load(path, row.name), FormatError)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16e6
