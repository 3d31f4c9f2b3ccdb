"""Peers trained one after the other, each in a process of its own, with what it cost.

Seconds are those of the training itself: a first run on a handful of words has loaded libraries and compiled
kernels before. Memory is the peak of what was resident beyond the process as it stood then, tokens and
original vectors included in it: what the peer took on top of its inputs, its result among it.
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
    """Train peers on a run's own tokens, from what it started from.

    Parameters
    ----------
    run : Run
        With its tokens.
    names : sequence of str
        Of `peers.NAMES`, ``encoder:MODEL``, or ``all``.
    seed : int
    jobs : int, optional
        Threads of each peer; all cores where not given. gensim, GloVe and Mittens give the same vectors
        again with one only.
    progress : Progress, optional

    Returns
    -------
    dict of str to Vectors
        By name, in the order asked for, over the run's words. ``provenance["cost"]`` holds ``seconds``,
        ``processor_seconds`` (of all threads together), ``megabytes`` (None where the system does not tell)
        and ``jobs``.

    Raises
    ------
    OptionError
        If a name is none.
    MissingExtra
        If a package is not installed.
    InputError
        If the run did not keep its tokens, or a peer fails.
    """
    wanted = check_names(names)
    progress, jobs = progress or Progress(), jobs or os.cpu_count() or 1
    tokens = run.require_tokens("on which peers are trained")
    with tempfile.TemporaryDirectory() as name, progress.stage("Peers", len(wanted), "peers") as advance:
        out, given = Path(name), run.folder or Path(name)
        if run.folder is None and wanted:
            write_run(Run(run.vectors, run.original, tokens=tokens), given)
        trained: dict[str, Vectors] = {}
        for peer in wanted:
            trained[peer] = train_apart(run, given, out, peer, seed, jobs)
            advance(1)
    return trained


def train_apart(run: Run, given: Path, out: Path, peer: str, seed: int, jobs: int) -> Vectors:
    """Train one peer in its own process, from the run in a folder, by way of another folder.

    Raises
    ------
    InputError
        If the peer fails: with the last line it said.
    """
    here = os.environ | dict.fromkeys(_THREADS, str(jobs))
    here["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [
        sys.executable,
        "-m",
        "selfvec.evaluation.baselines.child",
        str(given),
        str(out),
        peer,
        str(seed),
        str(jobs),
    ]
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise InputError(f"the peer {peer} failed: {told[0]}")
    cost: dict[str, Any] = json.loads((out / "peer.json").read_text(encoding="utf-8"))
    made = {key: np.array(tensor) for key, tensor in map_tensors(out / "peer.safetensors").items()}
    return Vectors(
        run.vectors.index_to_key,
        made["vectors"],
        sources=made["sources"],
        counts=run.vectors.counts,
        provenance=run.provenance | {"peer": peer, "cost": cost},  # texts are cut as the run's were
        normalized=True,
    )
