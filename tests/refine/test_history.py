"""History: the plan keeps its bound, the store finds a word's states again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refine.problems import finished, vectors

from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.refine.refinement import HistoryPlan, Recorder, parse_history
from selfvec.refine.sequential import PaperRefinement
from selfvec.storage.run_folder import open_run, save_run


@given(
    counts=st.lists(st.integers(1, 5000), min_size=1, max_size=50),
    epochs=st.integers(1, 4),
    limit=st.integers(0, 2_000_000),
)
def test_automatic_plan_keeps_its_bound_and_is_the_finest(counts, epochs, limit) -> None:
    counts = np.array(counts, np.int64)
    words = [str(i) for i in range(len(counts))]
    recorder = Recorder(HistoryPlan(limit=limit), counts, words, epochs, 50)
    records, every = len(recorder.words), recorder.plan.every
    assert records * 100 <= limit
    assert records == (int((counts * epochs // every).sum()) if every else 0)
    if every > 1:
        finer = int((counts * epochs // (every - 1)).sum())
        assert finer * 100 > limit


def test_explicit_plan_beyond_the_limit_is_refused() -> None:
    plan = HistoryPlan(every=1, limit=1000)
    with pytest.raises(OptionError, match=r"limit:1GB"):
        Recorder(plan, np.array([10_000]), ["a"], 1, 300)


def test_watched_words_are_kept_whole_and_others_not() -> None:
    batch = TokenBatch.from_documents([["a", "b", "c", "a", "b", "a"]])
    plan = parse_history(["watch:a"])
    job = PaperRefinement(
        batch,
        vectors(batch, np.eye(3, dtype=np.float32)),
        window=3,
        learning_rate=0.1,
        epochs=2,
        history=plan,
    )
    finished(job)
    assert job.recorder.words.tolist() == [0] * 6
    assert job.recorder.updates.tolist() == [1, 2, 3, 4, 5, 6]


def test_watching_an_absent_word_names_it() -> None:
    with pytest.raises(OptionError, match="'zebra' does not occur"):
        Recorder(HistoryPlan(watch=("zebra",)), np.array([3]), ["a"], 1, 4)


def test_epoch_ends_give_every_word_a_state_per_epoch() -> None:
    batch = TokenBatch.from_documents([["a", "b", "a"]])
    plan = parse_history(["epoch"])
    job = PaperRefinement(
        batch,
        vectors(batch, np.eye(2, dtype=np.float32)),
        window=3,
        learning_rate=0.1,
        epochs=3,
        history=plan,
    )
    finished(job)
    history = job.recorder.history()
    path = history.trajectory("a", 0, np.eye(2)[0], job.table[0], 6)
    assert path.updates.tolist() == [0, 2, 4, 6]
    np.testing.assert_allclose(path.vectors[-1], job.table[0])
    np.testing.assert_allclose(path.to_original()[0], 1)
    assert np.all(np.diff(path.to_original()) < 0)


def test_history_survives_saving(tmp_path) -> None:
    batch = TokenBatch.from_documents([["a", "b", "a", "c"]] * 5)
    job = PaperRefinement(
        batch,
        vectors(batch, np.eye(3, dtype=np.float32)),
        window=3,
        learning_rate=0.1,
        history=HistoryPlan(every=2),
    )
    finished(job)
    history = job.recorder.history()
    assert history.updates.tolist() == [2, 4, 6, 8, 10, 2, 4, 2, 4]
    table = Vectors(["a", "b", "c"], job.table, counts=batch.counts)
    save_run(Run(table, table, history), tmp_path / "run")
    again = open_run(tmp_path / "run").history
    assert again is not None
    for name in ("starts", "updates", "vectors"):
        np.testing.assert_array_equal(getattr(history, name), getattr(again, name))
    save_run(Run(table, table), tmp_path / "none")
    assert open_run(tmp_path / "none").history is None


@pytest.mark.parametrize(
    ("texts", "plan"),
    [
        ([], HistoryPlan()),
        (["auto"], HistoryPlan()),
        (["none"], HistoryPlan(every=0)),
        (["epoch"], HistoryPlan(every=0, epochs=True)),
        (["epoch;every:7"], HistoryPlan(every=7, epochs=True)),
        (["every:7", "epoch"], HistoryPlan(every=7, epochs=True)),
        (["watch:a, b", "watch:b,c"], HistoryPlan(every=0, watch=("a", "b", "c"))),
        (["limit:2KB"], HistoryPlan(limit=2048)),
    ],
)
def test_plans_are_read(texts, plan) -> None:
    assert parse_history(texts) == plan


@pytest.mark.parametrize(
    "text", ["every", "every:0", "every:x", "all", "limit:", "limit:3", "watch:", "none:1"]
)
def test_unknown_plans_are_refused(text) -> None:
    with pytest.raises(OptionError, match="history"):
        parse_history([text])


def test_an_oov_words_path_is_measured_from_its_first_vector() -> None:
    path = Trajectory("new", np.array([0, 1, 2]), np.array([[0, 0], [1, 0], [0.6, 0.8]], np.float32))
    np.testing.assert_allclose(path.to_original(), [0, 1, 0.6], atol=1e-6)
