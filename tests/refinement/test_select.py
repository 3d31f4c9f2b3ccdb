"""Choosing without labels: the split, the criteria by hand, and choices whose answer is known."""

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.commands import ran
from tests.in_threads import in_threads
from tests.spelled import spelled_texts

import selfvec
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.selection import ORIGINAL, ContextTest, HalvedTexts, choose, draw_documents, folds
from selfvec.storage.run_folder import open_run

TOPICS, WORDS = 6, 20


def topical(documents: int, seed: int = 0) -> TokenBatch:
    """Documents of 40 words, each from one of six topics of 20 words; a few from all."""
    rng = default_rng(seed)
    texts = []
    for _ in range(documents):
        topic = rng.integers(TOPICS)
        words = topic * WORDS + rng.integers(0, WORDS, 40)
        words[rng.random(40) < 0.2] = rng.integers(0, TOPICS * WORDS)
        texts.append([f"w{i}" for i in words])
    return by_frequency(TokenBatch.from_documents(texts))


def topic_table(batch: TokenBatch, noise: float = 0.8) -> np.ndarray:
    """Words of one topic near each other: what refining should find."""
    rng = default_rng(1)
    centres = rng.standard_normal((TOPICS, 16))
    topics = [int(word[1:]) // WORDS for word in batch.types]
    return unit_rows(centres[topics] + noise * rng.standard_normal((len(topics), 16)))


def random_table(batch: TokenBatch, seed: int = 2) -> np.ndarray:
    return unit_rows(default_rng(seed).standard_normal((len(batch.types), 16)))


def test_every_document_is_held_out_once_and_never_read_then() -> None:
    batch = topical(103)
    parts = list(folds(batch, default_rng(0)))
    assert sum(held.documents for _, held in parts) == 103
    for training, held in parts:
        assert_array_equal(training.counts + held.counts, batch.counts)
        assert training.types is batch.types
        assert held.documents in (20, 21)


def test_context_ranks_by_hand() -> None:
    contexts = ContextTest(
        words=np.array([0, 1]),
        neighbours=np.array([[2, -1], [2, 2]]),
        rivals=np.array([[1, 3], [0, 3]]),
        weights=np.ones(4, np.float32),
        documents=np.zeros(2, np.int64),
    )
    table = np.array([[1, 0], [0, 1], [0.8, 0.6], [0.6, 0.8]], np.float32)
    # context (.8, .6): word 0 scores .8, rivals .6 and .96 -> second; word 1 .6 among .8 and .96 -> third
    assert_allclose(contexts.score(table), [1 / 2, 1 / 3])
    assert_allclose(contexts.score(np.zeros_like(table)), [1 / 2, 1 / 2])  # all tied


def test_self_retrieval_rank_by_hand() -> None:
    test = HalvedTexts(
        first=[np.array([0]), np.array([1]), np.array([0])],
        second=[np.array([2]), np.array([3]), np.array([3])],
        documents=np.array([0, 1, 1]),
        idf=np.ones(4, np.float32),
    )
    table = unit_rows(np.array([[1, 0], [0, 1], [0.8, 0.6], [0.6, 0.8]]))
    # Text 0: cosine .8 with its half, rivals .6 and .6. Text 1: .8, its rival (of document 0) .6.
    # Text 2: .6, its rival .8.
    assert_allclose(test.score(table), [1, 1, 0])
    assert_allclose(test.score(np.zeros_like(table)), [0.5, 0.5, 0.5])  # all tied


def test_self_retrieval_share_no_word_and_long_documents_are_cut() -> None:
    batch = topical(60)
    training, held = next(folds(batch, default_rng(0)))
    test = HalvedTexts.draw(held, training, default_rng(0))
    assert len(test.first) == len(test.second) == len(test.documents) == held.documents
    halves = zip(test.first, test.second, strict=True)
    assert sum(len(first) + len(second) for first, second in halves) == len(held)  # 40 tokens each
    assert not np.isin(np.concatenate(test.first), np.concatenate(test.second)).any()  # of any two texts
    long = TokenBatch(batch.ids, np.array([0, 10, len(batch)]), batch.types)
    cut = HalvedTexts.draw(long, batch, default_rng(0))
    assert len(cut.first) > 50
    assert max(len(first) + len(second) for first, second in zip(cut.first, cut.second, strict=True)) <= 40


def test_texts_without_order_give_no_table_an_advantage() -> None:
    """Not even one that hardly tells words apart: halves of other texts share no more words than the own."""
    rng = default_rng(5)
    ranks = np.minimum(rng.zipf(1.3, (300, 12)), 400) - 1
    batch = TokenBatch.from_documents([[f"w{i}" for i in row] for row in ranks.tolist()])
    scores = []
    for _ in range(40):
        rows = rng.standard_normal((len(batch.types), 20)).astype(np.float32)
        test = HalvedTexts.draw(batch, batch, rng)
        scores.append([test.score(unit_rows(table)).mean() for table in (rows, rows + 0.5)])
    assert_allclose(np.mean(scores, axis=0), 0.5, atol=0.012)
    assert abs(np.mean(np.diff(scores))) < 0.006


@pytest.mark.parametrize("length", [40, 5])
def test_what_finds_held_out_words_is_chosen_wherever_it_stands(length: int) -> None:
    batch = topical(300)
    texts = TokenBatch(batch.ids, np.arange(0, len(batch) + 1, length), batch.types)
    tables = {ORIGINAL: random_table(batch), "best": topic_table(batch, 0.8), "fair": topic_table(batch, 1.6)}
    candidates = {name: lambda _, table=table: table for name, table in tables.items()}
    choice = in_threads(1, choose, texts, candidates)
    assert choice.chosen == "best"
    assert [row["name"] for row in choice.rows] == list(tables)
    assert choice.rows[2]["sure"]["self_retrieval"] > 0.99  # better than the original
    assert not choice.rows[0]["worse"]
    assert in_threads(3, choose, texts, candidates).as_dict() == choice.as_dict()


def test_nothing_worse_than_the_original_is_chosen() -> None:
    batch = topical(300)
    good, bad = topic_table(batch), random_table(batch)
    collapsed = unit_rows(good + 20 * good[0])
    choice = choose(batch, {ORIGINAL: lambda _: good, "random": lambda _: bad, "flat": lambda _: collapsed})
    assert choice.chosen == ORIGINAL
    assert [row["collapsed"] for row in choice.rows] == [False, False, True]


def test_what_the_tests_cannot_tell_apart_is_decided_by_order() -> None:
    batch = topical(300)
    good, bad = topic_table(batch), random_table(batch)
    same = {ORIGINAL: lambda _: bad, "first": lambda _: good, "last": lambda _: good.copy()}
    choice = choose(batch, same)
    assert choice.chosen == "last"
    assert choice.rows[1]["sure"] == choice.rows[2]["sure"]
    assert choice.rows[1]["sure"]["self_retrieval"] > 0.99
    assert choose(batch, {ORIGINAL: lambda _: good, "same": lambda _: good}).chosen == ORIGINAL


def test_a_loss_of_effective_rank_is_a_collapse() -> None:
    """The same table is collapsed beside a full one and not beside itself."""
    batch = topical(300)
    full, flat = random_table(batch), random_table(batch)
    flat[:, 8:] = 0
    flat = unit_rows(flat)
    lost = choose(batch, {ORIGINAL: lambda _: full, "flat": lambda _: flat}).rows[1]
    kept = choose(batch, {ORIGINAL: lambda _: flat, "flat": lambda _: flat.copy()}).rows[1]
    assert (lost["collapsed"], kept["collapsed"]) == (True, False)


def test_too_little_text_keeps_the_vectors() -> None:
    batch = TokenBatch.from_documents([["a", "b"], ["b", "c"]])
    choice = choose(batch, {ORIGINAL: lambda _: np.eye(3, dtype=np.float32)})
    assert choice.chosen == ORIGINAL
    assert "too little text" in choice.reason


def test_candidates_never_see_what_is_held_out() -> None:
    batch = topical(200)
    seen: list[int] = []

    def spy(training: TokenBatch) -> np.ndarray:
        seen.append(len(training))
        return topic_table(batch)

    choice = choose(batch, {ORIGINAL: lambda _: random_table(batch), "spy": spy})
    assert sum(len(batch) - read for read in seen) == choice.held_out == len(batch)  # five folds of 40 texts


@pytest.mark.parametrize("start", ["random", "topics"])
def test_auto_writes_its_decision_into_the_run(start: str) -> None:
    batch = topical(400)
    texts = [*map(" ".join, spelled_texts(batch))]
    table = random_table(batch) if start == "random" else topic_table(batch, noise=0.01)
    model = selfvec.Refiner("auto").fit(texts, selfvec.Vectors(list(batch.types), table))
    decision = model.run_.provenance["decision"]
    assert decision["chosen"] == model.run_.provenance["method"]
    assert {row["name"] for row in decision["candidates"]} == {"original", "paper", "online", "decorrelated"}
    chosen = next(row for row in decision["candidates"] if row["name"] == decision["chosen"])
    assert not chosen["worse"]
    assert not chosen["collapsed"]
    assert decision["chosen"] == ORIGINAL or chosen["sure"]["self_retrieval"] >= 0.9
    if start == "random":
        assert decision["chosen"] != ORIGINAL


def test_of_a_long_text_documents_are_drawn() -> None:
    batch = topical(300)
    part = draw_documents(batch, len(batch) // 3, default_rng(0))
    assert list(part.types) == list(batch.types)
    assert len(batch) // 4 < len(part) <= len(batch) // 3
    assert {*map(tuple, spelled_texts(part))} <= {*map(tuple, spelled_texts(batch))}
    assert draw_documents(batch, len(batch), default_rng(0)) is batch
    one_long = TokenBatch(batch.ids, np.array([0, 10, len(batch)]), batch.types)
    assert draw_documents(one_long, 20, default_rng(0)).documents == 2


def test_the_choice_is_told_with_the_texts_that_were_tested(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    text = "hail broke {} roofs in the village and rain filled the river near {} barns"
    texts = [text.format(i, i % 9) for i in range(90)]
    path.write_text("\n".join(texts), "utf-8")
    said = ran(["refine", path, "-o", tmp_path / "run", "--vectors", "none"]).err
    assert "kept the vectors as they are" in said
    told = " ".join(ran(["run", "info", tmp_path / "run"]).out.split())
    decision = open_run(tmp_path / "run").provenance["decision"]
    texts_tested, documents = decision["held_out_texts"], decision["held_out_documents"]
    assert (texts_tested, documents) == (90, 90)  # fewer than 500 texts: each document was held out once
    assert f"({texts_tested} texts of {documents} documents)" in told
