"""Small tables and collections whose figures can be worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selfvec.data.vectors import Vectors

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


@pytest.fixture
def plane() -> Vectors:
    """Words by their angle in degrees; ``blank`` has a row of zeros."""
    angles = {"hail": 0, "ice": 20, "storm": 60, "Rome": 90, "invoice": 180}
    rows = [[np.cos(np.deg2rad(a)), np.sin(np.deg2rad(a))] for a in angles.values()]
    return Vectors([*angles, "blank"], np.array([*rows, [0, 0]], np.float32))


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
