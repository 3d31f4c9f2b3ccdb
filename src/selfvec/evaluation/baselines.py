"""Baselines: vectors of other methods from the same tokens, for comparison.

A baseline is a row of `BASELINES`: a function from a corpus as ids and the initial vectors to vectors of the
same words. `train` runs baselines one after the other, each in its own process, and records the cost of each.
`selfvec.evaluate` accepts the results like any other `Vectors`.

Seconds are those of the training itself: a first run on a handful of words loads libraries and compiles
kernels. Memory is the peak resident size minus the size before training, when tokens and original vectors are
already loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import InputError, OptionError, SelfvecError, require
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders import as_sentence_encoder
from selfvec.files.tensors import map_tensors, write_tensors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.choices import CANDIDATES, make_plan
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.methods import refined_rows
from selfvec.refinement.training import count_models, gensim_models, glove
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import save_run

ALREADY = ("original", "bm25", "bm25-rm3")  # measured without training, the last only on request
ENCODER = "encoder:"  # prefix of the name or folder of a sentence encoder
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_VECTORS = "baseline.safetensors"
_COST = "baseline.json"


@dataclass(frozen=True)
class Baseline:
    """One way to make word vectors from a corpus."""

    # Arguments: a batch, the original vectors of its types, a seed, a number of threads. Result: (V, d) rows,
    # zeros for words without a vector.
    train: Callable[[TokenBatch, Vectors, int, int], Rows]
    package: str | None = None  # required package
    extra: str = "baselines"  # extra of Selfvec with the package
    warm_up: bool = True  # train on a handful of words first, so that imports and compilation are not timed

    def __call__(self, batch: TokenBatch, original: Vectors, seed: int = 0, jobs: int = 1) -> Vectors:
        """Unit rows for the words of the batch, in their order."""
        rows = unit_rows(self.train(batch, original, seed, jobs))
        sources = np.where(rows.any(axis=1), Source.CONTEXT, Source.NONE).astype(np.uint8)
        return Vectors(batch.types, rows, sources=sources, counts=batch.counts, normalized=True)


def _refined(batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, method: str) -> Rows:
    """The original refined by one of our methods with default options; the same for any seed and threads."""
    del seed
    plan = make_plan(Settings(method, history="none"), Inputs(batch, original), jobs=jobs)
    return refined_rows(plan, jobs)


def _encoded(batch: TokenBatch, original: Vectors, seed: int, jobs: int, *, model: str) -> Rows:
    """Each word encoded as a text of its own by a sentence encoder, without its contexts."""
    del original, seed
    return as_sentence_encoder(model).encode(batch.types, jobs=jobs)


BASELINES: dict[str, Baseline] = {
    **{name: Baseline(partial(_refined, method=name)) for name in CANDIDATES},
    "ppmi-svd": Baseline(count_models.ppmi_svd, "sklearn"),
    **{
        kind + suffix: Baseline(partial(gensim_models.trained, kind=kind, continued=bool(suffix)), "gensim")
        for kind in gensim_models.KINDS
        for suffix in ("", "-continued")
    },
    "glove": Baseline(glove.glove),
    "mittens": Baseline(glove.mittens),
    "retrofit": Baseline(count_models.retrofit),
}
"""Baselines by name. Others, `ENCODER` followed by a model, are made on request."""


_OTHER_NAMES = {
    **dict.fromkeys(("sgns", "skipgram", "skip-gram", "sg", "word2vec"), "word2vec-sg"),
    "cbow": "word2vec-cbow",
    "svd": "ppmi-svd",
    "retrofitting": "retrofit",
}
"""Other names of baselines."""


def find_baseline(name: str) -> Baseline:
    """The baseline of this name; raises `OptionError` for an unknown name."""
    if name.startswith(ENCODER) and len(name) > len(ENCODER):
        encode = partial(_encoded, model=name.removeprefix(ENCODER))
        return Baseline(encode, "onnxruntime", "encoder", warm_up=False)
    if name not in BASELINES:
        other = _OTHER_NAMES.get(name.lower().replace("_", "-"))
        meant = f"did you mean {other}? Otherwise " if other else ""
        remedy = meant + f"choose from {', '.join(BASELINES)}, {ENCODER}MODEL or all"
        raise OptionError(f"{name!r} is not a baseline", field="against", remedy=remedy)
    return BASELINES[name]


def check_names(names: Sequence[str]) -> list[str]:
    """The baselines to train, each once: ``all`` means `BASELINES`; those `ALREADY` reported are left out.

    Unknown names and missing packages are errors before anything is trained.
    """
    wanted = dict.fromkeys(each for name in names for each in (BASELINES if name == "all" else (name,)))
    found = {name: find_baseline(name) for name in wanted if name not in ALREADY}
    for name, baseline in found.items():
        if baseline.package is not None:
            require(baseline.package, baseline.extra, f"the baseline {name}")
    return list(found)


# ---- Training, each baseline in its own process


def train(
    run: Run,
    names: Sequence[str],
    *,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Vectors]:
    """Train baselines on a run's own tokens, from its original vectors.

    Parameters
    ----------
    run : Run
        With its tokens.
    names : sequence of str
        Of `baselines.BASELINES`, ``encoder:MODEL``, or ``all``.
    seed : int
    jobs : int, optional
        Threads of each baseline; all cores by default. gensim, GloVe and Mittens are reproducible with one
        thread only.
    progress : Progress, optional

    Returns
    -------
    dict of str to Vectors
        Over the run's words. ``provenance["cost"]`` holds ``seconds``, ``processor_seconds`` (all threads),
        ``megabytes`` (None if the system does not report it) and ``jobs``.

    Raises
    ------
    InputError
        If the run did not keep its tokens, or a baseline fails. `OptionError` for an unknown name,
        `MissingExtra` if a package is not installed.
    """
    wanted = check_names(names)
    progress = progress or Progress()
    jobs = threads(jobs)
    tokens = run.require_tokens("on which baselines are trained")
    stage = progress.stage("Baselines", len(wanted), "baselines")
    with tempfile.TemporaryDirectory() as name, stage as advance:
        out = Path(name)
        given = run.folder or out / "run"
        if run.folder is None and wanted:
            save_run(Run(run.vectors, run.original, tokens=tokens), given)
        trained: dict[str, Vectors] = {}
        for baseline in wanted:
            trained[baseline] = train_apart(run, given, out, baseline, seed, jobs)
            advance(1)
    return trained


def train_apart(run: Run, given: Path, out: Path, name: str, seed: int, jobs: int) -> Vectors:
    """Train one baseline in its own process, from the run in folder ``given``; results go to ``out``."""
    here = os.environ | dict.fromkeys(_THREADS, str(jobs))
    here["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    code = f"from {__name__} import child; child()"
    command = [sys.executable, "-c", code, str(given), str(out), name, str(seed), str(jobs)]
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise InputError(f"the baseline {name} failed: {last[0]}")
    cost: dict[str, Any] = json.loads((out / _COST).read_text(encoding="utf-8"))
    made = {key: np.array(tensor) for key, tensor in map_tensors(out / _VECTORS).items()}
    return Vectors(
        run.vectors.index_to_key,
        made["vectors"],
        sources=made["sources"],
        counts=run.vectors.counts,
        provenance={**run.provenance, "baseline": name, "cost": cost},  # texts are cut as the run's
        normalized=True,
    )


# ---- In the other process


def child() -> None:
    """Train the baseline that the command line names: RUN OUT NAME SEED JOBS."""
    given, out, name, seed, jobs = sys.argv[1:]
    try:
        _train_here(Path(given), Path(out), name, int(seed), int(jobs))
    except SelfvecError as error:
        sys.exit(str(error))


def _train_here(given: Path, out: Path, name: str, seed: int, jobs: int) -> None:
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
    start = time.perf_counter()
    processor = time.process_time()
    made = baseline(batch, original, seed, jobs)
    seconds = time.perf_counter() - start
    processor = time.process_time() - processor
    peak = _resident("VmHWM")
    megabytes = None if before is None or peak is None else max(0.0, peak - before)
    write_tensors(out / _VECTORS, {"vectors": made.vectors, "sources": made.sources})
    cost = {"seconds": seconds, "megabytes": megabytes, "jobs": jobs, "processor_seconds": processor}
    (out / _COST).write_text(json.dumps(cost), encoding="utf-8")


def _handful(dimensions: int) -> tuple[TokenBatch, Vectors]:
    """A few documents of two dozen words, and random vectors for most of them."""
    batch = TokenBatch.from_documents([[f"w{(i * j) % 24}" for i in range(40)] for j in range(1, 12)])
    rows = np.random.default_rng(0).standard_normal((len(batch.types), dimensions), dtype=np.float32)
    rows[-3:] = 0
    return batch, Vectors(batch.types, unit_rows(rows), normalized=True)


def _resident(field: str) -> float | None:
    """Resident memory in MB, now (VmRSS) or at its peak (VmHWM); None if the system does not report it."""
    if not _STATUS.exists():
        return None
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    found = next((line.split()[1] for line in lines if line.startswith(f"{field}:")), None)
    return None if found is None else int(found) * 1024 / 1e6


def _forget_peak() -> None:
    """Reset the peak to what is resident now. If this is not permitted, the peak includes the inputs."""
    if _RESET.exists():
        with suppress(OSError):
            _RESET.write_text("5", encoding="ascii")
