"""What tests share: where real data may be, and small texts written by us."""

import gc
import importlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from tests.examples import TIMES
from tests.places import SHARED_DATA
from tests.rows import normal_vectors

import selfvec
from selfvec.base.compiled import _Kernel
from selfvec.data.vectors import Vectors

fcntl: Any = None if os.name == "nt" else importlib.import_module("fcntl")

# Examples are the same in every run, so more of them find little that the first ones do not.
settings.register_profile(
    "selfvec", deadline=None, derandomize=TIMES == 1, max_examples=20 * TIMES, print_blob=True
)
settings.load_profile("selfvec")

# onnxruntime sends reports to its maker, unless this is set before a test imports it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

# A run that was started in the background ignores Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A worker holds millions of objects of libraries. Going through them less often saves 6 % of its time.
gc.set_threshold(50_000, 20, 100)

MEMORY = Path("/dev/shm")  # where nobody waits for a disk: runs are synced at every step
ROOM = 4 << 30  # bytes


def pytest_configure(config: pytest.Config) -> None:
    """Keep temporary files in the memory, if there is room and no other place was asked for."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # it is found anew


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Free the memory if nothing failed; workers leave that to the process that started them."""
    made = session.config._tmp_path_factory.getbasetemp()
    if not exitstatus and not hasattr(session.config, "workerinput") and MEMORY in made.parents:
        shutil.rmtree(made, ignore_errors=True)


FIRST = (
    "tests/test_examples.py",
    "tests/laws/test_law_of_live_runs.py",
    "tests/laws/test_law_of_forged_files.py",
    "tests/analysis/comparison/test_written.py",
    "tests/laws/test_law_of_open_servers.py",
    "tests/refinement/incremental/test_update_with_an_encoder.py",
    "tests/storage/test_cache.py",
    "tests/lab/cluster/test_refine.py",
    "tests/apps/cli/test_streams.py",
    "tests/apps/mcp/test_assistant.py",
    "tests/refinement/incremental/test_growth_law.py",
    "tests/text/test_languages.py",
    "tests/lab/cluster/test_dask.py",
    "tests/storage/test_kills.py",
)
"""Files that begin, because each takes long: so no worker is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of `FIRST` first; all others keep their order."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there before the first test stays, so that nobody need look through it again for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def one_worker(path: Path) -> Iterator[None]:
    """The others wait for it."""
    with path.open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_worker_compiles_a_kernel(of_all: Path) -> Iterator[None]:
    """The others read it from Numba's cache."""

    def locked(kernel: _Kernel) -> Any:
        dispatcher = plain.func(kernel)
        compile_for = dispatcher.compile

        def compile_once(signature: Any) -> Any:
            with one_worker(of_all / f"{kernel.__module__}.{kernel.__name__}.lock"):
                return compile_for(signature)

        dispatcher.compile = compile_once
        return dispatcher

    plain, patched = vars(_Kernel)["compiled"], cached_property(locked)
    patched.__set_name__(_Kernel, "compiled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Kernel, "compiled", patched)
        yield


_STORMS = [
    "Large hail broke windows near the farm before the storm moved east.",
    "A tornado touched down north of the village and lifted two roofs.",
    "Strong wind from the storm blew down trees across the county road.",
    "Golf ball size hail covered the road and dented many cars.",
    "The tornado was on the ground for three miles and broke trees.",
    "Heavy rain flooded the county road, and water stood in the farm yard.",
    "Wind gusts of 60 mph tore shingles from roofs in the village.",
    "Hail the size of dimes fell for ten minutes before heavy rain.",
]


@pytest.fixture(autouse=True, scope="session")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept in the user's own cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SELFVEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def example_run(of_all: Path) -> selfvec.Run:
    """A run of the example, made as a newcomer makes it, and once. Tests may add to its cache only."""
    folder = of_all / "example"
    with one_worker(of_all / "example.lock"):
        if not folder.exists():
            selfvec.refine(selfvec.example(of_all / "storms.jsonl"), output=folder)
    return selfvec.open(folder)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the module's own."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="session")
def storms() -> list[str]:
    """240 short reports over a few dozen words."""
    return [f"{_STORMS[i % 8]} {_STORMS[(i * 3 + 1) % 8]}" for i in range(240)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file below a temporary folder and says where it is."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return written


@pytest.fixture
def storm_file(tmp_path: Path, storms: list[str]) -> Path:
    """The reports as a text file, one per line."""
    path = tmp_path / "storms.txt"
    path.write_text("\n".join(storms) + "\n", "utf-8")
    return path


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A temporary folder on a disk, whose pages in the memory the system may take back."""
    disk = Path("/var/tmp")
    with tempfile.TemporaryDirectory(dir=disk if os.access(disk, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a module's own fixture is the working directory."""
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shared_data() -> Path:
    """Real data beside the checkout; the test is skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("shared/data is not beside this checkout")
    return SHARED_DATA


@pytest.fixture
def plane() -> Vectors:
    """Words by their angle in degrees; ``blank`` has a row of zeros."""
    angles = {"hail": 0, "ice": 20, "storm": 60, "Rome": 90, "invoice": 180}
    rows = [[np.cos(np.deg2rad(a)), np.sin(np.deg2rad(a))] for a in angles.values()]
    return Vectors([*angles, "blank"], np.array([*rows, [0, 0]], np.float32))


@pytest.fixture
def storm_vectors() -> Vectors:
    """Random directions for eight words of the reports; the others are unknown."""
    return normal_vectors(["hail", "storm", "wind", "roofs", "tornado", "road", "trees", "county"], 16, 5)


@pytest.fixture(params=[(1, 0), (8, 0), (1 << 22, 1 << 27)], scope="module")
def blocks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tokens of a text that are worked on at a time, and bytes in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("selfvec.data.token_batch._BLOCK", request.param[0])
        patch.setattr("selfvec.files.memory.IN_MEMORY", request.param[1])
        yield


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file can grow beyond 10 kB, as on a disk that is nearly full."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
