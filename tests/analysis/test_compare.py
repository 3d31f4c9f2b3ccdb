"""Two runs compared: a compass against its formula, words that differ, and what the columns mean."""

import math

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.heard import Heard
from tests.lab.alignment.planted import WORDS, run_on, texts, vectors
from tests.refusals import refused
from tests.rows import normal_vectors

from selfvec import Refiner, Run, Vectors
from selfvec.analysis.compare import by_peers, compare
from selfvec.base.answer import Answer
from selfvec.base.errors import InputError
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.vectors import Source
from selfvec.lab.align import align
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import whitening
from selfvec.refinement.compass import compass_rows, compass_vectors, join_corpora, joined_runs
from selfvec.refinement.decorrelation import GAMMA, POWER, base_vectors, decorrelate, start_from_neighbours

CHANGED = 4


@pytest.fixture(scope="module")
def pair() -> tuple[Run, Run]:
    return run_on(texts(1)), run_on(texts(2, changed=CHANGED))


def words_of(found: Answer) -> list[str]:
    return [row["word"] for row in found.rows]


def figures(found: Answer, name: str) -> np.ndarray:
    return np.array([row[name] for row in found.rows])


def test_planted_changes_are_found_and_little_else(pair: tuple[Run, Run]) -> None:
    found = compare(*pair, permutations=60)
    assert found.method == "compass"
    assert set(words_of(found)[: 2 * CHANGED]) >= set(WORDS[:CHANGED])
    surest = np.argsort(-figures(found, "z"))[:CHANGED]
    assert {words_of(found)[i] for i in surest} == set(WORDS[:CHANGED])
    passed = {row["word"] for row in found.rows if row["q"] <= 0.05}
    assert len(passed) == found.significant
    assert set(WORDS[:CHANGED]) <= passed
    assert len(passed) <= CHANGED + 2
    row = found.rows[0]
    assert row["gained"]
    assert row["lost"]
    assert (row["count_a"], row["count_b"]) == tuple(
        int(run.vectors.counts[run.vectors.key_to_index[row["word"]]]) for run in pair
    )


def test_stop_words_and_numbers_are_left_out_as_in_drift() -> None:
    # The text of the one says "the", "of" and years between other words than that of the other.
    rng = default_rng(5)
    runs = []
    for first in (0, 60):
        lines = [
            " ".join(rng.choice([*WORDS[first : first + 40], "the", "of", "1990"], 30)) for _ in range(60)
        ]
        runs.append(Refiner("original").fit([*lines, *texts(1, 60)], vectors()).run_)
    found = compare(*runs, permutations=60)
    assert found.significant > 0
    assert set(words_of(found)).isdisjoint({"the", "of", "1990"})
    assert (found.left_out["stop words"], found.left_out["numbers"]) == (2, 1)


def test_splits_are_seeded_and_z_is_that_of_p(pair: tuple[Run, Run]) -> None:
    one, again, other = (compare(*pair, "compass", permutations=20, seed=seed) for seed in (3, 3, 4))
    assert one.rows == again.rows
    assert one.rows != other.rows
    distances = [{row["word"]: row["distance"] for row in found.rows} for found in (one, other)]
    assert distances[0] == pytest.approx(distances[1], abs=0.05)
    p = figures(one, "p")
    assert np.all((p > 0) & (p <= 1))
    upper_tail = [math.erfc(z / math.sqrt(2)) / 2 for z in figures(one, "z")]
    assert_allclose(upper_tail, p, rtol=1e-6)


def test_p_among_peers_by_hand() -> None:
    # Logs 0..4: median 2, absolute deviations 2 1 0 1 2 with median 1.
    expected = [math.erfc((i - 2) / 1.4826 / math.sqrt(2)) / 2 for i in range(5)]
    assert_allclose(by_peers(np.exp(np.arange(5.0))), expected)
    p = by_peers(np.r_[np.zeros(9), 0.5])
    assert p[:9].tolist() == [0.5] * 9
    assert p[-1] < 1e-12


def test_peers_are_the_words_nearest_in_frequency() -> None:
    rng = default_rng(0)
    loud, quiet = np.exp(rng.normal(0, 0.3, 1000)), np.exp(rng.normal(-3, 0.3, 1000))
    p = by_peers(np.r_[quiet, loud])
    assert np.median(p) == pytest.approx(0.5, abs=0.04)
    assert np.mean(p[1200:] < 0.05) == pytest.approx(0.05, abs=0.03)
    assert by_peers(np.r_[quiet, 1.0])[-1] < 1e-6


@pytest.mark.parametrize("method", ["procrustes", "relative"])
def test_tables_without_text_are_compared_with_their_peers(method: str) -> None:
    rng = default_rng(1)
    rows = rng.standard_normal((400, 8))
    changed = rows + 0.05 * rng.standard_normal(rows.shape)
    changed[[7, 70]] = -rows[[7, 70]]
    turn = np.linalg.qr(rng.standard_normal((12, 8)))[0].T  # into more dimensions
    words = [f"w{i}" for i in range(400)]
    a, b = Vectors(words, rows.astype(np.float32)), Vectors(words, (changed @ turn).astype(np.float32))
    for one, other in ((a, b), (b, a)):
        found = compare(one, other, method)
        assert set(words_of(found)[:2]) == {"w7", "w70"}
        assert int(np.sum(figures(found, "q") < 1e-3)) == 2
        assert found.rows[0]["count_a"] is None
        assert "most words did not change" in found.tested


def test_no_word_is_measured_by_a_turn_that_it_helped_to_fit() -> None:
    # Two unrelated tables of few words: a turn fitted on the words themselves would bring them together.
    words = [f"w{i}" for i in range(60)]
    a, b = (normal_vectors(words, 20, seed) for seed in range(2))
    assert figures(compare(a, b, "procrustes"), "distance").mean() == pytest.approx(1, abs=0.12)


def test_a_table_does_not_differ_from_itself() -> None:
    table = Vectors(WORDS, unit_rows(default_rng(3).standard_normal((120, 6))))
    found = compare(table, table, "procrustes")
    assert figures(found, "distance").max() < 1e-5
    assert found.significant == 0
    assert all(not row["gained"] and not row["lost"] for row in found.rows)


def test_auto_says_why_it_compares_tables_only(pair: tuple[Run, Run]) -> None:
    heard = Heard()
    found = compare(pair[0], pair[1].present.replace(tokens=None), progress=heard)
    assert found.method == "procrustes"
    assert "has not kept its tokens" in heard.said[0]
    refused(
        lambda: compare(pair[0], pair[1].present.replace(tokens=None), "compass"),
        InputError,
        r"has not kept its tokens, .*; refine again",
    )
    few = run_on(texts(3, 9))
    refused(
        lambda: compare(pair[0], few, "compass", min_count=1),
        InputError,
        "needs 10 on either side, and one side has 9",
    )


def test_words_that_are_too_rare_are_not_compared(pair: tuple[Run, Run]) -> None:
    refused(lambda: compare(*pair, min_count=10**6), InputError)


@pytest.fixture(scope="module")
def strangers() -> tuple[Run, Run]:
    """Of two texts one has a word more, and a word that changed."""
    return run_on(texts(1)), run_on([*texts(2, changed=1), "w3 stranger w4"])


def rows_of(one: Run, other: Run, first: int = 0) -> list[np.ndarray]:
    """The rows of all words by either corpus; ``first`` is the one that is named first."""
    run, slices = joined_runs(one.present, other.present)
    base = base_vectors(run.original.vectors, run.original.sources != Source.NONE)
    order = [first, 1 - first]
    found = compass_rows(run, [slices[i] for i in order], base, 7)
    return [found[i] for i in order]


def test_rows_are_those_of_the_formula(strangers: tuple[Run, Run]) -> None:
    """Dense counts and float64, as the module's docstring says it."""
    batch, second = join_corpora(strangers[0].tokens, strangers[1].tokens)
    first, sources = strangers[0].original.lookup(list(batch.types), compose=False)
    known = sources != Source.NONE
    operator = ScanOperator(batch, 7, GAMMA)
    frozen = decorrelate(start_from_neighbours(base_vectors(first, known), known, operator), operator)
    shift, turn = whitening(operator.apply(frozen), POWER)
    r = operator.degrees
    for side, found in zip((~second, second), rows_of(*strangers), strict=True):
        part = batch.part(side)
        counts = np.zeros((len(r), len(r)))
        for lo, hi in zip(part.offsets[:-1], part.offsets[1:], strict=True):
            for i in range(lo, hi):
                for j in range(max(lo, i - 3), min(hi, i + 4)):
                    counts[part.ids[i], part.ids[j]] += i != j
        own = counts.sum(axis=1)
        weighted = r[:, None] ** -GAMMA * frozen
        centre = own @ weighted / own.sum()
        summed = r[:, None] ** -0.5 * (counts @ weighted - own[:, None] * centre)
        rows = r[:, None] / np.maximum(own, 1)[:, None] * summed
        expected = (rows - shift) @ turn
        expected[own == 0] = 0
        assert_allclose(found, expected, rtol=1e-3, atol=2e-4 * np.abs(expected).max())


def test_words_of_either_corpus_keep_their_counts(strangers: tuple[Run, Run]) -> None:
    found = align(*strangers, "compass", anchor=1.0)
    for table, run in zip((found.a, found.b), strangers, strict=True):
        assert table.index_to_key == run.vectors.index_to_key
        assert_array_equal(table.counts, run.vectors.counts)
    assert found.both
    plain = align(*strangers, "compass")
    assert np.abs(plain.a.vectors - found.a.vectors).max() > 0.01


def test_random_beginnings_are_drawn_anew_and_no_two_words_share_one() -> None:
    one, other = run_on(texts(1), "none"), run_on(["z1 z2 z3 w1", *texts(2)], "none")
    base = joined_runs(one.present, other.present)[0].original.unit
    cosines = base @ base.T - np.eye(len(base))
    assert cosines.max() < 0.5


def test_runs_that_cannot_have_a_compass_are_refused(strangers: tuple[Run, Run]) -> None:
    other = Vectors(WORDS, vectors().vectors[::-1].copy())
    wide = Vectors(WORDS, np.ones((120, 5), np.float32))
    for table in (other, wide, "none"):
        refused(
            lambda: compass_vectors(strangers[0].present, run_on(texts(1), table).present),
            InputError,
            r"different initial vectors",
        )
    refused(
        lambda: compass_vectors(strangers[0].present, strangers[1].present.replace(tokens=None)),
        InputError,
        r"has not kept its tokens, .*; refine again",
    )
    refused(lambda: align(*strangers, "compass", window=1), InputError, r"window: .* at least 2")
