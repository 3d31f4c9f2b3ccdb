"""Threads and forks: the machine never stalls, sums have the same bits, and children do not wait for ever."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.commands import ran
from tests.in_threads import in_threads
from tests.rows import normal_rows
from threadpoolctl import threadpool_info

import selfvec
from selfvec.base.threads import by_blocks, limited, one_core, quota, threads, usable_cores

CORES = usable_cores()


def test_all_cores_or_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads() == CORES
    assert in_threads(1, threads) == 1
    assert in_threads(4 * CORES, threads) == 4 * CORES
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert (threads(), in_threads(2, threads)) == (3, 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")  # one for each level of nesting, which is not read
    assert threads() == CORES
    monkeypatch.setenv("OMP_NUM_THREADS", "100000")
    assert threads() == 4 * CORES


def test_more_than_four_for_each_core_are_cut_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=rf"100,000 threads were asked for, {4 * CORES} are used"):
        assert in_threads(100_000, threads) == 4 * CORES


def test_a_fit_in_python_is_cut_too(storms: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr("selfvec.base.threads.ThreadPoolExecutor", _counted(started))
    run = selfvec.Refiner("decorrelated", window=5).fit(storms[:40], "none").run_
    with pytest.warns(UserWarning, match="threads were asked for"):
        selfvec.drift(run, jobs=100_000, permutations=20)
    assert max(started, default=0) <= 4 * CORES


def _counted(started: list[int]) -> object:
    from concurrent.futures import ThreadPoolExecutor

    def pool(workers: int, **options: Any) -> ThreadPoolExecutor:
        started.append(workers)
        return ThreadPoolExecutor(workers, **options)

    return pool


COMMANDS = {
    "refine": "refine storms.txt -o run --vectors none --method paper",
    "update": "update run storms.txt -o grown",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("jobs", ["0", "-3"])
def test_a_command_needs_one_thread(command: str, jobs: str) -> None:
    said = f"selfvec: --jobs: is a whole number of at least 1, not {jobs}\n"
    assert ran([*COMMANDS[command].split(), "--jobs", jobs], 2).err == said


def test_a_command_says_in_one_line_how_many_are_used(
    storm_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(storm_file.parent)
    for library in ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM"):
        monkeypatch.setenv(f"{library}_THREADS", "")  # restored afterwards
    line = f"selfvec: --jobs: 100,000 threads were asked for, {4 * CORES} are used: 4 for each core"
    assert ran([*COMMANDS["refine"].split(), "--jobs", "100000"]).err.splitlines().count(line) == 1
    assert os.environ["OMP_NUM_THREADS"] == str(4 * CORES)


def test_numpy_is_not_imported_before_its_threads_are_limited() -> None:
    import subprocess

    code = (
        "import sys; from selfvec.apps.cli.tree import limit_threads; limit_threads(1); "
        "import os; sys.exit(('numpy' in sys.modules) or os.environ['OMP_NUM_THREADS'] != '1')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def blas_threads() -> list[int]:
    """The limit of each BLAS of NumPy; SciPy brings another one."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return [library["num_threads"] for library in libraries if "numpy" in library["filepath"]]


@pytest.mark.parametrize("rows", [0, 1, 4096, 4097, 20_000])
def test_blocks_cover_all_rows_in_order(rows: int) -> None:
    with limited(3):
        slices = list(by_blocks(rows, lambda part: part))
    assert [i for part in slices for i in range(rows)[part]] == list(range(rows))


def test_sums_have_the_same_bits_for_any_number_of_threads() -> None:
    table = normal_rows(30_000, 40)

    def summed() -> np.ndarray:
        return sum(by_blocks(30_000, lambda part: table[part].T @ table[part]))

    one, more = (in_threads(jobs, summed) for jobs in (1, 3))
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
    with pytest.raises(ZeroDivisionError), limited(2):
        list(by_blocks(10_000, lambda _: 1 // 0))
    assert blas_threads() == before


JOB = """
import os
import signal
import sys
from pathlib import Path
import polars as pl
import selfvec

folder = Path(sys.argv[1])
texts = ["hail broke the roof of a barn", "wind fell on the town", "the river rose over the road"] * 12
example = selfvec.example(folder / "text.jsonl")
example.write_text("".join(example.read_text().splitlines(keepends=True)[::4]))
rows = selfvec.Corpus.open(folder / "text.jsonl")
run = selfvec.refine(folder / "text.jsonl", output=folder / "run", method="decorrelated")
run.vectors.save(folder / "vectors.parquet")
word, document = "hail", "r0001"


def opened():
    return selfvec.open(folder / "run")


works = {
    "similar": lambda: opened().similar(word),
    "compare": lambda: opened().compare(run),
    "health": lambda: selfvec.health(folder / "run"),
    "verify": lambda: selfvec.verify(folder / "run"),
    "most_similar": lambda: run.vectors.most_similar(word),
    "embed": lambda: selfvec.Encoder.of(run).encode(["hail on the road"]),
    "trajectory": lambda: selfvec.trajectory(run, word),
}
either = {
    "refine": lambda: selfvec.refine(texts),
    "refiner": lambda: selfvec.Refiner("decorrelated").fit(texts),
    "update": lambda: run.update(texts),
    "merge": lambda: selfvec.merge([folder / "run", folder / "run"], output=folder / "merged"),
    "monitor": lambda: run.monitor(texts),
    "search": lambda: run.search("flood at the tannery"),
    "search opened": lambda: opened().search("flood at the tannery"),
    "index": lambda: selfvec.run_index(run).search("flood"),
    "index of texts": lambda: selfvec.Index.memory(run, texts),
    "documents": lambda: run.similar_documents(document),
    "drift": lambda: run.drift(slice="decade"),
    "drift by field": lambda: run.drift(slice_field="place"),
    "senses": lambda: run.senses("stream"),
    "topics": lambda: run.topics(),
    "phrases": lambda: run.phrases(),
    "graph": lambda: run.graph(word),
    "why": lambda: run.why(word, "storm"),
    "texts": lambda: run.text.texts(),
    "info": lambda: selfvec.info(folder / "run"),
    "ids": lambda: run.text.ids(),
    "batches": lambda: list(rows.batches()),
    "corpus": lambda: selfvec.as_corpus(pl.DataFrame({"text": texts})),
    "save": lambda: run.save(folder / "saved"),
    "export": lambda: run.export("parquet", folder / "exported"),
    "save vectors": lambda: run.vectors.save(folder / "again.parquet"),
    "load vectors": lambda: selfvec.load(folder / "vectors.parquet"),
    "evaluate": lambda: selfvec.evaluate(run, bias=True),
    "table": lambda: run.similar(word).to_polars(),
}
for name, call in (works | either).items():
    child = os.fork()
    if not child:
        signal.alarm(300)  # enough on a busy machine
        try:
            call()
            told = "works"
        except selfvec.SelfvecError as error:
            told = "refused" if "was forked after its parent had used Polars" in str(error) else repr(error)
        except BaseException as error:
            told = repr(error)
        print(f"{name}: {told}", flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(f"{name}: waits for ever", flush=True)
"""
WORKS = 7  # the first lines


@pytest.mark.soak
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_no_function_waits_for_ever_in_a_forked_child(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", JOB, tmp_path], capture_output=True, text=True, timeout=550
    )
    rows = [line.split(": ", 1) for line in done.stdout.splitlines()]
    assert len(rows) > 30, done.stderr
    assert [row for row in rows[:WORKS] if row[1] != "works"] == []
    assert [row for row in rows if row[1] not in ("works", "refused")] == []


@pytest.mark.parametrize(
    ("limits", "cores"),
    [
        ({"": "150000 100000"}, 2),
        ({"": "20000 100000"}, 1),
        ({"": "max 100000"}, None),
        ({"a": "400000 100000", "a/b": "max 100000"}, 4),
        ({}, None),
    ],
)
def test_the_quota_of_a_container_limits_the_cores(
    tmp_path, limits: dict[str, str], cores: int | None
) -> None:
    (tmp_path / "groups/a/b").mkdir(parents=True)
    (tmp_path / "own").write_text("0::/a/b\n")
    for group, limit in limits.items():
        (tmp_path / "groups" / group / "cpu.max").write_text(f"{limit}\n")
    assert quota(tmp_path / "groups", tmp_path / "own") == cores
