"""Slow tasks for workers that are killed, and the script of a client that is."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from selfvec.base.errors import SelfvecError
from selfvec.cluster.dask_engine import dask_engine
from selfvec.cluster.output import output_place
from selfvec.cluster.refine import refine_on_cluster
from selfvec.cluster.sums import Partial
from selfvec.data.settings import Settings

SHARDS, FLOATS = 40, 1_000_000


def slow_sums(first: int, last: int) -> Partial:
    """Floats whose sum depends on the order, after a random time; merging eight takes as long."""
    time.sleep(np.random.default_rng().uniform(0.05, 0.3))
    rows = np.random.default_rng(first).standard_normal(FLOATS) * 10.0 ** (first % 7)
    return Partial(first, last, {"neighbours": rows})


def client(corpus: str, run: str, address: str) -> int:
    """Refine in many small tasks; 2 on an error."""
    try:
        with output_place(run) as place, dask_engine(address, workers=2) as engine:
            more = {"writer": place.writer, "cut": (20_000, 2)}
            made = refine_on_cluster([corpus], "none", Settings(), engine, place.shared, **more)
            place.finish(made)
    except SelfvecError as error:
        print(error.message(flags=True), file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    sys.exit(client(*sys.argv[1:]))
