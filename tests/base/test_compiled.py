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
"""


def test_a_kernel_with_a_helper_is_compiled_once(tmp_path: Path) -> None:
    (tmp_path / "doubling.py").write_text(CODE)
    command = [sys.executable, tmp_path / "doubling.py"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    kept = []
    for _ in range(2):
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert said.stdout == "3 [0.0, 2.0, 4.0]\n"
        kept.append({path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")})
    assert len(kept[0]) == 2  # the kernel and its index, no helper
    assert kept[0] == kept[1]


LATE = """
import sys
from selfvec.base.compiled import announced, kernel

calls = []

@kernel
def one():
    return 1

@kernel
def two():
    return 2

with announced(lambda: calls.append("one")):
    assert "numba" not in sys.modules
    one()
with announced(lambda: calls.append("two")):
    one(), two()
assert calls == ["one"], calls
"""


def test_a_kernel_loads_numba_when_it_is_called_and_compiling_is_announced_once(tmp_path: Path) -> None:
    (tmp_path / "late.py").write_text(LATE)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    subprocess.run([sys.executable, tmp_path / "late.py"], check=True, env=environment)


def test_a_kernel_makes_no_arrays() -> None:
    def zeros(size):  # type: ignore[no-untyped-def]
        return np.zeros(size)

    with pytest.raises(TypingError):
        kernel(zeros)(3)
