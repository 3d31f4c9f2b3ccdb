"""Compiled functions are kept on disk, and work on the arrays of their callers only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import TypingError

from selfvec.base.compiled import kernel

CODE = """
import numpy as np
from selfvec.base.compiled import helper, kernel

@helper
def doubled(number):
    return 2 * number

@kernel
def double(numbers, out):
    for i in range(len(numbers)):
        out[i] = doubled(numbers[i])
    return len(numbers)

if __name__ == "__main__":
    import doubling
    out = np.empty(3)
    print(doubling.double(np.arange(3.0), out), out.tolist())
    print(sum(doubling.double.stats.cache_hits.values()), sum(doubling.double.stats.cache_misses.values()))
"""


def test_a_kernel_with_a_helper_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "doubling.py").write_text(CODE)
    command = [sys.executable, tmp_path / "doubling.py"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["3 [0.0, 2.0, 4.0]\n0 1\n", "3 [0.0, 2.0, 4.0]\n1 0\n"]


def test_a_kernel_makes_no_arrays() -> None:
    def zeros(size):  # type: ignore[no-untyped-def]
        return np.zeros(size)

    with pytest.raises(TypingError):
        kernel(zeros)(3)
