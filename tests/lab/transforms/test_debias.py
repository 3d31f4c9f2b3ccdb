"""Debiasing: what is taken out, what is kept, and the sets that say so."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.lab.transforms.debias import GENDER, DebiasSets, read_debias_sets
from selfvec.lab.transforms.written import figures_of

SETS = DebiasSets([["she", "he"], ["woman", "man"]], [["aunt", "uncle"]], ["beard"], [])


@pytest.fixture
def biased() -> Vectors:
    """Words whose first axis is gender: strong in the pairs, present in 300 jobs, correlated with axis 2."""
    rng = np.random.default_rng(4)
    jobs = rng.standard_normal((300, 12))
    jobs[:, 0] *= 0.7
    jobs[:, 1] = 0.5 * jobs[:, 0] + 0.5 * jobs[:, 1]
    ends = {"she": -3, "he": 3, "woman": -3, "man": 3, "aunt": -2, "uncle": 2.5, "beard": 1}
    rows = rng.standard_normal((len(ends), 12)) * 0.3
    rows[1:6:2] = rows[0:6:2]
    rows[:, 0] = list(ends.values())
    names = [*ends, *(f"job{i}" for i in range(300))]
    return Vectors(names, np.concatenate([rows, jobs]).astype(np.float32))


def direct_bias(table: Vectors) -> float:
    return float(np.abs(table.unit[7:, 0]).mean())


def test_hard_debiasing_neutralises_and_equalises(biased: Vectors) -> None:
    made = selfvec.debias(biased, bias_sets=SETS)
    assert direct_bias(biased) > 0.1
    assert direct_bias(made) < 1e-2
    assert_array_equal(made["beard"], biased.unit[6])  # specific
    # Both words of a pair are as near to any neutral word, and on opposite sides.
    jobs = made.unit[7:]
    assert_allclose(jobs @ made["aunt"], jobs @ made["uncle"], atol=5e-3)
    assert made["aunt"][0] == pytest.approx(-made["uncle"][0], abs=5e-3)
    assert_allclose(np.linalg.norm(made.vectors, axis=1), 1, rtol=1e-5)


def test_only_the_neutral_words_that_are_named_are_neutralised(biased: Vectors) -> None:
    made = selfvec.debias(biased, bias_sets=DebiasSets(SETS.pairs, [], [], ["job3"]))
    changed = np.flatnonzero(np.abs(made.vectors - biased.unit).max(axis=1) > 1e-6)
    assert [biased.index_to_key[i] for i in changed] == ["job3"]


def test_inlp_hides_the_sides_from_a_linear_classifier(biased: Vectors) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    side = biased.unit[7:, 0] > 0
    made = selfvec.debias(biased, method="inlp", bias_sets=SETS)
    before, after = (
        linear.LogisticRegression().fit(table.unit[7:200], side[:193]).score(table.unit[200:], side[193:])
        for table in (biased, made)
    )
    assert before > 0.85
    assert after < 0.7


def test_clustering_tells_the_sides_apart_before_and_not_after() -> None:
    rows = np.random.default_rng(0).standard_normal((60, 8))
    rows[:30, 0] -= 9
    rows[30:, 0] += 9
    names = ["she", "woman", *(f"a{i}" for i in range(28)), "he", "man", *(f"b{i}" for i in range(28))]
    sets = DebiasSets([["she", "he"], ["woman", "man"]], [], [], [])
    figures = figures_of(selfvec.debias(Vectors(names, rows.astype(np.float32)), "hard", sets))
    assert figures["clustered_before"] == 1
    assert figures["clustered_after"] < 1


@pytest.mark.parametrize("kind", ["hard", "inlp"])
def test_every_kind_reports_and_turns_composed_words_too(kind: str, biased: Vectors) -> None:
    table = Vectors(biased.index_to_key, biased.vectors, composer=lambda _: biased.vectors[7:8])
    made = selfvec.debias(table, kind, SETS)
    figures = figures_of(made)
    assert figures["direct_bias_after"] < figures["direct_bias_before"]
    assert figures["clustered_after"] <= 1
    composed = made.embed("new")
    assert_allclose(composed / np.linalg.norm(composed), made["job0"], atol=1e-4)
    assert_array_equal(made.vectors, selfvec.debias(table, kind, SETS).vectors)


def test_the_built_in_sets_are_well_formed_and_have_each_word_once() -> None:
    sets = read_debias_sets(GENDER)
    assert all(len(pair) == 2 for pair in sets.pairs + sets.equalize)
    words = [word for pair in sets.equalize for word in pair] + sets.specific
    assert len(words) == len(set(words))


def test_the_command_reads_sets_and_refuses_unknown_kinds(biased: Vectors, tmp_path: Path) -> None:
    selfvec.save(biased, tmp_path / "in.vec")
    (tmp_path / "sets.toml").write_text('pairs = [["she", "he"], ["woman", "man"]]\n')
    given = ["vectors", "debias", str(tmp_path / "in.vec"), str(tmp_path / "out.vec")]
    found = ran([*given, "--bias-sets", tmp_path / "sets.toml", "--method", "inlp", "--json"]).json
    assert (found["pairs"], found["neutral"]) == (2, 303)
    refused(
        lambda: selfvec.debias(Vectors(["x"], np.ones((1, 2), np.float32))),
        OptionError,
        "no pair that defines the direction",
    )
