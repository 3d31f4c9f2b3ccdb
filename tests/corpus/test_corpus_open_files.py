# ruff: noqa: PTH123, SIM115 (files are opened as people open them)
"""An open file is refused: its lines are never taken for texts. Its rows are read by their names."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError, OptionError
from selfvec.corpus import as_corpus


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("x.jsonl").write_text('{"text": "hail fell"}\n{"text": "it rained"}\n')
    Path("x.csv").write_text("id,text\n0,hail fell\n1,it rained\n")
    Path("x.csv.gz").write_bytes(gzip.compress(Path("x.csv").read_bytes()))
    return tmp_path


OPEN: dict[str, Callable[[], Any]] = {
    "text": lambda: open("x.csv", encoding="utf-8"),
    "bytes": lambda: open("x.csv", "rb"),
    "gzip": lambda: gzip.open("x.csv.gz"),
    "string": lambda: io.StringIO("id,text\n1,hail\n"),
    "csv.reader": lambda: csv.reader(["id,text", "1,hail"]),
}


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_open_file_is_refused(folder: Path, name: str) -> None:
    rule = "^corpus: is (a path|rows).*, (not )?_?(io|gzip|csv).*; give a path.*csv.DictReader"
    refused(lambda: selfvec.refine(OPEN[name](), "none"), OptionError, rule)


def test_rows_of_a_csv_reader_with_names_are_read(folder: Path) -> None:
    with open("x.csv", encoding="utf-8") as file:
        (batch,) = as_corpus(csv.DictReader(file)).batches()
    assert (batch.texts.to_list(), batch.rows["id"].to_list()) == (["hail fell", "it rained"], ["0", "1"])
    with pytest.raises(CorpusError, match=r"^rows:1: a row has 2 values, as its header, this one has more"):
        list(as_corpus(csv.DictReader(["id,text", "1,hail, rain"])).batches())


def test_lines_of_json_that_are_given_as_texts_are_read(folder: Path) -> None:
    corpus = as_corpus(Path("x.jsonl").read_text().splitlines())
    (batch,) = corpus.batches()
    assert len(batch) == 2
    assert "{" not in "".join(batch.texts)
    for texts in (["{hail} fell"], ["{}"]):
        corpus = as_corpus(texts)
        list(corpus.batches())
        assert corpus.summary.notes == []
