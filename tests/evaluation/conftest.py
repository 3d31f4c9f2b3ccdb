"""Small tables and collections whose figures can be worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import selfvec

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file below a temporary folder and says where it is."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return written


DOCUMENTS = {
    "d1": ("Hail", "hail fell on the roof"),
    "d2": ("", "storm broke the window"),
    "d3": ("", "the invoice was paid"),
    "d4": ("", "hail and storm"),
    "d5": ("", "the of and"),
}
QUERIES = {"q1": "hail", "q2": "the storm", "q3": "nobody judged this", "q4": "unknown words"}
QRELS = [("q1", "d4", 1), ("q1", "d1", 2), ("q2", "d3", 1), ("q2", "d2", 0), ("q4", "d1", 1)]


@pytest.fixture
def beir(write: Write, tmp_path: Path) -> Path:
    """Five documents, three queries with something to find."""
    corpus = [{"_id": name, "title": title, "text": text} for name, (title, text) in DOCUMENTS.items()]
    queries = [{"_id": name, "text": text} for name, text in QUERIES.items()]
    write("storms/corpus.jsonl", "".join(json.dumps(row) + "\n" for row in corpus))
    write("storms/queries.jsonl", "".join(json.dumps(row) + "\n" for row in queries))
    rows = "".join(f"{query}\t{document}\t{score}\n" for query, document, score in QRELS)
    write("storms/qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + rows)
    return tmp_path / "storms"


PAIRS = "hail\tstorm\t9\nhail\twind\t6\nroofs\twind\t5\ntornado\troad\t2\nhail\troad\t1\nstorm\ttornado\t8\n"


@pytest.fixture
def pairs(write: Write) -> Path:
    """Similarity of six pairs of words of the storm reports."""
    return write("pairs.tsv", PAIRS)


@pytest.fixture
def run_folder(tmp_path: Path, storms: list[str]) -> Path:
    """A run of the storm reports by the paper's rule, from random vectors."""
    selfvec.Refiner("paper", window=5, learning_rate=0.1).fit(storms, "none").save(tmp_path / "run")
    return tmp_path / "run"
