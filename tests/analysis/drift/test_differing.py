"""The share of a word's uses that differ: as it was planted, none by chance, none if only a subject grew."""

import re

import numpy as np
import pytest
from drift_corpus import planted_run
from tests.analysis.planted_topics import WORDS, topic_vectors
from tests.examples import soaked

from selfvec.analysis.comparison.chosen_slices import LEAST
from selfvec.analysis.word_drift.differing import FEWEST, DifferingUses, differing_shares
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.permutation_test import Distances, MeanUses
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.refinement.pipeline import refine

PLANTED = (0.1, 0.25, 0.5, 1.0)
DOCUMENTS = (1500, 1500)


def means_of(old: np.ndarray, new: np.ndarray, number: int = 50, noise: float = 0.0) -> Distances:
    """Distances of words with these mean occurrences on both sides, (m, d) each, of so many documents."""
    m = len(old)
    both = np.stack([old, new])
    lengths = np.linalg.norm(both, axis=2)
    products = np.stack([(one * other).sum(axis=1) for one, other in ((old, old), (new, new), (old, new))], 1)
    number_of = np.full((m, 2), number)
    uses = MeanUses(list(both / lengths[:, :, None]), lengths, number_of, products, np.full((m, 3), noise))
    unknown = np.full(m, np.nan)
    return Distances(np.arange(m), *[unknown] * 6, number_of, uses)


def shares_of(old: np.ndarray, new: np.ndarray, *more: float) -> DifferingUses:
    """The shares of words, all of which the text is compared by."""
    means = means_of(old, new, *more)
    return differing_shares(means, np.arange(len(old)), np.ones(len(old), bool))


def words(number: int, seed: int = 0) -> np.ndarray:
    """Words that have nothing in common, and are as long, (m, m)."""
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((number, number)))[0]


def test_the_share_is_that_of_the_way_to_another_word() -> None:
    """Word i moves by a share of the way to word i + 50, which is as far from it as any other."""
    old = words(100)
    new = old.copy()
    for word, share in enumerate(PLANTED):
        new[word] = (1 - share) * old[word] + share * old[word + 50]
    found = shares_of(old, new)
    assert found.share[: len(PLANTED)] == pytest.approx(PLANTED, abs=0.06)
    assert np.all(found.share[len(PLANTED) :] < 0.02)
    assert np.all((found.low <= found.share) & (found.share <= found.high))


def test_what_all_words_have_in_common_is_no_share_of_one() -> None:
    """All words move by .6 of the way to a stranger, of each its own; one of them by all of it."""
    both = words(200)
    old, strangers = both[:100], both[100:]
    new = 0.4 * old + 0.6 * strangers
    new[0] = strangers[0]
    found = shares_of(old, new)
    assert found.share[1:] == pytest.approx(np.zeros(99), abs=0.15)
    assert found.share[0] > 0.8


def test_the_interval_narrows_with_documents_and_with_less_noise() -> None:
    old = words(100)
    new = old.copy()
    new[0] = 0.5 * old[0] + 0.5 * old[50]
    widths = []
    for number, noise in ((LEAST, 1.0), (60, 1.0), (60, 0.1)):
        found = shares_of(old, new, number, noise)
        assert found.low[0] <= 0.5 <= found.high[0]
        widths.append(found.high[0] - found.low[0])
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(("number", "documents"), [(FEWEST - 1, 50), (100, LEAST - 1)])
def test_few_words_or_documents_have_no_share(number: int, documents: int) -> None:
    old = words(number)
    found = shares_of(old, old, documents)
    assert np.isnan([found.share, found.low, found.high]).all()


@pytest.mark.parametrize("uses", soaked([30, 60], 30))
def test_planted_shares_are_said(uses: int) -> None:
    """Words whose uses go from one topic to another; of four draws, medians and coverage."""
    said = {share: [] for share in PLANTED}
    inside = []
    for seed in range(4):
        found = drift(
            planted_run([(0, share) for share in PLANTED], uses=(uses, uses), documents=DOCUMENTS, seed=seed)
        )
        for number, share in enumerate(PLANTED):
            row = found[f"x{number}"]
            said[share].append(row["differing"])
            inside.append(row["differing_low"] <= share <= row["differing_high"])
    for share, estimates in said.items():
        assert np.median(estimates) == pytest.approx(share, abs=0.15)
    assert np.mean(inside) >= 0.75


def test_half_new_words_are_named_and_a_tenth_is_not() -> None:
    run = planted_run([(0, 0.5), (1, 0.5), (0, 0.1), (1, 0.9)], uses=(60, 60), documents=DOCUMENTS)
    found = drift(run)
    assert {*found.named} == {"x0", "x1"}
    first, second = found.named
    said = (
        f"the uses of 2 of {found.tested} words differ more than is usual: {first} and {second}; of {first},"
    )
    assert re.search(
        rf"{said} about (half|two thirds) of the uses differ \(\d\d to \d\d %\): beside it came t1w",
        found.introduction[0],
    )
    assert drift(run, top=1).named == found.named


@pytest.mark.parametrize("seed", soaked(range(3), 0))
def test_where_one_subject_has_twice_its_share_no_word_is_named(seed: int) -> None:
    """Six topics; in the new texts one is twice as frequent. Half of all words stand in any topic."""
    rng = np.random.default_rng(seed)
    texts, sides = [], []
    for side, weight in (("old", 1), ("new", 2)):
        for topic in rng.choice(6, 900, p=np.array([weight, 1, 1, 1, 1, 1]) / (weight + 5)):
            own = [f"t{topic}w{word}" for word in rng.integers(WORDS, size=10)]
            texts.append(" ".join(rng.permutation([*own, *(f"c{i}" for i in rng.integers(10, size=10))])))
            sides.append(side)
    corpus = Corpus.from_texts(texts, slices=sides)
    found = drift(refine(corpus, topic_vectors(6, [], rng), Settings(method="original")))
    assert found.named == []
    assert all(row["differing_low"] <= 0.2 for row in found if row["q"] <= 0.05)


def test_a_word_may_move_farther_with_the_text_than_the_text() -> None:
    """All move in one direction by .1: so does the text. One goes ten times as far, and keeps most of it."""
    old = words(100)
    text = np.ones(100) / 10
    new = old + 0.1 * text
    new[0] = old[0] + text
    found = shares_of(old, new)
    assert found.share[1:] == pytest.approx(np.zeros(99), abs=0.02)
    assert 0.4 < found.share[0] < 1 / np.sqrt(2)  # two words are √2 apart, and words follow up to .3
