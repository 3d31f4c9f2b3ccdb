"""The first run, which compiles, and later ones, which load what was compiled, make the same bytes.

A helper that Numba calls rather than inlines may be found in two differently optimised copies then. And where
arrays happen to lie must not matter: a compiler that may reorder sums makes two copies of a loop, and chooses
between them by the addresses.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.data.vectors import Vectors

CODE = """
import hashlib
import numpy as np
import selfvec
from selfvec.data.vectors import Vectors
rng = np.random.default_rng(0)
words = np.array([f"w{i}" for i in range(300)])
texts = [" ".join(words[np.minimum(rng.zipf(1.3, 80) - 1, 299)]) for _ in range(150)]
table = Vectors(list(words), rng.standard_normal((300, 300), dtype=np.float32))
rules = "paper scan", "decorrelated scan", "decorrelated counts"
for method, operator in map(str.split, rules):
    run = selfvec.Refiner(method, operator=operator).fit(texts, table, progress=True).run_
    made = hashlib.sha256(np.ascontiguousarray(run.vectors.vectors))
    if "counts" in run.parts:
        made.update(run.parts["counts"].data)
    print(method, operator, made.hexdigest())
"""


def test_compiled_and_cached_runs_make_the_same_bytes(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    )
    assert list(tmp_path.rglob("*.nbc"))
    assert len(first.stdout.splitlines()) == 3
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
def test_where_arrays_lie_does_not_matter(method: str, storms: list[str], storm_vectors: Vectors) -> None:
    rng, made, held = np.random.default_rng(5), set(), []
    for _ in range(12):
        held.append(np.ones(rng.integers(1, 5000)))  # moves what is allocated next
        rows = selfvec.Refiner(method, window=9, history="epoch").fit(storms, storm_vectors).vectors_.vectors
        made.add(rows.tobytes())
    assert len(made) == 1
