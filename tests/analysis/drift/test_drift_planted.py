"""What changed is found and told in order, what did not is not: texts whose changes are known."""

import numpy as np
import pytest
from drift_corpus import planted_run

from selfvec.analysis.word_drift import drift
from selfvec.corpus.slices import Slice

DEGREES = (0.0, 0.25, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_changes_of_known_size_are_told_in_order(seed: int) -> None:
    found = drift(planted_run([(0, degree) for degree in DEGREES], seed=seed))
    rows = [found[f"x{i}"] for i in range(len(DEGREES))]
    for size in ("distance", "apd", "change"):
        assert [row[size] for row in rows] == sorted(row[size] for row in rows)
    assert rows[0]["distance"] < rows[0]["expected"] * 2
    assert all(row["q"] <= 0.05 for row in rows[1:])
    assert rows[0]["p"] > 0.01
    assert [row["word"] for row in found][:2] == ["x4", "x3"]


def test_what_did_not_change_is_significant_as_often_as_it_should_be() -> None:
    values: list[float] = []
    for seed in range(6):
        run = planted_run([(0.5, 0.5)] * 10, seed=seed)
        rng = np.random.default_rng(seed)
        chosen = rng.random(run.tokens.documents) < 0.4
        parts = [Slice("a", chosen), Slice("b", ~chosen)]
        values += [row["p"] for row in drift(run, parts, permutations=200)]
    share, n = np.mean(np.array(values) < 0.05), len(values)
    # Words of one document share its topic; a fifth of them as good as independent is a cautious count.
    assert n > 900
    assert abs(share - 0.05) < 1.96 * np.sqrt(0.05 * 0.95 / (n / 5))


def test_frequency_alone_is_no_change() -> None:
    uses = (12, 160)
    found = drift(planted_run([(0.5, 0.5)] * 8, uses=uses))
    rows = [found[f"x{i}"] for i in range(8)]
    assert all((row["count_a"], row["count_b"]) == uses for row in rows)
    assert np.mean([row["p"] < 0.05 for row in rows]) <= 0.25
    # The shares of the topics are the same in both slices exactly, closer than random splits are.
    assert 0.3 < np.mean([row["distance"] / row["expected"] for row in rows]) < 1.35


def test_the_interval_narrows_with_evidence() -> None:
    widths = []
    for uses in (10, 40, 160):
        row = drift(planted_run([(0, 1)], uses=(uses, uses), documents=(1200, 1200)))["x0"]
        assert row["low"] <= row["distance"] <= row["high"]
        widths.append(row["high"] - row["low"])
    assert widths == sorted(widths, reverse=True)


def test_neighbours_gained_and_lost_are_those_of_the_topics() -> None:
    row = drift(planted_run([(0, 1)], uses=(200, 200), documents=(1500, 1500)))["x0"]
    gained = [word for word in row["gained"] if word.startswith("t1")]
    lost = [word for word in row["lost"] if word.startswith("t0")]
    assert len(gained) >= 0.8 * len(row["gained"]) > 0
    assert len(lost) >= 0.8 * len(row["lost"]) > 0


@pytest.mark.parametrize("permutations", [50, 1000])
def test_few_changed_words_among_many_get_a_fine_enough_p(permutations: int) -> None:
    found = drift(planted_run([(0, 1)]), permutations=permutations)
    assert found["x0"]["p"] < 1 / (permutations + 1)
    assert found["x0"]["q"] < 0.05


def test_rows_are_the_same_for_any_number_of_threads_and_another_seed_changes_chance_alone() -> None:
    run = planted_run([(0, 0.3), (0, 1)])
    one, two, other = drift(run, jobs=1), drift(run, jobs=2), drift(run, seed=9)
    assert one.rows == two.rows
    assert one.rows != other.rows
    for word in ("x0", "x1"):
        assert one[word]["distance"] == pytest.approx(other[word]["distance"], abs=0.05)
