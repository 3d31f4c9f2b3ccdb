"""Progress: steps of known weight, and lines where there is no terminal."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from selfvec.base import progress as module
from selfvec.base.progress import LineProgress, Progress, file_stages
from selfvec.views.terminal_progress import TerminalProgress


class Recorded(Progress):
    """Keeps what was done of the first stage, after every report."""

    def __init__(self) -> None:
        self.done, self.total, self.stages = [0], 0, 0

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
        del label, unit
        self.total, self.stages = total or 0, self.stages + 1
        yield lambda number: self.done.append(self.done[-1] + number)

    @property
    def share(self) -> float:
        return self.done[-1] / self.total


def test_steps_advance_one_stage_by_their_weights() -> None:
    display = Recorded()
    with display.steps("All", {"Reading": 1, "Testing": 3}) as steps:
        with steps.stage("Reading", 10, "lines") as advance:
            advance(5)
            assert display.share == pytest.approx(1 / 8)
        assert display.share == pytest.approx(1 / 4)
        with steps.steps("Testing", {"a": 1, "b": 1}) as inner:
            with inner.stage("a", None, "words") as advance:
                advance(7)
            assert display.share == pytest.approx(1 / 4 + 3 / 8)
            with inner.stage("b", 2, "words") as advance:
                advance(1)
                assert display.share == pytest.approx(1 / 4 + 3 * 3 / 16)
    assert display.share == 1
    assert display.stages == 1
    assert display.done == sorted(display.done)


def test_a_step_that_is_left_out_or_overrun_does_not_move_the_stage_back() -> None:
    display = Recorded()
    with display.steps("All", {"a": 1, "b": 1, "c": 2}) as steps:
        with steps.stage("b", 2, "words") as advance:
            assert display.share == pytest.approx(1 / 4)
            advance(5)
            assert display.share == pytest.approx(1 / 2)
        with steps.stage("unplanned", 5, "words") as advance:
            advance(5)
        assert display.share == pytest.approx(1 / 2)
    assert display.done == sorted(display.done)


def waited_for(lines: list[str], number: int) -> None:
    end = time.monotonic() + 30
    while len(lines) < number and time.monotonic() < end:
        time.sleep(0.002)
    assert len(lines) >= number


def test_lines_name_the_stage_the_share_and_the_time_left() -> None:
    lines: list[str] = []
    before = set(threading.enumerate())
    display = LineProgress(lines.append, every=0.01)
    with display.stage("Reading", 4, "bytes") as advance:
        advance(1)
        waited_for(lines, 2)
        assert lines[-1].startswith("Reading: 25 %, ")
        assert lines[-1].endswith(" left")
    lines.clear()
    with display.stage("Relating texts", None, "words"):
        waited_for(lines, 1)
    assert lines[0].startswith("Relating texts: ")
    assert lines[0].endswith(" so far")
    assert set(threading.enumerate()) <= before  # nothing prints lines after the stage


def test_short_work_prints_no_line(capsys) -> None:
    with TerminalProgress().stage("Reading", 4, "bytes") as advance:
        advance(4)
    assert capsys.readouterr().err == ""


def printed(capsys: pytest.CaptureFixture[str], wanted: str) -> bool:
    """Whether a text is printed within half a minute."""
    end, found = time.monotonic() + 30, ""
    while wanted not in found and time.monotonic() < end:
        time.sleep(0.002)
        found += capsys.readouterr().err
    return wanted in found


def test_long_work_prints_lines_where_standard_error_is_no_terminal(capsys, monkeypatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    with TerminalProgress().stage("Splitting", 10, "words") as advance:
        advance(5)
        assert printed(capsys, "Splitting: 50 %, ")


def test_downloads_print_lines_too(capsys, monkeypatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    with file_stages(TerminalProgress()) as update:
        update("one.gz", 10, 40)
        assert printed(capsys, "one.gz: 25 %")
        update("two.gz", 30, 40)
        assert printed(capsys, "two.gz: 75 %")
