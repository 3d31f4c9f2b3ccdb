"""A run of sentences whose words have known senses, written by us."""

import json
from pathlib import Path

import numpy as np
import pytest
from planted_senses import SENSES, TOPICS, plan
from tests.analysis.planted_topics import topic_text, topic_vectors

import selfvec
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run


@pytest.fixture(scope="session")
def sense_folder(tmp_path_factory) -> Path:
    """The folder of a saved run and of the file it was made of."""
    folder, rng = tmp_path_factory.mktemp("senses"), np.random.default_rng(0)
    told = list(plan())
    texts = [topic_text(*told[i], 12, rng).capitalize() + "." for i in rng.permutation(len(told)).tolist()]
    rows = [json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts)]
    (folder / "texts.jsonl").write_text("".join(rows), "utf-8")
    vectors = topic_vectors(TOPICS, [*SENSES, "rare"], rng)
    settings = Settings(method="decorrelated", window=11)
    run = refine(selfvec.Corpus.open([folder / "texts.jsonl"]), vectors, settings)
    selfvec.save_run(run, folder / "run")
    return folder


@pytest.fixture(scope="session")
def sense_run(sense_folder: Path) -> Run:
    """The run, opened."""
    return open_run(sense_folder / "run")
