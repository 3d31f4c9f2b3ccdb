"""History: the plan keeps its bound, the store finds a word's states again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.refinement.problems import finished, vectors
from tests.refusals import refused

from selfvec import refine
from selfvec.base.errors import OptionError
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import Trajectory
from selfvec.refinement.history import HistoryPlan, Recorder, parse_history
from selfvec.refinement.methods.sequential import PaperRefinement


@given(
    counts=st.lists(st.integers(1, 5000), min_size=1, max_size=50),
    passes=st.integers(1, 4),
    limit=st.integers(0, 2_000_000),
)
def test_automatic_plan_keeps_its_bound_and_is_the_finest(counts, passes, limit) -> None:
    counts = np.array(counts, np.int64)
    words = [str(i) for i in range(len(counts))]
    recorder = Recorder(HistoryPlan(limit=limit), counts, words, passes, 50)
    records, every = len(recorder.words), recorder.plan.every
    assert records * 100 <= limit
    assert records == (int((counts * passes // every).sum()) if every else 0)
    if every > 1:
        finer = int((counts * passes // (every - 1)).sum())
        assert finer * 100 > limit


def test_explicit_plan_beyond_the_limit_is_refused() -> None:
    plan = HistoryPlan(every=1, limit=1000)
    refused(lambda: Recorder(plan, np.array([10_000]), ["a"], 1, 300), OptionError, r"limit:1GB")


def refined(documents: list[list[str]], plan: HistoryPlan, passes: int = 1) -> PaperRefinement:
    """The paper's rule from the axes, at its end."""
    batch = TokenBatch.from_documents(documents)
    start = vectors(batch, np.eye(len(batch.types), dtype=np.float32))
    return finished(PaperRefinement(batch, start, window=3, learning_rate=0.1, passes=passes, history=plan))


def test_watched_words_are_kept_whole_and_others_not() -> None:
    job = refined([["a", "b", "c", "a", "b", "a"]], parse_history(["watch:a"]), passes=2)
    assert job.recorder.words.tolist() == [0] * 6
    assert job.recorder.updates.tolist() == [1, 2, 3, 4, 5, 6]


def test_watching_an_absent_word_names_it() -> None:
    refused(
        lambda: Recorder(HistoryPlan(watch=("zebra",)), np.array([3]), ["a"], 1, 4),
        OptionError,
        "'zebra' does not occur",
    )


def test_epoch_ends_give_every_word_a_state_per_epoch() -> None:
    job = refined([["a", "b", "a"]], parse_history(["pass"]), passes=3)
    history = job.recorder.history()
    path = history.trajectory("a", 0, np.eye(2)[0], job.table[0], 6)
    assert path.updates.tolist() == [0, 2, 4, 6]
    assert_allclose(path.vectors[-1], job.table[0])
    assert_allclose(path.to_original()[0], 1)
    assert np.all(np.diff(path.to_original()) < 0)


def test_every_second_update_is_kept() -> None:
    job = refined([["a", "b", "a", "c"]] * 5, HistoryPlan(every=2))
    assert job.recorder.history().updates.tolist() == [2, 4, 6, 8, 10, 2, 4, 2, 4]


@pytest.mark.parametrize(
    ("texts", "plan"),
    [
        ([], HistoryPlan()),
        (["auto"], HistoryPlan()),
        (["none"], HistoryPlan(every=0)),
        (["pass"], HistoryPlan(every=0, pass_ends=True)),
        (["pass;every:7"], HistoryPlan(every=7, pass_ends=True)),
        (["every:7", "pass"], HistoryPlan(every=7, pass_ends=True)),
        (["watch:a, b", "watch:b,c"], HistoryPlan(every=0, watch=("a", "b", "c"))),
        (["limit:2KB"], HistoryPlan(limit=2000)),
    ],
)
def test_plans_are_read(texts, plan) -> None:
    assert parse_history(texts) == plan


@pytest.mark.parametrize(
    "text", ["every", "every:0", "every:x", "all", "limit:", "limit:x", "watch:", "none:1"]
)
def test_unknown_plans_are_refused(text) -> None:
    refused(lambda: refine(["a b a b"], "none", history=text), OptionError, "history")


def test_an_oov_words_path_is_measured_from_its_first_vector() -> None:
    path = Trajectory("new", np.array([0, 1, 2]), np.array([[0, 0], [1, 0], [0.6, 0.8]], np.float32))
    assert_allclose(path.to_original(), [0, 1, 0.6], atol=1e-6)
