"""``python -m selfvec.evaluation.baselines.child RUN OUT NAME SEED JOBS``: train one baseline.

Reads a run folder with its tokens, writes ``baseline.safetensors`` and ``baseline.json`` into another folder.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from selfvec.base.errors import SelfvecError
from selfvec.base.tensors import write_tensors
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.storage.run_folder import open_run

from .registry import find_baseline

__all__ = ["main"]

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def main(given: Path, out: Path, name: str, seed: int, jobs: int) -> None:
    """Read inputs into memory, warm up, train, write."""
    run = open_run(given)
    assert run.tokens is not None
    batch = replace(run.tokens, ids=np.array(run.tokens.ids), offsets=np.array(run.tokens.offsets))
    known = np.array(run.original.vectors), np.array(run.original.sources)
    original = Vectors(batch.types, known[0], sources=known[1], normalized=True)
    baseline = find_baseline(name)
    if baseline.warm_up:
        baseline(*_handful(original.vector_size), seed, jobs)
    before = _resident("VmRSS")
    _forget_peak()
    start, processor = time.perf_counter(), time.process_time()
    made = baseline(batch, original, seed, jobs)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = _resident("VmHWM")
    megabytes = None if before is None or peak is None else max(0.0, peak - before)
    write_tensors(out / "baseline.safetensors", {"vectors": made.vectors, "sources": made.sources})
    cost = {"seconds": seconds, "megabytes": megabytes, "jobs": jobs, "processor_seconds": processor}
    (out / "baseline.json").write_text(json.dumps(cost), encoding="utf-8")


def _handful(dimensions: int) -> tuple[TokenBatch, Vectors]:
    """A few documents of two dozen words, and random vectors for most of them."""
    batch = TokenBatch.from_documents([[f"w{(i * j) % 24}" for i in range(40)] for j in range(1, 12)])
    rows = np.random.default_rng(0).standard_normal((len(batch.types), dimensions), dtype=np.float32)
    rows[-3:] = 0
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return batch, Vectors(batch.types, rows, normalized=True)


def _resident(field: str) -> float | None:
    """Resident memory in MB, now (VmRSS) or at its peak (VmHWM); None if the system does not report it."""
    if not _STATUS.exists():
        return None
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    found = next((line.split()[1] for line in lines if line.startswith(f"{field}:")), None)
    return None if found is None else int(found) * 1024 / 1e6


def _forget_peak() -> None:
    """Reset the peak to what is resident now, if the system allows it."""
    if _RESET.exists():
        try:
            _RESET.write_text("5", encoding="ascii")
        except OSError:
            return  # not allowed: the peak then includes loading the inputs


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    except SelfvecError as error:
        sys.exit(str(error))
