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
import sys
import numpy as np
from selfvec.base.compiled import allocating_kernel, helper, kernel

@helper
def doubled(number):
    return 2 * number

@kernel
def double(numbers, out):
    for i in range(len(numbers)):
        out[i] = doubled(numbers[i])
    return len(numbers)

@allocating_kernel
def halved(numbers):
    return numbers / 2

if __name__ == "__main__":
    import doubling
    out = np.empty(3)
    print(doubling.double(np.arange(3.0), out), out.tolist(), doubling.halved(out).tolist())
    print("numba.np.arraymath" in sys.modules, file=sys.stderr)
"""


def test_a_kernel_is_compiled_once_and_then_loaded_without_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "doubling.py").write_text(CODE)
    command = [sys.executable, tmp_path / "doubling.py"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    kept = []
    for compiles in (True, False):
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert said.stdout == "3 [0.0, 2.0, 4.0] [0.0, 1.0, 2.0]\n"
        assert said.stderr == f"{compiles}\n"
        kept.append({path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")})
    assert len(kept[0]) == 4  # each kernel and its index, no helper
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
