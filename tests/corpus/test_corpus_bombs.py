"""Files that are small on disk and large in memory are read, or refused, in bounded memory."""

import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest
from corpus_reader import Reader, zstd
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError
from selfvec.corpus.streams import few_lines
from selfvec.corpus.summary import BATCH_ROWS

BOUND = 400  # MB of a whole process; 110 are libraries, a plain text of 100 MB takes 310
READ = """
import sys
from selfvec.corpus import Corpus
from selfvec.base.errors import CorpusError
for path in sys.argv[1:]:
    try:
        outcome = sum(len(batch) for batch in Corpus.open(path, skip_bad_rows=True).batches())
    except CorpusError as error:
        outcome = error
    with open("/proc/self/status") as status:  # ru_maxrss would be that of the process that started this one
        print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024, outcome)
"""
STEP = 1 << 20


def read_in_bounded_memory(paths: dict[Path, str], bound: int = BOUND) -> None:
    """A process of its own reads files one after the other, and says what is expected of each."""
    done = subprocess.run([sys.executable, "-c", READ, *paths], capture_output=True, text=True)
    for line, (path, said) in zip(done.stdout.splitlines(), paths.items(), strict=True):
        peak, _, outcome = line.partition(" ")
        assert int(peak) < bound, path
        assert outcome == said if said.isdigit() else said in outcome


def packed(path: Path, head: bytes, unit: bytes, size: int, tail: bytes = b"") -> Path:
    with zstd.open(path, "wb") as file:
        file.write(head)
        for _ in range(size // STEP):
            file.write(unit * (STEP // len(unit)))
        file.write(tail)
    return path


PACKED = [  # a kind of file, its beginning, what is repeated after it, MiB of this, the end, and what is said
    (".csv", b"text\n", b"a", 80, b"\n", "a document is at most 64 MiB long"),
    (".csv", b"", b",a", 24, b"\n", "a table has at most 65,536 columns, this one has 12,582,913"),
    (".jsonl", b'{"text": "a", "b": [', b"{},", 24, b"{}]}\n", "more than 1,048,576 opening brackets"),
    (".jsonl", b'{"text": "a", "b": ', b"[", 24, b"\n", "more than 1,048,576 opening brackets"),
    (".txt", b"", b"a\n", 3, b"", "1572864"),
    (".txt", b"", b"\n", 6, b"", "it contains no documents"),
    (".csv", b"id,text\n", b",a\n", 2, b"", "699050"),
    (".jsonl", b"", b'{"text": "a"}\n', 3, b"", "224694"),
]


@pytest.mark.soak
def test_memory_is_bounded(tmp_path: Path) -> None:
    paths = {}
    for number, (kind, head, unit, size, tail, said) in enumerate(PACKED):
        path = packed(tmp_path / f"{number}{kind}.zst", head, unit, size * STEP, tail)
        assert path.stat().st_size < 1e5
        paths[path] = said
    read_in_bounded_memory(paths)


WORD = b"<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'><w:body>"
PARAGRAPH = b"<w:p><w:r><w:t>hail</w:t></w:r></w:p>"
ENTITIES = b"".join(b"<!ENTITY a%d '%b'>" % (n + 1, b"&a%d;" % n * 10) for n in range(9))
BILLION = b"<!DOCTYPE x [<!ENTITY a0 'hail'>" + ENTITIES + b"]>" + WORD
PARTS = [  # the text of a Word file, what is repeated in it, and the size that it gives; 0 for the true one
    (WORD, PARAGRAPH, 8 << 20, 0, "is at most 256 MiB when unpacked"),
    (WORD, PARAGRAPH, 1 << 19, 100, "is a damaged Word file"),
    (WORD, b"<w:p>", 300_000, 0, "is a damaged Word file"),
    (BILLION, b"<w:p>&a9;</w:p></w:body></w:document>", 1, 0, "is a damaged Word file"),
]


@pytest.mark.soak
def test_word_files_are_unpacked_in_bounded_memory(tmp_path: Path) -> None:
    pytest.importorskip("lxml", reason="needs selfvec[documents]")
    paths = {}
    for number, (head, unit, times, size, said) in enumerate(PARTS):
        path = tmp_path / f"{number}.docx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("_rels/.rels", "<Relationships/>")
            archive.writestr("word/document.xml", head + unit * times)
        if size:
            data = bytearray(path.read_bytes())
            entry = data.rindex(b"PK\x01\x02")
            data[entry + 24 : entry + 28] = size.to_bytes(4, "little")
            path.write_bytes(data)
        assert path.stat().st_size < 3e6
        paths[path] = said
    read_in_bounded_memory(paths)


ROWS = {
    "digits": ('{"text": "hail", "n": ' + "9" * 5_000_000 + '}\n{"text": "snow"}\n', "1"),
    "powers": ('{"text": "hail", "n": 1e999999999}\n{"text": "snow", "n": 1e-999999999}\n', "2"),
    "depth": ('{"text": "hail", "n": ' + "[" * 900_000 + "]" * 900_000 + '}\n{"text": "snow"}\n', "1"),
    "depth in many rows": (
        ('{"text": "hail", "n": ' + '{"a":' * 400 + "1" + "}" * 400 + "}\n") * 3000,
        "3000",
    ),
}


@pytest.mark.soak
def test_numbers_and_nesting_of_json_are_read_in_bounded_memory(tmp_path: Path) -> None:
    for name, (text, _) in ROWS.items():
        (tmp_path / f"{name}.jsonl").write_text(text)
    read_in_bounded_memory({tmp_path / f"{name}.jsonl": said for name, (_, said) in ROWS.items()})


LONG = "hail " * 200_000  # a megabyte


@pytest.mark.soak
def test_a_text_that_many_rows_share_is_read_a_few_times_at_once(tmp_path: Path) -> None:
    shared = pl.Series([LONG]).new_from_index(0, 150)
    texts, fields, one = (tmp_path / f"{name}.parquet" for name in ("texts", "fields", "one"))
    pl.DataFrame({"text": shared}).write_parquet(texts)
    pl.DataFrame({"text": ["hail"] * 150, "note": shared}).write_parquet(fields)
    pl.DataFrame({"text": ["hail" * (1 + (16 << 20))]}).write_parquet(one)
    assert max(path.stat().st_size for path in (texts, fields, one)) < 2e5
    read_in_bounded_memory({fields: "150", texts: "150"})
    read_in_bounded_memory({one: "one.parquet:1: a row is at most 64 MiB long"}, 2 * BOUND)


def test_row_groups_beyond_the_memory_are_refused_before_they_are_unpacked(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = reader.folder / "a.parquet"
    tags = pl.Series([["a"] * 100_000], dtype=pl.List(pl.String)).new_from_index(0, 80)  # 16 bytes each
    pl.DataFrame({"text": ["hail fell"] * 80, "tags": tags}).write_parquet(path, row_group_size=40)
    assert path.stat().st_size < 1e5
    monkeypatch.setattr("selfvec.corpus.row_formats.share_of_memory", lambda: 50_000_000)
    monkeypatch.setattr(pl.LazyFrame, "collect", None)
    rule = r"a\.parquet: the rows of its row group 1 take 0\.[12] GB, more than half of the available memory"
    refused(lambda: reader.read(path), CorpusError, rule + "; write it with smaller row groups")


def test_half_of_a_limit_is_the_share_of_memory() -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, -1))"
    asked = "from selfvec.files.memory import share_of_memory; print(share_of_memory())"
    done = subprocess.run([sys.executable, "-c", f"{limited}; {asked}"], capture_output=True, text=True)
    assert done.stdout == "1500000000\n"


def test_slices_of_a_file_are_its_rows(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"hail {number}" for number in range(97)]
    pl.DataFrame({"text": texts}).write_parquet(reader.folder / "a.parquet", row_group_size=13)
    for rows, most in ((10, 1 << 30), (1000, 400), (13, 400), (5, 1000)):
        monkeypatch.setattr("selfvec.corpus.row_formats.ROWS", rows)
        monkeypatch.setattr("selfvec.corpus.row_formats.share_of_memory", lambda most=most: most)
        assert reader.texts(reader.folder / "a.parquet") == texts


def test_pieces_of_a_chunk_are_the_chunk() -> None:
    chunk = b"a\n" * (3 * BATCH_ROWS) + b"a long line" * 9999
    pieces = list(few_lines(chunk))
    assert b"".join(pieces) == chunk
    assert max(piece.count(b"\n") for piece in pieces) <= 2 * BATCH_ROWS
    assert list(few_lines(b"one\ntwo")) == [b"one\ntwo"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "one\rtwo\rthree\r"),
        ("a.txt.gz", "one\rtwo\rthree"),
        ("a.csv", "id,text\r1,one\r2,two\r3,three\r"),
        ("a.jsonl", '{"text": "one"}\r{"text": "two"}\r{"text": "three"}'),
    ],
)
def test_lines_that_end_in_carriage_returns_are_lines(reader: Reader, name: str, text: str) -> None:
    path = reader.write(name, text)
    assert reader.texts(path) == ["one", "two", "three"]
    assert reader.read(path, batch_bytes=3)["texts"] == ["one", "two", "three"]


def test_a_carriage_return_inside_a_line_is_text(reader: Reader) -> None:
    assert reader.texts(reader.write("a.txt", "one\rtwo\nthree\r\n")) == ["one\rtwo", "three"]


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("ms"), pl.Datetime("us", "UTC")])
def test_days_that_have_no_name_are_null_in_dates_ids_slices_and_fields(
    kind: pl.DataType, reader: Reader
) -> None:
    days = pl.Series([0, 2_932_897, -800_000, None, 2_932_896], dtype=pl.Int32).cast(pl.Date).cast(kind)
    columns = {"text": ["hail fell"] * 5, "date": days, "id": days, "when": days, "place": days}
    pl.DataFrame(columns).write_parquet(reader.folder / "a.parquet")
    run = selfvec.refine(reader.folder / "a.parquet", "none", "original", slice_field="place")
    expected = ["1970-01-01", None, None, None, "9999-12-31"]
    for name in ("id", "when", "place"):
        assert [day and day[:10] for day in run.text.field(name)] == expected
    assert [day and str(day) for day in run.text.read(("date",))["date"]] == expected
    assert run.provenance.corpus["undated"] == 3
    assert len(run.tokens.slice_names) == 2


def test_a_document_that_is_too_long_has_a_place(reader: Reader) -> None:
    path = packed(reader.folder / "a.txt.zst", b"first\n", b"a", 70 * STEP)
    refused(lambda: reader.texts(path), CorpusError, r"a\.txt\.zst:2: a document is at most 64 MiB long")
