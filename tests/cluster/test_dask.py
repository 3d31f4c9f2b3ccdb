"""Workers, schedulers and clients that die; a store of objects; the memory of a worker: `make cluster`."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.cluster import slow
from tests.cluster.corpora import jsonl, of_every_kind, sentences
from tests.places import ROOT

from selfvec.base.errors import CorpusError, InputError, MissingExtra
from selfvec.cluster import dask_engine as adapter
from selfvec.cluster.dask_engine import DaskEngine, dask_engine
from selfvec.cluster.output import output_place
from selfvec.cluster.refine import refine_on_cluster
from selfvec.cluster.shared_files import ROWS, load, save
from selfvec.cluster.tree import Here, reduced, tree
from selfvec.data.run import Run
from selfvec.data.settings import Settings

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not os.environ.get("SELFVEC_CLUSTER_TESTS"), reason="minutes long: make cluster"),
]

CUT = (20_000, 2)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return jsonl(tmp_path_factory.mktemp("corpus") / "a.jsonl", sentences(8000, words=2000))


@pytest.fixture(scope="module")
def expected(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    work = tmp_path_factory.mktemp("expected")
    return refine_on_cluster([str(corpus)], "none", Settings(), Here(), str(work), cut=CUT)


def same(run: Run, expected: Run) -> bool:
    assert run.require_text("").texts() == expected.require_text("").texts()
    return run.vectors.vectors.tobytes() == expected.vectors.vectors.tobytes()


@contextmanager
def reaper(engine: DaskEngine, task: str, most: int = 1) -> Iterator[list[int]]:
    """Kill -9 workers, up to ``most``, that run tasks of this name while the block runs."""
    killed: list[int] = []
    over = threading.Event()
    pids = {
        address: about["pid"] for address, about in engine.client.run(lambda: {"pid": os.getpid()}).items()
    }

    def reap() -> None:
        while not over.wait(0.03) and len(killed) < most:
            running = engine.client.processing()
            for address, keys in running.items():
                mine = any(task in str(key) for key in keys)
                if mine and address in pids and pids[address] not in killed and len(killed) < most:
                    os.kill(pids[address], signal.SIGKILL)
                    killed.append(pids[address])
            if most > len(pids):
                pids.update(engine.client.run(os.getpid, on_error="ignore"))

    thread = threading.Thread(target=reap)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_equal_bytes_for_any_number_of_workers(tmp_path, corpus: Path, expected: Run, workers: int) -> None:
    with dask_engine("local", workers=workers) as engine:
        run = refine_on_cluster([str(corpus)], "none", Settings(), engine, str(tmp_path), cut=CUT)
        assert run.provenance["cluster"]["workers"] == workers
    assert same(run, expected)


def slow_tree(folder: Path):
    return tree(str(folder), [(n, n + 1) for n in range(slow.SHARDS)])


@pytest.mark.parametrize("task", ["compute_leaf", "merge_children"])
def test_a_worker_killed_in_a_task_costs_its_task_only(tmp_path: Path, task: str) -> None:
    expected = reduced(Here(), slow_tree(tmp_path / "here"), slow.slow_sums, "sums")
    with dask_engine("local", workers=3) as engine, reaper(engine, f"{task}-") as killed:
        total = reduced(engine, slow_tree(tmp_path / "dask"), slow.slow_sums, "sums")
    assert len(killed) == 1
    assert total.sums["neighbours"].tobytes() == expected.sums["neighbours"].tobytes()
    assert len(list((tmp_path / "dask").glob("*.safetensors"))) == 1


def test_a_refinement_survives_five_dead_workers(tmp_path: Path, corpus: Path, expected: Run) -> None:
    with dask_engine("local", workers=2) as engine, reaper(engine, "", most=5) as killed:
        run = refine_on_cluster([str(corpus)], "none", Settings(), engine, str(tmp_path), cut=CUT)
    assert len(killed) >= 2
    assert same(run, expected)


def test_a_truncated_partial_is_found_by_a_worker(tmp_path: Path) -> None:
    root = slow_tree(tmp_path)
    expected = reduced(Here(), slow_tree(tmp_path / "here"), slow.slow_sums, "sums")
    with dask_engine("local", workers=2) as engine:
        for child in root.children[0].children[:2]:
            reduced(Here(), child, slow.slow_sums, "sums")
        Path(root.children[0].children[1].url).write_bytes(b"short")
        total = reduced(engine, root, slow.slow_sums, "sums")
    assert total.sums["neighbours"].tobytes() == expected.sums["neighbours"].tobytes()


@contextmanager
def scheduler(workers: int, port: int = 0) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A Dask scheduler and its workers, each in a process of its own: the address, and the processes."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s"}
    command = [sys.executable, "-m", "dask"]
    processes = []
    try:
        first = [*command, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        processes.append(subprocess.Popen(first, stderr=subprocess.PIPE, text=True, env=environment))
        address = next(line.split()[-1] for line in processes[0].stderr if "Scheduler at:" in line)
        reader = threading.Thread(target=processes[0].stderr.read)
        reader.start()
        for _ in range(workers):
            more = [*command, "worker", address, "--nthreads", "1", "--memory-limit", "0", "--no-dashboard"]
            more += ["--death-timeout", "60"]
            processes.append(subprocess.Popen(more, stderr=subprocess.DEVNULL, env=environment))
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
        reader.join()
        processes[0].stderr.close()


def wait_for(pattern: str, folder: Path, number: int) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.glob(pattern))) < number:
        assert time.monotonic() < deadline, pattern
        time.sleep(0.01)


def start(corpus: Path, run: Path, address: str, *more: str) -> subprocess.Popen[str]:
    script = [sys.executable, slow.__file__, str(corpus), str(run), address, *more]
    return subprocess.Popen(script, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)


def test_the_scheduler_dies_and_the_command_is_repeated(tmp_path: Path, corpus: Path, expected: Run) -> None:
    run = tmp_path / "run"
    with scheduler(2) as (address, processes):
        client = start(corpus, run, address)
        wait_for("shared/*/tokens/*.safetensors", run, 3)
        processes[0].send_signal(signal.SIGKILL)
        _, error = client.communicate(timeout=120)
    gone = (
        f"the Dask scheduler at {address} is gone; start it and its workers again, and repeat the command\n"
    )
    assert (client.returncode, error) == (2, gone)
    assert not run.exists()
    with scheduler(2) as (address, _):
        again = start(corpus, run, address)
        _, error = again.communicate(timeout=120)
    assert again.returncode == 0, error
    assert is_expected(run, expected)


def is_expected(folder: Path, expected: Run) -> bool:
    """Whether a run is the expected one, and nothing is left beside it."""
    from selfvec.storage.run_folder import open_run

    found = open_run(folder)
    assert not list(folder.glob("shared*"))
    return same(found, expected)


def test_tasks_of_an_interrupted_client_write_nothing(tmp_path: Path, corpus: Path, expected: Run) -> None:
    run = tmp_path / "run"
    with scheduler(2) as (address, _):
        client = start(corpus, run, address)
        wait_for("shared/*/tokens/*.safetensors", run, 3)
        client.send_signal(signal.SIGINT)
        _, error = client.communicate(timeout=120)
        assert client.returncode == 130, error
        again = start(corpus, run, address)  # by the same workers
        _, error = again.communicate(timeout=120)
        assert again.returncode == 0, error
        assert is_expected(run, expected)


def test_a_scheduler_that_dies_between_two_stages_is_one_error() -> None:
    with scheduler(1) as (address, processes), dask_engine(address) as engine:
        assert engine.gather([engine.submit(abs, -3)], "asking") == [3]
        done = engine.submit(abs, -4)
        engine.gather([done], "asking")
        processes[0].kill()
        with pytest.raises(InputError, match=f"scheduler at {address} is gone; .* repeat the command"):
            engine.gather([engine.submit(abs, -5)], "asking")
        with pytest.raises(InputError, match="is gone"):
            print(engine.workers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_client_is_stopped_and_its_command_is_repeated(
    tmp_path, corpus: Path, expected: Run, number
) -> None:
    run = tmp_path / "run"
    client = start(corpus, run, "local")
    wait_for("shared/*/tokens/*.safetensors", run, 3)
    if number == signal.SIGINT:  # a terminal sends it to the workers, too
        os.killpg(client.pid, number)
    else:
        client.send_signal(number)
    _, error = client.communicate(timeout=120)
    assert client.returncode == (130 if number == signal.SIGINT else -number), error
    if number == signal.SIGINT:
        assert re.fullmatch(r"interrupted after .* tasks\n", error)
        assert not run.exists()
    again = start(corpus, run, "local")
    _, error = again.communicate(timeout=120)
    assert again.returncode == 0, error
    assert is_expected(run, expected)


def test_no_scheduler_is_one_line(tmp_path: Path, corpus: Path) -> None:
    client = start(corpus, tmp_path / "run", "tcp://127.0.0.1:9")
    _, error = client.communicate(timeout=120)
    assert (client.returncode, error.count("\n")) == (2, 1)
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in error


def test_a_worker_needs_the_memory_that_the_docs_say(tmp_path: Path) -> None:
    words = 60_000
    rows = np.random.default_rng(0).integers(0, words, (60_000, 20)).tolist()
    path = jsonl(tmp_path / "a.jsonl", [" ".join(f"w{i}" for i in row) for row in rows])
    with dask_engine("local", workers=1) as engine:
        (idle,) = engine.client.run(peak).values()
        run = refine_on_cluster(
            [str(path)], "none", Settings(), engine, str(tmp_path / "work"), cut=(10**6, 1)
        )
        (used,) = engine.client.run(peak).values()
    assert len(run.vectors) == words
    assert used - idle < 512 * words + (200 << 20), (used, idle)  # kernels, a shard, a block of rows


def test_an_error_of_a_worker_is_that_of_the_client(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", sentences(100))
    path.write_text(path.read_text() + "{nonsense\n")
    with dask_engine("local", workers=1) as engine:
        with pytest.raises(CorpusError, match=r"a\.jsonl:101: is not valid JSON"):
            refine_on_cluster([str(path)], "none", Settings(), engine, str(tmp_path / "work"))
        with pytest.raises(MissingExtra, match=r"pip install 'selfvec\[dask\]'"):
            engine.gather([engine.submit(missing)], "asking")


def missing() -> None:
    raise MissingExtra("pyarrow", "dask", "reading Parquet files on a cluster")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket of a real server on the loopback."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer(
        ip_address="127.0.0.1", port=0, verbose=False
    )
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        patch.setenv(name, "testing")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import s3fs

    s3fs.S3FileSystem().mkdir("texts")
    yield "s3://texts"
    patch.undo()
    server.stop()


def test_corpus_work_and_run_on_s3(tmp_path: Path, bucket: str) -> None:
    import s3fs

    from selfvec.storage.run_folder import open_run

    files = s3fs.S3FileSystem()
    paths = of_every_kind(tmp_path, sentences(1200))[:5]
    for path in paths:
        files.put_file(str(path), f"{bucket}/corpus/{path.name}")
    here = refine_on_cluster(
        [str(path) for path in paths], "none", Settings(), Here(), str(tmp_path / "work"), cut=(4000, 2)
    )
    with output_place(f"{bucket}/run") as place, dask_engine("local", workers=2) as engine:
        more = {"writer": place.writer, "cut": (4000, 2)}
        run = refine_on_cluster([f"{bucket}/corpus"], "none", Settings(), engine, place.shared, **more)
        place.finish(run)
    files.get(f"{bucket}/run", str(tmp_path / "fetched"), recursive=True)
    assert same(open_run(tmp_path / "fetched"), here)
    assert not files.exists(f"{bucket}/.run.shared")
    assert {file["path"] for file in run.provenance["corpus"]["files"]} == {
        f"{bucket}/corpus/{path.name}" for path in paths
    }


def test_rows_of_a_sum_are_read_by_ranges(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    requests: list[tuple[str, int]] = []  # the kind and the bytes of the answer
    call = s3fs.S3FileSystem._call_s3

    async def counted(self, method: str, *arguments, **more):
        answer = await call(self, method, *arguments, **more)
        requests.append((method, answer["ContentLength"] if method == "get_object" else 0))
        return answer

    url = f"{bucket}/sums.safetensors"
    rows = np.random.default_rng(0).standard_normal((5 * ROWS + 7, 16), dtype=np.float32)
    save(url, {"neighbours": rows, "others": rows[:9]})
    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counted)
    found, _ = load(url, ["neighbours"], 3 * ROWS, 4 * ROWS)
    assert found["neighbours"].tobytes() == rows[3 * ROWS : 4 * ROWS].tobytes()
    block = ROWS * 16 * 4
    assert [kind for kind, _ in requests] == ["get_object", "get_object"]  # the header and the rows
    assert sum(size for _, size in requests) == block + (1 << 16)
    requests.clear()
    assert load(url)[0]["neighbours"].tobytes() == rows.tobytes()
    assert [kind for kind, _ in requests] == ["get_object", "get_object"]


def test_the_command_reads_and_writes_s3(tmp_path: Path, bucket: str) -> None:
    import s3fs

    files = s3fs.S3FileSystem()
    files.put_file(str(jsonl(tmp_path / "a.jsonl", sentences(500))), f"{bucket}/one/a.jsonl")
    command = [sys.executable, "-m", "selfvec", "refine", f"{bucket}/one", "-o", f"{bucket}/by-command"]
    command += ["--vectors", "none", "--cluster", "local", "--jobs", "2"]
    first = subprocess.run(command, text=True, capture_output=True, timeout=300)
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"{bucket}/by-command\n"
    assert files.exists(f"{bucket}/by-command/run.json")
    second = subprocess.run(command, text=True, capture_output=True, timeout=300)
    assert (second.returncode, "exists already" in second.stderr) == (2, True)
    command[4] = f"{bucket}/nothing"
    third = subprocess.run([*command, "--overwrite"], text=True, capture_output=True, timeout=300)
    assert (third.returncode, "there is no such file or folder" in third.stderr) == (2, True)
    assert files.exists(f"{bucket}/by-command/run.json")


def test_a_killer_task_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(adapter, "RETRIES", 1)
    with dask_engine("local", workers=1) as engine, pytest.raises(InputError, match="1 workers died"):
        engine.gather([engine.submit(os._exit, 1)], "dying")
