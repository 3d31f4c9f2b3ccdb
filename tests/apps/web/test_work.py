"""Laws of the tasks in the background: each ends, after those that it needs, and no thread waits for one."""

import asyncio
import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any, NamedTuple, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.processes import PATIENCE
from tests.refusals import refused

from selfvec.apps.web.work import BackgroundTask, Kind, NotReady, ServerBusy, Tasks, WorkQueue
from selfvec.base.errors import InputError, SelfvecError
from selfvec.base.progress import stage
from selfvec.base.threads import in_order

KINDS = get_args(Kind)


class Panic(BaseException):
    """What Polars raises: no `Exception`."""


class Planned(NamedTuple):
    """A task of a graph."""

    needs: list[int]  # of the tasks before it
    kind: Kind
    error: type[BaseException] | None
    dropped: bool
    absent: bool  # the failure of a need is handled


def planned(number: int) -> st.SearchStrategy[Planned]:
    before = st.lists(st.integers(0, number - 1), unique=True, max_size=3) if number else st.just([])
    error = st.sampled_from([None, None, None, InputError, ZeroDivisionError, Panic])
    dropped = st.sampled_from([False] * 5 + [True])
    kind = st.sampled_from(KINDS)
    return st.builds(Planned, before, kind, error, dropped, st.booleans())


GRAPHS = st.integers(1, 12).flatmap(lambda n: st.tuples(*(planned(number) for number in range(n))))


@pytest.mark.filterwarnings("ignore")
@given(GRAPHS, st.randoms(use_true_random=False))
def test_every_task_ends_after_what_it_needs_and_one_of_a_kind_runs_at_a_time(
    graph: tuple[Planned, ...], random: Any
) -> None:
    tasks = Tasks()
    made: list[BackgroundTask[int]] = []
    runs: Counter[int] = Counter()
    running: Counter[str] = Counter()
    faults: list[str] = []

    def work(number: int, plan: Planned) -> Callable[[], int]:
        def compute() -> int:
            runs[number] += 1
            running[plan.kind] += 1
            if running[plan.kind] > 1:
                faults.append("two of a kind")
            if not all(made[need].done() for need in plan.needs):
                faults.append("too early")
            time.sleep(0.0005)
            running[plan.kind] -= 1
            if plan.error:
                raise plan.error("planned")
            found = [
                0 if plan.absent and made[need].exception() else made[need].result() for need in plan.needs
            ]
            return 1 + sum(found)

        return compute

    for number, plan in enumerate(graph):
        needs = [made[need] for need in plan.needs]
        made.append(tasks.task(work(number, plan), needs, kind=plan.kind))
    for task, plan in zip(made, graph, strict=True):
        if plan.dropped:
            task.unwanted.set()
    order = random.sample(range(len(made)), len(made))
    askers = [
        threading.Thread(target=lambda own=order[i::3]: [made[n].begin() for n in own]) for i in range(3)
    ]
    for asker in askers:
        asker.start()
    assert not wait(made, PATIENCE).not_done
    assert not faults
    assert max(runs.values(), default=1) == 1
    failed: list[bool] = []
    for plan in graph:
        by_need = not plan.absent and any(failed[need] for need in plan.needs)
        failed.append(plan.dropped or plan.error is not None or by_need)
    assert [task.exception() is not None for task in made] == failed
    assert all(isinstance(task.exception(), SelfvecError) for task in made if task.exception())
    assert all(task.share == 1 for task in made)


def blocked(tasks: Tasks, kind: Kind = "view") -> tuple[BackgroundTask[Any], threading.Event]:
    """A task that runs until an event."""
    begun, go = threading.Event(), threading.Event()
    task = tasks.task(lambda: (begun.set(), go.wait(PATIENCE)), kind=kind).begin()
    assert begun.wait(PATIENCE)
    return task, go


@pytest.mark.parametrize("ask", ["result", "exception"])
def test_a_task_that_waits_for_another_fails_instead(ask: str, capfd: pytest.CaptureFixture[str]) -> None:
    tasks = Tasks()
    other, go = blocked(tasks, "text")
    waiting = tasks.task(lambda: getattr(other, ask)(), kind="comparison")
    refused(lambda: waiting.result(PATIENCE), SelfvecError, "RuntimeError")
    go.set()
    assert other.exception(PATIENCE) is None
    assert "Traceback" in capfd.readouterr().err


def test_an_answer_that_would_wait_for_a_task_is_asked_for_again() -> None:
    tasks = Tasks()
    other, go = blocked(tasks)
    late = tasks.task(lambda: 6, [other])

    async def answers() -> None:
        queue = WorkQueue()
        with pytest.raises(NotReady):
            await queue.run(late.result)
        go.set()
        assert await asyncio.to_thread(late.result, PATIENCE) == 6
        assert await queue.run(late.result) == 6

    asyncio.run(answers())


def test_the_oldest_comes_first() -> None:
    tasks = Tasks()
    order: list[int] = []
    first, go = blocked(tasks)
    others = [tasks.task(lambda n=n: order.append(n)).begin() for n in range(3)]
    go.set()
    for task in (first, *others):
        task.result(PATIENCE)
    assert order == [0, 1, 2]


def test_a_need_that_waits_is_begun_with_what_needs_it_and_their_progress_is_one() -> None:
    tasks = Tasks()
    need, go = blocked(tasks)
    task = tasks.task(lambda: 1, [need, tasks.task(lambda: 2, kind="text")])
    assert task.share == task.begun == 0
    task.begin()
    wait([task.needs[1]], PATIENCE)
    assert task.share == pytest.approx(1 / 3)
    go.set()
    assert task.result(PATIENCE) == 1
    assert task.share == 1


def test_work_that_nobody_waits_for_stops_at_its_next_step() -> None:
    tasks = Tasks()
    begun, dropped = threading.Event(), threading.Event()
    steps = []

    def work() -> None:
        with stage("Counting", 10, "things") as advance:
            for step in range(10):
                steps.append(step)
                advance(1)
                begun.set()
                dropped.wait(PATIENCE)

    task = tasks.task(work).begin()
    assert begun.wait(PATIENCE)
    waiting = tasks.task(lambda: 1).begin()
    after = tasks.task(lambda: task.result(), [task]).begin()
    assert 0 < task.share < 1
    task.unwanted.patience = waiting.unwanted.patience = -1
    assert task.dropped
    dropped.set()
    wait([task, waiting, after], PATIENCE)
    for stopped in (task, waiting, after):
        refused(stopped.result, ServerBusy)
        assert stopped.dropped
    assert steps == [0, 1]


def test_without_a_thread_the_next_who_asks_begins_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    task = Tasks().task(lambda: 1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        refused(task.begin, RuntimeError, "new thread")
    assert task.result(PATIENCE) == 1


def test_what_is_done_leaves_neither_threads_nor_memory() -> None:
    class Large:
        """A result."""

    before = threading.active_count()
    tasks = Tasks()
    need, go = blocked(tasks)
    task = tasks.task(lambda: Large(), [need], kind="text").begin()
    go.set()
    kept = weakref.ref(task.result(PATIENCE))
    end = time.monotonic() + PATIENCE
    while threading.active_count() > before:
        assert time.monotonic() < end
        time.sleep(0.005)
    del task
    gc.collect()
    assert kept() is None
    assert need.done()


def test_closed_tasks_all_end_busy() -> None:
    """Of a page whose run has another state: the running one, those that wait, and those begun later."""
    tasks = Tasks()
    started, closed = threading.Event(), threading.Event()
    steps = []

    def step(number: int) -> None:
        time.sleep(0.005)
        steps.append(number)

    def run() -> None:
        started.set()
        assert closed.wait(PATIENCE)
        list(in_order(range(1000), step, 2))  # other threads do the work

    running = tasks.task(run).begin()
    waiting = tasks.task(lambda: 1, [running]).begin()
    assert started.wait(PATIENCE)
    tasks.close()
    closed.set()
    for task in (running, waiting, tasks.task(lambda: 2)):
        refused(lambda: task.result(PATIENCE), ServerBusy)
    assert len(steps) < 100


def test_a_task_says_what_is_computed_and_how_many_come_before_it() -> None:
    tasks, begun, gate = Tasks(), threading.Event(), threading.Event()
    first = tasks.task(lambda: (begun.set(), gate.wait(PATIENCE)), label="drawing").begin()
    second, third = (tasks.task(lambda: 1, label="listing").begin() for _ in range(2))
    apart = tasks.task(lambda: 2, label="placing", kind="map")
    assert begun.wait(PATIENCE)
    assert [tasks.doing([task]) for task in (first, second, third)] == [("drawing", n) for n in range(3)]
    second.unwanted.patience = -1
    assert tasks.doing([third]) == ("drawing", 1)
    assert apart.result(PATIENCE) == 2  # of another kind, it waits for none
    gate.set()
    assert third.result(PATIENCE) == 1
    assert tasks.doing([third]) == ("", 0)
