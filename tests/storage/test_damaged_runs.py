"""Run folders with changed bytes, JSON values and numbers: an answer or one error that names the file."""

import json
import random
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from tests.damage import damaged, without_checksums

import selfvec
from selfvec.base.errors import SelfvecError
from selfvec.corpus.kept_documents import KnownDocuments
from selfvec.refinement.health import check_health
from selfvec.storage.contents import info
from selfvec.text.preprocessing import Preprocessing, encode_texts

DAMAGED = 120
WORDS = ["hail", "wind", "rain", "storm", "flood", "river", "road", "roof", "house", "field", "barn", "tree"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run with history, text, tokens and dates, without checksums."""
    folder = tmp_path_factory.mktemp("sound")
    chance = random.Random(1)
    rows = [
        {"text": " ".join(chance.choices(WORDS, k=12)), "date": f"{1990 + number % 4}-05-06", "kind": "a"}
        for number in range(40)
    ]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    rng = np.random.default_rng(0)
    table = selfvec.Vectors(WORDS[:10], rng.standard_normal((10, 8)).astype(np.float32))
    model = selfvec.Refiner("paper", epochs=2, history="epoch", stem="en", min_count=2, slice="year")
    model.fit(folder / "t.jsonl", table).save(folder / "run")
    return without_checksums(folder / "run")


def use(folder: Path) -> None:
    """Read all of a run folder, and use what was read."""
    json.dumps(info(folder).as_dict(), allow_nan=False)
    run = selfvec.open_run(folder)
    json.dumps([dict(run.provenance), run.health], allow_nan=False)
    word = run.vectors.index_to_key[-1]
    assert all(-1.01 < cosine < 1.01 for _, cosine in run.similar(word).lists[0]["neighbours"])
    assert np.isfinite(run.trajectory(word).vectors).all()
    check_health(run.original, run.vectors, run.history)
    _ = run.settings
    if run.text is not None:
        KnownDocuments.of_text(run.require_text())
        assert len(run.text.texts()) == len(run.text.field("kind")) == len(run.text)
    encode_texts(["hail fell"], Preprocessing.of(run.provenance), run.vectors)
    if run.tokens is not None:
        assert run.tokens.counts.sum() == len(run.tokens)


def test_damaged_run_folders(sound: Path, tmp_path: Path) -> None:
    chance, run = random.Random(12), tmp_path / "run"
    shutil.copytree(sound, run)
    files = sorted(file for file in run.rglob("*") if file.is_file())
    errors = 0
    for _ in range(DAMAGED):
        file = chance.choices(files, [8 if file.name == "run.json" else 1 for file in files])[0]
        content = file.read_bytes()
        file.unlink()  # the sound one may be mapped still
        file.write_bytes(damaged(file.name, content, chance))
        try:
            with warnings.catch_warnings(action="error"):
                use(run)
        except SelfvecError as error:
            errors += 1
            assert "\n" not in str(error)
        finally:
            shutil.copyfile(file, tmp_path / f"last-{file.name}")
            file.unlink()
            file.write_bytes(content)
    assert DAMAGED / 4 < errors < DAMAGED
