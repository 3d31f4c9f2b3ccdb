"""A refinement that is interrupted stops soon, in the middle of a pass, and so do its threads."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from tests.refinement.problems import random_problem
from tests.refusals import refused

from selfvec.base.errors import Interrupted
from selfvec.base.progress import Progress, shown
from selfvec.base.threads import in_order, stop_if_cancelled
from selfvec.cooccurrence.scan import REBUILD, ScanOperator
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.methods import run_to_end, start
from selfvec.refinement.pipeline import make_plan

PROBLEM = random_problem(7, 9 * REBUILD + 50, 80, 21, 30, 0.3)


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
                time.sleep(1)  # the main thread receives it

        yield advance


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_pass_is_given_up_in_its_middle(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.data.token_batch._BLOCK", 500)
    plan = make_plan(Settings("decorrelated", window=9, history="none"), Inputs(*PROBLEM))
    total = len(plan.inputs.batch) * plan.passes
    stopped = Stopping(share)
    with shown(stopped):
        rule = rf"interrupted after [\d,]+ of {total:,} tokens"
        refused(lambda: run_to_end(start(plan)), Interrupted, rule)
    assert sum(stopped.shown) < 0.95 * total, "nothing ran to its end"


def test_a_scan_of_many_columns_that_is_given_up_ends() -> None:
    """No thread waits for the memory of one that was stopped."""
    batch = TokenBatch.from_documents([["hail", "storm"]])
    operator = ScanOperator(batch, 3)
    rows = np.ones((2, 64 * 8), np.float32)

    def stop(tokens: float) -> None:
        raise Interrupted("enough")

    operator.tick = stop
    refused(lambda: operator.apply(rows), Interrupted)


def test_other_threads_end_early_after_an_error() -> None:
    parts = []

    def work(number: int) -> None:
        for part in range(500):
            if number and part == 3:
                raise ValueError("enough")
            time.sleep(0.002)
            stop_if_cancelled()
            parts.append(number)

    refused(lambda: list(in_order([1, 0], work, 2)), ValueError, "enough")
    assert parts.count(0) < 400
