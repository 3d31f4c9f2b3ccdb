"""The same bytes for the same seed: any number of threads, any order of sets, compiled now or before."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.examples import soaked
from tests.places import ROOT

import selfvec

VARIABLE = ("run.json", "index.json")  # hold times
METHODS = ("paper", "online", "decorrelated", "auto")
GOLDEN = {
    "paper": [0.4920, 0.3922, 0.1771, 0.0129],
    "online": [0.2428, 0.0319, 0.2432, 0.3608],
    "decorrelated": [0.2256, -0.0073, 0.1506, 0.3767],
}
CODE = "import sys; from tests.refinement.test_determinism import work; work(*sys.argv[1:])"


def work(folder: Path | str, jobs: str, *methods: str) -> None:
    """Refine and search by each method."""
    for method in methods:
        options = [
            "--method",
            method,
            "--jobs",
            jobs,
            "--seed",
            "3",
            "--phrases",
            "auto",
            "--stop-words",
            "en",
        ]
        ran(["refine", f"{folder}/storms.txt", "-o", f"{folder}/{jobs}-{method}", *options])
        ran(["search", f"{folder}/{jobs}-{method}", "hail"])


def digests(run: Path) -> dict[str, str]:
    """Checksums of what a run and its index hold."""
    files = [path for path in sorted(run.rglob("*")) if path.is_file() and path.name not in VARIABLE]
    names = {path: re.sub(r"(-[0-9a-f]{16}){3}/", "/", str(path.relative_to(run))) for path in files}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for path, name in names.items()}


@pytest.mark.parametrize("methods", soaked([["auto"], list(METHODS)], ["auto"]))
def test_threads_and_the_order_of_sets_change_nothing(methods: list[str], storm_file: Path) -> None:
    folder = storm_file.parent
    work(folder, "1", *methods)  # with sets in another order in each process
    threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "POLARS_MAX_THREADS": "2"}
    command = [sys.executable, "-c", CODE, str(folder), "2", *methods]
    environment = os.environ | threads | {"PYTHONHASHSEED": "12345"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    for method in methods:
        one, two = digests(folder / f"1-{method}"), digests(folder / f"2-{method}")
        assert len(one) > 5
        assert one == two, method


@pytest.mark.parametrize("method", METHODS[:3])
def test_a_golden_run(method: str) -> None:
    """A corpus and a table that anybody can make again, and the cosines that came of them."""
    rng = np.random.default_rng(2024)
    words = [f"w{i}" for i in range(60)]
    texts = [" ".join(rng.choice(words[i % 4 :: 4], 12)) for i in range(200)]
    table = selfvec.Vectors(words, rng.standard_normal((60, 16)).astype(np.float32))
    refined = selfvec.Refiner(method, window=5, seed=1).fit(texts, table).vectors_
    made = [refined.similarity("w0", word) for word in ("w4", "w8", "w1", "w2")]
    assert made == pytest.approx(GOLDEN[method], abs=2e-3)


COMPILING = """
import hashlib
import numpy as np
import selfvec
from selfvec.data.vectors import Vectors
rng = np.random.default_rng(0)
words = np.array([f"w{i}" for i in range(300)])
texts = [" ".join(words[np.minimum(rng.zipf(1.3, 80) - 1, 299)]) for _ in range(150)]
table = Vectors(list(words), rng.standard_normal((300, 300), dtype=np.float32))
for method in ("paper", "decorrelated"):
    run = selfvec.Refiner(method).fit(texts, table, progress=True).run_
    made = hashlib.sha256(np.ascontiguousarray(run.vectors.vectors))
    print(method, made.hexdigest())
"""


@pytest.mark.soak
def test_compiled_and_cached_runs_make_the_same_bytes(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", COMPILING], env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    )
    assert list(tmp_path.rglob("*.nbc"))
    assert len(first.stdout.splitlines()) == 2
    assert first.stdout == second.stdout


def test_kernels_have_a_place_where_no_folder_is_writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: True)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    selfvec._find_place_for_kernels()
    assert "NUMBA_CACHE_DIR" not in os.environ
    monkeypatch.setattr(os, "access", lambda *_: False)
    selfvec._find_place_for_kernels()
    place = Path(os.environ.pop("NUMBA_CACHE_DIR"))
    assert place.is_dir()
    place.rmdir()


@pytest.mark.parametrize("method", ["paper", "online", "decorrelated"])
def test_where_arrays_lie_does_not_matter(
    method: str, storms: list[str], storm_vectors: selfvec.Vectors
) -> None:
    rng, made, held = np.random.default_rng(5), set(), []
    for _ in range(12):
        held.append(np.ones(rng.integers(1, 5000)))  # moves what is allocated next
        rows = selfvec.Refiner(method, window=9, history="pass").fit(storms, storm_vectors).vectors_.vectors
        made.add(rows.tobytes())
    assert len(made) == 1
