# ruff: noqa: PTH123, SIM115 (files are opened as people open them)
"""An open file is read by its path, as the file it is, or refused; its lines are never taken for texts."""

import bz2
import csv
import gzip
import io
import json
import os
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import polars as pl
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError, OptionError
from selfvec.corpus import as_corpus

ROWS = [{"id": str(number), "text": text} for number, text in enumerate(["hail fell", "it rained"])]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    Path("x.jsonl").write_text(lines)
    Path("x.csv").write_text("id,text\n0,hail fell\n1,it rained\n")
    Path("x.txt").write_text("hail fell\nit rained\n")
    Path("x.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pl.DataFrame(ROWS).write_parquet("x.parquet")
    with zipfile.ZipFile("x.zip", "w") as archive:
        archive.write("x.jsonl")
    with tarfile.open("x.tar", "w") as tar:
        tar.add("x.jsonl")
    return tmp_path


READ: dict[str, Callable[[], Any]] = {
    "text": lambda: open("x.jsonl", encoding="utf-8"),
    "bytes": lambda: open("x.jsonl", "rb"),
    "without a buffer": lambda: open("x.csv", "rb", buffering=0),
    "of a Path": lambda: Path("x.csv").open(encoding="utf-8"),
    "lines": lambda: open("x.txt", encoding="utf-8"),
    "Parquet": lambda: open("x.parquet", "rb"),
    "gzip": lambda: gzip.open("x.jsonl.gz"),
    "gzip, text": lambda: gzip.open("x.jsonl.gz", "rt"),
    "update": lambda: open("x.csv", "r+", encoding="utf-8"),
}


@pytest.mark.parametrize("name", READ)
def test_an_open_file_is_read_as_its_path_is(folder: Path, name: str) -> None:
    with READ[name]() as file:
        for data in (file, [file]):
            corpus = as_corpus(data)
            assert [text for batch in corpus.batches() for text in batch.texts] == ["hail fell", "it rained"]
            assert corpus.summary.files[0].path.startswith("x.")
        run = selfvec.refine(file, "none", "original")
    assert run.text.texts() == ["hail fell", "it rained"]


def begun(name: str, step: Callable[[IO[str]], Any]) -> IO[str]:
    file = open(name, encoding="utf-8")
    step(file)
    return file


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "string": (lambda: io.StringIO("id,text\n1,hail\n"), "not _io.StringIO; .*csv.DictReader"),
    "bytes": (lambda: io.BytesIO(b"id,text\n1,hail\n"), "not _io.BytesIO"),
    "zip": (lambda: zipfile.ZipFile("x.zip").open("x.jsonl"), "not zipfile.ZipExtFile"),
    "tar": (lambda: tarfile.open("x.tar").extractfile("x.jsonl"), "not tarfile.ExFileObject"),
    "number": (lambda: os.fdopen(os.open("x.csv", os.O_RDONLY)), "not _io.TextIOWrapper"),
    "temporary": (lambda: tempfile.TemporaryFile(dir="."), "not _io"),
    "next": (lambda: begun("x.csv", next), "a part of this one has been read or written; give its path"),
    "readline": (lambda: begun("x.csv", lambda file: file.readline()), "a part of this one has been read"),
    "csv.reader": (lambda: csv.reader(["id,text", "1,hail"]), "is rows that have names, not _csv.reader"),
}

if sys.version_info < (3, 13):  # since then it has a name
    REFUSED["bzip2"] = (lambda: bz2.open("x.jsonl.gz"), "BZ2File|bzip2")


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_open_file_that_no_path_tells_is_refused(folder: Path, name: str) -> None:
    make, told = REFUSED[name]
    refused(lambda: selfvec.refine(make(), "none"), OptionError, f"^corpus: .*{told}")


def test_a_file_that_has_another_files_name_is_not_taken_for_it(folder: Path) -> None:
    with open("x.csv", encoding="utf-8") as file:
        Path("x.csv").rename("y.csv")
        Path("x.csv").write_text("id,text\n0,another\n")
        refused(lambda: as_corpus(file), OptionError, "is a path or an open file that has one")


def test_rows_of_a_csv_reader_with_names_are_read(folder: Path) -> None:
    with open("x.csv", encoding="utf-8") as file:
        (batch,) = as_corpus(csv.DictReader(file)).batches()
    assert (batch.texts.to_list(), batch.rows["id"].to_list()) == (["hail fell", "it rained"], ["0", "1"])
    with pytest.raises(CorpusError, match=r"^rows:1: a row has 2 values, as its header, this one has more"):
        list(as_corpus(csv.DictReader(["id,text", "1,hail, rain"])).batches())


def test_lines_of_json_that_are_given_as_texts_are_named(folder: Path) -> None:
    corpus = as_corpus(Path("x.jsonl").read_text().splitlines())
    (batch,) = corpus.batches()
    assert len(batch) == 2
    assert corpus.summary.notes[0].startswith("the texts are JSON, read as it is written: give mappings")
    for texts in (["{hail} fell"], ["hail", '{"text": "rain"}'], ["{}"]):
        corpus = as_corpus(texts)
        list(corpus.batches())
        assert corpus.summary.notes == []
