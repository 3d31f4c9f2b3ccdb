"""How fast is the paper's rule next to plain C, naive Numba and NumPy, on one core and one text?

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
from numba import njit
from numpy.typing import NDArray

from benchmarks.datasets import random_ids
from benchmarks.harness import Result, paired
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.methods.reference import refine_reference
from selfvec.refinement.methods.sequential import Recording, padded, sweep_paper

DIMENSIONS, WINDOW, RATE = 300, 13, np.float32(0.01)
TOKENS = 1 << 20

Ids, Bounds, Table = NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]
Kernel = Callable[[Ids, Bounds, Table, int], None]


def ours(ids: NDArray[np.int32], offsets: NDArray[np.int64], table: NDArray[np.float32], half: int) -> None:
    none32, none64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
    recording = Recording(none32, none64, np.zeros((0, 0), np.float32), none32, none64, none64)
    inside, weights = np.zeros(len(table), np.int32), np.ones(len(table), np.float32)
    window_sum = np.zeros(table.shape[1], np.float32)
    sweep_paper(ids, offsets, 0, 0, len(ids), table, half, RATE, inside, window_sum, weights, recording)


@njit(fastmath=True, nogil=True)
def _naive(ids, offsets, table, half, rate):  # type: ignore[no-untyped-def]
    window_sum = np.zeros(table.shape[1], np.float32)
    for k in range(len(offsets) - 1):
        lo, hi = offsets[k], offsets[k + 1]
        for i in range(lo, hi):
            window_sum[:] = 0
            for p in range(max(lo, i - half), min(hi, i + half + 1)):
                row = ids[p]
                if p != i:
                    for j in range(table.shape[1]):
                        window_sum[j] += table[row, j]
            squares = np.float32(0)
            word = ids[i]
            for j in range(table.shape[1]):
                window_sum[j] = table[word, j] + rate * window_sum[j]
                squares += window_sum[j] * window_sum[j]
            if squares > 0:
                scale = np.float32(1) / np.sqrt(squares)
                for j in range(table.shape[1]):
                    table[word, j] = window_sum[j] * scale


def naive(ids: NDArray[np.int32], offsets: NDArray[np.int64], table: NDArray[np.float32], half: int) -> None:
    _naive(ids, offsets, table, half, RATE)


def plain_c(folder: Path) -> Kernel | None:
    """The C file beside this one, built with the machine's compiler; None where there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "paper_rule.so"
    flags = ["-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512", "-shared", "-fPIC"]
    source = Path(__file__).with_name("paper_rule.c")
    built = subprocess.run([compiler, *flags, source, "-o", library, "-lm"], capture_output=True)
    if built.returncode:  # an older compiler or another processor
        flags.remove("-mprefer-vector-width=512")
        subprocess.run([compiler, *flags, source, "-o", library, "-lm"], check=True)
    function = ctypes.CDLL(str(library)).sweep

    def kernel(
        ids: NDArray[np.int32], offsets: NDArray[np.int64], table: NDArray[np.float32], half: int
    ) -> None:
        window_sum = np.zeros(table.shape[1] + 16, np.float32)
        at = [ctypes.c_void_p(array.ctypes.data) for array in (ids, offsets, table, window_sum)]
        count, tokens = ctypes.c_int64(len(offsets) - 1), ctypes.c_int64(len(ids))
        width, sides, rate = ctypes.c_int(table.shape[1]), ctypes.c_int(half), ctypes.c_float(RATE)
        function(at[0], at[1], count, at[2], at[3], width, sides, rate, tokens, ctypes.c_int(8))

    return kernel


def problem(types: int) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
    """A text and a table. Returns ids (TOKENS,), offsets, and unit rows (types, DIMENSIONS)."""
    rng, ids = np.random.default_rng(1), random_ids(TOKENS, types)
    bounds = np.unique(rng.integers(1, TOKENS, TOKENS // 60))
    offsets = np.concatenate(([0], bounds, [TOKENS])).astype(np.int64)
    return ids, offsets, unit_rows(rng.standard_normal((types, DIMENSIONS), dtype=np.float32))


def _check(
    kernel: Kernel, ids: NDArray[np.int32], offsets: NDArray[np.int64], rows: NDArray[np.float32]
) -> None:
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
    """Our kernel against each other, at two vocabulary sizes and two windows."""
    results = []
    with tempfile.TemporaryDirectory() as folder:
        c = plain_c(Path(folder))
        others: dict[str, Kernel] = {"naive Numba": naive} | ({"plain C, prefetching": c} if c else {})
        for types in (3_500, 100_000):
            ids, offsets, rows = problem(types)
            start, table = padded(rows), padded(rows)
            for kernel in (ours, *others.values()):
                _check(kernel, ids, offsets, rows)

            def timed(kernel: Kernel, half: int = WINDOW // 2) -> Callable[[], None]:
                def work() -> None:
                    table[:] = start  # noqa: B023
                    kernel(ids, offsets, table, half)  # noqa: B023

                return work

            def copy() -> None:
                table[:] = start  # noqa: B023

            for name, other in others.items():
                mine, theirs = paired(timed(ours), timed(other))
                idle = paired(copy, copy, 3)[0]
                mine, theirs = mine - idle, theirs - idle
                label = f"paper rule, d {DIMENSIONS}, window {WINDOW}, {types:,} types"
                results.append(Result(label, TOKENS / mine / 1e6, "M tokens/s", name, theirs / mine))
            wide, narrow = paired(timed(ours, 50), timed(ours))
            label = f"paper rule, window 101 against {WINDOW}, {types:,} types"
            results.append(Result(label, narrow / wide, "ratio", f"window {WINDOW}", narrow / wide))
        results.append(_against_numpy())
    return results


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
