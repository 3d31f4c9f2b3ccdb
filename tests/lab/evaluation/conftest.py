"""Small tables and collections whose figures can be worked out by hand."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import selfvec


def at(degrees: dict[str, float]) -> selfvec.Vectors:
    """Words by their angle."""
    radians = np.deg2rad(list(degrees.values()))
    return selfvec.Vectors(
        list(degrees), np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)
    )


def write_collection(
    folder: Path, documents: dict[str, str], queries: dict[str, str], qrels: list[tuple[Any, ...]]
) -> Path:
    """A folder in BEIR's layout, of texts by id and rows of query, document and score."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, texts in (("corpus", documents), ("queries", queries)):
        rows = [json.dumps({"_id": id, "text": text}) + "\n" for id, text in texts.items()]
        (folder / f"{name}.jsonl").write_text("".join(rows))
    rows = ["\t".join(map(str, row)) + "\n" for row in qrels]
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows))
    return folder


DOCUMENTS = {
    "d1": "hail fell on the roof",
    "d2": "storm broke the window",
    "d3": "the invoice was paid",
    "d4": "hail and storm",
    "d5": "the of and",
}
QUERIES = {"q1": "hail", "q2": "the storm", "q3": "nobody judged this", "q4": "unknown words"}
QRELS = [("q1", "d4", 1), ("q1", "d1", 2), ("q2", "d3", 1), ("q2", "d2", 0), ("q4", "d1", 1)]


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """Five documents, one with a title, and three queries with something to find."""
    folder = write_collection(tmp_path / "storms", DOCUMENTS, QUERIES, QRELS)
    corpus = (folder / "corpus.jsonl").read_text()
    (folder / "corpus.jsonl").write_text(corpus.replace('"d1", ', '"d1", "title": "Hail", '))
    return folder


# A word set of bias.
SET = {
    "targets": {"x": ["x1", "x2"], "y": ["y1", "y2"]},
    "attributes": {"a": ["a1", "a2"], "b": ["b1", "b2"]},
}

PAIRS = "hail\tstorm\t9\nhail\twind\t6\nroofs\twind\t5\ntornado\troad\t2\nhail\troad\t1\nstorm\ttornado\t8\n"


@pytest.fixture
def pairs(write) -> Path:
    """Similarity of six pairs of words of the storm reports."""
    return write("pairs.tsv", PAIRS)


@pytest.fixture(scope="session")
def by_paper(tmp_path_factory: pytest.TempPathFactory, storms: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("by paper") / "run"
    selfvec.Refiner("paper", window=5, learning_rate=0.1).fit(storms, "none").save(folder)
    return folder


@pytest.fixture
def run_folder(by_paper: Path, tmp_path: Path) -> Path:
    """A run of the storm reports by the paper's rule, from random vectors."""
    return shutil.copytree(by_paper, tmp_path / "run")
