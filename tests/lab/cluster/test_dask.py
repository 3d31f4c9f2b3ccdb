"""Workers and schedulers that die, Ctrl-C, and a store of objects."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.commands import ran
from tests.heard import Heard
from tests.lab.cluster.corpora import jsonl, sentences, with_menu
from tests.places import ROOT
from tests.processes import PATIENCE, without_progress
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError, InputError, Interrupted, MissingExtra
from selfvec.base.progress import Progress, shown
from selfvec.base.threads import limited
from selfvec.lab.cluster import scheduler as scheduling
from selfvec.lab.cluster.scheduler import Scheduler, connected

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def corpus(own: Path) -> Path:
    return jsonl(own / "a.jsonl", with_menu(sentences(300), 20))


class Killing(Scheduler):
    """Kills workers when the first task of each of some kinds has been submitted: all, or some of them."""

    def __init__(self, other: Scheduler, kinds: dict[str, int]) -> None:
        super().__init__(other.client, other.workers_here)
        self.kinds = kinds

    def run(self, task, *arguments):
        future = super().run(task, *arguments)
        number = self.kinds.pop(getattr(task, "__name__", ""), 0)
        for pid in [*self.client.run(os.getpid, on_error="ignore").values()][:number] if number else ():
            os.kill(pid, signal.SIGKILL)
        return future


@pytest.mark.soak
def test_killed_workers_change_nothing(corpus: Path, clustered) -> None:
    expected = clustered([corpus])
    assert expected.provenance["repeats"]["tokens"]
    # As if each worker took longer to start again than Dask waits for one by default.
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": 0}),
        limited(2),
        connected("local") as workers,
    ):
        killing = Killing(workers, {"add_counts": 1, "_further": 1, "_sums": 2})
        run = clustered([corpus], by=killing)
    assert not killing.kinds
    assert run.vectors.vectors.tobytes() == expected.vectors.vectors.tobytes()
    assert run.require_text("").source == expected.require_text("").source


def test_an_error_of_a_worker_is_that_of_the_client(tmp_path: Path, clustered, monkeypatch) -> None:
    monkeypatch.setattr(scheduling, "_FAILURES", 0)
    path = jsonl(tmp_path / "a.jsonl", sentences(100))
    path.write_text(path.read_text() + "{nonsense\n")
    with limited(1), connected("local") as workers:
        refused(
            lambda: clustered([path], by=workers),
            CorpusError,
            r"a\.jsonl \(from byte \d+\):\d+: is not valid JSON",
        )
        refused(lambda: workers.result(workers.run(missing)), MissingExtra, r"pip install .*\[dask\]'")
        refused(
            lambda: workers.result(workers.run(os._exit, 1)),
            InputError,
            "workers died while running the same task",
        )


def test_workers_that_cannot_be_started_again_are_an_error(monkeypatch) -> None:
    async def fails(_) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(scheduling, "_LOOK", 0.1)
    with limited(1), connected("local") as workers:
        monkeypatch.setattr("distributed.nanny.WorkerProcess.start", fails)
        refused(
            lambda: workers.result(workers.run(os._exit, 1)), InputError, "all workers died and could not be"
        )


def test_a_scheduler_without_workers_waits_for_one_and_says_so(monkeypatch) -> None:
    monkeypatch.setattr(scheduling, "_LOOK", 0.1)
    heard = Heard()
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        with shown(heard), connected(cluster.scheduler_address) as workers:
            future = workers.run(os.getpid)
            threading.Timer(1, cluster.scale, (1,)).start()
            assert workers.result(future) == os.getpid()
    rule = f"no worker is connected to the scheduler at {cluster.scheduler_address}: it waits for one"
    assert heard.said == [rule]


def missing() -> None:
    raise MissingExtra("pyarrow", "dask", "reading Parquet files on a cluster")


@contextmanager
def started_scheduler() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A Dask scheduler and its worker, each in a process of its own: the address, and the first process."""
    command = [sys.executable, "-m", "dask"]
    first = [*command, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    one = subprocess.Popen(first, stderr=subprocess.PIPE, text=True)
    address = next(line.split()[-1] for line in one.stderr if "Scheduler at:" in line)
    reader = threading.Thread(target=one.stderr.read)
    reader.start()
    worker = [*command, "worker", address, "--nthreads", "1", "--memory-limit", "0", "--no-dashboard"]
    two = subprocess.Popen([*worker, "--no-nanny"], stderr=subprocess.DEVNULL)
    try:
        yield address, one
    finally:
        for process in (one, two):
            process.kill()
            process.wait()
        reader.join()
        one.stderr.close()


class At(Progress):
    """Does something when a stage begins."""

    def __init__(self, label: str, do) -> None:
        self.label = label
        self.do = do

    @contextmanager
    def stage(self, label: str, *_):
        if label == self.label:
            self.do()
        yield lambda _: None


@pytest.mark.soak
def test_a_lost_scheduler_is_one_error(tmp_path: Path, corpus: Path) -> None:
    run = tmp_path / "run"
    with started_scheduler() as (address, process):
        lost = At("Refining", process.kill)
        with pytest.raises(InputError) as caught:
            selfvec.refine(corpus, "none", output=run, cluster=address, progress=lost)
    gone = f"the Dask scheduler at {address} is gone; start it and its workers again, and repeat the command"
    assert str(caught.value) == gone
    assert not run.exists()


def test_no_scheduler_is_one_line(tmp_path: Path, corpus: Path, monkeypatch) -> None:
    monkeypatch.setattr(scheduling, "_CONNECT", "200ms")
    options = ["-o", str(tmp_path / "run"), "--cluster", "tcp://127.0.0.1:9"]
    error = ran(["refine", corpus, *options], 2).err
    assert error.count("\n") == 1
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in error


@pytest.mark.parametrize("label", ["Reading", "Numbering", "Refining"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, corpus: Path, scheduler: Scheduler, label: str) -> None:
    def tasks() -> set[str]:
        return scheduler.client.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.tasks))

    before = tasks()  # an error of another test may still hold some
    interrupt = At(label, lambda: signal.raise_signal(signal.SIGINT))
    work = {"output": tmp_path / "run", "cluster": scheduler.address, "progress": interrupt}
    refused(lambda: selfvec.refine(corpus, "none", **work), (KeyboardInterrupt, Interrupted))
    assert not (tmp_path / "run").exists()
    deadline = time.monotonic() + PATIENCE
    while tasks() - before:
        assert time.monotonic() < deadline, "tasks are left"
        time.sleep(0.05)


@pytest.mark.soak
def test_ctrl_c_in_a_terminal_reaches_the_workers_too(tmp_path: Path, corpus: Path) -> None:
    command = [sys.executable, "-m", "selfvec", "refine", str(corpus), "-o", str(tmp_path / "run")]
    command += ["--vectors", "none", "--cluster", "local", "--jobs", "1"]
    client = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True)
    deadline = time.monotonic() + PATIENCE
    while not list(tmp_path.glob("run/text.parquet")):  # workers read
        assert time.monotonic() < deadline
        assert client.poll() is None, client.stderr.read()
        time.sleep(0.01)
    os.killpg(client.pid, signal.SIGINT)
    _, error = client.communicate(timeout=PATIENCE)
    assert client.returncode == 130, error
    said, interrupted = without_progress(error)
    assert said.startswith("on a cluster the method is decorrelated; ")
    assert interrupted == "selfvec: interrupted"
    assert not (tmp_path / "run").exists()


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


def test_the_command_reads_and_writes_s3(tmp_path: Path, bucket: str) -> None:
    import s3fs

    files = s3fs.S3FileSystem()
    files.put_file(str(jsonl(tmp_path / "a.jsonl", sentences(300))), f"{bucket}/one/a.jsonl")
    command = [sys.executable, "-m", "selfvec", "refine", f"{bucket}/one", "-o", f"{bucket}/by-command"]
    command += ["--vectors", "none", "--cluster", "local", "--jobs", "2"]
    first = subprocess.run(command, text=True, capture_output=True, timeout=PATIENCE)
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"{bucket}/by-command\n"
    assert files.exists(f"{bucket}/by-command/run.json")
    second = subprocess.run(command, text=True, capture_output=True, timeout=PATIENCE)
    assert (second.returncode, "exists already" in second.stderr) == (2, True)
    command[4] = f"{bucket}/nothing"
    third = subprocess.run([*command, "--overwrite"], text=True, capture_output=True, timeout=PATIENCE)
    assert (third.returncode, "there is no such file or folder" in third.stderr) == (2, True)
    assert files.exists(f"{bucket}/by-command/run.json")
