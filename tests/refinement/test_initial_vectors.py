"""Vectors made of the text alone, and refinements that start from them."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.commands import ran

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Source
from selfvec.refinement.inputs import FROM_TEXT, vectors_from_text

TRAINED = [name for name in FROM_TEXT if name != "none"]
TOPICS = (("hail", "ice", "dime", "dent"), ("ward", "nurse", "dose", "fever"))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Documents on one of two topics that share no word but the glue."""
    rng = np.random.default_rng(0)
    return [" ".join([*rng.permutation([*rng.choice(TOPICS[i % 2], 8), "the", "and"])]) for i in range(300)]


@pytest.mark.parametrize("name", TRAINED)
def test_words_of_one_topic_start_nearer_than_words_of_two(name: str, texts: list[str]) -> None:
    table = vectors_from_text(selfvec.TokenBatch.from_documents([text.split() for text in texts]), name)
    assert table.vectors.shape == (10, 256)
    assert table.vectors.dtype == np.float32
    assert_allclose(np.linalg.norm(table.vectors, axis=1), 1, atol=1e-5)
    assert set(table.sources) == {Source.RANDOM}
    own = [table.similarity(a, b) for topic in TOPICS for a, b in combinations(topic, 2)]
    across = [table.similarity(a, b) for a in TOPICS[0] for b in TOPICS[1]]
    assert np.mean(own) > np.mean(across) + 0.02


@pytest.mark.parametrize("name", FROM_TEXT)
def test_a_run_starts_from_them_and_the_seed_decides_each_bit(name: str, texts: list[str]) -> None:
    one, same = (selfvec.refine(texts, name, "decorrelated", seed=3) for _ in range(2))
    assert one.provenance["vectors"] == {"name": name}
    assert_array_equal(one.original.vectors, same.original.vectors)
    assert_array_equal(one.vectors.vectors, same.vectors.vectors)
    batch = one.tokens
    assert_array_equal(one.original.vectors, vectors_from_text(batch, name, 3).vectors)


def test_added_text_trains_the_start_again(texts: list[str]) -> None:
    whole = selfvec.refine(texts, "svd", "decorrelated")
    grown = selfvec.update(selfvec.refine(texts[:200], "svd", "decorrelated"), texts[200:])
    joined = selfvec.merge([selfvec.refine(part, "svd", "decorrelated") for part in (texts[:99], texts[99:])])
    for run in (grown, joined):
        words = [run.vectors.key_to_index[word] for word in whole.vectors.index_to_key]
        assert_allclose(run.original.unit[words], whole.original.unit, atol=1e-4)


def test_the_command_says_where_words_started(texts: list[str], tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(texts), "utf-8")
    run = tmp_path / "run"
    told = ran(["refine", file, "-o", run, "--vectors", "svd", "--method", "decorrelated"])
    assert "100% of them with vectors of svd on the text" in "".join(told)
    rows = ran(["similar", run, "hail", "--json", "--topn", "3"]).json["rows"]
    (row,) = [r for r in rows if r["state"] == "refined"]
    assert {word for word, _ in row["neighbours"]} == {"ice", "dime", "dent"}


def test_what_is_trained_on_all_of_the_text_is_not_tested_on_parts_of_it(texts: list[str]) -> None:
    with pytest.raises(OptionError, match="svd is trained on the whole text"):
        selfvec.Refiner("decorrelated").fit(texts, ["none", "svd"])
