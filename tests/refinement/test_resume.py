"""Stopping between two steps, saving the state and continuing gives the same bits, for every method."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.refinement.problems import finished, random_problem

from selfvec.base import scratch
from selfvec.base.errors import InputError, Interrupted
from selfvec.base.progress import Progress
from selfvec.base.tensors import map_tensors
from selfvec.base.threads import in_order, stop_if_cancelled
from selfvec.cooccurrence.lanes import REBUILD
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.execution import Execution, run_to_end
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.kept_inputs import stamp_of
from selfvec.refinement.method_choice import make_plan
from selfvec.refinement.methods import start
from selfvec.refinement.pipeline import refine
from selfvec.storage.workspace import Workspace

OPTIONS = {"paper": {"epochs": 3}, "online": {"epochs": 3}, "decorrelated": {"passes": 4}}
METHODS = pytest.mark.parametrize("method", OPTIONS)
PROBLEM = random_problem(7, 9 * REBUILD + 50, 80, 21, 30, 0.3)


@METHODS
@pytest.mark.parametrize("stop", [1, 2, 3])
@pytest.mark.parametrize("history", ["none", "epoch", "epoch;every:3"])
def test_resumed_is_uninterrupted(method: str, stop: int, history: str) -> None:
    plan = make_plan(Settings(method, window=9, history=history, **OPTIONS[method]), Inputs(*PROBLEM))
    whole, first, second = finished(start(plan)), start(plan), start(plan)
    for _ in range(stop):
        first.advance()
    second.restore({name: array.copy() for name, array in first.state.items()})
    assert second.progress == first.progress
    finished(second)
    np.testing.assert_array_equal(whole.sources, second.sources)
    for name, array in whole.state.items():
        np.testing.assert_array_equal(array, second.state[name], err_msg=name)


@METHODS
def test_a_workspace_keeps_the_state_and_refuses_that_of_another_plan(method, tmp_path, monkeypatch) -> None:
    plan = make_plan(Settings(method, window=9, **OPTIONS[method]), Inputs(*PROBLEM))
    monkeypatch.setattr("selfvec.refinement.execution._CHECKPOINT_SECONDS", -1)
    whole = finished(start(plan))

    def stop_after_saving(workspace: Workspace) -> None:
        refinement = start(plan)
        advance = refinement.advance

        def once(tick: Callable[[float], None]) -> int:
            if workspace.has_state:
                raise Interrupted("enough")
            return advance(tick)

        monkeypatch.setattr(refinement, "advance", once)
        with pytest.raises(Interrupted):
            run_to_end(refinement, plan, Execution(workspace))

    with Workspace(tmp_path / "run") as workspace:
        stop_after_saving(workspace)
        other = replace(plan, window=11)
        with pytest.raises(InputError, match="had another corpus, other vectors or other options"):
            run_to_end(start(other), other, Execution(workspace))
        resumed = start(plan)
        run_to_end(resumed, plan, Execution(workspace))
    np.testing.assert_array_equal(resumed.table, whole.table)


class Stopping(Progress):
    """Asks to stop, as Ctrl-C does, when the given share of the refinement has been shown."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.shown: list[int] = []

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        del unit
        if label != "Refining":
            yield lambda _: None
            return

        def advance(tokens: int) -> None:
            self.shown.append(tokens)
            if sum(self.shown) > self.share * (total or 0):
                self.share = 2
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.3)  # the main thread receives it

        yield advance


@pytest.mark.parametrize(("share", "kept"), [(0.2, False), (0.6, True)])
def test_a_pass_is_given_up_in_its_middle(share: float, kept: bool, monkeypatch, tmp_path) -> None:
    """The first pass begins again, a later one at its beginning; the result is the same, and all is shown."""
    monkeypatch.setattr("selfvec.refinement.execution._CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr("selfvec.data.token_batch._BLOCK", 500)
    plan = make_plan(Settings("decorrelated", window=9, history="none"), Inputs(*PROBLEM))
    whole = finished(start(plan))
    with Workspace(tmp_path / "run") as workspace:
        shown = Stopping(share)
        stopped = start(plan)
        with pytest.raises(Interrupted, match="resume" if kept else "interrupted after 0 of"):
            run_to_end(stopped, plan, Execution(workspace, shown))
        assert sum(shown.shown) < 0.95 * len(plan.inputs.batch) * plan.passes, "nothing ran to its end"
        assert stopped.finished == kept
        assert workspace.has_state is kept
        resumed, rest = start(plan), Stopping(2)
        run_to_end(resumed, plan, Execution(workspace, rest))
    assert sum(rest.shown) == len(plan.inputs.batch) * plan.passes
    np.testing.assert_array_equal(resumed.table, whole.table)


def test_a_scan_of_many_columns_that_is_given_up_ends() -> None:
    """No thread waits for the memory of one that was stopped."""
    batch = TokenBatch.from_documents([["hail", "storm"]])
    operator = ScanOperator(batch, 3, jobs=2)
    rows = np.ones((2, 64 * 8), np.float32)

    def stop(tokens: float) -> None:
        raise Interrupted("enough")

    operator.tick = stop
    with pytest.raises(Interrupted):
        operator.apply(rows)


def test_other_threads_end_early_after_an_error() -> None:
    parts = []

    def work(number: int) -> None:
        for part in range(500):
            if number and part == 3:
                raise ValueError("enough")
            time.sleep(0.002)
            stop_if_cancelled()
            parts.append(number)

    with pytest.raises(ValueError, match="enough"):
        list(in_order([1, 0], work, 2))
    assert parts.count(0) < 400


def words(size: int) -> list[str]:
    """Lines of text with a topic each."""
    rng = np.random.default_rng(size)
    topics = (["hail", "storm", "wind", "roof"], ["court", "judge", "law", "trial"])
    return [" ".join(topics[i % 2][j] for j in rng.integers(0, 4, 30)) for i in range(size)]


@pytest.fixture
def long_text(tmp_path, monkeypatch) -> Path:
    """A file that counts as a long text."""
    monkeypatch.setattr(scratch, "IN_MEMORY", 0)
    path = tmp_path / "text.txt"
    path.write_text("\n".join(words(60)), encoding="utf-8")
    return path


def refined(path: Path, workspace: Workspace, progress: Progress | None = None) -> Run:
    return refine(
        Corpus.open(path), "default", Settings("decorrelated"), workspace=workspace, progress=progress
    )


def interrupted(path: Path, target: Path) -> None:
    """Stop in the first pass."""
    with pytest.raises(Interrupted, match="go on with the same command"), Workspace(target) as workspace:
        refined(path, workspace, Stopping(1e-9))
    assert (workspace.folder / "inputs").is_dir()


def test_a_long_text_is_not_read_again(long_text: Path, tmp_path: Path, monkeypatch) -> None:
    with Workspace(tmp_path / "whole") as workspace:
        workspace.finish(refined(long_text, workspace))
    assert not workspace.folder.exists()
    interrupted(long_text, tmp_path / "run")
    with monkeypatch.context() as patch, Workspace(tmp_path / "run", resume=True) as workspace:
        patch.setattr(Corpus, "batches", None)  # reading would be an error
        run = refined(long_text, workspace)
        workspace.finish(run)
    assert not workspace.folder.exists()
    for name in ("vectors", "original", "tokens", "documents/documents"):
        found, expected = (map_tensors(tmp_path / of / f"{name}.safetensors") for of in ("run", "whole"))
        for tensor, values in expected.items():
            np.testing.assert_array_equal(found[tensor], values, err_msg=f"{name}: {tensor}")
    said = [json.loads((tmp_path / of / "run.json").read_text()) for of in ("run", "whole")]
    for description in said:
        assert description["timings"].pop("tokenize") > 0
        for key in ("timings", "files", "sha256", "created"):
            description.pop(key, None)
    assert said[0] == said[1]


@pytest.mark.parametrize("changed", ["text", "options", "version", "damaged"])
def test_a_text_is_read_again_if_anything_changed(
    changed: str, long_text: Path, tmp_path, monkeypatch
) -> None:
    interrupted(long_text, tmp_path / "run")
    kept = tmp_path / ".run.partial" / "inputs"
    (tmp_path / ".run.partial" / "state.safetensors").unlink(missing_ok=True)
    if changed == "text":
        long_text.write_text("\n".join(words(61)), encoding="utf-8")
    if changed == "version":
        monkeypatch.setattr("selfvec.refinement.kept_inputs.__version__", "0")
    if changed == "damaged":
        (kept / "vocabulary.txt").write_text("hail\n", encoding="utf-8")
    settings = Settings("decorrelated", stop_words="en" if changed == "options" else None)
    with Workspace(tmp_path / "run", resume=True) as workspace:
        assert workspace.has_inputs
        run = refine(Corpus.open(long_text), "default", settings, workspace=workspace)
        assert run.provenance.documents == (61 if changed == "text" else 60)
        workspace.finish(run)
    assert not kept.exists()


def test_without_resume_nothing_is_left_of_an_interrupted_run(long_text: Path, tmp_path: Path) -> None:
    interrupted(long_text, tmp_path / "run")
    with Workspace(tmp_path / "run") as workspace:
        assert not workspace.has_inputs
    assert not workspace.folder.exists()


def test_texts_that_may_change_without_notice_have_no_stamp(long_text: Path) -> None:
    assert Corpus.from_texts(["hail"]).stamp() is None
    stamp = stamp_of(Corpus.open(long_text), ["default"], Settings())
    assert stamp is not None
    assert stamp == stamp_of(Corpus.open(long_text), ["default"], Settings())
    assert stamp != stamp_of(Corpus.open(long_text, skip_bad_rows=True), ["default"], Settings())
    assert stamp_of(Corpus.open(long_text), [Vectors(["a"], np.ones((1, 2), np.float32))], Settings()) is None
