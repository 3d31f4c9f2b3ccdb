"""What every format promises, by one row of the table after the other."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from format_tables import FILES, WORDS, WRITABLE, WRITERS, table, target, written
from numpy.testing import assert_array_equal
from tests.examples import soaked
from tests.places import ROOT
from tests.refusals import refused

from selfvec.base.errors import FormatError, OptionError, TargetError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.compressed_files import zstd
from selfvec.storage.formats import FORMATS, Format, load, save

Pack = Callable[[bytes], bytes]


def each(rows: Sequence[Format], *but: str) -> pytest.MarkDecorator:
    """A test of each row, but those of some names."""
    kept = [row for row in rows if row.name not in but]
    fast = [row for row in kept if row.name != "parquet"]  # which a process of its own reads
    return pytest.mark.parametrize("row", soaked(kept, *fast), ids=lambda row: row.name)


every, every_writer, every_file = each(WRITABLE), each(WRITERS), each(FILES)


@pytest.mark.parametrize("row", WRITABLE, ids=lambda row: row.name)
def test_what_was_written_is_read_back_to_the_bit(row: Format, tmp_path: Path) -> None:
    before = table()
    after = load(written(row, tmp_path, before))
    assert after.index_to_key == WORDS
    assert after.vectors.dtype == np.float32
    assert_array_equal(after.vectors.view(np.uint32), before.vectors.view(np.uint32))
    assert after.provenance["format"] == row.name


@every
def test_mapped_formats_stay_in_the_file(row: Format, tmp_path: Path) -> None:
    matrix = load(written(row, tmp_path)).vectors
    if row.mapped:
        assert not matrix.flags.owndata
        assert not matrix.flags.writeable
    assert matrix.flags.c_contiguous
    assert matrix.flags.aligned


@every
def test_half_precision_is_kept_or_refused(row: Format, tmp_path: Path) -> None:
    path = target(row, tmp_path)
    if not row.half:
        refused(lambda: save(table(), path, row.name, dtype="float16"), OptionError, "does not hold float16")
        assert list(tmp_path.iterdir()) == []
        return
    save(table(), path, row.name, dtype="float16")
    after = load(path)
    assert after.vectors.dtype == np.float16
    assert_array_equal(after.vectors, table().vectors.astype(np.float16))


@every
def test_dimensions_keep_the_first_columns(row: Format, tmp_path: Path) -> None:
    path = target(row, tmp_path)
    save(table(), path, row.name, dimensions=2)
    assert_array_equal(load(path).vectors, table().vectors[:, :2])


@every
@pytest.mark.parametrize("limit", [1, 99])
def test_a_limit_keeps_the_first_rows(row: Format, limit: int, tmp_path: Path) -> None:
    after = load(written(row, tmp_path), limit=limit)
    assert after.index_to_key == WORDS[:limit]
    assert_array_equal(after.vectors, table().vectors[:limit])


@every
def test_counts_and_sources_are_kept_or_said_to_be_left_out(row: Format, tmp_path: Path) -> None:
    sources = np.array([Source.KNOWN, Source.SUBWORDS], np.uint8)
    counts = np.array([7, 2], np.int64)
    composer = Vectors(["a"], np.ones((1, 2), np.float32)).lookup  # any callable: it is not called
    before = Vectors(
        ["a", "b"], np.eye(2, dtype=np.float32), sources=sources, counts=counts, composer=composer
    )
    path = target(row, tmp_path)
    notes = " ".join(save(before, path, row.name))
    assert "vectors of subwords are left out" in notes
    after = load(path)
    if "counts" in row.columns:
        assert after.counts.tolist() == [7, 2]
        assert after.sources.tolist() == sources.tolist()
        assert "left out" not in notes.replace("vectors of subwords are left out", "")
    else:
        assert after.counts is None
        assert "word counts: left out" in notes
        assert "where each vector came from: left out" in notes


@contextmanager
def left(row: Format, folder: Path) -> Iterator[Path]:
    """A target, which in the end is as it was: a file, or nothing in place of a folder."""
    path, files = target(row, folder), {} if row.folder else {target(row, folder): b"what stood here"}
    for file, content in files.items():
        file.write_bytes(content)
    yield path
    assert {file: file.read_bytes() for file in folder.iterdir()} == files


@every_writer
@pytest.mark.parametrize("word", ["line\nbreak", "line\rbreak", "lone \ud800 surrogate"])
def test_words_a_format_cannot_hold_are_refused_and_the_target_left(
    row: Format, word: str, tmp_path: Path
) -> None:
    with left(row, tmp_path) as path:
        vectors = Vectors(["fine", word], np.eye(2, dtype=np.float32))
        refused(lambda: save(vectors, path, row.name, overwrite=True), OptionError)


@every_writer
def test_a_folder_that_cannot_be_written_into_is_a_target_error(row: Format, tmp_path: Path) -> None:
    refused(lambda: save(table(), target(row, tmp_path / "nowhere"), row.name), TargetError)


@every
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_both_ways(row: Format, bad: float, tmp_path: Path) -> None:
    vectors = table()
    vectors.vectors[1, 3] = bad
    path = target(row, tmp_path)
    refused(lambda: save(vectors, path, row.name), OptionError, r"don't.*not finite")
    row.write(vectors, path)
    refused(lambda: load(path), FormatError, r"(:[23]: .*don't|don't.*row 2)")


@each(WRITABLE, "model2vec")
def test_words_standing_twice_are_an_error_or_the_first_is_kept(row: Format, tmp_path: Path) -> None:
    vectors = table(["a", "b", "c", "d"])
    vectors.index_to_key[2:] = ["a", "b"]
    path = target(row, tmp_path)
    row.write(vectors, path)
    rule = r"'a' in (row 1|line \d) and again in (row 3|line \d); .*errors='replace'"
    refused(lambda: load(path), FormatError, rule)
    after = load(path, errors="replace")
    assert after.index_to_key == ["a", "b"]
    assert_array_equal(after.vectors, vectors.vectors[:2])
    assert "2 rows left out" in after.provenance["notes"][0]


@each(WRITABLE, "model2vec", "parquet")
def test_words_that_are_not_utf8_are_an_error_or_replaced(row: Format, tmp_path: Path) -> None:
    path = written(row, tmp_path)
    for file in [path, *tmp_path.rglob("*")]:
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"zebra", b"zeb\xff\xfe"))
    refused(lambda: load(path), FormatError, r"UTF-8.*errors='replace'")
    assert load(path, errors="replace").index_to_key == ["zeb\ufffd\ufffd", *WORDS[1:]]


@each(FORMATS)
@pytest.mark.parametrize("content", [b"", b"\0", b"no vectors here\n", b"\x7fELF\x02\x01\x01" + bytes(64)])
def test_other_files_are_one_format_error(row: Format, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        load(path, row.name)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


@every_file
@pytest.mark.parametrize("other", FILES, ids=lambda row: row.name)
def test_a_format_named_wrongly_is_an_error(row: Format, other: Format, tmp_path: Path) -> None:
    path = written(row, tmp_path)
    if row is other:
        return
    refused(lambda: load(path, other.name), FormatError)


@every_file
def test_the_suffix_names_the_format_to_write(row: Format, tmp_path: Path) -> None:
    for suffix in row.suffixes:
        save(table(["a", "b"]), tmp_path / f"t{suffix}")
        assert load(tmp_path / f"t{suffix}").provenance["format"] == row.name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "a.xyz"}, r"'\.xyz' belongs to no format"),
        ({"path": "a"}, r"belongs to no format"),
        ({"path": "a.npy.gz"}, r"npy cannot be written compressed; leave \.gz off"),
        ({"path": "a.vec", "format": "wrod2vec"}, r"no format 'wrod2vec'; choose one of .*word2vec-text"),
        ({"path": "a.bin", "format": "fasttext"}, r"fasttext can be read but not written"),
        ({"path": "a.vec", "dimensions": 6}, r"5 dimensions, 6 .* 1 to 5"),
        ({"path": "a.vec", "dimensions": 0}, r"1 to 5"),
        ({"path": "a.npy", "dtype": "int8"}, r"does not hold int8"),
    ],
)
def test_options_that_make_no_sense_say_so(options: dict[str, object], message: str, tmp_path: Path) -> None:
    path = tmp_path / str(options.pop("path"))
    refused(lambda: save(table(), path, **options), OptionError, message)
    assert list(tmp_path.iterdir()) == []


def test_the_documentation_lists_every_format() -> None:
    text = (ROOT / "docs" / "reference" / "formats.md").read_text("utf-8")
    for row in FORMATS:
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{row.name}` |")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert [cell.strip("`") for cell in cells[2].split()] == sorted(row.suffixes, key=row.suffixes.index)
        assert cells[3] == ("yes" if row.read else "")
        assert cells[4] == ("yes" if row.write else "")
        assert (cells[5] == "yes") == row.mapped
        assert (cells[6] == "yes") == row.half


@every_writer
@pytest.mark.usefixtures("small_disk")
def test_a_write_that_fails_half_way_leaves_the_target(row: Format, tmp_path: Path) -> None:
    vectors = table([f"word{i}" for i in range(3000)], 20)
    with left(row, tmp_path) as path:
        rule = "larger than the file system allows"
        refused(lambda: save(vectors, path, row.name, overwrite=True), TargetError, rule)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
@every_file
def test_packed_files_are_read_unless_mapped(row: Format, pack: Pack, tmp_path: Path) -> None:
    path = written(row, tmp_path)
    packed = path.with_name(f"{path.name}.packed")
    packed.write_bytes(pack(path.read_bytes()))
    if row.name == "safetensors":
        refused(lambda: load(packed), FormatError, "unpack it first")
        return
    after = load(packed)
    assert after.provenance["format"] == row.name
    assert_array_equal(after.vectors, table().vectors)


@pytest.mark.parametrize(
    ("vectors", "options", "message"),
    [
        (Vectors([], np.empty((0, 3), np.float32)), {}, "no vectors"),
        (Vectors(["big"], np.array([[1e6, 1]], np.float32)), {"dtype": "float16"}, "'big' is not finite in"),
    ],
)
def test_tables_that_cannot_be_written(
    vectors: Vectors, options: dict[str, str], message: str, tmp_path: Path
) -> None:
    refused(lambda: save(vectors, tmp_path / "a.npy", **options), OptionError, message)  # type: ignore[arg-type]
