"""How fast is the paper's rule next to plain C and NumPy, on one core and one text?

The text is random with word frequencies like a language's (Zipf), in documents of 60 tokens.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import random_ids
from benchmarks.harness import Result, paired
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.methods.sequential import Recording, padded, refine_reference, sweep_paper

DIMENSIONS, WINDOW, RATE = 300, 13, np.float32(0.01)
TOKENS = 1 << 20

Ids = NDArray[np.int32]
Bounds = NDArray[np.int64]
Table = NDArray[np.float32]
Kernel = Callable[[Ids, Bounds, Table, int], None]


def ours(ids: Ids, offsets: Bounds, table: Table, half: int) -> None:
    none32, none64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
    recording = Recording(none32, none64, np.zeros((0, 0), np.float32), none32, none64, none64)
    inside, weights = np.zeros(len(table), np.int32), np.ones(len(table), np.float32)
    window_sum = np.zeros(table.shape[1], np.float32)
    sweep_paper(ids, offsets, 0, 0, len(ids), table, half, RATE, inside, window_sum, weights, recording)


def plain_c(folder: Path) -> Kernel | None:
    """The C file beside this one, built with the machine's compiler; None where there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "paper_rule.so"
    flags = ["-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512", "-shared", "-fPIC"]
    source = Path(__file__).with_name("paper_rule.c")
    subprocess.run([compiler, *flags, source, "-o", library, "-lm"], check=True)
    function = ctypes.CDLL(str(library)).sweep

    def kernel(ids: Ids, offsets: Bounds, table: Table, half: int) -> None:
        window_sum = np.zeros(table.shape[1] + 16, np.float32)
        at = [ctypes.c_void_p(array.ctypes.data) for array in (ids, offsets, table, window_sum)]
        count, tokens = ctypes.c_int64(len(offsets) - 1), ctypes.c_int64(len(ids))
        width, sides, rate = ctypes.c_int(table.shape[1]), ctypes.c_int(half), ctypes.c_float(RATE)
        function(at[0], at[1], count, at[2], at[3], width, sides, rate, tokens, ctypes.c_int(8))

    return kernel


def problem(types: int) -> tuple[Ids, Bounds, Table]:
    """A text and a table. Returns ids (TOKENS,), offsets, and unit rows (types, DIMENSIONS)."""
    rng, ids = np.random.default_rng(1), random_ids(TOKENS, types)
    bounds = np.unique(rng.integers(1, TOKENS, TOKENS // 60))
    offsets = np.concatenate(([0], bounds, [TOKENS])).astype(np.int64)
    return ids, offsets, unit_rows(rng.standard_normal((types, DIMENSIONS), dtype=np.float32))


def _check(kernel: Kernel, ids: Ids, offsets: Bounds, rows: Table) -> None:
    """The kernel's result is the reference's, on the text's beginning."""
    end = int(np.searchsorted(offsets, 20_000))
    part, bounds = ids[: offsets[end]], offsets[: end + 1]
    table = padded(rows)
    kernel(part, bounds, table, WINDOW // 2)
    expected = refine_reference(
        part, bounds, rows.astype(np.float64), window=WINDOW, learning_rate=float(RATE)
    )
    np.testing.assert_allclose(table[:-1, :DIMENSIONS], expected, atol=1e-5)


def run() -> list[Result]:
    """Our kernel against C, at two vocabulary sizes, and against the NumPy reference."""
    with tempfile.TemporaryDirectory() as folder:
        c = plain_c(Path(folder))
        return [*(_against_c(c, types) for types in (3_500, 100_000) if c), _against_numpy()]


def _against_c(c: Kernel, types: int) -> Result:
    ids, offsets, rows = problem(types)
    start, table = padded(rows), padded(rows)
    for kernel in (ours, c):
        _check(kernel, ids, offsets, rows)

    def copy() -> None:
        table[:] = start

    def swept(kernel: Kernel) -> None:
        copy()
        kernel(ids, offsets, table, WINDOW // 2)

    idle = paired(copy, copy, 3)[0]
    mine, theirs = (seconds - idle for seconds in paired(lambda: swept(ours), lambda: swept(c)))
    label = f"paper rule, d {DIMENSIONS}, window {WINDOW}, {types:,} types"
    return Result(label, TOKENS / mine / 1e6, "M tokens/s", "plain C, prefetching", theirs / mine)


def _against_numpy() -> Result:
    ids, offsets, rows = problem(3_500)
    end = int(np.searchsorted(offsets, 20_000))
    part, bounds = ids[: offsets[end]], offsets[: end + 1]
    table, exact = padded(rows), rows.astype(np.float32)
    mine, theirs = paired(
        lambda: ours(part, bounds, table, WINDOW // 2),
        lambda: refine_reference(part, bounds, exact, window=WINDOW, learning_rate=float(RATE)),
        3,
    )
    rate = len(part) / theirs / 1e6
    return Result(
        "paper rule against the NumPy reference",
        len(part) / mine / 1e6,
        "M tokens/s",
        "NumPy",
        theirs / mine,
        f"NumPy: {rate:.3f} M tokens/s",
    )
