"""How long passages are, and what a hit tells of them: for answers that quote the text."""

import json
from pathlib import Path

import pytest
from tests.refusals import refused

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import OptionError
from selfvec.retrieval import run_index

LONG = " ".join(f"Sentence {i} says that the mill number {i} stood by a quiet river." for i in range(60))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("passages")
    rows = [
        {"id": "long", "title": "Mills", "text": LONG + " The zeppelin landed at noon.", "year": 1999},
        {"id": "short", "title": "Bread", "text": "A baker bakes bread near the mill."},
    ]
    (folder / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    run = str(folder / "run")
    assert main(["refine", str(folder / "texts.jsonl"), "-o", run, "--vectors", "none"]) == 0
    return folder / "run"


def test_a_hit_has_its_title_its_fields_and_the_text_of_its_passage(run_folder: Path) -> None:
    index = run_index(selfvec.open_run(run_folder))
    hit = index.search("zeppelin", 1, mode="bm25").hits[0]
    assert (hit.id, hit.title, hit.fields["year"]) == ("long", "Mills", "1999")
    assert "The zeppelin landed at noon." in hit.text
    start, end = hit.passage
    assert index.text("long")[start:end] == hit.text
    assert hit.text != index.text("long")
    short = index.search("bread", 1, mode="bm25").hits[0]
    assert short.text == index.text("short")


def test_passages_are_as_long_as_asked(run_folder: Path, capsys) -> None:
    run = selfvec.open_run(run_folder)
    texts = {}
    for words in (40, 200):
        index = run_index(run, cut=(words, 10))
        texts[words] = index.search("zeppelin", 1, mode="bm25").hits[0].text
        assert len(texts[words].split()) <= words
    assert len(texts[40]) < len(texts[200])
    given = ["search", str(run_folder), "zeppelin", "--passage-words", "40", "--overlap", "10", "--json"]
    capsys.readouterr()
    assert main([*given, "--mode", "bm25"]) == 0
    assert json.loads(capsys.readouterr().out)["hits"][0]["text"] == texts[40]


def test_impossible_passages_are_refused(run_folder: Path) -> None:
    run = selfvec.open_run(run_folder)
    refused(lambda: run_index(run, cut=(5, 0)), OptionError, "at least 20")
    refused(lambda: run_index(run, cut=(40, 30)), OptionError, "half of a passage")


def test_an_export_cuts_passages_as_asked(run_folder: Path, tmp_path: Path) -> None:
    import polars as pl

    sizes = {}
    for words in (40, 200):
        target = tmp_path / f"{words}.parquet"
        given = ["export", str(run_folder), "--to", "parquet-documents", "-o", str(target)]
        assert main([*given, "--passage-words", str(words), "--overlap", "10"]) == 0
        sizes[words] = len(pl.read_parquet(target))
    assert sizes[40] > sizes[200] > 2
    assert main(["export", str(run_folder), "--to", "word2vec", "--passage-words", "40"]) == 2
