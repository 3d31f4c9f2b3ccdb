"""One contract for every kind of source: the same documents, whatever file they lie in."""

import csv
import datetime
import decimal
import enum
import hashlib
import io
import json
import re
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from corpus_reader import COMPRESSIONS, CONTAINERS, Columns, Reader, collect, fields_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import TIMES
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.columns import is_missing

TEXTS = ["A tornado formed.", 'It said "hail", twice.', "Überschwemmung in Köln ☂", "x" * 200, "last, line"]


def as_csv(delimiter: str) -> bytes:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([("id", "text"), *enumerate(TEXTS)])
    return file.getvalue().encode()


def as_parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"id": range(len(TEXTS)), "text": TEXTS}).write_parquet(file)
    return file.getvalue()


KINDS = {
    "a.txt": "\n".join(TEXTS).encode(),
    "crlf.txt": "".join(f"{text}\r\n" for text in TEXTS).encode(),
    "unknown.suffix": "\n".join(TEXTS).encode() + b"\n",
    "a.csv": as_csv(","),
    "semicolons.csv": as_csv(";"),
    "a.tsv": as_csv("\t"),
    "a.jsonl": "\n".join(json.dumps({"id": i, "text": text}) for i, text in enumerate(TEXTS)).encode(),
    "crlf.ndjson": "".join(
        json.dumps({"id": i, "text": text}, ensure_ascii=False) + "\r\n" for i, text in enumerate(TEXTS)
    ).encode(),
    "unknown.json": "\n\n".join(json.dumps({"body": text}) for text in TEXTS).encode(),
    "a.parquet": as_parquet(),
    "marked.txt": b"\xef\xbb\xbf" + "\n".join(TEXTS).encode(),
    "utf16.txt": "\n".join(TEXTS).encode("utf-16"),
    "marked.csv": b"\xef\xbb\xbf" + as_csv(","),
    "marked.jsonl": b"\xef\xbb\xbf" + "\n".join(json.dumps({"text": text}) for text in TEXTS).encode(),
}


@pytest.mark.parametrize("batch_bytes", [1, 100, 1 << 20])
@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_gives_the_same_documents(reader: Reader, name, suffix, batch_bytes):
    path = reader.write(name + suffix, KINDS[name])
    if suffix and "parquet" in name:
        refused(lambda: Corpus.open([path]), CorpusError, "is not read out of a compressed file.*; unpack it")
        return
    corpus = Corpus.open([path])
    told: list[int] = []
    texts = []
    for batch in corpus.batches(told.append, batch_bytes=batch_bytes):
        assert batch.texts.dtype == pl.String
        texts += batch.texts.to_list()
    assert texts == TEXTS
    stored = path.read_bytes()
    assert sum(told) == corpus.total_bytes == len(stored)
    [file] = corpus.summary.files
    assert (file.bytes, file.sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
    assert corpus.summary.documents == len(TEXTS)
    assert (corpus.summary.bad_rows, corpus.summary.empty, corpus.summary.duplicates) == (0, 0, 0)
    assert collect(corpus)["texts"] == TEXTS  # a corpus can be read again
    assert (corpus.summary.documents, len(corpus.summary.files)) == (len(TEXTS), 1)


def test_a_folder_of_text_files_is_a_document_each(reader: Reader):
    for i, text in enumerate(TEXTS):
        reader.write(f"reports/{i % 2}/{i}.txt", text)
    reader.write("reports/b.md.gz", "one\ntwo\n")
    reader.write("reports/.hidden.txt", "no")
    reader.write("reports/.git/x.txt", "no")
    reader.write("reports/picture.png", b"\x89PNG")
    rows = reader.read("reports")
    assert rows["ids"] == ["0/0.txt", "0/2.txt", "0/4.txt", "1/1.txt", "1/3.txt", "b.md.gz"]
    assert rows["texts"] == [TEXTS[i] for i in (0, 2, 4, 1, 3)] + ["one\ntwo\n"]
    summary = reader.summary
    assert summary.skipped_files == [str(reader.folder / "reports" / "picture.png")]
    digests = [
        f"{hashlib.sha256((reader.folder / 'reports' / name).read_bytes()).hexdigest()}  {name}\n"
        for name in rows["ids"]
    ]
    assert summary.files[0].sha256 == hashlib.sha256("".join(digests).encode()).hexdigest()
    assert rows == reader.read("reports", batch_bytes=1)


def test_a_folder_of_row_files_is_read_as_rows_in_order_of_names(reader: Reader):
    reader.write("in/b.csv.gz", "text\nthird\n")
    reader.write("in/a/a.jsonl", '{"text": "first"}\n{"text": "second"}\n')
    reader.write("in/manifest.json", "{}")
    assert reader.texts("in") == ["first", "second", "third"]
    assert len(reader.summary.skipped_files) == 1


def test_a_beir_folder_is_its_corpus(reader: Reader):
    reader.write("med/corpus.jsonl", '{"_id": "7", "title": "On blood", "text": "It is red."}\n')
    reader.write("med/queries.jsonl", '{"_id": "q", "text": "what is red"}\n')
    reader.write("med/qrels/test.tsv", "query-id\tcorpus-id\tscore\nq\t7\t1\n")
    rows = reader.read("med")
    assert (rows["texts"], rows["ids"]) == (["On blood\n\nIt is red."], ["7"])


def test_several_sources_follow_each_other(reader: Reader):
    reader.write("a.txt", "one\ntwo\n")
    reader.write("b.csv", "text,date\nthree,2001-02-03\n")
    reader.write("empty.jsonl", "")
    for batch_bytes in (1, 1 << 20):
        rows = reader.read("b.csv", "a.txt", "empty.jsonl", "b.csv", batch_bytes=batch_bytes)
        assert rows["texts"] == ["three", "one", "two", "three"]
        dates = rows["dates"]
        assert dates == ["2001-02-03", None, None, "2001-02-03"]
    summary = reader.summary
    assert [file.kind for file in summary.files] == ["csv", "lines", "jsonl", "csv"]
    assert (summary.documents, summary.duplicates) == (4, 1)
    assert json.loads(json.dumps(summary.as_dict()))["files"][0]["text_fields"] == ["text"]
    said = "4 documents; text from text (recognised); dates from date; 1 duplicate among them"
    assert summary.describe() == said


def test_blank_documents_are_empty_not_bad(reader: Reader):
    reader.write("a.txt", "one\n\n  \t\ntwo\n\n")
    assert reader.texts("a.txt") == ["one", "two"]
    assert reader.summary.empty == 3
    reader.write("a.jsonl", '{"text": null}\n\n{"text": " "}\n{"text": "x"}\n{"title": null, "text": "y"}')
    assert reader.texts("a.jsonl") == ["x", "y"]
    assert reader.summary.empty == 2
    reader.write("a.csv", "id,text\n1,\n2,x\n\n3,  \n")
    assert reader.texts("a.csv") == ["x"]
    assert reader.summary.empty == 2


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.jsonl", "folder/a.txt", "a.any"])
@pytest.mark.parametrize("data", ["", "\n\n", "  "])
def test_nothing_to_read_is_an_error(reader: Reader, name, data):
    reader.write(name, data)
    refused(lambda: reader.texts(name.split("/")[0]), CorpusError, "it contains no documents")


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["cut", "changed", "extended"])
def test_damaged_compression_is_an_error_that_says_so(reader: Reader, suffix, damage):
    path = reader.write("a.txt" + suffix, "".join(f"line {i * 7919 % 1000}\n" for i in range(20_000)))
    data = path.read_bytes()
    middle = len(data) // 2
    broken = {
        "cut": data[:-5],
        "changed": data[:middle]
        + bytes(255 - byte for byte in data[middle : middle + 50])
        + data[middle + 50 :],
        "extended": data + b"more",
    }[damage]
    path.write_bytes(broken)
    refused(
        lambda: reader.texts(path), CorpusError, r"a.txt.*: the compressed data is damaged or cut short \(.+"
    )


def test_members_of_a_compressed_file_follow_each_other(reader: Reader):
    for suffix in (".gz", ".zst"):
        path = reader.write("a.txt" + suffix, "one\n")
        path.write_bytes(path.read_bytes() + COMPRESSIONS[suffix](b"two\n"))
        assert reader.texts(path) == ["one", "two"]


# The same rows in every container, with the same ids and notes


def read(data: Any, **options: Any) -> dict[str, Any]:
    """What a person gets: texts, ids, fields, and what is said of them."""
    corpus = as_corpus(data, **options)
    batches = list(corpus.batches())
    texts = [text for batch in batches for text in batch.texts]
    ids = [name for batch in batches for name in batch.rows.get_column("id", default=[])]
    kept: dict[str, list[Any]] = {}
    for batch in batches:
        for name, values in fields_of(batch).items():
            kept.setdefault(name, []).extend(value or None for value in values)
    place = rf"{re.escape(corpus.name)}(:\d+)?"  # a CSV has a header
    notes = [re.sub(place, "HERE", note) for note in corpus.summary.notes]
    return {"texts": texts, "ids": ids, "fields": kept, "empty": corpus.summary.empty, "notes": notes}


TEXT = st.none() | st.sampled_from(["hail fell on the roof", "it rained all day", "snow lay", " "])
ID = st.none() | st.sampled_from(["a1", "a2", "7", " "])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10 * TIMES)
@given(st.lists(st.tuples(ID, TEXT, TEXT), min_size=1, max_size=5))
@pytest.mark.parametrize("names", [("id", "title", "text"), ("id", "headline", "said by him")])
def test_the_same_rows_are_the_same_documents(
    tmp_path: Path, names: tuple[str, ...], rows: list[tuple[str | None, ...]]
) -> None:
    rows = [("a0", "Storm", "a storm came over the hill"), *rows]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    found = {name: read(make(columns, tmp_path)) for name, make in CONTAINERS.items()}
    for name, one in found.items():
        assert one == found["rows"], name


class Kind(enum.Enum):
    HAIL = "hail"


HOURS = datetime.timedelta(hours=26)
NAME = uuid.UUID(int=5)
VALUES: dict[str, tuple[Any, str | None]] = {  # a value, and what is kept of it; None: nothing, which is said
    "duration": (HOURS, "1 day, 2:00:00"),
    "pandas duration": (pd.Timedelta(HOURS), "1 day, 2:00:00"),
    "uuid": (NAME, str(NAME)),
    "interval": (pd.Interval(0.0, 1.0), "(0.0, 1.0]"),
    "enumeration": (Kind.HAIL, "hail"),
    "decimal": (decimal.Decimal("1.50"), "1.50"),
    "time": (datetime.time(1, 2, 3), "01:02:03"),
    "datetime": (datetime.datetime(2020, 1, 2, 3, 4), "2020-01-02 03:04:00"),
    "whole number": (2.0, "2"),
    "number": (2.5, "2.5"),
    "small number": (np.float32(3), "3"),
    "truth": (True, "true"),
    "list": (["a"], '["a"]'),
    "object": ({"k": 1}, '{"k": 1}'),
    "path": (Path("a"), "a"),
    "bytes": (b"\xff", None),
    "vector": ([0.5, 1.0], None),
    "mute": (object(), None),
}


@pytest.mark.parametrize("container", ["rows", "pandas", "polars"])
@pytest.mark.parametrize("name", VALUES)
def test_a_column_of_any_type_is_kept_or_named(tmp_path: Path, name: str, container: str) -> None:
    value, kept = VALUES[name]
    found = read(CONTAINERS[container]({"text": ["hail fell"], "v": [value]}, tmp_path))
    assert found["fields"] == ({} if kept is None else {"v": [kept]})
    assert [note.startswith("not kept: v (") for note in found["notes"]] == [True] * (kept is None)


@pytest.mark.parametrize("container", ["rows", "pandas", "polars"])
@pytest.mark.parametrize(
    "name", [name for name in VALUES if name not in ("list", "object", "vector", "mute")]
)
def test_a_value_of_any_type_can_be_an_id(tmp_path: Path, name: str, container: str) -> None:
    value, kept = VALUES[name]
    data = CONTAINERS[container]({"text": ["hail fell"], "key": [value]}, tmp_path)
    assert read(data, id_field="key")["ids"] == [kept or "ff"]


@pytest.mark.parametrize("container", ["rows", "pandas", "polars", "arrow", "parquet"])
def test_a_usual_name_over_values_of_another_kind_is_passed_over_or_said(
    tmp_path: Path, container: str
) -> None:
    columns: Columns = {"subject": [12, 13], "text": ["hail fell", "it rained"], "id": [["a"], ["b"]]}
    if container == "rows":
        del columns["subject"]  # of rows that are read one by one, the types are not known
    found = read(CONTAINERS[container](columns, tmp_path))
    assert (found["texts"], found["ids"]) == (["hail fell", "it rained"], [])
    (note,) = found["notes"]
    assert note.startswith("ids are not read: id (")


def test_types_of_arrow_and_of_polars(tmp_path: Path) -> None:
    kinds = pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"]))
    none = pl.Series([None, None], dtype=pl.Null)
    frame = pl.DataFrame({"text": kinds, "title": none, "category": kinds.cast(pl.Categorical), "gone": none})
    frame.write_parquet(tmp_path / "x.parquet")
    for data in (frame, tmp_path / "x.parquet"):
        found = read(data)
        assert (found["texts"], found["fields"]["category"]) == (["a", "b"], ["a", "b"])
    table = pa.table({"text": ["hail"], "uuid": pa.array([NAME.bytes], pa.uuid())})
    assert read(table)["ids"] == [str(NAME)]
    for kind in (pl.Time, pl.Duration):
        day = pl.Series([1], dtype=pl.Int64).cast(kind)
        (note,) = read(pl.DataFrame({"text": ["hail"], "date": day}))["notes"]
        assert note.startswith("dates are not read: date (")


MISSING = [
    None, float("nan"), pd.NA, pd.NaT, np.datetime64("NaT", "D"), np.float32("nan"),
    decimal.Decimal("nan"),
]  # fmt: skip


@pytest.mark.parametrize("missing", MISSING, ids=repr)
@pytest.mark.parametrize("make", [list, tuple, iter, lambda items: pd.Series(items, dtype=object)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_missing_value_is_judged_alike_in_every_place(missing: Any, make: Any, place: int) -> None:
    assert is_missing(missing)
    for items, texts in (
        (["hail fell", "it rained"], ["hail fell", "it rained"]),
        ([["hail", "fell"], ["it", "rained"]], ["hail fell", "it rained"]),
        ([{"text": "hail fell"}, {"text": "it rained"}], ["hail fell", "it rained"]),
    ):
        items = [*items[:place], missing, *items[place:]]
        found = read(make(items))
        assert (found["texts"], found["empty"]) == (texts, 1)
    found = read(pd.DataFrame({"text": ["hail fell", missing]}, dtype=object))
    assert (found["texts"], found["empty"]) == (["hail fell"], 1)
    assert read([{"text": "hail", "kind": missing}, {"text": missing}])["texts"] == ["hail"]


@pytest.mark.parametrize("odd", [5, 2.5, True, b"hail", object(), Path])
@pytest.mark.parametrize("make", [list, tuple, iter])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_is_no_text_is_named_by_its_place_or_left_out(odd: Any, make: Any, place: int) -> None:
    items = ["hail fell", "it rained"]
    items.insert(place, odd)
    rule = rf"^memory:{place + 1}: text is a string, this is {type(odd).__name__}"
    refused(lambda: read(make(items)), CorpusError, rule)
    corpus = as_corpus(make(items), skip_bad_rows=True)
    assert collect(corpus)["texts"] == ["hail fell", "it rained"]
    assert corpus.summary.bad_rows == 1
