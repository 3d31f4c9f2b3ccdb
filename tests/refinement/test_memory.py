"""Refining a mapped table takes one more table and buffers; measured in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from selfvec.files.tensors import write_tensors
from selfvec.numerics.rows import unit_rows

TYPES, DIMENSIONS, TOKENS = 80_000, 300, 100_000
TABLE = 4 * TYPES * DIMENSIONS
JOB = """
import json, resource, sys
import numpy as np
from selfvec.files.tensors import map_tensors
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.refinement.health import check_health
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.pipeline import make_plan
from selfvec.refinement.methods import refined_rows

path, method, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3])
rows = map_tensors(path)["vectors"]

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def refined(rows, tokens):
    words = [f"w{i}" for i in range(len(rows))]
    ids = np.random.default_rng(0).integers(0, len(rows), tokens).astype(np.int32)
    batch = TokenBatch(ids, np.arange(0, tokens + 1, 100), words)
    sources = np.full(len(rows), Source.KNOWN, np.uint8)
    original = Vectors(words, rows, sources=sources, normalized=True)
    plan = make_plan(Settings(method, window=11, history="none"), Inputs(batch, original))
    made = Vectors(words, in_threads(2, refined_rows, plan), counts=batch.counts, normalized=True)
    return check_health(original, made)

refined(np.array(rows[:50]), 1000)  # loads what every job loads
before = peak()
health = refined(rows, tokens)
print(json.dumps([peak() - before, health.mean_cosine_to_original, health.anisotropy_original]))
"""


@pytest.fixture(scope="module")
def mapped(own: Path) -> Path:
    """A file of unit rows."""
    path = own / "table"
    rows = np.random.default_rng(1).standard_normal((TYPES, DIMENSIONS), dtype=np.float32)
    write_tensors(path, {"vectors": unit_rows(rows + np.float32(0.3))})
    return path


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pages of maps are given back on Linux")
@pytest.mark.parametrize(("method", "most"), [("paper", 1.3), ("decorrelated", 2.0)])
def test_peak_memory_in_tables(method: str, most: float, mapped: Path) -> None:
    command = [sys.executable, "-c", JOB, str(mapped), method, str(TOKENS)]
    environment = os.environ | {"OMP_NUM_THREADS": "2"}  # every thread has buffers
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    extra, cosine, shared = json.loads(done.stdout)
    assert shared > 0.05, "the base is another table than the original"
    assert 0 < cosine < 1
    assert extra / TABLE < most
