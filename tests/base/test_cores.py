"""How many threads are used: never so many that the machine stalls."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import selfvec
from selfvec.apps.cli import main
from selfvec.base.cores import threads
from selfvec.base.errors import OptionError

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def test_all_cores_or_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads(None) == CORES
    assert threads(1) == 1
    assert threads(4 * CORES) == 4 * CORES
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert (threads(None), threads(2)) == (3, 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")  # one for each level of nesting, which is not read
    assert threads(None) == CORES
    monkeypatch.setenv("OMP_NUM_THREADS", "100000")
    assert threads(None) == 4 * CORES


def test_more_than_four_for_each_core_are_cut_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=rf"100,000 threads were asked for, {4 * CORES} are used"):
        assert threads(100_000) == 4 * CORES


@pytest.mark.parametrize("jobs", [0, -1])
def test_none_or_fewer_are_an_error(jobs: int) -> None:
    with pytest.raises(OptionError, match=rf"jobs: is a whole number of at least 1, not {jobs}"):
        threads(jobs)


def test_a_fit_in_python_is_cut_too(storms: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr("selfvec.base.threads.ThreadPoolExecutor", _counted(started))
    run = selfvec.Refiner("decorrelated", window=5).fit(storms[:40], "none").run_
    with pytest.warns(UserWarning, match="threads were asked for"):
        selfvec.drift(run, jobs=100_000, permutations=20)
    assert max(started, default=0) <= 4 * CORES


def _counted(started: list[int]) -> object:
    from concurrent.futures import ThreadPoolExecutor

    def pool(workers: int) -> ThreadPoolExecutor:
        started.append(workers)
        return ThreadPoolExecutor(workers)

    return pool


COMMANDS = {
    "refine": "refine storms.txt -o run --vectors none --method paper",
    "merge": "merge run run -o merged",
    "update": "update run storms.txt -o grown",
    "drift": "drift run --permutations 20",
    "compare": "compare run run",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("jobs", ["0", "-3"])
def test_a_command_needs_one_thread(command: str, jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMANDS[command].split(), "--jobs", jobs]) == 2
    assert capsys.readouterr().err == f"selfvec: --jobs: is a whole number of at least 1, not {jobs}\n"


def test_a_command_says_in_one_line_how_many_are_used(
    storm_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(storm_file.parent)
    for library in ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM"):
        monkeypatch.setenv(f"{library}_THREADS", "")  # restored afterwards
    line = f"selfvec: --jobs: 100,000 threads were asked for, {4 * CORES} are used: 4 for each core"
    for command in ("refine", "drift"):
        assert main([*COMMANDS[command].split(), "--jobs", "100000"]) == 0
        assert capsys.readouterr().err.splitlines().count(line) == 1
    assert os.environ["OMP_NUM_THREADS"] == str(4 * CORES)


def test_numpy_is_not_imported_before_its_threads_are_limited() -> None:
    import subprocess

    code = (
        "import sys; from selfvec.apps.cli.calling import limit_threads; limit_threads(1); "
        "import os; sys.exit(('numpy' in sys.modules) or os.environ['OMP_NUM_THREADS'] != '1')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
