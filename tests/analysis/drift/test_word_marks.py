"""Names, numbers and other spellings are marked, and listed after the words whose meaning changed."""

import json

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
SAME = ["color", "favour", "favor"]  # favour is mostly spelled favor in 2020


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rng = np.random.default_rng(0)
    documents = []
    for year, topic in ((1990, WEATHER), (2020, PHONES)):
        for word in CHANGED:
            documents += [(year, sentence(rng, topic, word)) for _ in range(20)]
        for other in (WEATHER, PHONES):
            documents += [(year, sentence(rng, other, "color")) for _ in range(15)]
        for spelling, usual in (("favour", 1990), ("favor", 2020)):
            number = 20 if year == usual else 6
            documents += [(year, sentence(rng, WEATHER, spelling)) for _ in range(number)]
    path = tmp_path_factory.mktemp("marks") / "texts.jsonl"
    lines = [json.dumps({"text": text, "date": f"{year}-01-01"}) for year, text in documents]
    path.write_text("\n".join(lines), encoding="utf-8")
    words = [*WEATHER, *PHONES, *(word.lower() for word in CHANGED), *SAME]
    vectors = Vectors(words, rng.standard_normal((len(words), 24)).astype(np.float32))
    return refine(Corpus.open([path]), vectors, Settings(method="original", repeats="keep"))


@pytest.fixture(scope="module")
def rows(run: Run) -> list[dict]:
    return drift(run, ["1990", "2020"], all_words=True).rows


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


def test_a_word_that_changed_its_spelling_only_is_listed_once_and_not_on_top(run: Run) -> None:
    found = drift(run, ["1990", "2020"])
    words = [row["word"] for row in found.rows]
    (spelling,) = {"favour", "favor"} & set(words)
    row = found[spelling]
    assert row["q"] > 0.05
    assert words.index(spelling) > max(words.index(word) for word in ("mast", "drayton", "2nd", "colour"))
    assert {spelling, *row["variants"]} == {"favour", "favor"}
    assert {row["count_a"], row["count_b"]} == {6, 20}
    assert (row["spellings_a"], row["spellings_b"]) == (26, 26)


def test_a_word_is_listed_once_where_its_strongest_spelling_is(run: Run, rows: list[dict]) -> None:
    """Colour changed and color did not, so colour is listed."""
    found = drift(run, ["1990", "2020"])
    words = [row["word"] for row in found.rows]
    assert "colour" in words
    assert "color" not in words
    assert [row["word"] for row in rows if row["word"] in words] == words
    assert found.left_out["other spellings"] == 2
    assert found["colour"]["spellings_a"] == 50
    named = drift(run, ["1990", "2020"], words=["color", "colour"])
    assert {row["word"] for row in named} == {"color", "colour"}


def test_without_the_text_no_word_is_a_name() -> None:
    texts = [f"rain fell in Drayton on roof {i % 3}" for i in range(40)]
    corpus = Corpus.from_texts(texts, slices=["a", "b"] * 20)
    run = refine(corpus, "none", Settings(method="original", repeats="keep"))
    assert {row["kind"] for row in drift(run).rows} == {"name", "word"}
    assert {row["kind"] for row in drift(run.replace(text=None)).rows} == {"word"}
