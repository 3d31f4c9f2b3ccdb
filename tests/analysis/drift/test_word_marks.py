"""Names, numbers and other spellings are marked, and listed after the words whose meaning changed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from selfvec.analysis.word_drift import drift
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.refinement.pipeline import refine

WEATHER = ["rain", "wind", "hail", "roof", "barn", "tree", "storm", "flood", "river", "snow"]
PHONES = ["phone", "code", "app", "email", "screen", "data", "cable", "call", "plan", "text"]
CHANGED = ["mast", "Drayton", "colour", "2nd"]  # from weather to phones
SAME = ["color"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    rng = np.random.default_rng(0)
    documents = []
    for year, topic in ((1990, WEATHER), (2020, PHONES)):
        for word in CHANGED:
            documents += [(year, sentence(rng, topic, word)) for _ in range(20)]
        for other in (WEATHER, PHONES):
            documents += [(year, sentence(rng, other, "color")) for _ in range(15)]
    path = tmp_path_factory.mktemp("marks") / "texts.jsonl"
    lines = [json.dumps({"text": text, "date": f"{year}-01-01"}) for year, text in documents]
    path.write_text("\n".join(lines), encoding="utf-8")
    words = [*WEATHER, *PHONES, *(word.lower() for word in CHANGED), *SAME]
    vectors = Vectors(words, rng.standard_normal((len(words), 24)).astype(np.float32))
    run: Run = refine(Corpus.open([path]), vectors, Settings(method="original", repeats="keep"))
    return drift(run, ["1990", "2020"]).rows


def sentence(rng: np.random.Generator, topic: list[str], word: str) -> str:
    words = rng.choice(topic, 8).tolist()
    return " ".join([*words[:4], word, *words[4:]])


def test_each_row_says_what_its_word_is(rows: list[dict]) -> None:
    found = {row["word"]: (row["kind"], row["variants"]) for row in rows}
    assert found["mast"] == ("word", [])
    assert found["drayton"] == ("name", [])
    assert found["2nd"] == ("number", [])
    assert found["colour"] == ("variant", ["color"])
    assert found["color"] == ("word", ["colour"])


def test_marked_words_are_not_on_top(rows: list[dict]) -> None:
    significant = [row for row in rows if row["q"] <= 0.05]
    assert {row["word"] for row in significant} >= {"mast", "drayton", "colour", "2nd"}
    kinds = [row["kind"] != "word" for row in significant]
    assert kinds == sorted(kinds)


def test_without_the_files_no_word_is_a_name(tmp_path: Path) -> None:
    texts = [f"rain fell in Drayton on roof {i % 3}" for i in range(40)]
    corpus = Corpus.from_texts(texts, slices=["a", "b"] * 20)
    run = refine(corpus, "none", Settings(method="original", repeats="keep"))
    assert {row["kind"] for row in drift(run).rows} == {"word"}
