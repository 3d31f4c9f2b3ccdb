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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..progress import Progress
from ..run import Run
from ..tensors import map_tensors
from ..tokens import TokenBatch
from ..vectors import Vectors
from .table import check_names

__all__ = ["train", "train_apart"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def train(
    batch: TokenBatch,
    original: Vectors,
    names: Sequence[str],
    *,
    seed: int = 0,
    jobs: int | None = None,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> dict[str, Vectors]:
    """Train peers on a corpus.

    Parameters
    ----------
    batch : TokenBatch
    original : Vectors
        A row for each of the batch's types, in their order, zeros where nothing is known.
    names : sequence of str
        Of `peers.NAMES`, ``encoder:MODEL``, or ``all``.
    seed : int
    jobs : int, optional
        Threads of each peer; all cores where not given. gensim, GloVe and Mittens give the same vectors
        again with one only.
    provenance : mapping, optional
        Of the run they stand beside: texts are cut as its corpus was.
    progress : Progress, optional

    Returns
    -------
    dict of str to Vectors
        By name, in the order asked for. ``provenance["cost"]`` holds ``seconds`` and ``megabytes``, the
        latter None where the system does not tell.

    Raises
    ------
    OptionError
        If a name is none.
    MissingExtra
        If a package is not installed.
    InputError
        If batch and original have different words, or a peer fails.
    """
    wanted = check_names(names)
    if list(original.index_to_key) != list(batch.types):
        raise InputError("peers need an original row for each of the corpus' words, in their order")
    progress, jobs = progress or Progress(), jobs or os.cpu_count() or 1
    trained: dict[str, Vectors] = {}
    if not wanted:
        return trained
    with tempfile.TemporaryDirectory() as name, progress.stage("Peers", len(wanted), "peers") as advance:
        folder = Path(name)
        plain = Vectors(original.index_to_key, original.unit, sources=original.sources, counts=batch.counts)
        Run(plain, plain, batch=batch).write(folder)
        for peer in wanted:
            cost = train_apart(folder, peer, seed, jobs)
            made = {key: np.array(tensor) for key, tensor in map_tensors(folder / "peer.safetensors").items()}
            about = dict(provenance or {}) | {"peer": peer, "cost": cost}
            trained[peer] = Vectors(
                batch.types,
                made["vectors"],
                sources=made["sources"],
                counts=batch.counts,
                provenance=about,
                normalized=True,
            )
            advance(1)
    return trained


def train_apart(folder: Path, peer: str, seed: int, jobs: int) -> dict[str, Any]:
    """Train one peer in its own process, into the folder of a run; what it cost.

    Raises
    ------
    InputError
        If the peer fails: with the last line it said.
    """
    here = os.environ | dict.fromkeys(_THREADS, str(jobs))
    here["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "selfvec.peers.child", str(folder), peer, str(seed), str(jobs)]
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise InputError(f"the peer {peer} failed: {told[0]}")
    cost: dict[str, Any] = json.loads((folder / "peer.json").read_text(encoding="utf-8"))
    return cost
