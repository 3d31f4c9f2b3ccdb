"""Stopping between two steps, saving the state and continuing gives the same bits, for every method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.refinement.problems import finished, random_problem

from selfvec.base.errors import InputError, Interrupted
from selfvec.cooccurrence.lanes import REBUILD
from selfvec.data.settings import Settings
from selfvec.refinement.execution import Execution, run_to_end
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.method_choice import make_plan
from selfvec.refinement.methods import start
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

        def once() -> int:
            if workspace.has_state:
                raise Interrupted("enough")
            return advance()

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
