"""Threads: never so many that the machine stalls, products on one core each, sums with the same bits."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import selfvec
from selfvec.apps.cli import main
from selfvec.base.threads import by_blocks, one_core, threads

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
    "merge": "run merge run run -o merged",
    "update": "update run storms.txt -o grown",
    "drift": "drift run --permutations 20",
    "compare": "run compare run run",
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


def blas_threads() -> list[int]:
    """The limit of each BLAS of NumPy; SciPy brings another one."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return [library["num_threads"] for library in libraries if "numpy" in library["filepath"]]


@pytest.mark.parametrize("rows", [0, 1, 4096, 4097, 20_000])
def test_blocks_cover_all_rows_in_order(rows: int) -> None:
    slices = list(by_blocks(rows, lambda part: part, jobs=3))
    assert [i for part in slices for i in range(rows)[part]] == list(range(rows))


def test_sums_have_the_same_bits_for_any_number_of_threads() -> None:
    table = np.random.default_rng(0).standard_normal((30_000, 40)).astype(np.float32)
    one, more = (sum(by_blocks(30_000, lambda part: table[part].T @ table[part], jobs)) for jobs in (1, 3))
    np.testing.assert_array_equal(one, more)
    np.testing.assert_allclose(one, table.T.astype(np.float64) @ table, atol=0.5)


def test_the_limit_holds_within_and_for_other_threads_too() -> None:
    before = blas_threads()
    with one_core(), ThreadPoolExecutor(1) as pool:
        assert set(blas_threads()) <= {1}
        assert set(pool.submit(blas_threads).result()) <= {1}
        with one_core():
            pass
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_the_limit_holds_until_the_last_thread_leaves() -> None:
    before, first, second = blas_threads(), one_core(), one_core()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(blas_threads()) <= {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_any_thread_sets_and_lifts_the_limit() -> None:
    def enter_and_leave() -> None:
        with one_core():
            assert set(blas_threads()) <= {1}

    before = blas_threads()
    with ThreadPoolExecutor(1) as pool:  # its thread lives on
        for _ in range(2):
            pool.submit(enter_and_leave).result()
            enter_and_leave()
        context = one_core()
        pool.submit(context.__enter__).result()
        assert set(blas_threads()) <= {1}
        context.__exit__(None, None, None)
        assert blas_threads() == before


def test_an_error_inside_lifts_the_limit() -> None:
    before = blas_threads()
    with pytest.raises(ZeroDivisionError):
        list(by_blocks(10_000, lambda _: 1 // 0, jobs=2))
    assert blas_threads() == before
