"""Classification: what is learned, from how few examples, and how texts are split."""

from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Classification, Similarity
from selfvec.lab.evaluation.classification import draw_examples, read_labelled

WORDS = ["hail", "storm", "wind", "invoice", "payment", "tax"]


@pytest.fixture
def table() -> Vectors:
    rows = np.random.default_rng(0).normal(0, 0.1, (6, 4)).astype(np.float32)
    rows[:3, 0] += 1
    rows[3:, 1] += 1
    return Vectors(WORDS, rows)


def labelled(n: int, seed: int) -> str:
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        words = rng.choice(WORDS[:3] if i % 2 else WORDS[3:], 4)
        rows.append(f"{'weather' if i % 2 else 'money'}\t{' '.join(words)}\n")
    return "".join(rows)


@pytest.fixture
def folder(write, tmp_path: Path) -> Path:
    write("topics/train.tsv", labelled(40, 1))
    write("topics/test.tsv", labelled(30, 2))
    return tmp_path / "topics"


def measured(vectors: Vectors, task: Classification, seed: int = 0) -> dict:
    (row,) = selfvec.evaluate(vectors, [task], seed=seed).rows
    return row


@pytest.mark.parametrize("shots", [None, 1, 3, 100])
def test_two_topics_are_separated(table: Vectors, folder: Path, shots: int | None) -> None:
    row = measured(table, Classification(folder, shots=shots))
    assert (row["task"], row["kind"], row["metric"]) == ("topics", "classification", "accuracy")
    assert (row["value"], row["n"], row["covered"], row["shots"]) == (1, 30, 1, shots)


def test_spread_and_place_of_a_table_do_not_matter_much(table: Vectors, folder: Path) -> None:
    narrow = Vectors(WORDS, (table.vectors * 0.01 + [9, 9, 9, 9]).astype(np.float32))  # all words alike
    assert measured(narrow, Classification(folder))["value"] == 1


def test_draws_are_five_seeded_and_have_their_share_of_every_label() -> None:
    labels = np.array([0] * 20 + [1] * 3 + [2] * 9)
    draws = draw_examples(labels, 5, seed=1)
    assert len(draws) == 5
    for draw in draws:
        assert np.bincount(labels[draw]).tolist() == [5, 3, 5]
        assert len(set(draw.tolist())) == len(draw)
    assert len({tuple(draw.tolist()) for draw in draws}) > 1
    assert all(np.array_equal(a, b) for a, b in zip(draws, draw_examples(labels, 5, seed=1), strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(draws, draw_examples(labels, 5, seed=2), strict=True))


def test_a_label_never_seen_is_wrong(table: Vectors, folder: Path) -> None:
    with (folder / "test.tsv").open("a") as file:
        file.write("sport\tstorm wind\n" * 10)
    assert measured(table, Classification(folder))["value"] == pytest.approx(0.75)


def test_text_keeps_its_tabs_and_may_be_empty(write) -> None:
    write("t/test.tsv", "a\tx\n")
    data = read_labelled(write("t/train.tsv", "a\tone\ttwo\nb\t\n").parent)
    assert data.texts == ["one\ttwo", "", "x"]


@pytest.mark.parametrize("shots", [0, -1, 2.5, True])
def test_shots_are_a_whole_number(shots) -> None:
    with pytest.raises(OptionError, match="shots"):
        Classification("x", shots=shots)


def test_options_hold_for_tasks_that_are_given(table: Vectors, folder: Path) -> None:
    """A number of examples is not ignored; that of the task itself comes first."""
    both = [Classification(folder), Classification(folder, shots=1)]
    assert [row["shots"] for row in selfvec.evaluate(table, both, shots=3).rows] == [3, 1]
    with pytest.raises(OptionError, match="shots: is the number of examples of each class"):
        selfvec.evaluate(table, Similarity(folder / "pairs.tsv"), shots=3)
