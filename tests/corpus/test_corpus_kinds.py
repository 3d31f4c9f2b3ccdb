"""One contract for every kind of source: the same documents, whatever file they lie in."""

import csv
import hashlib
import io
import json

import polars as pl
import pytest
from corpus_reader import COMPRESSIONS, Reader, collect
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus

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
    summary = reader.corpus.summary
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
    assert len(reader.corpus.summary.skipped_files) == 1


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
        dates = [date and date.isoformat() for date in rows["dates"]]
        assert dates == ["2001-02-03", None, None, "2001-02-03"]
    summary = reader.corpus.summary
    assert [file.kind for file in summary.files] == ["csv", "lines", "jsonl", "csv"]
    assert (summary.documents, summary.duplicates) == (4, 1)
    assert json.loads(json.dumps(summary.as_dict()))["files"][0]["text_fields"] == ["text"]
    said = "4 documents; text from text (recognised); dates from date; 1 duplicate among them"
    assert summary.describe() == said


def test_blank_documents_are_empty_not_bad(reader: Reader):
    reader.write("a.txt", "one\n\n  \t\ntwo\n\n")
    assert reader.texts("a.txt") == ["one", "two"]
    assert reader.corpus.summary.empty == 3
    reader.write("a.jsonl", '{"text": null}\n\n{"text": " "}\n{"text": "x"}\n{"title": null, "text": "y"}')
    assert reader.texts("a.jsonl") == ["x", "y"]
    assert reader.corpus.summary.empty == 2
    reader.write("a.csv", "id,text\n1,\n2,x\n\n3,  \n")
    assert reader.texts("a.csv") == ["x"]
    assert reader.corpus.summary.empty == 2


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
    with pytest.raises(CorpusError, match=r"a.txt.*: the compressed data is damaged or cut short \(.+"):
        reader.texts(path)


def test_members_of_a_compressed_file_follow_each_other(reader: Reader):
    for suffix in (".gz", ".zst"):
        path = reader.write("a.txt" + suffix, "one\n")
        path.write_bytes(path.read_bytes() + COMPRESSIONS[suffix](b"two\n"))
        assert reader.texts(path) == ["one", "two"]
