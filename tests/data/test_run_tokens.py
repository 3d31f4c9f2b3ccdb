"""The corpus in the run folder: what was read is what is kept, and what does not fit is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from selfvec.apps.cli import main
from selfvec.base.errors import FormatError
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.storage.run_folder import open_run

DATED = [
    {"id": "1", "text": "hail fell on roofs. hail broke glass", "date": "1993-04-01"},
    {"id": "2", "text": "rain", "date": None},
    {"id": "3", "text": "wind broke trees", "date": "2020-05-06"},
]


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    path = tmp_path / "dated.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in DATED), encoding="utf-8")
    return path


def refined(dated: Path, *more: str) -> Path:
    run = dated.with_name("run")
    options = ["--vectors", "none", "--date-field", "date", "--method", "original", *more]
    assert main(["refine", str(dated), "-o", str(run), *options]) == 0
    return run


def test_the_corpus_is_kept_in_order_with_its_bounds_and_dates(dated: Path) -> None:
    run = open_run(refined(dated))
    tokens = run.tokens
    assert tokens is not None
    words = [run.vectors.index_to_key[i] for i in tokens.ids.tolist()]
    assert words == [
        "hail",
        "fell",
        "on",
        "roofs",
        "hail",
        "broke",
        "glass",
        "rain",
        "wind",
        "broke",
        "trees",
    ]
    assert np.diff(tokens.offsets).tolist() == [7, 1, 3]
    assert tokens.dates is not None
    assert tokens.dates.astype(str).tolist() == ["1993-04-01", "NaT", "2020-05-06"]
    assert tokens.counts.tolist() == run.vectors.counts.tolist()


def test_it_is_forgotten_on_request(dated: Path) -> None:
    run = refined(dated, "--forget-tokens")
    assert not (run / "tokens.safetensors").exists()
    assert open_run(run).tokens is None


@pytest.mark.parametrize(
    "change",
    [
        {"ids": np.zeros(11, np.int64)},
        {"ids": np.full(11, 99, np.int32)},
        {"ids": np.full(11, -1, np.int32)},
        {"offsets": np.array([0, 20], np.int64)},
        {"offsets": np.array([0, 8, 3, 11], np.int64)},
        {"offsets": np.zeros((2, 2), np.int64)},
        {"days": np.zeros(1, np.int64)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_does_not_fit_the_run_is_refused(dated: Path, change: dict) -> None:
    run = refined(dated)
    path = run / "tokens.safetensors"
    kept = {name: np.array(tensor) for name, tensor in map_tensors(path).items()}
    write_tensors(path, kept | change)
    with pytest.raises(FormatError, match=r"tokens\.safetensors: .*make the run again"):
        _ = open_run(run).tokens


def test_a_run_in_memory_has_the_same_tokens(dated: Path) -> None:
    from selfvec import Refiner

    model = Refiner(method="original").fit(["hail fell", "wind fell"], "none")
    assert model.run_.tokens is not None
    assert model.run_.tokens.ids.tolist() == [1, 0, 2, 0]
