"""Word similarity, analogies and dictionaries of two languages: what is not covered, against brute force."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.lab.evaluation.conftest import at
from tests.rows import normal_rows

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.report_page import page_markdown
from selfvec.lab.evaluation import Analogies, Dictionary, Similarity
from selfvec.lab.evaluation.compared_vectors import word_vectors
from selfvec.lab.evaluation.words import AnalogyQuestions, answer
from selfvec.numerics.nearest import ANALOGY_METHODS
from selfvec.numerics.rows import unit_rows


def rows_of(vectors, task, **options) -> list[dict]:
    return selfvec.evaluate(vectors, [task], **options).rows


def test_a_pair_without_a_vector_has_cosine_zero(plane: Vectors, write) -> None:
    # cosines .94, 0 (unknown), 0 (a row of zeros), -1: ranks 4, 2.5, 2.5, 1 against 4, 3, 2, 1
    file = write("pairs.tsv", "hail\tice\t9\nhail\tnowhere\t5\nblank\tice\t3\nhail\tinvoice\t1\n")
    (row,) = rows_of(plane, Similarity(file))
    assert row["value"] == pytest.approx(4.5 / np.sqrt(4.5 * 5))
    assert row["covered"] == 0.5
    assert row["value_known"] == 1


def test_the_common_figure_is_over_pairs_that_all_tables_know(plane: Vectors, write) -> None:
    # cosines of `plane`: hail ice .94, hail invoice -1, ice invoice -.94; `other` does not know ice
    file = write("pairs.tsv", "hail\tice\t9\nhail\tinvoice\t1\nhail\tRome\t2\nhail\tnowhere\t5\n")
    other = Vectors(["hail", "invoice", "Rome"], np.array([[1, 0], [1, 0], [0, 1]], np.float32))
    alone = rows_of(plane, Similarity(file))[0]
    assert (alone["n"], alone["n_common"]) == (4, 3)
    assert alone["value_common"] == alone["value_known"] == 1
    report = selfvec.evaluate({"plane": plane, "other": other}, [Similarity(file)])
    assert [row["n_common"] for row in report.rows] == [2, 2]
    assert [row["value_common"] for row in report.rows] == [1, -1]  # invoice 1, Rome 2
    assert [row["value_known"] for row in report.rows] == [1, -1]
    for row in report.rows:
        assert row["low_common"] <= row["value_common"] <= row["high_common"]
    (apart,) = report.comparisons
    assert (apart["difference_common"], apart["n_common"]) == (2, 2)
    assert apart["difference"] == pytest.approx(report.rows[0]["value"] - report.rows[1]["value"])


def test_tables_without_a_common_pair_are_not_told_apart(plane: Vectors, write) -> None:
    file = write("pairs.tsv", "hail\tice\t9\nhail\tinvoice\t1\nhail\tRome\t2\n" * 9)
    stranger = Vectors(["nowhere"], np.ones((1, 2), np.float32))
    report = selfvec.evaluate({"plane": plane, "stranger": stranger}, [Similarity(file)])
    assert [(row["value_common"], row["n_common"]) for row in report.rows] == [(None, 0), (None, 0)]
    assert report.comparisons[0]["low"] > 0  # coverage alone
    assert report.summary() == [
        "plane against stranger: better in 0, worse in 0, not distinguishable in 1 of 1 figure",
        "value counts all pairs, with cosine 0 if a word has no vector; known only those with both",
        "similarity is compared on common pairs, which all vectors have",
    ]
    assert "| plane − stranger, common pairs |  |  |  | not distinguishable |" in page_markdown(report.page())
    assert "|  |  | 0 |" in page_markdown(report.page())


def test_common_pairs_of_one_table_are_those_it_covers(plane: Vectors, write) -> None:
    file = write("pairs.tsv", "hail\tice\t9\nhail\tinvoice\t1\nhail\tRome\t2\n")
    row, cut = rows_of(plane, Similarity(file), dimensions=[1])
    assert row["n_common"] == cut["n_common"] == row["n"]
    for common, strict in (("value_common", "value"), ("low_common", "low"), ("high_common", "high")):
        assert row[common] == row[strict]


def test_words_as_written_then_lower_then_title_then_from_parts(plane: Vectors) -> None:
    def compose(words):
        return np.array([[0, len(word)] if word.startswith("x") else [0, 0] for word in words], np.float32)

    vectors = Vectors(plane.index_to_key, plane.vectors, composer=compose)
    rows, known = word_vectors(vectors, ["HAIL", "rome", "ROME", "xyz", "none", "blank", "Hail"])
    assert known.tolist() == [True, True, True, True, False, False, True]
    assert_allclose(rows[[0, 1, 3, 4]], [[1, 0], [0, 1], [0, 1], [0, 0]], atol=1e-6)
    assert_array_equal(rows[0], rows[6])


def test_the_exact_form_goes_before_others() -> None:
    vectors = Vectors(["us", "US", "Us"], np.eye(3, dtype=np.float32))
    rows, _ = word_vectors(vectors, ["US", "us", "Us", "uS"])
    assert rows.argmax(axis=1).tolist() == [1, 0, 2, 0]
    empty = Vectors(["us", "US"], np.array([[1, 0], [0, 0]], np.float32))
    assert word_vectors(empty, ["US"])[1].tolist() == [True]  # a row of zeros is none


def test_analogies_by_hand(write) -> None:
    # king - man + woman = (1, 1), nearest to queen
    words = ["man", "woman", "king", "queen", "apple"]
    rows = np.array([[1, 0], [0, 1], [1.2, 0.2], [0.2, 1.2], [-1, -1]], np.float32)
    file = write(
        "q.txt", ": family\nMan woman king queen\n: fruit\nman woman king apple\nman woman king pear\n"
    )
    found = rows_of(Vectors(words, rows), Analogies(file))
    assert [row["method"] for row in found] == ["3cosadd", "3cosmul"]
    for row in found:
        assert (row["metric"], row["n"]) == ("accuracy", 3)
        assert row["value"] == pytest.approx(1 / 3)
        assert row["covered"] == pytest.approx(2 / 3)
        assert row["sections"] == {"family": {"value": 1, "n": 1}, "fruit": {"value": 0, "n": 2}}


def brute_force(rows: np.ndarray, question: list[int], method: str) -> int:
    unit = unit_rows(rows).astype(np.float64)
    a, b, c, _ = question
    cos = unit @ unit.T
    if method == "3cosadd":
        scores = cos[b] + cos[c] - cos[a]
    else:
        shifted = (cos + 1) / 2
        scores = shifted[b] * shifted[c] / (shifted[a] + 0.001)
    scores[[a, b, c]] = -np.inf
    scores[~rows.any(axis=1)] = -np.inf
    return int(np.argmax(scores)) if np.isfinite(scores).any() else -1


@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.integers(2, 6))
def test_answers_are_those_of_brute_force(seed: int, words: int, dimensions: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((words, dimensions)).astype(np.float32)
    rows[rng.random(words) < 0.1] = 0
    numbers = rng.integers(words, size=(12, 4))
    names = [f"w{i}" for i in range(words)]
    vectors = Vectors(names, rows)
    for method in ANALOGY_METHODS:
        best = [brute_force(rows, question, method) for question in numbers.tolist()]
        asked = np.column_stack([numbers[:, :3], best])[np.array(best) >= 0]  # no candidate, no answer
        answered, right = answer(vectors, AnalogyQuestions(names, asked, {}), most=words)
        assert_array_equal(answered, rows.any(axis=1)[asked].all(axis=1))
        assert_array_equal(right[method], answered)


def test_candidates_in_blocks_and_among_the_first_rows_only(monkeypatch) -> None:
    rows = normal_rows(50, 4, 5)
    names = [f"w{i}" for i in range(50)]
    numbers = np.random.default_rng(6).integers(50, size=(200, 4))
    questions = AnalogyQuestions(names, numbers, {})
    vectors = Vectors(names, rows)
    _, whole = answer(vectors, questions, most=50)
    monkeypatch.setattr("selfvec.numerics.nearest._ANSWERS", 7)
    _, blocks = answer(vectors, questions, most=50)
    for method in ANALOGY_METHODS:
        assert_array_equal(whole[method], blocks[method])
    answered, _ = answer(vectors, questions, most=20)
    assert_array_equal(answered, (numbers < 20).all(axis=1))


@pytest.fixture
def lexicon(write) -> Path:
    rows = ["hail\tHagel", "hail\tGraupel", "storm\tSturm", "rain\tRegen", "fog\tNebel", "hail\tunbekannt"]
    return write("de.tsv", "\n".join(rows))


def test_several_translations_are_one_item_and_unknown_words_are_wrong(lexicon: Path) -> None:
    a = at({"hail": 0, "storm": 60, "rain": 120})
    others = {"a": 58, "b": 61, "c": 62, "d": 63, "e": 65}  # storm's translation is the sixth
    b = at({"graupel": 5, "sturm": 115, "regen": 122, **others})
    rows = selfvec.evaluate({"a": a, "b": b}, [Dictionary(lexicon)]).rows
    found = {(row["mode"], row["metric"]): row for row in rows}
    assert {row["vectors"] for row in rows} == {"b"}
    assert {(row["n"], row["covered"], row["task"]) for row in rows} == {(4, 0.75, "de")}
    assert found["nn", "precision@1"]["value"] == 0.5  # hail and rain; storm and fog are wrong
    assert found["nn", "precision@5"]["value"] == 0.5
    assert found["nn", "precision@1"]["value_covered"] == pytest.approx(2 / 3)


def test_one_table_or_two_spaces_are_refused_with_what_to_do(lexicon: Path) -> None:
    with pytest.raises(OptionError, match="two sets of vectors in one space; give the folder"):
        selfvec.evaluate(at({"hail": 0}), [Dictionary(lexicon)])
    wide = Vectors(["hagel"], np.ones((1, 3), np.float32))
    with pytest.raises(InputError, match="has 3 dimensions, the others 2"):
        selfvec.evaluate({"a": at({"hail": 0}), "b": wide}, [Dictionary(lexicon)])


def test_nothing_known_is_zero(lexicon: Path) -> None:
    rows = selfvec.evaluate({"a": at({"x": 0}), "b": at({"y": 0})}, [Dictionary(lexicon)]).rows
    assert {(row["value"], row["covered"], row["value_covered"]) for row in rows} == {(0.0, 0.0, None)}
