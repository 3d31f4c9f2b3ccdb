"""Train baselines one after the other, each in its own process, and record what each cost.

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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.errors import InputError
from selfvec.base.progress import Progress
from selfvec.base.tensors import map_tensors
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.storage.run_folder import write_run

from .registry import check_names

__all__ = ["train", "train_apart"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


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
        Of `baselines.NAMES`, ``encoder:MODEL``, or ``all``.
    seed : int
    jobs : int, optional
        Threads of each baseline; all cores by default. gensim, GloVe and Mittens are reproducible with one
        thread only.
    progress : Progress, optional

    Returns
    -------
    dict of str to Vectors
        By name, in the order asked for, over the run's words. ``provenance["cost"]`` holds ``seconds``,
        ``processor_seconds`` (all threads together), ``megabytes`` (None if the system does not report it)
        and ``jobs``.

    Raises
    ------
    OptionError
        If there is no baseline of a name.
    MissingExtra
        If a package is not installed.
    InputError
        If the run did not keep its tokens, or a baseline fails.
    """
    wanted = check_names(names)
    progress, jobs = progress or Progress(), jobs or os.cpu_count() or 1
    tokens = run.require_tokens("on which baselines are trained")
    with (
        tempfile.TemporaryDirectory() as name,
        progress.stage("Baselines", len(wanted), "baselines") as advance,
    ):
        out, given = Path(name), run.folder or Path(name)
        if run.folder is None and wanted:
            write_run(Run(run.vectors, run.original, tokens=tokens), given)
        trained: dict[str, Vectors] = {}
        for baseline in wanted:
            trained[baseline] = train_apart(run, given, out, baseline, seed, jobs)
            advance(1)
    return trained


def train_apart(run: Run, given: Path, out: Path, name: str, seed: int, jobs: int) -> Vectors:
    """Train one baseline in its own process, from the run in folder ``given``; ``out`` receives the result.

    Raises
    ------
    InputError
        If training fails; quotes the last line of its output.
    """
    here = os.environ | dict.fromkeys(_THREADS, str(jobs))
    here["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    child = "selfvec.evaluation.baselines.child"
    command = [sys.executable, "-m", child, str(given), str(out), name, str(seed), str(jobs)]
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise InputError(f"the baseline {name} failed: {last[0]}")
    cost: dict[str, Any] = json.loads((out / "baseline.json").read_text(encoding="utf-8"))
    made = {key: np.array(tensor) for key, tensor in map_tensors(out / "baseline.safetensors").items()}
    return Vectors(
        run.vectors.index_to_key,
        made["vectors"],
        sources=made["sources"],
        counts=run.vectors.counts,
        provenance=run.provenance | {"baseline": name, "cost": cost},  # texts are cut as the run's
        normalized=True,
    )
