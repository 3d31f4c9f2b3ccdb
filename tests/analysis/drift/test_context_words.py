"""Single words beside a word: the score by hand, a quarter of the uses named, silence by chance."""

from itertools import combinations
from math import log, sqrt

import numpy as np
import pytest
from drift_corpus import planted_run
from tests.examples import soaked

import selfvec
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.kernels import FEWEST_BESIDE, Observed, context_scores
from selfvec.analysis.word_drift.differing import words_beside
from selfvec.corpus.slices import Slice

WORD, SIDES = 0, np.arange(10) >= 6
TEXTS = [
    ["mole", "skin", "dark"],
    ["the", "mole", "dug"],
    ["garden", "mole", "dug"],
    ["a", "mole", "dug", "the", "garden"],
    ["mole", "garden"],
    ["the", "mole", "dug"],
    ["mole", "skin"],
    ["dark", "skin", "mole"],
    ["the", "skin", "the", "mole"],
    ["a", "mole", "skin", "garden"],
]


def reference(batch: selfvec.TokenBatch, reach: int, ratio: np.ndarray) -> float:
    """The normal deviate of the log of the sum of z⁶, against all divisions."""
    types, beside = len(batch.types), list[set[int]]()
    for document in TEXTS:
        kept = [word for word in document if word == "mole" or ratio[batch.types.index(word)]]
        at = kept.index("mole")
        codes = set()
        for i, other in enumerate(kept):
            number = batch.types.index(other)
            if 0 < abs(i - at) <= reach:
                codes |= {number, number + types * (1 if i < at else 2)} if abs(i - at) == 1 else {number}
        beside.append(codes)
    counts = {code: sum(code in codes for codes in beside) for code in set().union(*beside)}
    kept = [code for code, n in counts.items() if FEWEST_BESIDE <= n < len(beside)]
    holds = np.array([[code in codes for code in kept] for codes in beside], float)
    total, new = len(beside), int(SIDES.sum())
    share = holds.mean(axis=0)
    variance = share * (1 - share) * new * (total - new) / (total - 1)

    def score(taken: np.ndarray) -> float:
        return log((((taken - new * share) ** 2 / variance) ** 3).sum())

    every = np.array([score(holds[list(chosen)].sum(axis=0)) for chosen in combinations(range(total), new)])
    skewness = ((every - every.mean()) ** 3).mean() / every.std() ** 3
    x = (score(holds[SIDES].sum(axis=0)) - every.mean()) / every.std()
    return 6 / skewness * ((skewness * x / 2 + 1) ** (1 / 3) - 1) + skewness / 6


@pytest.mark.parametrize("left_out", [None, "garden"])
def test_the_score_is_that_of_all_divisions(left_out: str | None) -> None:
    batch = selfvec.TokenBatch.from_documents(TEXTS)
    ratio = np.array([float(word != left_out) for word in batch.types])
    word = batch.types.index("mole")
    places = np.flatnonzero(batch.ids == word)
    numbers, out = np.arange(10), np.zeros(1)
    bounds = np.array([0, 10])
    context_scores(
        *(batch.ids, batch.offsets, Observed(places, numbers, numbers, bounds, SIDES, bounds)),
        *(np.array([word]), ratio, 3, np.array([100_000]), 0, out, 0, 1),
    )
    assert out[0] == pytest.approx(reference(batch, 3, ratio), abs=0.03)


def test_words_beside_a_word_are_said_with_the_shares_of_its_documents() -> None:
    """*skin* is beside it in one of six and in all of four documents, *dug* in four of six and in none."""
    batch = selfvec.TokenBatch.from_documents(TEXTS * 4)
    sides = np.tile(SIDES, 4)
    compared = Comparison.of(batch, [Slice("old", ~sides), Slice("new", sides)])
    shown = np.array([word not in ("the", "a") for word in batch.types])
    ((came, went),) = words_beside(compared, np.array([batch.types.index("mole")]), shown)
    assert [(batch.types[word], a, b) for word, a, b in came] == [("skin", pytest.approx(1 / 6), 1.0)]
    assert [(batch.types[word], a, b) for word, a, b in went] == [("dug", pytest.approx(4 / 6), 0.0)]
    share = 20 / 40
    assert (1 - 1 / 6) / sqrt(share * (1 - share) * (1 / 24 + 1 / 16)) > 3  # deviations by which it differs


@pytest.mark.parametrize("seed", soaked(range(4), 0))
def test_a_word_of_which_a_quarter_is_new_is_named_and_beside_it_what_came(seed: int) -> None:
    run = planted_run([(0, 0.25), (0.5, 0.5)], uses=(200, 200), documents=(600, 600), seed=seed)
    found = selfvec.drift(run)
    assert found.named == ["x0"]
    row = found["x0"]
    assert row["q_contexts"] <= 0.01
    assert {beside["word"][:2] for beside in row["came_beside"]} == {"t1"}
    assert "differ (" in found.introduction[0]
    assert "beside it came t1w" in found.introduction[0]
    back = selfvec.drift(run, ["new", "old"])["x0"]
    assert [beside["word"] for beside in back["went_beside"]] == [of["word"] for of in row["came_beside"]]


@pytest.mark.parametrize("seed", soaked(range(6), 0))
def test_by_chance_no_word_is_named(seed: int) -> None:
    assert selfvec.drift(planted_run([(0.4, 0.4)] * 4, documents=(300, 200), seed=seed)).named == []


def test_a_word_that_was_written_otherwise_did_not_come_and_one_that_is_asked_for_is_told() -> None:
    rows = [
        {
            "text": f"Slept in the {'bed-room' if year == 2001 else 'bedroom'} of {number % 7} and rose late"
            + " with a taper" * (year == 2002 and number < 20),
            "date": f"{year}-05-01",
        }
        for year in (2001, 2002)
        for number in range(50)
    ]
    run = selfvec.refine(rows, "none", "original", repeats="keep")
    found = selfvec.drift(run, ["2001", "2002"], mix="raw")
    assert [row["word"] for row in found.new] == ["taper"]
    assert found.gone == []
    asked = selfvec.drift(run, ["2001", "2002"], mix="raw", words=["taper", "rose"])
    assert [row["word"] for row in asked.new] == ["taper"]
